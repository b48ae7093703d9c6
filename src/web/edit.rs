//! Forms of contacts: new ones, changes, and both sides of a conflict.

mod alike;
mod gone;
mod once;
mod sent;
mod signed_out;
mod stale;

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use http::StatusCode;

pub use self::alike::{Alike, while_typing};
pub use self::sent::{PHOTO, in_turn, invalid, picture, whole};
use self::{
    alike::newly_alike,
    gone::Gone,
    once::Saved,
    sent::{NAME, Sent},
};
use super::{
    Web,
    attachments::{self, Attachments},
    error::explain,
    facet,
    item_rights::whom_to_ask,
    names,
    page::{self, show},
    place::{ItemPath, PlacePath},
    request::Visit,
    share::name_of,
    told::{Deed, Done},
};
use crate::{
    domain::{
        book::{Book, Condition, Replace, Seen},
        error::{Error, Result},
        id::RevisionId,
        item::{Card, random_id},
        outbox::is_address,
        rule::Malformed,
    },
    text::{Text, fill},
};

/// `GET /new`: in the place the person set for new contacts; in Private where that is gone.
pub async fn new_in_default(State(web): State<Arc<Web>>, visit: Visit) -> Response {
    let place = match default_place(&web, &visit).await {
        Ok(Some(group)) => group,
        Ok(None) | Err(Error::NotFound) => PlacePath::Private,
        Err(error) => return visit.failed(&web, &error),
    };
    page::see_other(&format!("{}/new", place.path()))
}

async fn default_place(web: &Web, visit: &Visit) -> Result<Option<PlacePath>> {
    let Some(name) = &visit.settings.default_place else {
        return Ok(None);
    };
    let book = web.core.open_group(&visit.actor, name).await?;
    let adds = book.may_add();
    Ok(adds.then(|| PlacePath::of(&book)))
}

/// `GET …/new`
pub async fn new(State(web): State<Arc<Web>>, place: PlacePath, visit: Visit) -> Response {
    let shown = async {
        let book = place.open(&web, &visit).await?;
        if !book.may_add() {
            let here = [&name_of(&book, &visit) as &dyn std::fmt::Display];
            let told = fill(visit.text.book.may_not_add, &here);
            return Ok(may_not(&web, &visit, told, place.path()));
        }
        let form = web.facet.form(None, visit.text);
        Ok(Page::new(form).of_new(&web, &visit, &place))
    };
    visit.answer(&web, shown).await
}

/// What the person calls a place of contacts.
fn place_name(place: &PlacePath, visit: &Visit) -> String {
    if let PlacePath::Book(segment) = place {
        let book = visit.books.iter().find(|book| book.segment == *segment);
        let name = book.map(|book| names::of_book(book, visit.text));
        return name.unwrap_or_else(|| visit.text.private.to_owned());
    }
    let groups = visit.actor.memberships.iter();
    let mut groups = groups.filter(|own| PlacePath::Group(own.name.clone()) == *place);
    let group = groups.next().map(|own| own.display_name.clone());
    group.unwrap_or_else(|| visit.text.private.to_owned())
}

/// That a form is too old, and whether a picture is to be chosen again.
pub fn stale_form(text: &Text, lost_photo: bool) -> String {
    if lost_photo {
        format!("{} {}", text.stale_form, text.book.photo_again)
    } else {
        text.stale_form.to_owned()
    }
}

/// Says before anything is typed that it could not be saved.
fn may_not(web: &Web, visit: &Visit, message: String, back: String) -> Response {
    let page = page::Message {
        shell: visit.shell(web, None),
        title: visit.text.forbidden.to_owned(),
        message,
        back: Some(back),
    };
    show(StatusCode::FORBIDDEN, &page)
}

/// `GET …/c/ID/edit`
pub async fn edit(State(web): State<Arc<Web>>, item: ItemPath, visit: Visit) -> Response {
    let shown = async {
        let (book, card) = item.open(&web, &visit).await?;
        if !book.item_privileges(&card.placement).await?.modify {
            let told = whom_to_ask(&book, &card.placement, &visit).await?;
            return Ok(may_not(&web, &visit, told, item.path()));
        }
        let form = web.facet.form(Some(&book.content(&card)), visit.text);
        let version = book.version_of(&card).await?;
        let besides = Besides::of(&web, &visit, &book, &card).await?;
        Ok(Page::new(form).of_item(&web, &visit, &item, version, besides))
    };
    visit.answer(&web, shown).await
}

/// The form, and what is told with it.
struct Page {
    form: facet::Form,
    problem: Option<(StatusCode, String)>,
    /// Name of the field that is the reason.
    wrong: String,
    /// Name of the field in which typing goes on; that of `wrong` precedes it.
    focus: String,
    /// A picture that was chosen, as base64.
    photo: Option<String>,
    removes_photo: bool,
    language: Option<&'static str>,
    alike: Vec<Alike>,
    /// Refused changes that are settled once it is saved.
    settles: Vec<RevisionId>,
    /// The name of the contact it makes; none before there is one.
    name: Option<String>,
}

impl Page {
    fn new(form: facet::Form) -> Self {
        Self {
            form,
            problem: None,
            wrong: String::new(),
            focus: String::new(),
            photo: None,
            removes_photo: false,
            language: None,
            alike: Vec::new(),
            settles: Vec::new(),
            name: None,
        }
    }

    /// What was sent, to be sent again; `shown` is the card it is about.
    async fn again(
        web: &Arc<Web>,
        visit: &Visit,
        shown: Option<&[u8]>,
        sent: &Sent,
        refused: Option<&Error>,
    ) -> Self {
        let more = sent.more.as_deref();
        let form = web.facet.refill(shown, &sent.submitted, more, visit.text);
        let picture = sent.picture(web).await;
        let unreadable = picture.as_ref().err();
        let refused = refused.or(unreadable);
        let stale = || {
            let lost = sent.lost_photo && !sent.submitted.remove_photo;
            let told = stale_form(visit.text, lost);
            sent.stale.then_some((StatusCode::FORBIDDEN, told))
        };
        Self {
            problem: refused.map(|error| problem(error, visit)).or_else(stale),
            wrong: refused.map(wrong).unwrap_or_default(),
            focus: more
                .and_then(|list| form.row_for_more(list))
                .unwrap_or_default(),
            photo: picture.unwrap_or_default(),
            removes_photo: sent.submitted.remove_photo,
            language: Some(sent.submitted.language),
            settles: sent.settles.clone(),
            name: sent.anew.clone(),
            ..Self::new(form)
        }
    }

    fn of_new(self, web: &Web, visit: &Visit, place: &PlacePath) -> Response {
        let path = place.path();
        let name = self.name.clone().unwrap_or_else(|| random_id(NAME));
        // In a form that nothing was sent of, typing begins at its top.
        let begins = self.name.is_none() && self.problem.is_none();
        let focus = if begins {
            self.form.first().unwrap_or_default()
        } else {
            self.focus.clone()
        };
        let page = page::Edit {
            title: visit.text.new_contact.to_owned(),
            about: place_name(place, visit),
            action: format!("{path}/new"),
            alike_at: Some(format!("{path}/new/alike")),
            anew: Some(name),
            ..Page { focus, ..self }.at(web, visit, &path)
        };
        show(page.status, &page)
    }

    /// The form of a new contact of a place that is gone: it can be saved in Private.
    fn in_private(self, web: &Web, visit: &Visit, gone: &PlacePath) -> Response {
        let name = match gone {
            PlacePath::Book(name) | PlacePath::Group(name) => names::short(name),
            _ => visit.text.unknown_group.to_owned(),
        };
        let told = fill(visit.text.book.place_gone, &[&name]);
        let page = Page {
            problem: Some((StatusCode::NOT_FOUND, told)),
            ..self
        };
        page.of_new(web, visit, &PlacePath::Private)
    }

    fn of_gone(self, web: &Web, visit: &Visit, item: &ItemPath, gone: Gone) -> Response {
        let path = gone.into.path();
        let page = page::Edit {
            title: visit.text.edit.to_owned(),
            action: format!("{}/edit", item.path()),
            alike_at: Some(format!("{path}/new/alike")),
            version: gone.version,
            save: match gone.anew {
                Some(_) => visit.text.book.save_anew,
                None => visit.text.save,
            },
            anew: gone.anew,
            elsewhere: gone.elsewhere,
            ..self.at(web, visit, &path)
        };
        show(page.status, &page)
    }

    fn of_item(
        self,
        web: &Web,
        visit: &Visit,
        item: &ItemPath,
        version: String,
        besides: Besides,
    ) -> Response {
        let (path, place) = (item.path(), item.place.path());
        let page = page::Edit {
            title: visit.text.edit.to_owned(),
            action: format!("{path}/edit"),
            alike_at: (!besides.is_list).then(|| format!("{place}/new/alike?but={}", item.id)),
            cancel: path,
            id: item.id.clone(),
            about: besides.name,
            attached: Some(besides.attached),
            beyond: besides.beyond,
            version,
            ..self.at(web, visit, &place)
        };
        show(page.status, &page)
    }

    /// What every form has; `here` is the address of its place.
    fn at(self, web: &Web, visit: &Visit, here: &str) -> page::Edit {
        self.in_shell(visit.shell(web, Some(here)), here)
    }

    fn in_shell(self, shell: page::Shell, here: &str) -> page::Edit {
        let (status, problem) = self.problem.unzip();
        page::Edit {
            status: status.unwrap_or(StatusCode::OK),
            save: shell.text.save,
            language: self.language.unwrap_or(shell.text.lang),
            shell,
            sign_in: None,
            title: String::new(),
            about: String::new(),
            action: String::new(),
            alike_at: None,
            cancel: here.to_owned(),
            here: here.to_owned(),
            id: String::new(),
            attached: None,
            beyond: None,
            version: String::new(),
            settles: self.settles.iter().map(|refused| refused.0).collect(),
            anew: None,
            elsewhere: None,
            removes_photo: self.removes_photo,
            has_photo: self.form.has_photo,
            form: self.form,
            photo: self.photo,
            alike: self.alike,
            problem,
            focus: match self.wrong.as_str() {
                "" => self.focus,
                wrong => wrong.to_owned(),
            },
            wrong: self.wrong,
        }
    }
}

/// What stands beside the form of a contact there is.
struct Besides {
    name: String,
    attached: Attachments,
    /// What the person's phones do not show of it.
    beyond: Option<String>,
    /// It is a list, which is nobody's twin.
    is_list: bool,
}

impl Besides {
    async fn of(web: &Web, visit: &Visit, book: &Book, card: &Card) -> Result<Self> {
        let beyond = if web.core.devices(&visit.actor).await?.is_empty() {
            Vec::new()
        } else {
            web.facet.beyond_phones(&book.content(card))
        };
        let said = || fill(visit.text.book.beyond_phones, &[&beyond.join(" · ")]);
        Ok(Self {
            name: names::of_item(web, card, visit),
            attached: attachments::of_contact(book, card, true, visit).await?,
            beyond: (!beyond.is_empty()).then(said),
            is_list: web.facet.members(&book.content(card)).is_some(),
        })
    }
}

/// `POST …/new`: contacts that may be the same are shown before it is stored.
pub async fn create(
    State(web): State<Arc<Web>>,
    place: PlacePath,
    visit: std::result::Result<Visit, Response>,
    request: Request,
) -> Response {
    let visit = match visit {
        Ok(visit) => visit,
        Err(refused) => {
            let action = format!("{}/new", place.path());
            return signed_out::answer(&web, refused, |t| t.new_contact, action, request).await;
        }
    };
    let sent = match Sent::read(&web, &visit, request).await {
        Ok(sent) => sent,
        Err(unread) => return unread,
    };
    let created = if sent.is_complete() {
        save_new(&web, &place, &visit, &sent).await
    } else {
        Ok(Saved::Not(Vec::new()))
    };
    let (refused, alike) = match created {
        Ok(Saved::At(response)) => return response,
        Ok(Saved::Not(alike)) => (None, alike),
        Err(error) => (Some(error), Vec::new()),
    };
    let page = Page::again(&web, &visit, None, &sent, refused.as_ref()).await;
    let page = Page { alike, ..page };
    if let (PlacePath::Book(_) | PlacePath::Group(_), Some(Error::NotFound)) = (&place, &refused) {
        return page.in_private(&web, &visit, &place);
    }
    page.of_new(&web, &visit, &place)
}

async fn save_new(web: &Arc<Web>, place: &PlacePath, visit: &Visit, sent: &Sent) -> Result<Saved> {
    let book = place.open(web, visit).await?;
    if says_nothing(&sent.submitted) {
        return Err(Error::InvalidDocument(Malformed::Nothing));
    }
    let written = sent.edit(web, None).await?.apply(None)?;
    let name = sent.anew.clone().unwrap_or_else(|| random_id(NAME));
    once::stored(web, visit, &book, sent, &name, &written).await
}

/// Whether a form has nothing but choices of what its values would be.
fn says_nothing(submitted: &facet::Submitted) -> bool {
    let is_choice = |name: &str| {
        let ends = ["-kind", "-service", "-label"];
        name == "kind" || ends.iter().any(|end| name.ends_with(end))
    };
    let mut fields = submitted.fields.iter();
    submitted.photo.is_none()
        && fields.all(|(name, value)| value.trim().is_empty() || is_choice(name))
}

/// `POST …/c/ID/edit`
pub async fn update(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: std::result::Result<Visit, Response>,
    request: Request,
) -> Response {
    let visit = match visit {
        Ok(visit) => visit,
        Err(refused) => {
            let action = format!("{}/edit", item.path());
            return signed_out::answer(&web, refused, |t| t.edit, action, request).await;
        }
    };
    let mut sent = match Sent::read(&web, &visit, request).await {
        Ok(sent) => sent,
        Err(unread) => return unread,
    };
    let answer = async {
        let (book, card) = match item.open(&web, &visit).await {
            Err(Error::NotFound) => return gone::answer(&web, &visit, &item, &sent).await,
            opened => opened?,
        };
        let shown = book.content(&card);
        let has_photo = web.facet.form(Some(&shown), visit.text).has_photo;
        let again = async |sent: &Sent, refused: Option<&Error>, alike: Vec<Alike>| {
            let page = Page::again(&web, &visit, Some(&shown), sent, refused).await;
            let mut page = Page { alike, ..page };
            page.form.has_photo = has_photo;
            let besides = Besides::of(&web, &visit, &book, &card).await?;
            Ok(page.of_item(&web, &visit, &item, sent.version.clone(), besides))
        };
        if !sent.is_complete() {
            return again(&sent, None, Vec::new()).await;
        }
        let seen = book.seen(&card, &sent.version).await?;
        let is_now = matches!(seen, Seen::Now(_));
        let (condition, made_of) = match seen {
            Seen::Now(condition) => (condition, Some(shown.clone())),
            Seen::Before(before) => (Condition::Match(Vec::new()), before.map(Bytes::from)),
        };
        let edit = sent.edit(&web, made_of.clone().or(Some(shown.clone())));
        let edit = match edit.await {
            Ok(edit) => edit,
            Err(error) => return again(&sent, Some(&error), Vec::new()).await,
        };
        let mine = Replace(edit.apply(Some(made_of.as_deref().unwrap_or(&shown)))?);
        let found = if is_now {
            newly_alike(&visit, &book, &card, &shown, &mine.0).await?
        } else {
            // First both sides are to be settled.
            Vec::new()
        };
        if found.iter().any(|alike| !sent.seen.contains(&alike.id)) {
            return again(&sent, None, found).await;
        }
        match book.put(&card.placement.href, &condition, &mine).await {
            Ok(_) => {
                sent.settle(&web, &visit).await;
                let done = match unwritable(&web, Some(&shown), &mine.0) {
                    Some(address) => Done::of(Deed::SavedUnwritable).to(&address),
                    None => Done::of(Deed::Saved),
                };
                Ok(done.at(&item.path()))
            }
            Err(error) => {
                let kept = web.core.kept_refused(&visit.actor, &mine.0).await?;
                sent.settles.extend(kept);
                // It may have gone since it was opened.
                if let Err(Error::NotFound) = item.open(&web, &visit).await {
                    return gone::answer(&web, &visit, &item, &sent).await;
                }
                match error {
                    Error::PreconditionFailed | Error::Moved => {
                        stale::page(&web, &visit, &item, &sent, made_of.as_deref()).await
                    }
                    error => again(&sent, Some(&error), Vec::new()).await,
                }
            }
        }
    };
    visit.answer(&web, answer).await
}

/// An e-mail address of a contact that is none, and was not there before.
pub fn unwritable(web: &Web, before: Option<&[u8]>, after: &[u8]) -> Option<String> {
    let known = before.map(|before| web.facet.addresses(before));
    let known = known.unwrap_or_default();
    let mut addresses = web.facet.addresses(after).into_iter();
    addresses.find(|address| !is_address(address) && !known.contains(address))
}

fn problem(error: &Error, visit: &Visit) -> (StatusCode, String) {
    let (status, _, message) = explain(error, visit.text);
    match error {
        // The refused write is kept among the person's refused changes.
        Error::Forbidden { .. } => (status, format!("{message} {}", visit.text.refused_kept)),
        _ => (status, message),
    }
}

/// Name of the field that an error is about; empty if it is about none.
pub fn wrong(error: &Error) -> String {
    match error {
        Error::InvalidDocument(
            Malformed::Date { field, .. } | Malformed::Address { field, .. },
        ) => field.clone(),
        Error::InvalidDocument(Malformed::Picture(_) | Malformed::PictureSize(..)) => {
            "photo".to_owned()
        }
        _ => String::new(),
    }
}
