//! The interface through which the web reads a class's documents: pure functions, no storage.

use std::sync::Arc;

use carnet_proto::vcard::NAMELESS;
use chrono::NaiveDate;

use crate::{
    domain::{book::Edit, error::Result, settings::Settings},
    text::Text,
    transfer::{self, Order},
    web::place::encode_segment,
};

/// Name of the picture among the fields of a form.
pub const PICTURE: &str = "photo";

/// A date that somebody typed, as cards have it; none where it is none.
pub fn typed_date(text: &str, month_first: bool) -> Option<String> {
    let order = if month_first {
        Order::MonthFirst
    } else {
        Order::DayFirst
    };
    transfer::typed_date(text, order)
}

/// A contact's name as it is stored, with another word for that of one without a name.
pub fn said<'a>(name: &'a str, text: &Text) -> &'a str {
    match name {
        NAMELESS => text.book.nameless,
        name => name,
    }
}

/// A `mailto:` link to an address (RFC 6068 §2).
pub fn mailto(address: &str) -> String {
    mailto_all([address])
}

/// A `mailto:` link to several addresses.
pub fn mailto_all<'a>(addresses: impl IntoIterator<Item = &'a str>) -> String {
    let encoded = addresses.into_iter().map(|address| {
        let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
        let at = if domain.is_empty() { "" } else { "@" };
        format!("{}{at}{}", encode_segment(local), encode_segment(domain))
    });
    format!("mailto:{}", encoded.collect::<Vec<_>>().join(","))
}

/// Class-specific functions of the web.
pub trait WebFacet: Send + Sync {
    /// The details page.
    fn view(&self, document: &[u8], reader: &Reader) -> CardView;

    /// What a document is called in lists.
    fn name(&self, document: &[u8], reader: &Reader) -> String;

    /// The form for a document, or for a new item.
    fn form(&self, document: Option<&[u8]>, text: &Text) -> Form;

    /// Values of a document that a phone over Exchange ActiveSync does not show, as people read them.
    fn beyond_phones(&self, document: &[u8]) -> Vec<String>;

    /// The same form filled with what was submitted, and with what the document shown has where that was
    /// left as it is, with one more row in the list named `more`.
    fn refill(
        &self,
        shown: Option<&[u8]>,
        submitted: &Submitted,
        more: Option<&str>,
        text: &Text,
    ) -> Form;

    /// Patches only what differs between the form as shown for `shown` and as submitted.
    ///
    /// `shown` is the document the form was made from. Refuses with `InvalidDocument`.
    fn edit(&self, shown: Option<&[u8]>, submitted: &Submitted) -> Result<Arc<dyn Edit>>;

    /// A form made from `base` as one of a later version, with every field both say differently.
    /// Where `base` is no longer known, the later version stands for all of them.
    fn rebased(
        &self,
        base: Option<&[u8]>,
        later: &[u8],
        submitted: &Submitted,
        reader: &Reader,
    ) -> Result<Rebased>;

    /// An uploaded picture as it would be stored, a JPEG of at most so many octets. Refuses with
    /// `InvalidDocument` and `TooLarge`; takes long.
    fn picture(&self, octets: &[u8], most: Option<usize>) -> Result<Vec<u8>>;

    /// Marks it as a favourite, or no longer.
    fn favourite(&self, on: bool) -> Arc<dyn Edit>;

    /// Whether it is a favourite.
    fn is_favourite(&self, document: &[u8]) -> bool;

    /// A new list of this name, without members.
    fn new_list(&self, name: &str) -> Arc<dyn Edit>;

    /// UIDs of the members of a list, in their order; none where the document is no list.
    fn members(&self, document: &[u8]) -> Option<Vec<String>>;

    /// Puts members into a list and takes others out, by their UIDs.
    fn change_members(&self, add: &[String], remove: &[String]) -> Arc<dyn Edit>;

    /// Empties every field that says something of somebody.
    fn erased(&self) -> Arc<dyn Edit>;

    /// E-mail addresses, the preferred one first.
    fn addresses(&self, document: &[u8]) -> Vec<String>;

    /// The text of HTML that a client wrote.
    fn text_of_html(&self, html: &str) -> String;

    /// The words of a search, folded as the index is.
    fn words(&self, query: &str) -> Vec<String>;

    /// What a property of a difference (`TEL;WORK`) is called.
    fn property(&self, name: &str, text: &Text) -> String;

    /// A value of a property as people read it: a date, one of a few words; others are as they are.
    fn value(&self, name: &str, value: &str, text: &Text) -> String;

    /// Whether two capital letters name a country.
    fn is_country(&self, code: &str) -> bool;

    /// Postal addresses, each in one line, as maps find them.
    fn postal_addresses(&self, document: &[u8], text: &Text) -> Vec<String>;

    /// Two documents side by side: what can be chosen of each for one of both.
    fn sides(&self, first: &[u8], second: &[u8], text: &Text) -> Result<Vec<Side>>;

    /// The first document with the values picked of both, by their ids.
    fn merged(&self, first: &[u8], second: &[u8], picked: &[String]) -> Result<Vec<u8>>;

    /// The picture: media type and octets.
    fn photo(&self, document: &[u8]) -> Option<(String, Vec<u8>)>;
}

/// The person who reads a page.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub text: &'static Text,
    pub settings: &'a Settings,
    pub today: NaiveDate,
}

/// A details page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CardView {
    pub name: String,
    /// Job title and organization.
    pub summary: String,
    pub lines: Vec<CardLine>,
    pub has_photo: bool,
}

/// One labelled value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CardLine {
    pub label: String,
    pub value: String,
    /// `mailto:`, `tel:`, `fax:` or an http(s) address.
    pub link: Option<String>,
    /// The person whom a call link would call.
    pub callee: Option<Callee>,
    /// Other actions on the value.
    pub actions: Vec<CardAction>,
    /// A word about the link, or why there is none.
    pub hint: Option<&'static str>,
}

/// Somebody who can be called.
#[derive(Clone, Debug, PartialEq)]
pub enum Callee {
    Number(Dialled),
    /// A name of Skype's.
    Skype(String),
}

/// A number as a telephone takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Dialled {
    /// Digits, `*` and `#`, and a plus sign before a country.
    pub number: String,
    /// Digits to dial once somebody answers.
    pub extension: Option<String>,
}

/// What stands before an extension.
const EXTENSION: [&str; 5] = [";ext=", "extension", "poste", "ext", "x"];

impl Dialled {
    /// Reads a number as people write it; none of words, which are no whole number.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let text = text.strip_prefix("tel:").unwrap_or(&text);
        let (number, extension) = EXTENSION
            .iter()
            .find_map(|mark| {
                let (number, rest) = text.rsplit_once(mark)?;
                let digits = rest.trim_matches([' ', '.', ':']);
                let is_one = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                is_one.then(|| (number, Some(digits.to_owned())))
            })
            .unwrap_or((text, None));
        // What follows a pause is dialled later, what follows a semicolon says more of a `tel` URI.
        let number = number.split([',', ';']).next()?;
        let is_international = number.starts_with('+') || number.starts_with("00");
        let number = if is_international {
            number.replacen("(0)", "", 1)
        } else {
            number.to_owned()
        };
        let mut dialled = String::new();
        for c in number.chars() {
            match c {
                '0'..='9' | '*' | '#' => dialled.push(c),
                '+' if dialled.is_empty() => dialled.push(c),
                _ if c.is_alphanumeric() => return None,
                _ => {}
            }
        }
        dialled
            .contains(|c: char| c.is_ascii_digit())
            .then_some(Self {
                number: dialled,
                extension,
            })
    }

    /// The `tel` URI (RFC 3966).
    pub fn uri(&self) -> String {
        let number = self.within_uri();
        match &self.extension {
            Some(extension) => format!("tel:{number};ext={extension}"),
            None => format!("tel:{number}"),
        }
    }

    /// The number within a URI that has no place for an extension.
    pub fn within_uri(&self) -> String {
        self.number.replace('#', "%23")
    }
}

/// A further action on a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CardAction {
    pub label: &'static str,
    pub link: String,
    pub hint: &'static str,
}

/// One property of two documents.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Side {
    pub property: String,
    /// One value fits: the first is the first document's.
    pub single: bool,
    /// Both values can be joined, as `both`.
    pub both: bool,
    pub values: Vec<SideValue>,
}

/// One value of a property.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideValue {
    pub id: String,
    pub label: String,
    pub value: String,
    /// It is a value of the first document.
    pub first: bool,
    pub chosen: bool,
    /// The picture stands for the value.
    pub photo: bool,
}

/// A form applied to a later version than the one it was made from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rebased {
    /// Names and values in the form of the later version.
    pub fields: Vec<(String, String)>,
    pub contested: Vec<Contested>,
}

/// A field in which a form and a later version differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Contested {
    /// Names its inputs: `family`; `tel-0` for `tel-0`, `tel-0-kind`...
    pub id: String,
    pub label: String,
    /// Empty: it says nothing.
    pub mine: String,
    pub theirs: String,
    pub changed: Changed,
}

/// The side on which a field changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    Mine,
    Theirs,
    Both,
    /// What it was is not kept any more.
    Unknown,
}

impl Changed {
    /// The form's value is chosen until the person chooses: it is a change of theirs.
    pub fn is_mine(self) -> bool {
        matches!(self, Changed::Mine | Changed::Both)
    }

    /// The side in words.
    pub fn told(self, text: &Text) -> &'static str {
        match self {
            Changed::Mine => text.book.changed_by_you,
            Changed::Theirs => text.book.changed_meanwhile,
            Changed::Both => text.book.changed_by_both,
            Changed::Unknown => text.book.changed_by_somebody,
        }
    }
}

/// A form in sections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    pub sections: Vec<Section>,
    pub has_photo: bool,
    /// Properties without an input, which are kept: name and value.
    pub kept: Vec<(String, String)>,
}

impl Form {
    /// The first field that is written in.
    pub fn first(&self) -> Option<String> {
        let mut fields = self.sections.iter().flat_map(|section| &section.fields);
        let written = fields.find(|field| !field.rare && field.choices.is_empty());
        written.map(|field| field.id.clone())
    }

    /// The first field of the empty row at the end of a list.
    pub fn row_for_more(&self, list: &str) -> Option<String> {
        let mut lists = self.sections.iter().flat_map(|section| &section.lists);
        let row = lists.find(|known| known.name == list)?.rows.last()?;
        row.fields.first().map(|field| field.id.clone())
    }
}

/// A section of a form: single fields, then lists of typed values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The anchor of the section.
    pub id: &'static str,
    pub title: &'static str,
    pub fields: Vec<Field>,
    pub lists: Vec<FieldList>,
}

impl Section {
    /// Whether the section has fields that few people fill in.
    pub fn has_rare(&self) -> bool {
        self.fields.iter().any(|field| field.rare)
    }

    /// Whether a rare field has a value.
    pub fn shows_rare(&self) -> bool {
        let mut rare = self.fields.iter().filter(|field| field.rare);
        rare.any(|field| !field.value.is_empty())
    }
}

/// One input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// Name and id of the input.
    pub id: String,
    pub label: String,
    pub value: String,
    /// How to write it.
    pub hint: String,
    /// Few people fill it in: it is folded away while it is empty.
    pub rare: bool,
    /// It may have many lines.
    pub long: bool,
    /// The keyboard that a phone shows: `tel`, `email`, `url`; empty: its usual one.
    pub keyboard: &'static str,
    /// What it is chosen from; empty: it is written.
    pub choices: Vec<Choice>,
}

impl Field {
    /// The attributes of an input for its keyboard; addresses begin with no capital.
    pub fn typing(&self) -> &'static str {
        match self.keyboard {
            "tel" => " inputmode=\"tel\"",
            "email" => " inputmode=\"email\" autocapitalize=\"none\" spellcheck=\"false\"",
            "url" => " inputmode=\"url\" autocapitalize=\"none\" spellcheck=\"false\"",
            _ => "",
        }
    }
}

/// Values of one sort, each with a type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldList {
    /// Names the list in *add another*: `tel`, `email`, `adr`...
    pub name: String,
    pub legend: String,
    pub rows: Vec<FieldRow>,
}

/// One typed value; addresses have several inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FieldRow {
    /// Prefix of the ids: `tel-0`; its select is `tel-0-kind`.
    pub id: String,
    pub kinds: Vec<Choice>,
    /// A label of the person's own in the place of the kind's.
    pub label: Option<Field>,
    pub fields: Vec<Field>,
}

/// One option of a select.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    pub value: String,
    pub label: String,
    pub selected: bool,
}

/// What a form sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Submitted {
    /// Name and value, in order.
    pub fields: Vec<(String, String)>,
    /// An uploaded picture as received.
    pub photo: Option<Vec<u8>>,
    pub remove_photo: bool,
    /// Octets the picture may have once it is stored.
    pub photo_limit: Option<usize>,
    /// The language of the form.
    pub language: &'static str,
    /// The month comes first in dates written in numbers.
    pub month_first: bool,
    /// Fields that stay as they are stored, by the names their inputs begin with.
    pub left: Vec<String>,
}

impl Submitted {
    /// The value of a field, empty when absent.
    pub fn value(&self, name: &str) -> &str {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map_or("", |(_, value)| value)
    }

    /// Says nothing of some fields, by the names their inputs begin with.
    pub fn leave(&mut self, ids: Vec<String>) {
        if ids.iter().any(|id| id == PICTURE) {
            self.photo = None;
            self.remove_photo = false;
        }
        self.left = ids;
        let mut fields = std::mem::take(&mut self.fields);
        fields.retain(|(name, _)| !self.leaves(name));
        self.fields = fields;
    }

    /// Whether a field stays as it is stored.
    pub fn leaves(&self, name: &str) -> bool {
        self.left.iter().any(|id| {
            let rest = name.strip_prefix(id.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{mailto, mailto_all};

    #[test]
    fn an_address_adds_nothing_to_a_letter() {
        for (address, link) in [
            ("ann@example.org", "mailto:ann@example.org"),
            (
                "a@b?bcc=c@example.org",
                "mailto:a%40b%3Fbcc%3Dc@example.org",
            ),
            ("a@b?bcc=c", "mailto:a@b%3Fbcc%3Dc"),
            ("a+b&c,d@example.org", "mailto:a%2Bb%26c%2Cd@example.org"),
            ("nobody", "mailto:nobody"),
        ] {
            assert_eq!(mailto(address), link);
        }
        let several = mailto_all(["a,b@example.org", "a@b@example.org"]);
        assert_eq!(several, "mailto:a%2Cb@example.org,a%40b@example.org");
    }
}
