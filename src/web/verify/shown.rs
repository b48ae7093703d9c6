//! The data a contact is shown of themself: everything but the note, tags, comments and fields the
//! owner leaves out.

use crate::{
    text::{Text, dates::month_first},
    web::{
        Web,
        facet::{FieldRow, Form, Section, Submitted},
    },
};

/// Single fields that are offered even where they are empty.
const OFFERED: [&str; 5] = ["given", "family", "org", "title", "bday"];
/// Fields that are the owner's own.
const OWN: [&str; 2] = ["note", "categories"];
/// Lists to which something can be added.
pub const GROWING: [&str; 5] = ["tel", "email", "adr", "url", "impp"];
/// The list of values that have no name but the owner's.
pub const OWN_FIELDS: &str = "custom";
/// What a name says that was removed.
const NAMELESS: &str = "—";
/// Values of a form that are read, and characters of each.
const VALUES: usize = 1000;
const LONGEST: usize = 2000;

/// A form without what is not shown.
pub fn shown(mut form: Form, hidden: &[String]) -> Form {
    let left_out = |id: &str| hidden.iter().any(|name| name == id);
    for section in &mut form.sections {
        section.fields.retain(|field| {
            let filled = !field.value.is_empty() && field.value != NAMELESS;
            let offered = filled || OFFERED.contains(&field.id.as_str());
            offered && !OWN.contains(&field.id.as_str()) && !left_out(&field.id)
        });
        section.lists.retain(|list| {
            let filled = list.rows.iter().any(is_filled);
            let offered = filled || GROWING.contains(&list.name.as_str());
            offered && !left_out(&list.name)
        });
        for list in &mut section.lists {
            for row in &mut list.rows {
                // Labels are the owner's own words, but a field of their own says nothing without.
                let own = row.label.take().map(|label| label.value);
                let own = own.filter(|own| list.name == OWN_FIELDS && !own.is_empty());
                for field in &mut row.fields {
                    if let Some(own) = &own {
                        field.label.clone_from(own);
                    }
                }
            }
        }
    }
    let is_empty = |section: &Section| section.fields.is_empty() && section.lists.is_empty();
    form.sections.retain(|section| !is_empty(section));
    if left_out("kept") {
        form.kept.clear();
    }
    // The form has an input for the first note only.
    form.kept
        .retain(|(name, _)| !name.eq_ignore_ascii_case("NOTE"));
    form.has_photo &= !left_out("photo");
    form
}

/// Whether any field of a row has a value.
pub fn is_filled(row: &FieldRow) -> bool {
    row.fields.iter().any(|field| !field.value.is_empty())
}

/// The values that are there, each with what it is called.
fn lines(web: &Web, form: &Form, text: &Text) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for section in &form.sections {
        for field in section
            .fields
            .iter()
            .filter(|field| !field.value.is_empty())
        {
            let chosen = field.choices.iter().find(|choice| choice.selected);
            let value = match chosen {
                Some(choice) => choice.label.clone(),
                None => web.facet.value(&field.id, &field.value, text),
            };
            lines.push((field.label.clone(), value));
        }
        for list in &section.lists {
            for row in list.rows.iter().filter(|row| is_filled(row)) {
                let kind = row.kinds.iter().find(|kind| kind.selected);
                let own = row.fields.first().filter(|_| list.name == OWN_FIELDS);
                let label = match (kind.filter(|_| row.kinds.len() > 1), own) {
                    (Some(kind), _) => format!("{} ({})", list.legend, kind.label),
                    (None, Some(own)) => own.label.clone(),
                    (None, None) => list.legend.clone(),
                };
                let values = row.fields.iter().map(|field| field.value.trim());
                let values: Vec<&str> = values.filter(|value| !value.is_empty()).collect();
                lines.push((label, values.join("\n")));
            }
        }
    }
    lines.extend(form.kept.iter().cloned());
    lines
}

/// The lines a letter shows of a document.
pub fn lines_of(
    web: &Web,
    document: &[u8],
    hidden: &[String],
    text: &'static Text,
) -> Vec<(String, String)> {
    lines(
        web,
        &shown(web.facet.form(Some(document), text), hidden),
        text,
    )
}

/// What a contact sent, as far as it concerns what they were shown: values, and rows to take away.
pub fn submitted(form: &Form, fields: &[(String, String)], text: &Text) -> Submitted {
    let lists = || form.sections.iter().flat_map(|section| &section.lists);
    let single = |name: &str| {
        let mut fields = form.sections.iter().flat_map(|section| &section.fields);
        fields.any(|field| field.id == name)
    };
    let listed = |name: &str| {
        lists().any(|list| {
            let rest = name.strip_prefix(list.name.as_str());
            rest.is_some_and(|rest| rest.starts_with('-')) && !name.ends_with("-label")
        })
    };
    let mut taken: Vec<(String, String)> = Vec::new();
    for (name, value) in fields.iter().take(VALUES) {
        if single(name) || listed(name) {
            let value: String = value.chars().take(LONGEST).collect();
            taken.push((name.clone(), value));
        }
    }
    let removed: Vec<&str> = fields
        .iter()
        .filter(|(name, _)| name == "remove")
        .map(|(_, row)| row.as_str())
        .collect();
    for row in lists().flat_map(|list| &list.rows) {
        if !removed.contains(&row.id.as_str()) {
            continue;
        }
        for field in &row.fields {
            taken.retain(|(name, _)| *name != field.id);
            taken.push((field.id.clone(), String::new()));
        }
    }
    Submitted {
        fields: taken,
        remove_photo: form.has_photo && removed.contains(&"photo"),
        language: text.lang,
        month_first: month_first(text),
        ..Submitted::default()
    }
}
