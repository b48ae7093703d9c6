//! Figures: they move with what is done, they are given to the operator alone, and their number
//! does not grow with what clients call themselves.

use std::{collections::BTreeMap, time::Duration};

use carnet_proto::wbxml::page::{air_sync as a, contacts as c};

use super::CARD;
use crate::support::{
    browser::Browser,
    dav::Book,
    eas::{Device, add},
    http::{Answer, basic, request},
    server::Server,
};

const TOKEN: &str = "a-token-of-the-operator";

fn ask(address: &str, more: &[(&str, &str)]) -> Answer {
    let more = more.iter();
    let headers: Vec<_> = more
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    request(address, "GET", "/metrics", &headers, b"")
}

/// Samples by name and labels, as they are written.
fn samples(address: &str) -> BTreeMap<String, f64> {
    // A request is counted when its answer has left.
    std::thread::sleep(Duration::from_millis(700));
    let answer = ask(address, &[("Authorization", &format!("Bearer {TOKEN}"))]);
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').expect("a sample");
            (name.to_owned(), value.parse().expect("a number"))
        })
        .collect()
}

struct Moves {
    before: BTreeMap<String, f64>,
    after: BTreeMap<String, f64>,
}

impl Moves {
    fn by(&self, name: &str) -> f64 {
        let value = |samples: &BTreeMap<String, f64>| samples.get(name).copied();
        let after =
            value(&self.after).unwrap_or_else(|| panic!("{name}: {:#?}", self.after.keys()));
        after - value(&self.before).unwrap_or(0.0)
    }
}

fn server() -> Server {
    Server::start_with(|config| config.metrics_token = Some(TOKEN.to_owned()))
}

#[test]
fn counters_move_with_every_face() {
    let server = server();
    let address = &server.address;
    let before = samples(address);

    let book = Book::of(address, "alice");
    assert_eq!(
        book.put("one.vcf", ("If-None-Match", "*"), CARD).status,
        201
    );
    assert_eq!(book.sync("").0, 207);
    let (status, ..) = book.sync("https://example.org/no-token");
    assert_eq!(status, 403);
    let mut device = Device::set_up(address, "alice", "FIGURES1", "14.1");
    device.sync_all(&[add("1", &[(c::LAST_NAME, "Counted")])], 100);
    let unknown = device.sync_body("12345", &[], 100, true);
    let answer = device.post("Sync", unknown).expect("an answer");
    let collection = answer
        .child(a::COLLECTIONS)
        .and_then(|list| list.child(a::COLLECTION));
    let status = collection.and_then(|collection| collection.text_of(a::STATUS));
    assert_eq!(status.as_deref(), Some("3"));
    assert_eq!(Browser::of(address, "alice").get("/contacts").status, 303);
    request(address, "GET", "/autodiscover/autodiscover.json", &[], b"");
    let wrong = [basic("alice", "wrong")];
    assert_eq!(
        request(address, "PROPFIND", "/dav/", &wrong, b"").status,
        401
    );

    let after = samples(address);
    let version = format!(
        "carnet_build_info{{version=\"{}\"}}",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(after.get(&version), Some(&1.0), "{after:?}");
    for name in [
        "carnet_disk_free_bytes",
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
    ] {
        assert!(after.get(name).is_some_and(|value| *value > 0.0), "{name}");
    }
    let moves = Moves { before, after };
    for (name, by) in [
        (
            r#"carnet_requests_total{face="carddav",command="PUT",status="201"}"#,
            1.0,
        ),
        (
            r#"carnet_requests_total{face="carddav",command="REPORT",status="403"}"#,
            1.0,
        ),
        (
            r#"carnet_requests_total{face="carddav",command="PROPFIND",status="401"}"#,
            1.0,
        ),
        (
            r#"carnet_requests_total{face="eas",command="FolderSync",status="200"}"#,
            1.0,
        ),
        (
            r#"carnet_requests_total{face="web",command="GET",status="303"}"#,
            1.0,
        ),
        (
            r#"carnet_request_seconds_count{face="carddav",command="PUT"}"#,
            1.0,
        ),
        (r#"carnet_exchanges_total{client="ios",event="began"}"#, 1.0),
        (
            r#"carnet_exchanges_total{client="ios",event="received"}"#,
            1.0,
        ),
        (
            r#"carnet_exchanges_total{client="ios",event="started-over"}"#,
            1.0,
        ),
        (
            r#"carnet_exchanges_total{client="other-carddav",event="started-over"}"#,
            1.0,
        ),
        (
            r#"carnet_sign_in_failures_total{why="wrong-password"}"#,
            1.0,
        ),
        (r#"carnet_devices{access="allowed"}"#, 1.0),
    ] {
        assert_eq!(moves.by(name), by, "{name}");
    }
    for name in [
        r#"carnet_requests_total{face="eas",command="Sync",status="200"}"#,
        "carnet_commit_seconds_count",
        "carnet_commit_batches_sum",
        "carnet_read_wait_seconds_count",
        "carnet_answer_bytes_total",
    ] {
        assert!(moves.by(name) >= 1.0, "{name}");
    }
    for name in [
        "carnet_database_bytes",
        "carnet_people",
        "process_resident_memory_bytes",
        "process_open_fds",
        "process_start_time_seconds",
    ] {
        assert!(moves.after[name] > 0.0, "{name}");
    }
    let requests = moves
        .after
        .iter()
        .filter(|(name, _)| name.contains("autodiscover"));
    assert!(requests.count() > 0);
}

#[test]
fn a_held_ping_is_counted_and_its_wake_is() {
    let server = server();
    let address = server.address.clone();
    let mut device = Device::set_up(&address, "alice", "HELD1", "14.1");
    device.sync_all(&[], 100);
    let before = samples(&address);
    assert_eq!(before["carnet_held_requests"], 0.0);
    let held = std::thread::spawn(move || device.ping(600));
    let mut tries = 0;
    while samples(&address)["carnet_held_requests"] != 1.0 {
        tries += 1;
        assert!(tries < 50, "the Ping is not held");
    }
    let put = Book::of(&address, "alice").put("wakes.vcf", ("If-None-Match", "*"), CARD);
    assert_eq!(put.status, 201);
    assert_eq!(held.join().expect("an answer"), "2");
    let moves = Moves {
        before,
        after: samples(&address),
    };
    assert_eq!(moves.by("carnet_held_requests"), 0.0);
    assert!(moves.by("carnet_wakes_total") >= 1.0);
}

#[test]
fn figures_are_for_the_operator() {
    let without = Server::start();
    assert_eq!(ask(&without.address, &[]).status, 404);
    assert_eq!(
        ask(&without.address, &[("Authorization", "Bearer ")]).status,
        404
    );
    drop(without);
    let server = server();
    for shown in ["", "Bearer ", "Bearer wrong", &basic("alice", "demo").1] {
        let answer = ask(&server.address, &[("Authorization", shown)]);
        assert_eq!(answer.status, 401, "{shown}");
        assert!(answer.body.is_empty());
    }
    let bearer = format!("Bearer {TOKEN}");
    let open = ("Accept", "application/openmetrics-text; version=1.0.0");
    let answer = ask(&server.address, &[("Authorization", &bearer), open]);
    assert!(
        answer
            .header("content-type")
            .is_some_and(|kind| kind.contains("openmetrics"))
    );
    assert!(answer.text().ends_with("# EOF\n"));
}

#[test]
fn what_clients_call_themselves_makes_no_new_series() {
    let server = server();
    let visit = |name: &str| {
        let address = &server.address;
        let headers = [
            basic(name, "x"),
            ("User-Agent".to_owned(), format!("{name}/1")),
        ];
        for (method, path) in [
            ("PROPFIND", format!("/dav/{name}/")),
            ("GET", format!("/{name}")),
            (name, "/dav/".to_owned()),
            (
                "POST",
                format!(
                    "/Microsoft-Server-ActiveSync?Cmd={name}&User=a&DeviceId={name}&DeviceType={name}"
                ),
            ),
        ] {
            request(address, method, &path, &headers, b"");
        }
    };
    visit("FIRST");
    let before = samples(&server.address);
    for number in 0..20 {
        visit(&format!("NAME{number}"));
    }
    let after = samples(&server.address);
    let added: Vec<_> = after
        .keys()
        .filter(|name| !before.contains_key(*name))
        .collect();
    // The figures' own requests, and guesses that became too many.
    let expected = |name: &&&String| {
        name.contains("operator") || name.contains("too-many") || name.contains("503")
    };
    assert!(added.iter().all(|name| expected(&name)), "{added:#?}");
}
