//! `carnet user import`

use std::{io::Write as _, path::Path};

use serde_json::{Value, json};

use super::{hash, make_password};
use crate::{
    cli::{Done, Output, text},
    domain::{
        error::Error,
        office::{Office, people::NewAccount},
    },
    transfer::accounts::{Listed, decoded, read_list},
};

/// Adds every account of a list that can be added. Each is told at once, since nobody can see its
/// password later; an error where none was added.
pub async fn run(office: &Office, file: &Path, as_json: bool) -> Done {
    let told = |why: String| format!("{}: {why}", file.display());
    let octets = std::fs::read(file).map_err(|error| told(error.to_string()))?;
    let list = read_list(&decoded(&octets)).map_err(|why| told(why.to_string()))?;
    if !list.unread.is_empty() {
        eprintln!("columns that are not read: {}", list.unread.join(", "));
    }
    let (mut added, mut refused) = (0, 0);
    let say_row = |row: Value, line: String, first: bool| {
        say(&if as_json { listed(&row, first) } else { line })
    };
    if as_json {
        say("[")?;
    }
    for why in list.unfit {
        let why = told(why.to_string());
        say_row(json!({ "refused": why }), format!("{why}\n"), refused == 0)?;
        refused += 1;
    }
    for Listed { account, password } in list.accounts {
        let first = added + refused == 0;
        let login = account.login.clone();
        let made = password.is_none().then(make_password);
        let given = password.or_else(|| made.clone()).unwrap_or_default();
        let (row, line) = match add(office, account, given).await {
            Ok(()) => {
                added += 1;
                let shown = made.as_deref().unwrap_or("(the password of the list)");
                let row = json!({ "login": login, "password": made });
                (row, format!("{login}\t{shown}\n"))
            }
            Err(why) => {
                refused += 1;
                let row = json!({ "login": login, "refused": why });
                (row, format!("{login}: {why}\n"))
            }
        };
        say_row(row, line, first)?;
    }
    if as_json {
        say("\n]\n")?;
    }
    match (added, refused) {
        (_, 0) => text(""),
        (0, _) => Err("no account was added".to_owned()),
        _ => Ok(Output::Partly(String::new())),
    }
}

async fn add(office: &Office, account: NewAccount, password: String) -> Result<(), String> {
    let class = account.class.clone();
    let added = office.add_account(account, hash(password).await?).await;
    added.map(drop).map_err(|error| match error {
        Error::NotFound if !class.is_empty() => format!("there is no class {class}"),
        error => error.to_string(),
    })
}

/// An element of a JSON array that is printed as it grows.
fn listed(row: &Value, first: bool) -> String {
    format!("{}\n  {row}", if first { "" } else { "," })
}

/// Prints at once.
fn say(words: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    let said = out.write_all(words.as_bytes()).and_then(|()| out.flush());
    said.map_err(|error| error.to_string())
}
