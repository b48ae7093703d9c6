//! Notifies the service manager (systemd's `sd_notify`); does nothing where there is none.

use std::{sync::Arc, time::Duration};

use sd_notify::NotifyState as State;

use super::operator::{Operator, Unready};

/// The server serves.
pub fn ready() {
    tell(&[State::Ready]);
}

/// Something is read anew; [`ready`] follows.
pub fn reloading() {
    match State::monotonic_usec_now() {
        Ok(now) => tell(&[State::Reloading, now]),
        Err(error) => tracing::warn!(%error, "the clock could not be read"),
    }
}

/// No new requests are taken, and those under way are finished.
pub fn stopping() {
    tell(&[State::Stopping]);
}

/// Says at half of the time the service manager gives that the server is well. A server whose
/// store hangs says nothing, and is started anew; a disk that takes nothing no start would mend.
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
