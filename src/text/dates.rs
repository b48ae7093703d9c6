//! Dates and ages in words.

use chrono::NaiveDate;

use super::{Text, fill};
use crate::domain::settings::DateFormat;

/// `15 April 1972`, or as the reader writes dates; the year may be unknown.
pub fn date(year: Option<i32>, month: u32, day: u32, text: &Text) -> String {
    let (mark, first, second) = match text.dates {
        DateFormat::Words => {
            let year = year.map(|year| format!(" {year}")).unwrap_or_default();
            return format!("{} {}{year}", day_name(day, text), month_name(month, text));
        }
        DateFormat::Iso => {
            let year = year.map_or("-".to_owned(), |year| format!("{year:04}"));
            return format!("{year}-{month:02}-{day:02}");
        }
        DateFormat::DayFirst => ('/', day, month),
        DateFormat::MonthFirst => ('/', month, day),
    };
    let year = year
        .map(|year| format!("{mark}{year:04}"))
        .unwrap_or_default();
    format!("{first:02}{mark}{second:02}{year}")
}

/// Whether the month stands before the day in numbers, as the reader writes dates or else as their
/// language does.
pub fn month_first(text: &Text) -> bool {
    match text.dates {
        DateFormat::MonthFirst => true,
        DateFormat::DayFirst => false,
        DateFormat::Words | DateFormat::Iso => text.customs.month_first,
    }
}

/// What the form says of how a date can be typed.
pub fn example(text: &Text) -> String {
    fill(
        text.book.date_example,
        &[&month_name(4, text), &numbers(text)],
    )
}

/// A date in numbers, as the reader types it where it is not in the order of the international ones.
fn numbers(text: &Text) -> &'static str {
    if month_first(text) {
        "04/15/1972"
    } else {
        "15/04/1972"
    }
}

/// Two ways to type one date: in numbers, in the reader's order, and in words.
pub fn examples(text: &Text) -> [String; 2] {
    let numbers = match text.dates {
        DateFormat::Iso => "1972-04-15",
        _ => numbers(text),
    };
    [
        numbers.to_owned(),
        format!("15 {} 1972", month_name(4, text)),
    ]
}

/// Whole years from a birthday to a day; none before it, and beyond what a person lives.
pub fn age(born: NaiveDate, today: NaiveDate) -> Option<u32> {
    today.years_since(born).filter(|years| *years < 130)
}

/// A day of a month before the month's name: French counts the first one.
pub fn day_name(day: u32, text: &Text) -> String {
    match day {
        1 => text.customs.first_day.to_owned(),
        _ => day.to_string(),
    }
}

/// A month in the reader's language.
pub fn month_name(month: u32, text: &Text) -> &'static str {
    let at = month.saturating_sub(1) as usize;
    text.months.split(' ').nth(at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_month_is_counted_in_french_alone() {
        use super::super::{EN, FR};
        assert_eq!(date(Some(1940), 1, 1, &FR), "1er janvier 1940");
        assert_eq!(date(None, 1, 2, &FR), "2 janvier");
        assert_eq!(date(Some(1940), 1, 1, &EN), "1 January 1940");
    }

    #[test]
    fn an_age_grows_on_the_birthday() {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").expect("a day");
        for (born, today, years) in [
            ("1972-04-15", "2026-04-14", Some(53)),
            ("1972-04-15", "2026-04-15", Some(54)),
            ("2000-02-29", "2026-02-28", Some(25)),
            ("2027-01-01", "2026-01-01", None),
            ("1604-01-01", "2026-01-01", None),
        ] {
            assert_eq!(age(day(born), day(today)), years, "{born} {today}");
        }
    }
}
