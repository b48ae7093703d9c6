//! CSV with Google's new header.

use crate::transfer::{
    fields::{Fields, Value},
    google::DISPLAY_NAME,
};

/// Header and rows in Google's columns.
pub fn rows(contacts: &[Fields]) -> Vec<Vec<String>> {
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
        most(|f| f.custom.len() + usize::from(f.own_display().is_some())),
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
        // Only Google's own labels begin with an asterisk.
        let categories = fields.categories.iter();
        let mut labels: Vec<String> = categories
            .map(|name| name.trim_start_matches(['*', ' ']).to_owned())
            .filter(|name| !name.is_empty())
            .collect();
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
        let shown = fields.own_display();
        let custom: Vec<Value> = shown
            .map(|name| Value::labelled(name, DISPLAY_NAME))
            .into_iter()
            .chain(
                fields
                    .custom
                    .iter()
                    .map(|(name, value)| Value::labelled(value, name)),
            )
            .collect();
        pairs(&mut row, &fields.emails, counts[0], |value| {
            label_of(value, false)
        });
        pairs(&mut row, &fields.phones, counts[1], |value| {
            label_of(value, true)
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
            label_of(value, false)
        });
        pairs(&mut row, &events, counts[5], |value| value.label.clone());
        pairs(&mut row, &custom, counts[6], |value| value.label.clone());
        pairs(&mut row, &fields.ims, counts[7], |value| {
            label_of(value, false)
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

fn label_of(value: &Value, phone: bool) -> String {
    let label = if !value.label.is_empty() {
        value.label.clone()
    } else if phone && value.is("cell") {
        "Mobile".to_owned()
    } else if phone && value.is("fax") {
        let kind = if value.is("home") { "Home" } else { "Work" };
        if value.is("home") || value.is("work") {
            format!("{kind} Fax")
        } else {
            "Other Fax".to_owned()
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
    if value.preferred {
        format!("* {label}")
    } else {
        label
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + chars.as_str()
}
