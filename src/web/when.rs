//! Dates and times as people read and write them, in their time zone, else in the server's.

use chrono::{
    DateTime, Datelike, Local, NaiveDate, NaiveDateTime, Offset as _, TimeDelta, TimeZone,
    Timelike, Utc,
};

use crate::domain::{id::Timestamp, settings::DateFormat};
use crate::text::{
    Text,
    dates::{date, day_name, month_name},
    fill,
};

/// `25 November 2026, 18:28`, or as the reader writes dates.
pub fn shown(at: Timestamp, text: &Text) -> String {
    let Some(moment) = local(at, text) else {
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
    local(at, text).map_or_else(String::new, |day| {
        date(Some(day.year()), day.month(), day.day(), text)
    })
}

/// `2026-11-25`, as a `date` input has it.
pub fn day(at: Timestamp, text: &Text) -> String {
    local(at, text).map_or_else(String::new, |at| at.format("%Y-%m-%d").to_string())
}

/// The value of a `datetime-local` input.
pub fn input(at: Timestamp, text: &Text) -> String {
    local(at, text).map_or_else(String::new, |at| at.format("%Y-%m-%dT%H:%M").to_string())
}

/// Reads what a `datetime-local` input sends.
pub fn parse(value: &str, text: &Text) -> Option<Timestamp> {
    let naive = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(value.trim(), format).ok())?;
    if !(1..=9999).contains(&naive.year()) {
        return None;
    }
    let moment = match text.zone {
        Some(zone) => zone.moment(naive),
        None => here(naive),
    };
    Some(Timestamp(moment?.timestamp_millis()))
}

/// The beginning of the day a `date` input sends.
pub fn parse_day(value: &str, text: &Text) -> Option<Timestamp> {
    parse(&format!("{}T00:00", value.trim()), text)
}

/// The moment at which the server's clock shows this; in a time that it skips, so long after it began.
fn here(shown: NaiveDateTime) -> Option<DateTime<Utc>> {
    if let Some(found) = Local.from_local_datetime(&shown).earliest() {
        return Some(found.to_utc());
    }
    // As if clocks had gone on as before; half an hour is skipped somewhere, and a day was once.
    let before = (1..=100).find_map(|quarters| {
        let earlier = shown.checked_sub_signed(TimeDelta::minutes(15 * quarters))?;
        Local.from_local_datetime(&earlier).latest()
    })?;
    let utc = shown.checked_sub_offset(before.offset().fix())?;
    Some(utc.and_utc())
}

/// The present day of the reader.
pub fn today(text: &Text) -> NaiveDate {
    match text.zone {
        Some(zone) => {
            let now = Utc::now();
            zone.shows(now).unwrap_or(now.naive_utc()).date()
        }
        None => Local::now().date_naive(),
    }
}

/// Whose clock is read: `time zone Europe/Paris`.
pub fn clock(text: &Text) -> String {
    match text.zone {
        Some(zone) => fill(text.book.clock_zone, &[&zone.name()]),
        None => text.book.clock_server.to_owned(),
    }
}

/// `04-15`
pub fn month_and_day(at: Timestamp, text: &Text) -> String {
    local(at, text).map_or_else(String::new, |at| at.format("%m-%d").to_string())
}

/// `15 April` of `04-15`.
pub fn day_of_year(month_and_day: &str, text: &Text) -> String {
    let (month, day) = month_and_day.split_once('-').unwrap_or_default();
    let number = |part: &str| part.parse::<u32>().unwrap_or(0);
    date(None, number(month), number(day), text)
}

fn local(at: Timestamp, text: &Text) -> Option<NaiveDateTime> {
    let moment = DateTime::from_timestamp_millis(at.0)?;
    match text.zone {
        Some(zone) => zone.shows(moment),
        None => Some(moment.with_timezone(&Local).naive_local()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{EN, FR, zone::Zone};

    #[test]
    fn dates_are_written_as_the_reader_chose() {
        let moment = parse("2026-11-05T08:05", &EN).expect("a moment");
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
    fn clocks_are_those_of_the_reader() {
        let of = |zone: &str| EN.of_reader(DateFormat::Iso, Zone::named(zone));
        let (paris, tokyo) = (of("Europe/Paris"), of("Asia/Tokyo"));
        assert!(std::ptr::eq(paris, of("Europe/Paris")), "made once");
        let moment = parse("2026-11-25T18:28", paris).expect("a moment");
        assert_eq!(shown(moment, paris), "2026-11-25 18:28");
        assert_eq!(shown(moment, tokyo), "2026-11-26 02:28");
        assert_eq!(day(moment, tokyo), "2026-11-26");
        assert_eq!(month_and_day(moment, paris), "11-25");
        assert_eq!(parse("2026-11-26T02:28", tokyo), Some(moment));
        assert_eq!(clock(tokyo), "time zone Asia/Tokyo");
        // In spring the hour after two is left out; in autumn it comes twice.
        let spring = parse("2026-03-29T02:30", paris).expect("a moment");
        assert_eq!(shown(spring, paris), "2026-03-29 03:30");
        let autumn = parse("2026-10-25T02:30", paris).expect("a moment");
        assert_eq!(shown(autumn, of("UTC")), "2026-10-25 00:30");
        let night = parse_day("2026-04-24", of("Africa/Cairo")).expect("a day");
        assert_eq!(shown(night, of("Africa/Cairo")), "2026-04-24 01:00");
    }

    #[test]
    fn a_time_that_clocks_skip_is_read_as_if_they_had_not() {
        let of = |zone: &str| EN.of_reader(DateFormat::Iso, Zone::named(zone));
        for (zone, typed, told) in [
            ("Europe/Paris", "2026-03-29T02:30", "2026-03-29 03:30"),
            // Half an hour is left out here.
            (
                "Australia/Lord_Howe",
                "2026-10-04T02:00",
                "2026-10-04 02:30",
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-04T02:15",
                "2026-10-04 02:45",
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-04T02:30",
                "2026-10-04 02:30",
            ),
            // A whole day was left out here.
            ("Pacific/Apia", "2011-12-30T12:00", "2011-12-31 12:00"),
        ] {
            let read = parse(typed, of(zone)).expect(typed);
            assert_eq!(shown(read, of(zone)), told, "{zone}");
        }
    }

    #[test]
    fn a_moment_is_read_as_it_was_written() {
        let moment = parse("2026-11-25T18:28", &EN).expect("a moment");
        assert_eq!(input(moment, &EN), "2026-11-25T18:28");
        assert_eq!(parse("2026-11-25T18:28:00", &EN), Some(moment));
        assert_eq!(shown(moment, &EN), "25 November 2026, 18:28");
        assert_eq!(shown(moment, &FR), "25 novembre 2026 à 18:28");
        for nonsense in ["", "yesterday", "2026-13-01T00:00"] {
            assert_eq!(parse(nonsense, &EN), None, "{nonsense}");
        }
    }
}
