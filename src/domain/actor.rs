//! The person on whose behalf a request acts: built once per request, and anew after every wait.

use super::{
    access::Access,
    collection::Place,
    id::{CollectionId, DeviceId, GroupId, PersonId},
    label::PAGES,
    principal::{Person, Role},
};

/// A person and the groups they are in, as they were read together.
#[derive(Debug)]
pub struct Account {
    /// The rights revision this holds for; what was read may be newer, never older.
    pub revision: i64,
    pub person: Person,
    pub memberships: Vec<Membership>,
}

/// A signed-in person together with what rights are decided on.
#[derive(Clone, Debug)]
pub struct Actor {
    pub person: PersonId,
    pub login: String,
    pub name: String,
    /// May administer the server.
    pub admin: bool,
    /// Octets of one photo, and of one imported file; none: as the server allows.
    pub photo: Option<usize>,
    pub import_size: Option<usize>,
    /// The groups the person is in.
    pub memberships: Vec<Membership>,
    /// The revision of all rights this was read at; commits refuse when it moved.
    pub rights_revision: i64,
    pub client: Client,
}

/// One group the actor is in.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    pub group: GroupId,
    pub name: String,
    pub display_name: String,
    pub role: Role,
    /// The group's book.
    pub book: CollectionId,
}

/// The program a person uses, for history and for the client's own echoes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Client {
    /// What history shows, see [`label`](super::label).
    pub label: String,
    /// What the program calls itself: tells those of one label apart that never say which version
    /// they edited.
    pub program: String,
    /// Set for Exchange ActiveSync.
    pub device: Option<DeviceId>,
    /// What the credential lets through.
    pub access: Access,
    /// Segments of private books whose categories it reads as lists too.
    pub category_lists: Vec<String>,
    /// Whoever runs the program on the data acts for the person, whose account may be disabled.
    pub operator: bool,
}

impl Client {
    /// Whether the client is the pages of the web. They show a refusal at once, so no notice is
    /// needed.
    pub fn is_page(&self) -> bool {
        self.label == PAGES
    }
}

impl Actor {
    /// The person of an account, by a credential that is known to hold.
    pub fn of(account: &Account, client: Client) -> Self {
        let person = &account.person;
        let mut memberships = account.memberships.clone();
        memberships.retain(|membership| client.access.shows_group(&membership.name));
        Self {
            person: person.id,
            login: person.login.clone(),
            name: person.name.clone(),
            admin: person.admin,
            photo: octets(person.class.photo),
            import_size: octets(person.class.import_size),
            memberships,
            rights_revision: account.revision,
            client,
        }
    }

    /// The membership in a group, if any.
    pub fn membership(&self, group: GroupId) -> Option<&Membership> {
        self.memberships.iter().find(|m| m.group == group)
    }

    /// Whether the credential is read-only, whatever the person may do.
    pub fn is_read_only(&self) -> bool {
        self.client.access.read_only
    }

    /// Whether the person reads a place: their own, or that of a group they are in.
    pub fn reads(&self, place: Place) -> bool {
        match place {
            Place::Private(owner) => owner == self.person && self.client.access.shows_private(),
            Place::Home(owner) | Place::View(owner) => owner == self.person,
            Place::Group(group) | Place::Members(group) => self.membership(group).is_some(),
        }
    }
}

/// Octets as they are compared.
fn octets(limit: Option<i64>) -> Option<usize> {
    limit.and_then(|octets| usize::try_from(octets).ok())
}
