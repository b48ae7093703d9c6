//! Search on the pages: what `search.md` promises to people, read from what they see.

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    server::Server,
};

fn search(browser: &Browser, query: &str) -> String {
    browser.page(&format!("/search?{query}"))
}

#[test]
fn a_search_stays_where_it_was_started_and_says_what_it_found() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    // The field of each page searches the environment shown.
    assert_eq!(hidden(&browser.page("/c/private"), "in"), "private");
    assert_eq!(hidden(&browser.page("/g/Team"), "in"), "g:Team");
    assert_eq!(hidden(&browser.page("/"), "in"), "all");

    let page = search(&browser, "q=elodie&in=private");
    for text in [
        "1 result<",
        "<mark>Élodie</mark> Vanbrabant",
        "Understood as: elodie",
        ">Contact<",
        "<a href=\"/c/private\">Private</a>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    assert!(search(&browser, "q=coralie&in=private").contains("No contact matches"));
    for place in ["all", "g%3ATeam"] {
        let page = search(&browser, &format!("q=coralie&in={place}"));
        assert!(page.contains("<mark>Coralie</mark> Simon"), "{place}");
        assert!(page.contains("href=\"/g/Team\">Team</a>"), "{place}");
    }
    // A group one is not in does not exist.
    assert_eq!(browser.get("/search?q=x&in=g%3ANobody").status, 404);
    // Where it was found when that is no name.
    let page = search(&browser, "q=boulangerie&in=private");
    assert!(page.contains("<mark>Boulangerie</mark> Lefèvre"), "{page}");
}

#[test]
fn what_was_not_understood_is_told_and_nothing_is_an_error() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    let long = "alice%20".repeat(100);
    for (query, english, french) in [
        ("%20%20", "", ""),
        ("OR", "There is no word", "aucun mot"),
        ("-elodie", "at least one word", "au moins un mot"),
        ("van*", "A star needs at least 4 letters", "Une étoile"),
        (long.as_str(), "too long", "trop longue"),
        ("elod", "these begin so", "commencent ainsi"),
        ("%00%F0%9F%98%80%E2%80%8F", "There is no word", "aucun mot"),
        (
            "NEAR(a%20b)%20%7Bname%7D%3A%20%22x",
            "No contact matches",
            "Aucun contact",
        ),
    ] {
        for (language, said) in [("en", english), ("fr", french)] {
            browser.language = language;
            let page = search(&browser, &format!("q={query}&in=private"));
            assert!(page.contains(said), "{language} {query}: {page}");
        }
    }
    browser.language = "en";
    let page = search(&browser, "q=martin%20lille%20OR%20roubaix&in=private");
    assert!(
        page.contains("Understood as: martin AND lille, OR roubaix"),
        "{page}"
    );
    assert!(
        page.contains("Laurent") && page.contains("Also words beginning with &#34;roubaix&#34;"),
        "also beginnings: {page}"
    );
    assert!(page.contains("/search?q=martin%20lille%20OR%20roubaix%2A&#38;in=private"));
}

#[test]
fn criteria_narrow_and_stay_in_the_form() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = search(&browser, "advanced=1&in=private");
    assert!(page.contains("<details class=\"panel fold\" open>"));
    for (criteria, found) in [
        ("city=lille", &["Vanbrabant", "Caron"][..]),
        ("city=lille&q=-vanbrabant", &["Caron"]),
        ("organization=cabinet", &["Haddad"]),
        ("telephone=0104", &["Novák"][..0]),
        ("telephone=555104", &["Novák"]),
        ("email=tom.ashworth@example.org", &["Ashworth"]),
        ("name=mia&city=roubaix", &["Laurent"]),
        ("photo=1", &[]),
        ("kind=org", &[]),
        ("created_before=2020-01-01", &[]),
        ("modified_since=2020-01-01&name=yuki", &["Tanaka"]),
        ("shared_with=Team", &[]),
    ] {
        let page = search(&browser, &format!("in=private&{criteria}"));
        let results = page
            .split("<ul class=\"results\">")
            .nth(1)
            .expect("results");
        for name in [
            "Vanbrabant",
            "Caron",
            "Haddad",
            "Novák",
            "Ashworth",
            "Laurent",
            "Tanaka",
        ] {
            let shown = results.replace("<mark>", "").replace("</mark>", "");
            assert_eq!(
                shown.contains(name),
                found.contains(&name),
                "{criteria}: {name}"
            );
        }
        assert!(
            page.contains("<details class=\"panel fold\" open>"),
            "{criteria}"
        );
    }
    assert!(search(&browser, "city=lille&in=private").contains("name=\"city\" value=\"lille\""));
    // Nonsense is no error.
    let nonsense = "in=private&tag=x&month=77&within=-1&created_since=never&created_by=z";
    assert_eq!(browser.get(&format!("/search?{nonsense}")).status, 200);
}

#[test]
fn two_hundred_are_shown_of_those_counted() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    for at in 0..205 {
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:many-{at}\r\nN:Lille;Nr {at};;;\r\nFN:Nr {at} Lille\r\nEND:VCARD\r\n"
        );
        let stored = book.put(&format!("many-{at}.vcf"), ("If-None-Match", "*"), &card);
        assert_eq!(stored.status, 201);
    }
    let page = search(&browser, "q=lille&in=private");
    assert!(page.contains("200 of 205 results: narrow your search"));
    assert_eq!(page.matches("<mark>Lille</mark>").count(), 200);
    assert!(page.len() < 150 * 1024, "{} octets", page.len());
}

#[test]
fn the_last_search_is_asked_again_and_can_be_forgotten() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    assert!(!bob.page("/").contains("/search/last"));
    assert_eq!(bob.get("/search/last").status, 303);
    search(&bob, "q=coralie&in=all");
    let home = bob.page("/");
    assert!(
        home.contains("<a href=\"/search/last\">coralie</a>"),
        "{home}"
    );
    assert!(bob.page("/c/private").contains("Search results"));
    assert!(
        !alice.page("/").contains("coralie"),
        "each person has their own"
    );
    let page = bob.page("/search/last");
    assert!(page.contains("The last search, of") && page.contains("<mark>Coralie</mark>"));
    // With the rights and the data of now.
    let path = alice
        .card_named("/g/Team", "Coralie Simon")
        .expect("a card");
    let card = alice.page(&path);
    let (token, version) = (hidden(&card, "token"), hidden(&card, "version"));
    let fields = [("token", token.as_str()), ("version", version.as_str())];
    assert_eq!(alice.submit(&format!("{path}/delete"), &fields).status, 303);
    let page = bob.page("/search/last");
    assert!(!page.contains("<mark>Coralie</mark>") && page.contains("No contact matches"));
    assert_eq!(
        bob.submit("/search/clear", &[("token", "forged")]).status,
        403
    );
    let token = hidden(&page, "token");
    assert_eq!(
        bob.submit("/search/clear", &[("token", &token)]).status,
        303
    );
    assert!(!bob.page("/").contains("/search/last"));
}

#[test]
fn suggestions_take_the_last_word_for_a_beginning() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let suggested = |query: &str| {
        let answer = browser.get(&format!("/search/suggest?{query}"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        answer.text()
    };
    let found = suggested("q=el&in=private");
    assert!(
        found.contains("Élodie Vanbrabant") && found.contains("/c/private/c/"),
        "{found}"
    );
    assert_eq!(suggested("q=coral&in=private"), "[]");
    assert!(suggested("q=coral&in=g%3ATeam").contains("Coralie Simon"));
    // Names, organizations, addresses and numbers only: no city.
    assert_eq!(suggested("q=Roub&in=private"), "[]");
    // Suggestions are no search to be shown again.
    assert!(!browser.page("/").contains("/search/last"));
    assert_eq!(
        Browser::open(&server.address)
            .get("/search/suggest?q=el")
            .status,
        303
    );
}
