//! What the pages know of the server they are on.

use std::{path::PathBuf, sync::Arc};

use crate::{connect::Address, http::sign::Signer};

/// Of the configuration.
#[derive(Default)]
pub struct Site {
    /// How the server is reached from outside, where that is configured.
    pub address: Option<Address>,
    /// Signs profiles, where the server has a certificate.
    pub signer: Option<Arc<Signer>>,
    /// The data directory.
    pub data: PathBuf,
    /// WebDAV-Push is on.
    pub push: bool,
}
