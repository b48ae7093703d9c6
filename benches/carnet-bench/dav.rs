//! CardDAV: first synchronization, one change, unchanged polls, durable writes.

use std::{
    process::id,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    Options,
    client::Connection,
    report::{Budget, Report, milliseconds, quantile, timed},
    server::{Server, card, processor},
};

const XML: &str = "Content-Type: application/xml\r\n";

fn path(login: &str) -> String {
    format!("/dav/{login}/private/contacts/")
}

/// Hrefs and the new token of a sync-collection report.
fn sync(connection: &mut Connection, login: &str, token: &str) -> (Vec<String>, String) {
    let body = format!(
        "<sync-collection xmlns=\"DAV:\"><sync-token>{token}</sync-token>\
         <sync-level>1</sync-level><prop><getetag/></prop></sync-collection>"
    );
    let (status, answer) = connection.call("REPORT", &path(login), XML, body.as_bytes());
    assert_eq!(status, 207);
    let text = String::from_utf8(answer).expect("text");
    let hrefs = text
        .split("href>")
        .filter(|piece| piece.starts_with('/'))
        .map(|piece| piece.split('<').next().expect("a href").to_owned())
        .collect();
    let token = text
        .split("sync-token>")
        .nth(1)
        .and_then(|rest| rest.split('<').next())
        .expect("a token");
    (hrefs, token.to_owned())
}

fn multiget(connection: &mut Connection, login: &str, hrefs: &[String]) -> usize {
    let mut body = String::from(
        "<C:addressbook-multiget xmlns=\"DAV:\" xmlns:C=\"urn:ietf:params:xml:ns:carddav\">\
         <prop><getetag/><C:address-data/></prop>",
    );
    for href in hrefs {
        body.push_str(&format!("<href>{href}</href>"));
    }
    body.push_str("</C:addressbook-multiget>");
    let (status, answer) = connection.call("REPORT", &path(login), XML, body.as_bytes());
    assert_eq!(status, 207);
    let text = String::from_utf8_lossy(&answer);
    text.matches("BEGIN:VCARD").count()
}

pub fn read(options: &Options, server: &Server, report: &mut Report) {
    let size = if options.quick { 1_000 } else { 10_000 };
    let login = format!("dav{size}");
    server.book(&login, size);
    let mut connection = Connection::open(&server.plain, &login);
    // Signing in is paid once.
    sync(&mut connection, &login, "");
    let (cards, took) = timed(|| {
        let (hrefs, _) = sync(&mut connection, &login, "");
        let members: Vec<String> = hrefs.into_iter().filter(|h| h.ends_with(".vcf")).collect();
        let pages = members.chunks(100);
        pages
            .map(|page| multiget(&mut connection, &login, page))
            .sum::<usize>()
    });
    assert_eq!(cards, size);
    let rate = cards as f64 / took * 1000.0;
    let what = format!("CardDAV first sync of {size}, multiget by 100");
    report.row(&what, rate, "cards/s", Budget::AtLeast(20_000.0));

    let sizes: &[usize] = if options.quick {
        &[1_000]
    } else {
        &[1_000, 10_000, 100_000]
    };
    let (mut changed, mut idle) = (Vec::new(), Vec::new());
    for size in sizes {
        let login = format!("dav{size}");
        server.book(&login, *size);
        let medians = one_change(server, &login, *size, report);
        changed.push(medians.0);
        idle.push(medians.1);
    }
    report.flatness("CardDAV one change", &changed, 20.0);
    report.flatness("CardDAV nothing new", &idle, 20.0);
}

/// The medians of a change and of nothing new.
fn one_change(server: &Server, login: &str, size: usize, report: &mut Report) -> (f64, f64) {
    let mut connection = Connection::open(&server.plain, login);
    let (_, mut token) = sync(&mut connection, login, "");
    let target = format!("{}changed.vcf", path(login));
    let (mut changed, mut idle) = (Vec::new(), Vec::new());
    for number in 0..200 {
        let text = card("changed", 0).replace("Given", &format!("Given{number}"));
        let written = connection.call("PUT", &target, "", text.as_bytes()).0;
        assert!(matches!(written, 201 | 204));
        let ((hrefs, next), took) = timed(|| sync(&mut connection, login, &token));
        assert_eq!(hrefs.len(), 1);
        changed.push(took);
        token = next;
        let ((hrefs, _), took) = timed(|| sync(&mut connection, login, &token));
        assert!(hrefs.is_empty());
        idle.push(took);
    }
    let medians = (quantile(&mut changed, 0.5), quantile(&mut idle, 0.5));
    let what = format!("CardDAV one change, book of {size}");
    report.row(&what, medians.0, "ms p50", Budget::AtMost(1.0));
    let what = format!("CardDAV nothing new, book of {size}");
    report.row(&what, medians.1, "ms p50", Budget::AtMost(1.0));
    medians
}

/// Many connections asking for ctag and token.
pub fn poll(options: &Options, server: &Server, report: &mut Report) {
    server.book("poll", 1_000);
    let body = b"<propfind xmlns=\"DAV:\" xmlns:CS=\"http://calendarserver.org/ns/\">\
                 <prop><CS:getctag/><sync-token/></prop></propfind>";
    let headers = format!("{XML}Depth: 0\r\n");
    let mut samples = load(options, server, "poll", 8, |connection, _| {
        let (status, _) = connection.call("PROPFIND", &path("poll"), &headers, body);
        assert_eq!(status, 207);
    });
    let what = "unchanged poll (PROPFIND of ctag and token), 8 connections";
    report.row(what, samples.rate, "/s", Budget::AtLeast(15_000.0));
    let p99 = quantile(&mut samples.took, 0.99);
    report.row("  p99", p99, "ms", Budget::None);
}

/// PUTs of new cards, each on disk when it is answered.
pub fn write(options: &Options, server: &Server, report: &mut Report) {
    let budgets = [
        (8, Budget::AtLeast(2_000.0), Budget::AtMost(20.0)),
        (64, Budget::AtLeast(10_000.0), Budget::AtMost(20.0)),
        (200, Budget::None, Budget::None),
    ];
    for (connections, rate, p99) in budgets {
        let login = format!("put{connections}");
        server.account(&login);
        let number = AtomicUsize::new(0);
        let before = (server.processor(), processor(id()));
        let mut samples = load(options, server, &login, connections, |connection, _| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let target = format!("{}{number}.vcf", path(&login));
            let text = card("put", number);
            let (status, _) = connection.call("PUT", &target, "", text.as_bytes());
            assert_eq!(status, 201);
        });
        let what = format!("durable PUTs, {connections} connections");
        report.row(&what, samples.rate, "/s", rate);
        report.row("  p99", quantile(&mut samples.took, 0.99), "ms", p99);
        let after = (server.processor(), processor(id()));
        for (who, time) in [
            ("server", after.0 - before.0),
            ("client", after.1 - before.1),
        ] {
            let what = format!("  processor time of the {who}, each");
            report.row(&what, time / samples.took.len() as f64, "µs", Budget::None);
        }
    }
}

struct Samples {
    /// Requests a second, all connections together.
    rate: f64,
    /// Milliseconds of each request.
    took: Vec<f64>,
}

/// Repeats a request on several connections for some seconds.
fn load(
    options: &Options,
    server: &Server,
    login: &str,
    connections: usize,
    request: impl Fn(&mut Connection, usize) + Sync,
) -> Samples {
    let length = Duration::from_secs(if options.quick { 1 } else { 5 });
    // Signing in is paid before.
    Connection::open(&server.plain, login).call("GET", &path(login), "", b"");
    let started = Instant::now();
    let took = thread::scope(|scope| {
        let workers: Vec<_> = (0..connections)
            .map(|number| {
                let request = &request;
                scope.spawn(move || {
                    let mut connection = Connection::open(&server.plain, login);
                    let mut took = Vec::new();
                    while started.elapsed() < length {
                        let begun = Instant::now();
                        request(&mut connection, number);
                        took.push(milliseconds(begun.elapsed()));
                    }
                    took
                })
            })
            .collect();
        let joined = workers
            .into_iter()
            .map(|worker| worker.join().expect("measured"));
        joined.flatten().collect::<Vec<f64>>()
    });
    Samples {
        rate: took.len() as f64 / started.elapsed().as_secs_f64(),
        took,
    }
}
