//! The forms that `security::matrix` sees refused, sent by who may send them.

use std::cell::RefCell;

use super::scene::{FAX, MOBILE, Scene, Things, between};
use crate::support::{browser::hidden, http::Answer};

/// Sends forms as one person, and notes which are not obeyed or change nothing that is stored.
struct Desk<'a> {
    scene: &'a Scene,
    login: &'static str,
    wrong: RefCell<Vec<String>>,
}

impl<'a> Desk<'a> {
    fn of(scene: &'a Scene, login: &'static str) -> Self {
        Self {
            scene,
            login,
            wrong: RefCell::default(),
        }
    }

    fn send(&self, path: &str, fields: &[(&str, &str)]) {
        let person = &self.scene.people[self.login];
        let mut all = vec![("token", person.token.as_str())];
        all.extend_from_slice(fields);
        self.obeyed(path, || person.browser.submit(path, &all));
    }

    fn obeyed(&self, path: &str, send: impl FnOnce() -> Answer) {
        let before = self.scene.stored();
        let answer = send();
        // Some show what was made on the page itself, once.
        let shows = ["/settings/passwords", "/admin/users"].contains(&path);
        let obeyed = answer.status == if shows { 200 } else { 303 };
        let changed = self.scene.stored() != before;
        if !obeyed || !changed {
            let why = between(&answer.text(), "role=\"alert\">", "<").unwrap_or_default();
            let mut wrong = self.wrong.borrow_mut();
            wrong.push(format!("{path}: {} {changed} {why}", answer.status));
        }
    }

    /// What a page would send with one of its forms.
    fn field(&self, page: &str, name: &str) -> String {
        let found = hidden(&self.scene.people[self.login].browser.page(page), name);
        if found.is_empty() {
            let mut wrong = self.wrong.borrow_mut();
            wrong.push(format!("{page} has no {name}"));
        }
        found
    }

    fn close(self) {
        assert_eq!(self.wrong.into_inner(), Vec::<String>::new());
    }
}

/// The forms of a contact, of a place and of a folder.
fn of_place(desk: &Desk, things: &Things, place: &str, documents: &str) {
    let card = format!("{place}/c/{}", things.contact);
    let at = |end: &str| format!("{card}/{end}");
    let id = ("id", things.contact.as_str());
    desk.send(&at("tags"), &[("name", "Known")]);
    let tag = desk.field("/tags", "id");
    desk.send(&at("comments"), &[("text", "Said")]);
    let comment = desk.field(&card, "comment");
    let comment = ("comment", comment.as_str());
    desk.send(&at("comments/edit"), &[comment, ("text", "Said again")]);
    desk.send(&at("comments/delete"), &[comment]);
    desk.send(&at("favourite"), &[("on", "1")]);
    desk.send(&at("sms"), &[("to", MOBILE), ("text", place)]);
    desk.send(&at("fax"), &[("to", FAX), ("text", place)]);
    desk.send(&at("copy"), &[]);
    let browser = &desk.scene.people[desk.login].browser;
    desk.obeyed(&at("edit"), || {
        browser.save(&at("edit"), &[("title", "Captain")], None)
    });
    let revision = desk.field(&at("history"), "revision");
    desk.send(&at("history/restore"), &[("revision", &revision)]);
    let document = desk.field(&at("attach"), "document");
    desk.send(&at("attach"), &[("document", &document)]);
    desk.send(&at("detach"), &[("document", &document)]);
    desk.send(&at("verify"), &[("address", "zoe@example.com")]);
    desk.send(&format!("{place}/lists"), &[id, ("name", "Friends")]);
    desk.send(&format!("{place}/selected/untag"), &[id, ("tag", &tag)]);
    desk.send(&format!("{place}/selected/tag"), &[id, ("tag", &tag)]);
    desk.send(&format!("{place}/selected/copy"), &[id]);
    let removed = [("revisions", things.removed.as_str())];
    desk.send(&format!("{place}/trash/restore"), &removed);
    let new = format!("{place}/new");
    desk.obeyed(&new, || {
        browser.save(&new, &[("given", "Nova"), ("family", "Made")], None)
    });

    let shelf = format!("{documents}/{}", things.folder);
    let document = format!("{shelf}/c/{}", things.document);
    desk.send(&format!("{document}/comments"), &[("text", "Said")]);
    let version = desk.field(&document, "version");
    let named = [("version", version.as_str()), ("name", "other.txt")];
    desk.send(&format!("{document}/details"), &named);
    desk.send(&format!("{shelf}/rename"), &[("name", "Old")]);
    let named = [("name", "Another")];
    desk.send(&format!("{documents}/documents/folders"), &named);

    let version = desk.field(&card, "version");
    desk.send(&at("delete"), &[("version", &version)]);
}

#[test]
fn the_forms_of_a_groups_administrator_are_obeyed() {
    let scene = Scene::set();
    let desk = Desk::of(&scene, "alice");
    let carol = scene.server.person("carol").to_string();
    let carol = ("person", carol.as_str());
    desk.send("/g/Team/members/add", &[("login", "dora")]);
    desk.send("/g/Team/members/role", &[carol, ("role", "co-admin")]);
    desk.send("/g/Team/members/remove", &[carol]);
    desk.send("/g/Team/members/rename", &[("shown", "The team")]);
    desk.send("/g/Team/members/options", &[("creators_delete", "1")]);
    let everyone = ("grantee", "everyone");
    desk.send("/g/Team/rights/grant", &[everyone, ("right", "add-delete")]);
    desk.send("/g/Team/rights/withdraw", &[everyone]);
    let card = format!("/g/Team/c/{}", scene.team().contact);
    let group = desk.field(&format!("{card}/rights"), "group");
    let rights = [("group", group.as_str()), everyone];
    desk.send(&format!("{card}/rights/grant"), &rights);
    desk.send(&format!("{card}/rights/withdraw"), &rights);
    of_place(&desk, scene.team(), "/g/Team", "/d/g/Team");
    desk.send("/g/Team/members/delete", &[("typed", "Team")]);
    desk.close();
}

#[test]
fn the_forms_of_the_administration_are_obeyed() {
    let scene = Scene::set();
    let desk = Desk::of(&scene, "root");
    desk.send("/admin/users", &[("login", "erin"), ("name", "Erin")]);
    let carol = format!("/admin/users/{}", scene.server.person("carol"));
    desk.send(&carol, &[("name", "Carol"), ("email", "carol@example.net")]);
    desk.send(&format!("{carol}/state"), &[("state", "off")]);
    desk.send(&format!("{carol}/remove"), &[("typed", "carol")]);
    desk.send("/admin/groups", &[("name", "Founded"), ("login", "bob")]);
    desk.send("/admin/classes", &[("name", "Guests"), ("new", "1")]);
    desk.send("/admin/rules/notice", &[("notice", "Down at noon")]);
    desk.close();
}
