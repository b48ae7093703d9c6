//! State that is stored as JSON.

use std::fmt::Display;

use serde::{Serialize, de::DeserializeOwned};

use super::error::{Error, Result};

/// What is to be stored. `Unavailable` for what has no such form: nothing is stored in its place.
pub fn write(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| Error::Unavailable(error.to_string()))
}

/// [`write`] for what is stored as text.
pub fn text(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string(value).map_err(|error| Error::Unavailable(error.to_string()))
}

/// What was stored; none, with a line in the log that says of what, where it cannot be read.
pub fn read<T: DeserializeOwned>(of: impl Display, stored: &[u8]) -> Option<T> {
    match serde_json::from_slice(stored) {
        Ok(value) => Some(value),
        Err(error) => {
            tracing::warn!(%of, %error, "what is stored cannot be read");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_form_is_not_stored_as_nothing() {
        let unwritable = std::collections::BTreeMap::from([((1, 2), 3)]);
        assert!(matches!(write(&unwritable), Err(Error::Unavailable(_))));
        assert!(matches!(text(&unwritable), Err(Error::Unavailable(_))));
        assert_eq!(write(&[1, 2]), Ok(b"[1,2]".to_vec()));
        assert_eq!(read::<Vec<u8>>("a test", b"[1,2]"), Some(vec![1, 2]));
        assert_eq!(read::<Vec<u8>>("a test", b"{}"), None);
    }
}
