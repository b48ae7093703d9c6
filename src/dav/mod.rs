//! CardDAV.

pub mod facet;
