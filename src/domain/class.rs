//! The interface through which the domain reads the documents of a class of items (contact; later
//! event).

use super::{error::Result, principal::Profile, search::token::Tokens};

/// Name of the class of contacts.
pub const CONTACT: &str = "contact";
/// Name of the class of documents.
pub const DOCUMENT: &str = "document";
/// The kind of a contact that is a list of others.
pub const LIST: &str = "group";

/// A class: pure functions over documents, no storage.
pub trait Class: Send + Sync {
    /// The name under which it is stored: `contact`.
    fn name(&self) -> &'static str;

    /// The last segment of a new item's address.
    fn new_href(&self) -> String;

    /// Checks that octets can be stored as an item and returns what is indexed.
    ///
    /// `uid` is used where the document has none. `InvalidDocument` for octets that cannot be
    /// stored.
    fn index(&self, document: &[u8], uid: Option<&str>) -> Result<Index>;

    /// Splits the owner's own lines (CATEGORIES in Private) from the document.
    fn split(&self, document: &[u8]) -> Result<Split>;

    /// Puts an overlay back into its document, where it was.
    fn join(&self, document: &[u8], overlay: &[u8]) -> Vec<u8>;

    /// The overlay with its tags replaced; values that are none of those before stay.
    fn with_tags(&self, overlay: &[u8], before: &[String], tags: &[String]) -> Vec<u8>;

    /// The same content as another item: its uid replaced. Refuses with `InvalidDocument`.
    fn renewed(&self, document: &[u8], uid: &str) -> Result<Vec<u8>>;

    /// The document of a person in a list of members.
    fn portrait(&self, profile: &Profile, uid: &str) -> Vec<u8>;

    /// The document of a list of items, given by their UIDs.
    fn list(&self, name: &str, uid: &str, members: &[String]) -> Vec<u8>;

    /// The name of a list and the uids of its members; none where the document is no list.
    fn members(&self, document: &[u8]) -> Option<(String, Vec<String>)>;

    /// A list with one member in place of another, by their uids; none where the document is no list
    /// or has no such member.
    fn with_member_replaced(&self, document: &[u8], old: &str, new: &str) -> Option<Vec<u8>>;

    /// Octets of the picture in a document, 0 without one.
    fn picture(&self, document: &[u8]) -> usize;

    /// The document with its picture as an uploaded one is stored: without metadata, and of at most
    /// `most` octets. `InvalidDocument` or `TooLarge`; takes long.
    fn with_picture_stored(&self, document: &[u8], most: Option<usize>) -> Result<Vec<u8>>;

    /// The differences between two versions, property by property; empty when a person would see
    /// none. Empty octets stand for a version that does not exist.
    fn differences(&self, before: &[u8], after: &[u8]) -> Vec<Difference>;

    /// What is kept beside a document: which of its values fill the fixed places of a device.
    ///
    /// A value keeps its place for life, whatever becomes of the others. `before` is the document
    /// and what was kept beside it; what a device emptied (`by_device`) is not filled again.
    fn beside(&self, before: Option<(&[u8], &[u8])>, after: &[u8], by_device: bool) -> Vec<u8>;

    /// Merges by property: what only `mine` changed is taken, what both changed keeps `theirs`.
    fn merge(&self, base: &[u8], mine: &[u8], theirs: &[u8]) -> Result<Merged>;
}

/// Derived rows of an item.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Index {
    pub uid: String,
    /// The document carries no UID; `uid` is the one supplied by the caller.
    pub uid_invented: bool,
    /// The document has lines that [`Class::split`] would take out.
    pub mixed: bool,
    /// `individual`, `group`, ...
    pub kind: String,
    /// The text lists show: the formatted name.
    pub display: String,
    /// Folded sort key, given name first.
    pub sort_first: String,
    /// Folded sort key, family name first.
    pub sort_last: String,
    /// Values for search and lists.
    pub texts: Vec<IndexText>,
    /// The blob that the document describes.
    pub blob: Option<Blob>,
}

impl Index {
    /// Whether the item is a list of others.
    pub fn is_list(&self) -> bool {
        self.kind == LIST
    }
}

/// Octets stored apart from the document that names them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Lower-case hex SHA-256.
    pub digest: String,
    pub octets: i64,
}

/// One value of an item, for lists, criteria and search.
#[derive(Clone, Debug, PartialEq)]
pub struct IndexText {
    /// `email`, `tel`, `org`, `name`, `bday`...
    pub field: &'static str,
    pub value: String,
    /// The part in which searches find it; none: only criteria and lists read it.
    pub part: Option<Part>,
    /// Tokens that searches compare, separated by blanks.
    pub tokens: String,
}

/// A part of an item that searches weigh and can be restricted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Name,
    Organization,
    Email,
    Telephone,
    /// Other facts to reach it by: title, role, web pages, messaging.
    Reach,
    City,
    Country,
    /// All other searched texts.
    Rest,
}

impl Part {
    /// Every part.
    pub const ALL: [Part; 8] = [
        Part::Name,
        Part::Organization,
        Part::Email,
        Part::Telephone,
        Part::Reach,
        Part::City,
        Part::Country,
        Part::Rest,
    ];

    /// The name under which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Part::Name => "name",
            Part::Organization => "organization",
            Part::Email => "email",
            Part::Telephone => "telephone",
            Part::Reach => "reach",
            Part::City => "city",
            Part::Country => "country",
            Part::Rest => "rest",
        }
    }
}

impl IndexText {
    /// A value that is searched as text, an e-mail address by its parts.
    pub fn searched(field: &'static str, value: String, part: Part) -> Self {
        let tokens = match part {
            Part::Email => Tokens::email(&value),
            _ => Tokens::text(&value, matches!(part, Part::Name | Part::Organization)),
        };
        Self {
            field,
            value,
            part: Some(part),
            tokens: tokens.finish(),
        }
    }

    /// A telephone number; `forms` are the digits people may type for it.
    pub fn number(field: &'static str, value: String, forms: &[String]) -> Self {
        Self {
            field,
            value,
            part: Some(Part::Telephone),
            tokens: Tokens::number(forms).finish(),
        }
    }

    /// A value that no search finds.
    pub fn unsearched(field: &'static str, value: String) -> Self {
        Self {
            field,
            value,
            part: None,
            tokens: String::new(),
        }
    }
}

/// A document taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Split {
    /// The document that every place shows.
    pub document: Vec<u8>,
    /// The owner's lines, which [`Class::join`] puts back; empty when there are none.
    pub overlay: Vec<u8>,
    /// The tags the overlay names, at most [`MOST`](super::tag::MOST).
    pub tags: Vec<String>,
}

/// One property that differs between two versions.
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
