//! PROPPATCH (RFC 4918 §9.2): all or nothing.

use std::collections::HashMap;

use carnet_proto::dav::{
    multistatus::{MultiStatus, Properties, empty_element},
    name::{CARDDAV, DAV, Name},
    precondition::Precondition,
    request::{Instruction, prop_patch},
};
use http::StatusCode;

use super::precondition::require;
use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, empty, xml},
        path::Resource,
        property::{Dead, MAX_OCTETS, Subject, key_of, may_set, of_card, set},
    },
    domain::{book::Book, error::Error, property::Description},
};

/// Answers PROPPATCH with 207, or 204 under `Prefer: return=minimal`. One refused property fails
/// the others with 424 (RFC 4918 §9.2).
pub async fn proppatch(call: &Call) -> Result<Answer, Failure> {
    let instructions = prop_patch(call.body())?;
    if instructions.is_empty() {
        return Err(Failure::BadRequest(
            "propertyupdate sets and removes nothing".into(),
        ));
    }
    let key = match &call.resource {
        resource if !resource.has_properties() => return Err(Error::NotFound.into()),
        Resource::Card { book, name, .. } => of_card(book, book.get(name).await?.placement.item),
        resource => key_of(call, Subject::of(resource)),
    };
    require(call).await?;
    let refused = refused(call, &key, &instructions).await?;
    let mut out = Properties::default();
    if refused.is_empty() {
        apply(call, &key, &instructions).await?;
        if call.prefer().minimal {
            return Ok(empty(StatusCode::NO_CONTENT));
        }
        for instruction in &instructions {
            empty_element(instruction.name(), &mut out.found);
        }
    } else {
        for instruction in &instructions {
            let name = instruction.name();
            let status = refused.get(name).copied().unwrap_or(424);
            out.without(status, name.clone());
        }
        out.errors
            .push((403, Precondition::CannotModifyProtectedProperty));
    }
    let mut body = MultiStatus::new();
    body.properties(&call.href(), &out);
    Ok(xml(StatusCode::MULTI_STATUS, body.finish(None)))
}

/// The properties that cannot be set, each with the first status it met.
async fn refused(
    call: &Call,
    key: &str,
    instructions: &[Instruction],
) -> Result<HashMap<Name, u16>, Failure> {
    let mut refused = HashMap::new();
    let mut dead = Dead::read(call, key).await?;
    for instruction in instructions {
        let name = instruction.name();
        if !may_set(&call.resource, name) {
            refused.entry(name.clone()).or_insert(403);
            continue;
        }
        match instruction {
            Instruction::Set(property) => dead.set(name.clone(), property.xml.clone()),
            Instruction::Remove(name) => dead.remove(name),
        }
        if dead.octets() > MAX_OCTETS {
            refused.entry(name.clone()).or_insert(507);
            dead.remove(name);
        }
    }
    Ok(refused)
}

/// Name and description of an own book are the book's; anything else is the person's.
async fn apply(call: &Call, key: &str, instructions: &[Instruction]) -> Result<(), Failure> {
    let own: Option<&Book> = match &call.resource {
        Resource::Book { book, .. } if book.is_describable() => Some(book),
        _ => None,
    };
    let mut described = Description::default();
    let mut kept = Vec::new();
    for instruction in instructions {
        let name = instruction.name();
        let text = || match instruction {
            Instruction::Set(property) => property.element.text(),
            Instruction::Remove(_) => String::new(),
        };
        if own.is_some() && name.is(DAV, "displayname") {
            described.display_name = Some(text());
        } else if own.is_some() && name.is(CARDDAV, "addressbook-description") {
            described.description = Some(text());
        } else {
            let xml = match instruction {
                Instruction::Set(property) => Some(&*property.xml),
                Instruction::Remove(_) => None,
            };
            kept.push(set(key, name, xml));
        }
    }
    match own {
        Some(book) => book.describe(described, kept).await?,
        None => call.face.core.set_properties(&call.actor, kept).await?,
    }
    Ok(())
}
