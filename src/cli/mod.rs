//! The command line.

mod app_password;
mod audit;
mod class;
mod config;
mod data;
mod device;
mod first_start;
mod grant;
mod group;
mod mail;
mod new_devices;
mod notice;
mod reach;
mod serve;
mod transfer;
mod user;

use std::{
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use clap::{Args, Parser, Subcommand};

use crate::{
    class::{self as classes, contact::Contact},
    config::Config,
    domain::{
        batch::{Batch, Committed, Op},
        class::Class,
        core::Core,
        error::Error,
        office::{OPERATOR, Office, places},
        principal::{Group, Person},
        store::Store,
    },
    observe,
    store::sqlite::{DATABASE, Sqlite},
};

/// Contacts over Exchange ActiveSync, CardDAV and the web.
#[derive(Parser)]
#[command(name = "carnet", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: Common,
}

/// Options of every command.
#[derive(Args)]
struct Common {
    /// Configuration file (TOML)
    #[arg(long, global = true, env = "CARNET_CONFIG")]
    config: Option<PathBuf>,
    /// Data directory
    #[arg(long, global = true)]
    data: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server
    Serve(serve::Options),
    /// Accounts
    #[command(subcommand)]
    User(user::Command),
    /// Groups and their members
    #[command(subcommand)]
    Group(group::Command),
    /// Rights on groups and contacts
    #[command(subcommand)]
    Grant(grant::Command),
    /// Passwords for one device or program
    #[command(subcommand)]
    AppPassword(app_password::Command),
    /// Exchange ActiveSync devices
    #[command(subcommand)]
    Device(device::Command),
    /// Classes of accounts: limits, and what their people may use
    #[command(subcommand)]
    Class(class::Command),
    /// What becomes of new devices, by kind
    #[command(subcommand)]
    NewDevices(new_devices::Command),
    /// Who did what to rights, users and devices
    Audit {
        /// The last so many lines
        #[arg(long, default_value_t = 100)]
        lines: usize,
    },
    /// Show a sentence on every page; without one, remove it
    Notice { sentence: Option<String> },
    /// Ask the public address as clients do
    Reach,
    /// When the ACME certificate is renewed, or why it is not
    Acme,
    /// Read contacts from a file into a book
    Import(transfer::Import),
    /// Write the contacts of a book to a file
    Export(transfer::Export),
    /// Outgoing mail
    #[command(subcommand)]
    Mail(mail::Command),
    /// Copy the database while the server runs
    Backup { file: PathBuf },
    /// Put a backup back; clients start over by themselves
    Restore { file: PathBuf },
    /// The configuration
    #[command(subcommand)]
    Config(config::Command),
    /// Verify every invariant
    Check(data::Check),
    /// Bring the database to this version's schema
    Migrate,
}

/// What a command prints.
enum Output {
    Text(String),
    Json(serde_json::Value),
    /// JSON about what failed.
    Refused(serde_json::Value),
    /// What was done, where a part of what was asked was not.
    Partly(String),
}

/// The status of [`Output::Partly`]; 2 is that of a command line that cannot be read.
const PARTLY: u8 = 3;

type Done = Result<Output, String>;

/// How long a thread for blocking work waits for more; memory it freed goes back when it ends.
const IDLE: Duration = Duration::from_secs(2);

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.common.json;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_keep_alive(IDLE)
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.to_string()),
    };
    match runtime.block_on(run(cli)) {
        Ok(Output::Text(text)) if json && !text.is_empty() => {
            println!("{:#}", serde_json::json!({ "done": text.trim_end() }));
            ExitCode::SUCCESS
        }
        Ok(Output::Text(text)) => print(&text),
        Ok(Output::Json(value)) => print(&format!("{value:#}\n")),
        Ok(Output::Refused(value)) => {
            print(&format!("{value:#}\n"));
            ExitCode::FAILURE
        }
        Ok(Output::Partly(text)) => match print(&text) {
            ExitCode::SUCCESS => ExitCode::from(PARTLY),
            failed => failed,
        },
        Err(why) => failed(&why),
    }
}

/// Whoever reads the output may have seen enough (`| head -1`).
fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => failed(&error.to_string()),
        _ => ExitCode::SUCCESS,
    }
}

fn failed(why: &str) -> ExitCode {
    eprintln!("carnet: {why}");
    ExitCode::FAILURE
}

/// The configuration of an installed package, whose service names it.
const INSTALLED: &str = "/etc/carnet/carnet.toml";

/// The configuration a command reads: one that is named, else, where neither a data directory is
/// named nor one is here, that of the installed package.
fn configuration<'a>(common: &'a Common, installed: &'a Path) -> Result<Option<&'a Path>, String> {
    let here = Path::new("data").join(DATABASE);
    if common.config.is_some() || common.data.is_some() || here.exists() {
        return Ok(common.config.as_deref());
    }
    match std::fs::File::open(installed) {
        Ok(_) => Ok(Some(installed)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!(
            "{}: {error}; as the owner of the data: sudo -u carnet carnet ...",
            installed.display()
        )),
    }
}

async fn run(cli: Cli) -> Done {
    let file = match &cli.command {
        // The service names its own; a server that is tried out is another one.
        Command::Serve(_) => cli.common.config.as_deref(),
        _ if std::env::var_os("CARNET_DATA").is_some() => cli.common.config.as_deref(),
        _ => configuration(&cli.common, Path::new(INSTALLED))?,
    };
    let mut config = Config::load(file)?;
    if let Some(data) = cli.common.data {
        config.data = data;
    }
    let json = cli.common.json;
    if !matches!(cli.command, Command::Serve(_) | Command::Config(_)) {
        observe::warn()?;
    }
    match cli.command {
        Command::Serve(options) => serve::run(config, options).await,
        Command::Restore { file } => data::restore(&config, &file),
        Command::Config(config::Command::Check) => config::check(config),
        Command::Acme => serve::acme(&config, json),
        Command::Reach if config.public_url.is_some() => reach::run(&config, json).await,
        Command::Reach => reach::run(&Data::open(config).await?.config, json).await,
        Command::Migrate => {
            let data = Data::open(config).await?;
            let folder = data.config.data.display();
            text(format!("the database in {folder} is up to date\n"))
        }
        // The administrator of a new server.
        Command::User(command @ user::Command::Add { admin: true, .. }) => {
            let is_new = !config.data.join(DATABASE).exists();
            let data = Data::make(config).await?;
            if is_new {
                eprintln!("new data directory: {}", data.config.data.display());
            }
            user::run(&data.operator(), command, json).await
        }
        Command::User(command) => {
            user::run(&Data::open(config).await?.operator(), command, json).await
        }
        Command::Group(command) => {
            group::run(&Data::open(config).await?.operator(), command, json).await
        }
        Command::Grant(command) => {
            grant::run(&Data::open(config).await?.store, command, json).await
        }
        Command::AppPassword(command) => {
            app_password::run(&Data::open(config).await?.store, command, json).await
        }
        Command::Mail(command) => {
            let data = Data::open(config).await?;
            mail::run(&data.store, &data.config, command, json).await
        }
        Command::Device(command) => {
            device::run(&Data::open(config).await?.operator(), command, json).await
        }
        Command::Class(command) => {
            class::run(&Data::open(config).await?.operator(), command, json).await
        }
        Command::NewDevices(command) => {
            new_devices::run(&Data::open(config).await?.operator(), command, json).await
        }
        Command::Audit { lines } => {
            audit::run(&Data::open(config).await?.operator(), lines, json).await
        }
        Command::Notice { sentence } => {
            notice::run(&Data::open(config).await?.operator(), sentence.as_deref()).await
        }
        Command::Import(options) => {
            transfer::import(&Data::open(config).await?.operator(), options, json).await
        }
        Command::Export(options) => {
            let data = Data::open(config).await?;
            transfer::export(&data.operator(), &data.config.pdf_fonts, options).await
        }
        Command::Backup { file } => {
            data::backup(&Data::open(config).await?.operator(), &file).await
        }
        Command::Check(options) => {
            let data = Data::open(config).await?;
            data::check(&data.store, &data.classes, &options, json).await
        }
    }
}

/// The data a command works on, brought up to date.
struct Data {
    store: Arc<Sqlite>,
    classes: Vec<Arc<dyn Class>>,
    config: Config,
}

impl Data {
    /// Opens the data directory; a mistyped one is no new server.
    async fn open(config: Config) -> Result<Self, String> {
        let data = config.data.display();
        match config.data.join(DATABASE).try_exists() {
            Ok(true) => Self::make(config).await,
            Ok(false) => Err(format!(
                "{data}: there is no {DATABASE} in this directory (`carnet serve`, or `carnet user \
                 add LOGIN --admin`, makes one)"
            )),
            Err(error) => Err(format!("{data}: {error}")),
        }
    }

    /// Opens the data directory, and makes it where there is none.
    async fn make(mut config: Config) -> Result<Self, String> {
        let store = Sqlite::open(&config.data).map_err(|error| error.to_string())?;
        let kept = places::rules(&store).await;
        if let Some(kept) = kept.map_err(|error| error.to_string())? {
            config.follow(&kept)?;
        }
        let classes = classes::all(Arc::new(Contact::new(config.country.as_deref())));
        let brought = store.bring_up_to_date(&classes).await;
        brought.map_err(|error| error.to_string())?;
        first_start::know_address(&mut config, &store).await?;
        Ok(Self {
            store: Arc::new(store),
            classes,
            config,
        })
    }

    fn core(&self) -> Arc<Core> {
        Core::new(
            self.store.clone(),
            self.classes.clone(),
            self.config.limits(),
        )
    }

    /// Whoever runs the program on the data.
    fn operator(&self) -> Office {
        self.core().operator()
    }
}

/// A sentence for people, or the same as JSON.
fn said(json: bool, value: serde_json::Value, sentence: String) -> Done {
    if json {
        Ok(Output::Json(value))
    } else {
        text(format!("{sentence}\n"))
    }
}

fn text(text: impl Into<String>) -> Done {
    Ok(Output::Text(text.into()))
}

/// An error about a name that a rule does not repeat.
fn told_of(name: &str, error: &Error) -> String {
    match error {
        Error::Invalid(rule) => format!("{name}: {rule}"),
        error => error.to_string(),
    }
}

async fn commit(store: &dyn Store, op: Op) -> Result<Committed, String> {
    let batch = Batch::of_program(OPERATOR, vec![op]);
    store.commit(batch).await.map_err(|error| error.to_string())
}

async fn person(store: &dyn Store, login: &str) -> Result<Person, String> {
    let found = store.person_by_login(&login.to_lowercase()).await;
    found
        .map_err(|error| error.to_string())?
        .ok_or_else(|| format!("there is no account {login}"))
}

async fn named_group(store: &dyn Store, name: &str) -> Result<Group, String> {
    let found = store.group_by_name(name).await;
    if let Some(group) = found.map_err(|error| error.to_string())? {
        return Ok(group);
    }
    let groups = store.groups().await.map_err(|error| error.to_string())?;
    let folded = name.to_lowercase();
    let near = groups
        .iter()
        .find(|group| group.name.to_lowercase() == folded);
    Err(match near {
        Some(near) => format!(
            "there is no group {name}: names are case sensitive, and there is {}",
            near.name
        ),
        None => format!("there is no group {name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_find_the_configuration_of_the_package() {
        let folder = tempfile::tempdir().expect("a folder");
        let installed = folder.path().join("carnet.toml");
        let common = |config: Option<&str>, data: Option<&str>| Common {
            config: config.map(PathBuf::from),
            data: data.map(PathBuf::from),
            json: false,
        };
        let found = |common: &Common| {
            let found = configuration(common, &installed).expect("readable");
            found.map(Path::to_path_buf)
        };
        let unnamed = common(None, None);
        assert_eq!(found(&unnamed), None);
        std::fs::write(&installed, "").expect("written");
        assert_eq!(found(&unnamed), Some(installed.clone()));
        assert_eq!(found(&common(None, Some("there"))), None);
        let named = found(&common(Some("own.toml"), None));
        assert_eq!(named, Some(PathBuf::from("own.toml")));
    }
}
