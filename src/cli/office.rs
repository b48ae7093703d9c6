//! `carnet class`, `audit`, `notice`, `new-devices` and `reach`: the administration.

use clap::Subcommand;
use serde_json::json;

use super::{Done, Output, text, user::octets};
use crate::{
    config::Config,
    domain::{
        account_class::{AccountClass, Service},
        device::DeviceAccess,
        office::{Office, places::DeviceRule},
    },
    http::reach,
};

#[derive(Subcommand)]
pub enum Class {
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

#[derive(Subcommand)]
pub enum NewDevices {
    /// List the rules
    List,
    /// What becomes of new devices of a kind ("" is every other kind)
    Set {
        kind: String,
        #[arg(value_parser = ["allowed", "quarantined", "blocked"])]
        access: String,
    },
    /// Remove the rule of a kind
    Remove { kind: String },
}

/// Runs `carnet class`.
pub async fn class(office: &Office, command: Class, json: bool) -> Done {
    let classes = office.classes().await.map_err(|e| e.to_string())?;
    match command {
        Class::List if json => Ok(Output::Json(json!(classes))),
        Class::List => {
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
        Class::Set {
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
        Class::Remove { name } => {
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

/// Runs `carnet new-devices`.
pub async fn new_devices(office: &Office, command: NewDevices, json: bool) -> Done {
    let rules = office.core().device_rules().await;
    let mut rules = rules.map_err(|error| error.to_string())?;
    match command {
        NewDevices::List if json => {
            let rules = rules.iter();
            let rules: Vec<_> = rules
                .map(|rule| json!({ "kind": rule.kind, "access": rule.access.as_str() }))
                .collect();
            return Ok(Output::Json(json!(rules)));
        }
        NewDevices::List => {
            let line = |rule: &DeviceRule| format!("{:?}\t{}\n", rule.kind, rule.access.as_str());
            return text(rules.iter().map(line).collect::<String>());
        }
        NewDevices::Set { kind, access } => {
            let kind = kind.to_lowercase();
            rules.retain(|rule| rule.kind != kind);
            let access = DeviceAccess::parse(&access).unwrap_or(DeviceAccess::Blocked);
            rules.push(DeviceRule { kind, access });
            // The rule for every other kind would hide what comes behind it.
            rules.sort_by_key(|rule| rule.kind.is_empty());
        }
        NewDevices::Remove { kind } => {
            let kind = kind.to_lowercase();
            rules.retain(|rule| rule.kind != kind);
        }
    }
    let saved = office.set_device_rules(&rules).await;
    saved.map_err(|error| error.to_string())?;
    text("saved\n")
}

/// Runs `carnet audit`.
pub async fn audit(office: &Office, lines: usize, json: bool) -> Done {
    let audit = office.audit(i64::MAX, lines).await;
    let audit = audit.map_err(|error| error.to_string())?;
    if json {
        return Ok(Output::Json(json!(audit)));
    }
    let mut out = String::new();
    for line in audit.iter().rev() {
        let at = chrono::DateTime::from_timestamp_millis(line.at.0).unwrap_or_default();
        out.push_str(&format!(
            "{}\t{}\t{}\t{}\n",
            at.format("%Y-%m-%dT%H:%M:%SZ"),
            line.who,
            line.client,
            line.what
        ));
    }
    text(out)
}

/// Runs `carnet notice`.
pub async fn notice(office: &Office, sentence: Option<&str>) -> Done {
    let saved = office.set_maintenance_notice(sentence).await;
    saved.map_err(|error| error.to_string())?;
    text(match sentence {
        Some(_) => "every page shows it now\n",
        None => "no page shows a notice any more\n",
    })
}

/// Asks the public address as clients do.
pub async fn reach(config: &Config, json: bool) -> Done {
    let base = config
        .public_url
        .as_deref()
        .ok_or("public_url is not set")?;
    let probes = reach::reach(base).await?;
    let well = probes.iter().all(|probe| probe.well);
    let rows: Vec<_> = probes
        .iter()
        .map(|probe| json!({ "url": probe.url, "well": probe.well, "said": probe.said }))
        .collect();
    let lines: String = probes
        .iter()
        .map(|probe| {
            let state = if probe.well { "ok" } else { "!!" };
            format!("{state}\t{}\t{}\n", probe.url, probe.said)
        })
        .collect();
    match (well, json) {
        (true, true) => Ok(Output::Json(json!(rows))),
        (true, false) => text(lines),
        (false, _) => Err(format!("clients would not find everything:\n{lines}")),
    }
}
