//! A CardDAV client for tests: requests as clients write them, answers taken apart.

use carnet_proto::dav::xml::{Element, parse};

pub use carnet_proto::dav::name::{CALENDARSERVER, CARDDAV, DAV, PUSH};

pub use crate::support::dav::card;

use crate::support::{
    http::{Answer, basic, request},
    server::Server,
};

pub const BOOK: &str = "/dav/alice/private/contacts/";
pub const TEAM: &str = "/dav/groups/Team/Team/";

/// A person's client.
#[derive(Clone)]
pub struct Client {
    pub address: String,
    pub login: String,
    pub agent: String,
}

impl Client {
    pub fn new(server: &Server, login: &str) -> Self {
        Self {
            address: server.address.clone(),
            login: login.to_owned(),
            agent: "test/1".to_owned(),
        }
    }

    pub fn with_agent(server: &Server, login: &str, agent: &str) -> Self {
        Self {
            agent: agent.to_owned(),
            ..Self::new(server, login)
        }
    }

    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Answer {
        let mut all = vec![
            basic(&self.login, "demo"),
            ("User-Agent".to_owned(), self.agent.clone()),
        ];
        all.extend(
            headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        request(&self.address, method, path, &all, body.as_ref())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub fn put(&self, path: &str, headers: &[(&str, &str)], card: impl AsRef<[u8]>) -> Answer {
        let mut all = vec![("Content-Type", "text/vcard; charset=utf-8")];
        all.extend(headers);
        self.send("PUT", path, &all, card)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[], "")
    }

    /// PROPFIND of some properties, written with the prefixes D, C, CS, P.
    pub fn propfind(&self, path: &str, depth: &str, props: &str) -> Multi {
        let body = format!("<D:propfind {NS}><D:prop>{props}</D:prop></D:propfind>");
        self.multi("PROPFIND", path, depth, &body)
    }

    pub fn multi(&self, method: &str, path: &str, depth: &str, body: &str) -> Multi {
        let answer = self.send(method, path, &[("Depth", depth)], body);
        Multi::parse(&answer)
    }

    /// The properties of one resource.
    pub fn props(&self, path: &str, props: &str) -> Found {
        let multi = self.propfind(path, "0", props);
        assert_eq!(multi.responses.len(), 1, "{}", multi.raw);
        multi.responses.into_iter().next().expect("a response")
    }

    pub fn etag(&self, path: &str) -> String {
        self.props(path, "<D:getetag/>").text(DAV, "getetag")
    }

    pub fn token(&self, path: &str) -> String {
        self.props(path, "<D:sync-token/>").text(DAV, "sync-token")
    }

    pub fn proppatch(&self, path: &str, inner: &str) -> Multi {
        let body = format!("<D:propertyupdate {NS}>{inner}</D:propertyupdate>");
        self.multi("PROPPATCH", path, "0", &body)
    }

    pub fn report(&self, path: &str, body: &str) -> Answer {
        self.send("REPORT", path, &[("Depth", "1")], body)
    }

    pub fn sync(&self, path: &str, token: &str, limit: Option<usize>) -> Multi {
        Multi::parse(&self.report(path, &sync_body(token, limit)))
    }

    pub fn multiget(&self, path: &str, data: &str, hrefs: &[&str]) -> Multi {
        Multi::parse(&self.report(path, &multiget_body(data, hrefs)))
    }

    /// The names `addressbook-query` finds with a filter, sorted.
    pub fn query(&self, path: &str, filter: &str) -> Vec<String> {
        let multi = Multi::parse(&self.report(path, &query_body("<D:getetag/>", filter, None)));
        let mut names: Vec<String> = multi
            .responses
            .iter()
            .map(|found| found.href.trim_start_matches(path).to_owned())
            .collect();
        names.sort();
        names
    }
}

pub const NS: &str = "xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\" \
    xmlns:CS=\"http://calendarserver.org/ns/\" xmlns:P=\"https://bitfire.at/webdav-push\"";

pub fn sync_body(token: &str, limit: Option<usize>) -> String {
    let limit = limit
        .map(|limit| format!("<D:limit><D:nresults>{limit}</D:nresults></D:limit>"))
        .unwrap_or_default();
    format!(
        "<D:sync-collection {NS}><D:sync-token>{token}</D:sync-token>\
         <D:sync-level>1</D:sync-level>{limit}<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
}

pub fn multiget_body(data: &str, hrefs: &[&str]) -> String {
    let hrefs: String = hrefs
        .iter()
        .map(|href| format!("<D:href>{href}</D:href>"))
        .collect();
    format!(
        "<C:addressbook-multiget {NS}><D:prop><D:getetag/>{data}</D:prop>{hrefs}</C:addressbook-multiget>"
    )
}

pub fn query_body(props: &str, filter: &str, limit: Option<usize>) -> String {
    let limit = limit
        .map(|limit| format!("<C:limit><C:nresults>{limit}</C:nresults></C:limit>"))
        .unwrap_or_default();
    format!(
        "<C:addressbook-query {NS}><D:prop>{props}</D:prop>{filter}{limit}</C:addressbook-query>"
    )
}

/// A card with some more lines.
pub fn card_with(uid: &str, name: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    card(uid, name).replace("END:VCARD", &format!("{lines}END:VCARD"))
}

/// A multistatus.
#[derive(Debug)]
pub struct Multi {
    pub responses: Vec<Found>,
    pub token: Option<String>,
    pub raw: String,
}

/// One response.
#[derive(Debug)]
pub struct Found {
    pub href: String,
    /// Of the whole response.
    pub status: Option<String>,
    /// `(status line, property)`
    pub props: Vec<(String, Element)>,
    pub errors: Vec<String>,
}

impl Multi {
    pub fn parse(answer: &Answer) -> Self {
        assert_eq!(answer.status, 207, "{}", answer.text());
        let raw = answer.text();
        let root = parse(&answer.body).expect("well-formed XML");
        assert!(root.name.is(DAV, "multistatus"), "{raw}");
        let responses = root
            .elements()
            .filter(|element| element.name.is(DAV, "response"))
            .map(Found::of)
            .collect();
        let token = root.child(DAV, "sync-token").map(Element::text);
        Self {
            responses,
            token,
            raw,
        }
    }

    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a sync-token")
    }

    pub fn get(&self, href: &str) -> &Found {
        self.find(href)
            .unwrap_or_else(|| panic!("{href} is not in {}", self.raw))
    }

    pub fn find(&self, href: &str) -> Option<&Found> {
        self.responses.iter().find(|found| found.href == href)
    }

    pub fn hrefs(&self) -> Vec<&str> {
        self.responses.iter().map(|found| &*found.href).collect()
    }

    /// Hrefs that are there, and hrefs that are gone.
    pub fn changes(&self) -> (Vec<&str>, Vec<&str>) {
        let gone = |found: &&Found| found.status.as_deref() == Some("HTTP/1.1 404 Not Found");
        (
            self.responses
                .iter()
                .filter(|found| found.status.is_none())
                .map(|found| &*found.href)
                .collect(),
            self.responses
                .iter()
                .filter(gone)
                .map(|found| &*found.href)
                .collect(),
        )
    }
}

impl Found {
    fn of(response: &Element) -> Self {
        let text = |name: &str| response.child(DAV, name).map(Element::text);
        let mut found = Found {
            href: text("href").expect("an href"),
            status: text("status"),
            props: Vec::new(),
            errors: Vec::new(),
        };
        let mut note = |error: &Element| {
            found
                .errors
                .extend(error.elements().map(|e| e.name.local.to_string()));
        };
        if let Some(error) = response.child(DAV, "error") {
            note(error);
        }
        for propstat in response.elements().filter(|e| e.name.is(DAV, "propstat")) {
            let status = propstat.child(DAV, "status").expect("a status").text();
            if let Some(error) = propstat.child(DAV, "error") {
                note(error);
            }
            let prop = propstat.child(DAV, "prop").expect("a prop");
            found
                .props
                .extend(prop.elements().map(|p| (status.clone(), p.clone())));
        }
        // RFC 4918 §14.24: a status or propstats, never both, never none.
        assert_eq!(
            found.status.is_some(),
            found.props.is_empty() && response.child(DAV, "propstat").is_none()
        );
        found
    }

    /// A property with status 200.
    pub fn prop(&self, namespace: &str, local: &str) -> Option<&Element> {
        self.status_of(namespace, local)
            .filter(|(status, _)| *status == "HTTP/1.1 200 OK")
            .map(|(_, element)| element)
    }

    pub fn text(&self, namespace: &str, local: &str) -> String {
        self.prop(namespace, local)
            .unwrap_or_else(|| panic!("{local} of {self:?}"))
            .text()
    }

    pub fn status_of(&self, namespace: &str, local: &str) -> Option<(&str, &Element)> {
        self.props
            .iter()
            .find(|(_, element)| element.name.is(namespace, local))
            .map(|(status, element)| (status.as_str(), element))
    }

    /// The hrefs directly in a property.
    pub fn hrefs(&self, namespace: &str, local: &str) -> Vec<String> {
        self.prop(namespace, local)
            .unwrap_or_else(|| panic!("{local} of {self:?}"))
            .elements()
            .filter(|element| element.name.is(DAV, "href"))
            .map(Element::text)
            .collect()
    }

    /// Local names of what is in a property.
    pub fn names(&self, namespace: &str, local: &str) -> Vec<String> {
        self.prop(namespace, local)
            .unwrap_or_else(|| panic!("{local} of {self:?}"))
            .elements()
            .map(|element| element.name.local.to_string())
            .collect()
    }

    /// Names in `current-user-privilege-set`, sorted.
    pub fn privileges(&self) -> Vec<String> {
        let set = self.prop(DAV, "current-user-privilege-set").expect("a set");
        let mut names: Vec<String> = set
            .elements()
            .flat_map(Element::elements)
            .map(|privilege| privilege.name.local.to_string())
            .collect();
        names.sort();
        names
    }
}

/// Local names of the preconditions in a `D:error` body.
pub fn preconditions(answer: &Answer) -> Vec<String> {
    let root = parse(&answer.body).unwrap_or_else(|_| panic!("no XML: {}", answer.text()));
    assert!(root.name.is(DAV, "error"), "{}", answer.text());
    root.elements()
        .map(|element| element.name.local.to_string())
        .filter(|name| name != "responsedescription")
        .collect()
}
