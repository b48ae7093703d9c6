//! Reports on principals (RFC 3744 §9).

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use carnet_proto::dav::xml::escape;
use carnet_proto::dav::{
    header::Depth,
    multistatus::{MultiStatus, dav_body, empty_element},
    name::{CALENDARSERVER, DAV, Name},
    request::{AddressData, PrincipalMatch, PrincipalSearch, PropFind},
};
use http::StatusCode;

use super::TRUNCATED;
use crate::{
    dav::{
        Call,
        error::Failure,
        method::CHUNK,
        output::{Answer, Sink, XML, make, xml},
        path::{Resource, href_in_group, href_in_home},
        property::{Cards, Subject, owner_of, properties, searchable},
    },
    domain::{cursor::Position, item::Card},
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
        let matches = if search.any_of {
            hits.contains(&true)
        } else {
            !hits.is_empty() && !hits.contains(&false)
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
        let value = searchable(call, resource, name).await?;
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
        for member in call.face.core.members_of(membership).await? {
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

/// `principal-match` (§9.3): what is below the resource asked, at any depth, and stands for the
/// actor or belongs to them.
pub async fn matching(call: Arc<Call>, asked: PrincipalMatch) -> Result<Answer, Failure> {
    depth_zero(&call)?;
    match &asked.property {
        None => {
            let mut own = own(&call);
            below(&call, &mut own);
            answer(&call, &own, &asked.props).await
        }
        Some(name) if name.is(DAV, "owner") => {
            make(StatusCode::MULTI_STATUS, XML, |sink| async move {
                owned(&call, asked.props, &sink).await
            })
            .await
        }
        // No other property names people the actor could be.
        Some(_) => Ok(xml(
            StatusCode::MULTI_STATUS,
            MultiStatus::new().finish(None),
        )),
    }
}

/// The resources below the one asked whose owner is the actor or one of their groups.
async fn owned(call: &Call, props: Vec<Name>, sink: &Sink) -> Result<Bytes, Failure> {
    let asked = PropFind::Prop(props);
    let mut out = MultiStatus::new();
    let base = call.href();
    let is_below = |href: &str| {
        matches!(call.resource, Resource::Root(_)) || href.starts_with(&base) && *href != base
    };
    let mut plain = own(call);
    plain.push(Resource::Home);
    let groups = call.actor.memberships.iter().cloned();
    plain.extend(groups.map(Resource::GroupHome));
    for resource in &plain {
        let href = resource.href(&call.actor);
        if is_below(&href) {
            let values = properties(call, Subject::Plain(resource), &asked).await?;
            out.properties(&href, &values);
        }
    }
    for book in call.face.core.books(&call.actor).await? {
        let whole = book.collection().id;
        if call.scope.as_ref().is_some_and(|scope| scope.book != whole) {
            continue;
        }
        let in_home = href_in_home(&call.actor, &book);
        let href = match &call.resource {
            Resource::Book { book, href } if book.collection().id == whole => href.clone(),
            Resource::Book { .. } => continue,
            // Each once, at the address that is below what was asked.
            _ => match [Some(in_home), href_in_group(&book)]
                .into_iter()
                .flatten()
                .find(|href| is_below(href))
            {
                Some(href) => href,
                None => continue,
            },
        };
        if is_below(&href) {
            let subject = Subject::Book {
                book: &book,
                href: &href,
            };
            out.properties(&href, &properties(call, subject, &asked).await?);
        }
        let cards = Cards::new(call, &book, &href, &asked, &AddressData::default()).await?;
        let mut next = Some(Position::default());
        while let Some(position) = next {
            let leg = book.walk_for(position, CHUNK, cards.want()).await?;
            let members: Vec<&Card> = leg.cards.iter().collect();
            cards.write(&members, &mut out, sink).await?;
            next = leg.next;
        }
    }
    Ok(out.finish(None).into())
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
        out.bare(&call.href(), 507, Some(&TRUNCATED));
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
