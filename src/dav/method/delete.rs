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

/// Answers DELETE with 204. A book goes with all that is in it, whatever Depth says (RFC 4918 §9.6.1).
pub async fn delete(call: &Call) -> Result<Answer, Failure> {
    match &call.resource {
        Resource::Card {
            book,
            book_href,
            name,
        } => {
            let condition = condition(call).await?;
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
            let removed = book.remove(&condition(call).await?).await;
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
