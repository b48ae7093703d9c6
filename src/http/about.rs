//! Facts about a request that a face finds out, for its line in the log.

use std::sync::{Arc, OnceLock};

use http::Extensions;

/// Facts about a request, collected while it is handled; each is set once.
#[derive(Clone, Debug, Default)]
pub struct About(Arc<Parts>);

#[derive(Debug, Default)]
struct Parts {
    login: OnceLock<String>,
    device: OnceLock<String>,
    command: OnceLock<&'static str>,
    fault: OnceLock<String>,
}

impl About {
    /// The facts of a request. Without an observer they are discarded.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// Sets the account that was authenticated, never a login that was only claimed.
    pub fn note_login(&self, login: &str) {
        let _ = self.0.login.set(login.to_owned());
    }

    /// Sets the device's own id.
    pub fn note_device(&self, id: &str) {
        let _ = self.0.device.set(id.to_owned());
    }

    /// Sets the command of a protocol whose HTTP method does not say it; one of a fixed list.
    pub fn note_command(&self, command: &'static str) {
        let _ = self.0.command.set(command);
    }

    /// Sets the defect of the request, in words that quote nothing of it.
    pub fn note_fault(&self, fault: impl Into<String>) {
        let _ = self.0.fault.set(fault.into());
    }

    /// The login of the request, once it is known.
    pub fn login(&self) -> Option<&str> {
        self.0.login.get().map(String::as_str)
    }

    /// The device of the request, once it is known.
    pub fn device(&self) -> Option<&str> {
        self.0.device.get().map(String::as_str)
    }

    /// The command or method of the request, once it is known.
    pub fn command(&self) -> Option<&'static str> {
        self.0.command.get().copied()
    }

    /// The defect noted by [`About::note_fault`].
    pub fn fault(&self) -> Option<&str> {
        self.0.fault.get().map(String::as_str)
    }
}
