//! COPY and MOVE of a card (RFC 4918 §9.8, §9.9), and MOVE of a book to another name.

use carnet_proto::dav::{
    href::{host_of, path_of, segments},
    name::Name,
};
use http::StatusCode;

use super::{delete::whole, precondition::condition};
use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, empty},
        path::{NewPlace, Resource, is_group_segment},
        property::{Dead, of_card},
    },
    domain::{
        batch::Op,
        book::{Book, Condition},
        error::Error,
        rights::Right,
        sharing::How,
    },
};

pub async fn copy_or_move(call: &Call, moves: bool) -> Result<Answer, Failure> {
    let destination = call
        .header("destination")
        .ok_or_else(|| Failure::BadRequest("no Destination".into()))?;
    if !is_here(call, destination) {
        return Err(Failure::Status(StatusCode::BAD_GATEWAY));
    }
    let path = segments(path_of(destination))
        .map_err(|_| Failure::BadRequest("bad Destination".into()))?;
    let scoped = call.scope.is_some();
    let target = Resource::find(&call.face, &call.actor, scoped, &path).await;
    let target = target.map_err(|failure| match failure {
        Failure::NoParent | Failure::Domain(Error::NotFound, _) => {
            Failure::Status(StatusCode::CONFLICT)
        }
        failure => failure,
    })?;
    let target_href = target.href(&call.actor);
    match (&call.resource, &target) {
        (
            Resource::Card { book, name, .. },
            Resource::Card {
                book: target_book,
                name: target_name,
                ..
            },
        ) => {
            if book.is_view() || target_book.is_view() {
                return Err(Failure::Status(StatusCode::FORBIDDEN));
            }
            let same_book = target_book.collection().id == book.collection().id;
            if same_book && target_name == name {
                return Err(Failure::Status(StatusCode::FORBIDDEN));
            }
            let ends = Ends {
                from: (book, name),
                to: (target_book, target_name),
                moves,
            };
            let created = transfer(call, &ends).await.map_err(|error| match error {
                // What lacks is the right to unbind from the book, or to bind into the other.
                Failure::Domain(
                    error @ Error::Forbidden {
                        right: Right::Remove,
                    },
                    _,
                ) => Failure::about(error, &parent(&call.href())),
                Failure::Domain(error @ Error::Forbidden { right: Right::Add }, _) => {
                    Failure::about(error, &parent(&target_href))
                }
                Failure::Domain(error, _) => Failure::about(error, &target_href),
                other => other,
            })?;
            Ok(empty(match created {
                true => StatusCode::CREATED,
                false => StatusCode::NO_CONTENT,
            }))
        }
        (
            Resource::Book { book, href },
            Resource::NewBook {
                segment,
                place: NewPlace::Home,
                ..
            },
        ) if moves && !is_group_segment(segment) => {
            whole(call)?;
            let renamed = book.set_segment(segment, &condition(call).await?).await;
            renamed.map_err(|error| Failure::about(error, href))?;
            Ok(empty(StatusCode::CREATED))
        }
        _ => Err(Failure::Status(StatusCode::FORBIDDEN)),
    }
}

/// A card, and where it goes.
struct Ends<'a> {
    from: (&'a Book, &'a str),
    to: (&'a Book, &'a str),
    moves: bool,
}

/// Whether the target is new.
async fn transfer(call: &Call, ends: &Ends<'_>) -> Result<bool, Failure> {
    let ((book, name), (target, target_name)) = (ends.from, ends.to);
    let card = book.get(name).await?;
    let etag = book.marks().await?.etag(&card.placement);
    if !condition(call).await?.holds(Some(&etag)) {
        return Err(Error::PreconditionFailed.into());
    }
    let occupied = match target.get(target_name).await {
        Ok(_) => true,
        Err(Error::NotFound) => false,
        Err(error) => return Err(error.into()),
    };
    if occupied && call.header("overwrite").is_some_and(|v| v.trim() == "F") {
        return Err(Error::PreconditionFailed.into());
    }
    let dead = Dead::of_cards(call, book)
        .await?
        .remove(&card.placement.item);
    if target.collection().id == book.collection().id {
        if !ends.moves {
            // Two cards of a book cannot have the same UID.
            let href = name.to_owned();
            return Err(Error::UidConflict { href }.into());
        }
        book.rename(&card, target_name).await?;
        return Ok(!occupied);
    }
    let store = call.face.core.store();
    let holder = store
        .by_uid(target.collection().id, &card.placement.uid)
        .await?;
    if let Some(holder) = &holder
        && holder.placement.href != target_name
    {
        let href = holder.placement.href.clone();
        return Err(Error::UidConflict { href }.into());
    }
    let is_there = holder.is_some_and(|holder| holder.placement.item == card.placement.item);
    if occupied && !is_there {
        target.delete(target_name, &Condition::Exists).await?;
    }
    let how = match ends.moves {
        true => How::Move,
        false => How::Share,
    };
    book.bring_as(&card.placement, target, how, target_name)
        .await?;
    let placed = target.get(target_name).await?.placement.item;
    keep_properties(call, dead, &of_card(target, placed)).await?;
    Ok(!occupied)
}

/// Stored properties go with the card where it becomes another resource.
async fn keep_properties(call: &Call, dead: Option<Dead>, key: &str) -> Result<(), Failure> {
    let Some(dead) = dead else { return Ok(()) };
    let op = |(name, value): (&Name, &str)| Op::SetProperty {
        person: Some(call.actor.person),
        resource: key.to_owned(),
        namespace: name.namespace.to_string(),
        name: name.local.to_string(),
        value: Some(value.as_bytes().to_vec()),
    };
    let ops = dead.iter().map(op).collect();
    call.face.core.commit_personal(&call.actor, ops).await?;
    Ok(())
}

/// The book a card's address is in.
fn parent(href: &str) -> String {
    let end = href.rfind('/').map_or(0, |end| end + 1);
    href[..end].to_owned()
}

/// A path, or a URL of a name this server goes by: a proxy may have changed scheme and port.
fn is_here(call: &Call, destination: &str) -> bool {
    let is_known = host_of(destination).is_none_or(|host| {
        [call.host.as_deref(), call.face.host.as_deref()]
            .into_iter()
            .flatten()
            .any(|known| known.eq_ignore_ascii_case(host))
    });
    is_known && path_of(destination).starts_with("/dav/")
}
