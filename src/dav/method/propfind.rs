//! PROPFIND (RFC 4918 §9.1).

use std::sync::Arc;

use carnet_proto::dav::{
    header::Depth,
    multistatus::MultiStatus,
    precondition::Precondition,
    request::{AddressData, PropFind},
};
use http::StatusCode;

use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, PART, Sink, XML, make, xml},
        path::{self, Resource, href_in_home},
        property::{Cards, Subject, properties},
    },
    domain::{book::Book, cursor::Position, error::Error, item::Card},
};

/// Cards read from the store at a time.
pub const CHUNK: usize = 500;

/// Answers PROPFIND with 207. `Depth: infinity` is served on books and cards only (RFC 4918 §9.1.1,
/// `propfind-finite-depth`).
pub async fn propfind(call: Arc<Call>) -> Result<Answer, Failure> {
    let asked = PropFind::parse(call.body())?;
    // RFC 4918 says a missing Depth is infinity; clients that omit it expect Depth 1.
    let depth = call.depth()?.unwrap_or(Depth::One);
    let flat = matches!(call.resource, Resource::Book { .. } | Resource::Card { .. });
    if depth == Depth::Infinity && !flat {
        return Err(Failure::forbidden(
            Precondition::PropfindFiniteDepth,
            "Depth: infinity is not served here",
        ));
    }
    let root_too = depth == Depth::Zero || !call.prefer().depth_noroot;
    let mut out = MultiStatus::new();
    match &call.resource {
        resource if !resource.has_properties() => return Err(Error::NotFound.into()),
        Resource::Card {
            book,
            book_href,
            name,
        } => {
            let card = book.get(name).await?;
            let cards = Cards::new(&call, book, book_href, &asked, &AddressData::default()).await?;
            cards.write_one(&card, &mut out).await?;
        }
        resource => {
            if root_too {
                let found = properties(&call, Subject::of(resource), &asked).await?;
                out.properties(&call.href(), &found);
            }
            match resource {
                Resource::Book { .. } if depth != Depth::Zero => {
                    return make(StatusCode::MULTI_STATUS, XML, |sink| async move {
                        members(&call, &asked, out, &sink).await
                    })
                    .await;
                }
                resource if depth != Depth::Zero => {
                    children(&call, resource, &asked, &mut out).await?;
                }
                _ => {}
            }
        }
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

/// Sends the collected output once it is large enough for a part.
pub async fn flush(out: &mut MultiStatus, sink: &Sink) -> Result<(), Failure> {
    if out.len() >= PART {
        let mut part = out.take();
        // It may wait for a slow client, and others with it.
        part.shrink_to_fit();
        sink.send(part).await
    } else {
        Ok(())
    }
}

async fn members(
    call: &Call,
    asked: &PropFind,
    mut out: MultiStatus,
    sink: &Sink,
) -> Result<bytes::Bytes, Failure> {
    let Resource::Book { book, href } = &call.resource else {
        return Err(Error::NotFound.into());
    };
    let cards = Cards::new(call, book, href, asked, &AddressData::default()).await?;
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk_for(position, CHUNK, cards.want()).await?;
        let members: Vec<&Card> = leg.cards.iter().collect();
        cards.write(&members, &mut out, sink).await?;
        next = leg.next;
    }
    if cards.tell_version() {
        book.note_served(&book.cursor()).await?;
    }
    Ok(out.finish(None).into())
}

async fn children(
    call: &Call,
    resource: &Resource,
    asked: &PropFind,
    out: &mut MultiStatus,
) -> Result<(), Failure> {
    let actor = &call.actor;
    let mut books: Vec<(Book, String)> = Vec::new();
    match resource {
        Resource::Home => books = in_home(call).await?,
        Resource::GroupHome(membership) => {
            let book = call.face.core.open(actor, membership.book).await?;
            books.push((book, path::group_book_href(&membership.name)));
            if let Some(href) = path::members_href(&membership.name) {
                let list = call.face.core.open_members(actor, &membership.name).await?;
                books.push((list, href));
            }
        }
        other => {
            for child in plain_children(call, other) {
                let found = properties(call, Subject::Plain(&child), asked).await?;
                out.properties(&child.href(actor), &found);
            }
        }
    }
    for (book, href) in &books {
        let subject = Subject::Book { book, href };
        out.properties(href, &properties(call, subject, asked).await?);
    }
    Ok(())
}

/// What the home lists, in the order in which clients that take the first are served best: the
/// merged book, private books, those of groups, lists of members.
pub async fn in_home(call: &Call) -> Result<Vec<(Book, String)>, Error> {
    let (actor, core) = (&call.actor, &call.face.core);
    let mut listed = Vec::from_iter(merged(call).await?);
    let mut all = core.books(actor).await?;
    all.extend(core.shown_members(actor).await?);
    all.retain(|book| shown_in_home(call, book));
    listed.extend(all.into_iter().map(|book| {
        let href = href_in_home(actor, &book);
        (book, href)
    }));
    Ok(listed)
}

/// The merged book and its href, where the home begins with one.
async fn merged(call: &Call) -> Result<Option<(Book, String)>, Error> {
    if !call.quirks.merged || call.scope.is_some() {
        return Ok(None);
    }
    match call.face.core.open_merged(&call.actor).await {
        Ok(book) => {
            let href = href_in_home(&call.actor, &book);
            Ok(Some((book, href)))
        }
        // A credential for groups alone.
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Whether the home lists a book. A client that reads several homes finds group books in the homes
/// of the groups; a login for one group sees nothing else.
pub fn shown_in_home(call: &Call, book: &Book) -> bool {
    match &call.scope {
        Some(scope) => book.collection().id == scope.book,
        None => book.is_private() || !call.quirks.several_homes(),
    }
}

fn plain_children(call: &Call, resource: &Resource) -> Vec<Resource> {
    let groups = call.actor.memberships.iter().cloned();
    match resource {
        Resource::Root("/") => vec![Resource::Root("/dav/")],
        Resource::Root(_) => vec![Resource::Principals("/dav/principals/"), Resource::UserRoot],
        Resource::Principals("/dav/principals/") => vec![
            Resource::Principals("/dav/principals/users/"),
            Resource::Principals("/dav/principals/groups/"),
        ],
        Resource::Principals("/dav/principals/users/") => vec![Resource::User],
        Resource::Principals(_) => groups.map(Resource::GroupPrincipal).collect(),
        Resource::UserRoot => vec![Resource::Home],
        _ => Vec::new(),
    }
}
