//! Answers as HTTP.

use bytes::Bytes;
use carnet_proto::{
    eas::status::Status,
    wbxml::{Encoder, Tag, page},
};
use http::{HeaderName, HeaderValue, Response, StatusCode, header};

use crate::domain::error::Error;

/// Why a request ends early.
pub enum Stop<T = Reply> {
    /// The request is answered with this.
    Reply(T),
    Failed(Error),
}

impl From<Reply> for Stop {
    fn from(reply: Reply) -> Self {
        Stop::Reply(reply)
    }
}

impl<T> From<Error> for Stop<T> {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

/// The reply of a command.
pub enum Reply {
    Wbxml(Vec<u8>),
    /// 200 without a body.
    Empty,
    Http(StatusCode),
    /// 401: asks for the password.
    Unauthorized,
    /// A WBXML document and the parts it refers to ([MS-ASCMD] 2.2.1.10.1.1).
    Multipart(Vec<u8>),
}

impl Reply {
    /// A message of a Status alone, in the root element of its command.
    pub fn status(root: Tag, status: impl Status) -> Self {
        let mut out = Encoder::new();
        out.open(root);
        if let Some(tag) = status_of(root) {
            out.number(tag, status);
        }
        out.close();
        Reply::Wbxml(out.finish())
    }

    /// The HTTP response, with the content type of the body.
    pub fn into_response(self) -> Response<Bytes> {
        match self {
            Reply::Wbxml(bytes) => wbxml(bytes),
            // The type of an empty answer must not be text/html either.
            Reply::Empty => wbxml(Vec::new()),
            Reply::Http(status) => plain(status),
            Reply::Unauthorized => unauthorized(),
            Reply::Multipart(bytes) => with_header(
                wbxml(bytes),
                "content-type",
                "application/vnd.ms-sync.multipart",
            ),
        }
    }
}

/// The Status element on the page of a root.
pub fn status_of(root: Tag) -> Option<Tag> {
    let page = page::PAGES.iter().find(|page| page.number == root.page)?;
    Tag::by_name(page.name, "Status")
}

/// A response with a status and no body.
pub fn plain(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

/// 200 with a WBXML body, or an empty one, not to be cached by proxies.
pub fn wbxml(bytes: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(bytes));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.ms-sync.wbxml"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    response
}

/// 401 with the Basic challenge (RFC 7617).
pub fn unauthorized() -> Response<Bytes> {
    let mut response = plain(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"Carnet\", charset=\"UTF-8\""),
    );
    response
}

/// 503, after which every client retries.
pub fn overloaded(seconds: u64) -> Response<Bytes> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// 451: the mailbox is on another server ([MS-ASHTTP] 3.2.5.1).
pub fn elsewhere(address: &str) -> Response<Bytes> {
    let status = StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS;
    with_header(plain(status), "x-ms-location", address)
}

/// Adds a header; a value that no header can hold is left out.
pub fn with_header(
    mut response: Response<Bytes>,
    name: &'static str,
    value: &str,
) -> Response<Bytes> {
    if let Ok(value) = HeaderValue::from_str(value) {
        let name = HeaderName::from_static(name);
        response.headers_mut().insert(name, value);
    }
    response
}
