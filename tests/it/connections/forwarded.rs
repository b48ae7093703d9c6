//! The client's address behind a proxy, and behind none.

use carnet::config::Config;

use crate::support::{
    browser::{Browser, hidden},
    http::{Answer, basic, request},
    server::Server,
};

fn trusting(config: &mut Config) {
    config.trusted_proxies = vec!["127.0.0.1".parse().expect("an address")];
}

/// A wrong password from somewhere.
fn guess(server: &Server, forwarded: &str, password: &str) -> u16 {
    let headers = [
        basic("alice", password),
        ("X-Forwarded-For".to_owned(), forwarded.to_owned()),
        ("Depth".to_owned(), "0".to_owned()),
    ];
    let target = "/dav/alice/private/contacts/";
    request(&server.address, "PROPFIND", target, &headers, b"").status
}

/// How many of forty guesses were looked at.
fn looked_at(server: &Server, forwarded: impl Fn(u8) -> String) -> usize {
    (0..40)
        .filter(|n| guess(server, &forwarded(*n), &format!("wrong {n}")) == 401)
        .count()
}

#[test]
fn guesses_are_slowed_for_the_client_and_not_for_the_proxy() {
    let server = Server::start_with(trusting);
    let attacker = |_| "198.51.100.7".to_owned();
    assert!(looked_at(&server, attacker) < 20);
    // Everybody else behind the same proxy gets in.
    assert_eq!(guess(&server, "198.51.100.8", "demo"), 207);
    // What the attacker writes before the proxy's word changes nothing.
    assert_eq!(
        looked_at(&server, |n| format!("203.0.113.{n}, 198.51.100.7")),
        0
    );
}

#[test]
fn without_a_trusted_proxy_the_header_is_nothing() {
    let server = Server::start();
    assert!(looked_at(&server, |n| format!("203.0.113.{n}")) < 20);
}

#[test]
fn a_session_is_shown_with_the_clients_address_and_a_secure_cookie() {
    let server = Server::start_with(|config| {
        trusting(config);
        config.public_url = Some("https://contacts.example.org".to_owned());
    });
    let sign_in = |proto: &str| -> Answer {
        let from = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers = vec![
            from("X-Forwarded-For", "203.0.113.9, 198.51.100.7"),
            from("X-Forwarded-Proto", proto),
        ];
        headers.push(from("Content-Type", "application/x-www-form-urlencoded"));
        let body = b"login=alice&password=demo";
        request(&server.address, "POST", "/login", &headers, body)
    };
    let cookie = |answer: &Answer| answer.header("set-cookie").expect("a cookie").to_owned();
    let secure = sign_in("https");
    assert_eq!(secure.status, 303);
    assert!(cookie(&secure).starts_with("__Host-carnet="));
    assert!(cookie(&secure).ends_with("; Secure"));
    assert!(secure.header("strict-transport-security").is_some());
    let plain = sign_in("http");
    assert!(!cookie(&plain).contains("Secure"));
    assert_eq!(plain.header("strict-transport-security"), None);

    let mut browser = Browser::open(&server.address);
    browser.cookie = cookie(&secure).split(';').next().map(str::to_owned);
    let page = browser.page("/settings/account");
    assert!(page.contains("198.51.100.7") && !page.contains("203.0.113.9"));
    assert!(!hidden(&page, "token").is_empty());
}

#[test]
fn rfc_7239_is_read_where_it_is_configured() {
    let server = Server::start_with(|config| {
        trusting(config);
        config.forwarded_header = carnet::http::forwarded::ForwardedHeader::Forwarded;
    });
    let headers = [
        (
            "Forwarded".to_owned(),
            "for=203.0.113.9, for=\"[2001:db8::7]:4711\";proto=https".to_owned(),
        ),
        ("X-Forwarded-For".to_owned(), "192.0.2.99".to_owned()),
        (
            "Content-Type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        ),
    ];
    let body = b"login=alice&password=demo";
    let answer = request(&server.address, "POST", "/login", &headers, body);
    let mut browser = Browser::open(&server.address);
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert!(cookie.ends_with("; Secure"));
    browser.cookie = cookie.split(';').next().map(str::to_owned);
    assert!(browser.page("/settings/account").contains("2001:db8::7"));
}
