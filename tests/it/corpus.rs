//! Cards of other projects through the whole server: stored without loss or refused with a reason,
//! and shown to every kind of client afterwards.

use std::{collections::BTreeMap, env, fs, path::PathBuf};

use carnet::domain::{actor::Client, cursor::Position};
use carnet_proto::vcard::split_stream;

use crate::support::{
    eas::Device,
    http::{basic, request},
    server::Server,
};

fn corpus() -> Option<PathBuf> {
    let shared = env::var_os("CARNET_SHARED")
        .map(PathBuf::from)
        .unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared")));
    Some(shared.join("corpus/vcards")).filter(|path| path.is_dir())
}

#[test]
fn every_card_of_other_projects_is_stored_or_refused() {
    let Some(corpus) = corpus() else {
        crate::support::skipped("the corpus of other projects' cards is not here");
        return;
    };
    let server = Server::start();
    let mut files: Vec<PathBuf> = fs::read_dir(corpus)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    let mut stored = BTreeMap::new();
    let mut refused = 0;
    let headers = [
        basic("carol", "demo"),
        ("Content-Type".to_owned(), "text/vcard".to_owned()),
    ];
    for file in &files {
        let bytes = fs::read(file).expect("a file");
        for (offset, card) in split_stream(&bytes) {
            let href = format!("card-{}.vcf", stored.len() + refused);
            let target = format!("/dav/carol/private/contacts/{href}");
            let answer = request(&server.address, "PUT", &target, &headers, card);
            let place = format!("{} at {offset}: {}", file.display(), answer.text());
            match answer.status {
                201 | 204 => drop(stored.insert(href, card.to_vec())),
                403 | 409 | 412 | 415 => {
                    refused += 1;
                    assert!(answer.text().contains("error"), "{place}");
                }
                status => panic!("{status}: {place}"),
            }
        }
    }
    println!("{} stored, {refused} refused", stored.len());
    assert!(stored.len() > 100);
    let book = server.runtime.block_on(async {
        let core = server.core();
        let person = core.store().person_by_login("carol").await;
        let person = person.expect("a read").expect("carol").id;
        let actor = core.actor(person, Client::default()).await.expect("carol");
        let actor = std::sync::Arc::new(actor);
        core.open_private(&actor, "contacts").await.expect("a book")
    });
    let mut cards = Vec::new();
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk(position, 100);
        let leg = server.runtime.block_on(leg).expect("cards");
        cards.extend(leg.cards);
        next = leg.next;
    }
    for card in &cards {
        if let Some(bytes) = stored.get(&card.placement.href) {
            assert_eq!(&book.content(card), bytes, "{}", card.placement.href);
        }
    }
    for href in stored.keys() {
        let target = format!("/dav/carol/private/contacts/{href}");
        let answer = request(&server.address, "GET", &target, &headers[..1], b"");
        assert_eq!(answer.status, 200, "{href}");
    }
    let mut phone = Device::set_up(&server.address, "carol", "corpus", "16.1");
    phone.sync_all(&[], 50);
    let contacts = cards.iter().filter(|c| c.placement.kind != "group");
    assert_eq!(phone.items.len(), contacts.count());
    assert_eq!(
        request(&server.address, "GET", "/healthz", &[], b"").status,
        200
    );
}
