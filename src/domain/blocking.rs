//! Work that takes long, beside the requests.

use tokio::task::{JoinError, spawn_blocking};

use super::error::{Error, Result};

/// Begins work on a thread for what takes long, and answers when it is done.
///
/// `Unavailable` when it panicked: the panic is told where it happens, and what it says may quote
/// contents.
pub fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> impl Future<Output = Result<T>> + Send {
    let work = spawn_blocking(work);
    async { work.await.map_err(lost) }
}

/// Work that did not end: it panicked, or the server stops.
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
