//! Accounts as they were last read: every request asks who somebody is and what groups they are in.
//!
//! What is kept holds for one rights revision, which any change of accounts, groups and memberships
//! moves, in this process or another, and for one revision of personal settings; asking for them
//! costs two rows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::read::Reader;
use crate::domain::{actor::Account, collation::sort_key, id::PersonId, principal::Person};

/// Accounts kept at once.
const MAX_KEPT: usize = 20_000;

/// The accounts read at one revision of rights and settings.
#[derive(Default)]
pub struct Accounts(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    /// The revisions of rights and of settings.
    revision: (i64, i64),
    people: HashMap<PersonId, Arc<Account>>,
    /// The people by login or e-mail address, in lower case.
    logins: HashMap<String, PersonId>,
}

impl Accounts {
    /// The account of a person at the present revisions; none for an unknown one.
    pub fn by_id(
        &self,
        reader: &Reader<'_>,
        id: PersonId,
    ) -> rusqlite::Result<Option<Arc<Account>>> {
        let revision = reader.account_revisions()?;
        let kept = self.at(revision, |kept| kept.people.get(&id).cloned());
        if kept.is_some() {
            return Ok(kept);
        }
        let Some(person) = reader.person(id)? else {
            return Ok(None);
        };
        self.read(reader, revision, person, None).map(Some)
    }

    /// `login` is in lower case.
    pub fn by_login(
        &self,
        reader: &Reader<'_>,
        login: &str,
    ) -> rusqlite::Result<Option<Arc<Account>>> {
        let revision = reader.account_revisions()?;
        let kept = self.at(revision, |kept| {
            let id = kept.logins.get(login)?;
            kept.people.get(id).cloned()
        });
        if kept.is_some() {
            return Ok(kept);
        }
        let Some(person) = reader.person_by_login(login)? else {
            return Ok(None);
        };
        self.read(reader, revision, person, Some(login)).map(Some)
    }

    fn read(
        &self,
        reader: &Reader<'_>,
        revision: (i64, i64),
        person: Person,
        login: Option<&str>,
    ) -> rusqlite::Result<Arc<Account>> {
        let mut memberships = reader.memberships(person.id)?;
        memberships.sort_by_cached_key(|own| sort_key(&own.display_name));
        let account = Arc::new(Account {
            revision: revision.0,
            memberships,
            person,
        });
        self.at(revision, |kept| {
            if kept.people.len() >= MAX_KEPT || kept.logins.len() >= MAX_KEPT {
                kept.people.clear();
                kept.logins.clear();
            }
            let id = account.person.id;
            kept.people.insert(id, account.clone());
            if let Some(login) = login {
                kept.logins.insert(login.to_owned(), id);
            }
        });
        Ok(account)
    }

    /// What is kept; emptied first when rights have moved on.
    fn at<T>(&self, revision: (i64, i64), ask: impl FnOnce(&mut Kept) -> T) -> T {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.revision != revision {
            *kept = Kept {
                revision,
                ..Kept::default()
            };
        }
        ask(&mut kept)
    }
}
