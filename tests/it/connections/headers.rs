//! The list of secure headers (OWASP), on every kind of answer.

use crate::support::{
    browser::Browser,
    http::{Answer, basic, request},
    server::Server,
};

/// What kind of answer it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    /// Of one person: kept nowhere.
    Page,
    /// For everybody.
    Asset,
    /// What programs read.
    Data,
}
use Kind::{Asset, Data, Page};

fn behind_https() -> Server {
    Server::start_with(|config| {
        config.public_url = Some("https://contacts.example.org".to_owned());
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    })
}

#[test]
fn every_kind_of_answer_tells_browsers_what_it_is_not_for() {
    let server = behind_https();
    let browser = Browser::of(&server.address, "alice");
    let cookie = browser.cookie.clone().expect("a session");
    let card = browser
        .card_named("/c/private", "Anaïs Petit")
        .expect("a card");
    let photo = format!("{card}/photo");
    let ask = |method: &str, target: &str, signed: bool| -> Answer {
        let mut headers = vec![
            ("X-Forwarded-For".to_owned(), "198.51.100.7".to_owned()),
            ("X-Forwarded-Proto".to_owned(), "https".to_owned()),
            ("Accept".to_owned(), "text/html".to_owned()),
            ("Depth".to_owned(), "0".to_owned()),
        ];
        if signed {
            headers.push(basic("alice", "demo"));
            headers.push(("Cookie".to_owned(), cookie.clone()));
        }
        request(&server.address, method, target, &headers, b"")
    };
    let eas = "/Microsoft-Server-ActiveSync";
    for (method, target, signed, status, kind) in [
        ("GET", "/login", false, 200, Page),
        ("GET", "/", false, 303, Page),
        ("GET", "/", true, 200, Page),
        ("GET", "/c/private", true, 200, Page),
        ("GET", "/c/private", false, 303, Page),
        ("GET", card.as_str(), true, 200, Page),
        ("GET", photo.as_str(), true, 404, Page),
        ("GET", "/c/private/c/nothing", true, 404, Page),
        ("GET", "/settings/account", true, 200, Page),
        ("GET", "/help", true, 200, Page),
        ("GET", "/admin", true, 404, Page),
        ("POST", "/logout", true, 415, Page),
        ("GET", "/static/carnet.css", false, 200, Asset),
        ("GET", "/static/carnet.js", false, 200, Asset),
        ("GET", "/static/icon.svg", false, 200, Asset),
        ("GET", "/nothing/here", false, 404, Data),
        ("GET", "/healthz", false, 200, Data),
        ("GET", "/readyz", false, 200, Data),
        ("GET", "/carnet-ca.crt", false, 404, Data),
        ("GET", "/.well-known/carddav", false, 301, Data),
        ("PROPFIND", "/dav/", false, 401, Data),
        ("PROPFIND", "/dav/alice/private/contacts/", true, 207, Data),
        (
            "GET",
            "/dav/alice/private/contacts/none.vcf",
            true,
            404,
            Data,
        ),
        ("OPTIONS", eas, false, 401, Data),
        ("OPTIONS", eas, true, 200, Data),
        ("POST", "/autodiscover/autodiscover.xml", false, 401, Data),
    ] {
        let answer = ask(method, target, signed);
        let what = format!("{method} {target} signed={signed}: {:?}", answer.headers);
        assert_eq!(answer.status, status, "{what}");
        let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
        assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(header("x-frame-options"), "DENY", "{what}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{what}");
        let policies = header("x-permitted-cross-domain-policies");
        assert_eq!(policies, "none", "{what}");
        assert_eq!(
            header("strict-transport-security"),
            "max-age=31536000",
            "{what}"
        );
        let policy = header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{what}");
        assert!(policy.contains("frame-ancestors 'none'"), "{what}");
        assert!(!policy.contains("unsafe"), "{what}");
        for leak in ["server", "x-powered-by"] {
            assert_eq!(header(leak), "", "{what}");
        }
        if kind != Data {
            assert!(header("permissions-policy").contains("camera=()"), "{what}");
            assert_eq!(
                header("cross-origin-opener-policy"),
                "same-origin",
                "{what}"
            );
            assert_eq!(
                header("cross-origin-resource-policy"),
                "same-origin",
                "{what}"
            );
        }
        let kept = header("cache-control");
        match kind {
            Page => assert_eq!(kept, "no-store", "{what}"),
            Asset => assert!(kept.starts_with("public"), "{what}"),
            Data => assert!(!kept.contains("public"), "{what}"),
        }
    }
}

#[test]
fn browsers_are_kept_to_https_only_where_that_is_the_address() {
    let strict = |server: &Server, proto: &str| {
        let headers = [
            ("X-Forwarded-For".to_owned(), "198.51.100.7".to_owned()),
            ("X-Forwarded-Proto".to_owned(), proto.to_owned()),
        ];
        let answer = request(&server.address, "GET", "/login", &headers, b"");
        answer.header("strict-transport-security").is_some()
    };
    let server = behind_https();
    assert!(strict(&server, "https"));
    assert!(!strict(&server, "http"));
    // Nobody is believed: the connection is plain.
    let alone = Server::start_with(|config| {
        config.public_url = Some("https://contacts.example.org".to_owned());
    });
    assert!(!strict(&alone, "https"));
    let plain = Server::start_with(|config| {
        config.public_url = Some("http://contacts.example.org".to_owned());
        config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
    });
    assert!(!strict(&plain, "https"));
}
