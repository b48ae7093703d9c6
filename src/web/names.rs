//! Names of people in the display order of whoever reads them.

use super::{Web, facet::said, request::Visit};
use crate::{
    domain::{
        class::DOCUMENT,
        collection::Collection,
        direction::straight,
        id::{CollectionId, PersonId},
        item::Card,
        settings::Settings,
    },
    text::Text,
};

/// A contact's name; `texts` are the `(field, value)` of its index.
pub fn of_contact(display: &str, texts: &[(String, String)], visit: &Visit) -> String {
    let family_first = texts.iter().find(|(field, _)| field == "last-first");
    ordered(display, family_first.map(|(_, name)| name.as_str()), visit)
}

/// Name of an item: a contact's in the reader's order of names, a document's file name.
pub fn of_item(web: &Web, card: &Card, visit: &Visit) -> String {
    if card.placement.class == DOCUMENT {
        straight(&card.placement.display)
    } else {
        web.facet.name(&card.document, &visit.reader())
    }
}

/// One of the two forms of a contact's name.
pub fn ordered(display: &str, family_first: Option<&str>, visit: &Visit) -> String {
    in_words(display, family_first, &visit.settings, visit.text)
}

fn in_words(display: &str, family_first: Option<&str>, settings: &Settings, text: &Text) -> String {
    let name = family_first.filter(|_| settings.last_first);
    straight(said(name.unwrap_or(display), text))
}

/// The most characters of a name that a message or a row of a list shows.
const SHOWN: usize = 100;

/// A name as messages and rows of lists show it.
pub fn short(name: &str) -> String {
    match name.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", name[..end].trim_end()),
        None => name.to_owned(),
    }
}

/// What the reader calls a book of contacts they may read.
pub fn of_book(book: &Collection, text: &Text) -> String {
    if book.is_default() {
        text.private.to_owned()
    } else {
        short(&straight(book.shown_name()))
    }
}

/// [`of_book`] of a private book of the visitor.
pub fn of_own_book(book: CollectionId, visit: &Visit) -> String {
    match visit.further_book(book) {
        Some(book) => of_book(book, visit.text),
        None => visit.text.private.to_owned(),
    }
}

/// The name of an account in the reader's order; the last word of it counts as the family name.
pub fn of_account(name: &str, settings: &Settings) -> String {
    let shown = match name.trim().rsplit_once(char::is_whitespace) {
        Some((given, family)) if settings.last_first => format!("{family} {}", given.trim()),
        _ => name.to_owned(),
    };
    straight(&shown)
}

/// The name of who did something; another word for an account that is gone.
pub fn of_somebody(name: &str, visit: &Visit) -> String {
    if name.is_empty() {
        visit.text.book.departed.to_owned()
    } else {
        of_account(name, &visit.settings)
    }
}

/// The name of who made a change; nothing where no person did.
pub fn of_author(person: Option<PersonId>, name: &str, visit: &Visit) -> String {
    person.map_or_else(String::new, |_| of_somebody(name, visit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FR;

    #[test]
    fn a_long_name_is_shown_by_its_beginning() {
        assert_eq!(short("Zoé"), "Zoé");
        let hundred = "é".repeat(SHOWN);
        assert_eq!(short(&hundred), hundred);
        assert_eq!(short(&format!("{hundred}é")), format!("{hundred}…"));
    }

    #[test]
    fn the_family_comes_first_where_that_is_set() {
        let first = Settings::default();
        let mut last = first.clone();
        last.last_first = true;
        let turned = Some("Martin Alice");
        let shown = |settings| in_words("Alice Martin", turned, settings, &FR);
        assert_eq!(shown(&last), "Martin Alice");
        assert_eq!(shown(&first), "Alice Martin");
        assert_eq!(in_words("Café", None, &last, &FR), "Café");
        assert_eq!(in_words("Unnamed", None, &last, &FR), "Sans nom");
        assert_eq!(of_account("Carol van Dyck", &last), "Dyck Carol van");
        assert_eq!(of_account("Carol Nguyen", &first), "Carol Nguyen");
        assert_eq!(of_account("Carol", &last), "Carol");
        assert_eq!(
            of_account("Car\u{202E}ol \u{2066}N\u{0}", &first),
            "Carol N"
        );
    }
}
