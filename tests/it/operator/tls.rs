//! Certificates.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::support::{eventually, http::request, program::Program};

/// `GET /healthz` over TLS, the server's name verified against the authority.
pub fn handshake(address: &str, name: &str, roots: &Arc<RootCertStore>) -> Result<String, String> {
    let mut held = Held::open(address, name, roots);
    held.send("Connection: close\r\n")?;
    let mut answer = String::new();
    let _ = held.0.read_to_string(&mut answer);
    Ok(answer)
}

/// A connection that stays.
struct Held(StreamOwned<ClientConnection, TcpStream>);

impl Held {
    fn open(address: &str, name: &str, roots: &Arc<RootCertStore>) -> Self {
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let session = ClientConnection::new(trusting(roots), name).expect("a session");
        Self(StreamOwned::new(
            session,
            TcpStream::connect(address).expect("connected"),
        ))
    }

    fn send(&mut self, headers: &str) -> Result<(), String> {
        let request = format!("GET /healthz HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        let sent = self.0.write_all(request.as_bytes());
        sent.map_err(|error| error.to_string())
    }

    /// One request and its answer, the connection left open.
    fn ask(&mut self) -> String {
        self.send("").expect("sent");
        let mut answer = Vec::new();
        // One line after the head.
        while !answer.ends_with(b"\n") || answer.ends_with(b"\r\n") {
            let mut octet = [0];
            self.0.read_exact(&mut octet).expect("an answer");
            answer.push(octet[0]);
        }
        String::from_utf8(answer).expect("text")
    }

    /// The certificate the server showed.
    fn shown(&self) -> CertificateDer<'static> {
        let shown = self.0.conn.peer_certificates().expect("a handshake");
        shown[0].clone().into_owned()
    }
}

pub fn trusting(roots: &Arc<RootCertStore>) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    Arc::new(config)
}

pub fn roots(data: &Path) -> Arc<RootCertStore> {
    trust(CertificateDer::from_pem_file(data.join("tls/ca.pem")).expect("an authority"))
}

fn trust(authority: CertificateDer<'static>) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
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

/// Two pairs for `localhost`, and a server that is told to read them from files.
struct Operator {
    folder: tempfile::TempDir,
    pairs: [rcgen::CertifiedKey<rcgen::KeyPair>; 2],
}

impl Operator {
    fn new() -> Self {
        let pair = || rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]);
        let operator = Self {
            folder: tempfile::tempdir().expect("a folder"),
            pairs: [pair().expect("a pair"), pair().expect("a pair")],
        };
        let path = operator.folder.path().display();
        let config = format!("tls_certificate = '{path}/c.pem'\ntls_key = '{path}/k.pem'\n");
        fs::write(operator.folder.path().join("carnet.toml"), config).expect("written");
        operator
    }

    /// Puts the certificate of one pair and the key of another into the files.
    fn put(&self, certificate: usize, key: usize) {
        let (certificate, key) = (&self.pairs[certificate].cert, &self.pairs[key].signing_key);
        let folder = self.folder.path();
        fs::write(folder.join("c.pem"), certificate.pem()).expect("written");
        fs::write(folder.join("k.pem"), key.serialize_pem()).expect("written");
    }

    fn trusts(&self, pair: usize) -> Arc<RootCertStore> {
        trust(self.pairs[pair].cert.der().clone())
    }
}

#[test]
fn a_certificate_is_exchanged_while_the_server_runs() {
    let operator = Operator::new();
    operator.put(0, 0);
    let folder = operator.folder.path();
    let (file, log) = (folder.join("carnet.toml"), folder.join("log"));
    let config = ["--config", file.to_str().expect("a path")];
    let output = fs::File::create(&log).expect("a log");
    let program = Program::serve_logging(
        &folder.join("data"),
        &["https://127.0.0.1:0"],
        &config,
        output,
    );
    let address = program.address("https");
    let serves = |pair| handshake(&address, "localhost", &operator.trusts(pair)).is_ok();
    let said = |text: &str| {
        fs::read_to_string(&log)
            .expect("a log")
            .matches(text)
            .count()
    };
    let mut held = Held::open(&address, "localhost", &operator.trusts(0));
    assert!(held.ask().starts_with("HTTP/1.1 200 OK"));

    operator.put(1, 1);
    program.signal("HUP");
    eventually("the other is served", || serves(1));
    assert!(!serves(0));
    // The connection of before goes on.
    assert!(held.ask().starts_with("HTTP/1.1 200 OK"));
    assert_eq!(said("the certificate was read again"), 1);

    // What is no certificate, a key of another one, a file that is gone: the old one stays.
    fs::write(folder.join("c.pem"), "half a fi").expect("written");
    program.signal("HUP");
    eventually("the refusal is said", || {
        said("the one so far is kept") == 1
    });
    operator.put(0, 1);
    program.signal("HUP");
    eventually("the refusal is said", || {
        said("the one so far is kept") == 2
    });
    fs::remove_file(folder.join("k.pem")).expect("removed");
    program.signal("HUP");
    eventually("the refusal is said", || {
        said("the one so far is kept") == 3
    });
    assert!(serves(1));

    operator.put(0, 0);
    program.signal("HUP");
    eventually("the first is served", || serves(0));
    program.stop();
}

#[test]
fn the_servers_own_certificate_is_renewed_while_it_runs() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = Program::serve(&data, &["https://127.0.0.1:0"], &[]);
    let address = program.address("https");
    let trusted = roots(&data);
    let shown = || {
        let mut held = Held::open(&address, "localhost", &trusted);
        held.ask();
        held.shown()
    };
    let first = shown();
    let file = data.join("tls/cert.pem");
    let text = fs::read_to_string(&file).expect("a certificate");
    let (heading, rest) = text.split_once('\n').expect("a heading");
    let (names, _) = heading.rsplit_once(' ').expect("a date");
    fs::write(&file, format!("{names} 2020-01-01\n{rest}")).expect("written");
    program.signal("HUP");
    eventually("another is shown", || shown() != first);
}

#[test]
fn tls_1_2_and_1_3_alone_are_spoken() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::serve(&folder.path().join("data"), &["https://127.0.0.1:0"], &[]);
    let address = program.address("https");
    for (version, spoken) in [
        ("-tls1", false),
        ("-tls1_1", false),
        ("-tls1_2", true),
        ("-tls1_3", true),
    ] {
        let asked = Command::new("openssl")
            .args(["s_client", "-connect", &address, "-brief", version])
            // Old versions need old algorithms.
            .args(["-cipher", "ALL:@SECLEVEL=0"])
            .stdin(Stdio::null())
            .output()
            .expect("openssl");
        let said = String::from_utf8_lossy(&asked.stderr);
        let connected = said.contains("CONNECTION ESTABLISHED");
        assert_eq!(connected, spoken, "{version}: {said}");
    }
}
