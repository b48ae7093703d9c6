//! Likeness: the data two contacts have in common, by which duplicates are found.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher as _},
};

use super::{
    book::Book,
    error::Result,
    id::{PlacementId, Seq},
    item::without_urn,
    search::token::fold,
};

/// Identities of a book read at once.
const PAGE: usize = 5_000;
/// A name or address that more share identifies nobody.
const SHARED: usize = 8;

/// Something two contacts may have in common, folded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Key {
    /// As [`bare_uid`] writes it.
    Uid(String),
    Name(String),
    Email(String),
    /// The last nine digits.
    Number(String),
    Mobile(String),
}

impl Key {
    /// The key of a UID, however it is written.
    pub fn uid(uid: &str) -> Self {
        Key::Uid(bare_uid(uid))
    }

    /// The key of a field of the index; none when the value identifies nobody.
    pub fn of(field: &str, text: &str) -> Option<Self> {
        let digits = || {
            let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
            let start = digits.len().saturating_sub(9);
            (digits.len() >= 6).then(|| digits[start..].iter().collect::<String>())
        };
        let folded = || {
            let folded = fold(text);
            let words: Vec<&str> = folded.split_whitespace().collect();
            (!words.is_empty()).then(|| words.join(" "))
        };
        match field {
            "uid" | "other-uid" => Some(Key::uid(text)),
            "name" => folded().map(Key::Name),
            "email" => folded().filter(|text| text.contains('@')).map(Key::Email),
            "tel" => digits().map(Key::Number),
            "mobile" => digits().map(Key::Mobile),
            _ => None,
        }
    }
}

/// A UID as it is compared between contacts of different origin: bare, in small letters.
pub fn bare_uid(uid: &str) -> String {
    without_urn(uid).to_lowercase()
}

/// How alike two contacts are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// An address or a mobile number in common, or the same name alone.
    Possible,
    /// The same UID, or the same name and an address or number in common.
    Certain,
}

/// Who is in a book, by digests of what identifies them: some 16 octets each. `T` tells contacts
/// apart.
#[derive(Clone)]
pub struct Known<T = PlacementId> {
    keys: HashMap<u64, Vec<T>>,
    uids: HashSet<String>,
    /// Up to here the book is known.
    learnt: Seq,
}

/// What two contacts have in common.
#[derive(Clone, Copy, Debug, Default)]
struct Common {
    uid: bool,
    name: bool,
    reach: bool,
    number: bool,
}

impl Common {
    fn likeness(self) -> Option<Likeness> {
        // A number in common makes a same name certain, alone it is a household.
        if self.uid || (self.name && (self.reach || self.number)) {
            return Some(Likeness::Certain);
        }
        (self.name || self.reach).then_some(Likeness::Possible)
    }

    fn count(self) -> usize {
        let all = [self.uid, self.name, self.reach, self.number];
        all.into_iter().filter(|common| *common).count()
    }
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self {
            keys: HashMap::new(),
            uids: HashSet::new(),
            learnt: Seq::default(),
        }
    }
}

impl<T: Copy + Ord + Hash> Known<T> {
    /// Notes one key of a contact. Of the contacts that share a key, the first few are kept.
    pub fn add(&mut self, contact: T, key: &Key) {
        if let Key::Uid(uid) = key {
            self.uids.insert(uid.clone());
        }
        let contacts = self.keys.entry(hash(key)).or_default();
        if contacts.len() < SHARED && !contacts.contains(&contact) {
            contacts.push(contact);
        }
    }

    /// Some contact has this UID, as [`bare_uid`] writes it.
    pub fn has_uid(&self, uid: &str) -> bool {
        self.uids.contains(uid)
    }

    /// The most alike of those known, the first of several, and how alike.
    pub fn find(&self, keys: &[Key]) -> Option<(T, Likeness)> {
        let mut common: HashMap<T, Common> = HashMap::new();
        for key in keys {
            for contact in self.keys.get(&hash(key)).into_iter().flatten() {
                let common = common.entry(*contact).or_default();
                match key {
                    Key::Uid(_) => common.uid = true,
                    Key::Name(_) => common.name = true,
                    Key::Email(_) | Key::Mobile(_) => common.reach = true,
                    Key::Number(_) => common.number = true,
                }
            }
        }
        common
            .into_iter()
            .filter_map(|(contact, common)| {
                let rank = (common.likeness()?, common.count());
                Some((rank, contact))
            })
            .max_by_key(|(rank, contact)| (*rank, Reverse(*contact)))
            .map(|((likeness, _), contact)| (contact, likeness))
    }
}

/// A digest of a key.
pub fn hash(key: &Key) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

impl Book {
    /// Reads who came into the book since the last time.
    pub async fn learn<T>(&self, known: &mut Known<T>) -> Result<()>
    where
        T: Copy + Ord + Hash + From<PlacementId>,
    {
        let collection = self.collection().id;
        loop {
            let store = self.core().store();
            let found = store.identities(collection, known.learnt, PAGE).await?;
            let Some(last) = found.iter().map(|identity| identity.born).max() else {
                return Ok(());
            };
            for identity in found {
                if let Some(key) = Key::of(&identity.field, &identity.value) {
                    known.add(identity.placement.into(), &key);
                }
            }
            known.learnt = last;
        }
    }
}
