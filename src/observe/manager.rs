//! Notifies the service manager (systemd's `sd_notify`); does nothing where there is none.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState as State;

use super::operator::{Operator, Unready};

/// `READY=1`: the server serves.
pub fn ready() {
    tell(&[State::Ready]);
}

/// `RELOADING=1`; [`ready`] follows.
pub fn reloading() {
    match State::monotonic_usec_now() {
        Ok(now) => tell(&[State::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the clock could not be read"),
    }
}

/// `STOPPING=1`: new requests are refused, those in progress are finished.
pub fn stopping() {
    tell(&[State::Stopping]);
}

/// Sends `WATCHDOG=1` at half of the interval that the service manager sets. A server whose store
/// hangs sends nothing and is restarted; a full disk, which no restart would mend, does not stop
/// it.
pub async fn keep_watch(operator: Arc<Operator>) {
    let Some(time) = sd_notify::watchdog_enabled() else {
        return;
    };
    let mut beat = tokio::time::interval((time / 2).max(Duration::from_millis(100)));
    loop {
        beat.tick().await;
        match operator.ready().await {
            Ok(())
            | Err(Unready::Full | Unready::ReadOnly | Unready::Stopping | Unready::Starting) => {
                tell(&[State::Watchdog]);
            }
            Err(why @ Unready::Store(_)) => tracing::error!(%why, "the watchdog is not fed"),
        }
    }
}

fn tell(states: &[State<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager could not be told");
    }
}
