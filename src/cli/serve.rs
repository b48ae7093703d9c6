//! `carnet serve`

use std::io::Write as _;

use clap::Args;

use super::{
    Done, text,
    user::{hash, make_password},
};
use crate::{
    app::App,
    config::Config,
    demo,
    domain::{
        batch::{Batch, Op},
        id::Timestamp,
        store::Store as _,
    },
    observe,
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
    let app = App::build(config).map_err(|error| error.to_string())?;
    let brought = app.store.bring_up_to_date(app.core.classes()).await;
    brought.map_err(|error| error.to_string())?;
    first_start(&app).await?;
    if options.demo {
        demo::fill(&app.core)
            .await
            .map_err(|error| error.to_string())?;
    }
    let listeners = app.bind().await?;
    // Whoever reads that it listens may ask it to stop.
    let stop = stop_signal()?;
    for listener in &listeners {
        println!("listening on {}", listener.url()?);
    }
    std::io::stdout()
        .flush()
        .map_err(|error| error.to_string())?;
    let shutdown = app.shutdown.clone();
    tokio::spawn(async move {
        stop.await;
        shutdown.0.cancel();
    });
    app.serve(listeners).await;
    text("")
}

/// An administrator whose password is printed once.
async fn first_start(app: &App) -> Result<(), String> {
    let people = app.store.people().await.map_err(|e| e.to_string())?;
    if !people.is_empty() {
        return Ok(());
    }
    let password = make_password();
    let batch = Batch {
        client: "first start".to_owned(),
        at: Timestamp::now(),
        ops: vec![Op::AddPerson {
            login: "admin".to_owned(),
            email: None,
            name: "Administrator".to_owned(),
            admin: true,
            password_hash: hash(password.clone()).await?,
        }],
        ..Batch::default()
    };
    app.core.commit(batch).await.map_err(|e| e.to_string())?;
    println!("administrator: admin, password: {password}");
    Ok(())
}

/// Ends when somebody asks the server to stop; heard from now on.
fn stop_signal() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let hear = |kind| signal(kind).map_err(|error| error.to_string());
    let mut terminate = hear(SignalKind::terminate())?;
    let mut interrupt = hear(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
