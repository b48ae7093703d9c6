//! Dead properties (RFC 4918 §15): stored exactly as sent, and per person on resources that others
//! see too.

use std::collections::{BTreeMap, HashMap};

use carnet_proto::dav::{name::Name, xml::parse};

use super::Subject;
use crate::{
    dav::{Call, error::Failure},
    domain::{book::Book, id::ItemId, property::PropertyChange},
};

/// Octets of all dead properties of one resource, at most.
pub const MAX_OCTETS: usize = 64 * 1024;

/// Dead properties of one resource, each as the XML it was set with.
#[derive(Clone, Debug, Default)]
pub struct Dead {
    values: BTreeMap<Name, String>,
    octets: usize,
}

impl Dead {
    /// Properties of a resource by its key (see [`key_of`]): the person's own values, and shared
    /// ones of other names.
    pub async fn read(call: &Call, resource: &str) -> Result<Self, Failure> {
        let (core, key) = (&call.face.core, [resource.to_owned()]);
        let mut dead = Self::default();
        for stored in core.properties_of(&call.actor, &key).await? {
            dead.set(name(stored.namespace, stored.name), text(stored.value));
        }
        Ok(dead)
    }

    /// Dead properties of some cards of a book; cards without any are left out.
    pub async fn of_cards(
        call: &Call,
        book: &Book,
        items: &[ItemId],
    ) -> Result<HashMap<ItemId, Self>, Failure> {
        let prefix = format!("{}/", book_key(book));
        let keys: Vec<String> = items.iter().map(|item| of_card(book, *item)).collect();
        let found = call.face.core.properties_of(&call.actor, &keys).await?;
        let mut cards: HashMap<ItemId, Self> = HashMap::new();
        for stored in found {
            let id = stored.resource.strip_prefix(&prefix);
            if let Some(item) = id.and_then(|id| id.parse().ok()) {
                let card = cards.entry(ItemId(item)).or_default();
                card.set(name(stored.namespace, stored.name), text(stored.value));
            }
        }
        Ok(cards)
    }

    /// Octets of all values.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Adds a property or replaces its value.
    pub fn set(&mut self, name: Name, value: String) {
        self.octets += value.len();
        let before = self.values.insert(name, value);
        self.octets -= before.map_or(0, |before| before.len());
    }

    /// Removes a property, if there is one of that name.
    pub fn remove(&mut self, name: &Name) {
        let before = self.values.remove(name);
        self.octets -= before.map_or(0, |before| before.len());
    }

    /// Whether there is a property of that name.
    pub fn has(&self, name: &Name) -> bool {
        self.values.contains_key(name)
    }

    /// Leaves a property out whose text is blank.
    pub fn drop_blank(&mut self, name: &Name) {
        let is_blank =
            |xml: &str| parse(xml.as_bytes()).is_ok_and(|element| element.text().trim().is_empty());
        if self.values.get(name).is_some_and(|xml| is_blank(xml)) {
            self.remove(name);
        }
    }

    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.values.keys()
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.values
            .iter()
            .map(|(name, value)| (name, value.as_str()))
    }

    /// Writes a property; false when there is none of that name.
    pub fn write(&self, name: &Name, out: &mut String) -> bool {
        match self.values.get(name) {
            Some(value) => {
                out.push_str(value);
                true
            }
            None => false,
        }
    }

    /// Writes every property whose name `but` does not match.
    pub fn write_others(&self, but: impl Fn(&Name) -> bool, out: &mut String) {
        for (_, value) in self.values.iter().filter(|(name, _)| !but(name)) {
            out.push_str(value);
        }
    }
}

/// The change that keeps a property's XML under the key of a resource; none removes it.
pub fn set(key: &str, name: &Name, xml: Option<&str>) -> PropertyChange {
    PropertyChange {
        resource: key.to_owned(),
        namespace: name.namespace.to_string(),
        name: name.local.to_string(),
        value: xml.map(|xml| xml.as_bytes().to_vec()),
    }
}

fn name(namespace: String, local: String) -> Name {
    Name {
        namespace: namespace.into(),
        local: local.into(),
    }
}

fn text(value: Vec<u8>) -> String {
    match String::from_utf8(value) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// The key under which properties of a resource are stored; both URLs of a group's book share one.
pub fn key_of(call: &Call, subject: Subject<'_>) -> String {
    match subject {
        Subject::Plain(resource) => resource.href(&call.actor),
        Subject::Book { book, .. } => book_key(book),
    }
}

/// The key under which properties of a book are stored: its UUID, which no renaming changes.
fn book_key(book: &Book) -> String {
    key_of_uuid(&book.collection().uuid)
}

/// [`book_key`] of a book by its UUID.
pub fn key_of_uuid(uuid: &str) -> String {
    format!("book:{uuid}")
}

/// The key under which properties of a card are stored; it survives a rename within the book.
pub fn of_card(book: &Book, item: ItemId) -> String {
    format!("{}/{item}", book_key(book))
}
