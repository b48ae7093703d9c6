//! The root of the domain: opens places for people and commits what verbs decided.

use std::{future::Future, sync::Arc};

use super::{
    access::own_password,
    actor::{Actor, Client},
    batch::{Batch, BookOp, Committed, DeviceOp, Op, PersonOp},
    blocking::Turns,
    book::{Book, Follower, Served},
    class::{CONTACT, Class},
    collection::{Collection, Place},
    cursor::Cursor,
    error::{Error, Result},
    hub::Hub,
    id::{CollectionId, PersonId, Seq, Timestamp},
    journal::Journal,
    property::{self, NewBook},
    retry::{attempted, retry},
    rights::{GroupRight, Right, permits, place_rights},
    store::{Device, HomeChange, HomeKind, Store},
    tally::Tally,
};

/// Private books of one person.
const MAX_BOOKS: usize = 100;

/// Limits every face obeys.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of one item's content: a card, the details of a document.
    pub document: usize,
    /// Octets of one uploaded document.
    pub upload: u64,
    /// Octets of the documents of one person, where nothing else is said of them; none: no limit.
    pub documents: Option<i64>,
    /// Only administrators of the server may create groups.
    pub administrators_found: bool,
    /// People may make further private books.
    pub further_books: bool,
    /// Days earlier versions and refused writes are kept, 1 to 365.
    pub history_days: i64,
    /// Days what was removed can be restored, 0 to 365.
    pub trash_days: i64,
    /// Days a client may stay away before it has to start over.
    pub tombstone_days: i64,
    /// People may erase their own devices whole.
    pub owners_erase: bool,
    /// Letters leave. Without a mail server one would wait for it, and tell of what is long past.
    pub letters: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            document: 10 * 1024 * 1024,
            upload: 100 * 1024 * 1024,
            documents: Some(1024 * 1024 * 1024),
            administrators_found: false,
            further_books: true,
            history_days: 30,
            trash_days: 30,
            tombstone_days: 400,
            owners_erase: false,
            letters: true,
        }
    }
}

/// Store, wake-ups and classes together.
pub struct Core {
    store: Arc<dyn Store>,
    hub: Hub,
    classes: Vec<Arc<dyn Class>>,
    limits: Limits,
    served: Served,
    journal: Journal,
    tally: Tally,
    pictures: Turns,
}

impl Core {
    /// A core over a store, for these classes of items.
    pub fn new(store: Arc<dyn Store>, classes: Vec<Arc<dyn Class>>, limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            store,
            hub: Hub::default(),
            classes,
            limits,
            served: Served::default(),
            journal: Journal::default(),
            tally: Tally::default(),
            pictures: Turns::default(),
        })
    }

    /// The store, for the program around the core (command line, figures, mail); faces ask verbs.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The hub at which held requests subscribe.
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The permits to decode pictures.
    pub fn pictures(&self) -> &Turns {
        &self.pictures
    }

    /// The class of contacts.
    pub fn class(&self) -> &dyn Class {
        self.class_named(CONTACT)
    }

    /// A class by its name, as items and collections carry it.
    pub fn class_named(&self, name: &str) -> &dyn Class {
        let found = self.classes.iter().find(|class| class.name() == name);
        &**found.unwrap_or(&self.classes[0])
    }

    /// Every class of items, contacts first.
    pub fn classes(&self) -> &[Arc<dyn Class>] {
        &self.classes
    }

    pub(super) fn served(&self) -> &Served {
        &self.served
    }

    /// What clients did, noted and not yet written.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The counters kept beside the store.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// The limits the core was built with.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Builds who is asking; `NotFound` when the account is gone or disabled, or the password that
    /// let them in is over.
    pub async fn actor(&self, person: PersonId, client: Client) -> Result<Actor> {
        if let Some(password) = client.access.password
            && !self
                .store
                .holds_app_password(password, Timestamp::now())
                .await?
        {
            return Err(Error::NotFound);
        }
        let account = self.store.account(person).await?.ok_or(Error::NotFound)?;
        let person = &account.person;
        let is_over = |password: &String| {
            person.second_factor || *password != own_password(&person.password_hash)
        };
        let disabled = person.disabled && !client.operator;
        if disabled || client.access.own_password.as_ref().is_some_and(is_over) {
            return Err(Error::NotFound);
        }
        Ok(Actor::of(&account, client))
    }

    /// The books a person may read: private ones first, then group books by display name.
    pub async fn books(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Vec<Book>> {
        let mut books = Vec::new();
        for collection in self.shown_books(actor).await? {
            books.push(self.handle(actor, collection).await?);
        }
        Ok(books)
    }

    /// The actor's private books of contacts besides the one everybody has.
    pub async fn further_books(&self, actor: &Actor) -> Result<Vec<Collection>> {
        let mut books = self.shown_books(actor).await?;
        books.retain(|book| matches!(book.place, Place::Private(_)) && !book.is_default());
        Ok(books)
    }

    /// The collections behind [`Core::books`], not opened.
    pub(super) async fn shown_books(&self, actor: &Actor) -> Result<Vec<Collection>> {
        let mut books = self.store.books(actor.person).await?;
        books.retain(|book| actor.reads(book.place));
        Ok(books)
    }

    /// Opens a collection; without *Read* it does not exist.
    pub async fn open(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        collection: CollectionId,
    ) -> Result<Book> {
        let found = self.store.collection(collection).await?;
        self.handle(actor, found.ok_or(Error::NotFound)?).await
    }

    /// Opens a collection by its permanent identifier.
    pub async fn open_by_uuid(self: &Arc<Self>, actor: &Arc<Actor>, uuid: &str) -> Result<Book> {
        let found = self.store.collection_by_uuid(uuid).await?;
        self.handle(actor, found.ok_or(Error::NotFound)?).await
    }

    /// Opens a private book of the actor by the last segment of its URL.
    pub async fn open_private(self: &Arc<Self>, actor: &Arc<Actor>, segment: &str) -> Result<Book> {
        let found = self.store.private_book(actor.person, segment).await?;
        self.handle(actor, found.ok_or(Error::NotFound)?).await
    }

    /// Opens a group's book by the group's exact name.
    pub async fn open_group(self: &Arc<Self>, actor: &Arc<Actor>, name: &str) -> Result<Book> {
        let membership = actor.memberships.iter().find(|m| m.name == name);
        self.open(actor, membership.ok_or(Error::NotFound)?.book)
            .await
    }

    /// Opens the list of a group's members by the group's exact name.
    pub async fn open_members(self: &Arc<Self>, actor: &Arc<Actor>, name: &str) -> Result<Book> {
        let membership = actor.memberships.iter().find(|m| m.name == name);
        let group = membership.ok_or(Error::NotFound)?.group;
        let list = self.store.members_list(group).await?;
        self.open(actor, list.ok_or(Error::NotFound)?).await
    }

    /// The lists of members the actor's home shows, by display name.
    pub async fn shown_members(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Vec<Book>> {
        let mut lists = Vec::new();
        for collection in self.store.shown_members(actor.person).await? {
            if actor.reads(collection.place) {
                lists.push(self.handle(actor, collection).await?);
            }
        }
        Ok(lists)
    }

    /// Whether the actor's home shows the lists of members of the actor's groups (a setting, off).
    pub async fn show_members(&self, actor: &Actor, shown: bool) -> Result<()> {
        let op = Op::Person(PersonOp::ShowMembers {
            person: actor.person,
            shown,
        });
        self.commit_personal(actor, vec![op]).await.map(drop)
    }

    /// The list of the actor's books as a collection whose members are books.
    pub async fn home(&self, actor: &Actor) -> Result<Collection> {
        self.store.home(actor.person).await?.ok_or(Error::NotFound)
    }

    /// The present cursor of the actor's home.
    pub async fn home_cursor(&self, actor: &Actor) -> Result<Cursor> {
        let home = self.home(actor).await?;
        Ok(Cursor::at(&home, home.seq))
    }

    /// Books that appeared in or left the actor's home since a cursor (RFC 6578 on the home).
    pub async fn home_changes(
        &self,
        actor: &Actor,
        since: Option<&Cursor>,
    ) -> Result<(Vec<HomeChange>, Cursor)> {
        let home = self.home(actor).await?;
        let after = since.map_or(Ok(Seq(0)), |cursor| cursor.seq_in(&home))?;
        let access = &actor.client.access;
        let mut changes = self.store.home_changes(home.id, after).await?;
        changes.retain(|change| match change.kind {
            HomeKind::Private => access.shows_private(),
            HomeKind::Group | HomeKind::Members => access.shows_group(&change.segment),
        });
        Ok((changes, Cursor::at(&home, home.seq)))
    }

    /// The devices of the actor.
    pub async fn devices(&self, actor: &Actor) -> Result<Vec<Device>> {
        self.store.devices(Some(actor.person)).await
    }

    /// A device of the actor by its DeviceId; none for an unknown one.
    pub async fn device(&self, actor: &Actor, device_id: &str) -> Result<Option<Device>> {
        self.store.device(actor.person, device_id).await
    }

    /// Whether the actor may make further private books (a setting).
    pub fn may_make_books(&self, actor: &Actor) -> bool {
        self.limits.further_books && actor.client.access.shows_private() && !actor.is_read_only()
    }

    /// Makes a further private book of the actor's. Refused: `Forbidden` (setting), `Exists`,
    /// `OverQuota`.
    pub async fn make_book(
        &self,
        actor: &Arc<Actor>,
        segment: &str,
        display_name: String,
        description: String,
    ) -> Result<()> {
        let book = NewBook {
            display_name,
            description,
            ..NewBook::under(segment)
        };
        self.make_described_book(actor, &book).await
    }

    /// [`Core::make_book`] with its properties, all in one commit.
    pub async fn make_described_book(&self, actor: &Arc<Actor>, book: &NewBook) -> Result<()> {
        self.decided(actor, |actor| async move {
            if !self.may_make_books(&actor) {
                let right = Right::Add;
                return Err(Error::Forbidden { right });
            }
            self.fits_books(&actor, 1).await?;
            let mut ops = vec![Op::Book(BookOp::AddBook {
                owner: actor.person,
                uuid: book.uuid.clone(),
                segment: book.segment.clone(),
                display_name: book.display_name.clone(),
                description: book.description.clone(),
            })];
            ops.extend(property::set(&actor, book.properties.clone()));
            self.commit_as(&actor, ops).await.map(drop)
        })
        .await
    }

    /// `OverQuota` when the actor's private books would be too many with some more.
    pub(super) async fn fits_books(&self, actor: &Actor, more: usize) -> Result<()> {
        let books = self.store.books(actor.person).await?;
        let private = |book: &&Collection| matches!(book.place, Place::Private(_));
        if books.iter().filter(private).count() + more > MAX_BOOKS {
            let limit = MAX_BOOKS as i64;
            return Err(Error::OverQuota { limit });
        }
        Ok(())
    }

    /// Adds a line to the audit trail.
    pub async fn audit(&self, actor: &Actor, what: String) -> Result<()> {
        let ops = vec![Op::Audit { what }];
        self.commit_personal(actor, ops).await.map(drop)
    }

    /// Commits operations on what is the actor's own: properties, books, devices, tags.
    pub(super) async fn commit_personal(&self, actor: &Actor, ops: Vec<Op>) -> Result<Committed> {
        permits(actor, &ops)?;
        self.commit(Batch::by(actor, ops)).await
    }

    /// Commits state that carries no command of a person; a power cut may lose it. None where it
    /// could not be stored: what is only noted never keeps anybody from reading.
    pub(super) async fn note(&self, actor: &Actor, op: Op) -> Result<Option<Committed>> {
        self.note_of(actor.person, &actor.client.label, op).await
    }

    /// [`Core::note`] for a client without an actor.
    pub(super) async fn note_of(
        &self,
        person: PersonId,
        client: &str,
        op: Op,
    ) -> Result<Option<Committed>> {
        let batch = Batch::of_program(client, vec![op]).for_person(person);
        match self.commit(batch.may_be_lost()).await {
            Err(error @ (Error::NoSpace | Error::Unavailable(_))) => {
                tracing::debug!(%error, "what a client did could not be noted");
                Ok(None)
            }
            noted => noted.map(Some),
        }
    }

    /// Commits operations decided for an actor, and wakes the requests that wait for them.
    pub(crate) async fn commit_as(&self, actor: &Actor, ops: Vec<Op>) -> Result<Committed> {
        permits(actor, &ops)?;
        self.commit(Batch::by(actor, ops).decided(actor)).await
    }

    /// Commits a batch, and wakes the requests that wait for its changes.
    pub async fn commit(&self, batch: Batch) -> Result<Committed> {
        let forgotten: Vec<(PersonId, String)> = batch
            .ops
            .iter()
            .filter_map(|op| match op {
                Op::Device(DeviceOp::ForgetClient { person, label }) => {
                    Some((*person, label.clone()))
                }
                _ => None,
            })
            .collect();
        let committed = self.store.commit(batch).await?;
        for (person, label) in forgotten {
            let is_gone = |known: &Follower| known.person == person && known.client == label;
            self.served.forget(is_gone);
        }
        self.hub.publish(&committed);
        Ok(committed)
    }

    /// Runs `decide`; if the commit finds that rights or content changed, reloads the actor and
    /// retries.
    pub(super) async fn decided<T, F, D>(&self, actor: &Arc<Actor>, decide: D) -> Result<T>
    where
        D: Fn(Arc<Actor>) -> F + Send + Sync,
        F: Future<Output = Result<T>> + Send,
    {
        let decide = &decide;
        retry(
            actor.clone(),
            |actor| async move { attempted(decide(actor).await) },
            |actor| async move { self.again(&actor).await },
        )
        .await
    }

    /// The actor reloaded: same person and client, with their present rights.
    pub(super) async fn again(&self, actor: &Actor) -> Result<Arc<Actor>> {
        let again = self.actor(actor.person, actor.client.clone()).await?;
        Ok(Arc::new(again))
    }

    async fn handle(self: &Arc<Self>, actor: &Arc<Actor>, collection: Collection) -> Result<Book> {
        let book = self.stand(actor, collection).await?;
        if book.may(Right::Read) {
            Ok(book)
        } else {
            Err(Error::NotFound)
        }
    }

    /// A book for a person who may be an outsider, as a creator who withdraws a contact may be.
    pub(super) async fn stand(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        mut collection: Collection,
    ) -> Result<Book> {
        let categories = matches!(collection.place, Place::Private(_))
            && actor.client.category_lists.contains(&collection.segment);
        if categories {
            let tags = self.tags(actor).await?;
            collection.note_lists(tags.iter().map(|tag| (tag.id.0, &*tag.name)));
        }
        let grant = match collection.place {
            Place::Group(group) => self.store.group_right(group, actor.person).await?,
            _ => GroupRight::None,
        };
        let refused = match collection.place {
            Place::Home(_) => None,
            _ => self.store.last_refused(actor.person, collection.id).await?,
        };
        let rights = place_rights(actor, &collection, grant);
        let (core, actor) = (self.clone(), actor.clone());
        Ok(Book::new(core, actor, collection, rights, refused).listing(categories))
    }
}
