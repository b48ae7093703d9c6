//! Habits of clients, by their User-Agent: each named once, with its reason.

use carnet_proto::vcard::Version;
use http::{HeaderMap, header};

/// How a client is served.
#[derive(Clone, Debug, Default)]
pub struct Profile {
    /// The program without its version, for history and for what it was last served.
    pub family: String,
    habits: Habits,
}

/// What differs from what the specifications let a server assume.
#[derive(Clone, Copy, Debug, Default)]
struct Habits {
    /// Reads several addressbook homes; others get every book in their own home.
    several_homes: bool,
    /// Reads both versions and asks for none: gets cards as they are stored, or it would show an
    /// anniversary as a custom date of Apple's.
    stored_version: bool,
    /// Takes a refused sync-token only as 400: with 403 it stalls for ever.
    bad_token_is_400: bool,
}

const PLAIN: Habits = Habits {
    several_homes: false,
    stored_version: false,
    bad_token_is_400: false,
};
const HOMES: Habits = Habits {
    several_homes: true,
    ..PLAIN
};

/// `(part of the User-Agent, family, habits)`; the first that is found counts.
const CLIENTS: [(&str, &str, Habits); 10] = [
    (
        "Thunderbird/",
        "Thunderbird",
        Habits {
            stored_version: true,
            bad_token_is_400: true,
            ..PLAIN
        },
    ),
    ("DAVx5/", "DAVx5", HOMES),
    ("Evolution/", "Evolution", HOMES),
    ("Akonadi", "KDE", HOMES),
    ("KDE", "KDE", HOMES),
    ("AddressBookCore/", "macOS Contacts", PLAIN),
    ("AddressBook/", "macOS Contacts", PLAIN),
    ("dataaccessd", "iOS", PLAIN),
    ("accountsd", "Apple accounts", PLAIN),
    ("eM Client", "eM Client", PLAIN),
];

impl Profile {
    pub fn of(headers: &HeaderMap) -> Self {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let known = CLIENTS.iter().find(|(part, _, _)| agent.contains(part));
        match known {
            Some((_, family, habits)) => Self {
                family: (*family).to_owned(),
                habits: *habits,
            },
            None => Self {
                family: first_word(agent),
                habits: PLAIN,
            },
        }
    }

    /// Reads several addressbook homes.
    pub fn several_homes(&self) -> bool {
        self.habits.several_homes
    }

    /// Understands a refused sync-token only as 400.
    pub fn bad_token_is_400(&self) -> bool {
        self.habits.bad_token_is_400
    }

    /// The version of cards when the request names none (RFC 6352 §10.4: 3.0).
    pub fn default_version(&self, stored: Version) -> Version {
        match self.habits.stored_version {
            true => stored,
            false => Version::V3,
        }
    }
}

fn first_word(agent: &str) -> String {
    agent
        .split(['/', ' ', ';', '('])
        .find(|part| !part.is_empty())
        .unwrap_or("unknown")
        .chars()
        .take(40)
        .collect()
}
