//! Our own accept loop: handshakes and headers have a time, connections a number, and a stop
//! answers what is held.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Router, body::Body};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use super::{Peer, Secure, Shutdown};

/// Time for a TLS handshake, and for the headers of a request.
const PATIENCE: Duration = Duration::from_secs(20);
/// Time for answers under way when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// A socket that is bound, not served yet.
pub struct Listener {
    socket: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Binds `http://ADDRESS:PORT` or `https://ADDRESS:PORT`; port 0 picks one.
    pub async fn bind(
        url: &str,
        tls: impl Fn() -> Result<Arc<ServerConfig>, String>,
    ) -> Result<Self, String> {
        let (scheme, address) = url
            .split_once("://")
            .ok_or_else(|| format!("{url}: not http://ADDRESS:PORT or https://ADDRESS:PORT"))?;
        let tls = match scheme {
            "http" => None,
            "https" => Some(TlsAcceptor::from(tls()?)),
            _ => return Err(format!("{url}: neither http nor https")),
        };
        let socket = TcpListener::bind(address.trim_end_matches('/'))
            .await
            .map_err(|error| format!("{url}: {error}"))?;
        Ok(Self { socket, tls })
    }

    /// `http://127.0.0.1:8080`
    pub fn url(&self) -> Result<String, String> {
        let address = self
            .socket
            .local_addr()
            .map_err(|error| error.to_string())?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        Ok(format!("{scheme}://{address}"))
    }

    /// Serves until the shutdown, then lets answers under way go out.
    pub async fn serve(self, router: Router, shutdown: Shutdown, connections: Arc<Semaphore>) {
        let graceful = GracefulShutdown::new();
        loop {
            let Ok(permit) = connections.clone().acquire_owned().await else {
                break;
            };
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = shutdown.0.cancelled() => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: some will close.
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let watcher = graceful.watcher();
            let connection = Connection {
                peer,
                router: router.clone(),
                shutdown: shutdown.clone(),
                _permit: permit,
            };
            tokio::spawn(connection.run(stream, self.tls.clone(), watcher));
        }
        drop(self.socket);
        let _ = timeout(FAREWELL, graceful.shutdown()).await;
    }
}

struct Connection {
    peer: SocketAddr,
    router: Router,
    shutdown: Shutdown,
    _permit: OwnedSemaphorePermit,
}

impl Connection {
    async fn run(
        self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        match tls {
            None => self.speak(stream, false, watcher).await,
            Some(tls) => match timeout(PATIENCE, tls.accept(stream)).await {
                Ok(Ok(stream)) => self.speak(stream, true, watcher).await,
                Ok(Err(error)) => tracing::debug!(peer = %self.peer, %error, "no TLS handshake"),
                Err(_) => tracing::debug!(peer = %self.peer, "the TLS handshake took too long"),
            },
        }
    }

    async fn speak(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        secure: bool,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let (peer, shutdown) = (Peer(self.peer.ip()), self.shutdown.clone());
        let service = self.router.clone().map_request(
            move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(peer);
                request.extensions_mut().insert(shutdown.clone());
                request.extensions_mut().insert(Secure(secure));
                request.map(Body::new)
            },
        );
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .max_buf_size(16 * 1024)
            .title_case_headers(true);
        builder.http2().timer(TokioTimer::new());
        let connection =
            builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!(peer = %self.peer, %error, "a connection ended");
        }
    }
}
