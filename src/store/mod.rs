//! Storage engines behind [`crate::domain::store::Store`].

#[cfg(test)]
mod contract;
pub mod sqlite;
