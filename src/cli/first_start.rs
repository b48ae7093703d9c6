//! The first start of `carnet serve`, on data without an account.

use std::{sync::Arc, time::Duration};

use tokio_util::sync::CancellationToken;

use super::{
    serve::{announce, reload_on_hangup},
    user::{hash, make_password},
};
use crate::{
    app::App,
    config::{Config, FirstStart},
    domain::{
        office::{people::NewAccount, places},
        store::{PeopleStore as _, Store as _},
    },
    store::sqlite::Sqlite,
    web::first_start,
};

/// How often is looked whether there is an account.
const LOOK: Duration = Duration::from_millis(250);

/// Comes back once there is an account, or the server shall stop, with the address the first start
/// named where the configuration names none.
pub async fn run(
    config: &mut Config,
    store: &Arc<Sqlite>,
    demo: bool,
    stop: &CancellationToken,
) -> Result<(), String> {
    if !has_account(store).await? {
        match config.first_start {
            FirstStart::Page if !demo => wait(config, store, stop).await?,
            _ => add_administrator(config, store).await?,
        }
    }
    know_address(config, store).await
}

/// What was said at the first start, where the configuration does not say it.
pub async fn know_address(config: &mut Config, store: &Sqlite) -> Result<(), String> {
    if config.public_url.is_none() {
        let known = places::public_url(store).await;
        config.public_url = known.map_err(|error| error.to_string())?;
    }
    Ok(())
}

async fn has_account(store: &Sqlite) -> Result<bool, String> {
    let people = store.people().await.map_err(|error| error.to_string())?;
    Ok(!people.is_empty())
}

/// Serves the one page, under a printed code, until there is an account.
async fn wait(
    config: &mut Config,
    store: &Arc<Sqlite>,
    stop: &CancellationToken,
) -> Result<(), String> {
    let told = |error: crate::domain::error::Error| error.to_string();
    let broken = store.check().await.map_err(told)?;
    let mut app = App::build_on(store.clone(), config.clone(), &Arc::default()).map_err(told)?;
    let office = app.core.operator();
    let configured = config.public_url.clone();
    let page = first_start::FirstStart::new(office, configured, broken.is_empty());
    println!(
        "first start: open the server and type the code {}",
        page.code()
    );
    app.show_only(page.router());
    let listeners = app.bind().await?;
    reload_on_hangup(&app)?;
    announce(&listeners)?;
    // A port that was picked stays.
    let urls = listeners.iter().map(|listener| listener.url());
    config.listen = urls.collect::<Result<_, _>>()?;
    let shutdown = app.shutdown.clone();
    let serving = tokio::spawn(async move { app.serve(listeners).await });
    while !stop.is_cancelled() && !has_account(store).await? {
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    shutdown.0.cancel();
    let _ = serving.await;
    Ok(())
}

/// An administrator whose password is printed once.
async fn add_administrator(config: &Config, store: &Arc<Sqlite>) -> Result<(), String> {
    let told = |error: crate::domain::error::Error| error.to_string();
    let app = App::build_on(store.clone(), config.clone(), &Arc::default()).map_err(told)?;
    let password = make_password();
    let new = NewAccount {
        login: "admin".to_owned(),
        name: "Administrator".to_owned(),
        admin: true,
        ..NewAccount::default()
    };
    let hash = hash(password.clone()).await?;
    let added = app.core.operator().add_account(new, hash).await;
    added.map_err(told)?;
    println!("administrator: admin, password: {password}");
    Ok(())
}
