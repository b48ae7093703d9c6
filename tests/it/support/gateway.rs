//! A service that takes messages by HTTP, and can be made to refuse them.

use std::{
    collections::VecDeque,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// `POST /send?to=1 HTTP/1.1`
    pub line: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Listens until the test ends.
pub struct Gateway {
    pub port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Gateway {
    /// Answers with these statuses, one after the other, then 200.
    pub fn start(statuses: &[u16]) -> Self {
        let mut statuses: VecDeque<u16> = statuses.iter().copied().collect();
        Self::answering(move || statuses.pop_front().unwrap_or(200))
    }

    /// Answers each request with what a function says then.
    pub fn answering(mut status: impl FnMut() -> u16 + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = seen.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
                let mut head = Vec::new();
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
                        break;
                    }
                    head.push(line.trim().to_owned());
                }
                let headers: Vec<(String, String)> = head
                    .iter()
                    .skip(1)
                    .filter_map(|line| line.split_once(": "))
                    .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                    .collect();
                let length = headers.iter().find(|(name, _)| name == "content-length");
                let length = length
                    .and_then(|(_, value)| value.parse().ok())
                    .unwrap_or(0);
                let mut body = vec![0; length];
                let _ = reader.read_exact(&mut body);
                kept.lock().expect("seen").push(Request {
                    line: head.first().cloned().unwrap_or_default(),
                    headers,
                    body: String::from_utf8_lossy(&body).into_owned(),
                });
                let status = status();
                let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Self { port, seen }
    }

    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().expect("seen").clone()
    }

    /// The requests, once there are so many.
    pub fn wait(&self, number: usize) -> Vec<Request> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let seen = self.seen();
            if seen.len() >= number {
                return seen;
            }
            assert!(Instant::now() < deadline, "{seen:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
