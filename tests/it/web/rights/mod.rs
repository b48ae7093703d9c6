//! Groups, rights, sharing, comments, tags, trash and history on the web: two groups, their people
//! and the forms they use.

mod contacts;
mod groups;
mod order;
mod past;
mod undone;

use std::sync::Arc;

use carnet::{
    auth,
    domain::{
        actor::{Actor, Client},
        batch::{Batch, Op},
        book::{Condition, Replace},
        grant::Grantee,
        id::Timestamp,
        office::people::AccountChange,
        principal::Role,
        rights::GroupRight,
        sharing::How,
    },
};

use crate::support::{
    browser::{Browser, filled_in, hidden},
    http::Answer,
    people::person,
    server::Server,
};

/// Group G: administrator ada, co-administrator coco, members mia, max, zed. Group H: administrator
/// hugo, members mia, ada. ivo is in neither. k is created in G by mia, p is private to mia and
/// shared into G by her; nothing is granted.
struct Setting {
    server: Server,
}

impl Setting {
    fn start() -> Self {
        let setting = Self {
            server: Server::start(),
        };
        setting.server.runtime.block_on(setting.fill());
        setting
    }

    async fn fill(&self) {
        let core = self.server.core();
        let password_hash = auth::hash("demo".to_owned()).await.expect("a hash");
        for login in ["ada", "coco", "mia", "max", "zed", "hugo", "ivo"] {
            let op = Op::from(
                person(login)
                    .named(&format!("{login} <i>"))
                    .with_hash(&password_hash),
            );
            let batch = Batch {
                client: "command line".to_owned(),
                at: Timestamp::now(),
                ops: vec![op],
                ..Batch::default()
            };
            core.commit(batch).await.expect("an account");
        }
        for (name, admin, members) in [
            ("G", "ada", &["coco", "mia", "max", "zed"][..]),
            ("H", "hugo", &["mia", "ada"]),
        ] {
            let actor = self.actor(admin).await;
            core.found_group(&actor, name, "").await.expect("founded");
            let group = core.group(&self.actor(admin).await, name).await;
            let group = group.expect("a group");
            for login in members {
                let person = group.add_member(login).await.expect("added");
                if *login == "coco" {
                    group.set_role(person, Role::CoAdmin).await.expect("a role");
                }
            }
        }
        self.grant_add("G", "ada", "mia", GroupRight::Add).await;
        let mia = self.actor("mia").await;
        let book = core.open_group(&mia, "G").await.expect("a book");
        let private = core.default_book(&mia).await.expect("a book");
        for (book, uid) in [(&book, "k"), (&private, "p"), (&private, "q")] {
            let card = Replace(vcard(uid).into_bytes());
            let href = format!("{uid}.vcf");
            book.put(&href, &Condition::Absent, &card)
                .await
                .expect("stored");
        }
        let p = private.get("p.vcf").await.expect("p").placement;
        let shared = private.bring(&[p], &book, How::Share).await;
        shared.expect("shared").remove(0).expect("p is shared");
        self.grant_add("G", "ada", "mia", GroupRight::None).await;
    }

    async fn actor(&self, login: &str) -> Arc<Actor> {
        let core = self.server.core();
        let found = core.store().person_by_login(login).await.expect("read");
        let client = Client {
            label: "setting".to_owned(),
            ..Client::default()
        };
        let actor = core.actor(found.expect("an account").id, client).await;
        Arc::new(actor.expect("an actor"))
    }

    async fn grant_add(&self, group: &str, by: &str, to: &str, right: GroupRight) {
        let group = self.server.core().group(&self.actor(by).await, group).await;
        let to = Grantee::Member(self.actor(to).await.person);
        let granted = group.expect("a group").grant(&[to], right).await;
        granted.expect("granted");
    }

    /// Gives *Add* or more where a case says so.
    fn given(&self, group: &str, to: &str, right: GroupRight) {
        let by = if group == "G" { "ada" } else { "hugo" };
        let granted = self.grant_add(group, by, to, right);
        self.server.runtime.block_on(granted);
    }

    fn disable(&self, login: &str) {
        let change = AccountChange {
            disabled: Some(true),
            ..AccountChange::default()
        };
        self.server.runtime.block_on(async {
            let person = self.actor(login).await.person;
            let office = self.server.core().operator();
            office.change_account(person, change).await.expect("off");
        });
    }

    fn id(&self, login: &str) -> String {
        let actor = self.server.runtime.block_on(self.actor(login));
        actor.person.to_string()
    }

    fn book_id(&self, login: &str, group: &str) -> String {
        let actor = self.server.runtime.block_on(self.actor(login));
        let found = actor.memberships.iter().find(|m| m.name == group);
        found.expect("a member").book.to_string()
    }

    fn visit(&self, login: &str) -> Visitor {
        let browser = Browser::of(&self.server.address, login);
        let token = hidden(&browser.page("/groups"), "token");
        Visitor { browser, token }
    }

    fn check(&self) {
        let store = self.server.store();
        let broken = self
            .server
            .runtime
            .block_on(async move { store.check().await });
        assert_eq!(broken.expect("checked"), Vec::<String>::new());
    }
}

fn vcard(uid: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:Contact {uid}\r\nN:{uid};Contact;;;\r\nTEL;TYPE=WORK:+33 1\r\nEND:VCARD\r\n"
    )
}

/// Somebody signed in, pressing buttons.
struct Visitor {
    browser: Browser,
    token: String,
}

impl Visitor {
    fn page(&self, path: &str) -> String {
        self.browser.page(path)
    }

    fn status(&self, path: &str) -> u16 {
        self.browser.get(path).status
    }

    /// The card of a contact in a list.
    fn card(&self, list: &str, uid: &str) -> String {
        let found = self.browser.card_named(list, &format!("Contact {uid}"));
        found.unwrap_or_else(|| panic!("{uid} is in {list}"))
    }

    fn lists(&self, list: &str, uid: &str) -> bool {
        let name = format!("Contact {uid}");
        self.browser.card_named(list, &name).is_some()
    }

    fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("token", self.token.as_str())];
        all.extend_from_slice(fields);
        self.browser.submit(path, &all)
    }

    /// A form that is accepted; the page it leads to.
    #[track_caller]
    fn done(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields);
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        self.page(answer.header("location").expect("a page"))
    }

    /// A form that is refused, on a page that says so.
    #[track_caller]
    fn refused(&self, path: &str, fields: &[(&str, &str)], status: u16) -> String {
        let answer = self.post(path, fields);
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
        let page = answer.text();
        assert!(page.contains("<main"), "{path}: {page}");
        page
    }

    fn edit(&self, card: &str, number: &str) -> u16 {
        self.save(&format!("{card}/edit"), ("tel-0", number))
    }

    /// Saves a form; whoever may not is not shown it, and is refused what they send without it.
    fn save(&self, path: &str, (name, value): (&str, &str)) -> u16 {
        let form = self.browser.get(path);
        if form.status == 200 {
            let fields = filled_in(&form.text(), &[(name, value)]);
            return self.browser.send(path, &fields, None).status;
        }
        assert!(!form.text().contains("<form class=\"contact\""), "{path}");
        let fields = [("token", self.token.as_str()), (name, value)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let status = self.browser.send(path, &fields, None).status;
        assert_eq!(status, form.status, "{path}");
        status
    }

    fn delete(&self, card: &str) -> Answer {
        let version = hidden(&self.page(card), "version");
        self.post(&format!("{card}/delete"), &[("version", &version)])
    }

    fn create(&self, list: &str, name: &str) -> u16 {
        self.save(&format!("{list}/new"), ("given", name))
    }

    /// The value of the first hidden input of that name after a text.
    fn hidden_after(&self, path: &str, text: &str, name: &str) -> String {
        let page = self.page(path);
        let page = &page[page.find("<main").expect("a page")..];
        let at = page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
        hidden(&page[at..], name)
    }
}
