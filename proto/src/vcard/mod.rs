//! The lossless vCard document: bytes in are bytes out, edits touch only the lines they name.
//!
//! Repairs (a missing UID or FN, an old version, a wrong charset) exist only in [`version::project`];
//! the only writer of a stored card is the line patch of [`Document::edit`].

pub mod apple;
mod date;
mod document;
mod filter;
mod line;
mod merge;
mod name;
mod patch;
mod sort;
mod value;
mod version;

pub use date::PartialDate;
pub use document::{Document, Kind, NAMELESS, ParseError, opens_agent, split_stream};
pub use filter::{
    Collation, Filter, MatchType, ParamFilter, PropFilter, Test, TextMatch, matches, partial,
};
pub use line::{Line, Param};
pub use merge::{Merge, merge};
pub use name::halves;
pub use patch::{Edit, NewLine, escape_text, list_card};
pub use sort::SortNames;
pub use value::{Binary, fold_for_search, to_utf8};
pub use version::{Version, address_labels, project};

#[cfg(test)]
mod tests;
