//! ResolveRecipients ([MS-ASCMD] 2.2.1.15)

use carnet_proto::{
    eas::status::{Common, ResolveRecipients as Status},
    wbxml::{Element, Encoder, page::resolve_recipients as r},
};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::super::{
    directory::{self, Pictures, RECIPIENT_PICTURE},
    reply::Reply,
    request::Call,
};
use crate::domain::{directory::Listed, error::Result};

/// Names in one request.
const MAX_NAMES: usize = 100;
/// Suggestions for an ambiguous name when the client sets no limit.
const SUGGESTIONS: usize = 20;
const MAX_SUGGESTIONS: usize = 100;
/// Characters of a name ([MS-ASCMD] 2.2.3.183).
const MAX_CHARS: usize = 256;
/// The time whose availability may be asked for at once, and what is meant where no end is named
/// ([MS-ASCMD] 2.2.3.61.1).
const SPAN: std::ops::RangeInclusive<TimeDelta> = TimeDelta::minutes(30)..=TimeDelta::days(42);
const USUAL_SPAN: TimeDelta = TimeDelta::days(7);

/// The details requested for each recipient.
struct Wishes {
    suggestions: usize,
    certificates: bool,
    availability: bool,
    pictures: Option<Pictures>,
}

/// Answers ResolveRecipients: the directory's matches for each To, with the details its Options ask
/// for. Status 5 for a request that breaks the protocol.
pub async fn run(call: &Call) -> Result<Reply> {
    let refused = || Ok(Reply::status(r::RESOLVE_RECIPIENTS, Status::ProtocolError));
    let root = call
        .body
        .as_ref()
        .filter(|root| root.tag == r::RESOLVE_RECIPIENTS);
    let Some(root) = root else { return refused() };
    let names: Vec<String> = root.children_of(r::TO).map(|to| to.text()).collect();
    let is_long = |name: &String| name.chars().nth(MAX_CHARS).is_some();
    if names.is_empty() || names.len() > MAX_NAMES || names.iter().any(is_long) {
        return refused();
    }
    let Some(mut wishes) = wishes(root.child(r::OPTIONS)) else {
        return refused();
    };
    let mut out = Encoder::new();
    out.open(r::RESOLVE_RECIPIENTS)
        .number(r::STATUS, Status::Success);
    for name in &names {
        resolve(call, name, &mut wishes, &mut out).await?;
    }
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}

/// The Options of a request; none when they break the protocol.
fn wishes(options: Option<&Element>) -> Option<Wishes> {
    let number = |tag| options.and_then(|options| options.number_of(tag));
    let availability = options.and_then(|options| options.child(r::AVAILABILITY));
    if let Some(span) = availability {
        let start = moment(&span.text_of(r::START_TIME)?)?;
        let asked = match span.text_of(r::END_TIME) {
            None => USUAL_SPAN,
            Some(end) => moment(&end)? - start,
        };
        if !SPAN.contains(&asked) {
            return None;
        }
    }
    let picture = options.and_then(|options| options.child(r::PICTURE));
    Some(Wishes {
        suggestions: number(r::MAX_AMBIGUOUS_RECIPIENTS).map_or(SUGGESTIONS, |limit| {
            usize::try_from(limit).unwrap_or(MAX_SUGGESTIONS)
        }),
        certificates: number(r::CERTIFICATE_RETRIEVAL).is_some_and(|kind| kind > 1),
        availability: availability.is_some(),
        pictures: picture.map(|picture| {
            Pictures::wanted(
                picture.number_of(r::MAX_SIZE),
                picture.number_of(r::MAX_PICTURES),
            )
        }),
    })
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    let formats = ["%Y-%m-%dT%H:%M:%S%.fZ", "%Y%m%dT%H%M%SZ"];
    formats
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|moment| moment.and_utc())
}

async fn resolve(call: &Call, name: &str, wishes: &mut Wishes, out: &mut Encoder) -> Result<()> {
    let mut found = matches(call, name).await?;
    let count = found.len();
    let (status, shown) = match count {
        0 => (Status::NotFound, 0),
        1 => (Status::Success, 1),
        _ if count > wishes.suggestions.min(MAX_SUGGESTIONS) => (
            Status::AmbiguousPartial,
            wishes.suggestions.min(MAX_SUGGESTIONS),
        ),
        _ => (Status::Ambiguous, count),
    };
    found.truncate(shown);
    out.open(r::RESPONSE)
        .text(r::TO, name)
        .number(r::STATUS, status);
    if status != Status::NotFound {
        out.number(r::RECIPIENT_COUNT, found.len());
    }
    for (listed, name, email) in &found {
        let is_own = matches!(listed, Listed::Contact(_, book) if book.is_private());
        out.open(r::RECIPIENT)
            .number(r::TYPE, if is_own { 1 } else { 2 })
            .text(r::DISPLAY_NAME, name)
            .text(r::EMAIL_ADDRESS, email);
        // Of who may be meant neither is told.
        let is_certain = status == Status::Success;
        if is_certain && wishes.availability {
            // The server keeps no calendar.
            out.open(r::AVAILABILITY)
                .number(r::STATUS, Common::AvailabilityFailure)
                .close();
        }
        if is_certain && wishes.certificates {
            out.open(r::CERTIFICATES)
                .number(r::STATUS, Status::NoCertificate)
                .number(r::CERTIFICATE_COUNT, 0)
                .close();
        }
        if let Some(pictures) = &mut wishes.pictures {
            directory::write_picture(call, listed, pictures, RECIPIENT_PICTURE, out).await;
        }
        out.close();
    }
    out.close();
    Ok(())
}

/// The people a name may mean, with name and address. An exact address means its owner alone.
async fn matches(call: &Call, name: &str) -> Result<Vec<(Listed, String, String)>> {
    let found = call
        .face
        .core
        .directory(&call.actor, name, 0, MAX_SUGGESTIONS + 1)
        .await?;
    let is_exact = |email: &str| email.eq_ignore_ascii_case(name.trim());
    let mut people: Vec<(Listed, String, String)> = Vec::new();
    for listed in found.page {
        let entry = directory::entry(call, &listed);
        // Who is asked for by one of several addresses is meant at that one.
        let asked = entry.addresses.into_iter().find(|email| is_exact(email));
        let email = asked.unwrap_or(entry.email);
        let known = |(_, _, known): &(Listed, String, String)| known.eq_ignore_ascii_case(&email);
        if !email.is_empty() && !people.iter().any(known) {
            people.push((listed, entry.display_name, email));
        }
    }
    if people.iter().any(|(_, _, email)| is_exact(email)) {
        people.retain(|(_, _, email)| is_exact(email));
    }
    Ok(people)
}
