//! Search: a person's query as tokens that an engine can look up (`docs/design/search.md`).
//!
//! The text of a query never reaches an engine: only tokens made by [`token`] do.

mod highlight;
pub mod parse;
pub mod token;

use std::sync::Arc;

use chrono::{Datelike as _, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    actor::Actor,
    batch::Op,
    class::Part,
    collection::{Collection, Place},
    core::Core,
    duplicates::Suggestion,
    error::{Error, Result},
    id::{CollectionId, PersonId, PlacementId, TagId, Timestamp},
    item::Placement,
    json,
    store::Marks,
};
pub use highlight::{Piece, highlight, highlight_number, is_shown};
pub use parse::{Exclusions, LastWord, Leaf, Node, Query, Wanted};

/// Results shown.
pub const SHOWN: usize = 200;
/// Results counted.
pub const COUNTED: usize = 1_000;
/// Suggestions shown.
const SUGGESTED: usize = 10;
/// Pairs of possible duplicates of a place that are looked at.
const PAIRS: usize = 2_000;

/// A remark to the person about how the query was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// Nothing to look for.
    Empty,
    /// Only exclusions: at least one word is needed.
    OnlyNegative,
    /// A star after fewer than four letters was ignored.
    PrefixTooShort,
    /// The end of the query was not read.
    QueryTooLong,
}

/// The places to search.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    #[default]
    Private,
    /// A group's exact name.
    Group(String),
    /// Private and every group of the person.
    Everywhere,
}

/// The items to search: those of one tool, or all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    #[default]
    All,
    Contacts,
    Documents,
}

/// Conditions of the advanced search; all of them must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Criteria {
    /// Texts with the grammar of queries, each searched in its part alone.
    pub name: String,
    pub organization: String,
    pub email: String,
    pub telephone: String,
    pub city: String,
    pub country: String,
    /// A tag of the person.
    pub tag: Option<TagId>,
    pub has_photo: bool,
    pub has_comment: bool,
    /// Documents are attached to the contact.
    pub has_document: bool,
    /// `individual`, `org`, `group`; of documents `pdf`, `image`...
    pub kind: Option<String>,
    /// 1 to 12.
    pub birthday_month: Option<u32>,
    /// A birthday today or within so many days.
    pub birthday_within: Option<u32>,
    pub created_since: Option<Timestamp>,
    pub created_before: Option<Timestamp>,
    pub modified_since: Option<Timestamp>,
    pub modified_before: Option<Timestamp>,
    /// Contacts that were not confirmed or corrected since, whoever asked.
    pub not_verified_since: Option<Timestamp>,
    pub created_by: Option<PersonId>,
    /// A group of the person the item is shared with, by exact name.
    pub shared_with: Option<String>,
    /// Another contact of the same place may be the same.
    pub possible_duplicates: bool,
    /// Octets of a document: at least this many, and fewer than `smaller_than`.
    pub larger_than: Option<i64>,
    pub smaller_than: Option<i64>,
    /// The folder a document is in, by its segment.
    pub folder: Option<String>,
}

/// A search.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    pub text: String,
    pub criteria: Criteria,
    pub scope: Scope,
    pub tool: Tool,
    /// The day it is for whoever asks; none: the server's.
    #[serde(skip)]
    pub today: Option<NaiveDate>,
}

/// A property of an item, other than its words, that the index holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// `individual`, `org`, `group`; of documents `pdf`, `image`...
    Kind(String),
    Photo,
    Favourite,
    /// `MM-DD`; in queries also the beginning `MM`.
    Birthday(String),
}

/// A search as a store executes it.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The person who searches: the answer holds only what they may read at that moment.
    pub person: Option<PersonId>,
    pub places: Vec<CollectionId>,
    /// The query; decides the class of each result.
    pub root: Option<Node>,
    /// Further conditions, each on one part.
    pub restricted: Vec<(Part, Node)>,
    /// Marks: one of each inner list must be present.
    pub marks: Vec<Vec<Mark>>,
    pub filter: Filter,
    /// Family name first.
    pub last_first: bool,
    pub limit: usize,
}

/// Conditions that the index of words does not cover.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    pub tag: Option<TagId>,
    pub has_comment: bool,
    pub has_document: bool,
    pub created: (Option<Timestamp>, Option<Timestamp>),
    pub modified: (Option<Timestamp>, Option<Timestamp>),
    pub not_verified_since: Option<Timestamp>,
    pub created_by: Option<PersonId>,
    /// The book of a group with which results must be shared; its folders count too.
    pub shared_with: Option<CollectionId>,
    /// The result must be among these placements.
    pub among: Option<Vec<PlacementId>>,
    /// Octets: at least the first, and fewer than the second.
    pub octets: (Option<i64>, Option<i64>),
}

impl Plan {
    /// Whether there are criteria besides the text.
    fn has_criteria(&self) -> bool {
        !(self.filter.is_empty() && self.restricted.is_empty() && self.marks.is_empty())
    }
}

impl Filter {
    /// Whether there is no condition.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }
}

/// The results of a store.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub hits: Vec<Hit>,
    /// Number of matches, counted up to [`COUNTED`]; one above it means more.
    pub found: usize,
}

/// One result.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Its placement in the first of its places.
    pub placement: Placement,
    /// Every searched place that holds it.
    pub places: Vec<CollectionId>,
    /// 1: names alone satisfy the query; 2: with addresses and numbers; 3: with the rest.
    pub class: u8,
    /// `(field, value)` of the item's index.
    pub texts: Vec<(String, String)>,
    pub marks: Marks,
}

/// The outcome of a search.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub hits: Vec<Hit>,
    pub found: usize,
    pub query: Query,
    /// Whole words matched nothing, so the last word was read as a beginning.
    pub widened: bool,
}

/// The last search of a person, kept to be shown again.
#[derive(Clone, Debug, PartialEq)]
pub struct LastSearch {
    pub request: Request,
    pub at: Timestamp,
}

impl Core {
    /// Runs a search with the person's present rights, and keeps it as their last search.
    pub async fn search(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        request: &Request,
        last_first: bool,
    ) -> Result<Outcome> {
        let outcome = self.find(actor, request, last_first).await?;
        let kept = json::text(request)?;
        let op = Op::SetLastSearch {
            person: actor.person,
            request: Some(kept),
        };
        self.note(actor, op).await?;
        Ok(outcome)
    }

    /// Runs a search without keeping it.
    pub async fn find(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        request: &Request,
        last_first: bool,
    ) -> Result<Outcome> {
        let mut plan = self.plan(actor, request, last_first).await?;
        let exclusions = if plan.has_criteria() {
            Exclusions::MayStandAlone
        } else {
            Exclusions::NeedWords
        };
        let query = parse::parse(&request.text, LastWord::Whole, exclusions);
        plan.root = query.root.clone();
        let mut outcome = Outcome {
            query,
            ..Outcome::default()
        };
        if plan.root.is_none() && exclusions == Exclusions::NeedWords {
            return Ok(outcome);
        }
        let page = self.store().search(&plan).await?;
        (outcome.hits, outcome.found) = (page.hits, page.found);
        let wider = parse::parse(&request.text, LastWord::Beginning, exclusions);
        let (restricted, wider_parts) = restricted(&request.criteria, LastWord::Beginning);
        if outcome.found == 0 && (wider.widened || wider_parts) {
            plan.root = wider.root;
            plan.restricted = restricted;
            let page = self.store().search(&plan).await?;
            outcome.widened = page.found > 0;
            (outcome.hits, outcome.found) = (page.hits, page.found);
        }
        Ok(outcome)
    }

    /// Suggestions while typing: the last word is read as a beginning.
    pub async fn suggest(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        text: &str,
        scope: &Scope,
        tool: Tool,
        last_first: bool,
    ) -> Result<Vec<Hit>> {
        let request = Request {
            scope: scope.clone(),
            tool,
            ..Request::default()
        };
        let mut plan = self.plan(actor, &request, last_first).await?;
        let query = parse::parse(text, LastWord::Beginning, Exclusions::NeedWords);
        let Some(mut root) = query.root else {
            return Ok(Vec::new());
        };
        root.narrow();
        plan.root = Some(root);
        plan.limit = SUGGESTED;
        Ok(self.store().search(&plan).await?.hits)
    }

    /// The last search of a person; none before the first.
    pub async fn last_search(&self, actor: &Actor) -> Result<Option<LastSearch>> {
        let kept = self.store().last_search(actor.person).await?;
        Ok(kept.and_then(|(request, at)| {
            Some(LastSearch {
                request: json::read("a last search", request.as_bytes())?,
                at,
            })
        }))
    }

    /// Forgets the last search of a person.
    pub async fn clear_last_search(&self, actor: &Actor) -> Result<()> {
        let op = Op::SetLastSearch {
            person: actor.person,
            request: None,
        };
        self.note(actor, op).await.map(drop)
    }

    /// The books and folders a request is about.
    async fn places_searched(&self, actor: &Actor, request: &Request) -> Result<Vec<CollectionId>> {
        let wanted: Option<Place> = match &request.scope {
            Scope::Everywhere => None,
            Scope::Private => Some(Place::Private(actor.person)),
            Scope::Group(name) => {
                let membership = actor.memberships.iter().find(|own| own.name == *name);
                Some(Place::Group(membership.ok_or(Error::NotFound)?.group))
            }
        };
        let mut places = Vec::new();
        if request.tool != Tool::Documents && request.criteria.folder.is_none() {
            places.extend(self.shown_books(actor).await?);
        }
        if request.tool != Tool::Contacts {
            let folders = self.store().folders(actor.person).await?;
            let folder = request.criteria.folder.as_ref();
            places.extend(folders.into_iter().filter(|place| {
                let shown = place.hidden.is_none() && actor.reads(place.place);
                shown && folder.is_none_or(|folder| *folder == place.segment)
            }));
        }
        let asked = |place: &Collection| wanted.is_none_or(|wanted| wanted == place.place);
        Ok(places.iter().filter(|p| asked(p)).map(|p| p.id).collect())
    }

    async fn plan(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        request: &Request,
        last_first: bool,
    ) -> Result<Plan> {
        let criteria = &request.criteria;
        let group = |name: &str| {
            let membership = actor.memberships.iter().find(|m| m.name == name);
            membership.map(|m| m.book).ok_or(Error::NotFound)
        };
        let places = self.places_searched(actor, request).await?;
        let (restricted, _) = restricted(criteria, LastWord::Whole);
        let filter = Filter {
            tag: criteria.tag,
            has_comment: criteria.has_comment,
            has_document: criteria.has_document,
            octets: (criteria.larger_than, criteria.smaller_than),
            created: (criteria.created_since, criteria.created_before),
            modified: (criteria.modified_since, criteria.modified_before),
            not_verified_since: criteria.not_verified_since,
            created_by: criteria.created_by,
            shared_with: criteria.shared_with.as_deref().map(group).transpose()?,
            among: if criteria.possible_duplicates {
                Some(self.alike_in(actor, &places).await?)
            } else {
                None
            },
        };
        Ok(Plan {
            person: Some(actor.person),
            places,
            root: None,
            restricted,
            marks: marks(criteria, request.today),
            filter,
            last_first,
            limit: SHOWN,
        })
    }
}

impl Core {
    /// Contacts that may be the same as another of their place.
    async fn alike_in(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        places: &[CollectionId],
    ) -> Result<Vec<PlacementId>> {
        let mut found = Vec::new();
        for place in places {
            let book = self.open(actor, *place).await?;
            let (pairs, _) = book.duplicates(PAIRS).await?;
            let both = |pair: Suggestion| [pair.first.placement.id, pair.second.placement.id];
            found.extend(pairs.into_iter().flat_map(both));
        }
        Ok(found)
    }
}

/// The conditions of the criteria that are texts, and whether the last word of one was read as a
/// beginning.
fn restricted(criteria: &Criteria, last: LastWord) -> (Vec<(Part, Node)>, bool) {
    let (mut restricted, mut widened) = (Vec::new(), false);
    for (part, text) in [
        (Part::Name, &criteria.name),
        (Part::Organization, &criteria.organization),
        (Part::Email, &criteria.email),
        (Part::Telephone, &criteria.telephone),
        (Part::City, &criteria.city),
        (Part::Country, &criteria.country),
    ] {
        let root = match part {
            Part::Telephone => parse::parse_number(text),
            _ => {
                let query = parse::parse(text, last, Exclusions::MayStandAlone);
                widened |= query.widened;
                query.root
            }
        };
        restricted.extend(root.map(|root| (part, root)));
    }
    (restricted, widened)
}

/// The marks that criteria ask for.
fn marks(criteria: &Criteria, today: Option<NaiveDate>) -> Vec<Vec<Mark>> {
    let mut marks = Vec::new();
    if criteria.has_photo {
        marks.push(vec![Mark::Photo]);
    }
    marks.extend(criteria.kind.clone().map(|kind| vec![Mark::Kind(kind)]));
    let month = criteria.birthday_month;
    marks.extend(month.map(|month| vec![Mark::Birthday(format!("{month:02}"))]));
    if let Some(days) = criteria.birthday_within {
        let today = today.unwrap_or_else(|| chrono::Local::now().date_naive());
        let days = coming_days(today, days);
        marks.push(days.into_iter().map(Mark::Birthday).collect());
    }
    marks
}

/// `MM-DD` of a day and so many after it; 29 February also counts on 1 March of other years.
fn coming_days(today: NaiveDate, days: u32) -> Vec<String> {
    let mut found = Vec::new();
    for ahead in 0..=u64::from(days.min(366)) {
        let Some(day) = today.checked_add_days(Days::new(ahead)) else {
            break;
        };
        found.push(day.format("%m-%d").to_string());
        if (day.month(), day.day()) == (3, 1) && !day.leap_year() {
            found.push("02-29".to_owned());
        }
    }
    found
}

impl Node {
    /// Restricts every leaf to names, organizations, addresses and numbers.
    fn narrow(&mut self) {
        match self {
            Node::Leaf(leaf) => leaf.narrow = true,
            Node::And {
                positives,
                negatives,
            } => positives.iter_mut().chain(negatives).for_each(Node::narrow),
            Node::Or(branches) => branches.iter_mut().for_each(Node::narrow),
        }
    }

    /// The query as understood, as it can be typed.
    pub fn describe(&self) -> String {
        let nested = |node: &Node| match node {
            Node::Leaf(leaf) => leaf.shown.clone(),
            _ => format!("({})", node.describe()),
        };
        match self {
            Node::Leaf(leaf) => leaf.shown.clone(),
            Node::And {
                positives,
                negatives,
            } => {
                let mut parts: Vec<String> = positives.iter().map(nested).collect();
                parts.extend(negatives.iter().map(|node| format!("-{}", nested(node))));
                parts.join(" AND ")
            }
            Node::Or(branches) => {
                let parts: Vec<String> = branches.iter().map(Node::describe).collect();
                parts.join(" OR ")
            }
        }
    }
}

impl Part {
    /// The rank of a result whose text matches in this part only: 1 for names, 2 for addresses and
    /// numbers, 3 for the rest.
    pub fn class(self) -> u8 {
        match self {
            Part::Name => 1,
            Part::Organization | Part::Email | Part::Telephone | Part::Reach => 2,
            Part::City | Part::Country | Part::Rest => 3,
        }
    }

    /// The parts in which a beginning of two letters is looked for.
    pub const NARROW: &[Part] = &[Part::Name, Part::Organization, Part::Email, Part::Telephone];
}

#[cfg(test)]
mod tests;
