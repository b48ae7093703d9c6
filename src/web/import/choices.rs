//! The options of an import, and the person's choice of them.

use std::collections::HashMap;

use super::super::{facet::Choice as Choosable, form::Posted, when};
use crate::{
    domain::{id::Timestamp, likeness::Likeness},
    text::{Text, dates::month_first, fill, transfer::Transfer},
    transfer::{
        Alike, Asked as AskedFormat, Choice, Choices, File, Format, Job, Mapping, Options, Order,
    },
};

/// Columns that are offered with their destinations; further ones go where they were recognized.
const OFFERED: usize = 60;
/// Encodings worth choosing, as they are labelled.
const ENCODINGS: [(&str, &str); 7] = [
    ("utf-8", "UTF-8"),
    ("windows-1252", "Windows-1252"),
    ("macintosh", "MacRoman"),
    ("iso-8859-15", "ISO 8859-15"),
    ("windows-1250", "Windows-1250"),
    ("utf-16le", "UTF-16 LE"),
    ("utf-16be", "UTF-16 BE"),
];
const FORMATS: [(&str, &str); 5] = [
    ("vcard", "vCard"),
    ("csv", "CSV"),
    ("outlook", "Outlook"),
    ("google", "Google"),
    ("ldif", "LDIF"),
];

/// Ranges of records, at most.
const RANGES: usize = 1_000;

/// What the first line of a table is, where it names no columns.
const CONTACT: &str = "contact";

/// Name, label and options.
pub type Select = (&'static str, &'static str, Vec<Choosable>);

/// What the form of the second step says.
pub struct Asked {
    pub name: String,
    pub options: Options,
    pub choices: Choices,
    pub records: String,
    /// The tag that is offered.
    pub tag: String,
    /// Another format than the one the columns were shown for: they go anew where they belong.
    pub other_format: bool,
    /// Ranges of records, all where there are none; none where they cannot be read.
    only: Option<Vec<(u64, u64)>>,
}

/// How the reader writes dates, else how their language does.
fn usual_order(text: &Text) -> Order {
    if month_first(text) {
        Order::MonthFirst
    } else {
        Order::DayFirst
    }
}

impl Asked {
    /// The choices before anything was chosen.
    pub fn first(name: &str, text: &Text) -> Self {
        let tag = fill(
            text.transfer.imported_tag,
            &[&when::date_of(Timestamp::now(), text)],
        );
        Self {
            name: name.to_owned(),
            options: Options {
                usual_order: Some(usual_order(text)),
                ..Options::default()
            },
            choices: Choices {
                tag: Some(tag.clone()),
                ..Choices::default()
            },
            records: String::new(),
            tag,
            other_format: false,
            only: Some(Vec::new()),
        }
    }

    /// The choices in a submitted form.
    pub fn of(posted: &Posted) -> Self {
        let first = Self::first(posted.value("name"), posted.visit.text);
        let filled = |name: &str| Some(posted.value(name)).filter(|value| !value.is_empty());
        let mut codes: HashMap<usize, &str> = HashMap::new();
        let mut each = Choices::default().each;
        for (name, value) in posted.fields() {
            let number = |prefix: &str| name.strip_prefix(prefix)?.parse().ok();
            if let Some(at) = number("map-") {
                codes.insert(at, value);
            } else if let Some(record) = number("each-")
                && let Some(choice) = Choice::parse(value)
            {
                each.insert(record as u64, choice);
            }
        }
        let codes: Vec<String> = (0..codes.len())
            .map_while(|at| codes.get(&at).map(|code| (*code).to_owned()))
            .collect();
        let asked = AskedFormat::parse(posted.value("format")).unwrap_or_default();
        let other_format = is_other_format(posted.value("shown-as"), asked);
        let mapping = filled("fingerprint").filter(|_| !codes.is_empty() && !other_format);
        let chosen = |name: &str, otherwise| Choice::parse(posted.value(name)).unwrap_or(otherwise);
        let usual = Choices::default();
        Self {
            options: Options {
                asked,
                encoding: filled("encoding").map(str::to_owned),
                delimiter: match posted.value("delimiter") {
                    "tab" => Some('\t'),
                    other => other.chars().next().filter(|c| ",;|".contains(*c)),
                },
                date_order: Order::parse(posted.value("dates")),
                mappings: mapping
                    .map(|fingerprint| Mapping {
                        fingerprint: fingerprint.to_owned(),
                        codes,
                    })
                    .into_iter()
                    .collect(),
                collected: posted.checked("collected"),
                headless: posted.value("first-line") == CONTACT,
                ..first.options
            },
            choices: Choices {
                certain: chosen("certain", usual.certain),
                possible: chosen("possible", usual.possible),
                each,
                categories: posted.checked("categories"),
                tag: filled("tag").map(str::to_owned),
            },
            records: posted.value("records").to_owned(),
            other_format,
            only: ranges(posted.value("records")),
            ..first
        }
    }

    /// The format that is asked for, `auto` for what is recognized.
    pub fn format(&self) -> &'static str {
        let found = AskedFormat::ALL
            .into_iter()
            .find(|(_, format)| *format == self.options.asked);
        found.map_or("", |(name, _)| name)
    }

    /// The records that are asked for cannot be told from what was written.
    pub fn is_unclear(&self) -> bool {
        self.only.is_none()
    }

    /// Whether a record is to be imported.
    pub fn wants(&self, record: u64) -> bool {
        let within = |(first, last): &(u64, u64)| *first <= record && record <= *last;
        let asked = |only: &Vec<_>| only.is_empty() || only.iter().any(within);
        self.only.as_ref().is_some_and(asked)
    }

    /// Whether the records that are asked for are none of the file's.
    pub fn misses(&self, file: &File) -> bool {
        let mut records = file.entries.iter().map(|entry| entry.record);
        !file.entries.is_empty() && !records.any(|record| self.wants(record))
    }

    /// What becomes of a record that is like a contact there is.
    pub fn choice(&self, alike: &Alike) -> Choice {
        let usual = match alike.likeness {
            Likeness::Certain => self.choices.certain,
            Likeness::Possible => self.choices.possible,
        };
        self.choices
            .each
            .get(&alike.record)
            .copied()
            .unwrap_or(usual)
    }

    /// What is to be done with the file as it was shown, read by these options.
    pub fn job(&self, upload: &str, file: &File, mut options: Options) -> Job {
        // What was remembered may change meanwhile. The other members of an archive go by it too.
        if file.members.is_empty() {
            options.mappings.clear();
        }
        if !file.columns.is_empty() {
            let columns = file.columns.iter();
            let shown = Mapping {
                fingerprint: file.fingerprint.clone(),
                codes: columns.map(|column| column.code.clone()).collect(),
            };
            options.mappings.insert(0, shown);
        }
        Job {
            upload: upload.to_owned(),
            options,
            choices: self.choices.clone(),
            only: self.only.clone().unwrap_or_default(),
            found: file.entries.len() as u64,
        }
    }
}

/// Whether another format is asked for than the page was shown for.
fn is_other_format(shown_as: &str, asked: AskedFormat) -> bool {
    AskedFormat::parse(shown_as).is_some_and(|shown| shown != asked)
}

/// `1-200, 250`: no ranges are all records. None where a part of it is no range,
/// or there are too many.
fn ranges(text: &str) -> Option<Vec<(u64, u64)>> {
    let whole = |range: &str| range.trim().to_owned();
    let text = text.split('-').map(whole).collect::<Vec<_>>().join("-");
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        (first <= last).then_some((first, last))
    };
    let parts = text.split([',', ';', ' ']).filter(|part| !part.is_empty());
    if parts.clone().count() > RANGES {
        return None;
    }
    parts.map(range).collect()
}

/// A list of options with one of them selected.
fn select<'a>(
    options: impl IntoIterator<Item = (&'a str, &'a str)>,
    selected: &str,
) -> Vec<Choosable> {
    options
        .into_iter()
        .map(|(value, label)| Choosable {
            value: value.to_owned(),
            label: label.to_owned(),
            selected: value == selected,
        })
        .collect()
}

/// What a file was recognized as, in words.
pub fn recognized(file: &File, text: &Text) -> String {
    let x = text.transfer;
    let format = match file.format {
        Format::VCard => "vCard",
        Format::Ldif => "LDIF",
        Format::Outlook => "Outlook CSV",
        Format::OutlookWeb => "Outlook.com CSV",
        Format::GoogleOld | Format::GoogleNew => "Google CSV",
        Format::Thunderbird => "Thunderbird CSV",
        Format::Csv => "CSV",
    };
    let encoding = ENCODINGS.iter().find(|(code, _)| *code == file.encoding);
    let encoding = encoding.map_or(file.encoding, |(_, label)| label);
    let mut said = vec![format.to_owned(), encoding.to_owned()];
    said.extend(file.delimiter.map(|delimiter| match delimiter {
        '\t' => x.tab.to_owned(),
        other => fill(x.quoted, &[&other]),
    }));
    said.extend(file.date_order.map(|order| dates(order, x).to_owned()));
    said.join(", ")
}

fn dates(order: Order, x: &Transfer) -> &'static str {
    match order {
        Order::DayFirst => x.day_first,
        Order::MonthFirst => x.month_first,
    }
}

/// What was recognized can be chosen otherwise.
pub fn recognition(file: &File, asked: &Asked, x: &Transfer) -> Vec<Select> {
    let options = &asked.options;
    let usual = [("", x.recognize)];
    let mut selects = vec![(
        "format",
        x.format,
        select(usual.into_iter().chain(FORMATS), asked.format()),
    )];
    if file.format != Format::VCard {
        let chosen = options.encoding.as_deref().unwrap_or_default();
        let encodings = select(usual.into_iter().chain(ENCODINGS), chosen);
        selects.push(("encoding", x.encoding, encodings));
    }
    if file.delimiter.is_some() {
        let chosen = match options.delimiter {
            Some('\t') => "tab".to_owned(),
            other => other.map(String::from).unwrap_or_default(),
        };
        let delimiters = [(",", ","), (";", ";"), ("tab", x.tab), ("|", "|")];
        let delimiters = select(usual.into_iter().chain(delimiters), &chosen);
        selects.push(("delimiter", x.delimiter, delimiters));
        let chosen = if options.headless { CONTACT } else { "" };
        let lines = [("", x.first_line_header), (CONTACT, x.first_line_contact)];
        selects.push(("first-line", x.first_line, select(lines, chosen)));
    }
    if file.date_order.is_some() {
        let chosen = options.date_order.map_or("", Order::as_str);
        let orders = [Order::DayFirst, Order::MonthFirst];
        let orders = orders.map(|order| (order.as_str(), dates(order, x)));
        let orders = select(usual.into_iter().chain(orders), chosen);
        selects.push(("dates", x.date_order, orders));
    }
    selects
}

fn treatments(x: &Transfer) -> [(&'static str, &'static str); 4] {
    [
        (Choice::AddMissing.as_str(), x.add_missing),
        (Choice::Replace.as_str(), x.replace),
        (Choice::CreateAnyway.as_str(), x.create_anyway),
        (Choice::Skip.as_str(), x.skip),
    ]
}

/// What happens to contacts that are there already.
pub fn duplicates(asked: &Asked, x: &Transfer) -> Vec<Select> {
    let choices = &asked.choices;
    vec![
        (
            "certain",
            x.if_certain,
            select(treatments(x), choices.certain.as_str()),
        ),
        (
            "possible",
            x.if_possible,
            select(treatments(x), choices.possible.as_str()),
        ),
    ]
}

/// The choices of treatment for one record.
pub fn each(chosen: Option<Choice>, x: &Transfer) -> Vec<Choosable> {
    let usual = [("", x.as_above)];
    let all = usual.into_iter().chain(treatments(x));
    select(all, chosen.map_or("", Choice::as_str))
}

/// A column and where it may go.
pub struct ColumnChoice {
    pub header: String,
    pub sample: String,
    pub code: String,
    /// The column is offered, because it holds something.
    pub shown: bool,
    pub options: Vec<Choosable>,
}

/// The columns of a table whose destinations can be chosen.
pub fn columns(file: &File, text: &Text) -> Vec<ColumnChoice> {
    if !file.has_mapping() {
        return Vec::new();
    }
    let destinations = destinations(text);
    let mut offered = 0;
    let columns = file.columns.iter().zip(&file.samples);
    columns
        .map(|(column, sample)| {
            let shown = !sample.is_empty() && offered < OFFERED;
            offered += usize::from(shown);
            let known = destinations.iter().any(|(code, _)| *code == column.code);
            let own = (!known).then_some((&column.code[..], text.transfer.recognize));
            let all = destinations
                .iter()
                .map(|(code, label)| (*code, label.as_str()));
            ColumnChoice {
                header: column.header.clone(),
                sample: sample.clone(),
                code: column.code.clone(),
                shown,
                options: if shown {
                    select(own.into_iter().chain(all), &column.code)
                } else {
                    Vec::new()
                },
            }
        })
        .collect()
}

/// Where a column may go: the code, and what a person calls it.
fn destinations(text: &Text) -> Vec<(&'static str, String)> {
    let x = text.transfer;
    let of = |what: &str, kind: &str| format!("{what} ({kind})");
    let mut all: Vec<(&'static str, String)> = [
        ("", x.ignore),
        ("CUSTOM", x.keep_custom),
        ("FN", x.full_name),
        ("N.prefix", text.prefix),
        ("N.given", text.given_name),
        ("N.additional", text.middle_name),
        ("N.family", text.family_name),
        ("N.suffix", text.suffix),
        ("NICKNAME", text.nickname),
        ("ORG", text.organization),
        ("ORG.1", text.department),
        ("TITLE", text.job_title),
        ("EMAIL", text.email),
        ("TEL;cell", text.mobile),
        ("TEL", text.phone),
        ("TEL;fax", text.fax),
        ("TEL;home,fax", text.home_fax),
        ("TEL;pager", text.pager),
        ("IMPP", text.messaging_address),
        ("URL", text.web_page),
        ("BDAY", text.birthday),
        ("ANNIVERSARY", text.anniversary),
        ("RELATED;spouse", text.spouse),
        ("RELATED;manager", text.manager),
        ("RELATED;assistant", text.assistant),
        ("CATEGORIES", text.categories),
        ("NOTE", text.note),
    ]
    .map(|(code, label)| (code, label.to_owned()))
    .to_vec();
    all.push(("TEL;work", of(text.phone, text.work)));
    all.push(("TEL;home", of(text.phone, text.home)));
    let parts = [
        text.street,
        text.postal_code,
        text.city,
        text.region,
        text.country,
    ];
    let codes: [(&str, [&'static str; 5]); 3] = [
        (
            text.other,
            [
                "ADR.street",
                "ADR.code",
                "ADR.locality",
                "ADR.region",
                "ADR.country",
            ],
        ),
        (
            text.work,
            [
                "ADR;work.street",
                "ADR;work.code",
                "ADR;work.locality",
                "ADR;work.region",
                "ADR;work.country",
            ],
        ),
        (
            text.home,
            [
                "ADR;home.street",
                "ADR;home.code",
                "ADR;home.locality",
                "ADR;home.region",
                "ADR;home.country",
            ],
        ),
    ];
    for (kind, codes) in codes {
        let named = codes.into_iter().zip(parts);
        all.extend(named.map(|(code, part)| (code, of(part, kind))));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_go_anew_where_they_belong_when_another_format_is_chosen() {
        for (shown_as, asked, expected) in [
            ("auto", AskedFormat::Auto, false),
            ("auto", AskedFormat::Outlook, true),
            ("outlook", AskedFormat::Outlook, false),
            ("outlook", AskedFormat::Auto, true),
            ("", AskedFormat::Csv, false),
        ] {
            assert_eq!(is_other_format(shown_as, asked), expected, "{shown_as}");
        }
    }

    #[test]
    fn records_are_chosen_by_ranges() {
        for (text, expected) in [
            ("", Some(vec![])),
            ("7", Some(vec![(7, 7)])),
            ("1 - 200, 250", Some(vec![(1, 200), (250, 250)])),
            ("1-200, 250", Some(vec![(1, 200), (250, 250)])),
            ("none", None),
            ("3-y, 9", None),
            ("9, 200-1", None),
            ("-", None),
        ] {
            assert_eq!(ranges(text), expected, "{text}");
        }
        assert!(ranges(&"7,".repeat(RANGES)).is_some());
        assert_eq!(ranges(&"7,".repeat(RANGES + 1)), None);
    }
}
