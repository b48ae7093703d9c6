//! Carnet: contacts over Exchange ActiveSync, CardDAV and the web, on one core.

pub mod domain;
pub mod store;
pub mod web;
