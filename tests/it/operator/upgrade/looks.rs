//! Everything in data of an earlier schema as the people whose it is look at it again: the server
//! brings the data up to date when it starts, as it does for an operator.

use std::path::Path;

use super::sample::{APP_PASSWORD, COOKIE, KEY, KEY_BEFORE, KEYS_SINCE, card, make, schema};
use crate::{
    operator::{LOOPBACK, json},
    support::{
        browser::{Browser, hidden},
        dav::Book,
        phone::{Phone, commands},
        program::{Program, works},
        tree::text_at,
    },
};

/// Alice's contacts and lists in the samples, without what is in the trash.
const OF_ALICE: usize = 4;

/// A server that was upgraded from a schema.
struct Upgraded<'a> {
    schema: usize,
    data: &'a Path,
    program: Program,
    address: String,
    /// Alice's browser, signed in before the upgrade.
    alice: Browser,
}

impl<'a> Upgraded<'a> {
    fn from(schema: usize, data: &'a Path, password_hash: &str) -> Self {
        make(data, schema, 3, password_hash);
        let program = Program::serve(data, &LOOPBACK, &[]);
        let address = program.address("http");
        let mut alice = Browser::open(&address);
        alice.cookie = Some(format!("carnet={COOKIE}"));
        Self {
            schema,
            data,
            program,
            address,
            alice,
        }
    }

    /// A page of alice's that says something.
    #[track_caller]
    fn says(&self, path: &str, texts: &[&str]) -> String {
        let page = self.alice.page(path);
        for text in texts {
            assert!(
                page.contains(text),
                "schema {}: {path}: {text}: {page}",
                self.schema
            );
        }
        page
    }

    /// Sends a form of a page with what is hidden in it after some text.
    #[track_caller]
    fn press(&self, page: &str, after: &str, action: &str, names: &[&str]) {
        let token = hidden(page, "token");
        let main = &page[page.find("<main").expect("a page")..];
        let at = main.find(after).expect(after);
        let values: Vec<String> = names.iter().map(|name| hidden(&main[at..], name)).collect();
        let mut fields = vec![("token", token.as_str())];
        fields.extend(names.iter().zip(&values).map(|(n, v)| (*n, v.as_str())));
        let answer = self.alice.submit(action, &fields);
        let (schema, text) = (self.schema, answer.text());
        assert_eq!(
            answer.status, 303,
            "schema {schema}: {action} {fields:?}: {text}"
        );
    }

    fn card(&self, list: &str, name: &str) -> String {
        let found = self.alice.card_named(list, name);
        found.unwrap_or_else(|| panic!("schema {}: {name}", self.schema))
    }

    /// What clients were given before goes on after: the token with the one change since, the key
    /// without starting over.
    fn keys_go_on(&self) {
        let schema = self.schema;
        let book = Book::of(&self.address, "alice");
        let new = book.put("new.vcf", ("If-None-Match", "*"), &card("New", "of later"));
        assert_eq!(new.status, 201, "schema {schema}: {new:?}");
        let (status, _, told) = book.sync("urn:carnet:sync:u2:e2:6");
        assert_eq!(
            (status, told.matches(".vcf<").count()),
            (207, 1),
            "schema {schema}: {told}"
        );
        assert!(told.contains("new.vcf"), "schema {schema}: {told}");
        let body = "<sync-collection xmlns=\"DAV:\"><sync-token>urn:carnet:sync:u1:e1:2</sync-token>\
            <sync-level>1</sync-level><prop><resourcetype/></prop></sync-collection>";
        let headers = [("Content-Type", "application/xml")];
        let told = book.send("REPORT", "/dav/alice/private/", &headers, body.as_bytes());
        assert_eq!(told.status, 207, "schema {schema}: {told:?}");
        // One that was given of no collection here.
        assert_eq!(
            book.sync("urn:carnet:sync:u2:e1:6").0,
            403,
            "schema {schema}"
        );

        let [mut phone, lost] = ["OLDPHONE", "LOSTANSWER"].map(|id| {
            let mut phone = Phone::at(&self.address, "alice", id, "14.1");
            "cu2".clone_into(&mut phone.folder);
            phone
        });
        let told = |phone: &Phone, key: &str| {
            let answer = phone.sync_key(key, "AirSync:GetChanges");
            let names = commands(&answer).into_iter();
            let names: Vec<String> = names
                .map(|(what, _, name)| format!("{what} {name}"))
                .collect();
            (text_at(&answer, &["Status"]), names.join(", "))
        };
        if schema < KEYS_SINCE {
            let refused = told(&phone, KEY).0;
            assert_eq!(refused.as_deref(), Some("3"), "schema {schema}");
            phone.start();
            // With the new one.
            assert_eq!(phone.pull().len(), OF_ALICE, "schema {schema}");
            return;
        }
        let folders = phone.folder_sync("f0123");
        let status = text_at(&folders, &["Status"]);
        assert_eq!(status.as_deref(), Some("1"), "schema {schema}");
        let one = (Some("1".to_owned()), "Add New".to_owned());
        assert_eq!(told(&phone, KEY), one, "schema {schema}");
        // A device whose last answer was lost shows the key before.
        assert_eq!(told(&lost, KEY_BEFORE), one, "schema {schema}");
    }

    /// Books: tags, comments, grants, what others may do.
    fn contacts_are_as_they_were(&self) {
        let schema = self.schema;
        self.says(
            "/c/private",
            &[
                "Ada Shared",
                "Ada Edited",
                "Ada Imported",
                "Choir",
                "Friends",
            ],
        );
        let (alice, bob) = (
            Book::of(&self.address, "alice"),
            Book::of(&self.address, "bob"),
        );
        let (_, _, shared) = alice.find("UID:uid-Shared").expect("a card");
        assert!(
            shared.contains("CATEGORIES:Friends"),
            "schema {schema}: {shared}"
        );
        let found = "<propfind xmlns=\"DAV:\"><prop>\
            <calendar-color xmlns=\"http://apple.com/ns/ical/\"/></prop></propfind>";
        let headers = [("Depth", "0"), ("Content-Type", "application/xml")];
        let found = alice.send("PROPFIND", &alice.path, &headers, found.as_bytes());
        assert!(
            found.text().contains("#ff0000"),
            "schema {schema}: {found:?}"
        );
        self.says(&self.card("/c/private", "Choir"), &["Ada Shared"]);
        self.says(&self.card("/g/Team", "Ada Shared"), &["Nice"]);
        self.says("/g/Team/members", &["Alice A", "Bob B"]);
        self.says("/g/Team/rights", &["Bob B"]);
        // Bob was granted both.
        let team = "/dav/groups/Team/Team/";
        let made = bob.put(
            &format!("{team}bobs.vcf"),
            ("If-None-Match", "*"),
            &card("Bobs", "x"),
        );
        assert_eq!(made.status, 201, "schema {schema}: {made:?}");
        let written = bob.put(
            &format!("{team}Shared.vcf"),
            ("If-Match", "*"),
            &card("Shared", "by bob"),
        );
        assert_eq!(written.status, 204, "schema {schema}: {written:?}");
    }

    /// Trash, versions, refused changes, imports: looked at, and taken back.
    fn the_past_comes_back(&self) {
        let trash = self.says("/c/private/trash", &["Ada Removed"]);
        self.press(
            &trash,
            "Ada Removed",
            "/c/private/trash/restore",
            &["revisions"],
        );
        self.card("/c/private", "Ada Removed");
        let refused = self.says(
            "/refused",
            &["Ada Edited", "the contact had changed meanwhile"],
        );
        self.press(&refused, "Ada Edited", "/refused/dismiss", &["revision"]);
        let edited = self.card("/c/private", "Ada Edited");
        let history = self.says(&format!("{edited}/history"), &["the older note"]);
        self.press(
            &history,
            "the older note",
            &format!("{edited}/history/restore"),
            &["revision"],
        );
        self.says(&edited, &["the older note"]);
        if self.schema >= 5 {
            self.says("/c/private/import", &["old.vcf"]);
            let report = self.says("/c/private/imports/1", &["old.vcf"]);
            self.press(&report, "", "/c/private/imports/1/undo", &[]);
            let left = self.alice.card_named("/c/private", "Ada Imported");
            assert_eq!(left, None, "schema {}", self.schema);
        }
    }

    /// Sessions, app passwords, second factors, devices, rules of the administration.
    fn the_doors_are_as_they_were(&self) {
        let schema = self.schema;
        self.says("/settings/devices", &["TestPhone"]);
        if schema >= 14 {
            let tablet = Book::with_password(&self.address, "alice", APP_PASSWORD);
            assert_eq!(tablet.sync("").0, 207, "schema {schema}");
            self.says("/settings/passwords", &["Tablet"]);
        }
        let mut carol = Browser::open(&self.address);
        carol.sign_in("carol", "demo");
        let home = carol.get("/c/private").status;
        // Since she has a second factor, the password alone opens nothing.
        let expected = if schema < 17 { 200 } else { 303 };
        assert_eq!(home, expected, "schema {schema}");
        if schema >= 18 {
            self.says("/settings/devices", &["KDE"]);
            let rules = works(self.data, &["new-devices", "list"]);
            assert_eq!(rules, "\"tablet\"\tquarantined\n", "schema {schema}");
            let classes = works(self.data, &["class", "list"]);
            assert!(
                classes.contains("Pupils") && classes.contains("500"),
                "schema {schema}: {classes}"
            );
        }
        if schema >= 4 {
            let book = Book::of(&self.address, "alice");
            let ended = book.send("DELETE", "/dav/push/sub1", &[], b"");
            assert_eq!(ended.status, 204, "schema {schema}: {ended:?}");
        }
    }

    fn documents_are_as_they_were(&self) {
        if self.schema < 19 {
            return;
        }
        let plan = self.card("/d/private/documents", "plan.txt");
        let octets = self.alice.get(&format!("{plan}/file"));
        assert_eq!(octets.text(), "What is planned", "schema {}", self.schema);
        if self.schema >= 20 {
            self.says(&self.card("/c/private", "Ada Shared"), &["plan.txt"]);
        }
    }

    fn ends_well(self) {
        self.program.stop();
        let checked = json(&works(self.data, &["check", "--json"]));
        assert_eq!(
            checked["broken"],
            serde_json::json!([]),
            "schema {}",
            self.schema
        );
    }
}

#[test]
fn whoever_had_something_before_an_upgrade_has_it_after() {
    let hash = super::password_hash();
    for number in 1..=schema().len() {
        let folder = tempfile::tempdir().expect("a folder");
        let upgraded = Upgraded::from(number, folder.path(), &hash);
        upgraded.keys_go_on();
        upgraded.contacts_are_as_they_were();
        upgraded.the_past_comes_back();
        upgraded.the_doors_are_as_they_were();
        upgraded.documents_are_as_they_were();
        upgraded.ends_well();
    }
}
