//! WebDAV-Push (row 96): register, one message a burst, Push-Dont-Notify, expiry. The receiver here
//! decrypts with the keys of RFC 8291 through ring; tests/compat does it with another implementation.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::mpsc,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use carnet::domain::batch::{GroupOp, Op};

use super::client::*;
use crate::support::{
    browser::Browser,
    http::{basic, request},
    program::works,
    server::Server,
};

/// A push service that notes every request and answers as told.
struct Receiver {
    url: String,
    requests: mpsc::Receiver<(String, Vec<u8>)>,
}

impl Receiver {
    fn start(status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!(
            "http://{}/push/abc",
            listener.local_addr().expect("an address")
        );
        let (sender, requests) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut bytes = Vec::new();
                let mut part = [0; 4096];
                loop {
                    let read = stream.read(&mut part).unwrap_or(0);
                    bytes.extend_from_slice(&part[..read]);
                    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n")
                    else {
                        if read == 0 {
                            break;
                        }
                        continue;
                    };
                    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
                    let length: usize = head
                        .lines()
                        .find_map(|line| {
                            line.to_lowercase()
                                .strip_prefix("content-length: ")
                                .and_then(|l| l.trim().parse().ok())
                        })
                        .unwrap_or(0);
                    if bytes.len() >= end + 4 + length || read == 0 {
                        let _ = write!(
                            stream,
                            "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        );
                        if sender.send((head, bytes[end + 4..].to_vec())).is_err() {
                            return;
                        }
                        break;
                    }
                }
            }
        });
        Self { url, requests }
    }

    fn next(&self) -> Option<(String, Vec<u8>)> {
        self.requests.recv_timeout(Duration::from_secs(6)).ok()
    }

    fn is_quiet(&self) -> bool {
        self.requests.recv_timeout(Duration::from_secs(4)).is_err()
    }
}

/// The public key of the example in RFC 8291 §5, and its auth secret.
const KEY: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn registration(url: &str, more: &str) -> String {
    format!(
        "<P:push-register {NS}><P:subscription><P:web-push-subscription><P:push-resource>{url}</P:push-resource>\
        <P:content-encoding>aes128gcm</P:content-encoding><P:subscription-public-key type=\"p256dh\">{KEY}</P:subscription-public-key>\
        <P:auth-secret>{AUTH}</P:auth-secret></P:web-push-subscription></P:subscription>\
        <P:trigger><P:content-update><D:depth>1</D:depth></P:content-update></P:trigger>{more}</P:push-register>"
    )
}

const XML: (&str, &str) = ("Content-Type", "application/xml; charset=\"utf-8\"");

fn server() -> Server {
    Server::start_with(|config| {
        config.push_contact = Some("mailto:admin@example.org".to_owned());
        config.push_allow_private = true;
    })
}

#[test]
fn a_subscriber_is_told_once_per_burst_and_not_of_its_own_writes() {
    let server = server();
    let alice = Client::new(&server, "alice");
    let options = alice.send("OPTIONS", BOOK, &[], "");
    assert!(
        options
            .header("dav")
            .is_some_and(|dav| dav.contains("webdav-push"))
    );
    let found = alice.props(BOOK, "<P:transports/><P:topic/><P:supported-triggers/>");
    let transports = found.prop(PUSH, "transports").expect("transports");
    let key = transports
        .child(PUSH, "web-push")
        .and_then(|t| t.child(PUSH, "vapid-public-key"))
        .expect("a key");
    assert_eq!(key.attribute("type"), Some("p256ecdsa"));
    let vapid = key.text();
    assert_eq!(URL_SAFE_NO_PAD.decode(&vapid).expect("base64url").len(), 65);
    assert!(
        found
            .prop(PUSH, "supported-triggers")
            .is_some_and(|t| t.child(PUSH, "content-update").is_some())
    );
    let topic = found.text(PUSH, "topic");
    assert_ne!(alice.props(TEAM, "<P:topic/>").text(PUSH, "topic"), topic);

    let receiver = Receiver::start("201 Created");
    let made = alice.send("POST", BOOK, &[XML], registration(&receiver.url, ""));
    assert_eq!(made.status, 201, "{}", made.text());
    let location = made.header("location").expect("a Location").to_owned();
    assert!(location.starts_with("/dav/push/"));
    assert!(
        made.header("expires")
            .is_some_and(|date| date.ends_with(" GMT"))
    );
    // The same address again is the same registration.
    let again = alice.send("POST", BOOK, &[XML], registration(&receiver.url, ""));
    assert_eq!(
        (again.status, again.header("location")),
        (204, Some(&*location))
    );

    for n in 0..5 {
        alice.put(&format!("{BOOK}b{n}.vcf"), &[], card(&format!("b{n}"), "B"));
    }
    let (head, body) = receiver.next().expect("a message");
    let head = head.to_lowercase();
    for line in [
        "post /push/abc http/1.1",
        "ttl: 86400",
        "content-encoding: aes128gcm",
        "urgency: normal",
        "topic: ",
    ] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(head.contains("authorization: vapid t="), "{head}");
    // RFC 8188 §2.1: salt, record size, and the sender's key as its id.
    assert_eq!(
        (&body[16..20], body[20], body[21]),
        (&[0, 0, 16, 0][..], 65, 4)
    );
    assert!(receiver.is_quiet(), "one message for the burst");

    let dont = (
        "Push-Dont-Notify",
        format!("\"http://{}{location}\"", server.address),
    );
    alice.put(
        &format!("{BOOK}own.vcf"),
        &[(dont.0, &dont.1)],
        card("own", "Own"),
    );
    alice.put(
        &format!("{BOOK}own2.vcf"),
        &[("Push-Dont-Notify", "*")],
        card("own2", "Own"),
    );
    assert!(receiver.is_quiet(), "its own writes");
    alice.put(
        &format!("{BOOK}own.vcf"),
        &[(dont.0, &dont.1)],
        card("own", "Own again"),
    );
    alice.put(
        &format!("{BOOK}other.vcf"),
        &[("Push-Dont-Notify", "\"/dav/push/another\"")],
        card("other", "O"),
    );
    assert!(receiver.next().is_some(), "somebody else's");

    assert_eq!(Client::new(&server, "bob").delete(&location).status, 404);
    assert_eq!(alice.delete(&location).status, 204);
    assert_eq!(alice.delete(&location).status, 404);
    alice.put(&format!("{BOOK}last.vcf"), &[], card("last", "L"));
    assert!(receiver.is_quiet(), "after it was taken away");
}

#[test]
fn a_subscription_ends_with_its_time_its_service_or_its_right() {
    let server = server();
    let bob = Client::new(&server, "bob");
    let alice = Client::new(&server, "alice");
    let gone = Receiver::start("410 Gone");
    bob.send("POST", TEAM, &[XML], registration(&gone.url, ""));
    alice.put(&format!("{TEAM}x.vcf"), &[], card("x", "X"));
    assert!(gone.next().is_some());
    std::thread::sleep(Duration::from_millis(300));
    alice.put(&format!("{TEAM}x.vcf"), &[], card("x", "Y"));
    assert!(
        gone.is_quiet(),
        "a service that knows it no more is not asked again"
    );
    let there = Receiver::start("201 Created");
    let soon = "Fri, 31 Dec 2100 00:00:00 GMT";
    let made = bob.send(
        "POST",
        TEAM,
        &[XML],
        registration(&there.url, &format!("<P:expires>{soon}</P:expires>")),
    );
    assert_eq!(made.status, 201);
    assert!(
        made.header("expires")
            .is_some_and(|date| !date.contains("2100")),
        "no longer than the server's own limit"
    );
    let past = registration(
        &there.url,
        "<P:expires>Wed, 02 Oct 2024 07:28:00 GMT</P:expires>",
    );
    let refused = bob.send("POST", TEAM, &[XML], past);
    assert_eq!(
        (refused.status, preconditions(&refused)),
        (403, vec!["invalid-subscription".to_owned()])
    );
}

#[test]
fn a_subscription_ends_with_the_app_password_it_was_made_with() {
    let server = server();
    let alice = Client::new(&server, "alice");
    let data = server.data.path();
    let receivers = ["revoked", "expired", "kept"].map(|name| {
        let make = ["app-password", "add", "bob", "--name", name];
        let printed = works(data, &[&make[..], &["--protocol", "carddav"]].concat());
        let password = printed.trim().rsplit(' ').next().expect("a password");
        let receiver = Receiver::start("201 Created");
        let headers = [basic("bob", password), (XML.0.to_owned(), XML.1.to_owned())];
        let body = registration(&receiver.url, "");
        let made = request(&server.address, "POST", TEAM, &headers, body.as_bytes());
        assert_eq!(made.status, 201, "{}", made.text());
        receiver
    });
    let listed = works(data, &["app-password", "list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).expect("JSON");
    let all = listed.as_array().expect("a list");
    let found = all.iter().find(|password| password["name"] == "revoked");
    let id = found.expect("it")["id"].to_string();
    works(data, &["app-password", "revoke", "bob", &id]);
    server.sql("UPDATE app_password SET expires = 1000 WHERE name = 'expired'");
    alice.put(&format!("{TEAM}x.vcf"), &[], card("x", "X"));
    let [revoked, expired, kept] = receivers;
    assert!(kept.next().is_some());
    assert!(revoked.is_quiet() && expired.is_quiet());
}

#[test]
fn properties_are_told_to_who_asked_for_them() {
    let server = server();
    let alice = Client::new(&server, "alice");
    let triggers = |path: &str| {
        let found = alice.props(path, "<P:supported-triggers/>");
        found.names(PUSH, "supported-triggers")
    };
    assert_eq!(triggers(TEAM), ["content-update", "property-update"]);
    assert_eq!(triggers("/dav/alice/private/"), ["content-update"]);
    // The principal stands for the home.
    let own = "/dav/principals/users/alice/";
    assert_eq!(triggers(own), ["content-update"]);
    let topic = |path: &str| alice.props(path, "<P:topic/>").text(PUSH, "topic");
    assert_eq!(topic(own), topic("/dav/alice/private/"));
    let content = "<P:content-update><D:depth>1</D:depth></P:content-update>";
    let properties = "<P:property-update><D:depth>0</D:depth></P:property-update>";
    let receiver = Receiver::start("201 Created");
    let wanted = registration(&receiver.url, "").replace(content, properties);
    assert_eq!(alice.send("POST", TEAM, &[XML], &wanted).status, 201);
    let home = alice.send("POST", "/dav/alice/private/", &[XML], &wanted);
    assert_eq!(preconditions(&home), ["no-supported-trigger"]);
    let bob = Client::new(&server, "bob");
    let name = |name: &str| {
        let named = format!("<D:displayname>{name}</D:displayname>");
        format!("<D:set><D:prop>{named}</D:prop></D:set>")
    };
    // Cards are nothing it asked for, nor is what bob calls the book.
    assert_eq!(
        alice
            .put(&format!("{TEAM}x.vcf"), &[], card("x", "X"))
            .status,
        201
    );
    bob.proppatch(TEAM, &name("Bob's name for it"));
    assert!(receiver.is_quiet());
    alice.proppatch(TEAM, &name("The team"));
    assert!(receiver.next().is_some(), "her own name for it");
    let group = server
        .runtime
        .block_on(server.store().group_by_name("Team"));
    server.commit(Op::Group(GroupOp::ChangeGroup {
        group: group.expect("a read").expect("Team").id,
        display_name: Some("A-Team".to_owned()),
        options: None,
    }));
    assert!(receiver.next().is_some(), "everybody's name for it");
}

#[test]
fn registrations_that_cannot_be_served_are_refused() {
    let closed = Server::start();
    let alice = Client::new(&closed, "alice");
    assert!(
        alice
            .props(BOOK, "<P:topic/>")
            .prop(PUSH, "topic")
            .is_none()
    );
    let refused = alice.send(
        "POST",
        BOOK,
        &[XML],
        registration("https://push.example.net/x", ""),
    );
    assert_eq!(
        (refused.status, preconditions(&refused)),
        (403, vec!["push-not-available".to_owned()])
    );
    drop(closed);
    let server =
        Server::start_with(|config| config.push_contact = Some("mailto:a@example.org".to_owned()));
    let alice = Client::new(&server, "alice");
    let good = registration("https://push.example.net/x", "");
    assert_eq!(alice.send("POST", BOOK, &[XML], &good).status, 201);
    let home = alice.send("POST", "/dav/alice/private/", &[XML], &good);
    assert_eq!(home.status, 201);
    let again = alice.send("POST", "/dav/principals/users/alice/", &[XML], &good);
    assert_eq!(
        (again.status, again.header("location")),
        (204, home.header("location"))
    );
    let group = alice.send("POST", "/dav/principals/groups/Team/", &[XML], &good);
    assert_eq!(preconditions(&group), ["push-not-available"]);
    for (body, condition) in [
        (
            registration("http://push.example.net/x", ""),
            "invalid-subscription",
        ),
        (
            registration("https://127.0.0.1/x", ""),
            "invalid-subscription",
        ),
        (
            registration("https://[::ffff:192.168.1.1]/x", ""),
            "invalid-subscription",
        ),
        (good.replace(KEY, "AAAA"), "invalid-subscription"),
        (good.replace(AUTH, "AAAA"), "invalid-subscription"),
        (
            good.replace(
                "<P:content-update><D:depth>1</D:depth></P:content-update>",
                "<P:weather-update/>",
            ),
            "no-supported-trigger",
        ),
        (
            good.replace("web-push-subscription", "carrier-pigeon"),
            "invalid-subscription",
        ),
    ] {
        let answer = alice.send("POST", BOOK, &[XML], &body);
        assert_eq!(
            (answer.status, preconditions(&answer)),
            (403, vec![condition.to_owned()]),
            "{body}"
        );
    }
}

#[test]
fn a_book_that_changes_when_it_is_read_takes_no_subscription() {
    let server = server();
    works(
        server.data.path(),
        &["user", "set", "bob", "--merged", "on"],
    );
    let bob = Client::new(&server, "bob");
    let receiver = Receiver::start("201 Created");
    let body = registration(&receiver.url, "");
    let refused = bob.send("POST", "/dav/bob/private/merged/", &[XML], body);
    assert_eq!(
        (refused.status, preconditions(&refused)),
        (403, vec!["push-not-available".to_owned()])
    );
}

#[test]
fn the_log_of_a_program_counts_contacts_alone() {
    let server = server();
    let bob = Client::new(&server, "bob");
    let own = "/dav/bob/private/contacts/";
    let put = |name: &str| {
        let path = format!("{own}{name}.vcf");
        assert_eq!(bob.put(&path, &[], card(name, name)).status, 201);
        path
    };
    let (one, two) = (put("one"), put("two"));
    let posted = bob.send("POST", own, &[], card("three", "three"));
    assert_eq!(posted.status, 201);
    let subscription = registration("https://push.example.net/x", "");
    assert_eq!(bob.send("POST", own, &[XML], subscription).status, 201);
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    let club = "/dav/bob/private/club/";
    assert_eq!(bob.send("MKCOL", club, &[], body.clone()).status, 201);
    assert_eq!(bob.delete(club).status, 204);
    let browser = Browser::of(&server.address, "bob");
    let log = || {
        let list = browser.page("/settings/devices");
        let start = "<a href=\"";
        let at = list.find("/settings/devices/c/").expect("a program");
        assert!(list[..at].ends_with(start), "{list}");
        let here = list[at..].split('"').next().expect("an end");
        browser.page(here)
    };
    let page = log();
    assert!(page.contains("in Private: 3 new <"), "{page}");
    let other = "/dav/bob/private/other/";
    assert_eq!(bob.send("MKCOL", other, &[], body).status, 201);
    let to = format!("{other}one.vcf");
    let bring = |method: &str, from: &str, to: &str| {
        let answer = bob.send(method, from, &[("Destination", to)], "");
        assert_eq!(answer.status, 201, "{method}");
    };
    bring("COPY", &one, &to);
    bring("MOVE", &two, &format!("{other}two.vcf"));
    let page = log();
    for words in ["in Private: 3 new", "1 removed <", "in other: "] {
        assert!(page.contains(words), "{words}: {page}");
    }
}
