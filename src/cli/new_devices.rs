//! `carnet new-devices`

use clap::Subcommand;
use serde_json::json;

use super::{Done, Output, text};
use crate::domain::{
    device::DeviceAccess,
    office::{Office, places::DeviceRule},
};

#[derive(Subcommand)]
pub enum Command {
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

/// Runs `carnet new-devices`.
pub async fn run(office: &Office, command: Command, json: bool) -> Done {
    let rules = office.core().device_rules().await;
    let mut rules = rules.map_err(|error| error.to_string())?;
    match command {
        Command::List if json => {
            let rules = rules.iter();
            let rules: Vec<_> = rules
                .map(|rule| json!({ "kind": rule.kind, "access": rule.access.as_str() }))
                .collect();
            return Ok(Output::Json(json!(rules)));
        }
        Command::List => {
            let line = |rule: &DeviceRule| format!("{:?}\t{}\n", rule.kind, rule.access.as_str());
            return text(rules.iter().map(line).collect::<String>());
        }
        Command::Set { kind, access } => {
            let kind = kind.to_lowercase();
            rules.retain(|rule| rule.kind != kind);
            let access = DeviceAccess::parse(&access).unwrap_or(DeviceAccess::Blocked);
            rules.push(DeviceRule { kind, access });
            // The rule for every other kind would hide what comes behind it.
            rules.sort_by_key(|rule| rule.kind.is_empty());
        }
        Command::Remove { kind } => {
            let kind = kind.to_lowercase();
            let before = rules.len();
            rules.retain(|rule| rule.kind != kind);
            if rules.len() == before {
                return Err(match &kind[..] {
                    "" => "there is no rule for every other kind of device".to_owned(),
                    kind => format!("there is no rule for devices of the kind {kind:?}"),
                });
            }
        }
    }
    let saved = office.set_device_rules(&rules).await;
    saved.map_err(|error| error.to_string())?;
    text("saved\n")
}
