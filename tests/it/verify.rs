//! Contacts check what is held about them.

mod late;
mod readers;
mod told;

use std::time::Duration;

use crate::{
    mail::through,
    support::{
        browser::{Browser, hidden},
        dav::Book,
        http::{Answer, request},
        server::Server,
        smtp::{Mail, Mood, Sink},
    },
};

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:elodie\r\nN:Tanneur;Zélie;;;\r\n\
    FN:Zélie Tanneur\r\nORG:Ateliers du Midi\r\nTEL;TYPE=CELL:+33 6 39 98 00 01\r\n\
    TEL;TYPE=WORK:+33 1 99 00 12 34\r\nEMAIL:elodie@example.com\r\nEMAIL:second@example.com\r\n\
    ADR;TYPE=WORK:;;12 rue des Tanneurs;Lille;;59000;France\r\nBDAY:1972-04-15\r\n\
    NOTE:drives a hard bargain\r\nCATEGORIES:Clients\r\nX-SOMETHING:kept as it is\r\nEND:VCARD\r\n";

/// Alice's contact, and mail that goes to a sink.
fn with_contact(moods: &[Mood]) -> (Server, Sink, Browser, String) {
    let sink = Sink::start(moods);
    let port = sink.port;
    let server = Server::start_with(|config| through(config, port));
    server.fill("alice", vec![CARD.as_bytes().to_vec()]);
    let alice = Browser::of(&server.address, "alice");
    let card = alice
        .card_named("/c/private", "Zélie Tanneur")
        .expect("a card");
    (server, sink, alice, card)
}

fn ask(browser: &Browser, card: &str, more: &[(&str, &str)]) -> Answer {
    let token = hidden(&browser.page(&format!("{card}/verify")), "token");
    let mut fields = vec![("token", token.as_str())];
    fields.extend(more);
    // The first one counts.
    fields.push(("address", "elodie@example.com"));
    browser.submit(&format!("{card}/verify"), &fields)
}

/// The contact, who is nobody's account.
struct Contact {
    address: String,
    path: String,
}

impl Contact {
    fn led_by(server: &Server, mail: &Mail) -> Self {
        let token = mail.link("/v/");
        assert_eq!(token.len(), 64);
        Self {
            address: server.address.clone(),
            path: format!("/v/{token}"),
        }
    }

    fn get(&self) -> Answer {
        request(&self.address, "GET", &self.path, &[], b"")
    }

    fn page(&self) -> String {
        let answer = self.get();
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.text()
    }

    /// Presses a button after filling some fields in.
    fn press(&self, button: &str, fields: &[(&str, &str)]) -> Answer {
        let version = hidden(&self.page(), "version");
        let mut all = vec![("version", version.as_str()), ("do", button)];
        all.extend(fields);
        Browser::open(&self.address).submit(&self.path, &all)
    }
}

fn stored(server: &Server) -> String {
    let book = Book::of(&server.address, "alice");
    book.find("UID:elodie").expect("the card").2
}

/// The lines of the card; where the owner's CATEGORIES stand says nothing.
fn lines(server: &Server) -> Vec<String> {
    let card = stored(server);
    let mut lines: Vec<String> = card.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

#[test]
fn the_letter_shows_what_is_held_without_note_tags_and_what_is_left_out() {
    let (server, sink, alice, card) = with_contact(&[]);
    assert!(alice.page(&card).contains(&format!("{card}/verify")));
    // Where there is no address there is nobody to ask.
    let token = hidden(&alice.page("/c/private"), "token");
    let fields = [("token", token.as_str()), ("name", "Club")];
    let made = alice.submit("/c/private/lists", &fields);
    let list = made.header("location").and_then(|to| to.split('?').next());
    let list = list.expect("a list");
    assert!(!alice.page(list).contains(&format!("{list}/verify")));
    let page = alice.page(&format!("{card}/verify"));
    assert!(page.contains("second@example.com"));
    let more = [
        ("language", "fr"),
        ("purpose", "vous êtes cliente"),
        ("hide", "bday"),
        ("hide", "kept"),
    ];
    let asked = ask(&alice, &card, &more);
    assert_eq!(asked.status, 303, "{asked:?}");
    let mail = sink.wait(1).remove(0);
    assert_eq!(mail.to, ["elodie@example.com"]);
    assert_eq!(mail.from, "server@example.org");
    assert_eq!(
        mail.header("From")
            .map(|from| from.replace('"', ""))
            .as_deref(),
        Some("Alice Martin via Carnet <server@example.org>")
    );
    assert_eq!(
        mail.header("Reply-To")
            .map(|to| to.replace('"', ""))
            .as_deref(),
        Some("Alice Martin <alice@example.org>")
    );
    let text = mail.text();
    for shown in [
        "Alice Martin",
        "Zélie",
        "Ateliers du Midi",
        "+33 6 39 98 00 01",
        "12 rue des Tanneurs",
        "vous êtes cliente",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
        assert!(mail.html().contains(shown), "{shown}");
    }
    let contact = Contact::led_by(&server, &mail);
    let answer = contact.get();
    for (name, value) in [
        ("cache-control", "no-store"),
        ("x-robots-tag", "noindex, nofollow"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name}");
    }
    assert!(answer.header("set-cookie").is_none());
    let page = answer.text();
    assert!(page.contains("lang=\"fr\"") && page.contains("+33 1 99 00 12 34"));
    for secret in ["hard bargain", "Clients", "1972-04-15", "kept as it is"] {
        assert!(!text.contains(secret), "{secret}");
        assert!(!page.contains(secret), "{secret}");
    }
    assert!(alice.page(&card).contains("Asked on"));
}

#[test]
fn looking_changes_nothing_and_confirming_is_told() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let before = stored(&server);
    for method in ["GET", "HEAD"] {
        for _ in 0..3 {
            let answer = request(&server.address, method, &contact.path, &[], b"");
            assert_eq!(answer.status, 200);
        }
    }
    assert!(alice.page(&card).contains("Asked on"));
    let answer = contact.press("confirm", &[("tell", "1")]);
    assert_eq!(answer.status, 303, "{answer:?}");
    assert_eq!(stored(&server), before);
    let told = alice.page(&card);
    assert!(told.contains("Verified on") && !told.contains("Asked on"));
    assert!(told.contains("Zélie Tanneur confirmed"), "{told}");
    let mails = sink.wait(3);
    let of = |address: &str| {
        mails
            .iter()
            .rfind(|mail| mail.to == [address])
            .expect("a mail")
    };
    let owner = of("alice@example.org");
    assert!(owner.text().contains("confirmed"), "{}", owner.text());
    // What is kept and why.
    let kept = of("elodie@example.com");
    assert!(kept.text().contains("Ateliers du Midi") && kept.text().contains("30 days"));
    assert!(!kept.text().contains("hard bargain"));
}

#[test]
fn what_the_contact_changes_is_applied_told_and_undone_in_one_click() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let before = lines(&server);
    // One number corrected, one removed, an address of the book the page never showed left alone.
    let fields = [
        ("tel-0", "+33 6 39 98 00 99"),
        ("remove", "tel-1"),
        ("note", "I was here"),
        ("categories", "Mine"),
        ("org", "New Company"),
    ];
    assert_eq!(contact.press("send", &fields).status, 303);
    let after = stored(&server);
    assert!(after.contains("TEL;TYPE=CELL:+33 6 39 98 00 99"), "{after}");
    assert!(!after.contains("+33 1 99 00 12 34") && after.contains("ORG:New Company"));
    for same in [
        "NOTE:drives a hard bargain",
        "CATEGORIES:Clients",
        "X-SOMETHING:kept as it is",
    ] {
        assert!(after.contains(same), "{same}: {after}");
    }
    let owner = sink.wait(2).remove(1);
    assert_eq!(owner.to, ["alice@example.org"]);
    let text = owner.text();
    assert!(
        text.contains("+33 6 39 98 00 01 → +33 6 39 98 00 99"),
        "{text}"
    );
    let history = alice.page(&format!("{card}/history"));
    assert!(
        history.contains("verification elodie@example.com"),
        "{history}"
    );

    let page = alice.page("/");
    assert!(page.contains("Zélie Tanneur changed"), "{page}");
    let (token, notice) = (hidden(&page, "token"), hidden(&page, "notice"));
    let fields = [("token", token.as_str()), ("notice", notice.as_str())];
    let undone = alice.submit("/notices/undo", &fields);
    let next = undone.header("location").expect("a page").to_owned();
    assert!(next.starts_with(&card), "{next}");
    let page = alice.page(&next);
    assert!(page.contains("<span>Changed back: 1.</span>"), "{page}");
    assert_eq!(lines(&server), before);
    assert!(!alice.page("/").contains("Zélie Tanneur changed"));
}

#[test]
fn the_owner_is_written_to_in_the_language_they_signed_in_with() {
    let (server, sink, alice, card) = with_contact(&[]);
    let mut french = Browser::open(&server.address);
    french.language = "fr";
    assert_eq!(french.sign_in("alice", "demo").status, 303);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    assert_eq!(contact.press("confirm", &[]).status, 303);
    let owner = sink.wait(2).remove(1);
    assert_eq!(owner.to, ["alice@example.org"]);
    assert!(owner.text().contains("a confirmé"), "{}", owner.text());
    // What a person chose goes before.
    let token = hidden(&french.page("/settings"), "token");
    let fields = [("token", token.as_str()), ("language", "en")];
    assert_eq!(french.submit("/settings/display", &fields).status, 303);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let fields = [("tel-0", "+33 6 39 98 00 99")];
    assert_eq!(contact.press("send", &fields).status, 303);
    let owner = sink.wait(3).remove(2);
    assert!(owner.text().contains("changed"), "{}", owner.text());
}

#[test]
fn a_correction_is_kept_whichever_button_sends_it() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    // *Enter* in a field presses the first button.
    let first = contact.page();
    let first = first.split("<button").nth(1).expect("a button");
    assert!(first.contains("name=\"do\" value=\"send\""), "{first}");
    let fields = [("tel-0", "+33 6 39 98 00 99")];
    assert_eq!(contact.press("confirm", &fields).status, 303);
    assert!(stored(&server).contains("+33 6 39 98 00 99"));
    assert!(
        alice
            .page(&card)
            .contains("changed what you have about them")
    );
}

#[test]
fn a_number_is_added_without_script_and_a_stale_page_overwrites_nothing() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let more = contact.press(
        "more-tel",
        &[("tel-0", "+33 6 39 98 00 01"), ("tel-1", "1")],
    );
    assert_eq!(more.status, 200);
    // Typing goes on in it.
    let added = "name=\"tel-2\" value=\"\" inputmode=\"tel\" autofocus";
    assert!(more.text().contains(added), "{}", more.text());
    let refused = contact.press("send", &[("email-0", "no address")]);
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(
        page.contains("“no address” is no e-mail address."),
        "{page}"
    );
    assert!(page.contains("href=\"#email-0\""), "{page}");
    let marked =
        "spellcheck=\"false\" aria-invalid=\"true\" autofocus aria-describedby=\"problem\"";
    assert!(page.contains(marked), "{page}");
    assert!(!stored(&server).contains("no address"));
    // What is no date is refused, and what else was typed stays to be sent again.
    let refused = contact.press("send", &[("bday", "abc"), ("org", "Typed already")]);
    assert_eq!(refused.status, 422);
    let page = refused.text();
    assert!(page.contains("“abc” is no date"), "{page}");
    assert!(page.contains("value=\"Typed already\""), "{page}");
    let marked = "name=\"bday\" value=\"abc\" aria-invalid=\"true\" autofocus";
    assert!(page.contains(marked), "{page}");
    assert_eq!(page.matches("aria-invalid").count(), 1, "{page}");
    assert!(!stored(&server).contains("Typed already"));
    let old = hidden(&contact.page(), "version");
    let fields = [("tel-2", "+33 6 39 98 00 55"), ("tel-2-kind", "cell")];
    assert_eq!(contact.press("send", &fields).status, 303);
    assert!(stored(&server).contains("+33 6 39 98 00 55"));
    let late = [("version", old.as_str()), ("do", "send"), ("org", "Later")];
    let answer = Browser::open(&server.address).submit(&contact.path, &late);
    assert_eq!(answer.status, 303);
    let after = stored(&server);
    assert!(after.contains("+33 6 39 98 00 55") && after.contains("ORG:Later"));
}

#[test]
fn everything_is_removed_at_once_and_comes_back_at_once() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[("language", "en")]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let before = lines(&server);
    assert_eq!(contact.press("erase", &[]).status, 303);
    let after = stored(&server);
    for gone in [
        "lie Tan",
        "Ateliers",
        "TEL",
        "EMAIL",
        "ADR",
        "BDAY",
        "NOTE",
        "X-SOMETHING",
    ] {
        assert!(!after.contains(gone), "{gone}: {after}");
    }
    // The card stays for its owner, with the owner's tags.
    assert!(after.contains("UID:elodie") && after.contains("CATEGORIES:Clients"));
    let owner = sink.wait(2).remove(1);
    assert!(
        owner.text().contains("Zélie Tanneur removed"),
        "{}",
        owner.text()
    );
    let page = alice.page("/");
    assert!(page.contains("Zélie Tanneur removed"));
    let (token, notice) = (hidden(&page, "token"), hidden(&page, "notice"));
    let fields = [("token", token.as_str()), ("notice", notice.as_str())];
    assert_eq!(alice.submit("/notices/undo", &fields).status, 303);
    assert_eq!(lines(&server), before);
    server.check();
}

#[test]
fn who_does_not_want_to_be_asked_is_not() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    assert_eq!(contact.press("decline", &[]).status, 303);
    sink.wait(2);
    server.sql("UPDATE verification SET asked = asked - 86400001");
    let again = ask(&alice, &card, &[]);
    assert_eq!(again.status, 422);
    assert!(again.text().contains("does not want to be asked"));
    assert!(alice.page(&card).contains("does not want to be asked"));
    // Not under another of their addresses either.
    let again = ask(&alice, &card, &[("address", "second@example.com")]);
    assert_eq!(again.status, 422);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(sink.seen().len(), 2);
}

#[test]
fn links_that_are_forged_over_or_of_somebody_who_may_not_ask_lead_nowhere() {
    let (server, sink, alice, card) = with_contact(&[]);
    ask(&alice, &card, &[]);
    let contact = Contact::led_by(&server, &sink.wait(1)[0]);
    let somebody = Browser::open(&server.address);
    for forged in ["/v/x", &format!("/v/{}", "0".repeat(64)), "/v/..%2F..%2Fc"] {
        let answer = somebody.get(forged);
        assert_eq!(answer.status, 404, "{forged}");
        assert!(!answer.text().contains("Alice"), "{forged}");
        assert_eq!(somebody.submit(forged, &[("do", "erase")]).status, 404);
    }
    // A day after the first answer it is over.
    assert_eq!(contact.press("confirm", &[]).status, 303);
    assert_eq!(contact.get().status, 200);
    server.sql("UPDATE verification SET used = used - 86400001");
    assert_eq!(contact.get().status, 404);
    let version = [("do", "erase"), ("version", "x")];
    assert_eq!(somebody.submit(&contact.path, &version).status, 404);
    server.sql("UPDATE verification SET used = NULL");
    assert_eq!(contact.get().status, 200);
    // After 30 days too.
    server.sql("UPDATE verification_token SET expires = expires - 2592000001");
    assert_eq!(contact.get().status, 404);
    server.sql("UPDATE verification_token SET expires = expires + 2592000001");
    // The contact is gone from where its owner is.
    let page = alice.page(&card);
    let (token, version) = (hidden(&page, "token"), hidden(&page, "version"));
    let fields = [("token", token.as_str()), ("version", version.as_str())];
    assert_eq!(alice.submit(&format!("{card}/delete"), &fields).status, 303);
    assert_eq!(contact.get().status, 404);
    // Guessing gets slow.
    let statuses: Vec<u16> = (0..40).map(|_| somebody.get("/v/x").status).collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn only_the_owner_asks_and_not_every_day() {
    let (server, sink, alice, card) = with_contact(&[]);
    assert_eq!(ask(&alice, &card, &[]).status, 303);
    sink.wait(1);
    let again = ask(&alice, &card, &[]);
    assert_eq!(again.status, 422, "{again:?}");
    // An address the contact does not have.
    server.sql("UPDATE verification SET asked = asked - 86400001");
    let fields = [
        ("address", "eve@example.org"),
        ("purpose", "you are a customer"),
        ("hide", "bday"),
    ];
    let other = ask(&alice, &card, &fields);
    assert_eq!(other.status, 422);
    let page = other.text();
    assert!(page.contains("<a href=\"#address\">"), "{page}");
    assert!(
        page.contains("id=\"address\" aria-invalid=\"true\""),
        "{page}"
    );
    assert!(page.contains("value=\"you are a customer\""), "{page}");
    assert!(
        page.contains("name=\"hide\" value=\"bday\" checked"),
        "{page}"
    );
    server.share("alice", "Tanneur", "Team");
    let bob = Browser::of(&server.address, "bob");
    let shared = bob.card_named("/g/Team", "Zélie Tanneur").expect("a card");
    assert!(!bob.page(&shared).contains(&format!("{shared}/verify")));
    assert_eq!(bob.get(&format!("{shared}/verify")).status, 404);
    let token = hidden(&bob.page(&shared), "token");
    let fields = [("token", token.as_str()), ("address", "elodie@example.com")];
    assert_eq!(bob.submit(&format!("{shared}/verify"), &fields).status, 404);
}

#[test]
fn a_campaign_asks_reminds_and_stops() {
    let (server, sink, alice, card) = with_contact(&[]);
    let without = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:nobody\r\nFN:Without Address\r\nN:Address;Without;;;\r\nEND:VCARD\r\n";
    server.fill("alice", vec![without.as_bytes().to_vec()]);
    let other = alice
        .card_named("/c/private", "Without Address")
        .expect("a card");
    let id = |card: &str| card.rsplit('/').next().expect("an id").to_owned();
    let (first, second) = (id(&card), id(&other));
    let token = hidden(&alice.page("/c/private"), "token");
    let chosen = [("token", token.as_str()), ("id", &first), ("id", &second)];
    let page = alice.submit("/c/private/selected/verify", &chosen);
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.text().contains("1 contact") && page.text().contains(&first));
    assert!(!page.text().contains(&format!("value=\"{second}\"")));
    assert!(
        page.text()
            .contains("1 has no e-mail address or is not yours")
    );
    let mut fields = chosen.to_vec();
    fields.extend([
        ("reminders", "2"),
        ("days", "7"),
        ("name", "Spring"),
        ("language", "en"),
    ]);
    let begun = alice.submit("/c/private/verify", &fields);
    assert_eq!(begun.status, 303, "{begun:?}");
    let path = begun.header("location").expect("a page").to_owned();
    let path = path.split('?').next().expect("a path").to_owned();
    sink.wait(1);
    assert!(alice.page(&path).contains("Spring"));
    assert!(alice.page("/verify").contains("Spring"));
    // A week later.
    server.sql("UPDATE verification SET remind = remind - 604800001, asked = asked - 604800001");
    let reminder = sink.wait(2).remove(1);
    assert!(
        reminder
            .header("Subject")
            .expect("a subject")
            .contains("Reminder")
    );
    let contact = Contact::led_by(&server, &reminder);
    assert_eq!(contact.get().status, 200);
    // Each sending has its own link, and both lead there.
    assert_eq!(Contact::led_by(&server, &sink.seen()[0]).get().status, 200);
    let page = alice.page(&path);
    let token = hidden(&page, "token");
    let stopped = alice.submit(&format!("{path}/stop"), &[("token", &token)]);
    assert_eq!(stopped.status, 303);
    server.sql("UPDATE verification SET remind = remind - 604800001");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(sink.seen().len(), 2);
    // Nobody else sees it.
    assert_eq!(Browser::of(&server.address, "bob").get(&path).status, 404);
}
