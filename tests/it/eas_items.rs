//! Exchange ActiveSync beyond synchronization: rows 96 to 102 of the checklist, and what rows 84
//! and 85 promise across the protocols.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet_proto::wbxml::{
    Element, Encoder, Limits, Tag, decode,
    page::{
        air_sync as a, compose_mail as m, contacts as c, find as f, folder_hierarchy as h,
        gal as g, item_operations as i, meeting_response as mr, move_items as mv,
        resolve_recipients as r, search as s, settings as st, validate_cert as vc,
    },
};

use crate::support::{
    eas::{Device, change},
    http::{basic, request},
    server::Server,
};

/// An element with a text, or with children.
enum Part<'a> {
    Text(Tag, &'a str),
    Parent(Tag, Vec<Part<'a>>),
}
use Part::{Parent, Text};

fn encode(part: &Part<'_>, out: &mut Encoder) {
    match part {
        Text(tag, text) => {
            out.text(*tag, text);
        }
        Parent(tag, children) if children.is_empty() => {
            out.empty(*tag);
        }
        Parent(tag, children) => {
            out.open(*tag);
            children.iter().for_each(|child| encode(child, out));
            out.close();
        }
    }
}

fn body(part: &Part<'_>) -> Vec<u8> {
    let mut out = Encoder::new();
    encode(part, &mut out);
    out.finish()
}

fn post(device: &Device, command: &str, part: &Part<'_>) -> Element {
    device.post(command, body(part)).expect("an answer")
}

fn put(server: &Server, login: &str, path: &str, card: &str) -> u16 {
    let headers = [basic(login, "demo")];
    request(&server.address, "PUT", path, &headers, card.as_bytes()).status
}

fn card(uid: &str, lines: &[&str]) -> String {
    let mut card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\n");
    for line in lines {
        card.push_str(line);
        card.push_str("\r\n");
    }
    card + "END:VCARD\r\n"
}

/// The Store of a GAL search.
fn gal(device: &Device, query: &str, range: Option<&str>, picture: Option<[&str; 2]>) -> Element {
    let mut options = Vec::new();
    options.extend(range.map(|range| Text(s::RANGE, range)));
    options.extend(picture.map(|[size, count]| {
        let limits = [(s::MAX_SIZE, size), (s::MAX_PICTURES, count)];
        let limits = limits.into_iter().filter(|(_, limit)| !limit.is_empty());
        Parent(
            s::PICTURE,
            limits.map(|(tag, limit)| Text(tag, limit)).collect(),
        )
    }));
    let answer = post(
        device,
        "Search",
        &Parent(
            s::SEARCH,
            vec![Parent(
                s::STORE,
                vec![
                    Text(s::NAME, "GAL"),
                    Text(s::QUERY, query),
                    Parent(s::OPTIONS, options),
                ],
            )],
        ),
    );
    assert_eq!(answer.text_of(s::STATUS).as_deref(), Some("1"));
    let response = answer.child(s::RESPONSE).expect("a Response");
    response.child(s::STORE).expect("a Store").clone()
}

/// `(DisplayName, EmailAddress)` of the results.
fn people(store: &Element) -> Vec<(String, String)> {
    store
        .children_of(s::RESULT)
        .filter_map(|result| {
            let found = result.child(s::PROPERTIES)?;
            Some((
                found.text_of(g::DISPLAY_NAME)?,
                found.text_of(g::EMAIL_ADDRESS)?,
            ))
        })
        .collect()
}

fn jpeg(edge: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(edge, edge, |x, y| image::Rgb([x as u8, y as u8, 7]));
    let mut out = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut out, image::ImageFormat::Jpeg)
        .expect("a JPEG");
    out.into_inner()
}

#[test]
fn row_96_the_directory_answers_in_ranges_with_pictures() {
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
fn row_97_the_directory_shows_what_its_reader_may_read() {
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
    server.runtime.block_on(async {
        use carnet::domain::{
            batch::{Batch, Op},
            store::Store as _,
        };
        let store = server.store();
        let group = store
            .group_by_name("Team")
            .await
            .expect("read")
            .expect("Team");
        let bob = store
            .person_by_login("bob")
            .await
            .expect("read")
            .expect("bob");
        let op = Op::RemoveMember {
            group: group.id,
            person: bob.id,
            take_back: false,
        };
        let batch = Batch {
            ops: vec![op],
            ..Batch::default()
        };
        server.core().commit(batch).await.expect("removed");
    });
    assert!(people(&gal(&bob, "numbat", None, None)).is_empty());
    assert!(people(&gal(&bob, "carol", None, None)).is_empty());
}

#[test]
fn row_98_settings_say_who_somebody_is_in_both_forms() {
    let server = Server::start();
    let get = || Parent(st::USER_INFORMATION, vec![Parent(st::GET, vec![])]);
    let head = "Settings:Settings\n  Settings:Status = 1\n  Settings:UserInformation\n    \
                Settings:Status = 1\n    Settings:Get\n";
    let old = Device::set_up(&server.address, "alice", "s1", "14.0");
    let answer = post(&old, "Settings", &Parent(st::SETTINGS, vec![get()]));
    assert_eq!(
        answer.dump(),
        format!(
            "{head}      Settings:EmailAddresses\n        Settings:SMTPAddress = alice@example.org\n"
        )
    );
    let new = Device::set_up(&server.address, "alice", "s2", "14.1");
    let answer = post(&new, "Settings", &Parent(st::SETTINGS, vec![get()]));
    assert_eq!(
        answer.dump(),
        format!(
            "{head}      Settings:Accounts\n        Settings:Account\n          \
             Settings:EmailAddresses\n            Settings:SMTPAddress = alice@example.org\n            \
             Settings:PrimarySmtpAddress = alice@example.org\n"
        )
    );
    // As iOS sends it first; every part answered, in order.
    let asked = vec![
        Parent(
            st::OOF,
            vec![Parent(st::GET, vec![Text(st::BODY_TYPE, "text")])],
        ),
        Parent(
            st::OOF,
            vec![Parent(st::SET, vec![Text(st::OOF_STATE, "1")])],
        ),
        Parent(
            st::DEVICE_INFORMATION,
            vec![Parent(st::SET, vec![Text(st::MODEL, "iPhone14,5")])],
        ),
        Parent(
            st::DEVICE_PASSWORD,
            vec![Parent(st::SET, vec![Text(st::PASSWORD, "1234")])],
        ),
        Parent(
            st::RIGHTS_MANAGEMENT_INFORMATION,
            vec![Parent(st::GET, vec![])],
        ),
        Parent(st::USER_INFORMATION, vec![]),
    ];
    let answer = post(&new, "Settings", &Parent(st::SETTINGS, asked));
    assert_eq!(
        answer.dump(),
        "Settings:Settings\n  Settings:Status = 1\n  Settings:Oof\n    Settings:Status = 1\n    \
         Settings:Get\n      Settings:OofState = 0\n  Settings:Oof\n    Settings:Status = 3\n  \
         Settings:DeviceInformation\n    Settings:Status = 1\n  Settings:DevicePassword\n    \
         Settings:Status = 7\n  Settings:RightsManagementInformation\n    Settings:Status = 168\n  \
         Settings:UserInformation\n    Settings:Status = 2\n"
    );
    // The password was kept nowhere.
    let devices = server.runtime.block_on(async {
        use carnet::domain::store::Store as _;
        server.store().devices(None).await.expect("devices")
    });
    assert!(!format!("{devices:?}").contains("1234"));
    assert!(format!("{devices:?}").contains("iPhone14,5"));
}

#[test]
fn row_99_recipients_are_found_ambiguous_or_unknown() {
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
         ResolveRecipients:EmailAddress = Ann@ambig.example\n  ResolveRecipients:Availability\n    \
         ResolveRecipients:Status = 163\n  ResolveRecipients:Certificates\n    \
         ResolveRecipients:Status = 7\n    ResolveRecipients:CertificateCount = 0\n  \
         ResolveRecipients:Picture\n    ResolveRecipients:Status = 173\n"
    );
    // 5: a span over 42 days, more than 100 names, none.
    let long = Parent(
        r::AVAILABILITY,
        vec![
            Text(r::START_TIME, "2026-01-01T00:00:00.000Z"),
            Text(r::END_TIME, "2026-03-08T00:00:00.000Z"),
        ],
    );
    let many = vec!["x"; 101];
    for answer in [
        resolve(&["ambig"], vec![long]),
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

/// The folder of the group Team.
fn team(device: &Device) -> String {
    device
        .folder_sync("0")
        .child(h::CHANGES)
        .expect("changes")
        .children_of(h::ADD)
        .find(|folder| folder.text_of(h::DISPLAY_NAME).as_deref() == Some("Team"))
        .and_then(|folder| folder.text_of(h::SERVER_ID))
        .expect("the folder of the group")
}

/// `(Status, DstMsgId)` of one move.
fn shift(device: &Device, item: &str, from: &str, to: &str) -> (String, Option<String>) {
    let one = Parent(
        mv::MOVE,
        vec![
            Text(mv::SRC_MSG_ID, item),
            Text(mv::SRC_FLD_ID, from),
            Text(mv::DST_FLD_ID, to),
        ],
    );
    let answer = post(device, "MoveItems", &Parent(mv::MOVE_ITEMS, vec![one]));
    let response = answer.child(mv::RESPONSE).expect("a Response");
    assert_eq!(response.text_of(mv::SRC_MSG_ID).as_deref(), Some(item));
    (
        response.text_of(mv::STATUS).expect("a Status"),
        response.text_of(mv::DST_MSG_ID),
    )
}

#[test]
fn row_100_moves_are_done_once_and_refused_where_they_may_not_be() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "mv1", "16.1");
    phone.sync_all(&[], 100);
    let private = phone.folder.clone();
    let group = team(&phone);
    let mut there = Device::set_up(&server.address, "alice", "mv1", "16.1");
    there.folder = group.clone();
    there.prime();
    there.sync_all(&[], 100);
    let before = there.items.len();

    let item = phone.named("Petit").expect("a contact");
    let (status, new) = shift(&phone, &item, &private, &group);
    assert_eq!(status, "3");
    let new = new.expect("a DstMsgId");
    // Repeated after a lost answer: the same answer, and nothing twice.
    assert_eq!(
        shift(&phone, &item, &private, &group),
        ("3".to_owned(), Some(new.clone()))
    );
    // The device that moved knows both ends and is told neither.
    phone.key = "0".to_owned();
    phone.folder = private.clone();
    phone.prime();
    phone.sync_all(&[], 100);
    assert_eq!(phone.named("Petit"), None);
    assert!(
        there.sync_all(&[], 100).is_empty(),
        "no Add of what it moved itself"
    );
    // Another device is told.
    let mut bob = Device::set_up(&server.address, "bob", "mv2", "14.1");
    bob.folder = group.clone();
    bob.prime();
    bob.sync_all(&[], 100);
    assert_eq!(bob.items.len(), before + 1);
    assert_eq!(bob.named("Petit"), Some(new.clone()));

    // Statuses: no such item or folder 1, no such target 2, the same folder 4.
    let lost = shift(&phone, "nothing", &private, &group);
    assert_eq!(lost, ("1".to_owned(), None));
    assert_eq!(shift(&phone, &new, "nowhere", &private).0, "1");
    let second = phone.named("Haddad").expect("a contact");
    assert_eq!(shift(&phone, &second, &private, "nowhere").0, "2");
    assert_eq!(shift(&phone, &second, &private, "calendar").0, "2");
    assert_eq!(shift(&phone, &second, &private, &private).0, "4");
    // Bob may neither take out of the group's book nor put into it.
    let bobs = Device::set_up(&server.address, "bob", "mv2", "14.1").folder;
    assert_eq!(shift(&bob, &new, &group, &bobs).0, "1");
    put(
        &server,
        "bob",
        "/dav/bob/private/contacts/own.vcf",
        &card("own", &["N:Own;;;;", "FN:Own"]),
    );
    let mut own = Device::set_up(&server.address, "bob", "mv3", "14.1");
    own.sync_all(&[], 100);
    let item = own.named("Own").expect("a contact");
    assert_eq!(shift(&own, &item, &bobs, &group).0, "2");
    own.sync_all(&[], 100);
    assert_eq!(own.named("Own"), Some(item), "nothing moved");
    let malformed = post(&phone, "MoveItems", &Parent(mv::MOVE_ITEMS, vec![]));
    assert!(malformed.child(mv::STATUS).is_some());
}

#[test]
fn row_101_mail_is_refused_openly_and_kept_for_its_author() {
    let server = Server::start();
    let mime = "From: alice@example.org\r\nTo: x@example.org\r\nSubject: Hello\r\n\r\nText\r\n";
    let phone = Device::set_up(&server.address, "alice", "m1", "16.1");
    for (command, root) in [
        ("SendMail", m::SEND_MAIL),
        ("SmartReply", m::SMART_REPLY),
        ("SmartForward", m::SMART_FORWARD),
    ] {
        let mut out = Encoder::new();
        out.open(root)
            .text(m::CLIENT_ID, "id1")
            .opaque(m::MIME, mime.as_bytes())
            .close();
        let sent = out.finish();
        // Twice: it is kept once.
        for _ in 0..2 {
            let answer = phone
                .post(command, sent.clone())
                .expect("never empty: that is success");
            assert_eq!(answer.tag, root);
            assert_eq!(answer.text_of(m::STATUS).as_deref(), Some("120"));
        }
        let garbage = phone.post(command, body(&Parent(m::FORWARDEES, vec![])));
        assert_eq!(
            garbage.expect("a status").text_of(m::STATUS).as_deref(),
            Some("101")
        );
    }
    let old = Device::set_up(&server.address, "alice", "m2", "12.1");
    let answer = old.post_raw("SendMail", format!("X-Old: yes\r\n{mime}").into_bytes());
    assert_eq!(answer.status, 503);
    assert!(answer.header("Retry-After").is_some());
    assert_eq!(old.post_raw("GetAttachment", Vec::new()).status, 404);
    let kept = server.runtime.block_on(async {
        use carnet::domain::store::Store as _;
        let store = server.store();
        let alice = store
            .person_by_login("alice")
            .await
            .expect("read")
            .expect("alice");
        store.refused(alice.id).await.expect("read")
    });
    let documents: Vec<String> = kept
        .iter()
        .map(|revision| String::from_utf8_lossy(&revision.document).into_owned())
        .collect();
    assert_eq!(
        documents,
        [format!("X-Old: yes\r\n{mime}"), mime.to_owned()]
    );
    assert!(
        kept.iter()
            .all(|revision| revision.reason.contains("sends no mail"))
    );
    let meeting = Parent(
        mr::MEETING_RESPONSE,
        vec![Parent(
            mr::REQUEST,
            vec![
                Text(mr::USER_RESPONSE, "1"),
                Text(mr::COLLECTION_ID, "calendar"),
                Text(mr::REQUEST_ID, "7"),
            ],
        )],
    );
    assert_eq!(
        post(&phone, "MeetingResponse", &meeting).dump(),
        "MeetingResponse:MeetingResponse\n  MeetingResponse:Result\n    \
         MeetingResponse:RequestId = 7\n    MeetingResponse:Status = 2\n"
    );
}

#[test]
fn row_102_find_has_its_statuses() {
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
    for (criterion, status) in [(gal("3-9"), "4"), (gal("x"), "2"), (vec![], "2")] {
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
fn items_are_fetched_one_by_one_and_in_parts() {
    let server = Server::start();
    let mut phone = Device::set_up(&server.address, "alice", "io1", "14.1");
    phone.sync_all(&[], 100);
    let id = phone.named("Petit").expect("a contact");
    let folder = phone.folder.clone();
    let by_ids = vec![
        Text(i::STORE, "Mailbox"),
        Text(a::COLLECTION_ID, &folder),
        Text(a::SERVER_ID, &id),
    ];
    let long_id = format!("{folder}:{id}");
    let by_long_id = vec![Text(i::STORE, "mailbox"), Text(s::LONG_ID, &long_id)];
    let missing = vec![
        Text(i::STORE, "Mailbox"),
        Text(a::COLLECTION_ID, &folder),
        Text(a::SERVER_ID, "nothing"),
    ];
    let elsewhere = vec![Text(i::STORE, "Attic"), Text(a::SERVER_ID, &id)];
    let file = vec![
        Text(i::STORE, "Mailbox"),
        Text(
            carnet_proto::wbxml::page::air_sync_base::FILE_REFERENCE,
            "x",
        ),
    ];
    let fetches = [by_ids, by_long_id, missing, elsewhere, file];
    let mut operations: Vec<Part<'_>> = fetches.into_iter().map(|f| Parent(i::FETCH, f)).collect();
    operations.push(Parent(
        i::EMPTY_FOLDER_CONTENTS,
        vec![Text(a::COLLECTION_ID, &folder)],
    ));
    operations.push(Parent(
        i::EMPTY_FOLDER_CONTENTS,
        vec![Text(a::COLLECTION_ID, "inbox")],
    ));
    let asked = body(&Parent(i::ITEM_OPERATIONS, operations));
    let answer = phone
        .post("ItemOperations", asked.clone())
        .expect("an answer");
    let response = answer.child(i::RESPONSE).expect("a Response");
    let statuses: Vec<(Tag, String)> = response
        .elements()
        .map(|one| (one.tag, one.text_of(i::STATUS).expect("a Status")))
        .collect();
    let expected = [
        (i::EMPTY_FOLDER_CONTENTS, "16"),
        (i::EMPTY_FOLDER_CONTENTS, "1"),
        (i::FETCH, "1"),
        (i::FETCH, "1"),
        (i::FETCH, "6"),
        (i::FETCH, "9"),
        (i::FETCH, "15"),
    ];
    assert_eq!(
        statuses,
        expected.map(|(tag, status)| (tag, status.to_owned()))
    );
    for fetch in response.children_of(i::FETCH).take(2) {
        let data = fetch.child(i::PROPERTIES).expect("Properties");
        assert_eq!(data.text_of(c::LAST_NAME).as_deref(), Some("Petit"));
        assert!(
            data.child(i::RANGE).is_none(),
            "no Range unless it was asked for"
        );
    }
    assert_eq!(phone.sync_all(&[], 100), [], "nothing was emptied");
    // As parts: a count, an offset and a length, then the document.
    let target =
        "/Microsoft-Server-ActiveSync?Cmd=ItemOperations&User=alice&DeviceId=io1&DeviceType=iPhone";
    let headers = [
        basic("alice", "demo"),
        ("MS-ASProtocolVersion".to_owned(), "14.1".to_owned()),
        ("MS-ASAcceptMultiPart".to_owned(), "T".to_owned()),
    ];
    let parts = request(&server.address, "POST", target, &headers, &asked);
    assert_eq!(
        parts.header("Content-Type"),
        Some("application/vnd.ms-sync.multipart")
    );
    let number = |at: usize| {
        let bytes = parts.body[at..at + 4].try_into().expect("four octets");
        u32::from_le_bytes(bytes) as usize
    };
    assert_eq!(
        (number(0), number(4), number(8)),
        (1, 12, parts.body.len() - 12)
    );
    assert_eq!(decode(&parts.body[12..], &Limits::default()), Ok(answer));
    let empty = post(
        &phone,
        "ItemOperations",
        &Parent(i::ITEM_OPERATIONS, vec![]),
    );
    assert_eq!(empty.text_of(i::STATUS).as_deref(), Some("2"));
}

#[test]
fn row_85_slots_stay_put_across_protocols() {
    let server = Server::start();
    let path = "/dav/alice/private/contacts/slots.vcf";
    let full = card(
        "slots",
        &[
            "N:Slots;;;;",
            "FN:Slots",
            "TEL;TYPE=HOME:111",
            "TEL;TYPE=HOME:222",
        ],
    );
    assert_eq!(put(&server, "alice", path, &full), 201);
    let mut phone = Device::set_up(&server.address, "alice", "sl1", "16.1");
    phone.sync_all(&[], 100);
    let id = phone.named("Slots").expect("a contact");
    // CardDAV takes the first away: the second stays the second, and an edit of it hits it.
    assert_eq!(
        put(
            &server,
            "alice",
            path,
            &full.replace("TEL;TYPE=HOME:111\r\n", "")
        ),
        204
    );
    phone.sync_all(&[], 100);
    let shown = &phone.items[&id];
    assert_eq!(shown.text_of(c::HOME_PHONE_NUMBER), None);
    assert_eq!(shown.text_of(c::HOME2_PHONE_NUMBER).as_deref(), Some("222"));
    let edit = [
        (c::LAST_NAME, "Slots"),
        (c::HOME2_PHONE_NUMBER, "333"),
        (c::FILE_AS, "Slots"),
    ];
    phone.sync_all(&[change(&id, &edit)], 100);
    let stored = request(&server.address, "GET", path, &[basic("alice", "demo")], b"");
    assert_eq!(
        stored.text(),
        full.replace("TEL;TYPE=HOME:111\r\n", "")
            .replace("222", "333")
    );
    // A device that starts over is shown the same.
    let mut other = Device::set_up(&server.address, "alice", "sl2", "14.1");
    other.sync_all(&[], 100);
    assert_eq!(
        other.items[&id].text_of(c::HOME2_PHONE_NUMBER).as_deref(),
        Some("333")
    );
    assert_eq!(other.items[&id].text_of(c::HOME_PHONE_NUMBER), None);
}

#[test]
fn options_list_exactly_what_is_served() {
    let server = Server::start();
    let phone = Device::set_up(&server.address, "alice", "opt", "16.1");
    let options = request(
        &server.address,
        "OPTIONS",
        "/Microsoft-Server-ActiveSync",
        &[basic("alice", "demo")],
        b"",
    );
    let listed = options.header("MS-ASProtocolCommands").expect("commands");
    for command in listed.split(',') {
        let answer = phone.post_raw(command, Vec::new());
        assert_ne!(answer.status, 501, "{command}");
    }
    for command in [
        "GetHierarchy",
        "CreateCollection",
        "MoveCollection",
        "Nonsense",
    ] {
        assert!(!listed.split(',').any(|name| name == command));
        assert_eq!(phone.post_raw(command, Vec::new()).status, 501, "{command}");
    }
}
