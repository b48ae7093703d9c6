//! Documents attached to contacts. The link belongs to the contact and needs *Modify* on it; the
//! document keeps its own rights.

use std::collections::BTreeSet;

use super::{
    batch::Op,
    book::Book,
    collection::Place,
    document::{DocumentOp, Link},
    error::{Error, Result},
    id::ItemId,
    item::{Card, Placement},
    rights::Right,
};

/// Documents attached to one contact, at most.
const MOST: usize = 200;

/// The documents attached to a contact, as far as one person may know of them.
pub struct Attached {
    /// Documents the person may open, each with a folder where they may.
    pub open: Vec<(Book, Card)>,
    /// Documents that are not shared with the person.
    pub closed: Vec<ItemId>,
}

impl Book {
    /// The documents attached to a contact of this book.
    pub async fn attached(&self, contact: &Placement) -> Result<Attached> {
        let mut open = Vec::new();
        let mut closed = Vec::new();
        for link in self.core().store().attachments(contact.item).await? {
            match self.core().open_item(self.actor(), link.document).await? {
                Some(found) => open.push(found),
                // What is in the trash everywhere is nobody's to open.
                None if link.live => closed.push(link.document),
                None => {}
            }
        }
        Ok(Attached { open, closed })
    }

    /// The contacts that a document of this folder is attached to, where the actor may open them.
    pub async fn attached_to(&self, document: &Placement) -> Result<Vec<(Book, Card)>> {
        let mut found = Vec::new();
        for contact in self.core().store().attached_to(document.item).await? {
            found.extend(self.core().open_item(self.actor(), contact).await?);
        }
        Ok(found)
    }

    /// Attaches a document the actor may open to a contact of this book. Needs *Modify* on the
    /// contact.
    pub async fn attach(&self, contact: &Placement, document: ItemId) -> Result<()> {
        let attached = self.core().store().attachments(contact.item).await?;
        if attached.len() >= MOST {
            return Err(Error::OverQuota { limit: MOST as i64 });
        }
        self.decided(|book| async move {
            let found = book.core().open_item(book.actor(), document).await?;
            let (folder, _) = found.ok_or(Error::NotFound)?;
            if !folder.collection().is_folder() {
                return Err(Error::NotFound);
            }
            book.link(contact, document, Link::Attach).await
        })
        .await
    }

    /// Removes the link; the document stays in its folder. Needs *Modify* on the contact.
    pub async fn detach(&self, contact: &Placement, document: ItemId) -> Result<()> {
        self.decided(|book| async move { book.link(contact, document, Link::Detach).await })
            .await
    }

    async fn link(&self, contact: &Placement, document: ItemId, link: Link) -> Result<()> {
        let contact = self.current(contact).await?.placement;
        self.require(&contact, Right::Modify).await?;
        let op = Op::Document(DocumentOp::Link {
            contact: contact.item,
            document,
            link,
        });
        self.core()
            .commit_as(self.actor(), vec![op])
            .await
            .map(drop)
    }

    /// Names of those who see a contact in a group the actor is in, but could not open a document
    /// attached to it.
    pub async fn cannot_open(&self, contact: ItemId, document: ItemId) -> Result<Vec<String>> {
        let store = self.core().store();
        let mut readers = BTreeSet::new();
        for place in store.places_of(document).await? {
            match place.place.filter(|_| place.gone_at.is_none()) {
                Some(Place::Private(owner)) => {
                    readers.insert(owner);
                }
                Some(Place::Group(group)) => {
                    let members = store.members(group).await?;
                    readers.extend(members.into_iter().map(|member| member.person));
                }
                _ => {}
            }
        }
        let mut names = Vec::new();
        for place in store.places_of(contact).await? {
            let shown = place.place.filter(|_| place.gone_at.is_none());
            let Some(Place::Group(group)) = shown.filter(|shown| self.actor().reads(*shown)) else {
                continue;
            };
            for member in store.members(group).await? {
                if readers.insert(member.person) {
                    names.push(member.name);
                }
            }
        }
        Ok(names)
    }
}
