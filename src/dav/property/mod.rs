//! The properties of each kind of resource: one table, one file per family of specifications.

mod acl;
mod card;
mod carddav;
mod dead;
mod push;
mod webdav;

use std::collections::HashSet;

use carnet_proto::dav::{
    multistatus::{Properties, empty_element},
    name::{CALENDARSERVER, CARDDAV, DAV, Name, PUSH},
    request::PropFind,
    xml::escape,
};

pub use acl::{owner_of, searchable};
pub use card::Cards;
pub use dead::{Dead, MAX_OCTETS, key_of, key_of_uuid, of_card, set};
pub use webdav::http_date;

use super::{Call, error::Failure, path::Resource};
use crate::domain::book::Book;

/// A resource other than a card.
#[derive(Clone, Copy)]
pub enum Subject<'a> {
    Plain(&'a Resource),
    Book { book: &'a Book, href: &'a str },
}

impl<'a> Subject<'a> {
    /// The subject of a resource that is a collection or a principal.
    pub fn of(resource: &'a Resource) -> Self {
        match resource {
            Resource::Book { book, href } => Subject::Book { book, href },
            other => Subject::Plain(other),
        }
    }
}

// Columns of the table.
const ROOT: u16 = 1;
const PRINCIPALS: u16 = 2;
const USER: u16 = 4;
const GROUP: u16 = 8;
const HOME: u16 = 16;
const BOOK: u16 = 32;
pub(super) const CARD: u16 = 64;
const OTHER_USER: u16 = 128;
const GROUP_HOME: u16 = 256;

const EVERYWHERE: u16 = 511;
const PEOPLE: u16 = USER | OTHER_USER;
const PRINCIPAL: u16 = PEOPLE | GROUP;
const HOMES: u16 = HOME | GROUP_HOME;
const CONTENT: u16 = HOMES | BOOK | CARD;

/// A live property: the kinds of resource that have it, whether `allprop` lists it, and where a
/// client may set it.
struct Row {
    name: Name,
    on: u16,
    all: bool,
    settable: u16,
}

const fn row(namespace: &'static str, local: &'static str, on: u16) -> Row {
    Row {
        name: Name::new(namespace, local),
        on,
        all: false,
        settable: 0,
    }
}

impl Row {
    const fn in_allprop(mut self) -> Self {
        self.all = true;
        self
    }

    const fn settable(mut self, on: u16) -> Self {
        self.settable = on;
        self
    }
}

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // RFC 4918 §15
    row(DAV, "resourcetype", EVERYWHERE).in_allprop(),
    row(DAV, "displayname", EVERYWHERE).in_allprop().settable(BOOK),
    row(DAV, "getcontenttype", CARD).in_allprop(),
    row(DAV, "getcontentlength", CARD).in_allprop(),
    row(DAV, "getlastmodified", CONTENT).in_allprop(),
    row(DAV, "creationdate", CONTENT).in_allprop(),
    row(DAV, "getetag", BOOK | CARD).in_allprop(),
    row(DAV, "supportedlock", CONTENT).in_allprop(),
    row(DAV, "lockdiscovery", CONTENT).in_allprop(),
    // RFC 3253 §3.1
    row(DAV, "supported-report-set", EVERYWHERE),
    row(DAV, "supported-method-set", BOOK | CARD),
    // RFC 5397, RFC 3744 §4, §5
    row(DAV, "current-user-principal", EVERYWHERE),
    row(DAV, "principal-collection-set", EVERYWHERE),
    row(DAV, "principal-URL", PRINCIPAL),
    row(DAV, "alternate-URI-set", PRINCIPAL),
    row(DAV, "group-membership", PRINCIPAL),
    row(DAV, "group-member-set", PRINCIPAL),
    row(DAV, "owner", PRINCIPAL | CONTENT),
    row(DAV, "current-user-privilege-set", EVERYWHERE),
    row(DAV, "supported-privilege-set", CONTENT),
    row(DAV, "acl", CONTENT),
    row(DAV, "acl-restrictions", HOMES | BOOK),
    row(DAV, "inherited-acl-set", HOMES | BOOK),
    // RFC 6578 §4, RFC 5842 §3.1, RFC 5995 §3.2.1, RFC 4331
    row(DAV, "sync-token", HOME | BOOK),
    row(DAV, "resource-id", CONTENT),
    row(DAV, "add-member", BOOK),
    row(DAV, "quota-available-bytes", HOMES | BOOK),
    row(DAV, "quota-used-bytes", HOMES | BOOK),
    // RFC 6352 §6.2, §7.1
    row(CARDDAV, "addressbook-home-set", USER | GROUP),
    row(CARDDAV, "principal-address", 0).settable(USER),
    row(CARDDAV, "addressbook-description", 0).settable(BOOK),
    row(CARDDAV, "supported-address-data", BOOK),
    row(CARDDAV, "max-resource-size", BOOK),
    row(CARDDAV, "max-image-size", BOOK),
    row(CARDDAV, "supported-collation-set", BOOK),
    row(CARDDAV, "address-data", 0),
    // What Apple's clients ask and set
    row(CALENDARSERVER, "getctag", HOME | BOOK),
    row(CALENDARSERVER, "me-card", 0).settable(HOMES),
    row(CALENDARSERVER, "email-address-set", PEOPLE),
    row(CALENDARSERVER, "first-name", PEOPLE),
    row(CALENDARSERVER, "last-name", PEOPLE),
    row(CALENDARSERVER, "record-type", PRINCIPAL),
    // WebDAV-Push
    row(PUSH, "transports", USER | HOME | BOOK),
    row(PUSH, "topic", USER | HOME | BOOK),
    row(PUSH, "supported-triggers", USER | HOME | BOOK),
];

fn column(resource: &Resource) -> u16 {
    match resource {
        Resource::Root(_) => ROOT,
        Resource::Principals(_) | Resource::UserRoot => PRINCIPALS,
        Resource::User => USER,
        Resource::OtherUser(_) => OTHER_USER,
        Resource::GroupPrincipal(_) => GROUP,
        Resource::Home => HOME,
        Resource::GroupHome(_) => GROUP_HOME,
        Resource::Book { .. } => BOOK,
        Resource::Card { .. } => CARD,
        Resource::NewBook { .. } | Resource::Registration(_) | Resource::AppleProfile => 0,
    }
}

fn live_on(column: u16, call: &Call) -> impl Iterator<Item = &'static Row> {
    let push = call.face.push.is_some();
    TABLE
        .iter()
        .filter(move |row| row.on & column != 0 && (push || row.name.namespace != PUSH))
}

/// Whether a client may set or remove a property of a resource.
pub fn may_set(resource: &Resource, name: &Name) -> bool {
    // Others see the same principal; the roots are nobody's.
    let keeps = matches!(
        resource,
        Resource::User
            | Resource::Home
            | Resource::GroupHome(_)
            | Resource::Book { .. }
            | Resource::Card { .. }
    );
    let known = TABLE.iter().find(|row| row.name == *name);
    keeps
        && match known {
            Some(row) => row.settable & column(resource) != 0,
            None => ![DAV, CARDDAV, PUSH].contains(&&*name.namespace),
        }
}

/// The requested properties of a collection or a principal, by status.
pub async fn properties(
    call: &Call,
    subject: Subject<'_>,
    asked: &PropFind,
) -> Result<Properties, Failure> {
    let column = match subject {
        Subject::Plain(resource) => column(resource),
        Subject::Book { .. } => BOOK,
    };
    let mut dead = if is_dead(asked) {
        Dead::read(call, &key_of(call, subject)).await?
    } else {
        Dead::default()
    };
    if let Subject::Book { .. } = subject {
        dead.drop_blank(&Name::new(DAV, "displayname"));
    }
    let mut out = Properties::default();
    match asked {
        PropFind::PropName => {
            let live = live_on(column, call).map(|row| &row.name);
            let dead = dead.names().filter(|name| !is_live(column, name));
            live.chain(dead)
                .for_each(|name| empty_element(name, &mut out.found));
        }
        PropFind::AllProp(include) => {
            for row in live_on(column, call).filter(|row| row.all) {
                if !dead.write(&row.name, &mut out.found) {
                    live(call, subject, &row.name, &mut out).await?;
                }
            }
            dead.write_others(|name| is_live(column, name), &mut out.found);
            let is_written = |name: &Name| {
                let known = TABLE.iter().find(|row| row.name == *name);
                let listed = known.is_some_and(|row| row.all && row.on & column != 0);
                listed || dead.has(name) && !is_live(column, name)
            };
            for name in once(include) {
                if !is_written(name) && !dead.write(name, &mut out.found) {
                    live(call, subject, name, &mut out).await?;
                }
            }
        }
        PropFind::Prop(wanted) => {
            for name in once(wanted) {
                if !dead.write(name, &mut out.found) {
                    live(call, subject, name, &mut out).await?;
                }
            }
        }
    }
    if call.prefer().minimal {
        out.others.retain(|(status, _)| *status != 404);
    }
    Ok(out)
}

/// Names in their order, each once.
fn once(names: &[Name]) -> Vec<&Name> {
    let mut seen = HashSet::new();
    names.iter().filter(|name| seen.insert(*name)).collect()
}

fn is_live(column: u16, name: &Name) -> bool {
    let known = TABLE.iter().find(|row| row.name == *name);
    known.is_some_and(|row| row.on & column != 0)
}

/// Whether the request may concern dead properties, so that these have to be read.
fn is_dead(asked: &PropFind) -> bool {
    match asked {
        PropFind::Prop(names) => names.iter().any(|name| {
            let known = TABLE.iter().find(|row| row.name == *name);
            known.is_none_or(|row| row.settable != 0)
        }),
        PropFind::AllProp(_) | PropFind::PropName => true,
    }
}

async fn live(
    call: &Call,
    subject: Subject<'_>,
    name: &Name,
    out: &mut Properties,
) -> Result<(), Failure> {
    let local = &*name.local;
    let value = match &*name.namespace {
        DAV => match acl::value(call, subject, local).await? {
            Some(value) => Some(value),
            None => webdav::value(call, subject, local).await?,
        },
        CARDDAV => carddav::value(call, subject, local),
        CALENDARSERVER => carddav::apple(call, subject, local).await?,
        PUSH => push::value(call, subject, local),
        _ => None,
    };
    match value {
        Some(value) => write(name, &value, &mut out.found),
        None if acl::is_secret(subject, local) && &*name.namespace == DAV => {
            out.without(403, name.clone());
        }
        None => out.without(404, name.clone()),
    }
    Ok(())
}

/// Writes an element with XML content.
fn write(name: &Name, value: &str, out: &mut String) {
    let Some(prefix) = name.prefix() else { return };
    let local = &*name.local;
    out.push('<');
    for part in [prefix, ":", local] {
        out.push_str(part);
    }
    if value.is_empty() {
        out.push_str("/>");
        return;
    }
    for part in [">", value, "</", prefix, ":", local, ">"] {
        out.push_str(part);
    }
}

fn href(path: &str) -> String {
    format!("<D:href>{}</D:href>", escape(path))
}
