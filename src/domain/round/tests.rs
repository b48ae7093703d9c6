//! The model of `docs/design/eas.md` on the real pages: thousands of histories in memory, four devices
//! and other writers, answers lost and requests repeated. `tests/it/model.rs` runs fewer of them on
//! the whole core and store.

mod book;
mod dice;

use std::collections::{BTreeMap, HashMap};

use futures_util::FutureExt as _;

use self::{
    book::{Book, number},
    dice::Dice,
};

use super::*;
use crate::domain::id::{CollectionId, ItemId, PersonId, PlacementId, Timestamp};

#[derive(Clone, Debug, PartialEq)]
enum Said {
    Add(u32, i64),
    /// The value, and what the author had been given.
    Change(usize, i64, i64),
    Delete(usize, i64),
}

impl Said {
    fn id(&self) -> Option<usize> {
        match self {
            Said::Add(..) => None,
            Said::Change(id, ..) | Said::Delete(id, _) => Some(*id),
        }
    }
}

type Told = Vec<(What, usize, i64)>;

#[derive(Clone)]
struct Answer {
    key: u32,
    responses: Vec<(u32, usize)>,
    told: Told,
}

struct Previous {
    key: u32,
    state: State,
    end: State,
    request: String,
    answer: Answer,
    forced: Vec<(What, usize)>,
    added: HashMap<u32, usize>,
    wrote: HashSet<usize>,
    told: HashMap<usize, Seq>,
    /// What the answer before left to this one.
    owing: Vec<usize>,
}

struct Record {
    key: u32,
    state: State,
    previous: Option<Previous>,
    given: HashMap<usize, Seq>,
    /// Items whose id the last answer gave, and that others wrote.
    owed: Vec<usize>,
}

/// The server of the model: what `device_sync` does, without rights, merges and errors.
#[derive(Default)]
struct Server {
    book: Book,
    devices: HashMap<DeviceId, Record>,
}

impl Server {
    fn prime(&mut self, device: DeviceId) -> u32 {
        let record = Record {
            key: 1,
            state: State::primed(Seq(self.book.seq)),
            previous: None,
            given: HashMap::new(),
            owed: Vec::new(),
        };
        self.devices.insert(device, record);
        1
    }

    fn page(
        &self,
        viewer: &Viewer,
        start: &State,
        window: usize,
        forced: &[(What, usize)],
        end: Option<&State>,
    ) -> (Told, State) {
        let sent = forced.iter().map(|(_, id)| id.to_string()).collect();
        let newest = Seq(self.book.seq);
        let page = match end {
            None => fill_page(&self.book, viewer, start, newest, window, sent).now_or_never(),
            Some(end) => fill_again(&self.book, viewer, start, end, sent).now_or_never(),
        };
        let page = page.expect("nothing to wait for").expect("a page");
        let mut told: Told = forced
            .iter()
            .map(|(what, id)| {
                if self.book.rows[id].is_live() {
                    (*what, *id, self.book.rows[id].size)
                } else {
                    (What::Delete, *id, 0)
                }
            })
            .collect();
        let rows = page.items.iter();
        told.extend(rows.map(|(what, row)| (*what, number(row), row.size)));
        (told, page.state)
    }

    fn sync(&mut self, device: DeviceId, key: u32, said: &[Said], window: usize) -> Answer {
        let request = format!("{said:?} {window}");
        let mut record = self.devices.remove(&device).expect("primed");
        let mut viewer = Viewer::new(device);
        let mut added = HashMap::new();
        let lost = key != record.key;
        let mut wrote = HashSet::new();
        if let Some(previous) = record.previous.as_ref().filter(|_| !lost) {
            record.given.extend(&previous.told);
            let base = record.state.base;
            record.given.retain(|_, changed| *changed > base);
        }
        let given = record.given.iter();
        viewer.given = given.map(|(id, seq)| (id.to_string(), *seq)).collect();
        let owed = match &record.previous {
            Some(previous) if lost => previous.owing.clone(),
            _ => record.owed.clone(),
        };
        for id in owed.iter().chain(&record.owed) {
            viewer.withheld.insert(id.to_string());
            viewer.unwritten.insert(id.to_string());
        }
        let start = match &record.previous {
            _ if !lost => record.state.clone(),
            Some(previous) if previous.key == key => {
                if previous.request == request {
                    let mut answer = previous.answer.clone();
                    let end = Some(&previous.end);
                    let (start, forced) = (&previous.state, &previous.forced);
                    (answer.told, _) = self.page(&viewer, start, usize::MAX, forced, end);
                    answer.told.retain(|(_, id, _)| !record.owed.contains(id));
                    self.devices.insert(device, record);
                    return answer;
                }
                let again = |id: &u32| said.iter().any(|s| matches!(s, Said::Add(c, _) if c == id));
                for (client_id, id) in &previous.added {
                    if again(client_id) {
                        added.insert(*client_id, *id);
                        continue;
                    }
                    viewer.disowned.insert(id.to_string());
                    let row = self.book.row(*id);
                    row.maker = row.maker.filter(|maker| *maker != device);
                    row.writer = row.writer.filter(|writer| *writer != device);
                }
                for id in &previous.wrote {
                    if said.iter().any(|said| said.id() == Some(*id)) {
                        wrote.insert(*id);
                        continue;
                    }
                    viewer.unwritten.insert(id.to_string());
                    let row = self.book.row(*id);
                    row.writer = row.writer.filter(|writer| *writer != device);
                }
                previous.state.clone()
            }
            _ => panic!("the key was refused"),
        };
        let mut forced: Vec<_> = owed.iter().map(|id| (What::Change, *id)).collect();
        let force = |forced: &mut Vec<(What, usize)>, what, id| {
            forced.retain(|(_, told)| *told != id);
            forced.push((what, id));
        };
        let mut responses = Vec::new();
        let own = Some(device);
        for command in said {
            match *command {
                Said::Add(client_id, value) => {
                    let id = match added.get(&client_id) {
                        None => self.book.add(value, own),
                        Some(id) => {
                            let row = self.book.row(*id);
                            if row.writer != own {
                                force(&mut forced, What::Change, *id);
                            } else if row.is_live() && row.size != value {
                                self.book.edit(*id, value, own);
                            }
                            *id
                        }
                    };
                    added.insert(client_id, id);
                    responses.push((client_id, id));
                }
                Said::Change(id, value, seen) => {
                    let row = self.book.row(id).clone();
                    if !row.is_live() || !viewer.has_latest(&row, &start) {
                        force(&mut forced, What::Change, id);
                    } else if row.size != value {
                        assert!(
                            row.writer == own || row.size == seen,
                            "an unseen value of {id}"
                        );
                        self.book.edit(id, value, own);
                        wrote.insert(id);
                    }
                }
                Said::Delete(id, seen) => {
                    let row = self.book.row(id).clone();
                    if !row.is_live() || !viewer.has_latest(&row, &start) {
                        force(&mut forced, What::Add, id);
                    } else {
                        assert!(
                            row.writer == own || row.size == seen,
                            "an unseen value of {id}"
                        );
                        self.book.remove(id, own);
                        wrote.insert(id);
                    }
                }
            }
        }
        // Of an item whose id this answer gives, the next one tells.
        let is_given = |id: &usize| responses.iter().any(|(_, given)| given == id);
        let room = window.saturating_sub(forced.len()).max(1);
        let (all, state) = self.page(&viewer, &start, room, &forced, None);
        let (left, told): (Told, Told) = all.into_iter().partition(|(_, id, _)| is_given(id));
        forced.retain(|(_, id)| !is_given(id));
        let left: Vec<usize> = left.into_iter().map(|(_, id, _)| id).collect();
        let out_of_turn = told.iter().map(|(_, id, _)| &self.book.rows[id]);
        let out_of_turn = out_of_turn.filter(|row| !viewer.has_latest(row, &state));
        let out_of_turn = out_of_turn.map(|row| (number(row), row.changed)).collect();
        if said.is_empty() && told.is_empty() && !lost {
            let record = Record {
                key,
                state,
                previous: None,
                given: record.given,
                owed: left,
            };
            self.devices.insert(device, record);
            return Answer {
                key,
                responses,
                told,
            };
        }
        let answer = Answer {
            key: record.key + 1,
            responses,
            told,
        };
        let previous = Previous {
            key,
            state: start,
            end: state.clone(),
            request,
            answer: answer.clone(),
            forced,
            added,
            wrote,
            told: out_of_turn,
            owing: owed,
        };
        let record = Record {
            key: answer.key,
            state,
            previous: Some(previous),
            given: record.given,
            owed: left,
        };
        self.devices.insert(device, record);
        answer
    }
}

struct Device {
    id: DeviceId,
    key: u32,
    window: Option<usize>,
    items: BTreeMap<usize, i64>,
    seen: HashMap<usize, i64>,
    waiting: Vec<Said>,
    fresh: BTreeMap<u32, i64>,
    unanswered: Option<(Vec<Said>, usize)>,
    /// By the last answer.
    told: Told,
    clients: u32,
}

impl Device {
    fn new(id: i64, server: &mut Server) -> Self {
        let id = DeviceId(id);
        Self {
            id,
            key: server.prime(id),
            window: None,
            items: BTreeMap::new(),
            seen: HashMap::new(),
            waiting: Vec::new(),
            fresh: BTreeMap::new(),
            unanswered: None,
            told: Vec::new(),
            clients: 0,
        }
    }

    fn start_over(&mut self, server: &mut Server) {
        let clients = self.clients;
        *self = Self::new(self.id.0, server);
        self.clients = clients;
    }

    fn act(&mut self, dice: &mut Dice) {
        let x = dice.below(100);
        let ids: Vec<usize> = self.items.keys().copied().collect();
        let fresh: Vec<u32> = self.fresh.keys().copied().collect();
        if dice.below(12) == 0
            && let Some(said) = dice.pick(&self.waiting)
            && let Said::Change(id, ..) | Said::Delete(id, _) = said
        {
            // Taken back before the server has answered.
            self.waiting.retain(|waiting| *waiting != said);
            self.unanswered = None;
            self.items.insert(id, self.seen[&id]);
        } else if x < 40 {
            self.clients += 1;
            self.fresh.insert(self.clients, dice.value());
        } else if let (true, Some(id)) = (x < 85, dice.pick(&ids)) {
            self.waiting.retain(|said| said.id() != Some(id));
            if x < 70 {
                self.items.insert(id, dice.value());
                let said = Said::Change(id, self.items[&id], self.seen[&id]);
                self.waiting.push(said);
            } else {
                self.items.remove(&id);
                self.waiting.push(Said::Delete(id, self.seen[&id]));
            }
        } else if let Some(client) = dice.pick(&fresh) {
            if x < 92 {
                self.fresh.remove(&client)
            } else {
                self.fresh.insert(client, dice.value())
            };
        }
    }

    fn sync(&mut self, server: &mut Server, dice: &mut Dice, answer_lost: bool) {
        let adds = self
            .fresh
            .iter()
            .map(|(client, value)| Said::Add(*client, *value));
        let mut said: Vec<Said> = adds.chain(self.waiting.iter().cloned()).collect();
        let mut window = self.window.unwrap_or([1, 2, 3, 8][dice.below(4)]);
        if let Some(unanswered) = &self.unanswered
            && dice.below(2) == 0
        {
            (said, window) = unanswered.clone();
        }
        let answer = server.sync(self.id, self.key, &said, window);
        if answer_lost {
            self.unanswered = Some((said, window));
            return;
        }
        self.unanswered = None;
        self.key = answer.key;
        let sent = |client: u32| {
            said.iter().find_map(|said| match said {
                Said::Add(id, value) if *id == client => Some(*value),
                _ => None,
            })
        };
        for (client, id) in answer.responses {
            // Clients may look it up before they take the responses.
            let is_told = answer.told.iter().any(|(_, told, _)| *told == id);
            assert!(!is_told, "{id} is told of by the answer that gives it");
            let confirmed = sent(client).expect("an Add of this request");
            self.seen.insert(id, confirmed);
            match self.fresh.remove(&client) {
                None => self.waiting.push(Said::Delete(id, confirmed)),
                Some(value) => {
                    self.items.insert(id, value);
                    if value != confirmed {
                        self.waiting.push(Said::Change(id, value, confirmed));
                    }
                }
            }
        }
        for said in &said {
            if let Said::Change(id, value, _) = said {
                self.seen.insert(*id, *value);
            }
        }
        self.waiting.retain(|waiting| !said.contains(waiting));
        self.told = answer.told.clone();
        for (what, id, value) in answer.told {
            let mine = self.waiting.iter().any(|said| said.id() == Some(id));
            let has = self.items.contains_key(&id);
            assert!(
                what != What::Add || !has || mine,
                "Add of {id}, which it has"
            );
            assert!(
                what != What::Change || has || mine,
                "Change of {id}, which it has not"
            );
            self.waiting.retain(|said| said.id() != Some(id));
            self.seen.insert(id, value);
            match what {
                What::Delete => self.items.remove(&id),
                _ => self.items.insert(id, value),
            };
        }
    }
}

fn history(seed: u64) {
    let mut dice = Dice(seed);
    let mut server = Server::default();
    let mut devices: Vec<Device> = (0..4).map(|id| Device::new(id, &mut server)).collect();
    for _ in 0..300 {
        let live: Vec<usize> = server.book.live().into_keys().collect();
        let device = dice.below(devices.len());
        match (dice.below(100), dice.pick(&live)) {
            (0..12, _) => drop(server.book.add(dice.value(), None)),
            (12..20, Some(id)) => server.book.edit(id, dice.value(), None),
            (20..26, Some(id)) => server.book.remove(id, None),
            // A removed one comes back: as another placement.
            (26..28, _) => {
                let gone: Vec<i64> = server
                    .book
                    .rows
                    .values()
                    .filter(|row| !row.is_live())
                    .map(|row| row.size)
                    .collect();
                if let Some(value) = dice.pick(&gone) {
                    server.book.add(value, None);
                }
            }
            (28, _) => devices[device].start_over(&mut server),
            (29..60, _) => devices[device].act(&mut dice),
            _ => {
                let lost = dice.below(4) == 0;
                devices[device].sync(&mut server, &mut dice, lost);
            }
        }
    }
    for _ in 0..3 {
        for device in &mut devices {
            let settled = (0..2000).any(|_| {
                device.sync(&mut server, &mut dice, false);
                let Record { state, owed, .. } = &server.devices[&device.id];
                let rests = device.fresh.is_empty() && device.waiting.is_empty();
                rests && owed.is_empty() && state.at_rest() && state.base == Seq(server.book.seq)
            });
            assert!(settled, "{} never settles", device.id);
        }
    }
    for device in devices {
        assert_eq!(device.items, server.book.live(), "{} differs", device.id);
    }
}

#[test]
fn every_device_ends_with_the_collection() {
    for seed in 0..1000 {
        history(seed);
    }
}

#[test]
fn an_item_edited_forever_is_still_delivered() {
    let mut dice = Dice(0);
    let mut server = Server::default();
    let mut device = Device::new(1, &mut server);
    let hot = server.book.add(0, None);
    let cold: Vec<usize> = (0..5).map(|_| server.book.add(0, None)).collect();
    for _ in 0..10 {
        device.sync(&mut server, &mut dice, false);
    }
    device.window = Some(1);
    let mut seen = HashSet::new();
    const SYNCS: i64 = 200;
    for number in 0..SYNCS {
        if number % 2 == 0 {
            server.book.edit(cold[number as usize % 5], number, None);
        }
        server.book.edit(hot, number + 1, None);
        device.sync(&mut server, &mut dice, false);
        seen.insert(device.items[&hot]);
    }
    let times = seen.len();
    assert!(
        times > SYNCS as usize / 3,
        "it arrived {times} times in {SYNCS} requests"
    );
}

#[test]
fn a_page_examines_no_more_than_it_tells() {
    let mut server = Server::default();
    for value in 0..1000 {
        server.book.add(value, None);
    }
    let viewer = Viewer::new(DeviceId(1));
    let start = State::primed(Seq(server.book.seq));
    let (told, state) = server.page(&viewer, &start, 10, &[], None);
    assert_eq!(told.len(), 10);
    let read = *server.book.read.lock().expect("a lock");
    assert!(read <= told.len() + 1, "{read} rows for {}", told.len());
    let (rest, state) = server.page(&viewer, &state, usize::MAX, &[], None);
    assert_eq!(rest.len(), 990);
    assert!(state.at_rest());
    *server.book.read.lock().expect("a lock") = 0;
    assert!(server.page(&viewer, &state, 100, &[], None).0.is_empty());
    assert_eq!(
        *server.book.read.lock().expect("a lock"),
        0,
        "an idle sync reads nothing"
    );
}

#[test]
fn a_page_holds_a_bounded_number_of_octets_and_an_item_at_least() {
    const MIB: i64 = 1024 * 1024;
    let mut server = Server::default();
    for size in [3, 3, 3, 20, 1] {
        server.book.add(size * MIB, None);
    }
    let viewer = Viewer::new(DeviceId(1));
    let start = State::primed(Seq(server.book.seq));
    let (mut state, mut pages) = (start.clone(), Vec::new());
    while !state.at_rest() || pages.is_empty() {
        let (told, next) = server.page(&viewer, &state, 512, &[], None);
        pages.push(told.len());
        let (again, _) = server.page(&viewer, &state, 512, &[], Some(&next));
        assert_eq!(again, told, "a lost answer is made again");
        state = next;
    }
    assert_eq!(pages, [2, 1, 1, 1]);
    // However large it has become.
    let (all, _) = server.page(&viewer, &start, 512, &[], Some(&state));
    assert_eq!(all.len(), 5);
}

#[test]
fn own_writes_are_not_told_back() {
    let mut dice = Dice(2);
    let mut server = Server::default();
    let mut device = Device::new(1, &mut server);
    let mut other = Device::new(2, &mut server);
    device.window = Some(8);
    other.window = Some(8);
    device
        .fresh
        .extend((1..=3).map(|client| (client, i64::from(client))));
    device.sync(&mut server, &mut dice, false);
    assert_eq!(device.told, []);
    other.sync(&mut server, &mut dice, false);
    assert_eq!(other.told.len(), 3);
    let ids: Vec<usize> = device.items.keys().copied().collect();
    device.items.insert(ids[0], 10);
    device.items.remove(&ids[1]);
    device.waiting = vec![Said::Change(ids[0], 10, 1), Said::Delete(ids[1], 2)];
    device.sync(&mut server, &mut dice, false);
    assert_eq!(device.told, []);
    other.sync(&mut server, &mut dice, false);
    let expected = [(What::Delete, ids[1], 2), (What::Change, ids[0], 10)];
    assert_eq!(other.told, expected);
    // Once another wrote it, it is no echo.
    server.book.edit(ids[0], 11, Some(other.id));
    device.sync(&mut server, &mut dice, false);
    assert_eq!(device.told, [(What::Change, ids[0], 11)]);
}
