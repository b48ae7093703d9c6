//! Favourites, and lists of contacts: their members, and writing to all of them.

use std::{collections::HashSet, sync::Arc};

use axum::{extract::State, response::Response};

use super::{
    Web,
    card::card_telling,
    contacts::{ListParams, list_telling},
    facet::{mailto, mailto_all},
    form::Posted,
    names,
    place::{ItemPath, PlacePath},
    request::Visit,
    selection::{chosen, params},
    told::{Deed, Done, Told},
};
use crate::domain::{
    book::{Book, Condition},
    class::LIST,
    direction::straight,
    error::{Error, Result},
    id::PlacementId,
    item::{Card, Placement, random_id},
    outbox::is_address,
    store::ListQuery,
};

/// Lists a selection can be put into.
const OFFERED: i64 = 100;
/// Members that are looked up and shown.
const SHOWN: usize = 5_000;

/// A list on its card.
pub struct Members {
    pub members: Vec<Member>,
    /// Number of members that are not in this place.
    pub absent: usize,
    /// Link that writes to every member with an e-mail address.
    pub write: Option<String>,
}

/// A member of a list.
pub struct Member {
    pub uid: String,
    pub path: String,
    pub name: String,
    pub email: String,
}

impl Member {
    /// Writes to it, where it has an address.
    pub fn link(&self) -> Option<String> {
        is_address(&self.email).then(|| mailto(&self.email))
    }
}

/// The members of a list; none where the card is no list.
pub async fn members_of(
    web: &Web,
    visit: &Visit,
    book: &Book,
    document: &[u8],
) -> Result<Option<Members>> {
    let Some(uids) = web.facet.members(document) else {
        return Ok(None);
    };
    let place = PlacePath::of(book).path();
    let mut members = Vec::new();
    for uid in uids.iter().take(SHOWN) {
        let Some(card) = book.member(uid).await? else {
            continue;
        };
        let addresses = web.facet.addresses(&card.document);
        members.push(Member {
            uid: uid.clone(),
            path: format!("{place}/c/{}", card.placement.server_id),
            name: names::short(&web.facet.name(&card.document, &visit.reader())),
            email: addresses.into_iter().next().unwrap_or_default(),
        });
    }
    let addresses = members.iter().map(|member| member.email.as_str());
    let mut addresses = addresses.filter(|email| is_address(email)).peekable();
    let writes = addresses.peek().is_some();
    Ok(Some(Members {
        absent: uids.len().min(SHOWN) - members.len(),
        write: writes.then(|| mailto_all(addresses)),
        members,
    }))
}

/// Contacts and lists, with the members that the lists have in the same place, each once; and how
/// many of them are no lists.
pub async fn with_members(
    web: &Web,
    book: &Book,
    chosen: &[PlacementId],
) -> Result<(Vec<PlacementId>, usize)> {
    let mut all = Vec::with_capacity(chosen.len());
    let mut known = HashSet::new();
    let mut people = 0;
    for head in book.heads_of(chosen).await?.into_iter().flatten() {
        let mut held = vec![(head.id, head.is_list())];
        if head.is_list() {
            held.extend(held_by(web, book, &head).await?);
        }
        for (placement, is_list) in held {
            if known.insert(placement) {
                all.push(placement);
                people += usize::from(!is_list);
            }
        }
    }
    Ok((all, people))
}

/// The members a list has in its place, and which of them are lists.
async fn held_by(web: &Web, book: &Book, list: &Placement) -> Result<Vec<(PlacementId, bool)>> {
    let list = match book.by_server_id(&list.server_id).await {
        Err(Error::NotFound) => return Ok(Vec::new()),
        list => list?,
    };
    let uids = web.facet.members(&book.content(&list)).unwrap_or_default();
    let mut held = Vec::new();
    for uid in uids.iter().take(SHOWN) {
        if let Some(member) = book.member(uid).await? {
            held.push((member.placement.id, member.placement.is_list()));
        }
    }
    Ok(held)
}

/// Id and name of the lists of a place that the person may change.
pub async fn lists_in(book: &Book) -> Result<Vec<(String, String)>> {
    let query = ListQuery {
        kind: Some(LIST.to_owned()),
        limit: OFFERED,
        ..ListQuery::default()
    };
    let mut lists = Vec::new();
    for row in book.list(&query).await?.rows {
        if book.item_privileges(&row.placement).await?.modify {
            lists.push((row.placement.server_id, straight(&row.placement.display)));
        }
    }
    Ok(lists)
}

/// `POST …/c/ID/favourite`
pub async fn favourite(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let marked = async {
        let (book, card) = item.open(&web, &posted.visit).await?;
        let edit = web.facet.favourite(posted.checked("on"));
        book.put(&card.placement.href, &Condition::Exists, &*edit)
            .await?;
        Ok(Done::of(Deed::Saved))
    };
    at_card(&web, &item, &posted, marked.await).await
}

/// `POST …/lists`: a new list.
pub async fn create(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let made = async {
        let name = posted.value("name").trim();
        if name.is_empty() {
            return Err(Error::Invalid(posted.visit.text.list_without_name.into()));
        }
        let book = place.open(&web, &posted.visit).await?;
        let href = format!("{}.vcf", random_id(16));
        let edit = web.facet.new_list(name);
        book.put(&href, &Condition::Absent, &*edit).await?;
        let stored = book.get(&href).await?.placement;
        Ok((
            stored.server_id,
            Done::of(Deed::Created).to(&straight(&stored.display)),
        ))
    };
    match made.await {
        Ok((id, done)) => done.at(&format!("{}/c/{id}", place.path())),
        Err(error) => {
            let params = ListParams {
                show: "lists".to_owned(),
                ..ListParams::default()
            };
            let told = Told::refused(&error, &posted.visit);
            list_telling(&web, &place, &posted.visit, &params, told).await
        }
    }
}

/// `POST …/selected/list`: what was checked becomes members of a list.
pub async fn add(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let added = async {
        let (book, chosen) = chosen(&web, &place, &posted).await?;
        let list = book.by_server_id(posted.value("list")).await?;
        is_list(&web, &list)?;
        let itself = list.placement.id;
        let others = chosen.into_iter().filter(|chosen| chosen.id != itself);
        let uids: Vec<String> = others.map(|chosen| chosen.uid).collect();
        let edit = web.facet.change_members(&uids, &[]);
        book.put(&list.placement.href, &Condition::Exists, &*edit)
            .await?;
        let done = Done::of(Deed::Listed).to(&straight(&list.placement.display));
        Ok((list.placement.server_id, done))
    };
    match added.await {
        Ok((id, done)) => done.at(&format!("{}/c/{id}", place.path())),
        Err(error) => {
            let told = Told::refused(&error, &posted.visit);
            list_telling(&web, &place, &posted.visit, &params(&posted), told).await
        }
    }
}

/// `POST …/c/ID/members/remove`
pub async fn remove(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let removed = async {
        let (book, list) = item.open(&web, &posted.visit).await?;
        is_list(&web, &list)?;
        let out = [posted.value("uid").to_owned()];
        let edit = web.facet.change_members(&[], &out);
        book.put(&list.placement.href, &Condition::Exists, &*edit)
            .await?;
        Ok(Done::of(Deed::Saved))
    };
    at_card(&web, &item, &posted, removed.await).await
}

fn is_list(web: &Web, card: &Card) -> Result<()> {
    match web.facet.members(&card.document) {
        Some(_) => Ok(()),
        None => Err(Error::NotFound),
    }
}

async fn at_card(
    web: &Arc<Web>,
    item: &ItemPath,
    posted: &Posted,
    outcome: Result<Done>,
) -> Response {
    match outcome {
        Ok(done) => done.at(&item.path()),
        Err(error) => {
            let told = Told::refused(&error, &posted.visit);
            card_telling(web, item, &posted.visit, told).await
        }
    }
}
