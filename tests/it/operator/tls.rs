//! Certificates.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, Stream,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::support::{http::request, program::Program};

/// `GET /healthz` over TLS, the server's name verified against the authority.
fn handshake(address: &str, name: &str, roots: &Arc<RootCertStore>) -> Result<String, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let mut session = ClientConnection::new(Arc::new(config), name).expect("a session");
    let mut socket = TcpStream::connect(address).expect("connected");
    let mut stream = Stream::new(&mut session, &mut socket);
    stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .map_err(|error| error.to_string())?;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    Ok(answer)
}

fn roots(data: &Path) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_file(data.join("tls/ca.pem")).expect("an authority");
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
