//! Lists of typed values in fixed elements: numbers, e-mail addresses, messaging, the web page.

use std::collections::BTreeMap;

use carnet_proto::{
    vcard::{Document, Edit as Patch, Line, NewLine, Param, escape_text},
    wbxml::{
        Tag,
        page::{contacts as c, contacts2 as c2},
    },
};

use super::{
    mailbox,
    places::{Candidate, Places},
};

/// The element a line fills, where the order of the lines alone would give another.
const SLOT: &str = "X-CARNET-SLOT";
/// The name written before an e-mail address.
pub const PHRASE: &str = "X-CARNET-PHRASE";

/// A sort of values: telephone numbers of a kind, e-mail addresses...
pub struct Sort {
    /// The first is written, all are read.
    names: &'static [&'static str],
    /// The elements, in the order of their slots.
    pub tags: &'static [Tag],
    /// Types of a new line in a card of version 3.0 and 4.0.
    types: [&'static [&'static str]; 2],
    is: fn(&[String]) -> bool,
}

fn has(types: &[String], wanted: &str) -> bool {
    types.iter().any(|found| found == wanted)
}

/// Types of numbers of one special kind, so that they are nothing else.
const SPECIAL: [&str; 15] = [
    "fax",
    "cell",
    "mobile",
    "pager",
    "car",
    "x-car",
    "x-radio",
    "x-assistant",
    "x-company-main",
    "main",
    "text",
    "x-mms",
    "x-evolution-assistant",
    "x-evolution-radio",
    "x-evolution-company",
];

fn is_mobile(types: &[String]) -> bool {
    has(types, "cell") || has(types, "mobile")
}

fn is_special(types: &[String]) -> bool {
    SPECIAL.iter().any(|special| has(types, special))
}

/// Email1Address to Email3Address.
pub const EMAIL: Sort = Sort {
    names: &["EMAIL"],
    tags: &[c::EMAIL1_ADDRESS, c::EMAIL2_ADDRESS, c::EMAIL3_ADDRESS],
    types: [&["INTERNET"], &[]],
    is: |_| true,
};
/// IMAddress to IMAddress3.
pub const IM: Sort = Sort {
    names: &[
        "IMPP",
        "X-AIM",
        "X-JABBER",
        "X-SKYPE",
        "X-SKYPE-USERNAME",
        "X-MSN",
        "X-ICQ",
        "X-YAHOO",
        "X-GADUGADU",
        "X-GROUPWISE",
        "X-GOOGLE-TALK",
        "X-QQ",
    ],
    tags: &[c2::IM_ADDRESS, c2::IM_ADDRESS2, c2::IM_ADDRESS3],
    types: [&[], &[]],
    is: |_| true,
};
/// WebPage.
pub const WEB: Sort = Sort {
    names: &["URL"],
    tags: &[c::WEB_PAGE],
    types: [&[], &[]],
    is: |_| true,
};
/// BusinessPhoneNumber and Business2PhoneNumber.
pub const BUSINESS_PHONE: Sort = Sort {
    names: &["TEL"],
    tags: &[c::BUSINESS_PHONE_NUMBER, c::BUSINESS2_PHONE_NUMBER],
    types: [&["WORK", "VOICE"], &["work", "voice"]],
    is: |types| has(types, "work") && !is_special(types),
};
pub const BUSINESS_FAX: Sort = Sort {
    names: &["TEL"],
    tags: &[c::BUSINESS_FAX_NUMBER],
    types: [&["WORK", "FAX"], &["work", "fax"]],
    is: |types| has(types, "fax") && !has(types, "home"),
};
/// HomePhoneNumber and Home2PhoneNumber.
pub const HOME_PHONE: Sort = Sort {
    names: &["TEL"],
    tags: &[c::HOME_PHONE_NUMBER, c::HOME2_PHONE_NUMBER],
    types: [&["HOME", "VOICE"], &["home", "voice"]],
    is: |types| !has(types, "work") && !is_special(types),
};
pub const HOME_FAX: Sort = Sort {
    names: &["TEL"],
    tags: &[c::HOME_FAX_NUMBER],
    types: [&["HOME", "FAX"], &["home", "fax"]],
    is: |types| has(types, "fax") && has(types, "home"),
};
pub const MOBILE: Sort = Sort {
    names: &["TEL"],
    tags: &[c::MOBILE_PHONE_NUMBER],
    types: [&["CELL"], &["cell"]],
    is: |types| is_mobile(types) && !has(types, "fax"),
};
pub const CAR: Sort = Sort {
    names: &["TEL"],
    tags: &[c::CAR_PHONE_NUMBER],
    types: [&["CAR"], &["x-car"]],
    is: |types| has(types, "car") || has(types, "x-car"),
};
pub const RADIO: Sort = Sort {
    names: &["TEL"],
    tags: &[c::RADIO_PHONE_NUMBER],
    types: [&["X-RADIO"], &["x-radio"]],
    is: |types| has(types, "x-radio") || has(types, "x-evolution-radio"),
};
pub const PAGER: Sort = Sort {
    names: &["TEL"],
    tags: &[c::PAGER_NUMBER],
    types: [&["PAGER"], &["pager"]],
    is: |types| has(types, "pager"),
};
pub const ASSISTANT: Sort = Sort {
    names: &["TEL"],
    tags: &[c::ASSISTANT_PHONE_NUMBER],
    types: [&["X-ASSISTANT"], &["x-assistant"]],
    is: |types| has(types, "x-assistant") || has(types, "x-evolution-assistant"),
};
pub const COMPANY_MAIN: Sort = Sort {
    names: &["TEL"],
    tags: &[c2::COMPANY_MAIN_PHONE],
    types: [&["WORK", "X-COMPANY-MAIN"], &["work", "x-company-main"]],
    is: |types| {
        has(types, "x-company-main") || has(types, "main") || has(types, "x-evolution-company")
    },
};
pub const MMS: Sort = Sort {
    names: &["TEL"],
    tags: &[c2::MMS],
    types: [&["X-MMS"], &["text"]],
    is: |types| has(types, "x-mms") || (has(types, "text") && !is_mobile(types)),
};

impl Sort {
    /// The values of the sort in a card. A value written twice, in the forms of two programs,
    /// counts once.
    pub fn candidates(&self, card: &Document) -> Vec<Candidate> {
        let mut found: Vec<Candidate> = Vec::new();
        for name in self.names {
            for (at, line) in card.lines().iter().enumerate() {
                if !line.is(name) {
                    continue;
                }
                let types = line.types();
                if !(self.is)(&types) {
                    continue;
                }
                let value = self.value(line);
                let twice = *name != self.names[0] && found.iter().any(|c| c.value == value);
                if value.is_empty() || twice {
                    continue;
                }
                let second = match self.names[0] {
                    "URL" => !has(&types, "work"),
                    _ => !line.is_preferred(),
                };
                found.push(Candidate {
                    at,
                    rank: u8::from(second),
                    value,
                    named: line
                        .param(SLOT)
                        .and_then(|slot| slot.parse::<usize>().ok()?.checked_sub(1)),
                });
            }
        }
        found
    }

    /// The line in each slot, by its place in the card.
    fn assigned(&self, card: &Document, places: &Places) -> Vec<Option<usize>> {
        let candidates = self.candidates(card);
        places
            .assign(self.tags, &candidates)
            .into_iter()
            .map(|found| found.map(|found| candidates[found].at))
            .collect()
    }

    /// A line, and those that say the same in the forms of other programs and count with it.
    fn with_twins(&self, card: &Document, at: usize) -> Vec<usize> {
        let lines = card.lines();
        let value = self.value(&lines[at]);
        let forms = &self.names[1..];
        let is_twin = |line: &Line| {
            forms.iter().any(|name| line.is(name))
                && (self.is)(&line.types())
                && self.value(line) == value
        };
        let twins = (0..lines.len()).filter(|other| *other != at && is_twin(&lines[*other]));
        [at].into_iter().chain(twins).collect()
    }

    /// The value in each slot; empty texts where there is none.
    pub fn values(&self, card: &Document, places: &Places) -> Vec<String> {
        self.assigned(card, places)
            .into_iter()
            .map(|at| at.map_or_else(String::new, |at| self.value(&card.lines()[at])))
            .collect()
    }

    /// A line's value as devices are shown it.
    fn value(&self, line: &Line) -> String {
        let text = line.text();
        match self.names[0] {
            "TEL" => number(&text).unwrap_or(&text).to_owned(),
            "IMPP" if line.is("IMPP") => match scheme(&text) {
                Some(scheme) => text[scheme.len() + 1..].to_owned(),
                None => text,
            },
            _ => text,
        }
    }

    /// What a device said of each slot, as it is shown once it is stored; empty where it emptied it.
    pub fn said(&self, texts: &BTreeMap<Tag, String>) -> Vec<Option<String>> {
        let of = |tag| Some(self.meant(texts.get(tag)?).to_owned());
        self.tags.iter().map(of).collect()
    }

    /// A text of a device as it is shown once it is stored.
    fn meant<'t>(&self, text: &'t str) -> &'t str {
        match self.names[0] {
            "EMAIL" => mailbox::parse(text).0,
            "TEL" => number(text).unwrap_or(text),
            "IMPP" => scheme(text).map_or(text, |scheme| &text[scheme.len() + 1..]),
            _ => text,
        }
    }

    /// Writes the changed slots. A value that is in the card keeps its line, with its types and its
    /// label, whichever slot it goes to; only one that is new takes over the line of its slot.
    pub fn patch(&self, changes: &BTreeMap<Tag, String>, places: &Places, patch: &mut Patch<'_>) {
        let card = patch.document();
        let slots = self.assigned(card, places);
        let changed: Vec<(usize, &String)> = self
            .tags
            .iter()
            .enumerate()
            .filter_map(|(number, tag)| Some((number, changes.get(tag)?)))
            .collect();
        let stays = |at: usize| {
            let slot = slots.iter().position(|slot| *slot == Some(at));
            slot.is_some_and(|slot| !changes.contains_key(&self.tags[slot]))
        };
        let mut open = self.candidates(card);
        open.retain(|candidate| !stays(candidate.at));
        let mut kept = Vec::new();
        let mut written = Vec::new();
        let mut new = Vec::new();
        for (number, value) in changed.iter().filter(|(_, value)| !value.is_empty()) {
            // The line of the slot itself says it otherwise: without its service, for example.
            let is_it = |candidate: &Candidate| {
                candidate.value == self.meant(value) && slots[*number] != Some(candidate.at)
            };
            match open.iter().position(is_it) {
                Some(found) => kept.push(open.remove(found).at),
                None => written.push((*number, *value)),
            }
        }
        let moved = !kept.is_empty();
        for (number, value) in written {
            match slots[number].filter(|at| !kept.contains(at)) {
                Some(at) => {
                    kept.push(at);
                    for at in self.with_twins(card, at) {
                        self.rewrite(at, value, patch);
                    }
                }
                None => new.push((number, value)),
            }
        }
        let mut emptied = false;
        for at in changed.iter().filter_map(|(number, _)| slots[*number]) {
            if !kept.contains(&at) {
                emptied = true;
                for at in self.with_twins(card, at) {
                    patch.remove(at);
                }
            }
        }
        // New lines fill the vacant slots from the front: what goes elsewhere says so. Where values
        // moved, all places are kept beside the card.
        let mut vacant = (0..slots.len()).filter(|number| slots[*number].is_none());
        let in_order = new.iter().all(|(number, _)| vacant.next() == Some(*number));
        let is_named = !moved && (emptied || !in_order);
        for (number, value) in new {
            let mut line = self.new_line(value, card);
            if is_named {
                line = line.with(SLOT, (number + 1).to_string());
            }
            patch.add(line);
        }
    }

    fn new_line(&self, value: &str, card: &Document) -> NewLine {
        let types = self.types[usize::from(card.version() == "4.0")];
        let (value, phrase) = self.parts(value, card);
        let line = NewLine::new(self.names[0], types, escape_text(value));
        match phrase {
            Some(phrase) => line.with(PHRASE, phrase),
            None => line,
        }
    }

    /// Another value for a line that keeps its group, labels and types.
    fn rewrite(&self, at: usize, value: &str, patch: &mut Patch<'_>) {
        let card = patch.document();
        let text = card.lines()[at].text();
        let (value, phrase) = self.parts(value, card);
        let Some(mut line) = patch.current(at) else {
            return;
        };
        let named = |param: &Param, name: &str| param.name.eq_ignore_ascii_case(name);
        line.params.retain(|param| !named(param, PHRASE));
        if let Some(phrase) = phrase {
            line = line.with(PHRASE, phrase);
        }
        line.raw = escape_text(value);
        if self.names[0] == "TEL" && number(&text).is_some() {
            let is_of_number = |c: char| c.is_ascii_digit() || "+()-. ".contains(c);
            if value.chars().all(is_of_number) {
                line.raw = format!("tel:{}", value.replace(' ', "-"))
            } else {
                line.params.retain(|param| !named(param, "VALUE"))
            }
        } else if card.lines()[at].is("IMPP")
            && let (Some(known), None) = (scheme(&text), scheme(value))
        {
            line.raw = escape_text(&format!("{known}:{value}"));
        }
        patch.replace(at, line);
    }

    /// A value without what stands around it, and a name before it that says something new.
    fn parts<'v>(&self, value: &'v str, card: &Document) -> (&'v str, Option<String>) {
        if self.names[0] != "EMAIL" {
            return (value, None);
        }
        let (address, phrase) = mailbox::parse(value);
        let known = |phrase: &String| *phrase != address && *phrase != card.formatted_name();
        (address, phrase.filter(known))
    }
}

/// Schemes of IMPP that say which service an address is of. What else stands before a colon may be a
/// part of the address: `live:anna` of Skype.
const SERVICES: [&str; 25] = [
    "aim", "callto", "facetime", "gg", "gtalk", "icq", "im", "irc", "ircs", "lync", "matrix",
    "msn", "msnim", "pres", "qq", "sip", "sips", "skype", "sms", "tel", "whatsapp", "x-apple",
    "xmpp", "yahoo", "ymsgr",
];

/// `xmpp` of `xmpp:anna@example.org`; none where it is no service.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once(':')?;
    let is_known = SERVICES
        .iter()
        .any(|known| known.eq_ignore_ascii_case(scheme));
    let is_said = !rest.is_empty() && !rest.starts_with(char::is_whitespace);
    (is_known && is_said).then_some(scheme)
}

/// The number of `tel:+331`, or of `TEL:+331`; none without the scheme.
pub fn number(text: &str) -> Option<&str> {
    let (scheme, number) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("tel").then_some(number)
}
