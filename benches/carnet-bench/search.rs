//! Prints how long searches take in a data directory: `search_latency DIR LOGIN`.
//!
//! Queries are made of the words of the contacts themselves, so that they find something.

use std::{path::Path, sync::Arc, time::Instant};

use carnet::{
    class::contact::Contact,
    domain::{
        actor::Client,
        core::{Core, Limits},
        search::{Request, Scope},
        store::{ListQuery, Store as _},
    },
    store::sqlite::Sqlite,
};

const QUERIES: usize = 2_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(data), Some(login)) = (arguments.next(), arguments.next()) else {
        return Err("search_latency DIR LOGIN".into());
    };
    let store = Arc::new(Sqlite::open(Path::new(&data))?);
    let core = Core::new(
        store.clone(),
        vec![Arc::new(Contact::default())],
        Limits::default(),
    );
    let person = store.person_by_login(&login).await?;
    let person = person.ok_or("there is no such account")?;
    let actor = Arc::new(core.actor(person.id, Client::default()).await?);
    let book = core.books(&actor).await?.remove(0);
    let count = book.count().await?;
    let mut queries = Vec::new();
    let step = (count / 400).max(1);
    for offset in (0..count).step_by(usize::try_from(step)?) {
        let page = ListQuery {
            offset,
            limit: 1,
            ..ListQuery::default()
        };
        for row in book.list(&page).await?.rows {
            let name = row.placement.display;
            let word = |at: usize| name.split(' ').nth(at).unwrap_or("martin").to_owned();
            let prefix: String = word(0).chars().take(4).collect();
            queries.push(word(0));
            queries.push(format!("{} {}", word(0), word(1)));
            queries.push(format!("{prefix}* -martin"));
            queries.push(format!("\"{name}\" OR lille"));
            queries.push("06 1*".to_owned());
        }
    }
    let mut times = Vec::new();
    let mut found = 0;
    for text in queries.iter().cycle().take(QUERIES) {
        let request = Request {
            text: text.clone(),
            scope: Scope::Private,
            ..Request::default()
        };
        let begun = Instant::now();
        found += core.find(&actor, &request, false).await?.hits.len();
        times.push((begun.elapsed(), text));
    }
    times.sort();
    let at = |part: usize| times[(times.len() - 1) * part / 100].0;
    println!(
        "{QUERIES} searches in {count} contacts, {found} hits: p50 {:?}, p95 {:?}, p99 {:?}, slowest {:?} ({})",
        at(50),
        at(95),
        at(99),
        at(100),
        times.last().map_or("", |(_, text)| text)
    );
    Ok(())
}
