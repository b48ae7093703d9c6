//! The program is killed at any moment while people write on every face: nothing that was
//! acknowledged is lost, nothing is half there, and every client comes to what the server holds.
//!
//! `CARNET_KILL_ROUNDS=1000 CARNET_KILL_SEED=7 cargo test --test it kill_rounds -- --nocapture` is
//! the long run. SIGKILL spares what the kernel was given; `power.rs` takes that away too.

mod carrier;
mod desk;
pub mod ledger;
mod mover;
mod writers;

use std::{collections::BTreeMap, env, path::Path, thread, time::Duration};

use rusqlite::Connection;

use self::{
    carrier::{Carrier, HOME},
    desk::{Desk, RIGHTS},
    ledger::{Key, Ledger},
    mover::Mover,
    writers::{CardDav, Documents, Forms, Imports, Phone, private},
};
use crate::{
    dav::client::{CARDDAV, Client, DAV, Multi, TEAM, query_body},
    support::{
        dice::Dice,
        program::{Program, works},
    },
};

pub const LOOPBACK: [&str; 1] = ["http://127.0.0.1:0"];
/// Rounds on one data directory; then a new one, which is killed while it is made.
const ROUNDS_A_DIRECTORY: usize = 20;
const EVERYTHING: &str = "<C:filter><C:prop-filter name=\"UID\"/></C:filter>";

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    let text = env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn kill_rounds() {
    let rounds = number("CARNET_KILL_ROUNDS", 4) as usize;
    let seed = number("CARNET_KILL_SEED", 1);
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let mut sum = Sum::default();
    let mut left = rounds;
    while left > 0 {
        let here = left.min(ROUNDS_A_DIRECTORY);
        one_directory(here, &mut dice, &mut sum);
        left -= here;
        println!(
            "{} rounds: {} writes acknowledged, none lost; not answered: {} that stand, {} that do not; \
             {} starts cut short",
            rounds - left,
            sum.acknowledged,
            sum.unheard.0,
            sum.unheard.1,
            sum.cut_short
        );
    }
    assert!(sum.acknowledged > rounds as u64, "somebody wrote");
}

/// What happened so far.
#[derive(Default)]
pub struct Sum {
    pub acknowledged: u64,
    pub unheard: (u64, u64),
    cut_short: u64,
}

impl Sum {
    pub fn add(&mut self, people: &People) {
        for ledger in people.ledgers() {
            self.acknowledged += ledger.acknowledged;
            self.unheard.0 += ledger.unheard.0;
            self.unheard.1 += ledger.unheard.1;
        }
        self.acknowledged += people.documents.acknowledged;
    }
}

fn one_directory(rounds: usize, dice: &mut Dice, sum: &mut Sum) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    cut_short(data, dice, sum);
    let mut program = Program::serve(data, &LOOPBACK, &["--demo"]);
    let mut people = People::of(&program.address("http"));
    for round in 0..rounds {
        people.write_until_killed(&mut program, dice);
        if dice.below(4) == 0 {
            cut_short(data, dice, sum);
        }
        program = Program::serve(data, &LOOPBACK, &[]);
        people.move_to(&program.address("http"));
        people.compare(data);
        let said = works(data, &["check"]);
        assert!(said.contains("holds"), "round {round}: {said}");
    }
    sum.add(&people);
}

/// Starts that are killed before, or just after, they are ready.
fn cut_short(data: &Path, dice: &mut Dice, sum: &mut Sum) {
    for _ in 0..1 + dice.below(3) {
        let after = Duration::from_millis(dice.below(200) as u64);
        Program::cut_short(data, &LOOPBACK, after);
        sum.cut_short += 1;
    }
}

/// Who writes, and who only reads.
pub struct People {
    dav: [CardDav; 2],
    carrier: Carrier,
    phones: [Phone; 2],
    mover: Mover,
    forms: Forms,
    imports: Imports,
    documents: Documents,
    desk: Desk,
    readers: Vec<Reader>,
    /// What was there before anybody wrote.
    first: BTreeMap<Key, String>,
}

impl People {
    pub fn of(address: &str) -> Self {
        let books = [
            ("alice", private("alice")),
            ("bob", private("bob")),
            ("carol", private("carol")),
            ("alice", TEAM.to_owned()),
        ];
        let mut people = Self {
            dav: [CardDav::of("alice"), CardDav::of("bob")],
            carrier: Carrier::new(),
            phones: [
                Phone::of(address, "alice", "14.1", ("killed", "Eas")),
                Phone::of(address, "bob", "16.1", ("killed", "Eas")),
            ],
            mover: Mover::of(address),
            forms: Forms::of(address, "bob"),
            imports: Imports::of(address, "carol"),
            documents: Documents::of(address, "carol"),
            desk: Desk::of(address),
            readers: books
                .map(|(login, book)| Reader::of(address, login, book))
                .into(),
            first: BTreeMap::new(),
        };
        people.move_to(address);
        people.first = people.found();
        people
    }

    /// The devices.
    pub fn phones(&mut self) -> impl Iterator<Item = &mut Phone> {
        self.phones.iter_mut().chain([&mut self.mover.phone])
    }

    pub fn move_to(&mut self, address: &str) {
        let phones = self.phones.iter_mut().chain([&mut self.mover.phone]);
        let phones = phones.map(|phone| &mut phone.device.address);
        let readers = self
            .readers
            .iter_mut()
            .map(|reader| &mut reader.client.address);
        let dav = self.dav.iter_mut().map(|writer| &mut writer.address);
        let pages = [
            &mut self.forms.pages.address,
            &mut self.imports.pages.address,
            &mut self.documents.pages.address,
            &mut self.desk.pages.address,
            &mut self.carrier.address,
        ];
        for place in phones.chain(readers).chain(dav).chain(pages) {
            address.clone_into(place);
        }
    }

    /// Everybody writes as fast as the server answers, until it is killed.
    pub fn write_until_killed(&mut self, program: &mut Program, dice: &mut Dice) {
        let moment = Duration::from_millis(10 + dice.below(700) as u64);
        let mut next = || Dice::new(dice.next());
        thread::scope(|scope| {
            for writer in &mut self.dav {
                let mut dice = next();
                scope.spawn(move || while writer.step(&mut dice).is_some() {});
            }
            for phone in &mut self.phones {
                let mut dice = next();
                scope.spawn(move || while phone.step(&mut dice).is_some() {});
            }
            let (forms, imports, documents) =
                (&mut self.forms, &mut self.imports, &mut self.documents);
            let (carrier, mover, desk) = (&mut self.carrier, &mut self.mover, &mut self.desk);
            let dice: [Dice; 6] = std::array::from_fn(|_| next());
            let [mut one, mut two, mut three, mut four, mut five, mut six] = dice;
            scope.spawn(move || while forms.step(&mut one).is_some() {});
            scope.spawn(move || while imports.step(&mut two).is_some() {});
            scope.spawn(move || while documents.step(&mut three).is_some() {});
            scope.spawn(move || while carrier.step(&mut four).is_some() {});
            scope.spawn(move || while mover.step(&mut five).is_some() {});
            scope.spawn(move || while desk.step(&mut six).is_some() {});
            thread::sleep(moment);
            program.kill();
        });
    }

    /// What each was told against what is there; and every client against the server.
    pub fn compare(&mut self, data: &Path) {
        until_imported(data);
        let found = self.found();
        self.mover.phone.ledger.stands_whole_or_not(&found);
        for phone in &mut self.phones {
            phone.catch_up();
        }
        self.mover.catch_up();
        // What one sent again, others are told of.
        for phone in self.phones() {
            phone.device.sync_all(&[], 100);
        }
        let found = self.found();
        for ledger in self.ledgers_mut() {
            ledger.settle(&found);
        }
        for key in found.keys() {
            let known = self.first.contains_key(key) || self.ledgers().any(|l| l.holds(key));
            assert!(known, "nobody wrote {key:?}, or it was deleted");
        }
        for writer in &mut self.dav {
            let etags = self.readers.iter().flat_map(Reader::etags);
            let held = |(key, _): &(Key, String)| writer.ledger.holds(key);
            writer.etags = etags.filter(held).collect();
        }
        self.forms.settled();
        self.carrier.settled();
        self.mover.settled();
        self.documents.settle();
        for reader in &mut self.readers {
            reader.converges();
        }
        for (phone, login) in self.phones().zip(["alice", "bob", "alice"]) {
            let book = private(login);
            let mut names: Vec<String> = found
                .keys()
                .filter(|key| key.0 == book)
                .map(|key| key.1.clone())
                .collect();
            names.sort();
            assert_eq!(phone.shown(), names, "the device of {login}");
        }
        let database = Connection::open(data.join("carnet.db")).expect("opened");
        let broken = "SELECT count(*) FROM blob WHERE digest IS NULL";
        let broken: i64 = database
            .query_row(broken, [], |row| row.get(0))
            .expect("read");
        assert_eq!(broken, 0, "octets of a broken upload were left");
    }

    /// Every contact of every book, once.
    fn found(&mut self) -> BTreeMap<Key, String> {
        let mut all = BTreeMap::new();
        for reader in &mut self.readers {
            reader.list();
            for (key, card) in reader.cards() {
                let twice = all.insert(key.clone(), card);
                assert!(twice.is_none(), "{key:?} is there twice");
            }
        }
        let [alice, bob, ..] = &self.readers[..] else {
            unreachable!("there are four")
        };
        for (key, card) in further_books(&alice.client) {
            let twice = all.insert(key.clone(), card);
            assert!(twice.is_none(), "{key:?} is there twice");
        }
        let rights = bob.client.props(TEAM, "<D:current-user-privilege-set/>");
        let rights = rights.privileges();
        let has = |name: &str| rights.iter().any(|right| right == name);
        if has("bind") {
            let right = if has("unbind") { "add-delete" } else { "add" };
            let key = (RIGHTS.to_owned(), "bob".to_owned());
            all.insert(key, format!("may:{right}\n"));
        }
        all
    }

    fn ledgers(&self) -> impl Iterator<Item = &Ledger> {
        let dav = self.dav.iter().map(|writer| &writer.ledger);
        let phones = self.phones.iter().map(|phone| &phone.ledger);
        dav.chain(phones).chain([
            &self.carrier.ledger,
            &self.mover.phone.ledger,
            &self.forms.ledger,
            &self.imports.ledger,
            &self.desk.ledger,
        ])
    }

    fn ledgers_mut(&mut self) -> impl Iterator<Item = &mut Ledger> {
        let dav = self.dav.iter_mut().map(|writer| &mut writer.ledger);
        let phones = self.phones.iter_mut().map(|phone| &mut phone.ledger);
        dav.chain(phones).chain([
            &mut self.carrier.ledger,
            &mut self.mover.phone.ledger,
            &mut self.forms.ledger,
            &mut self.imports.ledger,
            &mut self.desk.ledger,
        ])
    }
}

/// Books that were made beside the first one, and what is in them: found under their names.
fn further_books(client: &Client) -> Vec<(Key, String)> {
    let props = "<D:displayname/><D:resourcetype/><C:addressbook-description/>";
    let mut all = Vec::new();
    for found in client.propfind(HOME, "1", props).responses {
        let is_book = found
            .names(DAV, "resourcetype")
            .contains(&"addressbook".to_owned());
        let is_group = found.href.starts_with(&format!("{HOME}group-"));
        if !is_book || is_group || found.href == private("alice") {
            continue;
        }
        let name = found.text(DAV, "displayname");
        let about = found.prop(CARDDAV, "addressbook-description");
        let about = about.map(|about| about.text()).unwrap_or_default();
        let key = (HOME.to_owned(), name.clone());
        all.push((key, format!("name:{name}\nabout:{about}\n")));
        let mut reader = Reader::of(&client.address, &client.login, found.href);
        reader.list();
        let book = format!("{HOME}{name}/");
        all.extend(
            reader
                .cards()
                .map(|((_, name), card)| ((book.clone(), name), card)),
        );
    }
    all
}

/// An import that was begun goes on after the start; a session and its form need no waiting.
fn until_imported(data: &Path) {
    let database = Connection::open(data.join("carnet.db")).expect("opened");
    let open = "SELECT count(*) FROM import WHERE job IS NOT NULL AND ended IS NULL";
    for _ in 0..1200 {
        let left: i64 = database
            .query_row(open, [], |row| row.get(0))
            .expect("read");
        if left == 0 {
            return;
        }
        thread::sleep(Duration::from_millis(50));
    }
    panic!("an import goes on and on");
}

/// A CardDAV client that follows one book by its tokens.
struct Reader {
    client: Client,
    book: String,
    token: String,
    /// What it came to by what it was told: href to ETag.
    followed: BTreeMap<String, String>,
    /// What is listed now: href to ETag and card.
    listed: BTreeMap<String, (String, String)>,
}

impl Reader {
    fn of(address: &str, login: &str, book: String) -> Self {
        Self {
            client: Client {
                address: address.to_owned(),
                login: login.to_owned(),
                agent: "reader/1".to_owned(),
            },
            book,
            token: String::new(),
            followed: BTreeMap::new(),
            listed: BTreeMap::new(),
        }
    }

    fn list(&mut self) {
        let props = "<D:getetag/><C:address-data/><kept xmlns='u:'/>";
        let body = query_body(props, EVERYTHING, None);
        let all = Multi::parse(&self.client.report(&self.book, &body));
        let card = |found: &crate::dav::client::Found| {
            let mut card = found.text(CARDDAV, "address-data").replace('\r', "");
            let tags = card.split("\nCATEGORIES:").nth(1);
            let tags = tags.and_then(|rest| rest.split('\n').next());
            let tags = tags.unwrap_or_default().to_owned();
            let kept = found.prop("u:", "kept").map(|kept| kept.text());
            card += &format!("kept:{}\ntags:{tags}\n", kept.unwrap_or_default());
            (found.href.clone(), (found.text(DAV, "getetag"), card))
        };
        self.listed = all.responses.iter().map(card).collect();
    }

    fn cards(&self) -> impl Iterator<Item = (Key, String)> {
        self.listed.values().map(|(_, card)| {
            let name = card
                .split("\nN:")
                .nth(1)
                .and_then(|rest| rest.split(';').next());
            let key = (self.book.clone(), name.unwrap_or_default().to_owned());
            (key, card.clone())
        })
    }

    fn etags(&self) -> impl Iterator<Item = (Key, String)> {
        let etags = self.listed.values().map(|(etag, _)| etag.clone());
        self.cards().map(|(key, _)| key).zip(etags)
    }

    /// What changed since its token leads to what is listed.
    fn converges(&mut self) {
        let told = self.client.sync(&self.book, &self.token, None);
        for found in &told.responses {
            match found.status {
                Some(_) => self.followed.remove(&found.href),
                None => self
                    .followed
                    .insert(found.href.clone(), found.text(DAV, "getetag")),
            };
        }
        told.token().clone_into(&mut self.token);
        let listed: BTreeMap<String, String> = self
            .listed
            .iter()
            .map(|(href, (etag, _))| (href.clone(), etag.clone()))
            .collect();
        assert_eq!(self.followed, listed, "{}", self.book);
    }
}
