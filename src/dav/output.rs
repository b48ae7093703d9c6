//! Responses: small bodies whole, large ones streamed while they are made.

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use http::{HeaderValue, StatusCode, header};
use tokio::{sync::mpsc, task::JoinHandle};

use super::error::Failure;

/// Octets collected before a part is sent.
pub const PART: usize = 64 * 1024;

/// A response before compression.
pub type Answer = http::Response<Content>;

/// The body of an answer.
pub enum Content {
    Whole(Bytes),
    Parts(Parts),
}

/// A body under way.
pub struct Parts {
    first: Bytes,
    more: mpsc::Receiver<Bytes>,
    /// Produces the end of the body.
    maker: JoinHandle<Result<Bytes, Failure>>,
}

/// Where a producer sends parts; it waits while the client is slow.
pub struct Sink(mpsc::Sender<Bytes>);

impl Sink {
    /// Sends a part; an error when the client disconnected.
    pub async fn send(&self, part: impl Into<Bytes>) -> Result<(), Failure> {
        self.0.send(part.into()).await.map_err(|_| Failure::Gone)
    }
}

impl Parts {
    /// The body as a stream. An error closes the connection, so that no client takes a partial
    /// answer for a whole one.
    pub fn into_stream(self) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
        let Parts { first, more, maker } = self;
        let rest = stream::unfold((more, Some(maker)), |(mut more, maker)| async move {
            let maker = maker?;
            if let Some(part) = more.recv().await {
                return Some((Ok(part), (more, Some(maker))));
            }
            let end = match maker.await {
                Ok(Ok(end)) => Ok(end),
                Ok(Err(failure)) => Err(std::io::Error::other(format!("{failure:?}"))),
                Err(error) => Err(std::io::Error::other(error)),
            };
            Some((end, (more, None)))
        });
        stream::once(async move { Ok(first) }).chain(rest)
    }
}

/// Runs a producer. Its result ends the body, and is the whole body if nothing was sent before.
pub async fn make<F, M>(
    status: StatusCode,
    media_type: &'static str,
    maker: F,
) -> Result<Answer, Failure>
where
    F: FnOnce(Sink) -> M,
    M: Future<Output = Result<Bytes, Failure>> + Send + 'static,
{
    let (sender, mut more) = mpsc::channel(1);
    let maker = tokio::spawn(maker(Sink(sender)));
    let content = match more.recv().await {
        Some(first) => Content::Parts(Parts { first, more, maker }),
        None => match maker.await {
            Ok(end) => Content::Whole(end?),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => return Err(Failure::Gone),
        },
    };
    Ok(typed(status, media_type, content))
}

/// An answer with a body of XML.
pub fn xml(status: StatusCode, body: String) -> Answer {
    typed(status, XML, Content::Whole(body.into()))
}

/// An answer with a body of a media type.
pub fn typed(status: StatusCode, media_type: &'static str, content: Content) -> Answer {
    let mut response = http::Response::new(content);
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Answer {
    let mut response = http::Response::new(Content::Whole(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// Content-Type of multistatus and error bodies.
pub const XML: &str = "application/xml; charset=utf-8";
/// Content-Type of cards.
pub const VCARD: &str = "text/vcard; charset=utf-8";
