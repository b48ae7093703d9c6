//! What people type into the fields of a form, and how it stands there again.

use super::{
    fields::{LISTS, Place, singles},
    form::MAX_ROWS,
};
use crate::{
    domain::{
        error::{Error, Result},
        rule::Malformed,
    },
    web::facet::typed_date,
};

/// The entries of a list in one line: a comma parts them, unless a backslash stands before it.
pub fn entries(line: &str) -> Vec<String> {
    let mut entries = vec![String::new()];
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        let escaped = match c {
            '\\' => rest.next_if(|next| matches!(next, ',' | '\\')),
            _ => None,
        };
        match (c, escaped, entries.last_mut()) {
            (',', ..) => entries.push(String::new()),
            (c, escaped, Some(entry)) => entry.push(escaped.unwrap_or(c)),
            (_, _, None) => {}
        }
    }
    let entries = entries.into_iter().map(|entry| entry.trim().to_owned());
    entries.filter(|entry| !entry.is_empty()).collect()
}

/// What [`entries`] reads.
pub fn in_one_line(entries: impl Iterator<Item = String>) -> String {
    let escaped = entries.map(|entry| entry.replace('\\', "\\\\").replace(',', "\\,"));
    escaped.collect::<Vec<_>>().join(", ")
}

/// A field as it is compared and stored: without blanks around, a date as cards have it.
pub fn tidy(name: &str, value: &str, month_first: bool) -> (String, String) {
    let value = value.trim().replace("\r\n", "\n");
    let date = is_date(name).then(|| typed_date(&value, month_first));
    (name.to_owned(), date.flatten().unwrap_or(value))
}

/// Refuses changes that the card cannot hold.
pub fn check(changes: &[(String, String)]) -> Result<()> {
    for (name, value) in changes.iter().filter(|(_, value)| !value.is_empty()) {
        if is_date(name) && typed_date(value, false).is_none() {
            let (field, value) = (name.clone(), value.clone());
            return Err(Error::InvalidDocument(Malformed::Date { field, value }));
        }
        if row(name).is_some_and(|row| row >= MAX_ROWS) {
            return Err(Error::InvalidDocument(Malformed::Rows(MAX_ROWS)));
        }
    }
    Ok(())
}

fn is_date(name: &str) -> bool {
    let found = singles().find(|field| field.id == name);
    found.is_some_and(|field| matches!(field.place, Place::Date(_)))
}

/// The row of a list that an input belongs to; none of its kind, which says nothing by itself.
fn row(name: &str) -> Option<usize> {
    let mut parts = name.split('-');
    let list = parts.next()?;
    LISTS.iter().find(|known| known.name == list)?;
    let row = parts.next()?.parse().ok()?;
    (parts.next() != Some("kind")).then_some(row)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use carnet_proto::vcard::Document;

    use super::*;
    use crate::{
        class::contact::Contact,
        text::{EN, FR, Text},
        web::facet::{Submitted, WebFacet},
    };

    /// A card with these lines, after some fields of its form were changed.
    fn changed(lines: &str, fields: &[(&str, &str)], text: &Text) -> Result<String> {
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:One;Ada;;;\r\nFN:Ada One\r\n{lines}END:VCARD\r\n"
        );
        let fields = fields.iter();
        let sent = Submitted {
            fields: fields
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            language: text.lang,
            month_first: crate::text::dates::month_first(text),
            ..Submitted::default()
        };
        let contact = Arc::new(Contact::default());
        let edit = contact.edit(Some(card.as_bytes()), &sent)?;
        let after = edit.apply(Some(card.as_bytes()))?;
        Ok(String::from_utf8(after).expect("text"))
    }

    #[test]
    fn commas_within_entries_stay_in_them() {
        let card = "CATEGORIES:Work\\, external,Family\r\n";
        let whole =
            format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nN:;;;;\r\nFN:\r\n{card}END:VCARD\r\n");
        let form = Document::parse(whole.as_bytes()).expect("a card");
        let values = super::super::form::values(&form);
        let (_, shown) = values
            .iter()
            .find(|(name, _)| name == "categories")
            .expect("a field");
        assert_eq!(shown, "Work\\, external, Family");
        let more = format!("{shown}, New");
        let after = changed(card, &[("categories", &more)], &EN).expect("a card");
        assert!(
            after.contains("CATEGORIES:Work\\, external,Family,New\r\n"),
            "{after}"
        );
        for list in [
            &["a"][..],
            &["T, with ; comma", "b"],
            &["back\\slash", "end\\"],
            &["\\,", "\\\\", ",,"],
        ] {
            let list: Vec<String> = list.iter().map(|entry| (*entry).to_owned()).collect();
            assert_eq!(entries(&in_one_line(list.iter().cloned())), list);
        }
        assert_eq!(entries(" a,, b\\c ,"), ["a", "b\\c"]);
    }

    #[test]
    fn dates_are_understood_as_the_reader_writes_them() {
        for (text, typed, stored) in [
            (&FR, "31/12/1990", "1990-12-31"),
            (&FR, "31.12.1990", "1990-12-31"),
            (&FR, "05/04/1990", "1990-04-05"),
            (&EN, "05/04/1990", "1990-05-04"),
            (&EN, "5.4.1990", "1990-04-05"),
            (&EN, "12/25/1990", "1990-12-25"),
            (&EN, "25/12/1990", "1990-12-25"),
            (&EN, "1990-12-25", "1990-12-25"),
            (&FR, "25 décembre 1990", "1990-12-25"),
            (&EN, "December 25, 1990", "1990-12-25"),
        ] {
            let after = changed("", &[("bday", typed)], text).expect(typed);
            assert!(
                after.contains(&format!("BDAY:{stored}\r\n")),
                "{typed}: {after}"
            );
        }
        for (text, typed) in [
            (&FR, "15/04"),
            (&EN, "04/15"),
            (&EN, "15.4."),
            (&EN, "--04-15"),
        ] {
            let after = changed("", &[("bday", typed)], text).expect(typed);
            assert!(after.contains(":1604-04-15\r\n"), "{typed}: {after}");
        }
        for typed in ["abc", "1990-02-31", "31/12/90", "31/31/1990", "1990-abc"] {
            let refused = changed("", &[("bday", typed)], &EN);
            let (field, value) = ("bday".to_owned(), typed.to_owned());
            let date = Malformed::Date { field, value };
            assert_eq!(refused.err(), Some(Error::InvalidDocument(date)), "{typed}");
        }
        // What somebody else stored stays as it is.
        let kept = changed("BDAY:soon\r\n", &[("bday", "soon"), ("org", "x")], &EN);
        assert!(kept.expect("a card").contains("BDAY:soon\r\n"));
        let gone = changed("BDAY:soon\r\n", &[("bday", "")], &EN);
        assert!(!gone.expect("a card").contains("BDAY"));
    }

    #[test]
    fn a_street_of_two_lines_stays_so_in_a_field_of_one() {
        let lines = "ADR;TYPE=HOME:;;12 rue Haute\\nB 2;Lyon;;69001;France\r\n";
        let sent = [("adr-0-0", "12 rue HauteB 2"), ("org", "Acme")];
        let card = changed(lines, &sent, &EN).expect("a card");
        assert!(card.contains("12 rue Haute\\nB 2;Lyon"), "{card}");
        let other = changed(lines, &[("adr-0-0", "13 rue Haute")], &EN);
        assert!(other.expect("a card").contains(";;13 rue Haute;Lyon"));
    }

    #[test]
    fn another_kind_keeps_what_else_the_types_say() {
        for (line, kind, after) in [
            (
                "TEL;TYPE=HOME,VOICE,PREF:1",
                "work",
                "TEL;TYPE=WORK,VOICE,PREF:1",
            ),
            ("TEL;TYPE=HOME;TYPE=pref:1", "other", "TEL;TYPE=pref:1"),
            ("TEL;TYPE=WORK,FAX:1", "home", "TEL;TYPE=HOME:1"),
            ("TEL;TYPE=x-evolution-radio:1", "cell", "TEL;TYPE=CELL:1"),
        ] {
            let lines = format!("{line}\r\n");
            let card = changed(&lines, &[("tel-0-kind", kind)], &EN).expect("a card");
            assert!(card.contains(&format!("{after}\r\n")), "{line}: {card}");
        }
    }

    #[test]
    fn rows_beyond_what_a_list_has_are_refused() {
        let refused = changed("", &[("tel-200", "1")], &EN).err();
        let rows = Malformed::Rows(MAX_ROWS);
        assert_eq!(refused, Some(Error::InvalidDocument(rows)));
        let card = changed("", &[("tel-199", "1"), ("tel-200-kind", "cell")], &EN);
        assert!(card.expect("a card").contains("TEL"));
    }
}
