//! The pages of documents: folders and their contents.

mod details;
mod file;
mod folders;
mod receive;

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::{HeaderMap, StatusCode};

use super::{
    Web,
    contacts::{ListParams, members_see},
    history::DifferenceRow,
    list_frame::{ListFrame, Listed},
    names,
    page::{Shell, see_other, show},
    params::Path,
    place::PlacePath,
    request::Visit,
    told::Told,
    when,
};
use crate::{
    domain::{
        book::Book,
        class::Difference,
        collection::{DEFAULT_FOLDER, Place},
        direction::straight,
        document::{Family, family},
        error::{Error, Result},
        rule::Rule,
        store::{Sort, Tag},
    },
    text::{Text, fill},
};

pub use details::{change, details_telling, replace};
pub use file::{disposition, download, earlier};
pub use folders::{delete, make, rename, restore};
pub use receive::{Into, Unfit, receive, upload};

#[derive(Template)]
#[template(path = "folder.html")]
struct Folder {
    shell: Shell,
    params: ListParams,
    title: String,
    place: String,
    here: String,
    /// The group's name, and the address of its contacts.
    group: Option<String>,
    group_path: Option<String>,
    may_add: bool,
    may_change: bool,
    folder_name: String,
    folders: Vec<FolderRow>,
    deleted: Vec<FolderRow>,
    used: String,
    last_search: Option<String>,
    files: String,
    count: String,
    seen_by: Option<String>,
    families: Vec<(&'static str, &'static str)>,
    tags: Vec<Tag>,
    targets: Vec<(i64, String)>,
    headings: Headings,
    rows: Vec<Row>,
    empty: &'static str,
    frame: ListFrame,
}

struct FolderRow {
    path: String,
    name: String,
    number: i64,
    current: bool,
    /// The folder is deleted and can be restored.
    may_restore: bool,
}

/// The address that sorts by each column, none for the one it is sorted by.
struct Headings {
    name: Option<String>,
    kind: Option<String>,
    size: Option<String>,
    modified: Option<String>,
}

/// One document of a list.
struct Row {
    id: String,
    letter: Option<String>,
    name: String,
    kind: &'static str,
    size: String,
    modified: String,
    creator: String,
    commented: bool,
    may_edit: bool,
    may_delete: bool,
    tags: Vec<(String, String)>,
}

/// `GET /documents`: the documents of the environment chosen last.
pub async fn tool(visit: Visit, headers: HeaderMap) -> Response {
    let group = super::contacts::chosen_group(&visit, &headers);
    to_default(group)
}

/// `GET /d/private`, `GET /d/g/NAME`
pub async fn private(_visit: Visit) -> Response {
    to_default(None)
}

/// `GET /d/g/NAME`: redirects to the default folder of a group.
pub async fn of_group(_visit: Visit, Path(name): Path<String>) -> Response {
    to_default(Some(name))
}

fn to_default(group: Option<String>) -> Response {
    let folder = PlacePath::Folder {
        group,
        segment: DEFAULT_FOLDER.to_owned(),
    };
    see_other(&folder.path())
}

/// The list of a folder, with a message on top.
pub async fn folder_telling(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    params: &ListParams,
    told: Told,
) -> Response {
    let shown = show_folder(web, place, visit, params, told);
    visit.answer(web, shown).await
}

async fn show_folder(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    params: &ListParams,
    told: Told,
) -> Result<Response> {
    let book = place.open(web, visit).await?;
    let (text, status) = (visit.text, told.status());
    let d = text.documents;
    let mut query = params.query(web, &visit.settings);
    if params.sort.is_empty() {
        query.sort = Sort::Name;
    }
    let here = place.path();
    let tags = book.tags().await?;
    let (mut frame, listed) = ListFrame::read(&book, &query, (params, &here), visit).await?;
    let rows = listed.into_iter().map(|listed| row(listed, &tags, visit));
    let rows: Vec<_> = rows.collect();
    let may = book.privileges().await?;
    if frame.pages > 1 {
        let counts = book.counts(false).await?;
        frame.index(&counts.letters, (params, &here), visit);
    }
    let (folders, deleted) = book.siblings().await?;
    let heading = |sort: &str| (params.sort != sort).then(|| params.link(&here, 0, sort, ""));
    let files = fill(d.files, &[&size(web.core.limits().upload, text)]);
    let targets = targets(web, visit, &book).await?;
    let last_search = web.core.last_search(&visit.actor).await?;
    let hidden = book.collection().hidden.is_some();
    let group = match &place {
        PlacePath::Folder { group, .. } => group.clone(),
        _ => None,
    };
    let page = Folder {
        title: params.heading(&folder_name(&book, visit), &tags, text),
        place: place_name(&book, visit),
        may_add: may.add && !hidden,
        may_change: book.may_change_folder() && !hidden,
        folder_name: book.collection().display_name.clone(),
        folders: rows_of(folders, &book, visit).await?,
        deleted: rows_of(deleted, &book, visit).await?,
        used: used(web, visit).await?,
        last_search: last_search.map(|last| when::shown(last.at, text)),
        files,
        count: match frame.total {
            0 => d.count_none.to_owned(),
            1 => d.count_one.to_owned(),
            total => fill(d.count_many, &[&total]),
        },
        seen_by: if book.is_private() {
            None
        } else {
            let group = group_book(web, visit, &book).await?;
            Some(members_see(&group, d.members_see).await?)
        },
        families: Family::ALL
            .map(|family| (family.as_str(), family_name(family.as_str(), text)))
            .to_vec(),
        tags,
        targets,
        headings: Headings {
            name: heading(""),
            kind: heading("kind"),
            size: heading("size"),
            modified: heading("modified"),
        },
        rows,
        empty: if params.is_narrowed() {
            d.no_match
        } else {
            d.count_none
        },
        frame,
        params: params.clone(),
        group_path: group.is_some().then(|| place.environment().path()),
        group,
        shell: visit.shell_telling(web, Some(&here), told),
        here,
    };
    Ok(show(status, &page))
}

/// The members of a group are those of its book.
async fn group_book(web: &Web, visit: &Visit, folder: &Book) -> Result<Book> {
    let Place::Group(group) = folder.collection().place else {
        return Err(Error::NotFound);
    };
    let membership = visit.actor.membership(group).ok_or(Error::NotFound)?;
    web.core.open(&visit.actor, membership.book).await
}

async fn rows_of(folders: Vec<Book>, shown: &Book, visit: &Visit) -> Result<Vec<FolderRow>> {
    let mut rows = Vec::with_capacity(folders.len());
    for folder in folders {
        rows.push(FolderRow {
            path: PlacePath::of(&folder).path(),
            name: folder_name(&folder, visit),
            number: folder.count().await?,
            current: folder.collection().id == shown.collection().id,
            may_restore: folder.may_change_folder(),
        });
    }
    Ok(rows)
}

/// Folders a selection can be shared with or moved into.
async fn targets(web: &Web, visit: &Visit, book: &Book) -> Result<Vec<(i64, String)>> {
    let mut targets = Vec::new();
    for other in web.core.folders(&visit.actor).await? {
        let elsewhere = other.collection().id != book.collection().id;
        if elsewhere && other.may_add() {
            let name = super::share::name_of(&other, visit);
            targets.push((other.collection().id.0, name));
        }
    }
    Ok(targets)
}

/// How much of the person's quota is used.
pub async fn used(web: &Web, visit: &Visit) -> Result<String> {
    let person = visit.actor.person;
    let live = octets(web.core.document_weight(person).await?.live, visit.text);
    Ok(match web.core.document_limit(person).await? {
        Some(limit) => fill(
            visit.text.documents.used,
            &[&live, &octets(limit, visit.text)],
        ),
        None => fill(visit.text.documents.used_without_limit, &[&live]),
    })
}

fn row(listed: Listed, tags: &[Tag], visit: &Visit) -> Row {
    let Listed { row, may, letter } = listed;
    let number = row
        .texts
        .iter()
        .find(|(field, _)| field == "octets")
        .and_then(|(_, value)| value.parse().ok());
    Row {
        id: row.placement.server_id.clone(),
        letter,
        name: straight(&row.placement.display),
        kind: family_name(&row.placement.kind, visit.text),
        size: octets(number.unwrap_or(0), visit.text),
        modified: when::shown(row.placement.modified, visit.text),
        creator: names::of_somebody(&row.creator_name, visit),
        commented: row.marks.commented,
        may_edit: may.modify,
        may_delete: may.remove,
        tags: tags
            .iter()
            .filter(|tag| row.tags.contains(&tag.name))
            .map(|tag| (tag.name.clone(), tag.colour.clone()))
            .collect(),
    }
}

/// Name of a folder for this person.
pub fn folder_name(folder: &Book, visit: &Visit) -> String {
    if folder.collection().is_default_folder() {
        visit.text.documents.documents.to_owned()
    } else {
        folder.collection().display_name.clone()
    }
}

/// Name of a folder's place.
pub fn place_name(folder: &Book, visit: &Visit) -> String {
    match folder.collection().place {
        Place::Group(group) => visit.actor.membership(group).map_or_else(
            || visit.text.unknown_group.to_owned(),
            |own| own.display_name.clone(),
        ),
        _ => visit.text.private.to_owned(),
    }
}

/// The sort of documents with a name.
pub fn family_named(name: &str) -> Option<Family> {
    Family::ALL
        .into_iter()
        .find(|family| family.as_str() == name)
}

/// What a sort of documents is called.
pub fn family_name(name: &str, text: &Text) -> &'static str {
    let d = text.documents;
    match family_named(name).unwrap_or(Family::Other) {
        Family::Text => d.family_text,
        Family::Pdf => d.family_pdf,
        Family::Office => d.family_office,
        Family::Image => d.family_image,
        Family::Audio => d.family_audio,
        Family::Video => d.family_video,
        Family::Archive => d.family_archive,
        Family::Other => d.family_other,
    }
}

/// A number of octets as people read it.
pub fn octets(number: i64, text: &Text) -> String {
    size(u64::try_from(number).unwrap_or(0), text)
}

fn size(number: u64, text: &Text) -> String {
    let d = text.documents;
    let tenths = |unit: u64| {
        let tenths = number.saturating_mul(10) / unit;
        match tenths % 10 {
            0 => (tenths / 10).to_string(),
            tenth => format!("{}{}{tenth}", tenths / 10, text.customs.decimal),
        }
    };
    const KILO: u64 = 1024;
    match number {
        0..KILO => text.counted(number, [d.one_byte, d.bytes]),
        KILO..0x10_0000 => fill(d.kilobytes, &[&tenths(KILO)]),
        0x10_0000..0x4000_0000 => fill(d.megabytes, &[&tenths(KILO * KILO)]),
        _ => fill(d.gigabytes, &[&tenths(KILO * KILO * KILO)]),
    }
}

/// Differences of a document, with its properties named in words.
pub fn described(differences: Vec<Difference>, visit: &Visit) -> Vec<DifferenceRow> {
    let d = visit.text.documents;
    differences
        .into_iter()
        .map(|difference| DifferenceRow {
            label: match difference.property.as_str() {
                "NAME" => d.property_name,
                "TYPE" => d.kind,
                "SIZE" => d.size,
                "CONTENT" => d.property_content,
                _ => d.description,
            }
            .to_owned(),
            before: difference
                .before
                .map(|value| said(&difference.property, value, visit.text)),
            after: difference
                .after
                .map(|value| said(&difference.property, value, visit.text)),
        })
        .collect()
}

/// The value of a property as its page shows it.
fn said(property: &str, value: String, text: &Text) -> String {
    match property {
        "TYPE" => {
            let kind = family(&value);
            format!("{} ({value})", family_name(kind.as_str(), text))
        }
        "SIZE" => octets(value.parse().unwrap_or(0), text),
        _ => value,
    }
}

/// A change of a document in words.
pub fn change_named(differences: &[Difference], text: &Text) -> &'static str {
    let changed = |property| differences.iter().any(|d| d.property == property);
    let d = text.documents;
    match (changed("CONTENT"), changed("NAME"), changed("DESCRIPTION")) {
        (true, ..) => d.event_version,
        (false, true, false) => d.event_renamed,
        (false, false, true) => d.event_described,
        _ => text.event_edited,
    }
}

/// The reason of a refusal, in words that suit the contents of the place.
pub fn refused_in(place: &PlacePath, error: &Error, visit: &Visit) -> Told {
    if place.is_folder() {
        refused(error, visit)
    } else {
        Told::refused(error, visit)
    }
}

/// The reason of a refusal about documents.
pub fn refused(error: &Error, visit: &Visit) -> Told {
    let (d, text) = (visit.text.documents, visit.text);
    let (status, sentence) = match error {
        Error::OverQuota { limit } => (
            StatusCode::INSUFFICIENT_STORAGE,
            fill(d.quota_full, &[&octets(*limit, text)]),
        ),
        Error::TooLarge { limit } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            fill(d.file_too_large, &[&size(*limit as u64, text)]),
        ),
        Error::Exists(name) => (StatusCode::CONFLICT, fill(d.folder_exists, &[name])),
        Error::Invalid(Rule::FolderName) => {
            (StatusCode::UNPROCESSABLE_ENTITY, d.folder_rule.to_owned())
        }
        error => return Told::refused(error, visit),
    };
    Told::Refused(status, sentence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{EN, FR};

    #[test]
    fn sizes_read_well() {
        for (number, english, french) in [
            (0, "0 bytes", "0 octet"),
            (1, "1 byte", "1 octet"),
            (1023, "1023 bytes", "1023 octets"),
            (1024, "1 KB", "1 Ko"),
            (1536, "1.5 KB", "1,5 Ko"),
            (5 * 1024 * 1024, "5 MB", "5 Mo"),
            (3 << 30, "3 GB", "3 Go"),
        ] {
            assert_eq!(size(number, &EN), english);
            assert_eq!(size(number, &FR), french);
        }
    }
}
