//! Searches in a large book, made through the core as every face makes them.

use std::sync::Arc;

use carnet::{
    class::contact::Contact,
    domain::{
        actor::{Actor, Client},
        core::{Core, Limits},
        search::{Request, Scope},
        store::{ListQuery, PeopleStore as _},
    },
    store::sqlite::Sqlite,
};
use tokio::runtime::Runtime;

use crate::{
    Options,
    report::{Budget, Report, quantile, timed},
    server::Server,
};

const QUERIES: usize = 2_000;
/// The kinds of queries, in the order of [`queries`].
const KINDS: [&str; 5] = [
    "a first name",
    "a whole name",
    "a beginning without a word",
    "a name or the city of all",
    "a beginning of a number",
];
const LOGIN: &str = "search";
/// Most queries meet a twentieth of the book or all of it.
const FIRST_NAMES: [&str; 20] = [
    "Anne", "Bruno", "Chloé", "David", "Emma", "Farid", "Greta", "Hugo", "Inès", "Jules", "Karim",
    "Léa", "Marc", "Nadia", "Olivier", "Paula", "Quentin", "Rosa", "Simon", "Zoé",
];
const SYLLABLES: [&str; 16] = [
    "ba", "ber", "cor", "dan", "du", "fer", "gal", "lan", "mar", "mor", "nel", "pi", "ro", "tin",
    "vel", "zan",
];

pub fn latency(options: &Options, server: &Server, report: &mut Report) {
    let size = if options.quick { 2_000 } else { 100_000 };
    server.account(LOGIN);
    server.import(LOGIN, size, person);
    let runtime = Runtime::new().expect("a runtime");
    let store = Arc::new(Sqlite::open(server.data.path()).expect("opened"));
    let limits = Limits::default();
    let core = Core::new(store.clone(), vec![Arc::new(Contact::default())], limits);
    let (actor, queries) = runtime.block_on(async {
        let person = store.person_by_login(LOGIN).await.expect("read");
        let person = person.expect("an account").id;
        let actor = core.actor(person, Client::default()).await.expect("read");
        let actor = Arc::new(actor);
        let queries = queries(&core, &actor).await;
        (actor, queries)
    });
    let mut took = Vec::with_capacity(QUERIES);
    let mut by_kind: Vec<Vec<f64>> = vec![Vec::new(); KINDS.len()];
    for (at, text) in queries.iter().cycle().take(QUERIES).enumerate() {
        let request = Request {
            text: text.clone(),
            scope: Scope::Private,
            ..Request::default()
        };
        let asked = || runtime.block_on(core.find(&actor, &request, false));
        let (found, lasted) = timed(asked);
        assert!(found.is_ok_and(|found| found.found > 0));
        took.push(lasted);
        by_kind[at % KINDS.len()].push(lasted);
    }
    for (kind, took) in KINDS.into_iter().zip(&mut by_kind) {
        for (share, name) in [(0.5, "p50"), (0.99, "p99")] {
            let what = format!("search in {size} contacts, {kind}, {name}");
            report.row(&what, quantile(took, share), "ms", Budget::None);
        }
    }
    for (share, name, budget) in [
        (0.5, "p50", Budget::None),
        (0.95, "p95", Budget::None),
        (0.99, "p99", Budget::AtMost(20.0)),
    ] {
        let what = format!("search in {size} contacts, {name}");
        report.row(&what, quantile(&mut took, share), "ms", budget);
    }
}

/// Queries of the words of the contacts themselves, so that they find something.
async fn queries(core: &Arc<Core>, actor: &Arc<Actor>) -> Vec<String> {
    let book = core.books(actor).await.expect("read").remove(0);
    let count = book.count().await.expect("read");
    let step = usize::try_from((count / 400).max(1)).expect("small");
    let mut queries = Vec::new();
    for offset in (0..count).step_by(step) {
        let page = ListQuery {
            offset,
            limit: 1,
            ..ListQuery::default()
        };
        for row in book.list(&page).await.expect("read").rows {
            let name = row.placement.display;
            let (first, last) = name.split_once(' ').unwrap_or((&name, "martin"));
            let prefix: String = first.chars().take(4).collect();
            queries.push(first.to_owned());
            queries.push(format!("{first} {last}"));
            queries.push(format!("{prefix}* -martin"));
            queries.push(format!("\"{name}\" OR lille"));
            queries.push(format!("06{:02}*", queries.len() / KINDS.len() % 100));
        }
    }
    queries
}

fn person(prefix: &str, number: usize) -> String {
    // A multiplicative hash: the same names in every run, in no order.
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let part = |at: usize, of: usize| (mixed >> at) % of;
    let first = FIRST_NAMES[part(7, FIRST_NAMES.len())];
    let last: String = [13, 23, 33]
        .map(|at| SYLLABLES[part(at, SYLLABLES.len())])
        .concat();
    let company = part(43, 500);
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{prefix}-{number}\r\nN:{last};{first};;;\r\nFN:{first} {last}\r\n\
         ORG:Company {company}\r\nEMAIL:{number}@example.org\r\nTEL;TYPE=CELL:+33 6 {:02} {number:06}\r\n\
         ADR;TYPE=WORK:;;{number} rue des Tanneurs;Lille;Nord;59000;France\r\n\
         NOTE:Met at the fair\\, wants the catalogue.\r\nEND:VCARD\r\n",
        part(50, 100)
    )
}
