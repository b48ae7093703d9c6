//! The settings that rule what becomes of data. `carnet serve` keeps them with the data, and commands
//! that name no configuration follow them.

use serde::Serialize;

use super::{Config, Founders, KEYS, override_with, settings};

/// What is kept: keys of the configuration, and whether there is `[mail]`.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: &'a Option<String>,
    max_document: usize,
    max_upload: u64,
    document_quota: u64,
    further_books: bool,
    found_groups: Founders,
    history_days: u16,
    trash_days: u16,
    tombstone_days: u16,
    owners_erase: bool,
    letters: bool,
}

/// Whether there is `[mail]`.
const LETTERS: &str = "letters";

impl Config {
    /// What is kept with the data.
    pub fn kept(&self) -> Result<String, String> {
        let kept = Kept {
            country: &self.country,
            max_document: self.max_document,
            max_upload: self.max_upload,
            document_quota: self.document_quota,
            further_books: self.further_books,
            found_groups: self.found_groups,
            history_days: self.history_days,
            trash_days: self.trash_days,
            tombstone_days: self.tombstone_days,
            owners_erase: self.owners_erase,
            letters: self.mail.is_some(),
        };
        serde_json::to_string(&kept).map_err(|error| error.to_string())
    }

    /// Takes what a server kept with the data, where no file was named; variables still win.
    pub fn follow(&mut self, kept: &str) -> Result<(), String> {
        if self.file.is_some() {
            return Ok(());
        }
        let told = |error: &dyn std::fmt::Display| format!("the server's settings: {error}");
        let mut table: toml::Table = serde_json::from_str(kept).map_err(|error| told(&error))?;
        let letters = table.remove(LETTERS) == Some(toml::Value::Boolean(true));
        // A newer server may have kept more.
        table.retain(|key, _| KEYS.contains(&key));
        override_with(&mut table, settings(std::env::vars_os())?);
        let followed: Self = table.try_into().map_err(|error| told(&error))?;
        followed.check().map_err(|error| {
            let file = "name a corrected configuration with --config";
            format!("{}: {file}", told(&error))
        })?;
        *self = Self {
            data: std::mem::take(&mut self.data),
            letters: letters || followed.mail.is_some(),
            ..followed
        };
        Ok(())
    }

    /// Whether telephone numbers were read by the rules of another country.
    pub fn is_of_another_country(&self, kept: &str) -> bool {
        let kept = serde_json::from_str::<serde_json::Value>(kept).unwrap_or_default();
        kept["country"].as_str() != self.country.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_follows_what_the_server_kept() {
        let told = "country = 'FR'\ntrash_days = 7\nfound_groups = 'administrators'\n\
            [mail]\nhost = 'mail.example.org'\nfrom = 'carnet@example.org'";
        let served: Config = toml::from_str(told).expect("a configuration");
        let kept = served.kept().expect("JSON");
        let mut command = Config {
            data: "there".into(),
            ..Config::default()
        };
        command.follow(&kept).expect("known");
        assert_eq!(command.data, std::path::Path::new("there"));
        assert_eq!(command.country.as_deref(), Some("FR"));
        let limits = command.limits();
        assert_eq!((limits.trash_days, limits.letters), (7, true));
        assert!(limits.administrators_found);
        assert!(!command.is_of_another_country(&kept));
        assert!(Config::default().is_of_another_country(&kept));
        // One that names a file has its own.
        let mut named = Config {
            file: Some("carnet.toml".into()),
            ..Config::default()
        };
        named.follow(&kept).expect("known");
        assert_eq!((named.country, named.trash_days), (None, 30));
        // Of a newer version.
        let newer = kept.replacen('{', "{\"unheard_of\":1,", 1);
        command.follow(&newer).expect("known");
    }
}
