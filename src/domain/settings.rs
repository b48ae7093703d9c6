//! Personal settings: a JSON object of the account.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    actor::{Actor, Client},
    address::PendingAddress,
    batch::{Op, PersonOp},
    core::Core,
    error::{Error, Result},
    id::PersonId,
    json,
    store::Sort,
};

/// The language of letters to whoever chose none and was never seen with another.
const UNSPOKEN: &str = "en";

/// Light or dark pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    Light,
    Dark,
    /// The device chooses.
    #[default]
    #[serde(other)]
    System,
}

/// How dates are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateFormat {
    /// `2026-11-25`
    Iso,
    /// `25/11/2026`
    DayFirst,
    /// `11/25/2026`
    MonthFirst,
    /// `25 November 2026`, in the reader's language.
    #[default]
    #[serde(other)]
    Words,
}

/// The settings of a person. Fields that this version does not know are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Deletions beyond the limit wait for the person's confirmation.
    pub hold_mass_deletions: bool,
    /// Family name first, in every list of people.
    pub last_first: bool,
    /// BCP 47 tag; none: the browser's.
    pub language: Option<String>,
    /// The language of the browser at the last sign-in; none: English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spoken: Option<String>,
    /// The map provider, by the name the web gives it.
    pub map: Option<String>,
    /// How numbers are called, by the name the web gives it; none: not from a computer.
    pub calls: Option<String>,
    /// A new e-mail address that is not confirmed yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_address: Option<PendingAddress>,
    /// Keyboard shortcuts of single keys are on.
    pub keys: bool,
    /// Rows on a page of a list, as [`Settings::rows`] bounds it.
    pub rows_per_page: u32,
    /// The sort order of lists, where the request names none.
    pub sort: Sort,
    pub theme: Theme,
    pub date_format: DateFormat,
    /// IANA name of the time zone; empty: the server's by choice; none: not chosen yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// Exact name of the group to which new contacts go where no place is shown; none: Private.
    pub default_place: Option<String>,
    /// ISO 3166 code of the country of numbers without a country code; none: the server's.
    pub default_country: Option<String>,
    /// The notifications that also go by e-mail.
    pub notify: Notify,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hold_mass_deletions: false,
            last_first: false,
            language: None,
            spoken: None,
            map: None,
            calls: None,
            pending_address: None,
            keys: true,
            rows_per_page: 200,
            sort: Sort::default(),
            theme: Theme::default(),
            date_format: DateFormat::default(),
            zone: None,
            default_place: None,
            default_country: None,
            notify: Notify::default(),
            others: Map::new(),
        }
    }
}

impl Settings {
    /// Rows a page of a list may have.
    pub const ROWS: [u32; 5] = [25, 50, 100, 200, 500];

    /// The language of letters to the person: the one chosen, else that of the last sign-in; none:
    /// English.
    pub fn of_letters(&self) -> Option<&str> {
        self.language.as_deref().or(self.spoken.as_deref())
    }

    /// Rows on a page of a list.
    pub fn rows(&self) -> i64 {
        let [least, .., most] = Self::ROWS;
        i64::from(self.rows_per_page.clamp(least, most))
    }
}

/// The notifications a person also receives by e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notify {
    /// A contact answered a verification.
    pub verification: bool,
    /// A write of a client was refused and kept.
    pub refused: bool,
    /// Something was shared with a group of theirs.
    pub shared: bool,
    /// A device connected for the first time.
    pub device: bool,
}

impl Default for Notify {
    fn default() -> Self {
        Self {
            verification: true,
            refused: false,
            shared: false,
            device: false,
        }
    }
}

impl Core {
    /// The actor's settings.
    pub async fn settings(&self, actor: &Actor) -> Result<Settings> {
        let person = self.store().person(actor.person).await?;
        let settings = person.ok_or(Error::NotFound)?.settings;
        let read = json::read("the settings of an account", settings.as_bytes());
        Ok(read.unwrap_or_default())
    }

    /// Notes the language of the browser a person signed in with.
    pub async fn speaks(&self, person: PersonId, language: &str) -> Result<()> {
        let actor = Arc::new(self.actor(person, Client::default()).await?);
        let known = self.settings(&actor).await?.spoken;
        if known.as_deref().unwrap_or(UNSPOKEN) == language {
            return Ok(());
        }
        self.change_settings(&actor, |settings| {
            settings.spoken = Some(language.to_owned());
        })
        .await
    }

    /// Changes some of the actor's settings. `Unavailable` where what is stored cannot be read: it
    /// stays.
    pub async fn change_settings<F>(&self, actor: &Arc<Actor>, change: F) -> Result<()>
    where
        F: Fn(&mut Settings) + Send + Sync,
    {
        let change = &change;
        self.decided(actor, |actor| async move {
            let expected = self.account(&actor).await?.settings;
            let stored = json::read("the settings of an account", expected.as_bytes());
            let mut settings: Settings = stored
                .ok_or_else(|| Error::Unavailable("the settings cannot be read".to_owned()))?;
            change(&mut settings);
            let settings = json::text(&settings)?;
            let op = Op::Person(PersonOp::ChangeSettings {
                person: actor.person,
                expected,
                settings,
            });
            self.commit_as(&actor, vec![op]).await.map(drop)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_this_version_does_not_know_stay() {
        let stored = r#"{"last_first":true,"map":"osm"}"#;
        let mut settings: Settings = serde_json::from_str(stored).expect("settings");
        assert!(settings.last_first && settings.keys && !settings.hold_mass_deletions);
        settings.last_first = false;
        let stored = serde_json::to_value(&settings).expect("JSON");
        assert_eq!(stored["map"], "osm");
        assert_eq!(stored["last_first"], false);
    }

    #[test]
    fn a_word_of_a_later_version_leaves_the_other_settings() {
        let stored =
            r#"{"theme":"sepia","date_format":"x","sort":"y","rows_per_page":9000,"keys":false}"#;
        let settings: Settings = serde_json::from_str(stored).expect("settings");
        assert_eq!(settings.theme, Theme::System);
        assert_eq!(settings.date_format, DateFormat::Words);
        assert_eq!((settings.sort, settings.rows()), (Sort::Name, 500));
        assert!(!settings.keys);
    }
}
