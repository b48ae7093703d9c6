//! How the readers of a language write numbers, dates and tables.

/// What is usual where a language is read.
#[derive(Clone, Copy, Debug)]
pub struct Customs {
    /// Before the tenths of a number.
    pub decimal: char,
    /// Between groups of three digits.
    pub thousands: char,
    /// Whether none of a thing is said as one is.
    pub none_as_one: bool,
    /// The first day of a month.
    pub first_day: &'static str,
    /// Whether the month stands before the day in numbers.
    pub month_first: bool,
    /// Between the cells of a table, as spreadsheets expect it.
    pub delimiter: u8,
    pub paper: Paper,
}

/// The size of a sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Paper {
    #[default]
    A4,
    Letter,
}

pub const EN: Customs = Customs {
    decimal: '.',
    thousands: ',',
    none_as_one: false,
    first_day: "1",
    month_first: true,
    delimiter: b',',
    paper: Paper::Letter,
};

pub const FR: Customs = Customs {
    decimal: ',',
    thousands: '\u{202f}',
    none_as_one: true,
    first_day: "1er",
    month_first: false,
    delimiter: b';',
    paper: Paper::A4,
};
