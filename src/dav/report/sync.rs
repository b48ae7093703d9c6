//! sync-collection (RFC 6578 §3) on a book and on a home.

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use carnet_proto::dav::{
    header::Depth,
    href::encode,
    multistatus::MultiStatus,
    precondition::Precondition,
    request::{PropFind, SyncCollection},
};
use http::StatusCode;

use super::TRUNCATED;
use crate::{
    dav::{
        Call,
        error::Failure,
        method::{CHUNK, flush, in_home, shown_in_home},
        note,
        output::{Answer, Sink, XML, make, xml},
        path::{Resource, group_segment, href_in_home, members_segment},
        property::{Cards, Subject, properties},
    },
    domain::{book::Member, cursor::Cursor, error::Error, item::Card, store::HomeKind},
};

/// Answers sync-collection. Where the client named a limit, a truncated answer ends with 507 for the
/// collection and a token from which the next request goes on (RFC 6578 §3.6). Who named none is told
/// everything: libraries that do not know this page take it for a failure, or for the whole book.
pub async fn sync(call: Arc<Call>, sync: SyncCollection) -> Result<Answer, Failure> {
    // Old drafts put Depth in the place of sync-level.
    let infinite = match sync.infinite {
        Some(infinite) => infinite,
        None => call.depth()? == Some(Depth::Infinity),
    };
    match call.resource {
        Resource::Book { .. } => {
            make(StatusCode::MULTI_STATUS, XML, |sink| async move {
                book(&call, &sync, &sink).await
            })
            .await
        }
        _ if infinite => Err(Failure::forbidden(
            Precondition::SyncTraversalSupported,
            "only level 1 is served here",
        )),
        _ => home(&call, &sync).await,
    }
}

async fn book(call: &Call, sync: &SyncCollection, sink: &Sink) -> Result<Bytes, Failure> {
    let Resource::Book { book, href } = &call.resource else {
        return Err(Error::NotFound.into());
    };
    let since = cursor(&sync.token).map_err(|error| stale(call, error))?;
    let mut left = sync.limit.unwrap_or(usize::MAX);
    if left == 0 {
        return Err(too_many());
    }
    let asked = PropFind::Prop(sync.props.clone());
    let cards = Cards::new(call, book, href, &asked, &sync.data).await?;
    let changes = book.changes(since.as_ref(), cards.want());
    let mut changes = changes.map_err(|error| stale(call, error))?;
    let mut out = MultiStatus::new();
    let (mut given, mut removed) = (0, 0);
    while left > 0 {
        let page = changes.next(left.min(CHUNK)).await?;
        if page.is_empty() {
            break;
        }
        left = left.saturating_sub(page.len());
        let cards_given = present(&page);
        given += cards_given.len();
        cards.write(&cards_given, &mut out, sink).await?;
        for member in &page {
            if let Member::Gone(name) = member {
                removed += 1;
                out.bare(&format!("{href}{}", encode(name)), 404, None);
            }
        }
        flush(&mut out, sink).await?;
    }
    // The token says exactly what was sent, so that the rest comes next time.
    if changes.more().await? {
        out.bare(href, 507, Some(&TRUNCATED));
    }
    let reached = changes.cursor();
    book.note_served(&reached).await?;
    note::given(call, since.is_none(), given, removed);
    Ok(out.finish(Some(&reached.to_string())).into())
}

/// The limit of the client cannot be obeyed (RFC 6578 §3.7).
fn too_many() -> Failure {
    Failure::Precondition(
        StatusCode::INSUFFICIENT_STORAGE,
        TRUNCATED,
        "the limit cannot be obeyed".to_owned(),
    )
}

/// The live ones of some members.
fn present(members: &[Member]) -> Vec<&Card> {
    members
        .iter()
        .filter_map(|member| match member {
            Member::Present(card) => Some(&**card),
            Member::Gone(_) => None,
        })
        .collect()
}

/// sync-collection on a home, whose members are books.
async fn home(call: &Call, sync: &SyncCollection) -> Result<Answer, Failure> {
    let since = cursor(&sync.token).map_err(|error| stale(call, error))?;
    let actor = &call.actor;
    let core = &call.face.core;
    let changes = core.home_changes(actor, since.as_ref()).await;
    let (mut changes, reached) = changes.map_err(|error| stale(call, error))?;
    // A login for one group knows of no other book, be it one that is gone.
    changes.retain(|change| {
        let scope = call.scope.as_ref();
        scope.is_none_or(|scope| change.book == scope.book)
    });
    let home = call.href();
    let mut out = MultiStatus::new();
    let asked = PropFind::Prop(sync.props.clone());
    let mut seen = HashSet::new();
    let mut live = HashSet::new();
    // What there is now says all that ever changed.
    let (all, changes) = match &since {
        None => (in_home(call).await?, Vec::new()),
        Some(_) => (Vec::new(), changes),
    };
    for (book, href) in &all {
        let subject = Subject::Book { book, href };
        out.properties(href, &properties(call, subject, &asked).await?);
    }
    for change in changes.iter().rev() {
        let segment = match change.kind {
            HomeKind::Group => group_segment(change.book, &change.segment),
            HomeKind::Members => members_segment(change.book, &change.segment),
            HomeKind::Private => change.segment.clone(),
        };
        let former = format!("{home}{}/", encode(&segment));
        // The newest row of a book says whether the home shows it.
        let gone = change.gone && !live.contains(&change.book);
        let book = match core.open(actor, change.book).await {
            Ok(book) if !gone => book,
            Ok(_) | Err(Error::NotFound) => {
                if seen.insert(former.clone()) {
                    out.bare(&former, 404, None);
                }
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        live.insert(change.book);
        if !shown_in_home(call, &book) {
            continue;
        }
        let href = href_in_home(actor, &book);
        // A book that moved to another segment left the former one.
        if change.gone && former != href && seen.insert(former.clone()) {
            out.bare(&former, 404, None);
        }
        if seen.insert(href.clone()) {
            let subject = Subject::Book {
                book: &book,
                href: &href,
            };
            out.properties(&href, &properties(call, subject, &asked).await?);
        }
    }
    // A home is told whole or not at all.
    let told = all.len() + seen.len();
    if sync.limit.is_some_and(|limit| told > limit) {
        return Err(too_many());
    }
    let token = reached.to_string();
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(Some(&token))))
}

fn cursor(token: &str) -> Result<Option<Cursor>, Error> {
    match token {
        "" => Ok(None),
        token => Cursor::parse(token).map(Some),
    }
}

/// The refusal of a token: 403, or 400 for the client that handles only that.
fn stale(call: &Call, error: Error) -> Failure {
    if error == Error::StaleCursor {
        note::started_over(call);
    }
    match error {
        Error::StaleCursor if call.quirks.bad_token_is_400() => Failure::Precondition(
            StatusCode::BAD_REQUEST,
            Precondition::ValidSyncToken,
            error.to_string(),
        ),
        error => error.into(),
    }
}
