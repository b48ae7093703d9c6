//! Time-based one-time passwords (RFC 6238), each accepted once, and recovery codes.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use totp_rs::{Builder, Secret, Totp};

use super::{Authenticator, throttle::Attempt};
use crate::domain::{
    batch::{Batch, Op},
    credential::SecondFactorOp,
    error::{Error, Result},
    id::PersonId,
    label::PAGES,
    second_factor::recovery_lookup,
};

/// Octets of a secret (RFC 4226 §4: at least 16, 20 advised).
const SECRET: usize = 20;
/// Codes of one person, from all addresses, that are looked at without a wait (RFC 4226 §7.3).
const FREE: u32 = 10;
/// The wait before each further one.
const PAUSE: Duration = Duration::from_secs(60);

/// Outcome of checking a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// The right code, of this time step; 0 for a recovery code.
    Right(u64),
    Wrong,
    /// Too many wrong codes; try again after so many seconds.
    Throttled {
        retry_after: u64,
    },
}

/// A new secret.
pub fn new_secret() -> Vec<u8> {
    let mut secret = vec![0; SECRET];
    rand::fill(&mut secret[..]);
    secret
}

/// A secret as people type it, base32.
pub fn typed_secret(secret: &[u8]) -> String {
    Secret::new(secret.into()).to_base32()
}

impl Authenticator {
    /// Checks a code against a secret that is being set up. The confirmation then uses the code up.
    pub fn first_code(&self, person: PersonId, secret: &[u8], typed: &str, peer: IpAddr) -> Code {
        let attempt = match self.attempt(person, typed, peer) {
            Ok(attempt) => attempt,
            Err(retry_after) => return Code::Throttled { retry_after },
        };
        match step_of(secret, typed) {
            Some(step) => {
                attempt.succeeded();
                self.codes.forget(person);
                Code::Right(step)
            }
            None => wrong(person, peer),
        }
    }

    /// Checks a code of a person whose password was right, and uses it up: neither a code nor a
    /// recovery code is accepted twice.
    pub async fn code(&self, person: PersonId, typed: &str, peer: IpAddr) -> Result<Code> {
        let attempt = match self.attempt(person, typed, peer) {
            Ok(attempt) => attempt,
            Err(retry_after) => return Ok(Code::Throttled { retry_after }),
        };
        let factor = self.store.second_factor(person).await?;
        let Some(factor) = factor.filter(|factor| factor.confirmed) else {
            return Ok(Code::Wrong);
        };
        let (use_up, step) = match (step_of(&factor.secret, typed), recovery_lookup(typed)) {
            (Some(step), _) => (SecondFactorOp::Use { person, step }, step),
            (None, Some(digest)) => (SecondFactorOp::UseRecoveryCode { person, digest }, 0),
            (None, None) => return Ok(wrong(person, peer)),
        };
        let batch = Batch::of_program(PAGES, vec![Op::SecondFactor(use_up)]);
        match self.store.commit(batch.for_person(person)).await {
            Ok(_) => {
                attempt.succeeded();
                self.codes.forget(person);
                Ok(Code::Right(step))
            }
            Err(Error::Moved | Error::NotFound) => Ok(wrong(person, peer)),
            Err(error) => Err(error),
        }
    }

    /// Codes are counted apart from passwords; no login holds a space.
    fn attempt(
        &self,
        person: PersonId,
        typed: &str,
        peer: IpAddr,
    ) -> std::result::Result<Attempt, u64> {
        // Nobody guesses a recovery code: it waits for no guesses from other addresses.
        let is_guess = recovery_lookup(typed).is_none();
        if is_guess {
            self.codes.begin(person)?;
        }
        let account = format!("second factor {person}");
        let key = self.key(&account, typed);
        let attempt = self.throttle.begin(&account, peer, key);
        if is_guess && attempt.is_err() {
            self.codes.take_back(person);
        }
        attempt
    }
}

/// Codes that were looked at since the last right one, from whatever address: who guesses them
/// knows the password, and has as many addresses as they like.
#[derive(Default)]
pub struct Codes(Mutex<HashMap<PersonId, (u32, Instant)>>);

impl Codes {
    /// Counts a code as wrong until [`Codes::forget`]; or the seconds to wait before one is looked
    /// at.
    fn begin(&self, person: PersonId) -> std::result::Result<(), u64> {
        let mut codes = self.lock();
        let now = Instant::now();
        let (number, last) = codes.entry(person).or_insert((0, now));
        if *number >= FREE
            && let Some(left) = PAUSE.checked_sub(last.elapsed())
        {
            return Err(left.as_secs() + 1);
        }
        *number = number.saturating_add(1);
        *last = now;
        Ok(())
    }

    /// A code that was counted was not looked at.
    fn take_back(&self, person: PersonId) {
        if let Some((number, _)) = self.lock().get_mut(&person) {
            *number = number.saturating_sub(1);
        }
    }

    fn forget(&self, person: PersonId) {
        self.lock().remove(&person);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PersonId, (u32, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wrong(person: PersonId, peer: IpAddr) -> Code {
    tracing::info!(%peer, %person, "a code of the second factor was wrong");
    Code::Wrong
}

/// The time step a code belongs to: the current one, or the one before or after.
fn step_of(secret: &[u8], typed: &str) -> Option<u64> {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    totp(secret)?.check(&digits, now.as_secs())
}

fn totp(secret: &[u8]) -> Option<Totp> {
    let secret = Secret::new(secret.into());
    Builder::new().with_secret(secret).build().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_a_person_are_counted_whatever_the_address() {
        let codes = Codes::default();
        let (ada, bob) = (PersonId(1), PersonId(2));
        let looked_at = (0..50).filter(|_| codes.begin(ada).is_ok()).count();
        assert_eq!(looked_at, FREE as usize);
        assert!(
            codes
                .begin(ada)
                .is_err_and(|wait| wait <= PAUSE.as_secs() + 1)
        );
        assert!(codes.begin(bob).is_ok(), "another person waits for nothing");
        codes.take_back(ada);
        assert!(codes.begin(ada).is_ok(), "one was not looked at");
        codes.forget(ada);
        assert!(codes.begin(ada).is_ok(), "the right one ends the wait");
    }

    /// RFC 6238 appendix B, SHA-1, the last six of eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let totp = totp(b"12345678901234567890").expect("a secret");
        for (time, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(totp.check(code, time), Some(time / 30), "{time}");
            // The clocks of the two may be half a minute apart, no more.
            assert_eq!(totp.check(code, time + 30), Some(time / 30));
            assert_eq!(totp.check(code, time + 60), None);
        }
        assert_eq!(
            typed_secret(b"12345678901234567890"),
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        );
        assert_eq!(step_of(b"12345678901234567890", "12345"), None);
    }
}
