//! The target that CARNET_FUZZ_TARGET names, guided by coverage; its corpus begins with its seeds.
#![no_main]

use std::{env, fs, path::Path, sync::OnceLock};

use carnet_proto_fuzz::{TARGETS, Target};

static CHOSEN: OnceLock<&Target> = OnceLock::new();

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

libfuzzer_sys::fuzz_target!(init: begin(), |octets: &[u8]| (chosen().run)(octets));
