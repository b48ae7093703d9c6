//! `carnet app-password`

use clap::Subcommand;

use super::{Done, Output, commit, person, said, text};
use crate::{
    domain::{
        access::{Access, Network, PlaceName, Protocol, Scope},
        app_password::{NewAppPassword, prepare},
        batch::Op,
        credential::{AppPassword, CredentialOp, CredentialStore},
        id::{AppPasswordId, Timestamp},
        principal::Person,
        store::PeopleStore as _,
    },
    store::sqlite::Sqlite,
};

#[derive(Subcommand)]
pub enum Command {
    /// Make a password for one device or program, and print it
    Add {
        login: String,
        /// What its owner sees in the list
        #[arg(long)]
        name: String,
        /// Serve only this; may be repeated
        #[arg(long, value_parser = ["eas", "carddav"])]
        protocol: Vec<String>,
        /// Nothing can be written with it
        #[arg(long)]
        read_only: bool,
        /// Show only this: private or group:NAME; may be repeated
        #[arg(long)]
        place: Vec<PlaceName>,
        /// Accept it only from here: 192.0.2.0/24, 2001:db8::/32 or one address; may be repeated
        #[arg(long)]
        network: Vec<Network>,
        /// It ends after so many days
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=3650))]
        days: Option<i64>,
    },
    /// List the app passwords of one account, or of all
    List { login: Option<String> },
    /// End one, by its number in the list
    Revoke { login: String, id: i64 },
}

/// Runs `carnet app-password`.
pub async fn run(store: &Sqlite, command: Command, json: bool) -> Done {
    match command {
        Command::Add {
            login,
            name,
            protocol,
            read_only,
            place,
            network,
            days,
        } => {
            let owner = person(store, &login).await?;
            check_places(store, &owner, &place).await?;
            let mut protocols: Vec<Protocol> = protocol
                .iter()
                .filter_map(|name| Protocol::parse(name))
                .collect();
            if protocols.is_empty() {
                protocols.extend(Protocol::ALL);
            }
            let new = NewAppPassword {
                name,
                scope: Scope {
                    protocols,
                    access: Access {
                        read_only,
                        places: (!place.is_empty()).then_some(place),
                        ..Access::default()
                    },
                    networks: network,
                },
                expires: days.map(|days| Timestamp::now().plus_days(days)),
            };
            let held = passwords(store, Some(&owner)).await?.len();
            let (secret, op) = prepare(owner.id, new, held).map_err(|error| error.to_string())?;
            let committed = commit(store, op).await?;
            let id: AppPasswordId = committed.row().map_err(|error| error.to_string())?;
            let value = serde_json::json!({ "login": login, "id": id, "password": secret });
            said(
                json,
                value,
                format!("app password {id} of {login}: {secret}"),
            )
        }
        Command::List { login } => {
            let owner = match login {
                Some(login) => Some(person(store, &login).await?),
                None => None,
            };
            let people = store.people().await.map_err(|error| error.to_string())?;
            let found = passwords(store, owner.as_ref()).await?;
            if json {
                return Ok(Output::Json(serde_json::json!(found)));
            }
            let line = |found: &AppPassword| {
                let owner = people.iter().find(|person| person.id == found.person);
                line(found, owner.map_or("-", |person| person.login.as_str()))
            };
            text(found.iter().map(line).collect::<String>())
        }
        Command::Revoke { login, id } => {
            let op = CredentialOp::RemoveAppPassword {
                person: person(store, &login).await?.id,
                password: AppPasswordId(id),
            };
            let revoked = commit(store, Op::Credential(op)).await;
            revoked.map_err(|_| format!("{login} has no app password {id}"))?;
            text(format!("app password {id} of {login} revoked\n"))
        }
    }
}

async fn passwords(store: &Sqlite, owner: Option<&Person>) -> Result<Vec<AppPassword>, String> {
    let found = store.app_passwords(owner.map(|owner| owner.id)).await;
    found.map_err(|error| error.to_string())
}

/// A group the person is not in, or a name that is spelled otherwise, would show nothing.
async fn check_places(store: &Sqlite, owner: &Person, places: &[PlaceName]) -> Result<(), String> {
    let account = store.account(owner.id).await;
    let account = account.map_err(|error| error.to_string())?;
    let account = account.ok_or_else(|| format!("there is no account {}", owner.login))?;
    for place in places {
        if let PlaceName::Group(name) = place
            && !account.memberships.iter().any(|own| own.name == *name)
        {
            return Err(format!("{} is not in a group {name}", owner.login));
        }
    }
    Ok(())
}

fn line(found: &AppPassword, login: &str) -> String {
    let listed = |values: Vec<String>, none: &str| {
        if values.is_empty() {
            none.to_owned()
        } else {
            values.join(",")
        }
    };
    let protocols = found.scope.protocols.iter().map(|p| p.as_str().to_owned());
    let places = found.scope.access.places.iter().flatten();
    let networks = found.scope.networks.iter().map(Network::to_string);
    let moment = |at: Option<Timestamp>, none: &str| {
        let at = at.and_then(|at| chrono::DateTime::from_timestamp_millis(at.0));
        at.map_or(none.to_owned(), |at| {
            at.format("%Y-%m-%d %H:%M").to_string()
        })
    };
    format!(
        "{}\t{login}\t{}\t{}\t{}\tplaces: {}\tfrom: {}\texpires: {}\tlast used: {}\n",
        found.id,
        found.name,
        listed(protocols.collect(), "-"),
        if found.scope.access.read_only {
            "reads"
        } else {
            "reads and writes"
        },
        listed(places.map(PlaceName::to_string).collect(), "all"),
        listed(networks.collect(), "everywhere"),
        moment(found.expires, "never"),
        moment(found.last_used, "never"),
    )
}
