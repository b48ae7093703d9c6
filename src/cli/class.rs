//! `carnet class`

use clap::Subcommand;
use serde_json::json;

use super::{Done, Output, text, user::octets};
use crate::domain::{
    account_class::{AccountClass, Service},
    office::Office,
};

#[derive(Subcommand)]
pub enum Command {
    /// List the classes of accounts
    List,
    /// Make a class, or change one; "" is the class of everybody else
    Set {
        name: String,
        /// Contacts allowed in Private; 0 for no limit
        #[arg(long)]
        contacts: Option<i64>,
        /// Devices of one person; 0 for the limit of the server
        #[arg(long)]
        devices: Option<i64>,
        /// MiB of documents of one person; 0 for no limit, `server` for the server's rule
        #[arg(long, value_name = "MIB")]
        document_quota: Option<String>,
        /// KiB of one photo; 0 for the limit of the server
        #[arg(long, value_name = "KIB")]
        photo: Option<i64>,
        /// MiB of one imported file; 0 for the limit of the server
        #[arg(long, value_name = "MIB")]
        import_size: Option<i64>,
        /// What is allowed from now on: eas, carddav, sms, fax
        #[arg(long, value_parser = ["eas", "carddav", "sms", "fax"])]
        allow: Vec<String>,
        /// What is not allowed any more
        #[arg(long, value_parser = ["eas", "carddav", "sms", "fax"])]
        deny: Vec<String>,
    },
    /// Remove a class; its people are in none then
    Remove { name: String },
}

/// Runs `carnet class`.
pub async fn run(office: &Office, command: Command, json: bool) -> Done {
    let classes = office.classes().await.map_err(|e| e.to_string())?;
    match command {
        Command::List if json => Ok(Output::Json(json!(classes))),
        Command::List => {
            let line = |class: &AccountClass| {
                let limit = |limit: Option<i64>| match limit {
                    Some(limit) => limit.to_string(),
                    None => "-".to_owned(),
                };
                let allowed: Vec<&str> = Service::ALL
                    .into_iter()
                    .filter(|service| class.allows(*service))
                    .map(Service::as_str)
                    .collect();
                let mebibytes = |octets: Option<i64>| octets.map(|octets| octets / (1024 * 1024));
                format!(
                    "{:?}\t{}\t{}\t{}\t{}\t{}\t{}\n",
                    class.name,
                    limit(class.contacts),
                    limit(class.devices),
                    limit(mebibytes(class.documents)),
                    limit(class.photo.map(|octets| octets / 1024)),
                    limit(mebibytes(class.import_size)),
                    allowed.join(" ")
                )
            };
            text(classes.iter().map(line).collect::<String>())
        }
        Command::Set {
            name,
            contacts,
            devices,
            document_quota,
            photo,
            import_size,
            allow,
            deny,
        } => {
            let known = classes.into_iter().find(|class| class.name == name);
            let mut class = known.unwrap_or(AccountClass {
                name: name.clone(),
                ..AccountClass::default()
            });
            if let Some(contacts) = contacts {
                class.contacts = (contacts != 0).then_some(contacts);
            }
            if let Some(devices) = devices {
                class.devices = (devices != 0).then_some(devices);
            }
            if let Some(quota) = document_quota {
                class.documents = octets(&quota)?;
            }
            if let Some(kibibytes) = photo {
                class.photo = size(kibibytes, 1024);
            }
            if let Some(mebibytes) = import_size {
                class.import_size = size(mebibytes, 1024 * 1024);
            }
            for (names, allowed) in [(allow, true), (deny, false)] {
                for service in names.iter().filter_map(|name| Service::parse(name)) {
                    class.set(service, allowed);
                }
            }
            office.put_class(class).await.map_err(|e| e.to_string())?;
            text(format!("class {name:?} saved\n"))
        }
        Command::Remove { name } => {
            let removed = office.remove_class(&name).await;
            removed.map_err(|_| format!("there is no class {name:?} to remove"))?;
            text(format!("class {name:?} removed\n"))
        }
    }
}

/// Octets of so many units; 0 leaves it to the server.
fn size(number: i64, unit: i64) -> Option<i64> {
    (number != 0).then(|| number.saturating_mul(unit))
}
