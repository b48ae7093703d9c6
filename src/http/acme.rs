//! Certificates from an ACME authority (RFC 8555), validated by TLS-ALPN-01 (RFC 8737), which needs
//! only the port 443 that clients use anyway.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::tls::{self, Certificates, Files};
use crate::durable;

/// Longest duration of one attempt.
const ATTEMPT: Duration = Duration::from_secs(300);
/// Longest wait for the authority to validate a challenge or issue a certificate.
const DECISION: RetryPolicy = RetryPolicy::new().timeout(Duration::from_secs(120));
/// Seconds until the second attempt; each one after waits twice as long, up to a day. Authorities
/// count failures by the hour.
const AGAIN: i64 = 300;
const AGAIN_MOST: i64 = 86_400;
/// Seconds after which the loop looks again at the latest: clocks jump, machines sleep.
const LOOK: i64 = 3600;

/// Octets that a certificate with its chain and its key takes, at most.
const ROOM: usize = 32 * 1024;

/// The operator's settings (`[acme]`).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The names the certificate is for.
    pub domains: Vec<String>,
    /// E-mail address to which the authority writes.
    #[serde(default)]
    pub contact: Option<String>,
    /// URL of the authority's directory.
    #[serde(default = "lets_encrypt")]
    pub directory: String,
    /// The operator agrees to the authority's terms of service.
    #[serde(default)]
    pub terms_agreed: bool,
    /// PEM file with the trust anchors for the authority's own server, instead of the system's.
    #[serde(default)]
    pub authority: Option<PathBuf>,
}

fn lets_encrypt() -> String {
    "https://acme-v02.api.letsencrypt.org/directory".to_owned()
}

impl Settings {
    /// Whether the settings are complete; else what is missing.
    pub fn check(&self) -> Result<(), String> {
        let is_name = |name: &String| {
            let label = |label: &str| {
                let octets = label.as_bytes();
                let is_fit = |octet: &u8| octet.is_ascii_alphanumeric() || *octet == b'-';
                (1..=63).contains(&octets.len()) && octets.iter().all(is_fit)
            };
            name.len() <= 253 && name.contains('.') && name.split('.').all(label)
        };
        if let Some(name) = self.domains.iter().find(|name| !is_name(name)) {
            return Err(format!(
                "acme: {name} is no name a certificate can be had for"
            ));
        }
        if self.domains.is_empty() {
            return Err("acme: domains names none".to_owned());
        }
        if !self.terms_agreed {
            return Err("acme: terms_agreed = true says that you agree to the terms of service of the authority".to_owned());
        }
        if !self.directory.starts_with("https://") {
            return Err("acme: directory begins with https://".to_owned());
        }
        Ok(())
    }

    /// The first line of the certificate's file: what it was asked for, and where.
    fn heading(&self) -> String {
        format!("Carnet: {} from {}", self.domains.join(" "), self.directory)
    }
}

/// `DIR/tls/acme`: the account, the certificate with its key, and the state of the last attempt.
pub struct Folder(PathBuf);

/// The outcome of the last attempt, as the health page and `carnet acme` show it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Failed attempts since the last certificate.
    pub failures: u32,
    /// The next attempt, in seconds since 1970.
    pub next: i64,
    /// Why the last attempt failed.
    pub error: Option<String>,
}

/// The account at one authority.
#[derive(Serialize, Deserialize)]
struct Registered {
    directory: String,
    contact: Option<String>,
    credentials: AccountCredentials,
}

impl Folder {
    /// The folder for ACME within the folder of certificates.
    pub fn of(settings: &tls::Settings) -> Self {
        Self(settings.folder.join("acme"))
    }

    /// The certificate, its chain and its key in one file, so that they change together.
    pub fn certificate(&self) -> PathBuf {
        self.0.join("certificate.pem")
    }

    /// The outcome of the last attempt.
    pub fn state(&self) -> State {
        let text = fs::read_to_string(self.0.join("state.json")).ok();
        let read = text.and_then(|text| serde_json::from_str(&text).ok());
        read.unwrap_or_default()
    }

    fn keep_state(&self, state: &State) {
        let kept = serde_json::to_string(state)
            .map_err(Fault::from)
            .and_then(|text| self.write("state.json", &text));
        if let Err(error) = kept {
            tracing::warn!(%error, "how it goes with the certificate could not be kept");
        }
    }

    fn account(&self) -> PathBuf {
        self.0.join("account.json")
    }

    /// Fails where a certificate could not be kept: the authority counts what it issues.
    fn has_room(&self) -> Result<(), Fault> {
        self.write("room", &" ".repeat(ROOM))?;
        Ok(fs::remove_file(self.0.join("room"))?)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Fault> {
        durable::make_folder(&self.0, 0o700)?;
        Ok(durable::write_private(&self.0.join(name), text.as_bytes())?)
    }

    /// When the certificate is to be renewed, in seconds since 1970: after two thirds of its life
    /// and a little more, which differs from server to server. None without a certificate for these
    /// settings.
    fn due(&self, settings: &Settings) -> Option<i64> {
        let text = fs::read_to_string(self.certificate()).ok()?;
        if text.lines().next() != Some(&settings.heading()) {
            return None;
        }
        let files = Files::both(&self.certificate()).ok()?;
        let (begins, ends) = files.served().ok()?.validity()?;
        let (begins, ends) = (i64::try_from(begins).ok()?, i64::try_from(ends).ok()?);
        let life = ends - begins;
        let digest = files.digest();
        let jitter = digest
            .iter()
            .take(2)
            .fold(0, |sum, octet| sum * 256 + i64::from(*octet));
        Some(begins + life * 2 / 3 + life / 48 * jitter / 65_536)
    }
}

type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Obtains a certificate and renews it in time, until the server stops.
pub async fn keep(
    certificates: Arc<Certificates>,
    settings: Settings,
    folder: Folder,
    stop: CancellationToken,
) {
    // What could not be written counts too.
    let mut state = folder.state();
    let mut is_asked = false;
    loop {
        let now = seconds(SystemTime::now());
        let due = folder
            .due(&settings)
            .unwrap_or(now)
            .max(match state.failures {
                0 => 0,
                _ => state.next,
            });
        if due <= now || (is_asked && state.failures > 0) {
            let attempt = obtain(&certificates, &settings, &folder);
            let done = tokio::select! {
                () = stop.cancelled() => return,
                done = tokio::time::timeout(ATTEMPT, attempt) => match done {
                    Ok(done) => done.map_err(|error| error.to_string()),
                    Err(_) => Err("it took longer than five minutes".to_owned()),
                },
            };
            certificates.end_challenges();
            let now = seconds(SystemTime::now());
            state = match done {
                Ok(()) => {
                    let next = folder.due(&settings).unwrap_or(now + AGAIN_MOST);
                    tracing::info!(
                        domains = settings.domains.join(" "),
                        next,
                        "a certificate was issued"
                    );
                    State {
                        next,
                        ..State::default()
                    }
                }
                Err(error) => {
                    let failures = state.failures.saturating_add(1);
                    let next = now + backoff(failures);
                    tracing::error!(
                        error,
                        failures,
                        next,
                        "no certificate was issued; the one so far is served"
                    );
                    State {
                        failures,
                        next,
                        error: Some(error),
                    }
                }
            };
            folder.keep_state(&state);
            // What is due at once in spite of success would ask for ever.
            if state.failures == 0 && state.next <= now {
                state = State {
                    failures: 1,
                    next: now + AGAIN,
                    error: Some("the certificate is old already".to_owned()),
                };
                folder.keep_state(&state);
            }
        } else if state.failures == 0 && state.next != due {
            state.next = due;
            folder.keep_state(&state);
        }
        let now = seconds(SystemTime::now());
        let next = state.next.clamp(now + 1, now + LOOK);
        let wait = Duration::from_secs(u64::try_from(next - now).unwrap_or(1));
        is_asked = tokio::select! {
            () = stop.cancelled() => return,
            () = certificates.retries() => true,
            () = tokio::time::sleep(wait) => false,
        };
    }
}

/// Seconds until the next attempt, with up to a fifth of random variation.
fn backoff(failures: u32) -> i64 {
    let doubled = AGAIN << failures.saturating_sub(1).min(10);
    let most = doubled.min(AGAIN_MOST);
    most - i64::from(rand::random::<u8>()) * most / 5 / 256
}

fn seconds(at: SystemTime) -> i64 {
    let passed = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(passed.as_secs()).unwrap_or(i64::MAX)
}

/// Runs one order, from the account to the certificate file.
async fn obtain(
    certificates: &Certificates,
    settings: &Settings,
    folder: &Folder,
) -> Result<(), Fault> {
    folder.has_room()?;
    let account = account(settings, folder).await?;
    let names: Vec<_> = settings
        .domains
        .iter()
        .cloned()
        .map(Identifier::Dns)
        .collect();
    let mut order = account
        .new_order(&NewOrder::new(&names))
        .await
        .inspect_err(|error| forget_unknown(error, folder))?;
    prove(certificates, &mut order).await?;
    let pair = KeyPair::generate()?;
    let mut params = CertificateParams::new(settings.domains.clone())?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&pair)?;
    order.finalize_csr(request.der()).await?;
    let chain = order.poll_certificate(&DECISION).await?;
    let text = format!("{}\n{}{chain}", settings.heading(), pair.serialize_pem());
    // What cannot be served does not replace what can.
    Files::of(&folder.certificate(), text.as_bytes()).served()?;
    folder.write("certificate.pem", &text)?;
    certificates.look(true);
    Ok(())
}

/// Proves that the names lead to this server.
async fn prove(certificates: &Certificates, order: &mut Order) -> Result<(), Fault> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization
            .challenge(ChallengeType::TlsAlpn01)
            .ok_or("the authority offers no tls-alpn-01")?;
        let name = challenge.identifier().to_string();
        let proof = challenge.key_authorization();
        certificates.challenge(&name, proof_certificate(&name, proof.digest().as_ref())?)?;
        challenge.set_ready().await?;
    }
    if order.poll_ready(&DECISION).await? == OrderStatus::Ready {
        return Ok(());
    }
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let authorization = authorization?;
        let problems = authorization
            .challenges
            .iter()
            .filter_map(|challenge| challenge.error.as_ref());
        reasons
            .extend(problems.map(|problem| format!("{}: {problem}", authorization.identifier())));
    }
    if reasons.is_empty() {
        Err("the authority refused the names without a reason".into())
    } else {
        Err(reasons.join("; ").into())
    }
}

/// The certificate of the TLS-ALPN-01 challenge (RFC 8737 §3): for one name, with the digest of the
/// key authorization in a critical extension.
fn proof_certificate(name: &str, digest: &[u8]) -> Result<rcgen::CertifiedKey<KeyPair>, Fault> {
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let signing_key = KeyPair::generate()?;
    let cert = params.self_signed(&signing_key)?;
    Ok(rcgen::CertifiedKey { cert, signing_key })
}

/// The account of this authority, registered at the first time.
async fn account(settings: &Settings, folder: &Folder) -> Result<Account, Fault> {
    let builder = || match &settings.authority {
        Some(file) => Account::builder_with_root(file),
        None => Account::builder(),
    };
    let contact = settings
        .contact
        .as_ref()
        .map(|address| format!("mailto:{}", address.trim_start_matches("mailto:")));
    let contacts: Vec<_> = contact.as_deref().into_iter().collect();
    let (account, credentials) = match registered(&folder.account()) {
        Some(kept) if kept.directory == settings.directory => {
            let changed = kept.contact != settings.contact;
            let text = serde_json::to_string(&kept.credentials)?;
            let account = builder()?.from_credentials(kept.credentials).await?;
            if !changed {
                return Ok(account);
            }
            account
                .update_contacts(&contacts)
                .await
                .inspect_err(|error| forget_unknown(error, folder))?;
            (account, serde_json::from_str(&text)?)
        }
        _ => {
            let new = NewAccount {
                contact: &contacts,
                terms_of_service_agreed: settings.terms_agreed,
                only_return_existing: false,
            };
            builder()?
                .create(&new, settings.directory.clone(), None)
                .await?
        }
    };
    let kept = Registered {
        directory: settings.directory.clone(),
        contact: settings.contact.clone(),
        credentials,
    };
    folder.write("account.json", &serde_json::to_string(&kept)?)?;
    Ok(account)
}

fn registered(file: &Path) -> Option<Registered> {
    serde_json::from_str(&fs::read_to_string(file).ok()?).ok()
}

/// An account the authority does not know any more (RFC 8555 §6.7) is made anew at the next attempt.
fn forget_unknown(error: &Error, folder: &Folder) {
    let unknown = "urn:ietf:params:acme:error:accountDoesNotExist";
    if matches!(error, Error::Api(problem) if problem.r#type.as_deref() == Some(unknown)) {
        let _ = fs::remove_file(folder.account());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            domains: vec!["contacts.example.org".to_owned()],
            contact: None,
            directory: lets_encrypt(),
            terms_agreed: true,
            authority: None,
        }
    }

    #[test]
    fn attempts_get_rare_and_never_end() {
        for (failures, least, most) in [
            (1, 240, 300),
            (2, 480, 600),
            (5, 3_840, 4_800),
            (20, 69_120, 86_400),
            (u32::MAX, 69_120, 86_400),
        ] {
            for _ in 0..100 {
                let wait = backoff(failures);
                assert!((least..=most).contains(&wait), "{failures}: {wait}");
            }
        }
    }

    #[test]
    fn what_cannot_be_had_is_refused() {
        assert_eq!(settings().check(), Ok(()));
        for (domains, agreed, directory, reason) in [
            (&[][..], true, "https://ca.example", "domains"),
            (
                &["*.example.org"],
                true,
                "https://ca.example",
                "*.example.org",
            ),
            (
                &["192.0.2.1/24"],
                true,
                "https://ca.example",
                "192.0.2.1/24",
            ),
            (&["localhost"], true, "https://ca.example", "localhost"),
            (
                &["a.example.org"],
                false,
                "https://ca.example",
                "terms_agreed",
            ),
            (&["a.example.org"], true, "http://ca.example", "https://"),
        ] {
            let settings = Settings {
                domains: domains.iter().map(|name| (*name).to_owned()).collect(),
                terms_agreed: agreed,
                directory: directory.to_owned(),
                ..settings()
            };
            let refused = settings.check().expect_err(reason);
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn a_certificate_is_due_after_two_thirds_of_its_life() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = Folder(folder.path().join("acme"));
        let settings = settings();
        assert_eq!(folder.due(&settings), None);
        let mut params = CertificateParams::new(settings.domains.clone()).expect("names");
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        let pair = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&pair).expect("signed").pem();
        let text = |heading: &str| format!("{heading}\n{}{pem}", pair.serialize_pem());
        folder
            .write("certificate.pem", &text(&settings.heading()))
            .expect("written");
        let due = folder.due(&settings).expect("a certificate");
        // 2026-01-01 and 60 of 90 days, and less than two days more.
        let third = 1_767_225_600 + 60 * 86_400;
        assert!((third..third + 2 * 86_400).contains(&due), "{due}");

        // For other names, or broken: now.
        let other = Settings {
            domains: vec!["other.example.org".to_owned()],
            ..settings.clone()
        };
        assert_eq!(folder.due(&other), None);
        folder
            .write("certificate.pem", &settings.heading())
            .expect("written");
        assert_eq!(folder.due(&settings), None);

        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&folder.certificate()), 0o600);
        assert_eq!(mode(&folder.0), 0o700);
    }

    /// How often the authority is asked within some seconds.
    async fn asked(acme: PathBuf) -> usize {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let folder = tempfile::tempdir().expect("a folder");
        let settings = Settings {
            directory: format!("https://{address}/directory"),
            ..settings()
        };
        let certificates = Certificates::open(tls::Settings {
            folder: folder.path().to_owned(),
            listens: true,
            acme: Some(settings.clone()),
            ..tls::Settings::default()
        });
        let certificates = certificates.expect("made").expect("served");
        let stop = CancellationToken::new();
        let keeping = tokio::spawn(keep(certificates, settings, Folder(acme), stop.clone()));
        let mut asked = 0;
        let until = tokio::time::Instant::now() + Duration::from_secs(4);
        while let Ok(taken) = tokio::time::timeout_at(until, listener.accept()).await {
            drop(taken.expect("a connection"));
            asked += 1;
        }
        stop.cancel();
        keeping.await.expect("ended");
        asked
    }

    #[tokio::test]
    async fn the_authority_is_not_asked_again_and_again_where_nothing_can_be_written() {
        let folder = tempfile::tempdir().expect("a folder");
        // The state alone: its name is a folder's.
        let partly = folder.path().join("partly");
        fs::create_dir_all(partly.join("state.json/x")).expect("made");
        let once = asked(partly).await;
        // Nothing at all: a file has the folder's name.
        let nowhere = folder.path().join("file");
        fs::write(&nowhere, "").expect("written");
        let never = asked(nowhere.join("acme")).await;
        assert_eq!((once, never), (1, 0));
    }
}
