//! Many connections at once.

use std::{fs, io::Write as _, net::TcpStream, process::Stdio, time::Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{
    eventually,
    http::{read_answer, request},
    program::Program,
    skipped,
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
    if many < 10_000 {
        skipped(&format!(
            "{many} of 10,000 connections: the limit of open files is lower"
        ));
    }
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
fn more_connections_than_there_is_room_for_wait() {
    full(60, 30, "max_connections is reached");
}

#[test]
fn a_server_that_runs_out_of_files_goes_on_when_some_are_free() {
    // What it needs for itself is of the machine: a few more leave less than the half that
    // connections are given.
    let own = {
        let folder = tempfile::tempdir().expect("a folder");
        let program = Program::serve(folder.path(), &["http://127.0.0.1:0"], &[]);
        let address = program.address("http");
        assert_eq!(request(&address, "GET", "/readyz", &[], b"").status, 200);
        program.open_files()
    };
    let files = own + 4;
    assert!(files / 2 > 4, "it has {own} files open and needs more");
    full(files, files / 2, "connections could not be accepted");
}

/// A server with so few files: asked for more connections than there is room for, it says so in
/// a few lines, and serves again when they are gone.
fn full(files: usize, room: usize, reached: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let log = folder.path().join("log");
    let output = fs::File::create(&log).expect("a log");
    let program = Program::limited("-n", files, &data, &["http://127.0.0.1:0"], output);
    let address = program.address("http");
    let said = || fs::read_to_string(&log).expect("a log");
    let limit = format!("the open-file limit leaves room for {room} connections");
    assert!(said().contains(&limit), "{}", said());
    let open: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(&address).expect("queued"))
        .collect();
    eventually(reached, || said().contains(reached));
    let lines = said().lines().count();
    assert!(lines < 20, "a flood of lines: {}", said());
    drop(open);
    for _ in 0..5 {
        assert_eq!(request(&address, "GET", "/readyz", &[], b"").status, 200);
    }
    program.stop();
}
