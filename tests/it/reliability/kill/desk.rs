//! A person at a browser who shares, moves, merges, deletes, tags and grants rights, often several
//! contacts at once, and takes some of it back.

use std::{
    collections::BTreeSet,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{
    carrier::book_body,
    ledger::{AND, Change, Key, Ledger},
    writers::{Pages, path_of, stamp},
};
use crate::{
    dav::client::TEAM,
    support::{
        browser::hidden,
        dice::Dice,
        http::{basic, request},
    },
};

/// Its book, and where that is on the web.
const BOOK: &str = "/dav/alice/private/desk/";
const HERE: &str = "/c/books/desk";
const GROUP: &str = "/g/Team";
const TAG: &str = "Sea";
/// Contacts in its book.
const FEW: usize = 12;
/// What bob may do in the group is found under this.
pub const RIGHTS: &str = "rights in Team";

/// Alice at a browser, with a book of her own.
pub struct Desk {
    pub pages: Pages,
    pub ledger: Ledger,
    tag: String,
    /// What had her tag when it was last in her book: the group's book does not show it.
    tagged: BTreeSet<String>,
    /// The person the rights are granted to.
    bob: String,
    /// The numbers of the group's book and of her own.
    books: (String, String),
    count: usize,
}

impl Desk {
    pub fn of(address: &str) -> Self {
        let headers = [
            basic("alice", "demo"),
            ("Content-Type".to_owned(), "application/xml".to_owned()),
        ];
        let body = book_body("desk", "");
        let made = request(address, "MKCOL", BOOK, &headers, body.as_bytes());
        assert_eq!(made.status, 201, "{}", made.text());
        let mut desk = Self {
            pages: Pages::of(address, "alice"),
            ledger: Ledger::default(),
            tag: String::new(),
            tagged: BTreeSet::new(),
            bob: String::new(),
            books: Default::default(),
            count: 0,
        };
        desk.prepare().expect("answers");
        desk
    }

    /// A tag, and what forms name people and books by.
    fn prepare(&mut self) -> Option<()> {
        let token = hidden(&self.pages.page("/tags")?, "token");
        let fields = [("token", &*token), ("name", TAG), ("colour", "#aa0000")];
        let page = self.pages.page(&self.pages.lead("/tags", &fields)?)?;
        let tag = page.split("id=\"tag-").nth(1)?;
        tag.split('"').next()?.clone_into(&mut self.tag);
        let rights = self.pages.page(&format!("{GROUP}/rights"))?;
        self.bob = before(&rights, "\"> Bob Keller <")?;
        self.make(&mut Dice::new(0))?;
        let key = self.ledger.names().remove(0);
        let card = path_of(&self.pages.page(HERE)?, &key.1)?;
        self.books.0 = before(
            &self.pages.page(&format!("{card}/share"))?,
            "\">Team</option>",
        )?;
        let to = self.books.0.clone();
        self.bring(
            &self.pages.page(HERE)?,
            std::slice::from_ref(&key),
            true,
            (HERE, &to),
            false,
        )?;
        let card = path_of(&self.pages.page(GROUP)?, &key.1)?;
        self.books.1 = before(
            &self.pages.page(&format!("{card}/share"))?,
            "\">desk</option>",
        )?;
        Some(())
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        let here = self.ledger.names_in(BOOK);
        let undo = dice.below(2) == 0;
        let two = |dice: &mut Dice, of: &[Key]| -> Vec<Key> {
            let at = dice.below(of.len().max(1));
            of.iter()
                .cycle()
                .skip(at)
                .take(of.len().min(2))
                .cloned()
                .collect()
        };
        let some = two(dice, &here);
        let roll = dice.below(8);
        if here.len() < 4 || (roll == 0 && here.len() < FEW) {
            return self.make(dice);
        }
        if roll == 6 {
            return self.grant(undo, dice);
        }
        let (group, own) = self.books.clone();
        if roll == 5 {
            let there = two(dice, &self.ledger.names_in(TEAM));
            if there.is_empty() {
                return Some(());
            }
            let list = self.pages.page(GROUP)?;
            return self.bring(&list, &there, true, (GROUP, &own), undo);
        }
        let list = self.pages.page(HERE)?;
        match roll {
            1 => self.bring(&list, &some, false, (HERE, &group), undo),
            2 => self.bring(&list, &some, true, (HERE, &group), undo),
            3 => self.merge(&list, &some, undo),
            4 => self.tag(&list, &some),
            _ => self.delete(&list, &some, undo, dice),
        }
    }

    fn make(&mut self, dice: &mut Dice) -> Option<()> {
        self.count += 1;
        let (name, note) = (format!("Dsk{:05}", self.count), stamp(dice));
        let form = self.pages.page(&format!("{HERE}/new"))?;
        let (token, version) = (hidden(&form, "token"), hidden(&form, "version"));
        let key = (BOOK.to_owned(), name.clone());
        self.ledger.begin(vec![(key, Some(noted(&note, "")))]);
        let fields = [
            ("token", &*token),
            ("version", &*version),
            ("family", &*name),
            ("note", &*note),
        ];
        self.pages.send(&format!("{HERE}/new"), &fields, &[])?;
        self.ledger.acknowledge();
        Some(())
    }

    /// Several at once from one book into another, which may hold some of them.
    fn bring(
        &mut self,
        list: &str,
        some: &[Key],
        moves: bool,
        (from, to): (&str, &str),
        undo: bool,
    ) -> Option<()> {
        let there = if from == HERE { TEAM } else { BOOK };
        if from == HERE {
            self.note_tags(some);
        }
        let (mut come, mut go) = (Vec::new(), Vec::new());
        for key in some {
            let to = (there.to_owned(), key.1.clone());
            if !self.ledger.holds(&to) {
                let is_tagged = there == BOOK && self.tagged.contains(&key.1);
                let tags = if is_tagged { TAG } else { "" };
                come.push((to, Some(noted(note_of(self.ledger.value(key)), tags))));
            }
            if moves {
                go.push((key.clone(), None));
            }
        }
        let back = vec![self.ledger.back_from(&go), self.ledger.back_from(&come)];
        come.extend(go);
        let is_done = !come.is_empty();
        self.ledger.begin(come);
        let verb = if moves { "move" } else { "share" };
        let page = self.selected(list, from, verb, some, &[("to", to)])?;
        self.ledger.acknowledge();
        if undo && is_done {
            // What was moved is back first, so that it is nowhere for no moment.
            self.ledger.begin_steps(back);
            self.undo(&page)?;
            self.ledger.acknowledge();
        }
        Some(())
    }

    /// The second into the first.
    fn merge(&mut self, list: &str, some: &[Key], undo: bool) -> Option<()> {
        let is_plain = |key: &Key| {
            let value = self.ledger.value(key);
            value.ends_with("tags:\n") && !value.contains("\\n")
        };
        let [first, second] = some else {
            return Some(());
        };
        if !some.iter().all(is_plain) || self.ledger.places_of(&second.1).len() > 1 {
            return Some(());
        }
        let note = |key: &Key| note_of(self.ledger.value(key));
        let both = noted(&format!("{}\\n{}", note(first), note(second)), "");
        let places = self.ledger.places_of(&first.1).into_iter();
        let mut changes: Vec<Change> = places.map(|key| (key, Some(both.clone()))).collect();
        changes.push((second.clone(), None));
        let back = self.ledger.back_from(&changes);
        let pair = format!("{HERE}/duplicates/{}/{}", id(list, first), id(list, second));
        let page = self.pages.page(&pair)?;
        let (token, one, other) = (
            hidden(&page, "token"),
            hidden(&page, "first-version"),
            hidden(&page, "second-version"),
        );
        let fields = [
            ("token", &*token),
            ("first-version", &*one),
            ("second-version", &*other),
            ("one-NOTE", "both"),
        ];
        self.ledger.begin(changes);
        let to = self.pages.lead(&pair, &fields)?;
        self.ledger.acknowledge();
        if undo {
            let merge = hidden(&self.pages.page(&to)?, "merge");
            let fields = [("token", &*token), ("merge", &*merge)];
            self.ledger.begin(back);
            self.pages
                .lead(&format!("{HERE}/duplicates/undo"), &fields)?;
            self.ledger.acknowledge();
        }
        Some(())
    }

    /// Puts her tag on contacts or takes it off.
    fn tag(&mut self, list: &str, some: &[Key]) -> Option<()> {
        let is_on = |key: &Key| is_tagged(self.ledger.value(key));
        let off = some.iter().all(is_on);
        let tags = if off { "" } else { TAG };
        let changes = some.iter().map(|key| {
            let value = noted(note_of(self.ledger.value(key)), tags);
            (key.clone(), Some(value))
        });
        let changes = changes.collect();
        self.ledger.begin(changes);
        let verb = if off { "untag" } else { "tag" };
        let tag = self.tag.clone();
        self.selected(list, HERE, verb, some, &[("tag", &tag)])?;
        self.ledger.acknowledge();
        Some(())
    }

    /// Back by *Undo*, or with the whole book to the moment before.
    fn delete(&mut self, list: &str, some: &[Key], undo: bool, dice: &mut Dice) -> Option<()> {
        let moment = SystemTime::now().duration_since(UNIX_EPOCH);
        let moment = moment.expect("after 1970").as_millis().to_string();
        thread::sleep(Duration::from_millis(5));
        self.note_tags(some);
        let gone: Vec<Change> = some.iter().map(|key| (key.clone(), None)).collect();
        let back = self.ledger.back_from(&gone);
        self.ledger.begin(gone);
        let page = self.selected(list, HERE, "delete", some, &[])?;
        self.ledger.acknowledge();
        if undo {
            let token = hidden(&page, "token");
            self.ledger.begin(back);
            if dice.below(2) == 0 {
                let fields = [("token", &*token), ("before", &*moment)];
                self.pages.lead(&format!("{HERE}/trash/back"), &fields)?;
            } else {
                let revisions = hidden(&page, "revisions");
                let fields = [
                    ("token", &*token),
                    ("revisions", &*revisions),
                    ("undo", "1"),
                ];
                self.pages.lead(&format!("{HERE}/trash/restore"), &fields)?;
            }
            self.ledger.acknowledge();
        }
        Some(())
    }

    /// Keeps which of them are tagged, before they leave her book.
    fn note_tags(&mut self, some: &[Key]) {
        for key in some {
            if is_tagged(self.ledger.value(key)) {
                self.tagged.insert(key.1.clone());
            } else {
                self.tagged.remove(&key.1);
            }
        }
    }

    /// What bob may do in the group.
    fn grant(&mut self, less: bool, dice: &mut Dice) -> Option<()> {
        let key = (RIGHTS.to_owned(), "bob".to_owned());
        let token = hidden(&self.pages.page(&format!("{GROUP}/rights"))?, "token");
        let mut fields = vec![("token", &*token), ("grantee", &*self.bob)];
        let (verb, right) = match (self.ledger.holds(&key) && less, dice.below(2)) {
            (true, _) => ("withdraw", None),
            (false, 0) => ("grant", Some("add")),
            (false, _) => ("grant", Some("add-delete")),
        };
        fields.extend(right.map(|right| ("right", right)));
        let value = right.map(|right| format!("may:{right}\n"));
        self.ledger.begin(vec![(key, value)]);
        self.pages
            .lead(&format!("{GROUP}/rights/{verb}"), &fields)?;
        self.ledger.acknowledge();
        Some(())
    }

    /// Something is done with what is ticked in a list: the page after it.
    fn selected(
        &self,
        list: &str,
        place: &str,
        verb: &str,
        some: &[Key],
        more: &[(&str, &str)],
    ) -> Option<String> {
        let token = hidden(list, "token");
        let ids: Vec<String> = some.iter().map(|key| id(list, key)).collect();
        let mut fields = vec![("token", &*token)];
        fields.extend(ids.iter().map(|id| ("id", &**id)));
        fields.extend(more);
        let to = self
            .pages
            .lead(&format!("{place}/selected/{verb}"), &fields)?;
        self.pages.page(&to)
    }

    fn undo(&self, page: &str) -> Option<()> {
        let (token, kept) = (hidden(page, "token"), hidden(page, "kept"));
        let fields = [("token", &*token), ("kept", &*kept)];
        self.pages.lead("/undo", &fields).map(drop)
    }
}

/// The card of a note, with her tags.
fn noted(note: &str, tags: &str) -> String {
    format!("NOTE:{note}\n{AND}tags:{tags}\n")
}

fn note_of(value: &str) -> &str {
    let note = value.trim_start_matches("NOTE:").split('\n').next();
    note.unwrap_or_default()
}

fn is_tagged(value: &str) -> bool {
    value.ends_with(&format!("tags:{TAG}\n"))
}

/// By what a list names a contact.
fn id(list: &str, key: &Key) -> String {
    let path = path_of(list, &key.1).unwrap_or_else(|| panic!("{key:?} is not in {list}"));
    let id = path.rsplit('/').next().unwrap_or_default();
    id.split('?').next().unwrap_or_default().to_owned()
}

/// The value of an attribute that ends where a text begins.
fn before(page: &str, text: &str) -> Option<String> {
    let end = page.find(text)?;
    page[..end].rsplit('"').next().map(str::to_owned)
}
