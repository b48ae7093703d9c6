//! `carnet group`

use clap::Subcommand;

use super::{Done, Output, commit, named_group, person, text};
use crate::{
    domain::{
        batch::Op,
        principal::{Role, valid_group_name},
        store::Store,
    },
    store::sqlite::Sqlite,
};

#[derive(Subcommand)]
pub enum Command {
    /// Found a group
    Add {
        name: String,
        /// Login of its administrator
        #[arg(long)]
        admin: String,
    },
    /// List the groups with their members
    List,
    /// Delete a group and its book
    Remove { name: String },
    /// Add a member or change a role; the role admin hands the group over
    Member {
        name: String,
        login: String,
        #[arg(long, default_value = "member", value_parser = ["member", "co-admin", "admin"])]
        role: String,
    },
    /// Take a member out
    Leave { name: String, login: String },
}

pub async fn run(store: &Sqlite, command: Command, json: bool) -> Done {
    match command {
        Command::Add { name, admin } => {
            if !valid_group_name(&name) {
                return Err(format!(
                    "{name}: a group's name is 1 to 64 characters without / \\ : % $ ? # or controls"
                ));
            }
            let admin = person(store, &admin).await?.id;
            let op = Op::AddGroup {
                display_name: name.clone(),
                name: name.clone(),
                admin,
            };
            commit(store, op).await?;
            text(format!("group {name} added\n"))
        }
        Command::List => list(store, json).await,
        Command::Remove { name } => {
            let group = named_group(store, &name).await?.id;
            commit(store, Op::RemoveGroup { group }).await?;
            text(format!("group {name} removed\n"))
        }
        Command::Member { name, login, role } => {
            let group = named_group(store, &name).await?.id;
            let person = person(store, &login).await?.id;
            let role = Role::parse(&role).ok_or_else(|| format!("unknown role {role}"))?;
            commit(
                store,
                Op::SetMember {
                    group,
                    person,
                    role,
                },
            )
            .await?;
            text(format!("{login} is {} of {name}\n", role.as_str()))
        }
        Command::Leave { name, login } => {
            let group = named_group(store, &name).await?.id;
            let person = person(store, &login).await?.id;
            let op = Op::RemoveMember {
                group,
                person,
                take_back: false,
            };
            commit(store, op).await?;
            text(format!("{login} left {name}\n"))
        }
    }
}

async fn list(store: &Sqlite, json: bool) -> Done {
    let groups = store.groups().await.map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    let mut lines = String::new();
    for group in groups {
        let members = store
            .members(group.id)
            .await
            .map_err(|error| error.to_string())?;
        let names: Vec<String> = members
            .iter()
            .map(|member| match member.role {
                Role::Member => member.login.clone(),
                role => format!("{} ({})", member.login, role.as_str()),
            })
            .collect();
        lines.push_str(&format!("{}\t{}\n", group.name, names.join(", ")));
        rows.push(serde_json::json!({ "group": group, "members": members }));
    }
    match json {
        true => Ok(Output::Json(rows.into())),
        false => text(lines),
    }
}
