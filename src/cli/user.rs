//! `carnet user`

mod import;
mod set;

use std::{io::Read as _, path::PathBuf};

use clap::Subcommand;

use self::set::Set;
use super::{Done, Output, commit, person, text, told_of};
use crate::{
    auth,
    domain::{
        batch::Op,
        credential::SecondFactorOp,
        error::Error,
        item::random_id,
        office::{
            Office,
            people::{AccountChange, NewAccount},
        },
        rule::Rule,
    },
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
    Set(Set),
    /// Take the second factor off an account whose owner lost it
    ResetSecondFactor { login: String },
    /// Add the accounts of a list: CSV with the columns login, name, email, class, admin, password
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
pub async fn run(office: &Office, command: Command, json: bool) -> Done {
    let store = &**office.core().store();
    match command {
        Command::Add {
            login,
            email,
            name,
            admin,
            password_stdin,
        } => {
            let login = login.to_lowercase();
            let (password, made) = password(password_stdin)?;
            let new = NewAccount {
                login: login.clone(),
                email,
                name: name.unwrap_or_default(),
                admin,
                ..NewAccount::default()
            };
            let added = office.add_account(new, hash(password.clone()).await?).await;
            added.map_err(|error| told_of(&login, &error))?;
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
            let change = AccountChange {
                password_hash: Some(hash(password.clone()).await?),
                ..AccountChange::default()
            };
            let changed = office.change_account(person.id, change).await;
            changed.map_err(|error| error.to_string())?;
            match (made, json) {
                (true, true) => Ok(Output::Json(
                    serde_json::json!({ "login": login, "password": password }),
                )),
                (true, false) => text(format!("password of {login}: {password}\n")),
                (false, _) => text(format!("password of {login} changed\n")),
            }
        }
        Command::Set(set) => set.run(office).await,
        Command::ResetSecondFactor { login } => {
            let person = person(store, &login).await?;
            if !person.second_factor {
                return Err(format!("account {login} has no second factor"));
            }
            let op = SecondFactorOp::Remove { person: person.id };
            commit(store, Op::SecondFactor(op)).await?;
            text(format!("second factor of {login} removed\n"))
        }
        Command::Import { file } => import::run(office, &file, json).await,
        Command::Remove { login, force } => {
            let person = person(store, &login).await?;
            let office = forced(office, force);
            let removed = office.remove_account(person.id, &person.login).await;
            removed.map_err(|error| or_forced(&error))?;
            text(format!("account {login} removed\n"))
        }
    }
}

/// The administration, under which `--force` lets the last administrator go.
fn forced(office: &Office, force: bool) -> Office {
    if force {
        office.clone().forced()
    } else {
        office.clone()
    }
}

/// Why an account is not changed or removed.
fn or_forced(error: &Error) -> String {
    match error {
        Error::Invalid(Rule::ServerKeepsAdministrator) => {
            format!("{error}; --force does it all the same")
        }
        error => error.to_string(),
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
