//! The query of a request, in both forms ([MS-ASHTTP] 2.2.1.1.1).

use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Command;

/// A protocol version: 25 for 2.5, 120, 121, 140, 141, 160, 161.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u8);

impl Version {
    /// Exchange 2003.
    pub const V2_5: Version = Version(25);
    /// Exchange 2007.
    pub const V12_0: Version = Version(120);
    /// Exchange 2007 SP1: base64 queries, empty Sync requests.
    pub const V12_1: Version = Version(121);
    /// Exchange 2010: common status codes in the body ([MS-ASCMD] 2.2.2).
    pub const V14_0: Version = Version(140);
    /// Exchange 2010 SP1.
    pub const V14_1: Version = Version(141);
    /// Exchange 2016.
    pub const V16_0: Version = Version(160);
    /// Exchange 2016: Find, account-only remote wipe.
    pub const V16_1: Version = Version(161);

    /// `14.1`; `14` is 14.0.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let number = major.parse::<u8>().ok()?.checked_mul(10)?;
        number.checked_add(minor.parse().ok()?).map(Self)
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0 / 10, self.0 % 10)
    }
}

/// The parameters of a request's query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RequestLine {
    pub command: Command,
    /// Present in the base64 form only.
    pub version: Option<Version>,
    /// Lower case; raw GUIDs as hex.
    pub device_id: String,
    /// Its first 64 characters.
    pub device_type: String,
    pub policy_key: Option<u32>,
    pub accept_multipart: bool,
}

/// Why a query is refused (400).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the query is neither the plain nor the base64 form")]
pub struct BadQuery;

impl RequestLine {
    /// Reads a query.
    pub fn parse(query: &str) -> Result<Self, BadQuery> {
        match decode_base64(query) {
            Some(bytes) => from_bytes(&bytes),
            None => from_pairs(query),
        }
    }
}

fn decode_base64(query: &str) -> Option<Vec<u8>> {
    let query = percent_decode(query);
    let text = query.trim_end_matches('=');
    if text.is_empty() || text.contains(['=', '&']) {
        return None;
    }
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = [&STANDARD, &URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, lenient).decode(text).ok())?;
    [25, 120, 121, 140, 141, 160, 161]
        .contains(bytes.first()?)
        .then_some(bytes)
}

fn from_bytes(bytes: &[u8]) -> Result<RequestLine, BadQuery> {
    let mut reader = Bytes(bytes);
    let version = reader.byte()?;
    let command = reader.byte()?;
    let _locale = (reader.byte()?, reader.byte()?);
    let device_id = reader.field()?;
    let policy_key = match reader.field()? {
        [] => None,
        [a, b, c, d] => Some(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => return Err(BadQuery),
    };
    let device_type = reader.field()?;
    let mut line = RequestLine {
        command: Command::of_code(command),
        version: Some(Version(version)),
        device_id: device_id_of(device_id),
        device_type: short(&String::from_utf8_lossy(device_type)),
        policy_key,
        ..RequestLine::default()
    };
    while !reader.0.is_empty() {
        let tag = reader.byte()?;
        let value = reader.field()?;
        // CollectionId (1) says nothing new, and the Authorization header who the user (8) is.
        if tag == 7 {
            line.accept_multipart = value.first().is_some_and(|flags| flags & 2 != 0);
        }
    }
    if is_device_id(&line.device_id) {
        Ok(line)
    } else {
        Err(BadQuery)
    }
}

/// Text, or the 16 octets of a GUID as hex.
fn device_id_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_device_id(text) => text.to_lowercase(),
        _ => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
    }
}

/// The grammar has 1 to 32 letters and digits; clients take more.
fn is_device_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> Result<u8, BadQuery> {
        let (first, rest) = self.0.split_first().ok_or(BadQuery)?;
        self.0 = rest;
        Ok(*first)
    }

    /// A length, then as many octets.
    fn field(&mut self) -> Result<&'a [u8], BadQuery> {
        let length = usize::from(self.byte()?);
        if length > self.0.len() {
            return Err(BadQuery);
        }
        let (field, rest) = self.0.split_at(length);
        self.0 = rest;
        Ok(field)
    }
}

/// Any order, keys in any case.
fn from_pairs(query: &str) -> Result<RequestLine, BadQuery> {
    let mut line = RequestLine::default();
    let mut names_command = false;
    for pair in query.split('&') {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = percent_decode(value);
        match key.to_ascii_lowercase().as_str() {
            "cmd" => {
                names_command = !value.is_empty();
                line.command = Command::parse(&value);
            }
            "deviceid" => line.device_id = value.to_lowercase(),
            "devicetype" => line.device_type = short(&value),
            _ => {}
        }
    }
    if names_command && is_device_id(&line.device_id) {
        Ok(line)
    } else {
        Err(BadQuery)
    }
}

fn short(text: &str) -> String {
    text.chars().take(64).collect()
}

/// Percent escapes as octets; what is not UTF-8 or no escape stands for itself.
pub fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|pair| std::str::from_utf8(pair).ok())
            .and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match escaped {
            Some(octet) => {
                out.push(octet);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
