//! LDIF (RFC 2849): directory exports of OpenLDAP and Thunderbird.

mod person;

use std::collections::HashMap;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode::Indifferent, GeneralPurpose, general_purpose::PAD},
};
use encoding_rs::WINDOWS_1252;
use unicode_normalization::UnicodeNormalization as _;

use super::{Code, Entry, Group, Made, Outcome, Warning, fields::uid_of};

/// One record: the line it begins at and its attributes in order.
#[derive(Debug, Default)]
struct Record {
    line: u64,
    dn: String,
    attributes: Vec<Attribute>,
    warnings: Vec<Warning>,
}

#[derive(Debug)]
struct Attribute {
    /// The attribute's name in lower case, without options.
    name: String,
    written: String,
    options: String,
    octets: Vec<u8>,
}

impl Attribute {
    /// UTF-8, else Windows-1252; and whether it was UTF-8.
    fn text(&self) -> (String, bool) {
        match std::str::from_utf8(&self.octets) {
            Ok(text) => (text.trim().nfc().collect(), true),
            Err(_) => {
                let (text, _) = WINDOWS_1252.decode_without_bom_handling(&self.octets);
                (text.trim().nfc().collect(), false)
            }
        }
    }
}

const PEOPLE: [&str; 4] = [
    "person",
    "organizationalperson",
    "inetorgperson",
    "mozillaabpersonalpha",
];
const LISTS: [&str; 3] = ["groupofnames", "groupofuniquenames", "groupofurls"];
/// Base64 that may lack its padding, as bad files have it.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, PAD.with_decode_padding_mode(Indifferent));

/// The entries of a file, and `mozilla` or `inetOrgPerson`.
pub fn read(text: &str) -> (Vec<Entry>, &'static str) {
    let records = records(text);
    let mozilla = records.iter().any(|record| {
        record.attributes.iter().any(|a| {
            a.name.starts_with("mozilla")
                || (a.name == "objectclass" && a.text().0.to_lowercase().starts_with("mozilla"))
        })
    });
    let mut entries = Vec::with_capacity(records.len());
    let mut names = Names::default();
    let mut lists = Vec::new();
    for (number, record) in (1..).zip(records) {
        let outcome = match record.sort() {
            Sort::Refused => Outcome::Skipped(super::Reason::ChangetypeRefused),
            Sort::Other => Outcome::Skipped(super::Reason::NotAPerson),
            Sort::List => {
                lists.push((entries.len(), record));
                entries.push(Entry {
                    record: number,
                    line: 0,
                    warnings: Vec::new(),
                    outcome: Outcome::Skipped(super::Reason::Empty),
                });
                continue;
            }
            Sort::Person => {
                let (fields, warnings) = record.fields();
                if fields.is_empty() {
                    Outcome::Skipped(super::Reason::Empty)
                } else {
                    names.learn(&record, &fields.uid);
                    let made = Made::of_fields(&fields);
                    entries.push(Entry {
                        record: number,
                        line: record.line,
                        warnings,
                        outcome: Outcome::Card(made),
                    });
                    continue;
                }
            }
        };
        entries.push(Entry {
            record: number,
            line: record.line,
            warnings: record.warnings,
            outcome,
        });
    }
    for (at, record) in lists {
        let group = record.group(&names);
        let entry = &mut entries[at];
        entry.line = record.line;
        for (member, uid) in record.members().zip(&group.1) {
            if uid.is_none() {
                entry.warnings.push(Warning {
                    code: Code::GroupMemberUnknown,
                    about: member,
                });
            }
        }
        entry.outcome = Outcome::Group(group.0);
    }
    (entries, if mozilla { "mozilla" } else { "inetOrgPerson" })
}

enum Sort {
    Person,
    List,
    Other,
    /// `delete`, `modify`...
    Refused,
}

impl Record {
    fn first(&self, name: &str) -> Option<String> {
        let found = self.attributes.iter().find(|a| a.name == name)?;
        Some(found.text().0)
    }

    fn sort(&self) -> Sort {
        match self.first("changetype").as_deref() {
            None | Some("add") => {}
            Some(_) => return Sort::Refused,
        }
        let classes: Vec<String> = self
            .attributes
            .iter()
            .filter(|a| a.name == "objectclass")
            .map(|a| a.text().0.to_lowercase())
            .collect();
        let is = |names: &[&str]| classes.iter().any(|class| names.contains(&&class[..]));
        if is(&LISTS) {
            return Sort::List;
        }
        let named = self.first("mail").is_some() || self.first("sn").is_some();
        if is(&PEOPLE) || (classes.is_empty() && named) {
            Sort::Person
        } else {
            Sort::Other
        }
    }

    fn members(&self) -> impl Iterator<Item = String> + '_ {
        self.attributes
            .iter()
            .filter(|a| matches!(&a.name[..], "member" | "uniquemember" | "memberurl"))
            .map(|a| a.text().0)
    }

    fn group(&self, names: &Names) -> (Group, Vec<Option<String>>) {
        let found: Vec<Option<String>> = self.members().map(|dn| names.find(&dn)).collect();
        let name = self.first("cn").unwrap_or_else(|| self.dn.clone());
        let group = Group {
            uid: uid_of(normalized(&self.dn).as_bytes()),
            name,
            members: found.iter().flatten().cloned().collect(),
            card: None,
        };
        (group, found)
    }
}

/// Who is called what: members of lists are named by distinguished names.
#[derive(Default)]
struct Names {
    by_dn: HashMap<String, String>,
    by_mail: HashMap<String, String>,
    by_cn: HashMap<String, String>,
}

impl Names {
    fn learn(&mut self, record: &Record, uid: &str) {
        self.by_dn.insert(normalized(&record.dn), uid.to_owned());
        for attribute in &record.attributes {
            let text = attribute.text().0.to_lowercase();
            match &attribute.name[..] {
                "mail" => self.by_mail.entry(text).or_insert_with(|| uid.to_owned()),
                "cn" => self.by_cn.entry(text).or_insert_with(|| uid.to_owned()),
                _ => continue,
            };
        }
    }

    fn find(&self, dn: &str) -> Option<String> {
        let by = |names: &HashMap<String, String>, key: &str| {
            part(dn, key).and_then(|value| names.get(&value.to_lowercase()).cloned())
        };
        self.by_dn
            .get(&normalized(dn))
            .cloned()
            .or_else(|| by(&self.by_mail, "mail"))
            .or_else(|| by(&self.by_cn, "cn"))
    }
}

/// A distinguished name without case and blanks around its commas.
fn normalized(dn: &str) -> String {
    let parts: Vec<&str> = dn.split(',').map(str::trim).collect();
    parts.join(",").to_lowercase()
}

/// The value of one part of a distinguished name.
fn part(dn: &str, key: &str) -> Option<String> {
    dn.split(',').find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let value = value.trim();
        (name.trim().eq_ignore_ascii_case(key) && !value.is_empty()).then(|| value.to_owned())
    })
}

fn records(text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let mut record = Record::default();
    let mut logical: Option<(u64, String)> = None;
    let take = |line: Option<(u64, String)>, record: &mut Record| {
        if let Some((number, line)) = line {
            attribute(number, &line, record);
        }
    };
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_end_matches('\r');
        if let Some(rest) = line.strip_prefix(' ')
            && let Some((_, before)) = &mut logical
        {
            before.push_str(rest);
            continue;
        }
        take(logical.take(), &mut record);
        if line.trim().is_empty() {
            if !record.dn.is_empty() || !record.attributes.is_empty() {
                records.push(std::mem::take(&mut record));
            }
        } else {
            logical = Some((number, line.to_owned()));
        }
    }
    take(logical.take(), &mut record);
    if !record.dn.is_empty() || !record.attributes.is_empty() {
        records.push(record);
    }
    records
}

/// `name: text`, `name:: base64`, `name:< address`.
fn attribute(number: u64, line: &str, record: &mut Record) {
    if line.starts_with('#') {
        return;
    }
    let Some((name, rest)) = line.split_once(':') else {
        return;
    };
    let (name, options) = name.split_once(';').unwrap_or((name, ""));
    let written = name.trim();
    let name = written.to_ascii_lowercase();
    if name == "version" && record.dn.is_empty() && record.attributes.is_empty() {
        return;
    }
    let octets = if let Some(encoded) = rest.strip_prefix(':') {
        let clean: Vec<u8> = encoded
            .bytes()
            .filter(|b| !b.is_ascii_whitespace())
            .collect();
        let Ok(octets) = BASE64.decode(&clean) else {
            record.warnings.push(Warning {
                code: Code::ValueDamaged,
                about: name,
            });
            return;
        };
        octets
    } else if rest.starts_with('<') {
        record.warnings.push(Warning {
            code: Code::UrlValueRefused,
            about: name.clone(),
        });
        return;
    } else {
        rest.trim_start().as_bytes().to_vec()
    };
    let attribute = Attribute {
        written: written.to_owned(),
        name,
        options: options.to_ascii_lowercase(),
        octets,
    };
    if record.line == 0 {
        record.line = number;
    }
    if attribute.name == "dn" {
        record.dn = attribute.text().0;
    } else {
        record.attributes.push(attribute);
    }
}
