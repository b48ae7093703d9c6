//! Facts about a request that a face finds out, for its line in the log.

use std::sync::{Arc, OnceLock};

use http::Extensions;

/// A request as it gets known on its way; every part is said once.
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
    /// What is known of a request; one that nobody watches forgets what it is told.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// The account that was let in; never a name that was only typed.
    pub fn note_login(&self, login: &str) {
        let _ = self.0.login.set(login.to_owned());
    }

    /// The device as it names itself.
    pub fn note_device(&self, id: &str) {
        let _ = self.0.device.set(id.to_owned());
    }

    /// The command of a protocol whose method says nothing; one of a list.
    pub fn note_command(&self, command: &'static str) {
        let _ = self.0.command.set(command);
    }

    /// What is wrong with the request, in words that repeat nothing it contains.
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
