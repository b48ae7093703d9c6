//! WebDAV-Push over Web Push: a client that subscribes to a book need not poll it.
//!
//! Off unless the operator names a contact (RFC 8292 §2.1). Messages go to public addresses only,
//! encrypted for the subscriber, one per burst of changes.

mod encrypt;
mod register;
mod send;

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use carnet_proto::dav::href::{path_of, segments};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};

pub use register::{register, unregister};

use super::Call;
use crate::{
    domain::{
        book::{Change, Moved},
        item::digest,
    },
    durable,
    http::outbound::Outbound,
};

/// Exclusions kept at once; each matters for the length of one burst.
const MAX_EXCLUSIONS: usize = 10_000;

/// The server's VAPID identity and the pending exclusions.
pub struct Push {
    key: EcdsaKeyPair,
    random: SystemRandom,
    /// `mailto:` or `https:`, for the operators of push services.
    contact: String,
    outbound: Outbound,
    exclusions: Mutex<Vec<Exclusion>>,
}

/// Subscriptions that need no message about a change: those of its author.
struct Exclusion {
    change: Change,
    /// None: everybody.
    registrations: Option<Vec<String>>,
}

impl Push {
    /// Reads the VAPID key from the data directory, or makes one.
    pub fn open(data: &Path, contact: &str, allow_private: bool) -> Result<Self, String> {
        if !contact.starts_with("mailto:") && !contact.starts_with("https://") {
            return Err(format!(
                "push_contact {contact}: neither mailto: nor https:"
            ));
        }
        let random = SystemRandom::new();
        let file = data.join("push.key");
        let pkcs8 = match std::fs::read(&file) {
            Ok(pkcs8) => pkcs8,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                    .map_err(|error| error.to_string())?;
                durable::write_private(&file, made.as_ref())
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                made.as_ref().to_vec()
            }
            Err(error) => return Err(format!("{}: {error}", file.display())),
        };
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self {
            key,
            random,
            contact: contact.to_owned(),
            outbound: Outbound::new(allow_private)?,
            exclusions: Mutex::default(),
        })
    }

    /// The VAPID public key, uncompressed, in base64url.
    pub fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref())
    }

    fn exclude(&self, moved: &Moved, registrations: Option<&[String]>) {
        let mut exclusions = self.lock();
        if exclusions.len() + moved.len() > MAX_EXCLUSIONS {
            exclusions.clear();
        }
        exclusions.extend(moved.iter().map(|change| Exclusion {
            change: *change,
            registrations: registrations.map(<[String]>::to_vec),
        }));
    }

    /// Whether a registration has to be told of one of some changes; forgets nothing yet.
    fn concerns(&self, registration: &str, changes: &Moved) -> bool {
        let exclusions = self.lock();
        let is_excluded = |change: &Change| {
            exclusions.iter().any(|exclusion| {
                let ids = exclusion.registrations.as_ref();
                exclusion.change == *change
                    && ids.is_none_or(|ids| ids.iter().any(|id| id == registration))
            })
        };
        !changes.iter().all(is_excluded)
    }

    fn forget(&self, changes: &Moved) {
        self.lock()
            .retain(|exclusion| !changes.contains(&exclusion.change));
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Exclusion>> {
        self.exclusions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// `topic` of a collection: identifies it to subscribers, whatever its URL.
pub fn topic(seed: &str) -> String {
    let digest = digest(format!("push topic {seed}").as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.as_bytes()[..22])
}

/// Handles `Push-Dont-Notify` of a write: quoted registration URLs, or `*`.
pub fn written(call: &Call, moved: &Moved) {
    let (Some(push), Some(value)) = (&call.face.push, call.header("push-dont-notify")) else {
        return;
    };
    if value.trim() == "*" {
        return push.exclude(moved, None);
    }
    let registrations: Vec<String> = value
        .split(',')
        .map(|url| url.trim().trim_matches('"'))
        .filter_map(|url| segments(path_of(url)).ok()?.pop())
        .collect();
    push.exclude(moved, Some(&registrations));
}
