//! Three-way merge of a vCard, property by property.

use std::collections::{HashMap, HashSet};

use super::{document::Document, line::Line, patch::NewLine};

/// Outcome of [`merge`].
#[derive(Clone, Debug, PartialEq)]
pub struct Merge {
    pub document: Document,
    /// Something only `mine` changed is in the document.
    pub taken: bool,
    /// Something of `mine` lost to `theirs`.
    pub lost: bool,
}

/// Three-way merge by property: what only `mine` changed is taken, what both changed keeps
/// `theirs`.
///
/// All lines of one name are one property; they are compared by value, in any order.
pub fn merge(base: &Document, mine: &Document, theirs: &Document) -> Merge {
    let mut taken = false;
    let mut lost = false;
    let mut edit = theirs.edit();
    let [mut before, mut ours, mut now] = [base, mine, theirs].map(said);
    for name in names(&[base, mine, theirs]) {
        let of = |said: &mut HashMap<String, Vec<String>>| said.remove(&name).unwrap_or_default();
        let (before, ours, now) = (of(&mut before), of(&mut ours), of(&mut now));
        if ours == before || ours == now {
            continue;
        }
        if now != before {
            // Both changed it: single additions of ours still fit beside theirs.
            lost = true;
            continue;
        }
        taken = true;
        for (at, line) in theirs.lines().iter().enumerate() {
            if line.is(&name) && ours.binary_search(&says(line)).is_err() {
                edit.remove(at);
            }
        }
        for line in mine.all(&name) {
            if now.binary_search(&says(line)).is_err() {
                edit.add(NewLine::from_line(line));
            }
        }
    }
    Merge {
        document: edit.finish(),
        taken,
        lost,
    }
}

/// What the lines of each property say, sorted, by its upper-case name.
fn said(document: &Document) -> HashMap<String, Vec<String>> {
    let mut said: HashMap<String, Vec<String>> = HashMap::new();
    for line in document.lines() {
        let lines = said.entry(line.name.to_ascii_uppercase()).or_default();
        lines.push(says(line));
    }
    said.values_mut().for_each(|lines| lines.sort());
    said
}

/// Upper-case names of all properties, in the order they first appear.
fn names(documents: &[&Document]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut seen: HashSet<String> = ["VERSION", "REV", "PRODID"].map(str::to_owned).into();
    for line in documents.iter().flat_map(|document| document.lines()) {
        let name = line.name.to_ascii_uppercase();
        if seen.insert(name.clone()) {
            names.push(name);
        }
    }
    names
}

/// What a line says, whatever its folding, encoding and the order of its types.
fn says(line: &Line) -> String {
    let mut types = line.types();
    types.sort();
    let group = line.group.as_deref().unwrap_or_default();
    let params: Vec<String> = line
        .params
        .iter()
        .filter(|param| {
            !["TYPE", "CHARSET", "ENCODING", ""]
                .iter()
                .any(|name| param.name.eq_ignore_ascii_case(name))
        })
        .map(|param| {
            format!(
                "{}={}",
                param.name.to_ascii_uppercase(),
                param.values.join(",")
            )
        })
        .collect();
    format!(
        "{group}.{};{};{}:{}",
        line.name.to_ascii_uppercase(),
        types.join(","),
        params.join(";"),
        line.decoded()
    )
}
