//! Search in a place or everywhere: results, the advanced form, suggestions, the last search.

mod params;
pub mod selected;
mod suggest;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::{
    Web,
    contacts::targets,
    documents,
    form::Posted,
    names,
    page::{self, Shell, initials, see_other, show},
    params::Query,
    place::PlacePath,
    request::Visit,
    search_members::in_order,
    share::name_of,
    told::{Done, Told},
    when,
};
use crate::{
    domain::{
        book::Book,
        class::DOCUMENT,
        direction::straight,
        document::Family,
        error::{Error, Result},
        id::CollectionId,
        principal::Member,
        search::{
            COUNTED, Criteria, Hit, Node, Notice, Outcome, Piece, Request, SHOWN, Scope, Tool,
            highlight, highlight_number, is_shown,
        },
        store::{Marks, Tag},
    },
    text::{Text, fill},
};

pub use params::scope_value;
use params::{Params, parse_scope, parse_tool};
pub use suggest::suggest;

/// Where the results are shown again, with the data of now.
pub const RESULTS: &str = "/search/last";
/// Lines below a result's name.
const LINES: usize = 3;
/// Lines of these for comments and for titles of attached documents.
const ELSEWHERE: usize = 2;
/// The class of results that more than names and ways to reach them decided.
const LAST_CLASS: u8 = 3;
/// Characters of one line.
const LINE: usize = 160;

#[derive(Template)]
#[template(path = "search.html")]
struct Results {
    shell: Shell,
    params: Params,
    /// Value and label of each place that can be searched.
    scopes: Vec<(String, String)>,
    tags: Vec<Tag>,
    months: Vec<(String, &'static str)>,
    /// Members of the group searched.
    creators: Vec<(String, String)>,
    /// Groups a contact may be shared with.
    groups: Vec<(String, String)>,
    /// Sorts of documents, and folders.
    families: Vec<(&'static str, &'static str)>,
    folders: Vec<(String, String)>,
    /// Something was asked.
    asked: bool,
    /// The form of criteria is open.
    open: bool,
    count: String,
    understood: Option<String>,
    notices: Vec<String>,
    /// Link to this search with the last word read as a beginning, and its text.
    wider: Option<(String, String)>,
    /// When it was asked, of a last search shown again.
    asked_at: Option<String>,
    results: Vec<Found>,
    /// Those that are ticked.
    ticked: Vec<String>,
    into_lists: Vec<(String, String)>,
    /// Books a selection can be shared with or moved into.
    targets: Vec<(i64, String)>,
}

struct Found {
    /// Names it in a selection.
    value: String,
    shown_name: String,
    path: String,
    initials: String,
    name: Vec<Piece>,
    kind: &'static str,
    marks: Marks,
    lines: Vec<Line>,
    /// Name and address of the contact in each place.
    places: Vec<(String, String)>,
}

/// One value of a result.
struct Line {
    /// What it stands in, where that is not the item itself.
    of: Option<&'static str>,
    pieces: Vec<Piece>,
}

impl Line {
    fn is_found(&self) -> bool {
        self.pieces.iter().any(|piece| piece.found)
    }
}

/// `GET /search`
pub async fn page(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(params): Query<Params>,
) -> Response {
    let request = params.request(visit.text);
    let shown = async {
        let asked = !request.text.trim().is_empty() || request.criteria != Criteria::default();
        let last_first = visit.settings.last_first;
        let outcome = if asked {
            Some(web.core.search(&visit.actor, &request, last_first).await?)
        } else {
            None
        };
        let asked = Asked {
            params,
            request,
            outcome,
            at: None,
            ticked: Vec::new(),
        };
        show_results(&web, &visit, asked, Told::Nothing).await
    };
    visit.answer(&web, shown).await
}

/// The results whose boxes are ticked, with commas between them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Ticks {
    ticked: String,
}

/// `GET /search/last`: the same question with the rights and the data of now.
pub async fn last(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(done): Query<Done>,
    Query(ticks): Query<Ticks>,
) -> Response {
    let ticked = ticks.ticked.split(',').map(str::to_owned).collect();
    let shown = last_telling(&web, &visit, ticked, done.into());
    visit.answer(&web, shown).await
}

/// The last search, some of its results ticked, with what was done to them on top.
pub async fn last_telling(
    web: &Arc<Web>,
    visit: &Visit,
    ticked: Vec<String>,
    told: Told,
) -> Result<Response> {
    let Some(mut last) = web.core.last_search(&visit.actor).await? else {
        return match told {
            Told::Refused(..) => show_results(web, visit, Asked::default(), told).await,
            _ => Ok(see_other("/search?advanced=1")),
        };
    };
    last.request.today = Some(when::today(visit.text));
    let last_first = visit.settings.last_first;
    let outcome = web.core.find(&visit.actor, &last.request, last_first).await;
    let outcome = match outcome {
        // A group the person left meanwhile.
        Err(Error::NotFound) => Outcome::default(),
        outcome => outcome?,
    };
    let asked = Asked {
        params: Params::of(&last.request, visit.text),
        request: last.request,
        outcome: Some(outcome),
        at: Some(when::shown(last.at, visit.text)),
        ticked,
    };
    show_results(web, visit, asked, told).await
}

/// `POST /search/clear`
pub async fn clear(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    match web.core.clear_last_search(&posted.visit.actor).await {
        Ok(()) => see_other("/"),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// What was asked and found.
#[derive(Default)]
struct Asked {
    params: Params,
    request: Request,
    /// None: nothing was asked.
    outcome: Option<Outcome>,
    /// When it was asked, where it is the last search shown again.
    at: Option<String>,
    /// Results that are ticked.
    ticked: Vec<String>,
}

async fn show_results(web: &Arc<Web>, visit: &Visit, asked: Asked, told: Told) -> Result<Response> {
    let Asked {
        params,
        request,
        outcome,
        at: asked_at,
        ticked,
    } = asked;
    let text = visit.text;
    let status = told.status();
    let books = places_of(web, visit).await?;
    let asked = outcome.is_some();
    let outcome = outcome.unwrap_or_default();
    let root = outcome.query.root.as_ref();
    let mut results = Vec::with_capacity(outcome.hits.len());
    for hit in &outcome.hits {
        let Some(mut found) = found(hit, root, &books, visit) else {
            continue;
        };
        // A word that the item itself does not say.
        if hit.class == LAST_CLASS && root.is_some_and(|root| !is_shown(root, &shown(hit))) {
            let mut beside = beside(hit, root, &books, visit).await?;
            beside.truncate(ELSEWHERE);
            found.lines.splice(..0, beside);
            found.lines.truncate(LINES);
        }
        results.push(found);
    }
    let group = match &request.scope {
        Scope::Group(name) => Some(name.as_str()),
        _ => None,
    };
    let here = match (&request.scope, group) {
        (_, Some(name)) => Some(PlacePath::Group(name.to_owned()).path()),
        (Scope::Private, _) => Some(PlacePath::Private.path()),
        _ => None,
    };
    let creators = match group {
        Some(name) => creators(web, visit, name).await?,
        None => Vec::new(),
    };
    let mut shell = visit.shell_telling(web, here.as_deref(), told);
    shell.tool = match request.tool {
        Tool::All => shell.tool,
        Tool::Contacts => page::Tool::Contacts,
        Tool::Documents => page::Tool::Documents,
    };
    shell.query = params.q.clone();
    // A selection of contacts goes into books, one of documents into folders.
    let documents_alone = request.tool == Tool::Documents;
    let fitting: Vec<Book> = books
        .iter()
        .filter(|book| book.collection().is_folder() == documents_alone)
        .cloned()
        .collect();
    let has_criteria = request.criteria != Criteria::default();
    let page = Results {
        shell,
        scopes: scopes(visit),
        tags: web.core.tags(&visit.actor).await?,
        months: (1..)
            .map(|month: u32| month.to_string())
            .zip(text.months.split(' '))
            .collect(),
        creators,
        groups: visit
            .actor
            .memberships
            .iter()
            .map(|own| (own.name.clone(), own.display_name.clone()))
            .collect(),
        families: Family::ALL
            .map(|family| {
                let name = family.as_str();
                (name, documents::family_name(name, text))
            })
            .to_vec(),
        folders: folders(&books, visit),
        asked,
        open: has_criteria || !asked || !params.advanced.is_empty(),
        count: counted(&outcome, request.tool, text),
        understood: root.map(|root| fill(text.understood_as, &[&root.describe()])),
        notices: noticed(&outcome, text),
        wider: wider(&params, &outcome, text),
        asked_at,
        results,
        ticked,
        params,
        into_lists: Vec::new(),
        targets: targets(&fitting, None, visit).await?,
    };
    Ok(show(status, &page))
}

/// Folders by the segment a criterion names them by.
fn folders(books: &[Book], visit: &Visit) -> Vec<(String, String)> {
    let own = books
        .iter()
        .filter(|book| book.collection().is_folder() && !book.collection().is_default_folder());
    let named = |book: &Book| (book.collection().segment.clone(), name_of(book, visit));
    own.map(named).collect()
}

fn scopes(visit: &Visit) -> Vec<(String, String)> {
    let mut scopes = vec![
        (
            scope_value(&Scope::Private),
            visit.text.private_only.to_owned(),
        ),
        (
            scope_value(&Scope::Everywhere),
            visit.text.private_and_groups.to_owned(),
        ),
    ];
    scopes.extend(visit.actor.memberships.iter().map(|own| {
        let value = scope_value(&Scope::Group(own.name.clone()));
        (value, own.display_name.clone())
    }));
    scopes
}

async fn creators(web: &Arc<Web>, visit: &Visit, group: &str) -> Result<Vec<(String, String)>> {
    let group = web.core.group(&visit.actor, group).await?;
    let members = in_order(group.members().await?, &visit.settings);
    let choice = |member: Member| (member.person.0.to_string(), member.name);
    Ok(members.into_iter().map(choice).collect())
}

/// `12 results`, `200 of 342`, `200 of more than 1,000`.
fn counted(outcome: &Outcome, tool: Tool, text: &Text) -> String {
    match outcome.found {
        0 => match tool {
            Tool::Contacts => text.no_match,
            Tool::Documents => text.documents.no_match,
            Tool::All => text.book.nothing_matches,
        }
        .to_owned(),
        1 => text.one_result.to_owned(),
        found if found <= SHOWN => fill(text.results_count, &[&found]),
        found if found > COUNTED => fill(text.results_of_more, &[&SHOWN, &COUNTED]),
        found => fill(text.results_of, &[&SHOWN, &found]),
    }
}

fn noticed(outcome: &Outcome, text: &Text) -> Vec<String> {
    let notice = |notice: &Notice| match notice {
        Notice::Empty => text.notice_empty,
        Notice::OnlyNegative => text.notice_only_negative,
        Notice::PrefixTooShort => text.notice_prefix_too_short,
        Notice::QueryTooLong => text.notice_query_too_long,
    };
    let mut told: Vec<String> = Vec::new();
    for sentence in outcome.query.notices.iter().map(notice) {
        if !told.iter().any(|known| known == sentence) {
            told.push(sentence.to_owned());
        }
    }
    if outcome.widened {
        told.push(text.notice_widened.to_owned());
    }
    told
}

/// Whole words were found: a beginning may find more.
fn wider(params: &Params, outcome: &Outcome, text: &Text) -> Option<(String, String)> {
    let last = params.q.split_whitespace().next_back()?;
    let is_word = last.chars().all(char::is_alphanumeric) && last.chars().count() >= 4;
    if outcome.found == 0 || outcome.widened || !is_word {
        return None;
    }
    let wider = Params {
        q: format!("{}*", params.q.trim_end()),
        ..params.clone()
    };
    Some((
        format!("/search?{}", wider.query()),
        fill(text.also_beginning_with, &[&last]),
    ))
}

fn found(hit: &Hit, root: Option<&Node>, books: &[Book], visit: &Visit) -> Option<Found> {
    let name = names::of_contact(&hit.placement.display, &hit.texts, visit);
    let here = place(hit.placement.collection, books, visit)?;
    let mut places = vec![(here.0, here.1.clone())];
    places.extend(
        hit.places
            .iter()
            .filter(|place| **place != hit.placement.collection)
            .filter_map(|other| place(*other, books, visit)),
    );
    Some(Found {
        value: selected::value(hit.placement.collection, &hit.placement.server_id),
        path: format!("{}/c/{}", here.1, hit.placement.server_id),
        initials: initials(&name),
        name: highlight(&names::short(&name), root),
        shown_name: names::short(&name),
        kind: match hit.placement.kind.as_str() {
            _ if hit.placement.class == DOCUMENT => visit.text.documents.document,
            "group" => visit.text.kind_list,
            _ => visit.text.kind_contact,
        },
        marks: hit.marks,
        lines: lines(hit, root),
        places,
    })
}

/// The books and folders results may be in.
async fn places_of(web: &Web, visit: &Visit) -> Result<Vec<Book>> {
    let mut places = web.core.books(&visit.actor).await?;
    places.extend(web.core.folders(&visit.actor).await?);
    Ok(places)
}

fn place(id: CollectionId, books: &[Book], visit: &Visit) -> Option<(String, String)> {
    let book = books.iter().find(|book| book.collection().id == id)?;
    Some((name_of(book, visit), PlacePath::of(book).path()))
}

/// Comments and titles of attached documents that the query was found in.
async fn beside(
    hit: &Hit,
    root: Option<&Node>,
    books: &[Book],
    visit: &Visit,
) -> Result<Vec<Line>> {
    let at = hit.placement.collection;
    let Some(book) = books.iter().find(|book| book.collection().id == at) else {
        return Ok(Vec::new());
    };
    if root.is_none() || book.collection().is_folder() {
        return Ok(Vec::new());
    }
    let comments = book.comments(&hit.placement).await?.into_iter();
    let comments = comments
        .filter(|shown| hit.places.contains(&shown.comment.collection))
        .map(|shown| (visit.text.comment, shown.comment.text));
    let attached = book.attached(&hit.placement).await?.open.into_iter();
    let titles = attached.map(|(_, document)| {
        let title = straight(&document.placement.display);
        (visit.text.documents.document, title)
    });
    let lines = comments.chain(titles).map(|(of, value)| Line {
        of: Some(of),
        pieces: cut(highlight(&value, root)),
    });
    Ok(lines.filter(Line::is_found).collect())
}

/// Fields that a result shows as its name.
const AS_NAME: [&str; 3] = ["name", "n", "last-first"];
/// Fields that no result shows: others say the same as people write it.
const NEVER: [&str; 6] = ["octets", "company", "bday", "mobile", "fax", "other-uid"];

/// Fields and values that a result may show.
fn shown(hit: &Hit) -> Vec<(&str, &str)> {
    let texts = hit.texts.iter();
    let pairs = texts.map(|(field, value)| (field.as_str(), value.as_str()));
    pairs.filter(|(field, _)| !NEVER.contains(field)).collect()
}

/// What else the query was found in, then how to reach the contact.
fn lines(hit: &Hit, root: Option<&Node>) -> Vec<Line> {
    const BESIDE: [&str; 3] = ["org", "email", "tel"];
    let mut found = Vec::new();
    let mut others = Vec::new();
    for (field, value) in shown(hit) {
        if AS_NAME.contains(&field) || value.is_empty() {
            continue;
        }
        let pieces = match field {
            "tel" => highlight_number(&straight(value), root),
            // Notes are as they were written.
            "note" => highlight(value, root),
            _ => highlight(&straight(value), root),
        };
        let line = Line {
            of: None,
            pieces: cut(pieces),
        };
        if line.is_found() {
            found.push(line);
        } else if BESIDE.contains(&field) {
            others.push(line);
        }
    }
    found.extend(others);
    found.truncate(LINES);
    found
}

/// A long value from shortly before what was found.
fn cut(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut before: Vec<char> = Vec::new();
    let mut out: Vec<Piece> = Vec::new();
    let mut left = LINE;
    for piece in pieces {
        if out.is_empty() && !piece.found {
            before.extend(piece.text.chars());
            continue;
        }
        if out.is_empty() {
            out.push(shortened(&before, 40));
        }
        let text: String = piece.text.chars().take(left).collect();
        left -= text.chars().count();
        out.push(Piece { text, ..piece });
    }
    if out.is_empty() {
        vec![Piece {
            text: before.into_iter().take(LINE).collect(),
            found: false,
        }]
    } else {
        out
    }
}

/// The end of a text.
fn shortened(text: &[char], length: usize) -> Piece {
    let cut = text.len() > length;
    let end: String = text[text.len().saturating_sub(length)..].iter().collect();
    Piece {
        text: if cut { format!("…{end}") } else { end },
        found: false,
    }
}
