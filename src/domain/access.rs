//! The access a credential gives: the account's own password gives all, an app password what it was
//! made for.

use std::{fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{id::AppPasswordId, item::digest};

/// A protocol a credential may be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Exchange ActiveSync.
    Eas,
    CardDav,
}

impl Protocol {
    /// Every protocol.
    pub const ALL: [Protocol; 2] = [Protocol::Eas, Protocol::CardDav];

    /// The name on the command line and in stored scopes.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Eas => "eas",
            Protocol::CardDav => "carddav",
        }
    }

    /// Reads what [`Protocol::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.as_str() == text)
    }
}

/// A place as people name it: `private` or `group:NAME`. A group's name never changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceName {
    /// Every private book.
    Private,
    Group(String),
}

/// What a credential permits of what its person may do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// Nothing can be written.
    pub read_only: bool,
    /// The places that exist for this credential; none: all of them.
    pub places: Option<Vec<PlaceName>>,
    /// The app password that granted this access, which ends with it. None: the account's own
    /// password.
    #[serde(skip)]
    pub password: Option<AppPasswordId>,
    /// Digest of the password hash this access was granted under. Access ends when the password
    /// changes or a second factor is enabled.
    #[serde(skip)]
    pub own_password: Option<String>,
}

/// Digest of a password hash, for [`Access::own_password`].
pub fn own_password(password_hash: &str) -> String {
    digest(password_hash.as_bytes())
}

impl Access {
    /// Whether private books exist for this credential.
    pub fn shows_private(&self) -> bool {
        self.shows(&PlaceName::Private)
    }

    /// Whether a group, by its exact name, exists for this credential.
    pub fn shows_group(&self, name: &str) -> bool {
        self.places.as_ref().is_none_or(|places| {
            places
                .iter()
                .any(|place| matches!(place, PlaceName::Group(group) if group == name))
        })
    }

    fn shows(&self, place: &PlaceName) -> bool {
        let places = self.places.as_ref();
        places.is_none_or(|places| places.contains(place))
    }
}

/// A network of IP addresses: `192.0.2.0/24`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// The address limits count by: IPv6 clients control a whole /64, so a /64 counts as one address.
pub fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address => address,
    }
}

impl Network {
    /// Whether an address is in the network. IPv4-mapped IPv6 addresses count as IPv4.
    pub fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.bits);
                let mask = u128::MAX.checked_shl(shift).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// The limits of an app password.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Scope {
    /// Protocols it serves; none named: none.
    pub protocols: Vec<Protocol>,
    #[serde(flatten)]
    pub access: Access,
    /// Networks it may be used from; none named: any.
    pub networks: Vec<Network>,
}

impl Scope {
    /// Whether it serves one of these protocols.
    pub fn serves(&self, protocols: &[Protocol]) -> bool {
        protocols.iter().any(|asked| self.protocols.contains(asked))
    }

    /// Whether it serves one of these protocols to this address.
    pub fn admits(&self, protocols: &[Protocol], peer: IpAddr) -> bool {
        self.serves(protocols)
            && (self.networks.is_empty() || self.networks.iter().any(|net| net.holds(peer)))
    }
}

impl fmt::Display for PlaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlaceName::Private => f.write_str("private"),
            PlaceName::Group(name) => write!(f, "group:{name}"),
        }
    }
}

impl FromStr for PlaceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.strip_prefix("group:") {
            Some(name) if !name.is_empty() => Ok(PlaceName::Group(name.to_owned())),
            _ if text == "private" => Ok(PlaceName::Private),
            _ => Err(format!("{text}: a place is private or group:NAME")),
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let (address, bits) = match text.split_once('/') {
                Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
                None => (text, None),
            };
            let address: IpAddr = address.parse().ok()?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            let bits = bits.unwrap_or(most);
            (bits <= most).then_some(Network { address, bits })
        };
        parsed().ok_or_else(|| format!("{text} is no network: 192.0.2.0/24, 2001:db8::/32"))
    }
}

/// Written and read as the text people use.
macro_rules! as_text {
    ($($name:ident),+) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
    )+};
}

as_text!(PlaceName, Network);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_what_shares_its_first_bits() {
        for (network, address, held) in [
            ("192.0.2.0/24", "192.0.2.255", true),
            ("192.0.2.0/24", "192.0.3.0", false),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.1", true),
            ("192.0.2.0/24", "::ffff:192.0.2.9", true),
            ("2001:db8::/32", "2001:db8:1::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "192.0.2.1", false),
        ] {
            let network: Network = network.parse().expect("a network");
            let address = address.parse().expect("an address");
            assert_eq!(network.holds(address), held, "{network} {address}");
        }
        for nonsense in ["", "192.0.2.0/33", "::1/129", "here", "192.0.2.0/-1"] {
            assert!(nonsense.parse::<Network>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_scope_reads_as_it_was_written() {
        let scope = Scope {
            protocols: vec![Protocol::CardDav],
            access: Access {
                read_only: true,
                places: Some(vec![PlaceName::Private, PlaceName::Group("Équipe".into())]),
                ..Access::default()
            },
            networks: vec!["192.0.2.0/24".parse().expect("a network")],
        };
        let text = serde_json::to_string(&scope).expect("JSON");
        assert_eq!(
            text,
            "{\"protocols\":[\"carddav\"],\"read_only\":true,\
             \"places\":[\"private\",\"group:Équipe\"],\"networks\":[\"192.0.2.0/24\"]}"
        );
        assert_eq!(
            serde_json::from_str::<Scope>(&text).expect("a scope"),
            scope
        );
        // What cannot be read admits nobody.
        let none: Scope = serde_json::from_str("{}").expect("a scope");
        assert!(!none.admits(&Protocol::ALL, IpAddr::from([127, 0, 0, 1])));
    }

    #[test]
    fn places_that_are_not_named_do_not_exist() {
        let all = Access::default();
        assert!(all.shows_private() && all.shows_group("Team"));
        let some = Access {
            places: Some(vec![PlaceName::Group("Team".into())]),
            ..Access::default()
        };
        assert!(!some.shows_private() && some.shows_group("Team") && !some.shows_group("team"));
    }
}
