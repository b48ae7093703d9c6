//! Views: several books of a person shown to a device as one.
//!
//! A view is a collection with rows, sequences and ids of its own. It is brought level with its
//! books before it is read, and in the very transaction of a device's writes; from then on rounds
//! run on it as on any collection.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    batch::{Batch, Op, ViewOp},
    book::Book,
    collection::{Collection, Place},
    core::Core,
    error::{Error, Result},
    id::{CollectionId, ItemId},
    item::{Card, digest},
    rights::Right,
};

/// How a device is shown contacts folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every book as a folder of its own.
    Folders,
    /// One folder with what is in all books.
    Merged,
    /// The default private book, nothing else.
    OwnOnly,
}

/// How one device is shown contacts, as its owner chose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    /// The mode chosen; none: the one that suits the kind of client.
    pub mode: Option<Mode>,
    /// UUIDs of the books that the device is not shown.
    pub hidden: Vec<String>,
}

impl Shown {
    /// Name of the device value it is kept under.
    pub const VALUE: &'static str = "shown";
}

impl Mode {
    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Folders => "folders",
            Mode::Merged => "merged",
            Mode::OwnOnly => "own-only",
        }
    }

    /// Reads what [`Mode::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Mode::Folders, Mode::Merged, Mode::OwnOnly]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

/// The books that a view shows, the default private one first.
pub(super) struct Union {
    pub books: Vec<Book>,
}

impl Union {
    /// The book that new items go to.
    pub fn own(&self) -> &Book {
        &self.books[0]
    }

    /// The names a device sees as categories: those of every book but its own.
    pub fn labels(&self) -> HashMap<CollectionId, String> {
        self.books[1..]
            .iter()
            .map(|book| book.collection())
            .map(|collection| (collection.id, collection.shown_name().to_owned()))
            .collect()
    }
}

/// An item in a book that shows it, where a command on it acts.
pub(super) struct Held {
    pub book: Book,
    pub card: Card,
    /// Other books of the view hold the item too.
    pub elsewhere: bool,
}

/// Where an item may be changed or removed.
pub(super) enum Found {
    /// In the first book that grants the right.
    Allowed(Held),
    /// In books that do not grant it; the first of them.
    Refused(Held),
    Nowhere,
}

impl Union {
    /// The item in each of the books that hold it.
    pub async fn held(&self, item: ItemId) -> Result<Vec<Held>> {
        let ids: Vec<_> = self.books.iter().map(|book| book.collection().id).collect();
        let store = self.own().core().store();
        let cards = store.placed(item, &ids).await?;
        let elsewhere = cards.len() > 1;
        let held = |card: Card| {
            let here = |book: &&Book| book.collection().id == card.placement.collection;
            Some(Held {
                book: self.books.iter().find(here)?.clone(),
                card,
                elsewhere,
            })
        };
        Ok(cards.into_iter().filter_map(held).collect())
    }
}

impl Found {
    /// The first of some places of an item that grants a right.
    pub async fn among(held: Vec<Held>, right: Right) -> Result<Self> {
        let mut refused = None;
        for held in held {
            let facts = held.book.facts(&held.card.placement).await?;
            if held.book.allows(&facts, right) {
                return Ok(Self::Allowed(held));
            }
            refused = refused.or(Some(held));
        }
        Ok(refused.map_or(Self::Nowhere, Self::Refused))
    }
}

impl Core {
    /// Opens the view of a person's books, without the hidden ones, up to date with them.
    ///
    /// It stays the same collection while books are added and removed. Another set of hidden books
    /// is another view, so that devices start over.
    pub async fn open_view(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        hidden: &[String],
    ) -> Result<Book> {
        let mut hidden = hidden.to_vec();
        // What a credential hides makes another view: others of the person stay as they are.
        let books = self.store().books(actor.person).await?;
        let unseen = books.into_iter().filter(|book| !actor.reads(book.place));
        hidden.extend(unseen.map(|book| book.uuid));
        hidden.sort();
        hidden.dedup();
        let segment = if hidden.is_empty() {
            "merged".to_owned()
        } else {
            digest(hidden.join(" ").as_bytes())[..16].to_owned()
        };
        let union = self.union(actor, &hidden).await?;
        let wanted: Vec<CollectionId> = union.books.iter().map(|b| b.collection().id).collect();
        if let Some(view) = self.store().view(actor.person, &segment).await?
            && view.is_level
            && same(&view.sources, &wanted)
        {
            return self.open(actor, view.collection).await;
        }
        let catch_up = Op::View(ViewOp::CatchUp {
            owner: actor.person,
            segment,
            description: hidden.join(" "),
            sources: wanted,
        });
        // Flushed: a token a client was given counts on its sequences.
        let batch = Batch::by(actor, vec![catch_up]).decided(actor);
        let committed = self.commit(batch).await?;
        self.open(actor, committed.row()?).await
    }

    /// Opens a view again, up to date with its books.
    pub(super) async fn reopen(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        collection: &Collection,
    ) -> Result<Book> {
        match collection.place {
            Place::View(_) => self.open_view(actor, &hidden_of(collection)).await,
            _ => self.open(actor, collection.id).await,
        }
    }

    /// The books of a view; none for any other collection.
    pub(super) async fn union_of(self: &Arc<Self>, view: &Book) -> Result<Option<Union>> {
        match view.collection().place {
            Place::View(_) => {
                let hidden = hidden_of(view.collection());
                self.union(view.actor(), &hidden).await.map(Some)
            }
            _ => Ok(None),
        }
    }

    async fn union(self: &Arc<Self>, actor: &Arc<Actor>, hidden: &[String]) -> Result<Union> {
        let mut books = self.books(actor).await?;
        books.retain(|book| {
            let collection = book.collection();
            collection.is_default() || !hidden.contains(&collection.uuid)
        });
        books.sort_by_key(|book| !book.collection().is_default());
        if books
            .first()
            .is_some_and(|book| book.collection().is_default())
        {
            Ok(Union { books })
        } else {
            Err(Error::NotFound)
        }
    }
}

/// A view as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct View {
    pub collection: CollectionId,
    pub sources: Vec<CollectionId>,
    /// Nothing changed in its books since it was brought up to date.
    pub is_level: bool,
}

fn hidden_of(view: &Collection) -> Vec<String> {
    view.description
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

fn same(one: &[CollectionId], other: &[CollectionId]) -> bool {
    one.len() == other.len() && one.iter().all(|id| other.contains(id))
}
