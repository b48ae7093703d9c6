//! PROPPATCH (RFC 4918 §9.2): all or nothing.

use std::collections::HashMap;

use carnet_proto::dav::{
    multistatus::{MultiStatus, Properties, empty_element},
    name::{CARDDAV, DAV, Name},
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
        property::{Dead, MAX_OCTETS, Subject, key_of, may_set, of_card},
    },
    domain::{batch::Op, book::Book, error::Error},
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
        Resource::NewBook { .. } | Resource::Registration(_) | Resource::AppleProfile => {
            return Err(Error::NotFound.into());
        }
        Resource::Card { book, name, .. } => of_card(book, book.get(name).await?.placement.item),
        resource => key_of(call, Subject::of(resource)),
    };
    require(call).await?;
    let refused = refused(call, &key, &instructions).await?;
    let mut out = Properties::default();
    if refused.is_empty() {
        let ops = instructions
            .iter()
            .map(|instruction| operation(call, &key, instruction))
            .collect();
        call.face.core.commit_personal(&call.actor, ops).await?;
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
        let protected = "<D:cannot-modify-protected-property/>";
        out.errors.push((403, protected.to_owned()));
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

fn operation(call: &Call, key: &str, instruction: &Instruction) -> Op {
    if let Resource::Book { book, .. } = &call.resource
        && book.is_private()
        && !book.is_view()
        && let Some(op) = describe(book, instruction)
    {
        return op;
    }
    let (name, value) = match instruction {
        Instruction::Set(property) => {
            let xml = property.xml.clone().into_bytes();
            (&property.element.name, Some(xml))
        }
        Instruction::Remove(name) => (name, None),
    };
    Op::SetProperty {
        // On what others see too, a property is the person's own.
        person: Some(call.actor.person),
        resource: key.to_owned(),
        namespace: name.namespace.to_string(),
        name: name.local.to_string(),
        value,
    }
}

/// The operation that sets or resets the name or the description of a private book.
fn describe(book: &Book, instruction: &Instruction) -> Option<Op> {
    let text = match instruction {
        Instruction::Set(property) => property.element.text(),
        Instruction::Remove(_) => String::new(),
    };
    let name = instruction.name();
    let is_name = name.is(DAV, "displayname");
    (is_name || name.is(CARDDAV, "addressbook-description")).then(|| Op::ChangeBook {
        collection: book.collection().id,
        display_name: is_name.then(|| text.clone()),
        description: (!is_name).then_some(text),
    })
}
