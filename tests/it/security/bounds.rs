//! What one account can pile up: tags, versions, sessions, groups, invitations, memory.

use std::{io::Write as _, net::TcpStream, sync::Arc};

use carnet::domain::{
    actor::{Actor, Client},
    batch::Op,
    credential::CredentialOp,
    error::Error,
    id::Timestamp,
    rule::Rule,
    tag,
};

use crate::support::{
    browser::{Browser, MULTIPART, hidden},
    dav::Book,
    http::read_answer,
    program::Program,
    server::Server,
};

const NEW: (&str, &str) = ("If-None-Match", "*");

fn actor(server: &Server, login: &str) -> Arc<Actor> {
    let person = server.person(login);
    let actor = server.core().actor(person, Client::default());
    let actor = server.runtime.block_on(actor);
    Arc::new(actor.expect("an actor"))
}

fn card(uid: &str, lines: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{uid};;;;\r\nFN:{uid}\r\n{lines}END:VCARD\r\n"
    )
}

#[test]
fn a_card_with_very_many_categories_is_stored_and_makes_few_tags() {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let names = |letter: char, number: usize| {
        let names = (0..number).map(|n| format!("{letter}{n}"));
        names.collect::<Vec<_>>().join(",")
    };
    let many = card("z0", &format!("CATEGORIES:{}\r\n", names('e', 250_000)));
    assert_eq!(book.put("z0.vcf", NEW, &many).status, 201);
    let more = card("z1", &format!("CATEGORIES:{}\r\n", names('f', 500)));
    assert_eq!(book.put("z1.vcf", NEW, &more).status, 201);
    for (name, sent) in [("z0.vcf", &many), ("z1.vcf", &more)] {
        let read = book.send("GET", &format!("{}{name}", book.path), &[], b"");
        let read = read.text().replace("\r\n ", "");
        assert_eq!(read.matches(',').count(), sent.matches(',').count());
    }
    let alice = server.person("alice");
    let tags = server.runtime.block_on(server.store().tags(alice));
    assert_eq!(tags.expect("a read").len(), tag::MOST);
    let alice = actor(&server, "alice");
    let made = server.runtime.block_on(async {
        server
            .core()
            .create_tag(&alice, "one more", "#123456")
            .await
    });
    assert_eq!(made, Err(Error::Invalid(Rule::Tags(tag::MOST))));
    let browser = Browser::of(&server.address, "alice");
    let token = hidden(&browser.page("/tags"), "token");
    let fields = [
        ("token", &*token),
        ("name", "One more"),
        ("colour", "#123456"),
    ];
    let told = browser.submit("/tags", &fields);
    assert_eq!(told.status, 422);
    assert!(told.text().contains("1000"), "{}", told.text());
    server.check();
}

#[test]
fn a_long_tag_that_a_card_made_comes_back_by_undo() {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let long = "x".repeat(tag::LONGEST);
    let sent = card("long", &format!("CATEGORIES:{long}\r\n"));
    assert_eq!(book.put("long.vcf", NEW, &sent).status, 201);
    let alice = actor(&server, "alice");
    let core = server.core();
    server.runtime.block_on(async {
        let tags = core.tags(&alice).await.expect("a read");
        let undo = core.delete_tag(&alice, tags[0].id).await.expect("deleted");
        assert!(core.tags(&alice).await.expect("a read").is_empty());
        core.undo(&alice, &undo).await.expect("undone");
        let tags = core.tags(&alice).await.expect("a read");
        assert_eq!((&tags[0].name, tags[0].count), (&long, 1));
    });
    server.check();
}

#[test]
fn a_history_is_shown_page_by_page_and_large_values_are_cut() {
    let server = Server::start();
    let book = Book::of(&server.address, "alice");
    let note = |n: usize| {
        card(
            "Past",
            &format!("NOTE:version {n} {}\r\n", "x".repeat(100_000)),
        )
    };
    assert_eq!(book.put("past.vcf", NEW, &note(0)).status, 201);
    for n in 1..25 {
        assert_eq!(
            book.put("past.vcf", ("If-Match", "*"), &note(n)).status,
            204
        );
    }
    let browser = Browser::of(&server.address, "alice");
    let page = browser.card_named("/c/private", "Past").expect("the card");
    let restores = |text: &str| text.matches("/history/restore\"").count();
    let newest = browser.page(&format!("{page}/history"));
    assert_eq!(restores(&newest), 20);
    assert!(newest.len() < 200_000, "{}", newest.len());
    assert!(newest.contains("version 24 ") && !newest.contains("version 3 "));
    assert!(newest.contains("/history?from=20\"") && !newest.contains("rel=\"prev\""));
    let oldest = browser.page(&format!("{page}/history?from=20"));
    assert_eq!(restores(&oldest), 4);
    assert!(oldest.contains("version 0 ") && !oldest.contains("rel=\"next\""));
    assert!(oldest.contains("/history?from=0\""));
    // A version of the second page comes back whole.
    let first = oldest.rfind("name=\"revision\"").expect("a version");
    let revision = hidden(&oldest[first - 30..], "revision");
    let token = hidden(&oldest, "token");
    let fields = [("token", token.as_str()), ("revision", revision.as_str())];
    let restored = browser.submit(&format!("{page}/history/restore"), &fields);
    assert_eq!(restored.status, 303, "{}", restored.text());
    let read = book.send("GET", &format!("{}past.vcf", book.path), &[], b"");
    assert_eq!(read.text().replace("\r\n ", "").len(), note(0).len());
    assert!(read.text().contains("version 0 "));
}

#[test]
fn a_person_has_a_bounded_number_of_sessions() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let bob = Browser::of(&server.address, "bob");
    let person = server.person("alice");
    for n in 0..120 {
        server.commit(Op::Credential(CredentialOp::AddSession {
            token: format!("digest {n}"),
            person,
            expires: Timestamp::now().plus_days(14),
            browser: String::new(),
            address: String::new(),
        }));
    }
    let owner = actor(&server, "alice");
    let held = server
        .runtime
        .block_on(async { server.core().sessions(&owner).await.expect("a read") });
    assert_eq!(held.len(), 100);
    assert!(held.iter().any(|session| session.token == "digest 119"));
    assert_eq!(alice.get("/c/private").status, 303, "the oldest one ended");
    assert_eq!(bob.get("/c/private").status, 200);
}

#[test]
fn invitations_and_groups_of_one_person_are_bounded() {
    let server = Server::start();
    let (alice, carol) = (actor(&server, "alice"), actor(&server, "carol"));
    server.runtime.block_on(async {
        let core = server.core();
        let team = core.group(&alice, "Team").await.expect("Team");
        let long = format!("{}@example.org", "x".repeat(900_000));
        for address in [long.as_str(), "x@", "@x", "a b@example.org"] {
            let refused = team.invite(address).await;
            let Err(Error::Invalid(Rule::Address(told))) = refused else {
                panic!("{refused:?}");
            };
            assert!(told.len() < 300);
        }
        for n in 0..100 {
            let invited = team.invite(&format!("guest{n}@example.org")).await;
            assert!(invited.is_ok(), "{invited:?}");
        }
        let refused = team.invite("late@example.org").await;
        assert_eq!(refused, Err(Error::Invalid(Rule::Invitations(100))));
        let open = team.invitations().await.expect("a list");
        team.withdraw_invitation(&open[0].token)
            .await
            .expect("withdrawn");
        assert!(team.invite("late@example.org").await.is_ok());

        let mut founded = 0;
        let refused = loop {
            match core.found_group(&carol, &format!("G{founded}"), "").await {
                Ok(_) => founded += 1,
                Err(error) => break error,
            }
            assert!(founded <= 100);
        };
        assert_eq!(refused, Error::Invalid(Rule::Groups(100)));
    });
}

/// A field of the import form that is no file, before any token (Linux).
#[test]
fn a_field_of_the_import_form_is_not_held_in_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(folder.path(), &["http://127.0.0.1:0"], &["--demo"]);
    let address = program.address("http");
    let alice = Browser::of(&address, "alice");
    let cookie = alice.cookie.clone().expect("a session");
    let field = "--frontier\r\nContent-Disposition: form-data; name=\"zzz\"\r\n\r\n";
    let end = "\r\n--frontier--\r\n";
    let octets = 300_000_000;
    let length = field.len() + octets + end.len();
    let before = program.memory();
    let mut stream = TcpStream::connect(&address).expect("connected");
    write!(
        stream,
        "POST /c/private/import HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\n\
         Content-Length: {length}\r\nContent-Type: {MULTIPART}\r\n\r\n{field}"
    )
    .expect("sent");
    let chunk = vec![b'x'; 1_000_000];
    for _ in 0..octets / chunk.len() {
        stream.write_all(&chunk).expect("sent");
    }
    let during = program.memory();
    stream.write_all(end.as_bytes()).expect("sent");
    assert_eq!(read_answer(&mut stream).status, 403);
    let grown = during.saturating_sub(before) / 1_000_000;
    assert!(grown < 100, "{grown} MB");
}

#[test]
fn a_form_takes_no_more_memory_than_it_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(
        &folder.path().join("data"),
        &["http://127.0.0.1:0"],
        &["--demo"],
    );
    let address = program.address("http");
    let browser = Browser::of(&address, "alice");
    let before = program.memory();
    // Pictures that come from no page of this server.
    let picture = vec![b'x'; 48 << 20];
    let most = std::sync::atomic::AtomicU64::new(0);
    std::thread::scope(|scope| {
        let sent: Vec<_> = ["/c/private/new", "/settings/account/card"]
            .iter()
            .flat_map(|form| [form; 2])
            .map(|form| {
                scope.spawn(|| {
                    let fields = [("given".to_owned(), "X".to_owned())];
                    browser.send(form, &fields, Some(&picture)).status
                })
            })
            .collect();
        while sent.iter().any(|sent| !sent.is_finished()) {
            most.fetch_max(program.memory(), std::sync::atomic::Ordering::Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        for sent in sent {
            assert!(matches!(sent.join(), Ok(403 | 422)));
        }
    });
    let grown = most.into_inner().saturating_sub(before) >> 20;
    assert!(grown < 96, "{grown} MiB");
    // Forms without files, and names of fields.
    let long = "x".repeat(2 << 20);
    assert_eq!(browser.submit("/logout", &[("token", &long)]).status, 413);
    let mut fields = browser.filled("/c/private/new", &[("given", "Named")]);
    fields.extend((0..20).map(|at| (format!("{at}{}", "n".repeat(1 << 19)), String::new())));
    assert_eq!(browser.send("/c/private/new", &fields, None).status, 413);
    assert!(browser.card_named("/c/private", "Named").is_none());
}
