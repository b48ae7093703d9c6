//! URL paths as resources, and resources as their one href.

use std::sync::Arc;

use carnet_proto::dav::href::encode;

use super::{Face, error::Failure};
use crate::domain::{
    actor::{Actor, Membership},
    book::Book,
    collection::{DEFAULT_BOOK, Place},
    error::Error,
    principal::Member,
};

/// What a path names, for somebody who may see it.
pub enum Resource {
    /// `/` and `/dav/`
    Root(&'static str),
    /// `/dav/principals/`, `users/`, `groups/`
    Principals(&'static str),
    /// The actor's own principal.
    User,
    /// Another person of a common group.
    OtherUser(Member),
    GroupPrincipal(Membership),
    /// `/dav/LOGIN/`
    UserRoot,
    /// `/dav/LOGIN/private/`
    Home,
    /// `/dav/groups/NAME/`
    GroupHome(Membership),
    Book {
        book: Box<Book>,
        href: String,
    },
    /// A card, which need not exist.
    Card {
        book: Box<Book>,
        book_href: String,
        name: String,
    },
    /// A book that may be made here.
    NewBook {
        segment: String,
    },
}

impl Resource {
    /// What a path names; `NotFound` for what this person may not know of.
    pub async fn find(
        face: &Arc<Face>,
        actor: &Arc<Actor>,
        path: &[String],
    ) -> Result<Self, Failure> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Ok(match path[..] {
            [] => Resource::Root("/"),
            ["dav"] => Resource::Root("/dav/"),
            ["dav", "principals"] => Resource::Principals("/dav/principals/"),
            ["dav", "principals", "users"] => Resource::Principals("/dav/principals/users/"),
            ["dav", "principals", "groups"] => Resource::Principals("/dav/principals/groups/"),
            ["dav", "principals", "users", login] if is_own(actor, login) => Resource::User,
            ["dav", "principals", "users", login] => {
                Resource::OtherUser(colleague(face, actor, login).await?)
            }
            ["dav", "principals", "groups", name] => {
                Resource::GroupPrincipal(membership(actor, name)?)
            }
            ["dav", "groups", name] => Resource::GroupHome(membership(actor, name)?),
            ["dav", "groups", name, book] | ["dav", "groups", name, book, _] => {
                if name != book {
                    return Err(Error::NotFound.into());
                }
                let opened = face.core.open_group(actor, name).await?;
                let href = group_book_href(name);
                book_or_card(opened, href, path.get(4).copied())
            }
            ["dav", login] if is_own(actor, login) => Resource::UserRoot,
            ["dav", login, "private"] if is_own(actor, login) => Resource::Home,
            ["dav", login, "private", segment] | ["dav", login, "private", segment, _]
                if is_own(actor, login) =>
            {
                let card = path.get(4).copied();
                match open_in_home(face, actor, segment).await {
                    Ok(book) => {
                        let href = home_book_href(actor, segment);
                        book_or_card(book, href, card)
                    }
                    Err(Error::NotFound) if card.is_none() => Resource::NewBook {
                        segment: segment.to_owned(),
                    },
                    Err(Error::NotFound) => {
                        return Err(Failure::Status(http::StatusCode::CONFLICT));
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            _ => return Err(Error::NotFound.into()),
        })
    }

    /// The one spelling of the resource's address.
    pub fn href(&self, actor: &Actor) -> String {
        match self {
            Resource::Root(href) | Resource::Principals(href) => (*href).to_owned(),
            Resource::User => user_href(&actor.login),
            Resource::OtherUser(member) => user_href(&member.login),
            Resource::GroupPrincipal(membership) => group_href(&membership.name),
            Resource::UserRoot => format!("/dav/{}/", encode(&actor.login)),
            Resource::Home => home_href(actor),
            Resource::GroupHome(membership) => group_home_href(&membership.name),
            Resource::Book { href, .. } => href.clone(),
            Resource::Card {
                book_href, name, ..
            } => format!("{book_href}{}", encode(name)),
            Resource::NewBook { segment } => home_book_href(actor, segment),
        }
    }
}

fn book_or_card(book: Book, href: String, card: Option<&str>) -> Resource {
    let book = Box::new(book);
    match card {
        None => Resource::Book { book, href },
        Some(name) => Resource::Card {
            book,
            book_href: href,
            name: name.to_owned(),
        },
    }
}

fn is_own(actor: &Actor, login: &str) -> bool {
    actor.login.eq_ignore_ascii_case(login)
}

/// Group names are case sensitive in URLs.
fn membership(actor: &Actor, name: &str) -> Result<Membership, Error> {
    let found = actor.memberships.iter().find(|m| m.name == name);
    found.cloned().ok_or(Error::NotFound)
}

async fn colleague(face: &Face, actor: &Actor, login: &str) -> Result<Member, Error> {
    for membership in &actor.memberships {
        let members = face.core.store().members(membership.group).await?;
        if let Some(member) = members.into_iter().find(|m| m.login == login) {
            return Ok(member);
        }
    }
    Err(Error::NotFound)
}

/// Private books by their segment; group books by the segment they have in every home.
async fn open_in_home(face: &Face, actor: &Arc<Actor>, segment: &str) -> Result<Book, Error> {
    let group = actor
        .memberships
        .iter()
        .find(|membership| group_segment(membership) == segment);
    match group {
        Some(membership) => face.core.open(actor, membership.book).await,
        None => face.core.open_private(actor, segment).await,
    }
}

/// The segment of a group's book in a member's home: the permanent id keeps it through renames.
fn group_segment(membership: &Membership) -> String {
    format!("group-{}-{}", membership.group, membership.name)
}

pub fn user_href(login: &str) -> String {
    format!("/dav/principals/users/{}/", encode(login))
}

pub fn group_href(name: &str) -> String {
    format!("/dav/principals/groups/{}/", encode(name))
}

pub fn home_href(actor: &Actor) -> String {
    format!("/dav/{}/private/", encode(&actor.login))
}

pub fn group_home_href(name: &str) -> String {
    format!("/dav/groups/{}/", encode(name))
}

pub fn group_book_href(name: &str) -> String {
    format!("/dav/groups/{0}/{0}/", encode(name))
}

fn home_book_href(actor: &Actor, segment: &str) -> String {
    format!("{}{}/", home_href(actor), encode(segment))
}

/// The address of a book in the actor's home.
pub fn href_in_home(actor: &Actor, book: &Book) -> String {
    let collection = book.collection();
    match collection.place {
        Place::Group(group) => match actor.membership(group) {
            Some(membership) => home_book_href(actor, &group_segment(membership)),
            None => home_book_href(actor, DEFAULT_BOOK),
        },
        _ => home_book_href(actor, &collection.segment),
    }
}
