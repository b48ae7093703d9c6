//! The server as `carnet serve --demo` starts it, on a port of its own.

use std::sync::Arc;

use carnet::{app::App, config::Config, domain::core::Core, store::sqlite::Sqlite};
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

    /// The same on a data directory there is.
    pub fn start_in(data: TempDir) -> Self {
        Self::start_configured(data, |_| {})
    }

    /// The same with another configuration.
    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_configured(tempfile::tempdir().expect("a folder"), change)
    }

    fn start_configured(data: TempDir, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            data: data.path().to_owned(),
            listen: vec!["http://127.0.0.1:0".to_owned()],
            ..Config::default()
        };
        change(&mut config);
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

    pub fn core(&self) -> &Arc<Core> {
        &self.app().core
    }

    pub fn store(&self) -> &Arc<Sqlite> {
        &self.app().store
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
