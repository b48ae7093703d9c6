//! Conditional requests: If-Match, If-None-Match, If-Unmodified-Since (RFC 9110 §13.1) and If (RFC
//! 4918 §10.4, RFC 6578 §5).

use carnet_proto::dav::{
    header::{If, IfCondition, IfState, Tags},
    href::{path_of, segments},
};

use crate::{
    dav::{Call, error::Failure, path::Resource},
    domain::{
        book::{Book, Condition},
        error::Error,
    },
};

/// The condition of a write to a card. One that cannot hold is passed on, so that the content is
/// kept as a refused change.
pub async fn condition(call: &Call, book: &Book, name: &str) -> Result<Condition, Failure> {
    let current = || async {
        match book.get(name).await {
            Ok(card) => Ok(Some((book.marks().await?.etag(&card.placement), card))),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    };
    let never = || Condition::Match(Vec::new());
    if let Some(value) = call.header("if") {
        let lists = If::parse(value).ok_or_else(|| Failure::BadRequest("If".into()))?;
        let etag = current().await?.map(|(etag, _)| etag);
        if !holds(call, book, &lists, etag.as_deref()).await? {
            return Ok(never());
        }
        // What was compared must still be there when the write commits.
        return Ok(etag.map_or(Condition::Absent, |etag| Condition::Match(vec![etag])));
    }
    let tags = |name: &str| call.header(name).map(Tags::parse);
    Ok(match (tags("if-match"), tags("if-none-match")) {
        (Some(Tags::Any), _) => Condition::Exists,
        (Some(Tags::List(tags)), _) => Condition::Match(tags),
        (None, Some(Tags::Any)) => Condition::Absent,
        (None, Some(Tags::List(tags))) => Condition::NoneMatch(tags),
        (None, None) => {
            let since = call
                .header("if-unmodified-since")
                .and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok());
            match (since, current) {
                (None, _) => Condition::None,
                (Some(date), current) => match current().await? {
                    Some((etag, card))
                        if card.placement.modified.0.div_euclid(1000) <= date.timestamp() =>
                    {
                        Condition::Match(vec![etag])
                    }
                    Some(_) => never(),
                    None => Condition::Absent,
                },
            }
        }
    })
}

/// Whether one of the lists of an If header holds. A list about a resource this person cannot see
/// does not.
async fn holds(call: &Call, book: &Book, header: &If, etag: Option<&str>) -> Result<bool, Failure> {
    for list in &header.0 {
        let holds = match &list.resource {
            None => {
                let token = book.cursor().to_string();
                list.conditions
                    .iter()
                    .all(|c| is_met(c, Some(&token), etag))
            }
            Some(resource) => {
                let path = segments(path_of(resource)).unwrap_or_default();
                let scoped = call.scope.is_some();
                match Resource::find(&call.face, &call.actor, scoped, &path).await {
                    Ok(Resource::Book { book, .. }) => {
                        let token = book.cursor().to_string();
                        let etag = format!("\"{token}\"");
                        let met = |c| is_met(c, Some(&token), Some(&etag));
                        list.conditions.iter().all(met)
                    }
                    Ok(Resource::Card { book, name, .. }) => {
                        let etag = match book.get(&name).await {
                            Ok(card) => Some(book.marks().await?.etag(&card.placement)),
                            Err(Error::NotFound) => None,
                            Err(error) => return Err(error.into()),
                        };
                        list.conditions
                            .iter()
                            .all(|c| is_met(c, None, etag.as_deref()))
                    }
                    _ => list.conditions.iter().all(|c| is_met(c, None, None)),
                }
            }
        };
        if holds {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether one condition of an If header holds. A lock token never does, since nothing is ever
/// locked.
fn is_met(condition: &IfCondition, token: Option<&str>, etag: Option<&str>) -> bool {
    let same = match &condition.state {
        IfState::Token(wanted) => token == Some(wanted),
        IfState::Tag(wanted) => etag == Some(wanted),
    };
    same != condition.negated
}
