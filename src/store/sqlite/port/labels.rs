//! Tags and comments.

use async_trait::async_trait;

use crate::{
    domain::{
        collation::sort_key,
        error::Result,
        id::{CollectionId, CommentId, ItemId, PersonId, TagId},
        item::Placement,
        store::{Comment, LabelStore, Tag},
    },
    store::sqlite::Sqlite,
};

#[async_trait]
impl LabelStore for Sqlite {
    async fn tags(&self, person: PersonId) -> Result<Vec<Tag>> {
        let mut tags = self.read(move |r| r.tags(person)).await?;
        tags.sort_by_cached_key(|tag| sort_key(&tag.name));
        Ok(tags)
    }

    async fn tags_in(&self, person: PersonId, collection: CollectionId) -> Result<Vec<Tag>> {
        let found = self.read(move |r| r.tags_in(person, collection));
        let mut tags = found.await?;
        tags.sort_by_cached_key(|tag| sort_key(&tag.name));
        Ok(tags)
    }

    async fn tags_of(&self, person: PersonId, item: ItemId) -> Result<Vec<String>> {
        let mut names = self.read(move |r| r.tags_of(person, item)).await?;
        names.sort_by_cached_key(|name| sort_key(name));
        Ok(names)
    }

    async fn items_tagged(&self, tag: TagId) -> Result<Vec<ItemId>> {
        self.read(move |r| r.items_tagged(tag)).await
    }

    async fn tagged(&self, tag: TagId, most: Option<usize>) -> Result<Vec<Placement>> {
        self.read(move |r| r.tagged(tag, most)).await
    }

    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>> {
        self.read(move |r| r.comment(comment)).await
    }

    async fn comments(&self, item: ItemId) -> Result<Vec<Comment>> {
        self.read(move |r| r.comments(item)).await
    }
}
