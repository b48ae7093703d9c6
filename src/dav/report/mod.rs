//! REPORT (RFC 3253 §3.6): which reports each resource serves, and one file per family.

mod book;
mod expand;
mod principal;
mod sync;

use std::sync::Arc;

use carnet_proto::dav::{precondition::Precondition, request::Report};
use http::StatusCode;

use super::{
    Call,
    error::Failure,
    output::{Answer, xml},
    path::Resource,
    property::Subject,
};

const TRUNCATED: Precondition = Precondition::NumberOfMatchesWithinLimits;

const BOOK_REPORTS: &[&str] = &[
    "D:sync-collection",
    "C:addressbook-multiget",
    "C:addressbook-query",
    "D:expand-property",
    "D:acl-principal-prop-set",
    "D:principal-match",
];
/// `supported-report-set` of a card.
pub const CARD_REPORTS: &[&str] = &[
    "C:addressbook-multiget",
    "C:addressbook-query",
    "D:expand-property",
    "D:acl-principal-prop-set",
];
const HOME_REPORTS: &[&str] = &[
    "D:sync-collection",
    "D:expand-property",
    "D:acl-principal-prop-set",
    "D:principal-match",
];
const GROUP_HOME_REPORTS: &[&str] = &[
    "D:expand-property",
    "D:acl-principal-prop-set",
    "D:principal-match",
];
const PRINCIPAL_REPORTS: &[&str] = &[
    "D:expand-property",
    "D:principal-property-search",
    "D:principal-search-property-set",
    "D:principal-match",
];

/// `supported-report-set`: exactly what [`report`] serves.
pub fn served_on(subject: Subject<'_>) -> &'static [&'static str] {
    match subject {
        Subject::Book { .. } => BOOK_REPORTS,
        Subject::Plain(resource) => served(resource),
    }
}

fn served(resource: &Resource) -> &'static [&'static str] {
    match resource {
        Resource::Book { .. } => BOOK_REPORTS,
        Resource::Card { .. } => CARD_REPORTS,
        Resource::Home => HOME_REPORTS,
        Resource::GroupHome(_) => GROUP_HOME_REPORTS,
        resource if resource.has_properties() => PRINCIPAL_REPORTS,
        _ => &[],
    }
}

/// Answers REPORT: 400 without a body, 403 with `supported-report` for a report the resource does
/// not serve.
pub async fn report(call: Arc<Call>) -> Result<Answer, Failure> {
    if !call.resource.has_properties() {
        return Err(crate::domain::error::Error::NotFound.into());
    }
    if call.body().is_empty() {
        return Err(Failure::BadRequest("REPORT without a body".into()));
    }
    let report = Report::parse(call.body())?;
    let name = match &report {
        Report::SyncCollection(_) => "D:sync-collection",
        Report::Multiget(_) => "C:addressbook-multiget",
        Report::Query(_) => "C:addressbook-query",
        Report::ExpandProperty(_) => "D:expand-property",
        Report::PrincipalPropertySearch(_) => "D:principal-property-search",
        Report::PrincipalSearchPropertySet => "D:principal-search-property-set",
        Report::PrincipalMatch(_) => "D:principal-match",
        Report::AclPrincipalPropSet(_) => "D:acl-principal-prop-set",
        Report::Other(_) => "",
    };
    if !served(&call.resource).contains(&name) {
        return Err(Failure::forbidden(
            Precondition::SupportedReport,
            "this report is not served here",
        ));
    }
    match report {
        Report::SyncCollection(sync) => sync::sync(call, sync).await,
        Report::Multiget(multiget) => book::multiget(call, multiget).await,
        Report::Query(query) => book::query(call, query).await,
        Report::ExpandProperty(wanted) => expand::expand(&call, &wanted).await,
        Report::PrincipalPropertySearch(search) => principal::search(&call, &search).await,
        Report::PrincipalSearchPropertySet => {
            Ok(xml(StatusCode::OK, principal::search_properties()))
        }
        Report::PrincipalMatch(asked) => principal::matching(call, asked).await,
        Report::AclPrincipalPropSet(props) => principal::of_acl(&call, &props).await,
        Report::Other(_) => Err(Failure::Status(StatusCode::FORBIDDEN)),
    }
}
