//! `carnet user`

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Subcommand;

use super::{Done, Output, commit, commit_all, person, text};
use crate::{
    auth,
    dav::{Choice, Homes},
    domain::{
        batch::{Op, PersonOp},
        credential::SecondFactorOp,
        document::DocumentOp,
        id::PersonId,
        item::random_id,
        office::{people::keep_an_administrator, store::OfficeOp},
        principal::{UTC_OFFSET, valid_login},
        store::Store,
    },
    store::sqlite::Sqlite,
    transfer::accounts::read_list,
};

#[derive(Subcommand)]
#[expect(clippy::large_enum_variant, reason = "made once in a run")]
pub enum Command {
    /// Add an account; without --password-stdin a password is made and printed
    Add {
        login: String,
        #[arg(long)]
        email: Option<String>,
        #[arg(long)]
        name: Option<String>,
        /// May administer the server
        #[arg(long)]
        admin: bool,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts
    List,
    /// Set another password
    Passwd {
        login: String,
        #[arg(long)]
        password_stdin: bool,
    },
    /// Change an account
    Set {
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
    },
    /// Take the second factor off an account whose owner lost it
    ResetSecondFactor { login: String },
    /// Add the accounts of a list: CSV with the columns login, name, email, class, admin
    Import { file: PathBuf },
    /// Remove an account; what it shared stays with the groups
    Remove {
        login: String,
        /// Even if no administrator is left
        #[arg(long)]
        force: bool,
    },
}

/// Runs `carnet user`.
pub async fn run(store: &Sqlite, command: Command, json: bool) -> Done {
    match command {
        Command::Add {
            login,
            email,
            name,
            admin,
            password_stdin,
        } => {
            if !valid_login(&login) {
                return Err(format!(
                    "{login}: a login is 1 to 64 of a-z, 0-9 and . _ - @ +, and not a reserved word"
                ));
            }
            email.as_deref().map_or(Ok(()), valid_email)?;
            let (password, made) = password(password_stdin)?;
            let op = Op::Person(PersonOp::AddPerson {
                name: name.unwrap_or_else(|| login.clone()),
                login: login.clone(),
                email,
                admin,
                password_hash: hash(password.clone()).await?,
            });
            commit(store, op).await?;
            match (made, json) {
                (true, true) => Ok(Output::Json(
                    serde_json::json!({ "login": login, "password": password }),
                )),
                (true, false) => text(format!("account {login} added, password {password}\n")),
                (false, _) => text(format!("account {login} added\n")),
            }
        }
        Command::List => {
            let people = store.people().await.map_err(|error| error.to_string())?;
            if json {
                return Ok(Output::Json(serde_json::json!(people)));
            }
            let line = |p: &crate::domain::principal::Person| {
                format!(
                    "{}\t{}\t{}{}{}\n",
                    p.login,
                    p.name,
                    p.email.as_deref().unwrap_or("-"),
                    if p.admin { "\tadmin" } else { "" },
                    if p.disabled { "\tdisabled" } else { "" }
                )
            };
            text(people.iter().map(line).collect::<String>())
        }
        Command::Passwd {
            login,
            password_stdin,
        } => {
            let person = person(store, &login).await?;
            let (password, made) = password(password_stdin)?;
            let password_hash = Some(hash(password.clone()).await?);
            commit(
                store,
                change(person.id, |op| op.password_hash = password_hash),
            )
            .await?;
            match (made, json) {
                (true, true) => Ok(Output::Json(
                    serde_json::json!({ "login": login, "password": password }),
                )),
                (true, false) => text(format!("password of {login}: {password}\n")),
                (false, _) => text(format!("password of {login} changed\n")),
            }
        }
        Command::Set {
            login,
            quota,
            class,
            document_quota,
            email,
            name,
            disable,
            enable,
            admin,
            no_admin,
            force,
            utc_offset,
            organization,
            picture,
            show_members,
            hide_members,
            homes,
            vcard4,
            merged,
            small_photos,
            category_lists,
        } => {
            let switches = [
                disable,
                enable,
                admin,
                no_admin,
                show_members,
                hide_members,
                quota.is_some(),
                class.is_some(),
                document_quota.is_some(),
                email.is_some(),
                name.is_some(),
                utc_offset.is_some(),
                organization.is_some(),
                picture.is_some(),
                homes.is_some(),
                vcard4.is_some(),
                merged.is_some(),
                small_photos.is_some(),
                category_lists.is_some(),
            ];
            if !switches.contains(&true) {
                return Err(
                    "nothing to change: name an option (carnet user set --help lists them)".into(),
                );
            }
            if quota.is_some_and(|quota| quota < 0) {
                return Err("a quota is a number of contacts, 0 for no limit".into());
            }
            email
                .as_deref()
                .filter(|email| !email.is_empty())
                .map_or(Ok(()), valid_email)?;
            let minutes = utc_offset.as_deref().map(minutes_east).transpose()?;
            let picture = picture.map(|file| read_picture(&file)).transpose()?;
            let document_quota = document_quota.as_deref().map(octets).transpose()?;
            let person = person(store, &login).await?;
            if (disable || no_admin) && !force {
                stays_administered(store, person.id).await?;
            }
            // All of it or nothing.
            let mut ops = Vec::new();
            if let Some(class) = class {
                let person = person.id;
                ops.push(Op::Office(OfficeOp::SetClass { person, class }));
            }
            if let Some(quota) = document_quota {
                ops.push(Op::Document(DocumentOp::SetDocumentQuota {
                    person: person.id,
                    quota,
                }));
            }
            if organization.is_some() || picture.is_some() {
                ops.push(Op::Person(PersonOp::DescribePerson {
                    person: person.id,
                    organization,
                    picture,
                }));
            }
            if show_members || hide_members {
                ops.push(Op::Person(PersonOp::ShowMembers {
                    person: person.id,
                    shown: show_members,
                }));
            }
            let mut settings = None;
            if let Some(minutes) = minutes {
                settings = Some(with_setting(&person.settings, UTC_OFFSET, minutes.into()));
            }
            let before = settings.as_deref().unwrap_or(&person.settings);
            let mut choice = Choice::of(before);
            let home = homes.as_deref().and_then(Homes::parse);
            choice.homes = home.unwrap_or(choice.homes);
            choice.vcard4 = match vcard4.as_deref() {
                None => choice.vcard4,
                Some("server") => None,
                Some(switch) => Some(switch == "on"),
            };
            for (switch, chosen) in [
                (merged, &mut choice.merged),
                (small_photos, &mut choice.small_photos),
            ] {
                *chosen = switch.map_or(*chosen, |switch| switch == "on");
            }
            if let Some(books) = category_lists {
                let names = books.split(',').map(str::trim);
                let names = names.filter(|name| !name.is_empty());
                choice.category_lists = names.map(str::to_owned).collect();
            }
            if choice != Choice::of(before) {
                let value = serde_json::json!(choice);
                settings = Some(with_setting(before, Choice::SETTING, value));
            }
            let op = change(person.id, |op| {
                op.settings = settings;
                op.quota = quota.map(|quota| (quota > 0).then_some(quota));
                op.email = email.map(|email| Some(email).filter(|email| !email.is_empty()));
                op.name = name;
                op.disabled = (disable || enable).then_some(disable);
                op.admin = (admin || no_admin).then_some(admin);
            });
            ops.push(op);
            commit_all(store, ops).await?;
            text(format!("account {login} changed\n"))
        }
        Command::ResetSecondFactor { login } => {
            let person = person(store, &login).await?;
            if !person.second_factor {
                return Err(format!("account {login} has no second factor"));
            }
            let op = SecondFactorOp::Remove { person: person.id };
            commit(store, Op::SecondFactor(op)).await?;
            text(format!("second factor of {login} removed\n"))
        }
        Command::Import { file } => import(store, &file, json).await,
        Command::Remove { login, force } => {
            let person = person(store, &login).await?;
            if !force {
                stays_administered(store, person.id).await?;
            }
            commit(
                store,
                Op::Person(PersonOp::RemovePerson { person: person.id }),
            )
            .await?;
            text(format!("account {login} removed\n"))
        }
    }
}

/// Refuses what would leave nobody to administer the server.
async fn stays_administered(store: &Sqlite, without: PersonId) -> Result<(), String> {
    keep_an_administrator(store, without)
        .await
        .map_err(|error| format!("{error}; --force does it all the same"))
}

/// Adds every account of a list that can be added; prints their passwords.
async fn import(store: &Sqlite, file: &Path, json: bool) -> Done {
    let told = |why: String| format!("{}: {why}", file.display());
    let list = std::fs::read_to_string(file).map_err(|error| told(error.to_string()))?;
    let mut rows = Vec::new();
    let mut lines = String::new();
    for new in read_list(&list).map_err(|why| told(why.to_string()))? {
        let password = make_password();
        let op = Op::Person(PersonOp::AddPerson {
            name: match new.name.as_str() {
                "" => new.login.clone(),
                name => name.to_owned(),
            },
            login: new.login.clone(),
            email: new.email,
            admin: new.admin,
            password_hash: hash(password.clone()).await?,
        });
        let mut added = commit(store, op).await;
        if let (Ok(committed), false) = (&added, new.class.is_empty()) {
            let person = committed.row().map_err(|error| error.to_string())?;
            let class = new.class;
            added = commit(store, Op::Office(OfficeOp::SetClass { person, class })).await;
        }
        match added {
            Ok(_) => {
                lines.push_str(&format!("{}\t{password}\n", new.login));
                rows.push(serde_json::json!({ "login": new.login, "password": password }));
            }
            Err(why) => {
                lines.push_str(&format!("{}: {why}\n", new.login));
                rows.push(serde_json::json!({ "login": new.login, "refused": why }));
            }
        }
    }
    if json {
        Ok(Output::Json(rows.into()))
    } else {
        text(lines)
    }
}

/// Octets of a number of MiB; none: the server's rule.
pub(super) fn octets(mebibytes: &str) -> Result<Option<i64>, String> {
    let parsed = mebibytes.parse::<i64>().ok().filter(|n| *n >= 0);
    match (mebibytes, parsed.and_then(|n| n.checked_mul(1024 * 1024))) {
        ("server", _) => Ok(None),
        (_, Some(octets)) => Ok(Some(octets)),
        (_, None) => {
            Err("a quota of documents is a number of MiB, 0 for no limit, or server".into())
        }
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

/// An account's settings, a JSON object, with another value for one.
fn with_setting(settings: &str, name: &str, value: serde_json::Value) -> String {
    let settings = serde_json::from_str(settings).ok();
    let mut settings = settings
        .filter(serde_json::Value::is_object)
        .unwrap_or_else(|| serde_json::json!({}));
    settings[name] = value;
    settings.to_string()
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

fn valid_email(email: &str) -> Result<(), String> {
    let valid = email.len() <= 254
        && !email.contains(char::is_whitespace)
        && email
            .rsplit_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if valid {
        Ok(())
    } else {
        Err(format!("{email}: not an e-mail address"))
    }
}

/// A hash of a password.
pub async fn hash(password: String) -> Result<String, String> {
    auth::hash(password)
        .await
        .map_err(|error| error.to_string())
}

/// A password nobody has to type twice.
pub fn make_password() -> String {
    random_id(9)
}

#[derive(Default)]
struct Changes {
    email: Option<Option<String>>,
    name: Option<String>,
    admin: Option<bool>,
    password_hash: Option<String>,
    disabled: Option<bool>,
    quota: Option<Option<i64>>,
    settings: Option<String>,
}

fn change(person: PersonId, set: impl FnOnce(&mut Changes)) -> Op {
    let mut changes = Changes::default();
    set(&mut changes);
    Op::Person(PersonOp::ChangePerson {
        person,
        email: changes.email,
        name: changes.name,
        admin: changes.admin,
        password_hash: changes.password_hash,
        disabled: changes.disabled,
        quota: changes.quota,
        settings: changes.settings,
    })
}

/// The password, and whether it was made here.
fn password(from_stdin: bool) -> Result<(String, bool), String> {
    if !from_stdin {
        return Ok((make_password(), true));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        Err("the password is empty".into())
    } else {
        Ok((password.to_owned(), false))
    }
}
