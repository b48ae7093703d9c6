//! Birthday and Anniversary: days that clients send as moments in time ([MS-ASCNTC] 2.2.2.3,
//! 2.2.2.6).

use carnet_proto::vcard::{Document, Edit as Patch, Line, NewLine, PartialDate, apple};
use chrono::NaiveDate;

use crate::eas::facet::{Days, View};

/// The year of a date without one, as Apple's programs have it.
const NO_YEAR: u16 = 1604;
/// The parameter that says so, with that year.
const OMIT_YEAR: &str = "X-APPLE-OMIT-YEAR";

/// Birthday or anniversary.
#[derive(Clone, Copy, PartialEq)]
pub enum Sort {
    Birthday,
    Anniversary,
}

impl Sort {
    /// `1996-04-15T11:59:00.000Z`; empty for partial dates and years a client cannot hold.
    pub fn export(self, card: &Document, time: &str) -> String {
        let Some(at) = self.place(card) else {
            return String::new();
        };
        let Some(date) = date_of(&card.lines()[at]) else {
            return String::new();
        };
        match (date.year, date.month, date.day) {
            (year, Some(month), Some(day)) if year.is_none_or(|year| year >= 1601) => {
                let year = year.unwrap_or(NO_YEAR);
                format!("{year:04}-{month:02}-{day:02}{time}")
            }
            _ => String::new(),
        }
    }

    /// Sets or removes the date, in each form that it has.
    pub fn patch(self, value: &str, patch: &mut Patch<'_>) {
        let card = patch.document();
        let mut places = self.places(card);
        if let [first, ..] = places[..] {
            let shown = date_of(&card.lines()[first]);
            places.retain(|at| {
                *at == first || (shown.is_some() && date_of(&card.lines()[*at]) == shown)
            });
        }
        let Some(date) = PartialDate::parse(value) else {
            places.into_iter().for_each(|at| patch.remove(at));
            return;
        };
        let v4 = card.version() == "4.0";
        let without_year = matches!(date.year, None | Some(NO_YEAR)) && date.day.is_some();
        let year = match (v4, without_year) {
            (true, true) => None,
            (false, true) => Some(NO_YEAR),
            (_, false) => date.year,
        };
        let date = PartialDate { year, ..date };
        let raw = if v4 { date.basic() } else { date.extended() };
        let with_year = |line: NewLine| {
            if without_year && !v4 {
                line.with(OMIT_YEAR, NO_YEAR.to_string())
            } else {
                line
            }
        };
        if places.is_empty() {
            let name = match (self, v4) {
                (Sort::Anniversary, true) => "ANNIVERSARY",
                _ => self.property(),
            };
            patch.add(with_year(NewLine::new(name, &[], raw)));
            return;
        }
        for at in places {
            let Some(mut line) = patch.current(at) else {
                continue;
            };
            // Of another sort of value, or for another calendar, the date would not be one.
            let stale = [OMIT_YEAR, "VALUE", "CALSCALE"];
            let is_stale = |name: &str| stale.iter().any(|stale| name.eq_ignore_ascii_case(stale));
            line.params.retain(|param| !is_stale(&param.name));
            line.raw.clone_from(&raw);
            patch.replace(at, with_year(line));
        }
    }

    /// `1996-04-15`, or `--04-15` without a year; text that is not a date unchanged.
    pub fn text(self, card: &Document) -> String {
        let Some(line) = self.place(card).map(|at| &card.lines()[at]) else {
            return String::new();
        };
        let text = line.text();
        match PartialDate::parse(&text) {
            Some(PartialDate {
                year: None | Some(NO_YEAR),
                month: Some(month),
                day: Some(day),
            }) => format!("--{month:02}-{day:02}"),
            Some(date) => date.extended(),
            None => text,
        }
    }

    /// The property that new lines of a 3.0 card have.
    pub fn property(self) -> &'static str {
        match self {
            Sort::Birthday => "BDAY",
            Sort::Anniversary => "X-ANNIVERSARY",
        }
    }

    /// The line that holds the date.
    pub fn place(self, card: &Document) -> Option<usize> {
        self.places(card).into_iter().next()
    }

    /// The lines of the date in the forms of all programs; the first is the one that is read.
    fn places(self, card: &Document) -> Vec<usize> {
        let lines = card.lines();
        let named = |name: &&'static str| {
            let name = *name;
            (0..lines.len()).filter(move |at| lines[*at].is(name))
        };
        let names: &[&'static str] = match self {
            Sort::Birthday => &["BDAY"],
            Sort::Anniversary => &["ANNIVERSARY", "X-ANNIVERSARY", "X-EVOLUTION-ANNIVERSARY"],
        };
        let mut places: Vec<usize> = names.iter().flat_map(named).collect();
        if self == Sort::Anniversary {
            let label = apple::ANNIVERSARY;
            places.extend(super::related::labelled(card, "X-ABDATE", label));
        }
        places
    }
}

/// The date of a line, without a year that stands for none.
fn date_of(line: &Line) -> Option<PartialDate> {
    let mut date = PartialDate::parse(&line.text())?;
    let omitted = line.param(OMIT_YEAR);
    if omitted.and_then(|year| year.parse().ok()) == date.year {
        date.year = None;
    }
    Some(date)
}

/// The day a client means, as `1996-04-15`; empty for text that is not a date.
///
/// Clients east of UTC send local midnight, which is the evening before in UTC. From UTC+12 on,
/// this differs from a time of day only where the zone is known ([`View::midnight`]).
pub fn normalise(text: &str, view: &View) -> String {
    let text = text.trim();
    let Some(date) = PartialDate::parse(text) else {
        return String::new();
    };
    let (Some(year), Some(month), Some(day)) = (date.year, date.month, date.day) else {
        return String::new();
    };
    let minutes = minutes_of(text);
    let Some(mut day) = NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()) else {
        return String::new();
    };
    // An hour more: half of the days of a year may have another offset.
    let local = |offset: i32| i64::from(minutes) + i64::from(offset) + 60;
    let is_next = match view.midnight.filter(|offset| *offset >= 12 * 60) {
        _ if view.days == Days::Noon => false,
        Some(offset) => local(offset) >= 24 * 60,
        None => minutes > 12 * 60,
    };
    if is_next {
        day = day.succ_opt().unwrap_or(day);
    }
    day.format("%Y-%m-%d").to_string()
}

/// Minutes after midnight of a date with a time.
fn minutes_of(text: &str) -> u32 {
    let digits: String = text
        .split_once('T')
        .map(|(_, time)| time.chars().filter(char::is_ascii_digit).take(4).collect())
        .unwrap_or_default();
    match digits.len() {
        4 => digits[..2].parse::<u32>().unwrap_or(0) * 60 + digits[2..].parse().unwrap_or(0),
        _ => 0,
    }
}

/// Whether a date is sent with the time that the client gives to any date, so that no time zone
/// moved it to another day: 00:00, 08:00, 11:59, 12:00.
pub fn is_fixed(text: &str, view: &View) -> bool {
    match view.days {
        Days::Midnight => false,
        Days::Noon => true,
        Days::Any => [0, 8 * 60, 11 * 60 + 59, 12 * 60].contains(&minutes_of(text)),
    }
}

/// Whether a date sent with other changes is the date shown before, shifted by a time zone.
pub fn is_echo(sent: &str, shown: &str) -> bool {
    let day = |text: &str| NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok();
    match (day(sent), day(shown)) {
        (Some(sent), Some(shown)) => (sent - shown).num_days().abs() <= 1,
        _ => false,
    }
}
