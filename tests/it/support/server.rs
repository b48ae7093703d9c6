//! The server as `carnet serve --demo` starts it, on a port of its own.

use std::sync::Arc;

use carnet::{
    app::App,
    config::Config,
    domain::{
        actor::Client,
        batch::{Batch, DeviceOp, Op, PersonChange},
        book::{Book, Condition},
        collection::DEFAULT_BOOK,
        core::Core,
        device::DeviceAccess,
        grant::Grantee,
        id::{PersonId, Timestamp},
        item::Placement,
        rights::Modify,
        sharing::How,
        store::{Device, ListQuery, Store},
    },
    store::sqlite::Work,
};
use tempfile::TempDir;
use tokio::{runtime::Runtime, task::JoinHandle};

/// Stops when it is dropped.
pub struct Server {
    /// `127.0.0.1:12345`
    pub address: String,
    pub data: TempDir,
    pub runtime: Runtime,
    app: Option<Arc<App>>,
    serving: Option<JoinHandle<()>>,
}

impl Server {
    /// A server with the sample people alice, bob and carol, and the group Team.
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"))
    }

    /// The same with other settings.
    pub fn start_with(set: impl FnOnce(&mut Config)) -> Self {
        Self::start_in_with(tempfile::tempdir().expect("a folder"), set)
    }

    /// The same on a data directory there is.
    pub fn start_in(data: TempDir) -> Self {
        Self::start_in_with(data, |_| {})
    }

    /// On a data directory there is, with other settings.
    pub fn start_in_with(data: TempDir, set: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            data: data.path().to_owned(),
            listen: vec!["http://127.0.0.1:0".to_owned()],
            ..Config::default()
        };
        set(&mut config);
        let runtime = Runtime::new().expect("a runtime");
        let (app, listeners) = runtime.block_on(async {
            let app = Arc::new(App::build(config).expect("the data open"));
            carnet::demo::fill(&app.core).await.expect("sample data");
            let listeners = app.bind().await.expect("a port");
            (app, listeners)
        });
        let url = listeners[0].url().expect("an address");
        let serving = {
            let app = app.clone();
            runtime.spawn(async move { app.serve(listeners).await })
        };
        Self {
            address: url.trim_start_matches("http://").to_owned(),
            data,
            runtime,
            app: Some(app),
            serving: Some(serving),
        }
    }

    /// Stops, and leaves the data.
    pub fn stop(mut self) -> TempDir {
        std::mem::replace(&mut self.data, tempfile::tempdir().expect("a folder"))
    }

    /// Adds cards to a person's private book.
    pub fn fill(&self, login: &str, cards: Vec<Vec<u8>>) {
        self.runtime.block_on(async {
            let core = self.core();
            let person = core.store().person_by_login(login).await.expect("a read");
            let client = Client::default();
            let person = person.expect("an account").id;
            let actor = Arc::new(core.actor(person, client).await.expect("an actor"));
            let book = core
                .open_private(&actor, DEFAULT_BOOK)
                .await
                .expect("a book");
            for outcome in book.add_all(cards).await.expect("a commit") {
                outcome.expect("a card");
            }
        });
    }

    pub fn router(&self) -> &axum::Router {
        &self.app().router
    }

    pub fn core(&self) -> &Arc<Core> {
        &self.app().core
    }

    pub fn store(&self) -> &dyn Store {
        &*self.app().store
    }

    /// What its reads cost.
    pub fn work(&self) -> &Work {
        self.app().store.work()
    }

    pub fn person(&self, login: &str) -> PersonId {
        let found = self.runtime.block_on(self.store().person_by_login(login));
        found.expect("read").expect("an account").id
    }

    pub fn devices(&self, login: &str) -> Vec<Device> {
        let person = self.person(login);
        self.runtime
            .block_on(self.store().devices(Some(person)))
            .expect("read")
    }

    pub fn device(&self, login: &str, id: &str) -> Device {
        let devices = self.devices(login);
        let found = devices.into_iter().find(|device| device.device_id == id);
        found.expect("a device")
    }

    pub fn set_access(&self, login: &str, id: &str, access: DeviceAccess) {
        let device = self.device(login, id).id;
        self.commit(Op::Device(DeviceOp::SetDeviceAccess { device, access }));
    }

    pub fn set_password(&self, login: &str, password: &str) {
        let hash = self
            .runtime
            .block_on(carnet::auth::hash(password.to_owned()))
            .expect("a hash");
        self.change(login, |change| change.password_hash = Some(hash));
    }

    pub fn disable(&self, login: &str, switch: bool) {
        self.change(login, |change| change.disabled = Some(switch));
    }

    pub fn set_quota(&self, login: &str, contacts: i64) {
        self.change(login, |change| change.quota = Some(Some(contacts)));
    }

    pub fn set_settings(&self, login: &str, stored: &str) {
        self.change(login, |change| change.settings = Some(stored.to_owned()));
    }

    fn change(&self, login: &str, set: impl FnOnce(&mut PersonChange)) {
        let mut change = PersonChange::of(self.person(login));
        set(&mut change);
        self.commit(change.into());
    }

    /// An operation as the command line makes it.
    pub fn commit(&self, op: Op) {
        let batch = Batch {
            client: "test".to_owned(),
            at: Timestamp::now(),
            ops: vec![op],
            ..Batch::default()
        };
        self.runtime
            .block_on(self.core().commit(batch))
            .expect("committed");
    }

    /// What only somebody with the file can do.
    pub fn sql(&self, statement: &str) {
        let file = self.data.path().join("carnet.db");
        let connection = rusqlite::Connection::open(file).expect("the file");
        connection.execute_batch(statement).expect(statement);
    }

    /// A copy of the data as they are, in a folder of their own.
    pub fn copy(&self) -> TempDir {
        let copy = tempfile::tempdir().expect("a folder");
        let file = copy.path().join("carnet.db");
        self.runtime
            .block_on(self.store().backup(&file))
            .expect("a copy");
        // What a crash leaves is no backup.
        let copied = rusqlite::Connection::open(&file).expect("opened");
        let marked = copied.execute("DELETE FROM meta WHERE name = 'copy'", []);
        assert_eq!(marked, Ok(1));
        let counter = self.data.path().join("carnet.counter");
        std::fs::copy(counter, copy.path().join("carnet.counter")).expect("a copy");
        copy
    }

    /// Shares a contact of a person's own book into a group.
    pub fn share(&self, login: &str, last_name: &str, group: &str) {
        let core = self.core().clone();
        let person = self.person(login);
        let query = ListQuery {
            words: vec![last_name.to_lowercase()],
            limit: 1,
            ..ListQuery::default()
        };
        self.runtime.block_on(async {
            let actor = core
                .actor(person, Client::default())
                .await
                .expect("an actor");
            let actor = Arc::new(actor);
            let own = core.open_private(&actor, "contacts").await.expect("a book");
            let group = core.open_group(&actor, group).await.expect("a book");
            let found = own.list(&query).await.expect("a list").rows.remove(0);
            let placed = own.bring(&[found.placement], &group, How::Share).await;
            assert!(placed.expect("decided")[0].is_ok());
        });
    }

    /// Grants a member *Modify* on a contact of a group.
    pub fn grant_modify(&self, login: &str, last_name: &str, group: &str, member: &str) {
        let grantee = [Grantee::Member(self.person(member))];
        self.runtime.block_on(async {
            let (group, found) = self.in_group(login, last_name, group).await;
            let granted = group.grant_modify(&found, &grantee, Modify::Granted).await;
            granted.expect("granted");
        });
    }

    /// Takes a contact away from a group, as somebody who may.
    pub fn withdraw(&self, login: &str, last_name: &str, group: &str) {
        self.runtime.block_on(async {
            let (group, found) = self.in_group(login, last_name, group).await;
            let removed = group.delete(&found.href, &Condition::None).await;
            removed.expect("withdrawn");
        });
    }

    /// A group's book as a person opens it, and a contact in it.
    async fn in_group(&self, login: &str, last_name: &str, group: &str) -> (Book, Placement) {
        let person = self.store().person_by_login(login).await;
        let person = person.expect("read").expect("a person").id;
        let actor = self.core().actor(person, Client::default()).await;
        let actor = Arc::new(actor.expect("an actor"));
        let group = self.core().open_group(&actor, group).await.expect("a book");
        let query = ListQuery {
            words: vec![last_name.to_lowercase()],
            limit: 1,
            ..ListQuery::default()
        };
        let found = group.list(&query).await.expect("a list").rows.remove(0);
        (group, found.placement)
    }

    pub fn check(&self) {
        let broken = self.runtime.block_on(self.store().check()).expect("read");
        assert!(broken.is_empty(), "{broken:?}");
    }

    fn app(&self) -> &App {
        self.app.as_ref().expect("the server runs")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.app().shutdown.0.cancel();
        if let Some(serving) = self.serving.take() {
            let _ = self.runtime.block_on(serving);
        }
        // The store closes its connections on the runtime.
        let _inside = self.runtime.enter();
        self.app = None;
    }
}
