//! Why an import ended before its end.

use crate::domain::error::Error;

/// Why an import ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Its file or its place is gone.
    Gone,
    NotAllowed,
    NoSpace,
    Unreadable,
    Unavailable,
}

impl Failure {
    pub const ALL: [Self; 5] = [
        Self::Gone,
        Self::NotAllowed,
        Self::NoSpace,
        Self::Unreadable,
        Self::Unavailable,
    ];

    /// The failure that an error of the domain stands for.
    pub fn of(error: &Error) -> Self {
        match error {
            Error::NotFound => Self::Gone,
            Error::Forbidden { .. } => Self::NotAllowed,
            Error::NoSpace => Self::NoSpace,
            Error::InvalidDocument(_) => Self::Unreadable,
            _ => Self::Unavailable,
        }
    }

    /// The name under which it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::NotAllowed => "not-allowed",
            Self::NoSpace => "no-space",
            Self::Unreadable => "unreadable",
            Self::Unavailable => "unavailable",
        }
    }

    /// Reads what [`Failure::as_str`] writes.
    pub fn parse(kept: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.as_str() == kept)
    }
}
