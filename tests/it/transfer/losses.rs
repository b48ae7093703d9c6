//! What each format loses is what it says it loses, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use carnet::transfer::{self, CardVersion, Choices, Fields, Loss, Rendition, Value, losses};
use carnet_proto::vcard::Document;

use super::Fixture;

/// Everything a card can say, once.
const CARD: &str = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:all\r\nFN:Countess Ada\r\n\
N:Cyd;Ada;Bea;Dr;Jr\r\nNICKNAME:Addy\r\nX-CARNET-INITIALS:ABC\r\n\
X-PHONETIC-FIRST-NAME:Eida\r\nX-PHONETIC-LAST-NAME:Sid\r\nX-PHONETIC-ORG:Akme\r\n\
ORG:Acme;Sales;Room 5\r\nTITLE:Boss\r\nROLE:Smith\r\n\
EMAIL:a1@example.org\r\nEMAIL;TYPE=HOME:a2@example.org\r\nEMAIL:a3@example.org\r\nEMAIL:a4@example.org\r\n\
TEL;TYPE=CELL:+33 6 39 98 00 01\r\nTEL;TYPE=CELL:+33 6 39 98 00 02\r\n\
TEL;TYPE=WORK:+33 1 99 00 00 01\r\nTEL;TYPE=HOME:+33 1 99 00 00 02\r\n\
TEL;TYPE=WORK,FAX:+33 1 99 00 00 03\r\nTEL;TYPE=PAGER:+33 1 99 00 00 04\r\n\
item1.TEL:+33 1 99 00 00 05\r\nitem1.X-ABLabel:Boat\r\n\
ADR;TYPE=WORK:Box 7;;1 Work St;Lille;Nord;59000;France\r\n\
ADR;TYPE=WORK:;;3 Dock St;Brest;;29200;France\r\n\
ADR;TYPE=HOME:;;2 Home St;Nantes;Loire;44000;France\r\n\
URL;TYPE=WORK:https://one.example\r\nURL;TYPE=HOME:https://two.example\r\n\
IMPP:xmpp:ada@example.org\r\nX-SOCIALPROFILE;TYPE=twitter:https://twitter.com/ada\r\n\
item3.X-ABRELATEDNAMES:Fay\r\nitem3.X-ABLabel:_$!<Friend>!$_\r\n\
X-EVOLUTION-SPOUSE:Sam\r\nX-EVOLUTION-MANAGER:Max\r\n\
BDAY:1972-04-15\r\nANNIVERSARY:2001-06-07\r\n\
item2.X-ABDATE:2010-01-02\r\nitem2.X-ABLabel:Start\r\n\
NOTE:Line one\\nline two\r\nNOTE:And more\r\nX-GENDER:Female\r\nLANG:fr\r\nFBURL:https://busy.example\r\n\
HOBBY:Sailing\r\nCLASS:PRIVATE\r\nCATEGORIES:Friends,Sea\r\nX-CARNET-FAVOURITE:1\r\n\
X-CARNET-CUSTOM;X-NAME=Size:42\r\nX-WORD:own\r\n\
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////\r\nEND:VCARD\r\n";

fn mark(set: bool) -> String {
    if set { "yes" } else { "" }.to_owned()
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// What a card says, aspect by aspect; what it does not say is not there.
fn aspects(fields: &Fields) -> BTreeMap<&'static str, String> {
    let texts =
        |values: &[Value]| -> Vec<String> { values.iter().map(|v| v.text.clone()).collect() };
    let phone = |is: fn(&Value) -> bool, at: usize| {
        let found = fields.phones.iter().filter(|v| is(v)).nth(at);
        found.map(|v| digits(&v.text)).unwrap_or_default()
    };
    let address = |kind: &str, at: usize| {
        let found = fields.addresses.iter().filter(|a| a.kind == kind).nth(at);
        found.map(|a| a.parts[1..].join("|")).unwrap_or_default()
    };
    let of_home = |values: &[Value]| {
        let found = values.iter().find(|value| value.is("home"));
        found.map(|value| value.text.clone()).unwrap_or_default()
    };
    let first = fields.addresses.first();
    let post_box = first.map(|a| a.parts[0].clone()).unwrap_or_default();
    let streets = fields.addresses.iter().map(|a| a.parts[2].clone());
    let streets: BTreeSet<String> = streets.collect();
    let related = |label: &str| {
        let found = fields.related.iter().find(|v| v.label == label);
        found.map(|v| v.text.clone()).unwrap_or_default()
    };
    let emails = texts(&fields.emails);
    let urls = texts(&fields.urls);
    let nth = |values: &[String], at: usize| values.get(at).cloned().unwrap_or_default();
    let custom = |name: &str| {
        let found = fields.custom.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    };
    let mut numbers: Vec<String> = texts(&fields.phones).iter().map(|n| digits(n)).collect();
    numbers.sort();
    let mut categories = fields.categories.clone();
    categories.sort();
    let all = [
        ("displayed name", fields.name.clone()),
        ("given", fields.given.clone()),
        ("family", fields.family.clone()),
        ("middle", fields.additional.clone()),
        ("prefix", fields.prefix.clone()),
        ("suffix", fields.suffix.clone()),
        ("nickname", fields.nickname.clone()),
        ("initials", fields.initials.clone()),
        (
            "phonetic names",
            fields.phonetic_given.clone() + &fields.phonetic_family,
        ),
        (
            "phonetic organization",
            fields.phonetic_organization.clone(),
        ),
        ("organization", fields.organization.clone()),
        ("department", fields.department.clone()),
        ("office", fields.office.clone()),
        ("title", fields.title.clone()),
        ("role", fields.role.clone()),
        ("e-mail", nth(&emails, 0)),
        ("second e-mail", nth(&emails, 1)),
        ("third e-mail", nth(&emails, 2)),
        ("fourth e-mail", nth(&emails, 3)),
        ("mobile", phone(|v| v.is("cell"), 0)),
        ("second mobile", phone(|v| v.is("cell"), 1)),
        ("work number", phone(|v| v.is("work") && !v.is("fax"), 0)),
        ("home number", phone(|v| v.is("home") && !v.is("fax"), 0)),
        ("fax", phone(|v| v.is("fax"), 0)),
        ("pager", phone(|v| v.is("pager"), 0)),
        ("labelled number", phone(|v| v.label == "Boat", 0)),
        ("all numbers", numbers.join(",")),
        ("work address", address("work", 0)),
        ("second work address", address("work", 1)),
        ("home address", address("home", 0)),
        (
            "all streets",
            streets.into_iter().collect::<Vec<_>>().join(","),
        ),
        ("post-office box", post_box),
        ("home e-mail", of_home(&fields.emails)),
        ("home web page", of_home(&fields.urls)),
        ("friend", related("friend")),
        ("web page", nth(&urls, 0)),
        ("second web page", nth(&urls, 1)),
        ("messaging", texts(&fields.ims).join(" ")),
        ("spouse", related("spouse")),
        ("manager", related("manager")),
        ("birthday", fields.birthday.clone()),
        ("anniversary", fields.anniversary.clone()),
        ("other date", texts(&fields.dates).join(" ")),
        ("note", fields.note.clone()),
        ("gender", fields.gender.clone()),
        ("language", fields.language.clone()),
        ("free/busy", fields.free_busy.clone()),
        ("hobby", fields.hobby.clone()),
        ("private", mark(fields.private)),
        ("categories", categories.join(",")),
        ("favourite", mark(fields.favourite)),
        ("custom field", custom("Size")),
        ("photo", mark(fields.photo.is_some())),
    ];
    all.into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn only(bytes: &[u8]) -> BTreeMap<&'static str, String> {
    let mut cards = transfer::Cards::new(bytes);
    let (_, card) = cards.next_card().expect("read").expect("a card");
    let document = Document::parse(&card).expect("a card");
    let mut said = aspects(&Fields::read(&document));
    if let Some(line) = document.first("X-WORD") {
        said.insert("unknown property", line.text());
    }
    if let Some(line) = document.first("X-SOCIALPROFILE") {
        said.insert("profile", line.text());
    }
    said
}

#[tokio::test]
async fn every_format_loses_what_it_says_and_nothing_else() {
    let source = Fixture::new(None).await;
    source.import(CARD.as_bytes(), Choices::default()).await;
    let v3 = Rendition::VCard(CardVersion::V3);
    let before = only(&source.export(v3).await);
    assert_eq!(before.len(), 55, "{before:#?}");
    let mut wrong = Vec::new();
    for (name, rendition) in Rendition::all() {
        if matches!(rendition, Rendition::Pdf(_)) {
            continue;
        }
        let target = Fixture::new(None).await;
        let file = source.export(rendition).await;
        target.import(&file, Choices::default()).await;
        let after = only(&target.export(v3).await);
        let lost: BTreeSet<&str> = before
            .iter()
            .filter(|(aspect, value)| after.get(*aspect) != Some(value))
            .map(|(aspect, _)| *aspect)
            .collect();
        let told: BTreeSet<&str> = losses(rendition)
            .iter()
            .flat_map(|loss| covered(*loss))
            .copied()
            .collect();
        if lost != told {
            let untold: Vec<_> = lost.difference(&told).collect();
            let not_lost: Vec<_> = told.difference(&lost).collect();
            wrong.push(format!(
                "{name}: lost and not told {untold:?}; told and not lost {not_lost:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a loss is of.
fn covered(loss: Loss) -> &'static [&'static str] {
    match loss {
        Loss::Photos => &["photo"],
        Loss::Lists | Loss::NotImported | Loss::OtherScripts => &[],
        Loss::UnknownProperties => &["unknown property"],
        Loss::OwnLabels => &["labelled number"],
        Loss::EmailsAfterThird => &["fourth e-mail"],
        Loss::EmailsAfterSecond => &["third e-mail", "fourth e-mail"],
        Loss::NumbersBeyondColumns => &["second mobile"],
        Loss::NumbersBeyondOne => &[
            "second mobile",
            "all numbers",
            "second work address",
            "all streets",
        ],
        Loss::KindsOfNumbers => &["pager"],
        Loss::DisplayNames => &["displayed name"],
        Loss::NamesInFull => &["middle", "prefix", "suffix"],
        Loss::Nicknames => &["nickname"],
        Loss::PhoneticNames => &["phonetic names", "phonetic organization"],
        Loss::PhoneticOrganizations => &["phonetic organization"],
        Loss::Messaging => &["messaging"],
        Loss::UrlsAfterFirst => &["second web page"],
        Loss::AddressesAfterFirst => &[
            "home address",
            "work address",
            "second work address",
            "all streets",
        ],
        Loss::FurtherAddresses => &["second work address"],
        Loss::PostBoxes => &["post-office box"],
        Loss::KindsOfEmails => &["home e-mail"],
        Loss::KindsOfUrls => &["home web page"],
        Loss::SocialProfiles => &["profile"],
        Loss::OtherRelations => &["friend"],
        Loss::RelatedPeople => &["spouse", "manager", "friend", "anniversary"],
        Loss::OtherDates => &["other date"],
        Loss::Categories => &["categories"],
        Loss::CustomFields => &["custom field", "favourite"],
        Loss::PrivateMark => &["private"],
        Loss::OfficeAndProfession => &["office", "role"],
        Loss::Particulars => &["initials", "gender", "language", "hobby", "free/busy"],
    }
}

#[tokio::test]
async fn a_category_that_begins_with_an_asterisk_comes_back_from_google() {
    let fixture = Fixture::new(None).await;
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Ada\r\nN:Ada;;;;\r\n\
        CATEGORIES:*Work,** Sea,*\r\nEND:VCARD\r\n";
    fixture.import(card.as_bytes(), Choices::default()).await;
    let table = fixture
        .export(Rendition::Csv(transfer::Preset::Google))
        .await;
    let read = transfer::read(&table, &transfer::Options::default()).expect("a table");
    let transfer::Outcome::Card(made) = &read.entries[0].outcome else {
        panic!("a contact");
    };
    let fields = Fields::read(&Document::parse(&made.card).expect("a card"));
    assert_eq!(fields.categories, ["Work", "Sea"]);
}

#[tokio::test]
async fn a_list_leaves_no_empty_file_where_version_2_1_cannot_say_it() {
    let fixture = Fixture::new(None).await;
    let cards = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a\r\nFN:Ada\r\nN:Ada;;;;\r\nEND:VCARD\r\n\
        BEGIN:VCARD\r\nVERSION:3.0\r\nUID:l\r\nFN:Club\r\nN:Club;;;;\r\n\
        X-ADDRESSBOOKSERVER-KIND:group\r\nX-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\r\nEND:VCARD\r\n";
    fixture.import(cards.as_bytes(), Choices::default()).await;
    let how = transfer::Export {
        apart: true,
        ..transfer::Export::default()
    };
    for (version, files) in [(CardVersion::V21, 1), (CardVersion::V3, 2)] {
        let book = fixture.book().await;
        let zip = transfer::export(&book, Rendition::VCard(version), &how).await;
        let zip = std::io::Cursor::new(zip.expect("an archive"));
        let mut zip = zip::ZipArchive::new(zip).expect("an archive");
        assert_eq!(zip.len(), files, "{version:?}");
        for at in 0..files {
            assert!(zip.by_index(at).expect("a file").size() > 0, "{version:?}");
        }
    }
    // Together they are one file without it, and without a blank line in its place.
    let cards = fixture.export(Rendition::VCard(CardVersion::V21)).await;
    assert!(cards.ends_with(b"END:VCARD\r\n"));
}
