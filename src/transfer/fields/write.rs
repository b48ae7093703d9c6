//! Writes fields as a new card.

use carnet_proto::vcard::{NewLine, PartialDate, apple, escape_text};

use super::{
    Address, CUSTOM, EVOLUTION_RELATIONS, FAVOURITE, Fields, OTHER_UID, OWN, Value, uid_of,
};

impl Fields {
    /// The fields as a vCard 3.0. Without a UID it gets one derived from its content, so that a row
    /// read twice is the same contact.
    pub fn card(&self) -> Vec<u8> {
        let mut lines = self.lines();
        let uid = if self.uid.is_empty() {
            content_uid(&lines)
        } else {
            self.uid.clone()
        };
        lines.insert(0, NewLine::new("UID", &[], escape_text(&uid)));
        let mut out = b"BEGIN:VCARD\r\nVERSION:3.0\r\n".to_vec();
        for line in &lines {
            line.write(&mut out);
        }
        out.extend_from_slice(b"END:VCARD\r\n");
        out
    }

    fn lines(&self) -> Vec<NewLine> {
        let mut writer = Writer::default();
        writer.text(OTHER_UID, &self.other_uid);
        writer.text("FN", &self.display());
        let n = [
            &self.family,
            &self.given,
            &self.additional,
            &self.prefix,
            &self.suffix,
        ];
        writer.lines.push(NewLine::new("N", &[], structured(n)));
        writer.text("X-PHONETIC-FIRST-NAME", &self.phonetic_given);
        writer.text("X-PHONETIC-MIDDLE-NAME", &self.phonetic_additional);
        writer.text("X-PHONETIC-LAST-NAME", &self.phonetic_family);
        writer.text("NICKNAME", &self.nickname);
        writer.text("X-CARNET-INITIALS", &self.initials);
        writer.text("X-EVOLUTION-FILE-AS", &self.file_as);
        let org = [&self.organization, &self.department, &self.office];
        if org.iter().any(|part| !part.is_empty()) {
            let raw = structured(org);
            writer
                .lines
                .push(NewLine::new("ORG", &[], raw.trim_end_matches(';')));
        }
        writer.text("X-PHONETIC-ORG", &self.phonetic_organization);
        if self.company {
            writer.text("X-ABShowAs", "COMPANY");
        }
        writer.text("TITLE", &self.title);
        writer.text("ROLE", &self.role);
        for email in &self.emails {
            writer.value("EMAIL", email, &["INTERNET"]);
        }
        for phone in &self.phones {
            writer.value("TEL", phone, &[]);
        }
        for address in &self.addresses {
            writer.address(address);
        }
        for url in &self.urls {
            writer.value("URL", url, &[]);
        }
        for im in &self.ims {
            writer.value("IMPP", im, &[]);
        }
        for related in &self.related {
            writer.related(related);
        }
        writer.date("BDAY", &self.birthday);
        writer.date("X-ANNIVERSARY", &self.anniversary);
        for date in &self.dates {
            writer.apple("X-ABDATE", &date.text, &date.label);
        }
        writer.text("NOTE", &self.note);
        writer.text("X-GENDER", &self.gender);
        writer.text("LANG", &self.language);
        writer.text("FBURL", &self.free_busy);
        writer.text("HOBBY", &self.hobby);
        if self.private {
            writer.text("CLASS", "PRIVATE");
        }
        if !self.categories.is_empty() {
            let list: Vec<String> = self.categories.iter().map(|c| escape_text(c)).collect();
            writer
                .lines
                .push(NewLine::new("CATEGORIES", &[], list.join(",")));
        }
        if self.favourite {
            writer.text(FAVOURITE, "TRUE");
        }
        for (name, value) in &self.custom {
            match OWN.iter().find(|(known, _)| known == name) {
                Some((_, property)) => writer.text(property, value),
                None => writer
                    .lines
                    .push(NewLine::new(CUSTOM, &[], escape_text(value)).with("X-NAME", name)),
            }
        }
        if let Some((media_type, octets)) = &self.photo {
            use base64::{Engine as _, engine::general_purpose::STANDARD};
            let subtype = media_type.rsplit('/').next().unwrap_or("jpeg");
            writer.lines.push(
                NewLine::new("PHOTO", &[], STANDARD.encode(octets))
                    .with("ENCODING", "b")
                    .with("TYPE", subtype.to_uppercase()),
            );
        }
        writer.lines
    }
}

#[derive(Default)]
struct Writer {
    lines: Vec<NewLine>,
    groups: usize,
}

impl Writer {
    fn text(&mut self, name: &str, text: &str) {
        let text = text.trim();
        if !text.is_empty() {
            self.lines.push(NewLine::new(name, &[], escape_text(text)));
        }
    }

    fn value(&mut self, name: &str, value: &Value, always: &[&str]) {
        let mut types: Vec<String> = always.iter().map(|t| (*t).to_owned()).collect();
        types.extend(value.types.iter().map(|t| t.to_uppercase()));
        if value.preferred {
            types.push("PREF".to_owned());
        }
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        let raw = match name {
            // Addresses of the web are written as they are.
            "URL" | "IMPP" => value.text.trim().to_owned(),
            _ => escape_text(value.text.trim()),
        };
        let mut line = NewLine::new(name, &types, raw);
        if let Some(service) = (name == "IMPP")
            .then(|| value.text.split(':').next())
            .flatten()
            && service == "skype"
        {
            line = line.with("X-SERVICE-TYPE", "Skype");
        }
        self.grouped(line, &value.label);
    }

    fn address(&mut self, address: &Address) {
        let kind = address.kind.to_uppercase();
        let mut types: Vec<&str> = Vec::new();
        types.extend((!kind.is_empty()).then_some(kind.as_str()));
        types.extend(address.preferred.then_some("PREF"));
        let parts: Vec<&String> = address.parts.iter().collect();
        let line = NewLine::new("ADR", &types, structured(parts));
        if !address.formatted.is_empty() {
            let raw = escape_text(&address.formatted);
            self.lines.push(NewLine::new("LABEL", &types, raw));
        }
        self.grouped(line, &address.label);
    }

    fn related(&mut self, related: &Value) {
        match EVOLUTION_RELATIONS
            .iter()
            .find(|(relation, ..)| *relation == related.label)
        {
            Some((_, property, _)) if !self.lines.iter().any(|l| l.name == *property) => {
                self.text(property, &related.text);
            }
            _ => {
                let label = match related.label.as_str() {
                    "child" => apple::CHILD,
                    other => other,
                };
                let label = label.to_owned();
                self.apple("X-ABRELATEDNAMES", &related.text, &label);
            }
        }
    }

    fn date(&mut self, name: &str, date: &str) {
        let Some(parsed) = PartialDate::parse(date) else {
            if !date.is_empty() {
                let line = NewLine::new(name, &[], escape_text(date)).with("VALUE", "text");
                self.lines.push(line);
            }
            return;
        };
        self.lines
            .push(match (parsed.year, parsed.month, parsed.day) {
                (None, Some(month), Some(day)) => {
                    NewLine::new(name, &[], format!("1604-{month:02}-{day:02}"))
                        .with("X-APPLE-OMIT-YEAR", "1604")
                }
                _ => NewLine::new(name, &[], parsed.extended()),
            });
    }

    fn apple(&mut self, name: &str, text: &str, label: &str) {
        if !text.trim().is_empty() {
            let line = NewLine::new(name, &[], escape_text(text.trim()));
            let label = if label.is_empty() {
                apple::OTHER
            } else {
                label
            };
            self.grouped(line, label);
        }
    }

    fn grouped(&mut self, line: NewLine, label: &str) {
        if label.is_empty() {
            self.lines.push(line);
            return;
        }
        self.groups += 1;
        let group = format!("item{}", self.groups);
        self.lines.push(line.in_group(group.clone()));
        self.lines
            .push(NewLine::new("X-ABLabel", &[], escape_text(label)).in_group(group));
    }
}

fn structured<'a>(parts: impl IntoIterator<Item = &'a String>) -> String {
    let parts: Vec<String> = parts
        .into_iter()
        .map(|part| escape_text(part.trim()))
        .collect();
    parts.join(";")
}

/// A UID made of what a card says.
fn content_uid(lines: &[NewLine]) -> String {
    let mut octets = Vec::new();
    lines.iter().for_each(|line| line.write(&mut octets));
    uid_of(&octets)
}
