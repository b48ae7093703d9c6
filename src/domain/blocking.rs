//! Long computations, run on threads beside those that serve requests.

use std::sync::Arc;

use tokio::{
    sync::Semaphore,
    task::{JoinError, spawn_blocking},
};

use super::error::{Error, Result};

/// Starts work on a thread for blocking work and resolves with its result.
///
/// `Unavailable` when it panicked: the panic is logged where it happens, and its message may quote
/// contents.
pub fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    let work = spawn_blocking(work);
    async { work.await.map_err(lost) }
}

/// Carries on with work of several commits to its end, whether or not who asked for it still waits.
pub async fn carried_on<T: Send + 'static>(
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    tokio::spawn(work).await.map_err(lost)?
}

/// Permits for work that needs a core and much memory: as many at once as there are cores.
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, |n| n.get());
        Self(Arc::new(Semaphore::new(processors)))
    }
}

impl Turns {
    /// Waits for a permit, then runs work as [`blocking`] does.
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let turn = self.0.clone().acquire_owned().await;
        let turn = turn.map_err(|_| Error::Unavailable("the server stops".into()))?;
        blocking(move || {
            let _turn = turn;
            work()
        })
        .await
    }
}

/// The error for work that panicked, or that the stopping server ended.
pub fn lost(_: JoinError) -> Error {
    Error::Unavailable("the work beside the request did not end".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_told_without_what_it_quotes() {
        let done = blocking(|| panic!("a secret of a card")).await;
        let Err::<(), _>(Error::Unavailable(why)) = done else {
            panic!("it did not end");
        };
        assert!(!why.contains("secret"), "{why}");
    }
}
