//! The certificate: configured, or made at first start.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use super::{authority, sign::Signer};
use crate::config::Config;

/// Reads or makes the certificate, and says how to serve it.
pub fn configure(config: &Config) -> Result<Arc<ServerConfig>, String> {
    let (chain, key_der, certificate) = read(config)?;
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

/// Signs with the server's key; none where no certificate is served here, or the key is of another kind.
pub fn signer(config: &Config) -> Option<Signer> {
    let serves = config.listen.iter().any(|url| url.starts_with("https:"));
    if !serves && config.tls_certificate.is_none() {
        return None;
    }
    let (chain, key, _) = read(config).ok()?;
    Signer::new(&chain, &key)
        .inspect_err(|error| tracing::warn!(%error, "profiles will not be signed"))
        .ok()
}

type Pair = (
    Vec<CertificateDer<'static>>,
    PrivateKeyDer<'static>,
    PathBuf,
);

/// The chain, its key, and the file of the chain.
fn read(config: &Config) -> Result<Pair, String> {
    let (certificate, key) = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        (None, None) => authority::certificate(config)?,
        _ => return Err("tls_certificate and tls_key belong together".into()),
    };
    let chain = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(&certificate, &error))?;
    let key_der = PrivateKeyDer::from_pem_file(&key).map_err(|error| fault(&key, &error))?;
    Ok((chain, key_der, certificate))
}

fn fault(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}
