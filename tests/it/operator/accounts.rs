//! People, groups, and what is brought to them.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use carnet_proto::wbxml::page::folder_hierarchy as f;
use serde_json::Value;

use super::{CARD, LOOPBACK, json, status};
use crate::support::{
    browser::Browser,
    eas::Device,
    http::{basic, request},
    program::{Program, partly, refused, run, works},
};

#[test]
fn the_first_start_prints_an_administrator_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("new/data");
    let program = Program::serve(&data, &LOOPBACK, &[]);
    let password = program.printed[0]
        .strip_prefix("administrator: admin, password: ")
        .expect("an administrator");
    assert_eq!(program.printed.len(), 2);
    assert!(program.printed[1].starts_with("listening on http://127.0.0.1:"));
    let address = program.address("http");
    assert!(!address.ends_with(":0"));
    assert_eq!(status(&address, "admin", password), 207);
    assert_eq!(request(&address, "GET", "/healthz", &[], b"").status, 200);
    program.stop();
    assert!(data.join("carnet.db").exists());

    let again = Program::serve(&data, &LOOPBACK, &[]);
    assert_eq!(again.printed.len(), 1, "{:?}", again.printed);
}

#[test]
fn the_last_administrator_stays_unless_that_is_forced() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    works(data, &["user", "add", "ada", "--admin"]);
    works(data, &["user", "add", "bert", "--admin"]);
    works(data, &["user", "set", "bert", "--disable"]);
    for ends in [
        &["user", "set", "ada", "--no-admin"][..],
        &["user", "set", "ada", "--disable"],
        &["user", "remove", "ada"],
    ] {
        let why = refused(data, ends);
        assert!(
            why.contains("keeps an administrator") && why.contains("--force"),
            "{why}"
        );
    }
    works(data, &["user", "set", "ada", "--name", "Ada"]);
    let long = "a".repeat(101);
    refused(data, &["user", "set", "ada", "--name", &long]);
    let why = refused(data, &["user", "set", "ada", "--class", "nope"]);
    assert!(why.contains("there is no class nope"), "{why}");
    works(data, &["user", "set", "bert", "--enable"]);
    works(data, &["user", "set", "ada", "--no-admin"]);
    works(data, &["user", "remove", "ada"]);
    refused(data, &["user", "remove", "bert"]);
    works(data, &["user", "remove", "bert", "--force"]);
}

#[test]
fn the_demo_has_people_a_group_and_contacts() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(folder.path(), &LOOPBACK, &["--demo"]);
    for login in ["alice", "bob", "carol"] {
        assert_eq!(
            status(&program.address("http"), login, "demo"),
            207,
            "{login}"
        );
    }
    let groups = json(&works(folder.path(), &["group", "list", "--json"]));
    assert_eq!(groups[0]["group"]["name"], "Team");
    assert_eq!(groups[0]["members"].as_array().map(Vec::len), Some(3));
    let cards = works(folder.path(), &["export", "--from", "alice"]);
    assert_eq!(cards.matches("BEGIN:VCARD\r\n").count(), 14);
    // Once only.
    program.stop();
    let _again = Program::serve(folder.path(), &LOOPBACK, &["--demo"]);
    let people = json(&works(folder.path(), &["user", "list", "--json"]));
    assert_eq!(people.as_array().map(Vec::len), Some(4));
}

#[test]
fn accounts_are_made_changed_and_removed_while_the_server_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    works(data, &["user", "add", "first", "--admin"]);
    let program = Program::serve(data, &LOOPBACK, &[]);
    let address = program.address("http");
    let add = [
        "user",
        "add",
        "dora",
        "--email",
        "Dora@Example.org",
        "--name",
        "Dora D.",
        "--password-stdin",
    ];
    assert!(run(data, &add, "first\n").status.success());
    for login in ["dora", "DORA", "dora@example.org", "DORA@EXAMPLE.ORG"] {
        let address = &address;
        let path = "/dav/dora/private/contacts/";
        let headers = [basic(login, "first"), ("Depth".to_owned(), "0".to_owned())];
        assert_eq!(
            request(address, "PROPFIND", path, &headers, b"").status,
            207,
            "{login}"
        );
    }
    let mut browser = Browser::open(&address);
    assert_eq!(browser.sign_in("dora@example.org", "first").status, 303);

    let made = json(&works(data, &["user", "add", "emil", "--json"]));
    let password = made["password"].as_str().expect("a password");
    assert_eq!(status(&address, "emil", password), 207);

    // A new password counts at once, though the old one is remembered.
    assert!(
        run(
            data,
            &["user", "passwd", "dora", "--password-stdin"],
            "second"
        )
        .status
        .success()
    );
    assert_eq!(status(&address, "dora", "second"), 207);
    assert_eq!(status(&address, "dora", "first"), 401);

    works(data, &["user", "set", "dora", "--disable"]);
    assert_eq!(status(&address, "dora", "second"), 401);
    works(
        data,
        &[
            "user", "set", "dora", "--enable", "--quota", "1", "--name", "Dora",
        ],
    );
    let book = |name: &str| {
        let headers = [basic("dora", "second")];
        let card = CARD.replace("one", name);
        let target = format!("/dav/dora/private/contacts/{name}.vcf");
        request(&address, "PUT", &target, &headers, card.as_bytes()).status
    };
    assert_eq!(book("one"), 201);
    assert_eq!(book("two"), 507);
    let people = json(&works(data, &["user", "list", "--json"]));
    let dora = people
        .as_array()
        .and_then(|people| people.iter().find(|person| person["login"] == "dora"))
        .expect("dora");
    assert_eq!(dora["name"], "Dora");
    assert_eq!(dora["email"], "Dora@Example.org");
    assert!(!people.to_string().contains("argon2"), "hashes stay inside");

    works(data, &["user", "remove", "dora"]);
    assert_eq!(status(&address, "dora", "second"), 401);
}

#[test]
fn who_gets_another_password_by_command_line_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let config = data.join("carnet.toml");
    fs::write(
        &config,
        "[mail]\nhost = 'localhost'\nfrom = 'server@example.org'\n",
    )
    .expect("written");
    let config = config.to_str().expect("a path");
    works(
        data,
        &[
            "user",
            "add",
            "dora",
            "--admin",
            "--email",
            "dora@example.org",
        ],
    );
    // Without a mail server no letter waits for one, to tell of it days later.
    works(data, &["user", "passwd", "dora"]);
    let queue = json(&works(data, &["mail", "queue", "--json"]));
    assert_eq!(queue.as_array().map(Vec::len), Some(0), "{queue}");
    works(data, &["user", "passwd", "dora", "--config", config]);
    let queue = json(&works(data, &["mail", "queue", "--json"]));
    assert_eq!(queue.as_array().map(Vec::len), Some(1), "{queue}");
    assert_eq!(queue[0]["recipient"], "dora@example.org");
}

#[test]
fn groups_change_while_their_members_wait() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let address = program.address("http");
    let mut bob = Device::set_up(&address, "bob", "waiting", "16.1");
    bob.sync_all(&[], 100);
    thread::scope(|scope| {
        let started = Instant::now();
        let ping = scope.spawn(|| bob.ping(60));
        thread::sleep(Duration::from_millis(300));
        works(data, &["group", "add", "Choir", "--admin", "alice"]);
        works(
            data,
            &["group", "member", "Choir", "bob", "--role", "co-admin"],
        );
        assert_eq!(ping.join().expect("answered"), "7", "the folders changed");
        assert!(started.elapsed() < Duration::from_secs(30));
    });
    let folders = bob.folder_sync("0");
    let names: Vec<String> = folders
        .child(f::CHANGES)
        .expect("changes")
        .children_of(f::ADD)
        .filter_map(|folder| folder.text_of(f::DISPLAY_NAME))
        .collect();
    assert!(names.contains(&"Choir".to_owned()), "{names:?}");
    // Handing over makes the former administrator a co-administrator.
    works(
        data,
        &["group", "member", "Choir", "bob", "--role", "admin"],
    );
    let groups = json(&works(data, &["group", "list", "--json"]));
    let roles = groups.to_string();
    assert!(roles.contains("co-admin"), "{roles}");
    assert!(refused(data, &["group", "leave", "Choir", "bob"]).contains("carnet: "));
    works(data, &["group", "leave", "Choir", "alice"]);
    works(
        data,
        &["grant", "group", "Choir", "--everyone", "--right", "add"],
    );
    works(data, &["group", "remove", "Choir"]);
    assert!(!works(data, &["group", "list"]).contains("Choir"));
}

#[test]
fn an_import_wakes_a_phone_and_comes_out_again_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let mut bob = Device::set_up(&program.address("http"), "bob", "importer", "14.1");
    bob.sync_all(&[], 100);
    let file = data.join("cards.vcf");
    let text = format!("{CARD}{}", CARD.replace("one", "two").replace("One", "Two"));
    fs::write(&file, &text).expect("written");
    let file = file.to_str().expect("a path");
    thread::scope(|scope| {
        let ping = scope.spawn(|| bob.ping(60));
        thread::sleep(Duration::from_millis(300));
        let report = json(&works(data, &["import", "--to", "bob", "--json", file]));
        assert_eq!(report["stored"], 2);
        assert_eq!(ping.join().expect("answered"), "2");
    });
    assert_eq!(bob.sync_all(&[], 100).len(), 2);
    let again = json(&works(
        data,
        &["import", "--to", "bob", "--format", "vcard", "--json", file],
    ));
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&Value::from(0), &Value::from(2))
    );
    assert_eq!(works(data, &["export", "--from", "bob"]), text);
    works(data, &["import", "--to", "group:Team", file]);
    let team = works(data, &["export", "--from", "group:Team"]);
    assert!(team.contains("UID:two\r\n"));
    // From standard input, into a file.
    let output = run(data, &["import", "--to", "carol", "-"], CARD);
    assert!(output.status.success());
    let out = data.join("out.vcf");
    works(
        data,
        &["export", "--from", "carol", out.to_str().expect("a path")],
    );
    assert_eq!(fs::read_to_string(out).expect("read"), CARD);
}

#[test]
fn settings_that_cannot_be_read_stay_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    let database = rusqlite::Connection::open(data.join("carnet.db")).expect("opened");
    let damage = "UPDATE person SET settings = '{\"ui\": tr' WHERE login = 'bob'";
    database.execute_batch(damage).expect("damaged");
    for change in [["--merged", "on"], ["--utc-offset", "+13:00"]] {
        let why = refused(data, &[&["user", "set", "bob"], &change[..]].concat());
        assert!(why.contains("settings of the account"), "{why}");
    }
    let sql = "SELECT settings FROM person WHERE login = 'bob'";
    let stored = database.query_row(sql, [], |row| row.get::<_, String>(0));
    assert_eq!(stored.as_deref(), Ok("{\"ui\": tr"));
}

#[test]
fn an_import_by_command_line_loses_nothing_unseen() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let _program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let import = |more: &[&str], input: &str| {
        let args = [&["import", "--to", "carol", "--json"], more, &["-"]].concat();
        let output = run(data, &args, input);
        assert!(output.status.success(), "{output:?}");
        json(&String::from_utf8_lossy(&output.stdout))
    };
    let told = |report: &Value| report["warnings"].as_array().expect("warnings").len();
    let report = import(&["--no-header"], "Eve Red;Lille\nBob Gray;Lyon\n");
    assert_eq!((&report["stored"], told(&report)), (&Value::from(2), 1));
    assert_eq!(report["warnings"][0]["code"], "column-unknown");
    assert_eq!(report["warnings"][0]["line"], 1);
    let report = import(&[], "Ann Lee;ann@example.org\nBo Ray;bo@example.org\n");
    assert_eq!((&report["stored"], told(&report)), (&Value::from(2), 0));
    // What the web lets choose, so does the command line.
    let table = "name|birthday|note\r\nZo\u{E9} Mac|03/04/1980|x\r\n";
    let path = data.join("mac.csv");
    let octets: Vec<u8> = table
        .chars()
        .map(|c| if c == 'é' { 0x8E } else { c as u8 })
        .collect();
    fs::write(&path, octets).expect("written");
    let path = path.to_str().expect("a path");
    let chosen = [
        "--encoding",
        "macintosh",
        "--delimiter",
        "bar",
        "--dates",
        "MDY",
    ];
    works(
        data,
        &[&["import", "--to", "carol"], &chosen[..], &[path]].concat(),
    );
    let cards = works(data, &["export", "--from", "carol"]);
    assert!(
        cards.contains("FN:Zoé Mac\r\n") && cards.contains("BDAY:1980-03-04\r\n"),
        "{cards}"
    );
    let google = "First Name,Labels\nFrida,* Other Contacts\n";
    let report = import(&["--collected", "--format", "google"], google);
    assert_eq!(report["stored"], 1);
    let twins = CARD.to_owned() + &CARD.replace("One", "Two");
    let report = import(&[], &twins);
    assert_eq!((&report["stored"], told(&report)), (&Value::from(2), 1));
    assert_eq!(report["warnings"][0]["code"], "uid-shared");
    let cards = works(data, &["export", "--from", "carol"]);
    for name in ["Eve Red", "Bob Gray", "Ann Lee", "Bo Ray", "One", "Two"] {
        assert!(cards.contains(&format!("FN:{name}\r\n")), "{cards}");
    }
    assert!(cards.contains("X-NAME=2:Lille"), "{cards}");
}

#[test]
fn the_administration_is_on_the_command_line_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    works(
        data,
        &[
            "class",
            "set",
            "Pupils",
            "--contacts",
            "5",
            "--deny",
            "eas",
            "--deny",
            "fax",
            "--document-quota",
            "7",
            "--photo",
            "64",
            "--import-size",
            "2",
        ],
    );
    let classes = json(&works(data, &["class", "list", "--json"]));
    assert_eq!(classes[0]["name"], "");
    assert_eq!(classes[1]["contacts"], 5);
    assert_eq!(classes[1]["documents"], 7 * 1024 * 1024);
    assert_eq!(classes[1]["photo"], 64 * 1024);
    assert_eq!(classes[1]["import_size"], 2 * 1024 * 1024);
    let listed = works(data, &["class", "list"]);
    let line = "\"Pupils\"\t5\t-\t7\t64\t2\tcarddav sms\n";
    assert!(listed.contains(line), "{listed}");
    // Each goes back to the server's rule; what is not named stays.
    let set = |options: &[&str]| works(data, &[&["class", "set", "Pupils"], options].concat());
    set(&[
        "--document-quota",
        "0",
        "--photo",
        "0",
        "--import-size",
        "0",
    ]);
    let classes = json(&works(data, &["class", "list", "--json"]));
    assert_eq!(classes[1]["documents"], 0, "no limit");
    assert!(classes[1]["photo"].is_null() && classes[1]["import_size"].is_null());
    assert_eq!(classes[1]["contacts"], 5);
    set(&["--document-quota", "server"]);
    let classes = json(&works(data, &["class", "list", "--json"]));
    assert!(classes[1]["documents"].is_null());
    let quota = ["class", "set", "Pupils", "--document-quota", "many"];
    assert!(refused(data, &quota).contains("MiB"));
    assert_eq!(
        (&classes[1]["eas"], &classes[1]["sms"]),
        (&false.into(), &true.into())
    );
    works(data, &["user", "set", "alice", "--class", "Pupils"]);
    let status = |login| {
        let mut phone =
            crate::support::phone::Phone::at(&program.address("http"), login, "cli", "16.1");
        "demo".clone_into(&mut phone.password);
        crate::support::tree::text_at(&phone.folder_sync("0"), &["Status"])
    };
    assert_eq!(status("alice").as_deref(), Some("131"));
    assert_eq!(status("bob").as_deref(), Some("1"));
    assert!(
        refused(data, &["user", "set", "alice", "--class", "Unknown"])
            .contains("there is no class Unknown")
    );
    works(data, &["class", "remove", "Pupils"]);
    assert_eq!(status("alice").as_deref(), Some("1"));
    assert!(refused(data, &["class", "remove", "Pupils"]).contains("Pupils"));

    works(data, &["new-devices", "set", "", "blocked"]);
    works(data, &["new-devices", "set", "TestPhone", "quarantined"]);
    assert_eq!(
        works(data, &["new-devices", "list"]),
        "\"testphone\"\tquarantined\n\"\"\tblocked\n"
    );
    assert_eq!(status("carol").as_deref(), Some("130"));
    works(data, &["new-devices", "remove", "testphone"]);
    works(data, &["new-devices", "remove", ""]);
    for (kind, told) in [
        ("TestPhone", "devices of the kind \"testphone\""),
        ("", "every other kind of device"),
    ] {
        let absent = run(data, &["new-devices", "remove", kind], "");
        assert_eq!(absent.status.code(), Some(1));
        let said = String::from_utf8_lossy(&absent.stderr);
        let why = format!("carnet: there is no rule for {told}\n");
        assert!(said.ends_with(&why), "{said}");
    }
    works(data, &["notice", "Back at noon"]);
    works(data, &["notice"]);
    works(
        data,
        &[
            "class",
            "set",
            "Teachers",
            "--contacts",
            "9",
            "--deny",
            "fax",
        ],
    );
    for change in [
        ["--document-quota", "7"],
        ["--organization", "ACME"],
        ["--vcard4", "on"],
    ] {
        for _ in 0..2 {
            works(data, &[&["user", "set", "carol"], &change[..]].concat());
        }
    }
    let card = data.join("card.vcf");
    std::fs::write(&card, CARD).expect("written");
    works(
        data,
        &["import", "--to", "carol", card.to_str().expect("a path")],
    );
    let audit = works(data, &["audit"]);
    for line in [
        "maintenance-notice set: Back at noon",
        "maintenance-notice removed",
        "class \"Teachers\" changed: contacts 9, ",
        "allowed: eas carddav sms\n",
        "account carol changed: quota of documents\n",
        "account carol changed: organization or picture\n",
        "account carol changed: settings\n",
        "imported into Contacts\n",
    ] {
        assert_eq!(audit.matches(line).count(), 1, "{line}: {audit}");
    }
    assert!(refused(data, &["reach"]).contains("public_url"));
    // What is not written yet is when the server ends.
    program.stop();
    let log = works(data, &["device", "log", "bob", "cli"]);
    assert!(log.contains("FolderSync"), "{log}");

    let list = data.join("people.csv");
    std::fs::write(
        &list,
        "login,name,class\nzoe,Zoe,\nalice,Again,\nyan,Yan,nobody\n",
    )
    .expect("written");
    let said = partly(data, &["user", "import", &list.display().to_string()]);
    assert!(
        said.contains("zoe\t") && said.contains("alice exists already"),
        "{said}"
    );
    assert!(said.contains("yan: there is no class nobody\n"), "{said}");
    // An account whose class is unknown is not made with a password that nobody saw.
    assert!(said.contains("yan: ") && !said.contains("yan\t"), "{said}");
    works(data, &["user", "add", "yan"]);
}
