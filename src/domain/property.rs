//! What clients keep with a resource: the name and description of a book, and properties of theirs,
//! kept as they were sent.

use super::{
    actor::Actor,
    batch::{BookOp, Op},
    book::Book,
    core::Core,
    error::{Error, Result},
    item::random_id,
    rights::Right,
    store::StoredProperty,
};

/// A property to set on a resource, or to remove from it.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyChange {
    /// The stable key of the resource.
    pub resource: String,
    pub namespace: String,
    pub name: String,
    /// None removes it.
    pub value: Option<Vec<u8>>,
}

/// A change of a book's name or description; what is none stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Description {
    pub display_name: Option<String>,
    pub description: Option<String>,
}

/// A further private book to be made.
#[derive(Clone, Debug)]
pub struct NewBook {
    /// Its permanent identifier, by which its properties are kept.
    pub uuid: String,
    /// The last segment of its URL.
    pub segment: String,
    pub display_name: String,
    pub description: String,
    pub properties: Vec<PropertyChange>,
}

impl NewBook {
    /// A book of this segment, which is its name too.
    pub fn under(segment: &str) -> Self {
        Self {
            uuid: random_id(16),
            segment: segment.to_owned(),
            display_name: segment.to_owned(),
            description: String::new(),
            properties: Vec::new(),
        }
    }
}

impl Core {
    /// Properties that clients stored on some resources, in the order asked; of one resource, shared
    /// values come first, and the actor's own stand for those of their names.
    pub async fn properties_of(
        &self,
        actor: &Actor,
        resources: &[String],
    ) -> Result<Vec<StoredProperty>> {
        self.store().properties_of(actor.person, resources).await
    }

    /// Sets and removes properties, all or none. They are the actor's own, on what others see too.
    pub async fn set_properties(
        &self,
        actor: &Actor,
        properties: Vec<PropertyChange>,
    ) -> Result<()> {
        let ops = set(actor, properties).collect();
        self.commit_personal(actor, ops).await.map(drop)
    }
}

impl Book {
    /// Whether [`Book::describe`] is allowed: the book is the actor's own, and no view.
    pub fn is_describable(&self) -> bool {
        self.is_private() && !self.is_view()
    }

    /// Changes name and description, and sets properties, all or none. `Forbidden` for a book that
    /// is not the actor's own.
    pub async fn describe(
        &self,
        change: Description,
        properties: Vec<PropertyChange>,
    ) -> Result<()> {
        if !self.is_describable() {
            let right = Right::Administer;
            return Err(Error::Forbidden { right });
        }
        let mut ops: Vec<Op> = set(self.actor(), properties).collect();
        if change != Description::default() {
            ops.push(Op::Book(BookOp::ChangeBook {
                collection: self.collection().id,
                display_name: change.display_name,
                description: change.description,
            }));
        }
        self.core()
            .commit_personal(self.actor(), ops)
            .await
            .map(drop)
    }
}

pub(super) fn set(actor: &Actor, properties: Vec<PropertyChange>) -> impl Iterator<Item = Op> {
    properties.into_iter().map(|property| {
        Op::Book(BookOp::SetProperty {
            person: Some(actor.person),
            resource: property.resource,
            namespace: property.namespace,
            name: property.name,
            value: property.value,
        })
    })
}
