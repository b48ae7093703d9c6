//! Comments belong to a placement: one written in a group is read by its members, one written in
//! Private by the owner alone, also where the contact is shared.

use super::{
    batch::Op,
    book::Book,
    error::{Error, Result},
    id::CommentId,
    item::Placement,
    rights::Right,
    rule::Rule,
    store::Comment,
};

/// Characters of one comment.
const LONGEST: usize = 10_000;

/// A comment, with its place and what the reader may do with it.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownComment {
    pub comment: Comment,
    /// Display name of the place it was written in.
    pub place: String,
    /// The place it was written in is the reader's own.
    pub private: bool,
    /// It was written in the place shown.
    pub here: bool,
    pub may_edit: bool,
    pub may_delete: bool,
}

impl Book {
    /// Every comment on an item the actor may read, newest first, wherever it was written.
    pub async fn comments(&self, placement: &Placement) -> Result<Vec<ShownComment>> {
        let mut shown = Vec::new();
        let mut books: Vec<Book> = vec![self.clone()];
        for comment in self.core().store().comments(placement.item).await? {
            let known = books
                .iter()
                .find(|b| b.collection().id == comment.collection);
            let book = match known {
                Some(book) => book.clone(),
                None => match self.core().open(self.actor(), comment.collection).await {
                    Ok(book) => {
                        books.push(book.clone());
                        book
                    }
                    Err(Error::NotFound) => continue,
                    Err(error) => return Err(error),
                },
            };
            let mine = comment.author == self.actor().person;
            shown.push(ShownComment {
                place: book.collection().display_name.clone(),
                private: book.is_private(),
                here: comment.collection == self.collection().id,
                may_edit: mine,
                may_delete: mine || book.may(Right::DeleteComment),
                comment,
            });
        }
        Ok(shown)
    }

    /// Adds a comment to an item of this place.
    pub async fn comment(&self, placement: &Placement, text: &str) -> Result<CommentId> {
        let text = &checked(text)?;
        self.decided(|book| async move {
            let current = book.current(placement).await?.placement;
            book.require(&current, Right::Comment).await?;
            let op = Op::AddComment {
                item: current.item,
                collection: current.collection,
                author: book.actor().person,
                text: text.clone(),
            };
            let committed = book.core().commit_as(book.actor(), vec![op]).await?;
            Ok(CommentId(committed.rows.first().copied().unwrap_or(0)))
        })
        .await
    }

    /// Changes one's own comment written in this place.
    pub async fn edit_comment(&self, comment: CommentId, text: &str) -> Result<()> {
        let text = checked(text)?;
        self.change_comment(comment, Some(text)).await
    }

    /// Deletes a comment written in this place: one's own, or with *Delete* any.
    pub async fn delete_comment(&self, comment: CommentId) -> Result<()> {
        self.change_comment(comment, None).await
    }

    async fn change_comment(&self, comment: CommentId, text: Option<String>) -> Result<()> {
        let text = &text;
        self.decided(|book| async move {
            let found = book.core().store().comment(comment).await?;
            let found = found.filter(|found| found.collection == book.collection().id);
            let mine = found.ok_or(Error::NotFound)?.author == book.actor().person;
            let right = Right::DeleteComment;
            if !(mine || text.is_none() && book.may(right)) {
                return Err(Error::Forbidden { right });
            }
            let op = Op::ChangeComment {
                comment,
                text: text.clone(),
            };
            book.core()
                .commit_as(book.actor(), vec![op])
                .await
                .map(drop)
        })
        .await
    }
}

fn checked(text: &str) -> Result<String> {
    let text = text.trim().replace("\r\n", "\n");
    let length = text.chars().count();
    if length == 0
        || length > LONGEST
        || text
            .chars()
            .any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        return Err(Error::Invalid(Rule::Comment(LONGEST)));
    }
    Ok(text)
}
