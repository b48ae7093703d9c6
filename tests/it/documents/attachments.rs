//! Documents attached to contacts: the link is the contact's, the document keeps its own rights.

use super::{HERE, TEAM, added, done, is_whole, option, post};
use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};

/// The number a form names a document by.
fn number(page: &str, name: &str) -> String {
    let at = page.find(&format!("<strong>{name}</strong>")).expect(name);
    let value = page[at..].split("name=\"document\" value=\"").nth(1);
    value
        .expect("a form")
        .split('"')
        .next()
        .expect("a number")
        .to_owned()
}

#[test]
fn a_document_is_attached_opened_from_the_card_and_let_go() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let document = added(&alice, HERE, "CV.pdf", b"%PDF-1.4 cv");
    let card = alice
        .card_named("/c/private", "Anaïs Petit")
        .expect("a contact");
    assert!(alice.page(&card).contains("Nothing is attached."));
    let attach = alice.page(&format!("{card}/attach"));
    let cv = number(&attach, "CV.pdf");
    done(&alice, &format!("{card}/attach"), &[("document", &cv)]);
    let page = alice.page(&card);
    assert!(
        page.contains(&format!(
            "<a class=\"strong\" href=\"{document}\">CV.pdf</a>"
        )),
        "{page}"
    );
    assert!(
        alice
            .page(&document)
            .contains(&format!("<a href=\"{card}\">Anaïs Petit</a>"))
    );
    // A mark in lists, and a criterion of searches.
    let list = alice.page("/c/private");
    assert_eq!(list.matches("aria-label=\"Has attachments\"").count(), 1);
    let found = alice.page("/search?in=private&document=1");
    assert!(
        found.contains("Anaïs") && found.contains("1 result"),
        "{found}"
    );
    // Attaching it again changes nothing; the link is broken, the document stays.
    done(&alice, &format!("{card}/attach"), &[("document", &cv)]);
    assert_eq!(alice.page(&card).matches(">CV.pdf</a>").count(), 1);
    // The form of the contact shows them too, and says that they are apart from it.
    let form = alice.page(&format!("{card}/edit"));
    for text in [
        ">CV.pdf</a>",
        "apart from this form",
        &format!("{card}/attach"),
    ] {
        assert!(form.contains(text), "{text}: {form}");
    }
    assert!(
        !alice
            .page("/c/private/new")
            .contains("apart from this form")
    );
    let told = done(&alice, &format!("{card}/detach"), &[("document", &cv)]);
    let page = alice.page(&told);
    assert!(page.contains("Nothing is attached."));
    // One button takes it back.
    let undo = format!("<form method=\"post\" action=\"{card}/attach\" id=\"undo\">");
    let form = page.split(&undo).nth(1).expect("Undo");
    assert_eq!(hidden(form, "document"), cv);
    done(&alice, &format!("{card}/attach"), &[("document", &cv)]);
    assert_eq!(alice.page(&card).matches(">CV.pdf</a>").count(), 1);
    done(&alice, &format!("{card}/detach"), &[("document", &cv)]);
    assert!(alice.page(&card).contains("Nothing is attached."));
    assert_eq!(alice.get(&document).status, 200);
    // A document that is deleted is no attachment, and no mark stands for it.
    done(&alice, &format!("{card}/attach"), &[("document", &cv)]);
    let marked = |page: &str| alice.page(page).contains("aria-label=\"Has attachments\"");
    let results = "/search?q=Petit&in=private";
    assert!(marked("/c/private") && marked(results));
    let version = hidden(&alice.page(&document), "version");
    done(
        &alice,
        &format!("{document}/delete"),
        &[("version", &version)],
    );
    assert!(!marked("/c/private") && !marked(results));
    is_whole(&server);
}

#[test]
fn one_is_found_by_its_name_or_comes_with_the_form() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    added(&alice, HERE, "lease.txt", b"lease");
    added(&alice, HERE, "other.txt", b"other");
    let card = alice
        .card_named("/c/private", "Nora Haddad")
        .expect("a contact");
    let page = alice.page(&format!("{card}/attach?q=lease"));
    assert!(
        page.contains("lease.txt") && !page.contains("other.txt"),
        "{page}"
    );
    let folder = option(&page, "Private · Documents");
    let token = hidden(&page, "token");
    let fields = [("token", token.as_str()), ("to", folder.as_str())];
    let files: [(&str, &[u8]); 2] = [("a.txt", b"a"), ("b.txt", b"b")];
    let answer = alice.upload(&format!("{card}/attach/upload"), &fields, &files);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = alice.page(&card);
    assert!(page.contains(">a.txt</a>") && page.contains(">b.txt</a>"));
    assert!(alice.card_named(HERE, "a.txt").is_some());
}

#[test]
fn access_follows_the_documents_own_rights() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let document = added(&alice, HERE, "salary.txt", b"secret");
    let card = alice
        .card_named("/g/Team", "Paul Mercier")
        .or_else(|| first(&alice, "/g/Team"));
    let card = card.expect("a contact of the group");
    // Case 58: attaching needs *Modify* on the contact.
    let number = number(&alice.page(&format!("{card}/attach")), "salary.txt");
    assert_eq!(bob.get(&format!("{card}/attach")).status, 403);
    assert_eq!(
        post(&bob, &format!("{card}/attach"), &[("document", &number)]).status,
        403
    );
    done(&alice, &format!("{card}/attach"), &[("document", &number)]);
    // Case 59: without its name.
    let seen = bob.page(&card);
    assert!(seen.contains("1 document not shared with you"), "{seen}");
    assert!(!seen.contains("salary"));
    assert_eq!(bob.get(&document).status, 404);
    // Who attached it is told who cannot open it, and may change that.
    let told = alice.page(&card);
    assert!(
        told.contains("Cannot open it: Bob Keller, Carol Nguyen"),
        "{told}"
    );
    assert!(told.contains(&format!(
        "<a href=\"{document}/share\">Share it with them</a>"
    )));
    let share = alice.page(&format!("{document}/share"));
    let team = share
        .split("name=\"to\" value=\"")
        .nth(1)
        .expect("a target");
    done(
        &alice,
        &format!("{document}/share/add"),
        &[("to", team.split('"').next().expect("a number"))],
    );
    assert!(!alice.page(&card).contains("Cannot open it"));
    let seen = bob.page(&card);
    assert!(seen.contains(">salary.txt</a>") && !seen.contains("not shared with you"));
    let there = bob.card_named(TEAM, "salary.txt").expect("shared");
    assert_eq!(bob.get(&format!("{there}/file")).body, b"secret");
    // Nobody attaches what they cannot open.
    let hidden_one = added(&bob, HERE, "bob.txt", b"bob");
    server.fill(
        "bob",
        vec![crate::support::dav::card("own", "Own").into_bytes()],
    );
    let own = first(&bob, "/c/private").expect("a contact of Bob's");
    let bobs = self::number(&bob.page(&format!("{own}/attach")), "bob.txt");
    assert_eq!(
        post(&alice, &format!("{card}/attach"), &[("document", &bobs)]).status,
        404
    );
    assert_eq!(alice.get(&hidden_one).status, 404);
    is_whole(&server);
}

#[test]
fn who_attaches_in_private_is_told_who_cannot_open_it_and_breaks_any_link() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let document = added(&alice, HERE, "salary.txt", b"secret");
    let card = alice
        .card_named("/c/private", "Anaïs Petit")
        .expect("a contact");
    let share = alice.page(&format!("{card}/share"));
    let team = share.split("name=\"to\" value=\"").nth(1);
    let team = team.expect("a group").split('"').next().expect("a number");
    done(&alice, &format!("{card}/share/add"), &[("to", team)]);
    let number = number(&alice.page(&format!("{card}/attach")), "salary.txt");
    done(&alice, &format!("{card}/attach"), &[("document", &number)]);
    let told = alice.page(&card);
    assert!(
        told.contains("Cannot open it: Bob Keller, Carol Nguyen"),
        "{told}"
    );
    let order = [("names", "last-first"), ("language", "en")];
    done(&alice, "/settings/display", &order);
    let told = alice.page(&card);
    assert!(told.contains("Cannot open it: Keller Bob, "), "{told}");
    // Who may change the contact breaks the link without opening the document.
    let there = bob.card_named("/g/Team", "Anaïs Petit").expect("shared");
    assert!(!bob.page(&there).contains("/detach"));
    let group = hidden(&alice.page(&format!("{card}/rights")), "group");
    let bobs = server.person("bob").0.to_string();
    done(
        &alice,
        &format!("{card}/rights/grant"),
        &[("group", &group), ("grantee", &bobs)],
    );
    let page = bob.page(&there);
    assert!(page.contains("A document not shared with you") && !page.contains("salary"));
    let told = done(&bob, &format!("{there}/detach"), &[("document", &number)]);
    assert!(bob.page(&told).contains("not shared with you is broken"));
    assert!(!alice.page(&card).contains("salary.txt"));
    assert_eq!(alice.get(&document).status, 200);
    is_whole(&server);
}

/// The first contact of a list.
fn first(browser: &Browser, list: &str) -> Option<String> {
    let page = browser.page(list);
    let id = page.split("data-id=\"").nth(1)?.split('"').next()?;
    Some(format!("{list}/c/{id}"))
}
