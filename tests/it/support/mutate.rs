//! What a few cuts, repeats, tokens of a dictionary and flipped bits make of seeds.

use std::{fs, path::Path};

use super::dice::Dice;

/// Inputs each target is given; the environment asks for more.
pub fn inputs(default: usize) -> usize {
    let asked = std::env::var("CARNET_FUZZ_INPUTS").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// The tokens of a dictionary of the fuzzer.
pub fn dictionary(file: &Path) -> Vec<Vec<u8>> {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let lines = text.lines().filter(|line| line.starts_with('"'));
    let tokens: Vec<_> = lines.map(|line| token(&line[1..line.len() - 1])).collect();
    assert!(tokens.len() > 10, "{file:?}");
    tokens
}

fn token(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        match (octet, octet == b'\\') {
            (_, true) => match octets.next() {
                Some(b'x') => {
                    let hex: String = octets.by_ref().take(2).map(char::from).collect();
                    out.push(u8::from_str_radix(&hex, 16).expect("hex"));
                }
                other => out.extend(other),
            },
            (octet, _) => out.push(octet),
        }
    }
    out
}

/// One more input.
pub fn mutated(seeds: &[Vec<u8>], tokens: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut octets = dice.pick(seeds).cloned().unwrap_or_default();
    for _ in 0..1 + dice.below(6) {
        let at = dice.below(octets.len() + 1);
        match dice.below(6) {
            0 if at < octets.len() => octets[at] ^= 1 << dice.below(8),
            1 if at < octets.len() => octets[at] = dice.next() as u8,
            2 if dice.below(4) == 0 => octets.truncate(at),
            3 => {
                let end = at + dice.below(octets.len() - at + 1).min(300);
                octets.drain(at..end);
            }
            4 => {
                let end = at + dice.below((octets.len() - at + 1).min(400));
                let piece = octets[at..end].to_vec();
                let to = dice.below(octets.len() + 1);
                octets.splice(to..to, piece);
            }
            _ => {
                let token = dice.pick(tokens).cloned().unwrap_or_default();
                octets.splice(at..at, token);
            }
        }
    }
    octets
}
