//! Personal settings: a JSON object of the account.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    actor::Actor,
    address::PendingAddress,
    batch::Op,
    core::Core,
    error::{Error, Result},
    store::Sort,
};

/// Light or dark pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Theme {
    Light,
    Dark,
    /// As the device is set.
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

/// The settings of a person; what this version does not know stays as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Deletions beyond the limit wait for a confirmation.
    pub hold_mass_deletions: bool,
    /// Family name first, in every list of people.
    pub last_first: bool,
    /// BCP 47 tag; none: the browser's.
    pub language: Option<String>,
    /// The map addresses are shown on, as the face that offered it named it.
    pub map: Option<String>,
    /// How numbers are called, as the face that offered it named it; none: not from a computer.
    pub calls: Option<String>,
    /// An address that waits to be confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_address: Option<PendingAddress>,
    /// Single keys act on pages.
    pub keys: bool,
    /// Rows on a page of a list, as [`Settings::rows`] bounds it.
    pub rows_per_page: u32,
    /// What lists are sorted by where nothing else is asked.
    pub sort: Sort,
    pub theme: Theme,
    pub date_format: DateFormat,
    /// Exact name of the group new contacts go to where no place is shown; none: Private.
    pub default_place: Option<String>,
    /// Two letters, of numbers written without a country code; none: the server's.
    pub default_country: Option<String>,
    /// What is told by e-mail too.
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
            map: None,
            calls: None,
            pending_address: None,
            keys: true,
            rows_per_page: 200,
            sort: Sort::default(),
            theme: Theme::default(),
            date_format: DateFormat::default(),
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

    /// Rows on a page of a list.
    pub fn rows(&self) -> i64 {
        let [least, .., most] = Self::ROWS;
        i64::from(self.rows_per_page.clamp(least, most))
    }
}

/// What a person is told by e-mail besides on pages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notify {
    /// A contact answered who was asked to check its data.
    pub verification: bool,
    /// What a client wrote was refused, and is kept.
    pub refused: bool,
    /// Something is shared with a group of theirs.
    pub shared: bool,
    /// A device came for the first time.
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
        Ok(serde_json::from_str(&settings).unwrap_or_default())
    }

    /// Changes some of the actor's settings.
    pub async fn change_settings<F>(&self, actor: &Arc<Actor>, change: F) -> Result<()>
    where
        F: Fn(&mut Settings) + Send + Sync,
    {
        let change = &change;
        self.decided(actor, |actor| async move {
            let mut settings = self.settings(&actor).await?;
            change(&mut settings);
            let settings = serde_json::to_string(&settings)
                .map_err(|error| Error::Unavailable(error.to_string()))?;
            let op = Op::ChangePerson {
                person: actor.person,
                email: None,
                name: None,
                admin: None,
                password_hash: None,
                disabled: None,
                quota: None,
                settings: Some(settings),
            };
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
