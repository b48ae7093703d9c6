//! The live properties of each kind of resource (RFC 4918 §15, RFC 3744 §4-5, RFC 6352 §6.2, 7).

use carnet_proto::{
    dav::{
        multistatus::{Properties, empty_element},
        name::{CALENDARSERVER, CARDDAV, DAV, Name},
        request::PropFind,
        xml::escape,
    },
    vcard::Version,
};
use chrono::{DateTime, Utc};

use super::{
    Call,
    error::Failure,
    path::{self, Resource},
    property::{Stored, key_of},
};
use crate::domain::{
    book::{Book, ItemPrivileges, Marks, Privileges},
    id::Timestamp,
    item::Card,
};

/// What the properties of a resource are made from.
pub enum Subject<'a> {
    Plain(&'a Resource),
    Book {
        book: &'a Book,
        href: &'a str,
    },
    Card {
        book: &'a Book,
        card: &'a Card,
        marks: &'a Marks,
        /// Ready text of `C:address-data`, where it was asked for.
        data: Option<&'a str>,
    },
}

const fn d(local: &'static str) -> Name {
    Name::new(DAV, local)
}

const fn c(local: &'static str) -> Name {
    Name::new(CARDDAV, local)
}

const fn cs(local: &'static str) -> Name {
    Name::new(CALENDARSERVER, local)
}

/// Live properties a resource may have, those of `allprop` first.
fn names(subject: &Subject<'_>) -> (Vec<Name>, Vec<Name>) {
    let mut all = vec![d("resourcetype"), d("displayname")];
    let mut more = vec![
        d("current-user-principal"),
        d("principal-collection-set"),
        d("current-user-privilege-set"),
        d("supported-report-set"),
    ];
    match subject {
        Subject::Plain(Resource::User | Resource::OtherUser(_) | Resource::GroupPrincipal(_)) => {
            more.extend([
                d("principal-URL"),
                d("alternate-URI-set"),
                d("group-membership"),
                d("group-member-set"),
                c("addressbook-home-set"),
                c("principal-address"),
                cs("email-address-set"),
            ]);
        }
        Subject::Plain(Resource::Home) => {
            more.extend([
                d("owner"),
                d("sync-token"),
                cs("getctag"),
                d("supported-privilege-set"),
                d("quota-used-bytes"),
            ]);
        }
        Subject::Plain(_) => {}
        Subject::Book { .. } => {
            more.extend([
                d("owner"),
                d("sync-token"),
                cs("getctag"),
                d("getetag"),
                d("add-member"),
                d("resource-id"),
                d("supported-privilege-set"),
                d("supportedlock"),
                d("lockdiscovery"),
                c("addressbook-description"),
                c("supported-address-data"),
                c("max-resource-size"),
                c("max-image-size"),
                c("supported-collation-set"),
            ]);
        }
        Subject::Card { .. } => {
            all.extend([d("getcontenttype"), d("getlastmodified"), d("creationdate")]);
            more.extend([
                d("getcontentlength"),
                d("getetag"),
                d("owner"),
                d("resource-id"),
                d("supportedlock"),
                d("lockdiscovery"),
            ]);
        }
    }
    (all, more)
}

/// The properties asked for, by status.
pub async fn properties(
    call: &Call,
    subject: &Subject<'_>,
    asked: &PropFind,
) -> Result<Properties, Failure> {
    let mut out = Properties::default();
    let stored = match subject {
        // Cards rarely have properties of their own: they are looked up when one is asked for.
        Subject::Card { .. } if !asks_for_dead(asked) => Stored::default(),
        _ => Stored::read(call, &key_of(call, subject)).await?,
    };
    match asked {
        PropFind::PropName => {
            let (all, more) = names(subject);
            for name in all.iter().chain(&more).chain(stored.names()) {
                empty_element(name, &mut out.found);
            }
        }
        PropFind::AllProp(include) => {
            let (all, _) = names(subject);
            for name in all.iter().chain(include) {
                property(call, subject, name, &stored, &mut out, true).await?;
            }
            stored.write_all(&mut out.found);
        }
        PropFind::Prop(wanted) => {
            for name in wanted {
                property(call, subject, name, &stored, &mut out, false).await?;
            }
        }
    }
    if call.prefer().minimal {
        out.others.retain(|(status, _)| *status != 404);
    }
    Ok(out)
}

fn asks_for_dead(asked: &PropFind) -> bool {
    match asked {
        PropFind::Prop(names) => names
            .iter()
            .any(|name| name.prefix().is_none() || name.local == "displayname"),
        PropFind::AllProp(_) | PropFind::PropName => true,
    }
}

async fn property(
    call: &Call,
    subject: &Subject<'_>,
    name: &Name,
    stored: &Stored,
    out: &mut Properties,
    skip_missing: bool,
) -> Result<(), Failure> {
    if stored.write(name, &mut out.found) {
        return Ok(());
    }
    let value = match (&*name.namespace, &*name.local) {
        (DAV, local) => dav(call, subject, local).await?,
        (CARDDAV, local) => carddav(call, subject, local),
        (CALENDARSERVER, "getctag") => dav(call, subject, "sync-token").await?,
        (CALENDARSERVER, "email-address-set") => emails(call, subject).await?,
        _ => None,
    };
    match (value, name.prefix()) {
        (Some(value), Some(prefix)) => {
            let local = &name.local;
            match value.is_empty() {
                true => out.found.push_str(&format!("<{prefix}:{local}/>")),
                false => out
                    .found
                    .push_str(&format!("<{prefix}:{local}>{value}</{prefix}:{local}>")),
            }
        }
        _ if skip_missing => {}
        _ => out.without(404, name.clone()),
    }
    Ok(())
}

fn href(path: &str) -> String {
    format!("<D:href>{}</D:href>", escape(path))
}

async fn dav(call: &Call, subject: &Subject<'_>, local: &str) -> Result<Option<String>, Failure> {
    let actor = &call.actor;
    let value = match (local, subject) {
        ("resourcetype", _) => resource_type(subject),
        ("current-user-principal", _) => href(&path::user_href(&actor.login)),
        ("principal-collection-set", _) => href("/dav/principals/"),
        ("supported-report-set", _) => reports(subject),
        ("displayname", Subject::Plain(resource)) => escape(&display_name(call, resource)),
        ("displayname", Subject::Book { book, .. }) => escape(&book_name(book)),
        ("displayname", Subject::Card { card, .. }) => escape(&card.placement.display),
        ("current-user-privilege-set", Subject::Plain(resource)) => match resource {
            Resource::Home => privilege_set(&["read", "bind", "unbind", "write-properties"]),
            _ => privilege_set(&["read"]),
        },
        ("current-user-privilege-set", Subject::Book { book, .. }) => {
            book_privileges(book.privileges().await?)
        }
        ("current-user-privilege-set", Subject::Card { book, card, .. }) => {
            card_privileges(book.item_privileges(&card.placement).await?)
        }
        ("sync-token", Subject::Book { book, .. }) => escape(&book.cursor().to_string()),
        ("sync-token", Subject::Plain(Resource::Home)) => {
            escape(&call.face.core.home_cursor(actor).await?.to_string())
        }
        ("getetag", Subject::Book { book, .. }) => escape(&format!("\"{}\"", book.cursor())),
        ("getetag", Subject::Card { card, marks, .. }) => escape(&marks.etag(&card.placement)),
        ("owner", Subject::Book { book, .. } | Subject::Card { book, .. }) => owner(call, book),
        ("owner", Subject::Plain(Resource::Home)) => href(&path::user_href(&actor.login)),
        ("add-member", Subject::Book { href: own, .. }) => href(own),
        ("resource-id", Subject::Book { book, .. }) => {
            let id = &book.collection().uuid;
            href(&format!("urn:uuid:{}", uuid_form(id)))
        }
        ("resource-id", Subject::Card { card, .. }) => {
            let id = crate::domain::item::digest(card.placement.server_id.as_bytes());
            href(&format!("urn:uuid:{}", uuid_form(&id[..32])))
        }
        ("supportedlock" | "lockdiscovery", Subject::Book { .. } | Subject::Card { .. }) => {
            String::new()
        }
        (
            "supported-privilege-set",
            Subject::Book { .. } | Subject::Card { .. } | Subject::Plain(Resource::Home),
        ) => SUPPORTED_PRIVILEGES.to_owned(),
        ("getcontenttype", Subject::Card { .. }) => "text/vcard; charset=utf-8".to_owned(),
        ("getcontentlength", Subject::Card { book, card, .. }) => {
            let stored = call.face.facet.stored_version(&card.document);
            let version = call.profile.default_version(stored);
            call.render(book, card, version).len().to_string()
        }
        ("getlastmodified", Subject::Card { card, .. }) => http_date(card.placement.modified),
        ("creationdate", Subject::Card { card, .. }) => moment(card.placement.created)
            .format("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
        (_, Subject::Plain(resource)) => return principal(call, resource, local).await,
        _ => return Ok(None),
    };
    Ok(Some(value))
}

async fn principal(
    call: &Call,
    resource: &Resource,
    local: &str,
) -> Result<Option<String>, Failure> {
    let actor = &call.actor;
    let own = resource.href(actor);
    Ok(match (local, resource) {
        (
            "principal-URL",
            Resource::User | Resource::OtherUser(_) | Resource::GroupPrincipal(_),
        ) => Some(href(&own)),
        ("group-membership", Resource::User) => Some(
            actor
                .memberships
                .iter()
                .map(|membership| href(&path::group_href(&membership.name)))
                .collect(),
        ),
        ("group-membership", Resource::OtherUser(_) | Resource::GroupPrincipal(_))
        | ("group-member-set", Resource::User | Resource::OtherUser(_)) => Some(String::new()),
        ("group-member-set", Resource::GroupPrincipal(membership)) => {
            let members = call.face.core.store().members(membership.group).await?;
            Some(
                members
                    .iter()
                    .map(|member| href(&path::user_href(&member.login)))
                    .collect(),
            )
        }
        ("alternate-URI-set", _) => {
            let emails = emails(call, &Subject::Plain(resource)).await?;
            emails.map(|emails| {
                emails
                    .replace("<CS:email-address>", "<D:href>mailto:")
                    .replace("</CS:email-address>", "</D:href>")
            })
        }
        ("quota-used-bytes", Resource::Home) => Some("0".to_owned()),
        _ => None,
    })
}

async fn emails(call: &Call, subject: &Subject<'_>) -> Result<Option<String>, Failure> {
    let email = match subject {
        Subject::Plain(Resource::User) => {
            let person = call.face.core.store().person(call.actor.person).await?;
            person.and_then(|person| person.email)
        }
        Subject::Plain(Resource::OtherUser(member)) => member.email.clone(),
        Subject::Plain(Resource::GroupPrincipal(_)) => None,
        _ => return Ok(None),
    };
    Ok(Some(
        email
            .map(|email| format!("<CS:email-address>{}</CS:email-address>", escape(&email)))
            .unwrap_or_default(),
    ))
}

fn carddav(call: &Call, subject: &Subject<'_>, local: &str) -> Option<String> {
    let actor = &call.actor;
    Some(match (local, subject) {
        ("address-data", Subject::Card { data, .. }) => return data.map(escape),
        ("addressbook-home-set", Subject::Plain(Resource::User)) => {
            let mut homes = href(&path::home_href(actor));
            if call.profile.several_homes {
                for membership in &actor.memberships {
                    homes.push_str(&href(&path::group_home_href(&membership.name)));
                }
            }
            homes
        }
        ("addressbook-home-set", Subject::Plain(Resource::GroupPrincipal(membership))) => {
            href(&path::group_home_href(&membership.name))
        }
        ("addressbook-description", Subject::Book { book, .. })
            if !book.collection().description.is_empty() =>
        {
            escape(&book.collection().description)
        }
        ("supported-address-data", Subject::Book { .. }) => [Version::V3, Version::V4]
            .iter()
            .map(|version| {
                format!(
                    "<C:address-data-type content-type=\"text/vcard\" version=\"{}\"/>",
                    version.as_str()
                )
            })
            .collect(),
        ("max-resource-size" | "max-image-size", Subject::Book { .. }) => {
            call.face.core.limits().document.to_string()
        }
        ("supported-collation-set", Subject::Book { .. }) => {
            ["i;ascii-casemap", "i;unicode-casemap", "i;octet"]
                .iter()
                .map(|name| format!("<C:supported-collation>{name}</C:supported-collation>"))
                .collect()
        }
        _ => return None,
    })
}

fn resource_type(subject: &Subject<'_>) -> String {
    match subject {
        Subject::Card { .. } => "",
        Subject::Book { book, .. } if book.is_private() => "<D:collection/><C:addressbook/>",
        Subject::Book { .. } => "<D:collection/><C:addressbook/><CS:shared/>",
        Subject::Plain(Resource::User | Resource::OtherUser(_) | Resource::GroupPrincipal(_)) => {
            "<D:collection/><D:principal/>"
        }
        Subject::Plain(_) => "<D:collection/>",
    }
    .to_owned()
}

/// RFC 3253 §3.1.5
fn reports(subject: &Subject<'_>) -> String {
    let list: &[&str] = match subject {
        Subject::Book { .. } => &[
            "D:sync-collection",
            "C:addressbook-multiget",
            "C:addressbook-query",
            "D:expand-property",
            "D:acl-principal-prop-set",
        ],
        Subject::Card { .. } => &["C:addressbook-query", "D:expand-property"],
        Subject::Plain(Resource::Home) => &["D:sync-collection", "D:expand-property"],
        Subject::Plain(_) => &[
            "D:expand-property",
            "D:principal-property-search",
            "D:principal-search-property-set",
            "D:principal-match",
        ],
    };
    list.iter()
        .map(|report| {
            format!("<D:supported-report><D:report><{report}/></D:report></D:supported-report>")
        })
        .collect()
}

fn display_name(call: &Call, resource: &Resource) -> String {
    match resource {
        Resource::User | Resource::Home | Resource::UserRoot => call.actor.name.clone(),
        Resource::OtherUser(member) => member.name.clone(),
        Resource::GroupPrincipal(membership) | Resource::GroupHome(membership) => {
            membership.display_name.clone()
        }
        _ => "Carnet".to_owned(),
    }
}

fn book_name(book: &Book) -> String {
    let collection = book.collection();
    match collection.display_name.is_empty() {
        true => collection.segment.clone(),
        false => collection.display_name.clone(),
    }
}

fn owner(call: &Call, book: &Book) -> String {
    match book.is_private() {
        true => href(&path::user_href(&call.actor.login)),
        false => href(&path::group_href(&book.collection().segment)),
    }
}

/// `rights.md` §4: aggregates and what they hold, flattened.
fn book_privileges(privileges: Privileges) -> String {
    let mut list = vec!["read"];
    if privileges.owner {
        list.extend([
            "write",
            "write-content",
            "write-properties",
            "bind",
            "unbind",
        ]);
    } else {
        if privileges.add {
            list.push("bind");
        }
        if privileges.modify {
            list.push("write-content");
        }
        if privileges.remove {
            list.push("unbind");
        }
    }
    privilege_set(&list)
}

fn card_privileges(privileges: ItemPrivileges) -> String {
    match privileges.modify {
        true => privilege_set(&["read", "write-content"]),
        false => privilege_set(&["read"]),
    }
}

fn privilege_set(list: &[&str]) -> String {
    list.iter()
        .chain(&["read-current-user-privilege-set"])
        .map(|name| format!("<D:privilege><D:{name}/></D:privilege>"))
        .collect()
}

/// RFC 3744 §5.3
const SUPPORTED_PRIVILEGES: &str = "<D:supported-privilege><D:privilege><D:all/></D:privilege>\
    <D:abstract/><D:description xml:lang=\"en\">Everything</D:description>\
    <D:supported-privilege><D:privilege><D:read/></D:privilege><D:description xml:lang=\"en\">Read</D:description>\
    <D:supported-privilege><D:privilege><D:read-current-user-privilege-set/></D:privilege>\
    <D:description xml:lang=\"en\">Read own privileges</D:description></D:supported-privilege></D:supported-privilege>\
    <D:supported-privilege><D:privilege><D:write/></D:privilege><D:description xml:lang=\"en\">Write</D:description>\
    <D:supported-privilege><D:privilege><D:write-content/></D:privilege><D:description xml:lang=\"en\">Modify</D:description></D:supported-privilege>\
    <D:supported-privilege><D:privilege><D:write-properties/></D:privilege><D:description xml:lang=\"en\">Rename</D:description></D:supported-privilege>\
    <D:supported-privilege><D:privilege><D:bind/></D:privilege><D:description xml:lang=\"en\">Add</D:description></D:supported-privilege>\
    <D:supported-privilege><D:privilege><D:unbind/></D:privilege><D:description xml:lang=\"en\">Remove</D:description></D:supported-privilege>\
    </D:supported-privilege></D:supported-privilege>";

fn uuid_form(hex: &str) -> String {
    match hex.len() {
        32 => format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        ),
        _ => hex.to_owned(),
    }
}

fn moment(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default()
}

/// RFC 9110 §5.6.7
pub fn http_date(at: Timestamp) -> String {
    moment(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

impl Call {
    /// A card as this client reads it.
    pub fn render(&self, book: &Book, card: &Card, version: Version) -> Vec<u8> {
        let content = book.content(card);
        self.face
            .facet
            .render(&content, &card.placement.uid, version)
    }
}
