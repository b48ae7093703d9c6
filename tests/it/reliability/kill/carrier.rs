//! CardDAV between several books: COPY and MOVE, POST, PROPPATCH, and books that are made, described
//! and deleted.

use std::collections::BTreeMap;

use super::{
    ledger::{AND, Change, Key, Ledger},
    writers::{MANY, href, private, stamp},
};
use crate::{
    dav::client::{NS, TEAM},
    support::{
        dice::Dice,
        http::{Answer, basic, try_request},
    },
};

/// Whose books they are.
pub const HOME: &str = "/dav/alice/private/";
/// Books it has made at a time.
const BOOKS: usize = 3;

/// A client of alice with several books.
pub struct Carrier {
    pub address: String,
    pub ledger: Ledger,
    /// Of what it knows the address.
    hrefs: BTreeMap<Key, String>,
    count: usize,
}

impl Carrier {
    pub fn new() -> Self {
        Self {
            address: String::new(),
            ledger: Ledger::default(),
            hrefs: BTreeMap::new(),
            count: 0,
        }
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        let own = self.ledger.names_in(HOME);
        let cards: Vec<Key> = self.hrefs.keys().cloned().collect();
        match (dice.below(14), dice.pick(&cards).cloned()) {
            (0, _) if own.len() < BOOKS => self.make_book(dice),
            (0, _) => self.remove_book(dice.pick(&own)?),
            (1, _) if !own.is_empty() => self.describe_book(dice.pick(&own)?.clone(), dice),
            (2..6, _) | (_, None) if cards.len() < MANY => self.make(dice),
            (2..7, Some(key)) => self.delete(key),
            (7..9, Some(key)) => self.bring("COPY", key, dice),
            (9..11, Some(key)) => self.bring("MOVE", key, dice),
            (11, Some(key)) => self.keep(key, dice),
            (_, Some(key)) => self.edit(&key, dice),
            (_, None) => Some(()),
        }
    }

    fn books(&self) -> Vec<String> {
        let own = self.ledger.names_in(HOME).into_iter();
        let mut books: Vec<String> = own.map(|key| path(&key)).collect();
        books.extend([private("alice"), TEAM.to_owned()]);
        books
    }

    fn make(&mut self, dice: &mut Dice) -> Option<()> {
        self.count += 1;
        let book = dice.pick(&self.books())?.clone();
        let key = (book, format!("Crr{:05}", self.count));
        let (card, last) = card(&key.1, dice);
        let value = format!("{last}{AND}kept:\n");
        self.ledger.begin(vec![(key.clone(), Some(value))]);
        let vcard = ("Content-Type", "text/vcard");
        if dice.below(3) == 0 {
            // RFC 5995
            let answer = self.send("POST", &key.0, &[vcard], &card)?;
            assert_eq!(answer.status, 201, "{answer:?}");
            let to = answer.header("location").expect("an address").to_owned();
            self.hrefs.insert(key, to);
        } else {
            let href = href(&key);
            self.hrefs.insert(key, href.clone());
            let answer = self.send("PUT", &href, &[vcard, ("If-None-Match", "*")], &card)?;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        self.done()
    }

    /// One contact in several books is one: all of them show what is written in one.
    fn edit(&mut self, key: &Key, dice: &mut Dice) -> Option<()> {
        let href = &self.hrefs[key];
        let answer = self.send("GET", href, &[], "")?;
        assert_eq!(answer.status, 200, "{answer:?}");
        let etag = answer.header("etag").expect("an ETag").to_owned();
        let (card, last) = card(&key.1, dice);
        let places = self.ledger.places_of(&key.1).into_iter();
        let changes = places.map(|place| {
            let kept = self.ledger.value(&place).split(AND).nth(1);
            let value = format!("{last}{AND}{}", kept.unwrap_or_default());
            (place, Some(value))
        });
        let changes = changes.collect();
        self.ledger.begin(changes);
        let headers = [("Content-Type", "text/vcard"), ("If-Match", &etag)];
        let answer = self.send("PUT", href, &headers, &card)?;
        assert_eq!(answer.status, 204, "{answer:?}");
        self.done()
    }

    fn delete(&mut self, key: Key) -> Option<()> {
        self.ledger.begin(vec![(key.clone(), None)]);
        let answer = self.send("DELETE", &self.hrefs[&key], &[], "")?;
        assert_eq!(answer.status, 204, "{answer:?}");
        self.done()
    }

    /// To a book that does not hold it.
    fn bring(&mut self, how: &str, key: Key, dice: &mut Dice) -> Option<()> {
        let mut books = self.books();
        books.retain(|book| !self.ledger.holds(&(book.clone(), key.1.clone())));
        let Some(book) = dice.pick(&books) else {
            return Some(());
        };
        let to = (book.clone(), key.1.clone());
        let value = self.ledger.value(&key).to_owned();
        let mut changes = vec![(to.clone(), Some(value))];
        if how == "MOVE" {
            changes.push((key.clone(), None));
        }
        self.ledger.begin(changes);
        let destination = href(&to);
        self.hrefs.insert(to, destination.clone());
        let headers = [("Destination", &*destination), ("Overwrite", "F")];
        let answer = self.send(how, &self.hrefs[&key], &headers, "")?;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.done()
    }

    /// A property of its own, of a card in one book.
    fn keep(&mut self, key: Key, dice: &mut Dice) -> Option<()> {
        let stamp = stamp(dice);
        let last = self.ledger.value(&key).split(AND).next();
        let value = format!("{}{AND}kept:{stamp}\n", last.unwrap_or_default());
        self.ledger.begin(vec![(key.clone(), Some(value))]);
        let set = format!("<kept xmlns='u:'>{stamp}</kept>");
        self.set(&self.hrefs[&key], &set)?;
        self.done()
    }

    fn make_book(&mut self, dice: &mut Dice) -> Option<()> {
        self.count += 1;
        let (key, about) = (
            (HOME.to_owned(), format!("Kol{:05}", self.count)),
            stamp(dice),
        );
        let path = path(&key);
        let body = book_body(&key.1, &about);
        self.ledger.begin(vec![(key, Some(described(&about)))]);
        let answer = self.send(
            "MKCOL",
            &path,
            &[("Content-Type", "application/xml")],
            &body,
        )?;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.done()
    }

    fn describe_book(&mut self, key: Key, dice: &mut Dice) -> Option<()> {
        let (path, about) = (path(&key), stamp(dice));
        self.ledger.begin(vec![(key, Some(described(&about)))]);
        let set = format!("<C:addressbook-description>{about}</C:addressbook-description>");
        self.set(&path, &set)?;
        self.done()
    }

    /// With all that is in it.
    fn remove_book(&mut self, key: &Key) -> Option<()> {
        let path = path(key);
        let mut gone = self.ledger.names_in(&path);
        gone.push(key.clone());
        let gone: Vec<Change> = gone.into_iter().map(|key| (key, None)).collect();
        self.ledger.begin(gone);
        let answer = self.send("DELETE", &path, &[], "")?;
        assert_eq!(answer.status, 204, "{answer:?}");
        self.done()
    }

    fn done(&mut self) -> Option<()> {
        self.ledger.acknowledge();
        self.settled();
        Some(())
    }

    /// Forgets the addresses of what is not there.
    pub fn settled(&mut self) {
        let ledger = &self.ledger;
        self.hrefs.retain(|key, _| ledger.holds(key));
    }

    fn set(&self, href: &str, property: &str) -> Option<()> {
        let body = format!(
            "<D:propertyupdate {NS}><D:set><D:prop>{property}</D:prop></D:set></D:propertyupdate>"
        );
        let answer = self.send(
            "PROPPATCH",
            href,
            &[("Content-Type", "application/xml")],
            &body,
        )?;
        let text = answer.text();
        assert!(answer.status == 207 && text.contains(" 200 OK"), "{text}");
        Some(())
    }

    fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Option<Answer> {
        let mut all = vec![
            basic("alice", "demo"),
            ("User-Agent".to_owned(), "carrier/1".to_owned()),
        ];
        let headers = headers.iter();
        all.extend(headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        try_request(&self.address, method, target, &all, body.as_bytes())
    }
}

/// The body of an MKCOL.
pub fn book_body(name: &str, about: &str) -> String {
    format!(
        "<D:mkcol {NS}><D:set><D:prop><D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>\
         <D:displayname>{name}</D:displayname>\
         <C:addressbook-description>{about}</C:addressbook-description></D:prop></D:set></D:mkcol>"
    )
}

fn described(about: &str) -> String {
    format!("about:{about}\n")
}

/// Where a book of one's own is.
fn path(book: &Key) -> String {
    format!("{}{}/", book.0, book.1)
}

/// A card, and the line that tells it from others.
fn card(name: &str, dice: &mut Dice) -> (String, String) {
    let stamp = stamp(dice);
    let card = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:crr-{name}\r\nN:{name};;;;\r\nFN:{name}\r\nX-LAST:{stamp}\r\n\
         END:VCARD\r\n"
    );
    (card, format!("X-LAST:{stamp}\n"))
}
