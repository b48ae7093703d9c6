//! The certificate: configured, or made at first start.

use std::{
    fs,
    net::UdpSocket,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::config::Config;

/// Reads or makes the certificate, and says how to serve it.
pub fn configure(config: &Config) -> Result<Arc<ServerConfig>, String> {
    let (certificate, key) = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        (None, None) => self_signed(config)?,
        _ => return Err("tls_certificate and tls_key belong together".into()),
    };
    let fault = |path: &Path, error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let chain = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(&certificate, &error))?;
    let key_der = PrivateKeyDer::from_pem_file(&key).map_err(|error| fault(&key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(|error| error.to_string())?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .map_err(|error| fault(&certificate, &error))?;
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(server))
}

/// `DIR/tls/cert.pem` and `key.pem`, made for the names the server may be reached by.
fn self_signed(config: &Config) -> Result<(PathBuf, PathBuf), String> {
    let folder = config.data.join("tls");
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    if certificate.exists() && key.exists() {
        return Ok((certificate, key));
    }
    let made = rcgen::generate_simple_self_signed(names(config)).map_err(|e| e.to_string())?;
    let written = fs::create_dir_all(&folder)
        .and_then(|()| fs::write(&certificate, made.cert.pem()))
        .and_then(|()| write_private(&key, &made.signing_key.serialize_pem()));
    written.map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok((certificate, key))
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _};
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?
        .write_all(text.as_bytes())
}

fn names(config: &Config) -> Vec<String> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    if let Ok(host) = fs::read_to_string("/etc/hostname") {
        names.push(host.trim().to_owned());
    }
    // The address of the interface packets would leave by; nothing is sent.
    let lan = UdpSocket::bind("0.0.0.0:0").and_then(|socket| {
        socket.connect("192.0.2.1:9")?;
        socket.local_addr()
    });
    if let Ok(address) = lan {
        names.push(address.ip().to_string());
    }
    if let Some(host) = config.public_url.as_deref().and_then(host_of) {
        names.push(host.to_owned());
    }
    names.retain(|name| !name.is_empty());
    names.dedup();
    names
}

fn host_of(url: &str) -> Option<&str> {
    let rest = url.split_once("://")?.1;
    rest.split(['/', ':']).next()
}
