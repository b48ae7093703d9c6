//! `carnet grant`

use clap::{Args, Subcommand};

use super::{Done, commit, named_group, person, text};
use crate::{
    domain::{batch::Op, id::PersonId, rights::GroupRight, store::Store},
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

pub async fn run(store: &Sqlite, command: Command) -> Done {
    match command {
        Command::Group { name, to, right } => {
            let group = named_group(store, &name).await?.id;
            let person = to.person(store).await?;
            let right = GroupRight::parse(&right).ok_or("unknown right")?;
            let op = Op::GrantGroup {
                group,
                person,
                right,
            };
            commit(store, op).await?;
            text(format!("right on {name} is now {}\n", right.as_str()))
        }
        Command::Contact {
            uid,
            group,
            to,
            right,
        } => {
            let found = named_group(store, &group).await?;
            let members = store.members(found.id).await.map_err(|e| e.to_string())?;
            let person = to.person(store).await?;
            if let Some(person) = person
                && !members.iter().any(|member| member.person == person)
            {
                return Err(format!("only members of {group} can be granted rights"));
            }
            let member = members.first().ok_or("the group is empty")?.person;
            let memberships = store.memberships(member).await.map_err(|e| e.to_string())?;
            let book = memberships
                .iter()
                .find(|membership| membership.group == found.id)
                .ok_or("the group has no book")?
                .book;
            let card = store
                .by_uid(book, &uid)
                .await
                .map_err(|error| error.to_string())?
                .ok_or_else(|| format!("there is no contact {uid} in {group}"))?;
            let op = Op::GrantItem {
                item: card.placement.item,
                collection: book,
                person,
                modify: right == "modify",
            };
            commit(store, op).await?;
            text(format!(
                "right on {} is now {right}\n",
                card.placement.display
            ))
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
}
