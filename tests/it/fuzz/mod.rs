//! The fuzz targets over mutated fixtures, a fixed number of inputs with every test; and whole requests
//! over the wire, which are answered, whatever they hold.
//!
//! `CARNET_FUZZ_INPUTS=20000 cargo test --test it fuzz:: -- --nocapture` is the long run.

#[path = "../../../fuzz/src/lib.rs"]
mod targets;
mod wire;

use std::{fs, io::Cursor, io::Write as _, path::Path};

use crate::support::{
    dice::Dice,
    mutate::{dictionary, inputs, mutated},
};

fn read(folder: &str, end: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(Path::new("fixtures").join(folder)).expect("fixtures");
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let wanted = paths
        .iter()
        .filter(|path| path.to_string_lossy().ends_with(end));
    wanted
        .map(|path| fs::read(path).expect("a fixture"))
        .collect()
}

/// WBXML of the fixtures; the octets stand in hexadecimal before the tree.
fn wbxml() -> Vec<Vec<u8>> {
    let texts = read("wbxml", ".txt");
    let octets = |text: Vec<u8>| {
        let text = String::from_utf8(text).expect("text");
        let (hex, _) = text.split_once("\n\n").expect("hex, then the tree");
        let words = hex.lines().skip(1).flat_map(str::split_whitespace);
        words
            .map(|word| u8::from_str_radix(word, 16).expect("hex"))
            .collect()
    };
    texts.into_iter().map(octets).collect()
}

fn cards() -> Vec<Vec<u8>> {
    let mark = "BEGIN:VCARD";
    let files = read("import", ".vcf");
    let texts = files
        .iter()
        .map(|file| String::from_utf8_lossy(file).into_owned());
    texts
        .flat_map(|text| {
            let cards = text.split(mark).skip(1).map(|card| format!("{mark}{card}"));
            cards.map(String::into_bytes).collect::<Vec<_>>()
        })
        .collect()
}

fn archive() -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, octets) in [
        ("a.vcf", &cards()[0]),
        ("b.csv", &read("import", "table.csv")[0]),
    ] {
        out.start_file(name, zip::write::SimpleFileOptions::default())
            .expect("begun");
        out.write_all(octets).expect("written");
    }
    out.finish().expect("an archive").into_inner()
}

fn pictures() -> Vec<Vec<u8>> {
    let picture =
        image::RgbImage::from_fn(24, 18, |x, y| image::Rgb([x as u8 * 9, y as u8 * 9, 77]));
    let formats = [
        image::ImageFormat::Png,
        image::ImageFormat::Jpeg,
        image::ImageFormat::Gif,
        image::ImageFormat::Bmp,
        image::ImageFormat::Tiff,
        image::ImageFormat::WebP,
    ];
    let encoded = formats.map(|format| {
        let mut out = Cursor::new(Vec::new());
        picture.write_to(&mut out, format).expect("encoded");
        out.into_inner()
    });
    encoded
        .into_iter()
        .chain(read("pictures", ".heic"))
        .collect()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Seeds of a target.
fn seeds(name: &str) -> Vec<Vec<u8>> {
    match name {
        "import_file" => [
            read("import", ".vcf"),
            read("import", ".csv"),
            read("import", ".ldif"),
            vec![archive()],
        ]
        .concat(),
        "contact" => cards(),
        "device_item" => wbxml(),
        "contact_form" => texts(&[
            "given=Ada\nfamily=Ten\nemail-0=a@b.example\ntel-0=+33 1\ntel-0-kind=cell\nnote=one\\ntwo",
            "organization=Org\nbirthday=2001-02-03\nstreet-0=Road 1\ncity-0=Lille\ncountry-0=FR",
        ]),
        "search_query" => texts(&["ada \"t. ten\" OR -lov* +33 6", "été 漢字 a.b@example.org"]),
        "picture" => pictures(),
        "addresses" => texts(&[
            "Cmd=Sync&User=alice&DeviceId=abc1&DeviceType=iPhone",
            "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l",
            "https://contacts.example.org:8443",
        ]),
        _ => panic!("no seeds for {name}"),
    }
}

/// Small inputs many, large ones few: the same work for each target.
fn tried(name: &str, default: usize) {
    let (_, tokens, target) = targets::TARGETS
        .iter()
        .find(|(other, _, _)| *other == name)
        .expect("a target");
    let tokens = dictionary(&Path::new("fuzz/dictionaries").join(format!("{tokens}.dict")));
    let (seeds, mut dice) = (seeds(name), Dice::new(1));
    for seed in &seeds {
        target(seed);
    }
    let number = inputs(default);
    for _ in 0..number {
        target(&mutated(&seeds, &tokens, &mut dice));
    }
    println!("{name}: {number} inputs");
}

#[test]
fn every_target_is_run_here_and_by_the_fuzzer() {
    let listed = fs::read_to_string("fuzz/targets").expect("a list");
    let names = targets::TARGETS.map(|(name, dictionary, _)| format!("{name}:{dictionary}"));
    assert_eq!(listed.lines().collect::<Vec<_>>(), names);
}

#[test]
fn import_files_are_read_or_refused() {
    tried("import_file", 150);
}

#[test]
fn cards_are_shown_everywhere_or_refused() {
    tried("contact", 400);
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
