//! Many connections at once.

use std::{
    fs,
    io::Write as _,
    net::TcpStream,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{
    http::{read_answer, request},
    program::Program,
};

fn well(stream: &mut TcpStream) {
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        .expect("sent");
    assert_eq!(read_answer(stream).status, 200);
}

#[test]
fn as_many_connections_as_the_open_file_limit_allows() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        ..limit
    };
    setrlimit(Resource::Nofile, raised).expect("raised");
    // The program begins with a low one, which it may raise.
    let most = limit
        .maximum
        .map_or(10_000, |most| (most as usize).saturating_sub(1000));
    let many = most.min(10_000);
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = Program::limited("-Sn", 256, &data, &["http://127.0.0.1:0"], Stdio::null());
    let address = program.address("http");
    let begin = Instant::now();
    let mut open: Vec<TcpStream> = (0..many)
        .map(|_| TcpStream::connect(&address).expect("connected"))
        .collect();
    for stream in &mut open {
        well(stream);
    }
    // All of them are there, each answers again.
    for stream in open.iter_mut().step_by(97) {
        well(stream);
    }
    println!(
        "{many} connections in {:?}, {} KiB",
        begin.elapsed(),
        program.memory() / 1024
    );
}

#[test]
fn a_server_that_runs_out_of_files_goes_on_when_some_are_free() {
    for (files, room, reached) in [
        (60, 30, "max_connections is reached"),
        // So few that some are missing before.
        (32, 16, "connections could not be accepted"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let log = folder.path().join("log");
        let output = fs::File::create(&log).expect("a log");
        let program = Program::limited("-n", files, &data, &["http://127.0.0.1:0"], output);
        let address = program.address("http");
        let said = || fs::read_to_string(&log).expect("a log");
        let limit = format!("the open-file limit leaves room for {room} connections");
        assert!(said().contains(&limit), "{}", said());
        // More than it can take: some wait.
        let open: Vec<TcpStream> = (0..100)
            .map(|_| TcpStream::connect(&address).expect("queued"))
            .collect();
        thread::sleep(Duration::from_secs(1));
        assert!(said().contains(reached), "{}", said());
        let lines = said().lines().count();
        assert!(lines < 20, "a flood of lines: {}", said());
        drop(open);
        for _ in 0..5 {
            assert_eq!(request(&address, "GET", "/readyz", &[], b"").status, 200);
        }
        program.stop();
    }
}
