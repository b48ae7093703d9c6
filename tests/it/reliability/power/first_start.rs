//! The power fails while a data directory is made, once or a few times in a row: the next start works
//! as if nothing had been, and what a start gave out stands.

use std::{fs, path::Path};

use super::{
    Powered,
    platter::{Luck, turns},
};
use crate::{
    operator::tls::{handshake, roots},
    reliability::kill::number,
    support::{
        dav::Book,
        dice::Dice,
        program::{Program, works},
    },
};

const LISTEN: [&str; 2] = ["http://127.0.0.1:0", "https://127.0.0.1:0"];
const PUSH: (&str, &str) = ("CARNET_PUSH_CONTACT", "mailto:operator@example.org");

/// `CARNET_POWER_STARTS` says how many directories are made.
#[test]
fn cuts_of_a_first_start() {
    let directories = number("CARNET_POWER_STARTS", 6);
    let seed = number("CARNET_POWER_SEED", 1);
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let (mut cuts, mut unfinished) = (0, 0);
    for _ in 0..directories {
        let (here, before_it_listened) = one_directory(&mut dice);
        cuts += here;
        unfinished += before_it_listened;
    }
    println!(
        "{directories} new directories, {cuts} power cuts, {unfinished} of them before the server listened: \
         every next start worked, and nothing that was given out is lost"
    );
}

/// How often the power failed, and how often before the server listened.
fn one_directory(dice: &mut Dice) -> (usize, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    // The program makes it.
    let data = &root.join("data");
    let mut given = Given::default();
    let (cuts, mut unfinished) = (1 + dice.below(3), 0);
    for cut in 0..cuts {
        let mut powered = Powered::beneath(root, data, &LISTEN, &[PUSH]);
        let log = powered.faults.log();
        let length = || fs::metadata(&log).map_or(0, |file| file.len() as usize);
        let listening = length();
        given.stands(&powered.program, data);
        let name = format!("card{cut}");
        given.put(&powered.program, &name);
        let acknowledged = length();
        powered.program.kill();
        let kept = ["tls/ca.pem", "push.key"].map(|file| fs::read(data.join(file)).expect(file));
        let log = fs::read(&log).expect("a log");
        let at = moment(&log, listening, dice);
        if at < listening {
            unfinished += 1
        } else {
            given.password_is_out = true;
            given.kept = Some(kept);
        }
        if at >= acknowledged {
            given.cards.push(name);
        }
        let mut whole = powered.before.clone();
        whole.follow(&log);
        whole.assert_complete();
        let mut platter = powered.before;
        platter.follow(&log[..at]);
        let luck = Luck::of(dice);
        println!(
            "{luck:?} at {at} of {}, listening at {listening}",
            log.len()
        );
        platter.cut(luck, data, dice);
    }
    let program = Program::serve_with(data, &LISTEN, &[], |command| {
        command.env(PUSH.0, PUSH.1).env("CARNET_LOG_LEVEL", "error");
    });
    given.stands(&program, data);
    program.stop();
    let said = works(data, &["check"]);
    assert!(said.contains("holds"), "{said}");
    (cuts, unfinished)
}

/// Anywhere, about anything but a write, or after the server listens.
fn moment(log: &[u8], listening: usize, dice: &mut Dice) -> usize {
    match dice.below(4) {
        0 => dice.below(log.len() + 1),
        1 => listening + dice.below(log.len() - listening + 1),
        _ => *dice.pick(&turns(log)).expect("flushes"),
    }
}

/// What starts gave out.
#[derive(Default)]
struct Given {
    /// The administrator's, which is printed once.
    password: String,
    password_is_out: bool,
    /// What phones were told to trust, and the key subscribers know.
    kept: Option<[Vec<u8>; 2]>,
    /// Written and acknowledged.
    cards: Vec<String>,
}

impl Given {
    fn stands(&mut self, program: &Program, data: &Path) {
        let printed = &program.printed;
        let printed = printed
            .iter()
            .find_map(|line| line.strip_prefix("administrator: admin, password: "));
        if let Some(password) = printed {
            assert!(!self.password_is_out, "the account is lost");
            password.clone_into(&mut self.password);
        }
        let answer = handshake(&program.address("https"), "localhost", &roots(data));
        let answer = answer.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
        if let Some([authority, key]) = &self.kept {
            let now = |file: &str| fs::read(data.join(file)).expect(file);
            assert!(*authority == now("tls/ca.pem"), "another authority");
            assert!(*key == now("push.key"), "another key");
        }
        let book = self.book(program);
        for name in &self.cards {
            let target = format!("{}{name}.vcf", book.path);
            let answer = book.send("GET", &target, &[], b"");
            assert_eq!(answer.status, 200, "{name} is lost");
        }
    }

    fn put(&self, program: &Program, name: &str) {
        let card = super::large(name, 1);
        let file = format!("{name}.vcf");
        let answer = self.book(program).put(&file, ("If-None-Match", "*"), &card);
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    fn book(&self, program: &Program) -> Book {
        Book::with_password(&program.address("http"), "admin", &self.password)
    }
}
