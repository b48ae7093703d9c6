//! Short messages and faxes from a contact, through services an administrator named.

use std::time::Duration;

use carnet::{
    config::Config,
    domain::{account_class::AccountClass, batch::Op, office::store::OfficeOp},
    mail::settings::Gateway as Settings,
};

use crate::{
    mail::through,
    support::{
        browser::{Browser, escaped, hidden},
        gateway::Gateway,
        http::Answer,
        server::Server,
        smtp::Sink,
    },
};

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:max\r\nN:Roy;Mad Max;;;\r\nFN:Mad Max Roy\r\n\
    TEL;TYPE=CELL:+33 6 39 98 00 01\r\nTEL;TYPE=WORK,FAX:+33 1 99 00 12 35\r\n\
    TEL;TYPE=HOME,FAX:01 99 00 12 36\r\nTEL;TYPE=WORK:+33 1 99 00 12 34\r\nEND:VCARD\r\n";

fn settings(text: &str) -> Option<Settings> {
    let config: Config = toml::from_str(&format!("[sms]\n{text}")).expect("settings");
    config.sms
}

/// Alice's contact on a server that sends as set.
fn with_contact(set: impl FnOnce(&mut Config)) -> (Server, Browser, String) {
    let server = Server::start_with(set);
    server.fill("alice", vec![CARD.as_bytes().to_vec()]);
    let alice = Browser::of(&server.address, "alice");
    let card = alice
        .card_named("/c/private", "Mad Max Roy")
        .expect("a card");
    (server, alice, card)
}

fn send(browser: &Browser, card: &str, page: &str, number: &str, text: &str) -> Answer {
    let token = hidden(&browser.page(card), "token");
    let fields = [("token", token.as_str()), ("to", number), ("text", text)];
    browser.submit(&format!("{card}/{page}"), &fields)
}

const MOBILE: &str = "+33639980001";
const FAX: &str = "+33199001235";

#[test]
fn a_short_message_goes_through_the_service_and_is_retried() {
    let gateway = Gateway::start(&[503]);
    let port = gateway.port;
    let (_server, alice, card) = with_contact(|config| {
        config.sms = settings(&format!(
            "url = 'http://127.0.0.1:{port}/send?id={{id}}'\nretry_seconds = 1\n\
             body = '{{\"to\":\"{{number}}\",\"text\":\"{{text}}\",\"from\":\"{{sender}}\"}}'\n\
             headers = {{ Content-Type = 'application/json', Authorization = 'Bearer secret' }}"
        ));
    });
    let page = alice.page(&card);
    assert!(
        page.contains(&format!("{card}/sms?to=%2B33639980001")),
        "{page}"
    );
    // No service for faxes: the device's own link stays.
    assert!(
        page.contains(&format!("href=\"fax:{}\"", escaped(FAX))),
        "{page}"
    );
    let form = alice.page(&format!("{card}/sms?to=%2B33639980001"));
    assert!(form.contains("Sign your message") && form.contains("Alice Martin"));
    let sent = send(&alice, &card, "sms", MOBILE, "Late, \"sorry\".\r\nAlice");
    assert_eq!(sent.status, 303, "{sent:?}");
    let seen = gateway.wait(2);
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(seen[0].line, seen[1].line);
    assert!(seen[0].line.starts_with("POST /send?id="));
    assert_eq!(seen[0].header("authorization"), Some("Bearer secret"));
    let said: serde_json::Value = serde_json::from_str(&seen[0].body).expect("JSON");
    assert_eq!(said["to"], MOBILE);
    assert_eq!(said["text"], "Late, \"sorry\".\nAlice");
    assert_eq!(said["from"], "Alice Martin");
    for _ in 0..100 {
        if alice.page("/outbox").contains("Sent") {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{}", alice.page("/outbox"));
}

#[test]
fn a_refusal_is_told_to_who_wrote_with_the_text_to_send_again() {
    let gateway = Gateway::start(&[422, 200]);
    let port = gateway.port;
    let (server, alice, card) = with_contact(|config| {
        config.sms = settings(&format!(
            "url = 'http://127.0.0.1:{port}/{{digits}}?t={{text}}'\nmethod = 'GET'"
        ));
    });
    assert_eq!(send(&alice, &card, "sms", MOBILE, "a b").status, 303);
    assert!(
        gateway.wait(1)[0]
            .line
            .starts_with("GET /33639980001?t=a%20b ")
    );
    for _ in 0..100 {
        if alice.page("/outbox").contains("422") {
            std::thread::sleep(Duration::from_millis(1500));
            assert_eq!(gateway.seen().len(), 1);
            sent_again(&server, &alice, &gateway);
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{}", alice.page("/outbox"));
}

/// Every page says that the message did not leave; its author alone sends it again.
fn sent_again(server: &Server, alice: &Browser, gateway: &Gateway) {
    let home = alice.page("/");
    assert!(
        home.contains(&format!("Your message to {MOBILE} was not sent."))
            && home.contains("<a href=\"/outbox\">Sent messages</a>"),
        "{home}"
    );
    let page = alice.page("/outbox");
    assert!(page.contains("a b"), "{page}");
    let message = hidden(&page, "message");
    let again = |browser: &Browser| {
        let token = hidden(&browser.page("/settings"), "token");
        let fields = [("token", token.as_str()), ("message", message.as_str())];
        browser.submit("/outbox/again", &fields).status
    };
    assert_eq!(again(&Browser::of(&server.address, "bob")), 404);
    assert_eq!(again(alice), 303);
    assert_eq!(gateway.wait(2).len(), 2);
    // What is on its way is not sent twice.
    assert!(!alice.page("/outbox").contains("/outbox/again"));
    assert_eq!(again(alice), 422);
    assert_eq!(gateway.seen().len(), 2);
}

#[test]
fn only_the_contacts_own_numbers_get_what_fits() {
    let gateway = Gateway::start(&[]);
    let port = gateway.port;
    let (server, alice, card) = with_contact(|config| {
        config.sms = settings(&format!(
            "url = 'http://127.0.0.1:{port}/'\nlongest = 20\na_day = 2"
        ));
    });
    for number in ["+33199001234", "+4912345678", FAX, "", "+33639980001\r\n"] {
        assert_eq!(
            send(&alice, &card, "sms", number, "x").status,
            404,
            "{number:?}"
        );
    }
    assert_eq!(send(&alice, &card, "sms", MOBILE, "").status, 422);
    assert_eq!(
        send(&alice, &card, "sms", MOBILE, &"é".repeat(21)).status,
        422
    );
    assert_eq!(
        send(&alice, &card, "sms", MOBILE, &"é".repeat(20)).status,
        303
    );
    // Pressed twice at the same moment, it goes once.
    let statuses = std::thread::scope(|scope| {
        let press = || send(&alice, &card, "sms", MOBILE, "x").status;
        let presses = [scope.spawn(press), scope.spawn(press)];
        presses.map(|press| press.join().expect("an answer"))
    });
    assert_eq!(statuses, [303, 303]);
    let refused = send(&alice, &card, "sms", MOBILE, "y");
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("at most 2 messages in a day"));
    let again = send(&alice, &card, "sms", MOBILE, "x");
    assert_eq!(again.status, 303, "the first press was obeyed");
    // No fax without a service for faxes.
    assert_eq!(send(&alice, &card, "fax", FAX, "x").status, 404);
    assert_eq!(gateway.wait(2).len(), 2);
    // What others sent is not shown.
    assert!(
        !Browser::of(&server.address, "bob")
            .page("/outbox")
            .contains(MOBILE)
    );
}

#[test]
fn a_fax_goes_by_mail_to_a_number_in_international_form_only() {
    let sink = Sink::start(&[]);
    let (_server, alice, card) = with_contact(|config| {
        through(config, sink.port);
        config.fax = settings("address = '{digits}@fax.example.org'");
    });
    let page = alice.page(&card);
    assert!(page.contains(&format!("{card}/fax?to=%2B33199001235")));
    assert!(page.contains("valid international form"));
    assert_eq!(send(&alice, &card, "fax", "0199001236", "x").status, 404);
    assert_eq!(
        send(&alice, &card, "fax", FAX, "Dear Max,\nyes.").status,
        303
    );
    let mail = sink.wait(1).remove(0);
    assert_eq!(mail.to, ["33199001235@fax.example.org"]);
    assert!(mail.data.contains("Dear Max,\r\nyes."), "{}", mail.data);
    assert_eq!(
        mail.header("Reply-To")
            .map(|to| to.replace('"', ""))
            .as_deref(),
        Some("Alice Martin <alice@example.org>")
    );
}

#[test]
fn only_classes_that_are_allowed_send() {
    let gateway = Gateway::start(&[]);
    let port = gateway.port;
    let (server, alice, card) = with_contact(|config| {
        config.sms = settings(&format!("url = 'http://127.0.0.1:{port}/'"));
    });
    let class = |sms| {
        let class = AccountClass {
            sms,
            ..AccountClass::default()
        };
        server.commit(Op::Office(OfficeOp::PutClass(class)));
    };
    class(false);
    assert!(!alice.page(&card).contains("/sms?to="));
    assert_eq!(send(&alice, &card, "sms", MOBILE, "x").status, 404);
    class(true);
    assert!(alice.page(&card).contains("/sms?to="));
    assert_eq!(send(&alice, &card, "sms", MOBILE, "x").status, 303);
    gateway.wait(1);
}

#[test]
fn the_messages_of_a_day_are_counted_though_they_are_sent_at_once() {
    let gateway = Gateway::start(&[422, 422]);
    let port = gateway.port;
    let (_server, alice, card) = with_contact(|config| {
        config.sms = settings(&format!("url = 'http://127.0.0.1:{port}/'\na_day = 2"));
    });
    let statuses = std::thread::scope(|scope| {
        let presses: Vec<_> = (0..8)
            .map(|number| {
                let (alice, card) = (&alice, &card);
                let text = format!("Text {number}");
                scope.spawn(move || send(alice, card, "sms", MOBILE, &text).status)
            })
            .collect();
        let answers = presses.into_iter().map(|press| press.join());
        answers
            .map(|answer| answer.expect("an answer"))
            .collect::<Vec<_>>()
    });
    let sent = statuses.iter().filter(|status| **status == 303).count();
    assert_eq!(sent, 2, "{statuses:?}");
    assert_eq!(gateway.wait(2).len(), 2);
}
