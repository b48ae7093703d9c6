//! Outcomes of the domain as pages.

use http::StatusCode;

use super::text::{Text, fill};
use crate::domain::error::Error;

/// The status, the title and the sentence of an outcome that is not success.
pub fn explain(error: &Error, text: &Text) -> (StatusCode, String, String) {
    let (status, title, message) = match error {
        Error::NotFound | Error::StaleCursor => (
            StatusCode::NOT_FOUND,
            text.not_found,
            text.not_found_text.to_owned(),
        ),
        Error::Forbidden { .. } => (
            StatusCode::FORBIDDEN,
            text.forbidden,
            text.forbidden_text.to_owned(),
        ),
        Error::PreconditionFailed => (
            StatusCode::CONFLICT,
            text.stale_title,
            text.stale_text.to_owned(),
        ),
        Error::UidConflict { href: name } | Error::Exists(name) => (
            StatusCode::CONFLICT,
            text.forbidden,
            fill(text.invalid, &[name]),
        ),
        Error::InvalidDocument(why) | Error::Invalid(why) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            fill(text.invalid, &[why]),
        ),
        Error::TooLarge { limit } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            text.forbidden,
            fill(text.too_large, &[&(limit / (1024 * 1024))]),
        ),
        Error::OverQuota { limit } => (
            StatusCode::INSUFFICIENT_STORAGE,
            text.forbidden,
            fill(text.quota_full, &[limit]),
        ),
        Error::Unavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            text.unavailable_title,
            text.unavailable.to_owned(),
        ),
    };
    (status, title.to_owned(), message)
}
