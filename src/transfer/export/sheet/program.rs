//! CSV of programs with fixed columns: Outlook, Thunderbird.

use super::{numbers::placed, street};
use crate::transfer::{
    column::{self, Column, OUTLOOK, THUNDERBIRD},
    fields::{Address, Fields, Value},
    rows::BIRTH_YEAR,
};

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

/// Header and rows in Outlook's columns.
pub fn outlook(contacts: &[Fields]) -> Vec<Vec<String>> {
    coded(contacts, OUTLOOK_HEADER, OUTLOOK)
}

/// Header and rows in Thunderbird's columns.
pub fn thunderbird(contacts: &[Fields]) -> Vec<Vec<String>> {
    coded(contacts, THUNDERBIRD_HEADER, THUNDERBIRD)
}

/// A table whose columns have the codes that reading them gives: the same table both ways.
fn coded(
    contacts: &[Fields],
    header: &str,
    entries: &[(&'static str, &'static [&'static str])],
) -> Vec<Vec<String>> {
    let header: Vec<String> = header.split(", ").map(str::to_owned).collect();
    let columns = column::program(&header, entries);
    let mut rows = vec![header];
    for fields in contacts {
        let mut taken = Taken {
            addresses: addresses(&columns, &fields.addresses),
            ..Taken::default()
        };
        let numbers = placed(&columns, &fields.phones);
        rows.push(
            columns
                .iter()
                .zip(numbers)
                .map(|(column, number)| match number {
                    Some(at) => fields.phones[at].text.clone(),
                    None => taken.cell(
                        &column.header,
                        &column.code,
                        fields,
                        entries.len() == OUTLOOK.len(),
                    ),
                })
                .collect(),
        );
    }
    rows
}

/// Which of several values were given to a column already.
#[derive(Default)]
struct Taken {
    emails: usize,
    streets: [usize; 3],
    urls: Vec<usize>,
    /// The addresses of the columns for work, home and others.
    addresses: [Option<usize>; 3],
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
            ("EMAIL", "type") => {
                if fields.emails.len() >= self.emails && self.emails > 0 {
                    "SMTP".to_owned()
                } else {
                    String::new()
                }
            }
            ("EMAIL", "name") => String::new(),
            ("EMAIL", _) => {
                self.emails += 1;
                let found = fields.emails.get(self.emails - 1);
                found.map(|value| value.text.clone()).unwrap_or_default()
            }
            ("ADR", part) => {
                let kind = types.first().copied().unwrap_or_default();
                self.address(kind, part, fields, if outlook { 3 } else { 2 })
            }
            ("URL", _) => {
                let wanted = types.first().copied().unwrap_or_default();
                let free = fields.urls.iter().enumerate();
                let free = free.filter(|(at, _)| !self.urls.contains(at));
                let best = |(_, url): &(usize, &Value)| {
                    (url.is(wanted), wanted == "work" && !url.is("home"))
                };
                // The last column takes what is left.
                let last = outlook || wanted == "home";
                let found = free.rev().max_by_key(best);
                let found = found.filter(|url| last || best(url) != (false, false));
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

    fn address(&mut self, kind: &str, part: &str, fields: &Fields, lines: usize) -> String {
        let place = PLACES.iter().position(|known| *known == kind).unwrap_or(2);
        let address = self.addresses[place].and_then(|at| fields.addresses.get(at));
        let Some(address) = address else {
            return String::new();
        };
        let names = [
            "box", "extended", "street", "locality", "region", "code", "country",
        ];
        let at = names.iter().position(|name| *name == part).unwrap_or(0);
        if part != "street" {
            return address.parts[at].clone();
        }
        self.streets[place] += 1;
        let whole = street(address);
        let mut lines = whole.splitn(lines, '\n');
        lines
            .nth(self.streets[place] - 1)
            .unwrap_or_default()
            .to_owned()
    }
}

/// Kinds of addresses that programs have columns for.
const PLACES: [&str; 3] = ["work", "home", ""];

/// Which address stands where: the first of a kind, then in the columns for others a further one;
/// one of no kind in any that are free.
fn addresses(columns: &[Column], addresses: &[Address]) -> [Option<usize>; 3] {
    let has = |kind: &str| {
        let street = match kind {
            "" => "ADR.street".to_owned(),
            kind => format!("ADR;{kind}.street"),
        };
        columns.iter().any(|column| column.code == street)
    };
    let of = |kind: &&str| addresses.iter().position(|address| address.kind == **kind);
    let mut placed = PLACES.each_ref().map(|kind| of(kind).filter(|_| has(kind)));
    for (at, address) in addresses.iter().enumerate() {
        let suits = |place: &usize| PLACES[*place].is_empty() || address.kind.is_empty();
        let is_free = |place: &usize| placed[*place].is_none() && has(PLACES[*place]);
        let free = [2, 1, 0].into_iter().filter(suits).find(is_free);
        if let Some(free) = free.filter(|_| !placed.contains(&Some(at))) {
            placed[free] = Some(at);
        }
    }
    placed
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in some columns.
    fn cells(rows: &[Vec<String>], names: &[&str]) -> Vec<String> {
        let of = |name: &&str| rows[0].iter().position(|column| column == name);
        names
            .iter()
            .map(|name| rows[1][of(name).expect("a column")].clone())
            .collect()
    }

    fn address(kind: &str, street: &str) -> Address {
        let mut address = Address {
            kind: kind.to_owned(),
            ..Address::default()
        };
        street.clone_into(&mut address.parts[2]);
        address
    }

    #[test]
    fn a_further_address_stands_among_the_others() {
        let contact = |addresses: &[Address]| {
            [Fields {
                addresses: addresses.to_vec(),
                ..Fields::default()
            }]
        };
        let streets = ["Business Street", "Home Street", "Other Street"];
        let twice = [
            address("work", "a"),
            address("work", "b"),
            address("home", "c"),
        ];
        let rows = outlook(&contact(&twice));
        assert_eq!(cells(&rows, &streets), ["a", "c", "b"]);
        let other = [address("work", "a"), address("work", "b"), address("", "c")];
        let rows = outlook(&contact(&other));
        assert_eq!(cells(&rows, &streets), ["a", "", "c"]);
        let streets = ["Home Address", "Home Address 2", "Work Address"];
        let rows = thunderbird(&contact(&[address("", "a\nb\nc")]));
        assert_eq!(cells(&rows, &streets), ["a", "b\nc", ""]);
    }

    #[test]
    fn an_only_web_address_has_a_column() {
        let contact = |urls: &[(&str, &[&str])]| {
            let urls = urls.iter().map(|(text, types)| Value::new(text, types));
            [Fields {
                urls: urls.collect(),
                ..Fields::default()
            }]
        };
        let home = contact(&[("h", &["home"])]);
        assert_eq!(cells(&outlook(&home), &["Web Page"]), ["h"]);
        let pages = ["Web Page 1", "Web Page 2"];
        assert_eq!(cells(&thunderbird(&home), &pages), ["", "h"]);
        for (urls, expected) in [
            ([("a", &[][..]), ("b", &[])], ["a", "b"]),
            ([("h", &["home"]), ("w", &["work"])], ["w", "h"]),
            ([("a", &[]), ("w", &["work"])], ["w", "a"]),
        ] {
            assert_eq!(cells(&thunderbird(&contact(&urls)), &pages), expected);
        }
    }
}
