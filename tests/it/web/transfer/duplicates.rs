//! Duplicates: suggested with their reasons, merged field by field, told apart, and taken back.

use crate::support::{
    browser::{Browser, escaped, hidden},
    dav::Book,
    server::Server,
};

const HERE: &str = "/c/private";

fn card(uid: &str, name: &str, lines: &str) -> Vec<u8> {
    let (given, family) = name.split_once(' ').expect("two words");
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{name}\r\nN:{family};{given};;;\r\n{lines}END:VCARD\r\n"
    )
    .into_bytes()
}

fn setting() -> (Server, Browser) {
    let server = Server::start();
    server.fill(
        "bob",
        vec![
            card("a", "Ada Ten", "EMAIL:ada@example.org\r\nTITLE:Boss\r\nNOTE:one\r\nTEL;TYPE=CELL:+33 6 39 98 00 01\r\nX-OWN:left\r\n"),
            card("b", "ADA Ten", "EMAIL:ADA@example.org\r\nTITLE:Chief\r\nNOTE:two\r\nTEL;TYPE=CELL:0639980001\r\nitem1.TEL:+33199001234\r\nitem1.X-ABLabel:Boat\r\nCATEGORIES:Sea\r\n"),
            card("c", "Cyd Two", "TEL;TYPE=CELL:+33 6 39 98 00 77\r\n"),
            card("d", "Dan Two", "TEL;TYPE=CELL:+33 6 39 98 00 77\r\n"),
            // A household's number is no reason.
            card("e", "Eva Six", "TEL;TYPE=HOME:+33 1 99 00 55 55\r\n"),
            card("f", "Fay Six", "TEL;TYPE=HOME:+33 1 99 00 55 55\r\n"),
        ],
    );
    let browser = Browser::of(&server.address, "bob");
    (server, browser)
}

/// The first address on a page that begins so.
fn link(page: &str, begins: &str) -> String {
    let mark = format!("href=\"{begins}");
    let at = page
        .find(&mark)
        .unwrap_or_else(|| panic!("{begins} in {page}"))
        + 6;
    page[at..].split('"').next().expect("an end").to_owned()
}

/// Ids of the lines of a merge whose row holds a text.
fn line(page: &str, text: &str) -> String {
    let row = page.split("<label").find(|row| row.contains(text));
    let row = row.unwrap_or_else(|| panic!("{text} in {page}"));
    let value = row.split("value=\"").nth(1).expect("a value");
    value.split('"').next().expect("an end").to_owned()
}

#[test]
fn pairs_are_suggested_with_reasons_and_told_apart_for_good() {
    let (server, mut browser) = setting();
    let page = browser.page(&format!("{HERE}/duplicates"));
    assert!(page.contains("Pairs that may be the same: 2"), "{page}");
    let certain = page.find("Very likely the same: the same name, an e-mail address in common, a mobile number in common.");
    let possible = page.find("Perhaps the same: a mobile number in common.");
    assert!(
        certain.expect("the first") < possible.expect("the second"),
        "{page}"
    );
    assert!(!page.contains("Eva"), "{page}");
    let group = Browser::of(&server.address, "alice").page("/g/Team/duplicates");
    assert!(
        group.contains("No duplicates.") && !group.contains("Pairs"),
        "{group}"
    );
    browser.language = "fr";
    let page = browser.page(&format!("{HERE}/duplicates"));
    assert!(
        page.contains("Pas les mêmes") && page.contains("le même nom"),
        "{page}"
    );
    browser.language = "en";
    // The last one is told apart.
    let at = page.rfind("/apart\"").expect("a form");
    let action = page[..at].rsplit("action=\"").next().expect("an address");
    let apart = format!("{action}/apart");
    let token = hidden(&page, "token");
    assert_eq!(browser.submit(&apart, &[("token", "x")]).status, 403);
    let answer = browser.submit(&apart, &[("token", &token)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.page(answer.header("location").expect("a page"));
    assert!(
        page.contains("not be suggested again") && page.contains("the same: 1"),
        "{page}"
    );
    // For this person: what others think of a shared contact is theirs.
    assert!(Browser::of(&server.address, "alice").get(action).status == 404);
    server.check();
}

#[test]
fn two_become_one_field_by_field_and_are_two_again() {
    let (server, browser) = setting();
    let book = Book::of(&server.address, "bob");
    let before = (book.find("\nUID:a"), book.find("\nUID:b"));
    let page = browser.page(&format!("{HERE}/duplicates"));
    let compare = link(&page, &format!("{HERE}/duplicates/"));
    let page = browser.page(&compare);
    let (token, first, second) = (
        hidden(&page, "token"),
        hidden(&page, "first-version"),
        hidden(&page, "second-version"),
    );
    // The numbers and addresses both have stand once.
    assert_eq!(page.matches("39 98 00 01").count(), 1, "{page}");
    assert!(
        !page.contains("0639980001") && !page.contains("ADA@example.org"),
        "{page}"
    );
    // Whose a value is stands beside it, unless it is that name.
    assert!(
        page.contains("Boss</span> <span class=\"soft\">Ada Ten</span>"),
        "{page}"
    );
    assert!(
        !page.contains("Ada Ten</span> <span class=\"soft\">Ada Ten"),
        "{page}"
    );
    let (boss, chief) = (line(&page, "Boss"), line(&page, "Chief"));
    assert!(boss.starts_with('l') && chief.starts_with('r'));
    let keep = [
        line(&page, "ada@example.org"),
        line(&page, "+33199001234"),
        line(&page, "left"),
    ];
    let mut fields = vec![
        ("token", token.as_str()),
        ("first-version", &first),
        ("second-version", &second),
        ("one-TITLE", &chief),
        ("one-NOTE", "both"),
    ];
    fields.extend(keep.iter().map(|id| ("keep", id.as_str())));
    // One of them changed meanwhile: nothing is done, and both are shown as they are.
    let mut stale = fields.clone();
    stale[1].1 = "\"old\"";
    let answer = browser.submit(&compare, &stale);
    assert_eq!(answer.status, 409);
    assert!(answer.text().contains("first-version"));
    let answer = browser.submit(&compare, &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let done = browser.page(answer.header("location").expect("a page"));
    assert!(done.contains("Merged into Ada Ten."), "{done}");
    let (_, _, card) = book.find("\nUID:a").expect("the one kept");
    for text in [
        "TITLE:Chief",
        "NOTE:one\\ntwo",
        "EMAIL:ada@example.org",
        "+33199001234",
        "X-ABLabel:Boat",
        "X-OWN:left",
        "CATEGORIES:Sea",
        "X-CARNET-OTHER-UID:b",
    ] {
        assert!(card.contains(text), "{text}: {card}");
    }
    // The mobile number was not kept.
    assert!(!card.contains("39 98 00 01"), "{card}");
    assert!(book.find("\nUID:b").is_none());
    server.check();

    let undo = hidden(&done, "merge");
    let token = hidden(&done, "token");
    let fields = [("token", token.as_str()), ("merge", undo.as_str())];
    let answer = browser.submit(&format!("{HERE}/duplicates/undo"), &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let document = |found: &Option<(String, String, String)>| found.clone().expect("a card").2;
    let after = (book.find("\nUID:a"), book.find("\nUID:b"));
    assert_eq!(document(&after.0), document(&before.0));
    assert_eq!(document(&after.1), document(&before.1));
    server.check();
}

#[test]
fn merging_needs_the_rights_of_both() {
    let (server, browser) = setting();
    let alice = Browser::of(&server.address, "alice");
    let id = |name: &str| {
        let path = alice.card_named("/g/Team", name).expect("a card");
        path.rsplit('/').next().expect("an id").to_owned()
    };
    let compare = format!(
        "/g/Team/duplicates/{}/{}",
        id("Max Roy"),
        id("Coralie Simon")
    );
    let page = browser.page(&compare);
    let (token, first, second) = (
        hidden(&page, "token"),
        hidden(&page, "first-version"),
        hidden(&page, "second-version"),
    );
    let fields = [
        ("token", token.as_str()),
        ("first-version", &first),
        ("second-version", &second),
    ];
    let bob = server.person("bob").to_string();
    let kept = alice.card_named("/g/Team", "Max Roy").expect("a card");
    let told = |path: &str, more: &[(&str, &str)]| {
        let page = alice.page(
            path.trim_end_matches("/grant")
                .trim_end_matches("/withdraw"),
        );
        let token = hidden(&page, "token");
        let mut fields = vec![("token", token.as_str()), ("grantee", &bob)];
        fields.extend(more);
        let answer = alice.submit(path, &fields);
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    };
    let rights = alice.page(&format!("{kept}/rights"));
    let group = hidden(&rights, "group");
    let modify = |grant: &str| told(&format!("{kept}/rights/{grant}"), &[("group", &group)]);
    let remove = |right: &str| told("/g/Team/rights/grant", &[("right", right)]);
    let merged = || {
        let answer = browser.submit(&compare, &fields);
        (
            answer.status,
            browser.card_named("/g/Team", "Coralie Simon").is_some(),
        )
    };
    assert_eq!(merged(), (403, true), "neither right");
    modify("grant");
    assert_eq!(merged(), (403, true), "Modify alone");
    modify("withdraw");
    remove("add-delete");
    assert_eq!(merged(), (403, true), "Remove alone");
    modify("grant");
    assert_eq!(merged(), (303, false), "both");
    // Exactly two are checked in a list.
    let token = hidden(&browser.page(HERE), "token");
    let all: Vec<String> = ["Ada Ten", "Cyd Two", "Eva Six"]
        .iter()
        .map(|name| browser.card_named(HERE, name).expect("a card"))
        .map(|path| path.rsplit('/').next().expect("an id").to_owned())
        .collect();
    for (count, status) in [(1, 422), (2, 303), (3, 422)] {
        let mut fields = vec![("token", token.as_str())];
        fields.extend(all[..count].iter().map(|id| ("id", id.as_str())));
        fields.extend([("of-page", "1"), ("of-sort", "modified")]);
        let answer = browser.submit(&format!("{HERE}/selected/merge"), &fields);
        assert_eq!(answer.status, status, "{count}");
        if status == 422 {
            let page = answer.text();
            assert!(page.contains("Check exactly two"), "{page}");
            assert_eq!(
                page.matches(" checked>").count(),
                count,
                "ticks stay: {page}"
            );
            assert!(
                page.contains("name=\"of-sort\" value=\"modified\""),
                "{page}"
            );
            continue;
        }
        // Going back leads to the same list with both ticked.
        let page = browser.page(answer.header("location").expect("both sides"));
        let back = format!("{HERE}?sort=modified&page=1&ticked={}%2C{}", all[0], all[1]);
        assert!(page.contains(&escaped(&back)), "{page}");
        assert_eq!(browser.page(&back).matches(" checked>").count(), 2);
    }
}
