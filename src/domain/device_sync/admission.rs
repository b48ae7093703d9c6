//! The part of adding contacts that depends on their data alone, so that several are parsed at
//! once.

use std::{collections::HashMap, num::NonZero, sync::Arc, thread::available_parallelism};

use super::{Command, SyncCall};
use crate::domain::{
    blocking::blocking,
    book::{Admitted, Book, Edit},
    error::{Error, Result},
    refused::Why,
};

/// Contacts from which on other threads are worth asking.
const MANY: usize = 8;

/// The document that an Add makes, and the outcome of validating it.
pub(super) struct Admission {
    pub(super) bytes: Vec<u8>,
    pub(super) verdict: Verdict,
}

pub(super) enum Verdict {
    Admitted {
        admitted: Box<Admitted>,
        /// [`Edit::alters`], or it names books it does not go to.
        altered: bool,
    },
    /// The document is valid but may not be stored.
    Refused(Why),
    Invalid,
}

/// Adds by their place in the request; none for one that makes no document.
pub(super) type Admissions = HashMap<usize, Option<Admission>>;

/// Validates each Add by itself.
pub(super) async fn admissions(
    home: &Book,
    adds: Vec<(usize, Arc<dyn Edit>)>,
) -> Result<Admissions> {
    if adds.len() < MANY {
        return look_at(home, &adds);
    }
    let threads = available_parallelism().map_or(1, NonZero::get);
    let looks: Vec<_> = adds
        .chunks(adds.len().div_ceil(threads))
        .map(|share| {
            let (home, share) = (home.clone(), share.to_vec());
            blocking(move || look_at(&home, &share))
        })
        .collect();
    let mut all = Admissions::new();
    for look in looks {
        all.extend(look.await??);
    }
    Ok(all)
}

/// How many more items the private book may hold; none when there is no limit.
pub(super) async fn room(home: &Book, call: &SyncCall) -> Result<Option<i64>> {
    let adds = call
        .commands
        .iter()
        .any(|command| matches!(command, Command::Add { .. }));
    if adds {
        Ok(home.room().await?.map(|room| room.left))
    } else {
        Ok(None)
    }
}

fn look_at(home: &Book, adds: &[(usize, Arc<dyn Edit>)]) -> Result<Admissions> {
    adds.iter()
        .map(|(at, edit)| Ok((*at, Admission::of(home, &**edit)?)))
        .collect()
}

impl Admission {
    /// The item, where it may be stored.
    pub(super) fn admitted(&self) -> Option<&Admitted> {
        match &self.verdict {
            Verdict::Admitted { admitted, .. } => Some(admitted),
            Verdict::Refused(_) | Verdict::Invalid => None,
        }
    }

    fn of(home: &Book, edit: &dyn Edit) -> Result<Option<Self>> {
        let bytes = match edit.apply(None) {
            Ok(bytes) => bytes,
            Err(Error::InvalidDocument(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let verdict = match home.fits_photo(&bytes, None) {
            Err(error) => Verdict::Refused(Why::unfit(&error)),
            Ok(()) => match home.admit(&bytes, None) {
                Ok(admitted) => Verdict::Admitted {
                    altered: edit.alters(&bytes, &admitted.content.beside) || edit.disagrees(&[]),
                    admitted: Box::new(admitted),
                },
                Err(Error::InvalidDocument(_) | Error::TooLarge { .. }) => Verdict::Invalid,
                Err(error) => return Err(error),
            },
        };
        Ok(Some(Self { bytes, verdict }))
    }
}
