//! What a class of items (contact; later event) tells the domain about its documents.

use super::error::Result;

/// A class: pure functions over documents, no storage.
pub trait Class: Send + Sync {
    /// As stored: `contact`.
    fn name(&self) -> &'static str;

    /// Checks that octets can be stored as an item and says what is indexed.
    ///
    /// `uid` is used where the document has none. Refuses with `InvalidDocument`.
    fn index(&self, document: &[u8], uid: Option<&str>) -> Result<Index>;

    /// Splits what is the owner's alone (CATEGORIES in Private) from the document.
    fn split(&self, document: &[u8]) -> Result<Split>;

    /// Puts an overlay back where it was.
    fn join(&self, document: &[u8], overlay: &[u8]) -> Vec<u8>;

    /// The overlay with other tags in it.
    fn with_tags(&self, overlay: &[u8], tags: &[String]) -> Vec<u8>;

    /// The same content as another item: its uid replaced. Refuses with `InvalidDocument`.
    fn renewed(&self, document: &[u8], uid: &str) -> Result<Vec<u8>>;

    /// What changed between two versions, property by property; empty when nothing a person could
    /// see did.
    fn differences(&self, before: &[u8], after: &[u8]) -> Vec<Difference>;

    /// Merges by property: what only `mine` changed is taken, what both changed keeps `theirs`.
    fn merge(&self, base: &[u8], mine: &[u8], theirs: &[u8]) -> Result<Merged>;
}

/// Derived rows of an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    pub uid: String,
    /// The document carries no UID; `uid` was supplied.
    pub uid_invented: bool,
    /// `individual`, `group`, ...
    pub kind: String,
    /// What a list shows.
    pub display: String,
    /// Folded sort key, given name first.
    pub sort_first: String,
    /// Folded sort key, family name first.
    pub sort_last: String,
    /// Values for search and lists.
    pub texts: Vec<IndexText>,
}

/// One searchable value of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexText {
    /// `email`, `tel`, `org`, `name`...
    pub field: &'static str,
    pub value: String,
    /// Without case and diacritics.
    pub folded: String,
}

/// A document taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Split {
    /// What every place shows.
    pub document: Vec<u8>,
    /// What [`Class::join`] needs to put the owner's lines back; empty when there are none.
    pub overlay: Vec<u8>,
    /// The tags the overlay names.
    pub tags: Vec<String>,
}

/// One property that two versions show differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The property's name, upper case (`TEL`), with its types (`TEL;WORK`) where it has some.
    pub property: String,
    /// None: the property is new.
    pub before: Option<String>,
    /// None: the property went.
    pub after: Option<String>,
}

/// Outcome of a merge.
#[derive(Clone, Debug, PartialEq)]
pub struct Merged {
    pub document: Vec<u8>,
    /// Something of `mine` is in `document`.
    pub taken: bool,
    /// Something of `mine` was lost to `theirs`.
    pub lost: bool,
}
