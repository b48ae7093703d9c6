//! Export and printing of a book, a tag, a search, a selection or one contact.

mod scope;

use std::{collections::BTreeSet, sync::Arc};

use askama::Template;
use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{StatusCode, header};

use self::scope::{Named, Scope};
use super::{
    Web,
    contacts::list_telling,
    documents::disposition,
    facet::Choice as Choosable,
    form::Posted,
    page::{Shell, show},
    params::Query,
    place::PlacePath,
    request::Visit,
    selection::params,
    told::{Done, Told},
    when,
};
use crate::{
    domain::{error::Error, id::Timestamp},
    text::{customs::Paper, fill, transfer::Transfer},
    transfer::{
        CardVersion, Contacts, Export, Exporter, Heading, Layout, Loss, Preset, Rendition, Row,
        details, losses, row,
    },
};

/// Characters no font has that are named.
const MISSING: usize = 40;

type Pairs = Query<Vec<(String, String)>>;

fn pairs(query: &Pairs) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.0.iter();
    pairs.map(|(name, value)| (name.as_str(), value.as_str()))
}

#[derive(Template)]
#[template(path = "export.html")]
struct Page {
    shell: Shell,
    here: String,
    title: String,
    hidden: Vec<(&'static str, String)>,
    formats: Vec<Choosable>,
    /// What each format is called, and what it cannot say.
    losses: Vec<(String, Vec<&'static str>)>,
    /// Each ticked or not.
    options: Vec<Choosable>,
    papers: Vec<Choosable>,
    /// The characters no font has, in words.
    missing: Option<String>,
    button: String,
    empty: bool,
}

/// What was asked of a file that is not given yet.
#[derive(Default)]
struct Asked {
    format: String,
    paper: String,
    /// The options that were ticked; none: the form is new.
    options: Option<Vec<String>>,
    missing: Option<String>,
}

impl Asked {
    /// The characters no font has, of which the person has not said that they may be boxes.
    fn of(posted: &Posted, missing: &BTreeSet<char>) -> Self {
        let shown: Vec<String> = missing.iter().take(MISSING).map(char::to_string).collect();
        let more = if missing.len() > MISSING { " …" } else { "" };
        let shown = format!("{}{more}", shown.join(" "));
        let options = ["photos", "tags", "comments", "apart", "windows"];
        let ticked = options.into_iter().filter(|name| posted.checked(name));
        let x = posted.visit.text.transfer;
        Self {
            format: posted.value("format").to_owned(),
            paper: posted.value("paper").to_owned(),
            options: Some(ticked.map(str::to_owned).collect()),
            missing: Some(fill(x.missing, &[&shown])),
        }
    }
}

/// `GET …/export`: of the whole book, `?tag=`, `?q=` or `?id=`.
pub async fn page(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    query: Pairs,
    Query(done): Query<Done>,
) -> Response {
    let scope = Scope::of(pairs(&query));
    let asked = Asked::default();
    show_page(&web, &place, &visit, &scope, done.into(), asked).await
}

/// `POST …/selected/export`: of what is checked in a list.
pub async fn selected(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let scope = Scope::checked(&posted);
    if let Some(told) = nothing_checked(&scope, &posted) {
        return list_telling(&web, &place, &posted.visit, &params(&posted), told).await;
    }
    let asked = Asked::default();
    show_page(&web, &place, &posted.visit, &scope, Told::Nothing, asked).await
}

fn nothing_checked(scope: &Scope, posted: &Posted) -> Option<Told> {
    let is_nothing = scope.ids.is_empty() && !posted.checked("everything");
    is_nothing.then(|| {
        Told::Refused(
            StatusCode::UNPROCESSABLE_ENTITY,
            posted.visit.text.nothing_selected.to_owned(),
        )
    })
}

async fn show_page(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    scope: &Scope,
    told: Told,
    asked: Asked,
) -> Response {
    let shown = async {
        let book = place.open(web, visit).await?;
        let Named { count, title, .. } = scope.named(web, &book, visit).await?;
        let x = visit.text.transfer;
        let choice = |value: &str, label: &str, selected| Choosable {
            value: value.to_owned(),
            label: label.to_owned(),
            selected,
        };
        let letter = match asked.paper.as_str() {
            "" => visit.text.customs.paper == Paper::Letter,
            paper => paper == "letter",
        };
        let format = match asked.format.as_str() {
            "" => "vcard-3.0",
            format => format,
        };
        let ticked = |name: &str, first: bool| match &asked.options {
            Some(options) => options.iter().any(|option| option == name),
            None => first,
        };
        Ok(show(
            told.status(),
            &Page {
                title: fill(x.export_of, &[&title]),
                hidden: scope.hidden(),
                formats: Rendition::all()
                    .map(|(name, rendition)| {
                        choice(name, format_name(rendition, x), name == format)
                    })
                    .collect(),
                losses: Rendition::all()
                    .map(|(_, rendition)| {
                        let lost = losses(rendition).iter();
                        let lost = lost.map(|loss| loss_told(*loss, x)).collect();
                        (format_name(rendition, x).to_owned(), lost)
                    })
                    .collect(),
                options: [
                    ("photos", x.with_photos, true),
                    ("tags", x.with_tags, book.is_private()),
                    ("comments", x.with_comments, false),
                    ("apart", x.apart, false),
                    ("windows", x.windows, false),
                ]
                .map(|(name, label, first)| choice(name, label, ticked(name, first)))
                .into(),
                papers: vec![
                    choice("a4", "A4", !letter),
                    choice("letter", "US Letter", letter),
                ],
                button: match asked.missing {
                    Some(_) => x.export_all_the_same.to_owned(),
                    None => {
                        let said = [x.export_contacts_one, x.export_contacts];
                        visit.text.counted(count, said)
                    }
                },
                missing: asked.missing,
                empty: count == 0,
                shell: visit.shell_telling(web, Some(&place.path()), told),
                here: place.path(),
            },
        ))
    };
    visit.answer(web, shown).await
}

fn format_name(rendition: Rendition, x: &Transfer) -> &'static str {
    match rendition {
        Rendition::VCard(CardVersion::V3) => x.format_vcard_3,
        Rendition::VCard(CardVersion::V4) => x.format_vcard_4,
        Rendition::VCard(CardVersion::V21) => x.format_vcard_21,
        Rendition::Csv(Preset::Spreadsheet) => x.format_spreadsheet,
        Rendition::Csv(Preset::Google) => x.format_google,
        Rendition::Csv(Preset::Outlook) => x.format_outlook,
        Rendition::Csv(Preset::Thunderbird) => x.format_thunderbird,
        Rendition::Pdf(Layout::List) => x.format_pdf_list,
        Rendition::Pdf(Layout::Cards) => x.format_pdf_cards,
    }
}

fn loss_told(loss: Loss, x: &Transfer) -> &'static str {
    match loss {
        Loss::Photos => x.loss_photos,
        Loss::Lists => x.loss_lists,
        Loss::UnknownProperties => x.loss_unknown,
        Loss::OwnLabels => x.loss_labels,
        Loss::EmailsAfterThird => x.loss_emails_3,
        Loss::EmailsAfterSecond => x.loss_emails_2,
        Loss::NumbersBeyondColumns => x.loss_numbers_columns,
        Loss::NumbersBeyondOne => x.loss_numbers_one,
        Loss::KindsOfNumbers => x.loss_kinds,
        Loss::DisplayNames => x.loss_display_names,
        Loss::NamesInFull => x.loss_names_full,
        Loss::Nicknames => x.loss_nicknames,
        Loss::PhoneticNames => x.loss_phonetic,
        Loss::PhoneticOrganizations => x.loss_phonetic_org,
        Loss::Messaging => x.loss_messaging,
        Loss::UrlsAfterFirst => x.loss_urls,
        Loss::AddressesAfterFirst => x.loss_addresses,
        Loss::FurtherAddresses => x.loss_further_addresses,
        Loss::PostBoxes => x.loss_post_boxes,
        Loss::KindsOfEmails => x.loss_kinds_emails,
        Loss::KindsOfUrls => x.loss_kinds_urls,
        Loss::SocialProfiles => x.loss_profiles,
        Loss::OtherRelations => x.loss_relations,
        Loss::RelatedPeople => x.loss_related,
        Loss::OtherDates => x.loss_dates,
        Loss::Categories => x.loss_categories,
        Loss::CustomFields => x.loss_custom,
        Loss::PrivateMark => x.loss_private,
        Loss::OfficeAndProfession => x.loss_office,
        Loss::Particulars => x.loss_particulars,
        Loss::NotImported => x.loss_pdf,
        Loss::OtherScripts => x.loss_scripts,
    }
}

/// `POST …/export`: the file.
pub async fn file(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let scope = Scope::of(posted.fields());
    let begun = async {
        let book = place.open(&web, visit).await?;
        let Named {
            chosen,
            count,
            title,
        } = scope.named(&web, &book, visit).await?;
        let rendition = Rendition::parse(posted.value("format"));
        let (Some(rendition), true) = (rendition, count > 0) else {
            return Err(Error::Invalid(visit.text.transfer.nothing_to_export.into()));
        };
        let how = Export {
            text: visit.text,
            paper: match posted.value("paper") {
                "letter" => Paper::Letter,
                _ => Paper::A4,
            },
            last_first: visit.settings.last_first,
            heading: Heading {
                place: title.clone(),
                exporter: visit.actor.name.clone(),
                date: when::date_of(Timestamp::now(), visit.text),
            },
            photos: posted.checked("photos"),
            tags: posted.checked("tags"),
            comments: posted.checked("comments"),
            windows: posted.checked("windows") && rendition == Rendition::Csv(Preset::Outlook),
            apart: posted.checked("apart"),
            fonts: web.site.fonts.clone(),
        };
        let mut exporter = Exporter::new(book, chosen, rendition, how);
        // A failure before the first octet is a page.
        let first = exporter.next().await?.unwrap_or_default();
        if !exporter.missing().is_empty() && !posted.checked("boxes") {
            return Ok(Begun::Boxes(Asked::of(&posted, exporter.missing())));
        }
        exporter.logged().await?;
        let day = when::day(Timestamp::now(), visit.text);
        let name = file_name(&title, &day, exporter.ending());
        Ok(Begun::File(Box::new(exporter), name, first))
    };
    let (told, asked) = match begun.await {
        Ok(Begun::File(exporter, name, first)) => return streamed(*exporter, &name, first),
        Ok(Begun::Boxes(asked)) => (Told::Nothing, asked),
        Err(error) => (Told::refused(&error, visit), Asked::default()),
    };
    show_page(&web, &place, visit, &scope, told, asked).await
}

/// What becomes of a form.
enum Begun {
    /// A file, with its name and its first octets.
    File(Box<Exporter>, String, Vec<u8>),
    /// Some characters would be boxes: the form again, saying which.
    Boxes(Asked),
}

/// What a file is called: `Private Clients 2026-11-28.vcf`.
fn file_name(title: &str, day: &str, ending: &str) -> String {
    let title = title
        .replace(" · ", " ")
        .replace(['/', '\\', ':', '*', '?', '"', '<', '>', '|'], "-");
    format!("{title} {day}.{ending}")
}

/// The file, made while it is fetched; a failure on the way cuts the connection.
fn streamed(exporter: Exporter, name: &str, first: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, exporter.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, disposition(name)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let begun = (Some(first), exporter);
    let pieces = stream::try_unfold(begun, |(first, mut exporter)| async move {
        let piece = match first {
            Some(first) => Some(first),
            None => exporter.next().await?,
        };
        Ok::<_, Error>(piece.map(|piece| (Bytes::from(piece), (None, exporter))))
    });
    (headers, Body::from_stream(pieces)).into_response()
}

#[derive(Template)]
#[template(path = "print.html")]
struct Print {
    shell: Shell,
    here: String,
    title: String,
    about: String,
    /// Addresses as a list and as cards; none where a form names the contacts.
    layouts: Option<(String, String)>,
    /// The contacts and lists that the form names.
    ids: Vec<String>,
    cards: bool,
    rows: Vec<Printed>,
}

/// One contact on paper.
struct Printed {
    id: String,
    row: Row,
    /// The first of its letter.
    begins: bool,
    photo: bool,
    details: Vec<String>,
}

/// `GET …/print`: of the whole book, `?tag=`, `?q=` or `?id=`; `?layout=cards` or `list`.
pub async fn print(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: Visit,
    query: Pairs,
    Query(done): Query<Done>,
) -> Response {
    let scope = Scope::of(pairs(&query));
    let layout = pairs(&query).find(|(name, _)| *name == "layout");
    let layout = layout.map_or("", |(_, value)| value).to_owned();
    show_print(&web, &place, &visit, &scope, &layout, done.into()).await
}

/// `POST …/selected/print`
pub async fn print_selected(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    posted: Posted,
) -> Response {
    let scope = Scope::checked(&posted);
    if let Some(told) = nothing_checked(&scope, &posted) {
        return list_telling(&web, &place, &posted.visit, &params(&posted), told).await;
    }
    let layout = posted.value("layout");
    show_print(&web, &place, &posted.visit, &scope, layout, Told::Nothing).await
}

async fn show_print(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    scope: &Scope,
    layout: &str,
    told: Told,
) -> Response {
    let shown = async {
        let book = place.open(web, visit).await?;
        let Named {
            chosen,
            count,
            title,
        } = scope.named(web, &book, visit).await?;
        if count == 0 && !scope.ids.is_empty() {
            return Err(Error::NotFound);
        }
        // One contact is a card, many are a list.
        let cards = match layout {
            "cards" => true,
            "list" => false,
            _ => count == 1,
        };
        let last_first = visit.settings.last_first;
        let contacts = Contacts::of(book.clone(), chosen)
            .sorted(last_first)
            .await?;
        let x = visit.text.transfer;
        let about = fill(
            visit
                .text
                .of_many(contacts.len(), [x.printed_one, x.printed]),
            &[
                &visit.actor.name,
                &when::date_of(Timestamp::now(), visit.text),
                &contacts.len(),
            ],
        );
        let mut letter = String::new();
        let here = place.path();
        let layouts = scope.query().map(|query| {
            let joint = if query.is_empty() { "" } else { "&" };
            let address = |how: &str| format!("{here}/print?{query}{joint}layout={how}");
            (address("list"), address("cards"))
        });
        let ids = match (&layouts, &scope.ids[..]) {
            (Some(_), _) => Vec::new(),
            (None, []) => contacts.iter().map(|(id, _)| id.clone()).collect(),
            (None, ids) => ids.to_vec(),
        };
        let rows = contacts.into_iter().map(|(id, fields)| {
            let row = row(&fields, last_first);
            let begins = row.letter != letter;
            letter.clone_from(&row.letter);
            Printed {
                id,
                begins,
                photo: fields.photo.is_some(),
                details: if cards {
                    details(&fields, visit.text)
                } else {
                    Vec::new()
                },
                row,
            }
        });
        Ok(show(
            StatusCode::OK,
            &Print {
                rows: rows.collect(),
                title,
                about,
                layouts,
                ids,
                cards,
                shell: visit.shell_telling(web, Some(&here), told),
                here,
            },
        ))
    };
    visit.answer(web, shown).await
}
