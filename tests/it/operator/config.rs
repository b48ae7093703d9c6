//! Bad input, foreign data, the configuration.

use std::fs;

use super::{CARD, LOOPBACK, json};
use crate::support::{
    browser::Browser,
    eas::Device,
    program::{Program, partly, refused, run, works},
};

#[test]
fn bad_input_is_refused_with_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    let missing = data.join("missing.vcf");
    let missing = missing.to_str().expect("a path");
    let no_card = data.join("no.vcf");
    fs::write(&no_card, "hello").expect("written");
    let no_card = no_card.to_str().expect("a path");
    for (arguments, reason) in [
        (&["user", "list", "--nonsense"][..], "--nonsense"),
        (&["serve", "--nonsense"], "--nonsense"),
        (&["nonsense"], "nonsense"),
        (&["user", "add", "Two Words"], "login"),
        (&["user", "add", "groups"], "login"),
        (&["user", "add", "alice"], "alice"),
        (&["user", "add", "eve", "--email", "nowhere"], "nowhere"),
        (
            &["user", "add", "eve", "--email", "eve@-example.org"],
            "eve@-example.org",
        ),
        (&["user", "set", "bob", "--email", "bob@a..b"], "bob@a..b"),
        (
            &["user", "add", "eve", "--email", "ALICE@example.org"],
            "example.org",
        ),
        (&["user", "passwd", "nobody"], "nobody"),
        (&["user", "set", "alice"], "nothing to change"),
        (&["user", "set", "alice", "--quota", "-1"], "quota"),
        (
            &["user", "set", "alice", "--enable", "--disable"],
            "--disable",
        ),
        (&["user", "remove", "nobody"], "nobody"),
        (&["group", "add", "a/b", "--admin", "alice"], "a/b"),
        (&["group", "add", "TEAM", "--admin", "alice"], "TEAM"),
        (&["group", "add", "New", "--admin", "nobody"], "nobody"),
        (&["group", "add", "New"], "--admin"),
        (&["group", "remove", "Nothing"], "Nothing"),
        (&["group", "member", "Team", "nobody"], "nobody"),
        (
            &["group", "member", "Team", "bob", "--role", "king"],
            "king",
        ),
        (&["group", "leave", "Team", "alice"], ""),
        (
            &["grant", "group", "Team", "--everyone", "--right", "fly"],
            "fly",
        ),
        (
            &[
                "grant",
                "contact",
                "no-uid",
                "--in",
                "Team",
                "--everyone",
                "--right",
                "modify",
            ],
            "no-uid",
        ),
        (&["import", "--to", "nobody", no_card], "nobody"),
        (&["import", "--to", "group:Nothing", no_card], "Nothing"),
        (&["import", "--to", "bob", missing], "missing.vcf"),
        (
            &["import", "--to", "bob", "--format", "vcard", no_card],
            "vCard",
        ),
        (&["export", "--from", "nobody"], "nobody"),
        (&["device", "list", "nobody"], "nobody"),
        (&["restore", no_card], "no.vcf"),
        (&["restore", missing], "missing.vcf"),
        (&["serve", "--listen", "ftp://127.0.0.1:0"], "ftp"),
        (&["serve", "--listen", "127.0.0.1"], "127.0.0.1"),
        (&["serve", "--config", missing], "missing.vcf"),
    ] {
        let said = refused(data, arguments);
        assert!(said.contains(reason), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
    works(data, &["check"]);
}

#[test]
fn data_that_are_not_there_or_of_a_newer_version_are_not_touched() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = folder.path().join("nowhere");
    assert!(refused(&nowhere, &["user", "list"]).contains("nowhere"));
    for arguments in [&["user", "add", "ann"][..], &["migrate"]] {
        assert!(refused(&nowhere, arguments).contains("nowhere"));
    }
    assert!(!nowhere.exists());

    let data = folder.path().join("data");
    let made = run(&data, &["user", "add", "boss", "--admin"], "");
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "{said}");
    let folder = data.to_str().expect("a path");
    assert_eq!(said, format!("new data directory: {folder}\n"));
    assert!(works(&data, &["migrate"]).contains(folder));
    let database = rusqlite::Connection::open(data.join("carnet.db")).expect("opened");
    database
        .pragma_update(None, "user_version", 999)
        .expect("set");
    drop(database);
    let before = fs::read(data.join("carnet.db")).expect("read");
    for arguments in [&["serve"][..], &["user", "list"], &["check"], &["migrate"]] {
        assert!(refused(&data, arguments).contains("newer"), "{arguments:?}");
    }
    assert_eq!(fs::read(data.join("carnet.db")).expect("read"), before);
}

#[test]
fn configuration_comes_from_a_file_and_is_checked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("carnet.toml");
    let data = folder.path().join("data");
    let path = file.to_str().expect("a path");
    fs::write(
        &file,
        "max_heartbeat = 600\nlisten = ['http://127.0.0.1:0']\n",
    )
    .expect("written");
    let program = Program::serve(&data, &LOOPBACK, &["--demo", "--config", path]);
    let device = Device::set_up(&program.address("http"), "bob", "short", "14.1");
    assert_eq!(device.ping(700), "5");
    program.stop();
    for (text, reason) in [
        ("listn = []", "listn"),
        ("listen = 3", "listen"),
        ("= =", "carnet.toml"),
        ("trash_days = 1\nlistn = []", "line 2"),
        ("listen = []", "listen"),
        ("public_url = 'contacts.example.org'", "public_url"),
    ] {
        fs::write(&file, text).expect("written");
        assert!(
            refused(&data, &["user", "list", "--config", path]).contains(reason),
            "{text}"
        );
    }
}

#[test]
fn what_a_contact_may_hold_counts_on_the_command_line_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    works(&data, &["user", "add", "bob", "--admin"]);
    let file = folder.path().join("carnet.toml");
    fs::write(&file, "max_document = 65536").expect("written");
    let long = CARD.replace("END:", &format!("NOTE:{}\r\nEND:", "x".repeat(65536)));
    let cards = folder.path().join("cards.vcf");
    fs::write(&cards, long + &CARD.replace("one", "two")).expect("written");
    let cards = cards.to_str().expect("a path");
    let import = ["import", "--to", "bob", "--json", cards];
    let limited = [&import[..], &["--config", file.to_str().expect("a path")]].concat();
    let report = json(&partly(&data, &limited));
    assert_eq!(report["stored"], 1, "{report}");
    assert_eq!(report["refused"].as_array().map(Vec::len), Some(1));
    let report = json(&works(&data, &import));
    assert_eq!(report["stored"], 1, "{report}");
}

#[test]
fn sample_people_come_into_new_data_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    works(&data, &["user", "add", "boss", "--admin"]);
    assert!(refused(&data, &["serve", "--demo"]).contains("--demo"));
    assert!(!works(&data, &["user", "list"]).contains("alice"));
    // Where they are, they may come again; each start says that their password is known.
    let sampled = folder.path().join("sampled");
    Program::serve(&sampled, &LOOPBACK, &["--demo"]).stop();
    Program::serve(&sampled, &LOOPBACK, &["--demo"]).stop();
    let log = folder.path().join("log");
    let output = fs::File::create(&log).expect("a log");
    let program = Program::serve_logging(&sampled, &LOOPBACK, &[], output);
    crate::support::eventually("password everybody knows", || {
        fs::read_to_string(&log)
            .expect("a log")
            .contains("password everybody knows")
    });
    program.stop();
}

#[test]
fn who_reads_the_output_may_stop_reading() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    works(&data, &["user", "add", "boss", "--admin"]);
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_carnet"));
    command
        .args(["user", "list", "--json", "--data"])
        .arg(&data);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("started");
    drop(child.stdout.take());
    assert!(child.wait().expect("ended").success());
}

#[test]
fn variables_that_are_no_text_are_told_where_they_are_settings_and_passed_over_elsewhere() {
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    works(&data, &["user", "add", "boss", "--admin"]);
    let no_text = std::ffi::OsStr::from_bytes(b"caf\xe9");
    for (name, works) in [("OLD_NAME", true), ("CARNET_LOG_LEVEL", false)] {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_carnet"))
            .args(["user", "list", "--data"])
            .arg(&data)
            .env(name, no_text)
            .output()
            .expect("started");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.success(), works, "{told}");
        assert!(works || told.contains(name), "{told}");
        assert!(!told.contains("panicked"), "{told}");
    }
}

/// Settings of the service, which no command is told.
#[test]
fn a_command_follows_the_settings_of_the_server() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let served = |country: &str| {
        let set = |command: &mut std::process::Command| {
            command.env("CARNET_COUNTRY", country);
        };
        Program::serve_with(&data, &LOOPBACK, &["--demo"], set)
    };
    let finds = |program: &Program, number: &str| {
        let browser = Browser::of(&program.address("http"), "bob");
        let found = browser.page(&format!("/search?q=%2B{number}"));
        found.contains("Nadia Numbers")
    };
    let program = served("FR");
    let card = CARD.replace("FN:One\r\n", "FN:Nadia Numbers\r\nTEL:01 99 00 12 34\r\n");
    let import = run(&data, &["import", "--to", "bob", "-"], &card);
    assert!(import.status.success(), "{import:?}");
    assert!(finds(&program, "33199001234"));
    works(&data, &["check", "--rebuild"]);
    assert!(finds(&program, "33199001234"));
    program.stop();
    // Another country makes other numbers.
    let program = served("DE");
    assert!(finds(&program, "49199001234") && !finds(&program, "33199001234"));
}

#[test]
fn a_configuration_is_checked_before_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("carnet.toml");
    let path = file.to_str().expect("a path");
    let check = ["config", "check", "--config", path];
    let mail = "[mail]\nhost = 'mail.example.org'\nfrom = ";
    let url = "public_url = 'https://contacts.example.org'\n";
    for (settings, why) in [
        (format!("{mail}'carnet@example.org'"), "public_url"),
        (format!("{url}{mail}'nobody'"), "nobody"),
        ("push_contact = 'me'".to_owned(), "push_contact"),
        (format!("{url}[fax]"), "fax"),
        ("log_level = 'loud'".to_owned(), "log_level"),
        ("tls_certificate = 'cert.pem'".to_owned(), "tls_key"),
        (
            "tls_certificate = '/nowhere/cert.pem'\ntls_key = '/nowhere/key.pem'".to_owned(),
            "/nowhere/cert.pem",
        ),
        ("listen = ['ftp://127.0.0.1']".to_owned(), "ftp"),
        (
            "[sms]\nurl = 'https://sms.example.org'\nbody = '{nope}'".to_owned(),
            "{nope}",
        ),
        ("trash_day = 1".to_owned(), "trash_day"),
        (
            "metrics_listen = 'https://127.0.0.1:0'".to_owned(),
            "metrics_listen is like http://",
        ),
        (
            "listen = ['http://127.0.0.1']".to_owned(),
            "http://127.0.0.1:",
        ),
        // An address of no machine (RFC 5737).
        (
            "listen = ['http://192.0.2.1:8080']".to_owned(),
            "http://192.0.2.1:8080: ",
        ),
        (
            "listen = ['http://127.0.0.1:18080', 'https://127.0.0.1:18080']".to_owned(),
            "named twice",
        ),
        ("max_document = 1".to_owned(), "65536 to 268435456"),
    ] {
        fs::write(&file, &settings).expect("written");
        let said = refused(&data, &check);
        assert!(said.contains(why), "{settings}: {said}");
    }
    let body = "'{\"to\": \"{number}\", \"text\": \"{text}\"}'";
    let good = format!(
        "{url}{mail}'carnet@example.org'\n[sms]\nurl = 'https://sms.example.org/{{id}}'\nbody = {body}"
    );
    fs::write(&file, good).expect("written");
    let said = works(&data, &check);
    assert!(said.contains("takes this configuration"), "{said}");
    assert!(said.contains(path), "{said}");
    // The server that is to be restarted has its address.
    let running = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("http://{}", running.local_addr().expect("an address"));
    fs::write(&file, format!("listen = ['{url}']")).expect("written");
    let checked = run(&data, &check, "");
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
    assert!(
        told.contains(&format!("{url}: Address already in use")),
        "{told}"
    );
    assert!(!data.exists(), "nothing is made");
}

#[test]
fn a_command_warns_of_what_it_finds_where_it_opens_the_data() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    works(&data, &["user", "add", "boss", "--admin"]);
    let list = ["user", "list", "--json"];
    let quiet = run(&data, &list, "");
    assert_eq!(String::from_utf8_lossy(&quiet.stderr), "");
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).expect("set");
    let warned = run(&data, &list, "");
    let told = String::from_utf8_lossy(&warned.stderr);
    assert!(
        told.contains("WARN") && told.contains("chmod 700"),
        "{told}"
    );
    assert_eq!(warned.stdout, quiet.stdout, "JSON alone");
}
