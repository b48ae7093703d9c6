//! `carnet group`

use clap::Subcommand;
use serde_json::json;

use super::{Done, Output, named_group, person, said, text, told_of};
use crate::domain::{office::Office, principal::Role, store::Store};

#[derive(Subcommand)]
pub enum Command {
    /// Create a group, or a deleted one again
    Add {
        name: String,
        /// Login of its administrator
        #[arg(long)]
        admin: String,
    },
    /// List the groups with their members
    List,
    /// Delete a group; its administrator may create it again for the trash time
    Remove { name: String },
    /// Add a member or change a role; the role admin hands the group over
    Member {
        name: String,
        login: String,
        #[arg(long, default_value = "member", value_parser = ["member", "co-admin", "admin"])]
        role: String,
    },
    /// Take a member out; the group keeps copies of what they shared
    Leave { name: String, login: String },
}

/// Runs `carnet group`.
pub async fn run(office: &Office, command: Command, json: bool) -> Done {
    let store = &**office.core().store();
    match command {
        Command::Add { name, admin } => {
            let admin = person(store, &admin).await?;
            let added = office.add_group(&name, admin.id).await;
            added.map_err(|error| told_of(&name, &error))?;
            let told = json!({ "group": name, "admin": admin.login });
            said(json, told, format!("group {name} added"))
        }
        Command::List => list(store, json).await,
        Command::Remove { name } => {
            let group = named_group(store, &name).await?.id;
            let removed = office.remove_group(group, &name).await;
            removed.map_err(|error| error.to_string())?;
            let told = json!({ "group": name, "removed": true });
            said(json, told, format!("group {name} removed"))
        }
        Command::Member { name, login, role } => {
            let group = named_group(store, &name).await?.id;
            let person = person(store, &login).await?;
            let role = Role::parse(&role).ok_or_else(|| format!("unknown role {role}"))?;
            let set = office.set_member(group, person.id, role).await;
            set.map_err(|error| error.to_string())?;
            let told = json!({ "group": name, "member": person.login, "role": role });
            said(
                json,
                told,
                format!("{} is {} of {name}", person.login, role.as_str()),
            )
        }
        Command::Leave { name, login } => {
            let group = named_group(store, &name).await?.id;
            let person = person(store, &login).await?;
            let members = store.members(group).await.map_err(|e| e.to_string())?;
            if !members.iter().any(|member| member.person == person.id) {
                return Err(format!("{} is not a member of {name}", person.login));
            }
            let left = office.remove_member(group, person.id).await;
            left.map_err(|error| error.to_string())?;
            let told = json!({ "group": name, "left": person.login });
            said(json, told, format!("{} left {name}", person.login))
        }
    }
}

async fn list(store: &dyn Store, json: bool) -> Done {
    let groups = store.groups().await.map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    let mut lines = String::new();
    for group in groups {
        let members = store.members(group.id).await;
        let members = members.map_err(|error| error.to_string())?;
        let names: Vec<String> = members
            .iter()
            .map(|member| match member.role {
                Role::Member => member.login.clone(),
                role => format!("{} ({})", member.login, role.as_str()),
            })
            .collect();
        lines.push_str(&format!("{}\t{}\n", group.name, names.join(", ")));
        rows.push(json!({ "group": group, "members": members }));
    }
    if json {
        Ok(Output::Json(rows.into()))
    } else {
        text(lines)
    }
}
