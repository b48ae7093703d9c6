//! DELETE (RFC 4918 §9.6).

use http::StatusCode;

use super::precondition::condition;
use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, empty},
        path::Resource,
        push,
    },
    domain::{error::Error, rights::Right},
};

/// Answers DELETE with 204: a card loses its placement, a private book goes to the trash, a push
/// registration ends. 403 with need-privileges (`unbind`) for what may not be removed.
pub async fn delete(call: &Call) -> Result<Answer, Failure> {
    match &call.resource {
        Resource::Card {
            book,
            book_href,
            name,
        } => {
            let condition = condition(call, book, name).await?;
            let removed = book
                .delete(name, &condition)
                .await
                .map_err(|error| match error {
                    // What lacks is the right to unbind from the book.
                    Error::Forbidden { .. } => Failure::about(error, book_href),
                    error => error.into(),
                })?;
            push::written(call, &removed.moved);
        }
        Resource::Book { book, href } => {
            let removed = book.remove().await;
            removed.map_err(|error| Failure::about(error, href))?;
        }
        Resource::Registration(id) => push::unregister(call, id).await?,
        Resource::NewBook { .. } => return Err(Error::NotFound.into()),
        _ => {
            let right = Right::Remove;
            return Err(Failure::about(Error::Forbidden { right }, &call.href()));
        }
    }
    Ok(empty(StatusCode::NO_CONTENT))
}
