//! Dates and times as people read and write them, in the server's time zone.

use chrono::{DateTime, Datelike, Local, NaiveDateTime, TimeZone, Timelike};

use crate::domain::{id::Timestamp, settings::DateFormat};
use crate::text::{
    Text,
    dates::{date, day_name, month_name},
    fill,
};

/// `25 November 2026, 18:28`, or as the reader writes dates.
pub fn shown(at: Timestamp, text: &Text) -> String {
    let Some(moment) = local(at) else {
        return String::new();
    };
    let clock = format!("{:02}:{:02}", moment.hour(), moment.minute());
    let (year, month, day) = (moment.year(), moment.month(), moment.day());
    match text.dates {
        DateFormat::Words => fill(
            text.moment,
            &[
                &day_name(day, text),
                &month_name(month, text),
                &year,
                &clock,
            ],
        ),
        _ => format!("{} {clock}", date(Some(year), month, day, text)),
    }
}

/// `25 November 2026`, or as the reader writes dates.
pub fn date_of(at: Timestamp, text: &Text) -> String {
    local(at).map_or_else(String::new, |day| {
        date(Some(day.year()), day.month(), day.day(), text)
    })
}

/// `2026-11-25`, as a `date` input has it.
pub fn day(at: Timestamp) -> String {
    local(at).map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string())
}

/// The value of a `datetime-local` input.
pub fn input(at: Timestamp) -> String {
    local(at).map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M").to_string())
}

/// Reads what a `datetime-local` input sends.
pub fn parse(value: &str) -> Option<Timestamp> {
    let naive = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(value.trim(), format).ok())?;
    let moment = Local.from_local_datetime(&naive).earliest()?;
    Some(Timestamp(moment.timestamp_millis()))
}

/// The beginning of the day a `date` input sends.
pub fn parse_day(value: &str) -> Option<Timestamp> {
    parse(&format!("{}T00:00", value.trim()))
}

/// `04-15`
pub fn month_and_day(at: Timestamp) -> String {
    local(at).map_or_else(String::new, |at| at.format("%m-%d").to_string())
}

/// `15 April` of `04-15`.
pub fn day_of_year(month_and_day: &str, text: &Text) -> String {
    let (month, day) = month_and_day.split_once('-').unwrap_or_default();
    let number = |part: &str| part.parse::<u32>().unwrap_or(0);
    date(None, number(month), number(day), text)
}

fn local(at: Timestamp) -> Option<DateTime<Local>> {
    Local.timestamp_millis_opt(at.0).earliest()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{EN, FR};

    #[test]
    fn dates_are_written_as_the_reader_chose() {
        let moment = parse("2026-11-05T08:05").expect("a moment");
        for (dates, told, born, yearly) in [
            (
                DateFormat::Words,
                "5 November 2026, 08:05",
                "15 April 1972",
                "15 April",
            ),
            (DateFormat::Iso, "2026-11-05 08:05", "1972-04-15", "--04-15"),
            (
                DateFormat::DayFirst,
                "05/11/2026 08:05",
                "15/04/1972",
                "15/04",
            ),
            (
                DateFormat::MonthFirst,
                "11/05/2026 08:05",
                "04/15/1972",
                "04/15",
            ),
        ] {
            let text = EN.dated(dates);
            assert_eq!(shown(moment, text), told);
            assert_eq!(date(Some(1972), 4, 15, text), born);
            assert_eq!(day_of_year("04-15", text), yearly);
            assert_eq!(FR.dated(dates).lang, "fr");
        }
    }

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        let moment = parse("2026-11-25T18:28").expect("a moment");
        assert_eq!(input(moment), "2026-11-25T18:28");
        assert_eq!(parse("2026-11-25T18:28:00"), Some(moment));
        assert_eq!(shown(moment, &EN), "25 November 2026, 18:28");
        assert_eq!(shown(moment, &FR), "25 novembre 2026 à 18:28");
        for nonsense in ["", "yesterday", "2026-13-01T00:00"] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }
}
