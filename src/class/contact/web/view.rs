//! The details page of a contact.

use carnet_proto::{
    eas::request_line::percent_decode,
    vcard::{Binary, Document, Line, PartialDate},
};
use chrono::NaiveDate;
use rlibphonenumber::{PhoneNumber, PhoneNumberFormat, PhoneNumberType, Region};

use super::{
    fields::{Kinds, LISTS, Place, Several, singles},
    form::position,
};
use crate::{
    class::contact::{FAVOURITE, eas::date, index::family_first},
    domain::{direction::straight, outbox::is_address},
    text::{Text, dates, fill},
    web::facet::{Callee, CardAction, CardLine, CardView, Dialled, Reader, mailto, said},
};

/// Properties that say nothing to a reader, or are shown elsewhere on the page.
const TECHNICAL: [&str; 19] = [
    "BEGIN",
    "END",
    "VERSION",
    "PRODID",
    "REV",
    "UID",
    "KIND",
    "N",
    "FN",
    "PHOTO",
    "X-ABLABEL",
    "X-ABADR",
    "X-ABUID",
    "X-ABSHOWAS",
    "MEMBER",
    "X-ADDRESSBOOKSERVER-KIND",
    "X-ADDRESSBOOKSERVER-MEMBER",
    "X-CARNET-FAVOURITE",
    "X-CARNET-OTHER-UID",
];
/// Properties with a date.
const DATES: [&str; 4] = [
    "BDAY",
    "ANNIVERSARY",
    "X-ANNIVERSARY",
    "X-EVOLUTION-ANNIVERSARY",
];
/// Properties that are octets.
const BINARY: [&str; 3] = ["LOGO", "SOUND", "KEY"];
/// Characters of a value that a form only lists.
const LISTED: usize = 200;

/// Everything in a card, in the order in which people look for it; unknown properties come last.
///
/// `country` applies to numbers if the reader set none.
pub fn view(card: &Document, reader: &Reader, country: Option<Region>) -> CardView {
    let (text, settings) = (reader.text, reader.settings);
    let own = settings.default_country.as_deref();
    let country = own.and_then(|own| own.parse().ok()).or(country);
    let formatted = card.formatted_name();
    let name = name(card, reader);
    let mut lines = Vec::new();
    let mut add = |label: &str, line: CardLine| {
        if !line.value.is_empty() {
            lines.push(CardLine {
                label: label.to_owned(),
                ..line
            });
        }
    };
    let plain = |value: String| CardLine {
        value,
        ..CardLine::default()
    };
    for list in &LISTS {
        for row in list.rows(card) {
            let line = &card.lines()[row.at];
            let label = match list.own.label(card, line) {
                own if own.is_empty() => labelled(list, row.kind, text),
                own => own,
            };
            let value = if list.inputs.is_empty() {
                line.text()
            } else {
                address(line)
            };
            let mut shown = linked(list.name, row.kind, value, text, country);
            shown.callee = shown.callee.or_else(|| skype(line, &label));
            add(&label, shown);
        }
    }
    let generated = card.generated_name().filter(|made| *made != formatted);
    add(text.name, plain(generated.unwrap_or_default()));
    for field in singles().filter(|field| !field.is_in_head()) {
        let value = match field.place {
            Place::Choice(choices) => {
                let chosen = field.value(card);
                let option = choices.options.iter().find(|(option, _)| *option == chosen);
                let said = option.filter(|_| !chosen.is_empty());
                said.map_or(chosen, |(_, label)| label(text).to_owned())
            }
            Place::Date(sort) => dated(sort, field.value(card), reader),
            Place::List(name) => {
                let entries: Vec<String> = card.all(name).flat_map(|line| line.list()).collect();
                entries.join(", ")
            }
            _ => field.value(card),
        };
        add((field.label)(text), plain(value));
    }
    for note in card.all("NOTE") {
        add(text.note, plain(note.text()));
    }
    for line in others(card).filter(|line| !line.is("NOTE")) {
        let is_binary = BINARY.iter().any(|name| line.is(name));
        let mut shown = plain(if is_binary {
            String::new()
        } else {
            line.text()
        });
        shown.callee = skype(line, "");
        add(&line.name, shown);
    }
    let texts = |name: &str| card.first(name).map(|line| line.components());
    let summary: Vec<String> = [texts("TITLE"), texts("ORG")]
        .into_iter()
        .flatten()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect();
    CardView {
        name,
        summary: straight(&summary.join(", ")),
        lines,
        has_photo: matches!(card.photo(), Some(Binary::Inline { .. })),
    }
}

/// A name in the order a person set; another word for that of a contact without one.
pub fn name(card: &Document, reader: &Reader) -> String {
    let family_first = family_first(card).filter(|_| reader.settings.last_first);
    let name = family_first.unwrap_or_else(|| card.formatted_name());
    straight(said(&name, reader.text))
}

/// Name of a property with its types (`TEL;WORK`); unknown ones keep their own.
pub fn property(name: &str, text: &Text) -> String {
    let (property, types) = name.split_once(';').unwrap_or((name, ""));
    let listed = |list: &&Several| list.name.eq_ignore_ascii_case(property);
    let by_property = LISTS.iter().find_map(|list| match list.kinds {
        Kinds::Properties(properties) => {
            let found = properties.iter().find(|(_, name, _)| *name == property);
            found.map(|(.., label)| label(text).to_owned())
        }
        Kinds::Relations(relations) => {
            let found = relations.iter().find(|(_, sort, _)| sort.is(property));
            found.map(|(kind, ..)| labelled(list, kind, text))
        }
        Kinds::Types(..) => None,
    });
    if let Some(label) = by_property {
        return label;
    }
    if let Some(list) = LISTS.iter().find(listed) {
        let lower = types.to_ascii_lowercase().replace(';', " ");
        let kind = list
            .choices(text)
            .into_iter()
            .find(|(id, _)| lower.split(' ').any(|kind| kind == *id));
        return match kind {
            Some((_, label)) => format!("{} ({label})", (list.label)(text)),
            None => (list.label)(text).to_owned(),
        };
    }
    match property {
        "FN" | "N" => text.name.to_owned(),
        "ORG" => text.organization.to_owned(),
        "NOTE" => text.note.to_owned(),
        "PHOTO" => text.photo.to_owned(),
        "BDAY" => text.birthday.to_owned(),
        "ANNIVERSARY" | "X-ANNIVERSARY" | "X-EVOLUTION-ANNIVERSARY" => text.anniversary.to_owned(),
        "RELATED" | "X-ABRELATEDNAMES" => text.related.to_owned(),
        FAVOURITE => text.favourite.to_owned(),
        _ => singles()
            .find(|field| match &field.place {
                Place::Component(name, _) | Place::List(name) => *name == property,
                Place::Text(names) => names.contains(&property),
                Place::Choice(choices) => choices.properties.contains(&property),
                Place::Date(_) | Place::Formatted => false,
            })
            .map_or_else(
                || property.to_owned(),
                |field| (field.label)(text).to_owned(),
            ),
    }
}

/// A value of a property, or of the field of that name, as people read it.
pub fn value(name: &str, value: &str, text: &Text) -> String {
    let name = name.to_ascii_uppercase();
    if DATES.contains(&name.as_str()) {
        return date_shown(value, text).unwrap_or_else(|| value.to_owned());
    }
    if name == "FN" {
        return said(value, text).to_owned();
    }
    let choices = singles().find_map(|field| match field.place {
        Place::Choice(choices) if choices.properties.contains(&name.as_str()) => Some(choices),
        _ => None,
    });
    let code = value.split(';').next().unwrap_or_default();
    let options = choices.iter().flat_map(|choices| choices.options);
    let mut said = options.filter(|(option, _)| !option.is_empty() && *option == code);
    said.next()
        .map_or_else(|| value.to_owned(), |(_, label)| label(text).to_owned())
}

/// `Phone (work)`; people are called by what they are.
pub fn labelled(list: &Several, kind: &str, text: &Text) -> String {
    let choices = list.choices(text);
    let chosen = choices.iter().find(|(id, _)| *id == kind);
    match (chosen, &list.kinds) {
        (Some((_, label)), Kinds::Relations(_) | Kinds::Properties(_)) => {
            let mut letters = label.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            first.unwrap_or_default() + letters.as_str()
        }
        (Some((id, label)), Kinds::Types(..)) if *id != "other" => {
            format!("{} ({label})", (list.label)(text))
        }
        _ => (list.label)(text).to_owned(),
    }
}

/// A value with the addresses it leads to.
fn linked(list: &str, kind: &str, value: String, text: &Text, country: Option<Region>) -> CardLine {
    match list {
        "tel" => number(kind, &value, text, country),
        "email" => CardLine {
            link: is_address(value.trim()).then(|| mailto(value.trim())),
            value,
            ..CardLine::default()
        },
        list => CardLine {
            link: match scheme(&value) {
                Some("http" | "https") => Some(value.clone()),
                None if list == "url" && is_host(&value) => Some(format!("https://{value}")),
                _ => None,
            },
            value,
            ..CardLine::default()
        },
    }
}

/// `http` and `https` in whatever letters, and what else stands before a colon.
fn scheme(value: &str) -> Option<&str> {
    let (scheme, rest) = value.split_once(':')?;
    if scheme.contains(['/', '?', '#']) {
        return None;
    }
    let is_web = |known: &&str| scheme.eq_ignore_ascii_case(known) && rest.starts_with("//");
    Some(["http", "https"].into_iter().find(is_web).unwrap_or(scheme))
}

/// Whether an address without a scheme begins with the name of a host, as people type web pages.
fn is_host(value: &str) -> bool {
    let host = value.split(['/', '?', '#']).next().unwrap_or_default();
    let mut labels = host.split('.');
    let fits = |label: &str| {
        let inner = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
        !label.is_empty() && label.chars().all(inner)
    };
    host.contains('.') && labels.all(fits) && !value.contains(char::is_whitespace)
}

/// A number: every one can be called but for faxes; mobile ones take messages, by their kind or, of
/// no kind, by the rules of their country; a fax goes to a number in a field for faxes and in valid
/// international form only.
fn number(kind: &str, value: &str, text: &Text, country: Option<Region>) -> CardLine {
    let number = value.strip_prefix("tel:").unwrap_or(value);
    let dialled = Dialled::parse(number);
    let read = |country: Option<Region>| {
        let found = PhoneNumber::parse(number, country).ok();
        found.filter(|found| found.is_valid())
    };
    let e164 = |number: PhoneNumber| number.format_as(PhoneNumberFormat::E164).to_string();
    let mut line = CardLine {
        value: number.to_owned(),
        ..CardLine::default()
    };
    match (kind, dialled) {
        ("fax" | "home-fax", _) => match read(None) {
            Some(number) => {
                line.link = Some(format!("fax:{}", e164(number)));
                line.hint = Some(text.send_fax);
            }
            None => line.hint = Some(text.fax_not_international),
        },
        (_, Some(dialled)) => {
            let known = read(country);
            let is_mobile = |number: &PhoneNumber| number.get_type() == PhoneNumberType::Mobile;
            let takes_messages = match kind {
                "cell" | "mms" => true,
                "other" => known.as_ref().is_some_and(is_mobile),
                _ => false,
            };
            if takes_messages {
                let international = known.map_or_else(|| dialled.within_uri(), e164);
                line.actions = vec![CardAction {
                    label: text.send_sms,
                    link: format!("sms:{international}"),
                    hint: text.sign_your_message,
                }];
            }
            line.link = Some(dialled.uri());
            line.callee = Some(Callee::Number(dialled));
        }
        // Words are no number.
        (_, None) => {}
    }
    line
}

/// A date in the reader's format, a birthday with the age; a partial date unchanged.
pub fn dated(sort: date::Sort, value: String, reader: &Reader) -> String {
    let Some(shown) = date_shown(&value, reader.text) else {
        return value;
    };
    let born = PartialDate::parse(&value).and_then(|date| {
        let (year, month, day) = (date.year?, date.month?, date.day?);
        NaiveDate::from_ymd_opt(year.into(), month.into(), day.into())
    });
    let age = born.and_then(|born| dates::age(born, reader.today));
    match age.filter(|_| sort == date::Sort::Birthday) {
        Some(age) => {
            let x = reader.text.book;
            let said = reader.text.of_many(age, [x.age_one, x.age]);
            fill(said, &[&shown, &age])
        }
        None => shown,
    }
}

/// A date of a card as the reader writes dates; none of one without a day.
fn date_shown(value: &str, text: &Text) -> Option<String> {
    let date = PartialDate::parse(value)?;
    let (month, day) = (date.month?, date.day?);
    let year = date.year.map(i32::from);
    Some(dates::date(year, month.into(), day.into(), text))
}

/// A messaging address of Skype's, in the forms programs write it: `IMPP:skype:name`,
/// `IMPP;X-SERVICE-TYPE=Skype:x-apple:name`, `X-SKYPE:name`, and a name under the label Skype.
fn skype(line: &Line, label: &str) -> Option<Callee> {
    let text = line.text();
    let of_skype = |name: &str| name.trim().eq_ignore_ascii_case("skype");
    let is_service = || line.param("X-SERVICE-TYPE").is_some_and(of_skype);
    let name = match text.split_once(':') {
        // Behind a scheme it is written as in addresses.
        Some((scheme, name)) if of_skype(scheme) => percent_decode(name.split('?').next()?),
        Some((_, name)) if is_service() => percent_decode(name),
        None if line.is("IMPP") && (of_skype(label) || is_service()) => text,
        _ if line.is("X-SKYPE") || line.is("X-SKYPE-USERNAME") => text,
        _ => return None,
    };
    // Apple writes it as part of a URI.
    let name = percent_decode(name.trim());
    (!name.is_empty()).then_some(Callee::Skype(name))
}

/// Countries, as people write them, whose addresses have the code behind the city.
const CODE_LAST: [&str; 20] = [
    "us",
    "usa",
    "united states",
    "états-unis",
    "ca",
    "canada",
    "gb",
    "uk",
    "united kingdom",
    "royaume-uni",
    "au",
    "australia",
    "australie",
    "ie",
    "ireland",
    "irlande",
    "in",
    "india",
    "inde",
    "new zealand",
];

/// An address as an envelope has it, in lines.
fn address(line: &Line) -> String {
    let parts = line.components();
    let part = |at: usize| parts.get(at).map_or("", |part| part.trim());
    let [city, region, code, country] = [part(3), part(4), part(5), part(6)];
    let join = |parts: &[&str], between: &str| {
        let said: Vec<&str> = parts
            .iter()
            .copied()
            .filter(|part| !part.is_empty())
            .collect();
        said.join(between)
    };
    let (place, beside) = if CODE_LAST.contains(&&country.to_lowercase()[..]) {
        (join(&[city, &join(&[region, code], " ")], ", "), "")
    } else {
        (join(&[code, city], " "), region)
    };
    join(&[part(0), part(1), part(2), &place, beside, country], "\n")
}

/// The properties without an input in the form, which are kept: each with the beginning of its
/// value.
pub fn kept(card: &Document) -> Vec<(String, String)> {
    let kept = others(card).map(|line| {
        let value = line.text();
        let mut shown: String = value.chars().take(LISTED).collect();
        if shown.len() < value.len() {
            shown.push('…');
        }
        (line.name.clone(), shown)
    });
    kept.collect()
}

/// The lines that no input of a form stands for and that say something to a reader.
fn others(card: &Document) -> impl Iterator<Item = &Line> {
    let mut known: Vec<usize> = LISTS
        .iter()
        .flat_map(|list| list.rows(card))
        .map(|row| row.at)
        .collect();
    for field in singles() {
        match &field.place {
            Place::Component(name, _) => known.extend(position(card, &[name])),
            Place::Text(names) => known.extend(position(card, names)),
            Place::Choice(choices) => known.extend(position(card, choices.properties)),
            Place::Date(sort) => known.extend(sort.place(card)),
            Place::List(name) => {
                let lines = card.lines().iter().enumerate();
                known.extend(lines.filter(|(_, line)| line.is(name)).map(|(at, _)| at));
            }
            Place::Formatted => {}
        }
    }
    known.extend(position(card, &["NOTE"]));
    let lines = card.lines().iter().enumerate();
    lines
        .filter(move |(at, line)| {
            !known.contains(at) && !TECHNICAL.iter().any(|name| line.is(name))
        })
        .map(|(_, line)| line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_programs_call_in_their_own_way_is_said_in_words() {
        use crate::text::FR;
        for name in [
            "X-ANNIVERSARY",
            "X-EVOLUTION-SPOUSE",
            "X-EVOLUTION-ANNIVERSARY",
            "GENDER",
        ] {
            let said = property(name, &FR);
            assert!(said != name && !said.contains("X-"), "{said}");
        }
        for (name, raw, said) in [
            ("GENDER", "F", FR.gender_female),
            ("GENDER", "Q", "Q"),
            ("BDAY", "1980-01-02", "2 janvier 1980"),
            ("anniversary", "20010203", "3 février 2001"),
            ("BDAY", "1980", "1980"),
            ("ORG", "F", "F"),
        ] {
            assert_eq!(value(name, raw, &FR), said, "{name} {raw}");
        }
    }

    #[test]
    fn what_people_type_as_a_web_page_or_an_address_leads_there() {
        use crate::text::EN;
        for (list, value, link) in [
            ("url", "example.org", Some("https://example.org")),
            (
                "url",
                "www.example.org/a?b=c:d",
                Some("https://www.example.org/a?b=c:d"),
            ),
            ("url", "müller.example", Some("https://müller.example")),
            ("url", "http://example.org", Some("http://example.org")),
            ("url", "Https://Example.org", Some("Https://Example.org")),
            ("url", "javascript:alert(1.5)", None),
            ("url", "ann@example.org", None),
            ("url", "see example.org", None),
            ("url", "example", None),
            ("url", "...", None),
            ("url", "example.org:8080", None),
            ("custom", "example.org", None),
            ("custom", "https://example.org", Some("https://example.org")),
            ("email", "ann@example.org", Some("mailto:ann@example.org")),
            ("email", "not an address", None),
            ("email", "nobody", None),
        ] {
            let line = linked(list, "other", value.to_owned(), &EN, None);
            assert_eq!(line.link.as_deref(), link, "{list} {value}");
        }
    }

    #[test]
    fn addresses_read_as_on_an_envelope() {
        for (value, expected) in [
            (
                ";;12 rue des Tanneurs;Lille;Nord;59000;France",
                "12 rue des Tanneurs\n59000 Lille\nNord\nFrance",
            ),
            (
                ";Suite 5;1 Main St;Springfield;IL;62701;USA",
                "Suite 5\n1 Main St\nSpringfield, IL 62701\nUSA",
            ),
            (";;;Lille;;;", "Lille"),
            (";;12 rue", "12 rue"),
        ] {
            let text =
                format!("BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nADR:{value}\r\nEND:VCARD\r\n");
            let card = Document::parse(text.as_bytes()).expect("a card");
            let line = card.lines().iter().find(|line| line.is("ADR"));
            assert_eq!(address(line.expect("an address")), expected);
        }
    }
}
