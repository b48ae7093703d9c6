//! What importing a file would do, shown before it is done.

use std::collections::HashMap;

use askama::Template;

use super::{
    choices::{self, Asked, Select, columns, duplicates, recognition},
    room, title,
};
use crate::{
    domain::{
        book::{Book, Room},
        error::Result,
        item::Card,
        likeness::Likeness,
    },
    text::{Text, fill},
    transfer::{Alike, Choice, File, Foreseen, Format, Made, Outcome},
    web::{
        Web,
        facet::{CardView, Choice as Choosable},
        page::Shell,
        place::UploadPath,
        request::Visit,
    },
};

/// Values of a contact that are shown in short.
const BRIEF: usize = 6;
/// Duplicates that can be decided one by one.
const REVIEWED: usize = 50;
/// Contacts shown before they are imported.
const PREVIEW: usize = 20;

/// The page of a file before it is imported.
#[derive(Template)]
#[template(path = "import_check.html")]
pub struct Check {
    pub shell: Shell,
    here: String,
    title: String,
    upload: String,
    name: String,
    fingerprint: String,
    shown_as: &'static str,
    recognized: String,
    recognition: Vec<Select>,
    sample: String,
    doubtful: bool,
    google: bool,
    collected: bool,
    counts: String,
    room: String,
    columns: Vec<choices::ColumnChoice>,
    /// Name, and what else there is of it.
    preview: Vec<(String, String)>,
    duplicates: Vec<Select>,
    alike: Vec<Pair>,
    reviewed: bool,
    more_alike: Option<String>,
    categories: bool,
    categories_label: &'static str,
    tag: String,
    tagged: bool,
    tag_label: String,
    records: String,
    /// None: nothing of it fits.
    button: Option<String>,
}

/// A record and the contact it is like.
struct Pair {
    record: u64,
    incoming: (String, String),
    present: (String, String),
    options: Vec<Choosable>,
}

/// A file that was read, and what importing it would do.
pub struct Review<'a> {
    pub web: &'a Web,
    pub waiting: &'a UploadPath,
    pub visit: &'a Visit,
    pub asked: &'a Asked,
    pub book: &'a Book,
    pub file: &'a File,
    pub foreseen: &'a Foreseen,
}

impl Review<'_> {
    /// The page, without a message.
    pub async fn page(&self) -> Result<Check> {
        let (visit, asked, file, foreseen) = (self.visit, self.asked, self.file, self.foreseen);
        let text = visit.text;
        let x = text.transfer;
        let certain = foreseen
            .alike
            .iter()
            .filter(|alike| alike.likeness == Likeness::Certain);
        let certain = certain.count();
        let possible = foreseen.alike.len() - certain;
        let (room, button) = self.room().await?;
        let alike = self.alike().await?;
        let cards = self.cards().take(PREVIEW);
        let more = foreseen.alike.len().saturating_sub(REVIEWED);
        Ok(Check {
            shell: visit.shell(self.web, Some(&self.waiting.place.path())),
            here: self.waiting.place.path(),
            title: title(self.book, visit),
            upload: self.waiting.upload.clone(),
            name: asked.name.clone(),
            fingerprint: file.fingerprint.clone(),
            shown_as: asked.format(),
            recognized: fill(x.recognized, &[&choices::recognized(file, text)]),
            recognition: recognition(file, asked, x),
            sample: file.sample.clone(),
            doubtful: file.doubtful,
            google: matches!(file.format, Format::GoogleOld | Format::GoogleNew),
            collected: asked.options.collected,
            counts: fill(
                x.counts,
                &[
                    &foreseen.contacts,
                    &foreseen.fresh,
                    &certain,
                    &possible,
                    &foreseen.lists,
                    &foreseen.skipped,
                    &foreseen.warnings,
                ],
            ),
            room,
            columns: columns(file, text),
            preview: cards.map(|(_, made)| self.brief(&made.card)).collect(),
            duplicates: duplicates(asked, x),
            alike,
            reviewed: !asked.choices.each.is_empty(),
            more_alike: (more > 0).then(|| fill(x.more_of_them, &[&more])),
            categories: asked.choices.categories,
            categories_label: if self.book.is_private() {
                x.keep_categories_private
            } else {
                x.keep_categories_group
            },
            tagged: asked.choices.tag.is_some(),
            tag_label: fill(x.put_imported_tag, &[&asked.tag]),
            tag: asked.tag.clone(),
            records: asked.records.clone(),
            button,
        })
    }

    /// The contacts of the file, by their record.
    fn cards(&self) -> impl Iterator<Item = (u64, &Made)> {
        let entries = self.file.entries.iter();
        entries.filter_map(|entry| match &entry.outcome {
            Outcome::Card(made) => Some((entry.record, made)),
            _ => None,
        })
    }

    fn brief(&self, card: &[u8]) -> (String, String) {
        brief(
            &self.web.facet.view(card, &self.visit.reader()),
            self.visit.text,
        )
    }

    /// Number of contacts that importing would add.
    fn created(&self) -> usize {
        let alike = self.foreseen.alike.iter();
        let likened: HashMap<u64, &Alike> = alike.map(|alike| (alike.record, alike)).collect();
        let is_created = |record: u64| {
            self.asked.wants(record)
                && likened
                    .get(&record)
                    .is_none_or(|alike| self.asked.choice(alike) == Choice::CreateAnyway)
        };
        self.cards()
            .filter(|(record, _)| is_created(*record))
            .count()
    }

    /// What fits into the book, and the button that imports; no button where nothing does.
    async fn room(&self) -> Result<(String, Option<String>)> {
        let text = self.visit.text;
        let x = text.transfer;
        let chosen = self.file.entries.iter().filter(|entry| {
            matches!(entry.outcome, Outcome::Card(_) | Outcome::Group(_))
                && self.asked.wants(entry.record)
        });
        let chosen = chosen.count();
        let all_of_them = [x.import_contacts_one, x.import_contacts];
        let button = Some(text.counted(chosen, all_of_them));
        let Some(Room { left, quota }) = self.book.room().await? else {
            return Ok((room(self.book, text).await?, button));
        };
        let left = usize::try_from(left).unwrap_or(0);
        let created = self.created();
        let first = [x.import_first_one, x.import_first];
        let button = match left {
            _ if created <= left => button,
            // What completes contacts needs no room.
            0 => (chosen > created).then(|| x.import_no_new.to_owned()),
            _ => Some(text.counted(left, first)),
        };
        let found = self.foreseen.contacts;
        let said = text.of_many(found, [x.found_room_one, x.found_room]);
        Ok((fill(said, &[&found, &left, &quota]), button))
    }

    /// The first contacts that are like others, each beside the other.
    async fn alike(&self) -> Result<Vec<Pair>> {
        let x = self.visit.text.transfer;
        let mut pairs = Vec::new();
        for alike in self.foreseen.alike.iter().take(REVIEWED) {
            let made = self.cards().find(|(record, _)| *record == alike.record);
            let chosen = self.asked.choices.each.get(&alike.record).copied();
            pairs.push(Pair {
                record: alike.record,
                incoming: made.map_or_else(Default::default, |(_, made)| self.brief(&made.card)),
                present: match present(self.book, alike).await? {
                    Some(card) => self.brief(&self.book.content(&card)),
                    None => (x.earlier_in_file.to_owned(), String::new()),
                },
                options: choices::each(chosen, x),
            });
        }
        Ok(pairs)
    }
}

async fn present(book: &Book, pair: &Alike) -> Result<Option<Card>> {
    let Some(placement) = pair.present else {
        return Ok(None);
    };
    let found = book.by_placements(&[placement]).await?;
    Ok(found.into_iter().next().flatten())
}

/// A name, and what else a contact says in one line.
pub fn brief(view: &CardView, text: &Text) -> (String, String) {
    let summary = (!view.summary.is_empty()).then(|| view.summary.clone());
    let lines = view.lines.iter().take(BRIEF);
    let said = lines.map(|line| text.labelled(&line.label, &line.value.replace('\n', ", ")));
    let said: Vec<String> = summary.into_iter().chain(said).collect();
    (view.name.clone(), said.join(" · "))
}
