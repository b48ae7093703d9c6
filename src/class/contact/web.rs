//! Contacts on the web: the details page, and a form that patches only what it changed.

use std::sync::Arc;

use carnet_proto::vcard::{
    Binary, Document, Edit as Patch, Line, NewLine, PartialDate, escape_text, fold_for_search,
};
use uuid::Uuid;

use super::{Contact, eas::photo_line, parse, picture};
use crate::{
    domain::{book::Edit, error::Result},
    web::{
        facet::{
            CardLine, CardView, Choice, Field, FieldList, FieldRow, Form, Submitted, WebFacet,
        },
        text::Text,
    },
};

/// A label in the reader's language.
type Label = fn(&Text) -> &'static str;

/// A single field: name, property, component of a structured one.
struct Single {
    id: &'static str,
    property: &'static str,
    component: Option<usize>,
    label: Label,
}

const fn single(
    id: &'static str,
    property: &'static str,
    component: Option<usize>,
    label: Label,
) -> Single {
    Single {
        id,
        property,
        component,
        label,
    }
}

const NAMES: [Single; 9] = [
    single("prefix", "N", Some(3), |t| t.prefix),
    single("given", "N", Some(1), |t| t.given_name),
    single("middle", "N", Some(2), |t| t.middle_name),
    single("family", "N", Some(0), |t| t.family_name),
    single("suffix", "N", Some(4), |t| t.suffix),
    single("nickname", "NICKNAME", None, |t| t.nickname),
    single("org", "ORG", Some(0), |t| t.organization),
    single("department", "ORG", Some(1), |t| t.department),
    single("title", "TITLE", None, |t| t.job_title),
];

const OTHERS: [Single; 3] = [
    single("url", "URL", None, |t| t.web_page),
    single("bday", "BDAY", None, |t| t.birthday),
    single("categories", "CATEGORIES", None, |t| t.categories),
];

/// A list of typed values.
struct Several {
    name: &'static str,
    property: &'static str,
    legend: Label,
    kinds: &'static [&'static str],
    /// Component and label of each input.
    inputs: &'static [(Option<usize>, Label)],
}

const LISTS: [Several; 3] = [
    Several {
        name: "tel",
        property: "TEL",
        legend: |t| t.phones,
        kinds: &["cell", "home", "work", "fax", "other"],
        inputs: &[(None, |t| t.phone)],
    },
    Several {
        name: "email",
        property: "EMAIL",
        legend: |t| t.emails,
        kinds: &["home", "work", "other"],
        inputs: &[(None, |t| t.email)],
    },
    Several {
        name: "adr",
        property: "ADR",
        legend: |t| t.addresses,
        kinds: &["home", "work", "other"],
        inputs: &[
            (Some(2), |t| t.street),
            (Some(5), |t| t.postal_code),
            (Some(3), |t| t.city),
            (Some(4), |t| t.region),
            (Some(6), |t| t.country),
        ],
    },
];

impl WebFacet for Contact {
    fn view(&self, document: &[u8], text: &Text) -> CardView {
        let Ok(card) = Document::parse(document) else {
            return CardView::default();
        };
        let mut lines = Vec::new();
        for line in card.lines() {
            if let Some((label, value, link)) = shown(line, text)
                && !value.is_empty()
            {
                lines.push(CardLine { label, value, link });
            }
        }
        let texts = |name: &str| card.first(name).map(|line| line.components().join(", "));
        let summary: Vec<String> = [texts("TITLE"), texts("ORG")]
            .into_iter()
            .flatten()
            .filter(|text| !text.is_empty())
            .collect();
        CardView {
            name: card.formatted_name(),
            summary: summary.join(", "),
            lines,
            has_photo: matches!(card.photo(), Some(Binary::Inline { .. })),
        }
    }

    fn form(&self, document: Option<&[u8]>, text: &Text) -> Form {
        let card = document.and_then(|document| Document::parse(document).ok());
        form_of(&values(card.as_ref()), text, card.as_ref())
    }

    fn refill(&self, submitted: &Submitted, more: Option<&str>, text: &Text) -> Form {
        let mut values = submitted.fields.clone();
        if let Some(list) = LISTS.iter().find(|list| Some(list.name) == more) {
            values.push((
                format!("{}-{}", list.name, rows(&values, list)),
                String::new(),
            ));
        }
        form_of(&values, text, None)
    }

    fn edit(&self, shown: Option<&[u8]>, submitted: &Submitted) -> Result<Arc<dyn Edit>> {
        let card = shown.map(parse).transpose()?;
        let before = values(card.as_ref());
        let value_before = |name: &str| {
            before
                .iter()
                .find(|(known, _)| known == name)
                .map_or("", |(_, value)| value.as_str())
        };
        let mut changes: Vec<(String, String)> = submitted
            .fields
            .iter()
            .map(|(name, value)| (name.clone(), value.trim().replace("\r\n", "\n")))
            .filter(|(name, value)| value_before(name) != value)
            .collect();
        changes.dedup();
        let photo = match (&submitted.photo, submitted.remove_photo) {
            (Some(octets), _) => Some(picture::for_storage(octets)?),
            (None, true) => Some(Vec::new()),
            (None, false) => None,
        };
        Ok(Arc::new(WebEdit { changes, photo }))
    }

    fn words(&self, query: &str) -> Vec<String> {
        fold_for_search(query)
            .split_whitespace()
            .take(16)
            .map(str::to_owned)
            .collect()
    }

    fn photo(&self, document: &[u8]) -> Option<(String, Vec<u8>)> {
        match Document::parse(document).ok()?.photo()? {
            Binary::Inline { media_type, octets } => Some((media_type, octets)),
            Binary::Uri(_) => None,
        }
    }
}

/// The fields of a form that were changed.
struct WebEdit {
    changes: Vec<(String, String)>,
    /// Empty: removed.
    photo: Option<Vec<u8>>,
}

impl Edit for WebEdit {
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        let uid = || Uuid::new_v4().to_string();
        let card = match current {
            Some(current) if self.changes.is_empty() && self.photo.is_none() => {
                return Ok(current.to_vec());
            }
            Some(current) => {
                let card = parse(current)?;
                let own = card.uid().unwrap_or_else(uid);
                card.editable(&own)
            }
            None => parse(
                format!(
                    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{}\r\nN:;;;;\r\nFN:\r\nEND:VCARD\r\n",
                    uid()
                )
                .as_bytes(),
            )?,
        };
        let mut patch = card.edit();
        for field in NAMES.iter().chain(&OTHERS) {
            self.patch_single(field, &mut patch);
        }
        for list in &LISTS {
            self.patch_list(list, &mut patch);
        }
        if let Some(note) = self.change("note") {
            set(&mut patch, "NOTE", escape_text(note));
        }
        if let Some(octets) = &self.photo {
            let at = position(&card, "PHOTO", 0);
            match (at, octets.is_empty()) {
                (Some(at), true) => patch.remove(at),
                (Some(at), false) => patch.replace(at, photo_line(&card, octets)),
                (None, true) => {}
                (None, false) => patch.add(photo_line(&card, octets)),
            }
        }
        let patched = patch.finish();
        Ok(with_name(&card, &patched).as_bytes().to_vec())
    }
}

impl WebEdit {
    fn change(&self, name: &str) -> Option<&str> {
        self.changes
            .iter()
            .find(|(changed, _)| changed == name)
            .map(|(_, value)| value.as_str())
    }

    fn patch_single(&self, field: &Single, patch: &mut Patch<'_>) {
        let Some(value) = self.change(field.id) else {
            return;
        };
        let at = position(patch.document(), field.property, 0);
        let Some(component) = field.component else {
            let raw = match field.property {
                "CATEGORIES" => value
                    .split(',')
                    .map(|tag| escape_text(tag.trim()))
                    .filter(|tag| !tag.is_empty())
                    .collect::<Vec<_>>()
                    .join(","),
                _ => escape_text(value),
            };
            return set(patch, field.property, raw);
        };
        // Another component of the line may have been changed already.
        let mut parts = match at {
            Some(at) => pending(patch, at),
            None => pending_new(patch, field.property),
        };
        if parts.len() <= component {
            parts.resize(component + 1, String::new());
        }
        parts[component] = escape_text(value);
        while field.property != "N" && parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        match at {
            Some(at) if parts.is_empty() => patch.remove(at),
            Some(at) => patch.set_raw(at, parts.join(";")),
            None => patch.set_added(field.property, parts.join(";")),
        }
    }

    fn patch_list(&self, list: &Several, patch: &mut Patch<'_>) {
        let count = rows(&self.changes, list);
        for row in 0..count {
            let id = format!("{}-{row}", list.name);
            let touched = self
                .changes
                .iter()
                .any(|(name, _)| *name == id || name.starts_with(&format!("{id}-")));
            if touched {
                self.patch_row(list, row, &id, patch);
            }
        }
    }

    fn patch_row(&self, list: &Several, row: usize, id: &str, patch: &mut Patch<'_>) {
        let at = position(patch.document(), list.property, row);
        let line = at.map(|at| &patch.document().lines()[at]);
        let raw = match list.inputs {
            [(None, _)] => match (self.change(id), line) {
                (Some(value), _) => escape_text(value),
                (None, Some(line)) => line.decoded(),
                (None, None) => String::new(),
            },
            inputs => {
                let mut parts = line.map(|line| line.components()).unwrap_or_default();
                parts.resize(7, String::new());
                for (input, (component, _)) in inputs.iter().enumerate() {
                    if let (Some(value), Some(component)) =
                        (self.change(&format!("{id}-{input}")), component)
                    {
                        parts[*component] = value.to_owned();
                    }
                }
                match parts.iter().all(String::is_empty) {
                    true => String::new(),
                    false => parts
                        .iter()
                        .map(|part| escape_text(part))
                        .collect::<Vec<_>>()
                        .join(";"),
                }
            }
        };
        let kind = self.change(&format!("{id}-kind"));
        match at {
            Some(at) if raw.is_empty() => patch.remove(at),
            Some(at) => {
                patch.set_raw(at, raw);
                if let (Some(kind), Some(mut line)) = (kind, patch.current(at)) {
                    line.params
                        .retain(|param| !param.name.eq_ignore_ascii_case("TYPE"));
                    let typed = NewLine::new(list.property, types(kind), "");
                    line.params.extend(typed.params);
                    patch.replace(at, line);
                }
            }
            None if raw.is_empty() => {}
            None => patch.add(NewLine::new(
                list.property,
                types(kind.unwrap_or(list.kinds[0])),
                raw,
            )),
        }
    }
}

/// Names and values of the form of a card.
fn values(card: Option<&Document>) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let Some(card) = card else { return out };
    for field in NAMES.iter().chain(&OTHERS) {
        let Some(line) = card.first(field.property) else {
            continue;
        };
        let value = match field.component {
            Some(at) => line.components().get(at).cloned().unwrap_or_default(),
            None if field.property == "CATEGORIES" => line.list().join(", "),
            None => line.text(),
        };
        out.push((field.id.to_owned(), value));
    }
    for list in &LISTS {
        for (row, line) in card.all(list.property).enumerate() {
            let id = format!("{}-{row}", list.name);
            out.push((format!("{id}-kind"), kind_of(line, list).to_owned()));
            match list.inputs {
                [(None, _)] => out.push((id, line.text())),
                inputs => {
                    let parts = line.components();
                    for (input, (component, _)) in inputs.iter().enumerate() {
                        let part = component.and_then(|at| parts.get(at)).cloned();
                        out.push((format!("{id}-{input}"), part.unwrap_or_default()));
                    }
                }
            }
        }
    }
    if let Some(note) = card.first("NOTE") {
        out.push(("note".to_owned(), note.text()));
    }
    out
}

fn form_of(values: &[(String, String)], text: &Text, card: Option<&Document>) -> Form {
    let value = |name: &str| {
        values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
            .unwrap_or_default()
    };
    let field = |field: &Single| Field {
        id: field.id.to_owned(),
        label: (field.label)(text).to_owned(),
        value: value(field.id),
    };
    let lists = LISTS
        .iter()
        .map(|list| {
            // One empty row, so that a value can be added without script.
            let count = rows(values, list).max(1);
            FieldList {
                name: list.name.to_owned(),
                legend: (list.legend)(text).to_owned(),
                rows: (0..count)
                    .map(|row| form_row(list, &format!("{}-{row}", list.name), &value, text))
                    .collect(),
            }
        })
        .collect();
    Form {
        names: NAMES.iter().map(field).collect(),
        lists,
        others: OTHERS.iter().map(field).collect(),
        note: value("note"),
        has_photo: card.is_some_and(|card| card.photo().is_some()),
    }
}

fn form_row(list: &Several, id: &str, value: &dyn Fn(&str) -> String, text: &Text) -> FieldRow {
    let chosen = value(&format!("{id}-kind"));
    let inputs = list
        .inputs
        .iter()
        .enumerate()
        .map(|(input, (component, label))| {
            let id = match component {
                Some(_) => format!("{id}-{input}"),
                None => id.to_owned(),
            };
            Field {
                value: value(&id),
                id,
                label: label(text).to_owned(),
            }
        });
    FieldRow {
        id: id.to_owned(),
        kinds: list
            .kinds
            .iter()
            .map(|kind| Choice {
                value: (*kind).to_owned(),
                label: kind_label(kind, text).to_owned(),
                selected: chosen == *kind,
            })
            .collect(),
        fields: inputs.collect(),
    }
}

/// How many rows of a list some fields name.
fn rows(fields: &[(String, String)], list: &Several) -> usize {
    fields
        .iter()
        .filter_map(|(name, _)| {
            let rest = name.strip_prefix(list.name)?.strip_prefix('-')?;
            rest.split('-').next()?.parse::<usize>().ok()
        })
        .filter(|row| *row < 200)
        .max()
        .map_or(0, |row| row + 1)
}

fn kind_of(line: &Line, list: &Several) -> &'static str {
    list.kinds
        .iter()
        .find(|kind| line.has_type(kind))
        .copied()
        .unwrap_or("other")
}

fn types(kind: &str) -> &'static [&'static str] {
    match kind {
        "cell" => &["CELL"],
        "home" => &["HOME"],
        "work" => &["WORK"],
        "fax" => &["WORK", "FAX"],
        _ => &[],
    }
}

fn kind_label<'a>(kind: &str, text: &'a Text) -> &'a str {
    match kind {
        "cell" => text.mobile,
        "home" => text.home,
        "work" => text.work,
        "fax" => text.fax,
        _ => text.other,
    }
}

/// Label, value and link of a line on the details page.
fn shown(line: &Line, text: &Text) -> Option<(String, String, Option<String>)> {
    let value = line.text();
    let typed = |name: &str| {
        let kind = ["cell", "fax", "home", "work"]
            .into_iter()
            .find(|kind| line.has_type(kind));
        match kind {
            Some(kind) => format!("{name} ({})", kind_label(kind, text)),
            None => name.to_owned(),
        }
    };
    Some(match line.name.to_ascii_uppercase().as_str() {
        "TEL" => {
            let number = value.strip_prefix("tel:").unwrap_or(&value).to_owned();
            let dialled: String = number
                .chars()
                .filter(|c| c.is_ascii_digit() || *c == '+')
                .collect();
            (typed(text.phone), number, Some(format!("tel:{dialled}")))
        }
        "EMAIL" => {
            let link = format!("mailto:{value}");
            (typed(text.email), value, Some(link))
        }
        "ADR" => {
            let parts: Vec<String> = line
                .components()
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            (typed(text.address), parts.join("\n"), None)
        }
        "URL" => {
            let is_web = value.starts_with("https://") || value.starts_with("http://");
            let link = is_web.then(|| value.clone());
            (text.web_page.to_owned(), value, link)
        }
        "NICKNAME" => (text.nickname.to_owned(), value, None),
        "BDAY" => (text.birthday.to_owned(), date(&value), None),
        "ANNIVERSARY" | "X-ANNIVERSARY" => (text.anniversary.to_owned(), date(&value), None),
        "NOTE" => (text.note.to_owned(), value, None),
        "CATEGORIES" => (text.categories.to_owned(), line.list().join(", "), None),
        _ => return None,
    })
}

fn date(value: &str) -> String {
    PartialDate::parse(value).map_or_else(|| value.to_owned(), |date| date.extended())
}

fn position(card: &Document, name: &str, nth: usize) -> Option<usize> {
    card.lines()
        .iter()
        .enumerate()
        .filter(|(_, line)| line.is(name))
        .nth(nth)
        .map(|(at, _)| at)
}

fn set(patch: &mut Patch<'_>, name: &str, raw: String) {
    match position(patch.document(), name, 0) {
        Some(at) if raw.is_empty() => patch.remove(at),
        Some(at) => patch.set_raw(at, raw),
        None if raw.is_empty() => {}
        None => patch.add(NewLine::new(name, &[], raw)),
    }
}

/// Escaped components of a line as patched so far.
fn pending(patch: &Patch<'_>, at: usize) -> Vec<String> {
    patch
        .current(at)
        .map(|line| split_raw(&line.raw))
        .unwrap_or_default()
}

fn pending_new(patch: &Patch<'_>, name: &str) -> Vec<String> {
    patch
        .added(name)
        .map(|line| split_raw(&line.raw))
        .unwrap_or_default()
}

/// Splits at unescaped semicolons, escapes kept.
fn split_raw(raw: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in raw.chars() {
        if c == ';' && !escaped {
            parts.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
    }
    parts
}

/// FN follows the name only where it was made of the name before.
fn with_name(before: &Document, after: &Document) -> Document {
    let formatted = before
        .first("FN")
        .map(|line| line.text())
        .unwrap_or_default();
    let made = before.generated_name().unwrap_or_default();
    let was_made = formatted.trim().is_empty() || formatted == made;
    let mut unnamed = after.edit();
    if let Some(at) = position(after, "FN", 0) {
        unnamed.set_raw(at, "");
    }
    let name = unnamed.finish().formatted_name();
    if !was_made || name == formatted {
        return after.clone();
    }
    let mut patch = after.edit();
    set(&mut patch, "FN", escape_text(&name));
    patch.finish()
}
