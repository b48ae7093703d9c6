//! Properties of cards, many at a time: values common to a book are computed once.

use std::collections::{HashMap, HashSet};

use bytes::Bytes;
use carnet_proto::{
    dav::{
        href::encode,
        multistatus::{MultiStatus, Properties, empty_element},
        name::{CARDDAV, DAV, Name},
        precondition::Precondition,
        request::{AddressData, PropFind},
        xml::escape_into,
    },
    vcard::Version,
};

use super::{CARD, Dead, acl, is_live, live_on, once, webdav, write};
use crate::{
    dav::{Call, error::Failure, method::flush, output::Sink, path::Kind, report},
    domain::{
        book::{Book, ItemPrivileges, Marks},
        id::ItemId,
        item::{Card, digest},
        store::Want,
    },
};

/// Writes the responses of cards with the requested properties.
pub struct Cards<'a> {
    call: &'a Call,
    book: &'a Book,
    href: &'a str,
    asked: Vec<(Name, Live)>,
    /// Dead properties are written as well.
    all: bool,
    names_only: bool,
    data: AddressData,
    version: Option<Version>,
}

/// What is read of some cards beside their rows.
struct Beside {
    privileges: Vec<ItemPrivileges>,
    dead: HashMap<ItemId, Dead>,
    marks: Marks,
}

/// Source of a property of a card.
#[derive(Clone, Debug, PartialEq)]
enum Live {
    /// The same XML for every card of the book.
    Same(String),
    Privileges,
    Etag,
    DisplayName,
    Modified,
    Created,
    Length,
    Data,
    ResourceId,
    /// Possibly a dead property.
    Dead,
    /// The property is not shown to this person.
    Secret,
}

impl<'a> Cards<'a> {
    /// Prepares the properties; fails for an unsupported `C:address-data`.
    pub async fn new(
        call: &'a Call,
        book: &'a Book,
        href: &'a str,
        asked: &PropFind,
        data: &AddressData,
    ) -> Result<Self, Failure> {
        let all: Vec<Name>;
        let names = match asked {
            PropFind::Prop(names) => names,
            PropFind::PropName => {
                all = live_on(CARD, call).map(|row| row.name.clone()).collect();
                &all
            }
            PropFind::AllProp(include) => {
                let live = live_on(CARD, call).filter(|row| row.all);
                all = live.map(|row| &row.name).chain(include).cloned().collect();
                &all
            }
        };
        let asked_live = once(names)
            .into_iter()
            .map(|name| (name.clone(), live(call, book, name)))
            .collect();
        Ok(Self {
            call,
            book,
            href,
            asked: asked_live,
            all: !matches!(asked, PropFind::Prop(_)),
            names_only: *asked == PropFind::PropName,
            data: data.clone(),
            version: version(call, data)?,
        })
    }

    /// The parts of the cards that have to be read.
    pub fn want(&self) -> Want {
        let needs = |live: &Live| matches!(live, Live::Data | Live::Length);
        if self.asked.iter().any(|(_, live)| needs(live)) && !self.names_only {
            Want::Documents
        } else {
            Want::Heads
        }
    }

    /// Whether who reads the responses learns which version of a card there is: its entity tag, its
    /// time or its whole content.
    pub fn tell_version(&self) -> bool {
        let tells = |live: &Live| match live {
            Live::Etag | Live::Modified => true,
            Live::Data => self.data.props.is_empty(),
            _ => false,
        };
        !self.names_only && self.asked.iter().any(|(_, live)| tells(live))
    }

    /// Writes one response for each card, and sends them as they become large enough for a part.
    pub async fn write(
        &self,
        cards: &[&Card],
        out: &mut MultiStatus,
        sink: &Sink,
    ) -> Result<(), Failure> {
        let beside = self.beside(cards).await?;
        for (at, card) in cards.iter().enumerate() {
            self.response(card, &beside, at, out);
            flush(out, sink).await?;
        }
        Ok(())
    }

    /// Writes the response for one card.
    pub async fn write_one(&self, card: &Card, out: &mut MultiStatus) -> Result<(), Failure> {
        let beside = self.beside(&[card]).await?;
        self.response(card, &beside, 0, out);
        Ok(())
    }

    fn response(&self, card: &Card, beside: &Beside, at: usize, out: &mut MultiStatus) {
        let href = format!("{}{}", self.href, encode(&card.placement.href));
        out.properties(&href, &self.properties(card, beside, at));
    }

    /// The properties of one card.
    pub async fn of(&self, card: &Card) -> Result<Properties, Failure> {
        let beside = self.beside(&[card]).await?;
        Ok(self.properties(card, &beside, 0))
    }

    async fn beside(&self, cards: &[&Card]) -> Result<Beside, Failure> {
        let asks = |wanted| self.asked.iter().any(|(_, live)| *live == wanted);
        let privileges = if asks(Live::Privileges) {
            let placements: Vec<_> = cards.iter().map(|card| &card.placement).collect();
            self.book.items_privileges(&placements).await?
        } else {
            Vec::new()
        };
        let dead = if self.all || asks(Live::Dead) {
            let items: Vec<ItemId> = cards.iter().map(|card| card.placement.item).collect();
            Dead::of_cards(self.call, self.book, &items).await?
        } else {
            HashMap::new()
        };
        let marks = if asks(Live::Etag) {
            let placements = cards.iter().map(|card| &card.placement);
            self.book.marks_of(placements).await?
        } else {
            Marks::default()
        };
        Ok(Beside {
            privileges,
            dead,
            marks,
        })
    }

    /// The properties of the card at a place among those that `beside` was read of.
    fn properties(&self, card: &Card, beside: &Beside, at: usize) -> Properties {
        let mut out = Properties::default();
        let dead = beside.dead.get(&card.placement.item);
        if self.names_only {
            let live = self.asked.iter().map(|(name, _)| name);
            let dead = dead.into_iter().flat_map(Dead::names);
            live.chain(dead)
                .for_each(|name| empty_element(name, &mut out.found));
            return out;
        }
        for (name, live) in &self.asked {
            self.property(card, name, live, (beside, at), &mut out);
        }
        if let (true, Some(dead)) = (self.all, dead) {
            let asked: HashSet<&Name> = self.asked.iter().map(|(name, _)| name).collect();
            dead.write_others(
                |name| is_live(CARD, name) || asked.contains(name),
                &mut out.found,
            );
        }
        if self.call.prefer().minimal {
            out.others.retain(|(status, _)| *status != 404);
        }
        out
    }

    fn property(
        &self,
        card: &Card,
        name: &Name,
        live: &Live,
        (beside, at): (&Beside, usize),
        out: &mut Properties,
    ) {
        let placement = &card.placement;
        let found = &mut out.found;
        match live {
            Live::Same(xml) => found.push_str(xml),
            Live::Etag => {
                let etag = beside.marks.etag(placement);
                found.push_str("<D:getetag>");
                escape_into(&etag, found);
                found.push_str("</D:getetag>");
            }
            Live::Data => {
                found.push_str("<C:address-data>");
                escape_into(&String::from_utf8_lossy(&self.data(card)), found);
                found.push_str("</C:address-data>");
            }
            Live::DisplayName => {
                found.push_str("<D:displayname>");
                escape_into(&placement.display, found);
                found.push_str("</D:displayname>");
            }
            Live::Modified => write(name, &webdav::http_date(placement.shown_since), found),
            Live::Created => write(name, &webdav::date_time(placement.created), found),
            Live::Length => {
                let length = self.call.render(self.book, card, None).len();
                write(name, &length.to_string(), found);
            }
            Live::ResourceId => {
                // Of the placement: both addresses of a group's book show the same.
                let id = digest(placement.server_id.as_bytes());
                write(name, &webdav::resource_id(&id[..32]), found);
            }
            Live::Privileges => {
                if let Some(privileges) = beside.privileges.get(at) {
                    write(name, &acl::card_privileges(*privileges), found);
                }
            }
            Live::Dead => {
                let dead = beside.dead.get(&placement.item);
                if !dead.is_some_and(|dead| dead.write(name, found)) {
                    out.without(404, name.clone());
                }
            }
            Live::Secret => out.without(403, name.clone()),
        }
    }

    fn data(&self, card: &Card) -> Bytes {
        let rendering = self.call.render(self.book, card, self.version);
        if self.data.props.is_empty() {
            rendering
        } else {
            let facet = &self.call.face.facet;
            facet.partial(&rendering, &self.data.props).into()
        }
    }
}

fn live(call: &Call, book: &Book, name: &Name) -> Live {
    let same = |value: &str| {
        let mut xml = String::new();
        write(name, value, &mut xml);
        Live::Same(xml)
    };
    match (&*name.namespace, &*name.local) {
        (DAV, "resourcetype" | "supportedlock" | "lockdiscovery") => same(""),
        (DAV, "getcontenttype") => same("text/vcard; charset=utf-8"),
        (DAV, "current-user-principal") => same(&acl::current_user(call)),
        (DAV, "principal-collection-set") => same(acl::PRINCIPAL_COLLECTIONS),
        (DAV, "owner") => same(&acl::book_owner(call, book)),
        (DAV, "supported-privilege-set") => same(acl::SUPPORTED_PRIVILEGES),
        (DAV, "supported-report-set") => same(&webdav::report_set(report::CARD_REPORTS)),
        (DAV, "supported-method-set") => same(&webdav::method_set(Kind::Card)),
        (DAV, "current-user-privilege-set") => Live::Privileges,
        (DAV, "getetag") => Live::Etag,
        (DAV, "displayname") => Live::DisplayName,
        (DAV, "getlastmodified") => Live::Modified,
        (DAV, "creationdate") => Live::Created,
        (DAV, "getcontentlength") => Live::Length,
        (DAV, "resource-id") => Live::ResourceId,
        (DAV, "acl") => Live::Secret,
        (CARDDAV, "address-data") => Live::Data,
        _ => Live::Dead,
    }
}

/// The version asked for (RFC 6352 §10.4); none: the client's own.
fn version(call: &Call, data: &AddressData) -> Result<Option<Version>, Failure> {
    let is_vcard = data
        .content_type
        .as_deref()
        .is_none_or(|media_type| media_type.eq_ignore_ascii_case("text/vcard"));
    match data.version.as_deref() {
        None if is_vcard => Ok(None),
        Some("3.0") if is_vcard => Ok(Some(Version::V3)),
        Some("4.0") if is_vcard && call.quirks.gives(Version::V4) => Ok(Some(Version::V4)),
        _ => Err(Failure::forbidden(
            Precondition::SupportedAddressData,
            "text/vcard in the versions of supported-address-data",
        )),
    }
}
