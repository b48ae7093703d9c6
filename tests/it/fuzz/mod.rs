//! The fuzz targets over mutated fixtures, a fixed number of inputs with every test; and whole requests
//! over the wire, which are answered, whatever they hold.
//!
//! `CARNET_FUZZ_INPUTS=20000 cargo test --test it fuzz:: -- --nocapture` is the long run.

#[path = "../../../fuzz/src/lib.rs"]
mod targets;
mod wire;

use std::fs;

use targets::{Run, Server, TARGETS, Target};

use crate::support::{
    dice::Dice,
    mutate::{dictionary, inputs, mutated},
};

fn target(name: &str) -> &'static Target {
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("no target {name}"))
}

/// Small inputs many, large ones few: the same work for each target.
fn tried(name: &str, default: usize) {
    let target = target(name);
    let server = match target.run {
        Run::Alone(_) => None,
        Run::Served(_) => Some(Server::start()),
    };
    let run = |octets: &[u8]| match (target.run, &server) {
        (Run::Alone(run), _) => run(octets),
        (Run::Served(run), Some(server)) => run(server, octets),
        (Run::Served(_), None) => {}
    };
    let tokens = dictionary(target.dictionary().as_ref());
    let (seeds, mut dice) = (target.beginnings(), Dice::new(1));
    for seed in &seeds {
        run(seed);
    }
    let number = inputs(default);
    for _ in 0..number {
        run(&mutated(&seeds, &tokens, &mut dice));
    }
    if let Some(server) = &server {
        server.check();
    }
    println!("{name}: {number} inputs");
}

#[test]
fn every_target_is_run_here_and_by_the_fuzzer() {
    let listed = fs::read_to_string("fuzz/targets").expect("a list");
    let names: Vec<String> = TARGETS
        .iter()
        .map(|target| format!("{}:{}", target.name, target.tokens))
        .collect();
    assert_eq!(listed.lines().collect::<Vec<_>>(), names);
}

#[test]
fn import_files_are_read_or_refused() {
    tried("import_file", 150);
}

#[test]
fn tables_are_read_or_refused() {
    tried("csv_file", 150);
}

#[test]
fn directories_are_read_or_refused() {
    tried("ldif_file", 300);
}

#[test]
fn lists_of_accounts_are_read_or_refused() {
    tried("account_list", 1000);
}

#[test]
fn cards_are_shown_everywhere_or_refused() {
    tried("contact", 400);
}

#[test]
fn cards_are_exported_and_read_again() {
    tried("exports", 300);
}

#[test]
fn items_of_devices_are_stored_or_refused() {
    tried("device_item", 1000);
}

#[test]
fn forms_are_stored_or_refused() {
    tried("contact_form", 300);
}

#[test]
fn queries_are_read() {
    tried("search_query", 2000);
}

#[test]
fn pictures_are_decoded_or_refused() {
    tried("picture", 150);
}

#[test]
fn addresses_are_read_or_refused() {
    tried("addresses", 2000);
}

#[test]
fn every_command_of_a_device_is_answered_in_its_form() {
    tried("device_message", 1500);
}

#[test]
fn what_card_dav_takes_it_gives_back() {
    tried("dav_message", 800);
}

#[test]
fn questions_for_the_address_lead_to_the_operators_own() {
    tried("autodiscover", 1500);
}

#[test]
fn forms_with_files_are_answered_with_a_page() {
    tried("form_data", 300);
}

#[test]
fn criteria_of_searches_are_answered_with_a_page() {
    tried("search_criteria", 200);
}
