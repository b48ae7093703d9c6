//! Favourites, and lists of contacts: cards of the kind *group* (RFC 6350 §6.6.5; in version 3.0
//! the lines of Apple's programs).

use carnet_proto::vcard::{Document, Edit as Patch, Kind, NewLine, escape_text};
use uuid::Uuid;

use crate::{
    class::contact::{FAVOURITE, parse},
    domain::{book::Edit, error::Result, item::without_urn},
};

const MEMBERS: [&str; 2] = ["MEMBER", "X-ADDRESSBOOKSERVER-MEMBER"];
/// What stands before a UID (RFC 4122 §3).
const URN: &str = "urn:uuid:";

/// Marks a card as a favourite, or no longer.
pub struct Favourite(pub bool);

impl Edit for Favourite {
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        patched(current, |card, patch| {
            let stars = places(card, &[FAVOURITE]);
            match (self.0, stars.is_empty()) {
                (true, true) => patch.add(NewLine::new(FAVOURITE, &[], "TRUE")),
                (false, false) => stars.into_iter().for_each(|at| patch.remove(at)),
                _ => {}
            }
        })
    }
}

/// A list without members.
pub struct NewList(pub String);

impl Edit for NewList {
    fn apply(&self, _current: Option<&[u8]>) -> Result<Vec<u8>> {
        let name = escape_text(&self.0);
        let uid = Uuid::new_v4();
        let empty = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nX-ADDRESSBOOKSERVER-KIND:group\r\nEND:VCARD\r\n"
        );
        let card = parse(empty.as_bytes())?;
        let mut patch = card.edit();
        patch.add(NewLine::new("FN", &[], name.clone()));
        patch.add(NewLine::new("N", &[], format!("{name};;;;")));
        Ok(patch.finish().as_bytes().to_vec())
    }
}

/// Puts members into a list and takes others out.
pub struct Members {
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

impl Edit for Members {
    fn apply(&self, current: Option<&[u8]>) -> Result<Vec<u8>> {
        patched(current, |card, patch| {
            let held = places(card, &MEMBERS);
            let uid_at = |at: &usize| without_urn(&card.lines()[*at].text()).to_owned();
            for at in held.iter().filter(|at| has(&self.remove, &uid_at(at))) {
                patch.remove(*at);
            }
            let known: Vec<String> = held.iter().map(uid_at).collect();
            let property = match card.version().as_str() {
                "4.0" => MEMBERS[0],
                _ => MEMBERS[1],
            };
            for new in self.add.iter().filter(|new| !has(&known, new)) {
                patch.add(NewLine::new(property, &[], format!("{URN}{new}")));
            }
        })
    }
}

/// UIDs of the members of a list; none where the card is no list.
pub fn members(card: &Document) -> Option<Vec<String>> {
    let held = places(card, &MEMBERS).into_iter();
    (card.kind() == Kind::Group).then(|| {
        held.map(|at| without_urn(&card.lines()[at].text()).to_owned())
            .collect()
    })
}

/// Whether a UID is among some, in whatever letters.
pub fn has(uids: &[String], uid: &str) -> bool {
    uids.iter().any(|other| other.eq_ignore_ascii_case(uid))
}

fn places(card: &Document, names: &[&str]) -> Vec<usize> {
    let lines = card.lines().iter().enumerate();
    lines
        .filter(|(_, line)| names.iter().any(|name| line.is(name)))
        .map(|(at, _)| at)
        .collect()
}

fn patched(
    current: Option<&[u8]>,
    change: impl FnOnce(&Document, &mut Patch<'_>),
) -> Result<Vec<u8>> {
    let card = parse(current.unwrap_or_default())?;
    let uid = card.uid().unwrap_or_else(|| Uuid::new_v4().to_string());
    let card = card.editable(&uid);
    let mut patch = card.edit();
    change(&card, &mut patch);
    Ok(patch.finish().as_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: &str = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nFN:L\r\nKIND:group\r\nX-ODD;P=1:kept\r\nEND:VCARD\r\n";

    fn apply(edit: &dyn Edit, card: &str) -> String {
        let made = edit.apply(Some(card.as_bytes())).expect("a card");
        String::from_utf8(made).expect("UTF-8")
    }

    #[test]
    fn a_favourite_is_one_line_that_comes_and_goes() {
        let on = apply(&Favourite(true), CARD);
        assert!(on.contains("X-CARNET-FAVOURITE:TRUE\r\n"), "{on}");
        assert_eq!(apply(&Favourite(true), &on), on);
        assert_eq!(apply(&Favourite(false), &on), CARD);
    }

    #[test]
    fn members_of_both_versions_are_uids_in_their_order() {
        let add = |uids: &[&str]| Members {
            add: uids.iter().map(|uid| (*uid).to_owned()).collect(),
            remove: Vec::new(),
        };
        let newest = apply(&add(&["a", "b", "a;c"]), CARD);
        assert!(newest.contains("MEMBER:urn:uuid:a\r\n"), "{newest}");
        let made = NewList("Chœur; ténors".to_owned())
            .apply(None)
            .expect("a list");
        let older = apply(&add(&["a", "b", "a;c"]), &String::from_utf8_lossy(&made));
        assert!(
            older.contains("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a\r\n"),
            "{older}"
        );
        for card in [&newest, &older] {
            let card = Document::parse(card.as_bytes()).expect("a card");
            assert_eq!(
                members(&card),
                Some(vec!["a".into(), "b".into(), "a;c".into()])
            );
        }
        let out = Members {
            add: Vec::new(),
            remove: vec!["a".to_owned(), "a;c".to_owned()],
        };
        let fewer = apply(&out, &newest);
        assert!(
            !fewer.contains("uuid:a")
                && fewer.contains("uuid:b")
                && fewer.contains("X-ODD;P=1:kept")
        );
        let person = Document::parse(b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:P\r\nEND:VCARD\r\n");
        assert_eq!(members(&person.expect("a card")), None);
    }
}
