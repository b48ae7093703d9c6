//! Import and export of whole books.
//!
//! Import is two halves: [`read`] turns octets into cards with what was noticed, purely; [`Importer`]
//! puts cards into a book, by batches that can be undone. [`Jobs`] keeps files that wait in a folder of
//! its own; nothing here opens a path a file names, or the network.

pub mod accounts;
mod archive;
mod column;
mod date;
mod everything;
mod export;
mod failure;
mod fields;
mod google;
mod import;
mod job;
mod ldif;
mod mapped;
mod preview;
mod recognize;
mod rows;
mod table;
mod text;
mod twins;
mod vcards;

use std::collections::{HashMap, HashSet};

use carnet_proto::vcard::{Document, list_card};
use serde::{Deserialize, Serialize};

use crate::domain::likeness::{Key, bare_uid};

pub use self::{
    archive::folder,
    column::Column,
    date::{Order, typed as typed_date},
    everything::Everything,
    export::{
        CardVersion, Chosen, Contacts, Export, Exporter, Heading, Layout, Loss, Preset, Rendition,
        Row, USUAL_FONTS, details, export, losses, rendered, row, table,
    },
    failure::Failure,
    fields::{Fields, Value},
    import::{Choice, Choices, Importer, Progress, Report},
    job::{Incoming, Job, Jobs, Limits, Previewed},
    preview::{Alike, Foreseen, foresee, refused_in_words, refused_rows},
    recognize::{Asked, Format, is_vcard},
    twins::Twins,
    vcards::{Cards, RawCard, entry as card_entry},
};

/// Characters of a cell or line that are shown.
const SHOWN: usize = 80;

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the file is empty")]
    Empty,
    #[error("this is a spreadsheet: save it as CSV (UTF-8) and import that")]
    Spreadsheet,
    #[error("this is a document, no address book: export the contacts as vCard or CSV")]
    Document,
    #[error("the file holds no contacts that can be recognized (vCard, CSV, LDIF)")]
    Unknown,
    #[error("the file is compressed: unpack it first (only .zip is unpacked here)")]
    Compressed,
    #[error("this is no text: export the contacts as vCard or CSV from the program it belongs to")]
    Binary,
    #[error("this is JSON or XML (jCard, xCard, JSContact): export the contacts as vCard")]
    Markup,
    /// Nobody sees a preview.
    #[error(
        "no column has a known name (name, first name, e-mail, phone ...): name them in the first \
         line, or say --no-header"
    )]
    NoColumn,
    #[error("the file holds no vCard")]
    NoCard,
    #[error("the file has {0}")]
    TooLarge(Bound),
    #[error("the file cannot be read: the {0} is damaged, or protected by a password")]
    Damaged(Damaged),
}

/// A damage of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damaged {
    Archive,
    Table,
}

impl std::fmt::Display for Damaged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Damaged::Archive => "archive",
            Damaged::Table => "table",
        })
    }
}

/// A limit of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Columns,
    Cell,
    Rows,
    Members,
    Inflated,
    Contacts,
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Bound::Columns => "more than 512 columns",
            Bound::Cell => "a cell of more than 1 MiB",
            Bound::Rows => "more than 200,000 rows",
            Bound::Members => "more than 1,000 members",
            Bound::Inflated => "members that inflate to too much",
            Bound::Contacts => "more contacts than one import may bring",
        })
    }
}

/// The columns of files with the same header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mapping {
    /// The fingerprint of the header ([`File::fingerprint`]).
    pub fingerprint: String,
    /// The destination of every column, in order; empty codes are ignored columns.
    pub codes: Vec<String>,
}

/// The person's choices that override detection.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Options {
    pub asked: Asked,
    pub encoding: Option<String>,
    pub delimiter: Option<char>,
    pub date_order: Option<Order>,
    /// Order of day and month for dates that neither the cells nor the header decide: the usual one
    /// of the person.
    #[serde(default)]
    pub usual_order: Option<Order>,
    /// Mappings of the person; the first one made for the file's header is used.
    pub mappings: Vec<Mapping>,
    /// Also read contacts that Google only collected (`* Other Contacts`).
    pub collected: bool,
    /// The table has no header: its first line is a contact.
    #[serde(default)]
    pub headless: bool,
    /// Nobody sees a preview: a first line that holds data is a contact, and columns without a known
    /// field become custom fields.
    #[serde(default)]
    pub unattended: bool,
    /// The operator's own file: an archive may have any number of members, of any size.
    #[serde(skip)]
    pub unbounded: bool,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct File {
    pub format: Format,
    /// `mozilla`, `inetOrgPerson`, `old`, `new` or empty.
    pub variant: &'static str,
    pub language: &'static str,
    pub encoding: &'static str,
    pub bom: bool,
    pub newline: &'static str,
    pub delimiter: Option<char>,
    pub columns: Vec<Column>,
    /// The fingerprint of the header; empty where there is none.
    pub fingerprint: String,
    /// The first cell of every column that says something.
    pub samples: Vec<String>,
    /// A line that shows whether the encoding is right: one with letters beyond ASCII.
    pub sample: String,
    pub date_order: Option<Order>,
    /// The encoding is doubtful, or may be MacRoman.
    pub doubtful: bool,
    pub entries: Vec<Entry>,
    /// The members of an archive: the number of lines before each, and its name.
    pub members: Vec<(u64, String)>,
}

/// One record of a file, with its outcome.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The number of the record in the file, from 1.
    pub record: u64,
    /// The line of the file, from 1.
    pub line: u64,
    pub warnings: Vec<Warning>,
    pub outcome: Outcome,
}

/// The outcome of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Card(Made),
    Group(Group),
    Skipped(Reason),
}

/// A card to store.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub card: Vec<u8>,
    pub uid: String,
    pub name: String,
    /// Keys by which duplicates are found.
    pub keys: Vec<Key>,
    /// Its picture is in the format of a directory, not of vCard.
    pub foreign_picture: bool,
}

/// A list of contacts; members by UID.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub uid: String,
    pub name: String,
    pub members: Vec<String>,
    /// The card as the file has it.
    pub card: Option<Vec<u8>>,
}

/// Why a record makes no contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Empty,
    NotAPerson,
    ChangetypeRefused,
    Broken,
    TooLarge,
    Collected,
    /// The text stands between vCards.
    Stray,
}

impl Reason {
    /// The code that is stored and that pages put into words.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::NotAPerson => "not-a-person",
            Reason::ChangetypeRefused => "changetype-refused",
            Reason::Broken => "broken",
            Reason::TooLarge => "too-large",
            Reason::Collected => "collected",
            Reason::Stray => "no-vcard",
        }
    }
}

/// A remark about a record that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: Code,
    /// The value in question.
    pub about: String,
}

/// The kind of a remark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    EmailNotSmtp,
    EmailInvalid,
    LossySource,
    PhotoByAddress,
    DateInvalid,
    DateOrder,
    DateYearOnly,
    SeveralValues,
    FieldTwice,
    ColumnUnknown,
    NumberDamaged,
    MoreCellsThanColumns,
    EncodingGuessed,
    AttributeIgnored,
    ValueDamaged,
    AgentAsText,
    LineUnread,
    UidShared,
    UrlValueRefused,
    GroupMemberUnknown,
    GroupMemberByAddress,
    MemberUnread,
    PictureUnread,
    PictureTooLarge,
    PossibleDuplicate,
}

impl Code {
    /// The code that is stored and that pages put into words.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::EmailNotSmtp => "email-not-smtp",
            Code::EmailInvalid => "email-invalid",
            Code::LossySource => "lossy-source",
            Code::PhotoByAddress => "photo-by-address",
            Code::DateInvalid => "date-invalid",
            Code::DateOrder => "date-order",
            Code::DateYearOnly => "date-year-only",
            Code::SeveralValues => "several-values-in-one-cell",
            Code::FieldTwice => "field-twice",
            Code::ColumnUnknown => "column-unknown",
            Code::NumberDamaged => "number-damaged",
            Code::MoreCellsThanColumns => "more-cells-than-columns",
            Code::EncodingGuessed => "encoding-guessed",
            Code::AttributeIgnored => "attribute-ignored",
            Code::ValueDamaged => "value-damaged",
            Code::AgentAsText => "agent-as-text",
            Code::LineUnread => "line-unread",
            Code::UidShared => "uid-shared",
            Code::UrlValueRefused => "url-value-refused",
            Code::GroupMemberUnknown => "group-member-unknown",
            Code::GroupMemberByAddress => "group-member-by-address",
            Code::MemberUnread => "member-unread",
            Code::PictureUnread => "picture-unread",
            Code::PictureTooLarge => "picture-too-large",
            Code::PossibleDuplicate => "possible-duplicate",
        }
    }
}

impl Made {
    fn new(card: &Document) -> Self {
        let uid = card.uid().unwrap_or_default();
        Self {
            keys: keys(card),
            name: card.formatted_name(),
            card: card.as_bytes().to_vec(),
            uid,
            foreign_picture: false,
        }
    }

    fn of_fields(fields: &Fields) -> Self {
        let card = fields.card();
        match Document::parse(&card) {
            Ok(document) => Self {
                foreign_picture: fields.photo.is_some(),
                ..Self::new(&document)
            },
            // What was written by us is read by us.
            Err(_) => Self {
                keys: Vec::new(),
                uid: fields.uid.clone(),
                name: fields.display(),
                card,
                foreign_picture: false,
            },
        }
    }
}

impl Group {
    /// A member that is the file of a card (`a1.vcf`) becomes that card.
    fn name_by_files(&mut self, known: impl Fn(&str) -> bool) {
        if self.card.is_some() {
            return;
        }
        for member in &mut self.members {
            if let Some(bare) = member.strip_suffix(".vcf")
                && !known(&bare_uid(member))
                && known(&bare_uid(bare))
            {
                *member = bare.to_owned();
            }
        }
    }

    /// The list as a card, with the members that are known.
    pub fn to_card(&self) -> Vec<u8> {
        if let Some(card) = &self.card {
            return card.clone();
        }
        list_card(&self.name, &self.uid, &self.members)
    }
}

/// What duplicates of a card are found by.
fn keys(card: &Document) -> Vec<Key> {
    let mut texts: Vec<(&str, String)> = card.uid().map(|uid| ("uid", uid)).into_iter().collect();
    let others = card.all("X-CARNET-OTHER-UID");
    texts.extend(others.map(|line| ("other-uid", line.text())));
    texts.push(("name", card.formatted_name()));
    for line in card.lines() {
        if line.is("EMAIL") {
            texts.push(("email", line.text()));
        } else if line.is("TEL") {
            texts.push(("tel", line.text()));
            if line.has_type("cell") {
                texts.push(("mobile", line.text()));
            }
        }
    }
    let keys = texts
        .iter()
        .filter_map(|(field, text)| Key::of(field, text));
    keys.collect()
}

/// Reads a whole file.
pub fn read(bytes: &[u8], options: &Options) -> Result<File, Refused> {
    if recognize::is_archive(bytes) {
        return archive::read(bytes, options);
    }
    recognize::refuse_others(bytes)?;
    let utf16 = bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF");
    if options.asked == Asked::VCard || (options.asked == Asked::Auto && !utf16 && is_vcard(bytes))
    {
        return read_cards(bytes);
    }
    let decoded = text::decode(bytes, options.encoding.as_deref());
    if options.asked == Asked::Auto && is_vcard(decoded.text.as_bytes()) {
        let file = read_cards(decoded.text.as_bytes())?;
        return Ok(File {
            encoding: decoded.encoding,
            bom: decoded.bom,
            ..file
        });
    }
    let mut file = File {
        format: Format::Csv,
        variant: "",
        language: "",
        encoding: decoded.encoding,
        bom: decoded.bom,
        newline: decoded.newline,
        delimiter: None,
        columns: Vec::new(),
        fingerprint: String::new(),
        samples: Vec::new(),
        sample: text::sample(&decoded.text),
        date_order: None,
        doubtful: decoded.doubtful || decoded.perhaps_mac,
        entries: Vec::new(),
        members: Vec::new(),
    };
    let is_ldif = options.asked == Asked::Auto && recognize::is_ldif(&decoded);
    if options.asked == Asked::Auto && !is_ldif {
        recognize::refuse_markup(&decoded.text)?;
    }
    if options.asked == Asked::Ldif || is_ldif {
        file.format = Format::Ldif;
        (file.entries, file.variant) = ldif::read(&decoded.text);
    } else {
        let table = table::read(&decoded.text, options.delimiter, options.headless)?;
        let table = table.ok_or(Refused::Unknown)?;
        // Who sees the preview decides.
        if options.unattended && table.begins_with_data() {
            let table = table::read(&decoded.text, options.delimiter, true)?;
            let table = table.ok_or(Refused::Unknown)?;
            mapped::read(&table, options, &mut file);
            // The first column is taken for a name where there is none.
            refuse_unknown(&file, &["FN"])?;
        } else {
            mapped::read(&table, options, &mut file);
            if options.unattended && !options.headless {
                refuse_unknown(&file, &[])?;
            }
        }
    }
    settle(&mut file.entries, file.format);
    if file.entries.is_empty() {
        Err(Refused::Empty)
    } else {
        Ok(file)
    }
}

/// Refuses a table without any known column, but for these: any text with commas is one.
fn refuse_unknown(file: &File, except: &[&str]) -> Result<(), Refused> {
    let is_known = |column: &Column| {
        let code = &column.code[..];
        !code.is_empty() && !code.starts_with("CUSTOM") && !except.contains(&code)
    };
    if file.format == Format::Csv && !file.columns.iter().any(is_known) {
        Err(Refused::NoColumn)
    } else {
        Ok(())
    }
}

fn read_cards(bytes: &[u8]) -> Result<File, Refused> {
    let mut cards = Cards::new(bytes);
    let mut entries = Vec::new();
    let mut any = false;
    // Memory does not fail.
    while let Ok(Some((line, card))) = cards.next_card() {
        any |= !card.is_stray();
        let record = entries.len() as u64 + 1;
        entries.push(vcards::entry(record, line, &card));
    }
    if !any {
        return Err(Refused::NoCard);
    }
    settle(&mut entries, Format::VCard);
    let sample = text::decode(&bytes[..bytes.len().min(65_536)], None);
    Ok(File {
        format: Format::VCard,
        variant: "",
        language: "",
        encoding: sample.encoding,
        bom: sample.bom,
        newline: sample.newline,
        delimiter: None,
        columns: Vec::new(),
        fingerprint: String::new(),
        samples: Vec::new(),
        sample: text::sample(&sample.text),
        date_order: None,
        doubtful: false,
        entries,
        members: Vec::new(),
    })
}

/// What only the whole file tells: who is in which list, and who occurs twice.
fn settle(entries: &mut [Entry], format: Format) {
    let mut twins = Twins::default();
    entries.iter_mut().for_each(|entry| twins.part(entry));
    let mut uids: HashSet<String> = HashSet::new();
    let mut emails: HashMap<String, u64> = HashMap::new();
    for entry in entries.iter_mut() {
        let made = match &entry.outcome {
            Outcome::Card(made) => made,
            Outcome::Group(group) => {
                uids.insert(bare_uid(&group.uid));
                continue;
            }
            Outcome::Skipped(_) => continue,
        };
        uids.insert(bare_uid(&made.uid));
        let mut earlier = None;
        for key in &made.keys {
            if let Key::Email(email) = key {
                let first = *emails.entry(email.clone()).or_insert(entry.record);
                earlier = earlier.or((first != entry.record).then_some(first));
            }
        }
        if let Some(first) = earlier {
            entry.warnings.push(Warning {
                code: Code::PossibleDuplicate,
                about: first.to_string(),
            });
        }
    }
    if format == Format::Ldif {
        return;
    }
    for entry in entries {
        if let Outcome::Group(group) = &mut entry.outcome {
            group.name_by_files(|uid| uids.contains(uid));
            let found = unknown_members(group, |uid| uids.contains(uid));
            entry.warnings.extend(found);
        }
    }
}

/// Members of a list that nobody is.
fn unknown_members(group: &Group, known: impl Fn(&str) -> bool) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for member in &group.members {
        let code = match member.to_lowercase().starts_with("mailto:") {
            true => Code::GroupMemberByAddress,
            false if known(&bare_uid(member)) => continue,
            false => Code::GroupMemberUnknown,
        };
        warnings.push(Warning {
            code,
            about: member.clone(),
        });
    }
    warnings
}

#[cfg(test)]
mod tests;
