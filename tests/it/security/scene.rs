//! A server with something of everybody and of every kind.

use std::{collections::BTreeMap, io::Cursor};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carnet::{auth, config::Config, domain::batch::Op};

use super::routes::{Row, Who};
use crate::{
    mail::through,
    support::{
        browser::{Browser, MULTIPART, hidden, multipart},
        dav::Book,
        eas::Device,
        eventually,
        http::{Answer, request},
        people::person,
        server::Server,
        smtp::Sink,
    },
};

/// Numbers of the contact that the addresses name.
pub const MOBILE: &str = "+33639980077";
pub const FAX: &str = "+33199001277";

/// Alice, Bob and Carol are members of Team, Dora is of nothing, Root administers.
pub struct Scene {
    pub server: Server,
    pub people: BTreeMap<&'static str, Person>,
    /// What the parameters of addresses stand for: things of Alice, and of Team.
    own: Things,
    team: Things,
    /// A device of Alice, a program of hers that speaks CardDAV, and contacts she asked to verify.
    device: String,
    program: String,
    campaign: String,
    /// An invitation into Team that nobody took.
    invitation: String,
    /// Where letters go.
    _sink: Sink,
}

pub struct Person {
    pub browser: Browser,
    pub token: String,
}

/// What there is in a place.
pub struct Things {
    /// With numbers, a picture and an address.
    pub contact: String,
    other: String,
    pub folder: String,
    pub document: String,
    /// Of the document, before its second version.
    revision: String,
    /// Of a contact that was deleted.
    pub removed: String,
    /// A file that waits to be imported, and an import that was.
    upload: String,
    import: String,
}

impl Things {
    /// Puts a folder with a document of two versions, and imports, where there are contacts.
    fn made(by: &Person, place: &str, documents: &str) -> Self {
        let posted = |path: &str, fields: &[(&str, &str)]| {
            let mut all = vec![("token", by.token.as_str())];
            all.extend(fields);
            led_to(&by.browser.submit(path, &all))
        };
        let sent = |path: &str, version: &str, octets: &[u8]| {
            let fields = [("token", by.token.as_str()), ("version", version)];
            led_to(&by.browser.upload(path, &fields, &[("kept.txt", octets)]))
        };
        let folder = last(&posted(
            &format!("{documents}/documents/folders"),
            &[("name", "New")],
        ));
        let shelf = format!("{documents}/{folder}");
        sent(&format!("{shelf}/upload"), "", b"one");
        let document = by
            .browser
            .card_named(&shelf, "kept.txt")
            .expect("a document");
        let version = hidden(&by.browser.page(&document), "version");
        sent(&format!("{document}/version"), &version, b"two");
        let history = by.browser.page(&format!("{document}/history"));
        let (before, _) = history.split_once("/file\"").expect("a version");
        let revision = before.rsplit('/').next().unwrap_or_default().to_owned();

        // The second one is refused.
        let cards = |uid: &str| {
            format!(
                "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{uid}\r\nEND:VCARD\r\n\
                 BEGIN:VCARD\r\nVERSION:2.1\r\nEND:VCARD\r\n"
            )
        };
        let incoming = |uid: &str| {
            let card = cards(uid);
            sent(&format!("{place}/import"), "", card.as_bytes())
        };
        let check = incoming("imported");
        let page = by.browser.page(&check);
        let [name, fingerprint] = ["name", "fingerprint"].map(|field| hidden(&page, field));
        let path = check.split('?').next().expect("a path");
        let report = posted(
            &format!("{path}/start"),
            &[("name", &name), ("fingerprint", &fingerprint)],
        );
        eventually("the import ends", || {
            by.browser.get(&report).header("refresh").is_none()
        });
        let imported = by.browser.card_named(place, "imported").expect("imported");
        let version = hidden(&by.browser.page(&imported), "version");
        posted(&format!("{imported}/delete"), &[("version", &version)]);
        let trash = by.browser.page(&format!("{place}/trash"));
        let list = by.browser.page(place);
        let contact = by.browser.card_named(place, "Zoe Aaronson");
        let contact = last(&contact.expect("a contact"));
        let mark = format!("href=\"{place}/c/");
        let mut contacts = list
            .split(&mark)
            .skip(1)
            .filter_map(|rest| rest.split(['"', '/', '?', '#']).next());
        let other = contacts.find(|id| *id != contact);
        Self {
            other: other.expect("another").to_owned(),
            contact,
            folder,
            document: last(&document),
            revision,
            removed: hidden(&trash, "revision"),
            upload: last(&incoming("waiting")),
            import: last(&report),
        }
    }
}

impl Scene {
    pub fn set() -> Self {
        let sink = Sink::start(&[]);
        let server = Server::start_with(|config| sending(config, sink.port));
        for (login, admin) in [("dora", false), ("root", true)] {
            let hash = server.runtime.block_on(auth::hash("demo".to_owned()));
            server.commit(Op::from(
                person(login)
                    .administering(admin)
                    .with_hash(&hash.expect("a hash")),
            ));
        }
        let mut phone = Device::set_up(&server.address, "alice", "phone", "14.1");
        phone.prime();
        let book = Book::of(&server.address, "alice");
        for (uid, path) in [
            ("zoe", "zoe.vcf"),
            ("of-team", "/dav/groups/Team/Team/zoe.vcf"),
        ] {
            let put = book.put(path, ("If-None-Match", "*"), &card(uid));
            assert_eq!(put.status, 201, "{put:?}");
        }
        let people: BTreeMap<_, _> = ["alice", "bob", "dora", "root"]
            .into_iter()
            .map(|login| {
                let browser = Browser::of(&server.address, login);
                let token = hidden(&browser.page("/settings"), "token");
                (login, Person { browser, token })
            })
            .collect();
        let alice = &people["alice"];
        let own = Things::made(alice, "/c/private", "/d/private");
        let team = Things::made(alice, "/g/Team", "/d/g/Team");
        let devices = alice.browser.page("/settings/devices");
        let of = |kind: &str| {
            let before = format!("/settings/devices/{kind}/");
            between(&devices, &before, "\"").expect(kind)
        };
        let (device, program) = (of("e"), of("c"));
        let posted = |path: &str, fields: &[(&str, &str)]| {
            let mut all = vec![("token", alice.token.as_str())];
            all.extend(fields);
            led_to(&alice.browser.submit(path, &all))
        };
        let asked = [
            ("id", own.contact.as_str()),
            ("days", "7"),
            ("reminders", "2"),
        ];
        let campaign = last(&posted("/c/private/verify", &asked));
        sink.wait(1);
        let guest = [
            ("token", alice.token.as_str()),
            ("email", "guest@example.org"),
        ];
        let page = alice
            .browser
            .submit("/g/Team/members/invite", &guest)
            .text();
        let invitation = between(&page, "/join/", "<").expect("an invitation");
        let account = [
            ("token", alice.token.as_str()),
            ("name", "Alice Martin"),
            ("email", "alice@example.org"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let photo = Some(&picture()[..]);
        led_to(
            &alice
                .browser
                .send("/settings/account/card", &account, photo),
        );
        eventually("the letters have left", || {
            let file = server.data.path().join("carnet.db");
            let database = rusqlite::Connection::open(file).expect("opened");
            let unsent = "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'sending')";
            let unsent: i64 = database
                .query_row(unsent, [], |row| row.get(0))
                .expect("read");
            unsent == 0
        });
        // What clients did last is written by and by, and is no change of a form.
        let written = server.core().write_journal(None);
        server.runtime.block_on(written).expect("written");
        Self {
            server,
            people,
            own,
            team,
            device,
            program,
            campaign,
            invitation,
            _sink: sink,
        }
    }

    /// What is in Team.
    pub fn team(&self) -> &Things {
        &self.team
    }

    /// The page of a row, with what a link to it says.
    pub fn page(&self, row: &Row) -> String {
        let number = match row.path.rsplit('/').next() {
            Some("sms") => MOBILE,
            Some("fax") => FAX,
            _ => return self.address(row),
        };
        format!("{}?to={}", self.address(row), number.replace('+', "%2B"))
    }

    /// The address of a row with somebody's things in it; nobody holds the links of other letters than
    /// the invitation.
    pub fn address(&self, row: &Row) -> String {
        let things = match row.who {
            Who::Member => &self.team,
            _ => &self.own,
        };
        let id = match row.who {
            Who::Administrator => "1",
            _ if row.path.contains("/devices/e/") => &self.device,
            _ if row.path.starts_with("/d/") => &things.document,
            _ => &things.contact,
        };
        let nothing = "0".repeat(64);
        let token = if row.path.starts_with("/join/") {
            &self.invitation
        } else {
            &nothing
        };
        let mut path = row.path.clone();
        for (name, value) in [
            ("id", id),
            // The one everybody has, by its other address.
            ("book", "contacts"),
            ("folder", &things.folder),
            ("name", "Team"),
            ("upload", &things.upload),
            ("import", &things.import),
            ("first", &things.contact),
            ("second", &things.other),
            ("revision", &things.revision),
            ("campaign", &self.campaign),
            ("token", token),
            ("kind", "iphone"),
            ("section", "search"),
            ("label", &self.program),
        ] {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        assert!(!path.contains('{'), "a parameter nobody knows: {path}");
        path
    }

    /// A form as the page it stands on would send it, whatever kind it is.
    pub fn post(
        &self,
        login: Option<&str>,
        path: &str,
        token: &str,
        more: &[(&str, &str)],
    ) -> Answer {
        let cookie = login.map(|login| &self.people[login].browser);
        let cookie = cookie.and_then(|browser| browser.cookie.clone());
        let headers = |media_type: &str| {
            let mut headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
            headers.extend(cookie.clone().map(|cookie| ("Cookie".to_owned(), cookie)));
            headers.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
            headers
        };
        let address = &self.server.address;
        let form = headers("application/x-www-form-urlencoded");
        let body = format!("token={token}");
        let answer = request(address, "POST", path, &form, body.as_bytes());
        match answer.status {
            // This one takes files.
            400 | 415 => {
                let body = multipart(&[("token", token)], &[("x.txt", b"x")]);
                request(address, "POST", path, &headers(MULTIPART), &body)
            }
            _ => answer,
        }
    }

    /// Every row that is stored, apart from sessions and what is derived from other rows.
    pub fn stored(&self) -> String {
        self.stored_but(&[])
    }

    /// The same without some tables.
    pub fn stored_but(&self, tables: &[&str]) -> String {
        let left: String = tables
            .iter()
            .map(|table| format!(" AND name <> '{table}'"))
            .collect();
        self.rows(&format!(
            "name <> 'session' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE 'search%'{left}"
        ))
    }

    /// What people share and what each may do with it; not what is told or kept of who was refused.
    pub fn content(&self) -> String {
        self.rows(
            "name IN ('item', 'placement', 'property', 'grant_item', 'grant_group', 'grp', \
             'membership', 'comment', 'attachment', 'blob', 'blob_chunk', 'tag', 'tag_link')",
        )
    }

    /// Every row of some tables.
    fn rows(&self, tables: &str) -> String {
        let file = self.server.data.path().join("carnet.db");
        let database = rusqlite::Connection::open(file).expect("opened");
        let named = format!("SELECT name FROM sqlite_schema WHERE type = 'table' AND {tables}");
        let mut named = database.prepare(&named).expect("the tables");
        let tables = named.query_map([], |row| row.get::<_, String>(0));
        let tables: Result<Vec<String>, _> = tables.expect("the tables").collect();
        let mut all = String::new();
        for table in tables.expect("the tables") {
            let mut rows = database
                .prepare(&format!("SELECT * FROM {table}"))
                .expect(&table);
            let columns = rows.column_count();
            let mut rows = rows.query([]).expect(&table);
            while let Some(row) = rows.next().expect(&table) {
                let values =
                    (0..columns).map(|at| format!("{:?} ", row.get_ref(at).expect("a value")));
                all += &format!("{table} {}\n", values.collect::<String>());
            }
        }
        all
    }

    /// Who an address is not for.
    pub fn strangers(&self, who: Who) -> &'static [&'static str] {
        match who {
            Who::Owner => &["bob", "dora", "root"],
            Who::Member => &["dora", "root"],
            Who::Administrator => &["alice"],
            Who::Anybody | Who::Link | Who::Client | Who::Person => &[],
        }
    }
}

/// Settings with mail, short messages and faxes; the messages reach nobody.
fn sending(config: &mut Config, port: u16) {
    through(config, port);
    let text = "[sms]\nurl = 'http://127.0.0.1:9/'\n[fax]\naddress = '{digits}@fax.example.org'";
    let other: Config = toml::from_str(text).expect("settings");
    (config.sms, config.fax) = (other.sms, other.fax);
}

fn picture() -> Vec<u8> {
    let mut octets = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(8, 8, image::Rgb([20, 120, 60]))
        .write_to(&mut octets, image::ImageFormat::Png)
        .expect("a picture");
    octets.into_inner()
}

fn card(uid: &str) -> String {
    let photo = STANDARD.encode(picture());
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:Aaronson;Zoe;;;\r\nFN:Zoe Aaronson\r\n\
         TEL;TYPE=CELL:{MOBILE}\r\nTEL;TYPE=WORK,FAX:{FAX}\r\nEMAIL:zoe@example.com\r\n\
         PHOTO;ENCODING=b;TYPE=PNG:{photo}\r\nEND:VCARD\r\n"
    )
}

/// Where an answer leads.
fn led_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").expect("a page").to_owned()
}

/// The first text between two others.
pub fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let at = text.find(before)? + before.len();
    let length = text[at..].find(after)?;
    Some(text[at..at + length].to_owned())
}

fn last(path: &str) -> String {
    let path = path.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}
