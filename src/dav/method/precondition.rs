//! What a request was made on: If-Match, If-None-Match, If-Unmodified-Since, If-Modified-Since
//! (RFC 9110 §13) and If (RFC 4918 §10.4, RFC 6578 §5).

use carnet_proto::dav::{
    header::{If, IfCondition, IfState, Tags},
    href::{path_of, segments},
};
use chrono::{DateTime, NaiveDateTime};

use crate::{
    dav::{Call, error::Failure, path::Resource},
    domain::{book::Condition, error::Error, item::Card},
};

/// What the headers of a request ask.
struct Asked {
    matching: Option<Tags>,
    none_matching: Option<Tags>,
    /// If-Unmodified-Since, which counts only without If-Match (RFC 9110 §13.1.4).
    since: Option<i64>,
    lists: Option<If>,
}

/// What a resource is at this moment, as far as conditions compare it.
struct State {
    exists: bool,
    /// Its entity tag, then others that a write of it may name.
    tags: Vec<String>,
    token: Option<String>,
    /// Seconds of the epoch.
    modified: Option<i64>,
}

/// The condition of a write on the resource of the request. One that cannot hold is given on, so
/// that the content of a card is kept as a refused one.
pub async fn condition(call: &Call) -> Result<Condition, Failure> {
    let asked = Asked::of(call)?;
    if let Some(condition) = asked.alone() {
        return Ok(condition);
    }
    let state = State::of(call, &call.resource).await?;
    if !asked.holds(call, &state).await? {
        return Ok(Condition::Match(Vec::new()));
    }
    // What was compared must still be there when the write commits.
    Ok(match (state.tags.into_iter().next(), state.exists) {
        (Some(etag), _) => Condition::Match(vec![etag]),
        (None, true) => Condition::None,
        (None, false) => Condition::Absent,
    })
}

/// Refuses a request on another state than it was made on.
pub async fn require(call: &Call) -> Result<(), Failure> {
    let asked = Asked::of(call)?;
    let holds = asked.is_nothing() || {
        let state = State::of(call, &call.resource).await?;
        asked.holds(call, &state).await?
    };
    if holds {
        Ok(())
    } else {
        Err(Error::PreconditionFailed.into())
    }
}

/// Whether a client that reads has what there is (304); refuses what is no longer there.
pub async fn is_unchanged(call: &Call, etag: &str, modified: Option<i64>) -> Result<bool, Failure> {
    let asked = Asked::of(call)?;
    let state = State {
        exists: true,
        tags: vec![etag.to_owned()],
        token: match &call.resource {
            Resource::Book { book, .. } | Resource::Card { book, .. } => {
                Some(book.cursor().to_string())
            }
            _ => None,
        },
        modified,
    };
    let Asked { none_matching, .. } = &asked;
    let unchanged = match none_matching {
        Some(tags) => !tags_differ(tags, &state, state.etag()),
        // RFC 9110 §13.1.3
        None => call
            .header("if-modified-since")
            .and_then(|date| http_date(&date))
            .is_some_and(|date| modified.is_some_and(|modified| modified <= date)),
    };
    let asked = Asked {
        none_matching: None,
        ..asked
    };
    if asked.holds(call, &state).await? {
        Ok(unchanged)
    } else {
        Err(Error::PreconditionFailed.into())
    }
}

impl Asked {
    fn of(call: &Call) -> Result<Self, Failure> {
        let tags = |name: &str| call.list(name).map(|value| Tags::parse(&value));
        let lists = call.joined("if", " ").map(|value| {
            let parsed = If::parse(&value);
            parsed.ok_or_else(|| Failure::BadRequest("If".into()))
        });
        // Programs that know no version of a card write nothing behind it. The card is judged by what
        // they were last served.
        let names_none = |tags: &Tags| matches!(tags, Tags::List(named) if named.iter().all(|tag| tag == "\"\""));
        let is_card = matches!(call.resource, Resource::Card { .. });
        let matching = tags("if-match").filter(|tags| !(is_card && names_none(tags)));
        Ok(Self {
            since: match matching {
                None => call
                    .header("if-unmodified-since")
                    .and_then(|date| http_date(&date)),
                Some(_) => None,
            },
            matching,
            none_matching: tags("if-none-match"),
            lists: lists.transpose()?,
        })
    }

    fn is_nothing(&self) -> bool {
        let Self {
            matching,
            none_matching,
            since,
            lists,
        } = self;
        matching.is_none() && none_matching.is_none() && since.is_none() && lists.is_none()
    }

    /// The condition itself, where a single one is asked that nothing has to be read for.
    fn alone(&self) -> Option<Condition> {
        if self.lists.is_some() || self.since.is_some() {
            return None;
        }
        match (&self.matching, &self.none_matching) {
            (Some(Tags::Any), None) => Some(Condition::Exists),
            (Some(Tags::List(tags)), None) => Some(Condition::Match(tags.clone())),
            (None, Some(Tags::Any)) => Some(Condition::Absent),
            (None, Some(Tags::List(tags))) => Some(Condition::NoneMatch(tags.clone())),
            (None, None) => Some(Condition::None),
            (Some(_), Some(_)) => None,
        }
    }

    /// Whether all that is asked holds (RFC 9110 §13.2.2).
    async fn holds(&self, call: &Call, state: &State) -> Result<bool, Failure> {
        let matches = match &self.matching {
            Some(tags) => !tags_differ(tags, state, &state.tags),
            None => true,
        };
        let differs = match &self.none_matching {
            Some(tags) => tags_differ(tags, state, state.etag()),
            None => true,
        };
        // Ignored where nothing is known to have been modified.
        let unmodified = match (self.since, state.modified) {
            (Some(date), Some(modified)) => modified <= date,
            _ => true,
        };
        if !(matches && differs && unmodified) {
            return Ok(false);
        }
        match &self.lists {
            Some(lists) => some_list_holds(call, lists, state).await,
            None => Ok(true),
        }
    }
}

impl State {
    /// The present entity tag.
    fn etag(&self) -> &[String] {
        &self.tags[..self.tags.len().min(1)]
    }

    async fn of(call: &Call, resource: &Resource) -> Result<Self, Failure> {
        let nothing = Self {
            exists: false,
            tags: Vec::new(),
            token: None,
            modified: None,
        };
        Ok(match resource {
            Resource::Card { book, name, .. } => {
                let token = Some(book.cursor().to_string());
                let found = book.heads(std::slice::from_ref(name)).await?;
                match found.into_iter().flatten().next() {
                    None => Self { token, ..nothing },
                    Some(card) => Self {
                        exists: true,
                        tags: book
                            .marks_of([&card.placement])
                            .await?
                            .tags(&card.placement)
                            .collect(),
                        token,
                        modified: Some(modified(&card)),
                    },
                }
            }
            Resource::Book { book, .. } => Self {
                exists: true,
                tags: vec![book.etag()],
                token: Some(book.cursor().to_string()),
                modified: None,
            },
            Resource::Home => Self {
                exists: true,
                token: Some(call.face.core.home_cursor(&call.actor).await?.to_string()),
                ..nothing
            },
            Resource::NewBook { .. } => nothing,
            _ => Self {
                exists: true,
                ..nothing
            },
        })
    }
}

/// When a card was modified as this person sees it, in seconds of the epoch.
pub fn modified(card: &Card) -> i64 {
    card.placement.shown_since.0.div_euclid(1000)
}

/// Whether there is nothing that some tags name, among those of the state that count.
fn tags_differ(named: &Tags, state: &State, counted: &[String]) -> bool {
    match named {
        Tags::Any => !state.exists,
        Tags::List(named) => !counted.iter().any(|tag| named.contains(tag)),
    }
}

/// Whether some list holds; a list about a resource this person cannot see does not.
async fn some_list_holds(call: &Call, header: &If, state: &State) -> Result<bool, Failure> {
    for list in &header.0 {
        let holds = match &list.resource {
            None => are_met(&list.conditions, state.token.as_deref(), &state.tags),
            Some(resource) => {
                let path = segments(path_of(resource)).unwrap_or_default();
                let scoped = call.scope.is_some();
                match Resource::find(&call.face, &call.actor, scoped, &path).await {
                    Ok(resource) => {
                        let state = State::of(call, &resource).await?;
                        // The state of a book is not the state of a card of it.
                        let token = match resource {
                            Resource::Card { .. } => None,
                            _ => state.token.as_deref(),
                        };
                        are_met(&list.conditions, token, &state.tags)
                    }
                    Err(_) => are_met(&list.conditions, None, &[]),
                }
            }
        };
        if holds {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Nothing is ever locked: a lock token holds nowhere.
fn are_met(conditions: &[IfCondition], token: Option<&str>, tags: &[String]) -> bool {
    conditions.iter().all(|condition| {
        let same = match &condition.state {
            IfState::Token(wanted) => token == Some(wanted),
            IfState::Tag(other) if condition.negated => tags.first() == Some(other),
            IfState::Tag(wanted) => tags.contains(wanted),
        };
        same != condition.negated
    })
}

/// A date in one of the three forms recipients accept, in seconds of the epoch (RFC 9110 §5.6.7).
fn http_date(value: &str) -> Option<i64> {
    let value = value.trim();
    if let Ok(date) = DateTime::parse_from_rfc2822(value) {
        return Some(date.timestamp());
    }
    ["%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(value, form).ok())
        .map(|date| date.and_utc().timestamp())
}
