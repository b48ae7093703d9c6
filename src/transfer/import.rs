//! Cards into a book: duplicates, lists, batches, and a report by line.

use std::collections::{HashMap, HashSet};

use carnet_proto::vcard::{Document, Line, NewLine, escape_text};

use super::{Entry, Group, Key, Made, Outcome, Warning, bare_uid, unknown_members};
use crate::domain::{
    book::Book,
    error::{Error, Result},
    id::{ImportId, PlacementId},
    item::Card,
};

/// Cards stored in one commit: devices are told once a batch.
const BATCH: usize = 200;
/// Identities of the book read at once.
const PAGE: usize = 5_000;

/// What happens to a card that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Lists are united, single fields keep the present value.
    AddMissing,
    Replace,
    CreateAnyway,
    Skip,
}

/// What a person chose for the whole file.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    /// The same UID, or the same name and an address or number in common.
    pub certain: Choice,
    /// An address or a mobile number in common, or the same name alone.
    pub possible: Choice,
    /// Keep what the file calls categories.
    pub categories: bool,
    /// One more category for everything of this import.
    pub tag: Option<String>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            certain: Choice::AddMissing,
            possible: Choice::CreateAnyway,
            categories: true,
            tag: None,
        }
    }
}

/// What became of a file, counted from the commits.
#[derive(Clone, Debug, Default)]
pub struct Report {
    pub import: Option<ImportId>,
    pub created: usize,
    pub updated: usize,
    /// There already, with nothing to add.
    pub unchanged: usize,
    pub lists: usize,
    /// Line, reason.
    pub skipped: Vec<(u64, String)>,
    /// Line, code, value.
    pub warnings: Vec<(u64, &'static str, String)>,
}

/// How alike two cards are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Possible,
    Certain,
}

/// An import on its way.
pub struct Importer {
    book: Book,
    import: ImportId,
    choices: Choices,
    known: Known,
    /// Up to here the book is known.
    learnt: PlacementId,
    waiting: Vec<(u64, Made)>,
    groups: Vec<(u64, Group)>,
    report: Report,
}

/// Who is in the book, by digests of what identifies them.
#[derive(Default)]
struct Known {
    keys: HashMap<u64, Vec<PlacementId>>,
    uids: HashSet<String>,
}

impl Known {
    fn add(&mut self, placement: PlacementId, key: &Key) {
        if let Key::Uid(uid) = key {
            self.uids.insert(bare_uid(uid));
        }
        let placements = self.keys.entry(hash(key)).or_default();
        // A name or address that many share identifies nobody.
        if placements.len() < 8 && !placements.contains(&placement) {
            placements.push(placement);
        }
    }

    /// The most alike of those known, and how alike.
    fn find(&self, keys: &[Key]) -> Option<(PlacementId, Likeness)> {
        let mut common: HashMap<PlacementId, (bool, bool, bool)> = HashMap::new();
        for key in keys {
            for placement in self.keys.get(&hash(key)).into_iter().flatten() {
                let (uid, name, reach) = common.entry(*placement).or_default();
                match key {
                    Key::Uid(_) => *uid = true,
                    Key::Name(_) => *name = true,
                    Key::Email(_) | Key::Mobile(_) => *reach = true,
                    // A number in common makes a same name certain, alone it is a household.
                    Key::Number(_) => *reach |= *name,
                }
            }
        }
        common
            .into_iter()
            .map(
                |(placement, (uid, name, reach))| match uid || (name && reach) {
                    true => (placement, Likeness::Certain),
                    false => (placement, Likeness::Possible),
                },
            )
            .max_by_key(|(placement, likeness)| (*likeness, std::cmp::Reverse(*placement)))
            .filter(|(placement, likeness)| {
                *likeness == Likeness::Certain || self.shares_more_than_a_number(keys, *placement)
            })
    }

    fn shares_more_than_a_number(&self, keys: &[Key], placement: PlacementId) -> bool {
        keys.iter().any(|key| {
            !matches!(key, Key::Number(_))
                && self
                    .keys
                    .get(&hash(key))
                    .is_some_and(|found| found.contains(&placement))
        })
    }
}

fn hash(key: &Key) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Importer {
    /// Begins an import of a file into a book. Needs *Add*.
    pub async fn begin(book: Book, name: &str, choices: Choices) -> Result<Self> {
        let import = book.begin_import(name).await?;
        let mut importer = Self {
            known: Known::default(),
            learnt: PlacementId(0),
            import,
            choices,
            waiting: Vec::with_capacity(BATCH),
            groups: Vec::new(),
            report: Report {
                import: Some(import),
                ..Report::default()
            },
            book,
        };
        importer.learn().await?;
        Ok(importer)
    }

    /// Takes one record; stores when a batch is full.
    pub async fn push(&mut self, entry: Entry) -> Result<()> {
        for Warning { code, about } in entry.warnings {
            self.report
                .warnings
                .push((entry.line, code.as_str(), about));
        }
        match entry.outcome {
            Outcome::Skipped(reason) => {
                let reason = reason.as_str().to_owned();
                self.report.skipped.push((entry.line, reason));
            }
            Outcome::Group(group) => self.groups.push((entry.line, group)),
            Outcome::Card(made) => {
                self.waiting.push((entry.line, made));
                if self.waiting.len() == BATCH {
                    self.store().await?;
                }
            }
        }
        Ok(())
    }

    /// Contacts stored or looked at so far.
    pub fn done(&self) -> usize {
        self.report.created + self.report.updated + self.report.unchanged
    }

    /// Stores what is left, then the lists, and tells what became of the file.
    pub async fn finish(mut self) -> Result<Report> {
        self.store().await?;
        let groups = std::mem::take(&mut self.groups);
        for (line, group) in groups {
            let unknown = unknown_members(&group, |uid| self.known.uids.contains(uid));
            let told = |warning: &Warning, known: &(u64, &str, String)| {
                known.0 == line && known.2 == warning.about
            };
            for warning in unknown {
                if !self
                    .report
                    .warnings
                    .iter()
                    .any(|known| told(&warning, known))
                {
                    let warning = (line, warning.code.as_str(), warning.about);
                    self.report.warnings.push(warning);
                }
            }
            let card = group.to_card();
            let keys = vec![Key::Uid(group.uid.clone())];
            self.waiting.push((
                line,
                Made {
                    card,
                    uid: group.uid,
                    name: group.name,
                    keys,
                },
            ));
            self.report.lists += 1;
        }
        self.store().await?;
        Ok(self.report)
    }

    /// Reads who came into the book since the last time.
    async fn learn(&mut self) -> Result<()> {
        let collection = self.book.collection().id;
        loop {
            let store = self.book.core().store();
            let found = store.identities(collection, self.learnt, PAGE).await?;
            let Some(last) = found.iter().map(|(placement, ..)| *placement).max() else {
                return Ok(());
            };
            for (placement, field, value) in found {
                if let Some(key) = Key::of(&field, &value) {
                    self.known.add(placement, &key);
                }
            }
            self.learnt = last;
        }
    }

    async fn store(&mut self) -> Result<()> {
        let cards = std::mem::take(&mut self.waiting);
        let later = self.store_batch(cards, true).await?;
        self.store_batch(later, false).await.map(drop)
    }

    /// One commit. With `defer`, cards that are like another of the batch are given back, to be
    /// compared with what that one became.
    async fn store_batch(
        &mut self,
        cards: Vec<(u64, Made)>,
        defer: bool,
    ) -> Result<Vec<(u64, Made)>> {
        let mut batch = Planned::default();
        let mut later = Vec::new();
        let mut fresh: HashSet<u64> = HashSet::new();
        let mut like: Vec<(u64, Made, PlacementId, Choice)> = Vec::new();
        for (line, made) in cards {
            let found = self.known.find(&made.keys);
            let choice = match found {
                Some((_, Likeness::Certain)) => self.choices.certain,
                Some((_, Likeness::Possible)) => self.choices.possible,
                None => Choice::CreateAnyway,
            };
            match (found, choice) {
                (Some(_), Choice::Skip) => {
                    self.report.skipped.push((line, "duplicate".to_owned()));
                }
                (Some((placement, _)), Choice::AddMissing | Choice::Replace) => {
                    like.push((line, made, placement, choice));
                }
                _ => {
                    let seen = made.keys.iter().filter(|key| !fresh.insert(hash(key)));
                    if seen.count() > 0 && defer {
                        later.push((line, made));
                    } else {
                        batch.new.push(self.prepared(&made));
                        batch.new_lines.push(line);
                    }
                }
            }
        }
        self.plan_updates(like, &mut batch).await?;
        if batch.new.is_empty() && batch.updates.is_empty() {
            return Ok(later);
        }
        let (added, updated) = self
            .book
            .import(self.import, batch.new, batch.updates)
            .await?;
        for (line, outcome) in batch.new_lines.iter().zip(added) {
            match outcome {
                Ok(()) => self.report.created += 1,
                Err(error) => self.report.skipped.push((*line, reason(&error))),
            }
        }
        for (line, outcome) in batch.updated_lines.iter().zip(updated) {
            match outcome {
                Ok(()) => self.report.updated += 1,
                Err(error) => self.report.skipped.push((*line, reason(&error))),
            }
        }
        self.learn().await?;
        Ok(later)
    }

    async fn plan_updates(
        &mut self,
        like: Vec<(u64, Made, PlacementId, Choice)>,
        batch: &mut Planned,
    ) -> Result<()> {
        let placements: Vec<PlacementId> = like.iter().map(|(_, _, at, _)| *at).collect();
        let present = self.book.by_placements(&placements).await?;
        let mut planned: HashMap<PlacementId, usize> = HashMap::new();
        for ((line, made, placement, choice), card) in like.into_iter().zip(present) {
            let Some(card) = card else {
                self.report
                    .skipped
                    .push((line, "gone meanwhile".to_owned()));
                continue;
            };
            let earlier = planned
                .get(&placement)
                .and_then(|at| batch.updates.get_mut(*at));
            let base = match &earlier {
                Some((_, bytes)) => bytes.clone(),
                None => self.book.content(&card).to_vec(),
            };
            let incoming = self.prepared(&made);
            match (updated(&base, &card, &incoming, choice), earlier) {
                (None, _) => self.report.unchanged += 1,
                (Some(bytes), Some((_, before))) => {
                    *before = bytes;
                    self.report.unchanged += 1;
                }
                (Some(bytes), None) => {
                    planned.insert(placement, batch.updates.len());
                    batch.updates.push((card, bytes));
                    batch.updated_lines.push(line);
                }
            }
        }
        Ok(())
    }

    /// A card as it is to be stored: another UID where its own is taken, categories as chosen.
    fn prepared(&self, made: &Made) -> Vec<u8> {
        let taken = self.known.uids.contains(&bare_uid(&made.uid))
            && self.choices.certain == Choice::CreateAnyway;
        let plain = self.choices.categories && self.choices.tag.is_none();
        if !taken && plain {
            return made.card.clone();
        }
        let Ok(card) = Document::parse(&made.card) else {
            return made.card.clone();
        };
        let mut edit = card.edit();
        let mut categories: Vec<String> = Vec::new();
        for (at, line) in card.lines().iter().enumerate() {
            if line.is("UID") && taken {
                edit.set_text(at, &uuid::Uuid::new_v4().to_string());
            } else if line.is("CATEGORIES") {
                categories.extend(line.list());
                edit.remove(at);
            }
        }
        if taken {
            let old = NewLine::new("X-CARNET-OTHER-UID", &[], escape_text(&made.uid));
            edit.add(old);
        }
        if !self.choices.categories {
            categories.clear();
        }
        categories.extend(self.choices.tag.clone());
        if !categories.is_empty() {
            let list: Vec<String> = categories.iter().map(|name| escape_text(name)).collect();
            edit.add(NewLine::new("CATEGORIES", &[], list.join(",")));
        }
        edit.finish().as_bytes().to_vec()
    }
}

/// What one commit stores.
#[derive(Default)]
struct Planned {
    new: Vec<Vec<u8>>,
    new_lines: Vec<u64>,
    updates: Vec<(Card, Vec<u8>)>,
    updated_lines: Vec<u64>,
}

fn reason(error: &Error) -> String {
    match error {
        Error::UidConflict { .. } => "duplicate".to_owned(),
        other => other.to_string(),
    }
}

/// New content for a card that is there; none when nothing changes.
fn updated(base: &[u8], card: &Card, incoming: &[u8], choice: Choice) -> Option<Vec<u8>> {
    let present = Document::parse(base).ok()?;
    let incoming = Document::parse(incoming).ok()?;
    let united = match choice {
        Choice::Replace => replaced(&incoming, &card.placement.uid),
        _ => united(&present, &incoming, &card.placement.uid),
    };
    (united != base).then_some(united)
}

/// The incoming card under the UID of the one it replaces.
fn replaced(incoming: &Document, uid: &str) -> Vec<u8> {
    let mut edit = incoming.edit();
    if let Some(at) = incoming.lines().iter().position(|line| line.is("UID")) {
        edit.set_text(at, uid);
    }
    edit.finish().as_bytes().to_vec()
}

/// Properties of which a contact has several.
const SEVERAL: [&str; 10] = [
    "TEL",
    "EMAIL",
    "ADR",
    "URL",
    "IMPP",
    "RELATED",
    "X-ABRELATEDNAMES",
    "X-ABDATE",
    "X-SOCIALPROFILE",
    "X-CARNET-CUSTOM",
];
/// What belongs to a card itself, or to a value beside it.
const NEVER: [&str; 9] = [
    "UID",
    "VERSION",
    "PRODID",
    "REV",
    "FN",
    "N",
    "X-ABLABEL",
    "LABEL",
    "X-ABUID",
];

/// What only the incoming card says, added to the present one.
fn united(present: &Document, incoming: &Document, uid: &str) -> Vec<u8> {
    let missing = |line: &&Line| {
        let name = line.name.to_ascii_uppercase();
        if NEVER.contains(&&name[..]) || line.raw.is_empty() {
            return false;
        }
        let mut same = present.all(&line.name);
        match SEVERAL.contains(&&name[..]) {
            true => !same.any(|there| compared(there) == compared(line)),
            false => same.next().is_none(),
        }
    };
    let mut missing: Vec<&Line> = incoming.lines().iter().filter(missing).collect();
    let categories = missing_categories(present, incoming);
    missing.retain(|line| !line.is("CATEGORIES"));
    if missing.is_empty() && categories.is_none() {
        return present.as_bytes().to_vec();
    }
    let base = present.editable(uid);
    let mut edit = base.edit();
    for line in missing {
        let mut new = NewLine::from_line(line);
        if let Some(group) = &line.group {
            let free = edit.free_group();
            new = new.in_group(free.clone());
            edit.add(new);
            let beside = incoming.lines().iter().filter(|other| {
                other.group.as_ref() == Some(group)
                    && other.name.to_ascii_uppercase().starts_with("X-AB")
                    && !other.is(&line.name)
            });
            for other in beside {
                edit.add(NewLine::from_line(other).in_group(free.clone()));
            }
        } else {
            edit.add(new);
        }
    }
    if let Some(all) = categories {
        let list: Vec<String> = all.iter().map(|name| escape_text(name)).collect();
        match base.lines().iter().position(|line| line.is("CATEGORIES")) {
            Some(at) => edit.set_raw(at, list.join(",")),
            None => edit.add(NewLine::new("CATEGORIES", &[], list.join(","))),
        }
    }
    edit.finish().as_bytes().to_vec()
}

/// Both cards' categories; none when the present card has them all.
fn missing_categories(present: &Document, incoming: &Document) -> Option<Vec<String>> {
    let mut all: Vec<String> = present.all("CATEGORIES").flat_map(Line::list).collect();
    let before = all.len();
    for name in incoming.all("CATEGORIES").flat_map(Line::list) {
        if !all
            .iter()
            .any(|there| there.to_lowercase() == name.to_lowercase())
        {
            all.push(name);
        }
    }
    (all.len() > before).then_some(all)
}

/// A value as two are compared: numbers by digits, addresses without case.
fn compared(line: &Line) -> String {
    let text = line.text();
    match line.is("TEL") {
        true => Key::of("tel", &text).map_or(text, |key| match key {
            Key::Number(digits) => digits,
            _ => String::new(),
        }),
        false => text.trim().to_lowercase(),
    }
}
