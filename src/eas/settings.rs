//! The operator's settings of Exchange ActiveSync.

use std::collections::HashMap;

use serde::Deserialize;

use super::policy::Policy;

/// Settings of Exchange ActiveSync, each as `deploy/carnet.example.toml` explains it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Longest wait, in seconds.
    pub max_heartbeat: u64,
    /// Offer 2.5 and 12.0 too.
    pub legacy: bool,
    pub new_devices: NewDevices,
    /// Devices of one person.
    pub max_devices: usize,
    /// Announce further versions to devices that were offered fewer.
    pub announce: bool,
    /// Logins served by another server, and its address.
    pub elsewhere: HashMap<String, String>,
    pub policy: Option<Policy>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_heartbeat: 3540,
            legacy: false,
            new_devices: NewDevices::Allow,
            max_devices: 50,
            announce: false,
            elsewhere: HashMap::new(),
            policy: None,
        }
    }
}

/// The access of a device at its first contact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NewDevices {
    #[default]
    Allow,
    /// Refused until somebody allows it.
    Quarantine,
    Block,
}
