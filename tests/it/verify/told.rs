//! What owners are told of answers, sharing, refusals and devices, by mail or on pages alone.

use super::*;

#[test]
fn an_owner_who_wants_no_mail_is_told_on_pages_only() {
    let (server, sink, alice, card) = with_contact(&[]);
    let token = hidden(&alice.page("/settings/notifications"), "token");
    let saved = alice.submit("/settings/notifications", &[("token", &token)]);
    assert_eq!(saved.status, 303);
    ask(&alice, &card, &[]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    assert_eq!(contact.press("confirm", &[]).status, 303);
    assert!(alice.page("/").contains("Zélie Tanneur confirmed"));
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(sink.seen().len(), 1);
}

#[test]
fn a_letter_that_cannot_be_delivered_is_said_on_the_card() {
    let (_server, sink, alice, card) = with_contact(&[Mood::NoSuchMailbox]);
    ask(&alice, &card, &[]);
    for _ in 0..100 {
        if alice.page(&card).contains("no such mailbox") {
            assert!(sink.seen().is_empty());
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("nothing is said");
}

#[test]
fn who_asked_for_it_is_told_of_sharing_refusals_and_devices_by_mail() {
    let (server, sink, _alice, _card) = with_contact(&[]);
    for login in ["bob", "carol"] {
        let browser = Browser::of(&server.address, login);
        let token = hidden(&browser.page("/settings/notifications"), "token");
        let mut fields = vec![("token", token.as_str())];
        if login == "bob" {
            fields.extend([("shared", "1"), ("refused", "1"), ("device", "1")]);
        }
        let saved = browser.submit("/settings/notifications", &fields);
        assert_eq!(saved.status, 303);
    }
    server.share("alice", "Tanneur", "Team");
    // Somebody may modify it from now on; granted twice is told once.
    let alice = Browser::of(&server.address, "alice");
    let card = alice
        .card_named("/g/Team", "Zélie Tanneur")
        .expect("a card");
    let token = hidden(&alice.page(&format!("{card}/rights")), "token");
    let bob = server.person("bob").0.to_string();
    let database = rusqlite::Connection::open(server.data.path().join("carnet.db"));
    let team: i64 = database
        .expect("the file")
        .query_row(
            "SELECT id FROM collection WHERE kind = 'group' AND class = 'contact'",
            [],
            |row| row.get(0),
        )
        .expect("a book");
    let team = team.to_string();
    for _ in 0..2 {
        let fields = [
            ("token", token.as_str()),
            ("group", team.as_str()),
            ("grantee", bob.as_str()),
        ];
        let granted = alice.submit(&format!("{card}/rights/grant"), &fields);
        assert_eq!(granted.status, 303, "{}", granted.text());
    }
    let book = Book::of(&server.address, "bob");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:new\r\nFN:New\r\nN:New;;;;\r\nEND:VCARD\r\n";
    let refused = book.put(
        "/dav/groups/Team/Team/new.vcf",
        ("If-None-Match", "*"),
        card,
    );
    assert_eq!(refused.status, 403, "{refused:?}");
    server.commit(carnet::domain::batch::Op::Device(
        carnet::domain::batch::DeviceOp::AdmitDevice {
            person: server.person("bob"),
            device_id: "APPL1".to_owned(),
            device_type: "iPhone".to_owned(),
            user_agent: String::new(),
            version: "16.1".to_owned(),
            info: Vec::new(),
            access: carnet::domain::device::DeviceAccess::Allowed,
        },
    ));
    server.sql("UPDATE notice SET at = at - 60001");
    let mails = sink.wait(4);
    assert!(mails.iter().all(|mail| mail.to == ["bob@example.org"]));
    let subjects: Vec<String> = mails
        .iter()
        .filter_map(|mail| mail.header("Subject"))
        .collect();
    let texts: Vec<String> = mails.iter().map(Mail::text).collect();
    let said = |words: &str| texts.iter().any(|text| text.contains(words));
    assert!(
        said("Alice Martin shared Zélie Tanneur with Team"),
        "{texts:?}"
    );
    let granted = "Alice Martin lets you modify Zélie Tanneur in Team";
    assert!(said(granted), "{texts:?}");
    assert!(said("iPhone"), "{texts:?}");
    assert!(
        said("https://contacts.example.org/refused"),
        "{texts:?} {subjects:?}"
    );
    server.sql("UPDATE notice SET at = at - 60001");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(sink.seen().len(), 4);
}
