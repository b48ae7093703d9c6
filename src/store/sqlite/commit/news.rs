//! News that are no longer so: what is not shared or granted any more, and places a person reads no
//! more.

use rusqlite::params;

use super::{Applied, Commit};
use crate::domain::id::{CollectionId, PersonId};

/// A placement `p` that a notice of sharing `n` counts or counted.
const COUNTED: &str = "placement p JOIN person a ON a.id = p.placed_by AND a.name = n.client
    WHERE p.collection = n.collection AND p.came_from IS NOT NULL
        AND p.placed_at BETWEEN n.since AND n.at";

/// Items that the person of a notice of grants `n` may modify.
const GRANTED: &str = "grant_item g JOIN placement p ON p.item = g.item
        AND p.collection = g.collection AND p.gone IS NULL
    WHERE g.collection = n.collection AND g.person IN (0, n.person)";

impl Commit<'_> {
    /// What is gone from groups, or is granted no more, is told of no more.
    pub(super) fn take_news_back(&mut self) -> Applied<()> {
        for (collection, gone) in std::mem::take(&mut self.untold) {
            let is_told = self
                .connection
                .prepare_cached(
                    "SELECT 1 FROM notice WHERE collection = ?1 AND kind IN ('shared', 'granted')
                         AND settled IS NULL",
                )?
                .exists([collection])?;
            if is_told {
                self.take_shared_back(collection, &gone)?;
                self.take_granted_back(collection)?;
            }
        }
        Ok(())
    }

    fn take_shared_back(&self, collection: i64, gone: &[i64]) -> Applied<()> {
        let gone: Vec<String> = gone.iter().map(i64::to_string).collect();
        let gone = format!("[{}]", gone.join(","));
        // What only came under another name is there still.
        self.run(
            &format!(
                "UPDATE notice AS n SET number = number - (SELECT count(*) FROM {COUNTED}
                     AND p.id IN (SELECT value FROM json_each(?2)) AND p.gone IS NOT NULL
                     AND NOT EXISTS (SELECT 1 FROM placement o WHERE o.item = p.item
                         AND o.collection = p.collection AND o.gone IS NULL))
                 WHERE n.collection = ?1 AND n.kind = 'shared' AND n.settled IS NULL"
            ),
            params![collection, gone],
        )?;
        self.run(
            "DELETE FROM notice WHERE collection = ?1 AND kind = 'shared' AND settled IS NULL
                 AND number < 1",
            [collection],
        )?;
        // Of several, the one that is left is named.
        self.run(
            &format!(
                "UPDATE notice AS n SET item = coalesce((SELECT p.item FROM {COUNTED}
                     AND p.gone IS NULL ORDER BY p.id DESC LIMIT 1), item)
                 WHERE n.collection = ?1 AND n.kind = 'shared' AND n.settled IS NULL
                     AND n.number = 1 AND NOT EXISTS (SELECT 1 FROM placement o
                         WHERE o.item = n.item AND o.collection = ?1 AND o.gone IS NULL)"
            ),
            [collection],
        )?;
        self.name_news(collection, "shared")
    }

    /// A person is told of no more grants than they have.
    fn take_granted_back(&self, collection: i64) -> Applied<()> {
        self.run(
            &format!(
                "DELETE FROM notice AS n WHERE n.collection = ?1 AND n.kind = 'granted'
                     AND n.settled IS NULL AND NOT EXISTS (SELECT 1 FROM {GRANTED}
                         AND (n.number > 1 OR g.item = n.item))"
            ),
            [collection],
        )?;
        self.run(
            &format!(
                "UPDATE notice AS n SET
                     number = min(number, (SELECT count(DISTINCT g.item) FROM {GRANTED})),
                     item = coalesce((SELECT CASE count(DISTINCT g.item) WHEN 1 THEN min(g.item) END
                         FROM {GRANTED}), item)
                 WHERE n.collection = ?1 AND n.kind = 'granted' AND n.settled IS NULL
                     AND n.number > 1"
            ),
            [collection],
        )?;
        self.name_news(collection, "granted")
    }

    /// News of one item say its name.
    fn name_news(&self, collection: i64, kind: &str) -> Applied<()> {
        self.run(
            "UPDATE notice AS n SET subject = (SELECT i.display FROM item i WHERE i.id = n.item)
             WHERE n.collection = ?1 AND n.kind = ?2 AND n.settled IS NULL AND n.number = 1
                 AND EXISTS (SELECT 1 FROM item i WHERE i.id = n.item)",
            params![collection, kind],
        )?;
        Ok(())
    }

    /// Who may not read a place any more is told nothing more of it, nor anybody that they are there.
    pub(super) fn forget_news(&self, place: CollectionId, person: PersonId) -> Applied<()> {
        self.run(
            "DELETE FROM notice WHERE collection = ?1 AND person = ?2
                 AND kind IN ('shared', 'granted', 'added', 'joined')
                 AND (settled IS NULL OR mailed = 0)",
            params![place.0, person.0],
        )?;
        self.run(
            "DELETE FROM notice WHERE collection = ?1 AND kind = 'joined'
                 AND (settled IS NULL OR mailed = 0)
                 AND client = (SELECT name FROM person WHERE id = ?2)",
            params![place.0, person.0],
        )?;
        Ok(())
    }
}
