//! A batch applied inside its savepoint: preconditions first, then rows.

mod audit;
mod collection;
mod credential;
mod dav;
mod device;
pub mod document;
mod grant;
mod group;
mod history;
mod home;
mod import;
mod items;
mod members;
pub mod notice;
mod office;
mod outbox;
mod person;
mod place;
mod purge;
pub mod search;
mod sync;
mod tag;
mod verification;
mod view;

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashSet},
};

use rusqlite::{Connection, params};

use self::{collection::Touched, items::Room, search::Unindexed};
use crate::domain::{
    batch::{Batch, Committed, Described, Op},
    class::Index,
    error::Error,
    history::TOGETHER,
    id::{CollectionId, ItemId, PersonId, Seq},
};

/// Why a batch was not committed.
pub enum Failure {
    /// A precondition did not hold.
    Refused(Error),
    Sql(rusqlite::Error),
}

type Applied<T> = Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Failure::Sql(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Refused(error)
    }
}

/// Counts one more durable commit and returns the number of them.
pub fn count(connection: &Connection) -> rusqlite::Result<u64> {
    let count: i64 = connection
        .prepare_cached(
            "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'commits'
             RETURNING CAST(value AS INTEGER)",
        )?
        .query_row([], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}

/// Replaces the derived rows of some items.
pub fn reindex(connection: &mut Connection, indexes: &[(ItemId, Index)]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for (item, index) in indexes {
        transaction
            .prepare_cached(
                "UPDATE item SET kind = ?2, display = ?3, sort_first = ?4, sort_last = ?5, mixed = ?6,
                     blob = ?7, octets = ?8 WHERE id = ?1",
            )?
            .execute(params![
                item.0,
                index.kind,
                index.display,
                index.sort_first,
                index.sort_last,
                index.mixed,
                index.blob.as_ref().map(|blob| &blob.digest),
                index.blob.as_ref().map_or(0, |blob| blob.octets),
            ])?;
        search::replace_texts(&transaction, item.0, index)?;
        search::index_item(&transaction, item.0)?;
    }
    if indexes.is_empty() {
        transaction.execute(
            "UPDATE meta SET value = 'current' WHERE name = 'derived'",
            [],
        )?;
    }
    transaction.commit()
}

/// Applies a whole batch. The caller rolls back on failure, and indexes `unindexed` before it
/// commits.
pub fn apply<'a>(
    connection: &'a Connection,
    batch: &'a Batch,
    unindexed: &mut Unindexed<'a>,
) -> Applied<Committed> {
    let mut commit = Commit {
        connection,
        batch,
        unindexed: std::mem::take(unindexed),
        collections: BTreeMap::new(),
        rooms: BTreeMap::new(),
        taken: BTreeMap::new(),
        described: Vec::new(),
        people: Vec::new(),
        rights_moved: false,
        net_removals: 0,
        removed_from: None,
        restored: Vec::new(),
        removed: OnceCell::new(),
        doings: Vec::new(),
        room: TOGETHER,
        more: false,
        clients_forgotten: false,
    };
    let applied = commit.apply();
    *unindexed = commit.unindexed;
    let rows = applied?;
    commit.people.sort_unstable();
    commit.people.dedup();
    Ok(Committed {
        collections: commit
            .collections
            .into_iter()
            .map(|(collection, touched)| (CollectionId(collection), Seq(touched.seq)))
            .collect(),
        described: commit.described,
        people: commit.people,
        rows,
        more: commit.more,
        clients_forgotten: commit.clients_forgotten,
    })
}

struct Commit<'a> {
    connection: &'a Connection,
    batch: &'a Batch,
    collections: BTreeMap<i64, Touched>,
    /// What was placed in the private books of people with a quota, and taken out of any collection.
    rooms: BTreeMap<i64, Room>,
    taken: BTreeMap<i64, i64>,
    unindexed: Unindexed<'a>,
    described: Vec<Described>,
    people: Vec<PersonId>,
    rights_moved: bool,
    /// Placements removed less those made.
    net_removals: i64,
    removed_from: Option<i64>,
    /// Placements that were restored, with their collection.
    restored: Vec<(i64, i64)>,
    /// Placements that the batch itself takes away; asked for when one is restored.
    removed: OnceCell<HashSet<i64>>,
    /// Acts of the author that members of groups are notified of.
    doings: Vec<notice::Doing>,
    /// Placements that may still be taken away on the way to the end of a place or a membership.
    room: usize,
    /// [`Committed::more`]
    more: bool,
    /// [`Committed::clients_forgotten`]
    clients_forgotten: bool,
}

impl<'a> Commit<'a> {
    fn apply(&mut self) -> Applied<Vec<i64>> {
        self.check_rights_revision()?;
        let batch = self.batch;
        let mut rows = Vec::with_capacity(batch.ops.len());
        for op in &batch.ops {
            rows.push(self.op(op)?);
        }
        self.check_rooms()?;
        self.recount_restored()?;
        self.count_removals()?;
        self.tell_members()?;
        self.write_collections()?;
        if self.rights_moved {
            self.connection
                .prepare_cached(
                    "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'rights_revision'",
                )?
                .execute([])?;
        }
        Ok(rows)
    }

    fn check_rights_revision(&self) -> Applied<()> {
        let Some(expected) = self.batch.rights_revision else {
            return Ok(());
        };
        let current: i64 = self
            .connection
            .prepare_cached(
                "SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'rights_revision'",
            )?
            .query_row([], |row| row.get(0))?;
        if current == expected {
            Ok(())
        } else {
            Err(Error::Moved.into())
        }
    }

    fn op(&mut self, op: &'a Op) -> Applied<i64> {
        match op {
            Op::Item(op) => self.item_op(op),
            Op::History(op) => self.history_op(op),
            Op::Person(op) => self.person_op(op),
            Op::Group(op) => self.group_op(op),
            Op::Grant(op) => self.grant_op(op),
            Op::Book(op) => self.book_op(op),
            Op::View(op) => self.view_op(op),
            Op::Dav(op) => self.dav_op(op),
            Op::Sync(op) => self.sync_op(op),
            Op::Import(op) => self.import_op(op),
            Op::Tag(op) => self.tag_op(op),
            Op::Comment(op) => self.comment_op(op),
            Op::Device(op) => self.device_op(op),
            Op::Office(op) => self.office_op(op),
            Op::Credential(op) => self.credential_op(op),
            Op::SecondFactor(op) => self.second_factor_op(op),
            Op::Outbox(op) => self.outbox_op(op),
            Op::Document(op) => self.document_op(op),
            Op::Verification(op) => self.verification_op(op),
            Op::Audit { what } => {
                self.audit(what)?;
                Ok(0)
            }
            Op::SettleNotice { notice } => self.settle_notice(*notice),
            Op::SetLastSearch { person, request } => {
                self.set_last_search(*person, request.as_deref())
            }
            Op::TellApart {
                person,
                first,
                second,
            } => self.tell_apart(*person, *first, *second),
            Op::Inherit {
                from,
                into,
                collection,
            } => self.inherit(*from, *into, *collection),
            Op::Disinherit {
                from,
                into,
                collection,
            } => self.disinherit(*from, *into, *collection),
        }
    }

    fn author(&self) -> Option<i64> {
        self.batch.person.map(|person| person.0)
    }

    /// Runs one statement and returns the row it inserted, if it did.
    fn run(&self, sql: &str, values: impl rusqlite::Params) -> Applied<i64> {
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(self.connection.last_insert_rowid())
    }
}
