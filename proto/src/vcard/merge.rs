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

/// Three-way merge by property: what only `mine` changed is taken, what `mine` added to a property of
/// several values is added, and what both changed otherwise keeps `theirs`.
///
/// All lines of one name are one property; they are compared by value, in any order. Apple's labels
/// are compared with the values they are of, whatever their groups are called.
pub fn merge(base: &Document, mine: &Document, theirs: &Document) -> Merge {
    let mut labels = Labels::default();
    let [before, ours, now] = [base, mine, theirs].map(|card| Said::of(card, &mut labels));
    let mut change = Change::default();
    let mut lost = false;
    for name in names(&[base, mine, theirs]) {
        let [before, ours, now] = [&before, &ours, &now].map(|said| said.property(&name));
        if is_same(ours, before) || is_same(ours, now) {
            continue;
        }
        if name == "N" && before.is_empty() && says_divided_name(mine, base) {
            continue;
        }
        if is_same(now, before) {
            change.removed.extend(beyond(now, ours));
            change.added.extend(beyond(ours, now));
        } else if is_of_several(&name) && is_within(before, ours) {
            // Additions fit beside whatever theirs became.
            change.added.extend(new_in(ours, before, now));
        } else {
            lost = true;
        }
    }
    let document = change.apply(&now, &ours);
    // More lines than a card may have are not taken.
    let taken = document != *theirs;
    Merge {
        document,
        taken,
        lost: lost || !taken && !change.is_empty(),
    }
}

/// What a line says, and the number of the labels beside it.
type Key = (String, usize);

/// What the lines of a card say.
struct Said<'a> {
    document: &'a Document,
    /// The places of the lines and what they say, by the upper-case name of the property.
    properties: HashMap<String, Vec<(usize, Key)>>,
    /// The places of the labels of a group's values, by the group's name in lower case.
    labels: HashMap<String, Vec<usize>>,
}

/// Numbers for the labels of groups; none are 0.
#[derive(Default)]
struct Labels(HashMap<Vec<String>, usize>);

impl Labels {
    fn number(&mut self, mut labels: Vec<String>) -> usize {
        labels.sort();
        let next = self.0.len() + 1;
        *self.0.entry(labels).or_insert(next)
    }
}

impl<'a> Said<'a> {
    fn of(document: &'a Document, known: &mut Labels) -> Self {
        let lines = document.lines();
        let values = lines.iter().filter(|line| !is_label(line));
        let valued: HashSet<String> = values.filter_map(group).collect();
        let mut labels: HashMap<String, Vec<usize>> = HashMap::new();
        let mut own = Vec::new();
        for (at, line) in lines.iter().enumerate() {
            let of = group(line).filter(|group| is_label(line) && valued.contains(group));
            match of {
                Some(group) => labels.entry(group).or_default().push(at),
                None => own.push(at),
            }
        }
        let numbers: HashMap<&String, usize> = labels
            .iter()
            .map(|(group, places)| {
                let said = places.iter().map(|at| says(&lines[*at]));
                (group, known.number(said.collect()))
            })
            .collect();
        let mut properties: HashMap<String, Vec<(usize, Key)>> = HashMap::new();
        for at in own {
            let line = &lines[at];
            let number = group(line).and_then(|group| numbers.get(&group).copied());
            let property = properties
                .entry(line.name.to_ascii_uppercase())
                .or_default();
            property.push((at, (says(line), number.unwrap_or_default())));
        }
        Self {
            document,
            properties,
            labels,
        }
    }

    fn property(&self, name: &str) -> &[(usize, Key)] {
        self.properties.get(name).map_or(&[], Vec::as_slice)
    }
}

/// Values to take away, by their places in `theirs`, and to add, by those in `mine`.
#[derive(Default)]
struct Change {
    removed: HashSet<usize>,
    added: Vec<usize>,
}

impl Change {
    fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }

    /// Labels go and come with the last and the first value of their group.
    fn apply(&self, theirs: &Said, mine: &Said) -> Document {
        let mut edit = theirs.document.edit();
        self.removed.iter().for_each(|at| edit.cut(*at));
        let lines = theirs.document.lines().iter().enumerate();
        let labels: HashSet<&usize> = theirs.labels.values().flatten().collect();
        let stays = |at: &usize| !self.removed.contains(at) && !labels.contains(at);
        let mut used: HashSet<String> = lines
            .filter(|(at, _)| stays(at))
            .filter_map(|(_, line)| group(line))
            .collect();
        for (_, places) in theirs.labels.iter().filter(|(of, _)| !used.contains(*of)) {
            places.iter().for_each(|at| edit.cut(*at));
        }
        let mut renamed: HashMap<String, String> = HashMap::new();
        let mut number = 1;
        for line in self.added.iter().map(|at| &mine.document.lines()[*at]) {
            let new = NewLine::from_line(line);
            let Some(of) = group(line) else {
                edit.add(new);
                continue;
            };
            if let Some(name) = renamed.get(&of) {
                edit.add(new.in_group(name));
                continue;
            }
            let mut name = new.group.clone().unwrap_or_default();
            while !used.insert(name.to_ascii_lowercase()) {
                name = format!("item{number}");
                number += 1;
            }
            edit.add(new.in_group(&name));
            for label in mine.labels.get(&of).into_iter().flatten() {
                let label = NewLine::from_line(&mine.document.lines()[*label]);
                edit.add(label.in_group(&name));
            }
            renamed.insert(of, name);
        }
        edit.finish()
    }
}

/// The name of the group of a line, in lower case.
fn group(line: &Line) -> Option<String> {
    line.group.as_deref().map(str::to_ascii_lowercase)
}

/// Whether a line, where it is in a group, says something of the values there: Apple's labels and
/// formats, and the formatted address.
fn is_label(line: &Line) -> bool {
    let name = line.name.to_ascii_uppercase();
    let is_value = ["X-ABDATE", "X-ABRELATEDNAMES", "X-ABSHOWAS"].contains(&&*name);
    line.group.is_some() && (name.starts_with("X-AB") && !is_value || name == "LABEL")
}

fn is_of_several(name: &str) -> bool {
    name == "LABEL" || super::line::is_one_of_several(name)
}

/// Whether a card has the parts of a name that a reader of another was shown, and no others.
fn says_divided_name(card: &Document, other: &Document) -> bool {
    let Some((given, family)) = other.divided_name() else {
        return false;
    };
    let lines: Vec<Vec<String>> = card.all("N").map(Line::components).collect();
    let [parts] = &lines[..] else {
        return false;
    };
    let mut parts = parts.iter().map(|part| part.trim());
    let names = (parts.next(), parts.next().unwrap_or_default());
    names == (Some(&*family), &*given) && parts.all(str::is_empty)
}

fn is_same(one: &[(usize, Key)], other: &[(usize, Key)]) -> bool {
    one.len() == other.len() && is_within(one, other)
}

fn is_within(part: &[(usize, Key)], whole: &[(usize, Key)]) -> bool {
    beyond(part, whole).is_empty()
}

/// The places of the lines that others do not say, or not as often.
fn beyond(lines: &[(usize, Key)], others: &[(usize, Key)]) -> Vec<usize> {
    let mut left: HashMap<&Key, usize> = HashMap::new();
    for (_, key) in others {
        *left.entry(key).or_default() += 1;
    }
    let mut beyond = Vec::new();
    for (at, key) in lines {
        match left.get_mut(key).filter(|left| **left > 0) {
            Some(left) => *left -= 1,
            None => beyond.push(*at),
        }
    }
    beyond
}

/// The places of the lines that are new, and that the others do not have as well.
fn new_in(lines: &[(usize, Key)], before: &[(usize, Key)], others: &[(usize, Key)]) -> Vec<usize> {
    let added: HashSet<usize> = beyond(lines, before).into_iter().collect();
    let there: HashSet<&Key> = others.iter().map(|(_, key)| key).collect();
    let new = |(at, key): &&(usize, Key)| added.contains(at) && !there.contains(key);
    lines.iter().filter(new).map(|(at, _)| *at).collect()
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

/// What a line says, whatever its group, its folding, encoding and the order of its types.
fn says(line: &Line) -> String {
    let mut types = line.types();
    types.sort();
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
        "{};{};{}:{}",
        line.name.to_ascii_uppercase(),
        types.join(","),
        params.join(";"),
        line.decoded()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(lines: &str) -> Document {
        let text = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:Jo Doe\r\n{}END:VCARD\r\n",
            lines.replace('|', "\r\n")
        );
        Document::parse(text.as_bytes()).expect("a card")
    }

    /// The lines of the merged card besides those each has, and whether mine was taken, and lost.
    fn merged(base: &str, mine: &str, theirs: &str) -> (String, bool, bool) {
        let [base, mine, theirs] = [base, mine, theirs].map(card);
        let merged = merge(&base, &mine, &theirs);
        let text = String::from_utf8_lossy(merged.document.as_bytes()).replace("\r\n", "|");
        let own = text
            .strip_prefix("BEGIN:VCARD|VERSION:3.0|UID:u|FN:Jo Doe|")
            .and_then(|text| text.strip_suffix("END:VCARD|"))
            .expect("the card");
        (own.to_owned(), merged.taken, merged.lost)
    }

    #[test]
    fn a_label_stays_with_its_value() {
        // An iPhone added a labelled number meanwhile, an upload adds the wedding day.
        let number = "item1.TEL:+33123456789|item1.X-ABLabel:Vacances|";
        let day = "item1.X-ABDATE:2001-02-03|item1.X-ABLabel:_$!<Anniversary>!$_|";
        let note = "NOTE:x|";
        assert_eq!(
            merged(note, &format!("{note}{day}"), &format!("{note}{number}")),
            (
                format!("{note}{number}{}", day.replace("item1", "item2")),
                true,
                false
            )
        );
        // Two programs give the first free name to a number each.
        let other = "item1.TEL:5|item1.X-ABLabel:Chalet|";
        assert_eq!(
            merged("", other, number).0,
            format!("{number}{}", other.replace("item1", "item2"))
        );
        // A name that is free is kept, and goes around those that are made.
        assert_eq!(
            merged(
                "",
                "item1.TEL:5|item2.URL:u|item2.X-ABLabel:U|",
                "item1.TEL:6|"
            )
            .0,
            "item1.TEL:6|item2.TEL:5|item3.URL:u|item3.X-ABLabel:U|"
        );
    }

    #[test]
    fn other_names_of_groups_are_no_change() {
        let base = "item1.TEL:1|item1.X-ABLabel:A|item2.TEL:2|item2.X-ABLabel:B|";
        let renumbered = "item1.TEL:2|item1.X-ABLabel:B|ITEM2.TEL:1|item2.X-ABLabel:A|";
        let theirs = format!("{base}NOTE:new|");
        assert_eq!(merged(base, renumbered, &theirs), (theirs, false, false));
    }

    #[test]
    fn a_label_is_changed_with_its_value() {
        let base = "item1.TEL:1|item1.X-ABLabel:A|home.EMAIL:e|";
        let theirs = format!("{base}NOTE:new|");
        for mine in [
            "item1.TEL:1|item1.X-ABLabel:B|home.EMAIL:e|",
            "item1.TEL:1|home.EMAIL:e|",
            "item1.TEL:2|item1.X-ABLabel:A|home.EMAIL:e|",
        ] {
            let changed = mine.replace("home.EMAIL:e|", "");
            let expected = format!("home.EMAIL:e|NOTE:new|{changed}");
            assert_eq!(merged(base, mine, &theirs), (expected, true, false));
        }
        // A label of two values, of which one goes and one is new.
        assert_eq!(
            merged(
                "item1.TEL:1|item1.URL:u|item1.X-ABLabel:A|",
                "item1.TEL:1|item1.EMAIL:e|item1.IMPP:i|item1.X-ABLabel:A|",
                "item1.TEL:1|item1.URL:u|item1.X-ABLabel:A|NOTE:n|",
            )
            .0,
            "item1.TEL:1|item1.X-ABLabel:A|NOTE:n|item2.EMAIL:e|item2.X-ABLabel:A|item2.IMPP:i|"
        );
    }

    #[test]
    fn what_both_add_is_there_where_a_contact_has_several() {
        let check = |base: &str, mine: &str, theirs: &str, expected: (&str, bool, bool)| {
            let (text, taken, lost) = merged(base, mine, theirs);
            assert_eq!((&*text, taken, lost), expected, "{base} {mine} {theirs}");
        };
        check(
            "TEL:1|",
            "TEL:1|TEL:2|",
            "TEL:1|TEL:3|",
            ("TEL:1|TEL:3|TEL:2|", true, false),
        );
        check("", "TEL:2|TEL:3|", "TEL:3|", ("TEL:3|TEL:2|", true, false));
        // What they deleted or changed does not come back.
        check("TEL:1|", "TEL:1|TEL:2|", "", ("TEL:2|", true, false));
        check("TEL:1|", "TEL:1|TEL:2|", "TEL:2|", ("TEL:2|", false, false));
        check("TEL:1|", "TEL:2|", "TEL:3|", ("TEL:3|", false, true));
        // Of these there is one.
        for name in ["NOTE", "BDAY", "ORG", "TITLE", "N", "PHOTO"] {
            let [mine, theirs] = ["1", "2"].map(|value| format!("{name}:{value}|"));
            check("", &mine, &theirs, (&theirs, false, true));
        }
        // One of two equal values is taken away.
        check(
            "TEL:1|TEL:1|",
            "TEL:1|",
            "TEL:1|TEL:1|NOTE:n|",
            ("TEL:1|NOTE:n|", true, false),
        );
    }

    #[test]
    fn a_name_made_of_the_displayed_one_is_no_change() {
        let named = "N:Doe;Jo;;;|";
        assert_eq!(
            merged("", &format!("{named}TEL:1|"), "N:Doe;Jo;Ann;;|"),
            ("N:Doe;Jo;Ann;;|TEL:1|".to_owned(), true, false)
        );
        let other = "N:Roe;Jo;;;|";
        assert_eq!(merged("", other, "").0, other);
    }

    #[test]
    fn what_makes_a_card_too_long_is_lost_openly() {
        let numbers = |from: usize| {
            let lines = (from..from + 6_000).map(|number| format!("TEL:{number}|"));
            lines.collect::<String>()
        };
        let (text, taken, lost) = merged("", &numbers(0), &numbers(6_000));
        assert_eq!((text, taken, lost), (numbers(6_000), false, true));
    }
}
