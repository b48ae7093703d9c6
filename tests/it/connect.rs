//! Connecting a device, following nothing but the page.

use std::process::Command;

use carnet::domain::{batch::Op, credential::SecondFactorOp};

use crate::support::{
    browser::{Browser, hidden},
    dav::Book,
    http::{Answer, basic, request},
    phone::Phone,
    server::Server,
};

/// The value a page shows under an id.
fn value(page: &str, id: &str) -> String {
    let mark = format!("<code id=\"value-{id}\">");
    let at = page.find(&mark).unwrap_or_else(|| panic!("{id}: {page}")) + mark.len();
    page[at..].split('<').next().expect("an end").to_owned()
}

fn make(browser: &Browser, kind: &str, fields: &[(&str, &str)]) -> String {
    let here = format!("/connect/{kind}");
    let token = hidden(&browser.page(&here), "token");
    let mut all = vec![("token", token.as_str())];
    all.extend(fields);
    let answer = browser.submit(&here, &all);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.text()
}

/// The page that waits for what was just made.
fn state(browser: &Browser, page: &str) -> Answer {
    let at = page.find("data-state=\"").expect("a state") + 12;
    let path = page[at..].split('"').next().expect("an end");
    browser.get(&path.replace("&#38;", "&").replace("&amp;", "&"))
}

#[test]
fn the_guide_has_a_page_for_every_kind_in_both_languages() {
    let server = Server::start();
    let mut browser = Browser::of(&server.address, "alice");
    for language in ["en", "fr"] {
        browser.language = language;
        let guide = browser.page("/connect");
        let kinds: Vec<&str> = guide
            .split("href=\"/connect/")
            .skip(1)
            .filter_map(|piece| piece.split('"').next())
            .collect();
        assert_eq!(kinds.len(), 14, "{guide}");
        for kind in kinds {
            let page = browser.page(&format!("/connect/{kind}"));
            assert!(page.contains("<ol class=\"guide\"><li>"), "{kind}");
            if kind != "new-outlook" {
                // Before a password is made.
                assert_eq!(value(&page, "login"), "alice", "{kind}");
                assert!(server.address.ends_with(&value(&page, "server")), "{kind}");
                assert!(!page.contains("value-app-password"), "{kind}");
            }
        }
    }
    assert_eq!(browser.get("/connect/toaster").status, 404);
    let nobody = Browser::open(&server.address);
    assert_eq!(nobody.get("/connect").status, 303);
    assert_eq!(nobody.get("/connect/state").status, 303);
}

#[test]
fn a_phone_connects_with_what_the_page_says_and_the_page_sees_it() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = make(&browser, "iphone", &[("name", "Alice's phone")]);
    assert_eq!(value(&page, "login"), "alice");
    assert_eq!(value(&page, "email"), "alice@example.org");
    assert!(page.contains(" contacts take less than a minute"));
    let waiting = state(&browser, &page);
    assert!(
        waiting
            .text()
            .contains("Waiting for the first synchronization")
    );
    assert_eq!(
        waiting.header("refresh"),
        Some("4"),
        "without script it looks again"
    );

    let mut phone = Phone::new(&server, &value(&page, "login"), "GUIDED", "16.1");
    phone.password = value(&page, "app-password");
    phone.start();
    phone.pull();
    let connected = state(&browser, &page);
    assert!(
        connected
            .text()
            .contains("TestPhone is connected: 14 contacts sent."),
        "{}",
        connected.text()
    );
    assert_eq!(connected.header("refresh"), None);
    // The password is for this protocol alone, and shown once; what stays empty is not copied.
    let there = browser.page("/connect/iphone");
    assert!(there.contains("data-copy=\"value-server\"") && there.contains("leave it empty"));
    assert!(!there.contains("value-domain"), "{there}");
    assert!(!there.contains(&phone.password));
}

#[test]
fn what_went_wrong_is_said_in_words() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = make(&browser, "android", &[]);
    let mut phone = Phone::new(&server, "alice", "GUIDED", "16.1");
    "wrong".clone_into(&mut phone.password);
    assert_eq!(phone.post("FolderSync", b"").status, 401);
    let said = state(&browser, &page).text();
    assert!(said.contains("Wrong password from 127.0.0.1"), "{said}");
    // A password of a CardDAV program in an Exchange account.
    let other = make(&browser, "davx5", &[]);
    phone.password = value(&other, "app-password");
    assert_eq!(phone.post("FolderSync", b"").status, 401);
    let said = state(&browser, &page).text();
    assert!(said.contains("is not for this protocol"), "{said}");
    // The password of the account, while a second factor is on.
    server.commit(Op::SecondFactor(SecondFactorOp::Begin {
        person: server.person("alice"),
        secret: vec![7; 20],
    }));
    server.commit(Op::SecondFactor(SecondFactorOp::Confirm {
        person: server.person("alice"),
        step: 1,
        recovery: Vec::new(),
    }));
    "demo".clone_into(&mut phone.password);
    assert_eq!(phone.post("FolderSync", b"").status, 401);
    let said = state(&browser, &page).text();
    assert!(
        said.contains("two-step sign-in needs the password of this device"),
        "{said}"
    );
    // Others hear nothing of it.
    let other = Browser::of(&server.address, "bob");
    let theirs = make(&other, "android", &[]);
    assert!(
        !state(&other, &theirs)
            .text()
            .contains("not for this protocol")
    );
}

#[test]
fn a_device_that_is_held_is_named() {
    let server = Server::start_with(|config| {
        config.eas_new_devices = carnet::eas::settings::NewDevices::Quarantine;
    });
    let browser = Browser::of(&server.address, "alice");
    let page = make(&browser, "iphone", &[]);
    let mut phone = Phone::new(&server, "alice", "HELD", "16.1");
    phone.password = value(&page, "app-password");
    phone.folder_sync("0");
    let said = state(&browser, &page).text();
    assert!(said.contains("TestPhone came, and is held"), "{said}");
}

#[test]
fn a_program_that_may_only_read_connects_with_what_the_page_says() {
    let server = Server::start();
    let browser = Browser::of(&server.address, "alice");
    let page = make(&browser, "other", &[("name", "Backup"), ("read_only", "1")]);
    let address = value(&page, "address");
    assert!(address.ends_with("/dav/"), "{address}");
    let book = Book::with_password(&server.address, "alice", &value(&page, "app-password"));
    let (status, _, _) = book.sync("");
    assert_eq!(status, 207);
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:x\r\nFN:X\r\nN:X;;;;\r\nEND:VCARD\r\n";
    assert_eq!(book.put("x.vcf", ("If-None-Match", "*"), card).status, 403);
    assert!(
        state(&browser, &page)
            .text()
            .contains("is connected: 14 contacts sent.")
    );
}

/// The path of the profile of a page.
fn profile_link(page: &str) -> String {
    let at = page.find("id=\"profile\" href=\"").expect("a profile") + 19;
    let link = page[at..].split('"').next().expect("an end");
    let at = link.find("/connect/p/").expect("a path");
    link[at..].to_owned()
}

#[test]
fn a_profile_is_given_once_and_holds_the_password_only_on_request() {
    let server = Server::start_with(|config| {
        config.public_url = Some("https://contacts.example.org".to_owned());
    });
    let browser = Browser::of(&server.address, "alice");
    let page = make(&browser, "iphone", &[("name", "P")]);
    assert_eq!(value(&page, "server"), "contacts.example.org");
    assert!(page.contains("src=\"data:image/svg+xml;base64,"), "{page}");
    let path = profile_link(&page);
    let fetch = |path: &str| request(&server.address, "GET", path, &[], b"");
    // The device is not signed in.
    let given = fetch(&path);
    assert_eq!(given.status, 200);
    assert_eq!(
        given.header("content-type"),
        Some("application/x-apple-aspen-config")
    );
    let text = given.text();
    for part in [
        "<string>com.apple.eas.account</string>",
        "<key>Host</key><string>contacts.example.org</string>",
        "<key>UserName</key><string>alice</string>",
        "<key>EmailAddress</key><string>alice@example.org</string>",
        "<key>SSL</key><true/><key>EnableContacts</key><true/><key>EnableMail</key><false/>",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains(&value(&page, "app-password")));
    assert_eq!(fetch(&path).status, 410);
    assert_eq!(fetch("/connect/p/0123").status, 410);
    for (kind, key) in [("iphone", "Password"), ("mac", "CardDAVPassword")] {
        let page = make(&browser, kind, &[("inside", "1")]);
        let password = value(&page, "app-password");
        let text = fetch(&profile_link(&page)).text();
        let inside = format!("<key>{key}</key><string>{password}</string>");
        assert!(text.contains(&inside), "{inside} in {text}");
    }
}

#[test]
fn a_profile_is_signed_with_the_key_of_the_certificate() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    let made = rcgen::generate_simple_self_signed(vec!["contacts.example.org".to_owned()]);
    let made = made.expect("a certificate");
    std::fs::write(&certificate, made.cert.pem()).expect("written");
    std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
    let server = Server::start_with(|config| {
        config.public_url = Some("https://contacts.example.org".to_owned());
        config.tls_certificate = Some(certificate.clone());
        config.tls_key = Some(key.clone());
    });
    let browser = Browser::of(&server.address, "alice");
    let page = make(&browser, "iphone", &[]);
    let given = request(&server.address, "GET", &profile_link(&page), &[], b"");
    let file = folder.path().join("profile.der");
    std::fs::write(&file, &given.body).expect("written");
    let verified = Command::new("openssl")
        .args(["cms", "-verify", "-inform", "DER", "-purpose", "any", "-in"])
        .arg(&file)
        .arg("-CAfile")
        .arg(&certificate)
        .output();
    let Ok(verified) = verified else {
        crate::support::skipped("openssl is not here: the signature is not checked");
        return;
    };
    let said = String::from_utf8_lossy(&verified.stderr);
    assert!(verified.status.success(), "{said}");
    let content = String::from_utf8_lossy(&verified.stdout);
    assert!(content.contains("com.apple.eas.account"), "{content}");
    // What was changed is not signed.
    let mut forged = given.body.clone();
    let at = forged
        .windows(5)
        .position(|part| part == b"alice")
        .expect("the login");
    forged[at] = b'm';
    std::fs::write(&file, &forged).expect("written");
    let refused = Command::new("openssl")
        .args(["cms", "-verify", "-inform", "DER", "-purpose", "any", "-in"])
        .arg(&file)
        .arg("-CAfile")
        .arg(&certificate)
        .output()
        .expect("openssl");
    assert!(!refused.status.success());
}

#[test]
fn who_has_no_address_is_told_nothing_of_others() {
    let server = Server::start();
    server.sql("UPDATE person SET email = NULL WHERE login = 'bob'");
    let bob = Browser::of(&server.address, "bob");
    let page = make(&bob, "android", &[]);
    let nobody = [basic("", "guessed")];
    let answer = request(&server.address, "OPTIONS", "/dav/", &nobody, b"");
    let listed = request(&server.address, "PROPFIND", "/dav/", &nobody, b"");
    assert!([answer.status, listed.status].contains(&401));
    let said = state(&bob, &page).text();
    assert!(!said.contains("127.0.0.1"), "{said}");
}
