//! Web sessions: a random cookie whose digest is a row of the store, and form tokens bound to it.

use std::{net::IpAddr, sync::Arc};

use hmac::{Hmac, KeyInit, Mac};
use http::{Extensions, HeaderMap, HeaderValue, header};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::limit::Limit;
use crate::domain::{
    actor::{Actor, Client},
    core::Core,
    credential,
    error::{Error, Result},
    id::{PersonId, Timestamp},
    item::{digest, hex, random_id},
    label::PAGES,
    principal::Person,
};
use crate::http::{Secure, peer};

/// How long a session lives without signing in again, in days.
const LIFETIME_DAYS: i64 = 14;
/// Milliseconds between two notes that a session was seen.
const NOTED_EVERY: i64 = 10 * 60 * 1000;
/// Milliseconds somebody has to look up a code.
const TICKET: i64 = 10 * 60 * 1000;
/// Wrong codes that end a ticket.
const WRONG_CODES: u32 = 5;
/// Characters kept of what a browser says of itself.
const AGENT: usize = 300;

/// Signs people in and out of the web.
pub struct Sessions {
    core: Arc<Core>,
    /// Made anew at each start: forms of an earlier process are refused, sessions live on.
    form_key: [u8; 64],
    /// Codes of each ticket.
    codes: Limit,
}

/// The browser that a request comes from, and its address.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The User-Agent.
    pub browser: String,
    pub address: IpAddr,
    /// The connection is encrypted.
    pub secure: bool,
}

impl Visitor {
    /// The browser of a request, and the address it comes from.
    pub fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let agent = headers.get(header::USER_AGENT);
        let agent = agent.and_then(|agent| agent.to_str().ok());
        Self {
            browser: agent.unwrap_or_default().chars().take(AGENT).collect(),
            address: peer(extensions),
            secure: extensions.get::<Secure>().is_some_and(|secure| secure.0),
        }
    }
}

/// A request's session.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The cookie's value; empty before sign-in.
    cookie: String,
    pub actor: Option<Arc<Actor>>,
}

impl Session {
    /// Whether the session is the one whose token has this digest.
    pub fn is(&self, token: &str) -> bool {
        digest(self.cookie.as_bytes()) == token
    }
}

impl Sessions {
    /// Sessions of the store behind a core.
    pub fn new(core: Arc<Core>) -> Self {
        let mut form_key = [0; 64];
        rand::fill(&mut form_key[..]);
        Self {
            core,
            form_key,
            codes: Limit::new(WRONG_CODES),
        }
    }

    /// The session of a request; without one, or when it has ended, nobody is signed in.
    pub async fn read(&self, headers: &HeaderMap, from: &Visitor) -> Result<Session> {
        let cookie = cookie(headers, from.secure).unwrap_or_default();
        if cookie.is_empty() {
            return Ok(Session::default());
        }
        let now = Timestamp::now();
        let found = self.core.session(&digest(cookie.as_bytes()), now).await?;
        let Some(found) = found else {
            return Ok(Session {
                cookie,
                actor: None,
            });
        };
        let actor = match self.core.actor(found.person, web_client()).await {
            Ok(actor) => Some(Arc::new(actor)),
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        };
        if let Some(actor) = &actor
            && now.0 - found.seen.0 > NOTED_EVERY
        {
            let address = from.address.to_canonical().to_string();
            self.core.note_session(actor, found.token, address).await?;
        }
        Ok(Session { cookie, actor })
    }

    /// The ticket of somebody whose password was right, while a code is asked for: who, until when,
    /// and a mark nobody else can make. It is void once the password is changed.
    pub fn ticket(&self, person: &Person) -> String {
        let until = Timestamp::now().0 + TICKET;
        let mark = self.mark(person, until);
        format!("{}.{until}.{mark}", person.id)
    }

    /// The person a ticket was issued to, for one code more; none when it is forged, has expired or
    /// had too many codes.
    pub async fn holder(&self, ticket: &str) -> Result<Option<Person>> {
        let mut parts = ticket.splitn(3, '.');
        let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
        let (Some(person), Some(until)) = (number(), number()) else {
            return Ok(None);
        };
        let mark = parts.next().unwrap_or_default();
        if until < Timestamp::now().0 {
            return Ok(None);
        }
        let person = self.core.person(PersonId(person)).await?;
        Ok(person.filter(|person| {
            let expected = self.mark(person, until);
            let same = bool::from(expected.as_bytes().ct_eq(mark.as_bytes()));
            let holds = same && !person.disabled;
            holds && self.codes.allows(&expected)
        }))
    }

    fn mark(&self, person: &Person, until: i64) -> String {
        let said = format!("ticket {} {until} {}", person.id, person.password_hash);
        self.signed(said.as_bytes())
    }

    /// Begins a session and gives the cookie to set.
    pub async fn begin(&self, person: PersonId, from: &Visitor) -> Result<HeaderValue> {
        let cookie = random_id(32);
        let now = Timestamp::now();
        let session = credential::Session {
            token: digest(cookie.as_bytes()),
            person,
            began: now,
            seen: now,
            expires: now.plus_days(LIFETIME_DAYS),
            browser: from.browser.clone(),
            address: from.address.to_canonical().to_string(),
        };
        self.core.begin_session(session).await?;
        set_cookie(&cookie, LIFETIME_DAYS * 86_400, from.secure)
    }

    /// Ends a session and gives the cookie that forgets it.
    pub async fn end(&self, session: &Session, secure: bool) -> Result<HeaderValue> {
        self.core
            .sign_out(digest(session.cookie.as_bytes()))
            .await?;
        set_cookie("", 0, secure)
    }

    /// The token every form of a session carries, written differently on each page: pages are
    /// compressed, and what is written alike could be guessed from their length.
    pub fn form_token(&self, session: &Session) -> String {
        let mut mask = [0; 32];
        rand::fill(&mut mask[..]);
        let token = self.mac(session.cookie.as_bytes());
        let masked: Vec<u8> = mask.iter().zip(token).map(|(a, b)| a ^ b).collect();
        hex(&mask) + &hex(&masked)
    }

    /// The proof that this server led a person to an address with such a query.
    pub fn proof(&self, person: PersonId, query: &str) -> String {
        self.signed(format!("told {person} {query}").as_bytes())
    }

    fn signed(&self, said: &[u8]) -> String {
        hex(&self.mac(said))
    }

    fn mac(&self, said: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new(&self.form_key.into());
        mac.update(said);
        mac.finalize().into_bytes().into()
    }

    /// Whether a form was made for this session.
    pub fn is_form_token(&self, session: &Session, token: &str) -> bool {
        let Some(octets) = unhex(token).filter(|octets| octets.len() == 64) else {
            return false;
        };
        let (mask, masked) = octets.split_at(32);
        let token: Vec<u8> = mask.iter().zip(masked).map(|(a, b)| a ^ b).collect();
        bool::from(self.mac(session.cookie.as_bytes()).ct_eq(&token))
    }
}

/// What [`hex`] writes.
fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: &u8| char::from(*octet).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let octets = pairs.iter().map(|[high, low]| {
        let octet = digit(high)? * 16 + digit(low)?;
        u8::try_from(octet).ok()
    });
    rest.is_empty().then(|| octets.collect()).flatten()
}

fn web_client() -> Client {
    Client {
        label: PAGES.into(),
        ..Client::default()
    }
}

/// `__Host-` needs Secure, which plain http on loopback cannot have.
fn name(secure: bool) -> &'static str {
    if secure { "__Host-carnet" } else { "carnet" }
}

fn set_cookie(value: &str, seconds: i64, secure: bool) -> Result<HeaderValue> {
    let flag = if secure { "; Secure" } else { "" };
    let name = name(secure);
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{flag}");
    HeaderValue::from_str(&text).map_err(|error| Error::Unavailable(error.to_string()))
}

/// The cookie of the session. Over an encrypted connection, the one that other hosts of the domain
/// cannot set goes first.
fn cookie(headers: &HeaderMap, secure: bool) -> Option<String> {
    let named = |wanted: &str| {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, _)| *name == wanted)
            .map(|(_, value)| value.to_owned())
            .filter(|value| value.len() == 64 && value.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    named(name(secure)).or_else(|| named(name(!secure)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_for_this_server_alone_and_no_script() {
        for (secure, start, end) in [
            (
                true,
                "__Host-carnet=x; Path=/;",
                "; HttpOnly; SameSite=Lax; Secure",
            ),
            (false, "carnet=x; Path=/;", "; HttpOnly; SameSite=Lax"),
        ] {
            let cookie = set_cookie("x", 60, secure).expect("a cookie");
            let cookie = cookie.to_str().expect("text");
            assert!(
                cookie.starts_with(start) && cookie.ends_with(end),
                "{cookie}"
            );
            // No domain: other hosts of it get nothing.
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }

    #[test]
    fn only_a_well_formed_cookie_is_looked_up() {
        let value = "a".repeat(64);
        let other = "b".repeat(64);
        for (header, secure, expected) in [
            (format!("carnet={value}"), false, Some(value.clone())),
            (
                format!("x=1; __Host-carnet={value}"),
                true,
                Some(value.clone()),
            ),
            // A sibling host can set the one without the prefix.
            (
                format!("carnet={other}; __Host-carnet={value}"),
                true,
                Some(value.clone()),
            ),
            (format!("carnet={value}"), true, Some(value.clone())),
            (format!("__Host-carnet={value}"), false, Some(value.clone())),
            (format!("carnets={value}"), false, None),
            ("carnet=short".to_owned(), false, None),
            (format!("carnet={}", "é".repeat(32)), false, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                header::COOKIE,
                HeaderValue::from_bytes(header.as_bytes()).expect("header"),
            );
            assert_eq!(cookie(&headers, secure), expected, "{header}");
        }
    }
}
