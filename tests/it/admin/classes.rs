//! What classes of accounts allow.

use std::io::Cursor;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use carnet::domain::document::DocumentOp;

use super::*;
use crate::support::{phone::responses, tree::all};

#[test]
fn a_class_says_what_its_people_may_use() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let put = |fields: &[(&str, &str)]| submit(&root, "/admin/classes", "/admin/classes", fields);
    let made = put(&[
        ("new", "1"),
        ("name", "Pupils"),
        ("contacts", "15"),
        ("devices", "1"),
        ("allowed", "carddav"),
    ]);
    assert_eq!(made.status, 303);
    // Another one of that name does not take its place.
    let again = put(&[("new", "1"), ("name", "Pupils"), ("contacts", "5")]);
    assert_eq!(again.status, 409);
    assert!(again.text().contains("“Pupils” is taken already."));
    assert!(root.page("/admin/classes").contains("value=\"15\""));
    assert_eq!(put(&[("new", "1"), ("name", "")]).status, 422);
    assert_eq!(put(&[("name", "Pupils"), ("contacts", "0")]).status, 422);
    // What was typed is there to be put right, in the form it was typed into.
    let fields = [
        ("new", "1"),
        ("name", "Staff <2>"),
        ("contacts", "many"),
        ("photo", "77"),
        ("allowed", "sms"),
    ];
    let refused = put(&fields).text();
    let form = refused.rsplit("<h2>").next().expect("the last form");
    for typed in [
        "value=\"Staff &#60;2&#62;\"",
        "value=\"many\"",
        "value=\"77\"",
    ] {
        assert!(form.contains(typed), "{typed}: {form}");
        assert_eq!(refused.matches(typed).count(), 1, "{typed}: {refused}");
    }
    assert!(form.contains("value=\"sms\" checked") && !form.contains("value=\"eas\" checked"));
    let phone = Phone::new(&server, "alice", "P1", "16.1");
    let book = Book::of(&server.address, "alice");
    assert_eq!(phone.post("FolderSync", b"").status, 200);
    let here = format!("/admin/users/{}", server.person("alice").0);
    let join = |class| {
        let fields = [("name", "Alice"), ("quota", ""), ("class", class)];
        submit(&root, &here, &here, &fields).status
    };
    assert_eq!(join("Unknown"), 404);
    assert_eq!(join("Pupils"), 303);
    // [MS-ASCMD] 2.2.2: AccountDisabled, in the root of the command.
    let refused = phone.folder_sync("0");
    assert_eq!(text_at(&refused, &["Status"]).as_deref(), Some("131"));
    assert_eq!(book.sync("").0, 207, "CardDAV is allowed");
    // The guide makes no password for what is not.
    let alice = Browser::of(&server.address, "alice");
    let guide = alice.page("/connect/iphone");
    assert!(guide.contains("may not connect this way") && !guide.contains("name=\"inside\""));
    let at = "/connect/iphone";
    assert_eq!(
        submit(&alice, "/settings", at, &[("inside", "1")]).status,
        403
    );
    let at = "/connect/davx5";
    assert_eq!(submit(&alice, at, at, &[("name", "Tablet")]).status, 200);
    let passwords = alice.page("/settings/passwords");
    assert!(passwords.contains("<strong>Tablet</strong>"), "{passwords}");
    assert_eq!(passwords.matches("id=\"password-").count(), 1);
    let card = |n: u8| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:k{n}\r\nFN:{n}\r\nN:{n};;;;\r\nEND:VCARD\r\n")
    };
    let add = |n: u8| {
        book.put(&format!("k{n}.vcf"), ("If-None-Match", "*"), &card(n))
            .status
    };
    assert_eq!((add(1), add(2)), (201, 507), "fifteen contacts");
    let data = Browser::of(&server.address, "alice").page("/settings");
    assert!(data.contains("Private: 15 of 15 contacts"), "{data}");
    // It holds at once when it changes: now phones, one of them.
    put(&[
        ("name", "Pupils"),
        ("contacts", ""),
        ("devices", "1"),
        ("allowed", "eas"),
    ]);
    assert_eq!(book.sync("").0, 401);
    assert_eq!(
        text_at(&phone.folder_sync("0"), &["Status"]).as_deref(),
        Some("1")
    );
    let second = Phone::new(&server, "alice", "P2", "16.1");
    let refused = second.folder_sync("0");
    assert_eq!(text_at(&refused, &["Status"]).as_deref(), Some("177"));
    let logs = root.page("/admin/logs");
    assert!(logs.contains("protocol not allowed by the class"), "{logs}");
    let mut french = Browser::of(&server.address, "root");
    french.language = "fr";
    let logs = french.page("/admin/logs");
    for line in [
        "classe &#34;Pupils&#34; changée : ",
        "compte alice dans la classe &#34;Pupils&#34;",
        "compte alice : nouveau mot de passe d&#39;application, &#34;Tablet&#34;",
    ] {
        assert!(logs.contains(line), "{line}: {logs}");
    }
    assert!(!logs.contains(">account ") && !logs.contains(">class "));
    let removed = submit(
        &root,
        "/admin/classes",
        "/admin/classes/remove",
        &[("name", "Pupils")],
    );
    assert_eq!(removed.status, 303);
    assert_eq!(book.sync("").0, 207);
    server.check();
}

#[test]
fn a_class_says_how_many_documents_its_people_may_have() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let put = |documents: &str| {
        let fields = [
            ("name", ""),
            ("documents", documents),
            ("allowed", "eas"),
            ("allowed", "carddav"),
        ];
        submit(&root, "/admin/classes", "/admin/classes", &fields)
    };
    let bob = Browser::of(&server.address, "bob");
    let folder = "/d/private/documents";
    let upload = |name: &str, octets: usize| {
        let token = hidden(&bob.page(folder), "token");
        let file = vec![b'x'; octets];
        let path = format!("{folder}/upload");
        bob.upload(&path, &[("token", &token)], &[(name, &file)])
            .status
    };
    assert_eq!(put("1").status, 303);
    assert!(
        root.page("/admin/classes")
            .contains("name=\"documents\" value=\"1\"")
    );
    assert_eq!(upload("small.txt", 600_000), 303);
    let data = bob.page("/settings");
    assert!(data.contains("Documents: 585.9 KB of 1 MB used"), "{data}");
    assert_eq!(upload("second.txt", 600_000), 507);
    // What the account says itself goes before.
    server.commit(Op::Document(DocumentOp::SetDocumentQuota {
        person: server.person("bob"),
        quota: Some(2 * 1024 * 1024),
    }));
    assert_eq!(upload("second.txt", 600_000), 303);
    server.commit(Op::Document(DocumentOp::SetDocumentQuota {
        person: server.person("bob"),
        quota: None,
    }));
    assert_eq!(upload("third.txt", 10), 507);
    assert_eq!(put("0").status, 303);
    assert_eq!(upload("third.txt", 10), 303, "no limit");
    let refused = put("-1");
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("number of MB"),
        "{}",
        refused.text()
    );
    assert_eq!(put("").status, 303);
    server.check();
}

/// A card with a picture of so many octets.
fn card_with_photo(uid: &str, octets: usize) -> String {
    let mut picture = vec![0; octets];
    picture[..3].copy_from_slice(&[0xFF, 0xD8, 0xFF]);
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{uid}\r\nN:{uid};;;;\r\n\
         PHOTO;ENCODING=b;TYPE=JPEG:{}\r\nEND:VCARD\r\n",
        STANDARD.encode(picture)
    )
}

#[test]
fn a_class_says_how_large_photos_may_be_on_every_face() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let put = |photo: &str| {
        let fields = [
            ("name", ""),
            ("photo", photo),
            ("allowed", "eas"),
            ("allowed", "carddav"),
        ];
        submit(&root, "/admin/classes", "/admin/classes", &fields)
    };
    let alice = Browser::of(&server.address, "alice");
    let book = Book::of(&server.address, "alice");
    let fresh = ("If-None-Match", "*");
    let before = book.put("old.vcf", fresh, &card_with_photo("old", 20_000));
    assert_eq!(before.status, 201);
    assert_eq!(put("16").status, 303);
    assert!(
        root.page("/admin/classes")
            .contains("name=\"photo\" value=\"16\"")
    );

    // CardDAV: in the words of its specification, with the limit; what was written is kept.
    let refused = book.put("new.vcf", fresh, &card_with_photo("Enorme", 16_385));
    assert_eq!(refused.status, 403);
    for words in ["max-resource-size", "limit of 16384"] {
        assert!(refused.text().contains(words), "{}", refused.text());
    }
    assert!(alice.page("/refused").contains("Enorme"));
    let fits = book.put("fits.vcf", fresh, &card_with_photo("Fits", 16_384));
    assert_eq!(fits.status, 201);
    // What was there before may be changed beside its picture, and get a smaller one.
    let changed = card_with_photo("old", 20_000).replace("FN:old", "FN:changed");
    let any = ("If-Match", "*");
    assert_eq!(book.put("old.vcf", any, &changed).status, 204);
    let larger = card_with_photo("old", 20_001);
    assert_eq!(book.put("old.vcf", any, &larger).status, 403);
    let smaller = card_with_photo("old", 19_000);
    assert_eq!(book.put("old.vcf", any, &smaller).status, 204);

    // A phone: the contact is refused, and kept.
    let mut phone = Phone::set_up(&server, "alice", "photo", "16.1");
    phone.pull();
    let picture = |octets: usize| {
        let mut picture = vec![0; octets];
        picture[..3].copy_from_slice(&[0xFF, 0xD8, 0xFF]);
        STANDARD.encode(picture)
    };
    let added = |id: &str, octets: usize| {
        format!(
            "AirSync:Add\n  AirSync:ClientId = {id}\n  AirSync:ApplicationData\n    \
             Contacts:LastName = {id}\n    Contacts:Picture = {}\n",
            picture(octets)
        )
    };
    let answer = phone.push(&format!(
        "{}{}",
        added("Vaste", 16_385),
        added("Petite", 16_384)
    ));
    let statuses: Vec<_> = responses(&answer)
        .into_iter()
        .map(|(_, id, status)| (id, status))
        .collect();
    let expected = [("Vaste", "6"), ("Petite", "1")];
    assert_eq!(
        statuses,
        expected.map(|(id, status)| (id.to_owned(), status.to_owned()))
    );
    assert!(alice.page("/refused").contains("Vaste"));
    // What it changes beside a picture that is too large is taken, and it is sent what became of it.
    let edit = format!(
        "AirSync:Change\n  AirSync:ServerId = {}\n  AirSync:ApplicationData\n    \
         Contacts:LastName = Petite\n    Contacts:JobTitle = Pilote\n    Contacts:Picture = {}\n",
        all(&answer, "ServerId").remove(0).text(),
        picture(16_385)
    );
    let answer = phone.push(&edit);
    assert!(responses(&answer).is_empty(), "{}", answer.dump());
    assert_eq!(all(&answer, "JobTitle").remove(0).text(), "Pilote");

    // The web makes a picture as small as it has to be, and says so where it cannot.
    let mut photo = Cursor::new(Vec::new());
    image::RgbImage::from_fn(900, 900, |x, y| {
        image::Rgb([(x ^ y) as u8, x as u8, y as u8])
    })
    .write_to(&mut photo, image::ImageFormat::Png)
    .expect("a picture");
    let photo = photo.into_inner();
    let saved = alice.save("/c/private/new", &[("given", "Fitted")], Some(&photo));
    assert_eq!(saved.status, 303, "{}", saved.text());
    let card = alice.card_named("/c/private", "Fitted").expect("a card");
    let stored = alice.get(&format!("{card}/photo")).body;
    assert!(stored.len() <= 16_384, "{}", stored.len());
    image::load_from_memory(&stored).expect("a picture");
    assert_eq!(put("1").status, 303);
    let refused = alice.save("/c/private/new", &[("given", "Refused")], Some(&photo));
    assert_eq!(refused.status, 413);
    assert!(
        refused.text().contains("larger than 1 KB"),
        "{}",
        refused.text()
    );

    // An import leaves it out, and says so before.
    let form = alice.page("/c/private/import");
    assert!(form.contains("photo larger than 1 KB"), "{form}");
    let token = hidden(&form, "token");
    let file = format!(
        "{}{}",
        card_with_photo("Grand", 1025),
        card_with_photo("Menu", 1024)
    );
    let files: [(&str, &[u8]); 1] = [("two.vcf", file.as_bytes())];
    let sent = alice.upload("/c/private/import", &[("token", &token)], &files);
    assert_eq!(sent.status, 303, "{}", sent.text());
    let check = sent.header("location").expect("a page");
    let page = alice.page(check);
    let (token, name, fingerprint) = (
        hidden(&page, "token"),
        hidden(&page, "name"),
        hidden(&page, "fingerprint"),
    );
    let fields = [
        ("token", token.as_str()),
        ("name", &name),
        ("fingerprint", &fingerprint),
        ("duplicates", "create"),
    ];
    let path = check.split('?').next().expect("a path");
    let begun = alice.submit(&format!("{path}/start"), &fields);
    assert_eq!(begun.status, 303, "{}", begun.text());
    let report = begun.header("location").expect("a report");
    for _ in 0..100 {
        if alice.page(report).contains("too large") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert!(alice.page(report).contains("too large"));
    assert!(alice.card_named("/c/private", "Menu").is_some());
    assert!(alice.card_named("/c/private", "Grand").is_none());
    let refused = put("0");
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("may have 1 KB or more"));
    server.check();
}

#[test]
fn a_class_says_how_large_imports_may_be() {
    let server = start();
    let root = Browser::of(&server.address, "root");
    let fields = [("name", ""), ("import", "1"), ("allowed", "carddav")];
    let put = submit(&root, "/admin/classes", "/admin/classes", &fields);
    assert_eq!(put.status, 303);
    let mut bob = Browser::of(&server.address, "bob");
    for (language, up_to, refused) in [
        ("en", "1 MB", "larger than 1 MB"),
        ("fr", "1 Mo", "dépasse 1 Mo"),
    ] {
        bob.language = language;
        let form = bob.page("/c/private/import");
        assert!(form.contains(up_to), "{form}");
        let token = hidden(&form, "token");
        let send = |octets: usize| {
            let mut file = card_with_photo("Import", 100).into_bytes();
            file.resize(octets, b'\n');
            let files: [(&str, &[u8]); 1] = [("one.vcf", &file)];
            bob.upload("/c/private/import", &[("token", &token)], &files)
        };
        let answer = send(1024 * 1024 + 1);
        assert_eq!(answer.status, 413, "{}", answer.text());
        assert!(answer.text().contains(refused), "{}", answer.text());
        assert_eq!(send(1024 * 1024).status, 303);
    }
    server.check();
}
