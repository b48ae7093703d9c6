//! Reads of the administration.

use async_trait::async_trait;
use rusqlite::Row;

use super::{Sqlite, read::Reader};
use crate::domain::{
    account_class::AccountClass,
    error::Result,
    id::{GroupId, PersonId, Timestamp},
    label::{CARDDAV, EAS},
    office::failure::{Failure, Why},
    office::store::{AuditLine, Census, GroupCounts, OfficeStore, PersonCounts},
};

#[async_trait]
impl OfficeStore for Sqlite {
    async fn account_classes(&self) -> Result<Vec<AccountClass>> {
        self.read(|r| r.account_classes()).await
    }

    async fn office_value(&self, name: &str) -> Result<Option<String>> {
        let name = name.to_owned();
        self.look_up(move |r| {
            r.one("SELECT value FROM office WHERE name = ?1", [name], |row| {
                row.get(0)
            })
        })
        .await
    }

    async fn audit(&self, before: i64, limit: usize) -> Result<Vec<AuditLine>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(move |r| r.audit(before, limit)).await
    }

    async fn failures(&self) -> Result<Vec<Failure>> {
        self.read(|r| r.failures()).await
    }

    async fn person_counts(&self) -> Result<Vec<PersonCounts>> {
        self.read(|r| r.person_counts()).await
    }

    async fn group_counts(&self) -> Result<Vec<GroupCounts>> {
        self.read(|r| r.group_counts()).await
    }

    async fn census(&self) -> Result<Census> {
        self.read(|r| r.census()).await
    }

    async fn octets_stored(&self) -> Result<i64> {
        self.read(|r| r.octets_stored()).await
    }
}

impl Reader<'_> {
    fn census(&self) -> rusqlite::Result<Census> {
        let number = |sql: &str| {
            self.connection
                .query_row(sql, [], |row| row.get::<_, i64>(0))
        };
        let by_name = |sql: &str| self.all(sql, [], |row| Ok((row.get(0)?, row.get(1)?)));
        Ok(Census {
            people: number("SELECT count(*) FROM person")?,
            groups: number("SELECT count(*) FROM grp")?,
            devices: by_name("SELECT access, count(*) FROM device GROUP BY access")?,
            clients: by_name(&format!(
                "SELECT CASE WHEN label LIKE '{EAS}%' THEN 'eas'
                     WHEN label LIKE '{CARDDAV}%' THEN 'carddav' ELSE 'other' END AS protocol,
                     count(*) FROM client GROUP BY protocol"
            ))?,
            outbox: by_name("SELECT state, count(*) FROM outbox GROUP BY state")?,
            octets: self.octets_stored()?,
            document_octets: number("SELECT coalesce(sum(octets), 0) FROM blob")?,
        })
    }

    fn octets_stored(&self) -> rusqlite::Result<i64> {
        let number = |name| {
            self.connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        Ok(number("page_count")? * number("page_size")?)
    }

    fn account_classes(&self) -> rusqlite::Result<Vec<AccountClass>> {
        self.all(
            "SELECT name, contacts, devices, eas, carddav, sms, fax, documents, photo, import_size
             FROM account_class ORDER BY name",
            [],
            |row| class_at(row, 0),
        )
    }

    fn audit(&self, before: i64, limit: i64) -> rusqlite::Result<Vec<AuditLine>> {
        self.all(
            "SELECT id, at, login, client, what FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
            [before, limit],
            |row| {
                Ok(AuditLine {
                    id: row.get(0)?,
                    at: Timestamp(row.get(1)?),
                    who: row.get(2)?,
                    client: row.get(3)?,
                    what: row.get(4)?,
                })
            },
        )
    }

    fn failures(&self) -> rusqlite::Result<Vec<Failure>> {
        let rows = self.all(
            "SELECT login, peer, why, at, times FROM sign_in_failure ORDER BY at DESC",
            [],
            |row| {
                let (peer, why): (String, String) = (row.get(1)?, row.get(2)?);
                let read = peer.parse().ok().zip(Why::parse(&why));
                let (login, at, times) = (row.get(0)?, Timestamp(row.get(3)?), row.get(4)?);
                Ok(read.map(|(peer, why)| Failure {
                    at,
                    login,
                    peer,
                    why,
                    times,
                }))
            },
        )?;
        Ok(rows.into_iter().flatten().collect())
    }

    fn person_counts(&self) -> rusqlite::Result<Vec<PersonCounts>> {
        self.all(
            "SELECT p.id,
                 (SELECT coalesce(sum(c.live), 0) FROM collection c
                  WHERE c.person = p.id AND c.kind = 'private' AND c.class = 'contact'),
                 (SELECT count(*) FROM device d WHERE d.person = p.id),
                 nullif(max(
                     coalesce((SELECT max(last_seen) FROM device d WHERE d.person = p.id), 0),
                     coalesce((SELECT max(last_seen) FROM client k WHERE k.person = p.id), 0),
                     coalesce((SELECT max(seen) FROM session s WHERE s.person = p.id), 0)), 0)
             FROM person p",
            [],
            |row| {
                Ok(PersonCounts {
                    person: PersonId(row.get(0)?),
                    contacts: row.get(1)?,
                    devices: row.get(2)?,
                    last_seen: row.get::<_, Option<i64>>(3)?.map(Timestamp),
                })
            },
        )
    }

    fn group_counts(&self) -> rusqlite::Result<Vec<GroupCounts>> {
        self.all(
            "SELECT g.id,
                 coalesce((SELECT p.login FROM membership m JOIN person p ON p.id = m.person
                           WHERE m.grp = g.id AND m.role = 'admin'), ''),
                 (SELECT count(*) FROM membership m WHERE m.grp = g.id),
                 (SELECT coalesce(sum(c.live), 0) FROM collection c
                  WHERE c.grp = g.id AND c.kind = 'group' AND c.class = 'contact')
             FROM grp g",
            [],
            |row| {
                Ok(GroupCounts {
                    group: GroupId(row.get(0)?),
                    admin: row.get(1)?,
                    members: row.get(2)?,
                    contacts: row.get(3)?,
                })
            },
        )
    }
}

/// Reads `name, contacts, devices, eas, carddav, sms, fax, documents, photo, import_size`; a class
/// without a row is everybody's.
pub(super) fn class_at(row: &Row<'_>, at: usize) -> rusqlite::Result<AccountClass> {
    let Some(name) = row.get::<_, Option<String>>(at)? else {
        return Ok(AccountClass::default());
    };
    Ok(AccountClass {
        name,
        contacts: row.get(at + 1)?,
        devices: row.get(at + 2)?,
        eas: row.get(at + 3)?,
        carddav: row.get(at + 4)?,
        sms: row.get(at + 5)?,
        fax: row.get(at + 6)?,
        documents: row.get(at + 7)?,
        photo: row.get(at + 8)?,
        import_size: row.get(at + 9)?,
    })
}
