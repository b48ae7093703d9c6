//! URL paths parsed into resources, and the one canonical href of each resource.

use std::sync::Arc;

use carnet_proto::dav::href::{encode, other_normal_forms, segments};

use super::{Face, error::Failure};
use crate::domain::{
    actor::{Actor, Membership},
    book::Book,
    collection::{DEFAULT_BOOK, Place},
    error::Error,
    id::CollectionId,
    principal::{MEMBERS, Member},
    refused::Lost,
};

/// Names looked up at a time.
const SPELLED: usize = 200;

/// Octets of a name, decoded.
const MAX_NAME: usize = 255;

/// Served on everything but push registrations.
const READ: [&str; 6] = ["OPTIONS", "GET", "HEAD", "PROPFIND", "PROPPATCH", "REPORT"];

/// The kind of resource that a path names by its form alone; the resource need not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Root,
    Principals,
    Principal,
    UserRoot,
    Home,
    Book,
    Card,
    /// A push registration.
    Registration,
}

impl Kind {
    /// The kind at a raw path.
    pub fn of(path: &str) -> Self {
        let path = segments(path).unwrap_or_default();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path[..] {
            [] | ["dav"] => Kind::Root,
            ["dav", "principals"] | ["dav", "principals", _] => Kind::Principals,
            ["dav", "principals", _, _] => Kind::Principal,
            ["dav", "push", _] => Kind::Registration,
            ["dav", "groups", _] | ["dav", _, "private"] => Kind::Home,
            ["dav", "groups", _, _] | ["dav", _, "private", _] => Kind::Book,
            ["dav", _] => Kind::UserRoot,
            _ => Kind::Card,
        }
    }

    /// The methods served on this kind (`Allow`, RFC 9110 §10.2.1).
    pub fn methods(self) -> impl Iterator<Item = &'static str> {
        let (read, more): (&[&str], &[&str]) = match self {
            Kind::Registration => (&[], &["OPTIONS", "DELETE"]),
            Kind::Root | Kind::Principals | Kind::UserRoot => (&READ, &["MKCOL"]),
            Kind::Principal => (&READ, &["POST"]),
            Kind::Home => (&READ, &["MKCOL", "POST", "DELETE"]),
            Kind::Book => (&READ, &["MKCOL", "POST", "DELETE", "COPY", "MOVE"]),
            Kind::Card => (&READ, &["PUT", "DELETE", "COPY", "MOVE", "MKCOL"]),
        };
        read.iter().chain(more).copied()
    }

    /// DAV class tokens (RFC 4918 §18, RFC 3744 §7.2, RFC 5689 §3.1, RFC 6352 §6.1).
    pub fn classes(self, push: bool) -> &'static str {
        match (self, push) {
            (Kind::Principal | Kind::Home | Kind::Book, true) => {
                "1, 3, access-control, extended-mkcol, addressbook, webdav-push"
            }
            _ => "1, 3, access-control, extended-mkcol, addressbook",
        }
    }
}

/// The resource that a path names, for a person who may see it.
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
    /// A book that does not exist, at a path where one may be made or not.
    NewBook {
        href: String,
        segment: String,
        place: NewPlace,
    },
    /// A push registration.
    Registration(String),
    /// The configuration profile for Apple's programs.
    AppleProfile,
}

/// The place in which a book would be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewPlace {
    Home,
    /// The home of a group, which holds its one book.
    GroupHome,
    /// Outside the home.
    Elsewhere,
}

impl Resource {
    /// Whether it has properties and reports: a book that is not there has none, nor has what is only
    /// fetched or deleted.
    pub fn has_properties(&self) -> bool {
        !matches!(
            self,
            Resource::NewBook { .. } | Resource::Registration(_) | Resource::AppleProfile
        )
    }

    /// The resource at a path; `NotFound` for one this person may not know of. `scoped`: a single
    /// group exists for this request, and the home shows nothing else.
    pub async fn find(
        face: &Arc<Face>,
        actor: &Arc<Actor>,
        scoped: bool,
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
            ["dav", "principals", "users", login, APPLE_PROFILE] if is_own(actor, login) => {
                Resource::AppleProfile
            }
            ["dav", "principals", "users", login] => {
                Resource::OtherUser(colleague(face, actor, login).await?)
            }
            ["dav", "principals", "groups", name] => {
                Resource::GroupPrincipal(membership(actor, name)?)
            }
            ["dav", "push", id] => Resource::Registration(id.to_owned()),
            ["dav", "groups", name] => Resource::GroupHome(membership(actor, name)?),
            ["dav", "groups", name, MEMBERS] | ["dav", "groups", name, MEMBERS, _]
                if name != MEMBERS =>
            {
                let list = face.core.open_members(actor, name).await?;
                let href = members_href(name).ok_or(Error::NotFound)?;
                book_or_card(list, href, path.get(4).copied()).await?
            }
            ["dav", "groups", name, segment] if name != segment => {
                let home = group_home_href(&membership(actor, name)?.name);
                Resource::NewBook {
                    href: format!("{home}{}/", encode(segment)),
                    segment: segment.to_owned(),
                    place: NewPlace::GroupHome,
                }
            }
            ["dav", "groups", name, book, _] if name != book => {
                membership(actor, name)?;
                return Err(Failure::NoParent);
            }
            ["dav", "groups", name, _] | ["dav", "groups", name, _, _] => {
                let opened = face.core.open_group(actor, name).await?;
                let href = group_book_href(name);
                book_or_card(opened, href, path.get(4).copied()).await?
            }
            ["dav", login] if is_own(actor, login) => Resource::UserRoot,
            ["dav", login, "private"] if is_own(actor, login) => Resource::Home,
            ["dav", login, "private", segment] | ["dav", login, "private", segment, _]
                if is_own(actor, login) =>
            {
                let card = path.get(4).copied();
                let href = home_book_href(actor, segment);
                match open_in_home(face, actor, scoped, segment).await {
                    Ok(book) => book_or_card(book, href, card).await?,
                    Err(Error::NotFound) if card.is_none() => Resource::NewBook {
                        href,
                        segment: segment.to_owned(),
                        place: NewPlace::Home,
                    },
                    Err(Error::NotFound) => return Err(Failure::NoParent),
                    Err(error) => return Err(error.into()),
                }
            }
            ["dav", login, segment] if is_own(actor, login) => Resource::NewBook {
                href: format!("{}{}/", user_root_href(actor), encode(segment)),
                segment: segment.to_owned(),
                place: NewPlace::Elsewhere,
            },
            ["dav", "groups", name, ..] => {
                membership(actor, name)?;
                return Err(Failure::NoParent);
            }
            ["dav", login, ..] if is_own(actor, login) => return Err(Failure::NoParent),
            _ => return Err(Error::NotFound.into()),
        })
    }

    /// The canonical href of the resource.
    pub fn href(&self, actor: &Actor) -> String {
        match self {
            Resource::Root(href) | Resource::Principals(href) => (*href).to_owned(),
            Resource::User => user_href(&actor.login),
            Resource::OtherUser(member) => user_href(&member.login),
            Resource::GroupPrincipal(membership) => group_href(&membership.name),
            Resource::UserRoot => user_root_href(actor),
            Resource::Home => home_href(actor),
            Resource::GroupHome(membership) => group_home_href(&membership.name),
            Resource::Book { href, .. } => href.clone(),
            Resource::Card {
                book_href, name, ..
            } => format!("{book_href}{}", encode(name)),
            Resource::NewBook { href, .. } => href.clone(),
            Resource::Registration(id) => registration_href(id),
            Resource::AppleProfile => apple_profile_href(&actor.login),
        }
    }
}

async fn book_or_card(book: Book, href: String, card: Option<&str>) -> Result<Resource, Error> {
    let book = Box::new(book);
    Ok(match card {
        None => Resource::Book { book, href },
        Some(name) => Resource::Card {
            name: spelled(&book, name).await?,
            book,
            book_href: href,
        },
    })
}

/// The Unicode normalization in which a card's name is stored: clients compose accented letters in
/// different ways.
async fn spelled(book: &Book, name: &str) -> Result<String, Error> {
    let mut names = vec![name.to_owned()];
    spell(book, &mut names).await?;
    Ok(names.swap_remove(0))
}

/// Spells several names as the book stores them, as `spelled` does with one.
pub async fn spell(book: &Book, names: &mut [String]) -> Result<(), Error> {
    let mut others: Vec<&mut String> = names.iter_mut().filter(|name| !name.is_ascii()).collect();
    for chunk in others.chunks_mut(SPELLED) {
        let mut spellings = Vec::new();
        for (at, name) in chunk.iter().enumerate() {
            spellings.push((at, (**name).clone()));
            spellings.extend(other_normal_forms(name).into_iter().map(|form| (at, form)));
        }
        let hrefs: Vec<String> = spellings.iter().map(|(_, href)| href.clone()).collect();
        let found = book.heads(&hrefs).await?;
        // The spelling asked for comes first of each.
        for ((at, _), card) in spellings.iter().zip(found).rev() {
            if let Some(card) = card {
                *chunk[*at] = card.placement.href;
            }
        }
    }
    Ok(())
}

/// The book at or above a path, if it has the form of one that a person may have had.
pub fn lost_book<'a>(actor: &Actor, path: &'a [String]) -> Option<Lost<'a>> {
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["dav", "groups", name, book] | ["dav", "groups", name, book, _] if name == book => {
            Some(Lost::Group(name))
        }
        ["dav", login, "private", segment] | ["dav", login, "private", segment, _]
            if is_own(actor, login) =>
        {
            Some(match numbered(segment, "group-") {
                Some((_, name)) => Lost::Group(name),
                None => Lost::Private(segment),
            })
        }
        _ => None,
    }
}

/// The path of a resource with the actor's login as it is spelled.
pub fn with_own_login(actor: &Actor, mut path: Vec<String>) -> Vec<String> {
    if let [dav, login, ..] = &mut path[..]
        && dav == "dav"
        && is_own(actor, login)
    {
        login.clone_from(&actor.login);
    }
    path
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
        let members = face.core.members_of(membership).await?;
        if let Some(member) = members.into_iter().find(|m| m.login == login) {
            return Ok(member);
        }
    }
    Err(Error::NotFound)
}

/// Opens a book of the home: private books by their segment, group books by the segment they have
/// in every home.
async fn open_in_home(
    face: &Face,
    actor: &Arc<Actor>,
    scoped: bool,
    segment: &str,
) -> Result<Book, Error> {
    let group = actor
        .memberships
        .iter()
        .find(|membership| group_segment(membership.book, &membership.name) == segment);
    match (group, members_in(segment)) {
        (Some(membership), _) => face.core.open(actor, membership.book).await,
        (None, _) if scoped => Err(Error::NotFound),
        (None, Some(list)) => {
            let list = face.core.open(actor, list).await?;
            if list.is_members() && segment_in_home(actor, &list) == segment {
                Ok(list)
            } else {
                Err(Error::NotFound)
            }
        }
        (None, None) => match open_private(face, actor, segment).await {
            Err(Error::NotFound) if segment == MERGED => face.core.open_merged(actor).await,
            book => book,
        },
    }
}

/// A private book by its segment, in whatever Unicode normalization.
async fn open_private(face: &Face, actor: &Arc<Actor>, segment: &str) -> Result<Book, Error> {
    let mut opened = face.core.open_private(actor, segment).await;
    let others = other_normal_forms(segment).into_iter();
    for other in others.filter(|_| !segment.is_ascii()) {
        if !matches!(opened, Err(Error::NotFound)) {
            break;
        }
        opened = face.core.open_private(actor, &other).await;
    }
    opened
}

/// The segment of the merged book, which no new private book may have.
pub const MERGED: &str = "merged";

/// The segment of a group's book in a member's home, unique by the book's id.
pub fn group_segment(book: CollectionId, name: &str) -> String {
    format!("group-{book}-{name}")
}

/// The segment of the list of a group's members, in the home of a member.
pub fn members_segment(list: CollectionId, name: &str) -> String {
    format!("members-{list}-{name}")
}

/// Whether a card or a book may get a name: any that is not too long. vdirsyncer makes names of UIDs,
/// line breaks included.
pub fn is_name(segment: &str) -> bool {
    segment.len() <= MAX_NAME
}

/// Whether a segment has the form of a group's book or list, which no private book may have.
pub fn is_group_segment(segment: &str) -> bool {
    numbered(segment, "group-").is_some() || members_in(segment).is_some()
}

fn members_in(segment: &str) -> Option<CollectionId> {
    numbered(segment, "members-").map(|(id, _)| id)
}

/// The id and the name in `PREFIX-ID-NAME`.
fn numbered<'a>(segment: &'a str, prefix: &str) -> Option<(CollectionId, &'a str)> {
    let (id, name) = segment.strip_prefix(prefix)?.split_once('-')?;
    Some((CollectionId(id.parse().ok()?), name))
}

/// Last segment of the URL of the profile for Apple's programs.
const APPLE_PROFILE: &str = "contacts.mobileconfig";

/// URL of the configuration profile for Apple's programs, below the principal.
pub fn apple_profile_href(login: &str) -> String {
    format!("{}{APPLE_PROFILE}", user_href(login))
}

/// URL of a push registration, by which it is removed.
pub fn registration_href(id: &str) -> String {
    format!("/dav/push/{}", encode(id))
}

fn user_root_href(actor: &Actor) -> String {
    format!("/dav/{}/", encode(&actor.login))
}

/// URL of a person's principal.
pub fn user_href(login: &str) -> String {
    format!("/dav/principals/users/{}/", encode(login))
}

/// URL of a group's principal.
pub fn group_href(name: &str) -> String {
    format!("/dav/principals/groups/{}/", encode(name))
}

/// URL of the actor's address book home.
pub fn home_href(actor: &Actor) -> String {
    format!("/dav/{}/private/", encode(&actor.login))
}

/// URL of a group's address book home.
pub fn group_home_href(name: &str) -> String {
    format!("/dav/groups/{}/", encode(name))
}

/// Canonical URL of a group's book; in members' homes it has another.
pub fn group_book_href(name: &str) -> String {
    format!("/dav/groups/{0}/{0}/", encode(name))
}

/// URL of the list of a group's members; none if the group itself is named like it, which new
/// groups cannot be.
pub fn members_href(name: &str) -> Option<String> {
    (name != MEMBERS).then(|| format!("{}{MEMBERS}/", group_home_href(name)))
}

fn home_book_href(actor: &Actor, segment: &str) -> String {
    format!("{}{}/", home_href(actor), encode(segment))
}

/// URL of a book in the actor's home.
pub fn href_in_home(actor: &Actor, book: &Book) -> String {
    home_book_href(actor, &segment_in_home(actor, book))
}

/// URL of a group's book or list in the group's home; none for a private book.
pub fn href_in_group(book: &Book) -> Option<String> {
    let collection = book.collection();
    match collection.place {
        Place::Group(_) => Some(group_book_href(&collection.segment)),
        Place::Members(_) => members_href(&collection.segment),
        _ => None,
    }
}

fn segment_in_home(actor: &Actor, book: &Book) -> String {
    let collection = book.collection();
    match collection.place {
        Place::Group(group) => match actor.membership(group) {
            Some(group) => group_segment(group.book, &group.name),
            None => DEFAULT_BOOK.to_owned(),
        },
        Place::Members(_) => members_segment(collection.id, &collection.segment),
        Place::View(_) => MERGED.to_owned(),
        _ => collection.segment.clone(),
    }
}
