//! Tags and comments.

use async_trait::async_trait;

use crate::domain::{
    error::Result,
    id::{CollectionId, CommentId, ItemId, PersonId, TagId},
    item::Placement,
    store::{Comment, Tag},
};

/// Reads of tags and comments.
#[async_trait]
pub trait LabelStore: Send + Sync {
    /// A person's tags by name, counting the live items of every place they read.
    async fn tags(&self, person: PersonId) -> Result<Vec<Tag>>;
    /// A person's tags by name, counting the live items of one collection.
    async fn tags_in(&self, person: PersonId, collection: CollectionId) -> Result<Vec<Tag>>;
    /// Names of the person's tags on an item, sorted.
    async fn tags_of(&self, person: PersonId, item: ItemId) -> Result<Vec<String>>;
    /// All items with a tag.
    async fn items_tagged(&self, tag: TagId) -> Result<Vec<ItemId>>;
    /// Live placements of items with a tag, in the private books of the tag's owner; at most so many.
    async fn tagged(&self, tag: TagId, most: Option<usize>) -> Result<Vec<Placement>>;
    /// Comments on an item in all its places, newest first; who may read which is not decided here.
    async fn comments(&self, item: ItemId) -> Result<Vec<Comment>>;
    /// One comment, whoever wrote it.
    async fn comment(&self, comment: CommentId) -> Result<Option<Comment>>;
}
