//! `carnet config`

use clap::Subcommand;

use super::{Done, text};
use crate::{
    app::App,
    config::{Config, unknown_variables},
    domain::item::random_id,
    durable,
    http::server::Listener,
    observe,
};

#[derive(Subcommand)]
pub enum Command {
    /// Tell what `carnet serve` would refuse, without its data and without listening
    Check,
}

/// Runs `carnet config check`: builds the server on a data directory that is removed afterwards.
pub fn check(mut config: Config) -> Done {
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    for told in unknown_variables(names) {
        eprintln!("{told}");
    }
    observe::start(&config)?;
    for url in config.listen.iter().chain(&config.metrics_listen) {
        Listener::parts(url)?;
    }
    let folder = std::env::temp_dir().join(format!("carnet-{}", random_id(9)));
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    durable::make_folder(&folder, 0o700).map_err(told)?;
    config.data.clone_from(&folder);
    let built = App::build(config).map(drop);
    std::fs::remove_dir_all(&folder).map_err(told)?;
    built.map_err(|error| error.to_string())?;
    text("`carnet serve` takes this configuration\n")
}
