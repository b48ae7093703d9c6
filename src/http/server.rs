//! The accept loop: connections are limited in number and in time, and held requests are answered
//! when the server stops.

use std::{sync::Arc, time::Duration};

use socket2::{SockRef, TcpKeepalive};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::task::TaskTracker;

use super::{
    connection::{Connection, Terms},
    limits::{Limits, Seldom},
    tls::Certificates,
};

/// Time for responses in progress when the server stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// Silence after which TCP keepalive probes a peer. Long, because each probe wakes a phone.
const SILENCE: Duration = Duration::from_secs(600);
const QUESTIONS: u32 = 4;
const BETWEEN: Duration = Duration::from_secs(30);

/// A bound socket.
pub struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Certificates>>,
}

impl Listener {
    /// Binds `http://ADDRESS:PORT` or `https://ADDRESS:PORT`; port 0 picks one.
    pub async fn bind(url: &str, tls: Option<&Arc<Certificates>>) -> Result<Self, String> {
        let (is_encrypted, address) = Self::parts(url)?;
        let tls = if is_encrypted {
            Some(tls.ok_or("there is no certificate")?.clone())
        } else {
            None
        };
        let fault = |error: std::io::Error| format!("{url}: {error}");
        let socket = TcpListener::bind(address.trim_end_matches('/'))
            .await
            .map_err(fault)?;
        // Connections inherit it.
        let keepalive = TcpKeepalive::new()
            .with_time(SILENCE)
            .with_interval(BETWEEN)
            .with_retries(QUESTIONS);
        SockRef::from(&socket)
            .set_tcp_keepalive(&keepalive)
            .map_err(fault)?;
        Ok(Self { socket, tls })
    }

    /// Whether a URL asks for TLS, and what follows the scheme.
    pub fn parts(url: &str) -> Result<(bool, &str), String> {
        let (scheme, address) = url
            .split_once("://")
            .ok_or_else(|| format!("{url}: not http://ADDRESS:PORT or https://ADDRESS:PORT"))?;
        match scheme {
            "http" => Ok((false, address)),
            "https" => Ok((true, address)),
            _ => Err(format!("{url}: neither http nor https")),
        }
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

    /// Serves until the shutdown, then lets responses in progress finish.
    pub async fn serve(self, terms: Arc<Terms>, limits: Arc<Limits>) {
        let connections = TaskTracker::new();
        let failed = Seldom::default();
        let stop = terms.shutdown.0.clone();
        loop {
            let permit = tokio::select! {
                permit = limits.room() => permit,
                () = stop.cancelled() => break,
            };
            let accepted = tokio::select! {
                accepted = self.socket.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of descriptors, most likely: some will close.
                    failed.tell(move |times| {
                        tracing::warn!(%error, times, "connections could not be accepted");
                    });
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let Some(place) = limits.enter(permit, peer.ip()) else {
                continue;
            };
            let _ = stream.set_nodelay(true);
            let connection = Connection {
                peer: peer.ip(),
                terms: terms.clone(),
                place,
            };
            connections.spawn(connection.run(stream, self.tls.clone()));
        }
        drop(self.socket);
        connections.close();
        let _ = timeout(FAREWELL, connections.wait()).await;
    }
}
