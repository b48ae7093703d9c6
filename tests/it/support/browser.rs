//! A person at a browser without script.

use super::http::{Answer, request};

/// Signed in or not; the cookie is kept.
pub struct Browser {
    address: String,
    pub cookie: Option<String>,
    pub language: &'static str,
    /// What the browser says of itself.
    pub agent: &'static str,
}

/// A browser of a phone.
const PHONE: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
    Chrome/140.0.0.0 Mobile Safari/537.36";

impl Browser {
    pub fn open(address: &str) -> Self {
        Self {
            address: address.to_owned(),
            cookie: None,
            language: "en",
            agent: PHONE,
        }
    }

    /// One that is signed in.
    pub fn of(address: &str, login: &str) -> Self {
        let mut browser = Self::open(address);
        let answer = browser.sign_in(login, "demo");
        assert_eq!(answer.status, 303, "{answer:?}");
        browser
    }

    /// The server is started anew, elsewhere.
    pub fn moves_to(&mut self, address: &str) {
        address.clone_into(&mut self.address);
    }

    pub fn sign_in(&mut self, login: &str, password: &str) -> Answer {
        let answer = self.submit("/login", &[("login", login), ("password", password)]);
        self.cookie = answer
            .header("set-cookie")
            .and_then(|cookie| cookie.split(';').next())
            .map(str::to_owned);
        answer
    }

    pub fn get(&self, path: &str) -> Answer {
        request(&self.address, "GET", path, &self.headers(None), b"")
    }

    /// A page that is there.
    pub fn page(&self, path: &str) -> String {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// An url-encoded form.
    pub fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        let headers = self.headers(Some("application/x-www-form-urlencoded"));
        let body = body.join("&");
        request(&self.address, "POST", path, &headers, body.as_bytes())
    }

    /// The form of a contact, with the token and version of the page it stands on.
    pub fn save(&self, path: &str, fields: &[(&str, &str)], photo: Option<&[u8]>) -> Answer {
        self.send(path, &self.filled(path, fields), photo)
    }

    /// The form of a contact as it would be sent with some fields filled in.
    pub fn filled(&self, path: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
        filled_in(&self.page(path), fields)
    }

    /// A multipart form as it is.
    pub fn send(&self, path: &str, fields: &[(String, String)], photo: Option<&[u8]>) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part = format!(
                "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
            body.extend(part.into_bytes());
        }
        body.extend_from_slice(
            b"--frontier\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"photo\"\r\n\
              Content-Type: application/octet-stream\r\n\r\n",
        );
        body.extend_from_slice(photo.unwrap_or_default());
        body.extend_from_slice(b"\r\n--frontier--\r\n");
        let headers = self.headers(Some(MULTIPART));
        request(&self.address, "POST", path, &headers, &body)
    }

    /// A form with files, each with its name.
    pub fn upload(&self, path: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Answer {
        let headers = self.headers(Some(MULTIPART));
        let body = multipart(fields, files);
        request(&self.address, "POST", path, &headers, &body)
    }

    /// The path of the card whose link in the list has this name.
    pub fn card_named(&self, list: &str, name: &str) -> Option<String> {
        let page = self.page(list);
        let end = page.find(&format!("{}</a>", escaped(name)))?;
        let start = page[..end].rfind("<a href=\"")? + 9;
        let length = page[start..].find('"')?;
        Some(page[start..start + length].to_owned())
    }

    fn headers(&self, media_type: Option<&str>) -> Vec<(String, String)> {
        let mut headers = vec![
            ("Accept-Language".to_owned(), self.language.to_owned()),
            ("User-Agent".to_owned(), self.agent.to_owned()),
        ];
        if let Some(cookie) = &self.cookie {
            headers.push(("Cookie".to_owned(), cookie.clone()));
        }
        if let Some(media_type) = media_type {
            headers.push(("Content-Type".to_owned(), media_type.to_owned()));
        }
        headers
    }
}

/// The form of a contact on a page, as it would be sent with some fields filled in.
pub fn filled_in(page: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let form = page.split("<form class=\"contact\"").nth(1);
    let form = form.and_then(|form| form.split("</form>").next());
    let form = form.expect("a form");
    let hidden_inputs = form.split("<input type=\"hidden\" name=\"").skip(1);
    let mut all: Vec<(String, String)> = hidden_inputs
        .map(|piece| {
            let name = piece.split('"').next().expect("a name");
            let value = piece.split("value=\"").nth(1).expect("a value");
            let value = value.split('"').next().expect("an end");
            (name.to_owned(), unescaped(value))
        })
        .collect();
    // What the form shows comes back with it.
    let shown = inputs(form).into_iter();
    all.extend(shown.filter(|(name, _)| !fields.iter().any(|(set, _)| set == name)));
    let own = fields.iter();
    all.extend(own.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all
}

/// The media type of [`multipart`].
pub const MULTIPART: &str = "multipart/form-data; boundary=frontier";

/// The body of a form with files, each with its name.
pub fn multipart(fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        body.extend(part.into_bytes());
    }
    for (name, octets) in files {
        let part = format!(
            "--frontier\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend(part.into_bytes());
        body.extend_from_slice(octets);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--frontier--\r\n");
    body
}

/// The value of a hidden input; empty when there is none.
pub fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    page.find(&mark)
        .and_then(|at| page[at + mark.len()..].split('"').next())
        .map(unescaped)
        .unwrap_or_default()
}

/// Text inputs, selects and text areas with their values.
fn inputs(page: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for piece in page.split("<input id=\"").skip(1) {
        let tag = &piece[..piece.find('>').expect("a tag")];
        if let Some(name) = tag.split("name=\"").nth(1) {
            let name = name.split('"').next().expect("a name");
            found.push((name.to_owned(), hidden(tag, name)));
        }
    }
    for piece in page.split("<select id=\"").skip(1) {
        let id = piece.split('"').next().expect("an id");
        let list = piece.split("</select>").next().expect("an end");
        if let Some(option) = list
            .split("<option value=\"")
            .find(|o| o.contains(" selected"))
        {
            let value = option.split('"').next().expect("a value");
            found.push((id.to_owned(), value.to_owned()));
        }
    }
    if let Some(note) = page.split("<textarea id=\"note\" name=\"note\">").nth(1) {
        let text = note.split("</textarea>").next().expect("an end");
        found.push(("note".to_owned(), unescaped(text)));
    }
    found
}

/// Text as it stands in a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&#38;")
        .replace('<', "&#60;")
        .replace('>', "&#62;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// Text as a page means it.
pub fn unescaped(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
}

/// A value of an url-encoded form.
pub fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
