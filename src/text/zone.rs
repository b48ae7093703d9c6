//! The time zones that people choose, by their names in the IANA database, which the program has within.

use std::sync::{LazyLock, Mutex, PoisonError};

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use jiff::{
    civil,
    tz::{TimeZone, TimeZoneDatabase},
};

/// A time zone. Each is made once and lives as long as the program.
#[derive(Debug)]
pub struct Zone(TimeZone);

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Those that somebody reads clocks by.
static ZONES: Mutex<Vec<&'static Zone>> = Mutex::new(Vec::new());

impl Zone {
    /// The zone of a name, `Europe/Paris`; none for a name the database has not, or spells otherwise.
    pub fn named(name: &str) -> Option<&'static Self> {
        let mut zones = ZONES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = zones.iter().find(|zone| zone.name() == name) {
            return Some(known);
        }
        let zone = Zone(DATABASE.get(name).ok()?);
        if zone.name() != name {
            return None;
        }
        let zone: &'static Self = Box::leak(Box::new(zone));
        zones.push(zone);
        Some(zone)
    }

    /// The names of all zones, in their order.
    pub fn names() -> Vec<String> {
        let names = DATABASE.available();
        let mut names: Vec<String> = names.map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    /// `Europe/Paris`
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or_default()
    }

    /// What clocks show at a moment; none for one that no calendar has.
    pub fn shows(&self, moment: DateTime<Utc>) -> Option<NaiveDateTime> {
        let at = jiff::Timestamp::from_millisecond(moment.timestamp_millis()).ok()?;
        let ahead = i64::from(self.0.to_offset(at).seconds());
        moment
            .naive_utc()
            .checked_add_signed(TimeDelta::seconds(ahead))
    }

    /// The moment at which clocks show this: the first of two, and in a time that they skip so long
    /// after it began.
    pub fn moment(&self, shown: NaiveDateTime) -> Option<DateTime<Utc>> {
        let date = civil::Date::new(
            i16::try_from(shown.year()).ok()?,
            i8::try_from(shown.month()).ok()?,
            i8::try_from(shown.day()).ok()?,
        );
        let time = civil::Time::new(
            i8::try_from(shown.hour()).ok()?,
            i8::try_from(shown.minute()).ok()?,
            i8::try_from(shown.second()).ok()?,
            0,
        );
        let shown = date.ok()?.to_datetime(time.ok()?);
        let moment = self.0.to_timestamp(shown).ok()?;
        DateTime::from_timestamp_millis(moment.as_millisecond())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(zone: &str, shown: &str) -> String {
        let shown = NaiveDateTime::parse_from_str(shown, "%Y-%m-%d %H:%M").expect("a time");
        let zone = Zone::named(zone).expect("a zone");
        let moment = zone.moment(shown).expect("a moment");
        moment.format("%d %H:%M").to_string()
    }

    #[test]
    fn times_that_clocks_skip_or_show_twice_have_a_moment() {
        for (zone, shown, expected) in [
            ("Europe/Paris", "2026-03-29 02:30", "29 01:30"),
            ("Europe/Paris", "2026-10-25 02:30", "25 00:30"),
            ("Australia/Lord_Howe", "2026-10-04 02:15", "03 15:45"),
            ("Pacific/Apia", "2011-12-30 12:00", "30 22:00"),
        ] {
            assert_eq!(moment(zone, shown), expected, "{zone} {shown}");
        }
    }

    #[test]
    fn a_zone_is_known_by_its_name_alone() {
        assert!(Zone::named("Europe/Paris").is_some());
        for name in ["europe/paris", "Europe/Nowhere", "", "../etc/passwd"] {
            assert!(Zone::named(name).is_none(), "{name}");
        }
        let names = Zone::names();
        assert!(names.is_sorted());
        assert!(names.iter().all(|name| Zone::named(name).is_some()));
    }
}
