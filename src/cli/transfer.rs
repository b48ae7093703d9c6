//! `carnet import` and `carnet export`

mod files;
mod place;

use std::{
    io::BufRead,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};

use self::files::{Destination, SAMPLE, cards_of, input};
use super::{Done, Output, text};
use crate::{
    domain::{book::Book, error::Error, id::ImportId, office::Office},
    text::{EN, FR},
    transfer::{
        self, Asked, CardVersion, Choice, Choices, Chosen, Entry, Everything, Export as How,
        Exporter, Failure, Heading, Importer, Layout, Loss, Options, Order, Preset, Rendition,
        Report, Twins,
    },
};

/// Cards read ahead of those being stored, and KiB of them.
const AHEAD: usize = 1_000;
const AHEAD_KIB: u32 = 4 * 1024;

#[derive(Args)]
pub struct Import {
    /// LOGIN for the private book, LOGIN/BOOK for another one, or group:NAME
    #[arg(long)]
    to: String,
    /// Make the private book of --to LOGIN/BOOK where there is none
    #[arg(long)]
    make: bool,
    #[arg(long, default_value = "auto", value_parser = ["auto", "vcard", "csv", "outlook", "google", "ldif"])]
    format: String,
    /// A table's first line is a contact, not the names of its columns
    #[arg(long)]
    no_header: bool,
    /// Encoding of a table or LDIF, where it is not recognized
    #[arg(long, value_parser = ["utf-8", "windows-1252", "macintosh", "iso-8859-15", "windows-1250", "utf-16le", "utf-16be"])]
    encoding: Option<String>,
    /// What parts the cells of a table, where it is not recognized
    #[arg(long, value_parser = ["comma", "semicolon", "tab", "bar"])]
    delimiter: Option<String>,
    /// Order of day and month in dates of a table, where they do not show it
    #[arg(long, value_parser = ["DMY", "MDY"])]
    dates: Option<String>,
    /// Also contacts that Google collected by itself
    #[arg(long)]
    collected: bool,
    /// What to do with contacts that are there already for certain
    #[arg(long, default_value = "add-missing", value_parser = ["add-missing", "replace", "create", "skip"])]
    duplicates: String,
    /// What to do with contacts that may be there already
    #[arg(long, default_value = "create", value_parser = ["add-missing", "replace", "create", "skip"])]
    possible: String,
    /// Take back what an import did, by the number its report gave
    #[arg(long, conflicts_with = "file")]
    undo: Option<i64>,
    /// The file, or a folder of .vcf files; - for standard input
    #[arg(required_unless_present = "undo")]
    file: Option<PathBuf>,
}

#[derive(Args)]
pub struct Export {
    /// LOGIN for the private book, LOGIN/BOOK for another one, or group:NAME
    #[arg(long, required_unless_present = "everything")]
    from: Option<String>,
    /// A .zip of every book a person reads, their documents, tags and settings; without the trash,
    /// earlier versions, the contents of refused changes and messages they sent
    #[arg(long, value_name = "LOGIN", conflicts_with = "from")]
    everything: Option<String>,
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
    /// Replace the file where there is one
    #[arg(long)]
    force: bool,
    /// The file; standard output without it
    file: Option<PathBuf>,
}

/// Runs `carnet import`.
pub async fn import(office: &Office, options: Import, json: bool) -> Done {
    let book = place::open(office, &options.to, options.make).await?;
    let Some(file) = &options.file else {
        return undo(&book, options.undo.unwrap_or(0), json).await;
    };
    let choices = Choices {
        certain: Choice::parse(&options.duplicates).unwrap_or(Choice::AddMissing),
        possible: Choice::parse(&options.possible).unwrap_or(Choice::CreateAnyway),
        ..Choices::default()
    };
    // Its own name alone: the person sees it, and the rest is the operator's.
    let name = file.file_name().unwrap_or(file.as_os_str());
    let name = name.to_string_lossy().into_owned();
    let bar = ProgressBar::new(match std::fs::metadata(file) {
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent}% {msg}") {
        bar.set_style(style);
    }
    let begin = async || {
        let what = format!("imported into {}", book.collection().display_name);
        book.core().audit(book.actor(), what).await?;
        Importer::begin(book.clone(), &name, choices).await
    };
    let begun = |error: Error| error.to_string();
    let mut doubtful = None;
    let (mut importer, taken) = if file.is_dir() {
        let files = cards_of(file)?;
        let read = transfer::folder(files, &options.reading());
        let read = read.map_err(|error| error.to_string())?;
        let mut importer = begin().await.map_err(begun)?;
        let taken = import_file(read, &mut importer, &bar).await;
        (importer, taken)
    } else {
        let mut input = input(file)?;
        let start = input.fill_buf().map_err(|error| error.to_string())?;
        let start = &start[..start.len().min(SAMPLE)];
        let asked = options.reading().asked;
        if asked == Asked::VCard || asked == Asked::Auto && transfer::is_vcard(start) {
            let mut importer = begin().await.map_err(begun)?;
            let taken = import_cards(input, &mut importer, &bar).await;
            (importer, taken)
        } else {
            let mut bytes = Vec::new();
            input
                .read_to_end(&mut bytes)
                .map_err(|error| error.to_string())?;
            let read = transfer::read(&bytes, &options.reading());
            let read = read.map_err(|error| error.to_string())?;
            doubtful = read.doubtful.then_some(read.encoding);
            let mut importer = begin().await.map_err(begun)?;
            let taken = import_file(read, &mut importer, &bar).await;
            (importer, taken)
        }
    };
    let ended = match taken {
        Ok(()) => importer.finish().await.map(drop).map_err(Stopped::from),
        Err(stopped) => Err(stopped),
    };
    let stopped = ended.err();
    let (report, kept) = importer
        .close(stopped.as_ref().map(|stopped| stopped.0))
        .await;
    bar.finish_and_clear();
    if let Err(error) = kept {
        eprintln!("the report of the import is not kept: {error}");
    }
    let stopped = stopped.map(|Stopped(_, words)| words);
    told(&report, doubtful, stopped, json)
}

/// Why an import came to its end early: as it is kept, and in words.
struct Stopped(Failure, String);

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self(Failure::of(&error), error.to_string())
    }
}

impl From<String> for Stopped {
    fn from(words: String) -> Self {
        Self(Failure::Unreadable, words)
    }
}

impl Import {
    /// How the file is read.
    fn reading(&self) -> Options {
        Options {
            asked: Asked::parse(&self.format).unwrap_or_default(),
            headless: self.no_header,
            encoding: self.encoding.clone(),
            delimiter: self.delimiter.as_deref().and_then(|name| match name {
                "comma" => Some(','),
                "semicolon" => Some(';'),
                "tab" => Some('\t'),
                "bar" => Some('|'),
                _ => None,
            }),
            date_order: self.dates.as_deref().and_then(Order::parse),
            collected: self.collected,
            unattended: true,
            unbounded: true,
            ..Options::default()
        }
    }
}

/// Stores what was read as a whole.
async fn import_file(
    read: transfer::File,
    importer: &mut Importer,
    bar: &ProgressBar,
) -> Result<(), Stopped> {
    bar.set_length(read.entries.len() as u64);
    importer.of_archive(read.members);
    for entry in read.entries {
        importer.push(entry).await?;
        bar.inc(1);
    }
    Ok(())
}

/// Reads and prepares cards on a thread of its own, so that preparing and storing overlap.
async fn import_cards(
    input: Box<dyn BufRead + Send>,
    importer: &mut Importer,
    bar: &ProgressBar,
) -> Result<(), Stopped> {
    let (sender, mut entries) = mpsc::channel::<(u64, Entry, OwnedSemaphorePermit)>(AHEAD);
    let room = Arc::new(Semaphore::new(AHEAD_KIB as usize));
    let waits = Handle::current();
    let reading = tokio::task::spawn_blocking(move || -> Result<u64, String> {
        let mut cards = transfer::Cards::new(input);
        let mut twins = Twins::default();
        let (mut record, mut found) = (0, 0);
        while let Some((line, card)) = cards.next_card().map_err(|error| error.to_string())? {
            record += 1;
            found += u64::from(!card.is_stray());
            let kib = u32::try_from(card.len() / 1024).unwrap_or(AHEAD_KIB);
            let taken = room.clone().acquire_many_owned(kib.clamp(1, AHEAD_KIB));
            let taken = waits.block_on(taken).map_err(|error| error.to_string())?;
            let mut entry = transfer::card_entry(record, line, &card);
            twins.part(&mut entry);
            if sender.blocking_send((cards.read(), entry, taken)).is_err() {
                break;
            }
        }
        Ok(found)
    });
    while let Some((read, entry, _taken)) = entries.recv().await {
        importer.push(entry).await?;
        bar.set_position(read);
    }
    match reading.await.map_err(|error| error.to_string())?? {
        0 => Err(transfer::Refused::NoCard.to_string().into()),
        _ => Ok(()),
    }
}

/// What an import did; an error where it stored nothing of what it found, or stopped early.
fn told(report: &Report, doubtful: Option<&str>, stopped: Option<String>, json: bool) -> Done {
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
    let done = report.created + report.updated + report.unchanged;
    let nothing = done == 0 && !refused.is_empty();
    let is_lost = |(_, reason): &(u64, String)| {
        let harmless = [
            "empty",
            "not-a-person",
            "collected",
            "no-vcard",
            "duplicate",
        ];
        !harmless.contains(&&reason[..])
    };
    let partly = report.skipped.iter().any(is_lost);
    if json {
        let value = serde_json::json!({
            "import": report.import,
            "stored": report.created,
            "updated": report.updated,
            "duplicates": report.unchanged,
            "lists": report.lists,
            "refused": refused,
            "stopped": stopped,
            "doubtful_encoding": doubtful,
            "warnings": report.warnings.iter().map(|(line, code, about)| {
                let (file, line) = report.member(*line);
                serde_json::json!({ "file": file, "line": line, "code": code, "about": about })
            }).collect::<Vec<_>>(),
        });
        return Ok(if nothing || stopped.is_some() {
            Output::Refused(value)
        } else if partly {
            Output::Partly(format!("{value:#}\n"))
        } else {
            Output::Json(value)
        });
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
    if let Some(encoding) = doubtful {
        lines.push_str(&format!(
            "read as {encoding}, which is doubtful: look at letters with accents; --encoding names \
             another\n"
        ));
    }
    for (line, code, about) in &report.warnings {
        let place = place(*line);
        lines.push_str(&match &code[..] {
            "column-unknown" => {
                format!("{place}: column {about} has no known name and became a custom field\n")
            }
            code => format!("{place}: {code}: {about}\n"),
        });
    }
    if report.created + report.updated > 0
        && let Some(import) = report.import
    {
        lines.push_str(&format!("undo it with: --undo {import}\n"));
    }
    match stopped {
        Some(stopped) => Err(format!(
            "{lines}stopped before the end of the file: {stopped}"
        )),
        None if nothing => Err(lines),
        None if partly => Ok(Output::Partly(lines)),
        None => text(lines),
    }
}

async fn undo(book: &Book, import: i64, json: bool) -> Done {
    let undone = book
        .undo_import(ImportId(import))
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
pub async fn export(office: &Office, fonts: &[PathBuf], options: Export) -> Done {
    let file = options.file.as_deref();
    if let Some(login) = &options.everything {
        return everything(office, login, file, options.force).await;
    }
    let from = options.from.as_deref().unwrap_or_default();
    let book = place::open(office, from, false).await?;
    let rendition = match &options.format[..] {
        "csv" => Preset::parse(&options.preset).map(Rendition::Csv),
        "pdf" => Some(Rendition::Pdf(match &options.layout[..] {
            "cards" => Layout::Cards,
            _ => Layout::List,
        })),
        _ => CardVersion::parse(&options.vcard_version).map(Rendition::VCard),
    };
    let rendition = rendition.ok_or("there is no such format")?;
    let mut output = Destination::open(file, options.force)?;
    // Which characters are printed as boxes is told at the end.
    let lost = transfer::losses(rendition).iter();
    for loss in lost.filter(|loss| **loss != Loss::OtherScripts) {
        eprintln!("not in this format: {}", loss.as_str());
    }
    let how = How {
        text: if options.french { &FR } else { &EN },
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
    let mut exporter = Exporter::new(book, Chosen::All, rendition, how);
    // Contacts come out of a full disk too.
    if let Err(error) = exporter.logged().await {
        eprintln!("the audit has no line of this export: {error}");
    }
    while let Some(piece) = exporter.next().await.map_err(|error| error.to_string())? {
        output.write(&piece)?;
    }
    output.finish()?;
    if !exporter.missing().is_empty() {
        let missing: String = exporter.missing().iter().collect();
        eprintln!("printed as boxes, since no font has them: {missing} (see pdf_fonts)");
    }
    text("")
}

/// `carnet export --everything LOGIN`
async fn everything(office: &Office, login: &str, file: Option<&Path>, force: bool) -> Done {
    let actor = place::owner(office, login).await?;
    let told = |error: Error| error.to_string();
    let mut all = Everything::of(office.core(), &actor).await.map_err(told)?;
    let mut output = Destination::open(file, force)?;
    while let Some(piece) = all.next().await.map_err(told)? {
        output.write(&piece)?;
    }
    output.finish()?;
    text("")
}
