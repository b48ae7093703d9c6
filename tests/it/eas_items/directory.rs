//! The directory, by Search, ResolveRecipients and Find.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_proto::wbxml::page::{
    air_sync as a, contacts as c, find as f, gal as g, item_operations as i,
    resolve_recipients as r, search as s, validate_cert as vc,
};

use carnet::domain::{
    batch::{GroupOp, Op, PersonOp},
    group::Leaving,
};

use super::{
    Part::{self, Parent, Text},
    body, card, gal, jpeg, people, post, put,
};
use crate::support::{eas::Device, server::Server};

#[test]
fn the_directory_answers_in_ranges_with_pictures() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "gal1", "14.1");
    let photo = format!("PHOTO;ENCODING=b;TYPE=JPEG:{}", STANDARD.encode(jpeg(200)));
    for number in 0..7 {
        let mut lines = vec![
            format!("N:Zimmer;Person{number};;;"),
            format!("FN:Person{number} Zimmer"),
            format!("EMAIL:p{number}@zimmer.example"),
            "TEL;TYPE=WORK:+33 1 11".to_owned(),
            "ORG:Quartz;Sales;B12".to_owned(),
        ];
        if number < 3 {
            lines.push(photo.clone());
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let path = format!("/dav/alice/private/contacts/z{number}.vcf");
        assert_eq!(
            put(
                &server,
                "alice",
                &path,
                &card(&format!("z{number}"), &lines)
            ),
            201
        );
    }
    // Any word of name, address, company; every word must match; without case and accents.
    for query in ["zim", "ZIMMER person", "quartz", "p3@zim", "Persón"] {
        let found = gal(&phone, query, None, None);
        let expected = if query == "p3@zim" { 1 } else { 7 };
        assert_eq!(people(&found).len(), expected, "{query}");
        assert_eq!(found.text_of(s::TOTAL), Some(expected.to_string()));
        assert_eq!(found.text_of(s::RANGE), Some(format!("0-{}", expected - 1)));
    }
    let first = gal(&phone, "zimmer", Some("0-2"), None);
    assert_eq!(first.text_of(s::RANGE).as_deref(), Some("0-2"));
    assert_eq!(first.text_of(s::TOTAL).as_deref(), Some("7"));
    let last = gal(&phone, "zimmer", Some("5-50"), None);
    assert_eq!(last.text_of(s::RANGE).as_deref(), Some("5-6"));
    assert_eq!(people(&last).len(), 2);
    // Past the end: 12. No hit: status 1, no Result, no Range, no Total.
    assert_eq!(
        gal(&phone, "zimmer", Some("9-12"), None)
            .text_of(s::STATUS)
            .as_deref(),
        Some("12")
    );
    for query in ["nobody-at-all", ""] {
        let none = gal(&phone, query, None, None);
        assert_eq!(
            none.dump(),
            "Search:Store\n  Search:Status = 1\n",
            "{query}"
        );
    }
    // What is known, in the order of the schema; nothing empty but what some phones need.
    let one = gal(&phone, "person5", None, None);
    let found = one
        .child(s::RESULT)
        .and_then(|result| result.child(s::PROPERTIES));
    assert_eq!(
        found.expect("properties").dump(),
        "Search:Properties\n  Gal:DisplayName = Person5 Zimmer\n  Gal:Phone = +33 1 11\n  \
         Gal:Office = B12\n  Gal:Company = Quartz\n  Gal:FirstName = Person5\n  \
         Gal:LastName = Zimmer\n  Gal:EmailAddress = p5@zimmer.example\n"
    );
    // Pictures: none 173, too large 174, limit reached 175; an empty element sets no limits.
    let statuses = |picture| -> Vec<String> {
        gal(&phone, "zimmer", None, Some(picture))
            .children_of(s::RESULT)
            .map(|result| {
                let picture = result
                    .child(s::PROPERTIES)
                    .and_then(|p| p.child(g::PICTURE));
                let picture = picture.expect("a Picture");
                let status = picture.text_of(g::STATUS).expect("a status");
                assert_eq!(picture.child(g::DATA).is_some(), status == "1");
                status
            })
            .collect()
    };
    let none = ["173"; 4];
    assert_eq!(statuses(["", ""]), [&["1", "1", "1"][..], &none].concat());
    assert_eq!(
        statuses(["100000", "2"]),
        [&["1", "1", "175"][..], &none].concat()
    );
    assert_eq!(
        statuses(["100", "2"]),
        [&["174", "174", "174"][..], &none].concat()
    );
    // Before 14.1 there are no pictures.
    let old = Device::set_up(&server.address, "alice", "gal2", "14.0");
    let found = gal(&old, "zimmer", None, Some(["", ""]));
    assert!(found.dump().find("Picture").is_none());
    // Mail: an empty Result; other stores their own statuses.
    for (name, expected) in [
        (
            "Mailbox",
            "Search:Store\n  Search:Status = 1\n  Search:Result (empty)\n",
        ),
        ("DocumentLibrary", "Search:Store\n  Search:Status = 5\n"),
        ("Elsewhere", "Search:Store\n  Search:Status = 2\n"),
    ] {
        let query = Parent(
            s::QUERY,
            vec![Parent(s::AND, vec![Text(s::FREE_TEXT, "x")])],
        );
        let store = Parent(s::STORE, vec![Text(s::NAME, name), query]);
        let answer = post(&phone, "Search", &Parent(s::SEARCH, vec![store]));
        let store = answer
            .child(s::RESPONSE)
            .and_then(|response| response.child(s::STORE));
        assert_eq!(store.expect("a Store").dump(), expected);
    }
    let malformed = post(&phone, "Search", &Parent(s::SEARCH, vec![]));
    assert_eq!(malformed.dump(), "Search:Search\n  Search:Status = 2\n");
}

#[test]
fn the_directory_shows_what_its_reader_may_read() {
    let server = Server::start();
    let put = |login: &str, path: &str, name: &str| {
        let card = card(name, &[&format!("N:{name};;;;"), &format!("FN:{name}")]);
        put(&server, login, path, &card)
    };
    assert_eq!(
        put("alice", "/dav/alice/private/contacts/q.vcf", "Quokka"),
        201
    );
    assert_eq!(put("alice", "/dav/groups/Team/Team/n.vcf", "Numbat"), 201);
    let alice = Device::set_up(&server.address, "alice", "d1", "14.1");
    let bob = Device::set_up(&server.address, "bob", "d2", "14.1");
    assert_eq!(people(&gal(&alice, "quokka", None, None)).len(), 1);
    assert!(
        people(&gal(&bob, "quokka", None, None)).is_empty(),
        "another's Private"
    );
    for device in [&alice, &bob] {
        assert_eq!(
            people(&gal(device, "numbat", None, None)).len(),
            1,
            "the group's book"
        );
        // Those one shares a group with are found by name, login and address.
        for query in ["carol", "nguyen", "carol@example.org"] {
            let found = people(&gal(device, query, None, None));
            assert_eq!(
                found,
                [("Carol Nguyen".to_owned(), "carol@example.org".to_owned())]
            );
        }
        // An account outside every group of theirs is not.
        assert!(people(&gal(device, "administrator", None, None)).is_empty());
    }
    // Out of the group, out of sight.
    let group = server
        .runtime
        .block_on(server.store().group_by_name("Team"));
    server.commit(Op::Group(GroupOp::RemoveMember {
        group: group.expect("read").expect("Team").id,
        person: server.person("bob"),
        leaving: Leaving::LeaveCopies,
    }));
    assert!(people(&gal(&bob, "numbat", None, None)).is_empty());
    assert!(people(&gal(&bob, "carol", None, None)).is_empty());
}

#[test]
fn recipients_are_found_ambiguous_or_unknown() {
    let server = Server::start();
    for (number, name) in ["Ann", "Anna", "Anne"].iter().enumerate() {
        let lines = [
            format!("N:Ambig;{name};;;"),
            format!("FN:{name} Ambig"),
            format!("EMAIL:{name}@ambig.example"),
        ];
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let path = format!("/dav/alice/private/contacts/a{number}.vcf");
        assert_eq!(put(&server, "alice", &path, &card(name, &lines)), 201);
    }
    let phone = Device::set_up(&server.address, "alice", "r1", "16.1");
    let resolve = |names: &[&str], options: Vec<Part<'_>>| {
        let mut parts: Vec<Part<'_>> = names.iter().map(|name| Text(r::TO, name)).collect();
        parts.push(Parent(r::OPTIONS, options));
        post(
            &phone,
            "ResolveRecipients",
            &Parent(r::RESOLVE_RECIPIENTS, parts),
        )
    };
    let answer = resolve(&["ambig", "anna@ambig.example", "zzz", "carol"], vec![]);
    let summary: Vec<(String, String, usize)> = answer
        .children_of(r::RESPONSE)
        .map(|response| {
            (
                response.text_of(r::TO).expect("To"),
                response.text_of(r::STATUS).expect("Status"),
                response.children_of(r::RECIPIENT).count(),
            )
        })
        .collect();
    let row = |to: &str, status: &str, count| (to.to_owned(), status.to_owned(), count);
    assert_eq!(
        summary,
        [
            row("ambig", "2", 3),
            row("anna@ambig.example", "1", 1),
            row("zzz", "4", 0),
            row("carol", "1", 1),
        ]
    );
    let carol = answer
        .children_of(r::RESPONSE)
        .last()
        .and_then(|last| last.child(r::RECIPIENT));
    assert_eq!(
        carol.expect("Carol").dump(),
        "ResolveRecipients:Recipient\n  ResolveRecipients:Type = 2\n  \
         ResolveRecipients:DisplayName = Carol Nguyen\n  \
         ResolveRecipients:EmailAddress = carol@example.org\n"
    );
    // Cut suggestions are told; certificates and free times there are none.
    let answer = resolve(
        &["ambig"],
        vec![
            Text(r::CERTIFICATE_RETRIEVAL, "2"),
            Text(r::MAX_AMBIGUOUS_RECIPIENTS, "2"),
            Parent(
                r::AVAILABILITY,
                vec![
                    Text(r::START_TIME, "2026-01-01T00:00:00.000Z"),
                    Text(r::END_TIME, "2026-01-08T00:00:00.000Z"),
                ],
            ),
            Parent(r::PICTURE, vec![]),
        ],
    );
    let response = answer.child(r::RESPONSE).expect("a Response");
    assert_eq!(response.text_of(r::STATUS).as_deref(), Some("3"));
    assert_eq!(response.text_of(r::RECIPIENT_COUNT).as_deref(), Some("2"));
    assert_eq!(
        response.child(r::RECIPIENT).expect("a Recipient").dump(),
        "ResolveRecipients:Recipient\n  ResolveRecipients:Type = 1\n  \
         ResolveRecipients:DisplayName = Ann Ambig\n  \
         ResolveRecipients:EmailAddress = Ann@ambig.example\n  \
         ResolveRecipients:Picture\n    ResolveRecipients:Status = 173\n"
    );
    // Both are told of who is meant for certain. Without an end seven days are meant.
    let span = |end: Option<&'static str>| {
        let start = Text(r::START_TIME, "2026-01-01T00:00:00.000Z");
        let end = end.map(|end| Text(r::END_TIME, end));
        let span = Parent(r::AVAILABILITY, [start].into_iter().chain(end).collect());
        vec![Text(r::CERTIFICATE_RETRIEVAL, "2"), span]
    };
    let answer = resolve(&["carol@example.org"], span(None));
    let response = answer.child(r::RESPONSE).expect("a Response");
    assert!(
        response
            .child(r::RECIPIENT)
            .expect("a Recipient")
            .dump()
            .ends_with(
                "ResolveRecipients:Availability\n    ResolveRecipients:Status = 163\n  \
             ResolveRecipients:Certificates\n    ResolveRecipients:Status = 7\n    \
             ResolveRecipients:CertificateCount = 0\n"
            ),
        "{answer:?}"
    );
    // 5: a span over 42 days, under 30 minutes or before its start, more than 100 names, a long one,
    // none.
    let many = vec!["x"; 101];
    let long = "x".repeat(257);
    for answer in [
        resolve(&["ambig"], span(Some("2026-03-08T00:00:00.000Z"))),
        resolve(&["ambig"], span(Some("2026-02-12T00:00:01.000Z"))),
        resolve(&["ambig"], span(Some("2026-01-01T00:10:00.000Z"))),
        resolve(&["ambig"], span(Some("2025-12-31T23:10:00.000Z"))),
        resolve(&[&long], vec![]),
        resolve(&many, vec![]),
        resolve(&[], vec![]),
    ] {
        assert_eq!(answer.text_of(r::STATUS).as_deref(), Some("5"));
    }
    let chain = Parent(
        vc::VALIDATE_CERT,
        vec![Parent(
            vc::CERTIFICATES,
            vec![Text(vc::CERTIFICATE, "AAAA"), Text(vc::CERTIFICATE, "BBBB")],
        )],
    );
    assert_eq!(
        post(&phone, "ValidateCert", &chain).dump(),
        "ValidateCert:ValidateCert\n  ValidateCert:Status = 1\n  ValidateCert:Certificate\n    \
         ValidateCert:Status = 17\n  ValidateCert:Certificate\n    ValidateCert:Status = 17\n"
    );
}

#[test]
fn find_has_its_statuses() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "f1", "16.1");
    let find = |device: &Device, criterion: Vec<Part<'_>>| {
        let parts = vec![
            Text(f::SEARCH_ID, "11111111-2222-3333-4444-555555555555"),
            Parent(f::EXECUTE_SEARCH, criterion),
        ];
        post(device, "Find", &Parent(f::FIND, parts))
    };
    let gal = |range: &'static str| {
        vec![Parent(
            f::GAL_SEARCH_CRITERION,
            vec![
                Text(f::QUERY, "carol"),
                Parent(
                    f::OPTIONS,
                    vec![Text(f::RANGE, range), Parent(f::PICTURE, vec![])],
                ),
            ],
        )]
    };
    assert_eq!(
        find(&phone, gal("0-9")).dump(),
        "Find:Find\n  Find:Status = 1\n  Find:Response\n    ItemOperations:Store = GAL\n    \
         Find:Status = 1\n    Find:Result\n      Find:Properties\n        \
         Gal:DisplayName = Carol Nguyen\n        Gal:Alias = carol\n        Gal:FirstName = Carol\n        \
         Gal:LastName = Nguyen\n        Gal:EmailAddress = carol@example.org\n        Gal:Picture\n          \
         Gal:Status = 173\n    Find:Range = 0-0\n    Find:Total = 1\n"
    );
    let mail = vec![Parent(
        f::MAIL_BOX_SEARCH_CRITERION,
        vec![Parent(f::QUERY, vec![Text(f::FREE_TEXT, "x")])],
    )];
    assert_eq!(
        find(&phone, mail).dump(),
        "Find:Find\n  Find:Status = 1\n  Find:Response\n    ItemOperations:Store = Mailbox\n    \
         Find:Status = 1\n"
    );
    assert_eq!(
        find(&phone, gal("3-9")).dump(),
        "Find:Find\n  Find:Status = 1\n  Find:Response\n    ItemOperations:Store = GAL\n    \
         Find:Status = 4\n"
    );
    for (criterion, status) in [(gal("x"), "2"), (vec![], "2")] {
        let answer = find(&phone, criterion);
        assert_eq!(
            answer.dump(),
            format!("Find:Find\n  Find:Status = {status}\n")
        );
    }
    let older = Device::set_up(&server.address, "alice", "f2", "14.1");
    let answer = find(&older, gal("0-9"));
    assert_eq!(answer.text_of(f::STATUS).as_deref(), Some("137"));
    let oldest = Device::set_up(&server.address, "alice", "f3", "12.1");
    assert_eq!(
        oldest
            .post_raw("Find", body(&Parent(f::FIND, vec![])))
            .status,
        501
    );
}

#[test]
fn numbers_are_found_as_they_are_shown_and_signs_find_nobody() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "dial", "14.1");
    let lines = [
        "N:Zimmer;Anna;;;",
        "FN:Anna Zimmer",
        "EMAIL:anna@zimmer.example",
        "EMAIL:office@zimmer.example",
        "TEL;TYPE=WORK:+33 6 39 98 00 02",
    ];
    let path = "/dav/alice/private/contacts/dial.vcf";
    assert_eq!(put(&server, "alice", path, &card("dial", &lines)), 201);
    let is_found = |query: &str| {
        let found = people(&gal(&phone, query, None, None));
        found.iter().any(|(name, _)| name == "Anna Zimmer")
    };
    for query in [
        "+33 6 39 98 00 02",
        "+336",
        "06 39 98",
        "zimmer +33 6 39",
        "+33639980002",
    ] {
        assert!(is_found(query), "{query}");
    }
    for query in ["*", "-", "+", "zimmer +49 30 1"] {
        assert!(!is_found(query), "{query}");
    }
    // Asked for by one of several addresses, it is that one that is answered.
    for address in ["anna@zimmer.example", "office@zimmer.example"] {
        let ask = Parent(r::RESOLVE_RECIPIENTS, vec![Text(r::TO, address)]);
        let answer = post(&phone, "ResolveRecipients", &ask);
        let response = answer.child(r::RESPONSE).expect("a Response");
        assert_eq!(response.text_of(r::STATUS).as_deref(), Some("1"));
        let recipient = response.child(r::RECIPIENT).expect("a Recipient");
        assert_eq!(
            recipient.text_of(r::EMAIL_ADDRESS).as_deref(),
            Some(address)
        );
    }
}

#[test]
fn who_is_in_two_books_is_listed_once() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "once", "16.1");
    server.share("alice", "Petit", "Team");
    let found = gal(&phone, "petit", None, None);
    assert_eq!(people(&found).len(), 1);
    assert_eq!(found.text_of(s::TOTAL).as_deref(), Some("1"));
    let search = Parent(
        f::FIND,
        vec![
            Text(f::SEARCH_ID, "1"),
            Parent(
                f::EXECUTE_SEARCH,
                vec![Parent(
                    f::GAL_SEARCH_CRITERION,
                    vec![Text(f::QUERY, "petit")],
                )],
            ),
        ],
    );
    let answer = post(&phone, "Find", &search);
    let response = answer.child(f::RESPONSE).expect("a Response");
    assert_eq!(response.children_of(f::RESULT).count(), 1);
    assert_eq!(response.text_of(f::TOTAL).as_deref(), Some("1"));
}

/// A search of the mailbox; `(LongId or ServerId, LastName)` of the results, and the Total.
fn in_mailbox(device: &Device, query: Vec<Part<'_>>) -> (Vec<(String, String)>, Option<String>) {
    let store = vec![
        Text(s::NAME, "Mailbox"),
        Parent(s::QUERY, vec![Parent(s::AND, query)]),
    ];
    let search = Parent(s::SEARCH, vec![Parent(s::STORE, store)]);
    let answer = post(device, "Search", &search);
    let response = answer.child(s::RESPONSE).expect("a Response");
    let store = response.child(s::STORE).expect("a Store");
    assert_eq!(store.text_of(s::STATUS).as_deref(), Some("1"));
    let found = store.children_of(s::RESULT).filter_map(|result| {
        let name = result.child(s::PROPERTIES)?.text_of(c::LAST_NAME)?;
        Some((result.text_of(s::LONG_ID)?, name))
    });
    (found.collect(), store.text_of(s::TOTAL))
}

#[test]
fn contacts_are_found_in_the_folders_they_are_in() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "mbx", "16.1");
    phone.sync_all(&[], 100);
    let petit = phone.named("Petit").expect("a contact");
    let folder = phone.folder.clone();
    let expected = (format!("{folder}:{petit}"), "Petit".to_owned());
    let total = Some("1".to_owned());
    let text = || Text(s::FREE_TEXT, "petit");
    for query in [
        vec![
            Text(a::CLASS, "Contacts"),
            Text(a::COLLECTION_ID, &folder),
            text(),
        ],
        vec![Text(a::CLASS, "Contacts"), text()],
        vec![
            Text(a::CLASS, "Contacts"),
            Text(a::COLLECTION_ID, "0"),
            text(),
        ],
        vec![Text(a::COLLECTION_ID, &folder), text()],
    ] {
        assert_eq!(
            in_mailbox(&phone, query),
            (vec![expected.clone()], total.clone())
        );
    }
    // Searches for mail find none.
    for query in [
        vec![text()],
        vec![Text(a::CLASS, "Email"), text()],
        vec![
            Text(a::CLASS, "Contacts"),
            Text(s::FREE_TEXT, "nobody-at-all"),
        ],
    ] {
        assert_eq!(in_mailbox(&phone, query), (vec![], None));
    }
    // By the LongId the whole item is fetched.
    let fetch = vec![Text(i::STORE, "Mailbox"), Text(s::LONG_ID, &expected.0)];
    let fetch = Parent(i::ITEM_OPERATIONS, vec![Parent(i::FETCH, fetch)]);
    let answer = post(&phone, "ItemOperations", &fetch);
    let fetched = answer.child(i::RESPONSE).and_then(|r| r.child(i::FETCH));
    assert_eq!(
        fetched.expect("a Fetch").text_of(i::STATUS).as_deref(),
        Some("1")
    );
    // Find says the same.
    let query = vec![
        Text(a::CLASS, "Contacts"),
        Text(a::COLLECTION_ID, &folder),
        Text(f::FREE_TEXT, "petit"),
    ];
    let criterion = Parent(f::MAIL_BOX_SEARCH_CRITERION, vec![Parent(f::QUERY, query)]);
    let find = Parent(
        f::FIND,
        vec![
            Text(f::SEARCH_ID, "1"),
            Parent(f::EXECUTE_SEARCH, vec![criterion]),
        ],
    );
    let answer = post(&phone, "Find", &find);
    let response = answer.child(f::RESPONSE).expect("a Response");
    let result = response.child(f::RESULT).expect("a Result");
    assert_eq!(result.text_of(a::SERVER_ID), Some(petit));
    assert_eq!(result.text_of(a::COLLECTION_ID), Some(folder));
    assert_eq!(response.text_of(f::TOTAL).as_deref(), Some("1"));
}

#[test]
fn a_member_is_found_with_organization_and_picture() {
    let server = Server::start();
    let picture = jpeg(64);
    server.commit(Op::Person(PersonOp::DescribePerson {
        person: server.person("bob"),
        organization: Some("Keller AG".to_owned()),
        picture: Some(picture.clone()),
    }));
    let phone = Device::set_up(&server.address, "alice", "gal3", "14.1");
    // Some programs end the words with a star.
    for query in ["bob", "keller ag", "bob*", "keller* ag*"] {
        let found = gal(&phone, query, None, Some(["", ""]));
        let bob = found
            .children_of(s::RESULT)
            .filter_map(|result| result.child(s::PROPERTIES))
            .find(|person| person.text_of(g::ALIAS).as_deref() == Some("bob"))
            .expect("bob");
        assert_eq!(bob.text_of(g::COMPANY).as_deref(), Some("Keller AG"));
        let shown = bob.child(g::PICTURE).expect("a Picture");
        let octets = shown.text_of(g::DATA).expect("octets");
        assert_eq!(STANDARD.decode(octets).expect("base64"), picture);
    }
}

#[test]
fn a_large_portrait_is_made_small_for_the_directory() {
    let server = Server::start();
    let picture = jpeg(1500);
    assert!(picture.len() > 36_864);
    server.commit(Op::Person(PersonOp::DescribePerson {
        person: server.person("bob"),
        organization: None,
        picture: Some(picture),
    }));
    let phone = Device::set_up(&server.address, "alice", "gal4", "14.1");
    let found = gal(&phone, "bob", None, Some(["36864", ""]));
    let result = found.child(s::RESULT).and_then(|r| r.child(s::PROPERTIES));
    let shown = result.and_then(|person| person.child(g::PICTURE));
    let shown = shown.expect("a Picture");
    assert_eq!(shown.text_of(g::STATUS).as_deref(), Some("1"));
    let octets = STANDARD.decode(shown.text_of(g::DATA).expect("octets"));
    let octets = octets.expect("base64");
    assert!(octets.len() <= 36_864 && octets.starts_with(&[0xFF, 0xD8]));
}
