//! PROPFIND, PROPPATCH and MKCOL.

use carnet_proto::dav::{
    header::Depth,
    multistatus::{MultiStatus, Properties, empty_element, mkcol_response},
    name::{CARDDAV, DAV, Name},
    request::{Instruction, PropFind, mk_col, prop_patch},
    xml::Element,
};
use http::StatusCode;

use super::{
    Answer, Call, empty,
    error::Failure,
    path::{self, Resource, href_in_home},
    property::key_of,
    resource::{Subject, properties},
    xml,
};
use crate::domain::{batch::Op, book::Book, cursor::Position, error::Error};

/// Cards read from the store at a time.
const CHUNK: usize = 1000;
/// Octets of all the properties a client may store on one resource at once.
const MAX_PROPERTY: usize = 64 * 1024;

/// RFC 4918 §9.1
pub async fn propfind(call: &Call) -> Result<Answer, Failure> {
    let asked = PropFind::parse(&call.body)?;
    // Absent means infinity by the letter; every client that leaves it out means the members.
    let depth = call.depth()?.unwrap_or(Depth::One);
    let shallow = matches!(call.resource, Resource::Book { .. } | Resource::Card { .. });
    if depth == Depth::Infinity && !shallow {
        return Err(Failure::forbidden(
            "D:propfind-finite-depth",
            "Depth: infinity is not served here",
        ));
    }
    let mut out = MultiStatus::new();
    let root_too = !(call.prefer().depth_noroot && depth != Depth::Zero);
    match &call.resource {
        Resource::NewBook { .. } => return Err(Error::NotFound.into()),
        Resource::Card { book, name, .. } => {
            let card = book.get(name).await?;
            let marks = book.marks().await?;
            let subject = Subject::Card {
                book,
                card: &card,
                marks: &marks,
                data: None,
            };
            let href = call.resource.href(&call.actor);
            out.properties(&href, &properties(call, &subject, &asked).await?);
        }
        Resource::Book { book, href } => {
            if root_too {
                let subject = Subject::Book { book, href };
                out.properties(href, &properties(call, &subject, &asked).await?);
            }
            if depth != Depth::Zero {
                members(call, book, href, &asked, &mut out).await?;
            }
        }
        resource => {
            let href = resource.href(&call.actor);
            if root_too {
                let subject = Subject::Plain(resource);
                out.properties(&href, &properties(call, &subject, &asked).await?);
            }
            if depth != Depth::Zero {
                children(call, resource, &asked, &mut out).await?;
            }
        }
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

async fn members(
    call: &Call,
    book: &Book,
    href: &str,
    asked: &PropFind,
    out: &mut MultiStatus,
) -> Result<(), Failure> {
    let marks = book.marks().await?;
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk(position, CHUNK).await?;
        for card in &leg.cards {
            let subject = Subject::Card {
                book,
                card,
                marks: &marks,
                data: None,
            };
            let name = carnet_proto::dav::href::encode(&card.placement.href);
            let found = properties(call, &subject, asked).await?;
            out.properties(&format!("{href}{name}"), &found);
        }
        next = leg.next;
    }
    Ok(())
}

async fn children(
    call: &Call,
    resource: &Resource,
    asked: &PropFind,
    out: &mut MultiStatus,
) -> Result<(), Failure> {
    let actor = &call.actor;
    match resource {
        Resource::Home => {
            for book in call.face.core.books(actor).await? {
                // A client of several homes finds group books in the homes of the groups.
                if book.is_private() || !call.profile.several_homes {
                    let href = href_in_home(actor, &book);
                    let subject = Subject::Book {
                        book: &book,
                        href: &href,
                    };
                    out.properties(&href, &properties(call, &subject, asked).await?);
                }
            }
        }
        Resource::GroupHome(membership) => {
            let book = call.face.core.open(actor, membership.book).await?;
            let href = path::group_book_href(&membership.name);
            let subject = Subject::Book {
                book: &book,
                href: &href,
            };
            out.properties(&href, &properties(call, &subject, asked).await?);
        }
        other => {
            for child in plain_children(call, other) {
                let href = child.href(actor);
                let subject = Subject::Plain(&child);
                out.properties(&href, &properties(call, &subject, asked).await?);
            }
        }
    }
    Ok(())
}

fn plain_children(call: &Call, resource: &Resource) -> Vec<Resource> {
    let groups = || {
        call.actor
            .memberships
            .iter()
            .cloned()
            .map(Resource::GroupPrincipal)
    };
    match resource {
        Resource::Root(_) => vec![Resource::Principals("/dav/principals/"), Resource::UserRoot],
        Resource::Principals("/dav/principals/") => vec![
            Resource::Principals("/dav/principals/users/"),
            Resource::Principals("/dav/principals/groups/"),
        ],
        Resource::Principals("/dav/principals/users/") => vec![Resource::User],
        Resource::Principals(_) => groups().collect(),
        Resource::UserRoot => vec![Resource::Home],
        _ => Vec::new(),
    }
}

/// RFC 4918 §9.2: all or nothing.
pub async fn proppatch(call: &Call) -> Result<Answer, Failure> {
    let instructions = prop_patch(&call.body)?;
    let card = match &call.resource {
        Resource::Card { book, name, .. } => Some(book.get(name).await?),
        _ => None,
    };
    let marks = Default::default();
    let subject = match (&call.resource, &card) {
        (Resource::Card { book, .. }, Some(card)) => Subject::Card {
            book,
            card,
            marks: &marks,
            data: None,
        },
        (Resource::Book { book, href }, _) => Subject::Book { book, href },
        (Resource::NewBook { .. }, _) => return Err(Error::NotFound.into()),
        (resource, _) => Subject::Plain(resource),
    };
    let mut ops = Vec::new();
    let mut names = Vec::new();
    let mut refused = Vec::new();
    for instruction in &instructions {
        let name = match instruction {
            Instruction::Set(element) => &element.name,
            Instruction::Remove(name) => name,
        };
        names.push(name.clone());
        match set_property(call, &subject, instruction) {
            Some(op) => ops.push(op),
            None => refused.push(name.clone()),
        }
    }
    let mut out = Properties::default();
    if refused.is_empty() {
        call.face.core.commit_personal(&call.actor, ops).await?;
        if call.prefer().minimal {
            return Ok(empty(StatusCode::NO_CONTENT));
        }
        for name in &names {
            empty_element(name, &mut out.found);
        }
    } else {
        for name in names {
            let status = if refused.contains(&name) { 403 } else { 424 };
            out.without(status, name);
        }
        let protected = "<D:cannot-modify-protected-property/>";
        out.errors.push((403, protected.to_owned()));
    }
    let mut body = MultiStatus::new();
    body.properties(&call.resource.href(&call.actor), &out);
    Ok(xml(StatusCode::MULTI_STATUS, body.finish(None)))
}

/// The operation of one instruction; none when the property is protected.
fn set_property(call: &Call, subject: &Subject<'_>, instruction: &Instruction) -> Option<Op> {
    let (name, value) = match instruction {
        Instruction::Set(element) => (&element.name, Some(element)),
        Instruction::Remove(name) => (name, None),
    };
    if let Subject::Book { book, .. } = subject
        && book.is_private()
        && let Some(op) = rename(book, name, value)
    {
        return Some(op);
    }
    if is_protected(name, subject) {
        return None;
    }
    let value = value.map(|element| element.to_fragment().into_bytes());
    if value
        .as_ref()
        .is_some_and(|value| value.len() > MAX_PROPERTY)
    {
        return None;
    }
    Some(Op::SetProperty {
        // On what others see too, a property is the person's own.
        person: Some(call.actor.person),
        resource: key_of(call, subject),
        namespace: name.namespace.to_string(),
        name: name.local.to_string(),
        value,
    })
}

fn rename(book: &Book, name: &Name, value: Option<&Element>) -> Option<Op> {
    let text = value.map(Element::text).unwrap_or_default();
    let collection = book.collection().id;
    if name.is(DAV, "displayname") && value.is_some() {
        return Some(Op::ChangeBook {
            collection,
            display_name: Some(text),
            description: None,
        });
    }
    name.is(CARDDAV, "addressbook-description")
        .then_some(Op::ChangeBook {
            collection,
            display_name: None,
            description: Some(text),
        })
}

/// Live properties nobody sets; a few of `DAV:` and CardDAV are stored like dead ones.
fn is_protected(name: &Name, subject: &Subject<'_>) -> bool {
    let settable = match subject {
        Subject::Book { .. } => {
            name.is(DAV, "displayname") || name.is(CARDDAV, "addressbook-description")
        }
        Subject::Plain(Resource::User) => name.is(CARDDAV, "principal-address"),
        _ => false,
    };
    (name.namespace == DAV || name.namespace == CARDDAV) && !settable
}

/// Extended MKCOL (RFC 5689 §3).
pub async fn mkcol(call: &Call) -> Result<Answer, Failure> {
    let segment = match &call.resource {
        Resource::NewBook { segment } => segment.clone(),
        Resource::Card { .. } => {
            return Err(Failure::forbidden(
                "C:addressbook-collection-location-ok",
                "a book cannot be inside a book",
            ));
        }
        _ => return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED)),
    };
    let wrong_type =
        || Failure::forbidden("D:valid-resourcetype", "only address books can be made");
    let asked = match mk_col(&call.body) {
        Ok(Some(asked)) => asked,
        Ok(None) => return Err(wrong_type()),
        Err(carnet_proto::dav::xml::XmlError::Malformed { .. }) => {
            return Err(Failure::Status(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        Err(error) => return Err(error.into()),
    };
    let resource_type = asked
        .iter()
        .find(|property| property.name.is(DAV, "resourcetype"))
        .ok_or_else(wrong_type)?;
    let known = |element: &Element| {
        element.name.is(DAV, "collection") || element.name.is(CARDDAV, "addressbook")
    };
    if resource_type.child(CARDDAV, "addressbook").is_none() || !resource_type.elements().all(known)
    {
        return Err(wrong_type());
    }
    let mut display_name = segment.clone();
    let mut description = String::new();
    let mut refused = Properties::default();
    for property in &asked {
        if property.name.is(DAV, "displayname") {
            display_name = property.text();
        } else if property.name.is(CARDDAV, "addressbook-description") {
            description = property.text();
        } else if !property.name.is(DAV, "resourcetype")
            && (property.name.namespace == DAV || property.name.namespace == CARDDAV)
        {
            refused.without(403, property.name.clone());
        }
    }
    if !refused.others.is_empty() {
        return Ok(xml(StatusCode::FORBIDDEN, mkcol_response(&refused)));
    }
    let book = Op::AddBook {
        owner: call.actor.person,
        segment,
        display_name,
        description,
    };
    call.face
        .core
        .commit_personal(&call.actor, vec![book])
        .await?;
    Ok(empty(StatusCode::CREATED))
}
