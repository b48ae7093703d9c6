//! The fuzz targets' properties over mutated fixtures, a few seconds with every test.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use carnet_proto::{
    dav::{
        href::{encode, segments},
        request::{PropFind, Report, mk_col, prop_patch},
        xml::parse,
    },
    eas::{request_line::RequestLine, sync::Request},
    vcard::{Document, Version, merge, project, split_stream},
    wbxml::{Encoder, Limits, decode},
};

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

fn wbxml() -> Vec<Vec<u8>> {
    let folder = fs::read_dir(root().join("fixtures/wbxml")).expect("fixtures");
    folder
        .map(|entry| {
            let text = fs::read_to_string(entry.expect("an entry").path()).expect("a fixture");
            let (hex, _) = text.split_once("\n\n").expect("hex, then the tree");
            hex.lines()
                .skip(1)
                .flat_map(str::split_whitespace)
                .map(|octet| u8::from_str_radix(octet, 16).expect("hex"))
                .collect()
        })
        .collect()
}

#[test]
fn wbxml_is_decoded_or_refused_with_a_place() {
    mutate(&wbxml(), &dictionary("wbxml.dict"), |octets| {
        match decode(octets, &Limits::default()) {
            Ok(element) => {
                let encoded = |element| {
                    let mut encoder = Encoder::new();
                    encoder.element(element);
                    encoder.finish()
                };
                let again = encoded(&element);
                let second = decode(&again, &Limits::default()).expect("what we encode");
                assert_eq!(encoded(&second), again);
                let _ = Request::read(&element);
            }
            Err(error) => assert!(error.offset <= octets.len(), "{error}: {octets:02x?}"),
        }
    });
}

#[test]
fn queries_are_read_or_refused() {
    let seeds = [
        b"Cmd=Sync&User=alice&DeviceId=abc1&DeviceType=iPhone".to_vec(),
        b"jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l".to_vec(),
    ];
    mutate(&seeds, &dictionary("wbxml.dict"), |octets| {
        let _ = RequestLine::parse(&String::from_utf8_lossy(octets));
    });
}

/// Bodies of requests as clients send them.
fn requests() -> Vec<Vec<u8>> {
    let folder = fs::read_dir(root().join("fixtures/dav")).expect("fixtures");
    let mut files: Vec<_> = folder.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let read = |file| fs::read(file).expect("a request");
    files.into_iter().map(read).collect()
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
    let requests = requests();
    let known = requests.iter().filter(|body| is_known(body)).count();
    assert_eq!((known, requests.len()), (9, 10));
}

#[test]
fn xml_is_read_or_refused() {
    let mut seeds = requests();
    seeds.push(b"/dav/alice/private/contacts/a%20b%2Fc.vcf".to_vec());
    mutate(&seeds, &dictionary("dav.dict"), |octets| {
        let _ = PropFind::parse(octets);
        let _ = prop_patch(octets);
        let _ = mk_col(octets);
        let _ = Report::parse(octets);
        if let Ok(element) = parse(octets) {
            let fragment = element.to_fragment(&[]);
            let again = parse(fragment.as_bytes()).unwrap_or_else(|e| panic!("{e}: {fragment}"));
            assert_eq!(again.to_fragment(&[]), fragment);
        }
        if let Ok(path) = std::str::from_utf8(octets)
            && let Ok(parts) = segments(path)
        {
            let spelled: String = parts
                .iter()
                .map(|part| format!("/{}", encode(part)))
                .collect();
            assert_eq!(segments(&spelled).ok(), Some(parts), "{path}");
        }
    });
}

#[test]
fn cards_are_kept_or_refused() {
    let seeds = [
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Doe;Jo;;;\r\nFN:Jo Doe\r\nitem1.EMAIL;TYPE=INTERNET:a@b\r\nitem1.X-ABLabel:Club\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:u\r\nFN:a\r\nMEMBER:urn:uuid:1\r\nTEL;VALUE=uri;PREF=1:tel:+1\r\nRELATED;TYPE=spouse;VALUE=text:Eve\r\nANNIVERSARY:20010203\r\nPHOTO:data:image/jpeg;base64,/9j/4AAQ\r\nADR;LABEL=\"a^nb\":;;s;;;;\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:D=E9;A\nLABEL;HOME;ENCODING=QUOTED-PRINTABLE:a=\nb=0D=0A=\nc\nAGENT:\nBEGIN:VCARD\nN:x\nEND:VCARD\nTEL;CELL:1\nPHOTO;JPEG;ENCODING=BASE64:\n/9j/4AAQ\nSkZJ\n\nX-a/é:1\nNOTE:a\n  \n  b\nEND:VCARD\n",
    ]
    .map(|seed| seed.as_bytes().to_vec());
    mutate(&seeds, &dictionary("vcard.dict"), |octets| {
        for (_, card) in split_stream(octets).chain([(0, octets)]) {
            let Ok(document) = Document::parse(card) else {
                continue;
            };
            assert_eq!(document.as_bytes(), card);
            for version in [Version::V3, Version::V4] {
                let rendering = project(&document, version, "made");
                Document::parse(&rendering)
                    .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(card)));
            }
            assert_eq!(document.edit().finish().as_bytes(), card);
            assert_eq!(merge(&document, &document, &document).document, document);
        }
    });
}
