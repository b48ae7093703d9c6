//! Lines of version 4.0 as 3.0 says them, in Apple's terms where it has none.

use super::{
    NewLine, WHOLE_GEO, WHOLE_TEL, Writer, add_type, binary, date, drop_param, groups, has_param,
    split_types,
};
use crate::vcard::{
    apple,
    document::Kind,
    line::{Line, Param},
    patch::escape_text,
    value,
};

impl Writer<'_> {
    pub(super) fn as_v3(&mut self, at: usize, upper: &str, mut new: NewLine) {
        let line = &self.document.lines()[at];
        split_types(&mut new);
        if line.param("PREF") == Some("1") {
            drop_param(&mut new, "PREF");
            add_type(&mut new, "pref");
        }
        match upper {
            "PHOTO" | "LOGO" | "SOUND" | "KEY" => binary::to_v3(line, &mut new),
            "KIND" => self.kind(&mut new),
            "MEMBER" => new.name = "X-ADDRESSBOOKSERVER-MEMBER".into(),
            "GENDER" if !self.together.has("X-GENDER") => new.name = "X-GENDER".into(),
            "TEL" => tel(line, &mut new),
            "GEO" => geo(line, &mut new),
            "BDAY" | "X-ABDATE" | "X-ANNIVERSARY" => date::to_v3(line, &mut new),
            "REV" => date::rev(line, &mut new, false),
            "ANNIVERSARY" if date::is_day(line) && self.together.is_alone(at) => {
                new.name = "X-ABDATE".into();
                date::to_v3(line, &mut new);
                return self.labelled(new, apple::ANNIVERSARY);
            }
            "RELATED" if is_text(line) && self.together.is_alone(at) => {
                let types = line.types();
                let known = types.iter().find_map(|t| groups::relation_label(t));
                if let Some((relation, label)) = known {
                    new.name = "X-ABRELATEDNAMES".into();
                    drop_param(&mut new, "VALUE");
                    super::move_type(&mut new, relation);
                    return self.labelled(new, label);
                }
            }
            "ADR" if has_param(&new, "LABEL") => {
                let label = self.label(line, &mut new);
                self.out.extend([new, label]);
                return;
            }
            "N" if has_param(&new, "SORT-AS") && self.together.is_name(at) => {
                let sort = escape_text(&values(line, "SORT-AS"));
                drop_param(&mut new, "SORT-AS");
                let sort = NewLine::new("SORT-STRING", &[], sort);
                self.out.extend([new, sort]);
                return;
            }
            _ => {}
        }
        self.out.push(new);
    }

    /// A line in a group of its own with Apple's label.
    fn labelled(&mut self, line: NewLine, label: &str) {
        let group = loop {
            self.groups += 1;
            let group = format!("item{}", self.groups);
            if !self.together.is_used(&group) {
                break group;
            }
        };
        let label = NewLine::new("X-ABLabel", &[], label).in_group(group.clone());
        self.out.extend([line.in_group(group), label]);
    }

    fn kind(&self, new: &mut NewLine) {
        match self.document.kind() {
            Kind::Group if !self.together.has("X-ADDRESSBOOKSERVER-KIND") => {
                new.name = "X-ADDRESSBOOKSERVER-KIND".into();
            }
            Kind::Org if !self.together.has("X-ABSHOWAS") => {
                *new = NewLine::new("X-ABShowAs", &[], "COMPANY");
            }
            _ => {}
        }
    }

    /// The formatted address, which is a property of its own.
    fn label(&self, line: &Line, new: &mut NewLine) -> NewLine {
        // RFC 6350 §6.3.1 writes line ends as in values, RFC 6868 with a caret.
        let text = values(line, "LABEL")
            .replace("\\n", "\n")
            .replace("\\N", "\n");
        drop_param(new, "LABEL");
        NewLine {
            group: new.group.clone(),
            name: "LABEL".into(),
            params: types(new),
            raw: escape_text(&text),
        }
    }
}

/// Whether a line is in terms of version 4.0 for which 3.0 has its own.
pub(super) fn is_of_v4(line: &Line) -> bool {
    if has_quoted_types(line) {
        return true;
    }
    match line.name.to_ascii_uppercase().as_str() {
        "PHOTO" | "LOGO" | "SOUND" | "KEY" => binary::is_of_v4(line),
        "BDAY" | "REV" | "X-ABDATE" | "X-ANNIVERSARY" => date::is_of_v4(line),
        "KIND" => ["group", "org"]
            .iter()
            .any(|kind| line.text().eq_ignore_ascii_case(kind)),
        "MEMBER" => true,
        "TEL" => dialled(&line.text()).is_some(),
        "GEO" => after_scheme(&line.text(), "geo").is_some(),
        "ANNIVERSARY" => date::is_day(line),
        _ => false,
    }
}

/// `TYPE="home,voice"`: version 3.0 quotes no list.
fn has_quoted_types(line: &Line) -> bool {
    line.params
        .iter()
        .filter(|param| param.name.eq_ignore_ascii_case("TYPE"))
        .any(|param| param.values.iter().any(|value| value.contains(',')))
}

fn types(line: &NewLine) -> Vec<Param> {
    let is_type = |param: &&Param| param.name.eq_ignore_ascii_case("TYPE");
    line.params.iter().filter(is_type).cloned().collect()
}

/// All values of a parameter: commas that were not quoted belong to the text.
fn values(line: &Line, name: &str) -> String {
    let found = line
        .params
        .iter()
        .find(|param| param.name.eq_ignore_ascii_case(name));
    found
        .map(|param| param.values.join(","))
        .unwrap_or_default()
}

fn is_text(line: &Line) -> bool {
    line.param("VALUE")
        .is_some_and(|value| value.eq_ignore_ascii_case("text"))
}

/// The rest of a URI of a scheme, in any case.
fn after_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = text.split_once(':')?;
    found
        .trim_start()
        .eq_ignore_ascii_case(scheme)
        .then_some(rest)
}

/// What is dialled; what else the URI says goes along as a parameter. A local number stays one:
/// its context need not begin a global number (RFC 3966 §5.1.5).
fn tel(line: &Line, new: &mut NewLine) {
    let text = line.text();
    let Some(number) = dialled(&text) else { return };
    drop_param(new, "VALUE");
    new.raw = escape_text(&number);
    let plain = text.split_once(':').map(|(_, rest)| rest);
    if plain.is_some_and(|plain| plain != number) {
        drop_param(new, WHOLE_TEL);
        new.params.push(super::param(WHOLE_TEL, &text));
    }
}

/// The number of a `tel` URI as people write it, with its extension.
pub(super) fn dialled(uri: &str) -> Option<String> {
    let mut parts = after_scheme(uri, "tel")?.split(';');
    let mut number = plain(parts.next()?);
    let is_extension = |param: &&str| {
        let name = param.get(..4);
        name.is_some_and(|name| name.eq_ignore_ascii_case("ext="))
    };
    if number.trim().is_empty() {
        return None;
    }
    if let Some(extension) = parts.find(is_extension) {
        number.push_str(" x");
        number.push_str(&plain(&extension[4..]));
    }
    Some(number)
}

/// Percent-encoding undone (RFC 3986 §2.1), where it is of characters that are read.
fn plain(text: &str) -> String {
    let octets = value::escaped_octets(text.as_bytes(), b'%');
    match String::from_utf8(octets) {
        Ok(plain) if !plain.contains(char::is_control) => plain,
        _ => text.to_owned(),
    }
}

/// Two numbers (RFC 2426 §3.4.2); what else the URI says (RFC 5870) goes along as a parameter.
fn geo(line: &Line, new: &mut NewLine) {
    let text = line.text();
    let Some(rest) = after_scheme(&text, "geo") else {
        return;
    };
    let (coordinates, params) = rest.split_once(';').unwrap_or((rest, ""));
    let is_wgs84 = params.split(';').all(|param| {
        let (name, value) = param.split_once('=').unwrap_or((param, ""));
        !name.eq_ignore_ascii_case("crs") || value.eq_ignore_ascii_case("wgs84")
    });
    let numbers: Vec<&str> = coordinates.split(',').map(str::trim).collect();
    let are_numbers = numbers.iter().all(|number| number.parse::<f64>().is_ok());
    let ([latitude, longitude] | [latitude, longitude, _]) = numbers[..] else {
        return;
    };
    if !is_wgs84 || !are_numbers {
        return;
    }
    drop_param(new, "VALUE");
    new.raw = format!("{latitude};{longitude}");
    if numbers.len() > 2 || !params.is_empty() {
        let whole = format!("geo:{}{}", numbers.join(","), &rest[coordinates.len()..]);
        new.params.push(super::param(WHOLE_GEO, &whole));
    }
}
