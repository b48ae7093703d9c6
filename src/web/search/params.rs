//! A search as query parameters and form fields.

use serde::{Deserialize, Serialize};

use crate::{
    domain::{
        id::{PersonId, TagId, Timestamp},
        search::{Criteria, Request, Scope, Tool},
    },
    text::Text,
    web::{documents, place::form_encode, when},
};

/// Query of a search.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Params {
    pub q: String,
    /// `private`, `all` or `g:NAME`.
    #[serde(rename = "in")]
    pub scope: String,
    pub name: String,
    pub organization: String,
    pub email: String,
    pub telephone: String,
    pub city: String,
    pub country: String,
    pub tag: String,
    pub photo: String,
    pub comment: String,
    pub kind: String,
    pub month: String,
    pub within: String,
    pub created_since: String,
    pub created_before: String,
    pub modified_since: String,
    pub modified_before: String,
    pub unverified: String,
    pub created_by: String,
    pub shared_with: String,
    pub duplicates: String,
    /// `contacts` or `documents`; empty: all tools.
    pub tool: String,
    pub document: String,
    pub family: String,
    /// KB.
    pub larger: String,
    pub smaller: String,
    pub folder: String,
    /// The form of the advanced search is open.
    pub advanced: String,
}

impl Params {
    /// The search these parameters ask for.
    pub fn request(&self, reader: &Text) -> Request {
        let number = |text: &str| text.trim().parse::<i64>().ok().filter(|n| *n > 0);
        let small = |text: &str| number(text).and_then(|n| u32::try_from(n).ok());
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Request {
            text: self.q.clone(),
            scope: parse_scope(&self.scope),
            tool: parse_tool(&self.tool),
            criteria: Criteria {
                name: self.name.clone(),
                organization: self.organization.clone(),
                email: self.email.clone(),
                telephone: self.telephone.clone(),
                city: self.city.clone(),
                country: self.country.clone(),
                tag: number(&self.tag).map(TagId),
                has_photo: !self.photo.is_empty(),
                has_comment: !self.comment.is_empty(),
                has_document: !self.document.is_empty(),
                larger_than: number(&self.larger).map(|kilobytes| kilobytes.saturating_mul(1024)),
                smaller_than: number(&self.smaller).map(|kilobytes| kilobytes.saturating_mul(1024)),
                folder: text(&self.folder),
                kind: text(&self.kind).or_else(|| text(&self.family)),
                birthday_month: small(&self.month),
                birthday_within: self.within.trim().parse().ok(),
                created_since: when::parse_day(&self.created_since, reader),
                created_before: when::parse_day(&self.created_before, reader),
                modified_since: when::parse_day(&self.modified_since, reader),
                modified_before: when::parse_day(&self.modified_before, reader),
                not_verified_since: when::parse_day(&self.unverified, reader),
                created_by: number(&self.created_by).map(PersonId),
                shared_with: text(&self.shared_with),
                possible_duplicates: !self.duplicates.is_empty(),
            },
            today: Some(when::today(reader)),
        }
    }

    /// The search as a URL query.
    pub fn query(&self) -> String {
        let named = serde_json::to_value(self).unwrap_or_default();
        let named = named.as_object().into_iter().flatten();
        let pairs: Vec<(&str, &str)> = named
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
            .collect();
        form_encode(&pairs)
    }

    /// The parameters of a stored search.
    pub fn of(request: &Request, reader: &Text) -> Self {
        let Criteria {
            name,
            organization,
            email,
            telephone,
            city,
            country,
            tag,
            has_photo,
            has_comment,
            kind,
            birthday_month,
            birthday_within,
            created_since,
            created_before,
            modified_since,
            modified_before,
            not_verified_since,
            created_by,
            shared_with,
            possible_duplicates,
            has_document,
            larger_than,
            smaller_than,
            folder,
        } = request.criteria.clone();
        let kilobytes = |octets: Option<i64>| {
            octets
                .map(|octets| (octets / 1024).to_string())
                .unwrap_or_default()
        };
        let (family, kind) = match kind {
            Some(kind) if documents::family_named(&kind).is_some() => (Some(kind), None),
            kind => (None, kind),
        };
        let flag = |on: bool| if on { "1".to_owned() } else { String::new() };
        let day = |at: Option<Timestamp>| at.map(|at| when::day(at, reader)).unwrap_or_default();
        let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        Self {
            q: request.text.clone(),
            scope: scope_value(&request.scope),
            name,
            organization,
            email,
            telephone,
            city,
            country,
            tag: tag.map(|tag| tag.0.to_string()).unwrap_or_default(),
            photo: flag(has_photo),
            comment: flag(has_comment),
            kind: kind.unwrap_or_default(),
            month: number(birthday_month),
            within: number(birthday_within),
            created_since: day(created_since),
            created_before: day(created_before),
            modified_since: day(modified_since),
            modified_before: day(modified_before),
            unverified: day(not_verified_since),
            created_by: created_by.map(|p| p.0.to_string()).unwrap_or_default(),
            shared_with: shared_with.unwrap_or_default(),
            duplicates: flag(possible_duplicates),
            tool: match request.tool {
                Tool::All => "",
                Tool::Contacts => "contacts",
                Tool::Documents => "documents",
            }
            .to_owned(),
            document: flag(has_document),
            family: family.unwrap_or_default(),
            larger: kilobytes(larger_than),
            smaller: kilobytes(smaller_than),
            folder: folder.unwrap_or_default(),
            advanced: String::new(),
        }
    }
}

/// How a scope is written in addresses and forms.
pub fn scope_value(scope: &Scope) -> String {
    match scope {
        Scope::Private => "private".to_owned(),
        Scope::Everywhere => "all".to_owned(),
        Scope::Group(name) => format!("g:{name}"),
    }
}

/// Reads a tool; [`Tool::All`] when unknown.
pub fn parse_tool(value: &str) -> Tool {
    match value {
        "contacts" => Tool::Contacts,
        "documents" => Tool::Documents,
        _ => Tool::All,
    }
}

pub fn parse_scope(value: &str) -> Scope {
    match value.strip_prefix("g:") {
        Some(name) => Scope::Group(name.to_owned()),
        None if value == "private" => Scope::Private,
        None => Scope::Everywhere,
    }
}
