//! Search on the pages, checked by what people see.

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    program::Program,
    server::Server,
};

fn search(browser: &Browser, query: &str) -> String {
    browser.page(&format!("/search?{query}"))
}

#[test]
fn the_form_of_criteria_keeps_the_tool_and_what_was_typed() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = browser.page("/d/private/documents");
    let form = page.split("role=\"search\"").nth(1).expect("a field");
    let form = form.split("</form>").next().expect("its end");
    assert!(form.contains("name=\"tool\" value=\"documents\""));
    assert!(form.contains("<button type=\"submit\" name=\"advanced\" value=\"1\""));
    assert!(!page.contains("<a href=\"/search?advanced=1&amp;in=private\""));
    // The word stands in the form, with the criteria of its tool.
    for (tool, has, has_not) in [
        ("documents", "by-larger", "by-email"),
        ("contacts", "by-email", "by-larger"),
    ] {
        let query = format!("in=private&tool={tool}&q=plan&advanced=1");
        let page = search(&browser, &query);
        assert!(
            page.contains("id=\"by-q\" name=\"q\" value=\"plan\""),
            "{page}"
        );
        assert!(page.contains(&format!("id=\"{has}\"")), "{tool}");
        assert!(!page.contains(&format!("id=\"{has_not}\"")), "{tool}");
        assert!(page.contains("<details class=\"panel fold\" open"));
    }
    let page = search(&browser, "advanced=1");
    assert!(page.contains("id=\"by-larger\"") && page.contains("id=\"by-email\""));
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
    assert!(search(&browser, "q=coralie&in=private").contains("Nothing matches"));
    for place in ["all", "g%3ATeam"] {
        let page = search(&browser, &format!("q=coralie&in={place}"));
        assert!(page.contains("<mark>Coralie</mark> Simon"), "{place}");
        assert!(page.contains("href=\"/g/Team\">Team</a>"), "{place}");
    }
    // What was searched is said where nothing is found.
    for (tool, said) in [
        ("", "Nothing matches."),
        ("contacts", "No contact matches."),
        ("documents", "No document matches."),
    ] {
        let page = search(&browser, &format!("q=zzzz&in=all&tool={tool}"));
        assert!(page.contains(said), "{tool}");
    }
    // A group one is not in does not exist.
    assert_eq!(browser.get("/search?q=x&in=g%3ANobody").status, 404);
    // Where it was found when that is no name.
    let page = search(&browser, "q=boulangerie&in=private");
    assert!(page.contains("<mark>Boulangerie</mark> Lefèvre"), "{page}");
}

#[test]
fn what_was_found_is_bold_wherever_it_stands() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let book = Book::of(&server.address, "bob");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:bold\r\nN:山田;花子;;;\r\nFN:山田 花子\r\n\
        TEL;TYPE=CELL:+33 6 39 98 00 01\r\nBDAY:1972-04-15\r\nNOTE:about books\r\nEND:VCARD\r\n";
    assert_eq!(
        book.put("bold.vcf", ("If-None-Match", "*"), card).status,
        201
    );
    // A number in another form than the card's, and one character of a name.
    for query in ["0639980001", "%2B33639980001", "06%2039%2098*", "980001"] {
        let page = search(&browser, &format!("q={query}&in=private"));
        assert!(
            page.contains("<mark>+33 6 39 98 00 01</mark>"),
            "{query}: {page}"
        );
    }
    let page = search(&browser, "q=%E8%8A%B1&in=private");
    assert!(page.contains("山田 <mark>花</mark>子"), "{page}");
    // A comment, which is told to be one; where the place searched does not show it, it is not found.
    let card = browser
        .card_named("/c/private", "山田 花子")
        .expect("a card");
    let token = hidden(&browser.page(&card), "token");
    let fields = [
        ("token", token.as_str()),
        ("text", "Call her about Hawaii (1972)"),
    ];
    assert_eq!(
        browser.submit(&format!("{card}/comments"), &fields).status,
        303
    );
    let page = search(&browser, "q=hawaii&in=private");
    let said = "<span class=\"tag\">Comment</span> Call her about <mark>Hawaii</mark> (1972)";
    assert!(page.contains(said), "{page}");
    assert!(!search(&browser, "q=980001&in=private").contains("Call her"));
    // Also where another word stands in the contact itself.
    let page = search(&browser, "q=%E8%8A%B1%20hawaii&in=private");
    assert!(
        page.contains(said) && page.contains("<mark>花</mark>"),
        "{page}"
    );
    // Half of what is looked for, and what no result shows, hide none.
    let page = search(&browser, "q=%22about%20hawaii%22&in=private");
    assert!(page.contains("Call her <mark>about</mark>"), "{page}");
    let page = search(&browser, "q=1972&in=private");
    assert!(page.contains("Hawaii (<mark>1972</mark>)"), "{page}");
    // A name that is written as one word.
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:joined\r\nN:O'Hara;Zoë;;;\r\nFN:Zoë O'Hara\r\n\
        END:VCARD\r\n";
    assert_eq!(
        book.put("joined.vcf", ("If-None-Match", "*"), card).status,
        201
    );
    let page = search(&browser, "q=ohara&in=private");
    assert!(page.contains("Zoë <mark>O&#39;Hara</mark>"), "{page}");
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
            "Nothing matches",
            "Rien ne correspond",
        ),
    ] {
        for (language, said) in [("en", english), ("fr", french)] {
            browser.language = language;
            let page = search(&browser, &format!("q={query}&in=private"));
            assert!(page.contains(said), "{language} {query}: {page}");
        }
    }
    let page = search(&browser, "q=martin%20-lille%20OR%20roubaix&in=private");
    assert!(
        page.contains("Compris ainsi : martin AND -lille OR roubaix"),
        "what can be typed: {page}"
    );
    browser.language = "en";
    let page = search(&browser, "q=martin%20lille%20OR%20roubaix&in=private");
    assert!(
        page.contains("Understood as: martin AND lille OR roubaix"),
        "{page}"
    );
    assert!(
        page.contains("Laurent") && page.contains("Also words beginning with &#34;roubaix&#34;"),
        "also beginnings: {page}"
    );
    assert!(page.contains("/search?in=private&#38;q=martin%20lille%20OR%20roubaix%2A\""));
    // The criteria stay.
    let page = search(&browser, "q=roubaix&in=private&name=mia&city=roubaix");
    let wider = "city=roubaix&#38;in=private&#38;name=mia&#38;q=roubaix%2A\"";
    assert!(page.contains(wider), "{page}");
    // The same is said once.
    let page = search(&browser, "q=van*%20car*%20lau*&in=private");
    assert_eq!(page.matches("A star needs at least 4 letters").count(), 1);
}

fn born(uid: &str, name: &str, day: chrono::NaiveDate) -> Vec<u8> {
    let day = day.format("%m-%d");
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{name};;;;\r\nFN:{name}\r\nBDAY:1980-{day}\r\nEND:VCARD\r\n"
    )
    .into_bytes()
}

#[test]
fn the_nearest_birthdays_are_there_however_many_there_are() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "bob");
    let today = chrono::Local::now().date_naive();
    let later = today + chrono::Days::new(20);
    let mut cards = vec![born("z", "Zulu", today)];
    server.fill("bob", cards.clone());
    let page = search(&browser, "in=private&within=0");
    assert!(
        page.contains("1 result<") && page.contains("Zulu"),
        "{page}"
    );
    assert!(!browser.page("/").contains("There are many"));
    cards.clear();
    cards.extend((0..201).map(|at| born(&format!("a{at}"), &format!("Ash{at:03}"), later)));
    server.fill("bob", cards);
    let page = browser.page("/");
    assert!(
        page.contains("Zulu") && page.contains("There are many"),
        "{page}"
    );
    assert!(!page.contains("Ash000"), "{page}");
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
    assert!(!page.contains("<mark>Coralie</mark>") && page.contains("Nothing matches"));
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

/// Values of the check boxes of results, by name.
fn choices(page: &str) -> Vec<(String, String)> {
    let boxes = page
        .split("<input type=\"checkbox\" name=\"id\" value=\"")
        .skip(1);
    let choice = |piece: &str| {
        let value = piece.split('"').next().expect("a value").to_owned();
        let name = piece.split("aria-label=\"").nth(1).expect("a name");
        (name.split('"').next().expect("its end").to_owned(), value)
    };
    boxes.map(choice).collect()
}

#[test]
fn results_of_several_places_are_a_selection() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = search(&browser, "q=lille&in=all");
    let token = hidden(&page, "token");
    let found = choices(&page);
    assert!(found.len() >= 2, "{page}");
    let act = |what: &str, extra: &[(&str, &str)]| {
        let mut fields = vec![("token", token.as_str())];
        fields.extend(found.iter().map(|(_, value)| ("id", value.as_str())));
        fields.extend(extra);
        let answer = browser.submit(&format!("/search/selected/{what}"), &fields);
        assert_eq!(answer.status, 303, "{what}: {}", answer.text());
        let to = answer.header("location").expect("a page").to_owned();
        browser.page(&to)
    };
    let undo = |page: &str| {
        let fields = [("token", token.as_str()), ("kept", &hidden(page, "kept"))];
        let answer = browser.submit("/undo", &fields);
        let to = answer.header("location").expect("a page").to_owned();
        assert!(to.starts_with("/search/last?"), "{to}");
        browser.page(&to)
    };
    let fields = [
        ("token", token.as_str()),
        ("name", "North"),
        ("colour", "#00aa00"),
    ];
    assert_eq!(browser.submit("/tags", &fields).status, 303);
    let tags = browser.page("/tags");
    let at = tags.find("id=\"tag-").expect("a tag") + 8;
    let tag = tags[at..].split('"').next().expect("a number");
    let page = act("tag", &[("tag", tag)]);
    let listed = format!("tag={tag}&in=all&advanced=1");
    assert_eq!(choices(&search(&browser, &listed)).len(), found.len());
    // The search with the tag was the last one.
    undo(&page);
    assert!(choices(&search(&browser, &listed)).is_empty());

    search(&browser, "q=lille&in=all");
    let page = act("delete", &[]);
    assert!(page.contains("Nothing matches"), "{page}");
    let page = undo(&page);
    assert!(
        page.contains(&format!("Taken back: {}.", found.len())),
        "{page}"
    );
    assert_eq!(choices(&page).len(), found.len());
    server.check();
}

#[test]
fn a_selection_of_results_is_printed_exported_and_merged_where_it_is() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let found = choices(&search(&browser, "q=clara%20OR%20zoe&in=private"));
    let team = choices(&search(&browser, "q=coralie&in=all"));
    let token = hidden(&browser.page("/search/last"), "token");
    let post = |what: &str, chosen: &[&(String, String)]| {
        let mut fields = vec![("token", token.as_str())];
        fields.extend(chosen.iter().map(|(_, value)| ("id", value.as_str())));
        browser.submit(&format!("/search/selected/{what}"), &fields)
    };
    let both: Vec<_> = found.iter().collect();
    assert_eq!(both.len(), 2, "{found:?}");
    for (what, place) in [
        ("print", "/c/private/print?id="),
        ("export", "/c/private/export?id="),
        ("merge", "/c/private/duplicates/"),
    ] {
        let answer = post(what, &both);
        assert_eq!(answer.status, 303, "{what}");
        let to = answer.header("location").expect("a page");
        assert!(to.starts_with(place), "{to}");
        let page = browser.page(to);
        let counted = what == "export" && page.contains("Export 2 contacts");
        let named = page.contains("Clara Dubois") && page.contains("Zoé Caron");
        assert!(counted || named, "{what}: {page}");
        // Neither nothing nor contacts of several places.
        for wrong in [&[][..], &[both[0], &team[0]]] {
            let answer = post(what, wrong);
            assert_eq!(answer.status, 422, "{what}: {}", answer.text());
            assert!(answer.text().contains("class=\"notice error\""));
        }
    }
    // What one may not read is not found by its number, and forms have a token.
    let carol = Browser::of(&server.address, "carol");
    let own = hidden(&carol.page("/"), "token");
    let fields = [("token", own.as_str()), ("id", found[0].1.as_str())];
    assert_eq!(carol.submit("/search/selected/delete", &fields).status, 422);
    let fields = [("id", found[0].1.as_str())];
    assert_eq!(
        browser.submit("/search/selected/delete", &fields).status,
        403
    );
    assert_eq!(choices(&search(&browser, "q=clara&in=private")).len(), 1);
}

#[test]
fn possible_duplicates_are_a_criterion() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    assert!(choices(&search(&browser, "duplicates=1&in=private&advanced=1")).is_empty());
    let book = Book::of(&server.address, "alice");
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:twin\r\nN:Dubois;Clara;;;\r\nFN:Clara Dubois\r\nNOTE:twin\r\nEND:VCARD\r\n";
    assert_eq!(
        book.put("twin.vcf", ("If-None-Match", "*"), card).status,
        201
    );
    let page = search(&browser, "duplicates=1&in=private&advanced=1");
    let names: Vec<_> = choices(&page).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["Clara Dubois", "Clara Dubois"]);
    assert!(page.contains("name=\"duplicates\" value=\"1\" checked"));
    // With words, both must hold; the last search remembers it.
    let page = search(&browser, "q=twin&duplicates=1&in=private");
    assert_eq!(choices(&page).len(), 1);
    assert_eq!(choices(&browser.page("/search/last")).len(), 1);
    assert!(choices(&search(&browser, "q=petit&duplicates=1&in=private")).is_empty());
}

#[test]
fn contacts_that_were_not_verified_since_a_day_are_found() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let find = |since: &str| search(&browser, &format!("q=elodie&in=private&unverified={since}"));
    let found = |page: &str| page.contains("<mark>Élodie</mark> Vanbrabant");
    let form = search(&browser, "advanced=1");
    assert!(form.contains("Not verified since"), "{form}");
    assert!(found(&find("2026-03-01")), "never verified");
    // The day of the answer is what counts, not the day of the question.
    let answered = |answer: &str| {
        server.sql("DELETE FROM verification");
        server.sql(&format!(
            "INSERT INTO verification (person, item, collection, subject, address, language,
                 hidden, purpose, asked, letter, answer, answered)
             SELECT l.person, i.id, l.id, '', 'e@example.org', 'en', '[]', '', 1769904000000, 1,
                 {answer} FROM item i JOIN placement p ON p.item = i.id
             JOIN collection l ON l.id = p.collection WHERE i.display LIKE 'Élodie Vanbrabant%'"
        ));
    };
    // 15 March 2026.
    answered("'confirmed', 1773532800000");
    assert!(!found(&find("2026-03-01")));
    assert!(found(&find("2026-04-01")));
    // Who only declined to be asked has confirmed nothing; nor has who did not answer.
    answered("'declined', 1773532800000");
    assert!(found(&find("2026-03-01")));
    answered("NULL, NULL");
    assert!(found(&find("2026-03-01")));
    // The criterion is kept with the last search, and is one alone.
    answered("'corrected', 1773532800000");
    let page = search(&browser, "in=private&unverified=2026-03-01&tool=contacts");
    assert!(
        !page.contains("Vanbrabant") && page.contains("Martin"),
        "{page}"
    );
    assert!(
        page.contains("name=\"unverified\" value=\"2026-03-01\""),
        "{page}"
    );
}

#[test]
fn the_birthdays_are_those_of_the_servers_day() {
    // A zone where it is another day than in Greenwich.
    let now = chrono::Utc::now();
    let (zone, day) = if chrono::Timelike::hour(&now) < 11 {
        ("<-12>12", now.date_naive() - chrono::Days::new(1))
    } else {
        ("<+14>-14", now.date_naive() + chrono::Days::new(1))
    };
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = Program::serve_with(&data, &["http://127.0.0.1:0"], &["--demo"], |command| {
        command.env("TZ", zone).stderr(std::process::Stdio::null());
    });
    let address = program.address("http");
    let book = Book::of(&address, "bob");
    for (uid, name, born_on) in [
        ("y", "Yankee", day - chrono::Days::new(1)),
        ("z", "Zulu", day),
    ] {
        let card = String::from_utf8(born(uid, name, born_on)).expect("text");
        let stored = book.put(&format!("{uid}.vcf"), ("If-None-Match", "*"), &card);
        assert_eq!(stored.status, 201);
    }
    let page = Browser::of(&address, "bob").page("/search?in=private&within=0");
    assert!(page.contains("Zulu") && !page.contains("Yankee"), "{page}");
}
