//! Documents are searched in their tool and in all tools, by words and by criteria.

use super::{HERE, TEAM, added, done};
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
