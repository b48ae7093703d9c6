//! hyper over rustls and nothing else: the floor under connections over TLS.

use std::{
    convert::Infallible,
    future::pending,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use http::Response;
use http_body_util::Empty;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio::{net::TcpListener, runtime::Runtime};
use tokio_rustls::TlsAcceptor;

use crate::{
    Options,
    client::Connection,
    pings::{self, over_tls},
    report::{Budget, Report},
    server::{Server, memory},
};

/// The argument that makes this program the bare server, followed by a folder with a certificate.
pub const ARGUMENT: &str = "--bare";

/// Serves requests it never answers, until it is killed.
pub fn serve(folder: &Path) {
    let certificates = CertificateDer::pem_file_iter(folder.join("cert.pem"))
        .expect("a certificate")
        .collect::<Result<Vec<_>, _>>()
        .expect("read");
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).expect("a key");
    let config = ServerConfig::builder_with_provider(pings::provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .expect("a certificate of the key");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Runtime::new().expect("a runtime").block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let stream = TokioIo::new(acceptor.accept(stream).await.expect("a handshake"));
                let never = service_fn(async |_| {
                    pending::<()>().await;
                    Ok::<_, Infallible>(Response::new(Empty::<&[u8]>::new()))
                });
                let _ = http1::Builder::new().serve_connection(stream, never).await;
            });
        }
    });
}

/// Connections set up a second, and what each costs while its request is held.
pub fn floors(options: &Options, server: &Server, report: &mut Report) {
    let count = if options.quick { 100 } else { 4_000 };
    let bare = Bare::start(&server.data.path().join("tls"));
    let tls = pings::tls(server);
    let hold = || {
        let stream = over_tls(&tls, &bare.address);
        let mut connection = Connection::over(Box::new(stream), "nobody");
        connection.send("POST", "/", "", b"");
        connection
    };
    // The first pays for what is made once.
    let mut held = vec![hold()];
    thread::sleep(Duration::from_secs(1));
    let before = memory(bare.child.id(), "VmRSS:");
    let started = Instant::now();
    held.extend((1..count).map(|_| hold()));
    let took = started.elapsed().as_secs_f64();
    thread::sleep(Duration::from_secs(1));
    let each = (memory(bare.child.id(), "VmRSS:") - before) / (count - 1) as f64;
    let rate = (count - 1) as f64 / took;
    let what = "machine: TLS handshakes, one after another";
    report.row(what, rate, "/s", Budget::None);
    let what = "machine: a request held by hyper and rustls alone";
    report.row(what, each, "KiB", Budget::None);
}

struct Bare {
    child: Child,
    address: String,
}

impl Bare {
    fn start(folder: &Path) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program)
            .arg(ARGUMENT)
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let output = child.stdout.take().expect("an output");
        let line = BufReader::new(output).lines().next();
        let address = line.expect("a line").expect("text");
        Self { child, address }
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
