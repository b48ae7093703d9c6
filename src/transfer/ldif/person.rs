//! The attributes of a person, as fields.

use super::{Attribute, Record, normalized, part};
use crate::transfer::{
    Code, Warning,
    date::{self, Date},
    fields::{Address, Fields, Value, uid_of},
    rows::{BIRTH_YEAR, named},
};

/// Never read, whatever they hold.
const SECRET: [&str; 2] = ["userpkcs12", "usercertificate"];
/// Words in names of attributes that hold a secret.
const SECRETS: [&str; 4] = ["password", "passwd", "pwd", "principalkey"];
/// What directories keep for themselves (RFC 4512 §3.4), and what nobody needs.
const DROPPED: [&str; 18] = [
    "objectclass",
    "changetype",
    "mozillausehtmlmail",
    "modifytimestamp",
    "createtimestamp",
    "creatorsname",
    "modifiersname",
    "structuralobjectclass",
    "governingstructurerule",
    "subschemasubentry",
    "entrydn",
    "entrycsn",
    "entryid",
    "parentid",
    "hassubordinates",
    "numsubordinates",
    "nsuniqueid",
    "memberof",
];

/// A person being read.
#[derive(Default)]
struct Person {
    fields: Fields,
    warnings: Vec<Warning>,
    notes: Vec<String>,
    /// Year, month, day.
    birth: [String; 3],
    work: Address,
    home: Address,
    common_name: String,
    department_number: String,
}

impl Record {
    /// The fields of a person, with remarks.
    pub fn fields(&self) -> (Fields, Vec<Warning>) {
        let mut person = Person {
            warnings: self.warnings.clone(),
            ..Person::default()
        };
        let mut seen: Vec<&str> = Vec::new();
        let mut has_secret = false;
        for attribute in &self.attributes {
            let name = &attribute.name[..];
            if is_secret(name) {
                if !has_secret {
                    person.warn(Code::AttributeIgnored, name);
                }
                has_secret = true;
                continue;
            }
            let (text, utf8) = attribute.text();
            if !utf8 && !is_picture(name) && !attribute.is_binary() {
                person.warn(Code::EncodingGuessed, name);
            }
            // Another language only fills what is empty.
            if attribute.options.contains("lang-") && seen.contains(&name) {
                continue;
            }
            seen.push(name);
            if !(text.is_empty() && attribute.octets.is_empty()) {
                person.take(attribute, text);
            }
        }
        person.finish(self)
    }
}

impl Person {
    fn warn(&mut self, code: Code, about: &str) {
        self.warnings.push(Warning {
            code,
            about: about.to_owned(),
        });
    }

    /// Where a field is kept of which a contact has one.
    fn slot(&mut self, name: &str) -> Option<&mut String> {
        let Self {
            fields, work, home, ..
        } = self;
        Some(match name {
            "cn" | "commonname" | "2.5.4.3" => &mut self.common_name,
            "displayname" => &mut fields.name,
            "sn" | "surname" | "2.5.4.4" => &mut fields.family,
            "givenname" | "gn" => &mut fields.given,
            "initials" => &mut fields.initials,
            "personaltitle" => &mut fields.prefix,
            "generationqualifier" => &mut fields.suffix,
            "mozillanickname" | "xmozillanickname" => &mut fields.nickname,
            "mozillahomelocalityname" => &mut home.parts[3],
            "mozillahomestate" => &mut home.parts[4],
            "mozillahomepostalcode" => &mut home.parts[5],
            "mozillahomecountryname" => &mut home.parts[6],
            "postofficebox" => &mut work.parts[0],
            "l" | "localityname" => &mut work.parts[3],
            "st" | "stateorprovincename" => &mut work.parts[4],
            "postalcode" => &mut work.parts[5],
            "c" | "countryname" | "co" => &mut work.parts[6],
            "postaladdress" | "registeredaddress" => &mut work.formatted,
            "homepostaladdress" => &mut home.formatted,
            "o" | "company" | "organizationname" => &mut fields.organization,
            "ou" | "department" | "organizationalunitname" => &mut fields.department,
            "departmentnumber" => &mut self.department_number,
            "title" => &mut fields.title,
            "employeetype" => &mut fields.role,
            "birthyear" => &mut self.birth[0],
            "birthmonth" => &mut self.birth[1],
            "birthday" => &mut self.birth[2],
            "preferredlanguage" => &mut fields.language,
            "roomnumber" => &mut fields.office,
            "entryuuid" => &mut fields.other_uid,
            _ => return None,
        })
    }

    fn take(&mut self, attribute: &Attribute, text: String) {
        let name = &attribute.name[..];
        let text = match name {
            "postaladdress" | "registeredaddress" | "homepostaladdress" => text.replace('$', "\n"),
            "cn"
            | "commonname"
            | "2.5.4.3"
            | "displayname"
            | "sn"
            | "surname"
            | "2.5.4.4"
            | "givenname"
            | "gn"
            | "personaltitle"
            | "generationqualifier"
            | "mozillanickname"
            | "xmozillanickname" => named(&text),
            _ => text,
        };
        match self.slot(name) {
            Some(slot) if slot.is_empty() => *slot = text,
            // The first value is the one that is shown.
            Some(slot) if *slot != text => self.custom(attribute, text),
            Some(_) => {}
            None => self.several(attribute, text),
        }
    }

    /// An attribute whose values are all kept.
    fn several(&mut self, attribute: &Attribute, text: String) {
        let fields = &mut self.fields;
        let value = |types: &[&str]| Value::new(&text, types);
        match &attribute.name[..] {
            "mail"
            | "mozillasecondemail"
            | "xmozillasecondemail"
            | "rfc822mailbox"
            | "0.9.2342.19200300.100.1.3" => fields.emails.push(value(&[])),
            "telephonenumber" => fields.phones.push(value(&["work"])),
            "homephone" => fields.phones.push(value(&["home"])),
            "mobile" | "cellphone" | "mobiletelephonenumber" => {
                fields.phones.push(value(&["cell"]));
            }
            "pager" | "pagerphone" => fields.phones.push(value(&["pager"])),
            "facsimiletelephonenumber" | "fax" => fields.phones.push(value(&["work", "fax"])),
            "mozillahomestreet" | "homestreet" | "mozillahomestreet2" => {
                line(&mut self.home.parts[2], &text);
            }
            "street" | "streetaddress" | "mozillaworkstreet2" => {
                line(&mut self.work.parts[2], &text);
            }
            "labeleduri" => {
                let (address, label) = text.split_once(' ').unwrap_or((&text, ""));
                fields.urls.push(Value::labelled(address, label.trim()));
            }
            "mozillaworkurl" | "workurl" => fields.urls.push(value(&["work"])),
            "mozillahomeurl" | "homeurl" => fields.urls.push(value(&["home"])),
            "description" | "notes" => self.notes.push(text),
            "nsaimid" | "mozilla_aimscreenname" | "mozillaaimscreenname" => {
                fields.ims.push(Value::new(&format!("aim:{text}"), &[]));
            }
            "manager" => fields.related.push(related(text, "manager")),
            "secretary" => fields.related.push(related(text, "assistant")),
            "vcardcategories" => {
                let names = text.split(',').map(|name| name.trim().to_owned());
                fields.categories.extend(names);
            }
            name if is_picture(name) => {
                if fields.photo.is_none() {
                    fields.photo = picture(&attribute.octets);
                    if fields.photo.is_none() {
                        self.warn(Code::PictureUnread, name);
                    }
                }
            }
            name if DROPPED.contains(&name) => {}
            name if attribute.is_binary() => self.warn(Code::AttributeIgnored, name),
            _ => self.custom(attribute, text),
        }
    }

    fn custom(&mut self, attribute: &Attribute, text: String) {
        let name = &attribute.name[..];
        let number = name
            .strip_prefix("mozillacustom")
            .or_else(|| name.strip_prefix("custom"));
        let name = match (number, name) {
            (Some(number), _) => format!("Custom {number}"),
            (None, "employeenumber") => "Employee number".to_owned(),
            (None, "carlicense") => "Car license".to_owned(),
            _ => attribute.written.clone(),
        };
        self.fields.custom.push((name, text));
    }

    fn finish(mut self, record: &Record) -> (Fields, Vec<Warning>) {
        let fields = &mut self.fields;
        for (slot, other, name) in [
            (&mut fields.name, self.common_name, "cn"),
            (
                &mut fields.department,
                self.department_number,
                "departmentNumber",
            ),
        ] {
            if slot.is_empty() {
                *slot = other;
            } else if *slot != other && !other.is_empty() {
                fields.custom.push((name.to_owned(), other));
            }
        }
        for (mut address, kind) in [(self.work, "work"), (self.home, "home")] {
            fill_street(&mut address);
            let any = address.parts.iter().any(|part| !part.is_empty());
            if any || !address.formatted.is_empty() {
                kind.clone_into(&mut address.kind);
                fields.addresses.push(address);
            }
        }
        let birth = &self.birth;
        match date::of_parts(&birth[0], &birth[1], &birth[2]) {
            Date::Known(date) => fields.birthday = date,
            Date::YearOnly(year) => fields.custom.push((BIRTH_YEAR.to_owned(), year)),
            Date::Impossible => {
                let given = birth.iter().filter(|part| !part.is_empty());
                let given: Vec<&str> = given.map(String::as_str).collect();
                let about = given.join("-");
                self.notes.push(format!("Birthday: {about}"));
                self.warnings.push(Warning {
                    code: Code::DateInvalid,
                    about,
                });
            }
            Date::None => {}
        }
        fields.note = self.notes.join("\n");
        fields.uid = if record.dn.is_empty() {
            uid_of(format!("{:?}", record.attributes).as_bytes())
        } else {
            uid_of(normalized(&record.dn).as_bytes())
        };
        if fields.organization.is_empty() || fields.has_person() {
            fields.company = false;
        }
        fields.divide_name();
        (self.fields, self.warnings)
    }
}

impl Attribute {
    fn is_binary(&self) -> bool {
        self.options.contains("binary")
            || std::str::from_utf8(&self.octets).is_err() && self.octets.contains(&0)
    }
}

fn is_secret(name: &str) -> bool {
    SECRET.contains(&name) || SECRETS.iter().any(|word| name.contains(word))
}

fn is_picture(name: &str) -> bool {
    matches!(name, "jpegphoto" | "thumbnailphoto" | "photo")
}

fn related(name: String, relation: &str) -> Value {
    let name = part(&name, "cn").unwrap_or(name);
    Value::labelled(&name, relation)
}

/// Writes the lines of a formatted address that no other part says into the street, where there is
/// none: phones and maps read the parts alone.
fn fill_street(address: &mut Address) {
    if !address.parts[2].is_empty() {
        return;
    }
    let [box_number, extended, _, locality, region, code, country] = &address.parts;
    let place = [locality, region, code, country];
    let says_no_more = |line: &str| {
        let words = line.split([' ', ',']).filter(|word| !word.is_empty());
        let mut words = words.peekable();
        let is_said = |word: &str| {
            let mut parts = place.iter().flat_map(|part| part.split([' ', ',']));
            parts.any(|said| said.eq_ignore_ascii_case(word))
        };
        words.peek().is_none() || words.all(is_said) || line == box_number || line == extended
    };
    let lines = address.formatted.lines().map(str::trim);
    let street: Vec<&str> = lines.filter(|line| !says_no_more(line)).collect();
    address.parts[2] = street.join("\n");
}

fn line(text: &mut String, more: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(more);
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
