//! Dates as cards hold them: whole, without a year, or partial (RFC 6350 §4.3.1).

/// A date of which some parts may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartialDate {
    pub year: Option<u16>,
    pub month: Option<u8>,
    pub day: Option<u8>,
}

impl PartialDate {
    /// Reads `19960415`, `1996-04-15`, `1996-4-5`, `--0415`, `--04-15`, `1996-04`, `1996`, and the
    /// date part of a date-time; none for other text,
    /// nor for a day that its month does not have.
    pub fn parse(text: &str) -> Option<Self> {
        let date = text.trim().split(['T', ' ']).next()?;
        if let Some(rest) = date.strip_prefix("--") {
            let digits: String = rest.chars().filter(|c| *c != '-').collect();
            // `---05` has no month (RFC 6350 §4.3.1): no reader here knows such a day.
            if rest.starts_with('-') || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return None;
            }
            return match digits.len() {
                4 => Self::new(None, digits[..2].parse().ok(), digits[2..].parse().ok()),
                2 => Self::new(None, digits.parse().ok(), None),
                _ => None,
            };
        }
        if date.contains('-') {
            let mut parts = date.split('-');
            let year = parts.next()?.parse().ok()?;
            let month = Some(parts.next()?.parse().ok()?);
            return match parts.next() {
                Some(day) => Self::new(Some(year), month, Some(day.parse().ok()?)),
                None => Self::new(Some(year), month, None),
            };
        }
        if !date.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        match date.len() {
            8 => Self::new(
                date[..4].parse().ok(),
                date[4..6].parse().ok(),
                date[6..].parse().ok(),
            ),
            4 => Self::new(date.parse().ok(), None, None),
            _ => None,
        }
    }

    /// `1996-04-15`, `1996-04`, `1996`, `--0415`.
    pub fn extended(&self) -> String {
        match (self.year, self.month, self.day) {
            (Some(year), Some(month), Some(day)) => format!("{year:04}-{month:02}-{day:02}"),
            (Some(year), Some(month), None) => format!("{year:04}-{month:02}"),
            (Some(year), _, _) => format!("{year:04}"),
            _ => self.basic(),
        }
    }

    /// `19960415`, `1996-04`, `1996`, `--0415`, `--04` (RFC 6350 §4.3.1).
    pub fn basic(&self) -> String {
        match (self.year, self.month, self.day) {
            (Some(year), Some(month), Some(day)) => format!("{year:04}{month:02}{day:02}"),
            (Some(year), Some(month), None) => format!("{year:04}-{month:02}"),
            (Some(year), _, _) => format!("{year:04}"),
            (None, Some(month), Some(day)) => format!("--{month:02}{day:02}"),
            (None, Some(month), None) => format!("--{month:02}"),
            _ => String::new(),
        }
    }

    fn new(year: Option<u16>, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let last = match month {
            Some(2) if year.is_none_or(is_leap) => 29,
            Some(2) => 28,
            Some(4 | 6 | 9 | 11) => 30,
            _ => 31,
        };
        let valid = month.is_none_or(|month| (1..=12).contains(&month))
            && day.is_none_or(|day| (1..=last).contains(&day))
            && (year.is_some() || month.is_some());
        valid.then_some(Self { year, month, day })
    }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_the_days_it_has() {
        for there in [
            "2024-02-29",
            "2000-02-29",
            "--0229",
            "1990-04-30",
            "1990-12-31",
        ] {
            assert!(PartialDate::parse(there).is_some(), "{there}");
        }
        for absent in [
            "1990-02-29",
            "1900-02-29",
            "1990-02-31",
            "1990-04-31",
            "--0431",
            "1990-x",
        ] {
            assert!(PartialDate::parse(absent).is_none(), "{absent}");
        }
    }
}
