//! Client-specific behaviour by User-Agent, each with its reason.

use carnet_proto::vcard::Version;
use http::{HeaderMap, header};
use serde::{Deserialize, Serialize};

use crate::domain::json;

/// Characters of a User-Agent that tell programs of one family apart.
const AGENT: usize = 200;

/// How a client is served: its own quirks, and its person's choices.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    /// Name of the program without its version, for history.
    pub family: String,
    /// What it calls itself, cut to [`AGENT`] characters.
    pub agent: String,
    /// Version 4.0 of vCard is advertised and served; else 3.0 alone.
    pub vcard4: bool,
    /// The home begins with the merged book.
    pub merged: bool,
    /// Large pictures are served scaled down.
    pub small_photos: bool,
    own: OwnQuirks,
}

/// A person's choices for all their CardDAV clients, among the settings of the account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    pub homes: Homes,
    /// Offer version 4.0; none: the server's setting.
    pub vcard4: Option<bool>,
    /// Programs that show a single book are served the merged one.
    pub merged: bool,
    /// Pictures over 1 MiB are served with at most 1024 pixels.
    pub small_photos: bool,
    /// Private books, by the last segment of their URL, whose categories are served as lists too.
    pub category_lists: Vec<String>,
}

/// What is of CardDAV in an account's settings.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Settings {
    /// [`Choice::SETTING`]
    carddav: Choice,
}

/// Where clients find group books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Homes {
    /// Where each kind of client finds them best.
    #[default]
    Auto,
    /// They are in the home of the account.
    Single,
    /// They are in the homes of the groups.
    Several,
}

impl Homes {
    /// Parses the value of the command line.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_value(text.into()).ok()
    }
}

impl Choice {
    /// Name of the setting.
    pub const SETTING: &'static str = "carddav";

    /// The choice in an account's settings, a JSON object.
    pub fn of(settings: &str) -> Self {
        let read = json::read("the CardDAV settings of an account", settings.as_bytes());
        read.unwrap_or_else(Settings::default).carddav
    }
}

/// Behaviour of a client that differs from the specifications.
#[derive(Clone, Copy, Debug, Default)]
struct OwnQuirks {
    /// Reads several addressbook homes; others are served every book in their own home.
    several_homes: bool,
    /// Shows the first book of the home, and no other.
    single_book: bool,
    /// Reads both versions without asking for one. It is served cards as stored, because in 3.0 it
    /// would show an anniversary as a custom date.
    stored_version: bool,
    /// Handles a refused sync token only with 400; with 403 it never synchronizes again.
    bad_token_is_400: bool,
    /// Reads a ctag as a number and synchronizes only when it has grown.
    numbered_ctag: bool,
}

const PLAIN: OwnQuirks = OwnQuirks {
    several_homes: false,
    single_book: false,
    stored_version: false,
    bad_token_is_400: false,
    numbered_ctag: false,
};
const NUMBERS: OwnQuirks = OwnQuirks {
    numbered_ctag: true,
    ..PLAIN
};
const HOMES: OwnQuirks = OwnQuirks {
    several_homes: true,
    ..PLAIN
};
const ONE_BOOK: OwnQuirks = OwnQuirks {
    single_book: true,
    ..PLAIN
};

/// `(part of the User-Agent, family, quirks)`; the first match counts.
const CLIENTS: [(&str, &str, OwnQuirks); 12] = [
    // An add-on of Thunderbird with books of its own.
    ("CardBook/", "CardBook", PLAIN),
    // Names itself like iOS as well.
    ("CardDAV-Sync", "CardDAV-Sync", PLAIN),
    ("Linphone", "Linphone", NUMBERS),
    (
        "Thunderbird/",
        "Thunderbird",
        OwnQuirks {
            stored_version: true,
            bad_token_is_400: true,
            ..PLAIN
        },
    ),
    ("DAVx5/", "DAVx5", HOMES),
    ("Evolution/", "Evolution", HOMES),
    // Of KIO, by which it names itself, only the name of the program that asks tells it.
    ("akonadi_", "KDE", HOMES),
    ("AddressBookCore/", "macOS Contacts", ONE_BOOK),
    ("AddressBook/", "macOS Contacts", ONE_BOOK),
    ("dataaccessd", "iOS", PLAIN),
    ("accountsd", "Apple accounts", PLAIN),
    ("eM Client", "eM Client", PLAIN),
];

impl Quirks {
    /// The quirks of a client; `vcard4`: the server offers version 4.0.
    pub fn of(headers: &HeaderMap, choice: &Choice, vcard4: bool) -> Self {
        let mut quirks = Self::of_agent(headers);
        quirks.vcard4 = choice.vcard4.unwrap_or(vcard4);
        quirks.merged = choice.merged && quirks.own.single_book;
        quirks.small_photos = choice.small_photos;
        match choice.homes {
            Homes::Auto => {}
            Homes::Single => quirks.own.several_homes = false,
            Homes::Several => quirks.own.several_homes = true,
        }
        quirks
    }

    fn of_agent(headers: &HeaderMap) -> Self {
        let agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let known = CLIENTS.iter().find(|(part, _, _)| agent.contains(part));
        let (family, own) = match known {
            Some((_, family, own)) => ((*family).to_owned(), *own),
            None => (first_word(agent), PLAIN),
        };
        Self {
            family,
            agent: agent.chars().take(AGENT).collect(),
            own,
            ..Self::default()
        }
    }

    /// Reads several addressbook homes.
    pub fn several_homes(&self) -> bool {
        self.own.several_homes
    }

    /// Reads a ctag as a number.
    pub fn numbered_ctag(&self) -> bool {
        self.own.numbered_ctag
    }

    /// Handles a refused sync token only with 400.
    pub fn bad_token_is_400(&self) -> bool {
        self.own.bad_token_is_400
    }

    /// Whether cards are served in a version when it is requested.
    pub fn gives(&self, version: Version) -> bool {
        version == Version::V3 || self.vcard4
    }

    /// The version of cards when the request names none (RFC 6352 §10.4: 3.0); `stored` reads the
    /// one a card is stored in.
    pub fn default_version(&self, stored: impl FnOnce() -> Version) -> Version {
        if self.own.stored_version {
            stored()
        } else {
            Version::V3
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
