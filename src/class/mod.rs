//! The classes of items Carnet knows.

pub mod contact;
