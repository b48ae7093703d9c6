//! A CardDAV client of one book.

use super::http::{Answer, basic, request};

/// A person's private book.
pub struct Book {
    pub address: String,
    login: String,
    password: String,
    pub path: String,
}

impl Book {
    pub fn of(address: &str, login: &str) -> Self {
        Self::with_password(address, login, "demo")
    }

    pub fn with_password(address: &str, login: &str, password: &str) -> Self {
        Self {
            password: password.to_owned(),
            address: address.to_owned(),
            login: login.to_owned(),
            path: format!("/dav/{login}/private/contacts/"),
        }
    }

    pub fn send(&self, method: &str, target: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut headers = vec![basic(&self.login, &self.password)];
        let more = more.iter();
        headers.extend(more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        request(&self.address, method, target, &headers, body)
    }

    pub fn put(&self, name: &str, condition: (&str, &str), card: &str) -> Answer {
        let target = if name.starts_with('/') {
            name.to_owned()
        } else {
            format!("{}{name}", self.path)
        };
        let headers = [("Content-Type", "text/vcard"), condition];
        self.send("PUT", &target, &headers, card.as_bytes())
    }

    /// Href, ETag and text of the card that holds a text.
    pub fn find(&self, text: &str) -> Option<(String, String, String)> {
        let answer = self.send("PROPFIND", &self.path, &[("Depth", "1")], b"");
        assert_eq!(answer.status, 207, "{answer:?}");
        let listing = answer.text();
        let hrefs = listing
            .split("href>")
            .filter(|piece| piece.starts_with(&self.path))
            .filter_map(|piece| piece.split('<').next())
            .filter(|href| href.len() > self.path.len());
        for href in hrefs {
            let answer = self.send("GET", href, &[], b"");
            let card = answer.text().replace("\r\n ", "");
            if answer.status == 200 && card.contains(text) {
                let etag = answer.header("etag").expect("an ETag").to_owned();
                return Some((href.to_owned(), etag, card));
            }
        }
        None
    }

    /// A sync-collection report from a token; status, new token and body.
    pub fn sync(&self, token: &str) -> (u16, String, String) {
        let body = format!(
            "<sync-collection xmlns=\"DAV:\"><sync-token>{token}</sync-token>\
             <sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
        );
        let headers = [("Content-Type", "application/xml")];
        let answer = self.send("REPORT", &self.path, &headers, body.as_bytes());
        let text = answer.text();
        let token = text
            .split("sync-token>")
            .nth(1)
            .and_then(|rest| rest.split('<').next())
            .unwrap_or_default()
            .to_owned();
        (answer.status, token, text)
    }
}

/// A plain card of version 3.0.
pub fn card(uid: &str, name: &str) -> String {
    format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:{name};;;;\r\nFN:{name}\r\nEND:VCARD\r\n")
}
