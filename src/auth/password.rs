//! Password hashing with Argon2id, on threads for blocking work.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher as _, Version, password_hash::phc::PasswordHash,
};
use subtle::ConstantTimeEq as _;

use crate::domain::{
    blocking::blocking,
    error::{Error, Result},
};

/// Verified for unknown accounts, so that they take as long as known ones.
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
        let parsed = PasswordHash::new(&hash).ok()?;
        let (salt, expected) = (parsed.salt?, parsed.hash?);
        let params = Params::try_from(&parsed).ok()?;
        let mut found = vec![0; expected.len()];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(password.as_bytes(), &salt, &mut found)
            .ok()?;
        Some(bool::from(found.ct_eq(expected.as_bytes())))
    })
    .await;
    matches!(verified, Ok(Some(true)))
}

fn argon2() -> Result<Argon2<'static>> {
    let params =
        Params::new(19_456, 2, 1, None).map_err(|error| Error::Unavailable(error.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
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
    #[tokio::test]
    async fn the_dummy_costs_what_a_password_costs() {
        let hashed = hash("secret".into()).await.expect("a hash");
        let [dummy, hashed] = [DUMMY, &hashed].map(|text| PasswordHash::new(text).expect("a hash"));
        assert_eq!(dummy.algorithm, hashed.algorithm);
        assert_eq!(dummy.params, hashed.params);
        let length = |hash: &PasswordHash| hash.hash.as_ref().map(|hash| hash.len());
        assert_eq!(length(&dummy), length(&hashed));
    }
}
