//! The values for connecting a device: the server's address, configuration profiles for Apple's
//! programs, QR codes.

pub mod profile;

use qrcode::{EcLevel, QrCode, render::svg};

/// The address of the server from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub secure: bool,
    pub host: String,
    pub port: u16,
}

impl Address {
    /// Parses `https://contacts.example.org:8443/`; none when it is not such an address.
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.trim().split_once("://")?;
        let secure = match scheme {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        Self::of_authority(rest.split('/').next()?, secure)
    }

    /// Parses `contacts.example.org:8443`, as in a Host header.
    pub fn of_authority(authority: &str, secure: bool) -> Option<Self> {
        let standard = if secure { 443 } else { 80 };
        // An IPv6 address keeps its brackets.
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
            _ => (authority, standard),
        };
        let bracketed = host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let fits = |c: char| match bracketed {
            Some(_) => c.is_ascii_hexdigit() || ".:".contains(c),
            None => c.is_ascii_alphanumeric() || ".-".contains(c),
        };
        let name = bracketed.unwrap_or(host);
        let is_host = !name.is_empty() && host.len() <= 255 && name.chars().all(fits);
        is_host.then(|| Self {
            secure,
            host: host.to_owned(),
            port,
        })
    }

    /// The name or address; IPv6 in its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `contacts.example.org`, with the port where it is another than clients assume.
    pub fn server(&self) -> String {
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => self.host.clone(),
            _ => format!("{}:{}", self.host, self.port),
        }
    }

    /// `https://contacts.example.org`
    pub fn url(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}", self.server())
    }

    /// The link by which DAVx⁵ sets up an account: address and login, no password.
    pub fn account_link(&self, login: &str) -> String {
        let scheme = if self.secure { "carddavs" } else { "carddav" };
        let login: String = login
            .bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'0'..=b'9' | b'.' | b'_' | b'-' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        format!("{scheme}://{login}@{}/dav/", self.server())
    }
}

/// A text as a QR code in SVG; none when it is too long.
pub fn code(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let image = code.render::<svg::Color>().min_dimensions(220, 220).build();
    Some(image)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written() {
        for (url, server, again) in [
            (
                "https://c.example.org",
                "c.example.org",
                "https://c.example.org",
            ),
            (
                "https://c.example.org/",
                "c.example.org",
                "https://c.example.org",
            ),
            (
                "https://c.example.org:8443",
                "c.example.org:8443",
                "https://c.example.org:8443",
            ),
            (
                "http://127.0.0.1:8080",
                "127.0.0.1:8080",
                "http://127.0.0.1:8080",
            ),
            ("https://[::1]:8443", "[::1]:8443", "https://[::1]:8443"),
            ("https://[::1]", "[::1]", "https://[::1]"),
        ] {
            let address = Address::parse(url).expect(url);
            assert_eq!(address.server(), server);
            assert_eq!(address.url(), again);
        }
        for nonsense in [
            "",
            "c.example.org",
            "ftp://x",
            "https://a b",
            "https://x:y",
            "https://",
            "http://[2001:db8:::80/",
            "https://[]",
            "https://a:b:443",
        ] {
            assert_eq!(Address::parse(nonsense), None, "{nonsense}");
        }
        let address = Address::parse("https://c.example.org").expect("an address");
        assert_eq!(
            address.account_link("a@example.org"),
            "carddavs://a%40example.org@c.example.org/dav/"
        );
    }

    #[test]
    fn a_code_is_an_image() {
        let image = code("https://c.example.org/connect/p/0123").expect("a code");
        assert!(image.contains("<svg") && image.ends_with("</svg>"));
        assert_eq!(code(&"x".repeat(5000)), None);
    }
}
