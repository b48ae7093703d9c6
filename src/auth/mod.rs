//! Authentication: passwords, remembered credentials, throttling of wrong ones.

mod basic;
mod checks;
mod failures;
mod password;
mod second_factor;
mod throttle;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use sha2::Sha256;
use tokio::sync::Semaphore;

pub use crate::domain::office::failure::{Failure, Why};
pub use failures::Failures;
pub use password::{hash, verify};
pub use second_factor::{Code, new_secret, typed_secret};

use crate::domain::{
    access::{Access, Protocol, household, own_password},
    actor::{Account, Client},
    app_password,
    batch::{Batch, Op},
    credential::{AppPassword, CredentialOp},
    error::Result,
    id::{DeviceId, PersonId, Timestamp},
    office::store::OfficeOp,
    principal::Person,
    store::Store,
};

/// How long a verified credential is not checked again.
const REMEMBERED: Duration = Duration::from_secs(300);
/// Milliseconds between two notes of the use of an app password.
const NOTED_EVERY: i64 = 10 * 60 * 1000;
/// Credentials remembered at once.
const MAX_REMEMBERED: usize = 50_000;

/// Octets of a login or an e-mail address (RFC 5321 §4.5.3.1.3); no account has a longer one.
pub const MAX_LOGIN: usize = 256;

/// Why a sign-in is put off, for the line of the request.
pub const TOO_MANY: &str = "too many failed sign-ins";

/// Password checks at once, where there are as many cores.
const MAX_CHECKS: usize = 4;

/// Verifies credentials.
pub struct Authenticator {
    store: Arc<dyn Store>,
    /// Password checks under way: each takes a core, and 19 MiB that are kept for the next.
    checks: Semaphore,
    /// Checks under way of passwords that were right once; they do not wait for the checks of
    /// strangers.
    known_checks: Semaphore,
    secret: [u8; 32],
    /// Each credential that was right, with the [`household`] it came from: from elsewhere it is a
    /// guess.
    known: Mutex<HashMap<(IpAddr, [u8; 32]), Known>>,
    remembered: Duration,
    under_way: checks::Checks,
    throttle: Arc<throttle::Throttle>,
    codes: second_factor::Codes,
    failures: Failures,
}

struct Known {
    person: PersonId,
    /// The hash it was checked against: a changed password invalidates this entry.
    password_hash: String,
    verified: Instant,
}

/// The place of a sign-in, which decides the credentials it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Pages: the account's own password alone.
    Web,
    Devices(Protocol),
    /// Where clients of any protocol ask for the server's address.
    Autodiscover,
}

/// The authenticated person, and the access their credential gives.
#[derive(Debug)]
pub struct Identity {
    pub account: Arc<Account>,
    pub access: Access,
    /// The name of the app password; none for the account's own.
    pub app_password: Option<String>,
}

impl Identity {
    /// The person who signed in.
    pub fn person(&self) -> &Person {
        &self.account.person
    }

    /// The program the person uses, as history shows it.
    pub fn client(&self, label: String, device: Option<DeviceId>) -> Client {
        Client {
            label,
            device,
            access: self.access.clone(),
            ..Client::default()
        }
    }
}

/// Outcome of a sign-in.
#[derive(Debug)]
pub enum Outcome {
    /// No credentials were given.
    Missing,
    Denied,
    /// Too many wrong ones from there; try again after so many seconds.
    Throttled {
        retry_after: u64,
    },
    /// Right credentials of an account that is disabled.
    Disabled,
    Known(Box<Identity>),
}

fn known(account: Arc<Account>, through: Option<AppPassword>, door: Door) -> Outcome {
    let person = &account.person;
    if person.disabled {
        return Outcome::Disabled;
    }
    let (access, app_password) = match through {
        Some(found) => {
            let access = Access {
                password: Some(found.id),
                ..found.scope.access
            };
            (access, Some(found.name))
        }
        None => {
            let access = Access {
                own_password: (door != Door::Web).then(|| own_password(&person.password_hash)),
                ..Access::default()
            };
            (access, None)
        }
    };
    Outcome::Known(Box::new(Identity {
        account,
        access,
        app_password,
    }))
}

impl Authenticator {
    /// Authenticates against the accounts of a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        let mut secret = [0; 32];
        rand::fill(&mut secret[..]);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            store,
            checks: Semaphore::new(cores.min(MAX_CHECKS)),
            known_checks: Semaphore::new(cores.min(MAX_CHECKS)),
            secret,
            known: Mutex::default(),
            remembered: REMEMBERED,
            under_way: checks::Checks::default(),
            throttle: Arc::default(),
            codes: second_factor::Codes::default(),
            failures: Failures::default(),
        }
    }

    /// Checks a credential again after this time, in the place of 300 seconds.
    pub fn remembering(self, remembered: Duration) -> Self {
        Self { remembered, ..self }
    }

    /// The last failed sign-ins.
    pub fn failures(&self) -> &Failures {
        &self.failures
    }

    /// Loads the failures that an earlier process wrote.
    pub async fn remember_failures(&self) -> Result<()> {
        self.failures.remember(self.store.failures().await?);
        Ok(())
    }

    /// Writes the failures noted since; a power cut may lose them.
    pub async fn write_failures(&self) -> Result<()> {
        let fresh = self.failures.fresh();
        let number = fresh.len();
        if number == 0 {
            return Ok(());
        }
        let keep = vec![Op::Office(OfficeOp::KeepFailures(fresh))];
        let batch = Batch::of_program("", keep).may_be_lost();
        let written = self.store.commit(batch).await;
        if written.is_err() {
            self.failures.unwritten(number);
        }
        written.map(drop)
    }

    /// HTTP Basic (RFC 7617).
    pub async fn basic(
        &self,
        header: Option<&HeaderValue>,
        peer: IpAddr,
        door: Door,
    ) -> Result<Outcome> {
        let Some(header) = header else {
            return Ok(Outcome::Missing);
        };
        match basic::parse(header) {
            Some((login, password)) => self.password(&login, &password, peer, door).await,
            None => Ok(Outcome::Denied),
        }
    }

    /// The account credentials name, whatever the password: nothing may be shown on this alone.
    pub async fn claimed(&self, header: Option<&HeaderValue>) -> Result<Option<Person>> {
        match header.and_then(basic::parse) {
            Some((login, _)) => self.store.person_by_login(&basic::login_of(&login)).await,
            None => Ok(None),
        }
    }

    /// [`Authenticator::basic`] where the login may end in `$GROUP`; the group as well.
    pub async fn scoped(
        &self,
        header: Option<&HeaderValue>,
        peer: IpAddr,
        door: Door,
    ) -> Result<(Outcome, Option<String>)> {
        let Some(header) = header else {
            return Ok((Outcome::Missing, None));
        };
        let Some((login, password)) = basic::parse(header) else {
            return Ok((Outcome::Denied, None));
        };
        // Neither a login nor a group's name holds a dollar sign.
        let (login, scope) = match login.rsplit_once('$') {
            Some((login, scope)) => (login, Some(scope.to_owned())),
            None => (login.as_str(), None),
        };
        let outcome = self.password(login, &password, peer, door).await?;
        Ok((outcome, scope))
    }

    /// A login or an e-mail address, with a password.
    pub async fn password(
        &self,
        login: &str,
        password: &str,
        peer: IpAddr,
        door: Door,
    ) -> Result<Outcome> {
        let login = basic::login_of(login);
        if login.len() > MAX_LOGIN {
            return Ok(Outcome::Denied);
        }
        // Looked up whether there is such an account or not: the time tells nothing of it.
        let typed = self.typed_app_password(password, door).await?;
        let account = self.store.account_by_login(&login).await?;
        let person = account.as_ref().map(|account| &account.person);
        let mut why = Why::WrongPassword;
        if let Some(account) = &account {
            let person = &account.person;
            match self.app_password(person, typed, peer, door).await {
                // Failures stay counted: who holds one password may be guessing another.
                Ok(found) => return Ok(known(account.clone(), Some(found), door)),
                Err(other) => why = other,
            }
        }
        let key = self.key(&login, password);
        let here = (household(peer), key);
        // With a second factor the account's own password opens the pages alone.
        let barred = |person: &Person| person.second_factor && door != Door::Web;
        if let Some(account) = &account
            && !barred(&account.person)
            && self.remembers(&here, &account.person, self.remembered)
        {
            return Ok(known(account.clone(), None, door));
        }
        // What was right here once waits for nobody's guesses, but is checked.
        let was_right = person.is_some_and(|person| self.was_right(&here, person));
        let hash = match person {
            Some(person) => person.password_hash.clone(),
            None => password::DUMMY.to_owned(),
        };
        let begin = || {
            if was_right {
                Ok(None)
            } else {
                self.throttle.begin(&login, peer, key).map(Some)
            }
        };
        let waiting = match self.under_way.join((here.0, here.1, hash.clone()), begin) {
            Ok(waiting) => waiting,
            Err(retry_after) => {
                self.failures.note(&login, peer, Why::TooMany);
                return Ok(Outcome::Throttled { retry_after });
            }
        };
        let check = async {
            let checks = if was_right {
                &self.known_checks
            } else {
                &self.checks
            };
            let _permit = checks.acquire().await;
            password::verify(password.to_owned(), hash).await
        };
        let matches = waiting.outcome(check).await;
        if matches && person.is_some_and(barred) {
            why = Why::AccountPassword;
            tracing::info!(login, %peer, "a device came with the password of an account that has a second factor");
        }
        match account.filter(|account| matches && !barred(&account.person)) {
            Some(account) => {
                waiting.succeeded();
                self.remember(here, &account.person);
                Ok(known(account, None, door))
            }
            None => {
                self.failures.note(&login, peer, why);
                tracing::info!(login, %peer, "sign-in failed");
                Ok(Outcome::Denied)
            }
        }
    }

    /// The app password that was typed, whosoever it is. It is read anew each time, which costs one
    /// row: a revoked one is never remembered.
    async fn typed_app_password(&self, typed: &str, door: Door) -> Result<Option<AppPassword>> {
        match app_password::lookup(typed).filter(|_| door != Door::Web) {
            Some(digest) => self.store.app_password(&digest).await,
            None => Ok(None),
        }
    }

    /// The app password that was typed, if it is the person's and serves this door from this
    /// address; otherwise the reason why it does not.
    async fn app_password(
        &self,
        person: &Person,
        typed: Option<AppPassword>,
        peer: IpAddr,
        door: Door,
    ) -> std::result::Result<AppPassword, Why> {
        let protocols: &[Protocol] = match &door {
            Door::Web => return Err(Why::WrongPassword),
            Door::Devices(protocol) => std::slice::from_ref(protocol),
            Door::Autodiscover => &Protocol::ALL,
        };
        let now = Timestamp::now();
        let own = typed.filter(|found| found.person == person.id && !found.is_over(now));
        match own {
            None => Err(Why::WrongPassword),
            Some(found) if found.scope.admits(protocols, peer) => {
                self.note_use(&found, peer, now).await;
                Ok(found)
            }
            Some(found) => Err(if found.scope.serves(protocols) {
                Why::Network
            } else {
                Why::Protocol
            }),
        }
    }

    /// Writes down, now and then, that an app password was used.
    async fn note_use(&self, found: &AppPassword, peer: IpAddr, now: Timestamp) {
        let last = found.last_used;
        if last.is_some_and(|last| now.0 - last.0 < NOTED_EVERY) {
            return;
        }
        let note = CredentialOp::NoteAppPassword {
            password: found.id,
            address: peer.to_canonical().to_string(),
        };
        let batch = Batch::of_program("", vec![Op::Credential(note)]);
        let batch = batch.at(now).may_be_lost();
        if let Err(error) = self.store.commit(batch).await {
            tracing::warn!(%error, "the use of an app password could not be noted");
        }
    }

    /// Whether a credential was verified within some time, and the password is the same since.
    fn remembers(&self, key: &(IpAddr, [u8; 32]), person: &Person, within: Duration) -> bool {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).is_some_and(|known| {
            known.person == person.id
                && known.password_hash == person.password_hash
                && known.verified.elapsed() < within
        })
    }

    /// Whether it was verified at any time since the start.
    fn was_right(&self, key: &(IpAddr, [u8; 32]), person: &Person) -> bool {
        self.remembers(key, person, Duration::MAX)
    }

    fn remember(&self, key: (IpAddr, [u8; 32]), person: &Person) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_REMEMBERED {
            known.retain(|_, entry| entry.verified.elapsed() < self.remembered);
            if known.len() >= MAX_REMEMBERED {
                known.clear();
            }
        }
        known.insert(
            key,
            Known {
                person: person.id,
                password_hash: person.password_hash.clone(),
                verified: Instant::now(),
            },
        );
    }

    /// A keyed digest, so that no password stays in memory.
    fn key(&self, login: &str, password: &str) -> [u8; 32] {
        let mut key = [0; 32];
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) {
            mac.update(login.as_bytes());
            mac.update(&[0]);
            mac.update(password.as_bytes());
            key.copy_from_slice(&mac.finalize().into_bytes());
        }
        key
    }
}
