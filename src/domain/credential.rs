//! Stored credentials besides the account's own password: app passwords, browser sessions, and the
//! second factor.

use async_trait::async_trait;
use serde::Serialize;

use super::{
    access::Scope,
    error::Result,
    id::{AppPasswordId, PersonId, Timestamp},
    principal::Profile,
};

/// A password for one device or program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AppPassword {
    pub id: AppPasswordId,
    pub person: PersonId,
    /// What its owner calls it.
    pub name: String,
    pub scope: Scope,
    pub created: Timestamp,
    /// Expiry; none: never.
    pub expires: Option<Timestamp>,
    /// Time of the last use, written only now and then.
    pub last_used: Option<Timestamp>,
    /// The address it was last used from; empty before.
    pub last_address: String,
}

impl AppPassword {
    /// Whether it has expired.
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// Digest of the session's cookie.
    pub token: String,
    pub person: PersonId,
    pub began: Timestamp,
    /// Time of the last request, written only now and then.
    pub seen: Timestamp,
    pub expires: Timestamp,
    /// The User-Agent.
    pub browser: String,
    /// The address it was last seen from.
    pub address: String,
}

/// The second factor of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondFactor {
    /// Secret shared with the person's authenticator (RFC 6238).
    pub secret: Vec<u8>,
    /// The second factor is in force.
    pub confirmed: bool,
    /// Number of unused recovery codes.
    pub recovery: i64,
}

/// Changes of app passwords and sessions.
#[derive(Clone, Debug)]
pub enum CredentialOp {
    /// `digest` is the key that [`CredentialStore::app_password`] finds it by. Refused: `Exists`.
    AddAppPassword {
        person: PersonId,
        digest: String,
        name: String,
        scope: Scope,
        expires: Option<Timestamp>,
    },
    /// Takes effect at once: held requests of the person end. Refused: `NotFound`.
    RemoveAppPassword {
        person: PersonId,
        password: AppPasswordId,
    },
    NoteAppPassword {
        password: AppPasswordId,
        address: String,
    },
    /// A web session; `token` is the digest of the cookie.
    AddSession {
        token: String,
        person: PersonId,
        expires: Timestamp,
        browser: String,
        address: String,
    },
    NoteSession {
        token: String,
        address: String,
    },
    RemoveSession {
        token: String,
    },
    RemoveSessions {
        person: PersonId,
    },
}

/// Changes of second factors.
#[derive(Clone, Debug)]
pub enum SecondFactorOp {
    /// A secret that is in force once confirmed; it replaces an unconfirmed one. Refused:
    /// `Moved` where one is in force.
    Begin {
        person: PersonId,
        secret: Vec<u8>,
    },
    /// `step` is the time step of the confirming code, `recovery` the digests of recovery codes.
    /// Refused: `Moved` where no secret waits for confirmation.
    Confirm {
        person: PersonId,
        step: u64,
        recovery: Vec<String>,
    },
    /// Uses up the code of a time step. Refused: `Moved` unless it is later than the
    /// last used.
    Use {
        person: PersonId,
        step: u64,
    },
    /// Refused: `NotFound`.
    UseRecoveryCode {
        person: PersonId,
        digest: String,
    },
    RenewRecoveryCodes {
        person: PersonId,
        recovery: Vec<String>,
    },
    Remove {
        person: PersonId,
    },
}

/// Reads of credentials.
#[async_trait]
pub trait CredentialStore {
    /// An app password by its digest, expired or not.
    async fn app_password(&self, digest: &str) -> Result<Option<AppPassword>>;
    /// Whether an app password exists and has not expired.
    async fn holds_app_password(&self, password: AppPasswordId, now: Timestamp) -> Result<bool>;
    /// App passwords of one person, or of everybody; newest last.
    async fn app_passwords(&self, person: Option<PersonId>) -> Result<Vec<AppPassword>>;
    /// A session that has not expired, by the digest of its cookie.
    async fn session(&self, token: &str, now: Timestamp) -> Result<Option<Session>>;
    /// Sessions of a person that have not expired, the last seen first.
    async fn sessions(&self, person: PersonId, now: Timestamp) -> Result<Vec<Session>>;
    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>>;
    /// The profile that members of the person's groups see.
    async fn profile(&self, person: PersonId) -> Result<Option<Profile>>;
}
