//! Reports on principals (RFC 3744 §9).

use std::collections::HashSet;

use carnet_proto::dav::xml::escape;
use carnet_proto::dav::{
    header::Depth,
    multistatus::{MultiStatus, dav_body, empty_element},
    name::{CALENDARSERVER, DAV, Name},
    request::{PrincipalMatch, PrincipalSearch, PropFind},
};
use http::StatusCode;

use super::TRUNCATED;
use crate::dav::{
    Call,
    error::Failure,
    output::{Answer, xml},
    path::{Resource, href_in_home},
    property::{Subject, owner_of, properties, searchable},
};

/// Principals in one answer, at most.
const MAX_PRINCIPALS: usize = 50;

/// `principal-property-search` (RFC 3744 §9.4): people who share a group with the actor, and the
/// actor's groups. The words are looked for in any part of the property, whatever their case.
pub async fn search(call: &Call, search: &PrincipalSearch) -> Result<Answer, Failure> {
    depth_zero(call)?;
    let mut found = Vec::new();
    for resource in visible(call, search.everywhere).await? {
        let mut hits = Vec::new();
        for (names, text) in &search.searches {
            hits.push(holds(call, &resource, names, text).await?);
        }
        let matches = match search.any_of {
            true => hits.contains(&true),
            false => !hits.is_empty() && !hits.contains(&false),
        };
        if matches {
            found.push(resource);
        }
    }
    answer(call, &found, &search.props).await
}

/// Whether every named property of a principal contains the text.
async fn holds(
    call: &Call,
    resource: &Resource,
    names: &[Name],
    text: &str,
) -> Result<bool, Failure> {
    let wanted = escape(text).to_lowercase();
    for name in names {
        let value = searchable(call, resource, &name.local).await?;
        if !value.is_some_and(|value| value.to_lowercase().contains(&wanted)) {
            return Ok(false);
        }
    }
    Ok(!names.is_empty())
}

/// The principals below the request's URL, or all of them, as far as the actor may see them.
async fn visible(call: &Call, everywhere: bool) -> Result<Vec<Resource>, Failure> {
    let mut all = own(call);
    let mut seen = HashSet::from([call.actor.person]);
    for membership in &call.actor.memberships {
        for member in call.face.core.store().members(membership.group).await? {
            if seen.insert(member.person) {
                all.push(Resource::OtherUser(member));
            }
        }
    }
    if !everywhere {
        below(call, &mut all);
    }
    Ok(all)
}

/// Keeps the principals below the request's URL.
fn below(call: &Call, principals: &mut Vec<Resource>) {
    if !matches!(call.resource, Resource::Root(_)) {
        let base = call.href();
        principals.retain(|resource| resource.href(&call.actor).starts_with(&base));
    }
}

/// The actor and the actor's groups.
fn own(call: &Call) -> Vec<Resource> {
    let groups = call.actor.memberships.iter().cloned();
    let mut own = vec![Resource::User];
    own.extend(groups.map(Resource::GroupPrincipal));
    own
}

/// `principal-match` (RFC 3744 §9.3): the principals that stand for the actor, or what they own.
pub async fn matching(call: &Call, asked: &PrincipalMatch) -> Result<Answer, Failure> {
    depth_zero(call)?;
    if asked.property.is_none() {
        let mut own = own(call);
        below(call, &mut own);
        return answer(call, &own, &asked.props).await;
    }
    let is_owner = asked
        .property
        .as_ref()
        .is_some_and(|name| name.is(DAV, "owner"));
    let mut out = MultiStatus::new();
    if is_owner && matches!(call.resource, Resource::Root(_)) {
        let props = PropFind::Prop(asked.props.clone());
        for book in call.face.core.books(&call.actor).await? {
            let href = href_in_home(&call.actor, &book);
            let subject = Subject::Book {
                book: &book,
                href: &href,
            };
            out.properties(&href, &properties(call, subject, &props).await?);
        }
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

/// `acl-principal-prop-set` (RFC 3744 §9.2): the principal that owns the resource.
pub async fn of_acl(call: &Call, props: &[Name]) -> Result<Answer, Failure> {
    depth_zero(call)?;
    let owner: Vec<Resource> = owner_of(call, &call.resource).into_iter().collect();
    answer(call, &owner, props).await
}

fn depth_zero(call: &Call) -> Result<(), Failure> {
    match call.depth()? {
        None | Some(Depth::Zero) => Ok(()),
        Some(_) => Err(Failure::BadRequest("this report has Depth 0".into())),
    }
}

async fn answer(call: &Call, found: &[Resource], props: &[Name]) -> Result<Answer, Failure> {
    let asked = PropFind::Prop(props.to_vec());
    let mut out = MultiStatus::new();
    for resource in found.iter().take(MAX_PRINCIPALS) {
        let values = properties(call, Subject::Plain(resource), &asked).await?;
        out.properties(&resource.href(&call.actor), &values);
    }
    if found.len() > MAX_PRINCIPALS {
        out.bare(&call.href(), 507, Some(TRUNCATED));
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

/// `principal-search-property-set` (RFC 3744 §9.5)
pub fn search_properties() -> String {
    let row = |name: Name, description: &str| {
        let mut element = String::new();
        empty_element(&name, &mut element);
        format!(
            "<D:principal-search-property><D:prop>{element}</D:prop>\
             <D:description xml:lang=\"en\">{description}</D:description></D:principal-search-property>"
        )
    };
    let rows = row(Name::new(DAV, "displayname"), "Name")
        + &row(
            Name::new(CALENDARSERVER, "email-address-set"),
            "E-mail address",
        );
    dav_body("principal-search-property-set", &rows)
}
