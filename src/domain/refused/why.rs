//! Why a write was refused.

use serde::{Deserialize, Serialize};

use crate::domain::{
    error::{Error, Result},
    json,
    rights::Right,
};

/// Why a write was refused; each page says it in its reader's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "kebab-case")]
pub enum Why {
    /// Its author may not add contacts here.
    Adding,
    /// Its author may not modify the contact.
    Modifying,
    /// The contact, or the list, had changed since its author saw it.
    ChangedMeanwhile,
    /// Others had changed the same fields.
    SameFields,
    /// The contact had been removed.
    RemovedMeanwhile,
    /// The device had to start over: what its edit was made of is not known.
    StartedOver,
    BookFull,
    /// The author lost the book.
    BookGone,
    /// Another contact of the book has the same UID.
    UidTaken,
    /// It, or its picture, has more octets than may be stored.
    TooLarge {
        limit: usize,
    },
    /// No item can be made of it.
    Unfit,
    /// The list of a group names the members, and nobody writes it.
    ListOfGroup,
    /// The name of a tag never changes.
    TagName,
    /// Neither a contact nor a list.
    ContactsOnly {
        place: String,
    },
    /// A note in rich text.
    PlainNotes {
        place: String,
    },
    /// A message to be sent as mail.
    NoMail,
    /// In the words of an earlier version.
    #[serde(skip)]
    Earlier(String),
}

impl Why {
    /// Content for which a right is lacking.
    pub fn lacking(right: Right) -> Self {
        match right {
            Right::Add => Self::Adding,
            _ => Self::Modifying,
        }
    }

    /// Content that an error says cannot be stored.
    pub fn unfit(error: &Error) -> Self {
        match error {
            Error::TooLarge { limit } => Self::TooLarge { limit: *limit },
            _ => Self::Unfit,
        }
    }

    /// As it is stored.
    pub fn stored(&self) -> Result<String> {
        match self {
            Self::Earlier(words) => Ok(words.clone()),
            known => json::text(known),
        }
    }

    /// Reads what [`Why::stored`] wrote, or an earlier version.
    pub fn of(stored: &str) -> Self {
        serde_json::from_str(stored).unwrap_or_else(|_| Self::Earlier(stored.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read_as_they_were_stored() {
        let place = "Contacts".to_owned();
        for why in [
            Why::Adding,
            Why::TooLarge { limit: 1024 },
            Why::ContactsOnly { place },
            Why::Earlier("the book is full".to_owned()),
        ] {
            assert_eq!(Why::of(&why.stored().expect("stored")), why);
        }
        assert_eq!(Why::of(""), Why::Earlier(String::new()));
    }
}
