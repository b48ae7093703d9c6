//! The client's address behind reverse proxies. A forwarding header is read from its end, up to the
//! first address that is not a trusted proxy's.

use std::net::IpAddr;

use http::HeaderMap;
use serde::Deserialize;

use crate::domain::access::Network;

/// The header in which the trusted proxies name the client. One of the two, never both: a proxy
/// that writes one passes on whatever a client put into the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The trusted proxies.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    pub trusted: Vec<Network>,
    pub header: ForwardedHeader,
}

/// The origin of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub address: IpAddr,
    /// The client's own connection is encrypted.
    pub secure: bool,
}

impl Proxies {
    /// Whether an address is one of the trusted proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.holds(address))
    }

    /// The origin of a request, from its connection and its forwarding header.
    pub fn origin(&self, connection: Origin, headers: &HeaderMap) -> Origin {
        if !self.trusts(connection.address) {
            return connection;
        }
        let hops = match self.header {
            ForwardedHeader::XForwardedFor => x_forwarded(headers),
            ForwardedHeader::Forwarded => forwarded(headers),
        };
        let mut origin = connection;
        for hop in hops {
            // What a proxy names by a word, or not at all, is as far as can be told.
            let Some(address) = hop.address.filter(|_| self.trusts(origin.address)) else {
                break;
            };
            origin = Origin {
                address,
                secure: hop.secure.unwrap_or(origin.secure),
            };
        }
        origin
    }
}

/// One proxy's statement about its client.
#[derive(Default)]
struct Hop {
    address: Option<IpAddr>,
    secure: Option<bool>,
}

/// The members of a list header, the last first. A comma ends a member even within quotes: no
/// address contains one, and an unclosed quote of a client must not hide what a proxy appends.
fn from_the_end<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    let lines: Vec<_> = headers.get_all(name).iter().collect();
    lines
        .into_iter()
        .rev()
        .flat_map(|line| line.as_bytes().rsplit(|octet| *octet == b','))
        .map(|member| std::str::from_utf8(member).unwrap_or_default().trim())
        .collect()
}

fn x_forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let protos = from_the_end(headers, "x-forwarded-proto");
    let secure = protos.first().and_then(|proto| is_secure(proto));
    from_the_end(headers, "x-forwarded-for")
        .into_iter()
        .map(|node| Hop {
            address: node_address(node),
            secure,
        })
        .collect()
}

/// `for=192.0.2.60;proto=https, for="[2001:db8::17]:4711"` (RFC 7239 §4).
fn forwarded(headers: &HeaderMap) -> Vec<Hop> {
    let read = |element: &str| {
        let mut hop = Hop::default();
        for pair in element.split(';') {
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let value = value.trim().trim_matches('"');
            match name.trim().to_ascii_lowercase().as_str() {
                "for" => hop.address = node_address(value),
                "proto" => hop.secure = is_secure(value),
                _ => {}
            }
        }
        hop
    };
    let elements = from_the_end(headers, "forwarded");
    elements.into_iter().map(read).collect()
}

fn is_secure(proto: &str) -> Option<bool> {
    match proto.to_ascii_lowercase().as_str() {
        "https" => Some(true),
        "http" => Some(false),
        _ => None,
    }
}

/// An address, with or without a port: `192.0.2.1:80`, `[2001:db8::1]:80`, `2001:db8::1`.
fn node_address(node: &str) -> Option<IpAddr> {
    let is_port = |text: &str| {
        let port = text.strip_prefix(':');
        text.is_empty() || port.is_some_and(|port| port.parse::<u16>().is_ok())
    };
    let address: IpAddr = match node.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let address: std::net::Ipv6Addr = address.parse().ok().filter(|_| is_port(port))?;
            address.into()
        }
        None => node.parse().ok().or_else(|| {
            let at = node.find(':')?;
            let address: std::net::Ipv4Addr = node[..at].parse().ok()?;
            is_port(&node[at..]).then_some(address.into())
        })?,
    };
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests;
