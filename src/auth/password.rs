//! Argon2id, off the asynchronous threads.

use argon2::{Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

use crate::domain::error::{Error, Result};

/// Verified for accounts that do not exist, so that they take as long as those that do.
pub const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$\
    TGj2h8RnSpBWVGnOKVmXHZdVYAX5I4LBQqzUQ2Fx2xE";

/// Hashes a password: m=19456 KiB, t=2, p=1 (OWASP), a salt of its own.
pub async fn hash(password: String) -> Result<String> {
    blocking(move || {
        let argon2 = argon2()?;
        let hash = argon2
            .hash_password(password.as_bytes())
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(hash.to_string())
    })
    .await?
}

/// Whether a password belongs to a hash.
pub async fn verify(password: String, hash: String) -> bool {
    let verified = blocking(move || {
        let argon2 = argon2()?;
        let parsed = argon2::password_hash::phc::PasswordHash::new(&hash)
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok::<_, Error>(argon2.verify_password(password.as_bytes(), &parsed).is_ok())
    })
    .await;
    matches!(verified, Ok(Ok(true)))
}

fn argon2() -> Result<Argon2<'static>> {
    let params =
        Params::new(19_456, 2, 1, None).map_err(|error| Error::Unavailable(error.to_string()))?;
    Ok(Argon2::new(
        argon2::Algorithm::Argon2id,
        Version::V0x13,
        params,
    ))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::Unavailable(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_told_from_another() {
        let hashed = hash("secret".into()).await.expect("a hash");
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("secret".into(), hashed.clone()).await);
        assert!(!verify("Secret".into(), hashed).await);
        assert!(!verify("secret".into(), DUMMY.into()).await);
    }
}
