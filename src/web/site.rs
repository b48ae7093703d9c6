//! Facts about the server that pages need.

use std::{path::PathBuf, sync::Arc};

use crate::{connect::Address, http::tls::Certificates};

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
