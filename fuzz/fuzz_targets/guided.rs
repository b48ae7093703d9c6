//! The target that CARNET_FUZZ_TARGET names, guided by coverage; its corpus begins with its seeds.
#![no_main]

use std::{
    env, fs,
    path::Path,
    sync::{Mutex, OnceLock, PoisonError},
};

use carnet_fuzz::{Run, Server, TARGETS, Target};

/// Requests of one server: what they store is not to grow without end.
const REQUESTS: usize = 20_000;
/// Requests between two looks at the store's invariants.
const CHECKED: usize = 500;

static CHOSEN: OnceLock<&Target> = OnceLock::new();
static SERVER: Mutex<Option<(Server, usize)>> = Mutex::new(None);

fn chosen() -> &'static Target {
    CHOSEN.get_or_init(|| {
        let name = env::var("CARNET_FUZZ_TARGET").unwrap_or_default();
        let found = TARGETS.iter().find(|target| target.name == name);
        found.unwrap_or_else(|| panic!("CARNET_FUZZ_TARGET names no target: {name:?}"))
    })
}

fn begin() {
    let corpus = Path::new("corpus").join(chosen().name);
    fs::create_dir_all(&corpus).expect("a folder");
    for (number, seed) in chosen().beginnings().iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number}")), seed).expect("a seed");
    }
}

fn run(octets: &[u8]) {
    let target = match chosen().run {
        Run::Alone(target) => return target(octets),
        Run::Served(target) => target,
    };
    let mut kept = SERVER.lock().unwrap_or_else(PoisonError::into_inner);
    kept.take_if(|(_, answered)| *answered == REQUESTS);
    let (server, answered) = kept.get_or_insert_with(|| (Server::start(), 0));
    *answered += 1;
    target(server, octets);
    if answered.is_multiple_of(CHECKED) {
        server.check();
    }
}

libfuzzer_sys::fuzz_target!(init: begin(), |octets: &[u8]| run(octets));
