//! Which number stands in which column of a program.

use crate::transfer::{column::Column, fields::Value};

/// A column of numbers.
struct Slot<'a> {
    column: usize,
    types: Vec<&'a str>,
    label: &'a str,
}

impl<'a> Slot<'a> {
    fn of((column, code): (usize, &'a str)) -> Option<Self> {
        let (head, label) = code.split_once('=').unwrap_or((code, ""));
        let (head, types) = head.split_once(';').unwrap_or((head, ""));
        let types = types.split(',').filter(|t| !t.is_empty()).collect();
        (head == "TEL").then_some(Self {
            column,
            types,
            label,
        })
    }

    fn is_exactly(&self, phone: &Value) -> bool {
        let same = if self.types == ["pref"] {
            phone.types.is_empty() && phone.preferred
        } else if self.types.is_empty() && self.label.is_empty() {
            // "Other Phone" comes before "Primary Phone" and must leave that one its own.
            phone.types.is_empty() && !phone.preferred
        } else {
            phone.types.len() == self.types.len() && self.types.iter().all(|t| phone.is(t))
        };
        same && phone.label == self.label
    }

    fn is_for(&self, types: &[&str]) -> bool {
        self.label.is_empty() && self.types == types
    }
}

/// Kinds of numbers that say more than where they ring.
const KINDS: [&str; 7] = [
    "cell",
    "pager",
    "car",
    "isdn",
    "textphone",
    "x-radio",
    "x-assistant",
];
/// Columns for numbers that have no column of their kind.
const ANY: [&[&str]; 5] = [&[], &["pref"], &["home"], &["work"], &["cell"]];

/// The columns that suit a number, best first.
fn suitable(phone: &Value) -> Vec<Vec<&'static str>> {
    let mut suitable = Vec::new();
    if phone.is("fax") {
        let places = ["home", "work"];
        let known = places.into_iter().filter(|place| phone.is(place));
        suitable.extend(known.map(|place| vec![place, "fax"]));
        suitable.push(vec!["fax"]);
        suitable.extend(["work", "home"].map(|place| vec![place, "fax"]));
        return suitable;
    }
    let kinds = KINDS.into_iter().filter(|kind| phone.is(kind));
    suitable.extend(kinds.map(|kind| vec![kind]));
    if phone.is("main") || phone.is("x-company-main") {
        suitable.push(if phone.is("work") {
            vec!["work", "x-company-main"]
        } else {
            vec!["pref"]
        });
    }
    let places = ["work", "home"].into_iter();
    suitable.extend(places.filter(|at| phone.is(at)).map(|place| vec![place]));
    suitable
}

/// The place of the number that each column holds. Each number stands once: in the column of
/// exactly its kind, else in the one that suits it best, else in any that is free.
pub fn placed(columns: &[Column], phones: &[Value]) -> Vec<Option<usize>> {
    let slots = columns.iter().map(|column| &column.code[..]).enumerate();
    let slots: Vec<Slot> = slots.filter_map(Slot::of).collect();
    let mut held: Vec<Option<usize>> = vec![None; columns.len()];
    let mut left: Vec<usize> = (0..phones.len()).collect();
    for slot in &slots {
        if let Some(at) = left.iter().position(|at| slot.is_exactly(&phones[*at])) {
            held[slot.column] = Some(left.remove(at));
        }
    }
    let mut place = |at: &usize, types: &[&str]| {
        let free = |slot: &&Slot| slot.is_for(types) && held[slot.column].is_none();
        let Some(slot) = slots.iter().find(free) else {
            return false;
        };
        held[slot.column] = Some(*at);
        true
    };
    left.retain(|at| !suitable(&phones[*at]).iter().any(|types| place(at, types)));
    left.retain(|at| !ANY.iter().any(|types| place(at, types)));
    held
}

#[cfg(test)]
mod tests {
    use super::super::program::{outlook, thunderbird};
    use crate::transfer::fields::{Fields, Value};

    /// What stands in the columns of numbers of one row.
    fn row(rows: Vec<Vec<String>>) -> Vec<(String, String)> {
        let [header, row] = &rows[..] else {
            panic!("{rows:?}")
        };
        let filled = header.iter().zip(row);
        filled
            .filter(|(_, cell)| cell.starts_with('+'))
            .map(|(name, cell)| (name.clone(), cell.clone()))
            .collect()
    }

    fn only(phone: Value) -> [Fields; 1] {
        [Fields {
            name: "Ann".to_owned(),
            phones: vec![phone],
            ..Fields::default()
        }]
    }

    #[test]
    fn an_only_number_always_has_a_column() {
        for (types, desktop, bird) in [
            (&["cell", "work"][..], "Mobile Phone", "Mobile Number"),
            (&["home", "cell"], "Mobile Phone", "Mobile Number"),
            (&["work", "pager"], "Pager", "Pager Number"),
            (&["main"], "Primary Phone", "Home Phone"),
            (&["work", "main"], "Company Main Phone", "Work Phone"),
            (&["video"], "Other Phone", "Home Phone"),
            (&["fax"], "Other Fax", "Fax Number"),
            (&["home", "fax"], "Home Fax", "Fax Number"),
            (&["work", "video"], "Business Phone", "Work Phone"),
        ] {
            let contact = only(Value::new("+1", types));
            let number = |name: &str| [(name.to_owned(), "+1".to_owned())];
            assert_eq!(row(outlook(&contact)), number(desktop), "{types:?}");
            assert_eq!(row(thunderbird(&contact)), number(bird), "{types:?}");
        }
        let chalet = only(Value::labelled("+1", "Chalet"));
        assert_eq!(row(outlook(&chalet))[0].0, "Other Phone");
        let mut fax = Value::new("+1", &["fax"]);
        fax.preferred = true;
        assert_eq!(row(thunderbird(&only(fax)))[0].0, "Fax Number");
    }

    #[test]
    fn numbers_stand_once_and_the_exact_kind_goes_first() {
        let phones = [
            Value::new("+1", &["cell", "work"]),
            Value::new("+2", &["cell"]),
            Value::new("+3", &["work"]),
            Value::labelled("+4", "Chalet"),
        ];
        let contact = [Fields {
            phones: phones.to_vec(),
            ..Fields::default()
        }];
        let expected = [
            ("Business Phone", "+3"),
            ("Business Phone 2", "+1"),
            ("Mobile Phone", "+2"),
            ("Other Phone", "+4"),
        ]
        .map(|(name, number)| (name.to_owned(), number.to_owned()));
        assert_eq!(row(outlook(&contact)), expected);
    }
}
