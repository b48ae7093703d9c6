//! Exchange ActiveSync.

pub mod facet;
