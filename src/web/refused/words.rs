//! What is no contact, and was kept word for word: a note, a task, an appointment.

use chrono::{Datelike as _, NaiveDateTime};

use crate::{
    domain::id::Timestamp,
    text::{Text, dates},
    web::{Web, when},
};

/// How far elements of the item and of its body are indented; those of exceptions are deeper.
const OWN: usize = 4;

/// What was kept, as people read it.
pub struct Words {
    /// What is known of it, each after what it is called.
    pub lines: Vec<String>,
    /// Its text.
    pub text: String,
    /// All of it, as it was sent.
    pub whole: String,
}

impl Words {
    /// Finds what people read among the elements of Exchange, one a line. Anything else, as a
    /// message, is shown as it is.
    pub fn read(whole: String, web: &Web, text: &Text) -> Self {
        let (mut lines, mut body, mut is_html) = (Vec::new(), String::new(), false);
        let is_of_exchange = whole.starts_with("AirSync");
        let is_its_own = |line: &&str| line.len() - line.trim_start().len() <= OWN;
        let elements = whole.lines().filter(|_| is_of_exchange).filter(is_its_own);
        for (element, value) in elements.filter_map(|line| line.trim_start().split_once(" = ")) {
            let named = element.split_once(':').map_or(element, |(_, name)| name);
            let x = text.book;
            let label = match named {
                "Subject" => x.words_subject,
                "Location" => x.words_where,
                "StartTime" | "StartDate" => x.words_begins,
                "EndTime" => x.words_ends,
                "DueDate" => x.words_due,
                "Data" | "Body" => {
                    body = value.replace("\\r", "").replace("\\n", "\n");
                    continue;
                }
                _ => {
                    // [MS-ASAIRS] 2.2.2.41.1
                    is_html |= (element, value) == ("AirSyncBase:Type", "2");
                    continue;
                }
            };
            let said = moment(value, named.ends_with("Date"), text);
            lines.push(text.labelled(label, said.as_deref().unwrap_or(value)));
        }
        if is_html {
            body = web.facet.text_of_html(&body);
        }
        Self {
            lines,
            text: body,
            whole,
        }
    }
}

/// A day, or a moment, as the reader writes dates; none where it is none.
fn moment(value: &str, is_day: bool, text: &Text) -> Option<String> {
    let forms = ["%Y%m%dT%H%M%SZ", "%Y-%m-%dT%H:%M:%S%.fZ"];
    let mut read = forms
        .iter()
        .map(|form| NaiveDateTime::parse_from_str(value, form));
    let at = read.find_map(Result::ok)?;
    Some(if is_day {
        dates::date(Some(at.year()), at.month(), at.day(), text)
    } else {
        when::shown(Timestamp(at.and_utc().timestamp_millis()), text)
    })
}
