//! The list of the contacts in a place.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::{HeaderMap, HeaderValue, header};
use serde::Deserialize;

use super::{
    Web, calls, documents,
    facet::mailto,
    list_frame::{ListFrame, Listed},
    lists::lists_in,
    names,
    page::{Shell, initials, see_other, show},
    params::Query,
    place::{PlacePath, encode_segment, form_encode},
    request::Visit,
    share::name_of,
    told::{Done, Told},
    when,
};
use crate::{
    domain::{
        book::{Book, Room},
        class::LIST,
        direction::straight,
        error::Result,
        id::{CollectionId, TagId},
        outbox::is_address,
        settings::Settings,
        store::{ListPage, ListQuery, Sort, Tag},
    },
    text::{Text, fill},
};

/// Keeps the environment chosen for as long as the browser is open.
const COOKIE: &str = "carnet-place";

/// Query parameters of a list.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ListParams {
    pub q: String,
    pub page: i64,
    pub tag: i64,
    /// `favourites` or `lists`.
    pub show: String,
    /// `name`, `organization` or `modified`; as the person set otherwise.
    pub sort: String,
    /// All rows shown are selected: 1; those of all pages: 2.
    pub all: i64,
    /// Ids of the rows that are ticked, with commas between them.
    pub ticked: String,
}

impl ListParams {
    /// The list on all its pages, as a query of the book.
    pub fn narrowing(&self, web: &Web) -> ListQuery {
        ListQuery {
            words: web.facet.words(&self.q),
            tag: (self.tag != 0).then_some(TagId(self.tag)),
            favourite: self.show == "favourites",
            kind: match self.show.as_str() {
                _ if self.is_of_lists() => Some(LIST.to_owned()),
                show => documents::family_named(show).map(|family| family.as_str().to_owned()),
            },
            ..ListQuery::default()
        }
    }

    /// One page of the list, with the person's settings.
    pub fn query(&self, web: &Web, settings: &Settings) -> ListQuery {
        ListQuery {
            last_first: settings.last_first,
            sort: match self.sort.as_str() {
                "name" => Sort::Name,
                "organization" => Sort::Organization,
                "modified" => Sort::Modified,
                "kind" => Sort::Kind,
                "size" => Sort::Octets,
                _ => settings.sort,
            },
            offset: (self.page.max(1) - 1) * settings.rows(),
            limit: settings.rows(),
            ..self.narrowing(web)
        }
    }

    /// Whether the box of a row is ticked.
    pub fn ticks(&self, id: &str) -> bool {
        self.all != 0 || self.ticked.split(',').any(|ticked| ticked == id)
    }

    /// Whether the list shows only some contacts of the place.
    pub fn is_narrowed(&self) -> bool {
        !self.q.trim().is_empty() || self.tag != 0 || !self.show.is_empty()
    }

    /// Whether the list shows the lists of the place.
    pub fn is_of_lists(&self) -> bool {
        self.show == "lists"
    }

    /// What of a place the list shows, after the name of the place.
    pub fn heading(&self, place: &str, tags: &[Tag], text: &Text) -> String {
        let kind = match self.show.as_str() {
            "favourites" => Some(text.favourites),
            "lists" => Some(text.lists),
            show => documents::family_named(show).map(|_| documents::family_name(show, text)),
        };
        let tag = tags.iter().find(|tag| tag.id.0 == self.tag);
        let parts = [Some(place), kind, tag.map(|tag| tag.name.as_str())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
    }

    /// URL of this page of the list.
    pub fn address(&self, here: &str) -> String {
        let (page, sort) = (self.page.max(0), self.sort.as_str());
        if self.is_narrowed() || page > 1 || !sort.is_empty() {
            self.link(here, page, sort, "")
        } else {
            here.to_owned()
        }
    }

    /// URL of this page of the list with these boxes ticked.
    pub fn ticking(&self, here: &str, ids: [&str; 2]) -> String {
        let address = self.address(here);
        let joint = if address.contains('?') { '&' } else { '?' };
        let ticked = form_encode(&[("ticked", &ids.join(","))]);
        format!("{address}{joint}{ticked}")
    }

    /// The page of the list in a book; the last one when it has fewer by now.
    pub async fn found(&self, book: &Book, query: &ListQuery) -> Result<FoundPage> {
        let mut found = book.list(query).await?;
        let pages = (found.total + query.limit - 1) / query.limit.max(1);
        let mut page = self.page.max(1);
        if page > pages && pages > 0 {
            page = pages;
            let offset = (page - 1) * query.limit;
            found = book
                .list(&ListQuery {
                    offset,
                    ..query.clone()
                })
                .await?;
        }
        Ok(FoundPage { found, page, pages })
    }

    /// URL of another page or order of the same list.
    pub fn link(&self, here: &str, page: i64, sort: &str, all: &str) -> String {
        let number = |n: i64| if n == 0 { String::new() } else { n.to_string() };
        let query = [
            ("q", self.q.as_str()),
            ("tag", &number(self.tag)),
            ("show", &self.show),
            ("sort", sort),
            ("page", &number(page)),
            ("all", all),
        ];
        format!("{here}?{}", form_encode(&query))
    }
}

/// A page of a list, as it was found.
pub struct FoundPage {
    pub found: ListPage,
    /// Its number.
    pub page: i64,
    /// The number of pages.
    pub pages: i64,
}

#[derive(Template)]
#[template(path = "list.html")]
struct List {
    shell: Shell,
    params: ListParams,
    /// The place.
    title: String,
    /// The place, and what of it is shown.
    heading: String,
    here: String,
    group: bool,
    may_add: bool,
    /// Contacts can be asked to check their data.
    verifies: bool,
    total: i64,
    favourites: i64,
    lists: i64,
    /// When the last search was asked.
    last_search: Option<String>,
    count: String,
    seen_by: Option<String>,
    /// What is left, where that is little.
    nearly_full: Option<String>,
    tags: Vec<Tag>,
    /// Lists a selection can be put into: id and name.
    into_lists: Vec<(String, String)>,
    /// The query that names what is shown, for export and printing.
    scope: String,
    /// Books a selection can be shared with or moved into.
    targets: Vec<(i64, String)>,
    headings: Headings,
    rows: Vec<Row>,
    empty: &'static str,
    frame: ListFrame,
}

/// The address that sorts by each column, none for the one it is sorted by.
struct Headings {
    name: Option<String>,
    organization: Option<String>,
    modified: Option<String>,
}

/// One contact of a list.
struct Row {
    id: String,
    /// The letter that begins with this row.
    letter: Option<String>,
    name: String,
    initials: String,
    organization: String,
    email: String,
    email_link: Option<String>,
    phone: String,
    phone_link: Option<String>,
    city: String,
    creator: String,
    favourite: bool,
    commented: bool,
    attached: bool,
    may_edit: bool,
    may_delete: bool,
    /// Name and colour.
    tags: Vec<(String, String)>,
}

/// `GET /c/private`, `GET /g/NAME`
pub async fn list(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    Query(params): Query<ListParams>,
    Query(done): Query<Done>,
) -> Response {
    let mut response = list_telling(&web, &place, &visit, &params, done.into()).await;
    let kept = format!(
        "{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax",
        encode_segment(&place.environment().path())
    );
    if let Ok(kept) = HeaderValue::from_str(&kept) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    response
}

/// `GET /contacts`: the place chosen last; Private after signing in.
pub async fn last_place(visit: Visit, headers: HeaderMap) -> Response {
    let books = visit.books.iter();
    let mut books = books.map(|book| PlacePath::Book(book.segment.clone()));
    let place = match chosen_group(&visit, &headers) {
        Some(group) => Some(PlacePath::Group(group)),
        None => books.find(|book| is_chosen(book, &headers)),
    };
    see_other(&place.unwrap_or(PlacePath::Private).path())
}

/// The group whose place was chosen last.
pub fn chosen_group(visit: &Visit, headers: &HeaderMap) -> Option<String> {
    let names = visit.actor.memberships.iter().map(|own| own.name.clone());
    let chosen = |name: &String| is_chosen(&PlacePath::Group(name.clone()), headers);
    names.into_iter().find(chosen)
}

fn is_chosen(place: &PlacePath, headers: &HeaderMap) -> bool {
    let kept = format!("{COOKIE}={}", encode_segment(&place.path()));
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .any(|pair| pair.trim() == kept)
}

/// The cookie that begins a session in Private.
pub fn forget_place() -> HeaderValue {
    HeaderValue::from_static("carnet-place=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")
}

/// The list, with a message on top.
pub async fn list_telling(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    params: &ListParams,
    told: Told,
) -> Response {
    if place.is_folder() {
        return documents::folder_telling(web, place, visit, params, told).await;
    }
    let shown = show_list(web, place, visit, params, told);
    visit.answer(web, shown).await
}

async fn show_list(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    params: &ListParams,
    told: Told,
) -> Result<Response> {
    let book = place.open(web, visit).await?;
    let text = visit.text;
    let last_first = visit.settings.last_first;
    let query = params.query(web, &visit.settings);
    let here = place.path();
    let tags = book.tags().await?;
    let (mut frame, listed) = ListFrame::read(&book, &query, (params, &here), visit).await?;
    let rows = listed.into_iter().map(|listed| row(listed, &tags, visit));
    let rows: Vec<_> = rows.collect();
    let may = book.privileges().await?;
    let counts = book.counts(last_first).await?;
    let status = told.status();
    let mut shell = visit.shell_telling(web, Some(&here), told);
    shell.adds = may.add.then(|| format!("{here}/new"));
    let last_search = web.core.last_search(&visit.actor).await?;
    let total = book.count().await?;
    frame.index(&counts.letters, (params, &here), visit);
    frame.whole.may_empty = may.remove && total > 0 && !params.is_narrowed();
    let heading =
        |sort: Sort, name: &str| (query.sort != sort).then(|| params.link(&here, 0, name, ""));
    let title = name_of(&book, visit);
    let page = List {
        shell,
        heading: params.heading(&title, &tags, text),
        title,
        group: !book.is_private(),
        may_add: may.add,
        verifies: web.outlets.mail,
        total,
        favourites: counts.favourites,
        lists: counts.lists,
        last_search: last_search.map(|last| when::shown(last.at, text)),
        count: text.counted(frame.total, [text.one_contact, text.contacts_count]),
        seen_by: if book.is_private() {
            None
        } else {
            Some(members_see(&book, text.members_see).await?)
        },
        nearly_full: nearly_full(&book, text).await?,
        tags,
        into_lists: match counts.lists {
            0 => Vec::new(),
            _ => lists_in(&book).await?,
        },
        scope: scope(params),
        targets: targets(
            &web.core.books(&visit.actor).await?,
            Some(book.collection().id),
            visit,
        )
        .await?,
        headings: Headings {
            name: heading(Sort::Name, "name"),
            organization: heading(Sort::Organization, "organization"),
            modified: heading(Sort::Modified, "modified"),
        },
        rows,
        empty: match (params.show.as_str(), params.is_narrowed()) {
            ("favourites", _) if counts.favourites == 0 => text.book.no_favourites,
            ("lists", _) if counts.lists == 0 => text.book.no_lists,
            (_, true) => text.no_match,
            (_, false) => text.no_contacts,
        },
        frame,
        here: here.clone(),
        params: params.clone(),
    };
    Ok(show(status, &page))
}

/// What a list shows, on all its pages: `?tag=3`.
fn scope(params: &ListParams) -> String {
    let tag = Some(params.tag.to_string()).filter(|_| params.tag != 0);
    let query = [
        ("q", &params.q[..]),
        ("tag", tag.as_deref().unwrap_or("")),
        ("show", &params.show),
    ];
    match form_encode(&query) {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    }
}

/// Books that a selection can be shared with or moved into.
pub async fn targets(
    books: &[Book],
    shown: Option<CollectionId>,
    visit: &Visit,
) -> Result<Vec<(i64, String)>> {
    let mut targets = Vec::new();
    for other in books {
        let elsewhere = Some(other.collection().id) != shown;
        if elsewhere && !other.is_private() && other.may_add() {
            targets.push((other.collection().id.0, name_of(other, visit)));
        }
    }
    Ok(targets)
}

/// How many contacts fit in, once nine tenths of them are there.
async fn nearly_full(book: &Book, text: &Text) -> Result<Option<String>> {
    let room = book.room().await?;
    let room = room.map(|Room { left, quota }| (quota - left, quota, left.max(0)));
    let room = room.filter(|(count, quota, _)| *count * 10 >= *quota * 9);
    Ok(room.map(|(count, quota, left)| fill(text.transfer.room, &[&count, &quota, &left])))
}

/// A sentence on who sees a group's contents, with its name and the number of its members.
pub async fn members_see(book: &Book, sentence: &str) -> Result<String> {
    let members = book.members().await?.len();
    Ok(fill(sentence, &[&book.collection().display_name, &members]))
}

fn row(listed: Listed, tags: &[Tag], visit: &Visit) -> Row {
    let Listed { row, may, letter } = listed;
    let has = |field: &str| row.texts.iter().any(|(name, _)| name == field);
    let first = |field: &str| {
        row.texts
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| straight(value))
            .unwrap_or_default()
    };
    let phone = first("tel");
    let is_fax = row
        .texts
        .iter()
        .any(|(field, value)| field == "fax" && straight(value) == phone);
    let name = names::of_contact(&row.placement.display, &row.texts, visit);
    Row {
        id: row.placement.server_id.clone(),
        letter,
        initials: initials(&name),
        name: names::short(&name),
        organization: first("org"),
        email_link: Some(first("email"))
            .filter(|email| is_address(email))
            .map(|email| mailto(&email)),
        email: first("email"),
        phone_link: (!is_fax).then(|| calls::of_number(&phone, visit)).flatten(),
        phone,
        city: first("city"),
        creator: names::of_somebody(&row.creator_name, visit),
        favourite: has("favourite"),
        commented: row.marks.commented,
        attached: row.marks.attached,
        may_edit: may.modify,
        may_delete: may.remove,
        tags: tags
            .iter()
            .filter(|tag| row.tags.contains(&tag.name))
            .map(|tag| (tag.name.clone(), tag.colour.clone()))
            .collect(),
    }
}
