//! HTTP/2 over TLS, as clients that negotiate it speak it (RFC 9113 §3.2).

use std::{
    fmt::Write as _,
    future::Future,
    net::TcpStream as Plain,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http2::{Builder, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{ClientConfig, ClientConnection, StreamOwned, pki_types::ServerName};
use tokio::{net::TcpStream, runtime::Runtime, task::JoinHandle, time::sleep};
use tokio_rustls::TlsConnector;

use super::{END_HEADERS, END_STREAM, Frames, GOAWAY, HEADERS};
use crate::{
    operator::tls::{roots, trusting},
    support::{
        dav::card,
        http::{Answer, basic},
        phone::{PATH, Phone, document},
        program::{Program, works},
        tree::{text_at, wbxml},
    },
};

const LISTEN: [&str; 2] = ["https://127.0.0.1:0", "http://127.0.0.1:0"];
const BOOK: &str = "/dav/alice/private/contacts/";
/// Octets that either side may send before it is told to go on, as RFC 9113 §6.9.2 begins.
const WINDOW: u32 = 65_535;
/// HPACK: GET, https, `/healthz`, host x.
const GET: &[u8] = b"\x82\x87\x04\x08/healthz\x01\x01x";

/// A client that offers HTTP/2 alone.
fn offering(data: &Path) -> Arc<ClientConfig> {
    let mut config = (*trusting(&roots(data))).clone();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

fn localhost() -> ServerName<'static> {
    ServerName::try_from("localhost").expect("a name")
}

/// One connection of alice's.
struct Client {
    sender: SendRequest<Full<Bytes>>,
    ended: JoinHandle<hyper::Result<()>>,
}

impl Client {
    async fn connect(program: &Program, data: &Path) -> Self {
        let plain = TcpStream::connect(program.address("https")).await;
        let stream = TlsConnector::from(offering(data))
            .connect(localhost(), plain.expect("connected"))
            .await
            .expect("a handshake");
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (sender, connection) = Builder::new(TokioExecutor::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/2");
        Self {
            sender,
            ended: tokio::spawn(connection),
        }
    }

    /// A request beside others; its answer.
    fn ask(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> impl Future<Output = Answer> + Send + use<> {
        let (name, value) = basic("alice", "demo");
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://localhost{target}"))
            .header(name, value);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body.into())).expect("a request");
        let mut sender = self.sender.clone();
        async move {
            sender.ready().await.expect("open");
            let answer = sender.send_request(request).await.expect("an answer");
            let (head, body) = answer.into_parts();
            Answer {
                status: head.status.as_u16(),
                headers: Vec::new(),
                body: body.collect().await.expect("a body").to_bytes().into(),
            }
        }
    }

    fn put(&self, name: &str, card: String) -> impl Future<Output = Answer> + Send + use<> {
        let headers = [("content-type", "text/vcard")];
        self.ask("PUT", &format!("{BOOK}{name}.vcf"), &headers, card.into())
    }

    /// A command of a device, which may be held.
    fn command(&self, phone: &Phone, command: &str, tree: &str) -> JoinHandle<Answer> {
        let target = format!(
            "{PATH}?Cmd={command}&User=alice&DeviceId={}&DeviceType={}",
            phone.id, phone.kind
        );
        let headers = [
            ("content-type", "application/vnd.ms-sync.wbxml"),
            ("ms-asprotocolversion", "16.1"),
            ("user-agent", phone.agent.as_str()),
        ];
        tokio::spawn(self.ask("POST", &target, &headers, wbxml(tree)))
    }

    fn ping(&self, phone: &Phone) -> JoinHandle<Answer> {
        let tree = format!(
            "Ping:Ping\n  Ping:HeartbeatInterval = 1800\n  Ping:Folders\n    Ping:Folder\n      \
             Ping:Id = {}\n      Ping:Class = Contacts",
            phone.folder
        );
        self.command(phone, "Ping", &tree)
    }
}

fn status(answer: &Answer) -> Option<String> {
    assert_eq!(answer.status, 200, "{answer:?}");
    text_at(&document(answer).expect("a document"), &["Status"])
}

/// A server with sample people; the folder it is in, and a runtime for its clients.
fn serve() -> (tempfile::TempDir, Program, Runtime) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(&folder.path().join("data"), &LISTEN, &["--demo"]);
    (folder, program, Runtime::new().expect("a runtime"))
}

#[test]
fn held_requests_are_woken_and_answered_when_the_server_stops() {
    let (folder, program, runtime) = serve();
    let data = folder.path().join("data");
    let [pinging, waiting] = ["pinging", "waiting"].map(|id| {
        let mut phone = Phone::at(&program.address("http"), "alice", id, "16.1");
        phone.start();
        phone.pull();
        phone
    });
    runtime.block_on(async {
        let client = Client::connect(&program, &data).await;
        let held = client.ping(&pinging);
        sleep(Duration::from_millis(500)).await;
        assert!(!held.is_finished());
        // Beside it, on the same connection.
        let begun = Instant::now();
        let made = client.put("woken", card("woken", "Woken")).await;
        assert_eq!(made.status, 201, "{made:?}");
        assert_eq!(status(&held.await.expect("answered")).as_deref(), Some("2"));
        assert!(begun.elapsed() < Duration::from_secs(10), "{begun:?}");

        let [mut pinging, mut waiting] = [pinging, waiting];
        let told = tokio::task::spawn_blocking(move || {
            let told = [pinging.pull(), waiting.pull()].map(|told| told.len());
            (told, pinging, waiting)
        });
        let (told, pinging, waiting) = told.await.expect("pulled");
        assert_eq!(told, [1, 1]);
        let ping = client.ping(&pinging);
        let tree = format!(
            "{}\n  AirSync:Wait = 30",
            waiting.sync_text(&waiting.key, "")
        );
        let sync = client.command(&waiting, "Sync", &tree);
        sleep(Duration::from_millis(500)).await;
        assert!(!ping.is_finished() && !sync.is_finished());
        let asked = Instant::now();
        program.ask_to_stop();
        assert_eq!(status(&ping.await.expect("answered")).as_deref(), Some("1"));
        // Nothing new, no body.
        let sync = sync.await.expect("answered");
        assert_eq!((sync.status, sync.body.len()), (200, 0));
        let Client { mut sender, ended } = client;
        let end = ended.await.expect("driven to its end");
        assert!(end.is_ok(), "{end:?}");
        assert!(sender.ready().await.is_err(), "no request is taken");
        assert!(asked.elapsed() < Duration::from_secs(10), "{asked:?}");
    });
    assert!(program.ends(), "it did not end well");
    works(&data, &["check"]);
}

/// A client that knows no error of it may ask again elsewhere (RFC 9113 §6.8).
#[test]
fn a_server_that_stops_says_goodbye() {
    let (folder, program, _runtime) = serve();
    let session = ClientConnection::new(offering(&folder.path().join("data")), localhost());
    let plain = Plain::connect(program.address("https")).expect("connected");
    plain
        .set_read_timeout(Some(Duration::from_secs(20)))
        .expect("a timeout");
    let mut frames = Frames::begin(StreamOwned::new(session.expect("a session"), plain), &[]);
    frames.send(HEADERS, END_HEADERS | END_STREAM, 1, GET);
    let answer = frames.next(HEADERS).expect("an answer");
    assert_eq!((answer.stream, answer.payload[0]), (1, 0x88));
    program.ask_to_stop();
    let farewell = frames.next(GOAWAY).expect("a farewell");
    assert_eq!((farewell.stream, farewell.code()), (0, 0), "{farewell:?}");
    // Nobody waits for a client that says nothing more.
    while frames.read().is_some() {}
    assert!(program.ends(), "it did not end well");
}

#[test]
fn a_contact_of_8_mib_comes_and_goes_in_pieces_while_others_are_served() {
    let (folder, program, runtime) = serve();
    let data = folder.path().join("data");
    runtime.block_on(async {
        let client = Client::connect(&program, &data).await;
        let note = "n".repeat(8 << 20);
        let large = card("large", "Large").replace("END:", &format!("NOTE:{note}\r\nEND:"));
        let sent = tokio::spawn(client.put("large", large));
        let depth = [("depth", "0")];
        while !sent.is_finished() {
            let begun = Instant::now();
            let beside = client.ask("PROPFIND", BOOK, &depth, Vec::new()).await;
            assert_eq!(beside.status, 207, "{beside:?}");
            assert!(begun.elapsed() < Duration::from_secs(10), "{begun:?}");
        }
        let sent = sent.await.expect("answered");
        assert_eq!(sent.status, 201, "{sent:?}");
        let large = format!("{BOOK}large.vcf");
        let read = tokio::spawn(client.ask("GET", &large, &[], Vec::new()));
        let beside = client.ask("PROPFIND", BOOK, &depth, Vec::new()).await;
        assert_eq!(beside.status, 207, "{beside:?}");
        let read = read.await.expect("answered");
        assert_eq!(read.status, 200);
        assert!(
            read.text().replace("\r\n ", "").contains(&note),
            "cut short"
        );
    });
    program.stop();
}

/// More than are served at once: the client waits with those that the server has no room for.
#[test]
fn hundreds_of_requests_share_a_connection() {
    const REQUESTS: usize = 300;
    let (folder, program, runtime) = serve();
    let data = folder.path().join("data");
    runtime.block_on(async {
        let client = Client::connect(&program, &data).await;
        let first = client.put("first", card("first", "First")).await;
        assert_eq!(first.status, 201, "{first:?}");
        let sent: Vec<_> = (0..REQUESTS)
            .map(|number| {
                let name = format!("many{number}");
                tokio::spawn(client.put(&name, card(&name, "Many")))
            })
            .collect();
        for answer in sent {
            let answer = answer.await.expect("answered");
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        let list = client.ask("PROPFIND", BOOK, &[("depth", "1")], Vec::new());
        let list = list.await.text();
        let mut lacking = String::new();
        for number in 0..REQUESTS {
            if !list.contains(&format!("{BOOK}many{number}.vcf")) {
                let _ = write!(lacking, " {number}");
            }
        }
        assert!(lacking.is_empty(), "not there:{lacking}");
    });
    program.stop();
}
