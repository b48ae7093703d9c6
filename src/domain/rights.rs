//! The one decision about who may do what. No right is checked anywhere else.

use super::{
    actor::Actor,
    collection::{Collection, Place},
    id::{CollectionId, PersonId},
    principal::Role,
};

/// What a verb asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// See a place and what is in it.
    Read,
    /// Create in, share into, move into, restore into a place.
    Add,
    /// Change the content of one item.
    Modify,
    /// Take one item away from a place.
    Remove,
    /// Take any item away, empty the place.
    RemoveAny,
    /// Give or withdraw *Modify* on one item.
    GrantModify,
    /// Give or withdraw *Add* and *Add and delete* on a group.
    GrantGroup,
    /// Name, hand over, delete a group; its co-administrators.
    Administer,
    /// Ask the contact to verify its data.
    Verify,
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Right::Read => "reading",
            Right::Add => "adding",
            Right::Modify => "modifying",
            Right::Remove => "removing",
            Right::RemoveAny => "removing everything",
            Right::GrantModify => "granting the right to modify",
            Right::GrantGroup => "granting rights on the group",
            Right::Administer => "administering the group",
            Right::Verify => "asking for verification",
        })
    }
}

/// A grant on a whole group's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GroupRight {
    None,
    Add,
    /// Includes *Add*, never *Modify*.
    AddDelete,
}

impl GroupRight {
    /// As the command line spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            GroupRight::None => "none",
            GroupRight::Add => "add",
            GroupRight::AddDelete => "add-delete",
        }
    }

    /// Reads what [`GroupRight::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [GroupRight::None, GroupRight::Add, GroupRight::AddDelete]
            .into_iter()
            .find(|right| right.as_str() == text)
    }
}

/// What a person may do in a place, whatever the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceRights {
    /// How the person stands to the place.
    pub standing: Standing,
    /// *Add*, *Add and delete*: the strongest of role and grants.
    pub group_right: GroupRight,
}

/// How a person stands to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Owner of the private place.
    Owner,
    /// Member of the group, with a role.
    Member(Role),
    /// Neither: the place does not exist for them.
    Outsider,
}

/// What the decision on one item rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemFacts {
    pub creator: PersonId,
    /// The creator is a member of the group the item was created in, or it was created in Private.
    pub creator_present: bool,
    /// The item was created in this very place.
    pub created_here: bool,
    /// The item was created in a private book.
    pub created_private: bool,
    /// Who placed it in this place.
    pub placed_by: PersonId,
    /// An effective *Modify* grant: through a group the item is in and the person is in.
    pub granted: bool,
    /// The person is admin or co-admin of the group that has custody of the item.
    pub custodian: bool,
}

/// How a person stands to a place (`rights.md` §1); `grant` is the strongest group grant that applies.
pub fn place_rights(actor: &Actor, collection: &Collection, grant: GroupRight) -> PlaceRights {
    let standing = match collection.place {
        Place::Private(owner) | Place::Home(owner) | Place::View(owner) => {
            if owner == actor.person {
                Standing::Owner
            } else {
                Standing::Outsider
            }
        }
        Place::Group(group) => match actor.membership(group) {
            Some(membership) => Standing::Member(membership.role),
            None => Standing::Outsider,
        },
    };
    let group_right = match standing {
        Standing::Owner | Standing::Member(Role::Admin | Role::CoAdmin) => GroupRight::AddDelete,
        Standing::Member(Role::Member) => grant,
        Standing::Outsider => GroupRight::None,
    };
    PlaceRights {
        standing,
        group_right,
    }
}

/// The decision on a place as a whole (`rights.md` §3).
pub fn may_in_place(rights: PlaceRights, right: Right) -> bool {
    let PlaceRights {
        standing,
        group_right,
    } = rights;
    match (right, standing) {
        (_, Standing::Outsider) => false,
        (Right::Read, _) => true,
        (Right::Add, _) => group_right >= GroupRight::Add,
        (Right::RemoveAny | Right::Remove, _) => group_right == GroupRight::AddDelete,
        (Right::GrantGroup, Standing::Member(role)) => role >= Role::CoAdmin,
        (Right::Administer, Standing::Member(role)) => role == Role::Admin,
        (Right::GrantGroup | Right::Administer, Standing::Owner) => false,
        (Right::Modify | Right::GrantModify | Right::Verify, standing) => {
            standing == Standing::Owner
        }
    }
}

/// The decision on one item in one place (`rights.md` §2 rules 2 to 8 and §3).
pub fn may_on_item(
    person: PersonId,
    rights: PlaceRights,
    facts: &ItemFacts,
    creators_delete: bool,
    right: Right,
) -> bool {
    let creator = facts.creator == person;
    match (right, rights.standing) {
        (_, Standing::Outsider) => false,
        (Right::Read, _) => true,
        // Rule 2: decided on the person and the contact, whatever place the write came through.
        (Right::Modify, Standing::Owner) => true,
        (Right::Modify, _) => creator || facts.granted || facts.custodian,
        (Right::GrantModify | Right::Verify, _) => creator || facts.custodian,
        (Right::Remove, Standing::Owner) => true,
        (Right::Remove, Standing::Member(_)) => {
            rights.group_right == GroupRight::AddDelete
                // Rule 5: who shared it here may withdraw it; a private creator may from anywhere.
                || (facts.placed_by == person && !facts.created_here)
                || (creator && facts.created_private)
                || (creator
                    && facts.created_here
                    && creators_delete
                    && rights.group_right >= GroupRight::Add)
        }
        (Right::Add | Right::RemoveAny | Right::GrantGroup | Right::Administer, _) => {
            may_in_place(rights, right)
        }
    }
}

/// A *Modify* grant on an item through a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemGrant {
    pub collection: CollectionId,
    /// None: everyone in the group, dynamically.
    pub person: Option<PersonId>,
}
