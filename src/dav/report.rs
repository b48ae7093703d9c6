//! REPORT: sync-collection, multiget, query and the principal reports.

use std::collections::HashSet;

use carnet_proto::{
    dav::{
        header::Depth,
        href::{encode, path_of, segments},
        multistatus::{MultiStatus, error_body},
        name::{CALENDARSERVER, DAV, Name},
        request::{
            AddressData, Expand, Multiget, PrincipalSearch, PropFind, Query, Report, SyncCollection,
        },
        xml::{Element, escape, parse},
    },
    vcard::Version,
};
use http::StatusCode;

use super::{
    Answer, Call,
    error::Failure,
    path::{Resource, href_in_home},
    resource::{Subject, properties},
    xml,
};
use crate::domain::{
    book::{Book, Marks, Member},
    cursor::{Cursor, Position},
    error::Error,
    item::Card,
};

/// Members in one answer of a sync.
const MAX_MEMBERS: usize = 10_000;
/// Cards read from the store at a time.
const CHUNK: usize = 500;
const TRUNCATED: &str = "<D:number-of-matches-within-limits/>";

pub async fn report(call: &Call) -> Result<Answer, Failure> {
    if call.body.is_empty() {
        return Err(Failure::BadRequest("REPORT without a body".into()));
    }
    match (Report::parse(&call.body)?, &call.resource) {
        (Report::SyncCollection(sync), Resource::Book { book, href }) => {
            sync_book(call, book, href, &sync).await
        }
        (Report::SyncCollection(sync), Resource::Home) => sync_home(call, &sync).await,
        (Report::Multiget(multiget), Resource::Book { book, href }) => {
            self::multiget(call, book, href, &multiget).await
        }
        (Report::Query(query), Resource::Book { book, href }) => {
            self::query(call, book, href, &query).await
        }
        (Report::ExpandProperty(wanted), resource) => expand(call, resource, &wanted).await,
        (Report::PrincipalPropertySearch(search), resource) if is_plain(resource) => {
            principal_search(call, &search).await
        }
        (Report::PrincipalSearchPropertySet, resource) if is_plain(resource) => {
            Ok(xml(StatusCode::OK, search_properties()))
        }
        (Report::PrincipalMatch(props), resource) if is_plain(resource) => {
            principal_match(call, &props).await
        }
        (Report::AclPrincipalPropSet(props), Resource::Book { book, .. }) => {
            let owner = match book.is_private() {
                true => Resource::User,
                false => match call
                    .actor
                    .memberships
                    .iter()
                    .find(|m| m.book == book.collection().id)
                {
                    Some(membership) => Resource::GroupPrincipal(membership.clone()),
                    None => return Err(Error::NotFound.into()),
                },
            };
            principals(call, &[owner], &props).await
        }
        (Report::Other(_), _) | (_, _) => Err(Failure::forbidden(
            "D:supported-report",
            "this report is not supported here",
        )),
    }
}

fn is_plain(resource: &Resource) -> bool {
    !matches!(
        resource,
        Resource::Book { .. } | Resource::Card { .. } | Resource::NewBook { .. }
    )
}

/// RFC 6578 §3
async fn sync_book(
    call: &Call,
    book: &Book,
    href: &str,
    sync: &SyncCollection,
) -> Result<Answer, Failure> {
    let since = cursor(&sync.token).map_err(|error| stale(call, error))?;
    let limit = sync.limit.unwrap_or(MAX_MEMBERS).min(MAX_MEMBERS);
    if limit == 0 {
        return Err(too_many());
    }
    let changes = book
        .changes(since.as_ref(), limit)
        .await
        .map_err(|error| stale(call, error))?;
    let cards = Cards::new(call, book, href, &sync.props, &sync.data).await?;
    let mut out = MultiStatus::new();
    for member in &changes.members {
        match member {
            Member::Present(card) => cards.write(card, &mut out).await?,
            // An initial sync lists nothing that is gone.
            Member::Gone(_) if since.is_none() => {}
            Member::Gone(name) => out.bare(&format!("{href}{}", encode(name)), 404, None),
        }
    }
    if changes.more {
        out.bare(href, 507, Some(TRUNCATED));
    }
    let token = changes.cursor.to_string();
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(Some(&token))))
}

/// The members of a home are books.
async fn sync_home(call: &Call, sync: &SyncCollection) -> Result<Answer, Failure> {
    if sync.infinite {
        return Err(Failure::forbidden(
            "D:sync-traversal-supported",
            "only level 1 is served here",
        ));
    }
    let since = cursor(&sync.token).map_err(|error| stale(call, error))?;
    let actor = &call.actor;
    let (changes, reached) = call
        .face
        .core
        .home_changes(actor, since.as_ref())
        .await
        .map_err(|error| stale(call, error))?;
    let mut out = MultiStatus::new();
    let asked = PropFind::Prop(sync.props.clone());
    let mut seen = HashSet::new();
    for change in changes
        .iter()
        .rev()
        .filter(|change| seen.insert(change.book))
    {
        match call.face.core.open(actor, change.book).await {
            Ok(book) => {
                let href = href_in_home(actor, &book);
                let subject = Subject::Book {
                    book: &book,
                    href: &href,
                };
                out.properties(&href, &properties(call, &subject, &asked).await?);
            }
            Err(Error::NotFound) if since.is_some() => {
                let home = call.resource.href(actor);
                out.bare(&format!("{home}{}/", encode(&change.segment)), 404, None);
            }
            Err(Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
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

/// A refused token; one client understands it only as 400.
fn stale(call: &Call, error: Error) -> Failure {
    match error {
        Error::StaleCursor if call.profile.bad_token_is_400 => Failure::Precondition(
            StatusCode::BAD_REQUEST,
            "<D:valid-sync-token/>".to_owned(),
            error.to_string(),
        ),
        error => error.into(),
    }
}

fn too_many() -> Failure {
    Failure::Precondition(
        StatusCode::INSUFFICIENT_STORAGE,
        TRUNCATED.to_owned(),
        "the limit cannot be obeyed".to_owned(),
    )
}

/// RFC 6352 §8.7
async fn multiget(
    call: &Call,
    book: &Book,
    href: &str,
    multiget: &Multiget,
) -> Result<Answer, Failure> {
    let cards = Cards::new(call, book, href, &multiget.props, &multiget.data).await?;
    let own = segments(href).unwrap_or_default();
    let mut seen = HashSet::new();
    let mut out = MultiStatus::new();
    let mut names = Vec::new();
    for asked in &multiget.hrefs {
        let path = segments(path_of(asked)).unwrap_or_default();
        match path.split_last() {
            Some((name, parent)) if parent == own || call.is_alias(book, parent) => {
                if seen.insert(name.clone()) {
                    names.push(name.clone());
                }
            }
            _ => out.bare(path_of(asked), 404, None),
        }
    }
    for chunk in names.chunks(CHUNK) {
        for (name, card) in chunk.iter().zip(book.by_hrefs(chunk).await?) {
            match card {
                Some(card) => cards.write(&card, &mut out).await?,
                None => out.bare(&format!("{href}{}", encode(name)), 404, None),
            }
        }
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

/// RFC 6352 §8.6
async fn query(call: &Call, book: &Book, href: &str, query: &Query) -> Result<Answer, Failure> {
    let mut out = MultiStatus::new();
    // Absent means 0 by the letter (RFC 3253 §3.6), which no client means on a book.
    if call.depth()? == Some(Depth::Zero) {
        return Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)));
    }
    let cards = Cards::new(call, book, href, &query.props, &query.data).await?;
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut found = 0;
    let mut next = Some(Position::default());
    'walk: while let Some(position) = next {
        let leg = book.walk(position, CHUNK).await?;
        for card in &leg.cards {
            let content = book.content(card);
            let uid = &card.placement.uid;
            if !call.face.facet.matches(&content, uid, &query.filter) {
                continue;
            }
            if found == limit {
                out.bare(href, 507, Some(TRUNCATED));
                break 'walk;
            }
            found += 1;
            cards.write(card, &mut out).await?;
        }
        next = leg.next;
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

/// Writes cards with the properties asked for.
struct Cards<'a> {
    call: &'a Call,
    book: &'a Book,
    href: &'a str,
    asked: PropFind,
    data: &'a AddressData,
    /// `C:address-data` was asked for.
    with_data: bool,
    version: Option<Version>,
    marks: Marks,
}

impl<'a> Cards<'a> {
    async fn new(
        call: &'a Call,
        book: &'a Book,
        href: &'a str,
        props: &[Name],
        data: &'a AddressData,
    ) -> Result<Self, Failure> {
        let unsupported = || {
            Failure::forbidden(
                "C:supported-address-data",
                "text/vcard in version 3.0 or 4.0",
            )
        };
        let is_vcard = data
            .content_type
            .as_deref()
            .is_none_or(|media_type| media_type.eq_ignore_ascii_case("text/vcard"));
        let version = match data.version.as_deref() {
            None => None,
            Some("3.0") => Some(Version::V3),
            Some("4.0") => Some(Version::V4),
            Some(_) => return Err(unsupported()),
        };
        if !is_vcard {
            return Err(unsupported());
        }
        Ok(Self {
            call,
            book,
            href,
            asked: match props.is_empty() {
                true => PropFind::AllProp(Vec::new()),
                false => PropFind::Prop(props.to_vec()),
            },
            with_data: props.iter().any(|name| name.local == "address-data"),
            data,
            version,
            marks: book.marks().await?,
        })
    }

    async fn write(&self, card: &Card, out: &mut MultiStatus) -> Result<(), Failure> {
        let text = self.with_data.then(|| self.text(card));
        let subject = Subject::Card {
            book: self.book,
            card,
            marks: &self.marks,
            data: text.as_deref(),
        };
        let href = format!("{}{}", self.href, encode(&card.placement.href));
        let found = properties(self.call, &subject, &self.asked).await?;
        out.properties(&href, &found);
        Ok(())
    }

    fn text(&self, card: &Card) -> String {
        let facet = &self.call.face.facet;
        let version = self.version.unwrap_or_else(|| {
            let stored = facet.stored_version(&card.document);
            self.call.profile.default_version(stored)
        });
        let mut rendering = self.call.render(self.book, card, version);
        if !self.data.props.is_empty() {
            rendering = facet.partial(&rendering, &self.data.props);
        }
        match String::from_utf8(rendering) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

impl Call {
    /// Whether a path is another address of the same book.
    fn is_alias(&self, book: &Book, parent: &[String]) -> bool {
        let in_home = segments(&href_in_home(&self.actor, book)).unwrap_or_default();
        let segment = &book.collection().segment;
        let canonical = ["dav", "groups", segment, segment];
        parent == in_home || (!book.is_private() && parent == canonical)
    }
}

/// RFC 3253 §3.8: hrefs in a property become responses with the properties wanted.
async fn expand(call: &Call, resource: &Resource, wanted: &[Expand]) -> Result<Answer, Failure> {
    let mut out = MultiStatus::new();
    let found = expanded(call, resource, wanted, 3).await?;
    out.properties(&resource.href(&call.actor), &found);
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

fn expanded<'a>(
    call: &'a Call,
    resource: &'a Resource,
    wanted: &'a [Expand],
    depth: usize,
) -> std::pin::Pin<
    Box<
        dyn Future<Output = Result<carnet_proto::dav::multistatus::Properties, Failure>>
            + Send
            + 'a,
    >,
> {
    Box::pin(async move {
        let asked = PropFind::Prop(wanted.iter().map(|expand| expand.name.clone()).collect());
        let subject = match resource {
            Resource::Book { book, href } => Subject::Book { book, href },
            other => Subject::Plain(other),
        };
        let mut found = properties(call, &subject, &asked).await?;
        if depth == 0 {
            return Ok(found);
        }
        for expand in wanted.iter().filter(|expand| !expand.nested.is_empty()) {
            let one = PropFind::Prop(vec![expand.name.clone()]);
            let plain = properties(call, &subject, &one).await?.found;
            let mut inner = String::new();
            for href in hrefs(&plain) {
                let path = segments(&href).unwrap_or_default();
                let Ok(target) = Resource::find(&call.face, &call.actor, &path).await else {
                    continue;
                };
                let nested = expanded(call, &target, &expand.nested, depth - 1).await?;
                let mut response = MultiStatus::new();
                response.take();
                response.properties(&href, &nested);
                inner.push_str(&response.take());
            }
            if let (false, Some(prefix)) = (inner.is_empty(), expand.name.prefix()) {
                let local = &expand.name.local;
                let replaced = format!("<{prefix}:{local}>{inner}</{prefix}:{local}>");
                found.found = found.found.replace(&plain, &replaced);
            }
        }
        Ok(found)
    })
}

fn hrefs(fragment: &str) -> Vec<String> {
    let document = format!(
        "<x xmlns:D=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\" \
         xmlns:CS=\"http://calendarserver.org/ns/\">{fragment}</x>"
    );
    fn collect(element: &Element, out: &mut Vec<String>) {
        if element.name.is(DAV, "href") {
            out.push(element.text());
        }
        element.elements().for_each(|child| collect(child, out));
    }
    let mut out = Vec::new();
    if let Ok(root) = parse(document.as_bytes()) {
        collect(&root, &mut out);
    }
    out
}

/// RFC 3744 §9.4: people who share a group with the actor, and the actor's groups.
async fn principal_search(call: &Call, search: &PrincipalSearch) -> Result<Answer, Failure> {
    let mut found = Vec::new();
    for resource in visible_principals(call).await? {
        let mut hits = Vec::new();
        for (names, text) in &search.searches {
            let asked = PropFind::Prop(names.clone());
            let values = properties(call, &Subject::Plain(&resource), &asked).await?;
            hits.push(
                values
                    .found
                    .to_lowercase()
                    .contains(&escape(&text.to_lowercase())),
            );
        }
        let matches = match search.any_of {
            true => hits.contains(&true),
            false => !hits.is_empty() && !hits.contains(&false),
        };
        if matches {
            found.push(resource);
        }
    }
    principals(call, &found, &search.props).await
}

async fn visible_principals(call: &Call) -> Result<Vec<Resource>, Failure> {
    let mut seen = HashSet::from([call.actor.person]);
    let mut all = vec![Resource::User];
    for membership in &call.actor.memberships {
        for member in call.face.core.store().members(membership.group).await? {
            if seen.insert(member.person) {
                all.push(Resource::OtherUser(member));
            }
        }
    }
    all.extend(
        call.actor
            .memberships
            .iter()
            .cloned()
            .map(Resource::GroupPrincipal),
    );
    Ok(all)
}

/// RFC 3744 §9.3
async fn principal_match(call: &Call, props: &[Name]) -> Result<Answer, Failure> {
    let mut own = vec![Resource::User];
    own.extend(
        call.actor
            .memberships
            .iter()
            .cloned()
            .map(Resource::GroupPrincipal),
    );
    principals(call, &own, props).await
}

/// People an answer names at most.
const MAX_PRINCIPALS: usize = 50;

async fn principals(call: &Call, found: &[Resource], props: &[Name]) -> Result<Answer, Failure> {
    let asked = PropFind::Prop(props.to_vec());
    let mut out = MultiStatus::new();
    for resource in found.iter().take(MAX_PRINCIPALS) {
        let values = properties(call, &Subject::Plain(resource), &asked).await?;
        out.properties(&resource.href(&call.actor), &values);
    }
    if found.len() > MAX_PRINCIPALS {
        out.bare(&call.resource.href(&call.actor), 507, Some(TRUNCATED));
    }
    Ok(xml(StatusCode::MULTI_STATUS, out.finish(None)))
}

/// RFC 3744 §9.5
fn search_properties() -> String {
    let row = |name: &Name, description: &str| {
        let mut element = String::new();
        carnet_proto::dav::multistatus::empty_element(name, &mut element);
        format!(
            "<D:principal-search-property><D:prop>{element}</D:prop>\
             <D:description xml:lang=\"en\">{description}</D:description></D:principal-search-property>"
        )
    };
    let rows = row(&Name::new(DAV, "displayname"), "Name")
        + &row(
            &Name::new(CALENDARSERVER, "email-address-set"),
            "E-mail address",
        );
    error_body(&rows, "")
        .replacen("<D:error", "<D:principal-search-property-set", 1)
        .replacen("</D:error>", "</D:principal-search-property-set>", 1)
}
