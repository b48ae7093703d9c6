//! HTTP: versions, query forms, sign-in, bodies, refusals.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use crate::support::{
    http::{basic, request},
    phone::{PATH, Phone, document},
    server::Server,
    tree::{text_at, wbxml},
};

const FOLDER_SYNC: &str = "FolderHierarchy:FolderSync\n  FolderHierarchy:SyncKey = 0";

#[test]
fn options_are_answered_whatever_the_query() {
    let server = Server::start();
    for query in [
        "?Cmd=Options&User=alice&DeviceId=x&DeviceType=Outlook",
        "?jAAJ",
        "?%00",
    ] {
        let target = format!("{PATH}{query}");
        let answer = request(
            &server.address,
            "OPTIONS",
            &target,
            &[basic("alice", "demo")],
            b"",
        );
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(answer.header("Content-Length"), Some("0"));
        assert_eq!(answer.header("MS-Server-ActiveSync"), Some("16.1"));
        let commands = answer.header("MS-ASProtocolCommands").expect("commands");
        for command in [
            "Sync",
            "FolderCreate",
            "FolderDelete",
            "FolderUpdate",
            "Ping",
        ] {
            assert!(commands.split(',').any(|known| known == command));
        }
    }
    let get = request(&server.address, "GET", PATH, &[basic("alice", "demo")], b"");
    assert_eq!(
        (get.status, get.header("Allow")),
        (405, Some("OPTIONS,POST"))
    );
    let put = request(&server.address, "PUT", PATH, &[basic("alice", "demo")], b"");
    assert_eq!(put.status, 501);
}

#[test]
fn versions_ascend_and_the_old_ones_are_a_setting() {
    let server = Server::start_with(|config| config.eas_legacy = true);
    let answer = request(
        &server.address,
        "OPTIONS",
        PATH,
        &[basic("alice", "demo")],
        b"",
    );
    assert_eq!(
        answer.header("MS-ASProtocolVersions"),
        Some("2.5,12.0,12.1,14.0,14.1,16.0,16.1")
    );
}

#[test]
fn the_plain_query_is_read_in_any_order_and_case() {
    let server = Server::start();
    let phone = Phone::new(&server, "alice", "order1", "14.1");
    for query in [
        "User=alice&DeviceId=order1&DeviceType=iPhone&Cmd=FolderSync",
        "cmd=foldersync&deviceid=ORDER1&devicetype=iPhone",
        "DeviceType=iPhone&CMD=FOLDERSYNC&User=CORP%5Calice&DeviceId=Order1",
    ] {
        let answer = phone.post_query(query, &wbxml(FOLDER_SYNC), &[]);
        assert_eq!(answer.status, 200, "{query}");
    }
    assert_eq!(server.devices("alice").len(), 1);
    // Without a version, what the device said last.
    let mut bare = phone.clone();
    bare.version.clear();
    assert_eq!(bare.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 200);
    bare.id = "neverseen".to_owned();
    assert_eq!(bare.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 400);
}

#[test]
fn plain_and_base64_forms_are_one_device() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "MiXeD1", "14.0");
    assert_eq!(phone.pull().len(), 14);
    let query = phone.base64_query(0);
    let body = wbxml(&phone.sync_text(&phone.key, "AirSync:GetChanges"));
    for query in [
        query.clone(),
        query.trim_end_matches('=').to_owned(),
        query.replace('=', "%3D"),
    ] {
        let answer = phone.post_query(&query, &body, &[]);
        // The key of the plain form is known: nothing new.
        assert_eq!((answer.status, answer.body.len()), (200, 0), "{query}");
    }
    assert_eq!(server.devices("alice").len(), 1);
}

#[test]
fn names_with_domains_addresses_and_any_charset_sign_in() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let server = Server::start();
    server.set_password("alice", "pässword");
    for credentials in [
        "alice:pässword".as_bytes().to_vec(),
        b"alice:p\xE4ssword".to_vec(),
        "CORP\\alice:pässword".as_bytes().to_vec(),
        "\\Alice:pässword".as_bytes().to_vec(),
        "alice@example.org:pässword".as_bytes().to_vec(),
        "CORP\\alice@example.org:pässword".as_bytes().to_vec(),
    ] {
        let value = format!("Basic {}", STANDARD.encode(&credentials));
        let headers = [("Authorization".to_owned(), value)];
        let answer = request(&server.address, "OPTIONS", PATH, &headers, b"");
        assert_eq!(answer.status, 200, "{credentials:?}");
    }
}

#[test]
fn commands_nobody_serves_are_refused_by_version() {
    let server = Server::start_with(|config| config.eas_legacy = true);
    let phone = Phone::new(&server, "alice", "odd", "14.1");
    assert_eq!(phone.post("Nonsense", b"").status, 501);
    assert_eq!(phone.post("GetHierarchy", b"").status, 501);
    // From 14.0 on a status in the root it came with.
    let told = phone.ask("Nonsense", FOLDER_SYNC).expect("a status");
    assert_eq!(
        told.dump(),
        "FolderHierarchy:FolderSync\n  FolderHierarchy:Status = 137\n"
    );
    let before = Phone::new(&server, "alice", "before", "12.1");
    assert_eq!(before.post("Nonsense", &wbxml(FOLDER_SYNC)).status, 501);
    // Settings came with 12.0.
    let old = Phone::new(&server, "alice", "old", "2.5");
    assert_eq!(
        old.post("Settings", &wbxml("Settings:Settings")).status,
        501
    );
}

#[test]
fn versions_not_offered_are_refused() {
    let server = Server::start();
    let status = |version: &str| {
        let phone = Phone::new(&server, "alice", "versions", version);
        let answer = phone.post("FolderSync", &wbxml(FOLDER_SYNC));
        let root = document(&answer);
        (
            answer.status,
            root.and_then(|root| text_at(&root, &["Status"])),
        )
    };
    assert_eq!(status("14"), (200, Some("1".to_owned())));
    assert_eq!(status("14.0"), (200, Some("1".to_owned())));
    assert_eq!(status("15.0"), (200, Some("138".to_owned())));
    assert_eq!(status("16.2"), (200, Some("138".to_owned())));
    assert_eq!(status("2.5").0, 400);
    assert_eq!(status("12.0").0, 400);
    assert_eq!(status("nonsense").0, 400);
}

#[test]
fn garbage_is_refused_by_version() {
    let server = Server::start();
    for (version, command) in [("14.1", "FolderSync"), ("16.1", "Ping")] {
        let phone = Phone::new(&server, "alice", "garbage", version);
        let root = document(&phone.post(command, b"garbage")).expect("a status");
        assert_eq!(root.tag.name(), Some(command));
        assert_eq!(text_at(&root, &["Status"]).as_deref(), Some("102"));
    }
    let old = Phone::new(&server, "alice", "garbage", "12.1");
    assert_eq!(old.post("FolderSync", b"garbage").status, 400);
    assert_eq!(old.post_query("Cmd=Sync", b"", &[]).status, 400);
}

#[test]
fn bodies_have_length_type_and_gzip_only_when_asked() {
    let server = Server::start();
    let mut phone = Phone::set_up(&server, "alice", "gzip", "14.1");
    let body = wbxml(&phone.sync_text(&phone.key, "AirSync:GetChanges"));
    let query = format!("Cmd=Sync&DeviceId={}&DeviceType=x", phone.id);
    let plain = phone.post_query(&query, &body, &[]);
    assert_eq!(plain.header("Content-Encoding"), None);
    let length = plain.body.len().to_string();
    assert_eq!(plain.header("Content-Length"), Some(length.as_str()));
    let kind = Some("application/vnd.ms-sync.wbxml");
    assert_eq!(plain.header("Content-Type"), kind);
    let zipped = phone.post_query(&query, &body, &[("Accept-Encoding", "gzip, deflate")]);
    assert_eq!(zipped.header("Content-Encoding"), Some("gzip"));
    assert!(zipped.body.len() < plain.body.len());
    phone.pull();
    let quiet = wbxml(&phone.sync_text(&phone.key, "AirSync:GetChanges"));
    let empty = phone.post_query(&query, &quiet, &[("Accept-Encoding", "gzip")]);
    assert_eq!((empty.status, empty.body.len()), (200, 0));
    assert_eq!(empty.header("Content-Encoding"), None);
    assert_eq!(empty.header("Content-Length"), Some("0"));
    assert_eq!(empty.header("Content-Type"), kind);
}

#[test]
fn a_failing_store_is_never_a_wrong_password() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "broken", "14.1");
    server.sql("ALTER TABLE meta RENAME TO lost");
    let answer = phone.post("FolderSync", &wbxml(FOLDER_SYNC));
    assert_eq!(
        (answer.status, answer.header("Retry-After")),
        (503, Some("10"))
    );
    server.sql("ALTER TABLE lost RENAME TO meta");
    assert_eq!(phone.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 200);
}

#[test]
fn who_lives_elsewhere_is_sent_there() {
    let there = "https://other.example.org/Microsoft-Server-ActiveSync";
    let server = Server::start_with(|config| {
        config.eas_elsewhere = [("alice".to_owned(), there.to_owned())].into();
    });
    let phone = Phone::new(&server, "alice", "moved", "14.1");
    let answer = phone.post("FolderSync", &wbxml(FOLDER_SYNC));
    assert_eq!(
        (answer.status, answer.header("X-MS-Location")),
        (451, Some(there))
    );
    let options = request(
        &server.address,
        "OPTIONS",
        PATH,
        &[basic("alice", "demo")],
        b"",
    );
    assert_eq!(
        (options.status, options.header("X-MS-Location")),
        (451, Some(there))
    );
    let bob = Phone::new(&server, "bob", "stays", "14.1");
    assert_eq!(bob.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 200);
}

#[test]
fn a_grown_offer_is_announced_once_to_devices_that_knew_less() {
    let server = Server::start_with(|config| {
        config.eas_legacy = true;
        config.eas_announce = true;
    });
    let phone = Phone::new(&server, "alice", "teller", "14.1");
    let announced = || {
        let answer = phone.post("FolderSync", &wbxml(FOLDER_SYNC));
        let said = |name| answer.header(name).map(str::to_owned);
        let list = said("X-MS-RP");
        // Both headers of OPTIONS with it ([MS-ASHTTP] 2.2.2.1.2).
        assert_eq!(said("MS-ASProtocolVersions"), list);
        assert_eq!(said("MS-ASProtocolCommands").is_some(), list.is_some());
        list
    };
    assert_eq!(announced(), None, "a new device saw all of it");
    server.sql("UPDATE device SET info = '{\"OfferedVersions\":\"12.1,14.0,14.1,16.0,16.1\"}'");
    let list = "2.5,12.0,12.1,14.0,14.1,16.0,16.1".to_owned();
    // A Ping may be lost while it is held, and a failure is not read.
    let ping = "Ping:Ping\n  Ping:HeartbeatInterval = 5";
    assert_eq!(phone.post("Ping", &wbxml(ping)).header("X-MS-RP"), None);
    let failed = phone.post("GetAttachment", &[]);
    if failed.status != 200 {
        assert_eq!(failed.header("X-MS-RP"), None);
    }
    assert_eq!(announced(), Some(list));
    assert_eq!(announced(), None);
}

#[test]
fn requests_may_come_in_chunks_or_compressed() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "chunks", "14.1");
    let body = wbxml(FOLDER_SYNC);
    let mut socket = TcpStream::connect(&server.address).expect("connected");
    let (name, value) = basic("alice", "demo");
    let head = format!(
        "POST {PATH}?Cmd=FolderSync&DeviceId=chunks&DeviceType=x HTTP/1.1\r\nHost: localhost\r\n\
         {name}: {value}\r\nMS-ASProtocolVersion: 14.1\r\nConnection: close\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).expect("sent");
    for octet in &body {
        socket.write_all(b"1\r\n").expect("sent");
        socket.write_all(&[*octet]).expect("sent");
        socket.write_all(b"\r\n").expect("sent");
    }
    socket.write_all(b"0\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("an answer");
    assert!(answer.starts_with(b"HTTP/1.1 200 "), "{answer:?}");

    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zipped.write_all(&body).expect("compressed");
    let zipped = zipped.finish().expect("compressed");
    let query = "Cmd=FolderSync&DeviceId=chunks&DeviceType=x";
    let answer = phone.post_query(query, &zipped, &[("Content-Encoding", "gzip")]);
    let root = document(&answer).expect("an answer");
    assert_eq!(text_at(&root, &["Status"]).as_deref(), Some("1"));
    let answer = phone.post_query(query, &zipped, &[("Content-Encoding", "br")]);
    assert_eq!(answer.status, 400);
}

#[test]
fn too_many_guesses_are_told_to_come_later() {
    let server = Server::start();
    let phone = Phone::set_up(&server, "alice", "own", "14.1");
    let mut guesser = Phone::new(&server, "alice", "guess", "14.1");
    let answers: Vec<_> = (0..7)
        .map(|number| {
            guesser.password = format!("guess{number}");
            guesser.post("FolderSync", &wbxml(FOLDER_SYNC))
        })
        .collect();
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses[..5], [401; 5]);
    assert_eq!(statuses[6], 503, "{statuses:?}");
    assert!(answers[6].header("Retry-After").is_some());
    // Nobody is locked out.
    assert_eq!(phone.post("FolderSync", &wbxml(FOLDER_SYNC)).status, 200);
}
