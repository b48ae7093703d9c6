//! Lines of version 3.0 as 4.0 says them.

use super::{
    NewLine, Writer, binary, date, drop_param, has_param, move_type, param, split_types, v3,
};
use crate::vcard::{document::Document, line::Line};

impl Writer<'_> {
    pub(super) fn as_v4(&mut self, at: usize, upper: &str, mut new: NewLine) {
        let line = &self.document.lines()[at];
        split_types(&mut new);
        if move_type(&mut new, "pref") && !has_param(&new, "PREF") {
            new.params.push(param("PREF", "1"));
        }
        match upper {
            "PHOTO" | "LOGO" | "SOUND" | "KEY" => binary::to_v4(line, &mut new),
            "X-ADDRESSBOOKSERVER-KIND" if !self.has("KIND") => self.make("KIND", &mut new),
            "X-ADDRESSBOOKSERVER-MEMBER" => new.name = "MEMBER".into(),
            "X-ABSHOWAS" if line.text().eq_ignore_ascii_case("COMPANY") && self.may_be_org() => {
                new = NewLine::new("", &[], "org");
                self.make("KIND", &mut new);
            }
            "X-GENDER" if !self.has("GENDER") => self.make("GENDER", &mut new),
            "X-ABDATE" | "X-ANNIVERSARY" if self.together.is_anniversary(at) => {
                new.name = "ANNIVERSARY".into();
                new.group = None;
                date::to_v4(line, &mut new);
            }
            "BDAY" | "ANNIVERSARY" | "X-ABDATE" => date::to_v4(line, &mut new),
            "REV" => date::rev(line, &mut new, true),
            "GEO" => geo(line, &mut new),
            "TEL" => tel(line, &mut new),
            "X-ABRELATEDNAMES" => {
                if let Some(relation) = self.together.relation(at) {
                    new = related(relation, line, new);
                }
            }
            "X-ABLABEL" if self.together.goes_with_its_value(at) => return,
            "ADR" => {
                let label = self.together.label(at);
                new.params.extend(label.map(|label| param("LABEL", &label)));
            }
            "LABEL" if self.together.is_label(at) => return,
            "N" => {
                let sort = self.together.sort(at);
                new.params.extend(sort.map(|sort| param("SORT-AS", &sort)));
            }
            "SORT-STRING" if self.together.is_sort(at) => return,
            _ => {}
        }
        self.out.push(new);
    }

    /// Whether the card has a property, or got it from another one.
    fn has(&self, name: &'static str) -> bool {
        self.together.has(name) || self.made.contains(name)
    }

    /// Gives a line the name of a property a card has once.
    fn make(&mut self, name: &'static str, line: &mut NewLine) {
        self.made.insert(name);
        line.name = name.into();
    }

    fn may_be_org(&self) -> bool {
        !self.has("KIND") && !self.has("X-ADDRESSBOOKSERVER-KIND")
    }
}

/// Whether a card of version 4.0 has lines in terms of 3.0 for which it has its own.
pub(super) fn has_of_v3(document: &Document) -> bool {
    let mut lines = document.lines().iter();
    lines.any(is_of_v3)
        || document.first("X-ADDRESSBOOKSERVER-KIND").is_some() && document.first("KIND").is_none()
}

fn is_of_v3(line: &Line) -> bool {
    if has_pref_type(line) {
        return true;
    }
    match line.name.to_ascii_uppercase().as_str() {
        "PHOTO" | "LOGO" | "SOUND" | "KEY" => binary::is_of_v3(line),
        "X-ADDRESSBOOKSERVER-MEMBER" => true,
        "BDAY" | "ANNIVERSARY" | "X-ABDATE" => date::is_of_v3(line),
        "GEO" => {
            let mut new = NewLine::from_line(line);
            geo(line, &mut new);
            new.raw != line.decoded()
        }
        _ => false,
    }
}

fn has_pref_type(line: &Line) -> bool {
    line.params
        .iter()
        .filter(|param| param.name.eq_ignore_ascii_case("TYPE"))
        .flat_map(|param| &param.values)
        .flat_map(|values| values.split(','))
        .any(|value| value.trim().eq_ignore_ascii_case("pref"))
}

/// `48.2;16.3`, and what version 3.0 had no room for.
fn geo(line: &Line, new: &mut NewLine) {
    let parts = line.components();
    let [latitude, longitude] = &parts[..] else {
        return;
    };
    let (latitude, longitude) = (latitude.trim(), longitude.trim());
    if latitude.parse::<f64>().is_err() || longitude.parse::<f64>().is_err() {
        return;
    }
    let plain = format!("geo:{latitude},{longitude}");
    let whole = line.param(super::WHOLE_GEO).filter(|whole| {
        let rest = whole.strip_prefix(&*plain);
        rest.is_some_and(|rest| rest.starts_with([',', ';']))
    });
    new.raw = whole.unwrap_or(&plain).to_owned();
    drop_param(new, super::WHOLE_GEO);
}

/// The URI of a number, as long as nobody dials another one.
fn tel(line: &Line, new: &mut NewLine) {
    let Some(whole) = line.param(super::WHOLE_TEL) else {
        return;
    };
    if v3::dialled(whole).is_some_and(|number| number == line.text()) {
        new.raw = whole.to_owned();
        drop_param(new, "VALUE");
        new.params.push(param("VALUE", "uri"));
    }
    drop_param(new, super::WHOLE_TEL);
}

fn related(relation: &str, line: &Line, mut new: NewLine) -> NewLine {
    let mut types = vec![relation.to_owned()];
    types.extend(
        line.types()
            .into_iter()
            .filter(|t| t != relation && t != "pref"),
    );
    drop_param(&mut new, "TYPE");
    let types: Vec<&str> = types.iter().map(String::as_str).collect();
    let mut related = NewLine::new("RELATED", &types, line.decoded()).with("VALUE", "text");
    related.params.extend(new.params);
    related
}
