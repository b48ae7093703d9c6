//! The form of a contact: its values, and the patch of what was changed in it.

use carnet_proto::vcard::{Document, Edit as Patch, NAMELESS, NewLine, Param, escape_text};
use uuid::Uuid;

use super::{
    fields::{Kinds, LISTS, Label, NOTE, Own, PARTS, Part, Place, Several, Single, singles},
    service, typed,
};
use crate::{
    class::contact::{eas::photo_line, parse},
    domain::{book::Edit, error::Result},
    text::{Text, dates},
    web::facet::{Choice, Field, FieldList, FieldRow, Form, Section},
};

/// Rows of one list, at most.
pub const MAX_ROWS: usize = 200;

/// The fields of a form that were changed.
pub struct WebEdit {
    pub changes: Vec<(String, String)>,
    /// Empty: the photo is removed.
    pub photo: Option<Vec<u8>>,
    /// The language of the form; values of a card in other languages stay.
    pub language: &'static str,
}

impl Edit for WebEdit {
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        let uid = || Uuid::new_v4().to_string();
        let whole = match current {
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
        let card = whole.clone().spoken(self.language);
        let mut patch = card.edit();
        for field in singles() {
            self.patch_single(field, &mut patch);
        }
        for list in &LISTS {
            self.patch_list(list, &mut patch);
        }
        if let Some(note) = self.change(NOTE) {
            set(&mut patch, &["NOTE"], escape_text(note));
        }
        if let Some(octets) = &self.photo {
            let at = position(&card, &["PHOTO"]);
            match (at, octets.is_empty()) {
                (Some(at), true) => patch.remove(at),
                (Some(at), false) => patch.replace(at, photo_line(&card, octets)),
                (None, true) => {}
                (None, false) => patch.add(photo_line(&card, octets)),
            }
        }
        let patched = silenced(&whole, patch.finish()).spoken(self.language);
        let named = match self.change("formatted") {
            Some(name) => with_formatted_name(&patched, name, self.language),
            None => with_name(&card, &patched, self.language),
        };
        Ok(named.as_bytes().to_vec())
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
        match &field.place {
            Place::Text(names) => set(patch, names, escape_text(value)),
            Place::Component(name, component) => set_component(patch, name, *component, value),
            Place::List(name) => set_list(patch, name, value),
            Place::Date(sort) => sort.patch(value, patch),
            Place::Choice(choices) => (choices.set)(value, patch),
            // With the name, once that is known.
            Place::Formatted => {}
        }
    }

    fn patch_list(&self, list: &Several, patch: &mut Patch<'_>) {
        for row in 0..rows(&self.changes, list) {
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
        let card = patch.document();
        let stored = list.rows(card).into_iter().nth(row);
        let line = stored.as_ref().map(|stored| &card.lines()[stored.at]);
        let raw = if list.inputs.is_empty() {
            match (self.change(id), line) {
                (Some(value), _) => escape_text(value),
                (None, Some(line)) => line.decoded(),
                (None, None) => String::new(),
            }
        } else {
            let mut parts = line.map(|line| line.components()).unwrap_or_default();
            parts.resize(7, String::new());
            for (input, (component, _)) in list.inputs.iter().enumerate() {
                if let Some(value) = self.change(&format!("{id}-{input}")) {
                    parts[*component] = value.to_owned();
                }
            }
            joined(&parts)
        };
        let kind = self.change(&format!("{id}-kind"));
        let own = self.change(&format!("{id}-label"));
        match (stored, raw.is_empty()) {
            (Some(stored), true) => patch.remove(stored.at),
            (Some(stored), false) => {
                if let (Some(kind), Kinds::Relations(_)) = (kind, &list.kinds) {
                    patch.remove(stored.at);
                    new_lines(list, kind, None, raw, patch);
                    return;
                }
                patch.set_raw(stored.at, raw);
                if let Some(kind) = kind {
                    set_kind(list, kind, stored.at, patch);
                }
                if let Some(own) = own {
                    set_label(list.own, own, stored.at, patch);
                }
            }
            (None, true) => {}
            (None, false) => new_lines(list, kind.unwrap_or_default(), own, raw, patch),
        }
    }
}

/// What was emptied in one language is in no other: that would stand in its place.
fn silenced(before: &Document, after: Document) -> Document {
    let (said, left) = (before.alternatives(), after.alternatives());
    let emptied = left.into_iter().filter(|(of, lines)| {
        let said = said.get(of);
        said.is_some_and(|said| said.len() > lines.len())
    });
    let emptied: Vec<usize> = emptied.flat_map(|(_, lines)| lines).collect();
    let mut patch = after.edit();
    emptied.into_iter().for_each(|at| patch.remove(at));
    patch.finish()
}

/// Makes a stored line of another kind.
fn set_kind(list: &Several, kind: &str, at: usize, patch: &mut Patch<'_>) {
    let Some(mut line) = patch.current(at) else {
        return;
    };
    match &list.kinds {
        Kinds::Types(..) => {
            let is_type = |param: &Param| param.name.eq_ignore_ascii_case("TYPE");
            let stored = line.params.iter().filter(|param| is_type(param));
            let stored = stored.flat_map(|param| &param.values);
            let apart: Vec<String> = stored
                .flat_map(|value| value.split(','))
                .filter(|name| !list.is_kind(name))
                .map(str::to_owned)
                .collect();
            line.params.retain(|param| !is_type(param));
            let all: Vec<&str> = types(list, kind)
                .iter()
                .copied()
                .chain(apart.iter().map(String::as_str))
                .collect();
            line.params.extend(NewLine::new("", &all, "").params);
        }
        Kinds::Properties(properties) => {
            let found = properties.iter().find(|(id, ..)| *id == kind);
            if let Some((_, property, _)) = found {
                line.name = (*property).to_owned();
            }
        }
        Kinds::Relations(_) => {}
    }
    patch.replace(at, line);
}

/// Gives a stored line the label a person wrote, or takes it away.
fn set_label(own: Own, label: &str, at: usize, patch: &mut Patch<'_>) {
    let card = patch.document();
    let Some(mut line) = patch.current(at) else {
        return;
    };
    match own {
        Own::Nowhere => {}
        Own::Param(name) => {
            line.params
                .retain(|param| !param.name.eq_ignore_ascii_case(name));
            if !label.is_empty() {
                line = line.with(name, label);
            }
            patch.replace(at, line);
        }
        Own::Group => match card.label_place(&card.lines()[at]) {
            Some(label_at) if label.is_empty() => patch.remove(label_at),
            Some(label_at) => patch.set_text(label_at, label),
            None if label.is_empty() => {}
            None => {
                let group = line.group.clone().unwrap_or_else(|| patch.free_group());
                patch.replace(at, line.in_group(group.clone()));
                patch.add(NewLine::new("X-ABLabel", &[], escape_text(label)).in_group(group));
            }
        },
    }
}

/// Appends a value of a list, with the label a person wrote.
fn new_lines(list: &Several, kind: &str, own: Option<&str>, raw: String, patch: &mut Patch<'_>) {
    let line = match &list.kinds {
        Kinds::Types(property, _) => NewLine::new(property, types(list, kind), raw),
        Kinds::Properties(properties) => {
            let found = properties.iter().find(|(id, ..)| *id == kind);
            let property = found.or(properties.first()).map(|(_, name, _)| *name);
            NewLine::new(property.unwrap_or_default(), &[], raw)
        }
        Kinds::Relations(relations) => {
            let sort = relations
                .iter()
                .find(|(id, ..)| *id == kind)
                .or(relations.first())
                .map(|(_, sort, _)| sort);
            let lines = sort.map(|sort| sort.new_lines(raw, patch));
            lines.into_iter().flatten().for_each(|line| patch.add(line));
            return;
        }
    };
    match (list.own, own.filter(|own| !own.is_empty())) {
        (Own::Group, Some(own)) => {
            let group = patch.free_group();
            patch.add(line.in_group(group.clone()));
            patch.add(NewLine::new("X-ABLabel", &[], escape_text(own)).in_group(group));
        }
        (Own::Param(name), own) => patch.add(line.with(name, own.unwrap_or("Custom"))),
        _ => patch.add(line),
    }
}

fn types(list: &Several, kind: &str) -> &'static [&'static str] {
    match &list.kinds {
        Kinds::Types(_, kinds) => kinds
            .iter()
            .find(|known| known.id == kind)
            .map_or(&[], |known| known.types),
        Kinds::Properties(_) | Kinds::Relations(_) => &[],
    }
}

/// Names and values of the form of a card.
pub fn values(card: &Document) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for field in singles() {
        out.push((field.id.to_owned(), field.value(card)));
    }
    for list in &LISTS {
        for (row, stored) in list.rows(card).into_iter().enumerate() {
            let id = format!("{}-{row}", list.name);
            let line = &card.lines()[stored.at];
            out.push((format!("{id}-kind"), stored.kind.to_owned()));
            if list.own != Own::Nowhere {
                out.push((format!("{id}-label"), list.own.label(card, line)));
            }
            if list.inputs.is_empty() {
                out.push((id, line.text()));
                continue;
            }
            let parts = line.components();
            for (input, (component, _)) in list.inputs.iter().enumerate() {
                let part = parts.get(*component).cloned();
                out.push((format!("{id}-{input}"), part.unwrap_or_default()));
            }
        }
    }
    let note = card.first("NOTE").map(|note| note.text());
    out.push((NOTE.to_owned(), note.unwrap_or_default()));
    out
}

impl Single {
    /// The value a card has; empty when there is none.
    pub fn value(&self, card: &Document) -> String {
        match &self.place {
            Place::Component(name, at) => card
                .first(name)
                .and_then(|line| line.components().into_iter().nth(*at))
                .unwrap_or_default(),
            Place::Text(names) => position(card, names)
                .map(|at| card.lines()[at].text())
                .unwrap_or_default(),
            Place::List(name) => typed::in_one_line(card.all(name).flat_map(|line| line.list())),
            Place::Date(sort) => sort.text(card),
            Place::Choice(choices) => (choices.get)(card),
            Place::Formatted => own_formatted_name(card),
        }
    }
}

/// A form with these values; every list ends with an empty row for one more value.
pub fn form_of(values: &[(String, String)], text: &Text, has_photo: bool) -> Form {
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
        hint: match field.place {
            Place::Date(_) => dates::example(text),
            Place::List(_) => text.book.entries_hint.to_owned(),
            _ => String::new(),
        },
        rare: field.rare,
        long: false,
        keyboard: "",
        choices: match field.place {
            Place::Choice(choices) => {
                let chosen = value(field.id);
                let choice = |(option, label): &(&str, Label)| Choice {
                    value: (*option).to_owned(),
                    label: label(text).to_owned(),
                    selected: *option == chosen,
                };
                choices.options.iter().map(choice).collect()
            }
            _ => Vec::new(),
        },
    };
    let list = |name: &&str| {
        let list = LISTS.iter().find(|list| list.name == *name)?;
        Some(FieldList {
            name: list.name.to_owned(),
            legend: (list.legend)(text).to_owned(),
            rows: (0..rows(values, list).max(1))
                .map(|row| form_row(list, &format!("{}-{row}", list.name), &value, text))
                .collect(),
        })
    };
    let note = || Field {
        id: NOTE.to_owned(),
        label: text.note.to_owned(),
        value: value(NOTE),
        long: true,
        ..Field::default()
    };
    let section = |part: &Part| Section {
        id: part.id,
        title: (part.title)(text),
        fields: part
            .singles
            .iter()
            .map(field)
            .chain((part.id == NOTE).then(note))
            .collect(),
        lists: part.lists.iter().filter_map(list).collect(),
    };
    Form {
        sections: PARTS.iter().map(section).collect(),
        has_photo,
        kept: Vec::new(),
    }
}

fn form_row(list: &Several, id: &str, value: &dyn Fn(&str) -> String, text: &Text) -> FieldRow {
    let chosen = value(&format!("{id}-kind"));
    let input = |id: String, label: &'static str| Field {
        value: value(&id),
        id,
        label: label.to_owned(),
        ..Field::default()
    };
    FieldRow {
        id: id.to_owned(),
        label: (list.own != Own::Nowhere).then(|| input(format!("{id}-label"), text.own_label)),
        kinds: list
            .choices(text)
            .into_iter()
            .map(|(kind, label)| Choice {
                value: kind.to_owned(),
                label: label.to_owned(),
                selected: chosen == kind,
            })
            .collect(),
        fields: if list.inputs.is_empty() {
            let keyboard = match list.name {
                "tel" => "tel",
                "email" => "email",
                "url" | service::LIST => "url",
                _ => "",
            };
            let address = Field {
                keyboard,
                ..input(id.to_owned(), (list.label)(text))
            };
            if list.name == service::LIST {
                let hint = text.book.messaging_hint.to_owned();
                vec![service::menu(id, text), Field { hint, ..address }]
            } else {
                vec![address]
            }
        } else {
            (0..)
                .zip(list.inputs)
                .map(|(at, (_, label))| input(format!("{id}-{at}"), label(text)))
                .collect()
        },
    }
}

/// Number of rows of a list that some fields name.
pub fn rows(fields: &[(String, String)], list: &Several) -> usize {
    fields
        .iter()
        .filter_map(|(name, _)| {
            let rest = name.strip_prefix(list.name)?.strip_prefix('-')?;
            rest.split('-').next()?.parse::<usize>().ok()
        })
        .filter(|row| *row < MAX_ROWS)
        .max()
        .map_or(0, |row| row + 1)
}

/// Index of the first line with one of these names.
pub fn position(card: &Document, names: &[&str]) -> Option<usize> {
    names
        .iter()
        .find_map(|name| card.lines().iter().position(|line| line.is(name)))
}

/// Sets, adds or removes one line.
pub fn set(patch: &mut Patch<'_>, names: &[&str], raw: String) {
    match position(patch.document(), names) {
        Some(at) if raw.is_empty() => patch.remove(at),
        Some(at) => patch.set_raw(at, raw),
        None if raw.is_empty() => {}
        None => patch.add(NewLine::new(names[0], &[], raw)),
    }
}

/// Sets one component of a line whose other components may have changed already.
pub fn set_component(patch: &mut Patch<'_>, name: &str, component: usize, value: &str) {
    let at = position(patch.document(), &[name]);
    let so_far = match at {
        Some(at) => patch.current(at).map(|line| line.raw),
        None => patch.added(name).map(|line| line.raw.clone()),
    };
    let mut parts = split_raw(&so_far.unwrap_or_default());
    if parts.len() <= component {
        parts.resize(component + 1, String::new());
    }
    parts[component] = escape_text(value);
    while name != "N" && parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    match at {
        Some(at) if parts.is_empty() => patch.remove(at),
        Some(at) => patch.set_raw(at, parts.join(";")),
        None => patch.set_added(name, parts.join(";")),
    }
}

/// A list in one line, at the place of the first.
fn set_list(patch: &mut Patch<'_>, name: &str, value: &str) {
    let entries = typed::entries(value).into_iter();
    let raw = entries
        .map(|entry| escape_text(&entry))
        .collect::<Vec<_>>()
        .join(",");
    let lines = patch.document().lines();
    let others: Vec<usize> = (0..lines.len())
        .filter(|at| lines[*at].is(name))
        .skip(1)
        .collect();
    others.into_iter().for_each(|at| patch.remove(at));
    set(patch, &[name], raw);
}

/// Escaped components; empty when all are.
fn joined(parts: &[String]) -> String {
    if parts.iter().all(String::is_empty) {
        String::new()
    } else {
        parts
            .iter()
            .map(|part| escape_text(part))
            .collect::<Vec<_>>()
            .join(";")
    }
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
fn with_name(before: &Document, after: &Document, language: &str) -> Document {
    let formatted = before
        .first("FN")
        .map(|line| line.text())
        .unwrap_or_default();
    let made = before.generated_name().unwrap_or_default();
    let was_made = ["", NAMELESS, made.as_str()].contains(&formatted.trim());
    let mut unnamed = after.edit();
    if let Some(at) = position(after, &["FN"]) {
        unnamed.set_raw(at, "");
    }
    let name = unnamed.finish().spoken(language).formatted_name();
    if !was_made || name == formatted {
        return after.clone();
    }
    let mut patch = after.edit();
    set(&mut patch, &["FN"], escape_text(&name));
    patch.finish()
}

/// A name that was written, or again the one made of the name.
fn with_formatted_name(card: &Document, name: &str, language: &str) -> Document {
    let mut unnamed = card.edit();
    if let Some(at) = position(card, &["FN"]) {
        unnamed.set_raw(at, "");
    }
    let made = unnamed.finish().spoken(language).formatted_name();
    let mut patch = card.edit();
    let name = if name.is_empty() { &made } else { name };
    set(&mut patch, &["FN"], escape_text(name));
    patch.finish()
}

/// The formatted name, where it is not the one made of the name.
fn own_formatted_name(card: &Document) -> String {
    let formatted = card.first("FN").map(|line| line.text()).unwrap_or_default();
    let made = card.generated_name().unwrap_or_default();
    if formatted.trim() == made.trim() || made.is_empty() {
        String::new()
    } else {
        formatted
    }
}
