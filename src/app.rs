//! Builds the parts of the server and connects them, for the program and for tests.

use std::{
    convert::Infallible,
    future,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{any, get},
};
use futures_util::{FutureExt as _, TryFutureExt as _, future::BoxFuture};
use tokio::task::JoinHandle;
use tower::{Layer as _, Service as _, service_fn, util::BoxCloneSyncService};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{
    auth::Authenticator,
    autodiscover,
    class::{self, contact::Contact},
    config::Config,
    connect::Address,
    dav::{self, Push},
    domain::{
        core::Core,
        dispatch::Outlet,
        error::{Error, Result},
        outbox::{Channel, Outlets},
    },
    eas,
    http::{
        Shutdown, authority,
        connection::{Service, Terms},
        headers::Headers,
        limits::{Limits as Connections, Seldom},
        server::Listener,
        tls::Certificates,
    },
    mail::{Mail, settings::Gateway},
    observe::{
        clock,
        metrics::{Metrics, Requests},
        operator::{Open, Operator},
        requests,
    },
    store::sqlite::Sqlite,
    transfer::Jobs,
    web,
};

/// Longest time that a message being sent delays the stop.
const LAST_MESSAGE: Duration = Duration::from_secs(10);
/// Pause before a task that panicked is restarted.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest time that journal entries wait to be written.
const JOURNAL: Duration = Duration::from_secs(30);
/// From one purge to the next, and to the next try of one that failed.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const PURGE_AGAIN: Duration = Duration::from_secs(10 * 60);

/// The server, built and not yet listening.
pub struct App {
    pub core: Arc<Core>,
    pub store: Arc<Sqlite>,
    pub auth: Arc<Authenticator>,
    pub router: Router,
    pub shutdown: Shutdown,
    /// The certificate for TLS; none where no listener uses TLS.
    pub certificates: Option<Arc<Certificates>>,
    requests: Arc<Requests>,
    pages: Arc<web::Web>,
    push: Option<Arc<Push>>,
    jobs: Arc<Jobs>,
    mail: Option<Arc<Mail>>,
    config: Config,
}

/// Faces whose paths are matched in any letter case.
#[derive(Clone)]
struct Other {
    devices: Arc<eas::Face>,
    autodiscover: Arc<autodiscover::Face>,
    pages: Arc<web::Web>,
}

impl Other {
    /// The faces as one service. A held request is no more than its own box: what an extractor or a
    /// route of its own needs would wait with it.
    fn service(
        self,
    ) -> impl tower::Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone
    {
        service_fn(move |request| self.clone().serve(request).map(Ok))
    }

    /// Routes paths that devices use, in any letter case; all others are not found.
    fn serve(self, request: Request) -> BoxFuture<'static, Response> {
        let path = request.uri().path();
        if eas::is_path(path) {
            eas::serve(self.devices, request).boxed()
        } else if autodiscover::is_path(path) {
            async move { self.autodiscover.serve(request).await }.boxed()
        } else if path == "*" && request.method() == Method::OPTIONS {
            // The server as a whole (RFC 9110 §9.3.7).
            future::ready(StatusCode::OK.into_response()).boxed()
        } else {
            async move { web::no_page(&self.pages, request).await }.boxed()
        }
    }
}

fn push_of(config: &Config) -> Result<Option<Arc<Push>>> {
    let Some(contact) = &config.push_contact else {
        return Ok(None);
    };
    let push = Push::open(&config.data, contact, config.push_allow_private);
    let push = push.map_err(|why| Error::Invalid(why.into()))?;
    Ok(Some(Arc::new(push)))
}

fn mail_of(core: Arc<Core>, config: &Config) -> Result<Option<Arc<Mail>>> {
    Mail::new(
        core,
        config.mail.as_ref(),
        [
            (Channel::Sms, config.sms.as_ref()),
            (Channel::Fax, config.fax.as_ref()),
        ],
        config.public_url.as_deref(),
    )
}

/// The channels that pages offer.
fn outlets(config: &Config) -> Outlets {
    let outlet = |gateway: &Gateway| Outlet {
        longest: gateway.longest,
        a_day: gateway.a_day,
    };
    Outlets {
        mail: config.mail.is_some(),
        sms: config.sms.as_ref().map(outlet),
        fax: config.fax.as_ref().map(outlet),
    }
}

/// What pages tell of the server.
fn site_of(config: &Config, certificates: Option<Arc<Certificates>>, push: bool) -> web::Site {
    web::Site {
        address: config.public_url.as_deref().and_then(Address::parse),
        certificates,
        data: config.data.clone(),
        fonts: config.pdf_fonts.clone().into(),
        push,
    }
}

/// Every face at its paths.
fn faces(dav: Arc<dav::Face>, other: Other) -> Router {
    Router::new()
        // Browsers get a page; everything else on `/` is CardDAV discovery.
        .route("/", any(dav::serve).with_state(dav.clone()))
        .merge(dav::router(dav))
        .merge(web::router(other.pages.clone()))
        // Devices spell their paths in any letter case.
        .fallback_service(other.service())
}

impl App {
    /// Opens the data and connects store, domain and faces.
    pub fn build(config: Config) -> Result<Self> {
        let store = Arc::new(Sqlite::open(&config.data)?);
        Self::build_on(store, config, &Arc::default())
    }

    /// [`App::build`] on opened data, with the operator's endpoints that already run.
    pub fn build_on(store: Arc<Sqlite>, config: Config, operator: &Arc<Operator>) -> Result<Self> {
        let contact = Arc::new(Contact::new(config.country.as_deref()));
        let core = Core::new(store.clone(), class::all(contact.clone()), config.limits());
        let auth = Arc::new(Authenticator::new(store.clone()));
        let shutdown = operator.shutdown.clone();
        let certificates =
            Certificates::open(config.tls()).map_err(|why| Error::Invalid(why.into()))?;
        operator.opened(Open {
            store: store.clone(),
            data: config.data.clone(),
            metrics: Metrics {
                requests: operator.requests.clone(),
                core: core.clone(),
                store: store.clone(),
                auth: auth.clone(),
                certificates: certificates.clone(),
                data: config.data.clone(),
                started: SystemTime::now(),
            },
            token: config.metrics_token.clone(),
        });
        let push = push_of(&config)?;
        let mail = mail_of(core.clone(), &config)?;
        let dav = Arc::new(dav::Face {
            core: core.clone(),
            auth: auth.clone(),
            facet: contact.clone(),
            push: push.clone(),
            host: config.public_host(),
            public_url: config.public_url.clone(),
            vcard4: config.carddav_vcard4,
        });
        let devices = eas::Face::new(core.clone(), auth.clone(), contact.clone(), config.eas());
        let imports = config.data.join("imports");
        let jobs = Jobs::new(core.clone(), imports, config.imports());
        let pages = web::Web::new(
            core.clone(),
            auth.clone(),
            contact,
            jobs.clone(),
            outlets(&config),
            site_of(&config, certificates.clone(), push.is_some()),
        );
        let other = Other {
            devices,
            autodiscover: autodiscover::Face::new(auth.clone(), &config),
            pages: pages.clone(),
        };
        let router = Router::new()
            .merge(own_authority(&config))
            .merge(operator.public(config.metrics_token.is_some()))
            .merge(faces(dav, other));
        Ok(Self {
            core,
            store,
            auth,
            router,
            shutdown,
            certificates,
            requests: operator.requests.clone(),
            pages,
            push,
            jobs,
            mail,
            config,
        })
    }

    /// Serves only these pages and the authority's certificate.
    pub fn show_only(&mut self, pages: Router) {
        self.router = Router::new()
            .merge(own_authority(&self.config))
            .merge(pages);
    }

    /// Binds every address of the configuration.
    pub async fn bind(&self) -> std::result::Result<Vec<Listener>, String> {
        let mut listeners = Vec::new();
        for url in &self.config.listen {
            listeners.push(Listener::bind(url, self.certificates.as_ref()).await?);
        }
        Ok(listeners)
    }

    /// Serves until the shutdown.
    pub async fn serve(&self, listeners: Vec<Listener>) {
        let proxies = Arc::new(self.config.proxies());
        let connections = Connections::new(
            self.config.max_connections,
            self.config.max_connections_per_address,
            proxies.clone(),
        );
        let terms = Arc::new(Terms {
            service: watched(self.router.clone(), self.requests.clone()),
            shutdown: self.shutdown.clone(),
            proxies,
            headers: Headers::new(self.config.public_url.as_deref()),
            patience: self.config.patience(),
            slow: Seldom::default(),
        });
        if let Err(error) = self.core.discard_uploads().await {
            tracing::error!(%error, "broken uploads could not be removed");
        }
        let (core, auth, jobs) = (self.core.clone(), self.auth.clone(), self.jobs.clone());
        let stop = self.shutdown.clone();
        let watcher = {
            let core = core.clone();
            beside("changes of other processes", move || {
                watch(core.clone(), stop.clone())
            })
        };
        if let Err(error) = self.auth.remember_failures().await {
            tracing::warn!(%error, "sign-ins that failed could not be read");
        }
        // A full disk does not keep the server from serving.
        if let Err(error) = self.pages.remember_forms().await {
            tracing::warn!(%error, "pages that are open will be too old after the next start");
        }
        let writer = {
            let core = core.clone();
            beside("the journal", move || {
                write_journal(core.clone(), auth.clone())
            })
        };
        let purger = beside("the purge", move || purge(core.clone(), jobs.clone()));
        let clock_watch = beside("the watch on the clock", clock::keep_watch);
        if let Some(certificates) = self.certificates.clone() {
            let stop = self.shutdown.0.clone();
            beside("certificates", move || {
                certificates.clone().keep(stop.clone())
            });
        }
        if let Err(error) = self.jobs.resume().await {
            tracing::error!(%error, "imports under way could not be read");
        }
        if let Some(push) = self.push.clone() {
            let (core, stop) = (self.core.clone(), self.shutdown.0.clone());
            beside("push", move || push.clone().run(core.clone(), stop.clone()));
        }
        let mailing = self.mail.clone().map(|mail| {
            let stop = self.shutdown.0.clone();
            beside("messages", move || mail.clone().run(stop.clone()))
        });
        let serving: Vec<_> = listeners
            .into_iter()
            .map(|listener| tokio::spawn(listener.serve(terms.clone(), connections.clone())))
            .collect();
        for listener in serving {
            let _ = listener.await;
        }
        self.jobs.stop().await;
        if let Some(mailing) = mailing {
            // A message under way is settled, if the mail server answers soon.
            let _ = tokio::time::timeout(LAST_MESSAGE, mailing).await;
        }
        watcher.abort();
        purger.abort();
        clock_watch.abort();
        writer.abort();
        if let Err(error) = self.core.write_journal(None).await {
            tracing::warn!(%error, "what clients did last could not be written");
        }
        if let Err(error) = self.auth.write_failures().await {
            tracing::warn!(%error, "sign-ins that failed could not be written");
        }
    }
}

/// Wakes held requests after changes by other processes (the command line).
async fn watch(core: Arc<Core>, shutdown: Shutdown) {
    let failed = Seldom::default();
    loop {
        tokio::select! {
            () = shutdown.0.cancelled() => return,
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        match core.store().foreign_changes().await {
            Ok(changes) => core.hub().publish(&changes),
            Err(error) => failed.tell(move |times| {
                tracing::warn!(%error, times, "changes of other processes could not be read");
            }),
        }
    }
}

/// Writes the journal of clients from time to time.
async fn write_journal(core: Arc<Core>, auth: Arc<Authenticator>) {
    loop {
        tokio::time::sleep(JOURNAL).await;
        if let Err(error) = auth.write_failures().await {
            tracing::warn!(%error, "sign-ins that failed could not be written");
        }
        if let Err(error) = core.write_journal(None).await {
            tracing::warn!(%error, "what clients did could not be written");
        }
    }
}

/// Purges, once a day, history and trash that are older than their limits; soon again where it
/// fails, as on a full disk, where it makes room.
async fn purge(core: Arc<Core>, jobs: Arc<Jobs>) {
    let began = Instant::now();
    loop {
        let mut pause = DAY;
        if let Err(error) = core.purge(began.elapsed() >= DAY).await {
            tracing::warn!(%error, "old versions could not be purged");
            pause = PURGE_AGAIN;
        }
        if let Err(error) = jobs.tidy().await {
            tracing::warn!(%error, "files of old imports could not be removed");
        }
        tokio::time::sleep(pause).await;
    }
}

/// The routes, each request with its line in the log. A handler that panics costs one request.
fn watched(routes: Router, figures: Arc<Requests>) -> Service {
    let routes = CatchPanicLayer::custom(panicked).layer(routes);
    BoxCloneSyncService::new(service_fn(move |request| {
        let mut routes = routes.clone();
        let answer = move |request| {
            routes
                .call(request)
                .map_ok(|response| response.map(Body::new))
        };
        requests::watch(figures.clone(), request, answer).map(Ok)
    }))
}

fn own_authority(config: &Config) -> Router {
    Router::new().route(
        "/carnet-ca.crt",
        get(certificate_authority).with_state(Arc::new(config.clone())),
    )
}

/// The certificate a phone installs to trust a server that signs its own.
async fn certificate_authority(State(config): State<Arc<Config>>) -> Response {
    match authority::authority(&config.tls()) {
        Some(pem) => ([(header::CONTENT_TYPE, "application/x-x509-ca-cert")], pem).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The answer of a handler that panics; the line of the panic has the request's id.
fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Runs a background task, and restarts it if it panics: without it the server would look well and
/// do half.
fn beside<F>(what: &'static str, begin: impl Fn() -> F + Send + 'static) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        while AssertUnwindSafe(begin()).catch_unwind().await.is_err() {
            tracing::error!(what, "begins anew after a panic");
            tokio::time::sleep(PAUSE).await;
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn what_works_beside_the_requests_outlives_a_panic() {
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = begun.clone();
        let task = beside("a test", move || {
            let times = counted.fetch_add(1, Ordering::Relaxed);
            async move { assert!(times > 1, "a fault of the test") }
        });
        task.await.expect("it ends by itself");
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_handler_that_panics_costs_one_request() {
        async fn faulty(request: Request) -> &'static str {
            assert_ne!(request.uri().path(), "/faulty", "a fault of the test");
            "well"
        }
        let service = watched(Router::new().fallback(faulty), Arc::default());
        for (path, status) in [("/", 200), ("/faulty", 500), ("/", 200)] {
            let request = Request::builder().uri(path).header("host", "localhost");
            let request = request.body(Body::empty());
            let answer = service.clone().oneshot(request.expect("a request")).await;
            assert_eq!(answer.expect("an answer").status(), status, "{path}");
        }
    }
}
