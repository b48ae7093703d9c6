//! Birthdays and anniversaries.

use super::*;
use crate::eas::facet::Days;

/// What each client sends for a day, seen from a zone so many hours east of UTC.
fn sent_by(client: &str, zone: i64) -> String {
    let day = chrono::NaiveDate::from_ymd_opt(1980, 5, 5).expect("a day");
    let midnight = day.and_hms_opt(0, 0, 0).expect("midnight");
    let local = |hour: i64| midnight + chrono::Duration::hours(hour - zone);
    let utc = |hour: i64, minute: i64| {
        midnight + chrono::Duration::hours(hour) + chrono::Duration::minutes(minute)
    };
    let moment = match client {
        "iOS" | "Nine" | "Outlook" => local(0),
        "AOSP" => utc(8, 0),
        "Gmail" => utc(12, 0),
        "Samsung" | "TbSync" => utc(0, 0),
        "Windows Phone in summer" => utc(1, 0),
        "Exchange" => utc(11, 59),
        other => panic!("{other}"),
    };
    moment.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

#[test]
fn birthdays_keep_their_day_whoever_sends_them_from_wherever() {
    for client in [
        "iOS",
        "Nine",
        "Outlook",
        "AOSP",
        "Gmail",
        "Samsung",
        "TbSync",
        "Windows Phone in summer",
        "Exchange",
    ] {
        for zone in [-10, -5, 0, 2, 11] {
            let sent = sent_by(client, zone);
            let kept = added(&[(c::LAST_NAME, "M"), (c::BIRTHDAY, &sent)]);
            assert!(
                kept.card.contains("BDAY:1980-05-05\r\n"),
                "{client} {zone} {sent}\n{}",
                kept.card
            );
            // Sent back with another change: the line stays as it was written.
            let stored = Kept::put(&card(&["N:M;;;;", "FN:M", "BDAY;VALUE=date:19800505"]));
            let after = stored.changed(&[(c::BIRTHDAY, &sent), (c::JOB_TITLE, "Pilot")]);
            assert!(
                after.card.contains("BDAY;VALUE=date:19800505\r\n"),
                "{client} {zone}"
            );
        }
    }
    // From UTC+12 on local midnight is told from other times by the person's zone; in half of the
    // year it is an hour off.
    for zone in [12, 13, 14] {
        for set in [zone, zone - 1, zone + 1] {
            if !(12..=14).contains(&set) {
                continue;
            }
            let view = View {
                midnight: Some(set * 60),
                date_time: "T05:30:00.000Z",
                ..View::default()
            };
            let sent = sent_by("iOS", zone.into());
            let stored = Kept::put(&card(&["N:M;;;;", "FN:M"]));
            let edit = data(&[(c::BIRTHDAY, &sent)]);
            let after = stored.edited(&edit, &view, &Supported::Absent);
            assert!(
                after.card.contains("BDAY:1980-05-05\r\n"),
                "{zone} {set} {sent}"
            );
            // What it was sent is what it may send.
            let shown = after.shown(&view).text_of(c::BIRTHDAY).expect("a day");
            assert_eq!(shown, "1980-05-05T05:30:00.000Z");
            let echo = data(&[(c::BIRTHDAY, &shown)]);
            let again = after.edited(&echo, &view, &Supported::Absent);
            assert_eq!(again.card, after.card);
        }
    }
    // A day moved by a zone is an echo beside another change, and a change by itself.
    let stored = Kept::put(&card(&["N:M;;;;", "FN:M", "BDAY:1980-05-05"]));
    let moved = (c::BIRTHDAY, "1980-05-04T11:00:00.000Z");
    let after = stored.changed(&[moved, (c::JOB_TITLE, "Pilot")]);
    assert!(after.card.contains("BDAY:1980-05-05\r\n"), "{}", after.card);
    let after = stored.changed(&[moved]);
    assert!(after.card.contains("BDAY:1980-05-04\r\n"), "{}", after.card);
    // The time of day each client expects back.
    for time in ["T11:59:00.000Z", "T00:00:00.000Z", "T08:00:00.000Z"] {
        let view = View {
            date_time: time,
            ..View::default()
        };
        let shown = stored.shown(&view).text_of(c::BIRTHDAY);
        assert_eq!(shown, Some(format!("1980-05-05{time}")));
    }
}

#[test]
fn a_day_without_a_year_has_none_when_it_comes_back() {
    let shown = "1604-05-05T11:59:00.000Z";
    for (version, line) in [
        ("3.0", "BDAY;X-APPLE-OMIT-YEAR=1604:1604-05-05"),
        ("3.0", "BDAY:--05-05"),
        ("4.0", "BDAY:--0505"),
    ] {
        let stored = Kept::put(
            &card(&["N:M;;;;", "FN:M", line]).replace("VERSION:3.0", &format!("VERSION:{version}")),
        );
        assert_eq!(stored.value(c::BIRTHDAY).as_deref(), Some(shown), "{line}");
        let after = stored.changed(&[(c::BIRTHDAY, shown)]);
        assert_eq!(after, stored, "an echo changes nothing");
        let after = stored.changed(&[(c::BIRTHDAY, "1604-06-07T11:59:00.000Z")]);
        let expected = match version {
            "4.0" => "BDAY:--0607\r\n",
            _ => "BDAY;X-APPLE-OMIT-YEAR=1604:1604-06-07\r\n",
        };
        assert!(after.card.contains(expected), "{}", after.card);
        let after = stored.changed(&[(c::BIRTHDAY, "1970-06-07T11:59:00.000Z")]);
        assert!(!after.card.contains("OMIT"), "{}", after.card);
        assert_eq!(
            after.value(c::BIRTHDAY).as_deref(),
            Some("1970-06-07T11:59:00.000Z")
        );
    }
    // Partial days and years before 1601 are not shown, and stay.
    for line in ["BDAY:1980", "BDAY:1980-05", "BDAY:1500-05-05"] {
        let stored = Kept::put(&card(&["N:M;;;;", "FN:M", line]));
        assert_eq!(stored.value(c::BIRTHDAY), None, "{line}");
        let after = stored.edited(&data(&[(c::LAST_NAME, "D")]), &v(161), &Supported::Absent);
        assert!(
            after.card.contains(&format!("{line}\r\n")),
            "{}",
            after.card
        );
    }
}

#[test]
fn a_day_that_somebody_corrects_is_corrected() {
    let stored = Kept::put(&card(&["N:M;;;;", "FN:M", "BDAY:1980-05-05"]));
    let days = |days: Days| View {
        days,
        ..View::default()
    };
    // Beside another change, by a client that sends the time it gives to any date.
    for (view, time, day) in [
        (Days::Any, "T00:00:00.000Z", "04"),
        (Days::Any, "T08:00:00.000Z", "04"),
        (Days::Any, "T11:59:00.000Z", "04"),
        (Days::Any, "T12:00:00.000Z", "04"),
        (Days::Noon, "T17:00:00.000Z", "04"),
        // A zone may have moved it.
        (Days::Any, "T11:00:00.000Z", "05"),
        (Days::Midnight, "T00:00:00.000Z", "05"),
        (Days::Midnight, "T10:00:00.000Z", "05"),
    ] {
        let sent = data(&[
            (c::BIRTHDAY, &format!("1980-05-04{time}")),
            (c::JOB_TITLE, "Pilot"),
        ]);
        let after = stored.edited(&sent, &days(view), &Supported::Absent);
        let line = format!("BDAY:1980-05-{day}\r\n");
        assert!(
            after.card.contains(&line),
            "{view:?} {time}\n{}",
            after.card
        );
    }
    // Noon on the other side of the Atlantic, and of the date line, is the same day.
    for time in ["T17:00:00.000Z", "T22:00:00.000Z", "T02:00:00.000Z"] {
        let sent = data(&[(c::BIRTHDAY, &format!("1990-05-15{time}"))]);
        let after = stored.edited(&sent, &days(Days::Noon), &Supported::Absent);
        assert!(after.card.contains("BDAY:1990-05-15\r\n"), "{time}");
    }
}

#[test]
fn a_new_day_is_of_the_sort_that_the_line_says() {
    for line in [
        "BDAY;VALUE=text:19910203",
        "BDAY;VALUE=DATE-TIME:1991-02-03",
        "BDAY;VALUE=date;CALSCALE=gregorian:1991-02-03",
    ] {
        let stored = Kept::put(&card(&["N:M;;;;", "FN:M", line]));
        let echo = stored.changed(&[(c::BIRTHDAY, "1991-02-03T11:59:00.000Z")]);
        assert_eq!(echo, stored);
        let after = stored.changed(&[(c::BIRTHDAY, "1992-03-04T11:59:00.000Z")]);
        assert!(after.card.contains("BDAY:1992-03-04\r\n"), "{}", after.card);
    }
}
