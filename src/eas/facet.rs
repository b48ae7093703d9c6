//! What a class tells Exchange ActiveSync about its documents: pure functions, no storage.

use std::sync::Arc;

use carnet_proto::wbxml::{Element, Encoder, Tag};

use crate::domain::{book::Edit, error::Result};

/// How a device wants to be shown items.
#[derive(Clone, Debug)]
pub struct View {
    /// 25 for 2.5 up to 161 for 16.1.
    pub version: u8,
    /// Time of day in dates without one, as the client expects it: `T11:59:00.000Z`.
    pub date_time: &'static str,
    /// Octets of a note; none for all.
    pub truncation: Option<usize>,
    /// The owner's tags belong to the data (Private).
    pub categories: bool,
    /// Names of books, shown as categories and taken off again on upload (a merged view).
    pub labels: Vec<String>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            version: 141,
            date_time: "T11:59:00.000Z",
            truncation: None,
            categories: true,
            labels: Vec::new(),
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

/// Exchange ActiveSync's view of a class of items.
pub trait EasFacet: Send + Sync {
    /// Writes what stands in ApplicationData.
    fn export(&self, document: &[u8], view: &View, out: &mut Encoder);

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

    /// Name, e-mail addresses and so on for the directory: `(field, value)`.
    fn directory(&self, document: &[u8]) -> Vec<(&'static str, String)>;
}
