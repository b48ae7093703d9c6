//! What is kept of the ways somebody signs in besides the account's own password: app passwords
//! and the sessions of browsers.

use async_trait::async_trait;
use serde::Serialize;

use super::{
    access::Scope,
    error::Result,
    id::{AppPasswordId, PersonId, Timestamp},
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
    /// All of a person's, but one.
    RemoveSessions {
        person: PersonId,
        except: Option<String>,
    },
}

/// Reads of credentials.
#[async_trait]
pub trait CredentialStore {
    /// By the digest of the password.
    async fn app_password(&self, digest: &str) -> Result<Option<AppPassword>>;
    /// Of one person, or of all; the newest last.
    async fn app_passwords(&self, person: Option<PersonId>) -> Result<Vec<AppPassword>>;
    /// A session that has not expired, by the digest of its cookie.
    async fn session(&self, token: &str, now: Timestamp) -> Result<Option<Session>>;
    /// Those of a person that have not expired, the last seen first.
    async fn sessions(&self, person: PersonId, now: Timestamp) -> Result<Vec<Session>>;
}
