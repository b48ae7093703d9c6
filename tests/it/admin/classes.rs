//! What classes of accounts allow.

use super::*;

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
    assert_eq!(put(&[("new", "1"), ("name", "")]).status, 422);
    assert_eq!(put(&[("name", "Pupils"), ("contacts", "0")]).status, 422);
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
    let card = |n: u8| {
        format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:k{n}\r\nFN:{n}\r\nN:{n};;;;\r\nEND:VCARD\r\n")
    };
    let add = |n: u8| {
        book.put(&format!("k{n}.vcf"), ("If-None-Match", "*"), &card(n))
            .status
    };
    assert_eq!((add(1), add(2)), (201, 507), "fifteen contacts");
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
    assert_eq!(upload("second.txt", 600_000), 507);
    // What the account says itself goes before.
    server.commit(Op::SetDocumentQuota {
        person: server.person("bob"),
        quota: Some(2 * 1024 * 1024),
    });
    assert_eq!(upload("second.txt", 600_000), 303);
    server.commit(Op::SetDocumentQuota {
        person: server.person("bob"),
        quota: None,
    });
    assert_eq!(upload("third.txt", 10), 507);
    assert_eq!(put("0").status, 303);
    assert_eq!(upload("third.txt", 10), 303, "no limit");
    let refused = put("-1");
    assert_eq!(refused.status, 422);
    assert!(
        refused.text().contains("number of MiB"),
        "{}",
        refused.text()
    );
    assert_eq!(put("").status, 303);
    server.check();
}
