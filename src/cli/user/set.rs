//! `carnet user set`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{forced, octets, or_forced};
use crate::{
    cli::{Done, person, text},
    dav::{Choice, Homes},
    domain::{
        error::Error,
        office::{Office, people::AccountChange},
        principal::UTC_OFFSET,
    },
};

/// What `carnet user set` changes.
#[derive(Args, Clone, Default, PartialEq)]
pub struct Set {
    login: String,
    /// Contacts allowed in Private; 0 for no limit
    #[arg(long, allow_negative_numbers = true)]
    quota: Option<i64>,
    /// The class of the account; "" is everybody's
    #[arg(long)]
    class: Option<String>,
    /// MiB of documents allowed; 0 for no limit, `server` for the server's rule
    #[arg(long, value_name = "MIB")]
    document_quota: Option<String>,
    #[arg(long)]
    email: Option<String>,
    #[arg(long)]
    name: Option<String>,
    #[arg(long, conflicts_with = "enable")]
    disable: bool,
    #[arg(long)]
    enable: bool,
    #[arg(long, conflicts_with = "no_admin")]
    admin: bool,
    #[arg(long)]
    no_admin: bool,
    /// Even if no administrator is left
    #[arg(long)]
    force: bool,
    /// The person's zone, +HH:MM or -HH:MM: phones from UTC+12 on need it for birthdays
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true)]
    utc_offset: Option<String>,
    /// Shown to the members of the account's groups; empty for none
    #[arg(long)]
    organization: Option<String>,
    /// A picture shown to the members of the account's groups: a file of at most 1 MiB
    #[arg(long)]
    picture: Option<PathBuf>,
    /// Show the members of the account's groups as books of its own
    #[arg(long, conflicts_with = "hide_members")]
    show_members: bool,
    #[arg(long)]
    hide_members: bool,
    /// Where CardDAV clients are told to look for group books
    #[arg(long, value_parser = ["auto", "single", "several"])]
    homes: Option<String>,
    /// Offer CardDAV clients vCard 4.0: on, off, or as the server does
    #[arg(long, value_parser = ["on", "off", "server"])]
    vcard4: Option<String>,
    /// Give CardDAV programs that show a single book (Contacts on a Mac) one of everything
    #[arg(long, value_parser = ["on", "off"])]
    merged: Option<String>,
    /// Give CardDAV clients pictures over 1 MiB with at most 1024 pixels
    #[arg(long, value_parser = ["on", "off"])]
    small_photos: Option<String>,
    /// Show the categories of these private books as lists (groups of Apple's programs) too, by
    /// the last part of their addresses; "" shows none
    #[arg(long, value_name = "BOOK,BOOK")]
    category_lists: Option<String>,
}

impl Set {
    /// Changes the account: all of it or nothing.
    pub async fn run(self, office: &Office) -> Done {
        if self.changes_nothing() {
            return Err(
                "nothing to change: name an option (carnet user set --help lists them)".into(),
            );
        }
        let person = person(&**office.core().store(), &self.login).await?;
        let picture = self.picture.as_deref().map(read_picture).transpose()?;
        let document_quota = self.document_quota.as_deref().map(octets).transpose()?;
        let class = self.class.clone().filter(|class| !class.is_empty());
        let change = AccountChange {
            settings: self.settings(&person.settings)?,
            email: self
                .email
                .map(|email| Some(email).filter(|email| !email.is_empty())),
            name: self.name,
            admin: (self.admin || self.no_admin).then_some(self.admin),
            disabled: (self.disable || self.enable).then_some(self.disable),
            quota: self.quota.map(|quota| (quota != 0).then_some(quota)),
            class: self.class,
            document_quota,
            organization: self.organization,
            picture,
            shows_members: (self.show_members || self.hide_members).then_some(self.show_members),
            password_hash: None,
        };
        let office = forced(office, self.force);
        let changed = office.change_account(person.id, change).await;
        changed.map_err(|error| match (&error, class) {
            (Error::NotFound, Some(class)) => format!("there is no class {class}"),
            _ => or_forced(&error),
        })?;
        text(format!("account {} changed\n", self.login))
    }

    fn changes_nothing(&self) -> bool {
        *self
            == Self {
                login: self.login.clone(),
                force: self.force,
                ..Self::default()
            }
    }

    /// The account's settings after the change; none: as they are.
    fn settings(&self, before: &str) -> Result<Option<String>, String> {
        let mut settings = None;
        if let Some(offset) = &self.utc_offset {
            let minutes = minutes_east(offset)?;
            settings = Some(with_setting(before, UTC_OFFSET, minutes.into())?);
        }
        let before = settings.as_deref().unwrap_or(before);
        let mut choice = Choice::of(before);
        let homes = self.homes.as_deref().and_then(Homes::parse);
        choice.homes = homes.unwrap_or(choice.homes);
        choice.vcard4 = match self.vcard4.as_deref() {
            None => choice.vcard4,
            Some("server") => None,
            Some(switch) => Some(switch == "on"),
        };
        for (switch, chosen) in [
            (&self.merged, &mut choice.merged),
            (&self.small_photos, &mut choice.small_photos),
        ] {
            *chosen = switch.as_ref().map_or(*chosen, |switch| switch == "on");
        }
        if let Some(books) = &self.category_lists {
            let names = books.split(',').map(str::trim);
            let names = names.filter(|name| !name.is_empty());
            choice.category_lists = names.map(str::to_owned).collect();
        }
        if choice != Choice::of(before) {
            let value = serde_json::json!(choice);
            settings = Some(with_setting(before, Choice::SETTING, value)?);
        }
        Ok(settings)
    }
}

/// Minutes of `+13:00`.
fn minutes_east(offset: &str) -> Result<i64, String> {
    let parsed = || {
        let (sign, rest) = match offset.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, offset.strip_prefix('+')?),
        };
        let (hours, minutes) = rest.split_once(':')?;
        let (hours, minutes) = (hours.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?);
        (hours <= 14 && minutes < 60).then(|| sign * (i64::from(hours) * 60 + i64::from(minutes)))
    };
    parsed().ok_or_else(|| format!("{offset}: a zone is +HH:MM or -HH:MM"))
}

/// An account's settings, a JSON object, with another value for one; what cannot be read stays.
fn with_setting(settings: &str, name: &str, value: serde_json::Value) -> Result<String, String> {
    let read = serde_json::from_str::<serde_json::Map<_, _>>(settings);
    let mut settings =
        read.map_err(|error| format!("the settings of the account cannot be read: {error}"))?;
    settings.insert(name.to_owned(), value);
    Ok(serde_json::Value::Object(settings).to_string())
}

/// Octets of a picture a client shows.
fn read_picture(file: &Path) -> Result<Vec<u8>, String> {
    const KNOWN: [&[u8]; 4] = [b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"RIFF"];
    let told = |why: &str| format!("{}: {why}", file.display());
    let octets = std::fs::read(file).map_err(|error| told(&error.to_string()))?;
    match KNOWN.iter().any(|start| octets.starts_with(start)) {
        false => Err(told("not a JPEG, PNG, GIF or WebP picture")),
        true if octets.len() > 1024 * 1024 => Err(told("larger than 1 MiB")),
        true => Ok(octets),
    }
}
