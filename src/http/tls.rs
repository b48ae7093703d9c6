//! The certificate: configured, had from an authority, or made at first start. It is read again while the server runs, and
//! connections there are go on with the one they began with.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use ring::digest;
use rustls::{
    ConfigBuilder, ServerConfig,
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{Acceptor, ClientHello, WantsServerCert},
    sign::{CertifiedKey, SingleCertAndKey},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    sync::Notify,
};
use tokio_rustls::{LazyConfigAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::{
    acme::{self, Folder},
    authority,
    sign::{Fault, Signer},
};

/// Interval of checking the files.
const LOOK: Duration = Duration::from_secs(60);
/// RFC 8737 §6.2.
const ACME: &[u8] = b"acme-tls/1";

/// The operator's settings of the certificate.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The folder of what the server makes itself.
    pub folder: PathBuf,
    /// A listener uses TLS.
    pub listens: bool,
    /// PEM files, instead of what the server makes or has from an authority.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// The authority that issues certificates.
    pub acme: Option<acme::Settings>,
    /// The URL by which people reach the server.
    pub public_url: Option<String>,
}

/// The server's certificate, replaced while it is served.
pub struct Certificates {
    settings: Settings,
    served: RwLock<Arc<Served>>,
    /// The digest of the files when they were last looked at, whether they were fit or not.
    seen: Mutex<Vec<u8>>,
    asked: Notify,
    /// Names under challenge, each with the configuration that answers it.
    challenges: RwLock<HashMap<String, Arc<ServerConfig>>>,
    /// Requests an attempt to obtain a certificate now.
    retry: Notify,
}

/// The outcome of checking the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Same,
    Taken,
    Unfit,
}

pub(super) struct Served {
    server: Arc<ServerConfig>,
    /// None for a kind of key that phones do not verify.
    signer: Option<Signer>,
}

impl Certificates {
    /// Reads or makes the certificate; none where no listener uses TLS.
    pub fn open(settings: Settings) -> Result<Option<Arc<Self>>, String> {
        if settings.acme.is_some() && !settings.listens {
            return Err("[acme] needs an https address in listen".to_owned());
        }
        if !settings.listens && settings.certificate.is_none() {
            return Ok(None);
        }
        let mut files = Files::read(&settings)?;
        let served = match files.served() {
            Err(error) if settings.acme.is_some() => {
                tracing::error!(%error, "the certificate is not fit; one is made here until there is another");
                files = Files::own(&settings)?;
                files.served()?
            }
            served => served?,
        };
        Ok(Some(Arc::new(Self {
            settings,
            served: RwLock::new(Arc::new(served)),
            seen: Mutex::new(files.digest()),
            asked: Notify::new(),
            challenges: RwLock::default(),
            retry: Notify::new(),
        })))
    }

    /// The handshake of a new connection: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1 by ALPN. None where
    /// an authority asked for a proof, and had it.
    pub async fn accept<S>(&self, stream: S) -> io::Result<Option<TlsStream<S>>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let begun = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let hello = begun.client_hello();
        if !is_challenge(&hello) {
            let server = self.served().server.clone();
            return begun.into_stream(server).await.map(Some);
        }
        let proof = self.proof(hello.server_name().unwrap_or_default());
        let unknown = || io::Error::other("no proof is asked for that name");
        let mut proved = begun.into_stream(proof.ok_or_else(unknown)?).await?;
        proved.shutdown().await?;
        Ok(None)
    }

    fn proof(&self, name: &str) -> Option<Arc<ServerConfig>> {
        let challenges = self
            .challenges
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        challenges.get(&name.to_lowercase()).cloned()
    }

    /// Answers challenges for a name, until [`Certificates::end_challenges`].
    pub(super) fn challenge(
        &self,
        name: &str,
        proof: rcgen::CertifiedKey<rcgen::KeyPair>,
    ) -> Result<(), Fault> {
        let key = PrivateKeyDer::try_from(proof.signing_key.serialize_der())?;
        // Not verified as others are: its critical extension is one nobody else knows.
        let proof = CertifiedKey::new(vec![proof.cert.der().clone()], any_supported_type(&key)?);
        let mut server = versions()?.with_cert_resolver(Arc::new(SingleCertAndKey::from(proof)));
        server.alpn_protocols = vec![ACME.to_vec()];
        let mut challenges = self
            .challenges
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        challenges.insert(name.to_lowercase(), Arc::new(server));
        Ok(())
    }

    pub(super) fn end_challenges(&self) {
        let mut challenges = self
            .challenges
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        challenges.clear();
    }

    /// Waits until an attempt is requested.
    pub(super) async fn retries(&self) {
        self.retry.notified().await;
    }

    /// The state of obtaining certificates by ACME; none without it.
    pub fn acme(&self) -> Option<acme::State> {
        self.settings.acme.as_ref()?;
        Some(Folder::of(&self.settings).state())
    }

    /// Content signed with the server's key; unsigned where the key is of an unsupported kind.
    pub fn sign(&self, content: &[u8]) -> Result<Vec<u8>, Fault> {
        match &self.served().signer {
            Some(signer) => signer.sign(content),
            None => Ok(content.to_vec()),
        }
    }

    /// The last moment of the certificate, in seconds since 1970.
    pub fn expires(&self) -> Option<u64> {
        self.served().validity().map(|(_, expires)| expires)
    }

    /// Checks the files now, and tries an authority that refused again.
    pub fn reload(&self) {
        self.asked.notify_one();
        self.retry.notify_one();
    }

    /// Checks the files every minute and on request, until the server stops.
    pub async fn keep(self: Arc<Self>, stop: CancellationToken) {
        if let Some(acme) = self.settings.acme.clone() {
            let folder = Folder::of(&self.settings);
            tokio::spawn(acme::keep(self.clone(), acme, folder, stop.clone()));
        }
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                () = self.asked.notified() => true,
                () = tokio::time::sleep(LOOK) => false,
            };
            let this = self.clone();
            let _ = tokio::task::spawn_blocking(move || this.look(asked)).await;
        }
    }

    /// Loads the files if they differ, or if `asked`. Files that cannot be used are reported once.
    pub(super) fn look(&self, asked: bool) -> Look {
        let read = Files::read(&self.settings);
        let digest = match &read {
            Ok(files) => files.digest(),
            Err(error) => error.as_bytes().to_vec(),
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == digest && !asked {
            return Look::Same;
        }
        *seen = digest;
        match read.and_then(|files| files.served()) {
            Ok(served) => {
                let expires = served.validity().map(|(_, expires)| expires);
                let expires = expires.and_then(|at| chrono::DateTime::from_timestamp(at as i64, 0));
                let expires = expires.map(|at| at.to_rfc3339());
                let mut current = self.served.write().unwrap_or_else(PoisonError::into_inner);
                *current = Arc::new(served);
                tracing::info!(expires, "the certificate was read again");
                Look::Taken
            }
            Err(error) => {
                tracing::error!(%error, "the new certificate is not fit; the one so far is kept");
                Look::Unfit
            }
        }
    }

    fn served(&self) -> Arc<Served> {
        let served = self.served.read().unwrap_or_else(PoisonError::into_inner);
        served.clone()
    }
}

impl Served {
    /// The first and the last moment of the certificate, in seconds since 1970.
    pub(super) fn validity(&self) -> Option<(u64, u64)> {
        self.signer.as_ref()?.validity()
    }
}

/// A certificate chain and its key as on disk.
pub(super) struct Files {
    certificate: (PathBuf, Vec<u8>),
    key: (PathBuf, Vec<u8>),
}

impl Files {
    fn read(settings: &Settings) -> Result<Self, String> {
        match (&settings.certificate, &settings.key) {
            (Some(certificate), Some(key)) => Self::pair(certificate.clone(), key.clone()),
            (None, None) => match &settings.acme {
                Some(_) if Folder::of(settings).certificate().exists() => {
                    Self::both(&Folder::of(settings).certificate())
                }
                _ => Self::own(settings),
            },
            _ => Err("tls_certificate and tls_key belong together".into()),
        }
    }

    /// The files of the server's own authority.
    fn own(settings: &Settings) -> Result<Self, String> {
        let (certificate, key) = authority::certificate(settings)?;
        Self::pair(certificate, key)
    }

    /// Chain and key in one file.
    pub(super) fn both(path: &Path) -> Result<Self, String> {
        Self::pair(path.to_owned(), path.to_owned())
    }

    /// The file with these octets.
    pub(super) fn of(path: &Path, octets: &[u8]) -> Self {
        let file = (path.to_owned(), octets.to_vec());
        Self {
            certificate: file.clone(),
            key: file,
        }
    }

    fn pair(certificate: PathBuf, key: PathBuf) -> Result<Self, String> {
        let read = |path: PathBuf| match fs::read(&path) {
            Ok(octets) => Ok((path, octets)),
            Err(error) => Err(fault(&path, &error)),
        };
        Ok(Self {
            certificate: read(certificate)?,
            key: read(key)?,
        })
    }

    pub(super) fn digest(&self) -> Vec<u8> {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.certificate.1);
        context.update(&self.key.1);
        context.finish().as_ref().to_vec()
    }

    /// The configuration served; an error when the chain cannot be read, or the key does not belong
    /// to it.
    pub(super) fn served(&self) -> Result<Served, String> {
        let (certificate, key) = (&self.certificate.0, &self.key.0);
        let chain = CertificateDer::pem_slice_iter(&self.certificate.1)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| fault(certificate, &error))?;
        let key_der =
            PrivateKeyDer::from_pem_slice(&self.key.1).map_err(|error| fault(key, &error))?;
        let signer = Signer::new(&chain, &key_der)
            .inspect_err(|error| tracing::warn!(%error, "profiles will not be signed"))
            .ok();
        let mut server = versions()
            .and_then(|builder| builder.with_single_cert(chain, key_der))
            .map_err(|error| fault(certificate, &error))?;
        server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Served {
            server: Arc::new(server),
            signer,
        })
    }
}

/// TLS 1.2 and 1.3; a certificate is to come.
fn versions() -> Result<ConfigBuilder<ServerConfig, WantsServerCert>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    Ok(builder.with_no_client_auth())
}

/// Whether a handshake is a TLS-ALPN-01 challenge (RFC 8737 §3).
fn is_challenge(hello: &ClientHello<'_>) -> bool {
    hello
        .alpn()
        .is_some_and(|mut offered| offered.next() == Some(ACME) && offered.next().is_none())
}

fn fault(path: &Path, error: &dyn std::fmt::Display) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests;
