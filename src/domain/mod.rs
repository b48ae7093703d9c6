//! The only door to data: contacts, groups, rights, sync cursors and history.
//!
//! Knows no HTTP, no SQL and no wire format. Faces ask for an [`actor::Actor`] and a book,
//! call one verb per intent and map its outcome.

pub mod actor;
pub mod batch;
pub mod book;
pub mod class;
pub mod collection;
pub mod core;
pub mod cursor;
pub mod device_sync;
pub mod error;
pub mod hub;
pub mod id;
pub mod item;
pub mod principal;
pub mod rights;
pub mod round;
pub mod store;
