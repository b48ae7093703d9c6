//! Asking contacts to check what is held about them, one or many, and their answers.

pub mod public;
mod shown;
mod typed;

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use self::shown::{OWN_FIELDS, is_filled, lines_of, shown};
use super::{
    Web,
    error::explain,
    form::Posted,
    page::{Shell, Tool, show},
    params::{Path, Query},
    place::{ItemPath, PlacePath},
    request::Visit,
    selection::chosen,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        book::Book,
        direction::straight,
        error::{Error, Result},
        id::{CampaignId, Timestamp},
        item::Placement,
        outbox::State as LetterState,
        rule::Rule,
        verification::{ASKED_A_DAY, Answer, Ask, Campaign, Standing, Verification},
    },
    text::{Text, by_tag, fill},
};

#[derive(Template)]
#[template(path = "verify.html")]
struct AskPage {
    shell: Shell,
    card: String,
    name: String,
    addresses: Vec<String>,
    /// What can be left out: name, label, value.
    fields: Vec<(String, String, String)>,
    standing: Vec<String>,
    may_be_asked: bool,
}

#[derive(Template)]
#[template(path = "verify_many.html")]
struct ManyPage {
    shell: Shell,
    place: String,
    ids: Vec<String>,
    counted: String,
    without: Option<String>,
}

#[derive(Template)]
#[template(path = "campaigns.html")]
struct CampaignsPage {
    shell: Shell,
    campaigns: Vec<CampaignRow>,
}

#[derive(Template)]
#[template(path = "campaign.html")]
struct CampaignPage {
    shell: Shell,
    campaign: CampaignRow,
    rows: Vec<[String; 3]>,
}

struct CampaignRow {
    id: i64,
    name: String,
    begun: String,
    counts: String,
    running: bool,
}

/// What a card says of it, for those who may read the card.
pub fn told(standing: &Standing, text: &Text) -> Vec<String> {
    let t = text.mail;
    let mut told = Vec::new();
    if let Some(at) = standing.verified {
        told.push(fill(t.verified_on, &[&when::shown(at, text)]));
    }
    if let Some((at, letter)) = &standing.asked {
        let asked = fill(t.asked_on, &[&when::shown(*at, text)]);
        told.push(match letter {
            Some((LetterState::Refused | LetterState::GivenUp, why)) => {
                format!("{asked} {}", fill(t.letter_undelivered, &[why]))
            }
            Some((LetterState::Waiting | LetterState::Sending, _)) => {
                format!("{asked} {}", t.letter_waiting)
            }
            _ => asked,
        });
    }
    if let (Some(at), None) = (standing.rests_until, standing.declined) {
        told.push(fill(t.asked_again_from, &[&when::shown(at, text)]));
    }
    if let Some(at) = standing.declined {
        told.push(fill(t.declined_on, &[&when::shown(at, text)]));
    }
    told
}

/// `GET …/c/ID/verify`
pub async fn page(State(web): State<Arc<Web>>, item: ItemPath, visit: Visit) -> Response {
    let page = ask_page(&web, &item, &visit, Told::Nothing);
    visit.answer(&web, page).await
}

async fn ask_page(web: &Arc<Web>, item: &ItemPath, visit: &Visit, told: Told) -> Result<Response> {
    let (book, card) = able(web, item, visit).await?;
    let content = book.content(&card);
    let form = shown(web.facet.form(Some(&content), visit.text), &[]);
    let mut fields = Vec::new();
    for section in &form.sections {
        for field in section
            .fields
            .iter()
            .filter(|field| !field.value.is_empty())
        {
            fields.push((field.id.clone(), field.label.clone(), field.value.clone()));
        }
        for list in &section.lists {
            let rows = list.rows.iter().filter(|row| is_filled(row));
            let filled = rows
                .flat_map(|row| &row.fields)
                .filter(|field| !field.value.is_empty());
            let values = filled.map(|field| match list.name.as_str() {
                OWN_FIELDS => format!("{} {}", field.label, field.value),
                _ => field.value.clone(),
            });
            let values: Vec<String> = values.collect();
            if !values.is_empty() {
                fields.push((list.name.clone(), list.legend.clone(), values.join(", ")));
            }
        }
    }
    if form.has_photo {
        fields.push((
            "photo".to_owned(),
            visit.text.photo.to_owned(),
            String::new(),
        ));
    }
    if !form.kept.is_empty() {
        let kept: Vec<&str> = form.kept.iter().map(|kept| kept.1.as_str()).collect();
        let label = visit.text.kept_values.to_owned();
        fields.push(("kept".to_owned(), label, kept.join(", ")));
    }
    let standing = book.standing(&card.placement).await?;
    Ok(show(
        told.status(),
        &AskPage {
            card: item.path(),
            name: straight(&card.placement.display),
            addresses: web.facet.addresses(&content),
            fields,
            standing: self::told(&standing, visit.text),
            may_be_asked: standing.may_be_asked(),
            shell: visit.shell_telling(web, Some(&item.place.path()), told),
        },
    ))
}

/// The contact, where the visitor may ask it to verify; else there is no such page.
async fn able(
    web: &Arc<Web>,
    item: &ItemPath,
    visit: &Visit,
) -> Result<(Book, crate::domain::item::Card)> {
    let (book, card) = item.open(web, visit).await?;
    let may = book.item_privileges(&card.placement).await?.verify;
    if may && web.outlets.mail {
        Ok((book, card))
    } else {
        Err(Error::NotFound)
    }
}

/// `POST …/c/ID/verify`
pub async fn ask(State(web): State<Arc<Web>>, item: ItemPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let asked = async {
        let (book, card) = able(&web, &item, visit).await?;
        let content = book.content(&card);
        let address = posted.value("address").to_owned();
        if !web.facet.addresses(&content).contains(&address) {
            return Err(Error::Invalid(Rule::Address(address)));
        }
        let hidden: Vec<String> = posted.values("hide").map(str::to_owned).collect();
        let text = by_tag(posted.value("language")).unwrap_or(visit.text);
        let ask = Ask {
            address,
            language: text.lang.to_owned(),
            lines: lines_of(&web, &content, &hidden, text),
            hidden,
            purpose: posted.value("purpose").trim().to_owned(),
        };
        book.ask(&card.placement, &ask).await?;
        Ok(Done::of(Deed::VerifyAsked).to(&ask.address))
    };
    match asked.await {
        Ok(done) => done.at(&item.path()),
        Err(error) => {
            let told = match error {
                Error::Invalid(Rule::Address(_)) => {
                    let (status, _, message) = explain(&error, visit.text);
                    Told::Refused(status, message).about(["address"])
                }
                error => Told::refused(&error, visit),
            };
            let page = ask_page(&web, &item, visit, told.with_sent(posted.fields()));
            visit.answer(&web, page).await
        }
    }
}

/// Contacts with the way each is asked, and how many cannot be.
type Prepared = (Vec<(Placement, Ask)>, usize);

/// The contacts of a selection that can be asked: those the visitor may ask and that have an
/// address.
async fn prepared(
    web: &Web,
    book: &Book,
    chosen: Vec<Placement>,
    text: &'static Text,
    purpose: &str,
) -> Result<Prepared> {
    let all = chosen.len();
    if all > 2 * ASKED_A_DAY {
        return Err(Error::Invalid(Rule::AskedTooMany));
    }
    let mut asks = Vec::new();
    let heads: Vec<&Placement> = chosen.iter().collect();
    let rights = book.items_privileges(&heads).await?;
    for (placement, rights) in chosen.iter().zip(rights) {
        if !rights.verify {
            continue;
        }
        let card = match book.by_server_id(&placement.server_id).await {
            Ok(card) => card,
            Err(Error::NotFound) => continue,
            Err(error) => return Err(error),
        };
        let content = book.content(&card);
        let Some(address) = web.facet.addresses(&content).into_iter().next() else {
            continue;
        };
        let ask = Ask {
            address,
            language: text.lang.to_owned(),
            hidden: Vec::new(),
            purpose: purpose.to_owned(),
            lines: lines_of(web, &content, &[], text),
        };
        asks.push((card.placement, ask));
    }
    let skipped = all - asks.len();
    Ok((asks, skipped))
}

/// `POST …/selected/verify`: who would be asked, and how.
pub async fn select(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let shown = async {
        if !web.outlets.mail {
            return Err(Error::NotFound);
        }
        let (book, chosen) = chosen(&web, &place, &posted).await?;
        let (asks, skipped) = prepared(&web, &book, chosen, visit.text, "").await?;
        let text = visit.text.mail;
        let page = ManyPage {
            shell: visit.shell_telling(&web, Some(&place.path()), Told::Nothing),
            place: place.path(),
            counted: {
                let said = [text.many_counted_one, text.many_counted];
                visit.text.counted(asks.len(), said)
            },
            without: (skipped > 0).then(|| {
                let said = [text.many_without_one, text.many_without];
                visit.text.counted(skipped, said)
            }),
            ids: asks
                .into_iter()
                .map(|(placement, _)| placement.server_id)
                .collect(),
        };
        Ok(show(StatusCode::OK, &page))
    };
    visit.answer(&web, shown).await
}

/// `POST …/verify`: asks them.
pub async fn ask_many(State(web): State<Arc<Web>>, place: PlacePath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let asked = async {
        if !web.outlets.mail {
            return Err(Error::NotFound);
        }
        let (book, chosen) = chosen(&web, &place, &posted).await?;
        let text = by_tag(posted.value("language")).unwrap_or(visit.text);
        let purpose = posted.value("purpose").trim();
        let (asks, skipped) = prepared(&web, &book, chosen, text, purpose).await?;
        let name = match posted.value("name").trim() {
            "" => when::shown(Timestamp::now(), visit.text),
            name => name.to_owned(),
        };
        let campaign = Campaign {
            id: CampaignId(0),
            person: visit.actor.person,
            name,
            begun: Timestamp::now(),
            days: posted.number("days"),
            reminders: posted.number("reminders"),
            skipped: i64::try_from(skipped).unwrap_or(0),
            ended: None,
        };
        book.ask_all(&campaign, &asks).await
    };
    match asked.await {
        Ok(campaign) => Done::of(Deed::CampaignBegun).at(&format!("/verify/{campaign}")),
        Err(error) => visit.failed(&web, &error),
    }
}

/// `GET /verify`
pub async fn campaigns(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    let shown = async {
        let mut rows = Vec::new();
        for campaign in web.core.campaigns(&visit.actor).await? {
            let (campaign, asked) = web.core.campaign(&visit.actor, campaign.id).await?;
            rows.push(row(&campaign, &asked, visit.text));
        }
        let page = CampaignsPage {
            shell: visit.shell_of(&web, Tool::Contacts, done.into()),
            campaigns: rows,
        };
        Ok(show(StatusCode::OK, &page))
    };
    visit.answer(&web, shown).await
}

/// `GET /verify/ID`
pub async fn campaign(
    State(web): State<Arc<Web>>,
    visit: Visit,
    Path(id): Path<i64>,
    Query(done): Query<Done>,
) -> Response {
    let shown = async {
        let (campaign, asked) = web.core.campaign(&visit.actor, CampaignId(id)).await?;
        let text = visit.text;
        let page = CampaignPage {
            campaign: row(&campaign, &asked, text),
            rows: asked.iter().map(|asked| member(asked, text)).collect(),
            shell: visit.shell_of(&web, Tool::Contacts, done.into()),
        };
        Ok(show(StatusCode::OK, &page))
    };
    visit.answer(&web, shown).await
}

/// `POST /verify/ID/stop`
pub async fn stop(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let stopped = web
        .core
        .stop_campaign(&posted.visit.actor, CampaignId(id))
        .await;
    match stopped {
        Ok(()) => Done::of(Deed::CampaignStopped).at(&format!("/verify/{id}")),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

fn row(campaign: &Campaign, asked: &[Verification], text: &Text) -> CampaignRow {
    let answered = asked.iter().filter(|asked| asked.answer.is_some()).count();
    let undelivered = asked.iter().filter(|asked| is_undelivered(asked)).count();
    let reminded: i64 = asked.iter().map(|asked| asked.reminded).sum();
    CampaignRow {
        id: campaign.id.0,
        name: campaign.name.clone(),
        begun: when::shown(campaign.begun, text),
        counts: fill(
            text.mail.campaign_counts,
            &[
                &asked.len(),
                &answered,
                &undelivered,
                &reminded,
                &campaign.skipped,
            ],
        ),
        running: campaign.ended.is_none() && asked.iter().any(|v| v.asked.remind.is_some()),
    }
}

fn is_undelivered(asked: &Verification) -> bool {
    matches!(
        asked.letter,
        Some((LetterState::Refused | LetterState::GivenUp, _))
    )
}

/// Name, address, and what came of it.
fn member(asked: &Verification, text: &Text) -> [String; 3] {
    let t = text.mail;
    let what = match (&asked.answer, &asked.letter) {
        (Some((answer, at)), _) => {
            let said = match answer {
                Answer::Confirmed => t.answer_confirmed,
                Answer::Corrected => t.answer_corrected,
                Answer::Erased => t.answer_erased,
                Answer::Declined => t.answer_declined,
            };
            format!("{said} · {}", when::shown(*at, text))
        }
        (None, Some((_, why))) if is_undelivered(asked) => fill(t.letter_undelivered, &[why]),
        (None, Some((LetterState::Waiting | LetterState::Sending, _))) => {
            t.letter_waiting.to_owned()
        }
        (None, _) => match asked.asked.remind {
            Some(at) => fill(t.reminded_next, &[&when::shown(at, text)]),
            None => t.answer_none.to_owned(),
        },
    };
    [
        asked.asked.subject.clone(),
        asked.asked.address.clone(),
        what,
    ]
}
