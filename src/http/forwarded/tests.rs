//! Which addresses are believed, and of whom.

use http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

fn proxies(trusted: &[&str], header: ForwardedHeader) -> Proxies {
    let network = |text: &&str| text.parse().expect("a network");
    Proxies {
        trusted: trusted.iter().map(network).collect(),
        header,
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        headers.append(HeaderName::from_static(name), value);
    }
    headers
}

/// Over plain http from a peer.
fn seen(proxies: &Proxies, peer: &str, lines: &[(&'static str, &str)]) -> (String, bool) {
    let connection = Origin {
        address: address(peer),
        secure: false,
    };
    let origin = proxies.origin(connection, &headers(lines));
    (origin.address.to_string(), origin.secure)
}

#[test]
fn nobody_is_believed_by_default() {
    let nobody = Proxies::default();
    let lines = [
        ("x-forwarded-for", "198.51.100.7"),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=198.51.100.7;proto=https"),
        ("x-real-ip", "198.51.100.7"),
    ];
    for peer in ["127.0.0.1", "192.0.2.1", "::1"] {
        assert_eq!(seen(&nobody, peer, &lines), (peer.to_owned(), false));
    }
}

#[test]
fn x_forwarded_for_is_read_from_its_end() {
    let proxies = proxies(
        &["127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"],
        ForwardedHeader::XForwardedFor,
    );
    for (peer, value, expected) in [
        // The proxy appends whom it was asked by; what stands before came from the client.
        ("127.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("127.0.0.1", "127.0.0.1, 198.51.100.7", "198.51.100.7"),
        // A chain of trusted proxies.
        ("127.0.0.1", "198.51.100.7, 10.1.2.3", "198.51.100.7"),
        (
            "127.0.0.1",
            "1.1.1.1, 198.51.100.7,10.1.2.3",
            "198.51.100.7",
        ),
        ("127.0.0.1", "198.51.100.7, 2001:db8:1::5", "198.51.100.7"),
        // Nothing but proxies: the farthest of them.
        ("127.0.0.1", "10.0.0.9", "10.0.0.9"),
        // IPv6, ports, IPv4 within IPv6.
        ("127.0.0.1", "2001:db8:2::1", "2001:db8:2::1"),
        ("127.0.0.1", "[2001:db8:2::1]:443", "2001:db8:2::1"),
        ("127.0.0.1", "198.51.100.7:51234", "198.51.100.7"),
        ("127.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:127.0.0.1", "198.51.100.7", "198.51.100.7"),
        // What is no address ends the walk at the proxy that wrote it.
        ("127.0.0.1", "198.51.100.7, unknown", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7, unknown, 10.0.0.1", "10.0.0.1"),
        ("127.0.0.1", "", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7:x", "127.0.0.1"),
        ("127.0.0.1", "198.51.100.7é", "127.0.0.1"),
        ("127.0.0.1", "[2001:db8:2::1", "127.0.0.1"),
        // Whoever is no proxy speaks for itself.
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
    ] {
        let (found, _) = seen(&proxies, peer, &[("x-forwarded-for", value)]);
        assert_eq!(
            address(&found).to_canonical(),
            address(expected),
            "{peer}: {value}"
        );
    }
    // Lines of the same name are one list.
    let lines = [
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-for", "198.51.100.7"),
    ];
    assert_eq!(seen(&proxies, "127.0.0.1", &lines).0, "198.51.100.7");
    // The other header is the client's.
    let lines = [
        ("x-forwarded-for", "198.51.100.7"),
        ("forwarded", "for=203.0.113.9;proto=https"),
    ];
    assert_eq!(
        seen(&proxies, "127.0.0.1", &lines),
        ("198.51.100.7".to_owned(), false)
    );
}

#[test]
fn the_clients_own_connection_decides_what_is_secure() {
    let proxies = proxies(&["127.0.0.1"], ForwardedHeader::XForwardedFor);
    for (peer, proto, expected) in [
        ("127.0.0.1", "https", true),
        ("127.0.0.1", "HTTPS", true),
        ("127.0.0.1", "http", false),
        ("127.0.0.1", "https, http", false),
        ("127.0.0.1", "http, https", true),
        ("127.0.0.1", "gopher", false),
        ("192.0.2.1", "https", false),
    ] {
        let lines = [
            ("x-forwarded-for", "198.51.100.7"),
            ("x-forwarded-proto", proto),
        ];
        assert_eq!(seen(&proxies, peer, &lines).1, expected, "{peer} {proto}");
    }
}

#[test]
fn forwarded_is_read_as_rfc_7239_writes_it() {
    let proxies = proxies(&["127.0.0.1", "10.0.0.0/8"], ForwardedHeader::Forwarded);
    for (value, expected, secure) in [
        // §4 and §6 of the RFC.
        (
            "for=192.0.2.60;proto=http;by=203.0.113.43",
            "192.0.2.60",
            false,
        ),
        (
            "For=\"[2001:db8:cafe::17]:4711\"",
            "2001:db8:cafe::17",
            false,
        ),
        ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17", false),
        (
            "for=192.0.2.43;proto=https, for=10.0.0.1;proto=http",
            "192.0.2.43",
            true,
        ),
        ("for=\"192.0.2.43:47011\";proto=https", "192.0.2.43", true),
        ("proto=https;for=\"_gazonk\"", "127.0.0.1", false),
        ("for=unknown", "127.0.0.1", false),
        ("by=203.0.113.43", "127.0.0.1", false),
        // A quote the client left open.
        (
            "for=\", for=198.51.100.17;proto=https",
            "198.51.100.17",
            true,
        ),
        (
            "for=\"203.0.113.9, for=198.51.100.17",
            "198.51.100.17",
            false,
        ),
    ] {
        let found = seen(&proxies, "127.0.0.1", &[("forwarded", value)]);
        assert_eq!(found, (expected.to_owned(), secure), "{value}");
    }
    let other = [("x-forwarded-for", "203.0.113.9")];
    assert_eq!(seen(&proxies, "127.0.0.1", &other).0, "127.0.0.1");
}

proptest! {
    /// Whatever a client sends, in one line or several: what the proxy appended is found.
    #[test]
    fn a_client_cannot_choose_its_address(
        sent in proptest::collection::vec("[ -~\u{80}-\u{ff}]{0,60}|127\\.0\\.0\\.1|for=127\\.0\\.0\\.1(;proto=https)?", 0..4),
        client in any::<[u8; 4]>().prop_map(IpAddr::from),
        same_line in any::<bool>(),
        rfc in any::<bool>(),
    ) {
        let header = if rfc { ForwardedHeader::Forwarded } else { ForwardedHeader::XForwardedFor };
        let (name, added) = match header {
            ForwardedHeader::Forwarded => ("forwarded", format!("for={client};proto=http")),
            ForwardedHeader::XForwardedFor => ("x-forwarded-for", client.to_string()),
        };
        let proxies = proxies(&["192.0.2.1"], header);
        prop_assume!(!proxies.trusts(client));
        let mut lines = sent;
        match lines.pop().filter(|_| same_line) {
            Some(last) => lines.push(format!("{last}, {added}")),
            None => lines.push(added),
        }
        let lines: Vec<_> = lines.iter().map(|line| (name, line.as_str())).collect();
        let (found, secure) = seen(&proxies, "192.0.2.1", &lines);
        prop_assert_eq!(address(&found), client);
        prop_assert!(!secure);
    }
}
