//! One connection: its handshake, its requests, and how long it may be slow or idle.

use std::{
    convert::Infallible,
    future,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::{FutureExt as _, TryFutureExt as _};
use http::{HeaderValue, Request, Response, Version, header};
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulConnection},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until, timeout},
};
use tokio_rustls::server::TlsStream;
use tower::{Service as _, util::BoxCloneSyncService};

use super::{
    Peer, Secure, Shutdown, ThroughProxy,
    forwarded::{Origin, Proxies},
    headers::Headers,
    limits::{Place, Seldom},
    lingering::{Lingering, Unread, read_out},
    tls::Certificates,
    watched::{Watch, Watched},
};

/// Time a connection has to close.
const GOODBYE: Duration = Duration::from_secs(5);
/// Least octets a second of a body, beside pauses of [`Patience::stall`] in all.
const SLOWEST: u64 = 128;
/// Octets of the headers of a request.
const HEAD: u32 = 16 * 1024;
/// Requests at once on one connection of HTTP/2.
const STREAMS: u32 = 128;
/// HTTP/2 requests reset before they were handled, at most (rapid reset attacks).
const TAKEN_BACK: usize = 20;

/// What holds for HTTP/1, whichever builder serves it.
macro_rules! http1_settings {
    ($builder:expr, $patience:expr) => {
        $builder
            .timer(TokioTimer::new())
            .header_read_timeout($patience.idle.max($patience.head))
            .max_buf_size(HEAD as usize)
            .title_case_headers(true)
    };
}

/// Time limits for clients.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The time for the handshake and for the head of the first request.
    pub head: Duration,
    /// The time between two requests.
    pub idle: Duration,
    /// The time for the next part of a body, in either direction.
    pub stall: Duration,
}

/// What answers the requests of every connection.
pub type Service = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// Settings common to every connection of a server.
pub struct Terms {
    pub service: Service,
    pub shutdown: Shutdown,
    pub proxies: Arc<Proxies>,
    pub headers: Headers,
    pub patience: Patience,
    /// Reports clients that were given up before their first request.
    pub slow: Seldom,
}

/// An accepted connection.
pub struct Connection {
    pub peer: IpAddr,
    pub terms: Arc<Terms>,
    pub place: Place,
}

impl Connection {
    /// Serves the connection to its end.
    pub async fn run(self, stream: TcpStream, tls: Option<Arc<Certificates>>) {
        let unread = Unread::default();
        let stream = Lingering::new(stream, unread.clone());
        let Some(tls) = tls else {
            return self.speak(stream, Protocol::Any, false, unread).await;
        };
        // In a box that is gone afterwards, with what it returns: most connections only wait.
        let speaking = match Box::pin(self.handshake(stream, tls)).await {
            Some(stream) => {
                let protocol = Protocol::of(stream.get_ref().1.alpn_protocol());
                self.speak(*stream, protocol, true, unread)
            }
            None => return,
        };
        speaking.await;
    }

    async fn handshake(
        &self,
        stream: Lingering<TcpStream>,
        tls: Arc<Certificates>,
    ) -> Option<Box<TlsStream<Lingering<TcpStream>>>> {
        match timeout(self.terms.patience.head, tls.accept(stream)).await {
            Ok(Ok(Some(stream))) => return Some(Box::new(stream)),
            Ok(Ok(None)) => tracing::info!(peer = %self.peer, "an authority asked for a proof"),
            Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "no TLS handshake"),
            Err(_) => self.slow("the TLS handshake took too long"),
        }
        None
    }

    /// Reports a client that was given up before its first request, at most once a minute.
    fn slow(&self, why: &'static str) {
        let peer = self.peer;
        self.terms.slow.tell(move |times| {
            tracing::info!(%peer, times, "a connection is given up before its first request: {why}");
        });
    }

    /// Answers requests; the future holds the stream once, in a box.
    fn speak(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        protocol: Protocol,
        tls: bool,
        unread: Unread,
    ) -> impl Future<Output = ()> + Send {
        let patience = self.terms.patience;
        let activity = Arc::new(Activity::new());
        let connection = Origin {
            address: self.peer,
            secure: tls,
        };
        let (terms, active) = (self.terms.clone(), activity.clone());
        let service = service_fn(move |request| {
            let work = Work::begin(&active);
            answer(terms.clone(), connection, request, work, unread.clone())
        });
        let stream = TokioIo::new(stream);
        // HTTP/1 by itself needs less room than where it may be HTTP/2 too.
        if let Protocol::Http1 = protocol {
            let served =
                http1_settings!(http1::Builder::new(), patience).serve_connection(stream, service);
            self.attend(Box::pin(served), activity).left_future()
        } else {
            let served = protocol.builder(patience);
            let served = served.serve_connection(stream, service).into_owned();
            self.attend(Box::pin(served), activity).right_future()
        }
    }

    /// Supervises a connection: ends it when the server stops or nothing moves.
    async fn attend<C>(self, mut served: Pin<Box<C>>, activity: Arc<Activity>)
    where
        C: GracefulConnection,
        C::Error: std::fmt::Display,
    {
        let patience = self.terms.patience;
        let mut look = std::pin::pin!(sleep_until(
            Instant::now() + patience.head.min(patience.stall)
        ));
        let mut leaving = false;
        loop {
            tokio::select! {
                ended = served.as_mut() => {
                    if let Err(error) = ended {
                        tracing::debug!(peer = %self.peer, %error, "a connection ended");
                    }
                    return;
                }
                () = self.terms.shutdown.0.cancelled(), if !leaving => {}
                () = look.as_mut() => match activity.verdict(patience) {
                    Verdict::Until(then) => {
                        look.as_mut().reset(then.min(Instant::now() + patience.stall));
                        continue;
                    }
                    Verdict::Idle if leaving => return,
                    Verdict::Idle => self.idles(&activity),
                    Verdict::Stalled => {
                        tracing::info!(peer = %self.peer, "an answer is not taken: the connection is closed");
                        return;
                    }
                },
            }
            leaving = true;
            served.as_mut().graceful_shutdown();
            look.as_mut().reset(Instant::now() + GOODBYE);
        }
    }

    /// Reports that a connection is closed because nothing moves on it.
    fn idles(&self, activity: &Activity) {
        if activity.has_asked() {
            tracing::debug!(peer = %self.peer, "an idle connection is closed");
        } else {
            self.slow("no request came");
        }
    }
}

/// Passes one request to the service; the request itself is not kept.
fn answer(
    terms: Arc<Terms>,
    connection: Origin,
    mut request: Request<Incoming>,
    mut work: Work,
    unread: Unread,
) -> impl Future<Output = Result<Response<Watched<Work>>, Infallible>> + Send {
    let origin = terms.proxies.origin(connection, request.headers());
    let extensions = request.extensions_mut();
    extensions.insert(Peer(origin.address));
    extensions.insert(Secure(origin.secure));
    extensions.insert(terms.shutdown.clone());
    if terms.proxies.trusts(connection.address.to_canonical()) {
        extensions.insert(ThroughProxy);
    }
    let stall = terms.patience.stall;
    unread.set(false);
    // Streams of HTTP/2 end by themselves; who waits for a word before the body is not asked for it.
    let may_go_on = request.version() < Version::HTTP_2;
    let is_awaited = request.headers().contains_key(header::EXPECT);
    let left = unread.clone();
    let request = request.map(|body| {
        if body.is_end_stream() {
            Body::empty()
        } else {
            Body::new(Received::new(
                body,
                origin.address,
                stall,
                unread,
                may_go_on,
            ))
        }
    });
    let answer = terms.service.clone().call(request);
    let finish = move |mut response: Response<Body>| {
        terms.headers.add(response.headers_mut(), origin.secure);
        work.sends();
        response.map(|body| Watched { body, watch: work })
    };
    answer.and_then(move |mut response| match left.rest() {
        None => future::ready(Ok(finish(response))).left_future(),
        Some(rest) => async move {
            if !is_awaited && read_out(rest).await {
                left.set(false);
            } else {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(header::CONNECTION, close);
            }
            Ok(finish(response))
        }
        .boxed()
        .right_future(),
    })
}

/// The protocol of a connection.
#[derive(Clone, Copy)]
enum Protocol {
    Http1,
    Http2,
    /// The protocol is detected from the first octets.
    Any,
}

impl Protocol {
    /// The protocol that the TLS handshake negotiated: HTTP/2 over TLS needs ALPN (RFC 9113 §3.2).
    fn of(alpn: Option<&[u8]>) -> Self {
        match alpn {
            Some(b"h2") => Self::Http2,
            _ => Self::Http1,
        }
    }

    /// HTTP/2, or what the first octets say.
    fn builder(self, patience: Patience) -> auto::Builder<TokioExecutor> {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        if let Self::Http2 = self {
            builder = builder.http2_only();
        }
        http1_settings!(builder.http1(), patience);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD)
            .max_pending_accept_reset_streams(TAKEN_BACK);
        builder
    }
}

/// The activity of a connection.
struct Activity {
    /// Requests without a response yet: a held Ping is one.
    asked: AtomicUsize,
    /// Responses being sent.
    sent: AtomicUsize,
    /// Since when nothing moved, and whether anything was ever asked.
    moved: Mutex<(Instant, bool)>,
}

enum Verdict {
    /// Nothing to say before then.
    Until(Instant),
    Idle,
    Stalled,
}

impl Activity {
    fn new() -> Self {
        Self {
            asked: AtomicUsize::new(0),
            sent: AtomicUsize::new(0),
            moved: Mutex::new((Instant::now(), false)),
        }
    }

    fn moves(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), true);
    }

    fn has_asked(&self) -> bool {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    fn verdict(&self, patience: Patience) -> Verdict {
        let (moved, has_asked) = *self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if self.asked.load(SeqCst) > 0 {
            return Verdict::Until(Instant::now() + patience.idle);
        }
        let (longest, verdict) = match (self.sent.load(SeqCst) > 0, has_asked) {
            (true, _) => (patience.stall, Verdict::Stalled),
            (false, true) => (patience.idle, Verdict::Idle),
            (false, false) => (patience.head, Verdict::Idle),
        };
        match moved + longest {
            then if then > Instant::now() => Verdict::Until(then),
            _ => verdict,
        }
    }
}

/// A request, from its head to the end of its answer.
struct Work {
    activity: Arc<Activity>,
    sends: bool,
}

impl Work {
    fn begin(activity: &Arc<Activity>) -> Self {
        activity.asked.fetch_add(1, SeqCst);
        activity.moves();
        Self {
            activity: activity.clone(),
            sends: false,
        }
    }

    /// The answer is known.
    fn sends(&mut self) {
        self.sends = true;
        self.activity.sent.fetch_add(1, SeqCst);
        self.activity.moves();
        self.activity.asked.fetch_sub(1, SeqCst);
    }
}

impl Watch for Work {
    fn asked(&mut self, _octets: usize) {
        self.activity.moves();
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.activity.moves();
        if self.sends {
            self.activity.sent.fetch_sub(1, SeqCst)
        } else {
            self.activity.asked.fetch_sub(1, SeqCst)
        };
    }
}

/// The body of a request, which has to come on.
struct Received {
    body: Option<Incoming>,
    peer: IpAddr,
    stall: Duration,
    octets: u64,
    /// How long it is still waited for: grows with what comes, never beyond a stall.
    left: Duration,
    /// Since when it is waited for, and until when.
    waited: Option<(Instant, Pin<Box<Sleep>>)>,
    /// Notified when the body is dropped before its end.
    unread: Option<Unread>,
    /// Whether the rest may still be read then.
    may_go_on: bool,
}

/// The body comes too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body comes too slowly")]
struct TooSlow;

impl Received {
    fn new(body: Incoming, peer: IpAddr, stall: Duration, unread: Unread, may_go_on: bool) -> Self {
        Self {
            body: Some(body),
            may_go_on,
            peer,
            stall,
            octets: 0,
            left: stall,
            waited: None,
            unread: Some(unread),
        }
    }

    /// Octets came: the wait for them counts, and what they earn is little, so that one that
    /// sent much is waited for no longer than one that did not.
    fn comes(&mut self, octets: u64) {
        if let Some((since, _)) = self.waited.take() {
            self.left = self.left.saturating_sub(since.elapsed());
        }
        self.octets += octets;
        let earned = Duration::from_millis(octets.saturating_mul(1000) / SLOWEST);
        self.left = self.left.saturating_add(earned).min(self.stall);
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        let body = self.body.take().filter(|body| !body.is_end_stream());
        if let (Some(unread), Some(body)) = (self.unread.take(), body) {
            if self.may_go_on {
                unread.leave(body);
            } else {
                unread.set(true);
            }
        }
    }
}

impl HttpBody for Received {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let Some(body) = &mut this.body else {
            return Poll::Ready(None);
        };
        if let Poll::Ready(frame) = Pin::new(body).poll_frame(cx) {
            let data = match &frame {
                Some(Ok(frame)) => frame.data_ref(),
                _ => None,
            };
            this.comes(data.map_or(0, |data| data.len()) as u64);
            if !matches!(frame, Some(Ok(_))) {
                this.unread = None;
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let left = this.left;
        let (_, patience) = this.waited.get_or_insert_with(|| {
            let now = Instant::now();
            (now, Box::pin(sleep_until(now + left)))
        });
        match patience.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                tracing::info!(peer = %this.peer, octets = this.octets, "a body comes too slowly");
                this.unread = None;
                Poll::Ready(Some(Err(Box::new(TooSlow))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let known = self.body.as_ref().map(HttpBody::size_hint);
        known.unwrap_or_default()
    }
}
