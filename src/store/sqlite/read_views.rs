//! Reads about views.

use rusqlite::params;

use super::{
    read::Reader,
    read_items::{FROM, HEAD, card},
};
use crate::domain::{
    id::{CollectionId, DeviceId, ItemId, PersonId, PlacementId, Seq},
    item::Card,
    store::Version,
    view::View,
};

/// Reads of [`Store`](crate::domain::store::Store) under the same names, described there.
impl Reader<'_> {
    /// Where the rows of a collection are; views and lists of members have tables of their own.
    pub(super) fn from(&self, collection: CollectionId) -> rusqlite::Result<&'static str> {
        let kind = self.one(
            "SELECT kind FROM collection WHERE id = ?1",
            [collection.0],
            |row| row.get::<_, String>(0),
        )?;
        Ok(match kind.as_deref() {
            Some("view") => "FROM view_placement p JOIN item i ON i.id = p.item",
            Some("members") => "FROM member_card p JOIN member_card i ON i.key = p.key",
            _ => FROM,
        })
    }

    pub fn view(&self, person: PersonId, segment: &str) -> rusqlite::Result<Option<View>> {
        let found = self.one(
            "SELECT id FROM collection WHERE person = ?1 AND segment = ?2 AND kind = 'view'",
            params![person.0, segment],
            |row| row.get::<_, i64>(0),
        )?;
        let Some(view) = found else { return Ok(None) };
        let sources: Vec<(i64, bool)> = self.all(
            "SELECT s.source, s.caught_up >= c.seq FROM view_source s
             JOIN collection c ON c.id = s.source WHERE s.view = ?1",
            [view],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(Some(View {
            collection: CollectionId(view),
            is_level: sources.iter().all(|(_, is_level)| *is_level),
            sources: sources
                .into_iter()
                .map(|(source, _)| CollectionId(source))
                .collect(),
        }))
    }

    pub fn held_in(
        &self,
        view: CollectionId,
        ids: &[String],
    ) -> rusqlite::Result<Vec<(String, Vec<CollectionId>)>> {
        let mut held = Vec::new();
        for id in ids {
            let within = self.one(
                "SELECT within FROM view_placement WHERE server_id = ?1 AND collection = ?2",
                params![id, view.0],
                |row| row.get::<_, String>(0),
            )?;
            if let Some(within) = within {
                let books = within.split(' ').filter_map(|book| book.parse().ok());
                held.push((id.clone(), books.map(CollectionId).collect()));
            }
        }
        Ok(held)
    }

    pub fn in_view(&self, view: CollectionId, item: ItemId) -> rusqlite::Result<Option<Card>> {
        let from = self.from(view)?;
        let sql = format!(
            "SELECT {HEAD}, i.document {from}
             WHERE p.collection = ?1 AND p.item = ?2 AND p.gone IS NULL"
        );
        self.one(&sql, params![view.0, item.0], card)
    }

    pub fn version_in_view(
        &self,
        row: PlacementId,
        seq: Seq,
        device: Option<DeviceId>,
    ) -> rusqlite::Result<Option<Version>> {
        let shown = self.one(
            "SELECT placement, shown FROM view_version
             WHERE row = ?1 AND (seq <= ?2 OR writer = ?3) ORDER BY seq DESC LIMIT 1",
            params![row.0, seq.0, device.map(|device| device.0)],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        )?;
        let Some((placement, seq)) = shown else {
            return Ok(None);
        };
        let version = self.version_at(PlacementId(placement), Seq(seq), None)?;
        // Only that very version: one before it was never shown.
        let is_kept = self.one(
            "SELECT 1 FROM placement WHERE id = ?1 AND changed = ?2 AND gone IS NULL
             UNION ALL SELECT 1 FROM revision_place WHERE placement = ?1 AND seq = ?2 LIMIT 1",
            [placement, seq],
            |_| Ok(()),
        )?;
        Ok(version.filter(|_| is_kept.is_some()))
    }

    pub fn placed(
        &self,
        item: ItemId,
        collections: &[CollectionId],
    ) -> rusqlite::Result<Vec<Card>> {
        let sql = format!("SELECT {HEAD}, i.document {FROM} WHERE p.item = ?1 AND p.gone IS NULL");
        let mut cards = self.all(&sql, [item.0], card)?;
        let at = |card: &Card| {
            let collection = card.placement.collection;
            collections.iter().position(|known| *known == collection)
        };
        cards.retain(|card| at(card).is_some());
        cards.sort_by_key(at);
        Ok(cards)
    }
}
