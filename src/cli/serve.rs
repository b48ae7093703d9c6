//! `carnet serve`

use std::{
    fs::File,
    io::{ErrorKind, Write as _},
    path::Path,
    sync::Arc,
};

use chrono::DateTime;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tower::util::BoxCloneSyncService;

use super::{Done, commit, first_start, said, text};
use crate::{
    app::App,
    class::{self, contact::Contact},
    config::{Config, unknown_variables},
    demo,
    domain::{
        batch::Op,
        class::Class,
        error::Error,
        office::{places, store::OfficeOp},
    },
    durable,
    http::{
        Shutdown,
        acme::Folder,
        connection::Terms,
        headers::Headers,
        limits::{Limits, Seldom, raise_open_files},
        server::Listener,
    },
    observe::{self, manager, operator::Operator},
    store::sqlite::{LOCK, Sqlite},
};

/// Connections of the operator's programs at once.
const OPERATORS: usize = 64;

#[derive(Args)]
pub struct Options {
    /// http://ADDRESS:PORT or https://ADDRESS:PORT; may be repeated; port 0 picks one
    #[arg(long)]
    listen: Vec<String>,
    /// Add sample people (alice, bob, carol: password "demo"), a group and contacts
    #[arg(long)]
    demo: bool,
}

/// Where the directory cannot be written, the store says so better.
fn alone(data: &Path) -> Result<Option<File>, String> {
    let made = durable::make_folder(data, 0o700);
    match made.and_then(|()| durable::hold(&data.join(LOCK))) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            Err(format!("another `carnet serve` uses {}", data.display()))
        }
        Err(_) => Ok(None),
    }
}

/// Runs `carnet serve` until it is stopped.
pub async fn run(mut config: Config, options: Options) -> Done {
    if !options.listen.is_empty() {
        config.listen = options.listen;
    }
    observe::start(&config)?;
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for told in unknown_variables(names) {
        tracing::warn!("{told}");
    }
    config.max_connections = raise_open_files(config.max_connections);
    // Whoever reads that it listens may ask it to stop.
    let stop = CancellationToken::new();
    tokio::spawn(stop_signal(stop.clone())?);
    let operator = Arc::<Operator>::default();
    let apart = answer_operator(&config, &operator).await?;
    tokio::spawn(manager::keep_watch(operator.clone()));
    let _alone = alone(&config.data)?;
    let store = Sqlite::open(&config.data).map_err(|error| error.to_string())?;
    let store = Arc::new(store);
    let classes = class::all(Arc::new(Contact::new(config.country.as_deref())));
    let brought = store.bring_up_to_date(&classes).await;
    brought.map_err(|error| error.to_string())?;
    if let Err(error) = keep_rules(&config, &store, &classes).await {
        tracing::warn!(%error, "commands will not know the settings of this server");
    }
    if options.demo {
        demo::allowed(&*store).await?;
    }
    first_start::run(&mut config, &store, options.demo, &stop).await?;
    if stop.is_cancelled() {
        return text("");
    }
    let app = App::build_on(store, config, &operator).map_err(|error| error.to_string())?;
    if options.demo {
        demo::fill(&app.core)
            .await
            .map_err(|error| error.to_string())?;
    }
    let sampled = app.core.clone();
    tokio::spawn(async move { demo::warn(&sampled).await });
    let listeners = app.bind().await?;
    reload_on_hangup(&app)?;
    announce(&listeners)?;
    let shutdown = app.shutdown.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        manager::stopping();
        shutdown.0.cancel();
    });
    app.serve(listeners).await;
    apart.0.cancel();
    text("")
}

/// Keeps the settings that rule data with the data; those of another country made other numbers.
async fn keep_rules(
    config: &Config,
    store: &Sqlite,
    classes: &[Arc<dyn Class>],
) -> Result<(), String> {
    let told = |error: Error| error.to_string();
    let rules = config.kept()?;
    let kept = places::rules(store).await.map_err(told)?;
    if kept.as_deref() == Some(&rules[..]) {
        return Ok(());
    }
    // What was written before settings were kept may know of no country.
    if kept.map_or(config.country.is_some(), |kept| {
        config.is_of_another_country(&kept)
    }) {
        store.rebuild(classes).await.map_err(told)?;
    }
    let keep = OfficeOp::Keep {
        name: places::RULES.to_owned(),
        value: rules,
    };
    commit(store, Op::Office(keep)).await?;
    Ok(())
}

/// `carnet acme`: when the certificate is renewed, or why it is not.
pub fn acme(config: &Config, json: bool) -> Done {
    let settings = config.acme.as_ref().ok_or("[acme] is not configured")?;
    let state = Folder::of(&config.tls()).state();
    let next = DateTime::from_timestamp(state.next, 0).filter(|_| state.next > 0);
    let next = next.map(|at| at.to_rfc3339());
    let value = serde_json::json!({
        "domains": settings.domains,
        "directory": settings.directory,
        "failures": state.failures,
        "error": state.error,
        "next": next,
    });
    let names = settings.domains.join(" ");
    let next = next.unwrap_or_else(|| "when the server starts".to_owned());
    match state.error {
        Some(error) => Err(format!(
            "{names}: {} attempts failed, the next one is {next}: {error}",
            state.failures
        )),
        None => said(json, value, format!("{names}: to be renewed {next}")),
    }
}

/// Reads the certificate again when somebody asks (SIGHUP), while this server serves.
pub(super) fn reload_on_hangup(app: &App) -> Result<(), String> {
    let (certificates, shutdown) = (app.certificates.clone(), app.shutdown.clone());
    let mut reload = hear(SignalKind::hangup())?;
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = reload.recv() => {}
                () = shutdown.0.cancelled() => return,
            }
            manager::reloading();
            if let Some(certificates) = &certificates {
                certificates.reload();
            }
            manager::ready();
        }
    });
    Ok(())
}

/// Answers the operator's programs on an address of their own, from before the data are open until
/// after the last request; cancel what it returns.
async fn answer_operator(config: &Config, operator: &Arc<Operator>) -> Result<Shutdown, String> {
    let end = Shutdown::default();
    if let Some(url) = &config.metrics_listen {
        let listener = Listener::bind(url, None).await?;
        println!("figures on {}/metrics", listener.url()?);
        let proxies = Arc::new(config.proxies());
        let limits = Limits::new(OPERATORS, OPERATORS, proxies.clone());
        let terms = Arc::new(Terms {
            service: BoxCloneSyncService::new(operator.private()),
            shutdown: end.clone(),
            proxies,
            headers: Headers::new(None),
            patience: config.patience(),
            slow: Seldom::default(),
        });
        tokio::spawn(listener.serve(terms, limits));
    }
    Ok(end)
}

/// Says where it listens.
pub(super) fn announce(listeners: &[Listener]) -> Result<(), String> {
    for listener in listeners {
        println!("listening on {}", listener.url()?);
    }
    manager::ready();
    std::io::stdout().flush().map_err(|error| error.to_string())
}

fn hear(kind: SignalKind) -> Result<Signal, String> {
    signal(kind).map_err(|error| error.to_string())
}

/// Tells when somebody asks the server to stop; heard from now on. Who asks again does not want to
/// wait: an end at any moment loses nothing.
fn stop_signal(stop: CancellationToken) -> Result<impl Future<Output = ()>, String> {
    let mut terminate = hear(SignalKind::terminate())?;
    let mut interrupt = hear(SignalKind::interrupt())?;
    Ok(async move {
        for end in [false, true] {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if end {
                tracing::warn!("asked to stop again: ends at once");
                std::process::exit(1);
            }
            stop.cancel();
        }
    })
}
