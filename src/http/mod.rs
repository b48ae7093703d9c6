//! The listener: TLS, limits, graceful stop, and bodies.

mod about;
pub mod acme;
pub mod authority;
pub mod body;
pub mod connection;
pub mod forwarded;
pub mod headers;
pub mod limits;
mod lingering;
pub mod outbound;
pub mod reach;
pub mod server;
pub mod sign;
pub mod tls;
pub mod watched;

use std::net::IpAddr;

pub use about::About;
use http::Extensions;
use tokio_util::sync::CancellationToken;

/// The address of the client, behind any proxies.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Cancelled when the server stops, which ends long polls.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(pub CancellationToken);

/// Whether the client's connection is encrypted.
#[derive(Clone, Copy, Debug)]
pub struct Secure(pub bool);

/// The request came through a trusted proxy, whose forwarding header is believed.
#[derive(Clone, Copy, Debug)]
pub struct ThroughProxy;

/// The client's address; requests without one come from tests.
pub fn peer(extensions: &Extensions) -> IpAddr {
    extensions
        .get::<Peer>()
        .map_or(IpAddr::from([127, 0, 0, 1]), |peer| peer.0)
}
