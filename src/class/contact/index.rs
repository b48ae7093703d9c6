//! The texts and keys of a card that lists and searches use.

use carnet_proto::vcard::{Document, Kind, Line, NAMELESS, PartialDate, apple};
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, Region};

use crate::domain::{
    class::{Index, IndexText, Part},
    item::without_urn,
    search::token::{ascii_digit, fold},
};

/// Derived rows of a card; `uid` stands in for a missing one.
pub fn index(card: &Document, uid: Option<&str>, country: Option<Region>) -> Index {
    let own_uid = card.uid();
    let uid_invented = own_uid.is_none();
    // The line stays as it came: only the key is bare.
    let uid = own_uid
        .map(|uid| without_urn(&uid).to_owned())
        .or_else(|| uid.map(str::to_owned))
        .unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
    let display = card.formatted_name();
    let sorted = card.sort_names();
    Index {
        uid_invented,
        mixed: card.first("CATEGORIES").is_some(),
        kind: match card.kind() {
            // However a card says that it is one.
            Kind::Individual if card.is_company() => Kind::Org.as_str().to_owned(),
            kind => kind.as_str().to_owned(),
        },
        sort_first: fold(&sorted.first),
        sort_last: fold(&sorted.last),
        texts: texts(card, &display, country),
        display,
        uid,
        blob: None,
    }
}

/// `(property, field, part)` in the order lists show them.
const FIELDS: [(&str, &str, Part); 13] = [
    ("NICKNAME", "nickname", Part::Name),
    ("X-PHONETIC-FIRST-NAME", "phonetic", Part::Name),
    ("X-PHONETIC-MIDDLE-NAME", "phonetic", Part::Name),
    ("X-PHONETIC-LAST-NAME", "phonetic", Part::Name),
    ("SORT-STRING", "phonetic", Part::Name),
    ("ORG", "org", Part::Organization),
    ("X-PHONETIC-ORG", "phonetic", Part::Reach),
    ("TITLE", "title", Part::Reach),
    ("ROLE", "role", Part::Reach),
    ("EMAIL", "email", Part::Email),
    ("URL", "url", Part::Reach),
    ("IMPP", "im", Part::Reach),
    ("NOTE", "note", Part::Rest),
];

/// Names of other people, and fields a person named.
const RELATED: [&str; 6] = [
    "RELATED",
    "X-ABRELATEDNAMES",
    "X-EVOLUTION-SPOUSE",
    "X-EVOLUTION-MANAGER",
    "X-EVOLUTION-ASSISTANT",
    "X-CARNET-CUSTOM",
];

/// The values of a card that lists show, criteria read and searches find.
fn texts(card: &Document, display: &str, country: Option<Region>) -> Vec<IndexText> {
    let mut texts = Vec::new();
    let mut add = |field: &'static str, value: String, part: Part| {
        if let Some(value) = tidy(&value) {
            texts.push(IndexText::searched(field, value, part));
        }
    };
    // What stands for a name is none.
    if display != NAMELESS {
        add("name", display.to_owned(), Part::Name);
    }
    for n in card.all("N") {
        // Each by itself: "Martin Alice" is nobody's name when it is written "Martin;Alice".
        for component in n.components() {
            add("n", component, Part::Name);
        }
        if let Some(sort_as) = n.param("SORT-AS") {
            add("phonetic", sort_as.replace(',', " "), Part::Name);
        }
    }
    for (property, field, part) in FIELDS {
        for line in card.all(property) {
            let value = match property {
                "ORG" => line.components().join(" "),
                _ => line.text(),
            };
            add(field, value, part);
        }
    }
    if card.is_company()
        && let Some(org) = card.first("ORG")
    {
        add("company", org.components().join(" "), Part::Name);
    }
    for line in card.all("ADR") {
        let parts = line.components();
        let part = |at: usize| parts.get(at).cloned().unwrap_or_default();
        add("address", parts.join(" "), Part::Rest);
        add("city", part(3), Part::City);
        add("country", part(6), Part::Country);
    }
    for property in RELATED {
        for line in card.all(property) {
            add("related", line.text(), Part::Rest);
            add(
                "label",
                line.param("X-NAME").unwrap_or_default().to_owned(),
                Part::Rest,
            );
        }
    }
    for line in card.all("X-ABLabel") {
        let label = line.text();
        if !apple::is_own(&label) {
            add("label", label, Part::Rest);
        }
    }
    for line in card.all("CATEGORIES") {
        add("categories", line.list().join(", "), Part::Rest);
    }
    let mut numbers: Vec<_> = card.all("TEL").collect();
    numbers.sort_by_key(|line| rank(line));
    for line in numbers {
        if let Some(value) = tidy(&line.text()) {
            let forms = number_forms(&value, country);
            if line.has_type("cell") {
                texts.push(IndexText::unsearched("mobile", value.clone()));
            }
            if answers_to_nobody(line) {
                texts.push(IndexText::unsearched("fax", value.clone()));
            }
            texts.push(IndexText::number("tel", value, &forms));
        }
    }
    texts.extend(unsearched(card));
    texts.extend(family_first(card).map(|name| IndexText::unsearched("last-first", name)));
    texts
}

/// Where a number stands among those of its card: lists show the first.
fn rank(line: &Line) -> u8 {
    match line {
        line if answers_to_nobody(line) => 3,
        line if line.is_preferred() => 0,
        line if line.has_type("cell") => 1,
        _ => 2,
    }
}

/// Whether nobody speaks at this number: a fax or a pager that takes no calls besides.
fn answers_to_nobody(line: &Line) -> bool {
    let is = |kind: &str| line.has_type(kind);
    (is("fax") || is("pager")) && !is("voice") && !is("cell")
}

/// What only criteria ask for.
fn unsearched(card: &Document) -> Vec<IndexText> {
    let mut texts = Vec::new();
    let birthday = card
        .first("BDAY")
        .and_then(|line| PartialDate::parse(&line.text()));
    if let Some((month, day)) = birthday.and_then(|date| date.month.zip(date.day)) {
        let value = format!("{month:02}-{day:02}");
        texts.push(IndexText::unsearched("bday", value));
    }
    if card.first("PHOTO").is_some() {
        texts.push(IndexText::unsearched("photo", String::new()));
    }
    if card.first(super::FAVOURITE).is_some() {
        texts.push(IndexText::unsearched("favourite", String::new()));
    }
    for line in card.all("X-CARNET-OTHER-UID") {
        texts.push(IndexText::unsearched("other-uid", line.text()));
    }
    texts
}

/// `Martin Alice`, for lists that show family names first; none of a company, and where a card has
/// only one of both.
pub fn family_first(card: &Document) -> Option<String> {
    if card.is_company() {
        return None;
    }
    let n = card.first("N")?.components();
    let (family, given) = (tidy(n.first()?)?, tidy(n.get(1)?)?);
    Some(format!("{family} {given}"))
}

/// The value on one line, without blanks around it; none when nothing is left.
fn tidy(value: &str) -> Option<String> {
    let mut words = value.split_whitespace();
    let mut line = words.next()?.to_owned();
    for word in words {
        line.push(' ');
        line.push_str(word);
    }
    Some(line)
}

/// A number without its extension, or what is dialled after a pause.
fn without_extension(number: &str) -> &str {
    let lower = number.to_ascii_lowercase();
    let ends = ["ext", "poste", "x", "#", ",", ";", "p", "w"];
    let end = ends.iter().filter_map(|end| lower.find(end)).min();
    let base = end.and_then(|end| number.get(..end)).unwrap_or(number);
    if base.bytes().any(|byte| byte.is_ascii_digit()) {
        base
    } else {
        number
    }
}

/// The digits people type for a number: as written, international without `+`, national.
fn number_forms(value: &str, country: Option<Region>) -> Vec<String> {
    let text = value.strip_prefix("tel:").unwrap_or(value);
    let text: String = text.chars().map(ascii_digit).collect();
    let digits = |text: &str| {
        text.chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
    };
    let whole = text.split(";ext=").next().unwrap_or(&text);
    let text = without_extension(whole);
    let mut forms = vec![digits(whole), digits(text)];
    if let Ok(number) = PhoneNumber::parse(text, country) {
        forms.push(digits(&number.format_as(PhoneNumberFormat::E164)));
        forms.push(digits(&number.format_as(PhoneNumberFormat::National)));
    }
    forms.retain(|form| !form.is_empty());
    forms.sort_unstable();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_by_every_way_they_are_dialled() {
        let france = "FR".parse().ok();
        for (number, form) in [
            ("01 99 00 44 55 ext. 12", "0199004455"),
            ("01 99 00 44 55 ext. 12", "33199004455"),
            ("+33 1 99 00 44 55 x12", "0199004455"),
            ("+33199004455,,7", "33199004455"),
            ("٠١ ٩٩ ٠٠ ٤٤ ٥٥", "0199004455"),
            ("tel:+33-1-99-00-44-55;ext=3", "0199004455"),
        ] {
            let forms = number_forms(number, france);
            assert!(
                forms.iter().any(|found| found == form),
                "{number}: {forms:?}"
            );
        }
        assert_eq!(number_forms("#31#", None), ["31"]);
    }
}
