//! Facts about the server that pages need.

use std::{path::PathBuf, sync::Arc};

use crate::{connect::Address, http::tls::Certificates};

/// Of the configuration.
#[derive(Default)]
pub struct Site {
    /// How the server is reached from outside, where that is configured.
    pub address: Option<Address>,
    /// Sign profiles, where the server has a certificate.
    pub certificates: Option<Arc<Certificates>>,
    /// The data directory.
    pub data: PathBuf,
    /// Font files for what the fonts of PDF lack.
    pub fonts: Arc<[PathBuf]>,
    /// WebDAV-Push is on.
    pub push: bool,
}
