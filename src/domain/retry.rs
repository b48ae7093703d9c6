//! Decisions that rest on what may move before their commit.

use std::future::Future;

use super::error::{Error, Result};

/// How often a decision is taken.
const ATTEMPTS: usize = 8;

/// Why an attempt came to nothing.
#[derive(Debug)]
pub(super) enum Stop<E = Error> {
    /// What the decision rested on moved before the commit.
    Moved,
    Failed(E),
}

/// Outcome of one attempt.
pub(super) type Attempted<T, E = Error> = std::result::Result<T, Stop<E>>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Failed(error)
    }
}

/// The outcome of an attempt: it is made again when its commit found that something moved.
pub(super) fn attempted<T>(outcome: Result<T>) -> Attempted<T> {
    outcome.map_err(|error| match error {
        Error::Moved => Stop::Moved,
        error => Stop::Failed(error),
    })
}

/// Takes a decision, and again from a renewed state where what it rested on moved before its commit.
/// `Unavailable` if it kept moving: then nothing was committed.
pub(super) async fn retry<S, T, E, A, R>(
    mut state: S,
    attempt: impl Fn(S) -> A + Send + Sync,
    renew: impl Fn(S) -> R + Send + Sync,
) -> std::result::Result<T, E>
where
    S: Clone + Send,
    E: From<Error>,
    A: Future<Output = Attempted<T, E>> + Send,
    R: Future<Output = std::result::Result<S, E>> + Send,
{
    for left in (0..ATTEMPTS).rev() {
        match attempt(state.clone()).await {
            Ok(done) => return Ok(done),
            Err(Stop::Failed(error)) => return Err(error),
            Err(Stop::Moved) if left > 0 => state = renew(state).await?,
            Err(Stop::Moved) => {}
        }
    }
    Err(Error::Unavailable("rights or contents kept changing during the write".into()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn after(moves: usize) -> (Result<usize>, usize) {
        let renewed = std::sync::atomic::AtomicUsize::new(0);
        let outcome = retry(
            0,
            |attempt| async move {
                if attempt < moves {
                    Err(Stop::Moved)
                } else {
                    Ok(attempt)
                }
            },
            |attempt| {
                renewed.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                async move { Ok(attempt + 1) }
            },
        )
        .await;
        (outcome, renewed.into_inner())
    }

    #[tokio::test]
    async fn the_last_attempt_counts_and_none_follows_it() {
        assert_eq!(after(0).await, (Ok(0), 0));
        assert_eq!(after(ATTEMPTS - 1).await, (Ok(ATTEMPTS - 1), ATTEMPTS - 1));
        let (outcome, renewed) = after(ATTEMPTS).await;
        assert!(matches!(outcome, Err(Error::Unavailable(_))));
        assert_eq!(renewed, ATTEMPTS - 1);
    }

    #[tokio::test]
    async fn what_failed_is_not_tried_again() {
        let fails = |()| async { Err::<(), _>(Stop::Failed(Error::NotFound)) };
        let outcome = retry((), fails, |()| async { Err(Error::NoSpace) }).await;
        assert_eq!(outcome, Err(Error::NotFound));
    }
}
