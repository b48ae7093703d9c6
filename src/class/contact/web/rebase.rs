//! A form made from an older version of a card: its changes applied to the present card, and every
//! field in which the two differ.

use std::collections::HashMap;

use carnet_proto::vcard::Document;

use super::{
    fields::{Kinds, LISTS, NOTE, Place, Several, Single, singles},
    form::{rows, values},
    view::{dated, labelled},
};
use crate::web::facet::{Changed, Contested, Reader, Rebased};

/// Names and values of a form, without blanks around.
struct Said(HashMap<String, String>);

impl Said {
    fn new(values: &[(String, String)]) -> Self {
        let tidy = |value: &str| value.trim().replace("\r\n", "\n");
        let pairs = values.iter();
        Self(
            pairs
                .map(|(name, value)| (name.clone(), tidy(value)))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// One row of a list.
#[derive(Clone, Debug, Default, PartialEq)]
struct Row {
    kind: String,
    label: String,
    parts: Vec<String>,
}

impl Row {
    /// The row of a form; what it does not send is as it was.
    fn read(list: &Several, row: usize, said: &Said, was: Option<&Row>) -> Self {
        let id = format!("{}-{row}", list.name);
        let value = |name: &str, was: Option<&String>| {
            let said = said.get(name).map(str::to_owned);
            said.or_else(|| was.cloned()).unwrap_or_default()
        };
        let part = |name: String, at: usize| value(&name, was.and_then(|was| was.parts.get(at)));
        Self {
            kind: value(&format!("{id}-kind"), was.map(|was| &was.kind)),
            label: value(&format!("{id}-label"), was.map(|was| &was.label)),
            parts: match list.inputs.len() {
                0 => vec![part(id, 0)],
                inputs => (0..inputs)
                    .map(|at| part(format!("{id}-{at}"), at))
                    .collect(),
            },
        }
    }

    /// Writes the inputs as a row of another form.
    fn write(&self, list: &Several, row: usize, fields: &mut Vec<(String, String)>) {
        let id = format!("{}-{row}", list.name);
        if list.has_kinds() {
            fields.push((format!("{id}-kind"), self.kind.clone()));
        }
        fields.push((format!("{id}-label"), self.label.clone()));
        match list.inputs.len() {
            0 => fields.push((id, self.parts.concat())),
            _ => {
                let parts = self.parts.iter().enumerate();
                fields.extend(parts.map(|(at, part)| (format!("{id}-{at}"), part.clone())));
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.parts.iter().all(String::is_empty)
    }

    /// Nothing is nothing, of whatever kind.
    fn says_as(&self, other: &Row, list: &Several) -> bool {
        let same_kind = self.kind == other.kind || !list.has_kinds();
        self.parts == other.parts && (self.is_empty() || same_kind && self.label == other.label)
    }

    fn called(&self, list: &Several, reader: &Reader) -> String {
        if self.label.is_empty() {
            labelled(list, &self.kind, reader.text)
        } else {
            self.label.clone()
        }
    }

    fn shown(&self) -> String {
        let parts = self.parts.iter().filter(|part| !part.is_empty());
        parts.cloned().collect::<Vec<_>>().join("\n")
    }
}

/// The form over `later`. When the version it was made from is not known, every difference counts
/// as a change of `later`.
pub fn rebased(
    before: Option<&Document>,
    later: &Document,
    submitted: &[(String, String)],
    reader: &Reader,
) -> Rebased {
    let is_known = before.is_some();
    let was = match before {
        Some(before) => values(before),
        None => submitted.to_vec(),
    };
    let now = values(later);
    let counts = |list: &Several| Counts {
        was: rows(&was, list),
        mine: rows(submitted, list),
        now: rows(&now, list),
    };
    let (before, mine, theirs) = (Said::new(&was), Said::new(submitted), Said::new(&now));
    let mut rebased = Rebased::default();
    let single = |id: &str| {
        let theirs = theirs.get(id).unwrap_or_default();
        let before = before.get(id).unwrap_or(theirs);
        (before, mine.get(id).unwrap_or(before), theirs)
    };
    for field in singles() {
        let (before, mine, theirs) = single(field.id);
        let shown = |value: &str| field.shown(value, reader);
        let label = (field.label)(reader.text);
        rebased.compare(field.id, label, [before, mine, theirs], shown);
    }
    for list in &LISTS {
        rebased.compare_lists(list, counts(list), [&before, &mine, &theirs], reader);
    }
    let (before, mine, theirs) = single(NOTE);
    rebased.compare(
        NOTE,
        reader.text.note,
        [before, mine, theirs],
        str::to_owned,
    );
    if !is_known {
        for field in &mut rebased.contested {
            field.changed = Changed::Unknown;
        }
    }
    rebased
}

/// Rows of a list on each side.
struct Counts {
    was: usize,
    mine: usize,
    now: usize,
}

impl Rebased {
    /// One value as it was, as the form says it, and as it is.
    fn compare(
        &mut self,
        id: &str,
        label: &str,
        [before, mine, theirs]: [&str; 3],
        shown: impl Fn(&str) -> String,
    ) {
        self.fields.push((id.to_owned(), mine.to_owned()));
        if mine != theirs {
            self.contested.push(Contested {
                id: id.to_owned(),
                label: label.to_owned(),
                mine: shown(mine),
                theirs: shown(theirs),
                changed: changed(mine == before, theirs == before),
            });
        }
    }

    fn compare_lists(
        &mut self,
        list: &Several,
        counts: Counts,
        [before, mine, theirs]: [&Said; 3],
        reader: &Reader,
    ) {
        let read = |said: &Said, row| Row::read(list, row, said, None);
        let was: Vec<Row> = (0..counts.was).map(|row| read(before, row)).collect();
        let now: Vec<Row> = (0..counts.now).map(|row| read(theirs, row)).collect();
        let mine = (0..counts.was.max(counts.mine))
            .map(|row| Row::read(list, row, mine, was.get(row)))
            .collect::<Vec<Row>>();
        let mut partners = paired(list, &was, &now);
        // What both added is one.
        for added in mine.iter().skip(was.len()) {
            let free = |at: &usize| !partners.contains(&Some(*at));
            let same = (0..now.len()).find(|at| free(at) && now[*at].parts == added.parts);
            partners.push(same.filter(|_| !added.is_empty()));
        }
        let nothing = Row::default();
        let mut next = now.len();
        for (row, mine) in mine.iter().enumerate() {
            let theirs = partners[row].map(|at| &now[at]);
            let at = match partners[row] {
                Some(at) => at,
                None if mine.is_empty() => continue,
                None => {
                    next += 1;
                    next - 1
                }
            };
            let before = was.get(row).unwrap_or(&nothing);
            self.compare_rows(list, at, [before, mine, theirs.unwrap_or(&nothing)], reader);
        }
        for (at, added) in now.iter().enumerate() {
            if !partners.contains(&Some(at)) {
                self.compare_rows(list, at, [&nothing, &nothing, added], reader);
            }
        }
    }

    fn compare_rows(
        &mut self,
        list: &Several,
        at: usize,
        [before, mine, theirs]: [&Row; 3],
        reader: &Reader,
    ) {
        let same =
            |one: &Row, other: &Row| one.is_empty() && other.is_empty() || one.says_as(other, list);
        let mut sent = mine.clone();
        sent.parts.resize(list.inputs.len().max(1), String::new());
        sent.write(list, at, &mut self.fields);
        if same(mine, theirs) {
            return;
        }
        let label = if theirs.is_empty() {
            mine.called(list, reader)
        } else {
            theirs.called(list, reader)
        };
        // Each says what it is where that is the difference.
        let shown = |row: &Row| match row.called(list, reader) {
            called if called != label && !row.is_empty() => format!("{called}\n{}", row.shown()),
            _ => row.shown(),
        };
        self.contested.push(Contested {
            id: format!("{}-{at}", list.name),
            mine: shown(mine),
            theirs: shown(theirs),
            changed: changed(same(mine, before), same(theirs, before)),
            label,
        });
    }
}

type Likeness<'a> = dyn Fn(&Row, &Row) -> bool + 'a;

/// Which rows of a later version are those of an earlier one: the same ones, then those with the
/// same value, then those of the same kind, in their order.
fn paired(list: &Several, was: &[Row], now: &[Row]) -> Vec<Option<usize>> {
    let mut partners: Vec<Option<usize>> = vec![None; was.len()];
    let likenesses: [&Likeness<'_>; 3] = [
        &|one, other| one.says_as(other, list),
        &|one, other| one.parts == other.parts,
        &|one, other| one.kind == other.kind && one.label == other.label,
    ];
    for like in likenesses {
        for (row, before) in was.iter().enumerate() {
            if partners[row].is_none() {
                let free = |at: &usize| !partners.contains(&Some(*at));
                partners[row] = (0..now.len()).find(|at| free(at) && like(before, &now[*at]));
            }
        }
    }
    partners
}

/// Who changed a value that differs on both sides; at least one of them did.
fn changed(mine_is_as_before: bool, theirs_is_as_before: bool) -> Changed {
    match (mine_is_as_before, theirs_is_as_before) {
        (true, _) => Changed::Theirs,
        (false, true) => Changed::Mine,
        (false, false) => Changed::Both,
    }
}

impl Several {
    fn has_kinds(&self) -> bool {
        match self.kinds {
            Kinds::Types(_, kinds) => kinds.len() > 1,
            Kinds::Properties(properties) => properties.len() > 1,
            Kinds::Relations(relations) => relations.len() > 1,
        }
    }
}

impl Single {
    /// A value of the form as people read it.
    fn shown(&self, value: &str, reader: &Reader) -> String {
        match self.place {
            Place::Choice(choices) => {
                let chosen = choices.options.iter().find(|(option, _)| *option == value);
                chosen.map_or_else(
                    || value.to_owned(),
                    |(_, label)| label(reader.text).to_owned(),
                )
            }
            Place::Date(sort) => dated(sort, value.to_owned(), reader),
            _ => value.to_owned(),
        }
    }
}
