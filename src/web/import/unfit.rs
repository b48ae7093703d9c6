//! The reasons why a file cannot be imported, in words.

use http::StatusCode;

use super::MEGA;
use crate::{
    domain::error::Error,
    text::{fill, transfer::Transfer},
    transfer::{Bound, Damaged, Limits, Refused},
    web::{request::Visit, told::Told},
};

/// Why a file was not taken.
pub enum Unfit {
    Error(Error),
    Refused(Refused),
    Stale,
    Nothing,
    TooLarge,
    Mixed,
}

impl Unfit {
    /// Why a part of the form was not read.
    pub fn of(error: Error) -> Self {
        match error {
            Error::TooLarge { .. } => Unfit::TooLarge,
            error => Unfit::Error(error),
        }
    }

    /// The message for the page that the file was sent from.
    pub fn told(&self, visit: &Visit, limits: Limits) -> Told {
        let x = visit.text.transfer;
        let (status, sentence) = match self {
            Unfit::Error(Error::NotFound) => (StatusCode::NOT_FOUND, x.file_gone),
            Unfit::Error(error) => return Told::refused(error, visit),
            Unfit::Refused(refused) => {
                let sentence = refused_because(refused, limits, x);
                return Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, sentence);
            }
            Unfit::Stale => (StatusCode::FORBIDDEN, visit.text.stale_form),
            Unfit::Nothing => (StatusCode::UNPROCESSABLE_ENTITY, x.nothing_chosen),
            Unfit::TooLarge => {
                let sentence = fill(x.file_too_large, &[&(limits.octets / MEGA)]);
                return Told::Refused(StatusCode::PAYLOAD_TOO_LARGE, sentence);
            }
            Unfit::Mixed => (StatusCode::UNPROCESSABLE_ENTITY, x.only_cards_together),
        };
        Told::Refused(status, sentence.to_owned())
    }
}

fn refused_because(refused: &Refused, limits: Limits, x: &Transfer) -> String {
    let sentence = match refused {
        Refused::Empty => x.refused_empty,
        Refused::Spreadsheet => x.refused_spreadsheet,
        Refused::Document => x.refused_document,
        Refused::Unknown | Refused::NoColumn => x.refused_unknown,
        Refused::Compressed => x.refused_compressed,
        Refused::Binary => x.refused_binary,
        Refused::Markup => x.refused_markup,
        Refused::NoCard => x.refused_no_card,
        Refused::TooLarge(Bound::Columns) => x.bound_columns,
        Refused::TooLarge(Bound::Cell) => x.bound_cell,
        Refused::TooLarge(Bound::Rows) => x.bound_rows,
        Refused::TooLarge(Bound::Members) => x.bound_members,
        Refused::TooLarge(Bound::Inflated) => x.bound_inflated,
        Refused::TooLarge(Bound::Contacts) => {
            return fill(x.bound_contacts, &[&limits.contacts]);
        }
        Refused::Damaged(Damaged::Archive) => x.refused_archive,
        Refused::Damaged(Damaged::Table) => x.refused_table,
    };
    sentence.to_owned()
}
