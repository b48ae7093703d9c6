//! Password checks under way, each once: who brings a credential that is being checked waits for its
//! outcome, so that the connections of one program cost one check.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, Once, PoisonError},
};

use tokio::sync::OnceCell;

use super::throttle::Attempt;

/// A credential with the address it came from, and the hash it is checked against.
pub type Asked = (IpAddr, [u8; 32], String);

/// The checks somebody waits for.
#[derive(Default)]
pub struct Checks(Mutex<HashMap<Asked, UnderWay>>);

struct UnderWay {
    check: Arc<Check>,
    waiting: usize,
}

/// A check, and the attempt it counts as.
struct Check {
    outcome: OnceCell<bool>,
    attempt: Option<Attempt>,
    succeeded: Once,
}

/// One who waits for a check.
pub struct Waiting<'a> {
    checks: &'a Checks,
    asked: Asked,
    check: Arc<Check>,
}

impl Checks {
    /// Joins the check of a credential, or begins it as far as `begin` allows.
    pub fn join(
        &self,
        asked: Asked,
        begin: impl FnOnce() -> Result<Option<Attempt>, u64>,
    ) -> Result<Waiting<'_>, u64> {
        let mut all = self.lock();
        let check = match all.get_mut(&asked) {
            Some(under_way) => {
                under_way.waiting += 1;
                under_way.check.clone()
            }
            None => {
                let check = Arc::new(Check {
                    outcome: OnceCell::new(),
                    attempt: begin()?,
                    succeeded: Once::new(),
                });
                let under_way = UnderWay {
                    check: check.clone(),
                    waiting: 1,
                };
                all.insert(asked.clone(), under_way);
                check
            }
        };
        Ok(Waiting {
            checks: self,
            asked,
            check,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Asked, UnderWay>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting<'_> {
    /// Whether the credential is right. One of those who wait runs the check; another goes on if that
    /// one leaves.
    pub async fn outcome(&self, check: impl Future<Output = bool>) -> bool {
        *self.check.outcome.get_or_init(|| check).await
    }

    /// The credential let somebody in: the attempt does not count as wrong.
    pub fn succeeded(&self) {
        if let Some(attempt) = &self.check.attempt {
            self.check.succeeded.call_once(|| attempt.succeeded());
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut all = self.checks.lock();
        if let Some(under_way) = all.get_mut(&self.asked) {
            under_way.waiting -= 1;
            if under_way.waiting == 0 {
                all.remove(&self.asked);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::{FutureExt as _, future::join_all};

    use super::*;

    fn asked(guess: u8) -> Asked {
        (IpAddr::from([192, 0, 2, 1]), [guess; 32], "hash".to_owned())
    }

    #[tokio::test]
    async fn a_credential_is_checked_once_however_many_bring_it() {
        let checks = Checks::default();
        let run = AtomicUsize::new(0);
        let begun = AtomicUsize::new(0);
        let one = || async {
            let begin = || {
                begun.fetch_add(1, Ordering::Relaxed);
                Ok(None)
            };
            let waiting = checks.join(asked(1), begin).expect("begun");
            let check = async {
                run.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                true
            };
            waiting.outcome(check).await
        };
        let all = join_all((0..100).map(|_| one())).await;
        assert!(all.iter().all(|right| *right));
        assert_eq!(
            (begun.into_inner(), run.into_inner()),
            (1, 1),
            "(begun, run)"
        );
        assert!(checks.lock().is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn another_goes_on_when_who_began_leaves() {
        let checks = Checks::default();
        let join = || checks.join(asked(1), || Ok(None)).expect("begun");
        let (first, second) = (join(), join());
        let left = first.outcome(std::future::pending()).now_or_never();
        assert_eq!(left, None);
        drop(first);
        assert!(!second.outcome(async { false }).await);
        drop(second);
        assert!(checks.lock().is_empty());
    }

    #[test]
    fn what_may_not_begin_is_not_waited_for() {
        let checks = Checks::default();
        assert_eq!(checks.join(asked(1), || Err(7)).err(), Some(7));
        assert!(checks.lock().is_empty());
    }
}
