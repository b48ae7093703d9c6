//! The closed list of outcomes a verb may have instead of success.

use super::{
    rights::Right,
    rule::{Malformed, Rule},
};

/// Why a verb did not do what was asked. Each face maps every variant to its wire in one function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Absent, or not to be known by this person.
    #[error("not found")]
    NotFound,
    /// Known, but this person lacks the right.
    #[error("{right} is not allowed here")]
    Forbidden {
        /// The right that is missing.
        right: Right,
    },
    /// The same UID is already live in the collection, under this href.
    #[error("the UID is in use by {href}")]
    UidConflict {
        /// The href of the item that holds the UID.
        href: String,
    },
    /// The name (login, group, href, folder) is taken.
    #[error("{0} exists already")]
    Exists(String),
    /// What the author last saw is no longer current, or a condition given did not hold.
    #[error("the version named is not the current one")]
    PreconditionFailed,
    /// What a decision rested on moved before its commit, and nothing was changed: the store alone
    /// says so, and a verb that can decide anew does.
    #[error("what this rested on has changed meanwhile")]
    Moved,
    /// The bytes cannot be stored as an item of this class.
    #[error("{0}")]
    InvalidDocument(Malformed),
    /// Some other argument is unusable; the rule says which and why.
    #[error("{0}")]
    Invalid(Rule),
    /// The document is larger than the limit.
    #[error("larger than the limit of {limit}")]
    TooLarge {
        /// Octets, or lines.
        limit: usize,
    },
    /// The place holds as many items as the account allows.
    #[error("the quota of {limit} is used up")]
    OverQuota {
        /// Items allowed.
        limit: i64,
    },
    /// A cursor of another epoch, of the future, or from before the retained history.
    #[error("the cursor is not valid any more")]
    StaleCursor,
    /// The disk is full; nothing was changed, and what is there can be read.
    #[error("there is no room left on the disk")]
    NoSpace,
    /// The store failed; nothing was changed. The text is for the log.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// Result of a verb.
pub type Result<T> = std::result::Result<T, Error>;
