//! Outgoing mail: a queue that loses nothing and repeats nothing, whatever the mail server does.

use std::time::{Duration, Instant};

use carnet::{
    config::Config,
    domain::{
        batch::{Batch, Op, PersonChange},
        error::Error,
        id::Timestamp,
        office::people::AccountChange,
        outbox::{Channel, Letter, NewMessage, OutboxOp, Outgoing, State},
    },
    mail::settings::{Relay, Secret, Security},
};

use crate::support::{
    browser::{Browser, hidden},
    people::person,
    program::{run, works},
    server::Server,
    smtp::{Mood, Sink},
};

/// Mail through a sink on this machine, retried soon.
pub fn through(config: &mut Config, port: u16) {
    config.public_url = Some("https://contacts.example.org".to_owned());
    config.mail = Some(Relay {
        host: "127.0.0.1".to_owned(),
        port: Some(port),
        security: Security::None,
        user: None,
        password: None,
        password_file: None,
        from: "server@example.org".to_owned(),
        name: "Carnet".to_owned(),
        hello: None,
        authority: None,
        timeout_seconds: 1,
        retry_seconds: 1,
    });
}

/// A server that mails through a sink in these moods.
fn mailing(moods: &[Mood]) -> (Server, Sink) {
    let sink = Sink::start(moods);
    let port = sink.port;
    (Server::start_with(|config| through(config, port)), sink)
}

fn post(server: &Server, recipient: &str, letter: Letter) {
    server.commit(Op::Outbox(OutboxOp::Post(Box::new(message(
        recipient, letter,
    )))));
}

fn message(recipient: &str, letter: Letter) -> NewMessage {
    NewMessage {
        channel: Channel::Mail,
        person: None,
        recipient: recipient.to_owned(),
        language: "en".to_owned(),
        letter,
        until: Timestamp::now().plus_days(5),
    }
}

fn queue(server: &Server) -> Vec<Outgoing> {
    let read = server.runtime.block_on(server.store().outbox(None, 100));
    read.expect("read")
}

/// The one message of the queue, once it is in a state.
fn wait_for(server: &Server, state: State) -> Outgoing {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let messages = queue(server);
        assert_eq!(messages.len(), 1);
        if messages[0].state == state {
            return messages.into_iter().next().expect("a message");
        }
        assert!(Instant::now() < deadline, "{messages:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_is_queued_is_sent_once_with_everything_a_letter_needs() {
    let (server, sink) = mailing(&[]);
    post(&server, "ann@example.org", Letter::Test);
    let mails = sink.wait(1);
    let sent = wait_for(&server, State::Sent);
    assert_eq!(sent.attempts, 1);
    assert!(sent.letter.is_none() && sent.answer.starts_with("250"));
    let mail = &mails[0];
    assert_eq!(mail.from, "server@example.org");
    assert_eq!(mail.to, ["ann@example.org"]);
    assert_eq!(
        mail.header("Message-ID"),
        Some(format!("<{}@contacts.example.org>", sent.name))
    );
    for (name, value) in [
        ("From", "Carnet <server@example.org>"),
        ("To", "ann@example.org"),
        ("Subject", "A test of outgoing mail"),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
    ] {
        assert_eq!(mail.header(name).as_deref(), Some(value), "{name}");
    }
    assert!(mail.header("Date").is_some());
    assert!(mail.text().contains("This server can send mail."));
    assert!(mail.html().contains("<p>This server can send mail.</p>"));
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(sink.seen().len(), 1);
}

#[test]
fn what_is_not_taken_now_is_sent_later_under_the_same_name() {
    for mood in [Mood::Later, Mood::GoneAfterData] {
        let (server, sink) = mailing(&[mood]);
        post(&server, "ann@example.org", Letter::Test);
        sink.wait(1);
        assert_eq!(wait_for(&server, State::Sent).attempts, 2, "{mood:?}");
        let seen = sink.seen();
        assert_eq!(seen.len(), 2, "{mood:?}");
        for name in ["Message-ID", "Date"] {
            assert_eq!(seen[0].header(name), seen[1].header(name));
        }
        assert_eq!(seen[0].data, seen[1].data, "{mood:?}");
    }
}

#[test]
fn a_server_that_is_busy_hangs_or_knows_no_password_delays_and_loses_nothing() {
    for mood in [Mood::Busy, Mood::Silent, Mood::WrongPassword] {
        let sink = Sink::start(&[mood]);
        let server = Server::start_with(|config| {
            through(config, sink.port);
            if let Some(relay) = &mut config.mail {
                relay.user = Some("carnet".to_owned());
                relay.password = Some(Secret("secret".to_owned()));
            }
        });
        post(&server, "ann@example.org", Letter::Test);
        assert_eq!(sink.wait(1).len(), 1, "{mood:?}");
        assert_eq!(wait_for(&server, State::Sent).attempts, 2, "{mood:?}");
        assert_eq!((sink.seen().len(), sink.connections()), (1, 2), "{mood:?}");
    }
}

#[test]
fn a_refused_message_is_shown_and_not_tried_again() {
    let (server, sink) = mailing(&[Mood::NoSuchMailbox]);
    post(&server, "nobody@example.org", Letter::Test);
    let refused = wait_for(&server, State::Refused);
    assert!(refused.answer.contains("no such mailbox"), "{refused:?}");
    // The others of the queue are not held up by it.
    post(&server, "ann@example.org", Letter::Test);
    assert_eq!(sink.wait(1)[0].to, ["ann@example.org"]);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(sink.seen().len(), 1);

    // By hand it is tried again.
    let program = |arguments: &[&str]| works(server.data.path(), arguments);
    let listed = program(&["mail", "queue"]);
    assert!(listed.contains("nobody@example.org\trefused"), "{listed}");
    assert!(!listed.contains("ann@example.org"), "{listed}");
    assert!(program(&["mail", "queue", "--all"]).contains("ann@example.org\tsent"));
    let id = refused.id.to_string();
    program(&["mail", "queue", "retry", &id]);
    assert_eq!(sink.wait(2)[1].to, ["nobody@example.org"]);
}

#[test]
fn a_message_that_is_dropped_never_leaves() {
    let sink = Sink::start(&[Mood::Busy; 40]);
    let server = Server::start_with(|config| through(config, sink.port));
    post(&server, "ann@example.org", Letter::Test);
    let waiting = wait_for(&server, State::Waiting);
    let id = waiting.id.to_string();
    let deadline = Instant::now() + Duration::from_secs(20);
    // It may be under way at this moment.
    while queue(&server)[0].state != State::Dropped {
        assert!(Instant::now() < deadline);
        run(server.data.path(), &["mail", "queue", "drop", &id], "");
    }
    assert!(queue(&server)[0].letter.is_none());
    let attempts = sink.connections();
    std::thread::sleep(Duration::from_secs(4));
    assert_eq!(sink.connections(), attempts, "it was tried again");
    assert!(sink.seen().is_empty());
}

#[test]
fn what_was_under_way_when_the_server_was_killed_is_sent_after_it_starts_again() {
    let (server, sink) = mailing(&[Mood::Busy; 200]);
    post(&server, "ann@example.org", Letter::Test);
    let data = server.stop();
    let file = data.path().join("carnet.db");
    let connection = rusqlite::Connection::open(file).expect("the file");
    let moved = connection.execute("UPDATE outbox SET state = 'sending'", []);
    assert_eq!(moved.expect("updated"), 1);
    drop(connection);
    assert!(sink.seen().is_empty());
    let sink = Sink::start(&[]);
    let port = sink.port;
    let server = Server::start_in_with(data, |config| through(config, port));
    assert_eq!(sink.wait(1).len(), 1);
    wait_for(&server, State::Sent);
}

#[test]
fn a_message_nobody_took_in_time_is_given_up() {
    let (server, _sink) = mailing(&[Mood::Later; 40]);
    let mut short = message("ann@example.org", Letter::Test);
    short.until = Timestamp(Timestamp::now().0 + 4000);
    server.commit(Op::Outbox(OutboxOp::Post(Box::new(short))));
    let given_up = wait_for(&server, State::GivenUp);
    assert!(given_up.answer.contains("not now"), "{given_up:?}");
}

#[test]
fn a_fact_that_is_not_stored_sends_nothing() {
    let (server, _sink) = mailing(&[]);
    let batch = Batch {
        at: Timestamp::now(),
        ops: vec![
            Op::Outbox(OutboxOp::Post(Box::new(message(
                "ann@example.org",
                Letter::Test,
            )))),
            Op::from(person("alice").named("Again")),
        ],
        ..Batch::default()
    };
    assert!(
        server
            .runtime
            .block_on(server.core().commit(batch))
            .is_err()
    );
    assert!(queue(&server).is_empty());
}

#[test]
fn nothing_hides_in_an_address_or_a_name() {
    let (server, sink) = mailing(&[]);
    for address in [
        "ann@example.org\r\nBcc: eve@example.org",
        "ann@example.org, eve@example.org",
        "ann@example.org>\r\nRCPT TO:<eve@example.org",
    ] {
        post(&server, address, Letter::Test);
    }
    let letter = Letter::PasswordChanged {
        name: "Ann\r\nBcc: eve@example.org\r\n\r\nx".to_owned(),
        login: "ann".to_owned(),
    };
    post(&server, "ann@example.org", letter);
    let mails = sink.wait(1);
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, ["ann@example.org"]);
    assert_eq!(mails[0].headers("bcc"), 0);
    assert_eq!(mails[0].headers("to"), 1);
    let states: Vec<State> = queue(&server).iter().map(|m| m.state).collect();
    assert_eq!(states.iter().filter(|s| **s == State::Refused).count(), 3);
}

#[test]
fn who_gets_another_password_from_an_administrator_is_told() {
    let (server, sink) = mailing(&[]);
    let alice = server.person("alice");
    let change = AccountChange {
        password_hash: Some("x".to_owned()),
        ..AccountChange::default()
    };
    let office = server.core().operator();
    let changed = server
        .runtime
        .block_on(office.change_account(alice, change));
    changed.expect("changed");
    let mail = sink.wait(1).remove(0);
    assert_eq!(mail.to, ["alice@example.org"]);
    let subject = mail.header("subject");
    assert_eq!(subject.as_deref(), Some("Your password was changed"));
}

#[test]
fn an_address_mail_cannot_go_to_is_refused_and_one_from_before_stays() {
    let server = Server::start();
    let office = server.core().operator();
    let change = |login: &str, email: &str| {
        let change = AccountChange {
            email: Some(Some(email.to_owned())),
            name: Some("Another".to_owned()),
            ..AccountChange::default()
        };
        let person = server.person(login);
        server
            .runtime
            .block_on(office.change_account(person, change))
    };
    let odd = "alice@-example.org";
    assert!(matches!(change("alice", odd), Err(Error::Invalid(_))));
    server.commit(Op::from(PersonChange {
        email: Some(Some(odd.to_owned())),
        ..PersonChange::of(server.person("alice"))
    }));
    assert_eq!(change("alice", odd), Ok(()));
}

#[test]
fn a_forgotten_password_is_set_anew_once() {
    let (server, sink) = mailing(&[]);
    let alice = Browser::of(&server.address, "alice");
    let mut somebody = Browser::open(&server.address);
    assert!(somebody.page("/login").contains("href=\"/forgotten\""));
    somebody.page("/forgotten");
    let known = somebody.submit("/forgotten", &[("login", "Alice@Example.org")]);
    let unknown = somebody.submit("/forgotten", &[("login", "nobody@example.org")]);
    assert_eq!((known.status, &known.body), (200, &unknown.body));

    let mail = sink.wait(1).remove(0);
    assert_eq!(mail.to, ["alice@example.org"]);
    let token = mail.link("/reset/");
    assert_eq!(token.len(), 64);
    let stored = server.data.path().join("carnet.db");
    wait_for(&server, State::Sent);
    let connection = rusqlite::Connection::open(stored).expect("the file");
    let count = |sql: &str| -> i64 {
        connection
            .query_row(sql, [&token], |row| row.get(0))
            .expect("a count")
    };
    // The link itself is nowhere.
    assert_eq!(count("SELECT count(*) FROM reset WHERE token = ?1"), 0);
    assert_eq!(
        count("SELECT count(*) FROM outbox WHERE letter LIKE '%' || ?1 || '%'"),
        0
    );

    let path = format!("/reset/{token}");
    let form = somebody.get(&path);
    assert_eq!(form.status, 200);
    assert_eq!(form.header("cache-control"), Some("no-store"));
    assert_eq!(form.header("referrer-policy"), Some("no-referrer"));
    // Looking at it, as programs do, changed nothing.
    assert_eq!(somebody.get(&path).status, 200);
    let send = |password: &str, again: &str| {
        let fields = [("password", password), ("again", again)];
        somebody.submit(&path, &fields)
    };
    assert_eq!(send("short", "short").status, 422);
    assert_eq!(send("long enough", "another one").status, 422);
    assert_eq!(alice.get("/c/private").status, 200);
    assert_eq!(send("long enough", "long enough").status, 200);
    // Sessions of before are over, and the link with them.
    assert_eq!(alice.get("/c/private").status, 303);
    assert_eq!(send("another one", "another one").status, 404);
    assert_eq!(somebody.get(&path).status, 404);
    assert_eq!(somebody.sign_in("alice", "demo").status, 401);
    assert_eq!(somebody.sign_in("alice", "long enough").status, 303);
    let told = sink.wait(2).remove(1);
    assert_eq!(
        told.header("Subject").as_deref(),
        Some("Your password was changed")
    );
    assert!(!hidden(&somebody.page("/c/private"), "token").is_empty());
}

#[test]
fn forged_older_and_expired_links_set_no_password() {
    let (server, sink) = mailing(&[]);
    let somebody = Browser::open(&server.address);
    let fields = [("password", "long enough"), ("again", "long enough")];
    for forged in ["x", &"0".repeat(64), "..%2F..%2Flogin"] {
        assert_eq!(
            somebody.submit(&format!("/reset/{forged}"), &fields).status,
            404
        );
    }
    let mut links = Vec::new();
    for number in 1..=2 {
        somebody.submit("/forgotten", &[("login", "bob")]);
        links.push(format!(
            "/reset/{}",
            sink.wait(number)[number - 1].link("/reset/")
        ));
    }
    assert_eq!(somebody.get(&links[0]).status, 404);
    assert_eq!(somebody.get(&links[1]).status, 200);
    server.sql("UPDATE reset SET expires = expires - 3600001");
    assert_eq!(somebody.get(&links[1]).status, 404);
    assert_eq!(somebody.submit(&links[1], &fields).status, 404);
    assert_eq!(
        Browser::open(&server.address).sign_in("bob", "demo").status,
        303
    );
}

#[test]
fn links_are_not_asked_for_without_end() {
    let (server, sink) = mailing(&[]);
    let somebody = Browser::open(&server.address);
    let ask = |login: &str| somebody.submit("/forgotten", &[("login", login)]).status;
    // By the login or the address: the account is the same.
    for _ in 0..3 {
        assert_eq!(ask("alice"), 200);
        assert_eq!(ask("alice@example.org"), 200);
    }
    assert_eq!(ask(&"x".repeat(10_000)), 200);
    sink.wait(3);
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(sink.seen().len(), 3);
    let answers: Vec<u16> = (0..20).map(|n| ask(&format!("nobody{n}"))).collect();
    assert!(answers.contains(&429), "{answers:?}");
    // A server without mail has no such page.
    let server = Server::start();
    let somebody = Browser::open(&server.address);
    assert!(!somebody.page("/login").contains("/forgotten"));
    assert_eq!(somebody.get("/forgotten").status, 404);
}
