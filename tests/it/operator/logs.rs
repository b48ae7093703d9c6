//! What the log of a started server says of requests, and what it never says.

use std::{fs, path::Path, process::Stdio, time::Duration};

use carnet_proto::wbxml::page::contacts as c;
use serde_json::Value;

use super::{CARD, LOOPBACK};
use crate::support::{
    browser::Browser,
    dav::Book,
    eas::{Device, add},
    http::{basic, request},
    program::Program,
};

/// A server whose log is a file.
fn serve(data: &Path, log: &Path, variables: &[(&str, &str)]) -> Program {
    Program::serve_with(data, &LOOPBACK, &["--demo"], |command| {
        let file = fs::File::create(log).expect("a log");
        command.stderr(Stdio::from(file)).envs(variables.to_vec());
    })
}

/// The lines about requests, once there are as many as wanted of a face.
fn requests(log: &Path) -> Vec<Value> {
    // The line of a request is written when its answer has left.
    std::thread::sleep(Duration::from_millis(1000));
    fs::read_to_string(log)
        .expect("a log")
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line["target"] == "carnet::request")
        .collect()
}

/// The one line whose field has a value.
fn one<'a>(lines: &'a [Value], field: &str, value: &str) -> &'a Value {
    let found: Vec<&Value> = lines.iter().filter(|line| line[field] == value).collect();
    assert_eq!(found.len(), 1, "{field} = {value}: {found:?}");
    found[0]
}

#[test]
fn every_face_writes_one_line_a_request_and_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let program = serve(
        &folder.path().join("data"),
        &log,
        &[("CARNET_LOG_FORMAT", "json"), ("CARNET_LOG_LEVEL", "debug")],
    );
    let address = program.address("http");

    // CardDAV: a card, and one that is none.
    let book = Book::of(&address, "alice");
    let card = CARD.replace("FN:One", "FN:Zacharias Unspeakable\r\nTEL:+33639987654");
    let put = book.put("one.vcf", ("If-None-Match", "*"), &card);
    assert_eq!(put.status, 201);
    let id = put.header("x-request-id").expect("a name").to_owned();
    let broken = book.put("two.vcf", ("If-None-Match", "*"), "Zacharias Unspeakable");
    assert_eq!(broken.status, 403);
    // Exchange ActiveSync.
    let mut device = Device::set_up(&address, "alice", "APPLLOG1", "14.1");
    device.sync_all(&[add("1", &[(c::LAST_NAME, "Unspeakable")])], 100);
    let undecodable = device.post_raw("Sync", b"Unspeakable".to_vec());
    assert_eq!(undecodable.status, 200);
    // The web: signed in, a search, links that open something.
    let browser = Browser::of(&address, "alice");
    assert_eq!(browser.get("/search?q=unspeakable").status, 200);
    for path in ["/v/4f1dsecret", "/reset/4f1dsecret", "/join/4f1dsecret"] {
        browser.get(path);
    }
    // Autodiscover, and wrong passwords.
    let json = "/autodiscover/autodiscover.json/v1.0/zacharias@example.org?Protocol=ActiveSync";
    request(&address, "GET", json, &[], b"");
    let wrong = [
        basic("alice", "hunter22"),
        ("X-Request-Id".into(), "forged".into()),
    ];
    let refused = request(&address, "PROPFIND", "/dav/", &wrong, b"");
    assert_eq!(refused.status, 401);
    assert_ne!(refused.header("x-request-id"), Some("forged"));
    let command = "/Microsoft-Server-ActiveSync?Cmd=Ping&User=x&DeviceId=LOSTPHONE&DeviceType=y";
    let refused = request(
        &address,
        "POST",
        command,
        &[basic("alice", "hunter22")],
        b"",
    );
    assert_eq!(refused.status, 401);
    assert_eq!(request(&address, "GET", "/healthz", &[], b"").status, 200);

    let lines = requests(&log);
    let line = one(&lines, "id", &id);
    for (field, value) in [
        ("face", "carddav"),
        ("method", "PUT"),
        ("path", "/dav/alice/private/contacts/one.vcf"),
        ("login", "alice"),
        ("peer", "127.0.0.1"),
    ] {
        assert_eq!(line[field], value, "{line}");
    }
    assert_eq!(line["status"], 201);
    assert!(
        line["ms"]
            .as_f64()
            .is_some_and(|ms| ms > 0.0 && ms < 60_000.0)
    );
    let line = one(&lines, "path", "/dav/alice/private/contacts/two.vcf");
    assert_eq!(line["fault"], "malformed card");

    let folders: Vec<&Value> = lines
        .iter()
        .filter(|l| l["command"] == "FolderSync")
        .collect();
    assert!(!folders.is_empty());
    for line in folders {
        assert_eq!(
            (&line["face"], &line["device"]),
            (&"eas".into(), &"appllog1".into())
        );
        assert_eq!(
            (&line["login"], &line["status"]),
            (&"alice".into(), &200.into())
        );
        assert!(line["octets"].as_u64().is_some_and(|octets| octets > 20));
    }
    let faults = lines
        .iter()
        .filter(|line| line["face"] == "eas" && !line["fault"].is_null());
    let faults: Vec<&Value> = faults.collect();
    assert_eq!(faults.len(), 1, "bad input is logged once: {faults:?}");
    assert!(
        faults[0]["fault"]
            .as_str()
            .is_some_and(|fault| fault.starts_with("WBXML: "))
    );

    // Which phone has the old password.
    let line = one(&lines, "device", "lostphone");
    assert_eq!(
        (&line["command"], &line["status"]),
        (&"Ping".into(), &401.into())
    );
    assert!(line["login"].is_null());

    assert_eq!(one(&lines, "path", "/search")["login"], "alice");
    assert_eq!(one(&lines, "path", "/search")["face"], "web");
    for path in ["/v/...", "/reset/...", "/join/..."] {
        one(&lines, "path", path);
    }
    one(&lines, "path", "/autodiscover/autodiscover.json/...");
    one(&lines, "face", "operator");
    let refused = one(&lines, "path", "/dav/");
    assert!(refused["login"].is_null(), "{refused}");

    program.stop();
    let text = fs::read_to_string(&log).expect("a log").to_lowercase();
    for secret in [
        "unspeakable",
        "639987654",
        "4f1dsecret",
        "hunter22",
        "zacharias",
        &basic("alice", "demo").1["Basic ".len()..].to_lowercase(),
        "carnet=",
        "password\":\"demo",
    ] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[test]
fn the_line_of_a_request_that_is_put_off_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let json = [("CARNET_LOG_FORMAT", "json")];
    let program = serve(&folder.path().join("data"), &log, &json);
    let address = program.address("http");
    let doors = [
        ("PROPFIND", "/dav/"),
        (
            "POST",
            "/Microsoft-Server-ActiveSync?Cmd=Ping&User=x&DeviceId=x&DeviceType=y",
        ),
        ("POST", "/autodiscover/autodiscover.xml"),
    ];
    for guess in 0..8 {
        let guess = [basic("alice", &format!("hunter{guess}"))];
        request(&address, "PROPFIND", "/dav/", &guess, b"");
    }
    let late = [basic("alice", "hunter99")];
    for (method, path) in doors {
        let answer = request(&address, method, path, &late, b"");
        assert_eq!(answer.status, 503, "{path}");
    }
    let answer = Browser::open(&address).sign_in("alice", "hunter99");
    assert_eq!(answer.status, 429);
    let lines = requests(&log);
    let put_off = |line: &&Value| line["status"] == 503 || line["status"] == 429;
    let put_off: Vec<&Value> = lines.iter().filter(put_off).collect();
    for face in ["carddav", "eas", "autodiscover", "web"] {
        let line = put_off.iter().find(|line| line["face"] == face);
        let line = line.unwrap_or_else(|| panic!("{face}: {put_off:?}"));
        assert_eq!(line["fault"], "too many failed sign-ins", "{line}");
    }
}

#[test]
fn the_text_form_says_the_same_and_a_level_silences_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let program = serve(&data, &log, &[]);
    let address = program.address("http");
    Book::of(&address, "alice").sync("");
    let page = request(&address, "GET", "/login?next=%2Fsecret", &[], b"");
    let id = page.header("x-request-id").expect("a name").to_owned();
    program.stop();
    let text = fs::read_to_string(&log).expect("a log");
    let line = text
        .lines()
        .find(|line| line.contains(&id))
        .expect("a line");
    for part in [
        "INFO carnet::request: answered",
        "method=\"GET\"",
        "path=\"/login\"",
        "status=200",
    ] {
        assert!(line.contains(part), "{line}");
    }
    assert!(!text.contains("next="), "{text}");

    let program = serve(
        &data,
        &log,
        &[("CARNET_LOG_LEVEL", "info,carnet::request=warn")],
    );
    Book::of(&program.address("http"), "alice").sync("");
    program.stop();
    let text = fs::read_to_string(&log).expect("a log");
    assert!(!text.contains("carnet::request"), "{text}");
}
