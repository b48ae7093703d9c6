//! COPY and MOVE of a card (RFC 4918 §9.8, §9.9), and MOVE of a book to another name.

use carnet_proto::dav::href::{host_of, path_of, segments};
use http::StatusCode;

use super::precondition::condition;
use crate::{
    dav::{
        Call,
        error::Failure,
        note,
        output::{Answer, empty},
        path::{NewPlace, Resource, is_group_segment, is_name},
        property::{Dead, of_card, set},
    },
    domain::{
        book::{Book, Destination, Obstacle},
        error::Error,
        property::PropertyChange,
        rights::Right,
        sharing::How,
    },
};

/// Answers COPY, which shares, or MOVE: 201 or 204. 502 for a Destination on another server, 409 when
/// its parent does not exist, 403 for the same URL and within views.
pub async fn copy_or_move(call: &Call, how: How) -> Result<Answer, Failure> {
    let destination = call.headers.get("destination");
    let destination = destination
        .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
        .ok_or_else(|| Failure::BadRequest("no Destination in UTF-8".into()))?;
    // Some write it as the If header has its URLs.
    let destination = destination.trim();
    let bracketed = destination
        .strip_prefix('<')
        .and_then(|url| url.strip_suffix('>'));
    let destination = bracketed.unwrap_or(destination);
    // An absolute URL or an absolute path (RFC 4918 §10.3).
    if host_of(destination).is_none() && !destination.starts_with('/') {
        return Err(Failure::BadRequest(
            "the Destination is neither a URL nor an absolute path".into(),
        ));
    }
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
            if book.is_view() || target_book.is_view() || !is_name(target_name) {
                return Err(Failure::Status(StatusCode::FORBIDDEN));
            }
            let same_book = target_book.collection().id == book.collection().id;
            if same_book && target_name == name {
                return Err(Failure::Status(StatusCode::FORBIDDEN));
            }
            let to = Destination {
                book: target_book,
                href: target_name,
                overwrite: overwrites(call),
                properties: &[],
            };
            let created = transfer(call, (book, name), to, how).await;
            // What lacks is the right to unbind from a book, or to bind into one.
            let about = |error, href: &str| match &error {
                Error::Forbidden {
                    right: Right::Add | Right::Remove,
                } => Failure::about(error, parent(href)),
                _ => Failure::about(error, href),
            };
            let created = created.map_err(|stays| match stays {
                // Sharing has no privilege of its own: the group's cards are bound nowhere else.
                Stays::Obstacle(Obstacle::Here(Error::Forbidden {
                    right: Right::Share,
                })) => {
                    let right = Right::Add;
                    Failure::about(Error::Forbidden { right }, parent(&target_href))
                }
                Stays::Obstacle(Obstacle::Here(error)) => about(error, &call.href()),
                Stays::Obstacle(Obstacle::There(error)) => about(error, &target_href),
                Stays::Failure(failure) => failure,
            })?;
            note::brought(call, target_book, created, how);
            Ok(empty(if created {
                StatusCode::CREATED
            } else {
                StatusCode::NO_CONTENT
            }))
        }
        (
            Resource::Book { book, href },
            Resource::NewBook {
                segment,
                place: NewPlace::Home,
                ..
            },
        ) if how == How::Move && !is_group_segment(segment) && is_name(segment) => {
            let renamed = book.set_segment(segment, &condition(call).await?).await;
            renamed.map_err(|error| Failure::about(error, href))?;
            Ok(empty(StatusCode::CREATED))
        }
        (Resource::NewBook { .. }, _) => Err(Error::NotFound.into()),
        (Resource::Book { .. }, Resource::Book { .. }) if !overwrites(call) => {
            Err(Error::PreconditionFailed.into())
        }
        _ => Err(Failure::Status(StatusCode::FORBIDDEN)),
    }
}

/// RFC 4918 §10.6
fn overwrites(call: &Call) -> bool {
    call.header("overwrite")
        .is_none_or(|value| !value.trim().eq_ignore_ascii_case("f"))
}

/// Why a card stays where it is.
enum Stays {
    Obstacle(Obstacle),
    Failure(Failure),
}

impl From<Obstacle> for Stays {
    fn from(obstacle: Obstacle) -> Self {
        Stays::Obstacle(obstacle)
    }
}

impl<E: Into<Failure>> From<E> for Stays {
    fn from(error: E) -> Self {
        Stays::Failure(error.into())
    }
}

/// Whether the target is new.
async fn transfer(
    call: &Call,
    (book, name): (&Book, &str),
    to: Destination<'_>,
    how: How,
) -> Result<bool, Stays> {
    let condition = condition(call).await?;
    let found = book.heads(&[name.to_owned()]).await?;
    let item = found.into_iter().flatten().next();
    let item = item.map(|card| card.placement.item);
    let elsewhere = to.book.collection().id != book.collection().id;
    let Some(item) = item.filter(|_| elsewhere) else {
        return Ok(book.relocate(name, &condition, to, how).await?.created);
    };
    let dead = Dead::read(call, &of_card(book, item)).await?;
    let properties = kept(call, &dead, &of_card(to.book, item)).await?;
    let properties = &properties;
    let to = Destination { properties, ..to };
    let placed = book.relocate(name, &condition, to, how).await?;
    if placed.item != item {
        let of_copy = kept(call, &dead, &of_card(to.book, placed.item)).await?;
        if !of_copy.is_empty() {
            call.face.core.set_properties(&call.actor, of_copy).await?;
        }
    }
    Ok(placed.created)
}

/// What gives a card that becomes another resource its dead properties, and no others: one of the same
/// key may have been there before (RFC 4918 §9.8.2).
async fn kept(call: &Call, dead: &Dead, key: &str) -> Result<Vec<PropertyChange>, Failure> {
    let former = Dead::read(call, key).await?;
    let left = former.iter().map(|(name, _)| set(key, name, None));
    let kept = dead.iter().map(|(name, xml)| set(key, name, Some(xml)));
    Ok(left.chain(kept).collect())
}

/// The book a card's address is in.
fn parent(href: &str) -> &str {
    let end = href.rfind('/').map_or(0, |end| end + 1);
    &href[..end]
}

/// Whether a Destination is on this server: a path, or a URL with one of its names. Scheme and port
/// are ignored, since a proxy may have changed them.
fn is_here(call: &Call, destination: &str) -> bool {
    let is_known = host_of(destination).is_none_or(|host| {
        [call.host.as_deref(), call.face.host.as_deref()]
            .into_iter()
            .flatten()
            .any(|known| known.eq_ignore_ascii_case(host))
    });
    is_known && path_of(destination).starts_with("/dav/")
}
