//! Dates: extended in version 3.0 (RFC 2426 §4), basic in 4.0 (RFC 6350 §4.3).

use super::{NewLine, drop_param, param};
use crate::vcard::{date::PartialDate, line::Line};

/// The year Apple writes where there is none.
const NO_YEAR: u16 = 1604;
const OMIT_YEAR: &str = "X-APPLE-OMIT-YEAR";

/// BDAY as version 4.0 has it.
pub(super) fn to_v4(line: &Line, new: &mut NewLine) {
    match Moment::of(line) {
        Some(Moment::Time(time)) => {
            drop_param(new, "VALUE");
            new.raw = time.basic();
        }
        Some(Moment::Date(mut date)) => {
            if is_without_year(line, date) {
                date.year = None;
                drop_param(new, OMIT_YEAR);
            }
            drop_param(new, "VALUE");
            new.raw = date.basic();
        }
        None => {}
    }
}

/// BDAY, or Apple's date, as version 3.0 has it.
pub(super) fn to_v3(line: &Line, new: &mut NewLine) {
    if value_is(line, &["date-and-or-time", "timestamp", "time"]) {
        drop_param(new, "VALUE");
    }
    match Moment::of(line) {
        Some(Moment::Time(time)) => new.raw = time.extended(),
        Some(Moment::Date(date)) => match (told_year(line, date), date.month, date.day) {
            (None, Some(month), Some(day)) => {
                drop_param(new, OMIT_YEAR);
                let omitted = param(OMIT_YEAR, &NO_YEAR.to_string());
                new.params.insert(0, omitted);
                new.raw = format!("{NO_YEAR}-{month:02}-{day:02}");
            }
            _ => new.raw = date.extended(),
        },
        None => {}
    }
}

/// Whether a line of version 3.0 names its kind of value as 4.0 does.
pub(super) fn is_of_v4(line: &Line) -> bool {
    value_is(line, &["date-and-or-time", "timestamp"])
}

/// Whether a line of version 4.0 names a year where there is none.
pub(super) fn is_of_v3(line: &Line) -> bool {
    matches!(Moment::of(line), Some(Moment::Date(date)) if is_without_year(line, date))
}

/// Whether the year of a date is none, as its line says or as some programs forget to say.
fn is_without_year(line: &Line, date: PartialDate) -> bool {
    let omitted = line.param(OMIT_YEAR).and_then(|year| year.parse().ok());
    let is_day = date.month.is_some() && date.day.is_some();
    date.year.is_some() && (date.year == omitted || is_day && date.year == Some(NO_YEAR))
}

/// The year, where a line of version 4.0 tells one.
fn told_year(line: &Line, date: PartialDate) -> Option<u16> {
    date.year.filter(|_| !is_without_year(line, date))
}

fn value_is(line: &Line, kinds: &[&str]) -> bool {
    line.param("VALUE")
        .is_some_and(|value| kinds.iter().any(|kind| value.eq_ignore_ascii_case(kind)))
}

/// REV, a moment in both versions.
pub(super) fn rev(line: &Line, new: &mut NewLine, to_v4: bool) {
    if let Some(Moment::Time(time)) = Moment::of(line) {
        drop_param(new, "VALUE");
        new.raw = if to_v4 { time.basic() } else { time.extended() };
    }
}

/// Whether a line tells a day of a month, which every version and Apple's programs can say.
pub(super) fn is_day(line: &Line) -> bool {
    match Moment::of(line) {
        Some(Moment::Time(_)) => true,
        Some(Moment::Date(date)) => date.day.is_some(),
        None => false,
    }
}

enum Moment {
    Date(PartialDate),
    Time(DateTime),
}

impl Moment {
    /// None for what is a text or no date.
    fn of(line: &Line) -> Option<Self> {
        if value_is(line, &["text"]) {
            return None;
        }
        let text = line.text();
        let text = text.trim();
        if text.contains(['T', 't', ' ']) {
            DateTime::parse(text).map(Moment::Time)
        } else {
            PartialDate::parse(text)
                .filter(|date| date.year.is_none() || is_year(text))
                .map(Moment::Date)
        }
    }
}

/// `70-7-14` is of no year that anybody knows.
fn is_year(text: &str) -> bool {
    let year = text.as_bytes().get(..4);
    year.is_some_and(|year| year.iter().all(u8::is_ascii_digit))
}

/// A whole date, a time of some accuracy and its zone, all digits.
struct DateTime {
    date: String,
    time: String,
    /// Empty, `Z`, `-05`, `-0500`.
    zone: String,
}

impl DateTime {
    fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', 't'])?;
        let zone = rest.find(['Z', 'z', '+', '-']).unwrap_or(rest.len());
        let (time, zone) = rest.split_at(zone);
        let digits = |text: &str, separator: char, lengths: &[usize]| {
            let found: String = text.chars().filter(|c| *c != separator).collect();
            let is_number = found.bytes().all(|b| b.is_ascii_digit());
            (is_number && lengths.contains(&found.len())).then_some(found)
        };
        let zone = match zone.split_at_checked(1) {
            None => String::new(),
            Some(("Z" | "z", "")) => "Z".to_owned(),
            Some((sign, offset)) => format!("{sign}{}", digits(offset, ':', &[2, 4])?),
        };
        Some(Self {
            date: digits(date, '-', &[8])?,
            time: digits(time, ':', &[2, 4, 6])?,
            zone,
        })
    }

    fn basic(&self) -> String {
        format!("{}T{}{}", self.date, self.time, self.zone)
    }

    fn extended(&self) -> String {
        let (year, rest) = self.date.split_at(4);
        let (month, day) = rest.split_at(2);
        let pairs = |digits: &str| {
            let starts = (0..digits.len()).step_by(2);
            let pairs: Vec<&str> = starts.map(|at| &digits[at..at + 2]).collect();
            pairs.join(":")
        };
        let zone = match self.zone.split_at_checked(1) {
            Some((sign @ ("+" | "-"), offset)) => format!("{sign}{}", pairs(offset)),
            _ => self.zone.clone(),
        };
        format!("{year}-{month}-{day}T{}{zone}", pairs(&self.time))
    }
}
