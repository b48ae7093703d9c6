//! What is fuzzed of the server: each target takes any octets, and panics when a promise breaks.

mod messages;
mod seeds;
mod server;

use std::{path::PathBuf, sync::Arc};

use carnet::{
    class::contact::Contact,
    connect::{Address, profile},
    dav::facet::{DavFacet as _, Shown},
    domain::{
        class::Class as _,
        principal::valid_login,
        search::{Exclusions, LastWord, highlight, parse},
        settings::Settings,
    },
    eas::facet::{EasFacet, Supported, View},
    text::{EN, FR},
    transfer::{self, Asked, CardVersion, Fields, Options, Outcome, Preset, accounts},
    web::facet::{Reader, Submitted, WebFacet},
};
use carnet_proto::{
    dav::xml,
    eas::request_line::RequestLine,
    vcard::{Document, Version},
    wbxml::{Element, Encoder, Limits, decode, page::air_sync},
};

pub use server::Server;

/// A parser under test.
pub struct Target {
    pub name: &'static str,
    /// Its dictionary.
    pub tokens: &'static str,
    pub run: Run,
    seeds: fn() -> Vec<Vec<u8>>,
}

/// How a target runs.
#[derive(Clone, Copy)]
pub enum Run {
    Alone(fn(&[u8])),
    /// Whole requests, answered by a server.
    Served(fn(&Server, &[u8])),
}

/// Every target; `fuzz/targets` lists the same.
pub static TARGETS: [Target; 16] = [
    alone("import_file", "import", import_file, seeds::files),
    alone("csv_file", "import", csv_file, seeds::tables),
    alone("ldif_file", "import", ldif_file, seeds::ldif),
    alone("account_list", "import", account_list, seeds::accounts),
    alone("contact", "vcard", contact, seeds::cards),
    alone("exports", "vcard", exports, seeds::cards),
    alone("device_item", "wbxml", device_item, seeds::items),
    alone("contact_form", "form", contact_form, seeds::forms),
    alone("search_query", "search", search_query, seeds::queries),
    alone("picture", "picture", picture, seeds::pictures),
    alone("addresses", "address", addresses, seeds::addresses),
    served(
        "device_message",
        "wbxml",
        server::device_message,
        messages::seeds,
    ),
    served("dav_message", "dav", server::dav_message, seeds::exchanges),
    served(
        "autodiscover",
        "autodiscover",
        server::autodiscover,
        seeds::autodiscover,
    ),
    served("form_data", "form", server::form_data, seeds::form_data),
    served(
        "search_criteria",
        "search",
        server::search_criteria,
        seeds::criteria,
    ),
];

const fn alone(
    name: &'static str,
    tokens: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target {
        name,
        tokens,
        run: Run::Alone(run),
        seeds,
    }
}

const fn served(
    name: &'static str,
    tokens: &'static str,
    run: fn(&Server, &[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
) -> Target {
    Target {
        name,
        tokens,
        run: Run::Served(run),
        seeds,
    }
}

impl Target {
    /// The file of its dictionary.
    pub fn dictionary(&self) -> PathBuf {
        let name = format!("{}.dict", self.tokens);
        seeds::root().join("fuzz/dictionaries").join(name)
    }

    /// What it begins with: its seeds, and inputs that once broke a promise of it.
    pub fn beginnings(&self) -> Vec<Vec<u8>> {
        let found = seeds::root().join("fuzz/found").join(self.name);
        let mut all = (self.seeds)();
        if found.is_dir() {
            all.extend(seeds::read(&found, ""));
        }
        all
    }
}

/// Files as somebody sends them: vCard, CSV of every program, LDIF and archives.
fn import_file(octets: &[u8]) {
    read(octets, Asked::Auto);
}

/// Tables, whatever they look like.
fn csv_file(octets: &[u8]) {
    read(octets, Asked::Csv);
}

/// LDIF, whatever it looks like.
fn ldif_file(octets: &[u8]) {
    read(octets, Asked::Ldif);
}

/// What is read of a file is cards that can be stored; each record has one outcome, and those without
/// a card are told in words.
fn read(octets: &[u8], asked: Asked) {
    let contact = Contact::new(Some("FR"));
    for unattended in [false, true] {
        let options = Options {
            asked,
            unattended,
            ..Options::default()
        };
        let Ok(file) = transfer::read(octets, &options) else {
            continue;
        };
        assert!(!file.entries.is_empty());
        for entry in file.entries.iter().take(20) {
            let card = match &entry.outcome {
                Outcome::Card(made) => made.card.clone(),
                Outcome::Group(group) => group.to_card(),
                Outcome::Skipped(reason) => {
                    assert!(!reason.as_str().is_empty());
                    continue;
                }
            };
            let stored = contact.index(&card, None);
            stored.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&card)));
        }
    }
}

/// A list of accounts: every one of them could be added, and no row makes two.
fn account_list(octets: &[u8]) {
    let text = accounts::decoded(octets);
    let Ok(list) = accounts::read_list(&text) else {
        return;
    };
    assert!(
        list.accounts.len() + list.unfit.len() <= text.lines().count() + text.matches('\r').count()
    );
    for listed in &list.accounts {
        assert!(valid_login(&listed.account.login), "{listed:?}");
    }
    let mut told = list.unfit.iter().map(ToString::to_string);
    assert!(told.all(|line| !line.is_empty()));
}

/// A card in every projection: the web's page and form, 3.0 and 4.0, a device's item, the index.
fn contact(octets: &[u8]) {
    let contact = Arc::new(Contact::new(Some("FR")));
    if contact.index(octets, None).is_err() {
        return;
    }
    let split = contact.split(octets).expect("what can be indexed");
    let _ = contact.join(&split.document, &split.overlay);
    for version in [Version::V3, Version::V4] {
        let how = Shown {
            version,
            small_photos: false,
        };
        let shown = contact.render(octets.to_vec().into(), "fuzz", "uid", how);
        contact.index(&shown, None).expect("what we render");
    }
    let _ = contact.form(Some(octets), &EN);
    let reader = Reader {
        text: &EN,
        settings: &Settings::default(),
        today: Default::default(),
    };
    let _ = contact.view(octets, &reader);
    let _ = WebFacet::name(&*contact, octets, &reader);
    let _ = contact.directory(octets);
    let _ = contact.differences(octets, &split.document);
    let merged = contact
        .merge(octets, octets, octets)
        .expect("the same thrice");
    contact
        .index(&merged.document, None)
        .expect("what we merge");
    let _ = exported(&contact, octets);
}

/// The item of a card, as a device is sent it.
fn exported(contact: &Contact, card: &[u8]) -> Element {
    let mut out = Encoder::new();
    out.open(air_sync::APPLICATION_DATA);
    contact.export(card, b"", &View::default(), &mut out);
    out.close();
    decode(&out.finish(), &Limits::default()).expect("what we send")
}

/// A card as a file of each kind: what is written is read again as one contact, in vCard with every
/// address of mail.
fn exports(octets: &[u8]) {
    let Ok(document) = Document::parse(octets) else {
        return;
    };
    let fields = Fields::read(&document);
    let shown = || String::from_utf8_lossy(octets);
    for version in [CardVersion::V21, CardVersion::V3, CardVersion::V4] {
        let written = transfer::rendered(&document, version, "uid");
        // Version 2.1 has no lists.
        if written.is_empty() {
            continue;
        }
        let file = transfer::read(&written, &Options::default());
        let file = file.unwrap_or_else(|error| panic!("{version:?} {error}: {}", shown()));
        assert_eq!(file.entries.len(), 1, "{version:?}: {}", shown());
        if let Outcome::Card(made) = &file.entries[0].outcome {
            let card = Document::parse(&made.card).expect("what we read");
            let kept = Fields::read(&card);
            let mail = |fields: &Fields| fields.emails.len();
            assert!(mail(&kept) >= mail(&fields), "{version:?}: {}", shown());
        }
    }
    for preset in [
        Preset::Spreadsheet,
        Preset::Google,
        Preset::Outlook,
        Preset::Thunderbird,
    ] {
        for (text, windows) in [(&EN, false), (&FR, true)] {
            let table = transfer::table(std::slice::from_ref(&fields), preset, text, windows);
            let options = Options {
                asked: Asked::Csv,
                ..Options::default()
            };
            match transfer::read(&table, &options) {
                Ok(file) => assert_eq!(file.entries.len(), 1, "{preset:?}: {}", shown()),
                // A contact none of whose values has a column.
                Err(refused) => assert_eq!(refused, transfer::Refused::Empty, "{}", shown()),
            }
        }
    }
    let _ = transfer::row(&fields, true);
    let _ = transfer::details(&fields, &FR);
}

/// ApplicationData of a device: refused when it is applied, or a card that can be stored; a device that
/// sends back what it was sent changes nothing it is shown.
fn device_item(octets: &[u8]) {
    let Ok(root) = decode(octets, &Limits::default()) else {
        return;
    };
    let class = Arc::new(Contact::new(None));
    let facet: Arc<dyn EasFacet> = class.clone();
    let _ = facet.fingerprint(&root);
    let apply = |data: &Element, current: Option<&[u8]>| {
        let edit = facet
            .clone()
            .edit(data, &View::default(), &Supported::default());
        edit.apply(current)
    };
    if let Ok(made) = apply(&root, None) {
        contact(&made);
        let sent = exported(&class, &made);
        let again = apply(&sent, Some(&made)).expect("what we sent");
        let card = || String::from_utf8_lossy(&made).into_owned();
        assert_eq!(exported(&class, &again).dump(), sent.dump(), "{}", card());
    }
}

/// A form as a browser sends it: `name=value` lines.
fn contact_form(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let fields = text.lines().filter_map(|line| line.split_once('='));
    let submitted = Submitted {
        fields: fields
            .map(|(n, v)| (n.to_owned(), v.replace("\\n", "\r\n")))
            .collect(),
        ..Submitted::default()
    };
    let facet = Contact::new(Some("FR"));
    let _ = facet.refill(None, &submitted, Some("tel"), &EN);
    if let Ok(edit) = WebFacet::edit(&facet, None, &submitted)
        && let Ok(made) = edit.apply(None)
    {
        contact(&made);
    }
}

/// A query of a search; what is marked in a text is the text.
fn search_query(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    for last in [LastWord::Whole, LastWord::Beginning] {
        let query = parse::parse(&text, last, Exclusions::NeedWords);
        let pieces = highlight(&text, query.root.as_ref());
        let again: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(again, text);
    }
}

/// A picture by its octets alone: refused, or a JPEG that is taken again and is no larger than asked.
fn picture(octets: &[u8]) {
    const MOST: usize = 48 * 1024;
    let facet = Contact::new(None);
    if let Ok(made) = WebFacet::picture(&facet, octets, None) {
        assert!(made.starts_with(b"\xff\xd8\xff"), "a JPEG");
        WebFacet::picture(&facet, &made, None).expect("what we made");
    }
    if let Ok(made) = WebFacet::picture(&facet, octets, Some(MOST)) {
        assert!(made.len() <= MOST, "{}", made.len());
    }
}

/// What profiles, request lines and addresses are made of. A profile is XML whose every sign of markup
/// is its own; an address and a login lead where they say.
fn addresses(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let _ = RequestLine::parse(&text);
    if let Some(read) = Address::parse(&text) {
        assert_eq!(Address::parse(&read.url()), Some(read));
    }
    let Some(address) = Address::parse("https://contacts.example.org") else {
        return;
    };
    let link = address.account_link(&text);
    assert!(
        link.is_ascii() && !link.contains(char::is_whitespace),
        "{link}"
    );
    let of = |text: &str| {
        let exchange = profile::Account::Exchange {
            login: text.to_owned(),
            email: text.to_owned(),
        };
        let card_dav = profile::Account::CardDav {
            description: text.to_owned(),
            login: text.to_owned(),
            principal: format!("/dav/principals/users/{text}/"),
        };
        profile::profile(&address, &[exchange, card_dav], Some(text))
    };
    let (made, bare) = (of(&text), of("x"));
    let signs = |profile: &str| profile.matches('<').count();
    assert_eq!(signs(&made), signs(&bare), "{made}");
    is_xml(made.as_bytes());
}

/// Panics unless the octets are XML. The type of document that Apple's programs expect is no part of it.
fn is_xml(octets: &[u8]) {
    let text = std::str::from_utf8(octets).expect("UTF-8");
    let is_char = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    assert!(text.chars().all(is_char), "{text:?}");
    let lines = text.split_inclusive('\n');
    let plain: String = lines
        .filter(|line| !line.starts_with("<!DOCTYPE "))
        .collect();
    xml::parse(plain.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"));
}
