//! A reader's position in the changes of a collection: opaque outside the domain.

use super::{
    collection::Collection,
    error::Error,
    id::{Seq, Timestamp},
};

/// A position in the changes of one collection; its text is the sync token (RFC 6578 §4) and the ctag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    uuid: String,
    epoch: String,
    seq: Seq,
    /// During a paged first synchronization: the sequence when it began. Only later removals
    /// concern the client.
    began: Option<Seq>,
    /// Time of the last of the person's refused writes that was reported.
    refused: Option<Timestamp>,
    /// Generated lists are still to be told, those after this one.
    lists: Option<i64>,
}

impl Cursor {
    /// A cursor at a sequence of a collection.
    pub(super) fn at(collection: &Collection, seq: Seq) -> Self {
        Self {
            uuid: collection.uuid.clone(),
            epoch: collection.epoch.clone(),
            seq,
            began: None,
            refused: None,
            lists: None,
        }
    }

    /// The cursor with the person's refused writes reported up to a time.
    pub(super) fn with_refused(self, refused: Option<Timestamp>) -> Self {
        Self { refused, ..self }
    }

    /// The cursor with the generated lists told up to one of them; none: nothing is left to be told.
    pub(super) fn with_lists(self, lists: Option<i64>) -> Self {
        Self { lists, ..self }
    }

    /// A cursor within a first synchronization that began at `began`.
    pub(super) fn within(collection: &Collection, seq: Seq, began: Seq) -> Self {
        Self {
            began: (seq < began).then_some(began),
            ..Self::at(collection, seq)
        }
    }

    /// Reads a token; anything this server did not write is stale.
    pub fn parse(token: &str) -> Result<Self, Error> {
        let mut parts = token
            .trim()
            .strip_prefix(PREFIX)
            .ok_or(Error::StaleCursor)?
            .split(':');
        let number = |text: &str| text.parse::<i64>().map_err(|_| Error::StaleCursor);
        let (Some(uuid), Some(epoch), Some(seq)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(Error::StaleCursor);
        };
        let (seq, lists) = match seq.split_once('~') {
            Some((seq, lists)) => (seq, Some(number(lists)?)),
            None => (seq, None),
        };
        let (seq, refused) = match seq.split_once('.') {
            Some((seq, refused)) => (seq, Some(Timestamp(number(refused)?))),
            None => (seq, None),
        };
        let seq = Seq(number(seq)?);
        let began = parts.next().map(number).transpose()?.map(Seq);
        if began.is_some_and(|began| began <= seq) {
            return Err(Error::StaleCursor);
        }
        match parts.next() {
            None => Ok(Self {
                uuid: uuid.to_owned(),
                epoch: epoch.to_owned(),
                seq,
                began,
                refused,
                lists,
            }),
            Some(_) => Err(Error::StaleCursor),
        }
    }

    /// A number that grows with every change of the collection.
    pub fn number(&self) -> i64 {
        self.seq.0
    }

    /// The sequence, if the cursor belongs to this collection and epoch, is not of the future and
    /// not before the kept history; else `StaleCursor`.
    pub(super) fn seq_in(&self, collection: &Collection) -> Result<Seq, Error> {
        let told = self.told();
        let valid = self.uuid == collection.uuid
            && self.epoch == collection.epoch
            && told >= collection.floor
            && told <= collection.seq;
        valid.then_some(self.seq).ok_or(Error::StaleCursor)
    }

    /// Time up to which refused writes were reported.
    pub(super) fn refused(&self) -> Option<Timestamp> {
        self.refused
    }

    /// The generated list after which the rest is still to be told; none: all were told.
    pub(super) fn lists(&self) -> Option<i64> {
        self.lists
    }

    /// Removals up to here do not concern the client.
    pub(super) fn told(&self) -> Seq {
        self.began.unwrap_or(self.seq)
    }
}

/// A position in a walk over the live items of a collection; the default is the start.
///
/// The walk follows the order in which items were placed, which never changes, so an item edited
/// during the walk is met once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position(pub(super) Seq);

const PREFIX: &str = "urn:carnet:sync:";

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PREFIX}{}:{}:{}", self.uuid, self.epoch, self.seq.0)?;
        if let Some(refused) = self.refused {
            write!(f, ".{}", refused.0)?;
        }
        if let Some(told) = self.lists {
            write!(f, "~{told}")?;
        }
        match self.began {
            Some(began) => write!(f, ":{}", began.0),
            None => Ok(()),
        }
    }
}
