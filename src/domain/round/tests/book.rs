//! The collection of the model: placements in memory, read as the store reads them.

use std::{collections::BTreeMap, sync::Mutex};

use super::*;

/// Placements by ServerId (their number); what an item says is its `size`.
#[derive(Default)]
pub(super) struct Book {
    pub(super) seq: i64,
    pub(super) rows: BTreeMap<usize, Placement>,
    /// Rows the pages examined.
    pub(super) read: Mutex<usize>,
}

pub(super) fn number(row: &Placement) -> usize {
    row.server_id.parse().expect("a number")
}

impl Book {
    pub(super) fn next(&mut self) -> Seq {
        self.seq += 1;
        Seq(self.seq)
    }

    pub(super) fn add(&mut self, value: i64, device: Option<DeviceId>) -> usize {
        let seq = self.next();
        let id = self.rows.len() + 1;
        let row = Placement {
            id: PlacementId(id as i64),
            item: ItemId(id as i64),
            collection: CollectionId(1),
            href: id.to_string(),
            server_id: id.to_string(),
            uid: id.to_string(),
            class: "contact".to_owned(),
            kind: "individual".to_owned(),
            display: String::new(),
            creator: PersonId(1),
            origin: None,
            placed_by: PersonId(1),
            born: seq,
            changed: seq,
            gone: None,
            maker: device,
            writer: device,
            rev: 1,
            digest: String::new(),
            mixed: false,
            size: value,
            created: Timestamp(0),
            modified: Timestamp(0),
            overlay: bytes::Bytes::new(),
            beside: bytes::Bytes::new(),
            shown_since: Timestamp(0),
        };
        self.rows.insert(id, row);
        id
    }

    pub(super) fn row(&mut self, id: usize) -> &mut Placement {
        self.rows.get_mut(&id).expect("a placement")
    }

    pub(super) fn edit(&mut self, id: usize, value: i64, device: Option<DeviceId>) {
        let changed = self.next();
        let row = self.row(id);
        (row.changed, row.size, row.writer) = (changed, value, device);
    }

    pub(super) fn remove(&mut self, id: usize, device: Option<DeviceId>) {
        let gone = self.next();
        let row = self.row(id);
        (row.gone, row.writer) = (Some(gone), device);
    }

    pub(super) fn live(&self) -> BTreeMap<usize, i64> {
        let live = self.rows.iter().filter(|(_, row)| row.is_live());
        live.map(|(id, row)| (*id, row.size)).collect()
    }
}

#[async_trait]
impl Rows for Book {
    async fn rows(&self, order: Order, span: Span) -> Result<Vec<Placement>> {
        let key = |row: &Placement| match order {
            Order::Gone => row.gone,
            Order::Born => row.is_live().then_some(row.born),
            Order::Changed => row.is_live().then_some(row.changed),
            Order::Moved => Some(row.gone.unwrap_or(row.changed)),
        };
        let mut found: Vec<_> = self
            .rows
            .values()
            .filter_map(|row| Some((key(row)?, row)))
            .filter(|(key, _)| *key > span.after && *key <= span.upto)
            .collect();
        found.sort_by_key(|(key, _)| *key);
        found.truncate(span.limit);
        *self.read.lock().expect("a lock") += found.len();
        Ok(found.into_iter().map(|(_, row)| row.clone()).collect())
    }
}
