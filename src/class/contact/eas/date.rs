//! Birthday and Anniversary: days that clients send as moments in time ([MS-ASCNTC] 2.2.2.3,
//! 2.2.2.6).

use carnet_proto::vcard::{Document, Edit as Patch, NewLine, PartialDate};
use chrono::NaiveDate;

use crate::eas::facet::{Days, View};

/// The year of a date without one, as Apple's programs have it.
const NO_YEAR: u16 = 1604;

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
        let line = &card.lines()[at];
        let Some(mut date) = PartialDate::parse(&line.text()) else {
            return String::new();
        };
        let omitted = line.param("X-APPLE-OMIT-YEAR");
        if omitted.and_then(|year| year.parse().ok()) == date.year {
            date.year = None;
        }
        match (date.year, date.month, date.day) {
            (year, Some(month), Some(day)) if year.is_none_or(|year| year >= 1601) => {
                let year = year.unwrap_or(NO_YEAR);
                format!("{year:04}-{month:02}-{day:02}{time}")
            }
            _ => String::new(),
        }
    }

    /// Sets or removes the date.
    pub fn patch(self, value: &str, patch: &mut Patch<'_>) {
        let card = patch.document();
        let at = self.place(card);
        let Some(date) = PartialDate::parse(value) else {
            if let Some(at) = at {
                patch.remove(at);
            }
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
        match at.and_then(|at| Some((at, patch.current(at)?))) {
            Some((at, mut line)) => {
                let omit = "X-APPLE-OMIT-YEAR";
                // Of another sort of value, or for another calendar, the date would not be one.
                let stale = [omit, "VALUE", "CALSCALE"];
                let is_stale =
                    |name: &str| stale.iter().any(|stale| name.eq_ignore_ascii_case(stale));
                line.params.retain(|param| !is_stale(&param.name));
                if without_year && !v4 {
                    line = line.with(omit, NO_YEAR.to_string());
                }
                patch.replace(at, NewLine { raw, ..line });
            }
            None => {
                let name = match (self, v4) {
                    (Sort::Anniversary, true) => "ANNIVERSARY",
                    _ => self.property(),
                };
                let line = NewLine::new(name, &[], raw);
                patch.add(if without_year && !v4 {
                    line.with("X-APPLE-OMIT-YEAR", NO_YEAR.to_string())
                } else {
                    line
                });
            }
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
        let lines = card.lines();
        let named = |name: &str| lines.iter().position(|line| line.is(name));
        match self {
            Sort::Birthday => named("BDAY"),
            Sort::Anniversary => named("ANNIVERSARY")
                .or_else(|| named("X-ANNIVERSARY"))
                .or_else(|| named("X-EVOLUTION-ANNIVERSARY"))
                .or_else(|| super::related::labelled(card, "X-ABDATE", "_$!<Anniversary>!$_")),
        }
    }
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
