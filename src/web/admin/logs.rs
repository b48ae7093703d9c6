//! The logs of the administration: audit trail, clients with errors, failed sign-ins.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{OfficeVisit, audit, shell};
use crate::{
    auth::Why,
    domain::error::Result,
    text::admin::Admin,
    web::{
        Web,
        devices::exchange_words,
        page::{Shell, show},
        params::Query,
        told::Told,
        when,
    },
};

/// Lines of a page.
const LINES: usize = 50;

/// Where the audit trail goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    before: Option<i64>,
}

#[derive(Template)]
#[template(path = "admin_logs.html")]
struct Page {
    shell: Shell,
    /// Title, headings and rows of each log.
    logs: Vec<Log>,
    older: Option<i64>,
}

struct Log {
    title: &'static str,
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// `GET /admin/logs`
pub async fn page(
    State(web): State<Arc<Web>>,
    admin: OfficeVisit,
    Query(asked): Query<Asked>,
) -> Response {
    let shown = show_page(&web, &admin, asked.before);
    admin.visit.answer(&web, shown).await
}

async fn show_page(web: &Web, admin: &OfficeVisit, before: Option<i64>) -> Result<Response> {
    let OfficeVisit { visit, office } = admin;
    let text = visit.text.admin;
    let lines = office.audit(before.unwrap_or(i64::MAX), LINES).await?;
    let older = lines.last().map(|line| line.id);
    let audit = Log {
        title: text.audit,
        headings: vec![text.when, text.who, text.through, text.what],
        rows: lines
            .iter()
            .map(|line| {
                let at = when::shown(line.at, visit.text);
                let through = audit::through(&line.client, visit.text);
                vec![
                    at,
                    line.who.clone(),
                    through,
                    audit::said(&line.what, visit.text),
                ]
            })
            .collect(),
    };
    let logins = office.logins().await?;
    let mut errors = Vec::new();
    for client in office.clients().await? {
        let login = logins.get(&client.person).cloned().unwrap_or_default();
        let failed = client.exchanges.iter().rev();
        errors.extend(
            failed
                .filter(|exchange| exchange.event.is_error())
                .map(|exchange| {
                    let row = vec![
                        when::shown(exchange.at, visit.text),
                        login.clone(),
                        client.label.clone(),
                        exchange_words(&exchange.event, visit.text.device),
                    ];
                    (exchange.at, row)
                }),
        );
    }
    errors.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    errors.truncate(LINES);
    let failures = web.auth.failures().last(None).into_iter().take(LINES);
    let failures = failures.map(|failure| {
        vec![
            when::shown(failure.at, visit.text),
            failure.login.clone(),
            failure.peer.to_string(),
            why(failure.why, text).to_owned(),
            failure.times.to_string(),
        ]
    });
    let page = Page {
        logs: vec![
            audit,
            Log {
                title: text.sync_errors,
                headings: vec![text.when, text.who, text.through, text.what],
                rows: errors.into_iter().map(|(_, row)| row).collect(),
            },
            Log {
                title: text.sign_in_failures,
                headings: vec![
                    text.when,
                    text.who,
                    text.from_address,
                    text.what,
                    text.times,
                ],
                rows: failures.collect(),
            },
        ],
        older: older.filter(|_| lines.len() == LINES),
        shell: shell(web, visit, Told::Nothing),
    };
    Ok(show(StatusCode::OK, &page))
}

fn why(why: Why, text: &Admin) -> &'static str {
    match why {
        Why::WrongPassword => text.why_wrong,
        Why::AccountPassword => text.why_account,
        Why::Protocol => text.why_protocol,
        Why::Network => text.why_network,
        Why::Class => text.why_class,
        Why::Disabled => text.why_disabled,
        Why::TooMany => text.why_many,
    }
}
