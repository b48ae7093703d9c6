//! RFC 4918 §15, RFC 3253 §3.1, RFC 6578 §4, RFC 5842 §3.1, RFC 5995 §3.2.1, RFC 4331.

use carnet_proto::dav::xml::escape;
use chrono::{DateTime, Utc};

use super::{Subject, href};
use crate::{
    dav::{
        Call,
        error::Failure,
        path::{Kind, Resource},
        report,
    },
    domain::{book::Book, id::Timestamp, item::digest},
};

/// Quota left where none is set: an amount that no client takes for nearly full.
const UNLIMITED: i64 = 1 << 40;

/// Value of a live property in the namespace `DAV:` as XML; none where the resource does not have
/// it.
pub async fn value(
    call: &Call,
    subject: Subject<'_>,
    local: &str,
) -> Result<Option<String>, Failure> {
    let value = match (local, subject) {
        ("resourcetype", _) => resource_type(subject).to_owned(),
        ("displayname", Subject::Plain(resource)) => escape(&display_name(call, resource)),
        ("displayname", Subject::Book { book, .. }) => escape(&book_name(book)),
        ("supported-report-set", _) => report_set(report::served_on(subject)),
        ("supported-method-set", Subject::Book { .. }) => method_set(Kind::Book),
        ("getetag", Subject::Book { book, .. }) => escape(&book.etag()),
        ("getlastmodified", Subject::Book { book, .. }) => http_date(book.changed_at().await?),
        ("creationdate", Subject::Book { book, .. }) => date_time(book.collection().created),
        (
            "getlastmodified" | "creationdate",
            Subject::Plain(resource @ (Resource::Home | Resource::GroupHome(_))),
        ) => {
            let created = created(call, resource).await?;
            match local {
                "creationdate" => date_time(created),
                _ => http_date(created),
            }
        }
        ("supportedlock" | "lockdiscovery", Subject::Book { .. }) => String::new(),
        (
            "supportedlock" | "lockdiscovery",
            Subject::Plain(Resource::Home | Resource::GroupHome(_)),
        ) => String::new(),
        ("sync-token", _) => return token(call, subject).await,
        ("resource-id", Subject::Book { book, .. }) => resource_id(&book.collection().uuid),
        ("resource-id", Subject::Plain(Resource::Home)) => {
            resource_id(&call.face.core.home(&call.actor).await?.uuid)
        }
        ("resource-id", Subject::Plain(Resource::GroupHome(membership))) => {
            let seed = format!("home of group {}", membership.group);
            resource_id(&digest(seed.as_bytes())[..32])
        }
        ("add-member", Subject::Book { href: own, .. }) => href(own),
        ("quota-used-bytes", _) => return Ok(quota(call, subject).await?.map(|(used, _)| used)),
        ("quota-available-bytes", _) => {
            return Ok(quota(call, subject).await?.map(|(_, left)| left));
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

/// When a home began to be: that of a group, with its book.
async fn created(call: &Call, home: &Resource) -> Result<Timestamp, Failure> {
    let core = &call.face.core;
    let collection = match home {
        Resource::GroupHome(membership) => {
            let book = core.open(&call.actor, membership.book).await?;
            book.collection().clone()
        }
        _ => core.home(&call.actor).await?,
    };
    Ok(collection.created)
}

/// `sync-token`, which is the ctag as well.
pub async fn token(call: &Call, subject: Subject<'_>) -> Result<Option<String>, Failure> {
    Ok(match subject {
        Subject::Book { book, .. } => Some(escape(&book.cursor().to_string())),
        Subject::Plain(Resource::Home) => {
            let cursor = call.face.core.home_cursor(&call.actor).await?;
            Some(escape(&cursor.to_string()))
        }
        Subject::Plain(_) => None,
    })
}

/// Octets used, and octets left: as many full cards as the quota of contacts leaves.
async fn quota(call: &Call, subject: Subject<'_>) -> Result<Option<(String, String)>, Failure> {
    let core = &call.face.core;
    let (used, room) = match subject {
        Subject::Book { book, .. } => (book.octets().await?, book.room().await?),
        Subject::Plain(Resource::Home) if call.scope.is_none() => {
            let mut used = 0;
            let mut room = None;
            for book in core.books(&call.actor).await? {
                if book.is_private() {
                    used += book.octets().await?;
                    room = book.room().await?;
                }
            }
            (used, room)
        }
        Subject::Plain(Resource::Home | Resource::GroupHome(_)) => (0, None),
        Subject::Plain(_) => return Ok(None),
    };
    let largest = i64::try_from(core.limits().document).unwrap_or(i64::MAX);
    let left = room.map_or(UNLIMITED, |room| room.left.max(0).saturating_mul(largest));
    Ok(Some((used.to_string(), left.to_string())))
}

fn resource_type(subject: Subject<'_>) -> &'static str {
    match subject {
        Subject::Book { book, .. } if book.is_private() => "<D:collection/><C:addressbook/>",
        Subject::Book { .. } => "<D:collection/><C:addressbook/><CS:shared/>",
        Subject::Plain(Resource::User | Resource::OtherUser(_) | Resource::GroupPrincipal(_)) => {
            "<D:collection/><D:principal/>"
        }
        Subject::Plain(_) => "<D:collection/>",
    }
}

/// `supported-report-set` (RFC 3253 §3.1.5)
pub fn report_set(reports: &[&str]) -> String {
    let report = |report: &&str| {
        format!("<D:supported-report><D:report><{report}/></D:report></D:supported-report>")
    };
    reports.iter().map(report).collect()
}

/// `supported-method-set` (RFC 3253 §3.1.3)
pub fn method_set(kind: Kind) -> String {
    let method = |method| format!("<D:supported-method name=\"{method}\"/>");
    kind.methods().map(method).collect()
}

/// `urn:uuid:` of 32 hex digits.
pub fn resource_id(hex: &str) -> String {
    let uuid = uuid::Uuid::try_parse(hex).map_or_else(|_| hex.to_owned(), |id| id.to_string());
    href(&format!("urn:uuid:{uuid}"))
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

/// `displayname` of a book, never empty: some clients would show the last segment of the URL.
fn book_name(book: &Book) -> String {
    let name = book.collection().shown_name();
    if book.is_members() {
        format!("{name} (members)")
    } else {
        name.to_owned()
    }
}

fn moment(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default()
}

/// A date as in HTTP headers (RFC 9110 §5.6.7).
pub fn http_date(at: Timestamp) -> String {
    moment(at).format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// A date and time (RFC 3339).
pub fn date_time(at: Timestamp) -> String {
    moment(at).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
