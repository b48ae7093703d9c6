//! What a class tells Exchange ActiveSync about its documents: pure functions, no storage.

use std::sync::{Arc, LazyLock};

use carnet_proto::wbxml::{Element, Encoder, Tag};
use tokio::{sync::Semaphore, task::spawn_blocking};

use crate::domain::{book::Edit, error::Result};

/// How a device wants to be shown items.
#[derive(Clone, Debug)]
pub struct View {
    /// 25 for 2.5 up to 161 for 16.1.
    pub version: u8,
    /// Time of day in dates without one, as the client expects it: `T11:59:00.000Z`.
    pub date_time: &'static str,
    /// Minutes east of UTC of a client that sends dates as its local midnight; none when unknown.
    pub midnight: Option<i32>,
    /// Octets of a note; none for all.
    pub truncation: Option<usize>,
    /// Notes go out as HTML: the client takes nothing else.
    pub html: bool,
    /// A note that does not fit is not shown at all.
    pub all_or_none: bool,
    /// Names of books, shown as categories and taken off again on upload (a merged view).
    pub labels: Vec<String>,
    /// An empty Picture among other changes says nothing.
    pub stray_picture: bool,
    /// Children the client keeps; it drops those after them.
    pub max_children: usize,
}

impl Default for View {
    fn default() -> Self {
        Self {
            version: 141,
            date_time: "T11:59:00.000Z",
            midnight: None,
            truncation: None,
            html: false,
            all_or_none: false,
            labels: Vec::new(),
            stray_picture: false,
            max_children: usize::MAX,
        }
    }
}

/// What an omitted element means ([MS-ASCMD] 2.2.3.179).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Supported {
    /// No Supported element.
    #[default]
    Absent,
    /// Those listed are managed by the client; an empty list manages nothing.
    Listed(Vec<Tag>),
}

/// Somebody as the directory shows them ([MS-ASCMD] 2.2.3.47); empty where nothing is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entry {
    pub display_name: String,
    pub phone: String,
    pub office: String,
    pub title: String,
    pub company: String,
    pub alias: String,
    pub first_name: String,
    pub last_name: String,
    pub home_phone: String,
    pub mobile_phone: String,
    pub email: String,
    /// Every address of mail.
    pub addresses: Vec<String>,
}

/// Exchange ActiveSync's view of a class of items.
///
/// `beside` is what the class keeps of an item beside its document.
pub trait EasFacet: Send + Sync {
    /// Writes what stands in ApplicationData; takes long where [`EasFacet::is_ready`] denies it.
    fn export(&self, document: &[u8], beside: &[u8], view: &View, out: &mut Encoder);

    /// A patch from ApplicationData: of the document there is, or a new one.
    ///
    /// Refuses with `InvalidDocument` (status 6).
    fn edit(
        self: Arc<Self>,
        data: &Element,
        view: &View,
        supported: &Supported,
    ) -> Result<Arc<dyn Edit>>;

    /// Digest of the data: the same for a retry, whatever its ClientId.
    fn fingerprint(&self, data: &Element) -> String;

    /// Whether everything that takes long (pictures) was made before.
    fn is_ready(&self, document: &[u8]) -> bool;

    /// A JPEG that fits a device; none where there is no picture. May take long.
    fn picture(&self, document: &[u8]) -> Option<Vec<u8>>;

    /// The item in the directory.
    fn directory(&self, document: &[u8]) -> Entry;
}

/// Makes what exporting these documents needs, where nobody waits for it but their reader.
pub async fn make_ready(facet: &Arc<dyn EasFacet>, documents: impl IntoIterator<Item = Vec<u8>>) {
    // One a core: decoding takes memory.
    static MAKERS: LazyLock<Semaphore> = LazyLock::new(|| {
        Semaphore::new(std::thread::available_parallelism().map_or(1, usize::from))
    });
    for document in documents {
        if facet.is_ready(&document) {
            continue;
        }
        let facet = facet.clone();
        let permit = MAKERS.acquire().await;
        // A picture nobody can decode is left out.
        let _ = spawn_blocking(move || facet.picture(&document)).await;
        drop(permit);
    }
}
