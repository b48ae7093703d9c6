//! Documents attached to contacts. The link belongs to the contact and needs *Modify* on it; the
//! document keeps its own rights.

use super::{
    batch::Op,
    book::Book,
    document::DocumentOp,
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
    /// Number of documents that are not shared with the person.
    pub closed: usize,
}

impl Book {
    /// The documents attached to a contact of this book.
    pub async fn attached(&self, contact: &Placement) -> Result<Attached> {
        let mut open = Vec::new();
        let mut closed = 0;
        for link in self.core().store().attachments(contact.item).await? {
            match self.core().open_item(self.actor(), link.document).await? {
                Some(found) => open.push(found),
                // What is in the trash everywhere is nobody's to open.
                None if link.live => closed += 1,
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
            book.link(contact, document, true).await
        })
        .await
    }

    /// Removes the link; the document stays in its folder. Needs *Modify* on the contact.
    pub async fn detach(&self, contact: &Placement, document: ItemId) -> Result<()> {
        self.decided(|book| async move { book.link(contact, document, false).await })
            .await
    }

    async fn link(&self, contact: &Placement, document: ItemId, attached: bool) -> Result<()> {
        let contact = self.current(contact).await?.placement;
        self.require(&contact, Right::Modify).await?;
        let op = Op::Document(DocumentOp::Attach {
            contact: contact.item,
            document,
            attached,
        });
        self.core()
            .commit_as(self.actor(), vec![op])
            .await
            .map(drop)
    }

    /// Names of the members of this book's group who could not open a document attached here.
    pub async fn cannot_open(&self, document: ItemId) -> Result<Vec<String>> {
        if self.is_private() {
            return Ok(Vec::new());
        }
        let places = self.core().store().places_of(document).await?;
        let here = places
            .iter()
            .any(|place| place.gone_at.is_none() && place.place == Some(self.collection().place));
        if here {
            return Ok(Vec::new());
        }
        let mut names = Vec::new();
        for member in self.members().await? {
            let mut reads = false;
            for place in places.iter().filter(|place| place.gone_at.is_none()) {
                reads |= match place.place {
                    Some(super::collection::Place::Private(owner)) => owner == member.person,
                    Some(super::collection::Place::Group(group)) => {
                        let members = self.core().store().members(group).await?;
                        members.iter().any(|other| other.person == member.person)
                    }
                    _ => false,
                };
            }
            if !reads {
                names.push(member.name);
            }
        }
        Ok(names)
    }
}
