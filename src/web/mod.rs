//! The web: pages that are complete without script.

pub mod facet;
pub mod text;
