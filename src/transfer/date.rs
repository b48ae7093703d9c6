//! Parsing of dates as people and programs write them.

use carnet_proto::vcard::PartialDate;
use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// The order of day and month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    DayFirst,
    MonthFirst,
}

impl Order {
    /// Reads what [`Order::as_str`] writes.
    pub fn parse(name: &str) -> Option<Self> {
        [Order::DayFirst, Order::MonthFirst]
            .into_iter()
            .find(|order| order.as_str() == name)
    }

    /// `DMY` or `MDY`.
    pub fn as_str(self) -> &'static str {
        match self {
            Order::DayFirst => "DMY",
            Order::MonthFirst => "MDY",
        }
    }
}

/// The date in a cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Date {
    None,
    /// `1972-04-15`, `--12-31`, `1985-04`
    Known(String),
    YearOnly(String),
    Impossible,
}

/// Cells that mean no date.
const NONE: [&str; 8] = [
    "",
    "0/0/00",
    "0/0/0000",
    "00/00/00",
    "00/00/0000",
    "1/1/4501",
    "01/01/4501",
    "0001-01-01",
];

/// English, French, German, Dutch, Spanish, Italian, Portuguese; three letters or more of
/// the beginning name the month, and so do other abbreviations.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["january", "janvier", "januar", "januari", "janner", "enero", "gennaio", "janeiro"],
    &["february", "fevrier", "februar", "februari", "febrero", "febbraio", "fevereiro"],
    &["march", "mars", "marz", "maerz", "maart", "mrt", "marzo", "marco"],
    &["april", "avril", "abril", "aprile"],
    &["may", "mai", "mei", "mayo", "maggio", "maio"],
    &["june", "juin", "juni", "junio", "giugno", "junho"],
    &["july", "juillet", "juli", "julio", "luglio", "julho"],
    &["august", "aout", "augustus", "agosto"],
    &["september", "septembre", "septiembre", "setiembre", "settembre", "setembro"],
    &["october", "octobre", "oktober", "octubre", "ottobre", "outubro"],
    &["november", "novembre", "noviembre", "novembro"],
    &["december", "decembre", "dezember", "diciembre", "dicembre", "dezembro"],
];

/// The order that a column's cells prove; none when they leave it open or contradict each other.
pub fn forced<'a>(cells: impl Iterator<Item = &'a str>) -> Option<Order> {
    let (mut day_first, mut month_first) = (false, false);
    for cell in cells {
        if let Some([first, second, _]) = numbers(cell) {
            day_first |= (13..=31).contains(&first) && second <= 12;
            month_first |= (13..=31).contains(&second) && first <= 12;
        }
    }
    match (day_first, month_first) {
        (true, false) => Some(Order::DayFirst),
        (false, true) => Some(Order::MonthFirst),
        _ => None,
    }
}

/// `05.04.1972`: with dots, the day is first in every language.
pub fn is_dotted(cell: &str) -> bool {
    let date = cell.trim().split([' ', 'T']).next().unwrap_or_default();
    date.contains('.') && numbers(date).is_some()
}

/// Whether a cell is a date in the other order alone.
pub fn contradicts(cell: &str, order: Order) -> bool {
    numbers(cell).is_some_and(|[first, second, year]| {
        let (day, month) = match order {
            Order::DayFirst => (first, second),
            Order::MonthFirst => (second, first),
        };
        whole(year, month, day).is_none() && whole(year, day, month).is_some()
    })
}

/// Reads a cell; `serial`: the column holds a spreadsheet's day numbers.
pub fn read(cell: &str, order: Order, serial: bool) -> Date {
    let cell = cell.trim();
    if NONE.contains(&cell) {
        return Date::None;
    }
    if serial && let Ok(days) = cell.parse::<u64>() {
        return NaiveDate::from_ymd_opt(1899, 12, 30)
            .and_then(|start| start.checked_add_days(Days::new(days)))
            .map_or(Date::Impossible, |day| Date::Known(day.to_string()));
    }
    if let Some([first, second, year]) = numbers(cell) {
        let (day, month) = match order {
            Order::DayFirst => (first, second),
            Order::MonthFirst => (second, first),
        };
        return whole(year, month, day)
            // What cannot be of the column's order may be of the other.
            .or_else(|| (day <= 12).then(|| whole(year, day, month)).flatten())
            .map_or(Date::Impossible, Date::Known);
    }
    if let Some(date) = named(cell) {
        return date;
    }
    match PartialDate::parse(cell) {
        Some(PartialDate {
            year: Some(year),
            month: None,
            ..
        }) => Date::YearOnly(format!("{year:04}")),
        Some(PartialDate {
            year: Some(year),
            month: Some(month),
            day: Some(day),
        }) => whole(year.into(), month.into(), day.into()).map_or(Date::Impossible, Date::Known),
        Some(PartialDate {
            year: None,
            month: Some(month),
            day: Some(day),
        }) => yearless(month.into(), day.into()),
        Some(date) => Date::Known(date.extended()),
        None => Date::Impossible,
    }
}

/// A date that somebody types, as `1972-04-15`, `--12-31`, `1985-04` or `1985`; none where the text
/// is no date, or does not tell the century.
pub fn typed(text: &str, order: Order) -> Option<String> {
    let text = text.trim();
    let order = if is_dotted(text) {
        Order::DayFirst
    } else {
        order
    };
    if let Some((first, second)) = text.trim_end_matches('.').split_once(['/', '.']) {
        let numbers = (first.trim().parse(), second.trim().parse());
        if let (Ok(first), Ok(second)) = numbers {
            let is_day_first = order == Order::DayFirst || text.contains('.');
            let (day, month) = if is_day_first {
                (first, second)
            } else {
                (second, first)
            };
            return match yearless(month, day) {
                Date::Known(date) => Some(date),
                _ => None,
            };
        }
    }
    let mut digits = text.split(|c: char| !c.is_ascii_digit());
    match read(text, order, false) {
        Date::Known(date) if date.starts_with("--") => Some(date),
        Date::Known(date) | Date::YearOnly(date) => {
            digits.any(|run| run.len() >= 4).then_some(date)
        }
        Date::None | Date::Impossible => None,
    }
}

/// A date of three parts of which the year may be missing; a year alone is one too.
pub fn of_parts(year: &str, month: &str, day: &str) -> Date {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    match (number(year), number(month), number(day)) {
        (None, None, None) if [year, month, day].iter().all(|p| p.trim().is_empty()) => Date::None,
        (Some(year), Some(month), Some(day)) => {
            whole(year, month, day).map_or(Date::Impossible, Date::Known)
        }
        (None, Some(month), Some(day)) => yearless(month, day),
        (Some(year), Some(month @ 1..=12), None) => Date::Known(format!("{year:04}-{month:02}")),
        (Some(year), None, None) => Date::YearOnly(format!("{year:04}")),
        _ => Date::Impossible,
    }
}

/// Integers that may be day numbers, if every cell is one.
pub fn serial<'a>(cells: impl Iterator<Item = &'a str>) -> bool {
    let mut any = false;
    for cell in cells.map(str::trim).filter(|cell| !cell.is_empty()) {
        match cell.parse::<u32>() {
            // Four digits are years.
            Ok(days) if (3_000..=60_000).contains(&days) || days < 1_000 && days > 0 => any = true,
            _ => return false,
        }
    }
    any
}

fn whole(year: u32, month: u32, day: u32) -> Option<String> {
    let year = i32::try_from(year)
        .ok()
        .filter(|year| (1..=9999).contains(year))?;
    NaiveDate::from_ymd_opt(year, month, day).map(|day| day.to_string())
}

fn yearless(month: u32, day: u32) -> Date {
    match NaiveDate::from_ymd_opt(2000, month, day) {
        Some(_) => Date::Known(format!("--{month:02}-{day:02}")),
        None => Date::Impossible,
    }
}

/// `15/04/1972`, `4.15.72`, `15-4-1972`: two numbers and a year.
fn numbers(cell: &str) -> Option<[u32; 3]> {
    let date = cell.trim().split([' ', 'T']).next()?;
    let mut parts = date.split(['/', '.', '-']);
    let mut next = || parts.next();
    let (first, second, year) = (next()?, next()?, next()?);
    if next().is_some_and(|rest| !rest.is_empty()) || first.len() > 2 || second.len() > 2 {
        return None;
    }
    let year = match year.len() {
        2 | 4 => year_of(year)?,
        _ => return None,
    };
    Some([first.parse().ok()?, second.parse().ok()?, year])
}

/// A year; one of two digits is of this century up to 29.
fn year_of(digits: &str) -> Option<u32> {
    let year = digits.parse().ok()?;
    Some(match (digits.len(), year) {
        (2, 0..30) => 2000 + year,
        (2, _) => 1900 + year,
        _ => year,
    })
}

/// `15 avril 1972`, `April 15, 1972`, `15-Apr-72`
fn named(cell: &str) -> Option<Date> {
    let folded = crate::domain::search::token::fold(cell);
    let words: Vec<&str> = folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    // A weekday may stand before it, shortened to what a month begins with: `mar. 15 avril`.
    let month = words.iter().rev().find_map(|word| month_of(word))?;
    let numbers: Vec<&str> = words
        .iter()
        .map(|word| word.trim_end_matches(|c: char| c.is_alphabetic()))
        .filter(|word| word.parse::<u32>().is_ok())
        .collect();
    let date = |year: &str, day: u32| {
        let date = year_of(year).and_then(|year| whole(year, month, day));
        date.map_or(Date::Impossible, Date::Known)
    };
    let day_of = |digits: &str| digits.parse().ok().filter(|day| *day <= 31);
    Some(match numbers[..] {
        [first, second] => match (day_of(first), day_of(second)) {
            (Some(day), _) => date(second, day),
            (None, Some(day)) => date(first, day),
            (None, None) => Date::Impossible,
        },
        [only] => day_of(only).map_or(Date::Impossible, |day| yearless(month, day)),
        _ => Date::Impossible,
    })
}

/// The month a folded word names, from 1; none where it may be of several.
fn month_of(word: &str) -> Option<u32> {
    if word.chars().count() < 3 {
        return None;
    }
    let named = |names: &&[&str]| names.iter().any(|name| name.starts_with(word));
    let mut months = (1..).zip(&MONTHS).filter(|(_, names)| named(names));
    let (month, _) = months.next()?;
    months.next().is_none().then_some(month)
}
