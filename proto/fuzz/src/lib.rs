//! What is fuzzed of the decoders: each target takes any octets, and panics when a promise breaks.

use std::{
    fs,
    path::{Path, PathBuf},
};

use carnet_proto::{
    dav::{
        header::{Depth, If, IfCondition, IfState, Prefer, Tags, vcard_version},
        href::{encode, host_of, path_of, segments},
        request::{PropFind, Report, mk_col, prop_patch},
        xml::parse,
    },
    eas::{request_line::RequestLine, sync::Request},
    vcard::{Document, Version, matches, merge, partial, project, split_stream},
    wbxml::{Element, Encoder, Limits, decode},
};

/// A decoder under test.
pub struct Target {
    pub name: &'static str,
    /// Its dictionary.
    pub tokens: &'static str,
    pub run: fn(&[u8]),
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target; `fuzz/targets` lists the same.
pub static TARGETS: [Target; 5] = [
    target("wbxml_decode", "wbxml", wbxml_decode, wbxml),
    target("eas_request", "wbxml", eas_request, eas_requests),
    target("dav_request", "dav", dav_request, dav_requests),
    target("dav_header", "header", dav_header, dav_headers),
    target("vcard_roundtrip", "vcard", vcard_roundtrip, cards),
];

impl Target {
    /// What it begins with: its seeds, and inputs that once broke a promise of it.
    pub fn beginnings(&self) -> Vec<Vec<u8>> {
        let found = root().join("proto/fuzz/found").join(self.name);
        let found = found.is_dir().then(|| files(&found, ""));
        let mut all = (self.seeds)();
        all.extend(found.unwrap_or_default());
        all
    }
}

const fn target(
    name: &'static str,
    tokens: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target {
        name,
        tokens,
        run,
        seeds,
    }
}

/// Whatever decodes is encoded and decodes the same; a refusal names a place in the octets.
fn wbxml_decode(octets: &[u8]) {
    let element = match decode(octets, &Limits::default()) {
        Ok(element) => element,
        Err(error) => return assert!(error.offset <= octets.len(), "{error}"),
    };
    let encoded = |element: &Element| {
        let mut encoder = Encoder::new();
        encoder.element(element);
        encoder.finish()
    };
    let again = encoded(&element);
    let second = decode(&again, &Limits::default()).expect("what we encode");
    assert_eq!(encoded(&second), again);
}

/// Request lines in both forms, and Sync: of a collection no more is read than was sent.
fn eas_request(octets: &[u8]) {
    let query = String::from_utf8_lossy(octets);
    if let Ok(line) = RequestLine::parse(&query) {
        assert!(line.device_type.chars().count() <= 64, "{line:?}");
    }
    if let Ok(root) = decode(octets, &Limits::default())
        && let Ok(request) = Request::read(&root)
    {
        let commands = request
            .collections
            .iter()
            .flatten()
            .map(|c| c.commands.len());
        assert!(commands.sum::<usize>() <= octets.len());
    }
}

/// Bodies and paths. An element and a path written out again read back the same; what a query asks of
/// a card is answered, and the part of a card it asks for is a card.
fn dav_request(octets: &[u8]) {
    let _ = PropFind::parse(octets);
    let _ = prop_patch(octets);
    let _ = mk_col(octets);
    if let Ok(Report::Query(query)) = Report::parse(octets) {
        let card = Document::parse(CARD.as_bytes()).expect("a card");
        let _ = matches(&query.filter, &card, &[&card]);
        if !query.data.props.is_empty() {
            let part = partial(&card, &query.data.props);
            Document::parse(&part).expect("the part asked for");
        }
    }
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
}

/// Values of headers. Conditions written out again are the same ones; what is not offered is never
/// chosen; path and host are of the text.
fn dav_header(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    if let Some(conditions) = If::parse(&text) {
        let written = written(&conditions);
        let again = If::parse(&written).unwrap_or_else(|| panic!("{written}"));
        assert_eq!(shape(&again), shape(&conditions), "{written}");
    }
    if let Tags::List(tags) = Tags::parse(&text) {
        assert_eq!(tags.len(), text.matches(',').count() + 1);
        for tag in tags {
            let inner = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            assert!(text.contains(inner.expect("quotes")), "{tag}");
        }
    }
    if let Some(depth) = Depth::parse(&text) {
        assert_eq!(depth == Depth::Infinity, text.trim().len() > 1);
    }
    let prefer = Prefer::parse(Some(&text), None);
    assert!(!(prefer.minimal && prefer.representation));
    assert_ne!(vcard_version(&text, false), Some(Version::V4));
    let _ = vcard_version(&text, true);
    assert!(text.contains(path_of(&text)) || path_of(&text) == "/");
    assert!(host_of(&text).is_none_or(|host| text.contains(host)));
}

/// The header a list of conditions is written as.
fn written(conditions: &If) -> String {
    let condition = |condition: &IfCondition| {
        let not = if condition.negated { "Not " } else { "" };
        match &condition.state {
            IfState::Token(token) => format!("{not}<{token}>"),
            IfState::Tag(tag) => format!("{not}[{tag}]"),
        }
    };
    let lists = conditions.0.iter().map(|list| {
        let resource = list.resource.as_ref().map(|uri| format!("<{uri}>"));
        let all: Vec<String> = list.conditions.iter().map(condition).collect();
        format!("{}({})", resource.unwrap_or_default(), all.join(" "))
    });
    lists.collect()
}

/// The resource of each list; of each condition whether it is negated, and its token.
fn shape(conditions: &If) -> Vec<(Option<&str>, bool, Option<&str>)> {
    let mut all = Vec::new();
    for list in &conditions.0 {
        all.extend(list.conditions.iter().map(|condition| {
            let token = match &condition.state {
                IfState::Token(token) => Some(token.as_str()),
                IfState::Tag(_) => None,
            };
            (list.resource.as_deref(), condition.negated, token)
        }));
    }
    all
}

/// What is read is kept byte for byte, every rendering is a card again, and who alone changed a card
/// loses nothing to others.
fn vcard_roundtrip(octets: &[u8]) {
    let mut before: Option<Document> = None;
    for (_, card) in split_stream(octets).chain([(0, octets)]) {
        let Ok(document) = Document::parse(card) else {
            continue;
        };
        let text = || String::from_utf8_lossy(card);
        assert_eq!(document.as_bytes(), card);
        for version in [Version::V3, Version::V4] {
            let rendering = project(&document, version, "made");
            Document::parse(&rendering).unwrap_or_else(|e| panic!("{e}: {}", text()));
        }
        assert_eq!(document.edit().finish().as_bytes(), card);
        assert_eq!(merge(&document, &document, &document).document, document);
        if let Some(base) = &before {
            let theirs = merge(base, base, &document);
            assert!(!theirs.lost && theirs.document == document, "{}", text());
            let mine = merge(base, &document, base);
            assert!(!mine.lost || !mine.taken, "{}", text());
            Document::parse(mine.document.as_bytes()).expect("what we merge");
        }
        before = Some(document);
    }
}

/// What is asked of by queries.
const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Doe;Jo;;;\r\nFN:Jo Doe\r\n\
    item1.EMAIL;TYPE=INTERNET,HOME:a@b.example\r\nitem1.X-ABLabel:Club\r\nTEL;TYPE=CELL:+33 6 1\r\n\
    ADR;TYPE=WORK:;;Road 1;Lille;;59000;France\r\nCATEGORIES:one,two\r\nNOTE:\r\nEND:VCARD\r\n";

fn root() -> PathBuf {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut found = above.filter(|folder| folder.join("fixtures").is_dir());
    found.next().expect("the fixtures").to_owned()
}

/// The files of a folder with this ending; none is a mistake.
fn files(folder: &Path, ending: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    assert!(!paths.is_empty(), "no {ending} in {folder:?}");
    let read = |path| fs::read(path).expect("a file");
    paths.into_iter().map(read).collect()
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// Messages of the fixtures; the octets stand in hexadecimal before the tree.
pub fn wbxml() -> Vec<Vec<u8>> {
    let octets = |text: Vec<u8>| {
        let text = String::from_utf8(text).expect("text");
        let (hex, _) = text.split_once("\n\n").expect("hex, then the tree");
        let words = hex.lines().skip(1).flat_map(str::split_whitespace);
        words
            .map(|word| u8::from_str_radix(word, 16).expect("hex"))
            .collect()
    };
    files(&root().join("fixtures/wbxml"), ".txt")
        .into_iter()
        .map(octets)
        .collect()
}

fn eas_requests() -> Vec<Vec<u8>> {
    let lines = texts(&[
        "Cmd=Sync&User=alice&DeviceId=abc1&DeviceType=iPhone",
        "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l",
    ]);
    [wbxml(), lines].concat()
}

/// Bodies of requests as clients send them.
pub fn bodies() -> Vec<Vec<u8>> {
    files(&root().join("fixtures/dav"), ".xml")
}

fn dav_requests() -> Vec<Vec<u8>> {
    let path = texts(&["/dav/alice/private/contacts/a%20b%2Fc.vcf"]);
    [bodies(), path].concat()
}

fn dav_headers() -> Vec<Vec<u8>> {
    texts(&[
        "(<urn:uuid:1>) (Not [\"2-a\"])",
        "</dav/alice/private/contacts/> ([W/\"x\"] <https://carnet.example/sync/1>) (Not <DAV:no-lock>)",
        "\"3-b\", W/\"4\", *",
        "\"3-b-gzip\"",
        "Infinity",
        "return=minimal, depth-noroot; wait=10",
        "return=representation;foo=\"a\"",
        "text/vcard; version=4.0; charset=utf-8, text/vcard;version=3.0;q=0.8, */*;q=0",
        "http://user@[2001:db8::1]:80/dav/bob/private/contacts/%2e%2e/x.vcf?a#b",
    ])
}

/// Each card of the fixtures, each of their files, and cards that hold what few do.
fn cards() -> Vec<Vec<u8>> {
    const MARK: &str = "BEGIN:VCARD";
    let files = files(&root().join("fixtures/import"), ".vcf");
    let mut all = texts(&[
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:Doe;Jo;;;\r\nFN:Jo Doe\r\nitem1.EMAIL;TYPE=INTERNET:a@b\r\nitem1.X-ABLabel:Club\r\nPHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\nBDAY;X-APPLE-OMIT-YEAR=1604:1604-04-15\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:u\r\nFN:a\r\nMEMBER:urn:uuid:1\r\nTEL;VALUE=uri;PREF=1:tel:+1\r\nRELATED;TYPE=spouse;VALUE=text:Eve\r\nANNIVERSARY:20010203\r\nPHOTO:data:image/jpeg;base64,/9j/4AAQ\r\nADR;LABEL=\"a^nb\":;;s;;;;\r\nEND:VCARD\r\n",
        "BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:D=E9;A\nLABEL;HOME;ENCODING=QUOTED-PRINTABLE:a=\nb=0D=0A=\nc\nAGENT:\nBEGIN:VCARD\nN:x\nEND:VCARD\nTEL;CELL:1\nPHOTO;JPEG;ENCODING=BASE64:\n/9j/4AAQ\nSkZJ\n\nX-a/é:1\nNOTE:a\n  \n  b\nEND:VCARD\n",
    ]);
    for file in &files {
        let text = String::from_utf8_lossy(file).into_owned();
        let cards = text.split(MARK).skip(1);
        all.extend(cards.map(|card| format!("{MARK}{card}").into_bytes()));
    }
    all.extend(files);
    all
}
