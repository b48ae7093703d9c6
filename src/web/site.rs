//! Facts about the server that pages need.

use std::{convert::Infallible, path::PathBuf, sync::Arc};

use axum::extract::FromRequestParts;
use http::{header, request::Parts};

use crate::{
    connect::Address,
    http::{Secure, tls::Certificates},
};

/// Configuration that pages need.
#[derive(Default)]
pub struct Site {
    /// The public address of the server, where it is configured.
    pub address: Option<Address>,
    /// Sign profiles, where the server has a certificate.
    pub certificates: Option<Arc<Certificates>>,
    /// The data directory.
    pub data: PathBuf,
    /// Font files for characters that the built-in PDF fonts lack.
    pub fonts: Arc<[PathBuf]>,
    /// WebDAV-Push is on.
    pub push: bool,
}

/// The address by which a browser reaches the server.
pub struct Reached(pub Option<Address>);

impl Reached {
    /// The configured address of the server; where there is none, what the browser has.
    pub fn address(&self, site: &Site) -> Option<Address> {
        site.address.clone().or_else(|| self.0.clone())
    }
}

impl<S: Sync> FromRequestParts<S> for Reached {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let secure = parts.extensions.get::<Secure>();
        let secure = secure.is_some_and(|secure| secure.0);
        // HTTP/2 says the host in the target (RFC 9113 §8.3.1).
        let target = parts.uri.authority().map(|authority| authority.as_str());
        let named = || parts.headers.get(header::HOST)?.to_str().ok();
        let authority = target.or_else(named);
        Ok(Self(authority.and_then(|authority| {
            Address::of_authority(authority, secure)
        })))
    }
}
