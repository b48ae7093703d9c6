//! What strangers learn at the door, and what a session is worth.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use carnet::{
    auth::{Authenticator, Door, Outcome},
    domain::{access::Protocol, store::Store},
};

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    http::{basic, request},
    people::person,
    server::Server,
};

fn status(server: &Server, login: &str, password: &str) -> u16 {
    let book = Book::with_password(&server.address, login, password);
    book.send("PROPFIND", &book.path, &[("Depth", "0")], b"")
        .status
}

#[test]
fn no_door_tells_which_logins_there_are() {
    let server = Server::start();
    let doors = [
        ("PROPFIND", "/dav/"),
        (
            "POST",
            "/Microsoft-Server-ActiveSync?Cmd=FolderSync&User=x&DeviceId=x&DeviceType=y",
        ),
        ("POST", "/autodiscover/autodiscover.xml"),
        ("POST", "/autodiscover/autodiscover.json"),
    ];
    for (method, path) in doors {
        let answers = ["alice", "nobody"].map(|login| {
            let mut answer = request(&server.address, method, path, &[basic(login, "wrong")], b"");
            answer
                .headers
                .retain(|(name, _)| !["date", "x-request-id"].contains(&&*name.to_lowercase()));
            format!("{answer:?}")
        });
        assert_eq!(answers[0], answers[1], "{path}");
    }
    // On the web: `account::pages::unknown_logins_are_answered_as_wrong_passwords_are`.
}

#[test]
fn a_group_one_is_not_in_looks_like_none() {
    let server = Server::start();
    let hash = server
        .runtime
        .block_on(carnet::auth::hash("demo".to_owned()));
    let dora = person("dora").named("Dora");
    server.commit(dora.with_hash(&hash.expect("a hash")).into());
    let browser = Browser::of(&server.address, "dora");
    let book = Book::of(&server.address, "dora");
    for end in ["", "/members", "/rights", "/trash", "/c/1"] {
        let pages = ["Team", "None"].map(|name| {
            let answer = browser.get(&format!("/g/{name}{end}"));
            let page = answer.text();
            let token = hidden(&page, "token");
            (answer.status, page.replace(name, "*").replace(&token, ""))
        });
        assert_eq!(pages[0], pages[1], "{end}");
        assert_eq!(pages[0].0, 404);
    }
    for path in [
        "/dav/groups/*/*/",
        "/dav/principals/groups/*/",
        "/dav/*/private/contacts/",
    ] {
        let names = if path.contains("groups") {
            ["Team", "None"]
        } else {
            ["alice", "nobody"]
        };
        let answers = names.map(|name| {
            let answer = book.send("PROPFIND", &path.replace('*', name), &[("Depth", "0")], b"");
            (answer.status, answer.text().replace(name, "*"))
        });
        assert_eq!(answers[0], answers[1], "{path}");
    }
    // Links nobody was sent.
    for path in ["/join/", "/v/", "/reset/", "/connect/p/"] {
        let pages = ["0", "f"].map(|octet| {
            let token = octet.repeat(64);
            let answer = browser.get(&format!("{path}{token}"));
            assert_eq!(answer.header("set-cookie"), None);
            let page = answer.text();
            let form = hidden(&page, "token");
            (answer.status, page.replace(&token, "*").replace(&form, ""))
        });
        assert_eq!(pages[0], pages[1], "{path}");
    }
}

#[test]
fn a_session_planted_before_signing_in_is_worth_nothing_after() {
    let server = Server::start();
    let planted = format!("carnet={}", "a".repeat(64));
    let mut browser = Browser::open(&server.address);
    browser.cookie = Some(planted.clone());
    let answer = browser.sign_in("alice", "demo");
    let set = answer.header("set-cookie").expect("a cookie");
    assert!(!set.starts_with(&planted), "{set}");
    assert!(
        set.contains("HttpOnly") && set.contains("SameSite=Lax"),
        "{set}"
    );
    let mut attacker = Browser::open(&server.address);
    attacker.cookie = Some(planted);
    assert_eq!(attacker.get("/c/private").status, 303);
    assert_eq!(browser.get("/c/private").status, 200);
    // Another sign-in is another session; ending one leaves the other.
    let other = Browser::of(&server.address, "alice");
    assert_ne!(other.cookie, browser.cookie);
}

#[test]
fn a_new_password_ends_devices_at_once() {
    let server = Server::start();
    assert_eq!(status(&server, "alice", "demo"), 207);
    server.set_password("alice", "another one");
    assert_eq!(status(&server, "alice", "demo"), 401);
    assert_eq!(status(&server, "alice", "another one"), 207);
}

#[test]
fn a_guesser_is_stopped_and_never_locks_the_person_out() {
    let server = Server::start();
    // The person's phone is known here.
    assert_eq!(status(&server, "alice", "demo"), 207);
    let tried: Vec<u16> = (0..12)
        .map(|n| status(&server, "alice", &format!("guess{n}")))
        .collect();
    assert_eq!(tried[0], 401);
    let stopped = tried.iter().filter(|status| **status == 503).count();
    assert!(stopped >= 5, "{tried:?}");
    // From the guesser's own address even, what is known goes on working, on every door.
    assert_eq!(status(&server, "alice", "demo"), 207);
    assert_eq!(
        Browser::of(&server.address, "alice")
            .get("/c/private")
            .status,
        200
    );
    // Others are not held up by it.
    assert_eq!(status(&server, "bob", "demo"), 207);
}

#[test]
fn guesses_side_by_side_are_stopped_like_guesses_one_by_one() {
    let server = Server::start();
    let store: Arc<dyn Store> = server.core().store().clone();
    let auth = Arc::new(Authenticator::new(store));
    let peer = IpAddr::from([198, 51, 100, 7]);
    let door = Door::Devices(Protocol::CardDav);
    let guesses = (0..60).map(|number| {
        let auth = auth.clone();
        async move {
            let password = format!("guess{number}");
            auth.password("alice", &password, peer, door).await
        }
    });
    let outcomes = server.runtime.block_on(async {
        let tasks: Vec<_> = guesses.map(tokio::spawn).collect();
        let mut outcomes = Vec::new();
        for task in tasks {
            outcomes.push(task.await.expect("ended").expect("answered"));
        }
        outcomes
    });
    let denied = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Denied));
    assert_eq!(denied.count(), 5);
    let waits = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Outcome::Throttled { .. }));
    assert_eq!(waits.count(), 55);
}

#[test]
fn many_connections_with_one_password_cost_one_check() {
    let server = Server::start();
    let store: Arc<dyn Store> = server.core().store().clone();
    let peer = IpAddr::from([198, 51, 100, 7]);
    let door = Door::Devices(Protocol::CardDav);
    // As after a start, when nothing is remembered.
    for (password, right) in [("demo", true), ("wrong", false)] {
        let auth = Arc::new(Authenticator::new(store.clone()));
        let outcomes = server.runtime.block_on(async {
            let one = |auth: Arc<Authenticator>| async move {
                auth.password("alice", password, peer, door).await
            };
            let tasks: Vec<_> = (0..200).map(|_| tokio::spawn(one(auth.clone()))).collect();
            let mut outcomes = Vec::new();
            for task in tasks {
                outcomes.push(task.await.expect("ended").expect("answered"));
            }
            outcomes
        });
        let all = outcomes.iter().all(|outcome| match outcome {
            Outcome::Known(_) => right,
            Outcome::Denied => !right,
            _ => false,
        });
        assert!(all, "{password}: {outcomes:?}");
        let wrong = auth.failures().counts();
        let expected = if right {
            vec![]
        } else {
            vec![("wrong-password", 200)]
        };
        assert_eq!(wrong, expected);
    }
}

#[test]
fn what_strangers_send_is_bounded() {
    let server = Server::start();
    let form = [(
        "Content-Type".to_owned(),
        "application/x-www-form-urlencoded".to_owned(),
    )];
    for path in ["/login", "/login/code", "/forgotten", "/reset/x"] {
        let body = format!("login=x&password={}", "p".repeat(20_000));
        let answer = request(&server.address, "POST", path, &form, body.as_bytes());
        // Without a mail server nobody is sent a link.
        let refused = if path == "/forgotten" { 404 } else { 413 };
        assert_eq!(answer.status, refused, "{path}");
    }
    let long = "x".repeat(300);
    for _ in 0..10 {
        // Neither counted nor kept.
        assert_eq!(status(&server, &long, "wrong"), 401);
    }
}

#[test]
fn a_request_is_for_one_host() {
    let server = Server::start();
    for (hosts, status) in [
        ("Host: a\r\n", "200"),
        ("Host: a\r\nHost: b\r\n", "400"),
        ("Host: a b/c\r\n", "400"),
        ("", "400"),
    ] {
        let mut stream = TcpStream::connect(&server.address).expect("connected");
        let request = format!("GET /healthz HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("answered");
        assert_eq!(&answer[9..12], status, "{hosts:?}");
    }
}

#[test]
fn what_was_right_once_waits_for_no_guesses() {
    let server = Server::start();
    let peer = IpAddr::from([198, 51, 100, 7]);
    let door = Door::Devices(Protocol::CardDav);
    let fresh = || {
        let store: Arc<dyn Store> = server.core().store().clone();
        Authenticator::new(store)
    };
    let sign_in = |auth: &Authenticator, password: &str| {
        let asked = auth.password("alice", password, peer, door);
        server.runtime.block_on(asked).expect("answered")
    };
    let guess = |auth: &Authenticator| {
        for number in 0..12 {
            sign_in(auth, &format!("guess{number}"));
        }
        let waits = sign_in(auth, "another");
        assert!(matches!(waits, Outcome::Throttled { .. }), "{waits:?}");
    };
    // Long after the last check: it is checked anew, and does not wait.
    let forgetful = fresh().remembering(Duration::ZERO);
    assert!(matches!(sign_in(&forgetful, "demo"), Outcome::Known(_)));
    guess(&forgetful);
    assert!(matches!(sign_in(&forgetful, "demo"), Outcome::Known(_)));
    // Nobody was here before: from the guesser's own address one waits, as after a restart.
    let new = fresh();
    guess(&new);
    assert!(matches!(sign_in(&new, "demo"), Outcome::Throttled { .. }));
}

#[test]
fn what_was_right_elsewhere_is_guessed_no_faster() {
    let server = Server::start();
    let store: Arc<dyn Store> = server.core().store().clone();
    let auth = Authenticator::new(store);
    let home = IpAddr::from([198, 51, 100, 7]);
    let guesser = IpAddr::from([203, 0, 113, 99]);
    for door in [Door::Web, Door::Devices(Protocol::CardDav)] {
        let sign_in = |password: &str, peer: IpAddr| {
            let asked = auth.password("carol", password, peer, door);
            server.runtime.block_on(asked).expect("answered")
        };
        assert!(matches!(sign_in("demo", home), Outcome::Known(_)));
        for number in 0..12 {
            sign_in(&format!("guess{number}"), guesser);
        }
        let right = sign_in("demo", guesser);
        assert!(matches!(right, Outcome::Throttled { .. }), "{right:?}");
        // She is not held up by it, where she was nor elsewhere.
        assert!(matches!(sign_in("demo", home), Outcome::Known(_)));
        let away = IpAddr::from([192, 0, 2, 1]);
        assert!(matches!(sign_in("demo", away), Outcome::Known(_)));
    }
}
