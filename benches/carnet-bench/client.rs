//! A small HTTP/1.1 client that keeps its connection.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// Octets read at a time.
const READ: usize = 16 * 1024;

/// A plain or encrypted connection.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// One connection of one person.
pub struct Connection {
    stream: Box<dyn Stream>,
    authorization: String,
    unread: Vec<u8>,
}

impl Connection {
    /// Connects over plain http and signs in with Basic.
    pub fn open(address: &str, login: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        Self::over(Box::new(stream), login)
    }

    /// The same with a password that may be wrong.
    pub fn with_password(address: &str, login: &str, password: &str) -> Self {
        let authorization = STANDARD.encode(format!("{login}:{password}"));
        Self {
            authorization,
            ..Self::open(address, login)
        }
    }

    /// A client over a connection that is open.
    pub fn over(stream: Box<dyn Stream>, login: &str) -> Self {
        let credentials = STANDARD.encode(format!("{login}:bench"));
        Self {
            stream,
            authorization: credentials,
            unread: Vec::new(),
        }
    }

    /// Sends a request and reads its answer: status and body.
    pub fn call(&mut self, method: &str, target: &str, more: &str, body: &[u8]) -> (u16, Vec<u8>) {
        self.send(method, target, more, body);
        self.receive()
    }

    /// Sends a request; `more` are header lines with their ends.
    pub fn send(&mut self, method: &str, target: &str, more: &str, body: &[u8]) {
        let mut request = format!(
            "{method} {target} HTTP/1.1\r\nHost: bench\r\nAuthorization: Basic {}\r\n\
             {more}Content-Length: {}\r\n\r\n",
            self.authorization,
            body.len()
        )
        .into_bytes();
        request.extend_from_slice(body);
        self.stream.write_all(&request).expect("sent");
        self.stream.flush().expect("sent");
    }

    /// Reads one answer.
    pub fn receive(&mut self) -> (u16, Vec<u8>) {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at;
            }
            self.fill();
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
        let status = head[9..12].parse().expect("a status");
        let header = |name: &str| {
            head.split("\r\n")
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        if header("transfer-encoding") == Some("chunked") {
            return (status, self.chunks());
        }
        let length = header("content-length").map_or(0, |text| text.parse().expect("a length"));
        (status, self.take(length))
    }

    fn chunks(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(at) = find(&self.unread, b"\r\n") {
                    break at;
                }
                self.fill();
            };
            let line: Vec<u8> = self.unread.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&line[..end]).into_owned();
            let length = usize::from_str_radix(&text, 16).expect("a chunk");
            let chunk = self.take(length + 2);
            if length == 0 {
                return body;
            }
            body.extend_from_slice(&chunk[..length]);
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.unread.len() < length {
            self.fill();
        }
        self.unread.drain(..length).collect()
    }

    fn fill(&mut self) {
        let had = self.unread.len();
        self.unread.resize(had + READ, 0);
        let read = self
            .stream
            .read(&mut self.unread[had..])
            .expect("an answer");
        assert!(read > 0, "the server closed the connection");
        self.unread.truncate(had + read);
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
