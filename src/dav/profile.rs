//! Habits of clients, by their User-Agent: each named once, with its reason.

use carnet_proto::vcard::Version;
use http::{HeaderMap, header};

/// How a client is served.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The program without its version, for history.
    pub family: String,
    /// Reads several addressbook homes; others get every book in their own home.
    pub several_homes: bool,
    /// Gets cards in the version they are stored in when it asks for none.
    pub stored_version: bool,
    /// Takes a refused sync-token only as 400: with 403 it stalls for ever.
    pub bad_token_is_400: bool,
}

impl Profile {
    pub fn of(headers: &HeaderMap) -> Self {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let has = |name: &str| agent.contains(name);
        Self {
            family: agent
                .split(['/', ' ', ';', '('])
                .find(|part| !part.is_empty())
                .unwrap_or("unknown")
                .chars()
                .take(40)
                .collect(),
            several_homes: has("DAVx5/") || has("Evolution/") || has("KDE") || has("Akonadi"),
            stored_version: has("Thunderbird/"),
            bad_token_is_400: has("Thunderbird/"),
        }
    }

    /// The version of cards when the request names none (RFC 6352 §10.4: 3.0).
    pub fn default_version(&self, stored: Version) -> Version {
        match self.stored_version {
            true => stored,
            false => Version::V3,
        }
    }
}
