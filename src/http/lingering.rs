//! Closing in stages (RFC 9112 §9.6): a client that is still sending gets to read its answer.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until, timeout},
};

/// Octets that are still taken: the largest body somebody may send, and some.
const MOST: usize = 16 * 1024 * 1024;
/// The longest time in which they are taken.
const LONGEST: Duration = Duration::from_secs(30);
/// The longest silence between two of them.
const STALL: Duration = Duration::from_secs(2);
/// Octets of a body that are read before its early answer leaves, and the time for it.
const SHORT: usize = 64 * 1024;
const SOON: Duration = Duration::from_secs(1);
/// Octets taken at a time.
const PART: usize = 8 * 1024;

/// A connection was answered before the body of its request was read.
#[derive(Clone, Default)]
pub struct Unread(Arc<Left>);

#[derive(Default)]
struct Left {
    unread: AtomicBool,
    rest: Mutex<Option<Incoming>>,
}

impl Unread {
    /// Notes whether the client still sends what nobody will read.
    pub fn set(&self, unread: bool) {
        self.0.unread.store(unread, SeqCst);
    }

    fn is_set(&self) -> bool {
        self.0.unread.load(SeqCst)
    }

    /// Keeps a body nobody reads any more.
    pub fn leave(&self, rest: Incoming) {
        self.set(true);
        *self.0.rest.lock().unwrap_or_else(PoisonError::into_inner) = Some(rest);
    }

    /// The body that was left.
    pub fn rest(&self) -> Option<Incoming> {
        let mut rest = self.0.rest.lock().unwrap_or_else(PoisonError::into_inner);
        rest.take()
    }
}

/// Reads a short body to its end, so that the connection goes on (RFC 9112 §9.3); false where it is
/// long or slow.
pub async fn read_out(mut rest: Incoming) -> bool {
    let ended = timeout(SOON, async {
        let mut octets = 0;
        while let Some(frame) = rest.frame().await {
            let Ok(frame) = frame else { return false };
            octets += frame.data_ref().map_or(0, Bytes::len);
            if octets > SHORT {
                return false;
            }
        }
        true
    });
    ended.await.unwrap_or(false)
}

/// A stream that takes what a client still sends, after all was said to it.
pub struct Lingering<S> {
    stream: S,
    unread: Unread,
    stage: Stage,
}

enum Stage {
    Open,
    Shut(Box<Rest>),
}

struct Rest {
    octets: usize,
    end: Instant,
    patience: Pin<Box<Sleep>>,
}

impl<S> Lingering<S> {
    /// A stream that closes as [`Lingering`] says while `unread` is set.
    pub fn new(stream: S, unread: Unread) -> Self {
        Self {
            stream,
            unread,
            stage: Stage::Open,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Stage::Open = this.stage {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            let now = Instant::now();
            this.stage = Stage::Shut(Box::new(Rest {
                octets: 0,
                end: now + LONGEST,
                patience: Box::pin(sleep_until(now + STALL)),
            }));
        }
        let Stage::Shut(rest) = &mut this.stage else {
            return Poll::Ready(Ok(()));
        };
        if !this.unread.is_set() {
            return Poll::Ready(Ok(()));
        }
        let mut part = [0; PART];
        while rest.octets < MOST {
            let mut buffer = ReadBuf::new(&mut part);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    rest.octets += buffer.filled().len();
                    let next = (Instant::now() + STALL).min(rest.end);
                    rest.patience.as_mut().reset(next);
                }
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(rest.patience.as_mut().poll(cx));
                    break;
                }
            }
        }
        this.unread.set(false);
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    #[tokio::test]
    async fn what_is_still_sent_is_taken_up_to_a_limit() {
        let unread = Unread::default();
        let (mut client, server) = duplex(PART);
        let mut server = Lingering::new(server, unread.clone());
        unread.set(true);
        let closing = tokio::spawn(async move { server.shutdown().await });
        let mut sent = 0;
        // A duplex refuses what is written once its other end is gone.
        while client.write_all(&[0; 1024]).await.is_ok() {
            sent += 1024;
        }
        closing.await.expect("no panic").expect("closed");
        assert!((MOST..MOST + 3 * PART).contains(&sent), "{sent}");
        assert_eq!(client.read(&mut [0]).await.expect("the end"), 0);
    }

    #[tokio::test]
    async fn nobody_is_waited_for_who_sends_nothing() {
        for (is_unread, waited) in [(true, true), (false, false)] {
            let unread = Unread::default();
            let (_client, server) = duplex(PART);
            let mut server = Lingering::new(server, unread.clone());
            unread.set(is_unread);
            let begun = Instant::now();
            server.shutdown().await.expect("closed");
            assert_eq!(begun.elapsed() >= STALL, waited);
        }
    }
}
