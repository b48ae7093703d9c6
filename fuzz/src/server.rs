//! Whole requests of somebody signed in, answered in this process: as protocols have it, within bounds,
//! and without breaking an invariant of the store.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use axum::body::{Body, to_bytes};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use carnet::{app::App, config::Config, domain::store::Store as _, http::Shutdown};
use carnet_proto::{
    vcard::Document,
    wbxml::{
        Element, Limits, decode,
        page::{air_sync as a, folder_hierarchy as f},
    },
};
use http::{Method, Request, StatusCode, header, response::Parts};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use super::{is_xml, messages};

/// Octets of an answer.
const MOST: usize = 32 * 1024 * 1024;
/// What no page may hold unless it is escaped.
const MARK: &str = "<zz";
const ADDRESS: &str = "https://carnet.example";

/// The sample people's server, without a listener.
pub struct Server {
    runtime: Runtime,
    app: Option<App>,
    cookie: String,
    token: String,
    phone: Mutex<Phone>,
    _data: TempDir,
}

/// What a device in step with the server knows.
struct Phone {
    folder: String,
    /// Of the folder, of the list of folders.
    keys: [String; 2],
    item: String,
}

impl Server {
    /// A new server.
    pub fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let config = Config {
            data: data.path().to_owned(),
            public_url: Some(ADDRESS.to_owned()),
            autodiscover_redirects: BTreeMap::from([
                (
                    "elsewhere.example".to_owned(),
                    "https://other.example".to_owned(),
                ),
                (
                    "renamed.example".to_owned(),
                    "@elsewhere.example".to_owned(),
                ),
            ]),
            eas_legacy: true,
            ..Config::default()
        };
        let runtime = Runtime::new().expect("a runtime");
        let app = runtime.block_on(async {
            let app = App::build(config).expect("the data open");
            carnet::demo::fill(&app.core).await.expect("sample data");
            app
        });
        let mut server = Self {
            runtime,
            app: Some(app),
            cookie: String::new(),
            token: String::new(),
            phone: Mutex::new(Phone {
                folder: "1".to_owned(),
                keys: ["0", "0"].map(str::to_owned),
                item: String::new(),
            }),
            _data: data,
        };
        server.sign_in();
        server.set_up();
        server
    }

    fn sign_in(&mut self) {
        let form = Request::post("/login")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let form = form.body(Body::from("login=alice&password=demo"));
        let (parts, _) = self.send(form.expect("a request"));
        let cookie = parts.headers.get(header::SET_COOKIE).expect("a session");
        let cookie = cookie.to_str().expect("text").split(';').next();
        self.cookie = cookie.unwrap_or_default().to_owned();
        let (_, page) = self.browse("/c/private/new").expect("a page");
        let page = String::from_utf8_lossy(&page).into_owned();
        let token = page.split("name=\"token\" value=\"").nth(1);
        let token = token.and_then(|rest| rest.split('"').next());
        self.token = token.expect("a token").to_owned();
    }

    /// A device that has the folder of contacts and its items.
    fn set_up(&self) {
        for message in messages::first_steps() {
            device_message(self, &message);
        }
        let phone = self.phone();
        assert!(!phone.item.is_empty() && phone.keys.iter().all(|key| key != "0"));
    }

    fn phone(&self) -> std::sync::MutexGuard<'_, Phone> {
        self.phone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn app(&self) -> &App {
        self.app.as_ref().expect("the server runs")
    }

    /// Panics where an invariant of the store is broken.
    pub fn check(&self) {
        let broken = self.runtime.block_on(self.app().store.check());
        let broken = broken.expect("read");
        assert!(broken.is_empty(), "{broken:?}");
    }

    /// Answers a request; what would be held is told that the server stops.
    fn send(&self, mut request: Request<Body>) -> (Parts, Bytes) {
        let shutdown = Shutdown::default();
        shutdown.0.cancel();
        request.extensions_mut().insert(shutdown);
        let router = self.app().router.clone();
        self.runtime.block_on(async {
            let Ok(answer) = router.oneshot(request).await;
            let (parts, body) = answer.into_parts();
            let body = to_bytes(body, MOST).await.expect("a bounded answer");
            (parts, body)
        })
    }

    /// A page; none where there cannot be such an address.
    fn browse(&self, target: &str) -> Option<(Parts, Bytes)> {
        let request = Request::get(target).header(header::COOKIE, &self.cookie);
        let (parts, body) = self.send(request.body(Body::empty()).ok()?);
        self.is_page(&parts, &body, target);
        Some((parts, body))
    }

    /// Panics unless a page was made that holds nothing of what was sent as markup.
    fn is_page(&self, parts: &Parts, body: &[u8], asked: &str) {
        assert!(
            parts.status < StatusCode::INTERNAL_SERVER_ERROR,
            "{} {asked}",
            parts.status
        );
        assert!(
            !String::from_utf8_lossy(body).contains(MARK),
            "markup: {asked}"
        );
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The store closes its connections on the runtime.
        let _inside = self.runtime.enter();
        self.app = None;
    }
}

fn basic() -> String {
    format!("Basic {}", STANDARD.encode("alice:demo"))
}

fn media_type(parts: &Parts) -> &str {
    let value = parts.headers.get(header::CONTENT_TYPE);
    value
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn replaced(octets: &[u8], mark: &[u8], with: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(octets.len());
    let mut rest = octets;
    while let Some(at) = rest.windows(mark.len()).position(|window| window == mark) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(with.as_bytes());
        rest = &rest[at + mark.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Any command of a device: its number, its version (with 128 for answers in parts), then the body. The
/// marks of [`messages`] stand for what a device in step knows. The answer is one of the command's, which
/// a device can read.
pub fn device_message(server: &Server, octets: &[u8]) {
    let [command, version, body @ ..] = octets else {
        return;
    };
    let command = messages::COMMANDS[usize::from(*command) % messages::COMMANDS.len()];
    let spoken = messages::VERSIONS[usize::from(*version & 0x7f) % messages::VERSIONS.len()];
    let body = {
        let phone = server.phone();
        let [key, folders] = &phone.keys;
        let marks = [
            (messages::KEY, key),
            (messages::FOLDERS, folders),
            (messages::BOOK, &phone.folder),
            (messages::ITEM, &phone.item),
        ];
        let fill =
            |body: Vec<u8>, (mark, with): (&str, &String)| replaced(&body, mark.as_bytes(), with);
        marks.into_iter().fold(body.to_vec(), fill)
    };
    let target = format!(
        "/Microsoft-Server-ActiveSync?Cmd={}&User=alice&DeviceId=fuzz&DeviceType=Fuzz",
        command.name()
    );
    let request = Request::post(target)
        .header(header::AUTHORIZATION, basic())
        .header("ms-asprotocolversion", spoken)
        .header(
            "ms-asacceptmultipart",
            if version & 0x80 == 0 { "F" } else { "T" },
        );
    let shown = || format!("{command} {spoken}: {body:02x?}");
    let request = request.body(Body::from(body.clone())).expect("a request");
    let (parts, answer) = server.send(request);
    // Mail is put off on purpose.
    let put_off = matches!(command.name(), "SendMail" | "SmartForward" | "SmartReply");
    let is_answered = parts.status < StatusCode::INTERNAL_SERVER_ERROR
        || parts.status == StatusCode::NOT_IMPLEMENTED
        || put_off && parts.status == StatusCode::SERVICE_UNAVAILABLE;
    assert!(is_answered, "{} {}", parts.status, shown());
    if parts.status != StatusCode::OK || answer.is_empty() {
        return;
    }
    let document = match media_type(&parts) {
        "application/vnd.ms-sync.multipart" => first_part(&answer),
        _ => &answer[..],
    };
    let root = decode(document, &Limits::default());
    let root = root.unwrap_or_else(|error| panic!("{error}: {}", shown()));
    assert_eq!(Some(root.tag), command.root(), "{}", shown());
    learn(&mut server.phone(), &root);
}

/// The document of an answer in parts, each of which lies in the answer.
fn first_part(answer: &[u8]) -> &[u8] {
    let number = |at: usize| {
        let octets: [u8; 4] = answer[at..at + 4].try_into().expect("four octets");
        usize::try_from(u32::from_le_bytes(octets)).expect("a number")
    };
    let part = |at: usize| {
        let (from, length) = (number(4 + 8 * at), number(8 + 8 * at));
        &answer[from..from + length]
    };
    (0..number(0)).map(part).next().expect("a document")
}

/// What a device takes from an answer.
fn learn(phone: &mut Phone, root: &Element) {
    let is_well = |element: &Element, status| element.text_of(status).as_deref() == Some("1");
    if root.tag == f::FOLDER_SYNC && is_well(root, f::STATUS) {
        phone.keys[1] = root.text_of(f::SYNC_KEY).unwrap_or_default();
        let added = root.child(f::CHANGES).into_iter();
        let mut added = added.flat_map(|changes| changes.children_of(f::ADD));
        let own = added.find(|folder| folder.text_of(f::TYPE).as_deref() == Some("9"));
        if let Some(id) = own.and_then(|folder| folder.text_of(f::SERVER_ID)) {
            phone.folder = id;
        }
    }
    let collections = root.child(a::COLLECTIONS).into_iter();
    for told in collections.flat_map(|list| list.children_of(a::COLLECTION)) {
        if told.text_of(a::COLLECTION_ID).as_deref() != Some(&phone.folder) {
            continue;
        }
        match (is_well(told, a::STATUS), told.text_of(a::SYNC_KEY)) {
            (true, Some(key)) => phone.keys[0] = key,
            // It begins anew.
            _ => phone.keys[0] = "0".to_owned(),
        }
        for list in [a::COMMANDS, a::RESPONSES] {
            let changes = told.child(list).into_iter().flat_map(Element::elements);
            let last = changes.filter(|change| change.tag == a::ADD).last();
            if let Some(id) = last.and_then(|change| change.text_of(a::SERVER_ID)) {
                phone.item = id;
            }
        }
    }
}

/// A request of CardDAV as text: the first line, headers, an empty line, the body. What it says in XML
/// is XML, and what was taken is given back.
pub fn dav_message(server: &Server, octets: &[u8]) {
    let at = octets.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = at.map_or((octets, &b""[..]), |at| (&octets[..at], &octets[at + 2..]));
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let Some((method, target)) = lines.next().and_then(|line| line.split_once(' ')) else {
        return;
    };
    let Ok(method) = Method::from_bytes(method.as_bytes()) else {
        return;
    };
    // No other face.
    if !target.starts_with("/dav") && target != "/" {
        return;
    }
    let mut request = Request::builder().method(&method).uri(target);
    request = request.header(header::AUTHORIZATION, basic());
    for line in lines {
        if let Some((name, value)) = line.split_once(':')
            && !name.eq_ignore_ascii_case("authorization")
        {
            request = request.header(name, value.trim());
        }
    }
    let Ok(request) = request.body(Body::from(body.to_vec())) else {
        return;
    };
    let encodes = request.headers().contains_key(header::ACCEPT_ENCODING);
    let (parts, answer) = server.send(request);
    let shown = || String::from_utf8_lossy(octets);
    let is_answered = parts.status < StatusCode::INTERNAL_SERVER_ERROR
        || matches!(parts.status.as_u16(), 501 | 507)
        || matches!(method.as_str(), "MOVE" | "COPY") && parts.status == StatusCode::BAD_GATEWAY;
    assert!(is_answered, "{} {}", parts.status, shown());
    let is_head = method == Method::HEAD;
    if !encodes && !is_head && !answer.is_empty() && media_type(&parts).contains("/xml") {
        is_xml(&answer);
    }
    if method == Method::PUT && parts.status.is_success() {
        let again = Request::get(target).header(header::AUTHORIZATION, basic());
        let (parts, card) = server.send(again.body(Body::empty()).expect("the same address"));
        assert_eq!(parts.status, StatusCode::OK, "{}", shown());
        Document::parse(&card).expect("a card");
    }
}

/// A question for the server's address, in XML or as an address. The answer is of its form, and leads
/// nowhere but to what the operator configured.
pub fn autodiscover(server: &Server, octets: &[u8]) {
    let is_xml_form = octets.starts_with(b"<");
    let request = if is_xml_form {
        Request::post("/autodiscover/autodiscover.xml")
            .header(header::AUTHORIZATION, basic())
            .body(Body::from(octets.to_vec()))
    } else {
        let escaped = escaped(octets);
        let slash = if escaped.starts_with('?') { "" } else { "/" };
        Request::get(format!("/autodiscover/autodiscover.json{slash}{escaped}")).body(Body::empty())
    };
    let Ok(request) = request else { return };
    let (parts, answer) = server.send(request);
    let shown = || String::from_utf8_lossy(octets);
    assert!(
        parts.status < StatusCode::INTERNAL_SERVER_ERROR,
        "{} {}",
        parts.status,
        shown()
    );
    if let Some(location) = parts.headers.get(header::LOCATION) {
        let to = location.to_str().expect("text");
        let known = ["/", ADDRESS, "https://other.example/"];
        assert!(known.iter().any(|known| to.starts_with(known)), "{to}");
    }
    let kind = media_type(&parts);
    if is_xml_form && kind.contains("xml") {
        is_xml(&answer);
    } else if kind.contains("json") {
        let told: serde_json::Value = serde_json::from_slice(&answer).expect("JSON");
        let url = told.get("Url").and_then(|url| url.as_str());
        assert!(url.is_none_or(|url| url.starts_with(ADDRESS)), "{told}");
    }
}

/// A form with files. It is answered with a page or led to one.
pub fn form_data(server: &Server, octets: &[u8]) {
    let [which, body @ ..] = octets else { return };
    let to = [
        "/c/private/new",
        "/c/private/import",
        "/settings/account/card",
        "/d/private/documents/upload",
    ];
    let to = to[usize::from(*which) % to.len()];
    let body = replaced(body, b"@token", &server.token);
    let request = Request::post(to)
        .header(header::COOKIE, &server.cookie)
        .header(
            header::CONTENT_TYPE,
            "multipart/form-data; boundary=frontier",
        )
        .body(Body::from(body));
    let (parts, page) = server.send(request.expect("a request"));
    let shown = String::from_utf8_lossy(octets);
    server.is_page(&parts, &page, &shown);
    let led = parts.headers.get(header::LOCATION);
    if let Some(path) = led.and_then(|path| path.to_str().ok()) {
        let (parts, _) = server.browse(path).expect("an address of our own");
        assert!(
            parts.status.is_success() || parts.status.is_redirection(),
            "{path}: {shown}"
        );
    }
}

/// The query of a search with its criteria, on each page that takes one.
pub fn search_criteria(server: &Server, octets: &[u8]) {
    let query = escaped(octets);
    for page in ["/search", "/search/suggest", "/c/private"] {
        let _ = server.browse(&format!("{page}?{query}"));
    }
}

/// Octets as an address takes them: what parts a query stays, all else is escaped.
fn escaped(octets: &[u8]) -> String {
    let mut out = String::with_capacity(octets.len());
    for octet in octets {
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(*octet)),
            b'-' | b'.' | b'_' | b'~' | b'&' | b'=' | b'%' | b'+' | b'/' | b'?' | b'@' => {
                out.push(char::from(*octet));
            }
            _ => out.push_str(&format!("%{octet:02X}")),
        }
    }
    out
}
