//! CSV for people with a spreadsheet: no cell can run as a formula.

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};

use super::{safe, street};
use crate::{
    text::export::Export,
    transfer::fields::{Fields, Value},
};

/// A heading of numbers and which of them stand under it.
type Kind = (&'static str, fn(&Value) -> bool);

/// Header and rows for a spreadsheet; every heading is recognized when the file comes back.
pub fn rows(contacts: &[Fields], x: &Export) -> Vec<Vec<String>> {
    let kinds: [Kind; 4] = [
        (x.mobile, |v| v.is("cell")),
        (x.work_phone, |v| {
            v.is("work") && !v.is("fax") && !v.is("cell")
        }),
        (x.phone, |v| !v.is("work") && !v.is("fax") && !v.is("cell")),
        (x.heading_fax, |v| v.is("fax") && !v.is("cell")),
    ];
    let most = |count: &dyn Fn(&Fields) -> usize| contacts.iter().map(count).max().unwrap_or(0);
    let emails = most(&|f| f.emails.len());
    let urls = most(&|f| f.urls.len());
    let phones = kinds.map(|(_, is)| most(&|f| f.phones.iter().filter(|v| is(v)).count()));
    let mut header: Vec<String> = [
        x.prefix,
        x.first_name,
        x.middle_name,
        x.last_name,
        x.suffix,
        x.full_name,
        x.nickname,
        x.company,
        x.department,
        x.job_title,
        x.street,
        x.postal_code,
        x.city,
        x.state,
        x.country,
    ]
    .map(str::to_owned)
    .to_vec();
    let numbered = |name: &str, count: usize| {
        (1..=count)
            .map(|n| format!("{name} {n}"))
            .collect::<Vec<_>>()
    };
    header.extend(numbered(x.heading_email, emails));
    for ((name, _), count) in kinds.iter().zip(phones) {
        header.extend(numbered(name, count));
    }
    header.extend(numbered(x.website, urls));
    header.extend([x.date_of_birth, x.category, x.notes].map(str::to_owned));
    let shared = contacts.iter().any(|fields| fields.shared.is_some());
    if shared {
        header.extend([x.group, x.created_by, x.modified].map(str::to_owned));
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
