//! Random histories through HTTP: devices of several versions, one of them merged, lose answers,
//! send requests twice and late, and edit meanwhile; in the end all hold what the books hold.
//!
//! CARNET_HISTORIES sets how many; the seed of a history is its number. Thousands of histories of the
//! same laws run below HTTP: `tests/it/model.rs` and `src/domain/round/tests.rs`.

use std::collections::{BTreeMap, BTreeSet};

use carnet_proto::wbxml::Element;

use crate::support::{
    dice::Dice,
    phone::{Phone, add, change, commands, delete, document, indent, responses},
    quick_folder,
    server::Server,
    tree::{all, text_at, wbxml},
};

/// A client that keeps editing while requests are under way.
struct Client {
    phone: Phone,
    /// LastName by ServerId.
    items: BTreeMap<String, String>,
    /// New ones, by ClientId.
    new: BTreeMap<String, String>,
    /// Edits and deletions not yet confirmed; none deletes.
    edits: BTreeMap<String, Option<String>>,
    /// The body of a request whose answer was lost.
    unanswered: Option<Vec<u8>>,
    /// The request answered last, once: it may arrive once more. (An answer asked for three times is
    /// one the device chokes on, and its key is given up.)
    late: Option<Vec<u8>>,
    names: usize,
}

impl Client {
    fn new(phone: Phone) -> Self {
        Self {
            phone,
            items: BTreeMap::new(),
            new: BTreeMap::new(),
            edits: BTreeMap::new(),
            unanswered: None,
            late: None,
            names: 0,
        }
    }

    fn edit(&mut self, dice: &mut Dice, seed: u64) {
        self.names += 1;
        let name = format!("{}-{seed}-{}", self.phone.id, self.names);
        let ids: Vec<String> = self.items.keys().cloned().collect();
        match (dice.below(10), dice.pick(&ids)) {
            (0..=4, _) | (_, None) => {
                self.new.insert(format!("c{}", self.names), name);
            }
            (5..=7, Some(id)) => {
                self.items.insert(id.clone(), name.clone());
                self.edits.insert(id.clone(), Some(name));
            }
            (_, Some(id)) => {
                self.items.remove(id);
                self.edits.insert(id.clone(), None);
            }
        }
    }

    fn body(&self, dice: &mut Dice) -> Vec<u8> {
        let window = [1, 3, 100][dice.below(3)];
        let mut text = format!("AirSync:GetChanges\nAirSync:WindowSize = {window}\n");
        let mut said = String::new();
        for (client_id, name) in &self.new {
            said += &add(client_id, name);
        }
        for (id, name) in &self.edits {
            said += &match name {
                Some(name) => change(id, "LastName", name),
                None => delete(id),
            };
        }
        if !said.is_empty() {
            text += &format!("AirSync:Commands\n{}", indent(&said));
        }
        wbxml(&self.phone.sync_text(&self.phone.key, &text))
    }

    /// One request; whether there is nothing more to do.
    fn sync(&mut self, dice: &mut Dice, lossy: bool) -> bool {
        if lossy
            && dice.below(8) == 0
            && let Some(late) = self.late.take()
        {
            // An old request arrives again: its answer goes to nobody.
            self.phone.post("Sync", &late);
        }
        let retry = self.unanswered.take().filter(|_| dice.below(2) == 0);
        let edits = (self.new.clone(), self.edits.clone());
        let is_retry = retry.is_some();
        let body = retry.unwrap_or_else(|| self.body(dice));
        let answer = self.phone.post("Sync", &body);
        assert_eq!(answer.status, 200);
        if lossy && dice.below(4) == 0 {
            self.unanswered = Some(body);
            return false;
        }
        if lossy && !is_retry && dice.below(6) == 0 {
            let again = self.phone.post("Sync", &body);
            assert_eq!(answer.status, again.status);
            self.late = None;
        } else {
            self.late = Some(body).filter(|_| !is_retry);
        }
        let Some(root) = document(&answer) else {
            return self.new.is_empty() && self.edits.is_empty();
        };
        let collection = all(&root, "Collection").into_iter().next();
        let collection = collection.unwrap_or_else(|| panic!("{}", root.dump()));
        assert_eq!(text_at(collection, &["Status"]).as_deref(), Some("1"));
        self.take(collection, &edits, is_retry);
        all(collection, "MoreAvailable").is_empty() && self.new.is_empty() && self.edits.is_empty()
    }

    fn take(
        &mut self,
        answer: &Element,
        sent: &(BTreeMap<String, String>, BTreeMap<String, Option<String>>),
        is_retry: bool,
    ) {
        self.phone.key = text_at(answer, &["SyncKey"]).expect("a key");
        for (what, client_id, status) in responses(answer) {
            if what == "Add" && status == "1" {
                let id = all(answer, "Add")
                    .into_iter()
                    .find(|add| text_at(add, &["ClientId"]).as_ref() == Some(&client_id))
                    .and_then(|add| text_at(add, &["ServerId"]))
                    .expect("a ServerId");
                if let Some(name) = self.new.remove(&client_id) {
                    self.items.insert(id, name);
                }
            }
        }
        // What was said is done, unless it was said before the edit at hand.
        if !is_retry {
            self.edits.retain(|id, edit| sent.1.get(id) != Some(edit));
        }
        let given = all(answer, "Responses").into_iter();
        let given = given.flat_map(|responses| all(responses, "Add"));
        let given: Vec<_> = given.map(|add| text_at(add, &["ServerId"])).collect();
        for (what, id, name) in commands(answer) {
            assert!(
                what == "Delete" || !given.contains(&Some(id.clone())),
                "{id} is told of by the answer that gives it"
            );
            self.edits.remove(&id);
            match what.as_str() {
                "Delete" => {
                    self.items.remove(&id);
                }
                "Add" | "Change" => {
                    self.items.insert(id, name);
                }
                other => panic!("{other}"),
            }
        }
    }
}

fn history(server: &Server, seed: u64) {
    let mut dice = Dice::new(seed);
    let mut clients: Vec<Client> = [
        ("iPhone", "Apple-iPhone14C5/2306.67", "16.1"),
        ("Android", "Nine/4.9", "14.1"),
        ("NokiaN8", "MailforExchange", "12.1"),
        ("WindowsOutlook15", "Outlook/15.0", "14.0"),
    ]
    .iter()
    .enumerate()
    .map(|(number, (kind, agent, version))| {
        let mut phone = Phone::new(server, "carol", &format!("h{seed}d{number}"), version);
        phone.kind = (*kind).to_owned();
        phone.agent = (*agent).to_owned();
        phone.start();
        Client::new(phone)
    })
    .collect();
    for _ in 0..24 {
        let number = dice.below(clients.len());
        match dice.below(5) {
            0 | 1 => clients[number].edit(&mut dice, seed),
            _ => {
                clients[number].sync(&mut dice, true);
            }
        }
    }
    for _ in 0..4 {
        for client in &mut clients {
            for round in 0.. {
                if client.sync(&mut dice, false) {
                    break;
                }
                assert!(round < 300, "{} never settles", client.phone.id);
            }
        }
    }
    let mut fresh = Client::new(Phone::set_up(
        server,
        "carol",
        &format!("h{seed}fresh"),
        "16.1",
    ));
    while !fresh.sync(&mut dice, false) {}
    let names = |client: &Client| client.items.values().cloned().collect::<BTreeSet<_>>();
    let expected = names(&fresh);
    assert_eq!(
        expected.len(),
        fresh.items.len(),
        "history {seed}: a contact twice"
    );
    for client in &clients[..3] {
        assert_eq!(
            client.items, fresh.items,
            "history {seed}: {}",
            client.phone.id
        );
    }
    // The merged device has the group's six beside them.
    let merged = names(&clients[3]);
    assert!(merged.is_superset(&expected), "history {seed}");
    assert_eq!(
        clients[3].items.len(),
        fresh.items.len() + 6,
        "history {seed}"
    );
    // The next history begins with an empty book.
    let ids: Vec<String> = fresh.items.keys().cloned().collect();
    for id in ids {
        fresh.items.remove(&id);
        fresh.edits.insert(id, None);
    }
    while !fresh.sync(&mut dice, false) {}
}

#[test]
fn devices_converge_whatever_the_network_does() {
    let server = Server::start_in_with(quick_folder(), |config| {
        config.eas_max_devices = 100_000;
    });
    let histories = std::env::var("CARNET_HISTORIES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(12);
    for seed in 0..histories {
        history(&server, seed);
    }
    server.check();
}
