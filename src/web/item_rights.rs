//! Who may modify a contact, group by group.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    form::Posted,
    group_rights::{grantee_value, grantees, person_of},
    names,
    page::{Shell, show},
    params::Query,
    place::ItemPath,
    request::Visit,
    search_members::{Choice, Choosing, find, in_order},
    share::name_of,
    told::{Deed, Done, Told},
};
use crate::{
    domain::{
        book::Book,
        collection::Place,
        error::{Error, Result},
        grant::{Grantee, Modifier, Reason},
        id::CollectionId,
        item::{Card, Placement},
        rights::Modify,
    },
    text::fill,
};

#[derive(Template)]
#[template(path = "item_rights.html")]
struct ItemRights {
    shell: Shell,
    card: String,
    name: String,
    /// It is a document.
    folder: bool,
    creator: String,
    groups: Vec<GroupSection>,
}

/// One group the contact is in.
struct GroupSection {
    id: i64,
    name: String,
    modifiers: Vec<ModifierRow>,
    may_grant: bool,
    members: usize,
    query: String,
    choices: Vec<Choice>,
    narrowed: Option<String>,
}

struct ModifierRow {
    grantee: String,
    /// None: everyone in the group.
    name: Option<String>,
    reason: &'static str,
    granted: bool,
}

/// A form in which members are chosen, and of which group they are.
#[derive(Default)]
struct Search {
    group: i64,
    form: Choosing,
}

/// `GET …/c/ID/rights`
pub async fn page(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Query(fields): Query<Vec<(String, String)>>,
    Query(done): Query<Done>,
) -> Response {
    let fields = || {
        let fields = fields.iter();
        fields.map(|(name, value)| (name.as_str(), value.as_str()))
    };
    let group = fields().find(|(name, _)| *name == "group");
    let search = Search {
        group: group.and_then(|(_, id)| id.parse().ok()).unwrap_or(0),
        form: Choosing::of(fields()),
    };
    let shown = show_page(&web, &visit, &item, &search, done.into());
    visit.answer(&web, shown).await
}

/// `POST …/c/ID/rights/grant`
pub async fn grant(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    if grantees(&posted).is_empty() {
        let nobody = posted.visit.text.nobody_chosen.to_owned();
        let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, nobody);
        return again(&web, &posted, &item, told).await;
    }
    change(&web, &item, &posted, Modify::Granted).await
}

/// `POST …/c/ID/rights/withdraw`
pub async fn withdraw(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    change(&web, &item, &posted, Modify::Withdrawn).await
}

async fn change(web: &Arc<Web>, item: &ItemPath, posted: &Posted, modify: Modify) -> Response {
    let outcome = async {
        let (book, card) = item.open(web, &posted.visit).await?;
        let (group, placement) = placed_in(&book, &card, posted.collection("group")).await?;
        let grantees = grantees(posted);
        let undo = group.undoing_modify(&placement, &grantees, modify).await?;
        group.grant_modify(&placement, &grantees, modify).await?;
        Ok(undo)
    };
    match outcome.await {
        Ok(undo) => {
            let rights = format!("{}/rights", item.path());
            let kept = web.undos.keep(&posted.visit, vec![undo], &rights);
            let done = Done::of(match modify {
                Modify::Granted => Deed::Granted,
                Modify::Withdrawn => Deed::Withdrawn,
            });
            done.undone_by(kept).at(&rights)
        }
        Err(error) => {
            let told = Told::refused(&error, &posted.visit);
            let form = match modify {
                Modify::Granted => Choosing::of(posted.fields()),
                // Who is not withdrawn from is not chosen to be granted to.
                Modify::Withdrawn => Choosing::default(),
            };
            again_with(web, posted, item, form, told).await
        }
    }
}

async fn again(web: &Arc<Web>, posted: &Posted, item: &ItemPath, told: Told) -> Response {
    again_with(web, posted, item, Choosing::of(posted.fields()), told).await
}

async fn again_with(
    web: &Arc<Web>,
    posted: &Posted,
    item: &ItemPath,
    form: Choosing,
    told: Told,
) -> Response {
    let search = Search {
        group: posted.number("group"),
        form,
    };
    let page = show_page(web, &posted.visit, item, &search, told);
    posted.visit.answer(web, page).await
}

/// The same contact in one of the groups it is in.
async fn placed_in(book: &Book, card: &Card, group: CollectionId) -> Result<(Book, Placement)> {
    let places = book.places(&card.placement).await?;
    let known = places.into_iter().filter_map(|place| place.known);
    let there = known
        .filter(|known| known.collection == group)
        .find(|known| matches!(known.place, Place::Group(_)))
        .ok_or(Error::NotFound)?;
    let group = book.core().open(book.actor(), group).await?;
    let placement = group.by_server_id(&there.server_id).await?.placement;
    Ok((group, placement))
}

async fn show_page(
    web: &Arc<Web>,
    visit: &Visit,
    item: &ItemPath,
    search: &Search,
    told: Told,
) -> Result<Response> {
    let (book, card) = item.open(web, visit).await?;
    let document = item.place.is_folder();
    let mut groups = Vec::new();
    for place in book.places(&card.placement).await? {
        let Some(known) = place.known else { continue };
        let Place::Group(_) = known.place else {
            continue;
        };
        let (group, placement) = placed_in(&book, &card, known.collection).await?;
        let members = in_order(group.members().await?, &visit.settings);
        let form = if search.group == known.collection.0 {
            &search.form
        } else {
            &Choosing::default()
        };
        let (choices, narrowed) = find(&members, form, visit.text);
        let modifiers = group.modifiers(&placement).await?;
        groups.push(GroupSection {
            id: known.collection.0,
            name: name_of(&group, visit),
            modifiers: modifiers
                .into_iter()
                .map(|m| row(m, visit, document))
                .collect(),
            may_grant: group.item_privileges(&placement).await?.grant,
            members: members.len(),
            query: form.query.clone(),
            choices,
            narrowed,
        });
    }
    Ok(show(
        told.status(),
        &ItemRights {
            shell: visit.shell_telling(web, Some(&item.place.path()), told),
            card: item.path(),
            name: names::of_item(web, &card, visit),
            folder: item.place.is_folder(),
            creator: names::of_somebody(&book.creator_name(&card.placement).await?, visit),
            groups,
        },
    ))
}

/// Says who may modify an item that the person may only read.
pub async fn whom_to_ask(book: &Book, placement: &Placement, visit: &Visit) -> Result<String> {
    let text = visit.text;
    let is_document = book.collection().is_folder();
    let creator = book.creator_name(placement).await?;
    let modifiers = if book.is_private() {
        Vec::new()
    } else {
        book.modifiers(placement).await?
    };
    let named = |reason: Reason| {
        let with = modifiers
            .iter()
            .filter(|modifier| modifier.reason == reason);
        let names = with.map(|modifier| match modifier.grantee {
            Grantee::Member(_) => names::of_account(&modifier.name, &visit.settings),
            Grantee::Everyone => text.everyone_in_group.to_owned(),
        });
        names.collect::<Vec<_>>().join(", ")
    };
    let (custodians, allowed) = (named(Reason::Custody), named(Reason::Granted));
    Ok(if !custodians.is_empty() {
        fill(text.book.ask_custodians, &[&custodians])
    } else if !creator.is_empty() {
        let said = if is_document {
            text.documents.read_only_ask
        } else {
            text.read_only_ask
        };
        fill(said, &[&names::of_account(&creator, &visit.settings)])
    } else if !allowed.is_empty() {
        fill(text.book.ask_allowed, &[&allowed])
    } else if is_document {
        text.documents.nobody_here_modifies.to_owned()
    } else {
        text.nobody_here_modifies.to_owned()
    })
}

fn row(modifier: Modifier, visit: &Visit, document: bool) -> ModifierRow {
    let text = visit.text;
    let (reason, granted) = match modifier.reason {
        Reason::Creator if document => (text.documents.reason_creator, false),
        Reason::Creator => (text.reason_creator, false),
        Reason::Custody => (text.reason_custody, false),
        Reason::Granted => (text.reason_granted, true),
    };
    ModifierRow {
        grantee: grantee_value(modifier.grantee),
        name: person_of(modifier.grantee)
            .map(|_| names::of_account(&modifier.name, &visit.settings)),
        reason,
        granted,
    }
}
