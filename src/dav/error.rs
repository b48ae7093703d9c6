//! Errors of the domain as HTTP statuses and preconditions (RFC 4918 §16): the one place
//! that maps them.

use carnet_proto::dav::{
    multistatus::error_body, precondition::Precondition, request::ReportError, xml::XmlError,
};
use http::{HeaderValue, StatusCode, header};

use super::output::{Answer, Content, empty, typed, xml};
use crate::{
    auth::TOO_MANY,
    domain::{error::Error, rights::Right},
    http::body::BUSY,
};

/// Why a request failed.
#[derive(Debug)]
pub enum Failure {
    Unauthorized,
    Throttled(u64),
    Status(StatusCode),
    /// The body is compressed in a way that is not served.
    Encoding,
    /// MKCOL where something is.
    Exists,
    /// A new member of a book that does not exist: 409 for methods that would create it.
    NoParent,
    /// The client disconnected; nobody reads the response.
    Gone,
    /// 400, with the reason.
    BadRequest(String),
    /// A status, what was not fulfilled, and a sentence.
    Precondition(StatusCode, Precondition, String),
    /// An error of the domain, with the href it is about.
    Domain(Error, String),
}

impl Failure {
    /// 403 with what was not fulfilled.
    pub fn forbidden(unfulfilled: Precondition, why: impl Into<String>) -> Self {
        Failure::Precondition(StatusCode::FORBIDDEN, unfulfilled, why.into())
    }

    /// 403 with `max-resource-size` (RFC 6352 §6.3.2.1).
    pub fn too_large() -> Self {
        Failure::forbidden(
            Precondition::MaxResourceSize,
            "the card is larger than the limit",
        )
    }

    /// An error of the domain about an href.
    pub fn about(error: Error, href: &str) -> Self {
        Failure::Domain(error, href.to_owned())
    }

    /// The failure about an href, unless it is about another.
    pub fn here(self, href: &str) -> Self {
        match self {
            Failure::Domain(error, about) if about.is_empty() => Failure::about(error, href),
            failure => failure,
        }
    }

    /// There is no such resource, or no book it could be in.
    pub fn is_missing(&self) -> bool {
        matches!(
            self,
            Failure::NoParent | Failure::Domain(Error::NotFound, _)
        )
    }

    /// The client's fault, or why it is put off, in words that quote nothing of its request.
    pub fn fault(&self) -> Option<&'static str> {
        match self {
            Failure::Throttled(_) => Some(TOO_MANY),
            Failure::Status(StatusCode::SERVICE_UNAVAILABLE) => Some(BUSY),
            Failure::BadRequest(_) => Some("malformed request"),
            Failure::Domain(Error::InvalidDocument(_), _) => Some("malformed card"),
            Failure::Domain(Error::Invalid(_), _) => Some("unusable value"),
            Failure::Domain(Error::TooLarge { .. }, _) => Some("larger than the limit"),
            Failure::Domain(Error::StaleCursor, _) => Some("the token is not valid any more"),
            _ => None,
        }
    }

    /// The response: status, precondition and headers.
    pub fn into_answer(self) -> Answer {
        match self {
            Failure::Unauthorized => {
                let mut response = empty(StatusCode::UNAUTHORIZED);
                response.headers_mut().insert(
                    header::WWW_AUTHENTICATE,
                    HeaderValue::from_static("Basic realm=\"Carnet\", charset=\"UTF-8\""),
                );
                response
            }
            Failure::Throttled(seconds) => retry_after(seconds),
            Failure::Status(status) => told(status),
            // RFC 9110 §12.5.3
            Failure::Encoding => {
                let mut answer = told(StatusCode::UNSUPPORTED_MEDIA_TYPE);
                answer
                    .headers_mut()
                    .insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
                answer
            }
            Failure::Exists => plain(StatusCode::METHOD_NOT_ALLOWED, "something is there"),
            Failure::NoParent => domain(&Error::NotFound, ""),
            Failure::Gone => told(StatusCode::SERVICE_UNAVAILABLE),
            Failure::BadRequest(why) => plain(StatusCode::BAD_REQUEST, &why),
            Failure::Precondition(status, unfulfilled, why) => {
                xml(status, error_body(&unfulfilled, &why))
            }
            Failure::Domain(error, href) => domain(&error, &href),
        }
    }
}

fn domain(error: &Error, href: &str) -> Answer {
    let condition = |status: StatusCode, unfulfilled: Precondition| {
        xml(status, error_body(&unfulfilled, &error.to_string()))
    };
    match error {
        Error::NotFound => plain(StatusCode::NOT_FOUND, &error.to_string()),
        Error::Forbidden { right } => condition(
            StatusCode::FORBIDDEN,
            Precondition::NeedPrivileges {
                href: href.to_owned(),
                privilege: privilege(*right),
            },
        ),
        Error::UidConflict { href: holder } => {
            let parent = href.rsplit_once('/').map_or("", |(parent, _)| parent);
            let holder = carnet_proto::dav::href::encode(holder);
            let holder = format!("{parent}/{holder}");
            condition(StatusCode::CONFLICT, Precondition::NoUidConflict(holder))
        }
        Error::Exists(_) => plain(StatusCode::METHOD_NOT_ALLOWED, &error.to_string()),
        Error::PreconditionFailed | Error::Moved => {
            plain(StatusCode::PRECONDITION_FAILED, &error.to_string())
        }
        Error::InvalidDocument(_) => {
            condition(StatusCode::FORBIDDEN, Precondition::ValidAddressData)
        }
        Error::Invalid(why) => plain(StatusCode::BAD_REQUEST, &why.to_string()),
        Error::TooLarge { .. } => condition(StatusCode::FORBIDDEN, Precondition::MaxResourceSize),
        Error::OverQuota { .. } => condition(
            StatusCode::INSUFFICIENT_STORAGE,
            Precondition::QuotaNotExceeded,
        ),
        // RFC 4331 §6
        Error::NoSpace => {
            tracing::error!(%error, "a write was refused");
            condition(
                StatusCode::INSUFFICIENT_STORAGE,
                Precondition::SufficientDiskSpace,
            )
        }
        Error::StaleCursor => condition(StatusCode::FORBIDDEN, Precondition::ValidSyncToken),
        Error::Unavailable(why) => {
            tracing::error!(why, "the store failed");
            retry_after(5)
        }
    }
}

/// The privilege a client lacks (RFC 3744 §3).
fn privilege(right: Right) -> &'static str {
    match right {
        Right::Read | Right::Share => "read",
        Right::Add | Right::Restore => "bind",
        Right::Remove | Right::RemoveAny => "unbind",
        Right::Modify | Right::Verify | Right::Comment | Right::DeleteComment => "write-content",
        Right::GrantModify | Right::GrantGroup | Right::Administer => "write-acl",
    }
}

fn retry_after(seconds: u64) -> Answer {
    let mut response = told(StatusCode::SERVICE_UNAVAILABLE);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// A status that says all there is to say. It has a body all the same: KIO, KDE's client, takes an
/// error without one for a file that does not exist, whatever its status.
fn told(status: StatusCode) -> Answer {
    plain(status, status.canonical_reason().unwrap_or_default())
}

fn plain(status: StatusCode, why: &str) -> Answer {
    let text = Content::Whole(format!("{why}\n").into());
    typed(status, "text/plain; charset=utf-8", text)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Domain(error, String::new())
    }
}

impl From<XmlError> for Failure {
    fn from(error: XmlError) -> Self {
        match error {
            XmlError::Entities => {
                Failure::forbidden(Precondition::NoExternalEntities, error.to_string())
            }
            XmlError::TooLarge(_) => Failure::Status(StatusCode::PAYLOAD_TOO_LARGE),
            XmlError::Malformed { .. } | XmlError::TooMany(_) | XmlError::Unexpected(_) => {
                Failure::BadRequest(error.to_string())
            }
        }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Xml(error) => error.into(),
            ReportError::Collation(_) => {
                Failure::forbidden(Precondition::SupportedCollation, error.to_string())
            }
            ReportError::Filter(_) => {
                Failure::forbidden(Precondition::ValidFilter, error.to_string())
            }
        }
    }
}
