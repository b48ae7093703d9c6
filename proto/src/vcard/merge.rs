//! Three-way merge of a vCard, property by property.

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
    for name in names(&[base, mine, theirs]) {
        let of = |document: &Document| -> Vec<String> {
            let mut said: Vec<String> = document.all(&name).map(says).collect();
            said.sort();
            said
        };
        let (before, ours, now) = (of(base), of(mine), of(theirs));
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

/// Upper-case names of all properties, in the order they first appear.
fn names(documents: &[&Document]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for line in documents.iter().flat_map(|document| document.lines()) {
        let name = line.name.to_ascii_uppercase();
        if !names.contains(&name) && !["VERSION", "REV", "PRODID"].contains(&name.as_str()) {
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
