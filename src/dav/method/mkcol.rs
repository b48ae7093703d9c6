//! Extended MKCOL (RFC 5689 §3, RFC 6352 §6.3.1).

use std::collections::HashSet;

use carnet_proto::dav::{
    multistatus::{Properties, mkcol_response},
    name::{CARDDAV, DAV},
    precondition::Precondition,
    request::{Property, mk_col},
    xml::{Element, XmlError},
};
use http::StatusCode;

use super::precondition::require;
use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, empty, xml},
        path::{NewPlace, Resource, group_home_href, home_href, is_group_segment, is_name},
        property::{MAX_OCTETS, key_of_uuid, set},
    },
    domain::{error::Error, property::NewBook, rights::Right},
};

/// Answers MKCOL and extended MKCOL with 201: a further private book in the actor's home, with its
/// properties or not at all.
pub async fn mkcol(call: &Call) -> Result<Answer, Failure> {
    let elsewhere = || match asked(call) {
        // What is no XML is wrong wherever it is sent (RFC 4918 §9.3).
        Err(failure @ Failure::Status(_)) => failure,
        _ => Failure::forbidden(
            Precondition::AddressbookCollectionLocationOk,
            "address books are made in an address book home",
        ),
    };
    let segment = match &call.resource {
        Resource::NewBook { segment, place, .. } => match place {
            NewPlace::Home if call.scope.is_none() => segment,
            NewPlace::Home | NewPlace::GroupHome => return Err(no_right(call)),
            NewPlace::Elsewhere => return Err(elsewhere()),
        },
        Resource::Card { book, name, .. } => match book.get(name).await {
            Err(Error::NotFound) => return Err(elsewhere()),
            _ => return Err(Failure::Exists),
        },
        _ => return Err(Failure::Exists),
    };
    require(call).await?;
    let asked = asked(call)?;
    if is_group_segment(segment) || !is_name(segment) {
        return Err(Failure::Status(StatusCode::FORBIDDEN));
    }
    let mut book = NewBook::under(segment);
    let mut octets = 0;
    let mut dead = Vec::new();
    let mut refused = HashSet::new();
    for property in &asked {
        let name = &property.element.name;
        if name.is(DAV, "displayname") {
            book.display_name = property.element.text();
            octets += book.display_name.len();
        } else if name.is(CARDDAV, "addressbook-description") {
            book.description = property.element.text();
            octets += book.description.len();
        } else if name.namespace == DAV || name.namespace == CARDDAV {
            if !name.is(DAV, "resourcetype") {
                refused.insert(name);
            }
        } else {
            octets += property.xml.len();
            dead.push(property);
        }
    }
    if !refused.is_empty() || octets > MAX_OCTETS {
        let mut out = Properties::default();
        for property in &asked {
            let name = &property.element.name;
            let status = match refused.contains(name) {
                true => 403,
                false if refused.is_empty() => 507,
                false => 424,
            };
            out.without(status, name.clone());
        }
        out.errors
            .push((403, Precondition::CannotModifyProtectedProperty));
        return Ok(xml(StatusCode::FORBIDDEN, mkcol_response(&out)));
    }
    let key = key_of_uuid(&book.uuid);
    let dead = dead.into_iter();
    book.properties = dead
        .map(|property| set(&key, &property.element.name, Some(&property.xml)))
        .collect();
    let made = call.face.core.make_described_book(&call.actor, &book);
    made.await
        .map_err(|error| Failure::about(error, &home_href(&call.actor)))?;
    Ok(empty(StatusCode::CREATED))
}

/// The refusal in a group's home, which holds the group's book and nothing else.
fn no_right(call: &Call) -> Failure {
    let error = Error::Forbidden { right: Right::Add };
    let home = match &call.resource {
        Resource::NewBook { href, .. } => {
            let parent = href.trim_end_matches('/').rsplit_once('/');
            parent.map_or_else(|| group_home_href(""), |(parent, _)| format!("{parent}/"))
        }
        _ => call.href(),
    };
    Failure::about(error, &home)
}

/// The properties of a request body that asks for an address book.
fn asked(call: &Call) -> Result<Vec<Property>, Failure> {
    let wrong_type = || {
        Failure::forbidden(
            Precondition::ValidResourcetype,
            "only address books can be made",
        )
    };
    let asked = match mk_col(call.body()) {
        Ok(asked) => asked.ok_or_else(wrong_type)?,
        Err(XmlError::Malformed { .. } | XmlError::Unexpected(_)) => {
            return Err(Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        Err(error) => return Err(error.into()),
    };
    let resource_type = asked
        .iter()
        .map(|property| &property.element)
        .find(|element| element.name.is(DAV, "resourcetype"))
        .ok_or_else(wrong_type)?;
    let known = |element: &Element| {
        element.name.is(DAV, "collection") || element.name.is(CARDDAV, "addressbook")
    };
    let is_book = resource_type.child(CARDDAV, "addressbook").is_some()
        && resource_type.elements().all(known);
    if is_book {
        Ok(asked)
    } else {
        Err(wrong_type())
    }
}
