//! Common statuses ([MS-ASCMD] 2.2.4): an HTTP code before 14.0, a Status in the command's own root
//! element from then on.

use bytes::Bytes;
use carnet_proto::{
    eas::request_line::Version,
    wbxml::{Encoder, Limits, Tag, decode, page},
};
use http::{Response, StatusCode};

use super::reply::{plain, wbxml};
use crate::domain::error::Error;

/// Refuses a command in the way of its version: an HTTP status before 14.0, else a Status.
pub fn refuse(version: Version, root: Tag, status: u16) -> Response<Bytes> {
    if version < Version::V14_0 {
        plain(http_of(status))
    } else {
        wbxml(command_status(root, status))
    }
}

/// Refuses an unknown command; from 14.0 on in the root element of the request.
pub fn unknown_command(version: Option<Version>, body: &[u8]) -> Response<Bytes> {
    let root = decode(body, &Limits::default()).map(|element| element.tag);
    match (version, root) {
        // CommandNotSupported
        (Some(version), Ok(root)) if version >= Version::V14_0 && status_of(root).is_some() => {
            refuse(version, root, 137)
        }
        _ => plain(http_of(137)),
    }
}

/// The Status element on the page of a root.
fn status_of(root: Tag) -> Option<Tag> {
    let page = page::PAGES.iter().find(|page| page.number == root.page)?;
    Tag::by_name(page.name, "Status")
}

/// A message of a Status alone, in the root element of its command.
pub fn command_status(root: Tag, status: u16) -> Vec<u8> {
    let mut out = Encoder::new();
    out.open(root);
    if let Some(tag) = status_of(root) {
        out.number(tag, status);
    }
    out.close();
    out.finish()
}

/// The Status of a whole command for an error of the domain. None where only retrying helps: that
/// is 503 in every version, so that a failing store never looks like a wrong password.
pub fn of(error: &Error) -> Option<u16> {
    Some(match error {
        // AccountDisabled: the account went away under the request.
        Error::NotFound => 131,
        // AccessDenied
        Error::Forbidden { .. } => 130,
        // MailboxQuotaExceeded
        Error::OverQuota { .. } => 113,
        // ServerError: the device keeps what it has and tries later.
        Error::NoSpace => 110,
        // AlreadyExists
        Error::UidConflict { .. } | Error::Exists(_) => 135,
        // InvalidContent
        Error::InvalidDocument(_) | Error::Invalid(_) | Error::TooLarge { .. } => 101,
        // SyncStateNotFound
        Error::StaleCursor => 132,
        Error::PreconditionFailed | Error::Unavailable(_) => return None,
    })
}

/// The HTTP status that a version before 14.0 uses for a Status.
fn http_of(status: u16) -> StatusCode {
    match status {
        110 | 113 => StatusCode::INSUFFICIENT_STORAGE,
        101..=109 | 138 => StatusCode::BAD_REQUEST,
        137 | 147 => StatusCode::NOT_IMPLEMENTED,
        // Retry after provisioning.
        140 | 142..=144 => StatusCode::from_u16(449).unwrap_or(StatusCode::FORBIDDEN),
        _ => StatusCode::FORBIDDEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::rights::Right;

    #[test]
    fn every_outcome_has_its_status_and_code() {
        let check = |error: Error, expected: Option<(u16, u16)>| {
            let found = of(&error).map(|status| (status, http_of(status).as_u16()));
            assert_eq!(found, expected, "{error}");
        };
        check(Error::NotFound, Some((131, 403)));
        check(Error::Forbidden { right: Right::Add }, Some((130, 403)));
        check(Error::OverQuota { limit: 1 }, Some((113, 507)));
        check(Error::NoSpace, Some((110, 507)));
        check(Error::Exists("x".into()), Some((135, 403)));
        check(Error::UidConflict { href: "x".into() }, Some((135, 403)));
        check(Error::InvalidDocument("x".into()), Some((101, 400)));
        check(Error::Invalid("x".into()), Some((101, 400)));
        check(Error::TooLarge { limit: 1 }, Some((101, 400)));
        check(Error::StaleCursor, Some((132, 403)));
        check(Error::PreconditionFailed, None);
        check(Error::Unavailable("x".into()), None);
    }
}
