//! Whether the server says rightly that it can serve, to people and to the service manager.

use std::{
    os::unix::net::UnixDatagram,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::LOOPBACK;
use crate::support::{
    dav::Book,
    http::{Answer, request},
    program::Program,
};

fn ask(address: &str, path: &str) -> Answer {
    request(address, "GET", path, &[], b"")
}

/// A server with an address for its operator.
fn serve(data: &Path, variables: &[(&str, &str)]) -> Program {
    Program::serve_with(data, &LOOPBACK, &["--demo"], |command| {
        command
            .stderr(Stdio::null())
            .env("CARNET_METRICS_LISTEN", LOOPBACK[0])
            .envs(variables.to_vec());
    })
}

#[test]
fn a_server_that_still_opens_its_data_runs_and_is_not_ready() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = serve(&data, &[]);
    let address = program.address("http");
    for address in [&address, &program.figures()] {
        assert_eq!(ask(address, "/healthz").text(), "ok\n");
        assert_eq!(ask(address, "/readyz").text(), "ready\n");
    }
    assert_eq!(ask(&program.figures(), "/metrics").status, 200);
    // Nothing else is there.
    assert_eq!(ask(&program.figures(), "/login").status, 404);
    program.stop();

    // Somebody holds the file, as a long migration would.
    let database = rusqlite::Connection::open(data.join("carnet.db")).expect("opened");
    database
        .execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .expect("locked");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
    let figures = format!("127.0.0.1:{port}");
    let watcher = {
        let figures = figures.clone();
        thread::spawn(move || {
            let begun = Instant::now();
            while std::net::TcpStream::connect(&figures).is_err() {
                assert!(begun.elapsed() < Duration::from_secs(60), "nobody answers");
                thread::sleep(Duration::from_millis(20));
            }
            let answers = (ask(&figures, "/healthz"), ask(&figures, "/readyz"));
            drop(database);
            answers
        })
    };
    let url = format!("http://{figures}");
    let program = serve(&data, &[("CARNET_METRICS_LISTEN", &url)]);
    let (health, ready) = watcher.join().expect("answers");
    assert_eq!(health.status, 200);
    assert_eq!(
        (ready.status, ready.text().as_str()),
        (503, "the server starts\n")
    );
    assert_eq!(ask(&program.figures(), "/readyz").status, 200);
}

#[test]
fn a_server_that_cannot_write_is_not_ready_until_it_can() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    // A limit on the size of files is told to the program by an error alone.
    let program = Program::serve_with(&data, &LOOPBACK, &["--demo"], |command| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
        shell.arg(command.get_program()).stderr(Stdio::null());
        *command = shell;
    });
    let address = program.address("http");
    let limit = |octets: &str| {
        let id = program.id().to_string();
        let set = Command::new("prlimit")
            .args(["--pid", &id, &format!("--fsize={octets}:unlimited")])
            .status();
        assert!(set.expect("prlimit").success());
    };
    let book = Book::of(&address, "alice");
    let card = |name: &str| {
        let note = "x".repeat(60_000);
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nN:{name};;;;\r\nFN:{name}\r\nNOTE:{note}\r\nEND:VCARD\r\n"
        )
    };
    let put = |name: String| {
        book.put(&format!("{name}.vcf"), ("If-None-Match", "*"), &card(&name))
            .status
    };
    assert_eq!(put("before".to_owned()), 201);
    // As a full disk: no file grows any more.
    let size = std::fs::metadata(data.join("carnet.db-wal")).map_or(0, |file| file.len());
    limit(&size.to_string());
    assert_eq!(put("during".to_owned()), 503);
    let answer = ask(&address, "/readyz");
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(ask(&address, "/healthz").status, 200);
    // What is there is served.
    assert_eq!(
        book.send("GET", "/dav/alice/private/contacts/before.vcf", &[], b"")
            .status,
        200
    );
    limit("unlimited");
    assert_eq!(ask(&address, "/readyz").status, 200);
    assert_eq!(put("after".to_owned()), 201);
    for name in ["before", "after"] {
        let path = format!("/dav/alice/private/contacts/{name}.vcf");
        assert_eq!(book.send("GET", &path, &[], b"").status, 200, "{name}");
    }
}

#[test]
fn the_service_manager_is_told_of_start_life_and_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    socket
        .set_read_timeout(Some(Duration::from_secs(60)))
        .expect("a timeout");
    let hear = || {
        let mut octets = [0; 1024];
        let length = socket.recv(&mut octets).expect("a message");
        String::from_utf8_lossy(&octets[..length]).into_owned()
    };
    let path = path.to_str().expect("a path");
    let variables = [("NOTIFY_SOCKET", path), ("WATCHDOG_USEC", "400000")];
    let begun = Instant::now();
    let program = serve(&folder.path().join("data"), &variables);
    // Life comes before readiness where the start takes long.
    let mut said = hear();
    while said == "WATCHDOG=1\n" {
        said = hear();
    }
    assert_eq!(said, "READY=1\n");
    for _ in 0..4 {
        assert_eq!(hear(), "WATCHDOG=1\n");
    }
    // At half of the time given.
    assert!(begun.elapsed() >= Duration::from_millis(400));
    program.ask_to_stop();
    let mut said = hear();
    while said == "WATCHDOG=1\n" {
        said = hear();
    }
    assert_eq!(said, "STOPPING=1\n");
    assert!(program.ends(), "it did not end well");
}
