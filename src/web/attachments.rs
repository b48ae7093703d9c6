//! Documents attached to a contact: the card shows them, these forms link and unlink.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Multipart, State},
    response::Response,
};
use serde::Deserialize;

use super::{
    Web,
    card::card_telling,
    documents::{self, Into, Unfit, receive},
    form::Posted,
    names,
    page::{Shell, show},
    params::Query,
    place::{ItemPath, PlacePath},
    request::Visit,
    share::name_of,
    told::{Deed, Done, Told},
};
use crate::{
    domain::{
        book::Book,
        direction::straight,
        error::{Error, Result},
        id::ItemId,
        item::{Card, Placement},
        search::{Criteria, Request, Scope, Tool},
        store::{ListQuery, Sort},
    },
    text::fill,
};

/// Documents offered at once.
const OFFERED: usize = 50;
/// Names of people who cannot open a document.
const NAMED: usize = 5;

/// The attachments of a contact, as its card shows them.
#[derive(Default)]
pub struct Attachments {
    pub rows: Vec<Attached>,
    /// Number of documents that are not shared with the reader, in words.
    pub closed: Option<String>,
    /// The links to these.
    pub unnamed: Vec<i64>,
    pub may_change: bool,
}

impl Attachments {
    /// Nothing is attached.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.closed.is_none()
    }
}

/// One document the reader may open.
pub struct Attached {
    pub item: i64,
    pub path: String,
    pub name: String,
    pub kind: &'static str,
    /// Names of people who see the contact but not the document, shown to those who may change
    /// that.
    pub cannot_open: Option<String>,
}

/// The attachments of a contact as its card shows them.
pub async fn of_contact(
    book: &Book,
    card: &Card,
    may_change: bool,
    visit: &Visit,
) -> Result<Attachments> {
    let d = visit.text.documents;
    if book.is_members() {
        return Ok(Attachments::default());
    }
    let attached = book.attached(&card.placement).await?;
    let mut rows = Vec::with_capacity(attached.open.len());
    for (folder, document) in attached.open {
        let placement = document.placement;
        let without = if may_change {
            book.cannot_open(card.placement.item, placement.item)
                .await?
        } else {
            Vec::new()
        };
        rows.push(Attached {
            item: placement.item.0,
            path: path_of(&folder, &placement),
            kind: documents::family_name(&placement.kind, visit.text),
            cannot_open: (!without.is_empty())
                .then(|| fill(d.cannot_open, &[&named(&without, visit)])),
            name: straight(&placement.display),
        });
    }
    Ok(Attachments {
        rows,
        closed: match attached.closed.len() {
            0 => None,
            1 => Some(d.not_shared_one.to_owned()),
            many => Some(fill(d.not_shared_many, &[&many])),
        },
        unnamed: attached.closed.iter().map(|document| document.0).collect(),
        may_change,
    })
}

fn path_of(folder: &Book, document: &Placement) -> String {
    format!("{}/c/{}", PlacePath::of(folder).path(), document.server_id)
}

fn named(people: &[String], visit: &Visit) -> String {
    let shown = people.iter().take(NAMED);
    let shown: Vec<String> = shown
        .map(|name| names::of_account(name, &visit.settings))
        .collect();
    let mut names = shown.join(", ");
    if people.len() > NAMED {
        names.push('…');
    }
    names
}

#[derive(Template)]
#[template(path = "attach.html")]
struct Attach {
    shell: Shell,
    card: String,
    name: String,
    query: String,
    offered: Vec<Offered>,
    /// Folders something may be uploaded into.
    folders: Vec<(i64, String)>,
    files: String,
}

/// A document that can be attached.
struct Offered {
    item: i64,
    name: String,
    folder: String,
}

/// What is looked for among the documents.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Find {
    q: String,
}

/// `GET …/c/ID/attach`
pub async fn page(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Query(find): Query<Find>,
) -> Response {
    let shown = show_page(&web, &item, &visit, &find.q, Told::Nothing);
    visit.answer(&web, shown).await
}

/// `POST …/c/ID/attach`: a document there is.
pub async fn attach(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let document = ItemId(posted.number("document"));
    let attached = async {
        let (book, card) = item.open(&web, visit).await?;
        book.attach(&card.placement, document).await?;
        name_of_document(&web, visit, document).await
    };
    match attached.await {
        Ok(name) => Done::of(Deed::Attached).to(&name).at(&item.path()),
        Err(error) => {
            let told = documents::refused(&error, visit);
            let page = show_page(&web, &item, visit, posted.value("q"), told);
            visit.answer(&web, page).await
        }
    }
}

/// `POST …/c/ID/attach/upload`: one that comes with the form.
pub async fn upload(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    form: Multipart,
) -> Response {
    let attached = async {
        let (book, card) = item.open(&web, &visit).await.map_err(Unfit::Error)?;
        if !book
            .item_privileges(&card.placement)
            .await
            .map_err(Unfit::Error)?
            .modify
        {
            return Err(Unfit::Error(Error::Forbidden {
                right: crate::domain::rights::Right::Modify,
            }));
        }
        let sent = receive(&web, &visit, form, Into::Chosen).await?;
        let to = sent.folder();
        into_contact(&web, &visit, (&book, &card.placement), sent.uploads, to)
            .await
            .map_err(Unfit::Error)
    };
    match attached.await {
        Ok(names) => Done::of(Deed::Attached).to(&names).at(&item.path()),
        Err(unfit) => {
            let told = unfit.told(&visit);
            let page = show_page(&web, &item, &visit, "", told);
            visit.answer(&web, page).await
        }
    }
}

async fn into_contact(
    web: &Web,
    visit: &Visit,
    (book, contact): (&Book, &Placement),
    uploads: Vec<crate::domain::document::Upload>,
    to: crate::domain::id::CollectionId,
) -> Result<String> {
    let folder = web.core.open(&visit.actor, to).await?;
    let mut documents = Vec::new();
    for id in folder.add_documents(uploads).await? {
        documents.push(folder.by_server_id(&id).await?.placement);
    }
    for document in &documents {
        if let Err(error) = book.attach(contact, document.item).await {
            // What is attached to nothing was not meant for the folder.
            folder.remove_all(&documents).await?;
            return Err(error);
        }
    }
    let names = documents.iter().map(|document| straight(&document.display));
    Ok(names.collect::<Vec<_>>().join(", "))
}

/// `POST …/c/ID/detach`
pub async fn detach(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let document = ItemId(posted.number("document"));
    let detached = async {
        let (book, card) = item.open(&web, visit).await?;
        let name = match name_of_document(&web, visit, document).await {
            Ok(name) => Some(name),
            // Whoever may change the contact breaks its links, to what they may not open too.
            Err(Error::NotFound) => None,
            Err(error) => return Err(error),
        };
        book.detach(&card.placement, document).await?;
        Ok(name)
    };
    match detached.await {
        Ok(Some(name)) => {
            let again = format!("attach:{}:{}", item.id, document.0);
            let done = Done::of(Deed::Detached).to(&name);
            done.undone_by(again).at(&item.path())
        }
        Ok(None) => Done::of(Deed::DetachedUnnamed).at(&item.path()),
        Err(error) => card_telling(&web, &item, visit, Told::refused(&error, visit)).await,
    }
}

async fn name_of_document(web: &Web, visit: &Visit, document: ItemId) -> Result<String> {
    let found = web.core.open_item(&visit.actor, document).await?;
    Ok(straight(&found.ok_or(Error::NotFound)?.1.placement.display))
}

async fn show_page(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
    query: &str,
    told: Told,
) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let right = crate::domain::rights::Right::Modify;
    if !book.item_privileges(&card.placement).await?.modify {
        return Err(Error::Forbidden { right });
    }
    let folders = web.core.folders(&visit.actor).await?;
    let mut into = Vec::new();
    for folder in &folders {
        if folder.may_add() {
            into.push((folder.collection().id.0, name_of(folder, visit)));
        }
    }
    let status = told.status();
    Ok(show(
        status,
        &Attach {
            shell: visit.shell_telling(web, Some(&item.place.path()), told),
            card: item.path(),
            name: straight(&card.placement.display),
            query: query.to_owned(),
            offered: offered(web, visit, &folders, query).await?,
            folders: into,
            files: fill(
                visit.text.documents.files,
                &[&documents::octets(
                    i64::try_from(web.core.limits().upload).unwrap_or(i64::MAX),
                    visit.text,
                )],
            ),
        },
    ))
}

/// What is found, or what changed last where nothing is looked for.
async fn offered(
    web: &Arc<Web>,
    visit: &Visit,
    folders: &[Book],
    query: &str,
) -> Result<Vec<Offered>> {
    let mut placements = Vec::new();
    if query.trim().is_empty() {
        let latest = ListQuery {
            sort: Sort::Modified,
            limit: OFFERED as i64,
            ..ListQuery::default()
        };
        for folder in folders {
            let found = folder.list(&latest).await?.rows.into_iter();
            placements.extend(found.map(|row| row.placement));
        }
        placements.sort_by_key(|placement| std::cmp::Reverse(placement.modified));
    } else {
        let request = Request {
            text: query.to_owned(),
            scope: Scope::Everywhere,
            criteria: Criteria::default(),
            tool: Tool::Documents,
            ..Request::default()
        };
        let found = web.core.find(&visit.actor, &request, false).await?;
        placements.extend(found.hits.into_iter().map(|hit| hit.placement));
    }
    let mut offered: Vec<Offered> = Vec::new();
    for placement in placements {
        let known = offered.iter().any(|other| other.item == placement.item.0);
        let folder = folders
            .iter()
            .find(|folder| folder.collection().id == placement.collection);
        if let (false, Some(folder)) = (known, folder) {
            offered.push(Offered {
                item: placement.item.0,
                name: straight(&placement.display),
                folder: name_of(folder, visit),
            });
        }
    }
    offered.truncate(OFFERED);
    Ok(offered)
}
