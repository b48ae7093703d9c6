//! Imports, and what people said of duplicates and columns.

use async_trait::async_trait;

use crate::domain::{
    error::Result,
    id::{CollectionId, ImportId, ItemId, PersonId, Timestamp},
    store::{Import, ImportedItem},
};

/// Reads of imports.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// An import by its id, whoever made it.
    async fn import(&self, import: ImportId) -> Result<Option<Import>>;
    /// The items that an import created or updated, by item.
    async fn imported_items(&self, import: ImportId, most: usize) -> Result<Vec<ImportedItem>>;
    /// Imports of a person into a collection since a moment, newest first; at most 100.
    async fn imports(
        &self,
        person: PersonId,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Import>>;
    /// Imports with a job that has not ended, oldest first.
    async fn open_imports(&self) -> Result<Vec<Import>>;
    /// Pairs of items that a person said are not duplicates, each with the smaller id first.
    async fn told_apart(&self, person: PersonId) -> Result<Vec<(ItemId, ItemId)>>;
    /// Column mappings that a person chose for imported tables, newest first: the fingerprint of a
    /// table's header, and the codes of its columns.
    async fn mappings(&self, person: PersonId) -> Result<Vec<(String, String)>>;
}
