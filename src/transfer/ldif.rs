//! LDIF (RFC 2849): directory exports of OpenLDAP and Thunderbird.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use encoding_rs::WINDOWS_1252;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    Code, Entry, Group, Made, Outcome, Warning,
    date::{self, Date},
    fields::{Address, Fields, Value, uid_of},
    rows::{BIRTH_YEAR, named},
};

/// One record: the line it begins at and its attributes in order.
#[derive(Debug, Default)]
struct Record {
    line: u64,
    dn: String,
    /// Lower-case name without options, its options, value.
    attributes: Vec<Attribute>,
    warnings: Vec<Warning>,
}

#[derive(Debug)]
struct Attribute {
    name: String,
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
/// Never read, whatever they hold.
const SECRET: [&str; 5] = [
    "userpassword",
    "sambantpassword",
    "sambalmpassword",
    "userpkcs12",
    "usercertificate",
];

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

    fn fields(&self) -> (Fields, Vec<Warning>) {
        let mut fields = Fields::default();
        let mut warnings = self.warnings.clone();
        let mut notes = Vec::new();
        let mut birth = ["", "", ""].map(str::to_owned);
        let mut work = Address::default();
        let mut home = Address::default();
        let mut common_name = String::new();
        let mut named_by: Vec<&str> = Vec::new();
        for attribute in &self.attributes {
            let (text, utf8) = attribute.text();
            if SECRET.contains(&&attribute.name[..]) {
                if !warnings.iter().any(|w| w.code == Code::AttributeIgnored) {
                    warnings.push(Warning {
                        code: Code::AttributeIgnored,
                        about: attribute.name.clone(),
                    });
                }
                continue;
            }
            if !utf8
                && !matches!(
                    &attribute.name[..],
                    "jpegphoto" | "thumbnailphoto" | "photo"
                )
            {
                warnings.push(Warning {
                    code: Code::EncodingGuessed,
                    about: attribute.name.clone(),
                });
            }
            // Another language only fills what is empty.
            if attribute.options.contains("lang-") && named_by.contains(&&attribute.name[..]) {
                continue;
            }
            named_by.push(&attribute.name);
            if text.is_empty() && attribute.octets.is_empty() {
                continue;
            }
            let phone = |types: &[&str]| Value::new(&text, types);
            match &attribute.name[..] {
                "cn" | "commonname" | "2.5.4.3" if common_name.is_empty() => {
                    common_name = named(&text)
                }
                "displayname" if fields.name.is_empty() => fields.name = named(&text),
                "sn" | "surname" | "2.5.4.4" if fields.family.is_empty() => {
                    fields.family = named(&text)
                }
                "givenname" | "gn" if fields.given.is_empty() => fields.given = named(&text),
                "initials" => fields.initials = text,
                "personaltitle" => fields.prefix = named(&text),
                "generationqualifier" => fields.suffix = named(&text),
                "mozillanickname" | "xmozillanickname" => fields.nickname = named(&text),
                "mail"
                | "mozillasecondemail"
                | "xmozillasecondemail"
                | "rfc822mailbox"
                | "0.9.2342.19200300.100.1.3" => {
                    fields.emails.push(phone(&[]));
                }
                "telephonenumber" => fields.phones.push(phone(&["work"])),
                "homephone" => fields.phones.push(phone(&["home"])),
                "mobile" | "cellphone" | "mobiletelephonenumber" => {
                    fields.phones.push(phone(&["cell"]));
                }
                "pager" | "pagerphone" => fields.phones.push(phone(&["pager"])),
                "facsimiletelephonenumber" | "fax" => fields.phones.push(phone(&["work", "fax"])),
                "mozillahomestreet" | "homestreet" | "mozillahomestreet2" => {
                    line(&mut home.parts[2], &text)
                }
                "mozillahomelocalityname" => home.parts[3] = text,
                "mozillahomestate" => home.parts[4] = text,
                "mozillahomepostalcode" => home.parts[5] = text,
                "mozillahomecountryname" => home.parts[6] = text,
                "street" | "streetaddress" | "mozillaworkstreet2" => {
                    line(&mut work.parts[2], &text)
                }
                "postofficebox" => work.parts[0] = text,
                "l" | "localityname" => work.parts[3] = text,
                "st" | "stateorprovincename" => work.parts[4] = text,
                "postalcode" => work.parts[5] = text,
                "c" | "countryname" | "co" => work.parts[6] = text,
                "postaladdress" | "registeredaddress" => work.formatted = text.replace('$', "\n"),
                "homepostaladdress" => home.formatted = text.replace('$', "\n"),
                "o" | "company" | "organizationname" => fields.organization = text,
                "ou" | "department" | "organizationalunitname" => fields.department = text,
                "departmentnumber" if fields.department.is_empty() => fields.department = text,
                "title" => fields.title = text,
                "employeetype" => fields.role = text,
                "labeleduri" => {
                    let (address, label) = text.split_once(' ').unwrap_or((&text, ""));
                    fields.urls.push(Value::labelled(address, label.trim()));
                }
                "mozillaworkurl" | "workurl" => fields.urls.push(phone(&["work"])),
                "mozillahomeurl" | "homeurl" => fields.urls.push(phone(&["home"])),
                "birthyear" => birth[0] = text,
                "birthmonth" => birth[1] = text,
                "birthday" => birth[2] = text,
                "description" | "notes" => notes.push(text),
                "jpegphoto" | "thumbnailphoto" | "photo" if fields.photo.is_none() => {
                    fields.photo = picture(&attribute.octets);
                    if fields.photo.is_none() {
                        warnings.push(Warning {
                            code: Code::PictureUnread,
                            about: attribute.name.clone(),
                        });
                    }
                }
                "nsaimid" | "mozilla_aimscreenname" | "mozillaaimscreenname" => {
                    fields.ims.push(Value::new(&format!("aim:{text}"), &[]));
                }
                "preferredlanguage" => fields.language = text,
                "manager" | "secretary" => {
                    let relation = match &attribute.name[..] {
                        "manager" => "manager",
                        _ => "assistant",
                    };
                    let name = part(&text, "cn").unwrap_or(text);
                    fields.related.push(Value::labelled(&name, relation));
                }
                "roomnumber" => fields.office = text,
                "vcardcategories" => {
                    fields.categories = text.split(',').map(|c| c.trim().to_owned()).collect();
                }
                name => {
                    if let Some(name) = custom(name) {
                        fields.custom.push((name, text));
                    }
                }
            }
        }
        if fields.name.is_empty() {
            fields.name = common_name;
        }
        for (mut address, kind) in [(work, "work"), (home, "home")] {
            let any = address.parts.iter().any(|part| !part.is_empty());
            if any || !address.formatted.is_empty() {
                kind.clone_into(&mut address.kind);
                fields.addresses.push(address);
            }
        }
        match date::of_parts(&birth[0], &birth[1], &birth[2]) {
            Date::Known(date) => fields.birthday = date,
            Date::YearOnly(year) => fields.custom.push((BIRTH_YEAR.to_owned(), year)),
            Date::Impossible => {
                let given: Vec<String> =
                    birth.into_iter().filter(|part| !part.is_empty()).collect();
                let about = given.join("-");
                notes.push(format!("Birthday: {about}"));
                warnings.push(Warning {
                    code: Code::DateInvalid,
                    about,
                });
            }
            Date::None => {}
        }
        fields.note = notes.join("\n");
        fields.uid = if self.dn.is_empty() {
            uid_of(format!("{:?}", self.attributes).as_bytes())
        } else {
            uid_of(normalized(&self.dn).as_bytes())
        };
        if fields.organization.is_empty() || fields.has_person() {
            fields.company = false;
        }
        fields.divide_name();
        (fields, warnings)
    }
}

fn line(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
}

fn custom(name: &str) -> Option<String> {
    let number = name
        .strip_prefix("mozillacustom")
        .or_else(|| name.strip_prefix("custom"));
    match (number, name) {
        (Some(number), _) => Some(format!("Custom {number}")),
        (None, "employeenumber") => Some("Employee number".to_owned()),
        (None, "carlicense") => Some("Car license".to_owned()),
        _ => None,
    }
}

/// Only octets that begin as a picture does.
fn picture(octets: &[u8]) -> Option<(String, Vec<u8>)> {
    let media_type = match octets {
        [0xFF, 0xD8, 0xFF, ..] => "image/jpeg",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [b'G', b'I', b'F', b'8', ..] => "image/gif",
        _ => return None,
    };
    Some((media_type.to_owned(), octets.to_vec()))
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
    let name = name.trim().to_ascii_lowercase();
    if name == "version" && record.dn.is_empty() && record.attributes.is_empty() {
        return;
    }
    let octets = if let Some(encoded) = rest.strip_prefix(':') {
        let clean: Vec<u8> = encoded
            .bytes()
            .filter(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'='))
            .collect();
        STANDARD.decode(&clean).unwrap_or_default()
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
