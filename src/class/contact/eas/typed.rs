//! Lists of typed values in fixed slots: numbers, e-mail addresses, messaging.
//!
//! A line fills the first free slot of its sort. Where that would move a value to another slot
//! (the first home number was cleared, the second was not), the line carries its slot in the
//! parameter X-CARNET-SLOT, so that slots never swap.

use std::collections::BTreeMap;

use carnet_proto::{
    vcard::{Document, Edit as Patch, Line, NewLine, Param, escape_text},
    wbxml::{
        Tag,
        page::{contacts as c, contacts2 as c2},
    },
};

const SLOT: &str = "X-CARNET-SLOT";

/// One sort of values.
pub struct Sort {
    /// `TEL`, `EMAIL`, `IMPP`
    name: &'static str,
    /// The elements, in the order of their slots.
    pub tags: &'static [Tag],
    /// Types of a new line.
    types: &'static [&'static str],
    is: fn(&[String]) -> bool,
}

fn has(types: &[String], wanted: &str) -> bool {
    types.iter().any(|found| found == wanted)
}

/// Numbers of one special kind, so that they are nothing else.
const SPECIAL: [&str; 9] = [
    "fax",
    "cell",
    "pager",
    "car",
    "x-car",
    "x-radio",
    "x-assistant",
    "x-company-main",
    "main",
];

fn is_special(types: &[String]) -> bool {
    SPECIAL.iter().any(|special| has(types, special))
        || has(types, "text")
        || has(types, "x-mms")
        || has(types, "x-evolution-assistant")
        || has(types, "x-evolution-radio")
        || has(types, "x-evolution-company")
}

pub const EMAIL: Sort = Sort {
    name: "EMAIL",
    tags: &[c::EMAIL1_ADDRESS, c::EMAIL2_ADDRESS, c::EMAIL3_ADDRESS],
    types: &["INTERNET"],
    is: |_| true,
};
pub const IM: Sort = Sort {
    name: "IMPP",
    tags: &[c2::IM_ADDRESS, c2::IM_ADDRESS2, c2::IM_ADDRESS3],
    types: &[],
    is: |_| true,
};
pub const BUSINESS_PHONE: Sort = Sort {
    name: "TEL",
    tags: &[c::BUSINESS_PHONE_NUMBER, c::BUSINESS2_PHONE_NUMBER],
    types: &["WORK", "VOICE"],
    is: |types| has(types, "work") && !is_special(types),
};
pub const BUSINESS_FAX: Sort = Sort {
    name: "TEL",
    tags: &[c::BUSINESS_FAX_NUMBER],
    types: &["WORK", "FAX"],
    is: |types| has(types, "fax") && !has(types, "home"),
};
pub const HOME_PHONE: Sort = Sort {
    name: "TEL",
    tags: &[c::HOME_PHONE_NUMBER, c::HOME2_PHONE_NUMBER],
    types: &["HOME", "VOICE"],
    is: |types| !has(types, "work") && !is_special(types),
};
pub const HOME_FAX: Sort = Sort {
    name: "TEL",
    tags: &[c::HOME_FAX_NUMBER],
    types: &["HOME", "FAX"],
    is: |types| has(types, "fax") && has(types, "home"),
};
pub const MOBILE: Sort = Sort {
    name: "TEL",
    tags: &[c::MOBILE_PHONE_NUMBER],
    types: &["CELL"],
    is: |types| has(types, "cell") && !has(types, "fax"),
};
pub const CAR: Sort = Sort {
    name: "TEL",
    tags: &[c::CAR_PHONE_NUMBER],
    types: &["CAR"],
    is: |types| has(types, "car") || has(types, "x-car"),
};
pub const RADIO: Sort = Sort {
    name: "TEL",
    tags: &[c::RADIO_PHONE_NUMBER],
    types: &["X-RADIO"],
    is: |types| has(types, "x-radio") || has(types, "x-evolution-radio"),
};
pub const PAGER: Sort = Sort {
    name: "TEL",
    tags: &[c::PAGER_NUMBER],
    types: &["PAGER"],
    is: |types| has(types, "pager"),
};
pub const ASSISTANT: Sort = Sort {
    name: "TEL",
    tags: &[c::ASSISTANT_PHONE_NUMBER],
    types: &["X-ASSISTANT"],
    is: |types| has(types, "x-assistant") || has(types, "x-evolution-assistant"),
};
pub const COMPANY_MAIN: Sort = Sort {
    name: "TEL",
    tags: &[c2::COMPANY_MAIN_PHONE],
    types: &["WORK", "X-COMPANY-MAIN"],
    is: |types| {
        has(types, "x-company-main") || has(types, "main") || has(types, "x-evolution-company")
    },
};
pub const MMS: Sort = Sort {
    name: "TEL",
    tags: &[c2::MMS],
    types: &["X-MMS"],
    is: |types| has(types, "x-mms") || (has(types, "text") && !has(types, "cell")),
};

impl Sort {
    /// The line in each slot, by its place in the card.
    pub fn assigned(&self, card: &Document) -> Vec<Option<usize>> {
        let lines: Vec<(usize, &Line)> = card
            .lines()
            .iter()
            .enumerate()
            .filter(|(_, line)| line.is(self.name) && (self.is)(&line.types()))
            .collect();
        let mut slots = vec![None; self.tags.len()];
        let mut free = Vec::new();
        for (at, line) in lines {
            let slot = line
                .param(SLOT)
                .and_then(|slot| slot.parse::<usize>().ok())
                .and_then(|slot| slot.checked_sub(1));
            match slot {
                Some(slot) if slot < slots.len() && slots[slot].is_none() => slots[slot] = Some(at),
                _ => free.push((!line.is_preferred(), at)),
            }
        }
        free.sort_unstable();
        let mut free = free.into_iter().map(|(_, at)| at);
        for slot in &mut slots {
            if slot.is_none() {
                *slot = free.next();
            }
        }
        slots
    }

    /// A line's value as devices are shown it.
    pub fn value(&self, line: &Line) -> String {
        let text = line.text();
        text.strip_prefix("tel:").unwrap_or(&text).to_owned()
    }

    /// Writes the changed slots.
    pub fn patch(&self, changes: &BTreeMap<Tag, String>, patch: &mut Patch<'_>) {
        let slots = self.assigned(patch.document());
        let filled: Vec<bool> = self
            .tags
            .iter()
            .zip(&slots)
            .map(|(tag, at)| match changes.get(tag) {
                Some(value) => !value.is_empty(),
                None => at.is_some(),
            })
            .collect();
        // Filling from the front gives the same slots: nothing has to be noted.
        let natural = !filled.windows(2).any(|pair| !pair[0] && pair[1]);
        for (number, (tag, at)) in self.tags.iter().zip(&slots).enumerate() {
            let change = changes.get(tag);
            match (change, at) {
                (Some(value), Some(at)) if value.is_empty() => {
                    patch.remove(*at);
                    continue;
                }
                (Some(value), Some(at)) => patch.set_text(*at, value),
                (Some(value), None) if !value.is_empty() => {
                    let mut line = NewLine::new(self.name, self.types, escape_text(value));
                    if !natural {
                        note_slot(&mut line, number);
                    }
                    patch.add(line);
                }
                _ => {}
            }
            if let (false, Some(at)) = (natural, at)
                && let Some(mut line) = patch.current(*at)
            {
                note_slot(&mut line, number);
                patch.replace(*at, line);
            }
        }
    }
}

fn note_slot(line: &mut NewLine, number: usize) {
    line.params
        .retain(|param| !param.name.eq_ignore_ascii_case(SLOT));
    line.params.push(Param {
        name: SLOT.to_owned(),
        values: vec![(number + 1).to_string()],
    });
}

/// The bare address of `"Anna" <anna@example.org>`; what is no mailbox stays.
pub fn address_of(text: &str) -> String {
    let text = text.trim();
    match text.rsplit_once('<') {
        Some((_, rest)) if rest.ends_with('>') && rest.contains('@') => {
            rest.trim_end_matches('>').trim().to_owned()
        }
        _ => text.to_owned(),
    }
}
