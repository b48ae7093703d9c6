//! RFC 3744 §4 and §5, RFC 5397: principals and privileges.

use carnet_proto::dav::{
    name::{CALENDARSERVER, DAV, Name},
    xml::escape,
};

use super::{Subject, href};
use crate::{
    dav::{
        Call,
        error::Failure,
        path::{self, Resource},
    },
    domain::{
        book::{Book, ItemPrivileges, Privileges},
        collection::Place,
    },
};

/// Value of a property of RFC 3744 or RFC 5397 as XML; none where the resource does not have it.
pub async fn value(
    call: &Call,
    subject: Subject<'_>,
    local: &str,
) -> Result<Option<String>, Failure> {
    Ok(match local {
        "current-user-principal" => Some(current_user(call)),
        "principal-collection-set" => Some(PRINCIPAL_COLLECTIONS.to_owned()),
        "current-user-privilege-set" => Some(privileges(call, subject).await?),
        "supported-privilege-set" if is_content(subject) => Some(SUPPORTED_PRIVILEGES.to_owned()),
        "acl-restrictions" if is_content(subject) => {
            Some("<D:grant-only/><D:no-invert/>".to_owned())
        }
        "inherited-acl-set" => inherited(call, subject),
        "owner" => owner(call, subject),
        _ => match subject {
            Subject::Plain(resource) => principal(call, resource, local).await?,
            Subject::Book { .. } => None,
        },
    })
}

/// Whether a property is shown only to holders of `read-acl`, a privilege nobody has.
pub fn is_secret(subject: Subject<'_>, local: &str) -> bool {
    local == "acl" && is_content(subject)
}

fn is_content(subject: Subject<'_>) -> bool {
    matches!(
        subject,
        Subject::Book { .. } | Subject::Plain(Resource::Home | Resource::GroupHome(_))
    )
}

/// `current-user-principal` (RFC 5397): the person, or the group for a login as `LOGIN$GROUP`.
pub fn current_user(call: &Call) -> String {
    match &call.scope {
        Some(membership) => href(&path::group_href(&membership.name)),
        None => href(&path::user_href(&call.actor.login)),
    }
}

/// `principal-collection-set` (RFC 3744 §5.8).
pub const PRINCIPAL_COLLECTIONS: &str = "<D:href>/dav/principals/</D:href>";

async fn privileges(call: &Call, subject: Subject<'_>) -> Result<String, Failure> {
    Ok(match subject {
        Subject::Book { book, .. } => book_privileges(book.privileges().await?),
        Subject::Plain(_) if call.actor.is_read_only() => privilege_set(&["read"]),
        Subject::Plain(Resource::Home) if call.face.core.may_make_books(&call.actor) => {
            privilege_set(&["read", "bind", "unbind", "write-properties"])
        }
        Subject::Plain(Resource::Home) => privilege_set(&["read", "unbind", "write-properties"]),
        Subject::Plain(Resource::User) => privilege_set(&["read", "write-properties"]),
        Subject::Plain(_) => privilege_set(&["read"]),
    })
}

fn owner(call: &Call, subject: Subject<'_>) -> Option<String> {
    Some(match subject {
        Subject::Book { book, .. } => book_owner(call, book),
        Subject::Plain(Resource::Home | Resource::User) => {
            href(&path::user_href(&call.actor.login))
        }
        Subject::Plain(Resource::OtherUser(member)) => href(&path::user_href(&member.login)),
        Subject::Plain(Resource::GroupPrincipal(group) | Resource::GroupHome(group)) => {
            href(&path::group_href(&group.name))
        }
        Subject::Plain(_) => return None,
    })
}

/// `owner` of a group's book is the group, which some clients show beside the name.
pub fn book_owner(call: &Call, book: &Book) -> String {
    if book.is_private() {
        href(&path::user_href(&call.actor.login))
    } else {
        href(&path::group_href(&book.collection().segment))
    }
}

fn inherited(call: &Call, subject: Subject<'_>) -> Option<String> {
    match subject {
        Subject::Book { book, .. } => Some(if book.is_private() {
            href(&path::home_href(&call.actor))
        } else {
            href(&path::group_home_href(&book.collection().segment))
        }),
        Subject::Plain(Resource::Home | Resource::GroupHome(_)) => Some(String::new()),
        Subject::Plain(_) => None,
    }
}

async fn principal(
    call: &Call,
    resource: &Resource,
    local: &str,
) -> Result<Option<String>, Failure> {
    let actor = &call.actor;
    Ok(match (local, resource) {
        (
            "principal-URL",
            Resource::User | Resource::OtherUser(_) | Resource::GroupPrincipal(_),
        ) => Some(href(&resource.href(actor))),
        ("group-membership", Resource::User) => {
            let groups = actor.memberships.iter();
            Some(
                groups
                    .map(|group| href(&path::group_href(&group.name)))
                    .collect(),
            )
        }
        ("group-membership", Resource::OtherUser(_) | Resource::GroupPrincipal(_))
        | ("group-member-set", Resource::User | Resource::OtherUser(_)) => Some(String::new()),
        ("group-member-set", Resource::GroupPrincipal(membership)) => {
            let members = call.face.core.members_of(membership).await?;
            let member = |login: &str| href(&path::user_href(login));
            Some(members.iter().map(|m| member(&m.login)).collect())
        }
        ("alternate-URI-set", Resource::GroupPrincipal(_)) => Some(String::new()),
        ("alternate-URI-set", _) => email(call, resource)
            .await?
            .map(|email| email.map_or(String::new(), |email| href(&format!("mailto:{email}")))),
        _ => None,
    })
}

/// E-mail address of a person; the outer none: the resource is no person.
pub async fn email(call: &Call, resource: &Resource) -> Result<Option<Option<String>>, Failure> {
    Ok(match resource {
        Resource::User => Some(call.face.core.account(&call.actor).await?.email),
        Resource::OtherUser(member) => Some(member.email.clone()),
        _ => None,
    })
}

/// `current-user-privilege-set` of a book. An aggregate such as `write` is listed together with the
/// privileges it contains (RFC 3744 §3.12), because clients test for single names.
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
        let held = [
            (privileges.add, "bind"),
            (privileges.modify, "write-content"),
            (privileges.remove, "unbind"),
        ];
        list.extend(held.iter().filter(|(held, _)| *held).map(|(_, name)| *name));
        if held.iter().all(|(held, _)| *held) {
            // Properties are set in one's own view of the book.
            list.extend(["write-properties", "write"]);
        }
    }
    privilege_set(&list)
}

/// `current-user-privilege-set` of a card. Removing one takes `unbind` on its book.
pub fn card_privileges(privileges: ItemPrivileges) -> String {
    if privileges.modify {
        privilege_set(&["read", "write-content"])
    } else {
        privilege_set(&["read"])
    }
}

fn privilege_set(list: &[&str]) -> String {
    list.iter()
        .chain(&["read-current-user-privilege-set"])
        .map(|name| format!("<D:privilege><D:{name}/></D:privilege>"))
        .collect()
}

/// The principal that owns an address book or a card, as far as `acl-principal-prop-set` names it.
pub fn owner_of(call: &Call, resource: &Resource) -> Option<Resource> {
    let book = match resource {
        Resource::Home => return Some(Resource::User),
        Resource::GroupHome(membership) => {
            return Some(Resource::GroupPrincipal(membership.clone()));
        }
        Resource::Book { book, .. } | Resource::Card { book, .. } => book,
        _ => return None,
    };
    match book.collection().place {
        Place::Group(group) | Place::Members(group) => {
            let membership = call.actor.membership(group);
            membership.cloned().map(Resource::GroupPrincipal)
        }
        _ => Some(Resource::User),
    }
}

/// The text of a principal's property that searches compare; none where it cannot be searched.
pub async fn searchable(
    call: &Call,
    resource: &Resource,
    name: &Name,
) -> Result<Option<String>, Failure> {
    let local = &*name.local;
    Ok(match (&*name.namespace, local) {
        (DAV, "displayname") => super::webdav::value(call, Subject::Plain(resource), local).await?,
        (CALENDARSERVER, "email-address-set") | (DAV, "alternate-URI-set") => {
            let email = email(call, resource).await?.flatten();
            email.map(|email| escape(&email))
        }
        _ => None,
    })
}

/// RFC 3744 §5.3
pub const SUPPORTED_PRIVILEGES: &str = "<D:supported-privilege><D:privilege><D:all/></D:privilege>\
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
