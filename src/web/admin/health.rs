//! Health, backups, and whether clients find the server.

use std::{sync::Arc, time::Instant};

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{OfficeVisit, office_of, settled, shell};
use crate::{
    domain::{
        blocking::blocking,
        error::{Error, Result},
        id::Timestamp,
        office::Office,
        outbox::{self, Outgoing},
    },
    durable,
    http::reach::{Question, reach},
    text::{Text, admin::Admin, fill},
    web::{
        Web,
        form::Posted,
        page::{Shell, show},
        params::Query,
        request::Visit,
        told::{Deed, Done, Told},
        when,
    },
};

/// A disk or a certificate is mentioned from here on.
const FULL: u64 = 90;
const SOON: i64 = 14;
/// A message that was tried more often than this is mentioned.
const STUCK: i64 = 3;
/// Backups the server keeps of its own.
const BACKUPS: usize = 10;

#[derive(Template)]
#[template(path = "admin_health.html")]
struct Page {
    shell: Shell,
    gauges: Vec<Gauge>,
    backup: String,
}

/// Something that is well or not.
struct Gauge {
    name: &'static str,
    said: String,
    well: bool,
}

/// `GET /admin`
pub async fn page(
    State(web): State<Arc<Web>>,
    admin: OfficeVisit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_page(&web, &admin.visit, &admin.office, done.into());
    admin.visit.answer(&web, shown).await
}

async fn show_page(web: &Web, visit: &Visit, office: &Office, told: Told) -> Result<Response> {
    let text = visit.text.admin;
    let backup = match office.last_backup().await? {
        Some((file, at)) => fill(text.backup_last, &[&when::shown(at, visit.text), &file]),
        None => text.backup_none.to_owned(),
    };
    let status = told.status();
    let page = Page {
        gauges: gauges(web, visit, office).await?,
        backup,
        shell: shell(web, visit, told),
    };
    Ok(show(status, &page))
}

async fn gauges(web: &Web, visit: &Visit, office: &Office) -> Result<Vec<Gauge>> {
    let text = visit.text.admin;
    let asked = Instant::now();
    let octets = office.octets_stored().await?;
    let took = asked.elapsed().as_millis();
    let mut gauges = vec![Gauge {
        name: text.database,
        said: fill(text.database_said, &[&took, &(octets / 1_000_000)]),
        well: took < 500,
    }];
    if let Some(used) = disk_used(web) {
        gauges.push(Gauge {
            name: text.disk,
            said: fill(text.disk_said, &[&used]),
            well: used < FULL,
        });
    }
    let certificates = web.site.certificates.as_ref();
    let days = certificates.and_then(|certificates| certificates.expires());
    let days = days.and_then(|expires| i64::try_from(expires).ok());
    let days = days.map(|expires| (expires - Timestamp::now().0 / 1000) / 86_400);
    gauges.push(match days {
        Some(days) => Gauge {
            name: text.certificate,
            said: fill(text.certificate_said, &[&days]),
            well: days > SOON,
        },
        None => Gauge {
            name: text.certificate,
            said: text.certificate_none.to_owned(),
            well: true,
        },
    });
    if let Some(state) = certificates.and_then(|certificates| certificates.acme()) {
        let next = when::shown(Timestamp(state.next * 1000), visit.text);
        gauges.push(Gauge {
            name: text.acme,
            well: state.error.is_none(),
            said: match state.error {
                None => fill(text.acme_well, &[&next]),
                Some(error) => fill(text.acme_failed, &[&error, &next]),
            },
        });
    }
    gauges.push(mail(web, office, visit.text).await?);
    gauges.push(Gauge {
        name: text.push,
        said: if web.site.push {
            text.push_on
        } else {
            text.push_off
        }
        .to_owned(),
        well: true,
    });
    gauges.push(Gauge {
        name: text.version_is,
        said: env!("CARGO_PKG_VERSION").to_owned(),
        well: true,
    });
    Ok(gauges)
}

/// The queue of outgoing messages.
async fn mail(web: &Web, office: &Office, text: &'static Text) -> Result<Gauge> {
    let admin = text.admin;
    let recent = office.outbox(200).await?;
    let count = |is: fn(&Outgoing) -> bool| recent.iter().filter(|message| is(message)).count();
    let waiting = count(|message| message.state == outbox::State::Waiting);
    let lost = count(|message| is_lost(message.state));
    let stuck =
        count(|message| message.state == outbox::State::Waiting && message.attempts > STUCK);
    Ok(Gauge {
        name: admin.mail,
        said: if web.outlets.mail {
            let waiting = text.counted(waiting, [admin.mail_waiting_one, admin.mail_waiting]);
            format!("{waiting}, {}", fill(admin.mail_lost, &[&lost]))
        } else {
            admin.mail_off.to_owned()
        },
        well: stuck == 0,
    })
}

/// Hundredths of the disk of the data that are used.
fn disk_used(web: &Web) -> Option<u64> {
    let disk = rustix::fs::statvfs(&web.site.data).ok()?;
    let free = disk.f_bavail.checked_mul(100)?.checked_div(disk.f_blocks)?;
    Some(100 - free.min(100))
}

/// `POST /admin/backup`
pub async fn backup(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let written = write_backup(&web, &office).await;
    settled(
        &web,
        visit,
        written,
        Deed::AdminBackup,
        "/admin",
        async |told| show_page(&web, visit, &office, told).await,
    )
    .await
}

async fn write_backup(web: &Web, office: &Office) -> Result<()> {
    let folder = web.site.data.join("backups");
    let failed = |error: std::io::Error| Error::Unavailable(error.to_string());
    let made = folder.clone();
    blocking(move || durable::make_folder(&made, 0o755))
        .await?
        .map_err(failed)?;
    let name = format!(
        "carnet-{}.db",
        chrono::Utc::now().format("%Y-%m-%d-%H%M%S%3f")
    );
    let file = folder.join(&name);
    office.back_up(&file).await?;
    // The oldest of its own go, never the one just made.
    let mut kept = Vec::new();
    let mut entries = tokio::fs::read_dir(&folder).await.map_err(failed)?;
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        let other = entry.file_name().to_string_lossy().into_owned();
        if is_stamped(&other) && other != name {
            kept.push(entry.path());
        }
    }
    kept.sort();
    for old in kept.iter().take((kept.len() + 1).saturating_sub(BACKUPS)) {
        tokio::fs::remove_file(old).await.map_err(failed)?;
    }
    Ok(())
}

/// Whether a file is named as the page names its backups.
fn is_stamped(name: &str) -> bool {
    const NAMED: &[u8] = b"carnet-0000-00-00-000000000.db";
    let mut pairs = name.bytes().zip(NAMED);
    name.len() == NAMED.len()
        && pairs.all(|(own, named)| match named {
            b'0' => own.is_ascii_digit(),
            named => own == *named,
        })
}

#[derive(Template)]
#[template(path = "admin_check.html")]
struct Check {
    shell: Shell,
    /// None: nobody asked yet.
    rows: Option<Vec<CheckRow>>,
    problem: Option<&'static str>,
}

struct CheckRow {
    what: &'static str,
    url: String,
    said: String,
    well: bool,
    fix: &'static str,
}

/// `GET /admin/check`
pub async fn check_page(State(web): State<Arc<Web>>, admin: OfficeVisit) -> Response {
    let page = Check {
        shell: shell(&web, &admin.visit, Told::Nothing),
        rows: None,
        problem: None,
    };
    show(StatusCode::OK, &page)
}

/// `POST /admin/check`: asks the address of the configuration, and no other.
pub async fn check(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    if let Err(refusal) = office_of(&web, &posted) {
        return *refusal;
    }
    let visit = &posted.visit;
    let text = visit.text.admin;
    let mut page = Check {
        shell: shell(&web, visit, Told::Nothing),
        rows: None,
        problem: None,
    };
    let Some(address) = &web.site.address else {
        page.problem = Some(text.check_no_address);
        return show(StatusCode::OK, &page);
    };
    match reach(&address.url()).await {
        Ok(probes) => {
            let rows = probes.into_iter().map(|probe| {
                let is_plain = probe.well && probe.question == Question::Tls && !address.secure;
                let (what, fix) = if is_plain {
                    (text.check_plain, visit.text.connect.plain)
                } else {
                    words(probe.question, text)
                };
                CheckRow {
                    what,
                    fix,
                    url: probe.url,
                    said: probe.said,
                    well: probe.well && !is_plain,
                }
            });
            page.rows = Some(rows.collect());
            show(StatusCode::OK, &page)
        }
        Err(why) => visit.failed(&web, &Error::Invalid(why.into())),
    }
}

fn words(question: Question, text: &Admin) -> (&'static str, &'static str) {
    match question {
        Question::Tls => (text.check_tls, text.fix_tls),
        Question::WellKnown => (text.check_well_known, text.fix_well_known),
        Question::CardDav => (text.check_carddav, text.fix_carddav),
        Question::Eas => (text.check_eas, text.fix_eas),
        Question::Autodiscover => (text.check_autodiscover, text.fix_autodiscover),
    }
}

fn is_lost(state: outbox::State) -> bool {
    matches!(state, outbox::State::Refused | outbox::State::GivenUp)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_backups_of_the_page_are_cleared_away() {
        for (name, own) in [
            ("carnet-2026-11-27-215009123.db", true),
            ("carnet-2026-11-27.db", false),
            ("carnet-before-the-move.db", false),
            ("carnet-2026-11-27-215009123.db.new", false),
            ("carnet-2026-11-27-21500912x.db", false),
        ] {
            assert_eq!(is_stamped(name), own, "{name}");
        }
    }
}
