//! Export and printing of a book, a tag, a search, a selection or one contact.

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

use super::{
    Web,
    contacts::{ListParams, list_telling},
    facet::Choice as Choosable,
    form::Posted,
    page::{Shell, show},
    params::Query,
    place::PlacePath,
    request::Visit,
    selection::{left_out, params},
    share::name_of,
    told::Told,
    when,
};
use crate::{
    domain::{
        book::Book,
        error::{Error, Result},
        id::Timestamp,
    },
    text::{customs::Paper, fill, transfer::Transfer},
    transfer::{
        CardVersion, Chosen, Contacts, Export, Exporter, Heading, Layout, Loss, Preset, Rendition,
        Row, details, losses, row,
    },
};

/// Characters no font has that are named.
const MISSING: usize = 40;

/// What is written or printed, as an address or a form says it.
#[derive(Clone, Debug, Default)]
struct Scope {
    ids: Vec<String>,
    list: ListParams,
    /// Unticked, of all that the list shows.
    without: Vec<String>,
}

impl Scope {
    fn of<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut scope = Self::default();
        for (name, value) in fields {
            match name {
                "id" => scope.ids.push(value.to_owned()),
                "without" => scope.without.push(value.to_owned()),
                "tag" => scope.list.tag = value.parse().unwrap_or(0),
                "q" => value.clone_into(&mut scope.list.q),
                "show" => value.clone_into(&mut scope.list.show),
                _ => {}
            }
        }
        if !scope.ids.is_empty() {
            scope.list = ListParams::default();
        }
        scope
    }

    /// What is checked in a list, whatever tag its form offers: some contacts, or all of its pages.
    fn checked(posted: &Posted) -> Self {
        if posted.checked("everything") {
            let without = left_out(posted).into_iter().map(str::to_owned);
            Self {
                ids: Vec::new(),
                list: params(posted),
                without: without.collect(),
            }
        } else {
            Self {
                ids: posted.values("id").map(str::to_owned).collect(),
                ..Self::default()
            }
        }
    }

    /// What it names in a book, and how many that are.
    async fn chosen(&self, web: &Web, book: &Book) -> Result<(Chosen, usize)> {
        let these = if !self.ids.is_empty() {
            let mut these = Vec::new();
            for id in &self.ids {
                match book.by_server_id(id).await {
                    Ok(card) => these.push(card.placement.id),
                    Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Chosen::These(these)
        } else if self.list.is_narrowed() || !self.without.is_empty() {
            let query = self.list.narrowing(web);
            let listed = Chosen::listed(book, &query).await?;
            self.less_the_unticked(book, listed).await?
        } else {
            Chosen::All
        };
        let count = match &these {
            Chosen::All => usize::try_from(book.count().await?).unwrap_or(0),
            Chosen::These(these) => these.len(),
        };
        Ok((these, count))
    }

    async fn less_the_unticked(&self, book: &Book, chosen: Chosen) -> Result<Chosen> {
        let Chosen::These(mut these) = chosen else {
            return Ok(chosen);
        };
        for id in &self.without {
            match book.by_server_id(id).await {
                Ok(card) => these.retain(|placement| *placement != card.placement.id),
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Chosen::These(these))
    }

    /// The selection as hidden fields of a form.
    fn hidden(&self) -> Vec<(&'static str, String)> {
        let mut fields: Vec<(&'static str, String)> =
            self.ids.iter().map(|id| ("id", id.clone())).collect();
        fields.extend(self.without.iter().map(|id| ("without", id.clone())));
        let tag = match self.list.tag {
            0 => String::new(),
            tag => tag.to_string(),
        };
        let list = [
            ("tag", &tag),
            ("q", &self.list.q),
            ("show", &self.list.show),
        ];
        let said = list.into_iter().filter(|(_, value)| !value.is_empty());
        fields.extend(said.map(|(name, value)| (name, value.clone())));
        fields
    }
}

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
) -> Response {
    let scope = Scope::of(pairs(&query));
    show_page(
        &web,
        &place,
        &visit,
        &scope,
        Told::Nothing,
        Asked::default(),
    )
    .await
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
        let (_, count) = scope.chosen(web, &book).await?;
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
                title: fill(x.export_of, &[&name_of(&book, visit)]),
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
        let (chosen, count) = scope.chosen(&web, &book).await?;
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
                place: name_of(&book, visit),
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
        Ok(Begun::File(Box::new(exporter), first))
    };
    let (told, asked) = match begun.await {
        Ok(Begun::File(exporter, first)) => return streamed(*exporter, first),
        Ok(Begun::Boxes(asked)) => (Told::Nothing, asked),
        Err(error) => (Told::refused(&error, visit), Asked::default()),
    };
    show_page(&web, &place, visit, &scope, told, asked).await
}

/// What becomes of a form.
enum Begun {
    /// A file, with its first octets.
    File(Box<Exporter>, Vec<u8>),
    /// Some characters would be boxes: the form again, saying which.
    Boxes(Asked),
}

/// The file, made while it is fetched; a failure on the way cuts the connection.
fn streamed(exporter: Exporter, first: Vec<u8>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, exporter.media_type().to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", exporter.file_name()),
        ),
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
    hidden: Vec<(&'static str, String)>,
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
) -> Response {
    let scope = Scope::of(pairs(&query));
    let layout = pairs(&query).find(|(name, _)| *name == "layout");
    let layout = layout.map_or("", |(_, value)| value).to_owned();
    show_print(&web, &place, &visit, &scope, &layout).await
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
    show_print(&web, &place, &posted.visit, &scope, posted.value("layout")).await
}

async fn show_print(
    web: &Arc<Web>,
    place: &PlacePath,
    visit: &Visit,
    scope: &Scope,
    layout: &str,
) -> Response {
    let shown = async {
        let book = place.open(web, visit).await?;
        let (chosen, count) = scope.chosen(web, &book).await?;
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
                title: name_of(&book, visit),
                about,
                hidden: scope.hidden(),
                cards,
                shell: visit.shell(web, Some(&place.path())),
                here: place.path(),
            },
        ))
    };
    visit.answer(web, shown).await
}
