//! A card without the data about its person.

use uuid::Uuid;

use super::super::{FAVOURITE, parse};
use crate::domain::{
    book::Edit,
    error::{Error, Result},
};

/// What is no data about the person: the card's own lines, and its owner's.
const KEPT: [&str; 9] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "UID",
    "KIND",
    "X-ADDRESSBOOKSERVER-KIND",
    "CATEGORIES",
    FAVOURITE,
];
/// Stands in FN, which every card must have (RFC 6350 §6.2.1).
pub const NAMELESS: &str = "—";

/// Empties every field.
pub struct Erase;

impl Edit for Erase {
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        let card = parse(current.ok_or(Error::NotFound)?)?;
        let card = card.editable(&card.uid().unwrap_or_else(|| Uuid::new_v4().to_string()));
        let mut patch = card.edit();
        for (at, line) in card.lines().iter().enumerate() {
            match line {
                line if line.is("N") => patch.set_raw(at, ";;;;"),
                line if line.is("FN") => patch.set_raw(at, NAMELESS),
                line if KEPT.iter().any(|name| line.is(name)) => {}
                _ => patch.remove(at),
            }
        }
        Ok(patch.finish().as_bytes().to_vec())
    }
}
