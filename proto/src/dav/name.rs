//! Names of XML elements.

use std::borrow::Cow;

/// `DAV:`
pub const DAV: &str = "DAV:";
/// `urn:ietf:params:xml:ns:carddav`
pub const CARDDAV: &str = "urn:ietf:params:xml:ns:carddav";
/// `http://calendarserver.org/ns/`
pub const CALENDARSERVER: &str = "http://calendarserver.org/ns/";
/// `http://me.com/_namespace/`
pub const ME: &str = "http://me.com/_namespace/";

/// `https://bitfire.at/webdav-push`
pub const PUSH: &str = "https://bitfire.at/webdav-push";
/// What the prefix `xml` is bound to, and no other may be (XML Names 1.0 §3).
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// A name in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name {
    pub namespace: Cow<'static, str>,
    pub local: Cow<'static, str>,
}

impl Name {
    /// A name known at compile time.
    pub const fn new(namespace: &'static str, local: &'static str) -> Self {
        Self {
            namespace: Cow::Borrowed(namespace),
            local: Cow::Borrowed(local),
        }
    }

    /// Whether this is the name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.namespace == namespace && self.local == local
    }

    /// The prefix answers use for the namespace, if it has one.
    pub fn prefix(&self) -> Option<&'static str> {
        match &*self.namespace {
            DAV => Some("D"),
            CARDDAV => Some("C"),
            CALENDARSERVER => Some("CS"),
            ME => Some("ME"),
            PUSH => Some("P"),
            XML => Some("xml"),
            _ => None,
        }
    }
}
