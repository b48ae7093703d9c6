//! `carnet import` and `carnet export`

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};

use super::{Done, Output, text};
use crate::{
    domain::{
        actor::{Actor, Client},
        book::Book,
        collection::DEFAULT_BOOK,
        core::Core,
    },
    transfer::{
        self, Asked, CardVersion, Choice, Choices, Chosen, Entry, Export as How, Exporter, Heading,
        Importer, Layout, Options, Preset, Rendition, Report, Twins,
    },
};

/// Octets looked at to tell what a file is.
const SAMPLE: usize = 64 * 1024;
/// Cards read ahead of those being stored, and KiB of them.
const AHEAD: usize = 1_000;
const AHEAD_KIB: u32 = 16 * 1024;

#[derive(Args)]
pub struct Import {
    /// LOGIN for the private book, or group:NAME
    #[arg(long)]
    to: String,
    #[arg(long, default_value = "auto", value_parser = ["auto", "vcard", "csv", "outlook", "google", "ldif"])]
    format: String,
    /// A table's first line is a contact, not the names of its columns
    #[arg(long)]
    no_header: bool,
    /// What to do with contacts that are there already for certain
    #[arg(long, default_value = "add-missing", value_parser = ["add-missing", "replace", "create", "skip"])]
    duplicates: String,
    /// What to do with contacts that may be there already
    #[arg(long, default_value = "create", value_parser = ["add-missing", "replace", "create", "skip"])]
    possible: String,
    /// Take back what an import did, by the number its report gave
    #[arg(long, conflicts_with = "file")]
    undo: Option<i64>,
    /// The file; - for standard input
    #[arg(required_unless_present = "undo")]
    file: Option<PathBuf>,
}

#[derive(Args)]
pub struct Export {
    /// LOGIN for the private book, or group:NAME
    #[arg(long)]
    from: String,
    #[arg(long, default_value = "vcard", value_parser = ["vcard", "csv", "pdf"])]
    format: String,
    /// Version of vCard
    #[arg(long, default_value = "3.0", value_parser = ["2.1", "3.0", "4.0"])]
    vcard_version: String,
    /// For whom a CSV is written
    #[arg(long, default_value = "spreadsheet", value_parser = ["spreadsheet", "google", "outlook", "thunderbird"])]
    preset: String,
    /// Layout of a PDF
    #[arg(long, default_value = "list", value_parser = ["list", "cards"])]
    layout: String,
    /// French headings and delimiter
    #[arg(long)]
    french: bool,
    /// The file; standard output without it
    file: Option<PathBuf>,
}

/// Runs `carnet import`.
pub async fn import(core: &Arc<Core>, options: Import, json: bool) -> Done {
    let book = open(core, &options.to).await?;
    let Some(file) = &options.file else {
        return undo(&book, options.undo.unwrap_or(0), json).await;
    };
    let choices = Choices {
        certain: Choice::parse(&options.duplicates).unwrap_or(Choice::AddMissing),
        possible: Choice::parse(&options.possible).unwrap_or(Choice::CreateAnyway),
        ..Choices::default()
    };
    let name = file.display().to_string();
    let mut input = input(file)?;
    let size = match std::fs::metadata(file) {
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    let bar = ProgressBar::new(size);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% {msg}") {
        bar.set_style(style);
    }
    let mut importer = Importer::begin(book, &name, choices)
        .await
        .map_err(|error| error.to_string())?;
    let start = input.fill_buf().map_err(|error| error.to_string())?;
    let start = &start[..start.len().min(SAMPLE)];
    let asked = Asked::parse(&options.format).unwrap_or_default();
    if asked == Asked::VCard || asked == Asked::Auto && transfer::is_vcard(start) {
        import_cards(input, &mut importer, &bar).await?;
    } else {
        let mut bytes = Vec::new();
        input
            .read_to_end(&mut bytes)
            .map_err(|error| error.to_string())?;
        let options = Options {
            asked,
            headless: options.no_header,
            unattended: true,
            ..Options::default()
        };
        let read = transfer::read(&bytes, &options).map_err(|error| error.to_string())?;
        bar.set_length(read.entries.len() as u64);
        importer.of_archive(read.members);
        for entry in read.entries {
            importer
                .push(entry)
                .await
                .map_err(|error| error.to_string())?;
            bar.inc(1);
        }
    }
    let report = importer.finish().await.map_err(|error| error.to_string())?;
    bar.finish_and_clear();
    told(&report, json)
}

/// Reads and prepares cards on a thread of its own, so that preparing and storing overlap.
async fn import_cards(
    input: Box<dyn BufRead + Send>,
    importer: &mut Importer,
    bar: &ProgressBar,
) -> Result<(), String> {
    let (sender, mut entries) = mpsc::channel::<(u64, Entry, OwnedSemaphorePermit)>(AHEAD);
    let room = Arc::new(Semaphore::new(AHEAD_KIB as usize));
    let waits = Handle::current();
    let reading = tokio::task::spawn_blocking(move || -> Result<u64, String> {
        let mut cards = transfer::Cards::new(input);
        let mut twins = Twins::default();
        let mut record = 0;
        while let Some((line, card)) = cards.next_card().map_err(|error| error.to_string())? {
            record += 1;
            let kib = u32::try_from(card.len() / 1024).unwrap_or(AHEAD_KIB);
            let taken = room.clone().acquire_many_owned(kib.clamp(1, AHEAD_KIB));
            let taken = waits.block_on(taken).map_err(|error| error.to_string())?;
            let mut entry = transfer::card_entry(record, line, &card);
            twins.part(&mut entry);
            if sender.blocking_send((cards.read(), entry, taken)).is_err() {
                break;
            }
        }
        Ok(record)
    });
    while let Some((read, entry, _taken)) = entries.recv().await {
        importer
            .push(entry)
            .await
            .map_err(|error| error.to_string())?;
        bar.set_position(read);
    }
    match reading.await.map_err(|error| error.to_string())?? {
        0 => Err(transfer::Refused::NoCard.to_string()),
        _ => Ok(()),
    }
}

fn told(report: &Report, json: bool) -> Done {
    let place = |line: u64| {
        if report.members.is_empty() {
            format!("line {line}")
        } else {
            report.place(line)
        }
    };
    let refused: Vec<String> = report
        .skipped
        .iter()
        .map(|(line, reason)| format!("{}: {reason}", place(*line)))
        .collect();
    if json {
        return Ok(Output::Json(serde_json::json!({
            "import": report.import,
            "stored": report.created,
            "updated": report.updated,
            "duplicates": report.unchanged,
            "lists": report.lists,
            "refused": refused,
            "warnings": report.warnings.iter().map(|(line, code, about)| {
                let (file, line) = report.member(*line);
                serde_json::json!({ "file": file, "line": line, "code": code, "about": about })
            }).collect::<Vec<_>>(),
        })));
    }
    let mut lines = format!(
        "{} stored, {} updated, {} there already, {} refused\n",
        report.created,
        report.updated,
        report.unchanged,
        report.skipped.len()
    );
    for refused in &refused {
        lines.push_str(&format!("refused: {refused}\n"));
    }
    for (line, code, about) in &report.warnings {
        lines.push_str(&format!("{}: {code}: {about}\n", place(*line)));
    }
    if report.created + report.updated > 0
        && let Some(import) = report.import
    {
        lines.push_str(&format!("undo it with: --undo {import}\n"));
    }
    match report.created + report.updated + report.unchanged {
        0 if !refused.is_empty() => Err(lines),
        _ => text(lines),
    }
}

async fn undo(book: &Book, import: i64, json: bool) -> Done {
    let undone = book
        .undo_import(crate::domain::id::ImportId(import))
        .await
        .map_err(|error| error.to_string())?;
    if json {
        Ok(Output::Json(serde_json::json!({
            "removed": undone.removed,
            "restored": undone.restored,
            "left": undone.left,
        })))
    } else {
        text(format!(
            "{} removed, {} as they were, {} left because they changed since\n",
            undone.removed, undone.restored, undone.left
        ))
    }
}

/// Runs `carnet export`.
pub async fn export(core: &Arc<Core>, fonts: &[PathBuf], options: Export) -> Done {
    let book = open(core, &options.from).await?;
    let rendition = match &options.format[..] {
        "csv" => Preset::parse(&options.preset).map(Rendition::Csv),
        "pdf" => Some(Rendition::Pdf(match &options.layout[..] {
            "cards" => Layout::Cards,
            _ => Layout::List,
        })),
        _ => CardVersion::parse(&options.vcard_version).map(Rendition::VCard),
    };
    let rendition = rendition.ok_or("there is no such format")?;
    for loss in transfer::losses(rendition) {
        eprintln!("not in this format: {}", loss.as_str());
    }
    let how = How {
        french: options.french,
        // A group's administrator lends the command line their rights, not their tags.
        tags: book.is_private(),
        heading: Heading {
            place: book.collection().display_name.clone(),
            exporter: book.actor().name.clone(),
            date: chrono::Local::now().format("%Y-%m-%d").to_string(),
        },
        fonts: fonts.into(),
        ..How::default()
    };
    let mut output: Box<dyn Write> = match &options.file {
        Some(file) => {
            Box::new(File::create(file).map_err(|error| format!("{}: {error}", file.display()))?)
        }
        None => Box::new(std::io::stdout()),
    };
    let mut exporter = Exporter::new(book, Chosen::All, rendition, how);
    while let Some(piece) = exporter.next().await.map_err(|error| error.to_string())? {
        output
            .write_all(&piece)
            .map_err(|error| error.to_string())?;
    }
    output.flush().map_err(|error| error.to_string())?;
    if !exporter.missing().is_empty() {
        let missing: String = exporter.missing().iter().collect();
        eprintln!("printed as boxes, since no font has them: {missing} (see pdf_fonts)");
    }
    text("")
}

fn input(file: &Path) -> Result<Box<dyn BufRead + Send>, String> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::with_capacity(SAMPLE, std::io::stdin())));
    }
    let opened = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Box::new(BufReader::with_capacity(SAMPLE, opened)))
}

/// A book as its owner, or as the group's administrator, would open it.
async fn open(core: &Arc<Core>, place: &str) -> Result<Book, String> {
    let opened = match place.strip_prefix("group:") {
        None => {
            let found = core.store().person_by_login(place).await;
            let person = found
                .map_err(|error| error.to_string())?
                .ok_or_else(|| format!("there is no account {place}"))?;
            let actor = actor(core, person.id).await?;
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
            let actor = actor(core, admin.person).await?;
            core.open_group(&actor, name).await
        }
    };
    opened.map_err(|error| error.to_string())
}

async fn actor(core: &Core, person: crate::domain::id::PersonId) -> Result<Arc<Actor>, String> {
    let client = Client {
        label: "command line".to_owned(),
        ..Client::default()
    };
    let actor = core.actor(person, client).await;
    actor.map(Arc::new).map_err(|error| error.to_string())
}
