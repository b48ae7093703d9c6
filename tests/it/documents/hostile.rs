//! What strangers send: lies, hostile names, uploads cut half way, forms without a token.

use std::{io::Write as _, net::TcpStream};

use super::{HERE, added, count, is_whole, post, upload};
use crate::support::{
    browser::{Browser, hidden},
    eventually,
    http::request,
    server::Server,
};

#[test]
fn names_are_cleaned_before_anything_is_stored() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    for (sent, kept) in [
        ("../../../etc/passwd", "passwd"),
        ("..", "document"),
        ("a/b\\c.txt", "c.txt"),
        ("invoice\u{202E}fdp.exe", "invoicefdp.exe"),
        ("<script>alert(1)</script>.txt", "script&#62;.txt"),
    ] {
        let answer = upload(&alice, HERE, &[(sent, b"x")]);
        assert_eq!(answer.status, 303, "{sent}");
        let list = alice.page(HERE);
        assert!(list.contains(&format!(">{kept}</a>")), "{sent}: {list}");
        assert!(!list.contains("<script>alert"));
    }
    let long = format!("{}.pdf", "x".repeat(300));
    let page = added_long(&alice, &long);
    let title = page.split("<h1>").nth(1).expect("a title");
    let title = title.split("</h1>").next().expect("a title");
    assert!(title.len() == 200 && title.ends_with(".pdf"), "{title}");
    is_whole(&server);
}

fn added_long(browser: &Browser, name: &str) -> String {
    assert_eq!(upload(browser, HERE, &[(name, b"x")]).status, 303);
    let kept = format!("{}.pdf", "x".repeat(196));
    browser.page(&browser.card_named(HERE, &kept).expect("the document"))
}

#[test]
fn the_octets_tell_the_type_and_nothing_runs() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let page = added(
        &alice,
        HERE,
        "photo.png",
        b"<!doctype html><script>alert(1)</script>",
    );
    assert!(
        alice.page(&page).contains("text/html"),
        "the name is not believed"
    );
    let file = alice.get(&format!("{page}/file"));
    assert_eq!(
        file.header("content-type"),
        Some("application/octet-stream")
    );
    assert_eq!(
        file.header("content-security-policy"),
        Some("default-src 'none'; sandbox")
    );
    assert!(
        file.header("content-disposition")
            .is_some_and(|d| d.starts_with("attachment;"))
    );
    // What a browser has kept goes on under the same terms.
    let known = (
        "If-None-Match".to_owned(),
        file.header("etag").expect("one").to_owned(),
    );
    let cookie = (
        "Cookie".to_owned(),
        alice.cookie.clone().expect("a session"),
    );
    let path = format!("{page}/file");
    let unchanged = request(&server.address, "GET", &path, &[known, cookie], b"");
    assert_eq!(unchanged.status, 304);
    for name in [
        "etag",
        "cache-control",
        "content-security-policy",
        "x-content-type-options",
        "content-type",
        "content-disposition",
    ] {
        assert_eq!(unchanged.header(name), file.header(name), "{name}");
    }
    // An archive of nothing but promises is kept as it is, never opened.
    let bomb = [b"PK\x03\x04".as_slice(), &[0xff; 60_000]].concat();
    let page = added(&alice, HERE, "bomb.zip", &bomb);
    assert!(alice.page(&page).contains("application/zip"));
    assert_eq!(alice.get(&format!("{page}/file")).body, bomb);
}

#[test]
fn an_upload_cut_half_way_stores_nothing() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let token = hidden(&alice.page(HERE), "token");
    let cookie = alice.cookie.clone().expect("a session");
    let head = format!(
        "--frontier\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n\
         --frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"cut.bin\"\r\n\r\n"
    );
    let mut stream = TcpStream::connect(&server.address).expect("a connection");
    write!(
        stream,
        "POST {HERE}/upload HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\nContent-Length: 5000000\r\n\
         Content-Type: multipart/form-data; boundary=frontier\r\n\r\n{head}",
        server.address
    )
    .expect("sent");
    stream.write_all(&vec![7; 1_000_000]).expect("sent");
    stream.flush().expect("sent");
    eventually("chunks arrive", || count(&server, "blob_chunk") >= 3);
    drop(stream);
    eventually("they are gone", || count(&server, "blob") == 0);
    assert_eq!(count(&server, "blob_chunk"), 0);
    assert!(alice.page(HERE).contains("No document here yet."));
    // A form that ends in the middle of a file is told so.
    let body = format!("{head}half a file without an end");
    let headers = [
        ("Cookie".to_owned(), cookie),
        (
            "Content-Type".to_owned(),
            "multipart/form-data; boundary=frontier".to_owned(),
        ),
    ];
    let path = format!("{HERE}/upload");
    let answer =
        crate::support::http::request(&server.address, "POST", &path, &headers, body.as_bytes());
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .text()
            .contains("The upload could not be read to its end. Nothing was stored.")
    );
    eventually("nothing stays", || count(&server, "blob") == 0);
    is_whole(&server);
}

#[test]
fn what_was_arriving_when_the_server_died_is_gone_at_its_next_start() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    added(&alice, HERE, "kept.txt", b"kept");
    server.runtime.block_on(async {
        use carnet::domain::{
            batch::{Batch, Op},
            document::DocumentOp,
            id::BlobId,
        };
        let batch = |ops| Batch {
            ops,
            ..Batch::default()
        };
        let begun = server
            .core()
            .commit(batch(vec![Op::Document(DocumentOp::BeginBlob)]))
            .await
            .expect("begun");
        let blob = BlobId(begun.rows[0]);
        let op = Op::Document(DocumentOp::WriteBlob {
            blob,
            chunk: 0,
            data: vec![1; 1000],
        });
        server
            .core()
            .commit(batch(vec![op]))
            .await
            .expect("written");
    });
    assert_eq!(count(&server, "blob"), 2);
    let server = Server::start_in(server.stop());
    let alice = Browser::of(&server.address, "alice");
    let page = alice
        .card_named(HERE, "kept.txt")
        .expect("what was whole stays");
    assert_eq!(alice.get(&format!("{page}/file")).body, b"kept");
    assert_eq!(count(&server, "blob"), 1);
    assert_eq!(count(&server, "blob_chunk"), 1);
}

#[test]
fn forms_without_a_token_do_nothing() {
    let server = Server::start();
    let alice = Browser::of(&server.address, "alice");
    let page = added(&alice, HERE, "a.txt", b"a");
    let files: [(&str, &[u8]); 1] = [("b.txt", b"b")];
    for fields in [&[][..], &[("token", "forged")]] {
        let answer = alice.upload(&format!("{HERE}/upload"), fields, &files);
        assert_eq!(answer.status, 403);
        assert_eq!(
            alice
                .upload(&format!("{page}/version"), fields, &files)
                .status,
            403
        );
        for path in ["folders", "rename", "delete", "restore", "selected/delete"] {
            assert_eq!(
                alice.submit(&format!("{HERE}/{path}"), fields).status,
                403,
                "{path}"
            );
        }
        for path in ["details", "delete", "share/folder", "copy"] {
            assert_eq!(
                alice.submit(&format!("{page}/{path}"), fields).status,
                403,
                "{path}"
            );
        }
    }
    // A token after the file comes too late.
    let token = hidden(&alice.page(HERE), "token");
    let body = format!(
        "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.txt\"\r\n\r\nb\r\n\
         --frontier\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\n{token}\r\n--frontier--\r\n"
    );
    let headers = [
        (
            "Cookie".to_owned(),
            alice.cookie.clone().expect("a session"),
        ),
        (
            "Content-Type".to_owned(),
            "multipart/form-data; boundary=frontier".to_owned(),
        ),
    ];
    let path = format!("{HERE}/upload");
    let answer =
        crate::support::http::request(&server.address, "POST", &path, &headers, body.as_bytes());
    assert_ne!(answer.status, 303);
    assert!(
        alice.page(HERE).contains("1 document<"),
        "{}",
        alice.page(HERE)
    );
    assert_eq!(post(&alice, &format!("{HERE}/nothing"), &[]).status, 404);
}

#[test]
fn a_quota_exceeded_half_way_stores_nothing() {
    let server = Server::start_with(|config| config.document_quota = 600_000);
    let alice = Browser::of(&server.address, "alice");
    let page = added(&alice, HERE, "a.bin", &vec![1; 400_000]);
    assert!(
        alice.page(HERE).contains("390.6 KB of 585.9 KB used"),
        "{}",
        alice.page(HERE)
    );
    let answer = upload(&alice, HERE, &[("b.bin", &vec![2; 300_000])]);
    assert_eq!(answer.status, 507);
    assert!(
        answer
            .text()
            .contains("The quota of documents of 585.9 KB is used up. Nothing was stored.")
    );
    // Two that fit one by one and not together.
    let answer = upload(
        &alice,
        HERE,
        &[("b.bin", &vec![2; 150_000]), ("c.bin", &vec![3; 150_000])],
    );
    assert_eq!(answer.status, 507);
    assert!(alice.page(HERE).contains("1 document<"));
    // A copy weighs too; what is in the trash does not count, and comes back only where it fits.
    let version = hidden(&alice.page(&page), "version");
    super::done(&alice, &format!("{page}/delete"), &[("version", &version)]);
    added(&alice, HERE, "d.bin", &vec![4; 500_000]);
    let trash = alice.page(&format!("{HERE}/trash"));
    let revision = hidden(&trash, "revisions");
    let back = post(
        &alice,
        &format!("{HERE}/trash/restore"),
        &[("revisions", &revision)],
    );
    assert_eq!(back.status, 507);
    assert_eq!(alice.card_named(HERE, "a.bin"), None);
    // Earlier versions and trash together may take three times as much.
    let page = alice.card_named(HERE, "d.bin").expect("the document");
    let mut statuses = Vec::new();
    for octet in 5..9u8 {
        let form = alice.page(&page);
        let (token, version) = (hidden(&form, "token"), hidden(&form, "version"));
        let fields = [("token", token.as_str()), ("version", version.as_str())];
        let file: [(&str, &[u8]); 1] =
            [("d.bin", &vec![octet; 90_000 + 10_000 * usize::from(octet)])];
        statuses.push(
            alice
                .upload(&format!("{page}/version"), &fields, &file)
                .status,
        );
    }
    assert_eq!(statuses[0], 303);
    is_whole(&server);
}
