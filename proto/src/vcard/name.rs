//! The parts of a name that is only displayed.

use super::{
    document::{Document, Kind, NAMELESS},
    line::Line,
};

impl Document {
    /// Given and family name of a person, by FN alone; none of anything else, and where FN is the
    /// organization, an address, a number or what stands for no name.
    pub fn divided_name(&self) -> Option<(String, String)> {
        let name = self.first("FN")?.text();
        let name = name.trim();
        let is_person = self.kind() == Kind::Individual && !self.is_company();
        let organization = self.first("ORG").map(Line::components).unwrap_or_default();
        let is_organization = organization.first().is_some_and(|org| org.trim() == name)
            || organization.join(" ").trim() == name;
        let is_address = self.all("EMAIL").any(|line| line.text().trim() == name);
        let is_number = name.contains(char::is_numeric) && !name.contains(char::is_alphabetic);
        let is_other = is_organization || is_address || is_number || name == NAMELESS;
        (is_person && !is_other && !name.is_empty()).then(|| halves(name))
    }
}

/// Given and family name of a displayed name: of two words one each, else the family name alone.
pub fn halves(name: &str) -> (String, String) {
    let words: Vec<&str> = name.split_whitespace().collect();
    let (given, family) = match words[..] {
        [family, given] if family.ends_with(',') => (given, family.trim_end_matches(',')),
        [given, family] => (given, family),
        _ => ("", name.trim()),
    };
    (given.to_owned(), family.to_owned())
}
