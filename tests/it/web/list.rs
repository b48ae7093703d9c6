//! The list of a place: environments, order, letters, selection, settings.

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    http::request,
    server::Server,
};

fn put(book: &Book, uid: &str, family: &str, given: &str) {
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{family};{given};;;\r\nFN:{given} {family}\r\nEND:VCARD\r\n"
    );
    let stored = book.put(&format!("{uid}.vcf"), ("If-None-Match", "*"), &card);
    assert_eq!(stored.status, 201);
}

/// Some texts stand in a page, below its bar, in that order.
fn is_in_order(page: &str, texts: &[&str]) -> bool {
    let page = page.split("<main").last().expect("a page");
    let places: Vec<_> = texts.iter().map(|text| page.find(text)).collect();
    places.iter().all(Option::is_some) && places.is_sorted()
}

#[test]
fn the_home_page_counts_the_contacts_of_each_place() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = browser.page("/");
    for (place, number) in [("/c/private\">Private", 14), ("/g/Team\">Team", 6)] {
        let said = format!("{place} <span class=\"number\">{number} contacts</span>");
        assert!(page.contains(&said), "{said} in {page}");
    }
}

#[test]
fn the_environment_is_chosen_and_kept_until_the_next_sign_in() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let page = browser.page("/c/private");
    assert!(
        page.contains("<a href=\"/g/Team\">Team <span class=\"number\">3 members</span></a>"),
        "{page}"
    );
    let answer = browser.get("/g/Team");
    let kept = answer.header("set-cookie").expect("a cookie").to_owned();
    let kept = kept.split(';').next().expect("a pair").to_owned();
    let session = browser.cookie.clone().expect("a session");
    browser.cookie = Some(format!("{session}; {kept}"));
    assert_eq!(browser.get("/contacts").header("location"), Some("/g/Team"));
    // A place one is not in is not followed.
    browser.cookie = Some(format!("{session}; carnet-place=https%3A%2F%2Fexample.org"));
    assert_eq!(
        browser.get("/contacts").header("location"),
        Some("/c/private")
    );
    let headers = [(
        "Content-Type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    )];
    let body = b"login=alice&password=demo";
    let answer = request(&server.address, "POST", "/login", &headers, body);
    let forgotten = |(name, value): &(String, String)| {
        name.eq_ignore_ascii_case("set-cookie") && value.starts_with("carnet-place=;")
    };
    assert!(answer.headers.iter().any(forgotten), "{answer:?}");
}

#[test]
fn names_follow_the_order_a_person_set_in_every_list() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = browser.page("/c/private");
    assert!(is_in_order(
        &page,
        &["Anaïs Petit", "Clara Dubois", "Zoé Caron"]
    ));
    let settings = browser.page("/settings");
    let token = hidden(&settings, "token");
    let fields = [
        ("token", token.as_str()),
        ("names", "last-first"),
        ("keys", "1"),
    ];
    assert_eq!(browser.submit("/settings/display", &fields).status, 303);
    let page = browser.page("/c/private");
    assert!(
        is_in_order(&page, &["Caron Zoé", "Dubois Clara", "Petit Anaïs"]),
        "{page}"
    );
    assert!(is_in_order(
        &page,
        &["id=\"letter-C\"", "Caron Zoé", "id=\"letter-D\""]
    ));
    let found = browser.page("/search?q=lille&in=private");
    assert!(
        is_in_order(&found, &["Caron Zoé", "Vanbrabant Élodie"]),
        "{found}"
    );
    let suggested = browser.get("/search/suggest?q=caron&in=private").text();
    assert!(suggested.contains("Caron Zoé"));
    let members = browser.page("/g/Team/members");
    assert!(
        is_in_order(&members, &["Keller Bob", "Martin Alice", "Nguyen Carol"]),
        "{members}"
    );
    let rights = browser.page("/g/Team/rights");
    assert!(
        is_in_order(&rights, &["Keller Bob", "Nguyen Carol"]),
        "{rights}"
    );
    // The language of a person goes before the browser's.
    let fields = [("token", token.as_str()), ("language", "fr")];
    assert_eq!(browser.submit("/settings/display", &fields).status, 303);
    let page = browser.page("/c/private");
    assert!(page.contains("<html lang=\"fr\"") && page.contains("Zoé Caron"));
    assert!(!page.contains("data-keys"), "keys are switched off");
    assert_eq!(
        browser
            .submit("/settings/display", &[("names", "x")])
            .status,
        403
    );
}

#[test]
fn enter_in_a_list_sends_nothing() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let token = hidden(&alice.page("/d/private/documents"), "token");
    let sent = alice.upload(
        "/d/private/documents/upload",
        &[("token", &token)],
        &[("a.txt", b"a")],
    );
    assert_eq!(sent.status, 303);
    for path in ["/c/private", "/d/private/documents", "/search?q=petit"] {
        let page = alice.page(path);
        let list = page.split("<form class=\"list\"").nth(1).expect("a list");
        // HTML, implicit submission: the first button of a form, and none where it is disabled.
        let first = list.split("<button").nth(1).expect("a button");
        let first = first.split('>').next().expect("its attributes");
        assert!(first.ends_with(" disabled"), "{path}: {first}");
    }
}

#[test]
fn letters_lead_to_where_they_begin() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    for at in 0..203 {
        put(&book, &format!("a{at}"), "Ash", &format!("Ann{at:03}"));
    }
    put(&book, "e", "Été", "Émile");
    put(&book, "n", "7", "7");
    let page = browser.page("/c/private");
    assert!(page.contains("205 contacts"));
    for link in [
        "/c/private?page=1#letter-A\">A</a>",
        "/c/private?page=2#letter-E\">E</a>",
        "/c/private?page=1#letter-%23\">#</a>",
    ] {
        assert!(page.contains(link), "{link}");
    }
    let second = browser.page("/c/private?page=2");
    assert!(second.contains("id=\"letter-E\"") && second.contains("Émile Été"));
    // Sorted otherwise, or narrowed, there is no index.
    for narrowed in ["sort=modified", "sort=organization", "q=ann001"] {
        let page = browser.page(&format!("/c/private?{narrowed}"));
        assert!(!page.contains("class=\"letters\""), "{narrowed}");
    }
    assert!(is_in_order(
        &browser.page("/c/private?sort=modified"),
        &["7 7", "Émile Été"]
    ));
    // There is no column for it: the menu says the order.
    assert!(
        browser
            .page("/c/private?sort=modified")
            .contains("Sort · Changed last")
    );
    assert!(page.contains("aria-sort=\"ascending\">Name") && !page.contains("Sort · "));
}

#[test]
fn names_are_sorted_by_the_rules_of_languages() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    put(&book, "gaulle", "de Gaulle", "Charles");
    put(&book, "bellay", "du Bellay", "Joachim");
    put(&book, "harten", "van der Harten", "Rene");
    put(&book, "buren", "Van Buren", "Martin");
    put(&book, "hart", "Hart", "Zoe");
    let more = [
        // A company with somebody to ask for, a person's own answer, a name as it is spoken.
        "N:Aaron;Ada;;;\r\nFN:Iris Bakery\r\nORG:Iris Bakery\r\nX-ABShowAs:COMPANY",
        "N:Zwart;Jan;;;\r\nFN:Jan Zwart\r\nSORT-STRING:Jansen",
        "N:山田;花子;;;\r\nFN:山田 花子\r\nX-PHONETIC-LAST-NAME:やまだ\r\nX-PHONETIC-FIRST-NAME:はなこ",
    ];
    for (number, lines) in more.iter().enumerate() {
        let card =
            format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:m{number}\r\n{lines}\r\nEND:VCARD\r\n");
        let stored = book.put(&format!("m{number}.vcf"), ("If-None-Match", "*"), &card);
        assert_eq!(stored.status, 201);
    }
    let token = hidden(&browser.page("/settings"), "token");
    let fields = [("token", token.as_str()), ("names", "last-first")];
    assert_eq!(browser.submit("/settings/display", &fields).status, 303);
    let page = browser.page("/c/private");
    let order = [
        "id=\"letter-D\"",
        "du Bellay Joachim",
        "id=\"letter-G\"",
        "de Gaulle Charles",
        "id=\"letter-H\"",
        "Hart Zoe",
        "van der Harten Rene",
        "id=\"letter-I\"",
        "Iris Bakery",
        "id=\"letter-J\"",
        "Zwart Jan",
        "id=\"letter-V\"",
        "Van Buren Martin",
        "id=\"letter-や\"",
        "山田 花子",
    ];
    assert!(is_in_order(&page, &order), "{page}");
    let names = [
        "du Bellay",
        "de Gaulle",
        "Hart",
        "van der Harten",
        "Iris",
        "Zwart",
        "Van Buren",
        "山田",
    ];
    let printed = browser.page("/c/private/print");
    assert!(is_in_order(&printed, &names), "{printed}");
    let fields = [("token", token.as_str()), ("format", "csv-thunderbird")];
    let table = browser.submit("/c/private/export", &fields).text();
    assert!(is_in_order(&table, &names), "{table}");
}

#[test]
fn all_of_a_list_is_more_than_its_page() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    for at in 0..202 {
        put(&book, &format!("a{at}"), "Ash", &format!("Ann{at:03}"));
    }
    put(&book, "e", "Oak", "Emil");
    // With script the rows of the page come first: then the rest, or the whole book, is offered.
    let page = browser.page("/c/private?q=ash");
    let chosen = page.split("<fieldset class=\"selected\">").nth(1);
    let chosen = chosen.expect("what is done with a selection");
    // It stands with the buttons, which stay in sight.
    let whole = chosen.find("<div id=\"whole\" hidden>").expect("the whole");
    assert!(
        chosen
            .find("id=\"delete-selected\"")
            .is_some_and(|buttons| whole < buttons)
    );
    let more = "href=\"/c/private?q=ash&#38;page=1&#38;all=2\">Select all 202</a>";
    assert!(page.contains(more) && !page.contains("/c/private/empty"));
    let page = browser.page("/c/private?q=ash&page=1&all=2");
    assert!(page.contains("<div id=\"whole\">"), "{page}");
    assert!(page.contains("name=\"everything\" value=\"1\" checked"));
    assert!(
        browser
            .page("/c/private?all=2")
            .contains("href=\"/c/private/empty\"")
    );
    let page = browser.page("/c/private?q=ash&all=1");
    assert!(page.contains("Everything in this list, on all its pages (202)"));
    let token = hidden(&page, "token");
    let fields = [
        ("token", token.as_str()),
        ("everything", "1"),
        ("q", "ash"),
        ("show", ""),
    ];
    let answer = browser.submit("/c/private/selected/delete", &fields);
    assert_eq!(answer.status, 303);
    let place = answer.header("location").expect("a place");
    assert!(place.starts_with("/c/private?q=ash&"), "{place}");
    assert!(!browser.page(place).contains("Ann001"));
    let page = browser.page("/c/private");
    assert!(
        page.contains("Emil Oak") && !page.contains("Ann001"),
        "{page}"
    );
    // What is on one page only can be emptied at once; a part of it cannot.
    let empty = "href=\"/c/private/empty\"";
    assert!(page.contains("<div id=\"whole\" hidden>") && page.contains(empty));
    assert!(!browser.page("/c/private?q=oak").contains(empty));
    // The trash has pages too.
    let trash = browser.page("/c/private/trash");
    let shown = |page: &str| page.matches("name=\"revisions\"").count();
    assert_eq!(shown(&trash), 200);
    let next = "rel=\"next\" href=\"";
    let (_, link) = trash.split_once(next).expect("older ones");
    let link = link.split('"').next().expect("an address");
    let older = browser.page(&link.replace("&amp;", "&").replace("&#38;", "&"));
    assert_eq!(shown(&older), 2);
    assert!(older.contains("rel=\"prev\"") && !older.contains(next));
    assert_eq!(shown(&browser.page("/c/private/trash?after=x")), 200);
    // All of the book: the number is typed first.
    let fields = [("token", token.as_str()), ("everything", "1"), ("q", "")];
    let answer = browser.submit("/c/private/selected/delete", &fields);
    assert_eq!(answer.header("location"), Some("/c/private/empty"));
}

#[test]
fn what_is_unticked_of_everything_is_left_alone_without_script() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    for at in 0..202 {
        put(&book, &format!("a{at}"), "Ash", &format!("Ann{at:03}"));
    }
    let shown = |page: &str| {
        let ids = page.split("name=\"shown\" value=\"").skip(1);
        let ids = ids.map(|rest| rest.split('"').next().expect("an id").to_owned());
        ids.collect::<Vec<_>>()
    };
    let submitted = |list: &str, action: &str, unticked: usize| {
        let page = browser.page(list);
        let ids = shown(&page);
        let mut fields = vec![("token".to_owned(), hidden(&page, "token"))];
        for name in ["q", "of-tag", "show", "of-sort", "of-page"] {
            fields.push((name.to_owned(), hidden(&page, name)));
        }
        fields.push(("everything".to_owned(), "1".to_owned()));
        fields.extend(ids.iter().map(|id| ("shown".to_owned(), id.clone())));
        fields.extend(
            ids.iter()
                .skip(unticked)
                .map(|id| ("id".to_owned(), id.clone())),
        );
        let fields: Vec<_> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        browser.submit(&format!("/c/private/selected/{action}"), &fields)
    };
    let page = submitted("/c/private?q=ash&all=2", "export", 2).text();
    assert!(page.contains("200"), "{page}");
    assert_eq!(page.matches("name=\"without\"").count(), 2, "{page}");
    let answer = submitted("/c/private?q=ash&page=2&all=2", "delete", 1);
    assert_eq!(answer.status, 303, "{}", answer.text());
    // The list is filtered still, and its second page is no more.
    let place = answer.header("location").expect("a place").to_owned();
    assert!(place.starts_with("/c/private?q=ash&page=2&"), "{place}");
    let page = browser.page(&place);
    assert!(
        page.contains("Deleted: 201.") && page.contains("Ann200"),
        "{page}"
    );
    assert!(!page.contains("Ann201") && !page.contains("Ann199"));
    // Its undo leads to the same list.
    let fields = [
        ("token", hidden(&page, "token")),
        ("kept", hidden(&page, "kept")),
    ];
    let fields = fields
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let answer = browser.submit("/undo", &fields);
    let place = answer.header("location").expect("a place").to_owned();
    assert!(place.starts_with("/c/private?q=ash&page=2&"), "{place}");
    assert!(browser.page(&place).contains("Taken back: 201."));
    // The whole book, less some: it is not emptied.
    let answer = submitted("/c/private?all=2", "delete", 3);
    let place = answer.header("location").expect("a place");
    assert!(!place.contains("/empty"), "{place}");
    assert!(browser.page(place).contains("Deleted: 199."));
}

#[test]
fn an_action_on_nothing_keeps_the_list_and_says_so() {
    let server = Server::start();
    let mut browser = Browser::open(&server.address);
    browser.language = "fr";
    assert_eq!(browser.sign_in("bob", "demo").status, 303);
    let book = Book::of(&server.address, "bob");
    put(&book, "a", "Ash", "Ann");
    put(&book, "e", "Oak", "Emil");
    let token = hidden(&browser.page("/c/private"), "token");
    let fields = [("token", token.as_str()), ("q", "ash")];
    let answer = browser.submit("/c/private/selected/delete", &fields);
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("Rien n&#39;est sélectionné."), "{page}");
    assert!(!page.contains("enregistré"), "{page}");
    assert!(
        page.contains("Ann Ash") && !page.contains("Emil Oak"),
        "{page}"
    );
}

#[test]
fn rows_dropped_on_a_group_are_all_shared_with_it() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let id = |name: &str| {
        let card = browser.card_named("/c/private", name).expect("a card");
        card.rsplit('/').next().expect("an id").to_owned()
    };
    let ids = [id("Clara Dubois"), id("Zoé Caron")];
    let token = hidden(&browser.page("/c/private"), "token");
    let drop = |group: &str| {
        let fields = [
            ("token", token.as_str()),
            ("group", group),
            ("id", &ids[0]),
            ("id", &ids[1]),
        ];
        browser.submit("/c/private/selected/share", &fields)
    };
    assert_eq!(drop("Nobody").status, 404);
    let answer = drop("Team");
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.page("/g/Team");
    assert!(page.contains("Clara Dubois") && page.contains("Zoé Caron"));
}

#[test]
fn favourites_and_lists_are_filled_written_to_and_emptied() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let clara = browser
        .card_named("/c/private", "Clara Dubois")
        .expect("a card");
    let token = hidden(&browser.page(&clara), "token");
    let token = ("token", token.as_str());
    let favourite = format!("{clara}/favourite");
    assert_eq!(browser.submit(&favourite, &[("on", "1")]).status, 403);
    assert_eq!(
        browser.submit(&favourite, &[token, ("on", "1")]).status,
        303
    );
    let page = browser.page("/c/private?show=favourites");
    assert!(page.contains("Clara Dubois") && !page.contains("Anaïs Petit"));
    assert!(page.contains("Favourites <span class=\"number\">1</span>"));
    let shown = browser.page("/c/private?show=favourites");
    assert!(shown.contains("<h1>Private · Favourites</h1>"), "{shown}");
    let history = browser.page(&format!("{clara}/history"));
    assert!(history.contains("Favourite") && history.contains("★"));
    assert!(!history.contains("X-CARNET"), "{history}");
    assert_eq!(browser.submit(&favourite, &[token]).status, 303);
    assert!(
        browser
            .page("/c/private?show=favourites")
            .contains("No favourites yet.")
    );

    let answer = browser.submit("/c/private/lists", &[token, ("name", " ")]);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("A list needs a name"));
    let answer = browser.submit("/c/private/lists", &[token, ("name", "Chœur")]);
    assert_eq!(answer.status, 303);
    let page = browser.page("/c/private?show=lists");
    let list = browser
        .card_named("/c/private?show=lists", "Chœur")
        .expect("a list");
    let id = |path: &str| path.rsplit('/').next().expect("an id").to_owned();
    let anais = browser
        .card_named("/c/private", "Anaïs Petit")
        .expect("a card");
    let (list_id, clara_id, anais_id) = (id(&list), id(&clara), id(&anais));
    assert!(page.contains("Lists <span class=\"number\">1</span>"));
    let fields = [
        token,
        ("list", &list_id),
        ("id", &clara_id),
        ("id", &anais_id),
    ];
    let answer = browser.submit("/c/private/selected/list", &fields);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let page = browser.page(&list);
    assert!(
        page.contains("href=\"mailto:clara.dubois@example.org,anais.petit@example.org\""),
        "{page}"
    );
    // Apple's programs read the same list.
    let book = Book::of(&server.address, "alice");
    let (_, _, card) = book.find("Chœur").expect("stored");
    assert!(card.contains("X-ADDRESSBOOKSERVER-KIND:group"));
    assert!(
        card.contains("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:demo-clara.dubois"),
        "{card}"
    );
    let out = [token, ("uid", "demo-clara.dubois")];
    assert_eq!(
        browser
            .submit(&format!("{list}/members/remove"), &out)
            .status,
        303
    );
    let page = browser.page(&list);
    assert!(!page.contains("clara.dubois@") && page.contains("anais.petit@"));
    // A person is no list.
    let wrong = [token, ("list", &clara_id), ("id", &anais_id)];
    assert_eq!(
        browser.submit("/c/private/selected/list", &wrong).status,
        404
    );
    browser.language = "fr";
    assert!(browser.page(&list).contains("Membres de la liste"));
}

#[test]
fn a_list_that_is_nearly_full_says_how_much_is_left() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    server.set_quota("bob", 10);
    (0..8).for_each(|n| put(&book, &format!("u{n}"), "Quota", &format!("P{n}")));
    assert!(!browser.page("/c/private").contains("private contacts used"));
    put(&book, "u8", "Quota", "P8");
    let page = browser.page("/c/private");
    assert!(
        page.contains("9 of 10 private contacts used: 1 more can be imported."),
        "{page}"
    );
    browser.language = "fr";
    assert!(
        browser
            .page("/c/private")
            .contains("Contacts privés utilisés : 9 sur 10.")
    );
}

#[test]
fn a_group_says_on_every_screen_who_wrote_a_contact_and_how_many_see_it() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let list = browser.page("/g/Team");
    let row = list.split("<td class=\"name\">").nth(1).expect("a row");
    let name = row.split("</td>").next().expect("an end");
    assert!(
        name.contains("<span class=\"by soft\">Created by "),
        "{name}"
    );
    let css = browser.page("/static/carnet.css");
    let phone = css.split("@media (max-width: 40rem) {\n  .by {").nth(1);
    assert!(phone.expect("a rule").starts_with(" display: block"));
    let path = name.split("href=\"").nth(1).expect("a link");
    let path = path.split('"').next().expect("an end").to_owned();
    for (language, said) in [("en", "members see it)"), ("fr", "membres le voient)")] {
        browser.language = language;
        let card = browser.page(&path);
        assert!(card.contains(said), "{card}");
    }
    assert!(!browser.page("/c/private").contains("class=\"by"));
}
