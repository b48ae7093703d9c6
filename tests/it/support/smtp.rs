//! A mail server that keeps what it takes, and can be made to misbehave.

use std::{
    collections::VecDeque,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What becomes of one connection; after the last one all goes well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mood {
    Well,
    /// 421 as the greeting.
    Busy,
    /// 451 after the message.
    Later,
    /// 550 to the recipient.
    NoSuchMailbox,
    /// No greeting at all.
    Silent,
    /// Takes the message and goes without a word.
    GoneAfterData,
    /// 535 to any password.
    WrongPassword,
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    /// The server said 250.
    pub taken: bool,
}

#[derive(Default)]
struct Kept {
    moods: VecDeque<Mood>,
    mails: Vec<Mail>,
    connections: usize,
}

/// Listens until the test ends.
pub struct Sink {
    pub port: u16,
    kept: Arc<(Mutex<Kept>, Condvar)>,
}

impl Sink {
    pub fn start(moods: &[Mood]) -> Self {
        Self::start_on(0, moods)
    }

    pub fn start_on(port: u16, moods: &[Mood]) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let kept = Arc::new((Mutex::new(Kept::default()), Condvar::new()));
        kept.0.lock().expect("kept").moods = moods.iter().copied().collect();
        let shared = kept.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut kept = shared.0.lock().expect("kept");
                kept.connections += 1;
                let mood = kept.moods.pop_front().unwrap_or(Mood::Well);
                drop(kept);
                let shared = shared.clone();
                std::thread::spawn(move || serve(stream, mood, &shared));
            }
        });
        Self { port, kept }
    }

    /// What came so far, whether it was taken or not.
    pub fn seen(&self) -> Vec<Mail> {
        self.kept.0.lock().expect("kept").mails.clone()
    }

    pub fn connections(&self) -> usize {
        self.kept.0.lock().expect("kept").connections
    }

    /// The messages taken, once there are so many.
    pub fn wait(&self, number: usize) -> Vec<Mail> {
        let deadline = Instant::now() + Duration::from_secs(30);
        let mut kept = self.kept.0.lock().expect("kept");
        loop {
            let taken: Vec<Mail> = kept.mails.iter().filter(|m| m.taken).cloned().collect();
            if taken.len() >= number {
                return taken;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "{} of {number} messages", taken.len());
            kept = self.kept.1.wait_timeout(kept, left).expect("kept").0;
        }
    }
}

fn serve(mut stream: TcpStream, mood: Mood, kept: &(Mutex<Kept>, Condvar)) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
    let mut say = move |line: &str| stream.write_all(format!("{line}\r\n").as_bytes()).is_ok();
    match mood {
        Mood::Silent => {
            std::thread::sleep(Duration::from_secs(20));
            return;
        }
        Mood::Busy => {
            say("421 come back later");
            return;
        }
        _ => drop(say("220 sink.example.org")),
    }
    let (mut from, mut to) = (String::new(), Vec::new());
    while let Some(Ok(line)) = lines.next() {
        let upper = line.to_uppercase();
        let address = || {
            let inside = line.split_once('<').map_or("", |(_, rest)| rest);
            inside.split('>').next().unwrap_or_default().to_owned()
        };
        if upper.starts_with("EHLO") {
            say("250-sink.example.org");
            say("250-8BITMIME");
            say("250 AUTH PLAIN LOGIN");
        } else if upper.starts_with("AUTH") {
            match mood {
                Mood::WrongPassword => say("535 5.7.8 no"),
                _ => say("235 welcome"),
            };
        } else if upper.starts_with("MAIL FROM:") {
            from = address();
            to.clear();
            say("250 ok");
        } else if upper.starts_with("RCPT TO:") {
            match mood {
                Mood::NoSuchMailbox => drop(say("550 5.1.1 no such mailbox")),
                _ => {
                    to.push(address());
                    say("250 ok");
                }
            }
        } else if upper == "DATA" {
            say("354 go on");
            let mut data = String::new();
            for line in lines.by_ref().map_while(Result::ok) {
                if line == "." {
                    break;
                }
                data.push_str(line.strip_prefix('.').unwrap_or(&line));
                data.push_str("\r\n");
            }
            let taken = !matches!(mood, Mood::Later | Mood::GoneAfterData);
            kept.0.lock().expect("kept").mails.push(Mail {
                from: from.clone(),
                to: to.clone(),
                data,
                taken,
            });
            kept.1.notify_all();
            match mood {
                Mood::GoneAfterData => return,
                Mood::Later => drop(say("451 4.3.0 not now")),
                _ => drop(say("250 2.0.0 taken")),
            }
        } else if upper == "QUIT" {
            say("221 bye");
            return;
        } else {
            say("502 what?");
        }
    }
}

impl Mail {
    /// A header's value, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.data.split("\r\n\r\n").next()?.replace("\r\n ", " ");
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    }

    /// How many headers of a name there are.
    pub fn headers(&self, name: &str) -> usize {
        let head = self.data.split("\r\n\r\n").next().unwrap_or_default();
        let prefix = format!("{}:", name.to_lowercase());
        let lines = head.lines().map(str::to_lowercase);
        lines.filter(|line| line.starts_with(&prefix)).count()
    }

    /// The text part.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// The HTML part.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    fn part(&self, media_type: &str) -> String {
        let at = self.data.find(&format!("Content-Type: {media_type}"));
        let at = at.unwrap_or_else(|| panic!("no {media_type} in {}", self.data));
        let start = self.data[..at].rfind("\r\n--").map_or(0, |start| start + 2);
        let part = &self.data[start..];
        let (head, body) = part.split_once("\r\n\r\n").expect("a part");
        let body = body.split("\r\n--carnet-").next().expect("a body");
        let octets = match head.to_lowercase() {
            head if head.contains("transfer-encoding: base64") => {
                let letters: String = body.split_whitespace().collect();
                STANDARD.decode(letters).expect("base64")
            }
            head if head.contains("transfer-encoding: quoted-printable") => unquoted(body),
            _ => body.as_bytes().to_vec(),
        };
        String::from_utf8(octets)
            .expect("UTF-8")
            .replace("\r\n", "\n")
    }

    /// What follows a path of the server in the text part, up to the line's end.
    pub fn link(&self, path: &str) -> String {
        let text = self.text();
        let mark = format!("https://contacts.example.org{path}");
        let at = text
            .find(&mark)
            .unwrap_or_else(|| panic!("no {mark} in {text}"));
        let rest = &text[at + mark.len()..];
        rest.split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

/// RFC 2045 §6.7
fn unquoted(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let mut octets = Vec::new();
    let mut rest = joined.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first == b'=' && tail.len() >= 2 {
            let digits = std::str::from_utf8(&tail[..2]).expect("digits");
            octets.push(u8::from_str_radix(digits, 16).expect("digits"));
            rest = &tail[2..];
        } else {
            octets.push(*first);
            rest = tail;
        }
    }
    octets
}
