//! Settings that change while the server runs: the rules for new devices, the maintenance notice.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{OfficeVisit, office_of, settled, shell};
use crate::{
    domain::{
        device::DeviceAccess,
        error::Result,
        office::{Office, places::DeviceRule},
    },
    web::{
        Web,
        form::Posted,
        page::{Shell, show},
        params::Query,
        request::Visit,
        told::{Deed, Done, Told},
    },
};

/// Empty lines behind the rules there are.
const MORE: usize = 2;

#[derive(Template)]
#[template(path = "admin_rules.html")]
struct Page {
    shell: Shell,
    rules: Vec<RuleRow>,
    notice: String,
}

struct RuleRow {
    at: usize,
    kind: String,
    /// Value, words, and whether it is chosen.
    choices: [(&'static str, &'static str, bool); 4],
}

/// `GET /admin/rules`
pub async fn page(
    State(web): State<Arc<Web>>,
    admin: OfficeVisit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_page(&web, &admin.visit, done.into());
    admin.visit.answer(&web, shown).await
}

async fn show_page(web: &Web, visit: &Visit, told: Told) -> Result<Response> {
    let text = visit.text.admin;
    let rules = web.core.device_rules().await?;
    let row = |at: usize, rule: Option<&DeviceRule>| {
        let access = rule.map(|rule| rule.access);
        let choice = |own: DeviceAccess, words| (own.as_str(), words, access == Some(own));
        RuleRow {
            at,
            kind: rule.map_or_else(String::new, |rule| rule.kind.clone()),
            choices: [
                ("", text.rule_none, access.is_none()),
                choice(DeviceAccess::Allowed, text.rule_allow),
                choice(DeviceAccess::Quarantined, text.rule_ask),
                choice(DeviceAccess::Blocked, text.rule_block),
            ],
        }
    };
    let status = told.status();
    let page = Page {
        rules: (0..rules.len() + MORE)
            .map(|at| row(at, rules.get(at)))
            .collect(),
        notice: web.core.maintenance_notice().await?.unwrap_or_default(),
        shell: shell(web, visit, told),
    };
    Ok(show(status, &page))
}

/// `POST /admin/rules/devices`
pub async fn new_devices(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let kinds = posted.values("kind");
    let mut rules: Vec<DeviceRule> = kinds
        .zip(posted.values("access"))
        .filter_map(|(kind, access)| {
            Some(DeviceRule {
                kind: kind.trim().to_lowercase(),
                access: DeviceAccess::parse(access)?,
            })
        })
        .collect();
    // The rule for every other kind would hide what comes behind it.
    rules.sort_by_key(|rule| rule.kind.is_empty());
    with(&web, &posted, async |office| {
        office.set_device_rules(&rules).await
    })
    .await
}

/// `POST /admin/rules/notice`
pub async fn notice(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    with(&web, &posted, async |office| {
        office
            .set_maintenance_notice(Some(posted.value("notice")))
            .await
    })
    .await
}

async fn with<F>(web: &Arc<Web>, posted: &Posted, change: F) -> Response
where
    F: AsyncFnOnce(Office) -> Result<()>,
{
    let office = match office_of(web, posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let changed = change(office.clone()).await;
    settled(
        web,
        visit,
        changed,
        Deed::AdminSaved,
        "/admin/rules",
        async |told| show_page(web, visit, told).await,
    )
    .await
}
