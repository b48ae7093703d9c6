//! Dates: extended in version 3.0 (RFC 2426 §4), basic in 4.0 (RFC 6350 §4.3).

use super::{NewLine, drop_param, param};
use crate::vcard::{date::PartialDate, line::Line};

/// The year Apple writes where there is none.
const NO_YEAR: &str = "1604";

/// BDAY as version 4.0 has it.
pub(super) fn to_v4(line: &Line, new: &mut NewLine) {
    let omitted = line.param("X-APPLE-OMIT-YEAR").and_then(|y| y.parse().ok());
    match Moment::of(line) {
        Some(Moment::Time(time)) => {
            drop_param(new, "VALUE");
            new.raw = time.basic();
        }
        Some(Moment::Date(mut date)) => {
            if omitted.is_some() && date.year == omitted {
                date.year = None;
                drop_param(new, "X-APPLE-OMIT-YEAR");
            }
            drop_param(new, "VALUE");
            new.raw = date.basic();
        }
        None => {}
    }
}

/// BDAY, or Apple's date, as version 3.0 has it.
pub(super) fn to_v3(line: &Line, new: &mut NewLine) {
    let is_of_v4 = |value: &str| {
        ["date-and-or-time", "timestamp", "time"]
            .iter()
            .any(|name| value.eq_ignore_ascii_case(name))
    };
    if line.param("VALUE").is_some_and(is_of_v4) {
        drop_param(new, "VALUE");
    }
    match Moment::of(line) {
        Some(Moment::Time(time)) => new.raw = time.extended(),
        Some(Moment::Date(date)) => match (date.year, date.month, date.day) {
            (None, Some(month), Some(day)) => {
                new.params.insert(0, param("X-APPLE-OMIT-YEAR", NO_YEAR));
                new.raw = format!("{NO_YEAR}-{month:02}-{day:02}");
            }
            _ => new.raw = date.extended(),
        },
        None => {}
    }
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
        if line
            .param("VALUE")
            .is_some_and(|value| value.eq_ignore_ascii_case("text"))
        {
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
