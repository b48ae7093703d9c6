//! Comments on a contact: the card shows them, these forms change them.

use std::sync::Arc;

use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    card::card_telling,
    form::Posted,
    page::{Message, show},
    place::ItemPath,
    told::{Deed, Done, Told},
};
use crate::{
    domain::{
        book::Book,
        error::{Error, Result},
        id::{CommentId, RevisionId},
        undo::Undo,
    },
    text::fill,
};

/// `POST …/c/ID/comments`: a new one goes to the place shown.
pub async fn add(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let added = async {
        let (book, card) = item.open(&web, &posted.visit).await?;
        let text = posted.value("text");
        book.comment(&card.placement, text).await?;
        Ok(Done::of(Deed::Commented))
    };
    settled(&web, &item, &posted, added.await).await
}

/// `POST …/c/ID/comments/edit`
pub async fn edit(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let edited = async {
        let (book, id) = written(&web, &item, &posted).await?;
        let former = book.edit_comment(id, posted.value("text")).await?;
        Ok(undone(&web, &item, &posted, Done::of(Deed::Saved), former))
    };
    settled(&web, &item, &posted, edited.await).await
}

/// `POST …/c/ID/comments/delete`
pub async fn delete(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let deleted = async {
        let (book, id) = written(&web, &item, &posted).await?;
        let former = book.delete_comment(id).await?;
        let done = Done::of(Deed::CommentDeleted);
        Ok(undone(&web, &item, &posted, done, former))
    };
    settled(&web, &item, &posted, deleted.await).await
}

/// `POST …/c/ID/comments/restore`: what the history shows that it said.
pub async fn restore(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let restored = async {
        let actor = &posted.visit.actor;
        item.open(&web, &posted.visit).await?;
        web.core.restore_comment(actor, posted.revision()).await?;
        Ok(Done::of(Deed::Restored))
    };
    settled(&web, &item, &posted, restored.await).await
}

/// Adds the button that gives the comment its former text again.
fn undone(web: &Web, item: &ItemPath, posted: &Posted, done: Done, former: RevisionId) -> Done {
    let undo = vec![Undo::Commented { former }];
    done.undone_by(web.undos.keep(&posted.visit, undo, &item.path()))
}

/// The comment named, in the place it was written in.
async fn written(web: &Web, item: &ItemPath, posted: &Posted) -> Result<(Book, CommentId)> {
    let id = CommentId(posted.number("comment"));
    let (book, card) = item.open(web, &posted.visit).await?;
    let comments = book.comments(&card.placement).await?;
    let found = comments.into_iter().find(|shown| shown.comment.id == id);
    let comment = found.ok_or(Error::NotFound)?.comment;
    let place = web
        .core
        .open(&posted.visit.actor, comment.collection)
        .await?;
    Ok((place, id))
}

/// What was written stays on the page: in its field, or as a new comment where the one it was to
/// change is gone.
async fn settled(
    web: &Arc<Web>,
    item: &ItemPath,
    posted: &Posted,
    outcome: Result<Done>,
) -> Response {
    let error = match outcome {
        Ok(done) => return done.at(&item.path()),
        Err(error) => error,
    };
    let (visit, written) = (&posted.visit, posted.value("text"));
    let is_gone = matches!(error, Error::NotFound);
    let opened = item.open(web, visit).await;
    if is_gone && opened.is_err() && !written.trim().is_empty() {
        let page = Message {
            shell: visit.shell(web, None),
            title: visit.text.not_found.to_owned(),
            message: fill(visit.text.book.comment_unkept, &[&written]),
            back: Some(item.place.path()),
        };
        return show(StatusCode::NOT_FOUND, &page);
    }
    let comment = posted.value("comment");
    let mut sent = vec![("text", written)];
    if !is_gone && !comment.is_empty() {
        sent.push(("comment", comment));
    }
    let told = Told::refused(&error, visit).with_sent(sent);
    card_telling(web, item, visit, told).await
}
