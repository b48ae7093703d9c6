//! Gateways for short messages and faxes: an HTTP request or a mail message, made from a template.

use std::{collections::BTreeMap, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::timeout;

use super::{settings::Gateway, smtp::Fate};
use crate::{
    domain::outbox::{Letter, Outgoing, one_line},
    http::outbound::Outbound,
};

/// A gateway reached by HTTP.
pub struct Http {
    outbound: Outbound,
    method: Method,
    url: String,
    headers: BTreeMap<String, String>,
    body: String,
    /// How values are written in the body.
    written: Written,
    sender: String,
    patience: Duration,
}

/// How a value is escaped in its context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The value is not escaped.
    Plain,
    /// Percent-encoded.
    Form,
    /// Escaped for the inside of a JSON string.
    Json,
    Xml,
    /// The value is put on one line.
    Line,
}

impl Written {
    fn of(media_type: &str) -> Self {
        match media_type {
            kind if kind.contains("json") => Written::Json,
            kind if kind.contains("x-www-form-urlencoded") => Written::Form,
            kind if kind.contains("xml") => Written::Xml,
            _ => Written::Plain,
        }
    }

    fn write(self, value: &str) -> String {
        match self {
            Written::Plain => value.to_owned(),
            Written::Line => one_line(value),
            Written::Json => {
                let quoted = serde_json::Value::from(value).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Written::Xml => value
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&apos;"),
            Written::Form => value.bytes().fold(String::new(), |mut out, byte| {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        out.push(char::from(byte));
                    }
                    _ => out.push_str(&format!("%{byte:02X}")),
                }
                out
            }),
        }
    }
}

/// Fills a template with the values of a message: `{number}`, `{digits}`, `{text}`, `{sender}`,
/// `{id}`. Values are never read as templates.
pub fn filled(template: &str, values: &Values<'_>, written: Written) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let known = values.0.iter().find(|(name, _)| {
            rest[1..].starts_with(name) && rest[1 + name.len()..].starts_with('}')
        });
        match known {
            Some((name, value)) => {
                out.push_str(&written.write(value));
                rest = &rest[name.len() + 2..];
            }
            None => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A name in a template that stands for nothing.
pub fn unknown(template: &str) -> Option<&str> {
    let names = template.split('{').skip(1);
    let mut names = names.filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
    names.find(|name| {
        let is_word = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
        is_word && !NAMES.contains(name)
    })
}

/// What a template may name.
const NAMES: [&str; 5] = ["number", "digits", "text", "sender", "id"];

/// The names a template may use, and their values.
pub struct Values<'a>([(&'static str, &'a str); 5]);

impl<'a> Values<'a> {
    /// The values of a message; none when its content was dropped.
    pub fn of(message: &'a Outgoing, sender: &'a str) -> Option<Self> {
        let Some(Letter::Text { text, sender: own }) = &message.letter else {
            return None;
        };
        let number = message.recipient.as_str();
        let sender = if sender.is_empty() { &own.name } else { sender };
        Some(Self([
            ("number", number),
            ("digits", number.trim_start_matches('+')),
            ("text", text),
            ("sender", sender),
            ("id", &message.name),
        ]))
    }
}

impl Http {
    /// Checks the settings; an error says what is wrong with them.
    pub fn new(gateway: &Gateway, url: &str) -> Result<Self, String> {
        let outbound = Outbound::new(true)?;
        let probe = url.replace(['{', '}'], "");
        outbound
            .target(&probe)
            .ok_or_else(|| format!("url: {url} is no address"))?;
        let method = Method::from_bytes(gateway.method.as_bytes()).map_err(|e| e.to_string())?;
        let headers: BTreeMap<String, String> = gateway
            .headers
            .iter()
            .map(|(name, value)| (name.to_lowercase(), value.0.clone()))
            .collect();
        for name in headers.keys() {
            HeaderName::from_bytes(name.as_bytes()).map_err(|e| format!("{name}: {e}"))?;
        }
        let texts = headers.values().map(String::as_str);
        let odd = texts.chain([&*gateway.body, url]).find_map(unknown);
        if let Some(name) = odd {
            return Err(format!("{{{name}}} stands for nothing"));
        }
        let media_type = headers.get("content-type").map_or("", String::as_str);
        Ok(Self {
            outbound,
            method,
            url: url.to_owned(),
            written: Written::of(&media_type.to_lowercase()),
            headers,
            body: gateway.body.clone(),
            sender: gateway.sender.clone(),
            patience: Duration::from_secs(gateway.timeout_seconds),
        })
    }

    /// Sends a message.
    pub async fn send(&self, message: &Outgoing) -> Fate {
        let Some(values) = Values::of(message, &self.sender) else {
            return Fate::Refused("its words are gone".to_owned());
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            let value = filled(value, &values, Written::Line);
            match (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(&value),
            ) {
                (Ok(name), Ok(value)) => drop(headers.insert(name, value)),
                _ => return Fate::Refused(format!("the header {name} cannot hold it")),
            }
        }
        let url = filled(&self.url, &values, Written::Form);
        let Some(target) = self.outbound.target(&url) else {
            return Fate::Refused("the address of the service cannot hold it".to_owned());
        };
        let body = filled(&self.body, &values, self.written);
        let sending = self
            .outbound
            .ask(self.method.clone(), &target, headers, body.into());
        match timeout(self.patience, sending).await {
            Ok(Ok(status)) => fate(status),
            Ok(Err(error)) => Fate::Unreached(one_line(&error.to_string())),
            Err(_) => Fate::Unreached("the service does not answer".to_owned()),
        }
    }
}

/// What a status means for the message.
fn fate(status: StatusCode) -> Fate {
    let said = status.to_string();
    match status.as_u16() {
        200..=299 => Fate::Sent(said),
        // The message is fine, what is set here is not.
        300..=399 | 401 | 403 | 404 | 405 | 407 => Fate::Unreached(said),
        408 | 425 | 429 => Fate::Later(said),
        400..=499 => Fate::Refused(said),
        _ => Fate::Later(said),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        id::{OutgoingId, Timestamp},
        outbox::{Channel, Sender, State},
    };

    fn message(text: &str) -> Outgoing {
        Outgoing {
            id: OutgoingId(1),
            channel: Channel::Sms,
            name: "abc".to_owned(),
            person: None,
            recipient: "+33639980001".to_owned(),
            language: "en".to_owned(),
            letter: Some(Letter::Text {
                sender: Sender {
                    name: "Mia".to_owned(),
                    email: None,
                },
                text: text.to_owned(),
            }),
            state: State::Sending,
            attempts: 1,
            queued: Timestamp(0),
            due: Timestamp(0),
            until: Timestamp(0),
            ended: None,
            answer: String::new(),
        }
    }

    #[test]
    fn a_value_is_never_more_than_a_value() {
        let message = message("a \"b\" & <c>\n{number}");
        let values = Values::of(&message, "").expect("values");
        for (template, written, expected) in [
            (
                "{\"to\":\"{number}\",\"text\":\"{text}\"}",
                Written::Json,
                "{\"to\":\"+33639980001\",\"text\":\"a \\\"b\\\" & <c>\\n{number}\"}",
            ),
            (
                "to={digits}&t={text}",
                Written::Form,
                "to=33639980001&t=a%20%22b%22%20%26%20%3Cc%3E%0A%7Bnumber%7D",
            ),
            (
                "<t from='{sender}'>{text}</t>",
                Written::Xml,
                "<t from='Mia'>a &quot;b&quot; &amp; &lt;c&gt;\n{number}</t>",
            ),
            ("{text}", Written::Line, "a \"b\" & <c> {number}"),
            ("{unknown} {id}", Written::Plain, "{unknown} abc"),
        ] {
            assert_eq!(filled(template, &values, written), expected, "{template}");
        }
    }

    #[test]
    fn an_answer_concerns_the_message_or_the_service() {
        let is = |status: u16| fate(StatusCode::from_u16(status).expect("a status"));
        assert!(matches!(is(202), Fate::Sent(_)));
        assert!(matches!(is(422), Fate::Refused(_)));
        assert!(matches!(is(429), Fate::Later(_)));
        assert!(matches!(is(503), Fate::Later(_)));
        assert!(matches!(is(401), Fate::Unreached(_)));
        assert!(matches!(is(302), Fate::Unreached(_)));
    }
}
