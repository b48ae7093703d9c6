//! Pages of the database file that are damaged: whoever asks is answered rightly, or with 503.

use std::{fs, path::Path};

use carnet_proto::wbxml::{Limits, decode};

use super::{disk::overwrite, kill::LOOPBACK};
use crate::support::{
    browser::{Browser, hidden},
    dav::{Book, card},
    eas::Device,
    http::{Answer, try_request},
    program::{Program, run},
    tree::{all, wbxml},
};

const NEW: (&str, &str) = ("If-None-Match", "*");
/// What a document consists of, so that its pages are found.
const MARK: &str = "octets of a document ";
/// Tables, indexes, and the index of words (`search_data`).
const ROOTS: [&str; 16] = [
    "item",
    "placement",
    "revision",
    "collection",
    "person",
    "membership",
    "session",
    "device",
    "sync_state",
    "index_text",
    "blob",
    "blob_chunk",
    "placement_href",
    "placement_uid",
    "placement_changed",
    "search_data",
];

/// What is asked, and what an answer that is right says.
type Said = Vec<(&'static str, u16, String)>;

#[test]
fn whatever_page_is_damaged_answers_are_right_or_503() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = folder.path().join("whole");
    let program = Program::serve(&whole, &LOOPBACK, &["--demo"]);
    let mut browser = Browser::of(&program.address("http"), "alice");
    let list = browser.page("/d/private/documents");
    let (token, octets) = (hidden(&list, "token"), MARK.repeat(20_000));
    let files = [("plan.txt", octets.as_bytes())];
    let upload = "/d/private/documents/upload";
    assert_eq!(
        browser.upload(upload, &[("token", &token)], &files).status,
        303
    );
    let device = Device::set_up(&program.address("http"), "alice", "phone", "16.1");
    let contact = browser.card_named("/c/private", "Nora Haddad");
    let document = browser.card_named("/d/private/documents", "plan.txt");
    let (contact, document) = (contact.expect("a card"), document.expect("a document"));
    program.stop();

    let file = whole.join("carnet.db");
    let database = rusqlite::Connection::open(&file).expect("opened");
    let number = |sql: &str| -> i64 {
        let read = database.query_row(sql, [], |row| row.get(0));
        read.expect(sql)
    };
    let size = number("PRAGMA page_size") as usize;
    let mut pages: Vec<(&str, usize)> = ROOTS
        .iter()
        .map(|name| {
            let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'");
            (*name, number(&sql) as usize - 1)
        })
        .collect();
    drop(database);
    let octets = fs::read(&file).expect("read");
    let mark = MARK.repeat(20);
    let mut marked = octets.windows(mark.len());
    let at = marked.position(|window| window == mark.as_bytes());
    pages.push(("octets of a document", at.expect("a document") / size));

    let mut right = None;
    let mut faults = Vec::new();
    for (name, page) in [("nothing", usize::MAX)].into_iter().chain(pages) {
        let data = folder.path().join(name);
        copy(&whole, &data);
        if page != usize::MAX {
            overwrite(&data.join("carnet.db"), (page * size) as u64, size);
        }
        let log = tempfile::NamedTempFile::new().expect("a file");
        let said =
            Program::try_serve(&data, &LOOPBACK, log.reopen().expect("a log")).map(|program| {
                browser.moves_to(&program.address("http"));
                let said = ask(
                    &program.address("http"),
                    &browser,
                    [&contact, &document, &device.folder],
                );
                program.stop();
                said
            });
        let Some(right) = &right else {
            let said = said.expect("a start on what is whole");
            for (what, status, _) in &said {
                assert!((200..300).contains(status), "{what}: {status}");
            }
            right = Some(said);
            continue;
        };
        let log = fs::read_to_string(log.path()).expect("a log");
        let refused = said.is_none();
        for said in said.into_iter().flatten() {
            let right = right.iter().find(|right| right.0 == said.0);
            if said.1 != 503 && Some(&said) != right {
                faults.push(format!("{name}: {said:?} for {right:?}"));
            }
        }
        let check = String::from_utf8(run(&data, &["check"], "").stderr).expect("text");
        if !check.contains("damaged") {
            faults.push(format!("{name}: carnet check says {check:?}"));
        }
        if refused && !log.contains("damaged") {
            faults.push(format!("{name}: the start says {log:?}"));
        }
        fs::remove_dir_all(&data).expect("removed");
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("made");
    for entry in fs::read_dir(from).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().expect("a name"))).expect("copied");
        }
    }
}

/// CardDAV, a device that is set up anew, pages, and a write.
fn ask(address: &str, browser: &Browser, [contact, document, folder]: [&str; 3]) -> Said {
    let book = Book::of(address, "alice");
    let dav = |method: &str, path: &str| book.send(method, path, &[("Depth", "1")], b"");
    let query = "<C:addressbook-query xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns:D='DAV:'>\
                 <D:prop><D:getetag/><C:address-data/></D:prop><C:filter><C:prop-filter name='FN'>\
                 <C:text-match>Haddad</C:text-match></C:prop-filter></C:filter></C:addressbook-query>";
    let mut said = vec![
        text("principal", &dav("PROPFIND", "/dav/alice/")),
        text("home", &dav("PROPFIND", "/dav/alice/private/")),
        text("book", &dav("PROPFIND", &book.path)),
        text("changes", &book.send("REPORT", &book.path, &[], SINCE)),
        text(
            "query",
            &book.send("REPORT", &book.path, &[("Depth", "1")], query.as_bytes()),
        ),
    ];
    said.extend(by_device(address, folder));
    for (what, path) in [
        ("list", "/c/private"),
        ("group", "/g/Team"),
        ("contact", contact),
        ("history", &format!("{contact}/history")),
        ("search", "/search?q=haddad"),
        ("documents", "/d/private/documents"),
    ] {
        let answer = browser.get(path);
        said.push((what, answer.status, shown(&answer.text())));
    }
    // An answer that was begun ends short of its length.
    let cookie = browser.cookie.clone().expect("a session");
    let headers = [("Cookie".to_owned(), cookie)];
    let octets = try_request(address, "GET", &format!("{document}/file"), &headers, b"");
    said.push(octets.map_or(("octets", 503, String::new()), |octets| {
        text("octets", &octets)
    }));
    let put = book.put("new.vcf", NEW, &card("New", "New"));
    said.push(("put", put.status, String::new()));
    said
}

const SINCE: &[u8] = b"<sync-collection xmlns='DAV:'><sync-token/><sync-level>1</sync-level>\
    <prop><getetag/></prop></sync-collection>";

fn text(what: &'static str, answer: &Answer) -> (&'static str, u16, String) {
    (what, answer.status, answer.text())
}

/// Names that a page shows.
fn shown(page: &str) -> String {
    const NAMES: [&str; 6] = ["Haddad", "Petit", "Rossi", "Roy", "Simon", "plan.txt"];
    NAMES
        .map(|name| if page.contains(name) { name } else { "" })
        .join(" ")
}

/// Folders and contacts, as far as answers lead.
fn by_device(address: &str, folder: &str) -> Said {
    let mut device = Device::new(address, "alice", "demo", "other", "16.1");
    folder.clone_into(&mut device.folder);
    let mut said = Said::new();
    let mut asks = |what, command, body| {
        let answer = device.post_raw(command, body);
        let root = decode(&answer.body, &Limits::default()).ok();
        let texts = |name| {
            let named = root.iter().flat_map(|root| all(root, name));
            let mut texts: Vec<String> = named.map(|element| element.text()).collect();
            texts.sort();
            texts
        };
        let mut told = texts("Status");
        told.extend(texts("DisplayName"));
        told.extend(texts("LastName"));
        said.push((what, answer.status, told.join(" ")));
        texts("SyncKey").pop()
    };
    let folders = wbxml("FolderHierarchy:FolderSync\n  FolderHierarchy:SyncKey = 0");
    if asks("folders", "FolderSync", folders).is_none() {
        return said;
    }
    let prime = device.sync_body("0", &[], 100, true);
    let Some(key) = asks("first sync", "Sync", prime) else {
        return said;
    };
    asks("sync", "Sync", device.sync_body(&key, &[], 100, true));
    said
}
