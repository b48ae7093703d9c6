//! The only door to data: contacts, groups, rights, sync cursors and history.
//!
//! Knows no HTTP, no SQL and no wire format. Faces ask for an [`actor::Actor`] and a book,
//! call one verb per intent and map its outcome. The code map of `docs/architecture.md` groups these
//! modules by what they are for.

pub mod access;
pub mod account;
pub mod account_class;
pub mod actor;
pub mod address;
pub mod app_password;
pub mod attachment;
pub mod batch;
pub mod blocking;
pub mod book;
pub mod class;
pub mod collation;
pub mod collection;
pub mod comment;
pub mod core;
pub mod credential;
pub mod cursor;
pub mod device;
pub mod device_sync;
pub mod direction;
pub mod directory;
pub mod dispatch;
pub mod document;
pub mod duplicates;
pub mod error;
pub mod folder;
pub mod forgotten;
pub mod grant;
pub mod group;
pub mod history;
pub mod hub;
pub mod id;
pub mod item;
pub mod journal;
pub mod json;
pub mod label;
pub mod likeness;
pub mod mass_deletion;
pub mod news;
pub mod notify;
pub mod office;
pub mod outbox;
pub mod principal;
pub mod property;
pub mod push;
pub mod refused;
mod retry;
pub mod rights;
pub mod round;
pub mod rule;
pub mod search;
pub mod second_factor;
pub mod settings;
pub mod sharing;
pub mod store;
pub mod tag;
pub mod tally;
pub mod trash;
pub mod undo;
pub mod verification;
pub mod view;
