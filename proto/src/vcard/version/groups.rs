//! What is said by several lines in one version and by one in the other: Apple's groups, the
//! formatted address, the name to sort by.

use std::collections::{HashMap, HashSet, VecDeque};

use super::date;
use crate::vcard::{apple, document::Document, line::Line};

/// Types of RELATED and the labels Apple has for them.
const RELATED_LABELS: [(&str, &str); 6] = [
    ("spouse", apple::SPOUSE),
    ("child", apple::CHILD),
    ("parent", apple::PARENT),
    ("sibling", apple::SIBLING),
    ("friend", apple::FRIEND),
    ("agent", apple::ASSISTANT),
];

/// The relation and its label.
pub(super) fn relation_label(relation: &str) -> Option<(&'static str, &'static str)> {
    RELATED_LABELS
        .iter()
        .find(|(name, _)| *name == relation)
        .copied()
}

/// The lines of a card that belong together, by their places.
pub(super) struct Groups<'a> {
    lines: &'a [Line],
    /// Upper-case names.
    names: HashSet<String>,
    /// The lines of each group, by the group's name in lower case.
    members: HashMap<String, Vec<usize>>,
    anniversary: Option<usize>,
    /// The LABEL of each address.
    labels: HashMap<usize, usize>,
    /// The LABEL lines that belong to an address.
    labelled: HashSet<usize>,
    /// The first N.
    name: Option<usize>,
    /// The name, and the SORT-STRING for it.
    sort: Option<(usize, usize)>,
}

impl<'a> Groups<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        let lines = document.lines();
        let mut groups = Self {
            lines,
            names: HashSet::new(),
            members: HashMap::new(),
            anniversary: None,
            labels: HashMap::new(),
            labelled: HashSet::new(),
            name: None,
            sort: None,
        };
        for (at, line) in lines.iter().enumerate() {
            groups.names.insert(line.name.to_ascii_uppercase());
            if let Some(group) = &line.group {
                let members = groups.members.entry(group.to_ascii_lowercase());
                members.or_default().push(at);
            }
        }
        groups.anniversary = groups.find_anniversary();
        groups.pair_labels();
        let first = |name: &str| lines.iter().position(|line| line.is(name));
        groups.name = first("N");
        groups.sort = groups
            .name
            .filter(|n| lines[*n].param("SORT-AS").is_none())
            .zip(first("SORT-STRING"));
        groups
    }

    /// Whether the card has a property.
    pub(super) fn has(&self, upper: &str) -> bool {
        self.names.contains(upper)
    }

    /// Whether a name of a group is in use.
    pub(super) fn is_used(&self, group: &str) -> bool {
        self.members.contains_key(group)
    }

    /// Whether nothing else is in the group of a line.
    pub(super) fn is_alone(&self, at: usize) -> bool {
        self.beside(at).is_empty()
    }

    /// Whether a line becomes ANNIVERSARY, of which a card has one.
    pub(super) fn is_anniversary(&self, at: usize) -> bool {
        self.anniversary == Some(at)
    }

    /// The relation of a name Apple labelled with one, where both become RELATED.
    pub(super) fn relation(&self, at: usize) -> Option<&'static str> {
        let line = &self.lines[at];
        let plain = line.is("X-ABRELATEDNAMES") && line.param("VALUE").is_none();
        let label = self.own_label(at).filter(|_| plain)?;
        let mut known = RELATED_LABELS.iter();
        known
            .find(|(_, name)| *name == label)
            .map(|(relation, _)| *relation)
    }

    /// Whether a label goes where its value becomes one line with it.
    pub(super) fn goes_with_its_value(&self, label: usize) -> bool {
        match self.beside(label)[..] {
            [value] => self.is_anniversary(value) || self.relation(value).is_some(),
            _ => false,
        }
    }

    /// The LABEL of an address.
    pub(super) fn label(&self, address: usize) -> Option<String> {
        let label = self.labels.get(&address)?;
        Some(self.lines[*label].text())
    }

    /// The LABEL of each address that has one.
    pub(super) fn all_labels(&self) -> HashMap<usize, String> {
        let labels = self.labels.iter();
        labels
            .map(|(address, label)| (*address, self.lines[*label].text()))
            .collect()
    }

    /// Whether a LABEL is that of an address.
    pub(super) fn is_label(&self, at: usize) -> bool {
        self.labelled.contains(&at)
    }

    /// Whether a line is the name a SORT-STRING would be for.
    pub(super) fn is_name(&self, at: usize) -> bool {
        self.name == Some(at) && !self.has("SORT-STRING")
    }

    /// What a name is sorted by.
    pub(super) fn sort(&self, name: usize) -> Option<String> {
        let (_, sort) = self.sort.filter(|(of, _)| *of == name)?;
        Some(self.lines[sort].text())
    }

    /// Whether a SORT-STRING is that of the name.
    pub(super) fn is_sort(&self, at: usize) -> bool {
        self.sort.is_some_and(|(_, sort)| sort == at)
    }

    fn beside(&self, at: usize) -> Vec<usize> {
        let group = self.lines[at].group.as_deref().map(str::to_ascii_lowercase);
        let members = group.and_then(|group| self.members.get(&group));
        // More than two are never one thing: others would lose the label.
        let mut found = members.map_or(Vec::new(), |members| {
            members[..members.len().min(3)].to_vec()
        });
        found.retain(|other| *other != at);
        found
    }

    /// The label of a line, where the two are a group of their own.
    fn own_label(&self, at: usize) -> Option<String> {
        match self.beside(at)[..] {
            [other] if self.lines[other].is("X-ABLabel") => Some(self.lines[other].text()),
            _ => None,
        }
    }

    fn find_anniversary(&self) -> Option<usize> {
        if self.has("ANNIVERSARY") {
            return None;
        }
        let day = |name: &str, is_one: &dyn Fn(usize) -> bool| {
            let mut lines = self.lines.iter().enumerate();
            lines
                .find(|(at, line)| line.is(name) && is_one(*at) && date::is_day(line))
                .map(|(at, _)| at)
        };
        day("X-ABDATE", &|at| {
            self.own_label(at)
                .is_some_and(|label| label == apple::ANNIVERSARY)
        })
        .or_else(|| day("X-ANNIVERSARY", &|at| self.is_alone(at)))
    }

    /// Each LABEL is that of an address with its group and its types: in their order where every
    /// address has one, else that of the last address before it, else of the first one left.
    fn pair_labels(&mut self) {
        let kind = |line: &Line| {
            let mut types = line.types();
            types.sort();
            (line.group.clone(), types)
        };
        let mut kinds: HashMap<_, (VecDeque<usize>, Vec<usize>)> = HashMap::new();
        for (at, line) in self.lines.iter().enumerate() {
            if line.is("ADR") && line.param("LABEL").is_none() {
                kinds.entry(kind(line)).or_default().0.push_back(at);
            } else if line.is("LABEL") {
                kinds.entry(kind(line)).or_default().1.push(at);
            }
        }
        for (mut addresses, labels) in kinds.into_values() {
            let in_order = labels.len() >= addresses.len();
            for label in labels {
                let before = addresses.iter().rposition(|address| *address < label);
                let which = before.filter(|_| !in_order).unwrap_or(0);
                if let Some(address) = addresses.remove(which) {
                    self.labels.insert(address, label);
                    self.labelled.insert(label);
                }
            }
        }
    }
}
