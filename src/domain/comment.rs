//! Comments belong to a placement: one written in a group is read by its members, one written in
//! Private by the owner alone, also where the contact is shared.

use std::sync::Arc;

use serde::Deserialize;

use super::{
    actor::Actor,
    batch::{CommentOp, Op},
    book::Book,
    core::Core,
    error::{Error, Result},
    id::{CommentId, ItemId, PersonId, RevisionId},
    item::Placement,
    json,
    rights::Right,
    rule::Rule,
    store::{Comment, Revision, RevisionKind},
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

/// A text that a comment had before it was changed or deleted.
#[derive(Clone, Debug, PartialEq)]
pub struct FormerComment {
    pub revision: Revision,
    /// The comment was deleted, not changed.
    pub deleted: bool,
    author: PersonId,
}

impl FormerComment {
    /// None for a revision of another kind.
    fn of(revision: Revision) -> Option<Self> {
        #[derive(Deserialize)]
        struct Told {
            author: i64,
            deleted: bool,
        }
        if revision.kind != RevisionKind::Comment {
            return None;
        }
        let told: Told = json::read("whose comment was kept", revision.reason.as_bytes())?;
        Some(Self {
            author: PersonId(told.author),
            deleted: told.deleted,
            revision,
        })
    }

    /// Whom it is shown to, and who may bring it back: the author, and who changed or deleted it.
    fn concerns(&self, actor: &Actor) -> bool {
        self.author == actor.person || self.revision.person == Some(actor.person)
    }

    /// What it said.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.revision.document).into_owned()
    }
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
            let op = Op::Comment(CommentOp::AddComment {
                item: current.item,
                collection: current.collection,
                author: book.actor().person,
                text: text.clone(),
            });
            let committed = book.core().commit_as(book.actor(), vec![op]).await?;
            committed.row()
        })
        .await
    }

    /// Changes one's own comment written in this place; [`Core::restore_comment`] takes what
    /// this returns.
    pub async fn edit_comment(&self, comment: CommentId, text: &str) -> Result<RevisionId> {
        let text = checked(text)?;
        self.change_comment(comment, Some(text)).await
    }

    /// Deletes a comment written in this place: one's own, or with *Delete* any. What it returns
    /// brings it back.
    pub async fn delete_comment(&self, comment: CommentId) -> Result<RevisionId> {
        self.change_comment(comment, None).await
    }

    /// The former texts of comments on an item that concern the actor and are kept still, newest
    /// first.
    pub(super) async fn former_comments(&self, item: ItemId) -> Result<Vec<FormerComment>> {
        let oldest = self.core().history_begins();
        let mut kept = Vec::new();
        for revision in self.core().store().former_comments(item).await? {
            let former = FormerComment::of(revision).filter(|former| former.concerns(self.actor()));
            kept.extend(former.filter(|former| former.revision.at >= oldest));
        }
        Ok(kept)
    }

    async fn change_comment(&self, comment: CommentId, text: Option<String>) -> Result<RevisionId> {
        let text = &text;
        self.decided(|book| async move {
            let found = book.core().store().comment(comment).await?;
            let found = found.filter(|found| found.collection == book.collection().id);
            let mine = found.ok_or(Error::NotFound)?.author == book.actor().person;
            let right = Right::DeleteComment;
            if !(mine || text.is_none() && book.may(right)) {
                return Err(Error::Forbidden { right });
            }
            let op = Op::Comment(CommentOp::ChangeComment {
                comment,
                text: text.clone(),
            });
            let committed = book.core().commit_as(book.actor(), vec![op]).await?;
            committed.row()
        })
        .await
    }
}

impl Core {
    /// Gives a comment a former text again, in the place it was written in. For its author, and for
    /// who changed or deleted it.
    pub async fn restore_comment(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        former: RevisionId,
    ) -> Result<()> {
        let oldest = self.history_begins();
        let revision = self.store().revision(former).await?;
        let revision = revision
            .and_then(FormerComment::of)
            .filter(|former| former.concerns(actor) && former.revision.at >= oldest)
            .map(|former| former.revision);
        let written = revision.and_then(|kept| kept.item.zip(kept.collection));
        let (item, place) = written.ok_or(Error::NotFound)?;
        self.open(actor, place)
            .await?
            .decided(|book| async move {
                let card = book.of_item(item).await?.ok_or(Error::NotFound)?;
                book.require(&card.placement, Right::Comment).await?;
                let op = Op::Comment(CommentOp::RestoreComment { former });
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
