//! RFC 6352 §6.2 and §7.1, and the properties that Apple's clients request besides.

use carnet_proto::{dav::xml::escape, vcard::Version};

use super::{Subject, acl, href, webdav};
use crate::dav::{
    Call,
    error::Failure,
    path::{self, Resource},
};

/// Value of a property of RFC 6352 as XML; none where the resource does not have it.
pub fn value(call: &Call, subject: Subject<'_>, local: &str) -> Option<String> {
    let book = match subject {
        Subject::Plain(resource) => return of_principal(call, resource, local),
        Subject::Book { book, .. } => book,
    };
    Some(match local {
        "addressbook-description" if !book.collection().description.is_empty() => {
            escape(&book.collection().description)
        }
        "supported-address-data" => [Version::V3, Version::V4]
            .iter()
            .filter(|version| call.quirks.gives(**version))
            .map(|version| {
                let version = version.as_str();
                format!("<C:address-data-type content-type=\"text/vcard\" version=\"{version}\"/>")
            })
            .collect(),
        "max-resource-size" => call.face.core.limits().document.to_string(),
        // What is larger than the class of the account allows is refused.
        "max-image-size" => {
            let document = call.face.core.limits().document;
            let photo = call.actor.photo.unwrap_or(document);
            photo.min(document).to_string()
        }
        "supported-collation-set" => ["i;ascii-casemap", "i;unicode-casemap", "i;octet"]
            .iter()
            .map(|name| format!("<C:supported-collation>{name}</C:supported-collation>"))
            .collect(),
        _ => return None,
    })
}

fn of_principal(call: &Call, resource: &Resource, local: &str) -> Option<String> {
    match (local, resource) {
        ("addressbook-home-set", Resource::User) => Some(homes(call)),
        ("addressbook-home-set", Resource::GroupPrincipal(group)) => {
            Some(href(&path::group_home_href(&group.name)))
        }
        _ => None,
    }
}

/// `addressbook-home-set`: one home for most clients, several for those that read them all.
fn homes(call: &Call) -> String {
    let group = |group: &str| href(&path::group_home_href(group));
    if let Some(scope) = &call.scope {
        return group(&scope.name);
    }
    let mut homes = href(&path::home_href(&call.actor));
    if call.quirks.several_homes() {
        let groups = call.actor.memberships.iter();
        homes.extend(groups.map(|membership| group(&membership.name)));
    }
    homes
}

/// Value of a property in Apple's namespace `http://calendarserver.org/ns/` as XML; none where the
/// resource does not have it.
pub async fn apple(
    call: &Call,
    subject: Subject<'_>,
    local: &str,
) -> Result<Option<String>, Failure> {
    if local == "getctag" {
        if let (Subject::Book { book, .. }, true) = (subject, call.quirks.numbered_ctag()) {
            return Ok(Some(book.cursor().number().to_string()));
        }
        return webdav::token(call, subject).await;
    }
    let Subject::Plain(resource) = subject else {
        return Ok(None);
    };
    let name = match resource {
        Resource::User => Some(&call.actor.name),
        Resource::OtherUser(member) => Some(&member.name),
        _ => None,
    };
    Ok(match (local, name) {
        ("email-address-set", Some(_)) => acl::email(call, resource).await?.map(|email| {
            let element =
                |email: String| format!("<CS:email-address>{}</CS:email-address>", escape(&email));
            email.map(element).unwrap_or_default()
        }),
        ("first-name", Some(name)) => Some(escape(name.rsplit_once(' ').map_or("", |n| n.0))),
        ("last-name", Some(name)) => Some(escape(name.rsplit_once(' ').map_or(name, |n| n.1))),
        ("record-type", Some(_)) => Some("users".to_owned()),
        ("record-type", None) if matches!(resource, Resource::GroupPrincipal(_)) => {
            Some("groups".to_owned())
        }
        _ => None,
    })
}
