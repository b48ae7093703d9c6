//! What others did for a person is told on the home page until it is read.

use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};

/// Posts a form that is obeyed.
#[track_caller]
fn done(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> String {
    let token = hidden(&browser.page("/settings/notifications"), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend_from_slice(fields);
    let answer = browser.submit(path, &all);
    assert_eq!(answer.status, 303, "{path}: {}", answer.text());
    answer.header("location").expect("a page").to_owned()
}

/// A person with a browser who has read everything so far.
fn reader(server: &Server, login: &str) -> Browser {
    let browser = Browser::of(&server.address, login);
    done(&browser, "/notices/read", &[("notice", "0")]);
    let home = browser.page("/");
    assert!(!home.contains("id=\"news\"") && !home.contains("/#news"));
    browser
}

/// The number of the news that says something.
#[track_caller]
fn number(home: &str, sentence: &str) -> String {
    let at = home.find(sentence);
    let at = at.unwrap_or_else(|| panic!("{sentence}: {home}"));
    let value = home[at..].split("name=\"notice\" value=\"").nth(1);
    let value = value.and_then(|value| value.split('"').next());
    value.expect("a button").to_owned()
}

#[test]
fn what_is_shared_and_granted_is_told_on_the_home_page_until_it_is_read() {
    let server = Server::start();
    let alice = reader(&server, "alice");
    let bob = reader(&server, "bob");
    let mut carol = reader(&server, "carol");
    carol.language = "fr";

    server.share("alice", "Petit", "Team");
    let home = bob.page("/");
    assert!(home.contains("<h2 id=\"news-title\">News</h2>"), "{home}");
    let shared = "Alice Martin shared Anaïs Petit with Team.";
    assert!(home.contains(shared), "{home}");
    let card = bob.card_named("/g/Team", "Anaïs Petit").expect("the card");
    assert!(home.contains(&format!("href=\"{card}\"")), "{home}");
    // Every page says how much waits; nobody is told of their own doings.
    assert!(
        bob.page("/groups")
            .contains("href=\"/#news\" title=\"News: 1\" aria-label=\"News: 1\">")
    );
    assert!(!alice.page("/").contains("id=\"news\""));
    let home = carol.page("/");
    for words in [
        "Alice Martin a partagé Anaïs Petit avec Team.",
        "Nouveautés : 1",
        ">Ouvrir</a>",
        ">Lu</button>",
    ] {
        assert!(home.contains(words), "{words}: {home}");
    }

    // More by the same person is one line, counted, that leads to the list.
    let private = alice.page("/c/private");
    let ids: Vec<&str> = private
        .split("data-id=\"")
        .skip(1)
        .filter_map(|row| row.split('"').next())
        .collect();
    let end = private.find(">Team</option>").expect("Team");
    let start = private[..end].rfind("value=\"").expect("a value") + 7;
    let team = private[start..end].split('"').next().expect("a number");
    let mut fields: Vec<(&str, &str)> = ids.iter().map(|id| ("id", *id)).collect();
    fields.push(("to", team));
    done(&alice, "/c/private/selected/share", &fields);
    let home = bob.page("/");
    assert!(!home.contains(shared), "{home}");
    let many = home.split("Alice Martin shared ").nth(1).expect("a line");
    let many: usize = many
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number");
    assert!(many > 2 && many <= ids.len(), "{many} of {}", ids.len());
    assert!(home.contains("items with Team.") && home.contains("href=\"/g/Team\" aria-label"));

    // A document, into the folder of a group.
    let token = hidden(&alice.page("/d/private/documents"), "token");
    let files: [(&str, &[u8]); 1] = [("plan.txt", b"plan")];
    let fields = [("token", token.as_str())];
    let sent = alice.upload("/d/private/documents/upload", &fields, &files);
    assert_eq!(sent.status, 303);
    let plan = alice.card_named("/d/private/documents", "plan.txt");
    let plan = plan.expect("the document");
    let share = alice.page(&format!("{plan}/share"));
    let folder = share.split("name=\"to\" value=\"").nth(1);
    let folder = folder.and_then(|folder| folder.split('"').next());
    let fields = [("to", folder.expect("a folder"))];
    done(&alice, &format!("{plan}/share/add"), &fields);
    let shared = "Alice Martin shared plan.txt with Team · Documents.";
    let home = bob.page("/");
    let notice = number(&home, shared);
    let there = bob.card_named("/d/g/Team/documents", "plan.txt");
    let there = there.expect("the document");
    assert!(home.contains(&format!("href=\"{there}\"")), "{home}");
    assert!(
        carol
            .page("/")
            .contains("a partagé plan.txt avec Team · Documents.")
    );

    // *Modify* to one member.
    let group = hidden(&alice.page(&format!("{plan}/rights")), "group");
    let grantee = server.person("bob").0.to_string();
    let fields = [("group", group.as_str()), ("grantee", grantee.as_str())];
    done(&alice, &format!("{plan}/rights/grant"), &fields);
    let granted = "Alice Martin lets you modify plan.txt in Team · Documents.";
    assert!(bob.page("/").contains(granted));
    assert!(!carol.page("/").contains("permet de modifier"));

    // Somebody else's is not there to be read; one is read, the others stay; all are.
    done(&carol, "/notices/read", &[("notice", &notice)]);
    assert!(bob.page("/").contains(shared));
    done(&bob, "/notices/read", &[("notice", &notice)]);
    let home = bob.page("/");
    assert!(!home.contains(shared) && home.contains(granted));
    assert!(home.contains("News: 2"), "{home}");

    // What is not there any more leads nowhere.
    let version = hidden(&alice.page(&there), "version");
    done(&alice, &format!("{there}/delete"), &[("version", &version)]);
    let home = bob.page("/");
    assert!(home.contains(granted) && !home.contains(&format!("href=\"{there}\"")));
    assert_eq!(
        bob.submit("/notices/read", &[("notice", "0")]).status,
        403,
        "without a token nothing is read"
    );
    done(&bob, "/notices/read", &[("notice", "0")]);
    assert!(!bob.page("/").contains("id=\"news\""));
    server.check();
}

#[test]
fn who_is_made_a_member_and_who_runs_the_group_are_told() {
    let server = Server::start();
    let alice = reader(&server, "alice");
    let bob = reader(&server, "bob");
    let carol = reader(&server, "carol");
    done(&alice, "/groups", &[("name", "Board"), ("shown", "Board")]);
    assert!(!alice.page("/").contains("id=\"news\""), "her own doing");
    let add = "/g/Board/members/add";
    done(&alice, add, &[("login", "bob")]);
    let home = bob.page("/");
    assert!(
        home.contains("Alice Martin made you a member of Board."),
        "{home}"
    );
    assert!(home.contains("href=\"/g/Board\""), "{home}");
    let person = server.person("bob").0.to_string();
    let fields = [("person", person.as_str()), ("role", "co-admin")];
    done(&alice, "/g/Board/members/role", &fields);
    done(&alice, add, &[("login", "carol")]);
    let home = bob.page("/");
    assert!(
        home.contains("Carol Nguyen is a member of Board now."),
        "{home}"
    );
    assert!(home.contains("href=\"/g/Board/members\""), "{home}");
    assert!(!alice.page("/").contains("id=\"news\""), "her own doing");
    // Out of the group, its name is not told any more.
    let person = server.person("carol").0.to_string();
    let fields = [("person", person.as_str())];
    done(&bob, "/g/Board/members/remove", &fields);
    let home = carol.page("/");
    assert!(home.contains("made you a member of"), "{home}");
    assert!(!home.contains("Board"), "{home}");
    server.check();
}

#[test]
fn news_that_nobody_reads_are_bounded() {
    let server = Server::start();
    let bob = reader(&server, "bob");
    server.sql(&format!(
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100)
         INSERT INTO notice (person, kind, at, client, collection, since, number, subject)
         SELECT {}, 'shared', n, 'Somebody ' || n, NULL, n, 1, 'Something' FROM n",
        server.person("bob")
    ));
    let home = bob.page("/");
    assert!(home.contains("News: 30"), "{home}");
    assert!(home.contains("Somebody 100 ") && !home.contains("Somebody 70 "));
}
