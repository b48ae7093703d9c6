//! Maps of postal addresses: at the provider chosen, in a window of their own.

use crate::support::{
    browser::{Browser, escaped, hidden},
    server::Server,
};

#[test]
fn a_postal_address_has_a_map_at_the_provider_chosen() {
    let server = Server::start();
    let card = |name: &str, lines: &str| {
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nFN:{name}\r\nN:{name};;;;\r\n{lines}END:VCARD\r\n"
        )
        .into_bytes()
    };
    let here = card(
        "Here",
        "ADR;TYPE=WORK:;;12 rue d\u{2019}Aï;Lille;;59000;France\r\n",
    );
    server.fill(
        "bob",
        vec![here, card("Nowhere", "ADR;TYPE=HOME:;;;;;;\r\n")],
    );
    let mut browser = Browser::of(&server.address, "bob");
    let path = browser.card_named("/c/private", "Here").expect("a card");
    let nowhere = browser.card_named("/c/private", "Nowhere").expect("a card");
    let query = "12%20rue%20d%E2%80%99A%C3%AF%2C%2059000%20Lille%2C%20France";
    let shown = |browser: &Browser, start: &str| {
        let link = format!(
            "href=\"{}\" target=\"_blank\"",
            escaped(&format!("{start}{query}"))
        );
        browser.page(&path).contains(&link)
    };
    assert!(shown(
        &browser,
        "https://www.openstreetmap.org/search?query="
    ));
    assert!(!browser.page(&nowhere).contains("_blank"));
    // The page itself loads nothing from there.
    let policy = browser.get(&path);
    let policy = policy.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("openstreetmap"));

    let settings = browser.page("/settings/map");
    let token = hidden(&settings, "token");
    let choose = |map: &str, own: &str| {
        let fields = [("token", token.as_str()), ("map", map), ("own", own)];
        browser.submit("/settings/map", &fields).status
    };
    assert_eq!(choose("google", ""), 303);
    assert!(shown(
        &browser,
        "https://www.google.com/maps/search/?api=1&query="
    ));
    assert_eq!(choose("own", "https://maps.example/?x={}"), 303);
    assert!(shown(&browser, "https://maps.example/?x="));
    for (map, own) in [
        ("own", "http://maps.example/{}"),
        ("own", "javascript:alert({})"),
        ("own", "https://maps.example/"),
        ("elsewhere", ""),
    ] {
        assert_eq!(choose(map, own), 422, "{map} {own}");
        assert!(shown(&browser, "https://maps.example/?x="));
    }
    assert_eq!(
        browser.submit("/settings/map", &[("map", "none")]).status,
        403
    );
    assert_eq!(choose("none", ""), 303);
    assert!(!browser.page(&path).contains("_blank"));
    browser.language = "fr";
    assert!(browser.page("/settings/map").contains("Service de cartes"));
}
