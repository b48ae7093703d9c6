//! Documents are searched in their tool and in all tools, by words and by criteria.

use super::{HERE, TEAM, added, done, is_whole, option};
use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};

fn results(browser: &Browser, query: &str) -> Vec<String> {
    let page = browser.page(&format!("/search?{query}"));
    let mut found: Vec<String> = page
        .split("<a class=\"strong\" href=\"")
        .skip(1)
        .filter_map(|part| part.split("</a>").next()?.split_once('>'))
        .map(|(_, name)| name.replace("<mark>", "").replace("</mark>", ""))
        .collect();
    found.sort_unstable();
    found
}

#[test]
fn words_find_documents_in_their_tool_and_in_all() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let page = added(&alice, HERE, "Contrat Élodie.pdf", b"%PDF-1.4 x");
    added(&alice, TEAM, "minutes.txt", b"minutes of the meeting");
    added(&bob, HERE, "Contrat secret.pdf", b"%PDF-1.4 y");
    assert_eq!(results(&alice, "in=all&q=contrat"), ["Contrat Élodie.pdf"]);
    assert_eq!(
        results(&alice, "in=private&q=elodie&tool=documents"),
        ["Contrat Élodie.pdf"]
    );
    assert_eq!(
        results(&alice, "in=private&q=elodie&tool=contacts"),
        ["Élodie Vanbrabant"]
    );
    assert_eq!(
        results(&alice, "in=private&q=elodie"),
        ["Contrat Élodie.pdf", "Élodie Vanbrabant"]
    );
    // Within the environment it is started from.
    assert_eq!(results(&alice, "in=private&q=minutes").len(), 0);
    assert_eq!(results(&alice, "in=g%3ATeam&q=minutes"), ["minutes.txt"]);
    assert_eq!(
        results(&bob, "in=all&q=minutes&tool=documents"),
        ["minutes.txt"]
    );
    // What kind each is, where it leads, and what its type and description say.
    let found = alice.page("/search?in=all&q=contrat");
    assert!(
        found.contains("<span class=\"tag\">Document</span>"),
        "{found}"
    );
    assert!(found.contains(&format!("href=\"{page}\"")), "{found}");
    assert_eq!(
        results(&alice, "in=all&q=pdf&tool=documents"),
        ["Contrat Élodie.pdf"]
    );
    let version = hidden(&alice.page(&page), "version");
    let fields = [
        ("version", version.as_str()),
        ("name", "Contrat.pdf"),
        ("description", "Vacances à Hawaii"),
    ];
    done(&alice, &format!("{page}/details"), &fields);
    assert_eq!(results(&alice, "in=all&q=hawaii"), ["Contrat.pdf"]);
    assert_eq!(
        results(&alice, "in=private&q=elodie&tool=documents").len(),
        0,
        "the index follows"
    );
    // From the tool one searches the tool.
    let folder = alice.page(HERE);
    assert!(folder.contains("<input type=\"hidden\" name=\"tool\" value=\"documents\">"));
    assert!(folder.contains("placeholder=\"Search documents\""));
    assert!(!alice.page("/").contains("name=\"tool\""));
    let suggested = alice
        .get("/search/suggest?in=private&q=contr&tool=documents")
        .text();
    assert!(suggested.contains("Contrat.pdf"), "{suggested}");
    assert_eq!(
        alice
            .get("/search/suggest?in=private&q=contr&tool=contacts")
            .text(),
        "[]"
    );
    // Deleted, it is found no more.
    let version = hidden(&alice.page(&page), "version");
    done(&alice, &format!("{page}/delete"), &[("version", &version)]);
    assert_eq!(results(&alice, "in=all&q=hawaii").len(), 0);
}

#[test]
fn criteria_narrow_by_kind_size_folder_and_tag() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    added(&alice, HERE, "a.pdf", b"%PDF-1.4 x");
    added(
        &alice,
        HERE,
        "b.png",
        &[b"\x89PNG\r\n\x1a\n".as_slice(), &[0; 5000]].concat(),
    );
    let made = done(&alice, &format!("{HERE}/folders"), &[("name", "Photos")]);
    let folder = made.split('?').next().expect("a path").to_owned();
    added(&alice, &folder, "c.png", b"\x89PNG\r\n\x1a\n");
    let segment = folder.rsplit('/').next().expect("a segment");
    assert_eq!(results(&alice, "in=private&family=pdf"), ["a.pdf"]);
    assert_eq!(
        results(&alice, "in=private&family=image"),
        ["b.png", "c.png"]
    );
    assert_eq!(
        results(&alice, "in=private&family=image&larger=2"),
        ["b.png"]
    );
    assert_eq!(
        results(&alice, "in=private&tool=documents&smaller=2"),
        ["a.pdf", "c.png"]
    );
    assert_eq!(
        results(&alice, &format!("in=private&family=image&folder={segment}")),
        ["c.png"]
    );
    assert_eq!(
        results(&alice, "in=private&tool=documents&name=b"),
        ["b.png"]
    );
    // The last search is asked again with all of it.
    assert_eq!(
        results(&alice, "in=private&family=image&larger=2"),
        ["b.png"]
    );
    let last = alice.page("/search/last");
    assert!(last.contains("b.png") && !last.contains("c.png"), "{last}");
    assert!(last.contains("<option value=\"image\" selected>"));
}

#[test]
fn contacts_are_found_by_the_titles_of_documents_the_searcher_may_open() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let document = added(&alice, HERE, "Bail Roubaix Élysée.pdf", b"%PDF-1.4 x");
    let list = alice.page("/g/Team");
    let row = list.split("data-id=\"").nth(1).expect("a contact");
    let card = format!("/g/Team/c/{}", row.split('"').next().expect("an id"));
    let name = alice.page(&card);
    let name = name.split("<h1").nth(1).expect("a name");
    let name = name.split_once('>').expect("a name").1;
    let name = name.split('<').next().expect("a name").trim().to_owned();
    let first = name.split(' ').next().expect("a word");
    let first: String = first.bytes().map(|b| format!("%{b:02X}")).collect();
    let found = |browser: &Browser, words: &str| {
        results(browser, &format!("in=g%3ATeam&tool=contacts&q={words}"))
    };
    assert!(found(&alice, "bail").is_empty());
    let attach = alice.page(&format!("{card}/attach"));
    let number = hidden(&attach, "document");
    let attached = [("document", number.as_str())];
    done(&alice, &format!("{card}/attach"), &attached);

    // A word, a beginning, a phrase, with words of the contact, accents aside; never a part of it.
    let mixed = format!("bail%20{first}");
    for words in ["bail", "roub*", "%22bail%20roubaix%22", "elysee", &mixed] {
        assert_eq!(found(&alice, words), [name.as_str()], "{words}");
        assert!(found(&bob, words).is_empty(), "{words}: he cannot open it");
    }
    for words in ["%22roubaix%20bail%22", "bai", "bail%20nobody"] {
        assert!(found(&alice, words).is_empty(), "{words}");
    }
    let page = alice.page("/search?in=g%3ATeam&tool=contacts&q=roubaix%20elysee");
    let said =
        "<span class=\"tag\">Document</span> Bail <mark>Roubaix</mark> <mark>Élysée</mark>.pdf";
    assert!(page.contains(said), "{page}");
    let without = format!("{first}%20-bail");
    assert!(found(&alice, &without).is_empty(), "it is excluded too");
    assert_eq!(found(&bob, &without), [name.as_str()]);
    // Criteria on a part of the contact do not look at titles.
    let named = "in=g%3ATeam&tool=contacts&name=bail";
    assert!(results(&alice, named).is_empty());

    // That there is one is told to nobody else either.
    let with_one = "in=g%3ATeam&tool=contacts&document=1";
    assert_eq!(results(&alice, with_one), [name.as_str()]);
    assert!(results(&bob, with_one).is_empty());

    // The document's rights decide, at once.
    let share = alice.page(&format!("{document}/share"));
    let team = share.split("name=\"to\" value=\"").nth(1);
    let team = team.expect("a target").split('"').next().expect("a number");
    done(&alice, &format!("{document}/share/add"), &[("to", team)]);
    assert_eq!(found(&bob, "bail"), [name.as_str()]);
    assert_eq!(results(&bob, with_one), [name.as_str()]);
    let there = bob.card_named(TEAM, "Bail Roubaix Élysée.pdf");
    let there = there.expect("the document");
    let rename = |to: &str| {
        let version = hidden(&alice.page(&document), "version");
        let fields = [("version", version.as_str()), ("name", to)];
        done(&alice, &format!("{document}/details"), &fields);
    };
    rename("Contrat.pdf");
    assert!(found(&bob, "bail").is_empty(), "the index follows the name");
    assert_eq!(found(&bob, "contrat"), [name.as_str()]);
    // Into a folder of the same group: he still may.
    done(&alice, &format!("{TEAM}/folders"), &[("name", "Old")]);
    let old = option(&alice.page(&format!("{there}/share")), "Team · Old");
    let moved = done(&alice, &format!("{there}/share/move"), &[("to", &old)]);
    assert_eq!(found(&bob, "contrat"), [name.as_str()]);
    let moved = moved.split('?').next().expect("a path").to_owned();
    let version = hidden(&alice.page(&moved), "version");
    let told = done(&alice, &format!("{moved}/delete"), &[("version", &version)]);
    assert!(
        found(&bob, "contrat").is_empty(),
        "not his to open any more"
    );
    assert_eq!(found(&alice, "contrat"), [name.as_str()]);
    let undo = hidden(&alice.page(&told), "revisions");
    let folder = moved.split("/c/").next().expect("a folder");
    let fields = [("revisions", undo.as_str())];
    done(&alice, &format!("{folder}/trash/restore"), &fields);
    assert_eq!(found(&bob, "contrat"), [name.as_str()]);
    // An edit of the contact keeps it.
    alice.save(&format!("{card}/edit"), &[("note", "changed")], None);
    assert_eq!(found(&bob, "contrat"), [name.as_str()]);
    done(&alice, &format!("{card}/detach"), &attached);
    assert!(found(&alice, "contrat").is_empty() && found(&bob, "contrat").is_empty());
    done(&alice, &format!("{card}/attach"), &attached);
    is_whole(&server);

    // An index made anew finds the same.
    server.sql("INSERT OR REPLACE INTO meta VALUES ('derived', 'stale')");
    let server = Server::start_in(server.stop());
    let bob = Browser::of(&server.address, "bob");
    assert_eq!(found(&bob, "contrat"), [name.as_str()]);
    let carol = Browser::of(&server.address, "carol");
    assert_eq!(found(&carol, "contrat"), [name.as_str()]);
    is_whole(&server);
}

/// What the boxes of a page name.
fn ticks(page: &str) -> Vec<&str> {
    let boxes = page.split("name=\"id\" value=\"").skip(1);
    boxes.filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn documents_among_the_results_are_offered_what_documents_can() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    added(&alice, HERE, "Clara.txt", b"lease");
    let documents = alice.page("/search?q=clara&in=private&tool=documents");
    assert!(documents.contains("Selected documents"), "{documents}");
    assert!(documents.contains("formaction=\"/search/selected/copy\""));
    for what in ["export", "print", "merge"] {
        let button = format!("/search/selected/{what}");
        assert!(!documents.contains(&button), "{what}: {documents}");
    }
    // Beside contacts they are left out, and that is told.
    let both = alice.page("/search?q=clara&in=private");
    assert_eq!(ticks(&both).len(), 2, "{both}");
    let token = hidden(&both, "token");
    let post = |what: &str, ticked: &[&str]| {
        let mut fields = vec![("token", token.as_str())];
        fields.extend(ticked.iter().map(|id| ("id", *id)));
        alice.submit(&format!("/search/selected/{what}"), &fields)
    };
    for (what, shown) in [("export", "Export 1 contact<"), ("print", "Clara Dubois")] {
        let answer = post(what, &ticks(&both));
        let to = answer.header("location").expect("a page");
        assert!(to.starts_with(&format!("/c/private/{what}?id=")), "{to}");
        let page = alice.page(to);
        assert!(page.contains("1 document is left out"), "{what}: {page}");
        assert!(page.contains(shown), "{what}: {page}");
    }
    for what in ["export", "print", "merge"] {
        let refused = post(what, &ticks(&documents));
        assert_eq!(refused.status, 422, "{what}");
        assert!(refused.text().contains("Only contacts are printed"));
    }
    is_whole(&server);
}
