//! HTTP/2 as an attacker writes it, frame by frame (RFC 9113).

mod tls;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use super::closes;
use crate::support::{http::request, server::Server};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
/// HPACK: GET, http, `/healthz`, host x.
const GET: &[u8] = b"\x82\x86\x04\x08/healthz\x01\x01x";
/// HPACK: POST, http, `/login`, host x, a form.
const POST: &[u8] = b"\x83\x86\x04\x06/login\x01\x01x\x0f\x10\x21application/x-www-form-urlencoded";
const REFUSED_STREAM: u32 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

struct Frames<S = TcpStream>(S);

#[derive(Debug)]
struct Frame {
    kind: u8,
    flags: u8,
    stream: u32,
    payload: Vec<u8>,
}

impl Frame {
    /// The error code of RST_STREAM and GOAWAY.
    fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().expect("a code"))
    }
}

impl Frames {
    /// With prior knowledge, and settings of the client.
    fn open(server: &Server, settings: &[(u16, u32)]) -> Self {
        let stream = TcpStream::connect(&server.address).expect("connected");
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .expect("a timeout");
        stream
            .set_write_timeout(Some(Duration::from_secs(20)))
            .expect("a timeout");
        Self::begin(stream, settings)
    }
}

impl<S: Read + Write> Frames<S> {
    /// Begins on a connection that both know to be one of HTTP/2.
    fn begin(stream: S, settings: &[(u16, u32)]) -> Self {
        let mut frames = Self(stream);
        frames
            .0
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .expect("sent");
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(id, value)| [&id.to_be_bytes()[..], &value.to_be_bytes()[..]].concat())
            .collect();
        frames.send(SETTINGS, 0, 0, &payload);
        frames
    }

    /// Whether it was taken.
    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        let length = u32::try_from(payload.len()).expect("short").to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        self.0.write_all(&frame).is_ok()
    }

    /// The next frame; none at the end.
    fn read(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some(Frame {
            kind: head[3],
            flags: head[4],
            stream: u32::from_be_bytes(head[5..].try_into().expect("four")) & 0x7fff_ffff,
            payload,
        })
    }

    /// The next frame of a kind.
    fn next(&mut self, kind: u8) -> Option<Frame> {
        std::iter::from_fn(|| self.read()).find(|frame| frame.kind == kind)
    }
}

/// The server is as well as before.
fn is_well(server: &Server) {
    let answer = request(&server.address, "GET", "/healthz", &[], b"");
    assert_eq!(answer.status, 200);
}

#[test]
fn limits_are_announced_and_requests_answered() {
    let server = Server::start();
    let mut frames = Frames::open(&server, &[]);
    let settings = frames.next(SETTINGS).expect("settings");
    let value = |id: u16| {
        let pairs = settings.payload.chunks(6);
        let mut found = pairs.filter(|pair| pair[..2] == id.to_be_bytes());
        found
            .next()
            .map(|pair| u32::from_be_bytes(pair[2..].try_into().expect("four")))
    };
    // SETTINGS_MAX_CONCURRENT_STREAMS and SETTINGS_MAX_HEADER_LIST_SIZE.
    assert_eq!((value(3), value(6)), (Some(128), Some(16 * 1024)));
    frames.send(HEADERS, END_HEADERS | END_STREAM, 1, GET);
    let answer = frames.next(HEADERS).expect("an answer");
    // HPACK: `:status: 200` is one octet.
    assert_eq!((answer.stream, answer.payload[0]), (1, 0x88));
    assert!(answer.flags & END_HEADERS != 0);
}

#[test]
fn more_streams_than_announced_are_refused() {
    let server = Server::start();
    let mut frames = Frames::open(&server, &[]);
    // Bodies that never come.
    for stream in 0..200 {
        frames.send(HEADERS, END_HEADERS, stream * 2 + 1, POST);
    }
    let refused = frames.next(RST_STREAM).expect("refused");
    assert_eq!(refused.code(), REFUSED_STREAM);
    assert!(refused.stream > 2 * 128, "{refused:?}");
    is_well(&server);
}

/// CVE-2023-44487.
#[test]
fn requests_taken_back_in_a_flood_end_the_connection() {
    let server = Server::start();
    let mut frames = Frames::open(&server, &[]);
    let mut begun = 0;
    for stream in 0..20_000 {
        let id = stream * 2 + 1;
        let sent = frames.send(HEADERS, END_HEADERS | END_STREAM, id, GET)
            && frames.send(RST_STREAM, 0, id, &8u32.to_be_bytes());
        if !sent {
            break;
        }
        begun += 1;
    }
    let farewell = frames.next(GOAWAY);
    if let Some(farewell) = &farewell {
        assert_eq!(farewell.code(), ENHANCE_YOUR_CALM, "{farewell:?}");
    }
    assert!(farewell.is_some() || begun < 20_000, "all were taken");
    is_well(&server);
}

/// CVE-2024-27316.
#[test]
fn headers_that_never_end_end_the_connection() {
    let server = Server::start();
    let mut frames = Frames::open(&server, &[]);
    assert!(frames.send(HEADERS, END_STREAM, 1, GET));
    // A literal header of 1,000 octets.
    let mut header = b"\x00\x01x\x7f\xe9\x06".to_vec();
    header.extend([b'a'; 1000]);
    let begin = Instant::now();
    let mut sent = 0;
    while sent < 50_000 && frames.send(CONTINUATION, 0, 1, &header) {
        sent += 1;
    }
    assert!(sent < 50_000, "50 MB of headers were read");
    closes(&mut frames.0, Duration::from_secs(20));
    assert!(begin.elapsed() < Duration::from_secs(20));
    is_well(&server);
}

#[test]
fn too_many_headers_are_told_so() {
    let server = Server::start();
    let mut frames = Frames::open(&server, &[]);
    let mut block = GET.to_vec();
    for _ in 0..20 {
        block.extend(b"\x00\x01x\x7f\xe9\x06");
        block.extend([b'a'; 1000]);
    }
    let (first, rest) = block.split_at(16_000);
    frames.send(HEADERS, END_STREAM, 1, first);
    frames.send(CONTINUATION, END_HEADERS, 1, rest);
    let answer = frames.next(HEADERS).expect("an answer");
    // HPACK: `:status` (8), and 431 in Huffman's code.
    assert!(
        answer.payload.starts_with(&[0x48, 0x83, 0x69, 0x90, 0xff]),
        "{answer:?}"
    );
    is_well(&server);
}

/// A client that asks, and opens no window for the answer.
#[test]
fn an_answer_that_is_not_taken_ends_the_connection() {
    let server = Server::start_with(|config| {
        config.head_seconds = 1;
        config.idle_seconds = 1;
        config.stall_seconds = 2;
    });
    // SETTINGS_INITIAL_WINDOW_SIZE.
    let mut frames = Frames::open(&server, &[(4, 0)]);
    let style = b"\x82\x86\x04\x12/static/carnet.css\x01\x01x";
    frames.send(HEADERS, END_HEADERS | END_STREAM, 1, style);
    let took = closes(&mut frames.0, Duration::from_secs(20));
    assert!(took >= Duration::from_secs(1), "{took:?}");
}
