//! Common statuses ([MS-ASCMD] 2.2.2): an HTTP code before 14.0, a Status in the command's own root
//! element from then on.

use carnet_proto::{
    eas::{request_line::Version, status::Common},
    wbxml::{Limits, Tag, decode},
};
use http::StatusCode;

use super::reply::{Reply, status_of};
use crate::domain::error::Error;

/// Refuses a command in the way of its version: an HTTP status before 14.0, else a Status.
pub fn refuse(version: Version, root: Tag, status: Common) -> Reply {
    if version < Version::V14_0 {
        Reply::Http(http_of(status))
    } else {
        Reply::status(root, status)
    }
}

/// Refuses an unknown command; from 14.0 on in the root element of the request.
pub fn unknown_command(version: Option<Version>, body: &[u8]) -> Reply {
    let status = Common::CommandNotSupported;
    let root = decode(body, &Limits::default()).map(|element| element.tag);
    match (version, root) {
        (Some(version), Ok(root)) if version >= Version::V14_0 && status_of(root).is_some() => {
            refuse(version, root, status)
        }
        _ => Reply::Http(http_of(status)),
    }
}

/// The Status of a whole command for an error of the domain. None where only retrying helps: that
/// is 503 in every version, so that a failing store never looks like a wrong password.
pub fn of(error: &Error) -> Option<Common> {
    Some(match error {
        // The account was removed during the request.
        Error::NotFound => Common::AccountDisabled,
        Error::Forbidden { .. } => Common::AccessDenied,
        Error::OverQuota { .. } => Common::MailboxQuotaExceeded,
        // The device keeps what it has and tries later.
        Error::NoSpace => Common::ServerError,
        Error::UidConflict { .. } | Error::Exists(_) => Common::SyncStateAlreadyExists,
        Error::InvalidDocument(_) | Error::Invalid(_) | Error::TooLarge { .. } => {
            Common::InvalidContent
        }
        Error::StaleCursor => Common::SyncStateNotFound,
        Error::PreconditionFailed | Error::Moved | Error::Unavailable(_) => return None,
    })
}

/// The HTTP status that a version before 14.0 uses for a Status.
fn http_of(status: Common) -> StatusCode {
    match status {
        Common::ServerError | Common::MailboxQuotaExceeded => StatusCode::INSUFFICIENT_STORAGE,
        Common::InvalidContent
        | Common::InvalidWbxml
        | Common::InvalidXml
        | Common::VersionNotSupported => StatusCode::BAD_REQUEST,
        Common::CommandNotSupported => StatusCode::NOT_IMPLEMENTED,
        // Retry after provisioning.
        Common::RemoteWipeRequested | Common::DeviceNotProvisioned | Common::InvalidPolicyKey => {
            StatusCode::from_u16(449).unwrap_or(StatusCode::FORBIDDEN)
        }
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
            let found = of(&error).map(|status| (status as u16, http_of(status).as_u16()));
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
        check(Error::Moved, None);
        check(Error::Unavailable("x".into()), None);
    }
}
