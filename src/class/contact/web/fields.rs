//! The fields of pages and forms: one row each, with the property of the card it stands for.

use carnet_proto::vcard::{Document, Edit as Patch, Line, Param, apple, escape_text};

use super::form::{position, set, set_component};
use crate::{
    class::contact::eas::{
        date,
        related::{self, Sort as Relation},
    },
    text::Text,
};

/// A label in the reader's language.
pub type Label = fn(&Text) -> &'static str;

/// A field with one value.
pub struct Single {
    pub id: &'static str,
    pub place: Place,
    pub label: Label,
    pub rare: bool,
}

/// Where a single value lives.
pub enum Place {
    /// A component of a structured line.
    Component(&'static str, usize),
    /// A line with one text; the first name is written, all are read.
    Text(&'static [&'static str]),
    /// A comma-separated list, of all lines together.
    List(&'static str),
    /// A date.
    Date(date::Sort),
    /// One of a few words.
    Choice(&'static Choices),
    /// The formatted name, where it is not made of the name.
    Formatted,
}

/// A choice: the value of each option with its label, and where it lives.
pub struct Choices {
    pub options: &'static [(&'static str, Label)],
    /// Properties it is read from.
    pub properties: &'static [&'static str],
    pub get: fn(&Document) -> String,
    pub set: fn(&str, &mut Patch<'_>),
}

/// RFC 6350 §6.2.7
static GENDER: Choices = Choices {
    options: &[
        ("", |t| t.gender_unsaid),
        ("F", |t| t.gender_female),
        ("M", |t| t.gender_male),
        ("O", |t| t.gender_other),
        ("N", |t| t.gender_none),
        ("U", |t| t.gender_unknown),
    ],
    properties: &["GENDER"],
    get: |card| {
        let gender = card.first("GENDER").map(|line| line.components());
        let letter = gender.and_then(|parts| parts.into_iter().next());
        letter.unwrap_or_default().to_ascii_uppercase()
    },
    set: |value, patch| set_component(patch, "GENDER", 0, value),
};

/// A person, or a company: KIND (RFC 6350 §6.1.4), X-ABShowAs of Apple's programs before it.
static COMPANY: Choices = Choices {
    options: &[("", |t| t.kind_person), ("org", |t| t.kind_company)],
    properties: &["X-ABShowAs"],
    get: |card| {
        if card.is_company() {
            "org".to_owned()
        } else {
            String::new()
        }
    },
    set: |value, patch| {
        for name in ["KIND", "X-ABShowAs"] {
            if let Some(at) = position(patch.document(), &[name]) {
                patch.remove(at);
            }
        }
        let is_newest = patch.document().version() == "4.0";
        match (value.is_empty(), is_newest) {
            (true, _) => {}
            (false, true) => set(patch, &["KIND"], escape_text(value)),
            (false, false) => set(patch, &["X-ABShowAs"], "COMPANY".to_owned()),
        }
    },
};

const fn single(id: &'static str, place: Place, label: Label) -> Single {
    Single {
        id,
        place,
        label,
        rare: false,
    }
}

const fn rare(id: &'static str, place: Place, label: Label) -> Single {
    Single {
        id,
        place,
        label,
        rare: true,
    }
}

const NAMES: [Single; 12] = [
    single("given", Place::Component("N", 1), |t| t.given_name),
    single("family", Place::Component("N", 0), |t| t.family_name),
    rare("prefix", Place::Component("N", 3), |t| t.prefix),
    rare("middle", Place::Component("N", 2), |t| t.middle_name),
    rare("suffix", Place::Component("N", 4), |t| t.suffix),
    rare("nickname", Place::Text(&["NICKNAME"]), |t| t.nickname),
    rare(
        "phonetic-given",
        Place::Text(&["X-PHONETIC-FIRST-NAME"]),
        |t| t.phonetic_given_name,
    ),
    rare(
        "phonetic-middle",
        Place::Text(&["X-PHONETIC-MIDDLE-NAME"]),
        |t| t.phonetic_middle_name,
    ),
    rare(
        "phonetic-family",
        Place::Text(&["X-PHONETIC-LAST-NAME"]),
        |t| t.phonetic_family_name,
    ),
    rare("formatted", Place::Formatted, |t| t.displayed_name),
    rare("file-as", Place::Text(&["X-EVOLUTION-FILE-AS"]), |t| {
        t.file_as
    }),
    rare(KIND, Place::Choice(&COMPANY), |t| t.kind),
];

const ORGANIZATION: [Single; 6] = [
    single("org", Place::Component("ORG", 0), |t| t.organization),
    single("title", Place::Text(&["TITLE"]), |t| t.job_title),
    rare("role", Place::Text(&["ROLE"]), |t| t.job_role),
    rare("department", Place::Component("ORG", 1), |t| t.department),
    rare("office", Place::Component("ORG", 2), |t| t.office),
    rare("phonetic-org", Place::Text(&["X-PHONETIC-ORG"]), |t| {
        t.phonetic_organization
    }),
];

const DATES: [Single; 2] = [
    single("bday", Place::Date(date::Sort::Birthday), |t| t.birthday),
    single("anniversary", Place::Date(date::Sort::Anniversary), |t| {
        t.anniversary
    }),
];

const CATEGORIES: [Single; 1] = [single("categories", Place::List("CATEGORIES"), |t| {
    t.categories
})];

const PARTICULARS: [Single; 4] = [
    single("gender", Place::Choice(&GENDER), |t| t.gender),
    rare("customer-id", Place::Text(&["X-CARNET-CUSTOMERID"]), |t| {
        t.customer_id
    }),
    rare(
        "government-id",
        Place::Text(&["X-CARNET-GOVERNMENTID"]),
        |t| t.government_id,
    ),
    rare("account", Place::Text(&["X-CARNET-ACCOUNTNAME"]), |t| {
        t.account_name
    }),
];

/// A person or a company: the form asks, a card shows it by its name.
const KIND: &str = "kind";

/// A section of the form.
pub struct Part {
    pub id: &'static str,
    pub title: Label,
    pub singles: &'static [Single],
    /// Names of its [`LISTS`].
    pub lists: &'static [&'static str],
}

/// The sections of the form, in its order; the note stands in the one called so.
pub static PARTS: [Part; 9] = [
    part("name", |t| t.name, &NAMES, &[]),
    part("organization", |t| t.organization, &ORGANIZATION, &[]),
    part("numbers", |t| t.phones, &[], &["tel"]),
    part(
        "messages",
        |t| t.book.messages,
        &[],
        &["email", "impp", "url"],
    ),
    part("addresses", |t| t.addresses, &[], &["adr"]),
    part("dates", |t| t.book.dates, &DATES, &[]),
    part("related-people", |t| t.related, &[], &["related"]),
    part(NOTE, |t| t.note, &CATEGORIES, &[]),
    part("more", |t| t.book.more, &PARTICULARS, &["more", "custom"]),
];

/// The section and the field of the note.
pub const NOTE: &str = "note";

const fn part(
    id: &'static str,
    title: Label,
    singles: &'static [Single],
    lists: &'static [&'static str],
) -> Part {
    Part {
        id,
        title,
        singles,
        lists,
    }
}

/// Every field with one value.
pub fn singles() -> impl Iterator<Item = &'static Single> {
    PARTS.iter().flat_map(|part| part.singles)
}

impl Single {
    /// What the head of a card says already.
    pub fn is_in_head(&self) -> bool {
        match self.place {
            Place::Component(..) | Place::Formatted => true,
            Place::Text(names) => names == ["TITLE"],
            _ => self.id == KIND,
        }
    }
}

/// A list of values, each of a kind.
pub struct Several {
    pub name: &'static str,
    pub legend: Label,
    /// What one value is called.
    pub label: Label,
    pub kinds: Kinds,
    /// Component and label of each input; none for values with a single one.
    pub inputs: &'static [(usize, Label)],
    pub own: Own,
}

/// Where a label lives that a person chose for one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// There is none.
    Nowhere,
    /// X-ABLabel in the group of the line, as Apple's programs do.
    Group,
    /// A parameter of the line.
    Param(&'static str),
}

/// How the lines of a list are told apart.
pub enum Kinds {
    /// Each kind is a property of its own: id, property, label.
    Properties(&'static [(&'static str, &'static str, Label)]),
    /// The kinds are told apart by the types of one property; the first whose test passes is shown.
    Types(&'static str, &'static [Kind]),
    /// People related to the contact, whatever the form of the line.
    Relations(&'static [(&'static str, &'static Relation, Label)]),
}

/// One kind of a typed value.
pub struct Kind {
    pub id: &'static str,
    /// Types of a new line.
    pub types: &'static [&'static str],
    is: fn(&Line) -> bool,
    pub label: Label,
}

const fn kind(
    id: &'static str,
    types: &'static [&'static str],
    is: fn(&Line) -> bool,
    label: Label,
) -> Kind {
    Kind {
        id,
        types,
        is,
        label,
    }
}

const HOME: Kind = kind("home", &["HOME"], |l| l.has_type("home"), |t| t.home);
const WORK: Kind = kind("work", &["WORK"], |l| l.has_type("work"), |t| t.work);
const OTHER: Kind = kind("other", &[], |_| true, |t| t.other);

/// The special kinds come first: a work fax is a fax.
const NUMBERS: [Kind; 12] = [
    kind(
        "home-fax",
        &["HOME", "FAX"],
        |l| l.has_type("fax") && l.has_type("home"),
        |t| t.home_fax,
    ),
    kind("fax", &["WORK", "FAX"], |l| l.has_type("fax"), |t| t.fax),
    kind("cell", &["CELL"], |l| l.has_type("cell"), |t| t.mobile),
    kind("pager", &["PAGER"], |l| l.has_type("pager"), |t| t.pager),
    kind(
        "car",
        &["CAR"],
        |l| l.has_type("car") || l.has_type("x-car"),
        |t| t.car,
    ),
    kind(
        "radio",
        &["X-RADIO"],
        |l| l.has_type("x-radio") || l.has_type("x-evolution-radio"),
        |t| t.radio,
    ),
    kind(
        "assistant",
        &["X-ASSISTANT"],
        |l| l.has_type("x-assistant") || l.has_type("x-evolution-assistant"),
        |t| t.assistant,
    ),
    kind(
        "main",
        &["WORK", "X-COMPANY-MAIN"],
        |l| l.has_type("x-company-main") || l.has_type("main") || l.has_type("x-evolution-company"),
        |t| t.company_main,
    ),
    kind(
        "mms",
        &["X-MMS"],
        |l| l.has_type("x-mms") || l.has_type("text"),
        |t| t.mms,
    ),
    HOME,
    WORK,
    OTHER,
];

const PLACES: [Kind; 3] = [HOME, WORK, OTHER];

/// The lists of typed values, in the order of forms.
pub const LISTS: [Several; 8] = [
    Several {
        name: "tel",
        legend: |t| t.phones,
        label: |t| t.phone,
        kinds: Kinds::Types("TEL", &NUMBERS),
        inputs: &[],
        own: Own::Group,
    },
    Several {
        name: "email",
        legend: |t| t.emails,
        label: |t| t.email,
        kinds: Kinds::Types("EMAIL", &PLACES),
        inputs: &[],
        own: Own::Group,
    },
    Several {
        name: "impp",
        legend: |t| t.messaging,
        label: |t| t.messaging_address,
        kinds: Kinds::Types("IMPP", &PLACES),
        inputs: &[],
        own: Own::Group,
    },
    Several {
        name: "adr",
        legend: |t| t.addresses,
        label: |t| t.address,
        kinds: Kinds::Types("ADR", &PLACES),
        inputs: &[
            (2, |t| t.street),
            (5, |t| t.postal_code),
            (3, |t| t.city),
            (4, |t| t.region),
            (6, |t| t.country),
            (1, |t| t.address_extension),
            (0, |t| t.post_office_box),
        ],
        own: Own::Group,
    },
    Several {
        name: "url",
        legend: |t| t.web_pages,
        label: |t| t.web_page,
        kinds: Kinds::Types("URL", &PLACES),
        inputs: &[],
        own: Own::Group,
    },
    Several {
        name: "related",
        legend: |t| t.related,
        label: |t| t.name,
        kinds: Kinds::Relations(&[
            ("spouse", &related::SPOUSE, |t| t.spouse),
            ("child", &related::CHILD, |t| t.child),
            ("assistant", &related::ASSISTANT, |t| t.assistant),
            ("manager", &related::MANAGER, |t| t.manager),
            ("partner", &related::PARTNER, |t| t.partner),
            ("parent", &related::PARENT, |t| t.parent),
            ("sibling", &related::SIBLING, |t| t.sibling),
            ("friend", &related::FRIEND, |t| t.friend),
            ("colleague", &related::COLLEAGUE, |t| t.colleague),
            ("emergency", &related::EMERGENCY, |t| t.emergency),
        ]),
        inputs: &[],
        own: Own::Nowhere,
    },
    // RFC 6350 §6.4.4, §6.5.1, §6.9; RFC 6474; RFC 6715.
    Several {
        name: "more",
        legend: |t| t.more_values,
        label: |t| t.value,
        kinds: Kinds::Properties(&[
            ("language", "LANG", |t| t.language),
            ("zone", "TZ", |t| t.time_zone),
            ("hobby", "HOBBY", |t| t.hobby),
            ("interest", "INTEREST", |t| t.interest),
            ("expertise", "EXPERTISE", |t| t.expertise),
            ("birthplace", "BIRTHPLACE", |t| t.birthplace),
            ("deathplace", "DEATHPLACE", |t| t.deathplace),
            ("deathdate", "DEATHDATE", |t| t.deathdate),
            ("calendar", "CALURI", |t| t.calendar_address),
            ("requests", "CALADRURI", |t| t.calendar_requests),
            ("busy", "FBURL", |t| t.free_busy),
            ("directory", "ORG-DIRECTORY", |t| t.organization_directory),
        ]),
        inputs: &[],
        own: Own::Nowhere,
    },
    Several {
        name: "custom",
        legend: |t| t.own_fields,
        label: |t| t.value,
        kinds: Kinds::Properties(&[("custom", "X-CARNET-CUSTOM", |t| t.own_fields)]),
        inputs: &[],
        own: Own::Param("X-NAME"),
    },
];

/// A line of a list: its place in the card and its kind.
pub struct Row {
    pub at: usize,
    pub kind: &'static str,
}

impl Several {
    /// The lines of the list, in the order of the card.
    pub fn rows(&self, card: &Document) -> Vec<Row> {
        let relations = match &self.kinds {
            Kinds::Relations(relations) => related_rows(relations, card),
            _ => Vec::new(),
        };
        let lines = card.lines().iter().enumerate();
        let typed = lines.filter_map(|(at, line)| self.kind_of(line).map(|kind| Row { at, kind }));
        relations.into_iter().chain(typed).collect()
    }

    /// The kind of a line that tells it by itself.
    fn kind_of(&self, line: &Line) -> Option<&'static str> {
        match &self.kinds {
            Kinds::Properties(properties) => {
                let found = properties.iter().find(|(_, name, _)| line.is(name));
                found.map(|(kind, ..)| *kind)
            }
            Kinds::Types(property, kinds) => line.is(property).then(|| {
                let found = kinds.iter().find(|kind| (kind.is)(line));
                found.map_or("other", |kind| kind.id)
            }),
            Kinds::Relations(_) => None,
        }
    }

    /// Whether a type is part of what tells the kinds apart; one that is not says something else of
    /// a value, such as that it is the preferred one.
    pub fn is_kind(&self, name: &str) -> bool {
        let line = |property: &str| Line {
            range: 0..0,
            group: None,
            name: property.to_owned(),
            params: vec![Param {
                name: "TYPE".to_owned(),
                values: vec![name.to_owned()],
            }],
            raw: Vec::new(),
            escapes_little: false,
        };
        match &self.kinds {
            Kinds::Types(property, _) => self.kind_of(&line(property)) != Some(OTHER.id),
            Kinds::Properties(_) | Kinds::Relations(_) => false,
        }
    }

    /// Id and label of every kind; the kind of a new value first.
    pub fn choices(&self, text: &Text) -> Vec<(&'static str, &'static str)> {
        let mut choices: Vec<(&str, &str)> = match &self.kinds {
            Kinds::Types(_, kinds) => kinds.iter().map(|k| (k.id, (k.label)(text))).collect(),
            Kinds::Properties(properties) => named(properties, text),
            Kinds::Relations(relations) => named(relations, text),
        };
        if let Some(mobile) = choices.iter().position(|(id, _)| *id == "cell") {
            choices[..=mobile].rotate_right(1);
        }
        choices
    }
}

fn related_rows(relations: &[(&'static str, &Relation, Label)], card: &Document) -> Vec<Row> {
    let mut rows: Vec<Row> = relations
        .iter()
        .flat_map(|(kind, sort, _)| {
            let places = sort.places(card).into_iter();
            places.map(|at| Row { at, kind })
        })
        .collect();
    rows.sort_by_key(|row| row.at);
    rows
}

fn named<T>(kinds: &[(&'static str, T, Label)], text: &Text) -> Vec<(&'static str, &'static str)> {
    let named = kinds.iter().map(|(id, _, label)| (*id, label(text)));
    named.collect()
}

impl Own {
    /// The label of a line; empty when it has none of its own.
    pub fn label(self, card: &Document, line: &Line) -> String {
        let label = match self {
            Own::Nowhere => None,
            Own::Param(name) => line.param(name).map(str::to_owned),
            Own::Group => Some(card.label(line)),
        };
        // Apple's own words are kinds, not labels somebody wrote.
        label
            .filter(|label| !apple::is_own(label))
            .unwrap_or_default()
    }
}
