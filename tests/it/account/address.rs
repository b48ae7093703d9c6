//! Another address of an account: its letter, and how many are sent.

use super::{
    pages::{PAGE, save_card},
    submit,
};
use crate::{
    mail::through,
    support::{browser::Browser, server::Server, smtp::Sink},
};

#[test]
fn another_address_is_confirmed_by_its_letter() {
    let sink = Sink::start(&[]);
    let server = Server::start_with(|config| through(config, sink.port));
    let alice = Browser::of(&server.address, "alice");
    let fields = [
        ("name", "Alice"),
        ("email", "new@example.net"),
        ("password", "demo"),
    ];
    let answer = save_card(&alice, &fields, None);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = alice.page(answer.header("location").expect("a page"));
    assert!(
        page.contains("A letter was sent to new@example.net"),
        "{page}"
    );
    assert!(page.contains("value=\"alice@example.org\""), "not yet");
    let mail = sink.wait(1).remove(0);
    assert_eq!(mail.to, ["new@example.net"]);
    let path = format!(
        "/settings/account/address/{}",
        mail.link("/settings/account/address/")
    );
    // Who is not signed in as alice gains nothing by the link.
    assert_eq!(Browser::open(&server.address).get(&path).status, 303);
    let bob = Browser::of(&server.address, "bob");
    assert_eq!(submit(&bob, PAGE, &path, &[]).status, 404);
    // Looking at it changes nothing.
    assert!(alice.page(&path).contains("new@example.net"));
    assert_eq!(
        Browser::open(&server.address)
            .sign_in("new@example.net", "demo")
            .status,
        401
    );
    assert_eq!(submit(&alice, &path, &path, &[]).status, 303);
    assert_eq!(
        Browser::open(&server.address)
            .sign_in("new@example.net", "demo")
            .status,
        303
    );
    assert_eq!(submit(&alice, PAGE, &path, &[]).status, 404, "once");
}

#[test]
fn letters_that_confirm_an_address_are_few_and_say_nothing_of_ones_own() {
    let sink = Sink::start(&[]);
    let server = Server::start_with(|config| through(config, sink.port));
    let alice = Browser::of(&server.address, "alice");
    let ask = |browser: &Browser, address: &str| {
        let fields = [
            ("name", "Win a prize at evil.example"),
            ("email", address),
            ("password", "demo"),
        ];
        save_card(browser, &fields, None).status
    };
    for number in 0..5 {
        assert_eq!(ask(&alice, &format!("a{number}@example.net")), 303);
    }
    assert_eq!(ask(&alice, "a5@example.net"), 429);
    // One address, whoever asks.
    let bob = Browser::of(&server.address, "bob");
    let carol = Browser::of(&server.address, "carol");
    for browser in [&bob, &bob, &bob, &carol, &carol] {
        assert_eq!(ask(browser, "victim@example.net"), 303);
    }
    assert_eq!(ask(&carol, "Victim@example.net"), 429);
    let letters = sink.wait(10);
    assert_eq!(letters.len(), 10);
    for letter in letters {
        assert!(!letter.text().contains("prize"), "{}", letter.text());
    }
}
