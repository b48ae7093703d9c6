//! Carnet: contacts over Exchange ActiveSync, CardDAV and the web, on one core.

pub mod class;
pub mod dav;
pub mod domain;
pub mod eas;
pub mod store;
pub mod web;
