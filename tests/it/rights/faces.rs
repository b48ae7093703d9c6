//! Cases 64 to 73 through CardDAV and Exchange ActiveSync: the sample group Team (administrator alice,
//! members bob and carol), and in it k, created by alice, and other cards of hers.

use carnet::domain::{
    actor::{Actor, Client},
    book::{Book, Condition, Replace},
    grant::Grantee,
    rights::{GroupRight, Modify},
    sharing::How,
};
use carnet_proto::wbxml::{
    Element,
    page::{air_sync as a, contacts as c, folder_hierarchy as f},
};
use std::sync::Arc;

use super::vcard;
use crate::support::{
    eas::{Device, add, change, delete, responses},
    http::{Answer, basic, request},
    server::Server,
};

const BOOK: &str = "/dav/groups/Team/Team/";

struct Team {
    server: Server,
}

impl Team {
    fn start() -> Self {
        let team = Self {
            server: Server::start(),
        };
        for uid in ["k", "other"] {
            let answer = team.put("alice", &format!("{BOOK}{uid}.vcf"), &vcard(uid, "+33 1"));
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        team
    }

    fn now<T>(&self, what: impl Future<Output = T>) -> T {
        self.server.runtime.block_on(what)
    }

    async fn actor(&self, login: &str) -> Arc<Actor> {
        let core = self.server.core();
        let person = core.store().person_by_login(login).await.expect("read");
        let client = Client {
            label: "web".to_owned(),
            ..Client::default()
        };
        let actor = core.actor(person.expect("an account").id, client).await;
        Arc::new(actor.expect("an actor"))
    }

    async fn book(&self, login: &str) -> Book {
        let actor = self.actor(login).await;
        let book = self.server.core().open_group(&actor, "Team").await;
        book.expect("a book")
    }

    fn grant_modify(&self, uid: &str, to: &str, modify: Modify) {
        self.now(async {
            let book = self.book("alice").await;
            let card = book.get(&format!("{uid}.vcf")).await.expect("a card");
            let to = [Grantee::Member(self.actor(to).await.person)];
            let granted = book.grant_modify(&card.placement, &to, modify).await;
            granted.expect("granted");
        });
    }

    fn grant(&self, to: &str, right: GroupRight) {
        self.now(async {
            let core = self.server.core();
            let group = core.group(&self.actor("alice").await, "Team").await;
            let to = [Grantee::Member(self.actor(to).await.person)];
            let granted = group.expect("a group").grant(&to, right).await;
            granted.expect("granted");
        });
    }

    /// The number in a card, as the creator reads it.
    fn number(&self, uid: &str) -> String {
        let text = self.get("alice", &format!("{BOOK}{uid}.vcf")).text();
        let line = text.lines().find(|line| line.starts_with("TEL"));
        line.and_then(|line| line.split_once(':'))
            .map_or_else(String::new, |(_, number)| number.trim().to_owned())
    }

    /// Display names in the list of refused changes.
    fn refused(&self, login: &str) -> Vec<String> {
        self.now(async {
            let core = self.server.core();
            let list = core.refused(&self.actor(login).await, 0).await;
            let list = list.expect("a list").into_iter();
            list.map(|change| change.display).collect()
        })
    }

    fn send(
        &self,
        login: &str,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut headers = vec![basic(login, "demo")];
        headers.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        request(
            &self.server.address,
            method,
            path,
            &headers,
            body.as_bytes(),
        )
    }

    fn get(&self, login: &str, path: &str) -> Answer {
        self.send(login, "GET", path, &[], "")
    }

    fn put(&self, login: &str, path: &str, card: &str) -> Answer {
        self.send(login, "PUT", path, &[("Content-Type", "text/vcard")], card)
    }

    /// Local names of the privileges a person has on a resource.
    fn privileges(&self, login: &str, path: &str) -> Vec<String> {
        let body =
            r#"<propfind xmlns="DAV:"><prop><current-user-privilege-set/></prop></propfind>"#;
        let answer = self.send(login, "PROPFIND", path, &[("Depth", "0")], body);
        assert_eq!(answer.status, 207, "{answer:?}");
        let text = answer.text();
        let mut names: Vec<String> = text
            .split("privilege>")
            .filter_map(|part| part.trim().strip_prefix('<')?.strip_suffix("></D:"))
            .filter_map(|empty| Some(empty.trim_end_matches('/').rsplit_once(':')?.1.to_owned()))
            .collect();
        names.sort();
        names.dedup();
        names
    }

    /// A phone of a person that synchronizes the group's book.
    fn phone(&self, login: &str, id: &str) -> Device {
        let mut phone = Device::set_up(&self.server.address, login, id, "14.1");
        let folders = phone.folder_sync("0");
        let team = folders
            .child(f::CHANGES)
            .expect("changes")
            .children_of(f::ADD)
            .find(|folder| folder.text_of(f::DISPLAY_NAME).as_deref() == Some("Team"))
            .and_then(|folder| folder.text_of(f::SERVER_ID));
        phone.folder = team.expect("the group's folder");
        phone.prime();
        phone.sync_all(&[], 100);
        phone
    }
}

#[test]
fn case_64_nothing_granted() {
    let team = Team::start();
    assert_eq!(
        team.privileges("bob", BOOK),
        ["read", "read-current-user-privilege-set"]
    );
    assert_eq!(
        team.privileges("alice", BOOK),
        [
            "bind",
            "read",
            "read-current-user-privilege-set",
            "unbind",
            "write",
            "write-content",
            "write-properties"
        ]
    );
}

#[test]
fn case_65_66_67_modify_on_one_card() {
    let team = Team::start();
    team.grant_modify("k", "bob", Modify::Granted);
    let k = format!("{BOOK}k.vcf");
    let other = format!("{BOOK}other.vcf");
    assert_eq!(
        team.privileges("bob", BOOK),
        ["read", "read-current-user-privilege-set", "write-content"]
    );
    assert!(
        team.privileges("bob", &k)
            .contains(&"write-content".to_owned())
    );
    assert!(
        !team
            .privileges("bob", &other)
            .contains(&"write-content".to_owned())
    );

    let tags = |login: &str| {
        let answer = team.get(login, &other);
        answer.header("ETag").expect("a tag").to_owned()
    };
    let before = (tags("bob"), tags("carol"), tags("alice"));
    let answer = team.put("bob", &other, &vcard("other", "+33 2"));
    assert_eq!(answer.status, 403);
    let text = answer.text();
    assert!(
        text.contains("need-privileges") && text.contains("write-content"),
        "{text}"
    );
    assert!(text.contains(&other), "{text}");
    assert_eq!(team.number("other"), "+33 1");
    assert_ne!(tags("bob"), before.0, "bob's clients fetch it anew");
    assert_eq!((tags("carol"), tags("alice")), (before.1, before.2));
    assert_eq!(team.refused("bob"), ["other"]);

    let answer = team.send("bob", "DELETE", &k, &[], "");
    assert_eq!(answer.status, 403);
    let text = answer.text();
    assert!(
        text.contains("need-privileges") && text.contains("unbind"),
        "{text}"
    );
    assert!(text.contains(&format!("<D:href>{BOOK}</D:href>")), "{text}");

    assert_eq!(team.put("bob", &k, &vcard("k", "+33 3")).status, 204);
    assert_eq!(team.number("k"), "+33 3");
}

#[test]
fn case_68_add_alone() {
    let team = Team::start();
    team.grant("bob", GroupRight::Add);
    assert_eq!(
        team.privileges("bob", BOOK),
        [
            "bind",
            "read",
            "read-current-user-privilege-set",
            "write-content"
        ]
    );
    let new = format!("{BOOK}new.vcf");
    assert_eq!(team.put("bob", &new, &vcard("new", "+33 1")).status, 201);
    assert_eq!(team.put("bob", &new, &vcard("new", "+33 2")).status, 204);
    assert_eq!(team.send("bob", "DELETE", &new, &[], "").status, 403);
}

#[test]
fn a_group_that_is_lost_is_not_found() {
    let team = Team::start();
    team.now(async {
        let core = team.server.core();
        let group = core.group(&team.actor("bob").await, "Team").await;
        let left = group.expect("a group").leave(Default::default()).await;
        left.expect("left");
    });
    for path in [
        BOOK.to_owned(),
        format!("{BOOK}k.vcf"),
        "/dav/principals/groups/Team/".to_owned(),
    ] {
        assert_eq!(
            team.send("bob", "PROPFIND", &path, &[("Depth", "0")], "")
                .status,
            404,
            "{path}"
        );
    }
}

#[test]
fn hostile_names_in_addresses() {
    let team = Team::start();
    team.now(async {
        let core = team.server.core();
        let bob = team.actor("bob").await;
        let founded = core.found_group(&bob, "<b> & \"c\" d'e", "<script>").await;
        founded.expect("a valid name");
    });
    let path = "/dav/groups/%3Cb%3E%20%26%20%22c%22%20d%27e/%3Cb%3E%20%26%20%22c%22%20d%27e/";
    let body = r#"<propfind xmlns="DAV:"><prop><displayname/></prop></propfind>"#;
    let answer = team.send("bob", "PROPFIND", path, &[("Depth", "0")], body);
    assert_eq!(answer.status, 207, "{answer:?}");
    let text = answer.text();
    assert!(
        !text.contains("<script>") && text.contains("&lt;script"),
        "{text}"
    );
    // Names are matched exactly, and nothing reaches out of them.
    for path in [
        "/dav/groups/team/team/",
        "/dav/groups/TEAM/TEAM/",
        "/dav/groups/Team%2F/Team/",
        "/dav/groups/%2e%2e/Team/",
        "/dav/groups/Team/%2e%2e/Team/k.vcf",
        "/dav/groups/Team%00/Team/",
        "/dav/groups/' OR 1=1 --/x/".replace(' ', "%20").as_str(),
    ] {
        let answer = team.send("bob", "PROPFIND", path, &[("Depth", "0")], body);
        assert!(
            matches!(answer.status, 400 | 403 | 404),
            "{path}: {}",
            answer.status
        );
    }
}

fn key_of(answer: &Element, phone: &mut Device) {
    if let Some(key) = answer.text_of(a::SYNC_KEY) {
        phone.key = key;
    }
}

#[test]
fn case_69_70_71_a_phone_is_put_right_at_once() {
    let team = Team::start();
    let mut phone = team.phone("bob", "phone1");
    let k = phone.named("k").expect("k on the phone");

    let answer = phone.sync(&[change(&k, &[(c::LAST_NAME, "wrong")])], 100);
    key_of(&answer, &mut phone);
    assert_eq!(responses(&answer), [(k.clone(), "7".to_owned())]);
    assert_eq!(phone.take(&answer), [(a::CHANGE, k.clone())]);
    assert_eq!(phone.named("k"), Some(k.clone()));

    let answer = phone.sync(&[add("c1", &[(c::LAST_NAME, "Stray")])], 100);
    key_of(&answer, &mut phone);
    assert_eq!(responses(&answer), [("c1".to_owned(), "1".to_owned())]);
    let stray = answer
        .child(a::RESPONSES)
        .and_then(|r| r.child(a::ADD)?.text_of(a::SERVER_ID))
        .expect("a temporary identifier");
    assert_eq!(phone.take(&answer), [(a::DELETE, stray)]);

    let answer = phone.sync(&[delete(&k)], 100);
    key_of(&answer, &mut phone);
    assert_eq!(phone.take(&answer), [(a::ADD, k.clone())]);
    assert!(phone.sync_all(&[], 100).is_empty(), "and that is all");

    let refused = team.refused("bob");
    assert_eq!(refused.len(), 2, "{refused:?}");
    assert!(refused.iter().any(|name| name.contains("Stray")));
}

#[test]
fn case_72_a_grant_between_two_synchronizations() {
    let team = Team::start();
    let mut phone = team.phone("bob", "phone2");
    let k = phone.named("k").expect("k on the phone");
    team.grant_modify("k", "bob", Modify::Granted);
    let edit = change(
        &k,
        &[(c::LAST_NAME, "k"), (c::MOBILE_PHONE_NUMBER, "+33 6")],
    );
    assert!(phone.sync_all(&[edit], 100).is_empty());
    assert!(
        team.get("carol", &format!("{BOOK}k.vcf"))
            .text()
            .contains("+33 6")
    );
    // Revoked: the next change is refused, whatever the phone was told before.
    team.grant_modify("k", "bob", Modify::Withdrawn);
    let answer = phone.sync(&[change(&k, &[(c::LAST_NAME, "wrong")])], 100);
    assert_eq!(responses(&answer), [(k, "7".to_owned())]);
}

#[test]
fn case_73_unshared_while_the_phone_was_away() {
    let team = Team::start();
    // p is private to alice, shared into Team, and bob may modify it.
    team.now(async {
        let core = team.server.core();
        let actor = team.actor("alice").await;
        let private = core.default_book(&actor).await.expect("a book");
        let card = Replace(vcard("p", "+33 1").into_bytes());
        let put = private.put("p.vcf", &Condition::Absent, &card).await;
        put.expect("stored");
        let placement = private.get("p.vcf").await.expect("p").placement;
        let group = team.book("alice").await;
        let shared = private
            .bring(std::slice::from_ref(&placement), &group, How::Share)
            .await;
        shared.expect("shared").remove(0).expect("shared");
    });
    team.grant_modify("p", "bob", Modify::Granted);
    let mut phone = team.phone("bob", "phone3");
    let p = phone.named("p").expect("p on the phone");
    assert_eq!(
        team.send("alice", "DELETE", &format!("{BOOK}p.vcf"), &[], "")
            .status,
        204
    );

    let answer = phone.sync(&[change(&p, &[(c::LAST_NAME, "pending")])], 100);
    key_of(&answer, &mut phone);
    assert_eq!(phone.take(&answer), [(a::DELETE, p)]);
    assert!(phone.sync_all(&[], 100).is_empty());
    let refused = team.refused("bob");
    assert_eq!(refused.len(), 1, "{refused:?}");
    let kept = team
        .get("alice", "/dav/alice/private/contacts/p.vcf")
        .text();
    assert!(!kept.contains("pending"));
}
