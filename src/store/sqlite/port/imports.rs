//! Imports, and what people said of duplicates and columns.

use async_trait::async_trait;

use crate::{
    domain::{
        error::Result,
        id::{CollectionId, ImportId, ItemId, PersonId, Timestamp},
        store::{Import, ImportStore, ImportedItem},
    },
    store::sqlite::Sqlite,
};

#[async_trait]
impl ImportStore for Sqlite {
    async fn import(&self, import: ImportId) -> Result<Option<Import>> {
        self.look_up(move |r| r.import(import)).await
    }

    async fn imported_items(&self, import: ImportId, most: usize) -> Result<Vec<ImportedItem>> {
        self.read(move |r| r.imported_items(import, most)).await
    }

    async fn imports(
        &self,
        person: PersonId,
        collection: CollectionId,
        since: Timestamp,
    ) -> Result<Vec<Import>> {
        self.read(move |r| r.imports(person, collection, since))
            .await
    }

    async fn open_imports(&self) -> Result<Vec<Import>> {
        self.read(|r| r.open_imports()).await
    }

    async fn told_apart(&self, person: PersonId) -> Result<Vec<(ItemId, ItemId)>> {
        self.read(move |r| r.told_apart(person)).await
    }

    async fn mappings(&self, person: PersonId) -> Result<Vec<(String, String)>> {
        self.read(move |r| r.mappings(person)).await
    }
}
