//! `carnet config`

use std::{
    io::{self, ErrorKind},
    net::{SocketAddr, ToSocketAddrs as _},
};

use clap::Subcommand;
use socket2::{Domain, Socket, Type};

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
    bindable(config.listen.iter().chain(&config.metrics_listen))?;
    let read = match &config.file {
        Some(file) => format!("read from {}", file.display()),
        None => "no file was read".to_owned(),
    };
    let folder = std::env::temp_dir().join(format!("carnet-{}", random_id(9)));
    let told = |error: io::Error| format!("{}: {error}", folder.display());
    durable::make_folder(&folder, 0o700).map_err(told)?;
    config.data.clone_from(&folder);
    let built = App::build(config).map(drop);
    std::fs::remove_dir_all(&folder).map_err(told)?;
    built.map_err(|error| error.to_string())?;
    text(format!(
        "`carnet serve` takes this configuration ({read})\n"
    ))
}

/// Whether a server could listen on each address. One that is in use may be that of the server to be
/// restarted, and one that this account may not take may be the service's to take: they are told.
fn bindable<'a>(urls: impl Iterator<Item = &'a String>) -> Result<(), String> {
    let mut taken = Vec::new();
    for url in urls {
        let (_, address) = Listener::parts(url)?;
        let told = |error: io::Error| format!("{url}: {error}");
        let found = address.trim_end_matches('/').to_socket_addrs();
        let found: Vec<SocketAddr> = found.map_err(told)?.collect();
        // A server takes the first address of a name that is free.
        if let Some(free) = found.iter().find(|at| bind(**at).is_ok()) {
            if free.port() != 0 && taken.contains(free) {
                return Err(format!("{url}: {free} is named twice"));
            }
            taken.push(*free);
            continue;
        }
        match found.iter().find_map(|at| bind(*at).err()) {
            Some(error) if may_pass(&error) => eprintln!("{}", told(error)),
            Some(error) => return Err(told(error)),
            None => return Err(format!("{url}: this name has no address")),
        }
    }
    Ok(())
}

/// Binds a socket that listens to nobody.
fn bind(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())
}

fn may_pass(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AddrInUse | ErrorKind::PermissionDenied
    )
}
