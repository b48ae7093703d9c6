//! The command line, as an operator meets it.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use carnet_proto::wbxml::page::{air_sync as a, contacts as c, folder_hierarchy as f};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, Stream,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use serde_json::Value;

use crate::support::{
    browser::Browser,
    dav::Book,
    eas::{Device, add},
    http::{basic, request},
    program::{Program, refused, run, works},
};

const LOOPBACK: [&str; 1] = ["http://127.0.0.1:0"];

const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:one\r\nN:One;;;;\r\nFN:One\r\nEND:VCARD\r\n";

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn status(address: &str, login: &str, password: &str) -> u16 {
    let target = format!(
        "/dav/{}/private/contacts/",
        login.split('@').next().expect("a login")
    );
    let headers = [basic(login, password), ("Depth".to_owned(), "0".to_owned())];
    request(address, "PROPFIND", &target, &headers, b"").status
}

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
    assert!(refused(data, &["group", "leave", "Choir", "bob"]).starts_with("carnet: "));
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
fn devices_are_listed_blocked_and_forgotten() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let address = program.address("http");
    let mut phone = Device::set_up(&address, "bob", "PHONE1", "14.1");
    let devices = json(&works(data, &["device", "list", "bob", "--json"]));
    assert_eq!(devices[0]["device_id"], "phone1");
    assert_eq!(devices[0]["access"], "allowed");
    works(data, &["device", "block", "bob", "PHONE1"]);
    // [MS-ASCMD] 2.2.2: DeviceIsBlockedForThisUser.
    let answer = phone.post("Sync", phone.sync_body(&phone.key, &[], 10, true));
    let status = answer.and_then(|root| root.text_of(a::STATUS));
    assert_eq!(status.as_deref(), Some("129"));
    assert!(works(data, &["device", "list"]).contains("blocked"));
    works(data, &["device", "allow", "bob", "phone1"]);
    phone.sync_all(&[], 10);
    works(data, &["device", "forget", "bob", "phone1"]);
    assert_eq!(works(data, &["device", "list", "bob"]), "");
    let answer = phone.sync(&[], 10);
    assert_eq!(
        answer.text_of(a::STATUS).as_deref(),
        Some("3"),
        "it starts over"
    );
    assert!(refused(data, &["device", "wipe", "bob", "phone9"]).contains("phone9"));
}

/// A CardDAV client and a device that synchronized, and something only they would miss.
struct Clients {
    book: Book,
    token: String,
    device: Device,
}

impl Clients {
    fn of(address: &str) -> Self {
        let book = Book::of(address, "alice");
        let mut device = Device::set_up(address, "alice", "restored", "14.1");
        device.sync_all(&[], 100);
        let (status, token, _) = book.sync("");
        assert_eq!(status, 207);
        Self {
            book,
            token,
            device,
        }
    }

    /// Their marks are refused, and from nothing they come to what there is.
    fn recover(&mut self, address: &str, cards: usize) {
        self.book = Book::of(address, "alice");
        let (status, _, body) = self.book.sync(&self.token);
        assert_eq!(status, 403);
        assert!(body.contains("valid-sync-token"), "{body}");
        let (status, token, body) = self.book.sync("");
        assert_eq!(status, 207);
        assert_eq!(body.matches(".vcf<").count(), cards);
        assert_ne!(token, self.token);
        self.token = token;

        self.device.address = address.to_owned();
        let answer = self.device.sync(&[], 100);
        assert_eq!(answer.text_of(a::STATUS).as_deref(), Some("3"));
        self.device.prime();
        self.device.sync_all(&[], 100);
        assert_eq!(self.device.items.len(), cards);
        // And so it stays.
        assert!(self.device.sync_all(&[], 100).is_empty());
        assert_eq!(self.book.sync(&self.token).0, 207);
    }
}

#[test]
fn a_backup_put_back_gives_every_client_a_fresh_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("carnet.backup");
    let backup = file.to_str().expect("a path");
    let program = Program::serve(&data, &LOOPBACK, &["--demo"]);
    works(&data, &["backup", backup]);
    assert!(
        refused(&data, &["backup", backup]).contains("exists"),
        "nothing is overwritten"
    );
    let mut clients = Clients::of(&program.address("http"));
    let lost = add("1", &[(c::LAST_NAME, "Lost")]);
    clients.device.sync_all(&[lost], 100);
    clients.token = clients.book.sync(&clients.token).1;
    assert_eq!(clients.book.sync("").2.matches(".vcf<").count(), 15);

    // While the server runs.
    works(&data, &["restore", backup]);
    let address = program.address("http");
    clients.recover(&address, 14);
    works(&data, &["check"]);
    program.stop();

    // Into a new directory, the server started afterwards.
    let elsewhere = folder.path().join("elsewhere");
    works(&elsewhere, &["restore", backup]);
    works(&elsewhere, &["check"]);
    let program = Program::serve(&elsewhere, &LOOPBACK, &[]);
    assert_eq!(program.printed.len(), 1, "the accounts are there");
    clients.recover(&program.address("http"), 14);
}

#[test]
fn a_data_file_put_back_by_hand_is_noticed_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    Program::serve(&data, &LOOPBACK, &["--demo"]).stop();
    let old = folder.path().join("old.db");
    fs::copy(data.join("carnet.db"), &old).expect("copied");
    let program = Program::serve(&data, &LOOPBACK, &[]);
    let mut clients = Clients::of(&program.address("http"));
    clients
        .device
        .sync_all(&[add("1", &[(c::LAST_NAME, "Lost")])], 100);
    clients.token = clients.book.sync(&clients.token).1;
    program.stop();
    fs::copy(&old, data.join("carnet.db")).expect("put back");
    for side in ["carnet.db-wal", "carnet.db-shm"] {
        let _ = fs::remove_file(data.join(side));
    }
    let program = Program::serve(&data, &LOOPBACK, &[]);
    clients.recover(&program.address("http"), 14);
    program.stop();
    // Once: what clients got since stays theirs.
    let program = Program::serve(&data, &LOOPBACK, &[]);
    clients.book = Book::of(&program.address("http"), "alice");
    assert_eq!(clients.book.sync(&clients.token).0, 207);
}

#[test]
fn check_finds_a_breach_and_rebuild_makes_derived_rows_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    assert!(works(data, &["check"]).contains("holds"));
    assert_eq!(
        json(&works(data, &["check", "--json"]))["broken"],
        Value::Array(vec![])
    );
    let database = rusqlite::Connection::open(data.join("carnet.db")).expect("opened");
    database
        .execute("DELETE FROM index_text", [])
        .expect("deleted");
    works(data, &["check", "--rebuild"]);
    let rows = database.query_row("SELECT count(*) FROM index_text", [], |row| row.get(0));
    assert!(rows.is_ok_and(|rows: i64| rows > 20));
    database
        .execute("UPDATE collection SET seq = 1 WHERE seq > 1", [])
        .expect("updated");
    let said = run(data, &["check"], "");
    assert_eq!(said.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&said.stderr).contains("sequence"));
}

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
    assert!(!nowhere.exists());

    let data = folder.path().join("data");
    works(&data, &["migrate"]);
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
    ] {
        fs::write(&file, text).expect("written");
        assert!(
            refused(&data, &["user", "list", "--config", path]).contains(reason),
            "{text}"
        );
    }
}

/// `GET /healthz` over TLS, the server's name verified against the authority.
fn handshake(address: &str, name: &str, roots: &Arc<RootCertStore>) -> Result<String, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut session = ClientConnection::new(Arc::new(config), name).expect("a session");
    let mut socket = TcpStream::connect(address).expect("connected");
    let mut stream = Stream::new(&mut session, &mut socket);
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .map_err(|error| error.to_string())?;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    Ok(answer)
}

fn roots(data: &Path) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(data.join("tls/ca.pem")).expect("an authority");
    roots.add(authority).expect("added");
    Arc::new(roots)
}

#[test]
fn a_certificate_for_every_name_of_the_server_is_made_at_the_first_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("carnet.toml");
    fs::write(&file, "public_url = 'https://contacts.example.org:8443'\n").expect("written");
    let listen = ["https://127.0.0.1:0", "http://127.0.0.1:0"];
    let config = ["--config", file.to_str().expect("a path")];
    let program = Program::serve(&data, &listen, &config);
    let address = program.address("https");
    let trusted = roots(&data);
    let mut names = vec![
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "contacts.example.org".to_owned(),
    ];
    if let Ok(host) = fs::read_to_string("/etc/hostname") {
        names.push(host.trim().to_ascii_lowercase());
    }
    let interfaces = if_addrs::get_if_addrs().expect("interfaces");
    names.extend(
        interfaces
            .iter()
            .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
            .map(|interface| interface.ip().to_string()),
    );
    for name in names.iter().filter(|name| !name.is_empty()) {
        let answer = handshake(&address, name, &trusted).expect(name);
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{name}: {answer}");
    }
    assert!(handshake(&address, "elsewhere.example.org", &trusted).is_err());
    assert!(handshake(&address, "localhost", &Arc::new(RootCertStore::empty())).is_err());

    // Phones fetch what they shall trust.
    let fetched = request(&program.address("http"), "GET", "/carnet-ca.crt", &[], b"");
    assert_eq!(
        fetched.header("content-type"),
        Some("application/x-x509-ca-cert")
    );
    let stored = fs::read(data.join("tls/ca.pem")).expect("an authority");
    assert_eq!(fetched.body, stored);

    // The keys are the server's alone.
    use std::os::unix::fs::PermissionsExt as _;
    for key in ["key.pem", "ca-key.pem"] {
        let mode = fs::metadata(data.join("tls").join(key))
            .expect("a key")
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0, "{key}");
    }
    program.stop();
    let again = Program::serve(&data, &listen, &config);
    assert!(handshake(&again.address("https"), "localhost", &trusted).is_ok());
}
