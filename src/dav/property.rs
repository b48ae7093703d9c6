//! Properties clients store: kept exactly, per person where the resource is shared.

use carnet_proto::dav::name::Name;

use super::{Call, error::Failure, resource::Subject};

/// Stored properties of one resource.
#[derive(Debug, Default)]
pub struct Stored(Vec<(Name, String)>);

impl Stored {
    pub async fn read(call: &Call, resource: &str) -> Result<Self, Failure> {
        let found = call
            .face
            .core
            .store()
            .properties(call.actor.person, resource)
            .await?;
        Ok(Self(
            found
                .into_iter()
                .map(|(namespace, local, value)| {
                    let name = Name {
                        namespace: namespace.into(),
                        local: local.into(),
                    };
                    (name, String::from_utf8_lossy(&value).into_owned())
                })
                .collect(),
        ))
    }

    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().map(|(name, _)| name)
    }

    /// Writes a property; false when it is not stored.
    pub fn write(&self, name: &Name, out: &mut String) -> bool {
        match self.0.iter().find(|(known, _)| known == name) {
            Some((_, value)) => {
                out.push_str(value);
                true
            }
            None => false,
        }
    }

    pub fn write_all(&self, out: &mut String) {
        for (_, value) in &self.0 {
            out.push_str(value);
        }
    }
}

/// The stable key properties are stored under: a move of the resource keeps them.
pub fn key_of(call: &Call, subject: &Subject<'_>) -> String {
    match subject {
        Subject::Plain(resource) => resource.href(&call.actor),
        Subject::Book { book, .. } => format!("book:{}", book.collection().uuid),
        Subject::Card { card, .. } => format!("card:{}", card.placement.server_id),
    }
}
