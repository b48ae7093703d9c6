//! Storage engines behind [`crate::domain::store::Store`].

pub mod sqlite;
