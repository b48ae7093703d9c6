//! The interface through which Exchange ActiveSync reads a class's documents: pure functions, no
//! storage.

use std::sync::Arc;

use carnet_proto::{
    eas::{request_line::Version, sync::Options},
    wbxml::{Element, Encoder, Tag},
};
use serde::{Deserialize, Serialize};

use crate::domain::{blocking::Turns, book::Edit};

/// How much of a note a device is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Cut {
    /// Octets; none for all.
    pub truncation: Option<usize>,
    /// The note is sent as HTML, the only form the client reads.
    pub html: bool,
    /// A note that does not fit is not shown at all.
    pub all_or_none: bool,
}

/// How a device is served items.
#[derive(Clone, Debug)]
pub struct View {
    pub version: Version,
    /// Time of day for dates without one, as the client expects it: `T11:59:00.000Z`.
    pub date_time: &'static str,
    /// Minutes east of UTC of a client that sends dates as its local midnight; none when unknown.
    pub midnight: Option<i32>,
    /// How the client sends the day of a date.
    pub days: Days,
    /// How notes are sent now.
    pub cut: Cut,
    /// How notes were sent before: a device keeps what it was shown then.
    pub former_cuts: Vec<Cut>,
    /// Names of books, shown as categories and taken off again on upload (a merged view).
    pub labels: Vec<String>,
    /// Names they had before, which items last shown to the device then still have.
    pub former_labels: Vec<String>,
    /// An empty Picture among other changes is ignored.
    pub stray_picture: bool,
    /// Number of children that the client keeps; it drops further ones.
    pub max_children: usize,
    /// HomeAddressCity alone may be the city of the other address.
    pub misnames_city: bool,
    /// What the item has not is written as empty elements: the client keeps what is left out.
    pub names_absent: bool,
    /// Where the client sends one element of a family, it sends all it has of the family.
    pub sends_whole_families: bool,
}

/// How a client sends a date without a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Days {
    /// The client sends its local midnight.
    Midnight,
    /// The client sends its local noon: the date in UTC is the day.
    Noon,
    /// It is not known what the client sends.
    #[default]
    Any,
}

impl Default for View {
    fn default() -> Self {
        Self {
            version: Version::V14_1,
            date_time: "T11:59:00.000Z",
            midnight: None,
            days: Days::Any,
            cut: Cut::default(),
            former_cuts: Vec::new(),
            labels: Vec::new(),
            former_labels: Vec::new(),
            stray_picture: false,
            max_children: usize::MAX,
            misnames_city: false,
            names_absent: false,
            sends_whole_families: false,
        }
    }
}

impl From<&Options> for Cut {
    fn from(options: &Options) -> Self {
        Self {
            truncation: options.truncation.map(|octets| octets as usize),
            html: options.html,
            all_or_none: options.all_or_none,
        }
    }
}

/// The meaning of elements a client leaves out ([MS-ASCMD] 2.2.3.179).
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Supported {
    /// No Supported element.
    #[default]
    Absent,
    /// The elements that the client manages; with an empty list, none.
    Listed(Vec<Tag>),
}

/// A directory entry ([MS-ASCMD] 2.2.3.47); unknown fields are empty.
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

/// Class-specific functions of Exchange ActiveSync. `beside` is what the class stores beside an
/// item's document.
pub trait EasFacet: Send + Sync {
    /// Writes the content of ApplicationData. Takes long where [`EasFacet::is_ready`] is false.
    fn export(&self, document: &[u8], beside: &[u8], view: &View, out: &mut Encoder);

    /// The edit that ApplicationData describes, of the present document or for a new one.
    fn edit(self: Arc<Self>, data: &Element, view: &View, supported: &Supported) -> Arc<dyn Edit>;

    /// Whether the data hold an element of the class, or nothing at all.
    fn is_of_class(&self, data: &Element) -> bool;

    /// Digest of the data, equal for a retry with another ClientId.
    fn fingerprint(&self, data: &Element) -> String;

    /// What the data call the item, in a form to compare; empty where it has no name.
    fn name(&self, data: &Element) -> String;

    /// Whether the parts that take long (pictures) are already cached.
    fn is_ready(&self, document: &[u8]) -> bool;

    /// Whether the item has a picture, be it one that cannot be read.
    fn has_picture(&self, document: &[u8]) -> bool;

    /// A JPEG of a size for devices; none without a picture. May take long.
    fn picture(&self, document: &[u8]) -> Option<Vec<u8>>;

    /// [`EasFacet::picture`] of a picture by itself; none where it cannot be read.
    fn reduced(&self, picture: &[u8]) -> Option<Vec<u8>>;

    /// The data as they were sent, where they hold something that no item keeps, to be kept for
    /// their author: a note in a form that is not read.
    fn unkept(&self, data: &Element) -> Option<Element>;

    /// The item as a directory entry.
    fn directory(&self, document: &[u8]) -> Entry;
}

/// [`EasFacet::reduced`], away from the threads of requests.
pub async fn reduced(
    facet: &Arc<dyn EasFacet>,
    pictures: &Turns,
    picture: Vec<u8>,
) -> Option<Vec<u8>> {
    let facet = facet.clone();
    let made = pictures.blocking(move || facet.reduced(&picture)).await;
    made.ok().flatten()
}

/// Computes what exporting these documents needs, away from the threads of requests.
pub async fn make_ready(
    facet: &Arc<dyn EasFacet>,
    pictures: &Turns,
    documents: impl IntoIterator<Item = Vec<u8>>,
) {
    for document in documents {
        if facet.is_ready(&document) {
            continue;
        }
        let facet = facet.clone();
        // A picture nobody can decode is left out.
        let _ = pictures.blocking(move || facet.picture(&document)).await;
    }
}
