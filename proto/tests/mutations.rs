//! The fuzz targets' properties over mutated fixtures, a few seconds with every test.

#[path = "../fuzz/src/lib.rs"]
mod targets;

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use carnet_proto::dav::request::{PropFind, Report, mk_col, prop_patch};
use targets::TARGETS;

/// How long each decoder is tried.
const TIME: Duration = Duration::from_millis(1500);

struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The tokens of a dictionary of the fuzzer.
fn dictionary(name: &str) -> Vec<Vec<u8>> {
    let path = root().join("proto/fuzz/dictionaries").join(name);
    let text = fs::read_to_string(path).expect("a dictionary");
    let tokens: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with('"'))
        .map(token)
        .collect();
    assert!(tokens.len() > 10);
    tokens
}

fn token(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut chars = line[1..line.len() - 1].chars();
    while let Some(c) = chars.next() {
        match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('x') => {
                    let hex: String = chars.by_ref().take(2).collect();
                    out.push(u8::from_str_radix(&hex, 16).expect("hex"));
                }
                Some(other) => out.push(other as u8),
                None => {}
            },
            (c, _) => out.extend(c.to_string().bytes()),
        }
    }
    out
}

/// Tries what a few cuts, repeats, tokens and flipped bits make of the seeds.
fn mutate(seeds: &[Vec<u8>], dictionary: &[Vec<u8>], check: impl Fn(&[u8])) {
    assert!(!seeds.is_empty());
    let mut dice = Dice(1);
    let start = Instant::now();
    let mut tried = 0;
    for seed in seeds {
        check(seed);
    }
    // The first thousand always, so that a slow machine tries something.
    while tried < 1000 || start.elapsed() < TIME {
        let mut octets = seeds[dice.below(seeds.len())].clone();
        for _ in 0..1 + dice.below(6) {
            let at = dice.below(octets.len() + 1);
            match dice.below(6) {
                0 if at < octets.len() => octets[at] ^= 1 << dice.below(8),
                1 if at < octets.len() => octets[at] = dice.next() as u8,
                2 => octets.truncate(at),
                3 => {
                    let end = at + dice.below(octets.len() - at + 1);
                    octets.drain(at..end);
                }
                4 => {
                    let end = at + dice.below((octets.len() - at + 1).min(400));
                    let piece = octets[at..end].to_vec();
                    let to = dice.below(octets.len() + 1);
                    octets.splice(to..to, piece);
                }
                _ => {
                    let token = &dictionary[dice.below(dictionary.len())];
                    octets.splice(at..at, token.iter().copied());
                }
            }
        }
        check(&octets);
        tried += 1;
    }
    println!("{tried} mutations");
}

/// Runs a target of the fuzzer.
fn tried(name: &str) {
    let found = TARGETS.iter().find(|target| target.name == name);
    let target = found.expect("a target");
    let tokens = dictionary(&format!("{}.dict", target.tokens));
    mutate(&target.beginnings(), &tokens, target.run);
}

#[test]
fn every_target_is_run_here_and_by_the_fuzzer() {
    let listed = fs::read_to_string(root().join("proto/fuzz/targets")).expect("a list");
    let names: Vec<String> = TARGETS
        .iter()
        .map(|target| format!("{}:{}", target.name, target.tokens))
        .collect();
    assert_eq!(listed.lines().collect::<Vec<_>>(), names);
}

#[test]
fn wbxml_is_decoded_or_refused_with_a_place() {
    tried("wbxml_decode");
}

#[test]
fn queries_are_read_or_refused() {
    tried("eas_request");
}

/// Each request of the fixtures but a registration for pushes is one that is known.
#[test]
fn requests_of_clients_are_read() {
    let is_known = |body: &Vec<u8>| {
        let is_report =
            matches!(Report::parse(body), Ok(report) if !matches!(report, Report::Other(_)));
        is_report
            || PropFind::parse(body).is_ok()
            || prop_patch(body).is_ok()
            || mk_col(body).is_ok()
    };
    let requests = targets::bodies();
    let known = requests.iter().filter(|body| is_known(body)).count();
    assert_eq!((known, requests.len()), (9, 10));
}

#[test]
fn xml_is_read_or_refused() {
    tried("dav_request");
}

#[test]
fn headers_are_read_or_refused() {
    tried("dav_header");
}

#[test]
fn cards_are_kept_or_refused() {
    tried("vcard_roundtrip");
}
