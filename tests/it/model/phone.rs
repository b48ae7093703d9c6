//! An EAS device: it keeps editing while requests are under way, and retries when an answer is lost.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use carnet::domain::{
    device_sync::{Answer, Change, Command, DeviceBook, Outcome, Pending, SyncCall, SyncReply},
    id::{CollectionId, DeviceId},
    item::random_id,
};

use super::world::{Scene, Value, number};
use crate::support::dice::Dice;

/// A command as the phone remembers it; `seen` is what it had been given of the item.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    Add {
        local: u32,
        client_id: String,
        value: Value,
    },
    Change {
        id: String,
        value: Value,
        seen: Value,
    },
    Delete {
        id: String,
        seen: Value,
    },
}

impl Said {
    fn id(&self) -> Option<&str> {
        match self {
            Said::Add { .. } => None,
            Said::Change { id, .. } | Said::Delete { id, .. } => Some(id),
        }
    }
}

/// So many losses in a row, and the server looks for what the device chokes on instead of repeating.
const PATIENCE: u32 = 5;

/// A request that got no answer, and the key and outcomes of the answer that was lost.
struct Unanswered {
    said: Vec<Said>,
    window: usize,
    get_changes: bool,
    lost: Option<(String, Vec<Outcome>)>,
}

pub struct Phone {
    pub device: DeviceId,
    pub book: CollectionId,
    pub items: BTreeMap<String, Value>,
    pub window: Option<usize>,
    pub may_be_unknown: bool,
    /// Makes a new ClientId for every retry.
    renames: bool,
    key: String,
    /// What the server last confirmed: only the checks read it.
    seen: HashMap<String, Value>,
    /// Every value it ever sent, answered or not: nobody else writes these.
    wrote: HashSet<u32>,
    waiting: Vec<Said>,
    fresh: BTreeMap<u32, Value>,
    unanswered: Option<Unanswered>,
    /// Answers lost in a row.
    losses: u32,
    locals: u32,
    requests: u32,
}

impl Phone {
    pub async fn start(scene: &Scene, device: DeviceId, book: CollectionId, renames: bool) -> Self {
        let mut phone = Self {
            device,
            book,
            items: BTreeMap::new(),
            window: None,
            may_be_unknown: false,
            renames,
            key: String::new(),
            seen: HashMap::new(),
            wrote: HashSet::new(),
            waiting: Vec::new(),
            fresh: BTreeMap::new(),
            unanswered: None,
            losses: 0,
            locals: 0,
            requests: 0,
        };
        phone.start_over(scene).await;
        phone
    }

    /// SyncKey 0.
    pub async fn start_over(&mut self, scene: &Scene) {
        let call = SyncCall {
            key: None,
            ..self.call(&[], 1, true)
        };
        let device = DeviceBook::new(scene.open(self.book).await, self.device);
        match device.sync(&call).await.expect("an answer") {
            SyncReply::Primed { key } => self.key = key,
            other => panic!("{other:?}"),
        }
        self.items.clear();
        self.seen.clear();
        self.waiting.clear();
        self.fresh.clear();
        self.unanswered = None;
        self.losses = 0;
        self.may_be_unknown = false;
    }

    /// The owner does something on the phone.
    pub fn act(&mut self, dice: &mut Dice) {
        // In an order that does not depend on random ids.
        let mut ids: Vec<String> = self.items.keys().cloned().collect();
        ids.sort_by_key(|id| (self.items[id].name, self.items[id].note));
        let x = dice.below(100);
        if x < 40 {
            self.locals += 1;
            self.fresh.insert(self.locals, Value::new(number(dice)));
        } else if x < 85 {
            let Some(id) = dice.pick(&ids).cloned() else {
                return;
            };
            self.waiting.retain(|said| said.id() != Some(&id));
            let seen = self.seen[&id];
            if x < 70 {
                let value = self.items.get_mut(&id).expect("an item");
                match dice.below(2) {
                    0 => value.name = number(dice),
                    _ => value.note = number(dice),
                }
                let value = *value;
                self.waiting.push(Said::Change { id, value, seen });
            } else {
                self.items.remove(&id);
                self.waiting.push(Said::Delete { id, seen });
            }
        } else {
            let locals: Vec<u32> = self.fresh.keys().copied().collect();
            let Some(local) = dice.pick(&locals) else {
                return;
            };
            if x < 92 {
                self.fresh.remove(local);
            } else {
                self.fresh.insert(*local, Value::new(number(dice)));
            }
        }
    }

    pub async fn sync(
        &mut self,
        scene: &Scene,
        dice: &mut Dice,
        answer_lost: bool,
        told: &mut Vec<String>,
    ) {
        self.requests += 1;
        // Now and then something new is left for later.
        let now: Vec<_> = self.fresh.iter().filter(|_| dice.below(5) != 0).collect();
        let adds = now.into_iter().map(|(local, value)| Said::Add {
            local: *local,
            client_id: if self.renames {
                format!("{local}-{}", self.requests)
            } else {
                local.to_string()
            },
            value: *value,
        });
        let mut said: Vec<Said> = adds.chain(self.waiting.iter().cloned()).collect();
        let mut window = self.window.unwrap_or(1 + dice.below(8));
        let mut get_changes = dice.below(20) != 0;
        let mut lost = None;
        if let Some(unanswered) = &self.unanswered
            && dice.below(2) == 0
        {
            said = unanswered.said.clone();
            (window, get_changes) = (unanswered.window, unanswered.get_changes);
            lost = unanswered.lost.clone();
        }
        let expects = self.expects(scene, &said, get_changes).await;
        let seq = match lost {
            Some(_) => scene.seq(self.book).await,
            None => 0,
        };
        let call = self.call(&said, window, get_changes);
        for said in &said {
            if let Said::Add { value, .. } | Said::Change { value, .. } = said {
                self.wrote
                    .extend([value.name, value.note].into_iter().filter(|n| *n != 0));
            }
        }
        let Some(answer) = self.ask(scene, &call, &said).await else {
            return self.start_over(scene).await;
        };
        if let Some(something) = expects {
            assert_eq!(something, !answer.changes.is_empty(), "a wait lies");
        }
        if let Some((key, outcomes)) = lost
            && self.losses < PATIENCE
        {
            assert_eq!(
                (key, outcomes),
                (answer.key.clone(), answer.outcomes.clone())
            );
            assert_eq!(seq, scene.seq(self.book).await, "a repeated request writes");
        }
        if answer_lost {
            self.losses += 1;
            let lost = answer.new_key.then_some((answer.key, answer.outcomes));
            self.unanswered = Some(Unanswered {
                said,
                window,
                get_changes,
                lost,
            });
            return;
        }
        self.unanswered = None;
        self.losses = 0;
        self.take(scene, &said, answer, told).await;
    }

    /// What the predicate of a wait says, where the next request is nothing but a question.
    async fn expects(&self, scene: &Scene, said: &[Said], get_changes: bool) -> Option<bool> {
        if !said.is_empty() || self.unanswered.is_some() || !get_changes {
            return None;
        }
        let device = DeviceBook::new(scene.open(self.book).await, self.device);
        match device.pending().await.expect("a predicate") {
            Pending::Unprimed => None,
            pending => Some(pending == Pending::Something),
        }
    }

    pub fn call(&self, said: &[Said], window: usize, get_changes: bool) -> SyncCall {
        let commands = said.iter().map(|said| match said.clone() {
            Said::Add {
                client_id, value, ..
            } => Command::Add {
                client_id,
                fingerprint: format!("{value:?}"),
                name: value.name.to_string(),
                edit: Arc::new(edit(value)),
            },
            Said::Change { id, value, .. } => Command::Change {
                server_id: id,
                edit: Arc::new(edit(value)),
            },
            Said::Delete { id, .. } => Command::Delete { server_id: id },
        });
        SyncCall {
            key: Some(self.key.clone()),
            commands: commands.collect(),
            get_changes,
            window,
            request: format!("{said:?} {window} {get_changes}"),
            repeats_reverts: false,
            stores_ids_last: false,
            settings: None,
        }
    }

    /// Asks, and checks that nothing accepted buries what its author had not been given.
    async fn ask(&mut self, scene: &Scene, call: &SyncCall, said: &[Said]) -> Option<Answer> {
        let ids: Vec<String> = said
            .iter()
            .filter_map(Said::id)
            .map(str::to_owned)
            .collect();
        let device = DeviceBook::new(scene.open(self.book).await, self.device);
        let before = self.stored(scene, &ids).await;
        let answer = match device.sync(call).await.expect("an answer") {
            SyncReply::Answer(answer) => answer,
            SyncReply::UnknownKey => {
                assert!(self.may_be_unknown, "the key was refused");
                return None;
            }
            SyncReply::Primed { .. } => panic!("not asked for"),
        };
        let after = self.stored(scene, &ids).await;
        for said in said {
            let (id, seen) = match said {
                Said::Add { .. } => continue,
                Said::Change { id, seen, .. } | Said::Delete { id, seen } => (id, seen),
            };
            let (Some(was), Some(is)) = (&before[id], &after[id]) else {
                continue;
            };
            if was.live && matches!(said, Said::Delete { .. }) {
                scene.note_removed(&was.value);
            }
            if !was.live {
                continue;
            }
            for field in [|v: &Value| v.name, |v: &Value| v.note, |v: &Value| v.tag] {
                let (was, is_now) = (field(&was.value), field(&is.value));
                if was == field(seen) || self.wrote.contains(&was) {
                    continue;
                }
                assert!(is.live, "a deletion buries an unseen value: {said:?}");
                assert_eq!(was, is_now, "an edit buries an unseen value: {said:?}");
            }
        }
        Some(answer)
    }

    async fn take(&mut self, scene: &Scene, said: &[Said], answer: Answer, told: &mut Vec<String>) {
        self.key = answer.key;
        for (said, outcome) in said.iter().zip(&answer.outcomes) {
            match (said, outcome) {
                (Said::Add { local, value, .. }, Outcome::Added { server_id, .. }) => {
                    self.seen.insert(server_id.clone(), *value);
                    let id = server_id.clone();
                    match self.fresh.remove(local) {
                        // Deleted here meanwhile.
                        None => self.waiting.push(Said::Delete { id, seen: *value }),
                        Some(now) => {
                            self.items.insert(id.clone(), now);
                            if now != *value {
                                let (value, seen) = (now, *value);
                                self.waiting.push(Said::Change { id, value, seen });
                            }
                        }
                    }
                }
                (Said::Change { id, value, .. }, _) => {
                    self.seen.insert(id.clone(), *value);
                }
                (Said::Delete { .. }, _) => {}
                (said, outcome) => panic!("{said:?}: {outcome:?}"),
            }
        }
        self.waiting.retain(|waiting| !said.contains(waiting));
        let is_given = |id: &str| {
            let given = |outcome: &Outcome| matches!(outcome, Outcome::Added { server_id, .. } if server_id == id);
            answer.outcomes.iter().any(given)
        };
        for change in answer.changes {
            let (id, value) = match &change {
                Change::Delete(id) => (id.clone(), None),
                Change::Add(card) | Change::Change(card) => {
                    let value = scene.value(card);
                    (card.placement.server_id.clone(), Some(value))
                }
            };
            // Clients may look it up before they take the outcomes.
            assert!(
                value.is_none() || !is_given(&id),
                "{id} is told of by the answer that gives it"
            );
            let mine = self.waiting.iter().any(|said| said.id() == Some(&id));
            match &change {
                Change::Add(_) if self.items.contains_key(&id) && !mine => {
                    panic!("Add of {id}, which it has");
                }
                Change::Change(_) if !self.items.contains_key(&id) && !mine => {
                    panic!("Change of {id}, which it has not");
                }
                _ => {}
            }
            self.waiting.retain(|said| said.id() != Some(&id));
            told.push(match (&change, value) {
                (Change::Add(_), value) => format!("Add {value:?}"),
                (Change::Change(_), value) => format!("Change {value:?}"),
                (Change::Delete(_), _) => "Delete".to_owned(),
            });
            match value {
                Some(value) => {
                    self.items.insert(id.clone(), value);
                    self.seen.insert(id, value);
                }
                None => {
                    self.items.remove(&id);
                }
            }
        }
    }

    /// Syncs until nothing is left to say on either side.
    pub async fn settle(&mut self, scene: &Scene, dice: &mut Dice, told: &mut Vec<String>) {
        for _ in 0..500 {
            self.sync(scene, dice, false, told).await;
            let device = DeviceBook::new(scene.open(self.book).await, self.device);
            let rests = self.fresh.is_empty() && self.waiting.is_empty();
            if rests && device.pending().await == Ok(Pending::Nothing) {
                return;
            }
        }
        panic!("it never settles");
    }

    async fn stored(&self, scene: &Scene, ids: &[String]) -> HashMap<String, Option<Stored>> {
        if ids.is_empty() {
            return HashMap::new();
        }
        let cards = scene.store().by_server_ids(self.book, ids).await;
        let stored = cards.expect("cards").into_iter().map(|card| {
            // What was purged has no content left.
            let card = card.filter(|card| !card.document.is_empty());
            card.map(|card| Stored {
                value: scene.value(&card),
                live: card.placement.is_live(),
            })
        });
        ids.iter().cloned().zip(stored).collect()
    }
}

#[derive(Debug)]
struct Stored {
    value: Value,
    live: bool,
}

/// The patch of a phone: it sends name and note whole, and knows no UID and no tags.
fn edit(value: Value) -> impl carnet::domain::book::Edit {
    move |current: Option<&[u8]>| {
        let (uid, tag) = match current {
            Some(current) => {
                let (uid, current) = Value::read(current);
                (uid, current.tag)
            }
            None => (random_id(8), 0),
        };
        Ok(Value { tag, ..value }.document(&uid))
    }
}
