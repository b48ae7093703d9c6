//! `carnet import` and `carnet export`

use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;

use super::{Done, Output, text};
use crate::{
    class::contact::Contact,
    domain::{
        actor::{Actor, Client},
        book::Book,
        collection::DEFAULT_BOOK,
        core::{Core, Limits},
        store::Store,
    },
    store::sqlite::Sqlite,
    transfer,
};

#[derive(Args)]
pub struct Import {
    /// LOGIN for the private book, or group:NAME
    #[arg(long)]
    to: String,
    #[arg(long, default_value = "auto", value_parser = ["auto", "vcard"])]
    format: String,
    /// The file; - for standard input
    file: PathBuf,
}

#[derive(Args)]
pub struct Export {
    /// LOGIN for the private book, or group:NAME
    #[arg(long)]
    from: String,
    #[arg(long, default_value = "vcard", value_parser = ["vcard"])]
    format: String,
    /// The file; standard output without it
    file: Option<PathBuf>,
}

pub async fn import(store: Sqlite, class: Contact, options: Import, json: bool) -> Done {
    let bytes = read(&options.file)?;
    let book = open(store, class, &options.to).await?;
    let report = transfer::import_vcards(&book, &bytes)
        .await
        .map_err(|error| error.to_string())?;
    if json {
        return Ok(Output::Json(serde_json::json!({
            "stored": report.stored,
            "duplicates": report.duplicates,
            "refused": report.refused,
        })));
    }
    let mut lines = format!(
        "{} stored, {} there already, {} refused\n",
        report.stored,
        report.duplicates,
        report.refused.len()
    );
    for refused in &report.refused {
        lines.push_str(&format!("refused: {refused}\n"));
    }
    match report.stored + report.duplicates {
        0 if !report.refused.is_empty() => Err(lines),
        _ => text(lines),
    }
}

pub async fn export(store: Sqlite, class: Contact, options: Export) -> Done {
    let book = open(store, class, &options.from).await?;
    let cards = transfer::export_vcards(&book)
        .await
        .map_err(|error| error.to_string())?;
    match options.file {
        Some(file) => {
            std::fs::write(&file, cards).map_err(|error| format!("{}: {error}", file.display()))?;
            text("")
        }
        None => {
            std::io::stdout()
                .write_all(&cards)
                .map_err(|error| error.to_string())?;
            text("")
        }
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    if file == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        return Ok(bytes);
    }
    std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// A book as its owner, or as the group's administrator, would open it.
async fn open(store: Sqlite, class: Contact, place: &str) -> Result<Book, String> {
    let store: Arc<dyn Store> = Arc::new(store);
    let core = Core::new(store, Arc::new(class), Limits::default());
    let opened = match place.strip_prefix("group:") {
        None => {
            let found = core.store().person_by_login(place).await;
            let person = found
                .map_err(|error| error.to_string())?
                .ok_or_else(|| format!("there is no account {place}"))?;
            let actor = actor(&core, person.id).await?;
            core.open_private(&actor, DEFAULT_BOOK).await
        }
        Some(name) => {
            let group = core.store().group_by_name(name).await;
            let group = group
                .map_err(|error| error.to_string())?
                .ok_or_else(|| format!("there is no group {name}"))?;
            let members = core.store().members(group.id).await;
            let admin = members
                .map_err(|error| error.to_string())?
                .into_iter()
                .max_by_key(|member| member.role)
                .ok_or("the group is empty")?;
            let actor = actor(&core, admin.person).await?;
            core.open_group(&actor, name).await
        }
    };
    opened.map_err(|error| error.to_string())
}

async fn actor(core: &Core, person: crate::domain::id::PersonId) -> Result<Arc<Actor>, String> {
    let client = Client {
        label: "command line".to_owned(),
        device: None,
    };
    let actor = core.actor(person, client).await;
    actor.map(Arc::new).map_err(|error| error.to_string())
}
