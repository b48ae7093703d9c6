//! `carnet grant`

use clap::{Args, Subcommand};

use serde_json::json;

use super::{Done, commit, named_group, person, said};
use crate::{
    domain::{
        batch::{GrantOp, Op},
        id::PersonId,
        rights::{GroupRight, Modify},
        store::{PeopleStore as _, Store},
    },
    store::sqlite::Sqlite,
};

#[derive(Subcommand)]
pub enum Command {
    /// Adding and deleting in a group
    Group {
        name: String,
        #[command(flatten)]
        to: To,
        #[arg(long, value_parser = ["add", "add-delete", "none"])]
        right: String,
    },
    /// Modifying one contact, by its UID
    Contact {
        uid: String,
        /// The group it is placed in
        #[arg(long = "in")]
        group: String,
        #[command(flatten)]
        to: To,
        #[arg(long, value_parser = ["modify", "none"])]
        right: String,
    },
}

/// Whom a right is given to.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub struct To {
    /// One member
    #[arg(long)]
    member: Option<String>,
    /// Whoever is in the group
    #[arg(long)]
    everyone: bool,
}

/// Runs `carnet grant`.
pub async fn run(store: &Sqlite, command: Command, json: bool) -> Done {
    match command {
        Command::Group { name, to, right } => {
            let group = named_group(store, &name).await?.id;
            let person = to.person(store).await?;
            let right = GroupRight::parse(&right).ok_or("unknown right")?;
            let op = Op::Grant(GrantOp::GrantGroup {
                group,
                person,
                right,
            });
            commit(store, op).await?;
            let told = json!({ "group": name, "member": to.member, "right": right });
            let to = to.named();
            said(
                json,
                told,
                format!("right of {to} on {name} is now {}", right.as_str()),
            )
        }
        Command::Contact {
            uid,
            group,
            to,
            right,
        } => {
            let found = named_group(store, &group).await?;
            let person = to.person(store).await?;
            let members = store.members(found.id).await.map_err(|e| e.to_string())?;
            if let Some(person) = person
                && !members.iter().any(|member| member.person == person)
            {
                return Err(format!("only members of {group} can be granted rights"));
            }
            let book = store
                .group_book(found.id)
                .await
                .map_err(|e| e.to_string())?;
            let book = book.ok_or("the group has no book")?;
            let card = store.by_uid(book, &uid).await.map_err(|e| e.to_string())?;
            let card = card.ok_or_else(|| format!("there is no contact {uid} in {group}"))?;
            let op = Op::Grant(GrantOp::GrantItem {
                item: card.placement.item,
                collection: book,
                person,
                modify: match right.as_str() {
                    "modify" => Modify::Granted,
                    _ => Modify::Withdrawn,
                },
            });
            commit(store, op).await?;
            let told = json!({ "contact": uid, "in": group, "member": to.member, "right": right });
            let (to, name) = (to.named(), card.placement.display);
            said(
                json,
                told,
                format!("right of {to} on {name} in {group} is now {right}"),
            )
        }
    }
}

impl To {
    async fn person(&self, store: &Sqlite) -> Result<Option<PersonId>, String> {
        match &self.member {
            Some(login) => Ok(Some(person(store, login).await?.id)),
            None => Ok(None),
        }
    }

    fn named(&self) -> &str {
        self.member.as_deref().unwrap_or("everyone")
    }
}
