//! A device that moves contacts between folders, and makes, renames and removes folders.

use std::collections::BTreeMap;

use carnet_proto::wbxml::{Element, Limits, decode};

use super::{
    carrier::HOME,
    ledger::{AND, Change, Key},
    writers::{Phone, private},
};
use crate::{
    dav::client::TEAM,
    support::{
        dice::Dice,
        tree::{all, text_at, wbxml},
    },
};

/// Folders it has made at a time.
const FOLDERS: usize = 3;

/// A device of alice that syncs her contacts and knows what it moved elsewhere.
pub struct Mover {
    /// Its ledger is that of all it does.
    pub phone: Phone,
    team: String,
    /// The folders it made: name to ServerId.
    folders: BTreeMap<String, String>,
    hierarchy: String,
    /// What it moved out of the contacts: ServerId and what it holds of it.
    elsewhere: BTreeMap<Key, (String, Element)>,
    /// A move nobody answered: sent again as it was.
    unanswered: Option<Move>,
    count: usize,
}

#[derive(Clone)]
struct Move {
    id: String,
    from: Key,
    to: Key,
}

impl Mover {
    pub fn of(address: &str) -> Self {
        let mut mover = Self {
            phone: Phone::of(address, "alice", "16.1", ("mover", "Mov")),
            team: String::new(),
            folders: BTreeMap::new(),
            hierarchy: String::new(),
            elsewhere: BTreeMap::new(),
            unanswered: None,
            count: 0,
        };
        mover.list();
        mover
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        match dice.below(8) {
            0..3 => self.phone.step(dice),
            3..6 => self.shift(dice),
            _ => self.folder(dice),
        }
    }

    /// After a restart; what stands of a move was compared before.
    pub fn catch_up(&mut self) {
        if let Some(again) = self.unanswered.take() {
            self.send(again).expect("an answer");
        }
        self.phone.catch_up();
        self.list();
    }

    /// A move that nobody answered is not said to stand or not before it is sent again.
    pub fn settled(&mut self) {
        let ledger = &self.phone.ledger;
        self.elsewhere.retain(|key, _| ledger.holds(key));
    }

    fn list(&mut self) {
        let answer = self.phone.device.folder_sync("0");
        let added = all(&answer, "Add").into_iter().map(|add| {
            let text = |name| text_at(add, &[name]).unwrap_or_default();
            (text("DisplayName"), text("ServerId"))
        });
        self.folders = added.collect();
        self.team = self.folders["Team"].clone();
        self.folders.retain(|name, _| name.starts_with("Fld"));
        self.hierarchy = text_at(&answer, &["SyncKey"]).expect("a key");
    }

    fn shift(&mut self, dice: &mut Dice) -> Option<()> {
        let here = private("alice");
        let device = &self.phone.device;
        let known = self.phone.ledger.names_in(&here).into_iter();
        let known = known.filter_map(|key| Some((device.named(&key.1)?, key)));
        let away = self.elsewhere.iter();
        let mut known: Vec<(String, Key)> = known.collect();
        known.extend(away.map(|(key, (id, _))| (id.clone(), key.clone())));
        let Some((id, from)) = dice.pick(&known).cloned() else {
            return self.phone.step(dice);
        };
        let folders = self.folders.keys().map(|name| book(name));
        let mut books: Vec<String> = folders.collect();
        books.extend([here, TEAM.to_owned()]);
        books.retain(|book| *book != from.0);
        let to = (dice.pick(&books)?.clone(), from.1.clone());
        let value = self.phone.ledger.value(&from).to_owned();
        let changes = vec![(from.clone(), None), (to.clone(), Some(value))];
        self.phone.ledger.begin(changes);
        self.send(Move { id, from, to })
    }

    fn send(&mut self, one: Move) -> Option<()> {
        let body = format!(
            "Move:MoveItems\n  Move:Move\n    Move:SrcMsgId = {}\n    Move:SrcFldId = {}\n    \
             Move:DstFldId = {}",
            one.id,
            self.folder_of(&one.from.0),
            self.folder_of(&one.to.0)
        );
        let Some(answer) = self.ask("MoveItems", &body) else {
            self.unanswered = Some(one);
            return None;
        };
        let said = |name| text_at(&answer, &["Response", name]);
        assert_eq!(said("Status").as_deref(), Some("3"), "{}", answer.dump());
        let id = said("DstMsgId").expect("an id");
        let items = &mut self.phone.device.items;
        let data = match self.elsewhere.remove(&one.from) {
            Some((_, data)) => Some(data),
            None => items.remove(&one.id),
        };
        // One that starts over while the move is sent again was told of what stands.
        if let Some(data) = data {
            if one.to.0 == private("alice") {
                items.insert(id, data);
            } else {
                self.elsewhere.insert(one.to, (id, data));
            }
        }
        self.phone.ledger.acknowledge();
        // The folders it made are not synced: what comes from there is not what it is known to hold,
        // and its edits are stale until it was told.
        self.phone.fetch()
    }

    fn folder_of(&self, path: &str) -> &str {
        let own = self.folders.iter().find(|(name, _)| book(name) == path);
        match own {
            Some((_, id)) => id,
            None if path == TEAM => &self.team,
            None => &self.phone.device.folder,
        }
    }

    fn folder(&mut self, dice: &mut Dice) -> Option<()> {
        let own: Vec<(String, String)> = self.folders.clone().into_iter().collect();
        self.count += 1;
        let name = format!("Fld{:05}", self.count);
        match (dice.below(3), dice.pick(&own).cloned()) {
            (0, _) | (_, None) if own.len() < FOLDERS => {
                self.phone.ledger.begin(vec![named(&name)]);
                let more = format!("ParentId = 0\nDisplayName = {name}\nType = 14");
                let id = self.change("FolderCreate", &more)?;
                self.folders.insert(name, id);
            }
            (1, Some((former, id))) => {
                let there = self.phone.ledger.names_in(&book(&former));
                let mut changes = vec![((HOME.to_owned(), former.clone()), None), named(&name)];
                for key in &there {
                    let value = self.phone.ledger.value(key).to_owned();
                    let to = (book(&name), key.1.clone());
                    changes.extend([(key.clone(), None), (to, Some(value))]);
                }
                self.phone.ledger.begin(changes);
                let more = format!("ServerId = {id}\nParentId = 0\nDisplayName = {name}");
                self.change("FolderUpdate", &more)?;
                for key in there {
                    if let Some(known) = self.elsewhere.remove(&key) {
                        self.elsewhere.insert((book(&name), key.1), known);
                    }
                }
                self.folders.remove(&former);
                self.folders.insert(name, id);
            }
            (_, Some((former, id))) => {
                let mut gone = self.phone.ledger.names_in(&book(&former));
                gone.push((HOME.to_owned(), former.clone()));
                let gone: Vec<Change> = gone.into_iter().map(|key| (key, None)).collect();
                self.phone.ledger.begin(gone);
                self.change("FolderDelete", &format!("ServerId = {id}"))?;
                self.folders.remove(&former);
            }
            (_, None) => return Some(()),
        }
        self.phone.ledger.acknowledge();
        self.settled();
        Some(())
    }

    /// A change of the hierarchy: the id it is answered with.
    fn change(&mut self, command: &str, more: &str) -> Option<String> {
        let more = more
            .lines()
            .map(|line| format!("\n  FolderHierarchy:{line}"));
        let body = format!(
            "FolderHierarchy:{command}\n  FolderHierarchy:SyncKey = {}{}",
            self.hierarchy,
            more.collect::<String>()
        );
        let answer = self.ask(command, &body)?;
        let status = text_at(&answer, &["Status"]);
        assert_eq!(status.as_deref(), Some("1"), "{command}: {}", answer.dump());
        self.hierarchy = text_at(&answer, &["SyncKey"]).expect("a key");
        Some(text_at(&answer, &["ServerId"]).unwrap_or_default())
    }

    fn ask(&self, command: &str, tree: &str) -> Option<Element> {
        let answer = self.phone.device.attempt(command, &wbxml(tree))?;
        assert_eq!(answer.status, 200, "{command}: {answer:?}");
        Some(decode(&answer.body, &Limits::default()).expect("a document"))
    }
}

/// Under what contacts of a folder are found.
fn book(name: &str) -> String {
    format!("{HOME}{name}/")
}

fn named(name: &str) -> Change {
    let value = format!("name:{name}{AND}about:\n");
    ((HOME.to_owned(), name.to_owned()), Some(value))
}
