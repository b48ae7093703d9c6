//! What comes in and goes out by the command line, and for whom.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
};

use super::{CARD, LOOPBACK, json};
use crate::support::{
    browser::Browser,
    http::{basic, request},
    program::{Program, partly, refused, run, works},
};

/// Data of the sample people, not served.
fn sampled() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    Program::serve(folder.path(), &LOOPBACK, &["--demo"]).stop();
    folder
}

#[test]
fn what_a_leaver_had_is_taken_out_and_stays_the_groups() {
    let folder = sampled();
    let data = folder.path();
    let before = works(data, &["export", "--from", "alice"]);
    let team = works(data, &["export", "--from", "group:Team"]);
    for login in ["alice", "bob"] {
        works(data, &["user", "set", login, "--disable"]);
    }
    assert_eq!(works(data, &["export", "--from", "alice"]), before);
    // Alice runs the group: first nobody else does, then an account that is enabled.
    assert_eq!(works(data, &["export", "--from", "group:Team"]), team);
    works(
        data,
        &["group", "member", "Team", "carol", "--role", "co-admin"],
    );
    let card = run(data, &["import", "--to", "group:Team", "-"], CARD);
    assert!(card.status.success(), "{card:?}");
    let again = works(data, &["export", "--from", "group:Team"]);
    assert!(again.contains("UID:one\r\n"), "{again}");
    let audit = works(data, &["audit"]);
    let lines: Vec<&str> = audit
        .lines()
        .filter(|line| line.contains("exported"))
        .collect();
    assert_eq!(lines.len(), 5, "{audit}");
    assert!(lines[0].contains("\talice\tcommand line\t"), "{audit}");
    assert!(lines[4].contains("\tcarol\tcommand line\t"), "{audit}");
    // A book that another account shall have.
    let file = data.join("alice.vcf");
    fs::write(&file, &before).expect("written");
    let file = file.to_str().expect("a path");
    works(data, &["import", "--to", "alice", file]);

    let all = data.join("alice.zip");
    let all = all.to_str().expect("a path");
    works(data, &["export", "--everything", "alice", all]);
    let archive = fs::File::open(all).expect("an archive");
    let mut archive = zip::ZipArchive::new(archive).expect("an archive");
    let names: Vec<String> = archive
        .file_names()
        .flatten()
        .map(|name| name.into_owned())
        .collect();
    assert!(names.contains(&"account.json".to_owned()), "{names:?}");
    assert!(
        names.iter().any(|name| name.starts_with("private ")),
        "{names:?}"
    );
    assert!(
        names.iter().any(|name| name.starts_with("group ")),
        "{names:?}"
    );
    assert!(archive.by_index(0).is_ok());
}

#[test]
fn every_private_book_is_reached_and_can_be_made() {
    let folder = sampled();
    let data = folder.path();
    let file = data.join("card.vcf");
    fs::write(&file, CARD).expect("written");
    let file = file.to_str().expect("a path");
    let why = refused(data, &["import", "--to", "bob/Friends", file]);
    assert!(
        why.contains("bob has no book Friends: there are contacts"),
        "{why}"
    );
    works(data, &["import", "--to", "bob/Friends", "--make", file]);
    assert_eq!(works(data, &["export", "--from", "bob/Friends"]), CARD);
    assert_ne!(works(data, &["export", "--from", "bob"]), CARD);
    let contacts = works(data, &["export", "--from", "bob/contacts"]);
    assert_eq!(contacts, works(data, &["export", "--from", "bob"]));
    assert!(refused(data, &["export", "--from", "nobody/Friends"]).contains("nobody"));
    assert!(refused(data, &["export", "--from", "group:team"]).contains("there is Team"));
}

/// A loop over the books of another server takes its names as they are.
#[test]
fn a_book_that_is_made_opens_whatever_it_is_called() {
    let folder = sampled();
    let data = folder.path();
    let file = data.join("card.vcf");
    fs::write(&file, CARD).expect("written");
    let file = file.to_str().expect("a path");
    let names = [
        "Family/Work",
        "..",
        "Vacances d'été",
        "group-1-Team",
        "50 %",
    ];
    for name in names {
        let to = format!("bob/{name}");
        works(data, &["import", "--to", &to, "--make", file]);
        // The same book again, spaces around its name or not.
        works(data, &["import", "--to", &format!("{to} "), "--make", file]);
        assert_eq!(works(data, &["export", "--from", &to]), CARD);
    }
    for name in ["", " ", "two\nlines", &"x".repeat(300)] {
        let why = refused(
            data,
            &["import", "--to", &format!("bob/{name}"), "--make", file],
        );
        assert!(why.contains("the name of"), "{why}");
    }
    let program = Program::serve(data, &LOOPBACK, &[]);
    let address = program.address("http");
    let headers = [basic("bob", "demo"), ("Depth".to_owned(), "1".to_owned())];
    let home = request(&address, "PROPFIND", "/dav/bob/private/", &headers, b"").text();
    let hrefs = home
        .split("href>")
        .filter(|part| part.starts_with("/dav/bob/private/"));
    let mut found = 0;
    for href in hrefs.filter_map(|part| part.split('<').next()) {
        let headers = [basic("bob", "demo"), ("Depth".to_owned(), "0".to_owned())];
        let opened = request(&address, "PROPFIND", href, &headers, b"");
        assert_eq!(opened.status, 207, "{href}");
        found += usize::from(href != "/dav/bob/private/");
    }
    assert!(found > names.len(), "{home}");
}

#[test]
fn an_import_that_loses_contacts_says_so_by_its_status() {
    let folder = sampled();
    let data = folder.path();
    works(data, &["user", "add", "Paula", "--name", "Paula"]);
    works(data, &["user", "set", "Paula", "--quota", "2"]);
    let file = data.join("cards.vcf");
    let card = |n: usize| {
        CARD.replace("one", &format!("u{n}"))
            .replace("One", &format!("N{n}"))
    };
    fs::write(&file, (0..3).map(card).collect::<String>()).expect("written");
    let file = file.to_str().expect("a path");
    let import = ["import", "--to", "paula", file];
    let said = partly(data, &import);
    assert!(
        said.contains("2 stored") && said.contains("over-quota"),
        "{said}"
    );
    works(data, &["user", "set", "paula", "--quota", "5"]);
    works(data, &import);
}

#[test]
fn a_row_that_makes_no_account_stops_no_other() {
    let folder = sampled();
    let data = folder.path();
    let list = data.join("people.csv");
    let rows = "login,email,admin\nzoe,,\nx y,,\nyan,nowhere,\nxia,,perhaps\nwim,,\n";
    fs::write(&list, rows).expect("written");
    let list = list.to_str().expect("a path");
    let said = partly(data, &["user", "import", list]);
    for told in [
        "zoe\t",
        "wim\t",
        "3: \"x y\" is no login",
        "4: nowhere",
        "5: \"perhaps\"",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    assert_eq!(said.lines().count(), 5, "{said}");
    let again = run(data, &["user", "import", "--json", list], "");
    assert_eq!(again.status.code(), Some(1));
    let rows = json(&String::from_utf8_lossy(&again.stdout));
    assert_eq!(rows.as_array().map(Vec::len), Some(5), "{rows}");
}

#[test]
fn a_folder_of_cards_is_imported() {
    let folder = sampled();
    let data = folder.path();
    let root = data.join("collection-root");
    let book = root.join("0f3a");
    fs::create_dir_all(&book).expect("a folder");
    fs::write(
        book.join(".Radicale.props"),
        r#"{"D:displayname": "Old friends", "tag": "VADDRESSBOOK"}"#,
    )
    .expect("written");
    fs::write(book.join("one.vcf"), CARD.trim_end()).expect("written");
    fs::write(
        book.join("two.VCF"),
        CARD.replace("one", "two").replace("One", "Two"),
    )
    .expect("written");
    fs::write(book.join("cut.vcf"), "BEGIN:VCARD").expect("written");
    let book = book.to_str().expect("a path");
    let report = json(&partly(data, &["import", "--to", "carol", "--json", book]));
    assert_eq!(report["stored"], 2, "{report}");
    // Its owner sees what the operator imported, and not from where.
    let program = Program::serve(data, &LOOPBACK, &[]);
    let browser = Browser::of(&program.address("http"), "carol");
    let page = browser.page("/c/private/import");
    assert!(
        page.contains("0f3a") && !page.contains("collection-root"),
        "{page}"
    );
    let import = report["import"].as_i64().expect("a number");
    let page = browser.page(&format!("/c/private/imports/{import}"));
    assert!(
        page.contains("Created: 2.") && page.contains("cut.vcf:1"),
        "{page}"
    );
    assert!(page.contains("/undo"), "{page}");
    program.stop();
    assert_eq!(report["refused"][0], "cut.vcf:1: broken", "{report}");
    let root = root.to_str().expect("a path");
    let why = refused(data, &["import", "--to", "carol", root]);
    assert!(why.contains("0f3a (Old friends)"), "{why}");
}

#[test]
fn an_import_that_stores_nothing_fails_however_it_is_told() {
    let folder = sampled();
    let data = folder.path();
    let broken = "BEGIN:VCARD\nVERSION:3.0\nFN:Cut\n";
    let text = run(data, &["import", "--to", "bob", "-"], broken);
    let told = run(data, &["import", "--to", "bob", "--json", "-"], broken);
    assert!(!text.status.success() && !told.status.success());
    let report = json(&String::from_utf8_lossy(&told.stdout));
    assert_eq!(report["refused"][0], "line 1: broken");
    // So does one that stops.
    let stops = ["import", "--to", "bob", "--format", "vcard", "--json", "-"];
    let told = run(data, &stops, "no card\n");
    assert!(!told.status.success());
    let report = json(&String::from_utf8_lossy(&told.stdout));
    assert!(
        report["stopped"].is_string() && report["stored"] == 0,
        "{report}"
    );
    // What is no address book is not stored as contacts.
    for octets in ["{\"a\": 1,\n\"b\": 2}\n", "started, ready\nlate, again\n"] {
        let output = run(data, &["import", "--to", "bob", "-"], octets);
        assert!(!output.status.success(), "{octets}");
    }
    // A letter that the encoding may have damaged is told.
    let table = data.join("mac.csv");
    fs::write(
        &table,
        b"Name;T\xc8l\xc8phone\nAnn Lee;0199001234\nBo Ray;0199001235\n",
    )
    .expect("written");
    let table = table.to_str().expect("a path");
    let told = works(data, &["import", "--to", "bob", table]);
    assert!(
        told.contains("read as windows-1252, which is doubtful"),
        "{told}"
    );
}

#[test]
fn an_export_is_its_owners_alone_and_replaces_nothing_unasked() {
    let folder = sampled();
    let data = folder.path();
    let file = data.join("out.vcf");
    let name = file.to_str().expect("a path");
    works(data, &["export", "--from", "alice", name]);
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let first = fs::read(&file).expect("read");
    let why = refused(data, &["export", "--from", "bob", name]);
    assert!(
        why.contains("exists already") && why.contains("--force"),
        "{why}"
    );
    assert_eq!(fs::read(&file).expect("read"), first);
    let open = fs::Permissions::from_mode(0o644);
    fs::set_permissions(&file, open).expect("opened to all");
    // Until the new one is whole, the old one stays.
    refused(data, &["export", "--from", "nobody", "--force", name]);
    assert_eq!(fs::read(&file).expect("read"), first);
    works(data, &["export", "--from", "bob", "--force", name]);
    assert_ne!(fs::read(&file).expect("read"), first);
    let mode = fs::metadata(&file).expect("a file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let entries = fs::read_dir(data).expect("a folder").flatten();
    let parts = entries.filter(|entry| entry.file_name().to_string_lossy().contains("out.vcf"));
    assert_eq!(parts.count(), 1);
    let shown = works(data, &["export", "--from", "alice", "-"]);
    assert_eq!(shown.as_bytes(), first);
    works(data, &["export", "--from", "alice", "/dev/null"]);
}

#[test]
fn a_backup_is_known_to_the_administration() {
    let folder = sampled();
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &[]);
    let mut browser = crate::support::browser::Browser::open(&program.address("http"));
    works(data, &["user", "set", "alice", "--admin"]);
    assert_eq!(browser.sign_in("alice", "demo").status, 303);
    assert!(!browser.page("/admin").contains("by-command"));
    let file = data.join("by-command");
    works(data, &["backup", file.to_str().expect("a path")]);
    assert!(browser.page("/admin").contains("by-command"));
}

#[test]
fn each_account_of_a_list_is_told_when_it_is_made() {
    let folder = sampled();
    let data = folder.path();
    let list = data.join("people.csv");
    // So many that some are left to be made when the first one is told.
    let mut rows =
        b"Login;Name;E-Mail;Quota;Password\nzoe;Zo\xeb;zoe@example.org;5;\nyan;Yan;;;known secret\n"
            .to_vec();
    rows.extend((0..18).flat_map(|n| format!("more{n};;;;\n").into_bytes()));
    fs::write(&list, rows).expect("written");
    let mut child = Command::new(env!("CARGO_BIN_EXE_carnet"))
        .args(["user", "import"])
        .arg(&list)
        .arg("--data")
        .arg(data)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started");
    let mut said = BufReader::new(child.stdout.take().expect("its output"));
    let mut first = String::new();
    said.read_line(&mut first).expect("a line");
    assert!(first.starts_with("zoe\t"), "{first}");
    let running = child.try_wait().expect("its state").is_none();
    let output = child.wait_with_output().expect("ended");
    assert!(running && output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        told.ends_with("columns that are not read: Quota\n"),
        "{told}"
    );
    let people = json(&works(data, &["user", "list", "--json"]));
    let zoe = people.as_array().expect("people").iter();
    let zoe = zoe
        .clone()
        .find(|person| person["login"] == "zoe")
        .expect("zoe");
    assert_eq!(
        (&zoe["name"], &zoe["email"]),
        (&"Zo\u{eb}".into(), &"zoe@example.org".into())
    );
    let program = Program::serve(data, &LOOPBACK, &[]);
    let status = super::status(&program.address("http"), "yan", "known secret");
    assert_eq!(status, 207);
    // None of them can be added again.
    let list = list.to_str().expect("a path");
    let again = run(data, &["user", "import", "--json", list], "");
    assert!(!again.status.success());
    let rows = json(&String::from_utf8_lossy(&again.stdout));
    assert_eq!(rows.as_array().map(Vec::len), Some(20), "{rows}");
}
