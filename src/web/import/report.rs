//! Import, third step: its progress, its outcome, and its undo.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use super::super::{
    Web,
    form::Posted,
    page::{Shell, see_other, show},
    params::Query,
    place::ImportPath,
    request::Visit,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::error::{Error, Result},
    text::{fill, transfer::Transfer},
    transfer::{Failure, Job, Progress, refused_in_words},
};

/// Lines shown of each list.
const SHOWN: usize = 200;
/// Seconds until the page of an import under way is asked for again.
const AGAIN: &str = "2";

#[derive(Template)]
#[template(path = "import_report.html")]
struct Page {
    shell: Shell,
    here: String,
    title: String,
    id: i64,
    name: String,
    when: String,
    state: Option<String>,
    /// Hundredths of what is done, while it goes on.
    running: Option<u64>,
    counts: String,
    has_refused: bool,
    paused: bool,
    may_undo: bool,
    /// Line, reason.
    skipped: Vec<(String, String)>,
    more_skipped: Option<String>,
    /// Line, warning, value.
    warnings: Vec<(String, String, String)>,
    more_warnings: Option<String>,
}

/// `GET …/imports/ID`
pub async fn page(
    State(web): State<Arc<Web>>,
    path: ImportPath,
    visit: Visit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_page(&web, &path, &visit, done.into());
    visit.answer(&web, shown).await
}

async fn show_page(
    web: &Arc<Web>,
    path: &ImportPath,
    visit: &Visit,
    told: Told,
) -> Result<Response> {
    let status = told.status();
    let book = path.place.open(web, visit).await?;
    let import = book.import_of(path.import).await?;
    let text = visit.text;
    let x = text.transfer;
    let progress = Progress::read(&import.progress);
    let found = Job::of(&import).map_or(0, |job| job.found);
    let under_way = import.job.is_some() && import.ended.is_none() && !progress.paused;
    let report = &progress.report;
    let state = match (&progress.failure, import.undone) {
        (Some(why), _) => Some(fill(x.import_failed, &[&failed_because(why, x)])),
        (None, Some(_)) => Some(x.import_undone.to_owned()),
        _ if progress.stopped => Some(fill(x.import_stopped, &[&progress.taken, &found])),
        _ if progress.paused => Some(x.import_waits.to_owned()),
        _ if under_way => Some(fill(x.import_running, &[&progress.taken, &found])),
        _ => None,
    };
    let more = |all: usize| {
        let more = all.checked_sub(SHOWN).filter(|more| *more > 0);
        more.map(|more| fill(x.more_of_them, &[&more]))
    };
    let page = Page {
        title: super::title(&book, visit),
        id: import.id.0,
        when: when::shown(import.at, text),
        state,
        running: under_way.then(|| progress.taken * 100 / found.max(1)),
        counts: fill(
            x.report,
            &[
                &report.created,
                &report.updated,
                &report.unchanged,
                &report.lists,
                &report.skipped.len(),
            ],
        ),
        has_refused: import.ended.is_some() && !report.skipped.is_empty(),
        paused: progress.paused,
        may_undo: import.may_be_undone() && report.created + report.updated > 0,
        skipped: report
            .skipped
            .iter()
            .take(SHOWN)
            .map(|(line, reason)| (report.place(*line), x.skipped_because(reason).to_owned()))
            .collect(),
        more_skipped: more(report.skipped.len()),
        warnings: report
            .warnings
            .iter()
            .take(SHOWN)
            .map(|(line, code, about)| {
                let told = fill(x.warning(code), &[about]);
                (report.place(*line), told, about.clone())
            })
            .collect(),
        more_warnings: more(report.warnings.len() + report.more_warnings),
        name: import.name,
        shell: visit.shell_telling(web, Some(&path.place.path()), told),
        here: path.place.path(),
    };
    let mut answer = show(status, &page);
    if under_way {
        let again = HeaderValue::from_static(AGAIN);
        answer.headers_mut().insert(header::REFRESH, again);
    }
    Ok(answer)
}

/// `GET …/imports/ID/refused`: the lines that were not taken.
pub async fn refused(State(web): State<Arc<Web>>, path: ImportPath, visit: Visit) -> Response {
    let file = async {
        let book = path.place.open(&web, &visit).await?;
        let table = web.jobs.refused(&book, path.import).await?;
        let x = visit.text.transfer;
        let reason = |code: &str| x.skipped_because(code).to_owned();
        Ok(refused_in_words(
            &table,
            [x.line, x.record, x.reason],
            reason,
        ))
    };
    match file.await {
        Ok(octets) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (
                    header::CONTENT_DISPOSITION,
                    "attachment; filename=\"refused.csv\"",
                ),
                (header::CACHE_CONTROL, "no-store"),
            ];
            (headers, octets).into_response()
        }
        Err(error) => visit.failed(&web, &error),
    }
}

/// `POST …/imports/ID/again`
pub async fn again(State(web): State<Arc<Web>>, path: ImportPath, posted: Posted) -> Response {
    let resumed = async {
        let book = path.place.open(&web, &posted.visit).await?;
        web.jobs.again(&book, path.import).await
    };
    match resumed.await {
        Ok(()) => see_other(&path.path()),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// `POST …/imports/ID/end`
pub async fn end(State(web): State<Arc<Web>>, path: ImportPath, posted: Posted) -> Response {
    let ended = async {
        let book = path.place.open(&web, &posted.visit).await?;
        web.jobs.end(&book, path.import).await
    };
    match ended.await {
        Ok(()) => see_other(&path.path()),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// `POST …/imports/ID/undo`
pub async fn undo(State(web): State<Arc<Web>>, path: ImportPath, posted: Posted) -> Response {
    let visit = &posted.visit;
    let undone = async {
        let book = path.place.open(&web, visit).await?;
        book.undo_import(path.import).await
    };
    match undone.await {
        Ok(undone) => Done::of(Deed::ImportUndone)
            .numbers(&[undone.removed, undone.restored, undone.left])
            .at(&path.path()),
        Err(error @ Error::NotFound) => visit.failed(&web, &error),
        Err(error) => {
            let told = Told::refused(&error, visit);
            let page = show_page(&web, &path, visit, told);
            visit.answer(&web, page).await
        }
    }
}

/// Why an import ended before its end; what is no known reason as it is.
fn failed_because<'a>(why: &'a str, x: &Transfer) -> &'a str {
    match Failure::parse(why) {
        Some(Failure::Gone) => x.failed_gone,
        Some(Failure::NotAllowed) => x.failed_not_allowed,
        Some(Failure::NoSpace) => x.failed_no_space,
        Some(Failure::Unreadable) => x.failed_unreadable,
        Some(Failure::Unavailable) => x.failed_unavailable,
        None => why,
    }
}

#[cfg(test)]
mod tests {
    use super::failed_because;
    use crate::{
        text::{EN, FR},
        transfer::Failure,
    };

    #[test]
    fn every_reason_an_import_ends_for_is_told_in_words() {
        for text in [EN, FR] {
            let told = Failure::ALL.map(|why| failed_because(why.as_str(), text.transfer));
            assert!(told.iter().all(|told| told.contains(' ')), "{told:?}");
        }
    }
}
