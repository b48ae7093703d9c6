//! What is fuzzed of the server: each target takes any octets, and panics when a promise breaks.

use carnet::{
    class::contact::Contact,
    connect::{Address, profile},
    dav::facet::{DavFacet as _, Shown},
    domain::{
        class::Class as _,
        search::{Exclusions, LastWord, highlight, parse},
        settings::Settings,
    },
    eas::facet::{EasFacet, Supported, View},
    text::EN,
    transfer::{self, Asked, Options},
    web::facet::{Reader, Submitted, WebFacet},
};
use carnet_proto::{
    eas::request_line::RequestLine,
    vcard::Version,
    wbxml::{Encoder, Limits, decode, page::air_sync},
};
use std::sync::Arc;

/// The name of a target, its dictionary, and what it does.
pub type Target = (&'static str, &'static str, fn(&[u8]));

pub const TARGETS: [Target; 7] = [
    ("import_file", "import", import_file),
    ("contact", "vcard", contact),
    ("device_item", "wbxml", device_item),
    ("contact_form", "form", contact_form),
    ("search_query", "search", search_query),
    ("picture", "picture", picture),
    ("addresses", "address", addresses),
];

/// vCard, CSV of every program, LDIF and archives: what is read is a card that can be stored.
pub fn import_file(octets: &[u8]) {
    let contact = Contact::new(Some("FR"));
    for asked in [Asked::Auto, Asked::Csv, Asked::Ldif] {
        let options = Options {
            asked,
            ..Options::default()
        };
        let Ok(file) = transfer::read(octets, &options) else {
            continue;
        };
        for entry in file.entries.iter().take(20) {
            if let transfer::Outcome::Card(made) = &entry.outcome {
                let stored = contact.index(&made.card, None);
                stored.unwrap_or_else(|error| {
                    panic!("{error}: {}", String::from_utf8_lossy(&made.card))
                });
            }
        }
    }
}

/// A card in every projection: the web's page and form, 3.0 and 4.0, a device's item, the index.
pub fn contact(octets: &[u8]) {
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
    let mut out = Encoder::new();
    out.open(air_sync::APPLICATION_DATA);
    contact.export(octets, b"", &View::default(), &mut out);
    out.close();
    decode(&out.finish(), &Limits::default()).expect("what we send");
}

/// ApplicationData of a device: refused when it is applied, or a card that can be stored and sent again.
pub fn device_item(octets: &[u8]) {
    let Ok(root) = decode(octets, &Limits::default()) else {
        return;
    };
    let facet: Arc<dyn EasFacet> = Arc::new(Contact::new(None));
    let _ = facet.fingerprint(&root);
    let edit = facet.edit(&root, &View::default(), &Supported::default());
    if let Ok(made) = edit.apply(None) {
        contact(&made);
    }
}

/// A form as a browser sends it: `name=value` lines.
pub fn contact_form(octets: &[u8]) {
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
pub fn search_query(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    for last in [LastWord::Whole, LastWord::Beginning] {
        let query = parse::parse(&text, last, Exclusions::NeedWords);
        let pieces = highlight(&text, query.root.as_ref());
        let again: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(again, text);
    }
}

/// A picture by its octets alone.
pub fn picture(octets: &[u8]) {
    let facet = Contact::new(None);
    let _ = WebFacet::picture(&facet, octets, None);
}

/// What profiles, request lines and addresses are made of.
pub fn addresses(octets: &[u8]) {
    let text = String::from_utf8_lossy(octets);
    let _ = RequestLine::parse(&text);
    let Some(address) = Address::parse("https://contacts.example.org") else {
        return;
    };
    let accounts = [profile::Account::Exchange {
        login: text.clone().into_owned(),
        email: text.clone().into_owned(),
    }];
    let made = profile::profile(&address, &accounts, Some(&*text));
    // Every sign of markup in it is the profile's own.
    let plain = [profile::Account::Exchange {
        login: "x".to_owned(),
        email: "x".to_owned(),
    }];
    let bare = profile::profile(&address, &plain, Some("x"));
    let signs = |profile: &str| profile.matches('<').count();
    assert_eq!(signs(&made), signs(&bare), "{made}");
    let _ = Address::parse(&text);
}
