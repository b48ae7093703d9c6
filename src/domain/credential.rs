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
    /// None: never.
    pub expires: Option<Timestamp>,
    /// Written now and then only.
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

/// A browser somebody is signed in with.
#[derive(Clone, Debug, PartialEq)]
pub struct Session {
    /// The digest of its cookie.
    pub token: String,
    pub person: PersonId,
    pub began: Timestamp,
    /// Written now and then only.
    pub seen: Timestamp,
    pub expires: Timestamp,
    /// The program as it names itself.
    pub browser: String,
    /// The address it was last seen from.
    pub address: String,
}

/// What a person signs in with besides the password.
#[derive(Clone, Debug, PartialEq)]
pub struct SecondFactor {
    /// Shared with the person's authenticator program.
    pub secret: Vec<u8>,
    /// In force.
    pub confirmed: bool,
    /// Recovery codes that are left.
    pub recovery: i64,
}

/// Changes of credentials.
#[derive(Clone, Debug)]
pub enum CredentialOp {
    /// `digest` is what [`CredentialStore::app_password`] looks for. Refused: `Exists`.
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
    /// A secret that is in force once it is confirmed; replaces one that never was. Refused:
    /// `PreconditionFailed` where one is.
    BeginSecondFactor {
        person: PersonId,
        secret: Vec<u8>,
    },
    /// `step` is that of the code that confirmed it, `recovery` the digests of recovery codes.
    /// Refused: `PreconditionFailed` where none waits for it.
    ConfirmSecondFactor {
        person: PersonId,
        step: u64,
        recovery: Vec<String>,
    },
    /// The code of a step is used. Refused: `PreconditionFailed` unless it is later than the last.
    UseSecondFactor {
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
    RemoveSecondFactor {
        person: PersonId,
    },
}

/// Reads of credentials.
#[async_trait]
pub trait CredentialStore {
    /// By the digest of the password.
    async fn app_password(&self, digest: &str) -> Result<Option<AppPassword>>;
    /// Whether it is there and not over.
    async fn holds_app_password(&self, password: AppPasswordId, now: Timestamp) -> Result<bool>;
    /// Of one person, or of all; the newest last.
    async fn app_passwords(&self, person: Option<PersonId>) -> Result<Vec<AppPassword>>;
    /// A session that has not expired, by the digest of its cookie.
    async fn session(&self, token: &str, now: Timestamp) -> Result<Option<Session>>;
    /// Those of a person that have not expired, the last seen first.
    async fn sessions(&self, person: PersonId, now: Timestamp) -> Result<Vec<Session>>;
    async fn second_factor(&self, person: PersonId) -> Result<Option<SecondFactor>>;
    /// What members of the person's groups see of them.
    async fn profile(&self, person: PersonId) -> Result<Option<Profile>>;
}
