//! The credentials of HTTP Basic, in the forms clients send.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;

/// Login and password; bytes that are not UTF-8 are ISO-8859-1 (Outlook).
pub fn parse(header: &HeaderValue) -> Option<(String, String)> {
    let value = header.to_str().ok()?;
    let (scheme, credentials) = value.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = STANDARD.decode(credentials.trim()).ok()?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => error.as_bytes().iter().copied().map(char::from).collect(),
    };
    let (login, password) = text.split_once(':')?;
    Some((login.to_owned(), password.to_owned()))
}

/// `DOMAIN\user`, `\user`, `user@domain`: the part that names the account.
pub fn login_of(text: &str) -> String {
    let account = text.rsplit_once('\\').map_or(text, |(_, account)| account);
    account.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_come_in_many_forms() {
        let check = |bytes: &[u8], expected: Option<(&str, &str)>| {
            let value = format!("Basic {}", STANDARD.encode(bytes));
            let header = HeaderValue::from_str(&value).expect("ASCII");
            let expected = expected.map(|(l, p)| (l.to_owned(), p.to_owned()));
            assert_eq!(parse(&header), expected);
        };
        check(b"alice:secret", Some(("alice", "secret")));
        check("alice:é:x".as_bytes(), Some(("alice", "é:x")));
        check(b"alice:\xE9", Some(("alice", "é")));
        check(b"alice", None);
        assert_eq!(parse(&HeaderValue::from_static("Bearer x")), None);
        assert_eq!(parse(&HeaderValue::from_static("Basic ***")), None);
        for (login, expected) in [
            ("Alice", "alice"),
            ("CORP\\alice", "alice"),
            ("\\alice", "alice"),
            ("CORP\\alice@example.org", "alice@example.org"),
        ] {
            assert_eq!(login_of(login), expected);
        }
    }
}
