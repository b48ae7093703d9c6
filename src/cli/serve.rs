//! `carnet serve`

use std::{io::Write as _, sync::Arc};

use clap::Args;
use tokio_util::sync::CancellationToken;

use super::{Done, first_start, text};
use crate::{
    app::App,
    class::{self, contact::Contact},
    config::Config,
    demo,
    http::server::Listener,
    observe,
    store::sqlite::Sqlite,
};

#[derive(Args)]
pub struct Options {
    /// http://ADDRESS:PORT or https://ADDRESS:PORT; may be repeated; port 0 picks one
    #[arg(long)]
    listen: Vec<String>,
    /// Add sample people (alice, bob, carol: password "demo"), a group and contacts
    #[arg(long)]
    demo: bool,
}

pub async fn run(mut config: Config, options: Options) -> Done {
    if !options.listen.is_empty() {
        config.listen = options.listen;
    }
    observe::start(&config)?;
    // Whoever reads that it listens may ask it to stop.
    let stop = CancellationToken::new();
    tokio::spawn(stop_signal(stop.clone())?);
    let store = Sqlite::open(&config.data).map_err(|error| error.to_string())?;
    let store = Arc::new(store);
    let classes = class::all(Arc::new(Contact::new(config.country.as_deref())));
    let brought = store.bring_up_to_date(&classes).await;
    brought.map_err(|error| error.to_string())?;
    first_start::run(&mut config, &store, options.demo, &stop).await?;
    if stop.is_cancelled() {
        return text("");
    }
    let app = App::build_on(store, config).map_err(|error| error.to_string())?;
    if options.demo {
        demo::fill(&app.core)
            .await
            .map_err(|error| error.to_string())?;
    }
    let listeners = app.bind().await?;
    announce(&listeners)?;
    let shutdown = app.shutdown.clone();
    tokio::spawn(async move {
        stop.cancelled().await;
        shutdown.0.cancel();
    });
    app.serve(listeners).await;
    text("")
}

/// Says where it listens.
pub(super) fn announce(listeners: &[Listener]) -> Result<(), String> {
    for listener in listeners {
        println!("listening on {}", listener.url()?);
    }
    std::io::stdout().flush().map_err(|error| error.to_string())
}

/// Tells when somebody asks the server to stop; heard from now on.
fn stop_signal(stop: CancellationToken) -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let hear = |kind| signal(kind).map_err(|error| error.to_string());
    let mut terminate = hear(SignalKind::terminate())?;
    let mut interrupt = hear(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        stop.cancel();
    })
}
