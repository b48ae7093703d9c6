//! COPY and MOVE (RFC 4918 §9.8, §9.9), rows 42 to 45.

use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::client::*;
use crate::support::{http::basic, server::Server};

fn club(alice: &Client) -> &'static str {
    let body = format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype></D:prop></D:set></D:mkcol>"
    );
    assert_eq!(
        alice
            .send("MKCOL", "/dav/alice/private/club/", &[], body)
            .status,
        201
    );
    "/dav/alice/private/club/"
}

#[test]
fn a_book_that_is_not_there_is_not_found_by_a_move() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let club = club(&alice);
    let named = [("Destination", "/dav/alice/private/society/")];
    assert_eq!(alice.send("MOVE", club, &named, "").status, 201);
    // The answer was lost, and it is asked again.
    for method in ["MOVE", "COPY"] {
        assert_eq!(alice.send(method, club, &named, "").status, 404, "{method}");
    }
}

#[test]
fn a_copy_has_the_properties_of_what_it_was_made_of_and_no_others() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let (from, to) = (format!("{BOOK}s.vcf"), format!("{}t.vcf", club(&alice)));
    let copy = || {
        let answer = alice.send("COPY", &from, &[("Destination", &to)], "");
        assert_eq!(answer.status, 201, "{}", answer.text());
    };
    alice.put(&from, &[], card("s", "S"));
    alice.proppatch(
        &from,
        "<D:set><D:prop><own xmlns='u:'>1</own></D:prop></D:set>",
    );
    copy();
    alice.proppatch(
        &to,
        "<D:set><D:prop><later xmlns='u:'>2</later></D:prop></D:set>",
    );
    assert_eq!(alice.delete(&to).status, 204);
    copy();
    let found = alice.propfind(&to, "0", "<own xmlns='u:'/><later xmlns='u:'/>");
    assert!(
        found.responses[0].prop("u:", "own").is_some(),
        "{}",
        found.raw
    );
    assert!(
        found.responses[0].prop("u:", "later").is_none(),
        "{}",
        found.raw
    );
}

#[test]
fn a_move_is_seen_by_both_books() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let club = club(&alice);
    let (from, to) = (format!("{BOOK}m.vcf"), format!("{club}moved.vcf"));
    alice.put(&from, &[], card("m", "M"));
    alice.proppatch(
        &from,
        "<D:set><D:prop><w xmlns='u:'>kept</w></D:prop></D:set>",
    );
    let (left, right) = (alice.token(BOOK), alice.token(club));
    let moved = alice.send(
        "MOVE",
        &from,
        &[("Destination", &format!("https://{}{to}", server.address))],
        "",
    );
    assert_eq!(moved.status, 201, "{}", moved.text());
    assert_eq!(alice.get(&from).status, 404);
    assert_eq!(alice.get(&to).text(), card("m", "M"));
    assert_eq!(
        alice.sync(BOOK, &left, None).changes(),
        (vec![], vec![&*from])
    );
    assert_eq!(
        alice.sync(club, &right, None).changes(),
        (vec![&*to], vec![])
    );
    assert_eq!(alice.props(&to, "<w xmlns='u:'/>").text("u:", "w"), "kept");
    // Within a book it is another name.
    let renamed = format!("{club}renamed.vcf");
    let before = alice.token(club);
    assert_eq!(
        alice
            .send("MOVE", &to, &[("Destination", &renamed)], "")
            .status,
        201
    );
    assert_eq!(
        alice.sync(club, &before, None).changes(),
        (vec![&*renamed], vec![&*to])
    );
    assert_eq!(
        alice.props(&renamed, "<w xmlns='u:'/>").text("u:", "w"),
        "kept"
    );
    // A copy in another book is the same contact there.
    let copy = format!("{BOOK}copy.vcf");
    assert_eq!(
        alice
            .send("COPY", &renamed, &[("Destination", &copy)], "")
            .status,
        201
    );
    assert_eq!(alice.get(&copy).text(), card("m", "M"));
    assert_eq!(alice.get(&renamed).status, 200);
    // A book moves to another name in the same home.
    assert_eq!(
        alice
            .send(
                "MOVE",
                club,
                &[("Destination", "/dav/alice/private/society/")],
                ""
            )
            .status,
        201
    );
    assert_eq!(
        alice.get("/dav/alice/private/society/renamed.vcf").status,
        200
    );
    assert_eq!(alice.get(&renamed).status, 404);
    assert_eq!(
        alice
            .send(
                "MOVE",
                BOOK,
                &[("Destination", "/dav/alice/private/c2/")],
                ""
            )
            .status,
        403
    );
    assert_eq!(
        alice
            .send(
                "COPY",
                BOOK,
                &[("Destination", "/dav/alice/private/c2/")],
                ""
            )
            .status,
        403
    );
}

#[test]
fn overwrite_f_keeps_what_is_there() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let club = club(&alice);
    let (from, to) = (format!("{BOOK}o.vcf"), format!("{club}o.vcf"));
    alice.put(&from, &[], card("o", "New"));
    alice.put(&to, &[], card("p", "There"));
    for method in ["COPY", "MOVE"] {
        let kept = alice.send(
            method,
            &from,
            &[("Destination", &to), ("Overwrite", "F")],
            "",
        );
        assert_eq!(kept.status, 412, "{method}");
        assert_eq!(alice.get(&to).text(), card("p", "There"));
    }
    assert_eq!(
        alice
            .send(
                "MOVE",
                &from,
                &[("Destination", &to), ("Overwrite", "T")],
                ""
            )
            .status,
        204
    );
    assert_eq!(alice.get(&to).text(), card("o", "New"));
    assert_eq!(alice.get(&from).status, 404);
    let stale = alice.send(
        "MOVE",
        &to,
        &[("Destination", &from), ("If-Match", "\"x\"")],
        "",
    );
    assert_eq!(stale.status, 412);
}

#[test]
fn a_move_gives_no_name_that_an_upload_could_not() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let club = club(&alice);
    let from = format!("{BOOK}m.vcf");
    alice.put(&from, &[], card("m", "M"));
    let to = |method: &str, from: &str, to: &str| {
        let headers = [("Destination", to)];
        alice.send(method, from, &headers, "").status
    };
    let name = "x".repeat(256);
    let (card, book) = (
        format!("{club}{name}"),
        format!("/dav/alice/private/{name}/"),
    );
    assert_eq!(alice.put(&card, &[], card_with("n", "N", &[])).status, 403);
    assert_eq!(to("MOVE", &from, &card), 403);
    assert_eq!(to("COPY", &from, &card), 403);
    assert_eq!(to("MOVE", club, &book), 403);
    assert_eq!(alice.get(&from).status, 200);
    server.check();
}

#[test]
fn two_cards_of_a_book_cannot_have_one_uid() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let from = format!("{BOOK}u.vcf");
    alice.put(&from, &[], card("u", "U"));
    let answer = alice.send(
        "COPY",
        &from,
        &[("Destination", &format!("{BOOK}v.vcf"))],
        "",
    );
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (409, vec!["no-uid-conflict".to_owned()])
    );
    assert!(answer.text().contains(&from), "{}", answer.text());
    let club = club(&alice);
    alice.put(&format!("{club}w.vcf"), &[], card("u", "Other"));
    let answer = alice.send(
        "MOVE",
        &from,
        &[("Destination", &format!("{club}u.vcf"))],
        "",
    );
    assert_eq!(
        (answer.status, preconditions(&answer)),
        (409, vec!["no-uid-conflict".to_owned()])
    );
    assert_eq!(alice.get(&from).status, 200);
}

#[test]
fn destinations_elsewhere_are_refused() {
    let server = Server::start_with(|config| {
        config.public_url = Some("https://contacts.example.org".to_owned())
    });
    let alice = Client::new(&server, "alice");
    let from = format!("{BOOK}d.vcf");
    alice.put(&from, &[], card("d", "D"));
    for (destination, status) in [
        (
            "http://elsewhere.example.org/dav/alice/private/contacts/e.vcf".to_owned(),
            502,
        ),
        (format!("http://{}/other/e.vcf", server.address), 502),
        ("/other/e.vcf".to_owned(), 502),
        ("e.vcf".to_owned(), 400),
        ("/dav/alice/private/none/e.vcf".to_owned(), 409),
        ("/dav/bob/private/contacts/e.vcf".to_owned(), 409),
        (from.clone(), 403),
        (BOOK.to_owned(), 403),
        (format!("{BOOK}a%2Fb"), 400),
        // A proxy changed scheme and port; the name is one of ours.
        (format!("https://contacts.example.org:8443{BOOK}e.vcf"), 201),
    ] {
        let answer = alice.send("MOVE", &from, &[("Destination", &destination)], "");
        assert_eq!(answer.status, status, "{destination}");
    }
    assert_eq!(
        alice.send("MOVE", &format!("{BOOK}e.vcf"), &[], "").status,
        400
    );
    assert_eq!(
        alice
            .send(
                "COPY",
                &from,
                &[("Destination", &format!("{BOOK}f.vcf"))],
                ""
            )
            .status,
        404
    );
}

#[test]
fn what_is_not_moved_leaves_what_is_at_its_destination() {
    let server = Server::start();
    let (alice, bob) = (Client::new(&server, "alice"), Client::new(&server, "bob"));
    let own = "/dav/bob/private/contacts/";
    let (from, there) = (format!("{TEAM}x.vcf"), format!("{own}victim.vcf"));
    alice.put(&from, &[], card("x", "X"));
    bob.put(&there, &[], card("victim", "Victim"));
    let etag = bob.etag(&there);
    // A reader of the group takes nothing away from it.
    let moved = bob.send("MOVE", &from, &[("Destination", &there)], "");
    assert_eq!(
        (moved.status, preconditions(&moved)),
        (403, vec!["need-privileges".to_owned()])
    );
    assert!(moved.text().contains("<D:unbind/>"), "{}", moved.text());
    assert!(
        moved.text().contains(&format!("<D:href>{TEAM}</D:href>")),
        "{}",
        moved.text()
    );
    assert_eq!(bob.get(&there).text(), card("victim", "Victim"));
    assert_eq!(bob.etag(&there), etag);
    // Nor is anything of theirs bound there, or unbound to make room.
    for method in ["MOVE", "COPY"] {
        let refused = bob.send(method, &there, &[("Destination", &from)], "");
        assert_eq!(refused.status, 403, "{method}");
        assert_eq!(alice.get(&from).text(), card("x", "X"), "{method}");
        assert_eq!(bob.get(&there).status, 200, "{method}");
    }
    // A condition on the card that moves is no reason either.
    let club = club(&alice);
    let taken = format!("{club}taken.vcf");
    alice.put(&taken, &[], card("taken", "Taken"));
    for method in ["MOVE", "COPY"] {
        let headers = [("Destination", &*taken), ("If-Match", "\"x\"")];
        assert_eq!(alice.send(method, &from, &headers, "").status, 412);
        assert_eq!(alice.get(&taken).text(), card("taken", "Taken"));
    }
    // Nor is another holder of the UID.
    alice.put(&format!("{club}same.vcf"), &[], card("x", "Same"));
    let conflict = alice.send("COPY", &from, &[("Destination", &taken)], "");
    assert_eq!(
        (conflict.status, preconditions(&conflict)),
        (409, vec!["no-uid-conflict".to_owned()])
    );
    assert_eq!(alice.get(&taken).text(), card("taken", "Taken"));
    // A copy takes the place, which goes to the trash, and the sync log tells of one card.
    alice.delete(&format!("{club}same.vcf"));
    let token = alice.token(club);
    let copied = alice.send("COPY", &from, &[("Destination", &taken)], "");
    assert_eq!(copied.status, 204);
    assert_eq!(alice.get(&taken).text(), card("x", "X"));
    assert_eq!(
        alice.sync(club, &token, None).changes(),
        (vec![&*taken], vec![])
    );
}

#[test]
fn a_card_takes_the_place_of_one_with_its_uid() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let club = club(&alice);
    let (from, to) = (format!("{BOOK}u.vcf"), format!("{club}u.vcf"));
    alice.put(&from, &[], card("u", "Newer"));
    alice.put(&to, &[], card("u", "Older"));
    let moved = alice.send("MOVE", &from, &[("Destination", &to)], "");
    assert_eq!(moved.status, 204, "{}", moved.text());
    assert_eq!(alice.get(&to).text(), card("u", "Newer"));
    assert_eq!(alice.get(&from).status, 404);
    // Within a book too.
    let (a, b) = (format!("{BOOK}a.vcf"), format!("{BOOK}b.vcf"));
    alice.put(&a, &[], card("a", "A"));
    alice.put(&b, &[], card("b", "B"));
    assert_eq!(
        alice.send("MOVE", &a, &[("Destination", &b)], "").status,
        204
    );
    assert_eq!(alice.get(&b).text(), card("a", "A"));
    assert_eq!(alice.get(&a).status, 404);
}

#[test]
fn a_book_takes_no_other_books_place() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    let club = club(&alice);
    let onto = |overwrite: &str| {
        let headers = [("Destination", BOOK), ("Overwrite", overwrite)];
        alice.send("MOVE", club, &headers, "").status
    };
    assert_eq!((onto("F"), onto("T")), (412, 403));
}

#[test]
fn a_host_may_be_named_by_its_address() {
    let server = Server::start_with(|config| {
        config.public_url = Some("https://[2001:db8::7]:8443/".to_owned())
    });
    let alice = Client::new(&server, "alice");
    let at = |name: &str| format!("{BOOK}{name}.vcf");
    alice.put(&at("a"), &[], card("a", "A"));
    let to = |name: &str, host: &str, from: &str| {
        let destination = format!("http://{host}{}", at(name));
        alice
            .send("MOVE", &at(from), &[("Destination", &destination)], "")
            .status
    };
    assert_eq!(to("b", "[2001:db8::7]", "a"), 201);
    assert_eq!(to("c", "[2001:db8::8]", "b"), 502);
    // By the Host header without a port, and with one.
    for (host, from, name) in [("[::1]", "b", "c"), ("[::1]:1234", "c", "d")] {
        let mut stream = std::net::TcpStream::connect(&server.address).expect("connected");
        let (authorization, credentials) = basic("alice", "demo");
        std::io::Write::write_all(
            &mut stream,
            format!(
                "MOVE {} HTTP/1.1\r\nHost: {host}\r\n{authorization}: {credentials}\r\n\
                 Destination: http://[::1]{}\r\nConnection: close\r\n\r\n",
                at(from),
                at(name)
            )
            .as_bytes(),
        )
        .expect("sent");
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 201"), "{host}: {answer}");
    }
}

#[test]
fn http_2_names_the_host_in_the_target() {
    let server = Server::start();
    let alice = Client::new(&server, "alice");
    alice.put(&format!("{BOOK}a.vcf"), &[], card("a", "A"));
    let (name, credentials) = basic("alice", "demo");
    let status = server.runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(&server.address)
            .await
            .expect("connected");
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .expect("HTTP/2");
        tokio::spawn(connection);
        let request = http::Request::builder()
            .method("MOVE")
            .uri(format!("http://carnet.example.org{BOOK}a.vcf"))
            .header(name, credentials)
            .header(
                "destination",
                format!("http://carnet.example.org{BOOK}b.vcf"),
            )
            .body(Empty::<bytes::Bytes>::new())
            .expect("a request");
        let answer = sender.send_request(request).await.expect("an answer");
        let status = answer.status();
        answer.into_body().collect().await.expect("a body");
        status
    });
    assert_eq!(status, 201);
    assert_eq!(alice.get(&format!("{BOOK}b.vcf")).status, 200);
}
