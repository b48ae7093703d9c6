//! CSV as spreadsheets, Google, Outlook and Thunderbird expect it.

use csv::{QuoteStyle, Terminator, WriterBuilder};
use encoding_rs::WINDOWS_1252;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};

use crate::transfer::{
    column::{self, OUTLOOK, THUNDERBIRD},
    fields::{Address, Fields, Value},
    rows::BIRTH_YEAR,
};

/// For whom a CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// People with a spreadsheet: no cell can run as a formula.
    Spreadsheet,
    /// Google's new header.
    Google,
    /// The desktop program's 92 columns, in English.
    Outlook,
    Thunderbird,
}

impl Preset {
    /// Reads `spreadsheet`, `google`, `outlook`, `thunderbird`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "spreadsheet" => Preset::Spreadsheet,
            "google" => Preset::Google,
            "outlook" => Preset::Outlook,
            "thunderbird" => Preset::Thunderbird,
            _ => return None,
        })
    }
}

/// The file of a preset: UTF-8 with its mark, or Windows-1252; CRLF.
pub fn write(contacts: &[Fields], preset: Preset, french: bool, windows: bool) -> Vec<u8> {
    let rows = match preset {
        Preset::Spreadsheet => spreadsheet(contacts, french),
        Preset::Google => google(contacts),
        Preset::Outlook => coded(contacts, &outlook_header(), OUTLOOK),
        Preset::Thunderbird => {
            let header: Vec<String> = THUNDERBIRD_HEADER.split(", ").map(str::to_owned).collect();
            coded(contacts, &header, THUNDERBIRD)
        }
    };
    let semicolons = preset == Preset::Spreadsheet && french;
    let mut writer = WriterBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .terminator(Terminator::CRLF)
        .quote_style(match preset {
            Preset::Outlook => QuoteStyle::Always,
            _ => QuoteStyle::Necessary,
        })
        .from_writer(match windows {
            true => Vec::new(),
            false => b"\xEF\xBB\xBF".to_vec(),
        });
    for row in rows {
        // Rows are as long as their header, and memory does not fail.
        let _ = match windows {
            true => writer.write_record(row.iter().map(|cell| windows_1252(cell))),
            false => writer.write_record(&row),
        };
    }
    writer.into_inner().unwrap_or_default()
}

/// What Windows-1252 does not have is written `?`, as the program itself does.
fn windows_1252(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        let mut buffer = [0; 4];
        let (octets, _, lost) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
        match lost {
            true => out.push(b'?'),
            false => out.extend_from_slice(&octets),
        }
    }
    out
}

const OUTLOOK_HEADER: &str = "Title, First Name, Middle Name, Last Name, Suffix, Company, Department, Job Title, \
Business Street, Business Street 2, Business Street 3, Business City, Business State, Business Postal Code, Business Country/Region, \
Home Street, Home Street 2, Home Street 3, Home City, Home State, Home Postal Code, Home Country/Region, \
Other Street, Other Street 2, Other Street 3, Other City, Other State, Other Postal Code, Other Country/Region, \
Assistant's Phone, Business Fax, Business Phone, Business Phone 2, Callback, Car Phone, Company Main Phone, Home Fax, Home Phone, \
Home Phone 2, ISDN, Mobile Phone, Other Fax, Other Phone, Pager, Primary Phone, Radio Phone, TTY/TDD Phone, Telex, Account, \
Anniversary, Assistant's Name, Billing Information, Birthday, Business Address PO Box, Categories, Children, Directory Server, \
E-mail Address, E-mail Type, E-mail Display Name, E-mail 2 Address, E-mail 2 Type, E-mail 2 Display Name, E-mail 3 Address, \
E-mail 3 Type, E-mail 3 Display Name, Gender, Government ID Number, Hobby, Home Address PO Box, Initials, Internet Free Busy, \
Keywords, Language, Location, Manager's Name, Mileage, Notes, Office Location, Organizational ID Number, Other Address PO Box, \
Priority, Private, Profession, Referred By, Sensitivity, Spouse, User 1, User 2, User 3, User 4, Web Page";

const THUNDERBIRD_HEADER: &str = "First Name, Last Name, Display Name, Nickname, Primary Email, Secondary Email, Screen Name, \
Work Phone, Home Phone, Fax Number, Pager Number, Mobile Number, Home Address, Home Address 2, Home City, Home State, \
Home ZipCode, Home Country, Work Address, Work Address 2, Work City, Work State, Work ZipCode, Work Country, Job Title, \
Department, Organization, Web Page 1, Web Page 2, Birth Year, Birth Month, Birth Day, Custom 1, Custom 2, Custom 3, Custom 4, Notes";

fn outlook_header() -> Vec<String> {
    OUTLOOK_HEADER.split(", ").map(str::to_owned).collect()
}

/// A table whose columns have the codes that reading them gives: the same table both ways.
fn coded(
    contacts: &[Fields],
    header: &[String],
    entries: &[(&'static str, &'static [&'static str])],
) -> Vec<Vec<String>> {
    let columns = column::program(header, entries);
    let mut rows = vec![header.to_vec()];
    for fields in contacts {
        let mut taken = Taken::default();
        rows.push(
            columns
                .iter()
                .map(|column| {
                    taken.cell(
                        &column.header,
                        &column.code,
                        fields,
                        entries.len() == OUTLOOK.len(),
                    )
                })
                .collect(),
        );
    }
    rows
}

/// Which of several values were given to a column already.
#[derive(Default)]
struct Taken {
    phones: Vec<usize>,
    emails: usize,
    streets: [usize; 3],
    urls: Vec<usize>,
}

impl Taken {
    fn cell(&mut self, header: &str, code: &str, fields: &Fields, outlook: bool) -> String {
        let (head, label) = code.split_once('=').unwrap_or((code, ""));
        let (head, rest) = head.split_once(';').unwrap_or((head, ""));
        let (types, part) = rest.split_once('.').unwrap_or((rest, ""));
        let (head, part) = head.split_once('.').unwrap_or((head, part));
        let types: Vec<&str> = types.split(',').filter(|t| !t.is_empty()).collect();
        let related = |relation: &str| {
            let names: Vec<&str> = fields
                .related
                .iter()
                .filter(|value| value.label == relation)
                .map(|value| value.text.as_str())
                .collect();
            names.join("; ")
        };
        match (head, part) {
            ("N", "prefix") => fields.prefix.clone(),
            ("N", "given") => fields.given.clone(),
            ("N", "additional") => fields.additional.clone(),
            ("N", "family") => fields.family.clone(),
            ("N", "suffix") => fields.suffix.clone(),
            ("FN", _) => fields.display(),
            ("NICKNAME", _) => fields.nickname.clone(),
            ("ORG", "1") => fields.department.clone(),
            ("ORG", "2") => fields.office.clone(),
            ("ORG", _) => fields.organization.clone(),
            ("TITLE", _) => fields.title.clone(),
            ("ROLE", _) => fields.role.clone(),
            ("INITIALS", _) => fields.initials.clone(),
            ("EMAIL", "type") => match fields.emails.len() >= self.emails && self.emails > 0 {
                true => "SMTP".to_owned(),
                false => String::new(),
            },
            ("EMAIL", "name") => String::new(),
            ("EMAIL", _) => {
                self.emails += 1;
                let found = fields.emails.get(self.emails - 1);
                found.map(|value| value.text.clone()).unwrap_or_default()
            }
            ("TEL", _) => self.phone(&types, label, fields),
            ("ADR", part) => self.address(types.first().copied().unwrap_or_default(), part, fields),
            ("URL", _) => {
                let wanted = types.first().copied().unwrap_or_default();
                let found = fields.urls.iter().enumerate().find(|(at, url)| {
                    !self.urls.contains(at)
                        && (url.is(wanted) || (outlook || wanted == "work") && !url.is("home"))
                });
                found.map_or_else(String::new, |(at, url)| {
                    self.urls.push(at);
                    url.text.clone()
                })
            }
            ("RELATED", _) => related(types.first().copied().unwrap_or_default()),
            ("BDAY", "year") => date_part(fields, 0),
            ("BDAY", "month") => date_part(fields, 1),
            ("BDAY", "day") => date_part(fields, 2),
            ("BDAY", _) => month_first(&fields.birthday),
            ("ANNIVERSARY", _) => month_first(&fields.anniversary),
            ("CATEGORIES", _) => fields.categories.join(";"),
            ("NOTE", _) => fields.note.clone(),
            ("GENDER", _) if fields.gender.is_empty() => "Unspecified".to_owned(),
            ("GENDER", _) => fields.gender.clone(),
            ("LANG", _) => fields.language.clone(),
            ("FBURL", _) => fields.free_busy.clone(),
            ("HOBBY", _) => fields.hobby.clone(),
            ("CLASS", _) => match (header == "Sensitivity", fields.private) {
                (true, true) => "Private".to_owned(),
                (true, false) => "Normal".to_owned(),
                (false, true) => "True".to_owned(),
                (false, false) => "False".to_owned(),
            },
            ("CUSTOM", _) => {
                let found = fields.custom.iter().find(|(name, _)| name == label);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            _ if header == "Priority" => "Normal".to_owned(),
            _ => String::new(),
        }
    }

    /// The next number of exactly this kind.
    fn phone(&mut self, types: &[&str], label: &str, fields: &Fields) -> String {
        let preferred = types == ["pref"];
        let found = fields.phones.iter().enumerate().find(|(at, phone)| {
            let same = match preferred {
                true => phone.types.is_empty() && phone.preferred,
                false => {
                    phone.types.len() == types.len() && types.iter().all(|wanted| phone.is(wanted))
                }
            };
            same && phone.label == label && !self.phones.contains(at)
        });
        let Some((at, phone)) = found else {
            return String::new();
        };
        // "Other Phone" comes before "Primary Phone" and must leave that one its own.
        if types.is_empty() && phone.preferred {
            return String::new();
        }
        self.phones.push(at);
        phone.text.clone()
    }

    fn address(&mut self, kind: &str, part: &str, fields: &Fields) -> String {
        let Some(address) = fields.addresses.iter().find(|address| address.kind == kind) else {
            return String::new();
        };
        let names = [
            "box", "extended", "street", "locality", "region", "code", "country",
        ];
        let at = names.iter().position(|name| *name == part).unwrap_or(0);
        if part != "street" {
            return address.parts[at].clone();
        }
        let place = ["work", "home", ""]
            .iter()
            .position(|known| *known == kind)
            .unwrap_or(2);
        self.streets[place] += 1;
        let whole = street(address);
        let mut lines = whole.splitn(3, '\n');
        lines
            .nth(self.streets[place] - 1)
            .unwrap_or_default()
            .to_owned()
    }
}

/// Street and what stands beside it.
fn street(address: &Address) -> String {
    let lines = [&address.parts[2], &address.parts[1]];
    let lines: Vec<&str> = lines
        .into_iter()
        .map(String::as_str)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// `4/15/1972`; a date without a year as it is.
fn month_first(date: &str) -> String {
    match date.split('-').collect::<Vec<_>>()[..] {
        [year, month, day] if year.len() == 4 => {
            let number = |text: &str| text.trim_start_matches('0').to_owned();
            format!("{}/{}/{year}", number(month), number(day))
        }
        _ => date.to_owned(),
    }
}

fn date_part(fields: &Fields, at: usize) -> String {
    let year_only = || fields.custom.iter().find(|(name, _)| name == BIRTH_YEAR);
    let parts: Vec<&str> = match fields.birthday.strip_prefix("--") {
        Some(rest) => std::iter::once("").chain(rest.split('-')).collect(),
        None => fields.birthday.split('-').collect(),
    };
    let part = parts
        .get(at)
        .map(|part| part.trim_start_matches('0').to_owned());
    match (at, part.filter(|part| !part.is_empty())) {
        (0, None) => year_only()
            .map(|(_, year)| year.clone())
            .unwrap_or_default(),
        (_, part) => part.unwrap_or_default(),
    }
}

/// English and French headings; every one is recognized when the file comes back.
const SPREADSHEET: [(&str, &str); 15] = [
    ("Prefix", "Civilité"),
    ("First name", "Prénom"),
    ("Middle name", "Deuxième prénom"),
    ("Last name", "Nom"),
    ("Suffix", "Suffixe"),
    ("Full name", "Nom complet"),
    ("Nickname", "Surnom"),
    ("Company", "Société"),
    ("Department", "Service"),
    ("Job title", "Fonction"),
    ("Street", "Adresse"),
    ("Postal code", "Code postal"),
    ("City", "Ville"),
    ("State", "Région"),
    ("Country", "Pays"),
];

/// A heading of numbers and which of them stand under it.
type Kind = (&'static str, fn(&Value) -> bool);

fn spreadsheet(contacts: &[Fields], french: bool) -> Vec<Vec<String>> {
    let pick = |pair: (&str, &str)| if french { pair.1 } else { pair.0 }.to_owned();
    let kinds: [Kind; 4] = [
        (if french { "Portable" } else { "Mobile" }, |v| v.is("cell")),
        (if french { "Tél. bureau" } else { "Work phone" }, |v| {
            v.is("work") && !v.is("fax") && !v.is("cell")
        }),
        (if french { "Tél." } else { "Phone" }, |v| {
            !v.is("work") && !v.is("fax") && !v.is("cell")
        }),
        ("Fax", |v| v.is("fax") && !v.is("cell")),
    ];
    let most = |count: &dyn Fn(&Fields) -> usize| contacts.iter().map(count).max().unwrap_or(0);
    let emails = most(&|f| f.emails.len());
    let urls = most(&|f| f.urls.len());
    let phones = kinds.map(|(_, is)| most(&|f| f.phones.iter().filter(|v| is(v)).count()));
    let mut header: Vec<String> = SPREADSHEET.iter().map(|pair| pick(*pair)).collect();
    let numbered = |name: &str, count: usize| {
        (1..=count)
            .map(|n| format!("{name} {n}"))
            .collect::<Vec<_>>()
    };
    header.extend(numbered(&pick(("E-mail", "Courriel")), emails));
    for ((name, _), count) in kinds.iter().zip(phones) {
        header.extend(numbered(name, count));
    }
    header.extend(numbered(&pick(("Website", "Site web")), urls));
    for pair in [
        ("Date of birth", "Date de naissance"),
        ("Category", "Catégorie"),
        ("Notes", "Remarques"),
    ] {
        header.push(pick(pair));
    }
    let shared = contacts.iter().any(|fields| fields.shared.is_some());
    if shared {
        header.extend(
            [
                ("Group", "Groupe"),
                ("Created by", "Créé par"),
                ("Modified", "Modifié"),
            ]
            .map(pick),
        );
    }
    let mut rows = vec![header];
    for fields in contacts {
        let address = fields.addresses.first().cloned().unwrap_or_default();
        let mut row: Vec<String> = [
            &fields.prefix,
            &fields.given,
            &fields.additional,
            &fields.family,
            &fields.suffix,
            &fields.display(),
            &fields.nickname,
            &fields.organization,
            &fields.department,
            &fields.title,
            &street(&address),
            &address.parts[5],
            &address.parts[3],
            &address.parts[4],
            &address.parts[6],
        ]
        .map(|text| safe(text))
        .to_vec();
        let mut values = |values: Vec<&Value>, count: usize, cell: fn(&str) -> String| {
            let texts = values.iter().map(|value| cell(&value.text));
            row.extend(texts.chain(std::iter::repeat(String::new())).take(count));
        };
        values(fields.emails.iter().collect(), emails, safe);
        for ((_, is), count) in kinds.iter().zip(phones) {
            values(
                fields.phones.iter().filter(|v| is(v)).collect(),
                count,
                number,
            );
        }
        values(fields.urls.iter().collect(), urls, safe);
        row.push(safe(&fields.birthday));
        row.push(safe(&fields.categories.join(", ")));
        row.push(safe(&fields.note));
        if shared {
            let cells = fields.shared.clone().unwrap_or_default();
            row.extend(cells.iter().map(|cell| safe(cell)));
        }
        rows.push(row);
    }
    rows
}

/// A cell that no spreadsheet runs as a formula.
pub fn safe(text: &str) -> String {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// A number in groups, so that a spreadsheet keeps it as text.
fn number(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '.' | '(' | ')' | '-');
    if !text.chars().all(harmless) {
        return safe(text);
    }
    if text.starts_with('+') && !text.contains(' ') {
        return PhoneNumber::parse(text, None)
            .map(|number| {
                number
                    .format_as(PhoneNumberFormat::International)
                    .into_owned()
            })
            .unwrap_or_else(|_| safe(text));
    }
    text.to_owned()
}

fn google(contacts: &[Fields]) -> Vec<Vec<String>> {
    const FIRST: [&str; 17] = [
        "First Name",
        "Middle Name",
        "Last Name",
        "Phonetic First Name",
        "Phonetic Middle Name",
        "Phonetic Last Name",
        "Name Prefix",
        "Name Suffix",
        "Nickname",
        "File As",
        "Organization Name",
        "Organization Title",
        "Organization Department",
        "Birthday",
        "Notes",
        "Photo",
        "Labels",
    ];
    let most = |count: fn(&Fields) -> usize| contacts.iter().map(count).max().unwrap_or(0);
    let counts = [
        most(|f| f.emails.len()),
        most(|f| f.phones.len()),
        most(|f| f.addresses.len()),
        most(|f| f.related.len()),
        most(|f| f.urls.len()),
        most(|f| f.dates.len() + usize::from(!f.anniversary.is_empty())),
        most(|f| f.custom.len()),
        most(|f| f.ims.len()),
    ];
    let kinds = [
        "E-mail",
        "Phone",
        "Address",
        "Relation",
        "Website",
        "Event",
        "Custom Field",
        "IM",
    ];
    let mut header: Vec<String> = FIRST.iter().map(|name| (*name).to_owned()).collect();
    for (kind, count) in kinds.iter().zip(counts) {
        for number in 1..=count {
            let parts: &[&str] = match *kind {
                "Address" => &[
                    "Label",
                    "Formatted",
                    "Street",
                    "City",
                    "PO Box",
                    "Region",
                    "Postal Code",
                    "Country",
                    "Extended Address",
                ],
                _ => &["Label", "Value"],
            };
            header.extend(parts.iter().map(|part| format!("{kind} {number} - {part}")));
        }
    }
    let mut rows = vec![header];
    for fields in contacts {
        let mut labels = fields.categories.clone();
        labels.push("* myContacts".to_owned());
        labels.extend(fields.favourite.then(|| "* starred".to_owned()));
        let mut row: Vec<String> = [
            &fields.given,
            &fields.additional,
            &fields.family,
            &fields.phonetic_given,
            &fields.phonetic_additional,
            &fields.phonetic_family,
            &fields.prefix,
            &fields.suffix,
            &fields.nickname,
            &fields.file_as,
            &fields.organization,
            &fields.title,
            &fields.department,
            &fields.birthday,
            &fields.note,
            &fields.photo_address,
            &labels.join(" ::: "),
        ]
        .map(String::clone)
        .to_vec();
        let related: Vec<Value> = fields.related.clone();
        let mut events: Vec<Value> = fields.dates.clone();
        if !fields.anniversary.is_empty() {
            events.insert(0, Value::labelled(&fields.anniversary, "Anniversary"));
        }
        let custom: Vec<Value> = fields
            .custom
            .iter()
            .map(|(name, value)| Value::labelled(value, name))
            .collect();
        pairs(&mut row, &fields.emails, counts[0], |value| {
            google_label(value, false)
        });
        pairs(&mut row, &fields.phones, counts[1], |value| {
            google_label(value, true)
        });
        for number in 0..counts[2] {
            let address = fields.addresses.get(number).cloned().unwrap_or_default();
            let label = match (&address.kind[..], &address.label[..]) {
                ("home", _) => "Home",
                ("work", _) => "Work",
                (_, label) => label,
            };
            let part = |at: usize| address.parts[at].clone();
            row.extend([
                label.to_owned(),
                address.formatted.clone(),
                part(2),
                part(3),
                part(0),
                part(4),
                part(5),
                part(6),
                part(1),
            ]);
        }
        pairs(&mut row, &related, counts[3], |value| {
            capitalized(&value.label)
        });
        pairs(&mut row, &fields.urls, counts[4], |value| {
            google_label(value, false)
        });
        pairs(&mut row, &events, counts[5], |value| value.label.clone());
        pairs(&mut row, &custom, counts[6], |value| value.label.clone());
        pairs(&mut row, &fields.ims, counts[7], |value| {
            google_label(value, false)
        });
        rows.push(row);
    }
    rows
}

fn pairs(row: &mut Vec<String>, values: &[Value], count: usize, label: impl Fn(&Value) -> String) {
    for number in 0..count {
        match values.get(number) {
            Some(value) => row.extend([label(value), value.text.clone()]),
            None => row.extend([String::new(), String::new()]),
        }
    }
}

fn google_label(value: &Value, phone: bool) -> String {
    let label = if !value.label.is_empty() {
        value.label.clone()
    } else if phone && value.is("cell") {
        "Mobile".to_owned()
    } else if phone && value.is("fax") {
        let kind = if value.is("home") { "Home" } else { "Work" };
        match value.is("home") || value.is("work") {
            true => format!("{kind} Fax"),
            false => "Other Fax".to_owned(),
        }
    } else if phone && (value.is("main") || value.is("x-company-main")) {
        "Main".to_owned()
    } else if phone && value.is("pager") {
        "Pager".to_owned()
    } else if value.is("home") {
        "Home".to_owned()
    } else if value.is("work") {
        "Work".to_owned()
    } else {
        String::new()
    };
    match value.preferred {
        true => format!("* {label}"),
        false => label,
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
