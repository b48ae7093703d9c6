//! The power fails while people write on every face: what was not flushed is lost, in part or whole.
//! Nothing that was acknowledged is among it, and what is left is whole.
//!
//! `CARNET_POWER_ROUNDS=300 CARNET_POWER_SEED=7 cargo test --test it power_rounds -- --nocapture` is
//! the long run; `CARNET_POWER_CUTS` is for `cuts_at_any_moment_of_one_history`, `CARNET_POWER_STARTS` for
//! `cuts_of_a_first_start`.

mod first_start;
mod platter;

use std::{
    fs,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use self::platter::{Luck, Platter};
use super::kill::{LOOPBACK, People, Sum, number};
use crate::{
    dav::client::{Client, TEAM, card},
    support::{
        dav::Book,
        dice::Dice,
        faults::Faults,
        program::{Program, works},
    },
};

/// Rounds on one data directory.
const ROUNDS_A_DIRECTORY: usize = 20;

/// A program whose disk is watched.
struct Powered {
    program: Program,
    faults: Faults,
    before: Platter,
}

impl Powered {
    fn on(data: &Path) -> Self {
        Self::beneath(data, data, &LOOPBACK, &[])
    }

    /// What is beneath a folder is watched.
    fn beneath(root: &Path, data: &Path, listen: &[&str], variables: &[(&str, &str)]) -> Self {
        let faults = Faults::new();
        let before = Platter::of(root);
        let program = Program::serve_with(data, listen, &[], |command| {
            faults.record(command, root);
            command.env("CARNET_LOG_LEVEL", "error");
            command.envs(variables.iter().copied());
        });
        Self {
            program,
            faults,
            before,
        }
    }

    fn address(&self) -> String {
        self.program.address("http")
    }
}

/// What the disk holds after everything ended at once.
fn lose_power(faults: &Faults, mut before: Platter, data: &Path, dice: &mut Dice) {
    let log = fs::read(faults.log()).expect("a log");
    before.follow(&log);
    before.assert_complete();
    before.cut(Luck::of(dice), data, dice);
}

#[test]
fn power_rounds() {
    let rounds = number("CARNET_POWER_ROUNDS", 3) as usize;
    let seed = number("CARNET_POWER_SEED", 1);
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let (mut sum, mut over) = (Sum::default(), 0);
    let mut left = rounds;
    while left > 0 {
        let here = left.min(ROUNDS_A_DIRECTORY);
        over += one_directory(here, &mut dice, &mut sum);
        left -= here;
        println!(
            "{} power cuts: {} writes acknowledged, none lost; not answered: {} that stand, {} that do \
             not; devices started over {over} times",
            rounds - left,
            sum.acknowledged,
            sum.unheard.0,
            sum.unheard.1,
        );
    }
    assert!(sum.acknowledged > rounds as u64, "somebody wrote");
}

/// How often devices started over.
fn one_directory(rounds: usize, dice: &mut Dice, sum: &mut Sum) -> u64 {
    let folder = tempfile::tempdir().expect("a folder");
    let data = &folder.path().join("data");
    fs::create_dir(data).expect("made");
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    let mut powered = Powered::on(data);
    let mut people = People::of(&powered.address());
    for phone in people.phones() {
        phone.started_over = Some(0);
    }
    for round in 0..rounds {
        people.write_until_killed(&mut powered.program, dice);
        lose_power(&powered.faults, powered.before, data, dice);
        powered = Powered::on(data);
        people.move_to(&powered.address());
        people.compare(data);
        // A check takes the log back into the database, unwatched: it comes between what is recorded.
        powered.program.stop();
        let said = works(data, &["check"]);
        assert!(said.contains("holds"), "round {round}: {said}");
        powered = Powered::on(data);
        people.move_to(&powered.address());
    }
    sum.add(&people);
    let phones = people.phones();
    phones.filter_map(|phone| phone.started_over).sum()
}

/// Four clients write; the disk is looked at as it was at many moments of it.
#[test]
fn cuts_at_any_moment_of_one_history() {
    let cuts = number("CARNET_POWER_CUTS", 12) as usize;
    let mut dice = Dice::new(number("CARNET_POWER_SEED", 1));
    let folder = tempfile::tempdir().expect("a folder");
    let data = &folder.path().join("data");
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    let powered = Powered::on(data);
    let address = powered.address();
    let log = powered.faults.log();
    let length = || fs::metadata(&log).map_or(0, |file| file.len());
    // How long the log was when a card was acknowledged.
    let acknowledged = Mutex::new(Vec::<(u64, String)>::new());
    let ended = AtomicBool::new(false);
    let most = 40 + cuts * 2;
    thread::scope(|scope| {
        for writer in 0..4 {
            let (acknowledged, ended, address) = (&acknowledged, &ended, &address);
            let (log, length) = (&log, &length);
            scope.spawn(move || {
                let book = Book::of(address, "bob");
                for count in 0.. {
                    if ended.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("w{writer}n{count}");
                    let card = large(&name, count);
                    let answer = book.put(&format!("{name}.vcf"), ("If-None-Match", "*"), &card);
                    assert_eq!(answer.status, 201, "{answer:?}");
                    let mut all = acknowledged.lock().expect("a lock");
                    all.push((length(), name));
                    let taken_back = || platter::copies(&fs::read(log).expect("a log")) > 1;
                    if all.len() > most && (all.len() > 4 * most || taken_back()) {
                        ended.store(true, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let Powered {
        mut program,
        faults,
        before,
    } = powered;
    program.kill();
    let log = fs::read(faults.log()).expect("a log");
    let acknowledged = acknowledged.into_inner().expect("a lock");
    let mut whole = before.clone();
    whole.follow(&log);
    whole.assert_complete();
    let copies = platter::copies(&log);
    assert!(copies > 1, "the log was taken back {copies} times");
    let mut compared = 0;
    for _ in 0..cuts {
        let at = dice.below(log.len());
        let mut platter = before.clone();
        platter.follow(&log[..at]);
        let luck = Luck::of(&mut dice);
        platter.cut(luck, data, &mut dice);
        let said = works(data, &["check"]);
        assert!(said.contains("holds"), "{luck:?} at {at}: {said}");
        let exported = works(data, &["export", "--from", "bob"]).replace('\r', "");
        for (length, name) in &acknowledged {
            if *length <= at as u64 {
                let held = exported.contains(&format!("\nUID:{name}\n"));
                assert!(held, "{name} is lost, {luck:?} at {at} of {}", log.len());
                compared += 1;
            }
        }
    }
    println!(
        "{cuts} moments of {} octets written, {copies} times taken back, and {} acknowledged writes: {compared} \
         comparisons, none lost",
        log.len(),
        acknowledged.len()
    );
}

/// Some cards are large, so that the log of the database is taken back into it now and then.
fn large(name: &str, count: usize) -> String {
    let note = "x".repeat(if count.is_multiple_of(4) {
        600_000
    } else {
        100
    });
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{name}\r\nN:{name};;;;\r\nFN:{name}\r\nNOTE:{note}\r\nEND:VCARD\r\n"
    )
}

/// A view is made of books when it is read. Its sequences are in the tokens of clients, so they
/// outlive a power cut as those of books do.
#[test]
fn a_token_of_a_view_outlives_a_power_cut() {
    const MERGED: &str = "/dav/bob/private/merged/";
    let mut dice = Dice::new(1);
    let folder = tempfile::tempdir().expect("a folder");
    let data = &folder.path().join("data");
    Program::serve(data, &LOOPBACK, &["--demo"]).stop();
    works(data, &["user", "set", "bob", "--merged", "on"]);
    let mut powered = Powered::on(data);
    let client = |address: &str, login: &str| Client {
        address: address.to_owned(),
        login: login.to_owned(),
        agent: "reader/1".to_owned(),
    };
    let mut bob = client(&powered.address(), "bob");
    let first = bob.sync(MERGED, "", None).token().to_owned();
    let alice = client(&powered.address(), "alice");
    for n in 0..3 {
        let (href, uid) = (format!("{TEAM}ours{n}.vcf"), format!("ours{n}"));
        assert_eq!(alice.put(&href, &[], card(&uid, &uid)).status, 201);
    }
    // The last thing before the cut is a read.
    let told = bob.sync(MERGED, &first, None);
    assert!(told.hrefs().len() >= 3, "{:?}", told.hrefs());
    let token = told.token().to_owned();
    powered.program.kill();
    let mut before = powered.before;
    before.follow(&fs::read(powered.faults.log()).expect("a log"));
    before.cut(Luck::None, data, &mut dice);

    powered = Powered::on(data);
    bob.address = powered.address();
    let own = "/dav/bob/private/contacts/mine.vcf";
    assert_eq!(bob.put(own, &[], card("mine", "Mine")).status, 201);
    let told = bob.sync(MERGED, &token, None);
    let hrefs = told.hrefs();
    assert!(
        hrefs.iter().any(|href| href.ends_with("/mine.vcf")),
        "{hrefs:?}"
    );
}

/// A command that is not watched takes the log back into the database. What is made of the record would
/// be pages that never were together: the start after it would refuse them as damaged.
#[test]
#[should_panic(expected = "changed unwatched")]
fn a_record_that_is_not_whole_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let mut powered = Powered::on(data);
    works(data, &["check"]);
    powered.program.kill();
    lose_power(&powered.faults, powered.before, data, &mut Dice::new(1));
}
