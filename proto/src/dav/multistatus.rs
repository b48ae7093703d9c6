//! `DAV:multistatus` and `DAV:error` bodies, written front to back.

use super::{
    name::Name,
    precondition::Precondition,
    xml::{escape_attribute_into, escape_into},
};

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
const NAMESPACES: &str = " xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\" \
    xmlns:CS=\"http://calendarserver.org/ns/\" xmlns:ME=\"http://me.com/_namespace/\" \
    xmlns:P=\"https://bitfire.at/webdav-push\"";

/// A multistatus body (RFC 4918 §13).
pub struct MultiStatus {
    out: String,
}

/// The properties of one response, by status; 200 is written first.
#[derive(Clone, Debug, Default)]
pub struct Properties {
    /// XML of the properties found.
    pub found: String,
    /// `(status, names)` of the other properties.
    pub others: Vec<(u16, Vec<Name>)>,
    /// What was not fulfilled, for the propstat of a status.
    pub errors: Vec<(u16, Precondition)>,
}

impl Properties {
    /// Adds a property with a status other than 200.
    pub fn without(&mut self, status: u16, name: Name) {
        match self.others.iter_mut().find(|(known, _)| *known == status) {
            Some((_, names)) => names.push(name),
            None => self.others.push((status, vec![name])),
        }
    }
}

impl Default for MultiStatus {
    fn default() -> Self {
        Self::new()
    }
}

impl MultiStatus {
    /// An open multistatus element without responses.
    pub fn new() -> Self {
        Self {
            out: format!("{HEAD}<D:multistatus{NAMESPACES}>"),
        }
    }

    /// A response with propstats; a response never has both these and a status (RFC 4918 §14.24).
    pub fn properties(&mut self, href: &str, properties: &Properties) {
        self.begin(href);
        self.propstats(properties);
        self.out.push_str("</D:response>");
    }

    fn propstats(&mut self, properties: &Properties) {
        if !properties.found.is_empty() || properties.others.is_empty() {
            self.out.push_str("<D:propstat><D:prop>");
            self.out.push_str(&properties.found);
            self.out
                .push_str("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>");
        }
        for (status, names) in &properties.others {
            self.out.push_str("<D:propstat><D:prop>");
            for name in names {
                empty_element(name, &mut self.out);
            }
            self.out.push_str("</D:prop>");
            self.status(*status);
            if let Some((_, error)) = properties.errors.iter().find(|(s, _)| s == status) {
                self.error(error);
            }
            self.out.push_str("</D:propstat>");
        }
    }

    /// A response with a status alone, and what was not fulfilled, if anything.
    pub fn bare(&mut self, href: &str, status: u16, error: Option<&Precondition>) {
        self.begin(href);
        self.status(status);
        if let Some(error) = error {
            self.error(error);
        }
        self.out.push_str("</D:response>");
    }

    /// Number of octets written and not taken yet.
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// Whether everything written was taken.
    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Takes the output so far, to be sent while the rest is made.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// The rest of the body; the token is the last child (RFC 6578 §6.4).
    pub fn finish(mut self, sync_token: Option<&str>) -> String {
        if let Some(token) = sync_token {
            self.out.push_str("<D:sync-token>");
            escape_into(token, &mut self.out);
            self.out.push_str("</D:sync-token>");
        }
        self.out.push_str("</D:multistatus>");
        self.out
    }

    fn begin(&mut self, href: &str) {
        self.out.push_str("<D:response><D:href>");
        escape_into(href, &mut self.out);
        self.out.push_str("</D:href>");
    }

    fn error(&mut self, error: &Precondition) {
        self.out.push_str("<D:error>");
        error.write(&mut self.out);
        self.out.push_str("</D:error>");
    }

    fn status(&mut self, status: u16) {
        self.out.push_str("<D:status>");
        self.out.push_str(&status_line(status));
        self.out.push_str("</D:status>");
    }
}

/// A `DAV:error` body: what was not fulfilled, and a sentence for people.
pub fn error_body(precondition: &Precondition, description: &str) -> String {
    let mut out = format!("{HEAD}<D:error{NAMESPACES}>");
    precondition.write(&mut out);
    if !description.is_empty() {
        out.push_str("<D:responsedescription>");
        escape_into(description, &mut out);
        out.push_str("</D:responsedescription>");
    }
    out.push_str("</D:error>");
    out
}

/// `D:mkcol-response` (RFC 5689 §3)
pub fn mkcol_response(properties: &Properties) -> String {
    let mut inner = MultiStatus {
        out: format!("{HEAD}<D:mkcol-response{NAMESPACES}>"),
    };
    inner.propstats(properties);
    inner.out + "</D:mkcol-response>"
}

/// A body whose root is another element of `DAV:` than multistatus or error, around ready XML.
pub fn dav_body(root: &str, inner: &str) -> String {
    format!("{HEAD}<D:{root}{NAMESPACES}>{inner}</D:{root}>")
}

/// One `D:response` of its own, for a property that holds responses (RFC 3253 §3.8).
pub fn response(href: &str, properties: &Properties) -> String {
    let mut inner = MultiStatus { out: String::new() };
    inner.properties(href, properties);
    inner.out
}

/// An element without content; unknown namespaces are declared in place.
pub fn empty_element(name: &Name, out: &mut String) {
    match name.prefix() {
        Some(prefix) => {
            out.push('<');
            out.push_str(prefix);
            out.push(':');
            out.push_str(&name.local);
            out.push_str("/>");
        }
        None => {
            out.push('<');
            out.push_str(&name.local);
            out.push_str(" xmlns=\"");
            escape_attribute_into(&name.namespace, out);
            out.push_str("\"/>");
        }
    }
}

/// `HTTP/1.1 200 OK`: some clients compare it octet by octet.
pub fn status_line(status: u16) -> String {
    let reason = match status {
        200 => "OK",
        201 => "Created",
        403 => "Forbidden",
        404 => "Not Found",
        409 => "Conflict",
        412 => "Precondition Failed",
        424 => "Failed Dependency",
        507 => "Insufficient Storage",
        _ => "Error",
    };
    format!("HTTP/1.1 {status} {reason}")
}
