//! The server side of a history: two books of one person, and everyone else who writes.

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use carnet::{
    class::{self, contact::Contact},
    domain::{
        actor::{Actor, Client},
        batch::{Batch, DeviceOp, GroupOp, HistoryOp, ItemOp, NewPlacement, Op},
        book::{Book, Condition, Destination, Replace},
        core::{Core, Limits},
        cursor::Position,
        id::{CollectionId, DeviceId, PersonId, Timestamp},
        item::{Card, random_id},
        sharing::How,
        store::Store,
    },
    store::sqlite::{self, Sqlite},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{dice::Dice, people, quick_folder};

pub fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// What a contact says: a name, a note, and a tag where the book is private.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    pub name: u32,
    pub note: u32,
    pub tag: u32,
}

impl Value {
    pub fn new(name: u32) -> Self {
        Self {
            name,
            note: 0,
            tag: 0,
        }
    }

    pub fn document(&self, uid: &str) -> Vec<u8> {
        let tag = match self.tag {
            0 => String::new(),
            tag => format!("CATEGORIES:t{tag}\r\n"),
        };
        format!(
            "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nFN:{0}\r\nN:{0};;;;\r\n{tag}NOTE:{1}\r\nEND:VCARD\r\n",
            self.name, self.note
        )
        .into_bytes()
    }

    /// The UID and the value of a document.
    pub fn read(document: &[u8]) -> (String, Self) {
        let text = String::from_utf8_lossy(document);
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            line.map(str::to_owned)
        };
        let number = |name| field(name).and_then(|n| n.parse().ok()).unwrap_or(0);
        let value = Self {
            name: number("FN:"),
            note: number("NOTE:"),
            tag: number("CATEGORIES:t"),
        };
        (field("UID:").expect("a UID"), value)
    }
}

/// A data directory with its core.
pub struct World {
    folder: TempDir,
    core: Option<Arc<Core>>,
    last: std::sync::Mutex<Option<SceneIds>>,
}

#[derive(Clone, Copy)]
struct SceneIds {
    person: PersonId,
    private: CollectionId,
    group: CollectionId,
    devices: [DeviceId; 3],
}

/// A person with a private book, a group's book and three devices.
pub struct Scene {
    core: Arc<Core>,
    pub actor: Arc<Actor>,
    pub private: CollectionId,
    pub group: CollectionId,
    /// Both as one.
    pub view: CollectionId,
    pub devices: [DeviceId; 3],
    /// Names of what was removed: a phone that still has it to send makes another contact.
    removed: std::sync::Mutex<HashSet<u32>>,
}

impl World {
    pub fn new() -> Self {
        let mut world = Self {
            folder: quick_folder(),
            core: None,
            last: std::sync::Mutex::default(),
        };
        world.open();
        world
    }

    fn open(&mut self) {
        let store = Arc::new(Sqlite::open(self.folder.path()).expect("the data open"));
        let classes = class::all(Arc::new(Contact::default()));
        self.core = Some(Core::new(store, classes, Limits::default()));
    }

    fn core(&self) -> &Arc<Core> {
        self.core.as_ref().expect("open")
    }

    pub async fn scene(&self) -> Scene {
        let name = random_id(6);
        let core = self.core();
        let person = PersonId(self.row(person(&name)).await);
        let group = Op::Group(GroupOp::AddGroup {
            name: name.clone(),
            display_name: name.clone(),
            admin: person,
        });
        self.row(group).await;
        let mut devices = [DeviceId(0); 3];
        for (number, device) in devices.iter_mut().enumerate() {
            *device = DeviceId(self.row(touch(person, &format!("d{number}"))).await);
        }
        let books = core.store().books(person).await.expect("books");
        let ids = SceneIds {
            person,
            private: books[0].id,
            group: books[1].id,
            devices,
        };
        *self.last.lock().expect("a lock") = Some(ids);
        self.same_scene().await
    }

    /// The scene last made, from what the store holds now.
    pub async fn same_scene(&self) -> Scene {
        let ids = self.last.lock().expect("a lock").expect("a scene");
        let core = self.core().clone();
        let actor = core.actor(ids.person, Client::default()).await;
        let actor = Arc::new(actor.expect("an account"));
        let view = core.open_view(&actor, &[]).await.expect("a view");
        Scene {
            view: view.collection().id,
            actor,
            core,
            private: ids.private,
            group: ids.group,
            devices: ids.devices,
            removed: std::sync::Mutex::default(),
        }
    }

    pub async fn check(&self) -> Vec<String> {
        self.core().store().check().await.expect("a check")
    }

    pub async fn back_up(&self) {
        let file = self.folder.path().join("backup");
        self.core().store().backup(&file).await.expect("a backup");
    }

    pub async fn restore(&mut self) {
        self.core = None;
        let folder = self.folder.path();
        sqlite::restore(&folder.join("backup"), folder).expect("a restore");
        self.open();
    }

    async fn row(&self, op: Op) -> i64 {
        commit(self.core(), None, op).await
    }
}

async fn commit(core: &Core, person: Option<PersonId>, op: Op) -> i64 {
    let batch = Batch {
        person,
        at: Timestamp::now(),
        ops: vec![op],
        ..Batch::default()
    };
    core.commit(batch).await.expect("committed").rows[0]
}

fn person(login: &str) -> Op {
    Op::from(people::person(login))
}

fn touch(person: PersonId, device_id: &str) -> Op {
    Op::Device(DeviceOp::TouchDevice {
        person,
        device_id: device_id.to_owned(),
        device_type: "model".to_owned(),
        user_agent: String::new(),
        version: "16.1".to_owned(),
        info: Vec::new(),
    })
}

impl Scene {
    /// As a request opens it: with what there is now.
    pub async fn open(&self, book: CollectionId) -> Book {
        let book = if book == self.view {
            self.core.open_view(&self.actor, &[]).await
        } else {
            self.core.open(&self.actor, book).await
        };
        book.expect("a book")
    }

    /// What moves the rights of everybody in the middle of a request, so many times.
    pub fn disturbance(&self, times: usize) -> impl Fn() + Send + Sync + use<> {
        let core = self.core.clone();
        let left = AtomicUsize::new(times);
        move || {
            let once = left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1));
            if once.is_err() {
                return;
            }
            let disturb = || runtime().block_on(commit(&core, None, person(&random_id(6))));
            std::thread::scope(|scope| scope.spawn(disturb).join()).expect("a new account");
        }
    }

    /// What a place shows of an item.
    pub fn value(&self, card: &Card) -> Value {
        let placement = &card.placement;
        let class = self.core.class();
        Value::read(&class.join(&card.document, &placement.overlay)).1
    }

    pub fn note_removed(&self, value: &Value) {
        self.removed.lock().expect("a lock").insert(value.name);
    }

    pub fn was_removed(&self, name: u32) -> bool {
        self.removed.lock().expect("a lock").contains(&name)
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        self.core.store()
    }

    pub async fn seq(&self, book: CollectionId) -> i64 {
        self.open(book).await.collection().seq.0
    }

    pub async fn put(&self, book: &Book, href: &str, value: Value) {
        let uid = match book.get(href).await {
            Ok(card) => card.placement.uid,
            Err(_) => random_id(8),
        };
        let content = Replace(value.document(&uid));
        book.put(href, &Condition::None, &content)
            .await
            .expect("put");
    }

    pub async fn add(&self, dice: &mut Dice) {
        let book = self.some_book(dice).await;
        let mut value = Value::new(number(dice));
        if book.collection().id == self.private && dice.below(4) == 0 {
            value.tag = 1 + dice.below(3) as u32;
        }
        let gone = self
            .store()
            .trash(book.collection().id)
            .await
            .expect("removals");
        let mut href = format!("{}.vcf", random_id(8));
        // Now and then under a name that was used before, or as a list that phones cannot show.
        if dice.below(4) == 0
            && let Some(old) = dice.pick(&gone)
        {
            href = format!("again-{}.vcf", old.placement);
        }
        if dice.below(8) == 0 {
            let list = format!(
                "BEGIN:VCARD\r\nVERSION:4.0\r\nKIND:group\r\nUID:{}\r\nFN:{}\r\nEND:VCARD\r\n",
                random_id(8),
                value.name
            );
            let href = format!("{}.vcf", random_id(8));
            let content = Replace(list.into_bytes());
            book.put(&href, &Condition::Absent, &content)
                .await
                .expect("put");
            return;
        }
        self.put(&book, &href, value).await;
    }

    pub async fn edit(&self, dice: &mut Dice) {
        let book = self.some_book(dice).await;
        let cards = self.contacts(&book).await;
        let Some(card) = dice.pick(&cards) else {
            return;
        };
        let (_, mut value) = Value::read(&book.content(card));
        match dice.below(3) {
            0 => value.name = number(dice),
            1 => value.note = number(dice),
            _ if book.is_private() => value.tag = dice.below(4) as u32,
            _ => value = Value::new(number(dice)),
        }
        self.put(&book, &card.placement.href, value).await;
    }

    pub async fn remove(&self, dice: &mut Dice) {
        let book = self.some_book(dice).await;
        let cards = self.cards(&book).await;
        let Some(card) = dice.pick(&cards) else {
            return;
        };
        self.note_removed(&self.value(card));
        let href = &card.placement.href;
        book.delete(href, &Condition::None).await.expect("removed");
    }

    /// Something removed comes back: under another ServerId, now and then under its old name.
    pub async fn restore(&self, dice: &mut Dice) {
        let book = self.some_book(dice).await;
        let gone = self
            .store()
            .trash(book.collection().id)
            .await
            .expect("removals");
        let Some(old) = dice.pick(&gone) else { return };
        let placement = old.placement;
        let href = match dice.below(2) {
            0 => format!("{}.vcf", random_id(8)),
            _ => format!("again-{placement}.vcf"),
        };
        if book.get(&href).await.is_ok() {
            return;
        }
        let op = Op::Item(ItemOp::RestorePlacement {
            placement,
            href,
            server_id: random_id(12),
            overlay: None,
        });
        self.commit(op).await;
    }

    /// An item of one book is placed in the other as well.
    pub async fn share(&self, dice: &mut Dice) {
        let from = self.some_book(dice).await;
        let cards = self.contacts(&from).await;
        let Some(card) = dice.pick(&cards) else {
            return;
        };
        let to = if from.collection().id == self.private {
            self.group
        } else {
            self.private
        };
        let op = Op::Item(ItemOp::Place {
            item: card.placement.item,
            placement: NewPlacement {
                collection: to,
                href: format!("{}.vcf", random_id(8)),
                server_id: random_id(12),
                device: None,
                altered: false,
                overlay: Vec::new(),
                tags: Vec::new(),
            },
            from: None,
        });
        self.commit(op).await;
    }

    /// Another name, now and then one that is taken.
    pub async fn rename(&self, dice: &mut Dice) {
        let book = self.some_book(dice).await;
        let cards = self.cards(&book).await;
        let Some(card) = dice.pick(&cards) else {
            return;
        };
        let href = match dice.pick(&cards) {
            Some(other) if other != card && dice.below(3) == 0 => {
                self.note_removed(&self.value(other));
                other.placement.href.clone()
            }
            _ => format!("{}.vcf", random_id(8)),
        };
        let to = Destination {
            book: &book,
            href: &href,
            overwrite: true,
            properties: &[],
        };
        let name = &card.placement.href;
        let renamed = book.relocate(name, &Condition::None, to, How::Move);
        renamed.await.expect("renamed");
    }

    /// Every removal so far is forgotten.
    pub async fn purge(&self) {
        let later = Timestamp::now().plus_days(1);
        let op = Op::History(HistoryOp::Purge {
            versions_before: later,
            trash_before: later,
            tombstones_before: later,
        });
        self.commit(op).await;
    }

    async fn commit(&self, op: Op) {
        commit(&self.core, Some(self.actor.person), op).await;
    }

    async fn some_book(&self, dice: &mut Dice) -> Book {
        let book = [self.private, self.group][dice.below(2)];
        self.open(book).await
    }

    async fn cards(&self, book: &Book) -> Vec<Card> {
        let leg = book.walk(Position::default(), usize::MAX).await;
        leg.expect("cards").cards
    }

    async fn contacts(&self, book: &Book) -> Vec<Card> {
        let mut cards = self.cards(book).await;
        cards.retain(|card| card.placement.kind != "group");
        cards
    }

    /// What phones should hold: by ServerId.
    pub async fn phone_items(&self, book: CollectionId) -> BTreeMap<String, Value> {
        let book = self.open(book).await;
        let cards = self.contacts(&book).await;
        cards
            .iter()
            .map(|card| (card.placement.server_id.clone(), self.value(card)))
            .collect()
    }

    /// What CardDAV clients should hold: by name.
    pub async fn reader_items(&self, book: CollectionId) -> BTreeMap<String, Value> {
        let book = self.open(book).await;
        let cards = self.cards(&book).await;
        cards
            .iter()
            .map(|card| (card.placement.href.clone(), self.value(card)))
            .collect()
    }
}

/// A value nobody wrote before.
pub fn number(dice: &mut Dice) -> u32 {
    1 + (dice.next() >> 34) as u32
}
