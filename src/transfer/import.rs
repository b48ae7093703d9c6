//! Imports cards into a book: duplicates, lists, batches, and a report by line.

mod lists;
mod merge;
mod progress;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use carnet_proto::vcard::{Document, NewLine, escape_text};

use serde::{Deserialize, Serialize};
use tokio::{task::JoinHandle, time::sleep};

pub use self::progress::{Progress, Report};
use self::{merge::updated, progress::Settled};
use super::{Code, Entry, Failure, Group, Made, Outcome, Warning};
use crate::domain::{
    blocking::lost,
    book::{Book, Prepared},
    error::{Error, Result},
    id::{ImportId, PlacementId},
    item::Card,
    likeness::{Known, Likeness, bare_uid},
};

/// Cards stored in one commit: devices are told once a batch, and others who write wait for it.
const BATCH: usize = 2_000;
/// Octets of cards from which a commit takes no more of them.
const BATCH_OCTETS: usize = 8 << 20;
/// The pause between two commits of the command line: others try for the file every two
/// milliseconds.
const BREATH: Duration = Duration::from_millis(6);
/// How often a batch is planned anew while contacts or rights change under it.
const ATTEMPTS: usize = 8;
/// Warnings a report keeps; the others are counted.
const WARNINGS: usize = 5_000;

/// How to handle a card that the book already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Choice {
    /// Lists are united, single fields keep the present value.
    AddMissing,
    Replace,
    CreateAnyway,
    Skip,
}

impl Choice {
    const ALL: [(&'static str, Choice); 4] = [
        ("add-missing", Choice::AddMissing),
        ("replace", Choice::Replace),
        ("create", Choice::CreateAnyway),
        ("skip", Choice::Skip),
    ];

    /// Reads `add-missing`, `replace`, `create`, `skip`.
    pub fn parse(name: &str) -> Option<Self> {
        let found = Self::ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, choice)| choice)
    }

    /// The name in forms and on the command line.
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(_, known)| *known == self);
        found.map_or("", |(name, _)| name)
    }
}

/// The person's choices for a whole file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    /// The same UID, or the same name and an address or number in common.
    pub certain: Choice,
    /// An address or a mobile number in common, or the same name alone.
    pub possible: Choice,
    /// Choices for single records, which override the others.
    pub each: BTreeMap<u64, Choice>,
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
            each: BTreeMap::new(),
            categories: true,
            tag: None,
        }
    }
}

/// A card that waits for the next commit.
struct Waiting {
    record: u64,
    line: u64,
    made: Made,
}

/// A commit under way, while the next is prepared.
struct Flying {
    /// Planned anew when the commit is refused.
    cards: Vec<Waiting>,
    /// What it creates.
    fresh: Known,
    commit: JoinHandle<Result<Settled>>,
}

/// An import in progress.
pub struct Importer {
    book: Book,
    import: ImportId,
    choices: Choices,
    known: Known,
    /// Commits have landed whose contacts are not known yet.
    behind: bool,
    waiting: Vec<Waiting>,
    waiting_octets: usize,
    flying: Option<Flying>,
    groups: Vec<(u64, u64, Group)>,
    /// New UIDs of lists by their records: other lists may name them.
    list_uids: HashMap<u64, String>,
    progress: Progress,
    /// Settled before this run.
    before: Progress,
    /// The server runs it and stores with every commit how far it came. Otherwise the command line
    /// runs it and lets others write in between.
    resumable: bool,
}

impl Importer {
    /// Begins an import of a file into a book. Needs *Add*.
    pub async fn begin(book: Book, name: &str, choices: Choices) -> Result<Self> {
        let import = book.begin_import(name, None).await?;
        let mut importer = Self::resume(book, import, choices, Progress::default()).await?;
        importer.resumable = false;
        Ok(importer)
    }

    /// Continues an import; records that are settled are skipped.
    pub async fn resume(
        book: Book,
        import: ImportId,
        choices: Choices,
        before: Progress,
    ) -> Result<Self> {
        let mut known = Known::default();
        book.learn(&mut known).await?;
        let mut progress = before.clone();
        progress.report.import = Some(import);
        progress.paused = false;
        Ok(Self {
            known,
            import,
            choices,
            behind: false,
            waiting: Vec::with_capacity(BATCH),
            waiting_octets: 0,
            flying: None,
            groups: Vec::new(),
            list_uids: HashMap::new(),
            progress,
            before,
            book,
            resumable: true,
        })
    }

    /// The file is an archive of these members ([`super::File::members`]).
    pub fn of_archive(&mut self, members: Vec<(u64, String)>) {
        self.progress.report.members = members;
    }

    /// Takes one record, and stores a batch when it is full.
    pub async fn push(&mut self, entry: Entry) -> Result<()> {
        let Entry {
            record,
            line,
            warnings,
            outcome,
        } = entry;
        let taken = record <= self.before.taken;
        if taken && !self.before.open.contains(&record) {
            return Ok(());
        }
        self.progress.taken = self.progress.taken.max(record);
        if !taken {
            for Warning { code, about } in warnings {
                self.warn(line, code.as_str(), about);
            }
        }
        match outcome {
            Outcome::Skipped(reason) => {
                let reason = reason.as_str().to_owned();
                self.progress.report.skipped.push((line, reason));
            }
            Outcome::Group(group) => {
                self.progress.open.insert(record);
                self.groups.push((record, line, group));
            }
            Outcome::Card(made) => {
                self.progress.open.insert(record);
                self.waiting_octets += made.card.len();
                self.waiting.push(Waiting { record, line, made });
                if self.waiting.len() == BATCH || self.waiting_octets >= BATCH_OCTETS {
                    self.store().await?;
                }
            }
        }
        Ok(())
    }

    /// A picture of another format goes the way of those that are uploaded, once its contact is
    /// taken. One that cannot is left out, which the report tells.
    async fn store_picture(&mut self, waiting: &mut Waiting) -> Result<()> {
        let Waiting { line, made, .. } = waiting;
        if !std::mem::take(&mut made.foreign_picture) {
            return Ok(());
        }
        let (book, card) = (self.book.clone(), made.card.clone());
        let stored = self.book.core().pictures().blocking(move || {
            let most = book.actor().photo;
            book.class().with_picture_stored(&card, most)
        });
        match stored.await? {
            Ok(card) => made.card = card,
            Err(error) => {
                made.card = without_picture(&made.card);
                let code = match error {
                    Error::TooLarge { .. } => Code::PictureTooLarge,
                    _ => Code::PictureUnread,
                };
                let told = (*line, code.as_str().to_owned(), made.name.clone());
                // An import that goes on takes some records anew.
                if !self.progress.report.warnings.contains(&told) {
                    let (line, code, about) = told;
                    self.warn(line, &code, about);
                }
            }
        }
        Ok(())
    }

    fn warn(&mut self, line: u64, code: &str, about: String) {
        let report = &mut self.progress.report;
        if report.warnings.len() < WARNINGS {
            report.warnings.push((line, code.to_owned(), about))
        } else {
            report.more_warnings += 1
        }
    }

    /// Stores the last batch with the progress; [`Importer::resume`] continues from there.
    pub async fn pause(mut self) -> Result<Progress> {
        self.store().await?;
        self.land().await?;
        self.progress.paused = true;
        Ok(self.progress)
    }

    /// Ends an import that nothing goes on with: keeps what it did, and why it came to its end early.
    pub async fn close(mut self, failure: Option<Failure>) -> (Report, Result<()>) {
        if let Some(flying) = self.flying.take()
            && let Ok(Ok(settled)) = flying.commit.await
        {
            self.progress.settle(settled);
        }
        let progress = Progress {
            taken: self.progress.taken,
            report: self.progress.report,
            failure: failure.map(|why| why.as_str().to_owned()),
            ..Progress::default()
        };
        let kept = match progress.written() {
            Ok(written) => self.book.end_import(self.import, written).await,
            Err(error) => Err(error),
        };
        (progress.report, kept)
    }

    async fn store(&mut self) -> Result<()> {
        let cards = std::mem::take(&mut self.waiting);
        self.waiting_octets = 0;
        let mut later = self.store_batch(cards, true).await?;
        while !later.is_empty() {
            // The first of them, at least, waits for nobody then.
            self.land().await?;
            later = self.store_batch(later, true).await?;
        }
        Ok(())
    }

    /// Sends one commit off. With `defer`, cards that are like another of the batch, or of the one
    /// under way, are given back, to be compared with what that one became.
    async fn store_batch(&mut self, cards: Vec<Waiting>, defer: bool) -> Result<Vec<Waiting>> {
        let mut cards = cards;
        for _ in 0..ATTEMPTS {
            let planned = self.plan(&mut cards, defer).await?;
            let prepared = self.book.prepare(&planned.new);
            if !self.land().await? {
                continue;
            }
            let (later, cards) = cards
                .into_iter()
                .partition(|card| planned.later.contains(&card.record));
            self.send(planned, prepared, cards);
            return Ok(later);
        }
        Err(unsettled())
    }

    fn send(&mut self, planned: Planned, prepared: Prepared, cards: Vec<Waiting>) {
        let Planned {
            new_lines,
            updates,
            updated_lines,
            mut settled,
            fresh,
            ..
        } = planned;
        if new_lines.is_empty() && updates.is_empty() {
            self.progress.settle(settled);
            return;
        }
        let (book, import) = (self.book.clone(), self.import);
        let progress = self.resumable.then(|| self.progress.clone());
        let commit = tokio::spawn(async move {
            let note = |added: &[Result<()>], updated: &[Result<()>]| {
                for (line, outcome) in new_lines.iter().zip(added) {
                    match outcome {
                        Ok(()) => settled.created += 1,
                        Err(error) => settled.skipped.push((*line, reason(error))),
                    }
                }
                for (line, outcome) in updated_lines.iter().zip(updated) {
                    match outcome {
                        Ok(()) => settled.updated += 1,
                        Err(error) => settled.skipped.push((*line, reason(error))),
                    }
                }
                progress
                    .map(|progress| progress.with(&settled).written())
                    .transpose()
            };
            book.import(import, prepared, updates, note).await?;
            Ok(settled)
        });
        self.flying = Some(Flying {
            cards,
            fresh,
            commit,
        });
    }

    /// Waits for the commit under way. One that was refused because contacts, room or rights changed
    /// under it is planned anew; false then: what was planned since is void.
    async fn land(&mut self) -> Result<bool> {
        for attempt in 0..ATTEMPTS {
            let Some(mut flying) = self.flying.take() else {
                return Ok(attempt == 0);
            };
            let landed = flying.commit.await;
            match landed.map_err(lost)? {
                Ok(settled) => {
                    self.progress.settle(settled);
                    self.behind = true;
                    if !self.resumable {
                        sleep(BREATH).await;
                    }
                    return Ok(attempt == 0);
                }
                Err(Error::Moved | Error::UidConflict { .. } | Error::OverQuota { .. }) => {
                    self.book = self.book.reopened().await?;
                    self.behind = true;
                    let planned = self.plan(&mut flying.cards, false).await?;
                    let prepared = self.book.prepare(&planned.new);
                    self.send(planned, prepared, flying.cards);
                }
                Err(error) => return Err(error),
            }
        }
        Err(unsettled())
    }

    /// Who came into the book; read while the next commit is under way.
    async fn learn(&mut self) -> Result<()> {
        if std::mem::take(&mut self.behind) {
            self.book.learn(&mut self.known).await?;
        }
        Ok(())
    }

    /// What one commit is to store, and the records left for the next.
    async fn plan(&mut self, cards: &mut [Waiting], defer: bool) -> Result<Planned> {
        self.learn().await?;
        let mut batch = Planned::default();
        let mut fresh = match &self.flying {
            Some(flying) => flying.fresh.clone(),
            None => Known::default(),
        };
        let mut like: Vec<(usize, PlacementId, Choice)> = Vec::new();
        let mut passed: Vec<(usize, PlacementId)> = Vec::new();
        for (at, waiting) in cards.iter_mut().enumerate() {
            let (record, line) = (waiting.record, waiting.line);
            let found = self.known.find(&waiting.made.keys);
            match (found, self.choice(record, found)) {
                (Some((placement, _)), Choice::Skip) => {
                    passed.push((at, placement));
                    let skipped = (line, "duplicate".to_owned());
                    batch.settled.skipped.push(skipped);
                }
                (Some((placement, _)), choice @ (Choice::AddMissing | Choice::Replace)) => {
                    like.push((at, placement, choice));
                }
                _ => {
                    let like_fresh = fresh.find(&waiting.made.keys);
                    if defer && self.choice(record, like_fresh) != Choice::CreateAnyway {
                        batch.later.insert(record);
                        continue;
                    }
                    let uid = self.other_uid(record, &waiting.made, &fresh);
                    // Placements count from 1: below are the records of the file.
                    let here = PlacementId(-i64::try_from(record).unwrap_or(0));
                    for key in &waiting.made.keys {
                        fresh.add(here, key);
                        batch.fresh.add(here, key);
                    }
                    batch.new_lines.push(line);
                    self.store_picture(waiting).await?;
                    if let Some(uid) = &uid {
                        batch.settled.named(&waiting.made.uid, uid);
                    }
                    batch.new.push(self.prepared(&waiting.made, uid));
                }
            }
            batch.settled.records.push(record);
        }
        let placements: Vec<PlacementId> = passed.iter().map(|(_, at)| *at).collect();
        let present = self.book.heads_of(&placements).await?;
        for ((at, _), present) in passed.into_iter().zip(present) {
            if let Some(present) = present {
                batch.settled.named(&cards[at].made.uid, &present.uid);
            }
        }
        self.plan_updates(cards, like, &mut batch).await?;
        Ok(batch)
    }

    async fn plan_updates(
        &mut self,
        cards: &mut [Waiting],
        like: Vec<(usize, PlacementId, Choice)>,
        batch: &mut Planned,
    ) -> Result<()> {
        let placements: Vec<PlacementId> = like.iter().map(|(_, at, _)| *at).collect();
        let present = self.book.by_placements(&placements).await?;
        let mut planned: HashMap<PlacementId, usize> = HashMap::new();
        for ((at, placement, choice), card) in like.into_iter().zip(present) {
            let waiting = &mut cards[at];
            let Some(card) = card else {
                let gone = (waiting.line, "gone".to_owned());
                batch.settled.skipped.push(gone);
                continue;
            };
            batch.settled.named(&waiting.made.uid, &card.placement.uid);
            let earlier = planned
                .get(&placement)
                .and_then(|at| batch.updates.get_mut(*at));
            let base = match &earlier {
                Some((_, bytes)) => bytes.clone(),
                None => self.book.content(&card).to_vec(),
            };
            let has_one = choice == Choice::AddMissing && self.book.class().picture(&base) > 0;
            if !has_one {
                self.store_picture(waiting).await?;
            }
            let incoming = self.prepared(&waiting.made, None);
            match (updated(&base, &card, &incoming, choice), earlier) {
                (None, _) => batch.settled.unchanged += 1,
                (Some(bytes), Some((_, before))) => {
                    *before = bytes;
                    batch.settled.unchanged += 1;
                }
                (Some(bytes), None) => {
                    planned.insert(placement, batch.updates.len());
                    batch.updates.push((card, bytes));
                    batch.updated_lines.push(waiting.line);
                }
            }
        }
        Ok(())
    }

    /// What becomes of a record that is like somebody, or like nobody.
    fn choice(&self, record: u64, like: Option<(PlacementId, Likeness)>) -> Choice {
        let Some((_, likeness)) = like else {
            return Choice::CreateAnyway;
        };
        let chosen = self.choices.each.get(&record).copied();
        chosen.unwrap_or(match likeness {
            Likeness::Certain => self.choices.certain,
            Likeness::Possible => self.choices.possible,
        })
    }

    /// Another UID for a new contact or list whose own is taken, in the book or by a card that
    /// waits for a commit.
    fn other_uid(&self, record: u64, made: &Made, fresh: &Known) -> Option<String> {
        let uid = bare_uid(&made.uid);
        let taken = self.known.has_uid(&uid) || fresh.has_uid(&uid);
        let chosen = || self.list_uids.get(&record).cloned();
        taken.then(|| chosen().unwrap_or_else(|| uuid::Uuid::new_v4().to_string()))
    }

    /// A card as it is to be stored: with another UID if it needs one, categories as chosen.
    fn prepared(&self, made: &Made, uid: Option<String>) -> Vec<u8> {
        let plain = self.choices.categories && self.choices.tag.is_none();
        if uid.is_none() && plain {
            return made.card.clone();
        }
        let Ok(card) = Document::parse(&made.card) else {
            return made.card.clone();
        };
        let mut edit = card.edit();
        let mut categories: Vec<String> = Vec::new();
        for (at, line) in card.lines().iter().enumerate() {
            if let Some(uid) = uid.as_ref().filter(|_| line.is("UID")) {
                edit.set_text(at, uid);
            } else if line.is("CATEGORIES") {
                categories.extend(line.list());
                edit.remove(at);
            }
        }
        if uid.is_some() {
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
    settled: Settled,
    /// Records left for the next commit.
    later: HashSet<u64>,
    /// What is new.
    fresh: Known,
}

fn without_picture(card: &[u8]) -> Vec<u8> {
    let Ok(card) = Document::parse(card) else {
        return card.to_vec();
    };
    let mut edit = card.edit();
    let pictures = card.lines().iter().enumerate();
    for (at, _) in pictures.filter(|(_, line)| line.is("PHOTO")) {
        edit.remove(at);
    }
    edit.finish().as_bytes().to_vec()
}

fn unsettled() -> Error {
    Error::Unavailable("contacts kept changing during the import".into())
}

fn reason(error: &Error) -> String {
    match error {
        Error::UidConflict { .. } => "duplicate".to_owned(),
        Error::OverQuota { .. } => "over-quota".to_owned(),
        Error::Forbidden { .. } => "not-allowed".to_owned(),
        Error::TooLarge { .. } => "too-large".to_owned(),
        other => other.to_string(),
    }
}
