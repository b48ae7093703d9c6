//! Different people of one file that have the same UID.

use std::collections::HashMap;

use carnet_proto::vcard::Document;

use super::{Code, Entry, Made, Outcome, Warning, fields::uid_of};
use crate::domain::likeness::{Key, bare_uid, hash};

/// The people of a file so far.
#[derive(Default)]
pub struct Twins {
    /// The people by the digest of their UID in the file.
    seen: HashMap<u64, Vec<Person>>,
}

struct Person {
    /// None: the one of the file.
    uid: Option<String>,
    /// Digests of what else identifies them.
    keys: Vec<u64>,
}

impl Twins {
    /// Gives a contact a UID of its own where somebody else in the file has its UID, with another
    /// name and nothing in common.
    pub fn part(&mut self, entry: &mut Entry) {
        let Outcome::Card(made) = &mut entry.outcome else {
            return;
        };
        let uid = bare_uid(&made.uid);
        let others = made.keys.iter().filter(|key| !matches!(key, Key::Uid(_)));
        let keys: Vec<u64> = others.map(hash).collect();
        let people = self.seen.entry(hash(&Key::uid(&uid))).or_default();
        let common = |person: &&mut Person| person.keys.iter().any(|key| keys.contains(key));
        let own = if let Some(person) = people.iter_mut().find(common) {
            person.keys.extend(&keys);
            person.uid.clone()
        } else {
            // The same at the next import of the file.
            let own = uid_of(format!("{uid}\n{}", made.name).as_bytes());
            let own = (!people.is_empty()).then_some(own);
            people.push(Person {
                uid: own.clone(),
                keys,
            });
            own
        };
        if let Some(own) = own {
            made.rename(&own);
            entry.warnings.push(Warning {
                code: Code::UidShared,
                about: made.name.clone(),
            });
        }
    }
}

impl Made {
    fn rename(&mut self, uid: &str) {
        let Ok(card) = Document::parse(&self.card) else {
            return;
        };
        let mut edit = card.edit();
        let lines = card.lines().iter().enumerate();
        for (at, _) in lines.filter(|(_, line)| line.is("UID")) {
            edit.set_text(at, uid);
        }
        let foreign_picture = self.foreign_picture;
        *self = Self {
            foreign_picture,
            ..Self::new(&edit.finish())
        };
    }
}
