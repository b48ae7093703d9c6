//! The setting of the rights model (groups G and H, contacts k and p) and its cases.

mod back;
mod cases;
mod command_line;
mod contents;
mod departed;
mod faces;
mod going_back;
mod kept;
mod moving;
mod past;
mod people;
mod portions;
mod property;

use std::sync::Arc;

use crate::support::people::person;
use carnet::{
    class::contact::Contact,
    domain::{
        actor::{Actor, Client},
        batch::{Batch, Op, PersonChange},
        book::{Book, Condition, Replace},
        core::{Core, Limits},
        error::{Error, Result},
        grant::Grantee,
        group::OpenGroup,
        id::{PersonId, Timestamp},
        item::{Card, Placement},
        principal::Role,
        rights::{GroupRight, Modify},
        settings::Settings,
        sharing::{How, Placed},
        undo::{TakenBack, Undo},
    },
    store::sqlite::Sqlite,
};
use tempfile::TempDir;

/// Group G: admin ada, co-admin coco, members mia, max, zed. Group H: admin hugo, members mia, ada.
/// ivo and nora are in neither. k is created in G by mia, p is private to mia and shared into G by her;
/// nothing is granted.
pub struct World {
    pub core: Arc<Core>,
    _data: TempDir,
}

pub const PRIVATE: &str = "private";

const PEOPLE: [&str; 8] = ["ada", "coco", "mia", "max", "zed", "hugo", "ivo", "nora"];

impl World {
    /// Undoes an action of the web: what is back, and what was left.
    pub async fn taken_back(&self, login: &str, undos: &[Undo]) -> (usize, usize) {
        let actor = self.actor(login).await;
        let mut taken = TakenBack::default();
        for undo in undos {
            taken += allowed(self.core.undo(&actor, undo).await);
        }
        (taken.back, taken.left)
    }

    pub async fn new() -> Self {
        let world = Self::empty(Limits::default()).await;
        world
            .found(
                "G",
                "ada",
                &[
                    ("coco", Role::CoAdmin),
                    ("mia", Role::Member),
                    ("max", Role::Member),
                    ("zed", Role::Member),
                ],
            )
            .await;
        world
            .found("H", "hugo", &[("mia", Role::Member), ("ada", Role::Member)])
            .await;
        world
            .grant("ada", "G", "mia", GroupRight::Add)
            .await
            .expect("granted");
        world.create("mia", "G", "k").await.expect("k");
        world.create("mia", PRIVATE, "p").await.expect("p");
        world.share("mia", PRIVATE, "p", "G").await.expect("shared");
        world
            .grant("ada", "G", "mia", GroupRight::None)
            .await
            .expect("withdrawn");
        world
    }

    /// The people and nothing else.
    pub async fn empty(limits: Limits) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let store = Arc::new(Sqlite::open(data.path()).expect("a database"));
        Self::with(store, data, limits).await
    }

    pub async fn with(store: Arc<Sqlite>, data: TempDir, limits: Limits) -> Self {
        let core = Core::new(store, vec![Arc::new(Contact::default())], limits);
        let world = Self { core, _data: data };
        for login in PEOPLE {
            world
                .commit(Op::from(person(login).administering(login == "ivo")))
                .await
                .expect("an account");
        }
        world
    }

    pub async fn found(&self, name: &str, admin: &str, members: &[(&str, Role)]) {
        let actor = self.actor(admin).await;
        self.core
            .found_group(&actor, name, "")
            .await
            .expect("founded");
        for (login, role) in members {
            let group = self.group(admin, name).await.expect("a group");
            let person = group.add_member(login).await.expect("added");
            if *role != Role::Member {
                group.set_role(person, *role).await.expect("a role");
            }
        }
    }

    /// Gives a person a quota of contacts.
    pub async fn limit(&self, login: &str, contacts: i64) {
        let quota = Op::from(PersonChange {
            quota: Some(Some(contacts)),
            ..PersonChange::of(self.id(login).await)
        });
        allowed(self.commit(quota).await);
    }

    /// What the command line or a migration does.
    pub async fn commit(&self, op: Op) -> Result<i64> {
        let batch = Batch {
            client: "command line".to_owned(),
            at: Timestamp::now(),
            ops: vec![op],
            ..Batch::default()
        };
        Ok(self.core.commit(batch).await?.rows[0])
    }

    pub async fn id(&self, login: &str) -> PersonId {
        let person = self
            .core
            .store()
            .person_by_login(login)
            .await
            .expect("read");
        person.expect("an account").id
    }

    pub async fn actor(&self, login: &str) -> Arc<Actor> {
        self.client(login, "web").await
    }

    pub async fn client(&self, login: &str, label: &str) -> Arc<Actor> {
        let client = Client {
            label: label.to_owned(),
            ..Client::default()
        };
        let actor = self.core.actor(self.id(login).await, client).await;
        Arc::new(actor.expect("an actor"))
    }

    pub async fn group(&self, login: &str, name: &str) -> Result<OpenGroup> {
        self.core.group(&self.actor(login).await, name).await
    }

    pub async fn book(&self, login: &str, place: &str) -> Result<Book> {
        let actor = self.actor(login).await;
        match place {
            PRIVATE => self.core.default_book(&actor).await,
            name => self.core.open_group(&actor, name).await,
        }
    }

    /// A further private book of a person.
    pub async fn second(&self, login: &str) -> Book {
        let actor = self.actor(login).await;
        let name = "Second".to_owned();
        let made = self.core.make_book(&actor, "second", name, String::new());
        allowed(made.await);
        let opened = self.core.open_private(&actor, "second").await;
        opened.expect("a book")
    }

    /// Eighty contacts in Private of a person whose mass deletions are held.
    pub async fn eighty_held(&self, login: &str) -> Book {
        let actor = self.actor(login).await;
        let hold = |settings: &mut Settings| settings.hold_mass_deletions = true;
        allowed(self.core.change_settings(&actor, hold).await);
        let private = self.book(login, PRIVATE).await.expect("a book");
        let cards = (0..80).map(|at| vcard(&format!("c{at}"), "+33 1").into_bytes());
        allowed(private.add_all(cards.collect()).await);
        private
    }

    pub async fn card(&self, login: &str, place: &str, uid: &str) -> Result<Card> {
        let book = self.book(login, place).await?;
        let found = self.core.store().by_uid(book.collection().id, uid).await?;
        found.ok_or(Error::NotFound)
    }

    pub async fn placement(&self, login: &str, place: &str, uid: &str) -> Result<Placement> {
        Ok(self.card(login, place, uid).await?.placement)
    }

    /// What a person reads of a contact there.
    pub async fn read(&self, login: &str, place: &str, uid: &str) -> Result<String> {
        let book = self.book(login, place).await?;
        let card = self.card(login, place, uid).await?;
        Ok(String::from_utf8_lossy(&book.content(&card)).into_owned())
    }

    pub async fn create(&self, login: &str, place: &str, uid: &str) -> Result<()> {
        let book = self.book(login, place).await?;
        let card = Replace(vcard(uid, "+33 1").into_bytes());
        let href = format!("{uid}.vcf");
        book.put(&href, &Condition::Absent, &card).await.map(drop)
    }

    /// Writes another number into a contact.
    pub async fn modify(&self, login: &str, place: &str, uid: &str, number: &str) -> Result<()> {
        let book = self.book(login, place).await?;
        let href = self.placement(login, place, uid).await?.href;
        let number = number.to_owned();
        let edit = move |current: Option<&[u8]>| -> Result<Vec<u8>> {
            let text = String::from_utf8_lossy(current.unwrap_or_default()).into_owned();
            let lines = text
                .split("\r\n")
                .map(|line| match line.strip_prefix("TEL:") {
                    Some(_) => format!("TEL:{number}"),
                    None => line.to_owned(),
                });
            Ok(lines.collect::<Vec<_>>().join("\r\n").into_bytes())
        };
        book.put(&href, &Condition::None, &edit).await.map(drop)
    }

    pub async fn delete(&self, login: &str, place: &str, uid: &str) -> Result<()> {
        let book = self.book(login, place).await?;
        let href = self.placement(login, place, uid).await?.href;
        book.delete(&href, &Condition::None).await.map(drop)
    }

    pub async fn share(&self, login: &str, from: &str, uid: &str, into: &str) -> Result<Placed> {
        self.bring(login, from, uid, into, How::Share).await
    }

    pub async fn bring(
        &self,
        login: &str,
        from: &str,
        uid: &str,
        into: &str,
        how: How,
    ) -> Result<Placed> {
        let placement = self.placement(login, from, uid).await?;
        let target = self.book(login, into).await?;
        let book = self.book(login, from).await?;
        let mut outcomes = book.bring(&[placement], &target, how).await?;
        outcomes.remove(0)
    }

    /// `everyone` or a login.
    pub async fn grantee(&self, to: &str) -> Grantee {
        match to {
            "everyone" => Grantee::Everyone,
            login => Grantee::Member(self.id(login).await),
        }
    }

    pub async fn grant(&self, by: &str, group: &str, to: &str, right: GroupRight) -> Result<()> {
        let grantee = self.grantee(to).await;
        self.group(by, group).await?.grant(&[grantee], right).await
    }

    pub async fn grant_modify(&self, by: &str, group: &str, uid: &str, to: &str) -> Result<()> {
        self.set_modify(by, group, uid, to, Modify::Granted).await
    }

    pub async fn set_modify(
        &self,
        by: &str,
        group: &str,
        uid: &str,
        to: &str,
        modify: Modify,
    ) -> Result<()> {
        let placement = self.placement(by, group, uid).await?;
        let grantee = self.grantee(to).await;
        self.book(by, group)
            .await?
            .grant_modify(&placement, &[grantee], modify)
            .await
    }

    pub async fn join(&self, login: &str, group: &str) {
        let admin = if group == "G" { "ada" } else { "hugo" };
        let group = self.group(admin, group).await.expect("a group");
        group.add_member(login).await.expect("added");
    }

    pub async fn comment(&self, login: &str, place: &str, uid: &str, text: &str) -> Result<()> {
        let placement = self.placement(login, place, uid).await?;
        self.book(login, place)
            .await?
            .comment(&placement, text)
            .await
            .map(drop)
    }

    /// Texts of the comments a person reads.
    pub async fn comments(&self, login: &str, place: &str, uid: &str) -> Vec<String> {
        let placement = self.placement(login, place, uid).await.expect("a contact");
        let book = self.book(login, place).await.expect("a book");
        let comments = book.comments(&placement).await.expect("comments");
        comments
            .into_iter()
            .map(|shown| shown.comment.text)
            .collect()
    }

    /// Removes the last removal of a contact from the trash of a place.
    pub async fn restore(&self, login: &str, place: &str, display: &str) -> Result<()> {
        let book = self.book(login, place).await?;
        let trash = self.core.store().trash(book.collection().id).await?;
        let found = trash.iter().find(|removal| removal.display == display);
        let revision = found.ok_or(Error::NotFound)?.revision;
        book.restore(&[revision]).await?.remove(0)
    }

    pub async fn check(&self) {
        let broken = self.core.store().check().await.expect("checked");
        assert!(broken.is_empty(), "{broken:?}");
    }
}

pub fn vcard(uid: &str, number: &str) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{uid}\r\nN:{uid};;;;\r\nTEL:{number}\r\nEND:VCARD\r\n"
    )
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(outcome: Result<T>) {
    assert!(
        matches!(outcome, Err(Error::Forbidden { .. })),
        "{outcome:?}"
    );
}

#[track_caller]
pub fn hidden<T: std::fmt::Debug>(outcome: Result<T>) {
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
}

#[track_caller]
pub fn invalid<T: std::fmt::Debug>(outcome: Result<T>) {
    assert!(matches!(outcome, Err(Error::Invalid(_))), "{outcome:?}");
}

#[track_caller]
pub fn allowed<T: std::fmt::Debug>(outcome: Result<T>) -> T {
    outcome.expect("allowed")
}
