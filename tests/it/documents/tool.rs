//! What a person does in the tool: folders, upload, details, download, versions, trash.

use super::{HERE, TEAM, added, done, is_whole, option, post, upload};
use crate::support::{
    browser::{Browser, hidden},
    server::Server,
};

#[test]
fn a_document_is_uploaded_shown_downloaded_and_replaced() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bar = alice.page("/");
    assert!(
        bar.contains("<a href=\"/documents\">Documents</a>"),
        "{bar}"
    );
    assert_eq!(alice.get("/documents").header("location"), Some(HERE));
    // Larger than one chunk, and not of its size.
    let octets: Vec<u8> = (0..700_001u32).map(|n| (n % 251) as u8).collect();
    let page = added(&alice, HERE, "CV Élodie.pdf", &octets);
    let details = alice.page(&page);
    assert!(details.contains("<h1>CV Élodie.pdf</h1>"), "{details}");
    assert!(details.contains("683.5 KB"), "{details}");
    let file = alice.get(&format!("{page}/file"));
    assert_eq!(file.status, 200);
    assert_eq!(file.body, octets);
    assert_eq!(file.header("content-length"), Some("700001"));
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"CV _lodie.pdf\"; filename*=UTF-8''CV%20%C3%89lodie.pdf")
    );
    assert_eq!(file.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(
        file.header("content-security-policy"),
        Some("default-src 'none'; sandbox")
    );
    // A new version, made on the page as it was; the former one stays.
    let token = hidden(&details, "token");
    let version = hidden(&details, "version");
    let fields = [("token", token.as_str()), ("version", version.as_str())];
    let answer = alice.upload(
        &format!("{page}/version"),
        &fields,
        &[("b.pdf", b"%PDF-1.7 two")],
    );
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert_eq!(alice.get(&format!("{page}/file")).body, b"%PDF-1.7 two");
    let history = alice.page(&format!("{page}/history"));
    let end = history.find("/file\"").expect("a version") + 5;
    let link = &history[history[..end].rfind('"').expect("a link") + 1..end];
    assert_eq!(alice.get(link).body, octets);
    let revision = hidden(&history, "revision");
    done(
        &alice,
        &format!("{page}/history/restore"),
        &[("revision", &revision)],
    );
    assert_eq!(alice.get(&format!("{page}/file")).body, octets);
    // Another name, a description.
    let version = hidden(&alice.page(&page), "version");
    let fields = [
        ("version", version.as_str()),
        ("name", "../plan\u{202E}.pdf"),
        ("description", "For the jury"),
    ];
    done(&alice, &format!("{page}/details"), &fields);
    let details = alice.page(&page);
    assert!(
        details.contains("<h1>-plan.pdf</h1>") && details.contains("For the jury"),
        "{details}"
    );
    is_whole(&server);
}

#[test]
fn several_files_come_at_once_or_not_at_all() {
    let server = Server::start_with(|config| config.max_upload = 1000);
    let alice = Browser::of(&server.address, "alice");
    let answer = upload(
        &alice,
        HERE,
        &[("a.txt", b"one"), ("b.txt", b""), ("c.txt", b"one")],
    );
    assert_eq!(answer.status, 303, "{}", answer.text());
    let list = alice.page(HERE);
    for name in ["a.txt", "b.txt", "c.txt", "3 documents"] {
        assert!(list.contains(name), "{name}");
    }
    let large = vec![b'x'; 1001];
    let answer = upload(
        &alice,
        HERE,
        &[("d.txt", b"four"), ("e.txt", &large), ("f.txt", b"six")],
    );
    assert_eq!(answer.status, 413);
    assert!(
        answer
            .text()
            .contains("The file is larger than 1000 bytes. Nothing was stored.")
    );
    assert!(alice.page(HERE).contains("3 documents"));
    let answer = upload(&alice, HERE, &[]);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("Choose a file first"));
    is_whole(&server);
}

#[test]
fn folders_are_made_renamed_deleted_and_come_back_with_their_documents() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let made = done(&alice, &format!("{HERE}/folders"), &[("name", "Contracts")]);
    let folder = made.split('?').next().expect("a path").to_owned();
    assert!(folder.starts_with("/d/private/") && folder != HERE);
    let twice = post(&alice, &format!("{HERE}/folders"), &[("name", "CONTRACTS")]);
    assert_eq!(twice.status, 409);
    assert!(
        twice
            .text()
            .contains("There is a folder of that name here already")
    );
    assert_eq!(
        post(&alice, &format!("{HERE}/folders"), &[("name", " ")]).status,
        422
    );
    let page = added(&alice, &folder, "lease.txt", b"signed");
    done(&alice, &format!("{folder}/rename"), &[("name", "Leases")]);
    assert!(alice.page(HERE).contains(&format!(
        "<a href=\"{folder}\">Leases <span class=\"number\">1</span></a>"
    )));
    // The default folder stays what it is.
    assert_eq!(
        post(&alice, &format!("{HERE}/rename"), &[("name", "x")]).status,
        403
    );
    assert_eq!(post(&alice, &format!("{HERE}/delete"), &[]).status, 403);
    let next = done(&alice, &format!("{folder}/delete"), &[]);
    assert!(next.starts_with(HERE), "{next}");
    assert_eq!(alice.get(&page).status, 404);
    let list = alice.page(HERE);
    assert!(
        list.contains("Deleted folders") && list.contains("Leases"),
        "{list}"
    );
    assert!(alice.page(&format!("{folder}/trash")).contains("lease.txt"));
    done(&alice, &format!("{folder}/restore"), &[]);
    let page = alice
        .card_named(&folder, "lease.txt")
        .expect("the document is back");
    assert_eq!(alice.get(&format!("{page}/file")).body, b"signed");
    is_whole(&server);
}

#[test]
fn documents_are_sorted_narrowed_tagged_and_deleted_with_undo() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    added(&alice, HERE, "b.txt", b"bb");
    added(&alice, HERE, "a.pdf", b"%PDF-1.4 aaaaaa");
    added(&alice, HERE, "c.png", b"\x89PNG\r\n\x1a\n....");
    let order = |query: &str| {
        let page = alice.page(&format!("{HERE}{query}"));
        let body = page.split("<tbody>").nth(1).expect("rows").to_owned();
        let mut at: Vec<(usize, &str)> = ["a.pdf", "b.txt", "c.png"]
            .into_iter()
            .filter_map(|name| Some((body.find(&format!(">{name}</a>"))?, name)))
            .collect();
        at.sort_unstable();
        at.into_iter()
            .map(|(_, name)| name)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let page = alice.page(HERE);
    assert!(page.contains("Select all documents shown"), "{page}");
    assert_eq!(order(""), "a.pdf b.txt c.png");
    assert_eq!(order("?sort=size"), "a.pdf c.png b.txt");
    assert_eq!(order("?sort=kind"), "c.png a.pdf b.txt");
    assert_eq!(order("?sort=modified"), "c.png a.pdf b.txt");
    // The largest and the last changed come first, and the heading says so.
    for (sort, column) in [
        ("size", "aria-sort=\"descending\">Size"),
        ("modified", "aria-sort=\"descending\">Modified"),
        ("kind", "aria-sort=\"ascending\">Kind"),
    ] {
        let page = alice.page(&format!("{HERE}?sort={sort}"));
        assert!(page.contains(column), "{page}");
    }
    assert_eq!(order("?show=pdf"), "a.pdf");
    assert_eq!(order("?q=png"), "c.png");
    done(
        &alice,
        "/tags",
        &[("name", "Urgent"), ("colour", "#aa0000")],
    );
    let list = alice.page(HERE);
    let tag = list.split("data-tag=\"").nth(1).expect("a tag");
    let tag = tag.split('"').next().expect("a number").to_owned();
    let id = list.split("data-id=\"").nth(1).expect("a row");
    let id = id.split('"').next().expect("an id").to_owned();
    done(
        &alice,
        &format!("{HERE}/selected/tag"),
        &[("id", &id), ("tag", &tag)],
    );
    assert_eq!(order(&format!("?tag={tag}")), "a.pdf");
    let told = done(&alice, &format!("{HERE}/selected/delete"), &[("id", &id)]);
    let page = alice.page(&told);
    let undo = hidden(&page, "revisions");
    assert!(!undo.is_empty(), "{page}");
    assert_eq!(order(""), "b.txt c.png");
    assert!(alice.page(&format!("{HERE}/trash")).contains("a.pdf"));
    done(
        &alice,
        &format!("{HERE}/trash/restore"),
        &[("revisions", &undo), ("undo", "1")],
    );
    assert_eq!(
        order(&format!("?tag={tag}")),
        "a.pdf",
        "the tag came back with it"
    );
    is_whole(&server);
}

#[test]
fn a_document_is_shared_moved_and_copied() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let page = added(&alice, HERE, "plan.txt", b"v1");
    let share = alice.page(&format!("{page}/share"));
    let team = share
        .split("name=\"to\" value=\"")
        .nth(1)
        .expect("a target");
    let team = team.split('"').next().expect("a number");
    done(&alice, &format!("{page}/share/add"), &[("to", team)]);
    let there = bob.card_named(TEAM, "plan.txt").expect("bob sees it");
    assert_eq!(bob.get(&format!("{there}/file")).body, b"v1");
    assert!(
        bob.page(&there)
            .contains("Only Alice Martin and those they allow")
    );
    // One datum: an edit in either place is seen in both.
    let version = hidden(&alice.page(&page), "version");
    done(
        &alice,
        &format!("{page}/details"),
        &[("version", &version), ("name", "plan2.txt")],
    );
    assert!(bob.page(&there).contains("<h1>plan2.txt</h1>"));
    // Into a folder made on the way.
    let into = option(&alice.page(&format!("{page}/share")), "Team");
    done(
        &alice,
        &format!("{page}/share/folder"),
        &[("to", &into), ("name", "Board")],
    );
    let list = bob.page(TEAM);
    let board = list
        .split("<a href=\"/d/g/Team/")
        .find(|part| part.contains(">Board <"));
    let board = format!(
        "/d/g/Team/{}",
        board
            .expect("the folder")
            .split('"')
            .next()
            .expect("a segment")
    );
    assert!(bob.card_named(&board, "plan2.txt").is_some());
    // Bob takes a copy: another document of his own.
    done(&bob, &format!("{there}/copy"), &[]);
    let copy = bob.card_named(HERE, "plan2.txt").expect("a copy");
    assert_eq!(bob.get(&format!("{copy}/file")).body, b"v1");
    // Moved: it leaves Private.
    done(&alice, &format!("{HERE}/folders"), &[("name", "Old")]);
    let share = alice.page(&format!("{page}/share"));
    let (team, own) = (share.find(">Team · Board<"), share.find(">Private · Old<"));
    assert!(team.is_some() && team < own, "groups come first: {share}");
    let old = option(&share, "Private · Old");
    let at = done(&alice, &format!("{page}/share/move"), &[("to", &old)]);
    assert!(alice.card_named(HERE, "plan2.txt").is_none());
    assert_eq!(alice.get(at.split('?').next().expect("a path")).status, 200);
    assert!(bob.card_named(TEAM, "plan2.txt").is_some());
    is_whole(&server);
}

#[test]
fn a_copy_is_beside_its_document_and_said_to_be_one() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let page = added(&alice, HERE, "plan.txt", b"v1");
    let at = done(&alice, &format!("{page}/copy"), &[]);
    let copy = at.split('?').next().expect("a path");
    assert_ne!(copy, page);
    assert_eq!(alice.get(&format!("{copy}/file")).body, b"v1");
    assert_eq!(alice.page(HERE).matches(">plan.txt</a>").count(), 2);
    let undo = hidden(&alice.page(&at), "kept");
    done(&alice, "/undo", &[("kept", &undo)]);
    assert_eq!(alice.page(HERE).matches(">plan.txt</a>").count(), 1);
    assert_eq!(alice.get(&page).status, 200);
    // Into a new folder: groups are offered first, and what is a copy is not called shared.
    let share = alice.page(&format!("{page}/share"));
    let offered = share.split("<select id=\"into\"").nth(1).expect("places");
    let (team, own) = (offered.find(">Team<"), offered.find(">Private<"));
    assert!(team.is_some() && team < own, "{offered}");
    let ours = added(&alice, TEAM, "ours.txt", b"ours");
    let into = option(
        &bob.page(&format!("{page}/share").replace(&page, &added(&bob, HERE, "b.txt", b"b"))),
        "Private",
    );
    let told = done(
        &bob,
        &format!("{ours}/share/folder"),
        &[("to", &into), ("name", "Mine")],
    );
    let told = bob.page(&told);
    assert!(
        told.contains("A copy was put into Private · Mine."),
        "{told}"
    );
    is_whole(&server);
}

#[test]
fn the_side_of_documents_leads_to_the_last_search_and_changes_tags() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    added(&alice, HERE, "a.txt", b"a");
    let fields = [("name", "Urgent"), ("colour", "#aa0000")];
    done(&alice, "/tags", &fields);
    let list = alice.page(HERE);
    assert!(!list.contains("/search/last"));
    assert!(list.contains("Selected documents") && !list.contains("Selected contacts"));
    assert!(list.contains("<summary>New folder</summary>"));
    let tag = list.split("data-tag=\"").nth(1).expect("a tag");
    let tag = tag.split('"').next().expect("a number").to_owned();
    assert!(
        list.contains(&format!("href=\"/tags#tag-{tag}\"")),
        "{list}"
    );
    alice.page("/search?q=nothing&tool=documents&in=private");
    assert!(alice.page(HERE).contains("href=\"/search/last\""));
    let id = list.split("data-id=\"").nth(1).expect("a row");
    let id = id.split('"').next().expect("an id").to_owned();
    let fields = [("id", id.as_str()), ("tag", &tag)];
    let told = alice.page(&done(&alice, &format!("{HERE}/selected/tag"), &fields));
    assert!(told.contains("Tags changed on 1 document."), "{told}");
    assert!(
        alice
            .page(&format!("{HERE}?q=zzz"))
            .contains("No document matches.")
    );
    assert!(alice.page("/tags").contains("Contacts and documents"));
}

#[test]
fn what_a_stale_page_of_a_document_sends_is_kept() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let page = added(&alice, HERE, "plan.txt", b"one");
    let version = hidden(&alice.page(&page), "version");
    let details = |name, description| {
        let fields = [
            ("version", version.as_str()),
            ("name", name),
            ("description", description),
        ];
        post(&alice, &format!("{page}/details"), &fields)
    };
    assert_eq!(details("first.txt", "of the first").status, 303);
    let stale = details("second.txt", "of the second");
    assert_eq!(stale.status, 409);
    let told = stale.text();
    for shown in [
        "<h1>first.txt</h1>",
        "value=\"second.txt\"",
        "\nof the second</textarea>",
        "still in the form",
    ] {
        assert!(told.contains(shown), "{shown}: {told}");
    }
    // It can be sent again from there.
    let version = hidden(&told, "version");
    let fields = [("version", version.as_str()), ("name", "second.txt")];
    done(&alice, &format!("{page}/details"), &fields);

    let token = hidden(&alice.page(&page), "token");
    let version = hidden(&alice.page(&page), "version");
    let fields = [("token", token.as_str()), ("version", version.as_str())];
    let replace = |octets: &[u8]| {
        let files = [("b.txt", octets)];
        alice.upload(&format!("{page}/version"), &fields, &files)
    };
    assert_eq!(replace(b"two").status, 303);
    let late = replace(b"three");
    assert_eq!(late.status, 409);
    assert!(late.text().contains("is in the history"), "{}", late.text());
    assert_eq!(alice.get(&format!("{page}/file")).body, b"two");
    let history = alice.page(&format!("{page}/history"));
    let mut pieces: Vec<&str> = history.split("/file\"").collect();
    pieces.pop();
    let links = pieces.iter().filter_map(|before| before.rsplit('"').next());
    let kept = links.map(|link| alice.get(&format!("{link}/file")).body);
    let kept: Vec<Vec<u8>> = kept.collect();
    assert!(kept.contains(&b"three".to_vec()), "{kept:?} {history}");
    assert!(kept.contains(&b"one".to_vec()), "{kept:?}");
    is_whole(&server);
}

#[test]
fn a_name_with_a_slash_is_kept_whole() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let page = added(&alice, HERE, "plan.txt", b"one");
    let version = hidden(&alice.page(&page), "version");
    let fields = [
        ("version", version.as_str()),
        ("name", "Contract 2025/2026.txt"),
    ];
    done(&alice, &format!("{page}/details"), &fields);
    assert!(
        alice
            .page(&page)
            .contains("<h1>Contract 2025-2026.txt</h1>")
    );
    let version = hidden(&alice.page(&page), "version");
    let long = "x".repeat(201);
    let fields = [("version", version.as_str()), ("name", long.as_str())];
    let refused = post(&alice, &format!("{page}/details"), &fields);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains(&long));
}

#[test]
fn a_folder_name_that_is_refused_stays_in_its_form() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let long = "f".repeat(150);
    let refused = post(&alice, &format!("{HERE}/folders"), &[("name", &long)]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains(&format!("value=\"{long}\"")));
}
