//! The XML form ("plain old XML"): one request, one of four answers.

use axum::response::Response;
use carnet_proto::dav::xml::{Element, escape, parse};
use chrono::Utc;
use http::StatusCode;

use super::{Elsewhere, Face, found, typed};
use crate::domain::{item::random_id, principal::Person};

const MEDIA_TYPE: &str = "text/xml; charset=utf-8";
const RESPONSE: &str = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006";
const MOBILE: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006";
const DESKTOP: &str =
    "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// A request.
#[derive(Debug, PartialEq)]
pub enum Asked {
    /// An address, where one is named, and the schema of the answer.
    Answer {
        address: Option<String>,
        schema: Schema,
    },
    Invalid,
}

/// The response schema that a request accepts ([MS-OXDSCLI] AcceptableResponseSchema).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schema {
    Mobile,
    Desktop,
    Unknown,
}

impl Asked {
    /// Parses a body in any namespaces; old phones send none at all.
    pub fn read(body: &[u8], wrong_method: bool) -> Self {
        if body.trim_ascii().is_empty() && !wrong_method {
            return Self::Answer {
                address: None,
                schema: Schema::Mobile,
            };
        }
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let Ok(root) = parse(body) else {
            return Self::Invalid;
        };
        if !root.name.local.eq_ignore_ascii_case("Autodiscover") {
            return Self::Invalid;
        }
        let schema = match text_of(&root, "AcceptableResponseSchema") {
            None => Schema::Mobile,
            Some(schema) if schema.contains("/mobilesync/") => Schema::Mobile,
            Some(schema) if schema.contains("/outlook/") => Schema::Desktop,
            Some(_) => Schema::Unknown,
        };
        Self::Answer {
            address: text_of(&root, "EMailAddress"),
            schema,
        }
    }

    /// The e-mail address of the request; none if it has none or is malformed.
    pub fn address(&self) -> Option<&str> {
        match self {
            Self::Answer { address, .. } => address.as_deref(),
            Self::Invalid => None,
        }
    }
}

fn text_of(element: &Element, name: &str) -> Option<String> {
    if element.name.local.eq_ignore_ascii_case(name) {
        let text = element.text().trim().to_owned();
        return (!text.is_empty()).then_some(text);
    }
    element.elements().find_map(|child| text_of(child, name))
}

/// The answer to an authenticated request.
pub fn answer(face: &Face, asked: &Asked, person: &Person, agent: &str) -> Response {
    let Asked::Answer { address, schema } = asked else {
        return error(600, "Invalid Request");
    };
    let own = own_address(person);
    let address = address.as_deref().unwrap_or(&own);
    let Some(url) = &face.public_url else {
        return failed(
            person,
            address,
            2,
            "The server does not know its address: set public_url.",
        );
    };
    if !is_own(person, address) {
        return failed(person, address, 1, "The address is not one of this person.");
    }
    match schema {
        Schema::Mobile => mobile(person, address, url),
        Schema::Desktop if is_outlook(agent) && face.outlook => mobile(person, address, url),
        // Without mail there is nothing for them.
        Schema::Desktop if agent.contains("Outlook") || agent.contains("Office") => {
            error(601, "The requested schema version is not supported")
        }
        Schema::Desktop => desktop(person, url),
        Schema::Unknown => error(601, "The requested schema version is not supported"),
    }
}

/// The redirection of a domain whose people use another server.
pub fn redirect(elsewhere: &Elsewhere) -> Response {
    match elsewhere {
        Elsewhere::Server(server) => found(&format!("{server}/autodiscover/autodiscover.xml")),
        Elsewhere::Address(address) => document(&format!(
            "<Response xmlns=\"{MOBILE}\"><Culture>en:us</Culture><Action><Redirect>{}</Redirect>\
             </Action></Response>",
            escape(address)
        )),
    }
}

/// Outlook 2013 and later, on Windows: it can hold an Exchange ActiveSync account.
fn is_outlook(agent: &str) -> bool {
    let named = ["Outlook", "Office"]
        .iter()
        .any(|name| agent.contains(name));
    let versions = ["15.", "16.", "17.", "18.", "19."];
    let recent = versions.iter().any(|version| {
        agent
            .match_indices(version)
            .any(|(at, _)| !agent[..at].ends_with(|c: char| c.is_ascii_digit() || c == '.'))
    });
    named && recent && !agent.contains("Mac")
}

fn own_address(person: &Person) -> String {
    person.email.clone().unwrap_or_else(|| person.login.clone())
}

/// The address of the account, its login, or that login at any domain that leads here.
fn is_own(person: &Person, address: &str) -> bool {
    let same = |text: &str| text.eq_ignore_ascii_case(address);
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    person.email.as_deref().is_some_and(same)
        || same(&person.login)
        || local.eq_ignore_ascii_case(&person.login)
}

/// Type comes before Url: the Android Open Source client reads them in this order.
fn mobile(person: &Person, address: &str, url: &str) -> Response {
    let url = escape(&format!("{url}/Microsoft-Server-ActiveSync"));
    document(&format!(
        "<Response xmlns=\"{MOBILE}\"><Culture>en:us</Culture>{}<Action><Settings><Server>\
         <Type>MobileSync</Type><Url>{url}</Url><Name>{url}</Name></Server></Settings></Action>\
         </Response>",
        user(person, address)
    ))
}

/// What a program takes that finds address books by CardDAV (eM Client); Outlook passes it over.
fn desktop(person: &Person, url: &str) -> Response {
    let login = escape(&person.login);
    document(&format!(
        "<Response xmlns=\"{DESKTOP}\"><User><DisplayName>{}</DisplayName></User><Account>\
         <AccountType>email</AccountType><Action>settings</Action><Protocol><Type>CardDAV</Type>\
         <Server>{}</Server><DomainRequired>off</DomainRequired><LoginName>{login}</LoginName>\
         </Protocol></Account></Response>",
        escape(&person.name),
        escape(&format!("{url}/dav/")),
    ))
}

fn user(person: &Person, address: &str) -> String {
    format!(
        "<User><DisplayName>{}</DisplayName><EMailAddress>{}</EMailAddress></User>",
        escape(&person.name),
        escape(address)
    )
}

/// `status` 1: the address; 2: the server.
fn failed(person: &Person, address: &str, status: u8, message: &str) -> Response {
    document(&format!(
        "<Response xmlns=\"{MOBILE}\"><Culture>en:us</Culture>{}<Action><Error>\
         <Status>{status}</Status><Message>{}</Message><DebugData/><ErrorCode>{}</ErrorCode>\
         </Error></Action></Response>",
        user(person, address),
        escape(message),
        if status == 1 { 500 } else { 603 },
    ))
}

fn error(code: u16, message: &str) -> Response {
    document(&format!(
        "<Response><Error Time=\"{}\" Id=\"{}\"><ErrorCode>{code}</ErrorCode>\
         <Message>{message}</Message><DebugData/></Error></Response>",
        Utc::now().format("%H:%M:%S%.6f"),
        random_id(4)
    ))
}

fn document(response: &str) -> Response {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<Autodiscover xmlns=\"{RESPONSE}\">{response}\
         </Autodiscover>"
    );
    typed(StatusCode::OK, MEDIA_TYPE, text)
}
