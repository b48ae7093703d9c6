//! Requests of somebody signed in, their bodies and headers mutated: answered as protocols have it,
//! and no invariant is broken.

use std::path::Path;

use carnet::http::forwarded::ForwardedHeader;
use carnet_proto::wbxml::{
    Limits, decode,
    page::{air_sync as a, contacts as c},
};

use super::target;
use crate::support::{
    browser::{Browser, hidden},
    dice::Dice,
    eas::{Device, add, change, delete, responses},
    http::{Answer, basic, request},
    mutate::{dictionary, inputs, mutated},
    server::Server,
};

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn send(server: &Server, method: &str, target: &str, more: &[(&str, &str)], body: &[u8]) {
    let mut headers = vec![basic("alice", "demo")];
    headers.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    let answer = request(&server.address, method, target, &headers, body);
    let body = String::from_utf8_lossy(body);
    assert_answered(&answer, method, &format!("{target}: {body:?}"));
}

/// 501, 507 and, where something is moved elsewhere, 502 are answers of protocols; a handler that
/// panics is 500, a store that fails 503.
fn assert_answered(answer: &Answer, method: &str, asked: &str) {
    let elsewhere = matches!(method, "MOVE" | "COPY") && answer.status == 502;
    assert!(
        !matches!(answer.status, 500 | 502 | 503) || elsewhere,
        "{method} {}: {asked}",
        answer.status
    );
}

/// Ping waits, and mail is put off with 503 on purpose.
#[test]
fn messages_of_devices_are_answered() {
    let server = Server::start();
    let seeds = target("device_message").beginnings();
    // Without the command and the version.
    let seeds: Vec<Vec<u8>> = seeds
        .iter()
        .filter_map(|seed| Some(seed.get(2..)?.to_vec()))
        .collect();
    let mut dice = Dice::new(2);
    let tokens = dictionary(Path::new("fuzz/dictionaries/wbxml.dict"));
    let commands = [
        "Sync",
        "FolderSync",
        "Provision",
        "Settings",
        "Search",
        "Find",
        "ItemOperations",
        "MoveItems",
        "GetItemEstimate",
        "ResolveRecipients",
        "ValidateCert",
        "FolderCreate",
        "FolderDelete",
        "FolderUpdate",
        "MeetingResponse",
    ];
    for n in 0..inputs(400) {
        let command = dice.pick(&commands).expect("a command");
        let version = dice.pick(&["12.1", "14.1", "16.1"]).expect("a version");
        let target = format!(
            "/Microsoft-Server-ActiveSync?Cmd={command}&User=alice&DeviceId=fuzz{}&DeviceType=Fuzz",
            n % 3
        );
        let headers = [
            ("MS-ASProtocolVersion", *version),
            ("Content-Type", "application/vnd.ms-sync.wbxml"),
        ];
        let body = mutated(&seeds, &tokens, &mut dice);
        send(&server, "POST", &target, &headers, &body);
    }
    server.check();
}

/// A device that is in step with the server, so that its commands get as far as the store.
#[test]
fn items_of_devices_are_answered() {
    let server = Server::start();
    let tokens = dictionary(Path::new("fuzz/dictionaries/wbxml.dict"));
    let mut dice = Dice::new(8);
    let mut phone = Device::set_up(&server.address, "alice", "step", "16.1");
    phone.prime();
    phone.sync_all(&[], 100);
    let mut stored = 0;
    for n in 0..inputs(300) {
        let name = format!("Step{n}");
        let values = [
            (c::LAST_NAME, name.as_str()),
            (c::EMAIL1_ADDRESS, "a@example.org"),
            (c::BIRTHDAY, "1980-02-29T00:00:00.000Z"),
            (c::MOBILE_PHONE_NUMBER, "+33 6 12 34 56 78"),
        ];
        let ids: Vec<String> = phone.items.keys().cloned().collect();
        let id = dice.pick(&ids).cloned().unwrap_or_default();
        let commands = match dice.below(8) {
            0 => vec![delete(&id)],
            1..4 => vec![change(&id, &values[..3])],
            _ => vec![add("1", &values), add("2", &values[..2])],
        };
        let body = phone.sync_body(&phone.key, &commands, 50, true);
        let answer = phone.post_raw("Sync", mutated(&[body], &tokens, &mut dice));
        assert_answered(&answer, "Sync", &n.to_string());
        // What was taken moved the key: the device starts over where it was not told the new one.
        let moved = if answer.body.is_empty() || answer.status != 200 {
            None
        } else {
            decode(&answer.body, &Limits::default()).ok()
        };
        let collection = moved.as_ref().and_then(|root| {
            let list = root.child(a::COLLECTIONS)?;
            list.child(a::COLLECTION)
        });
        match collection.and_then(|told| Some((told, told.text_of(a::SYNC_KEY)?))) {
            Some((told, key)) if told.text_of(a::STATUS).as_deref() == Some("1") => {
                stored += responses(told)
                    .iter()
                    .filter(|(_, status)| status == "1")
                    .count();
                phone.take(told);
                phone.key = key;
            }
            _ => {
                phone.prime();
                phone.sync_all(&[], 100);
            }
        }
    }
    assert!(stored > 10, "{stored} were stored: nothing got so far");
    server.check();
}

/// Each header with what it might hold, and sometimes with what another one does.
const HEADERS: [(&str, &str); 22] = [
    ("If", "(<urn:uuid:1>) (Not [\"2-a\"])"),
    (
        "If",
        "</dav/alice/private/contacts/> ([\"x\"] <https://carnet.example/sync/1>)",
    ),
    ("If-Match", "\"3-b\", W/\"4\", *"),
    ("If-None-Match", "*"),
    ("If-Modified-Since", "Wed, 25 Nov 2026 12:00:00 GMT"),
    ("Depth", "infinity"),
    ("Destination", "/dav/alice/private/contacts/h2.vcf"),
    (
        "Destination",
        "http://127.0.0.1/dav/bob/private/contacts/%2e%2e/x.vcf",
    ),
    ("Overwrite", "F"),
    ("Prefer", "return=minimal, depth-noroot; wait=10"),
    ("Range", "bytes=0-5, -3, 9-"),
    ("Accept", "text/vcard; version=4.0; charset=utf-8, */*;q=0"),
    ("Content-Type", "text/vcard; charset=\"utf-8\"; version=4.0"),
    (
        "Forwarded",
        "for=192.0.2.7:80;proto=https;host=x, for=\"[2001:db8::1]:9\"",
    ),
    ("X-Forwarded-For", "192.0.2.7, 2001:db8::1, unknown"),
    ("X-Forwarded-Proto", "https"),
    ("Accept-Language", "fr-CH, en;q=0.5, *;q=0"),
    ("Accept-Encoding", "gzip, deflate, identity;q=0"),
    ("Authorization", "Basic YWxpY2U6ZGVtbw=="),
    ("Timeout", "Second-3600, Infinite"),
    ("MS-ASProtocolVersion", "14.1"),
    ("X-MS-PolicyKey", "1234567890"),
];

#[test]
fn headers_of_clients_are_answered() {
    headers_are_answered(ForwardedHeader::XForwardedFor, 9);
}

#[test]
fn headers_of_clients_behind_a_proxy_are_answered() {
    headers_are_answered(ForwardedHeader::Forwarded, 10);
}

fn headers_are_answered(forwarded: ForwardedHeader, seed: u64) {
    let server = Server::start_with(|config| {
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
        config.forwarded_header = forwarded;
    });
    let cookie = Browser::of(&server.address, "alice").cookie;
    let cookie = cookie.expect("a session");
    let tokens = dictionary(Path::new("proto/fuzz/dictionaries/dav.dict"));
    let mut dice = Dice::new(seed);
    let methods = [
        "GET", "PUT", "POST", "DELETE", "MOVE", "COPY", "PROPFIND", "REPORT", "LOCK", "OPTIONS",
    ];
    let targets = [
        "/dav/alice/private/contacts/h.vcf",
        "/dav/alice/private/contacts/",
        "/dav/",
        "/c/private",
        "/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=alice&DeviceId=h&DeviceType=x",
    ];
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:h\r\nN:H;;;;\r\nFN:H\r\nEND:VCARD\r\n";
    for n in 0..inputs(300) {
        let (name, value) = *dice.pick(&HEADERS).expect("a header");
        let name = match dice.below(6) {
            0 => dice.pick(&HEADERS).expect("a header").0,
            _ => name,
        };
        let value = mutated(&[value.as_bytes().to_vec()], &tokens, &mut dice);
        // What would be another header, or none.
        let value = String::from_utf8_lossy(&value).replace(['\r', '\n', '\0'], " ");
        let mut headers = vec![
            (name.to_owned(), value),
            ("Cookie".to_owned(), cookie.clone()),
        ];
        // The first one counts.
        headers.push(basic("alice", "demo"));
        let method = dice.pick(&methods).expect("a method");
        let target = dice.pick(&targets).expect("a target");
        let answer = request(&server.address, method, target, &headers, card.as_bytes());
        // Wrong credentials are to wait.
        if name != "Authorization" || answer.status != 503 {
            assert_answered(&answer, method, &format!("{target} {n} {headers:?}"));
        }
    }
    server.check();
}

#[test]
fn xml_of_clients_is_answered() {
    let server = Server::start();
    let seeds = texts(&[
        "<propfind xmlns='DAV:'><prop><getetag/><x xmlns='u:'>&amp;é</x></prop></propfind>",
        "<D:propertyupdate xmlns:D='DAV:'><D:set xml:lang='fr'><D:prop><b xmlns='u:'><c>x</c></b></D:prop></D:set></D:propertyupdate>",
        "<D:sync-collection xmlns:D='DAV:'><D:sync-token/><D:sync-level>1</D:sync-level><D:limit><D:nresults>5</D:nresults></D:limit><D:prop><D:getetag/></D:prop></D:sync-collection>",
        "<C:addressbook-query xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns:D='DAV:'><D:prop><C:address-data version='4.0'/></D:prop><C:filter test='allof'><C:prop-filter name='FN'><C:text-match match-type='equals'>a</C:text-match></C:prop-filter></C:filter></C:addressbook-query>",
        "<D:mkcol xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:carddav'><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>",
    ]);
    let tokens = dictionary(Path::new("proto/fuzz/dictionaries/dav.dict"));
    let mut dice = Dice::new(3);
    let book = "/dav/alice/private/contacts/";
    for _ in 0..inputs(400) {
        let (method, target) = *dice
            .pick(&[
                ("PROPFIND", book),
                ("PROPFIND", "/dav/principals/users/alice/"),
                ("PROPPATCH", book),
                ("REPORT", book),
                ("REPORT", "/dav/principals/users/alice/"),
                ("MKCOL", "/dav/alice/private/fuzz/"),
            ])
            .expect("one");
        let body = mutated(&seeds, &tokens, &mut dice);
        let depth = *dice.pick(&["0", "1", "infinity", "x"]).expect("one");
        send(&server, method, target, &[("Depth", depth)], &body);
    }
    server.check();
}

#[test]
fn cards_of_clients_are_answered() {
    let server = Server::start();
    let (seeds, mut dice) = (target("contact").beginnings(), Dice::new(4));
    let tokens = dictionary(Path::new("fuzz/dictionaries/vcard.dict"));
    for n in 0..inputs(200) {
        let target = format!("/dav/alice/private/contacts/f{}.vcf", n % 20);
        let body = mutated(&seeds, &tokens, &mut dice);
        send(
            &server,
            "PUT",
            &target,
            &[("Content-Type", "text/vcard")],
            &body,
        );
    }
    // What was taken is listed, filtered and shown.
    let query = "<C:addressbook-query xmlns:C='urn:ietf:params:xml:ns:carddav' xmlns:D='DAV:'><D:prop>\
        <C:address-data/></D:prop><C:filter><C:prop-filter name='TEL'/></C:filter></C:addressbook-query>";
    send(
        &server,
        "REPORT",
        "/dav/alice/private/contacts/",
        &[("Depth", "1")],
        query.as_bytes(),
    );
    assert_eq!(
        Browser::of(&server.address, "alice")
            .get("/c/private")
            .status,
        200
    );
    server.check();
}

#[test]
fn questions_for_the_servers_address_are_answered() {
    let server = Server::start();
    let seeds = texts(&[
        "<?xml version='1.0'?><Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006'><Request><EMailAddress>alice@example.org</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>",
        "<Autodiscover xmlns='http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006'><Request><EMailAddress>alice@example.org</EMailAddress></Request></Autodiscover>",
    ]);
    let tokens = dictionary(Path::new("proto/fuzz/dictionaries/dav.dict"));
    let mut dice = Dice::new(5);
    for _ in 0..inputs(200) {
        let body = mutated(&seeds, &tokens, &mut dice);
        send(
            &server,
            "POST",
            "/autodiscover/autodiscover.xml",
            &[("Content-Type", "text/xml")],
            &body,
        );
    }
}

#[test]
fn files_and_queries_of_browsers_are_answered() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let token = hidden(&browser.page("/c/private/import"), "token");
    let tokens = dictionary(Path::new("fuzz/dictionaries/import.dict"));
    let (files, mut dice) = (target("import_file").beginnings(), Dice::new(6));
    for n in 0..inputs(40).min(2000) {
        let body = mutated(&files, &tokens, &mut dice);
        let answer = browser.upload("/c/private/import", &[("token", &token)], &[("x", &body)]);
        assert!(answer.status < 500, "{n}: {}", answer.status);
        if let Some(check) = answer.header("location") {
            let shown = browser.get(check);
            assert!(shown.status < 500, "{n}: {}", shown.status);
        }
    }
    let words = dictionary(Path::new("fuzz/dictionaries/search.dict"));
    let queries = target("search_query").beginnings();
    let criteria = texts(&[
        "adam.a@b.example",
        "+33 6",
        "1",
        "12",
        "private",
        "g:Team",
        "2026-02-30",
        "30",
        "contacts",
        "9999999999999",
    ]);
    let names = [
        "in",
        "name",
        "organization",
        "email",
        "telephone",
        "city",
        "tag",
        "photo",
        "kind",
        "month",
        "within",
        "created_since",
        "modified_before",
        "unverified",
        "created_by",
        "shared_with",
        "duplicates",
        "tool",
        "larger",
        "folder",
    ];
    let escaped = |octets: Vec<u8>| -> String {
        octets.iter().map(|octet| format!("%{octet:02X}")).collect()
    };
    for _ in 0..inputs(200) {
        let query = escaped(mutated(&queries, &words, &mut dice));
        let name = dice.pick(&names).expect("a name");
        let criterion = escaped(mutated(&criteria, &words, &mut dice));
        let advanced = format!("/search?{name}={criterion}&q=");
        for path in [
            &advanced,
            "/search?q=",
            "/search/suggest?q=",
            "/c/private?q=",
        ] {
            let answer = browser.get(&format!("{path}{query}"));
            assert!(answer.status < 500, "{path}{query}: {}", answer.status);
        }
    }
    server.check();
}
