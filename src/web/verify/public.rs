//! The public page behind a verification link: no account, not indexed by search engines, and
//! nothing but the contact's own data.
//!
//! Looking changes nothing, since programs that look at mail follow links; only the buttons do.

use std::sync::Arc;

use askama::Template;
use axum::{
    Form as Sent,
    extract::{FromRequest, Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{
    shown::{GROWING, lines_of, shown},
    typed::{Over, Typed},
};
use crate::{
    domain::{
        access::household,
        book::Edit,
        error::{Error, Result},
        id::Timestamp,
        json,
        outbox::{Channel, Kept, LETTER_DAYS, Letter, NewMessage, Sender, is_address},
        rule::Malformed,
        settings::Settings,
        verification::{Answer, Asked},
    },
    text::{self, Text, by_tag, fill},
    web::{
        Web,
        edit::{unwritable, wrong},
        error::explain,
        facet::{FieldList, Form, Submitted},
        forgotten::unstored,
        limit::Limit,
        page::{Message, Shell, see_other, show},
        params::{Path, Query},
        place::{PlacePath, form_encode},
        request::{anonymous_failure, public_shell},
        when,
    },
};

/// Octets of the form.
const LIMIT: usize = 256 * 1024;

/// How often the page may be asked.
pub struct Limits {
    /// Links that lead nowhere, of one address.
    wrong: Limit,
    /// Forms sent through one link.
    sent: Limit,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wrong: Limit::new(30),
            sent: Limit::new(40),
        }
    }
}

#[derive(Template)]
#[template(path = "verify_public.html")]
struct Page {
    shell: Shell,
    action: String,
    version: String,
    heading: String,
    purpose: String,
    form: Form,
    /// Why what was sent was refused.
    problem: Option<String>,
    /// Name of the field that the problem is about; empty: none is.
    wrong: String,
    /// Name of the field in focus; empty: none is.
    focus: String,
    photo: Option<String>,
    /// The page in each language.
    languages: Vec<(&'static str, &'static str, String)>,
}

impl Page {
    /// One more value can be added.
    fn grows(&self, list: &FieldList) -> bool {
        GROWING.contains(&list.name.as_str())
    }
}

/// The language chosen, and what the last form did.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Params {
    lang: String,
    done: String,
}

/// `GET /v/TOKEN`
pub async fn page(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    Query(params): Query<Params>,
    request: Request,
) -> Response {
    let headers = request.headers();
    let peer = household(crate::http::peer(request.extensions())).to_string();
    let asked = match led(&web, &token, &peer, headers).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let text = language(&asked, &params.lang);
    let t = text.mail;
    let notice = match params.done.as_str() {
        "confirmed" => Some(t.thanks_confirmed),
        "corrected" => Some(t.thanks_corrected),
        "erased" => Some(t.thanks_erased),
        "declined" => Some(t.thanks_declined),
        _ => None,
    };
    let version = match asked.version().await {
        Ok(version) => version,
        Err(error) => return unstored(anonymous_failure(&error, headers)),
    };
    let filled = Filled {
        form: web.facet.form(Some(&asked.content()), text),
        version,
        wrong: String::new(),
        focus: String::new(),
    };
    let shell = Shell {
        notice: notice.map(str::to_owned),
        ..public_shell(&web, text).await
    };
    show_page(&asked, &token, filled, StatusCode::OK, shell)
}

/// `GET /v/TOKEN/photo`
pub async fn photo(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let peer = household(crate::http::peer(request.extensions())).to_string();
    let asked = match led(&web, &token, &peer, request.headers()).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let hidden = asked.verification.asked.hidden.iter().any(|h| h == "photo");
    match web.facet.photo(&asked.content()).filter(|_| !hidden) {
        Some((media_type, octets)) => {
            unstored(([(header::CONTENT_TYPE, media_type)], octets).into_response())
        }
        None => unstored(StatusCode::NOT_FOUND.into_response()),
    }
}

/// `POST /v/TOKEN`
pub async fn answer(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let peer = household(crate::http::peer(request.extensions())).to_string();
    let asked = match led(&web, &token, &peer, &headers).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LIMIT).await else {
        return unstored(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    };
    let request = Request::from_parts(parts, axum::body::Body::from(body));
    let fields = <Sent<Vec<(String, String)>> as FromRequest<()>>::from_request(request, &()).await;
    let fields = match fields {
        Ok(Sent(fields)) => fields,
        Err(rejection) => return unstored(rejection.into_response()),
    };
    let text = language(&asked, value(&fields, "lang"));
    let failed = async |problem: &str| Shell {
        problem: Some(problem.to_owned()),
        ..public_shell(&web, text).await
    };
    let typed = match Typed::read(&web, &asked, &fields, text).await {
        Ok(typed) => typed,
        Err(error) => return unstored(anonymous_failure(&error, &headers)),
    };
    // Whatever becomes of it, what was typed is there to be sent again.
    let again = |more: Option<&str>, wrong: String| {
        let form = typed.form(&web, more, text);
        let added = more.and_then(|list| form.row_for_more(list));
        Filled {
            focus: added.unwrap_or_else(|| wrong.clone()),
            form,
            version: typed.version.clone(),
            wrong,
        }
    };
    if !web.verify.sent.allows(&token) {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let shell = failed(text.mail.too_often).await;
        return show_page(&asked, &token, again(None, String::new()), status, shell);
    }
    if let Some(list) = value(&fields, "do").strip_prefix("more-") {
        let shell = public_shell(&web, text).await;
        let filled = again(Some(list), String::new());
        return show_page(&asked, &token, filled, StatusCode::OK, shell);
    }
    match done(&web, &asked, &typed, &fields, text).await {
        Ok(Done::Answered(answer)) => {
            let query = form_encode(&[("done", answer.as_str()), ("lang", text.lang)]);
            unstored(see_other(&format!("/v/{token}?{query}")))
        }
        Ok(Done::Contested { over, version, now }) => {
            let filled = Filled {
                form: typed.form_over(&web, &asked, &over, text),
                version,
                wrong: String::new(),
                focus: String::new(),
            };
            let said = now.iter().map(|(label, value)| match value.as_str() {
                "" => text.labelled(label, "–"),
                value => text.labelled(label, &value.replace('\n', ", ")),
            });
            let said = said.collect::<Vec<_>>().join(" · ");
            let problem = fill(text.mail.changed_to, &[&said]);
            let shell = failed(&problem).await;
            show_page(&asked, &token, filled, StatusCode::CONFLICT, shell)
        }
        Ok(Done::Stale) => {
            let filled = again(None, String::new());
            let shell = failed(text.mail.changed_meanwhile).await;
            show_page(&asked, &token, filled, StatusCode::CONFLICT, shell)
        }
        Err(error) => {
            let (status, _, message) = explain(&error, text);
            let shell = failed(&message).await;
            show_page(&asked, &token, again(None, wrong(&error)), status, shell)
        }
    }
}

enum Done {
    Answered(Answer),
    /// Something was changed on both sides, or a page was confirmed that shows what is no more.
    Contested {
        over: Box<Over>,
        version: String,
        /// What it is called, and what it says now.
        now: Vec<(String, String)>,
    },
    /// The data changed while they were read.
    Stale,
}

async fn done(
    web: &Web,
    asked: &Asked,
    typed: &Typed,
    fields: &[(String, String)],
    text: &'static Text,
) -> Result<Done> {
    let content = asked.content();
    let version = asked.version().await?;
    let (answer, edit) = match value(fields, "do") {
        "decline" => (Answer::Declined, None),
        // Whatever they are meanwhile.
        "erase" => (Answer::Erased, Some(web.facet.erased())),
        // Whoever typed something wants it kept, whichever button they pressed.
        "send" | "confirm" => {
            let mut over = typed.over(web, asked, text)?;
            let wanted = corrected(web, &content, &over.sent)?;
            let mut now = std::mem::take(&mut over.both);
            if wanted.0 == Answer::Confirmed {
                now.append(&mut over.theirs);
            }
            if !now.is_empty() {
                return Ok(Done::Contested {
                    over: Box::new(over),
                    version,
                    now,
                });
            }
            wanted
        }
        _ => return Err(Error::NotFound),
    };
    let after = match &edit {
        Some(edit) => edit.apply(Some(&content))?,
        None => content.to_vec(),
    };
    let mut letters = Vec::new();
    letters.extend(to_owner(web, asked, answer, &content, &after));
    if value(fields, "tell") == "1" {
        letters.push(to_contact(web, asked, &after, text).await?);
    }
    if asked
        .answer(answer, &version, edit.as_deref(), &letters)
        .await?
    {
        Ok(Done::Answered(answer))
    } else {
        Ok(Done::Stale)
    }
}

type Wanted = (Answer, Option<Arc<dyn Edit>>);

/// What was sent changes something, or says that all is right.
fn corrected(web: &Web, content: &[u8], sent: &Submitted) -> Result<Wanted> {
    let edit = web.facet.edit(Some(content), sent)?;
    let after = edit.apply(Some(content))?;
    if let Some(value) = unwritable(web, Some(content), &after) {
        let mut fields = sent.fields.iter();
        let typed =
            |(name, typed): &&(String, String)| name.starts_with("email-") && typed.trim() == value;
        let field = fields.find(typed).map(|(name, _)| name.clone());
        let field = field.unwrap_or_default();
        return Err(Error::InvalidDocument(Malformed::Address { field, value }));
    }
    if web.core.class().differences(content, &after).is_empty() {
        Ok((Answer::Confirmed, None))
    } else {
        Ok((Answer::Corrected, Some(edit)))
    }
}

/// The letter that tells the asker, who may not want it or have no address.
fn to_owner(
    web: &Web,
    asked: &Asked,
    answer: Answer,
    before: &[u8],
    after: &[u8],
) -> Option<NewMessage> {
    let settings = asked.asker.settings.as_bytes();
    let settings: Settings = json::read("the settings of an account", settings).unwrap_or_default();
    let email = asked
        .asker
        .email
        .clone()
        .filter(|email| is_address(email))?;
    if !settings.notify.verification {
        return None;
    }
    let text = settings.of_letters().and_then(by_tag);
    let text = text.unwrap_or(&text::EN);
    let mut differences = web.core.class().differences(before, after);
    if answer == Answer::Erased {
        differences.clear();
    }
    let said = |value: Option<String>| value.unwrap_or_else(|| "–".to_owned());
    let lines = differences.into_iter().map(|difference| {
        let label = web.facet.property(&difference.property, text);
        let shown = |value: Option<String>| {
            said(value.map(|value| web.facet.value(&difference.property, &value, text)))
        };
        let (before, after) = (shown(difference.before), shown(difference.after));
        (label, format!("{before} → {after}"))
    });
    let place = PlacePath::of(&asked.book).path();
    Some(NewMessage {
        channel: Channel::Mail,
        person: None,
        recipient: email,
        language: text.lang.to_owned(),
        letter: Letter::Answered {
            name: asked.asker.name.clone(),
            contact: asked.verification.asked.subject.clone(),
            answer,
            lines: lines.collect(),
            path: format!("{place}/c/{}", asked.card.placement.server_id),
        },
        until: Timestamp::now().plus_days(LETTER_DAYS),
    })
}

/// The letter that tells the contact what is kept, and why.
async fn to_contact(
    web: &Web,
    asked: &Asked,
    after: &[u8],
    text: &'static Text,
) -> Result<NewMessage> {
    let new = &asked.verification.asked;
    Ok(NewMessage {
        channel: Channel::Mail,
        person: Some(asked.asker.id),
        recipient: new.address.clone(),
        language: text.lang.to_owned(),
        letter: Letter::Kept(Kept {
            owner: Sender::of(&asked.asker),
            lines: lines_of(web, after, &new.hidden, text),
            purpose: new.purpose.clone(),
            since: when::shown(asked.card.placement.created, text),
            readers: asked.readers().await?,
            left_out: !new.hidden.is_empty(),
            days: web.core.limits().history_days,
        }),
        until: Timestamp::now().plus_days(LETTER_DAYS),
    })
}

/// Where the link leads; else the page that says why nowhere.
async fn led(
    web: &Arc<Web>,
    token: &str,
    peer: &str,
    headers: &HeaderMap,
) -> std::result::Result<Asked, Response> {
    match web.core.asked(token).await {
        Ok(asked) => Ok(asked),
        Err(Error::NotFound) => {
            let text = text::choose(None, headers);
            let t = text.mail;
            let (status, message) = if web.verify.wrong.allows(peer) {
                (StatusCode::NOT_FOUND, t.verify_over_text)
            } else {
                (StatusCode::TOO_MANY_REQUESTS, t.too_often)
            };
            let page = Message {
                shell: public_shell(web, text).await,
                title: t.verify_over.to_owned(),
                message: message.to_owned(),
                back: None,
            };
            Err(unstored(show(status, &page)))
        }
        Err(error) => Err(unstored(anonymous_failure(&error, headers))),
    }
}

/// The form of the page.
struct Filled {
    form: Form,
    /// Names the version it was made from.
    version: String,
    /// Name of the field that was refused.
    wrong: String,
    /// Name of the field in focus.
    focus: String,
}

fn show_page(
    asked: &Asked,
    token: &str,
    filled: Filled,
    status: StatusCode,
    mut shell: Shell,
) -> Response {
    let new = &asked.verification.asked;
    let form = shown(filled.form, &new.hidden);
    let text = shell.text;
    let page = Page {
        heading: fill(text.mail.verify_heading, &[&asked.asker.name]),
        purpose: new.purpose.clone(),
        action: format!("/v/{token}"),
        photo: form.has_photo.then(|| format!("/v/{token}/photo")),
        languages: text::languages()
            .filter(|other| other.lang != text.lang)
            .map(|other| {
                let link = format!("/v/{token}?lang={}", other.lang);
                (other.lang, other.mail.this_language, link)
            })
            .collect(),
        version: filled.version,
        form,
        problem: shell.problem.take(),
        wrong: filled.wrong,
        focus: filled.focus,
        shell,
    };
    unstored(show(status, &page))
}

fn language(asked: &Asked, chosen: &str) -> &'static Text {
    let letter = by_tag(&asked.verification.asked.language);
    by_tag(chosen).or(letter).unwrap_or(&text::EN)
}

/// The first value of a field; empty when absent.
pub fn value<'a>(fields: &'a [(String, String)], name: &str) -> &'a str {
    let found = fields.iter().find(|(field, _)| field == name);
    found.map_or("", |(_, value)| value)
}
