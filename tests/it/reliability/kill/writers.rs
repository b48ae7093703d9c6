//! Writers on each face. A step ends with the answer, or with none because the server was killed.

use std::{collections::BTreeMap, mem};

use carnet_proto::wbxml::{
    Element, Limits, decode,
    page::{air_sync as a, contacts as c},
};

use super::ledger::{Key, Ledger};
use crate::{
    dav::client::TEAM,
    support::{
        browser::{MULTIPART, encoded, hidden, multipart},
        dice::Dice,
        eas::{self, Device},
        http::{Answer, basic, try_request},
    },
};

/// Contacts a writer holds at most.
pub const MANY: usize = 20;

/// A text nothing else contains.
pub fn stamp(dice: &mut Dice) -> String {
    format!("{:016x}", dice.next())
}

pub fn private(login: &str) -> String {
    format!("/dav/{login}/private/contacts/")
}

/// PUT, DELETE and MOVE.
pub struct CardDav {
    pub address: String,
    pub ledger: Ledger,
    pub etags: BTreeMap<Key, String>,
    login: &'static str,
    count: usize,
}

impl CardDav {
    pub fn of(login: &'static str) -> Self {
        Self {
            address: String::new(),
            ledger: Ledger::default(),
            etags: BTreeMap::new(),
            login,
            count: 0,
        }
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        let held: Vec<Key> = self.ledger.names();
        let known: Vec<Key> = held
            .iter()
            .filter(|key| self.etags.contains_key(*key))
            .cloned()
            .collect();
        match (dice.below(10), dice.pick(&known).cloned()) {
            (0..5, _) | (_, None) if held.len() < MANY => {
                self.count += 1;
                let name = format!("Dav{:05}", self.count);
                self.put((private(self.login), name), dice)
            }
            (8, Some(key)) if self.login == "alice" => self.move_away(key),
            (9, Some(key)) => {
                self.ledger.begin(vec![(key.clone(), None)]);
                let answer = self.send("DELETE", &href(&key), &[], b"")?;
                assert_eq!(answer.status, 204, "{answer:?}");
                self.etags.remove(&key);
                self.ledger.acknowledge();
                Some(())
            }
            (_, Some(key)) => self.put(key, dice),
            (_, None) => Some(()),
        }
    }

    fn put(&mut self, key: Key, dice: &mut Dice) -> Option<()> {
        let (name, stamp) = (&key.1, stamp(dice));
        let long = "long ".repeat(dice.below(2000));
        let card = format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{}-{name}\r\nN:{name};;;;\r\nFN:{name}\r\n\
             NOTE:{long}{stamp}\r\nX-LAST:{stamp}\r\nEND:VCARD\r\n",
            self.login
        );
        let condition = match self.etags.get(&key) {
            Some(etag) => ("If-Match", etag.clone()),
            None => ("If-None-Match", "*".to_owned()),
        };
        let headers = [("Content-Type", "text/vcard"), (condition.0, &*condition.1)];
        let change = (key.clone(), Some(card.replace('\r', "")));
        self.ledger.begin(vec![change]);
        let answer = self.send("PUT", &href(&key), &headers, card.as_bytes())?;
        assert!(matches!(answer.status, 201 | 204), "{answer:?}");
        let etag = answer.header("etag").expect("an ETag").to_owned();
        self.etags.insert(key, etag);
        self.ledger.acknowledge();
        Some(())
    }

    /// Between Private and the group.
    fn move_away(&mut self, key: Key) -> Option<()> {
        let private = private(self.login);
        let there = if key.0 == private {
            TEAM.to_owned()
        } else {
            private
        };
        let to = (there, key.1.clone());
        let value = self.ledger.value(&key).to_owned();
        self.ledger
            .begin(vec![(key.clone(), None), (to.clone(), Some(value))]);
        let destination = href(&to);
        let headers = [("Destination", &*destination), ("Overwrite", "F")];
        let answer = self.send("MOVE", &href(&key), &headers, b"")?;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.etags.remove(&key);
        self.ledger.acknowledge();
        Some(())
    }

    fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Answer> {
        let mut all = vec![basic(self.login, "demo")];
        all.extend(
            headers
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        try_request(&self.address, method, target, &all, body)
    }
}

pub fn href(key: &Key) -> String {
    format!("{}{}.vcf", key.0, key.1)
}

/// A device that adds, changes and deletes, several at once.
pub struct Phone {
    pub device: Device,
    login: String,
    id: &'static str,
    /// What the names of its contacts begin with.
    prefix: &'static str,
    pub ledger: Ledger,
    book: String,
    count: usize,
    /// What nobody answered: sent again as it was.
    unanswered: Option<(Vec<u8>, Vec<Element>)>,
    /// How often its key was not known any more, where that may be (a power cut).
    pub started_over: Option<u64>,
}

impl Phone {
    /// A device by its id, and what its names begin with.
    pub fn of(
        address: &str,
        login: &str,
        version: &'static str,
        (id, prefix): (&'static str, &'static str),
    ) -> Self {
        let mut device = Device::set_up(address, login, id, version);
        device.sync_all(&[], 100);
        Self {
            device,
            login: login.to_owned(),
            id,
            prefix,
            ledger: Ledger::default(),
            book: private(login),
            count: 0,
            unanswered: None,
            started_over: None,
        }
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        let (mut commands, mut changes) = (Vec::new(), Vec::new());
        let mut free = self.ledger.names_in(&self.book);
        for _ in 0..1 + dice.below(5) {
            let stamp = stamp(dice);
            let value = Some(format!("TITLE:{stamp}\n"));
            let is_new =
                free.is_empty() || (dice.below(2) == 0 && self.ledger.names().len() < MANY);
            if is_new {
                self.count += 1;
                let name = format!("{}{:05}", self.prefix, self.count);
                let values = [(c::LAST_NAME, &*name), (c::JOB_TITLE, &*stamp)];
                commands.push(eas::add(&name, &values));
                changes.push(((self.book.clone(), name), value));
                continue;
            }
            let key = free.swap_remove(dice.below(free.len()));
            let id = self.device.named(&key.1).expect("a ServerId");
            if dice.below(5) == 0 {
                commands.push(eas::delete(&id));
                changes.push((key, None));
            } else {
                let values = [(c::LAST_NAME, &*key.1), (c::JOB_TITLE, &*stamp)];
                commands.push(eas::change(&id, &values));
                changes.push((key, value));
            }
        }
        self.ledger.begin(changes);
        let body = self
            .device
            .sync_body(&self.device.key, &commands, 100, true);
        self.exchange(body, commands)
    }

    /// After a restart: what was not answered goes out again under its key, then all is fetched.
    pub fn catch_up(&mut self) {
        if let Some((body, commands)) = self.unanswered.take() {
            self.exchange(body, commands).expect("an answer");
        }
        self.fetch().expect("an answer");
        self.device.sync_all(&[], 100);
    }

    pub fn fetch(&mut self) -> Option<()> {
        let body = self.device.sync_body(&self.device.key, &[], 100, true);
        self.exchange(body, Vec::new())
    }

    /// What a phone does when the server does not know its key.
    fn starts_over(&mut self) -> bool {
        let Some(times) = &mut self.started_over else {
            return false;
        };
        *times += 1;
        let (address, login) = (&self.device.address, &self.login);
        self.device = Device::set_up(address, login, self.id, self.device.version);
        self.device.sync_all(&[], 100);
        true
    }

    /// Family names of what it shows, sorted.
    pub fn shown(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .device
            .items
            .values()
            .filter_map(|data| data.text_of(c::LAST_NAME))
            .collect();
        names.sort();
        names
    }

    fn exchange(&mut self, body: Vec<u8>, commands: Vec<Element>) -> Option<()> {
        let Some(answer) = self.device.attempt("Sync", &body) else {
            self.unanswered = Some((body, commands));
            return None;
        };
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.body.is_empty() && commands.is_empty() {
            // Nothing new.
            return Some(());
        }
        let root = decode(&answer.body, &Limits::default()).expect("a document");
        let found = root
            .child(a::COLLECTIONS)
            .and_then(|all| all.child(a::COLLECTION));
        let status = found.unwrap_or(&root).text_of(a::STATUS);
        if matches!(status.as_deref(), Some("3" | "12")) && self.starts_over() {
            return Some(());
        }
        let found = found.unwrap_or_else(|| panic!("{}", root.dump()));
        assert_eq!(status.as_deref(), Some("1"), "{}", root.dump());
        self.device.key = found.text_of(a::SYNC_KEY).expect("a key");
        let ids: BTreeMap<String, String> = found
            .child(a::RESPONSES)
            .into_iter()
            .flat_map(Element::elements)
            .inspect(|response| {
                let status = response.text_of(a::STATUS);
                assert_eq!(status.as_deref(), Some("1"), "{}", root.dump());
            })
            .filter_map(|response| {
                Some((
                    response.text_of(a::CLIENT_ID)?,
                    response.text_of(a::SERVER_ID)?,
                ))
            })
            .collect();
        let wrote = !commands.is_empty();
        for command in commands {
            let id = match command.text_of(a::CLIENT_ID) {
                Some(client_id) => ids[&client_id].clone(),
                None => command.text_of(a::SERVER_ID).expect("a ServerId"),
            };
            match command.child(a::APPLICATION_DATA) {
                Some(data) => self.device.items.insert(id, data.clone()),
                None => self.device.items.remove(&id),
            };
        }
        self.device.take(found);
        if wrote {
            self.ledger.acknowledge();
        }
        Some(())
    }
}

/// A person at a browser, whose session outlives the server.
pub struct Pages {
    pub address: String,
    cookie: String,
}

impl Pages {
    pub fn of(address: &str, login: &str) -> Self {
        let mut browser = crate::support::browser::Browser::of(address, login);
        Self {
            address: address.to_owned(),
            cookie: browser.cookie.take().expect("a session"),
        }
    }

    pub fn page(&self, path: &str) -> Option<String> {
        let headers = [("Cookie".to_owned(), self.cookie.clone())];
        let answer = try_request(&self.address, "GET", path, &headers, b"")?;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        Some(answer.text())
    }

    /// A form that is obeyed: where it leads to.
    pub fn send(
        &self,
        path: &str,
        fields: &[(&str, &str)],
        files: &[(&str, &[u8])],
    ) -> Option<String> {
        let headers = [
            ("Cookie".to_owned(), self.cookie.clone()),
            ("Content-Type".to_owned(), MULTIPART.to_owned()),
        ];
        let body = multipart(fields, files);
        let answer = try_request(&self.address, "POST", path, &headers, &body)?;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        let to = answer.header("location").expect("a page");
        Some(to.split('?').next().unwrap_or_default().to_owned())
    }

    /// The same, url-encoded.
    fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Option<String> {
        let to = self.lead(path, fields)?;
        Some(to.split('?').next().unwrap_or_default().to_owned())
    }

    /// An url-encoded form that is obeyed: where it leads to, with what is said there.
    pub fn lead(&self, path: &str, fields: &[(&str, &str)]) -> Option<String> {
        let headers = [
            ("Cookie".to_owned(), self.cookie.clone()),
            (
                "Content-Type".to_owned(),
                "application/x-www-form-urlencoded".to_owned(),
            ),
        ];
        let fields = fields.iter();
        let body: Vec<String> = fields
            .map(|(name, value)| format!("{name}={}", encoded(value)))
            .collect();
        let body = body.join("&");
        let answer = try_request(&self.address, "POST", path, &headers, body.as_bytes())?;
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        Some(answer.header("location").expect("a page").to_owned())
    }
}

/// Contacts made and changed in forms.
pub struct Forms {
    pub pages: Pages,
    pub ledger: Ledger,
    book: String,
    paths: BTreeMap<Key, String>,
    count: usize,
}

impl Forms {
    pub fn of(address: &str, login: &str) -> Self {
        Self {
            pages: Pages::of(address, login),
            ledger: Ledger::default(),
            book: private(login),
            paths: BTreeMap::new(),
            count: 0,
        }
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        let known: Vec<Key> = self.paths.keys().cloned().collect();
        let stamp = stamp(dice);
        let picked = dice.pick(&known).cloned();
        let (key, action) = match picked {
            Some(key) if known.len() >= MANY || dice.below(3) > 0 => {
                let path = format!("{}/edit", self.paths[&key]);
                (key, path)
            }
            _ => {
                self.count += 1;
                let name = format!("Web{:05}", self.count);
                ((self.book.clone(), name), "/c/private/new".to_owned())
            }
        };
        let form = self.pages.page(&action)?;
        let (token, version) = (hidden(&form, "token"), hidden(&form, "version"));
        if action.ends_with("/edit") && dice.below(5) == 0 {
            self.ledger.begin(vec![(key.clone(), None)]);
            let fields = [("token", &*token), ("version", &*version)];
            let path = self.paths.remove(&key).expect("a path");
            self.pages.submit(&format!("{path}/delete"), &fields)?;
        } else {
            let change = (key.clone(), Some(format!("NOTE:{stamp}\n")));
            self.ledger.begin(vec![change]);
            let fields = [
                ("token", &*token),
                ("version", &*version),
                ("family", &*key.1),
                ("note", &*stamp),
            ];
            let path = self.pages.send(&action, &fields, &[])?;
            self.paths.insert(key, path);
        }
        self.ledger.acknowledge();
        Some(())
    }

    /// A contact whose deletion was not answered may be there no more.
    pub fn settled(&mut self) {
        let ledger = &self.ledger;
        self.paths.retain(|key, _| ledger.holds(key));
    }
}

/// Files of ten contacts, imported.
pub struct Imports {
    pub pages: Pages,
    pub ledger: Ledger,
    book: String,
    count: usize,
}

impl Imports {
    pub fn of(address: &str, login: &str) -> Self {
        Self {
            pages: Pages::of(address, login),
            ledger: Ledger::default(),
            book: private(login),
            count: 0,
        }
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        let form = self.pages.page("/c/private/import")?;
        let token = hidden(&form, "token");
        self.count += 1;
        let (mut file, mut changes) = (String::new(), Vec::new());
        for n in 0..10 {
            let (name, stamp) = (format!("Imp{:05}x{n}", self.count), stamp(dice));
            file += &format!(
                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:imp-{name}\r\nN:{name};;;;\r\nFN:{name}\r\n\
                 NOTE:{stamp}\r\nEND:VCARD\r\n"
            );
            changes.push(((self.book.clone(), name), Some(format!("NOTE:{stamp}\n"))));
        }
        let files = [("friends.vcf", file.as_bytes())];
        let check = self
            .pages
            .send("/c/private/import", &[("token", &token)], &files)?;
        let page = self.pages.page(&check)?;
        let (token, name, print) = (
            hidden(&page, "token"),
            hidden(&page, "name"),
            hidden(&page, "fingerprint"),
        );
        let fields = [
            ("token", &*token),
            ("name", &*name),
            ("fingerprint", &*print),
        ];
        self.ledger.begin(changes);
        self.pages.submit(&format!("{check}/start"), &fields)?;
        self.ledger.acknowledge();
        Some(())
    }
}

/// Documents: uploads, further versions, deletions.
pub struct Documents {
    pub pages: Pages,
    pub acknowledged: u64,
    held: BTreeMap<String, Vec<u8>>,
    /// What a request that was not answered would have made of a document.
    under_way: Option<(String, Option<Vec<u8>>)>,
    count: usize,
}

const FOLDER: &str = "/d/private/documents";

impl Documents {
    pub fn of(address: &str, login: &str) -> Self {
        Self {
            pages: Pages::of(address, login),
            acknowledged: 0,
            held: BTreeMap::new(),
            under_way: None,
            count: 0,
        }
    }

    pub fn step(&mut self, dice: &mut Dice) -> Option<()> {
        let octets: Vec<u8> = (0..dice.below(100_000))
            .flat_map(|_| dice.next().to_le_bytes())
            .collect();
        let names: Vec<String> = self.held.keys().cloned().collect();
        let list = self.pages.page(FOLDER)?;
        let token = hidden(&list, "token");
        let picked = dice.pick(&names).cloned();
        let (name, end) = match picked {
            Some(name) if names.len() >= 8 || dice.below(2) == 0 => {
                let path = path_of(&list, &name).expect("a document");
                let page = self.pages.page(&path)?;
                let version = hidden(&page, "version");
                let fields = [("token", &*token), ("version", &*version)];
                if dice.below(3) == 0 {
                    self.under_way = Some((name.clone(), None));
                    self.pages.submit(&format!("{path}/delete"), &fields)?;
                    (name, None)
                } else {
                    self.under_way = Some((name.clone(), Some(octets.clone())));
                    let files = [(&*name, &*octets)];
                    self.pages
                        .send(&format!("{path}/version"), &fields, &files)?;
                    (name, Some(octets))
                }
            }
            _ => {
                self.count += 1;
                let name = format!("doc{:05}.bin", self.count);
                self.under_way = Some((name.clone(), Some(octets.clone())));
                let files = [(&*name, &*octets)];
                self.pages
                    .send(&format!("{FOLDER}/upload"), &[("token", &token)], &files)?;
                (name, Some(octets))
            }
        };
        self.acknowledged += 1;
        self.take(name, end);
        Some(())
    }

    fn take(&mut self, name: String, end: Option<Vec<u8>>) {
        self.under_way = None;
        match end {
            Some(octets) => self.held.insert(name, octets),
            None => self.held.remove(&name),
        };
    }

    /// Compares every octet.
    pub fn settle(&mut self) {
        let list = self.pages.page(FOLDER).expect("a page");
        if let Some((name, end)) = mem::take(&mut self.under_way) {
            let found = self.octets(&list, &name);
            let before = self.held.get(&name).cloned();
            assert!(found == end || found == before, "{name} is half written");
            self.take(name, found);
        }
        for (name, octets) in &self.held {
            let found = self.octets(&list, name);
            assert!(found.as_ref() == Some(octets), "lost: {name}");
        }
        let shown = list.matches(".bin</a>").count();
        assert_eq!(shown, self.held.len(), "{list}");
    }

    fn octets(&self, list: &str, name: &str) -> Option<Vec<u8>> {
        let path = format!("{}/file", path_of(list, name)?);
        let headers = [("Cookie".to_owned(), self.pages.cookie.clone())];
        let answer = try_request(&self.pages.address, "GET", &path, &headers, b"");
        let answer = answer.expect("an answer");
        assert_eq!(answer.status, 200, "{answer:?}");
        Some(answer.body)
    }
}

pub fn path_of(list: &str, name: &str) -> Option<String> {
    let end = list.find(&format!("{name}</a>"))?;
    let start = list[..end].rfind("<a href=\"")? + 9;
    list[start..end].split('"').next().map(str::to_owned)
}
