//! The one decision about who may do what. Faces and verbs decide no right themselves; the store
//! repeats parts of the decision where it has to hold within a transaction, or would otherwise
//! read a whole book (`docs/architecture.md`, Invariants).
//!
//! [`allows`] is the decision table, which `rights/tests.rs` writes out row by row. The facts it
//! rests on are gathered by [`place_rights`] and by [`super::book::Book`].

use super::{
    actor::Actor,
    batch::Op,
    collection::{Collection, Place},
    error::{Error, Result},
    principal::{GroupOptions, Role},
};

/// A right, as verbs require it: one row of the decision table, or several that are decided alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Right {
    /// See a place and what is in it, its history and who may modify; tag; print, export, copy.
    Read,
    /// Change the content of one item, attach and detach documents.
    Modify,
    /// Give or withdraw *Modify* on one item.
    GrantModify,
    /// Create in, import into, share into, move into a place.
    Add,
    /// Take one item away from a place.
    Remove,
    /// Empty the place.
    RemoveAny,
    /// Bring a removed item back into the place it was removed from.
    Restore,
    /// Place an item of this place in another group as well (which asks for *Add* there).
    Share,
    /// Comment on an item of this place.
    Comment,
    /// Delete somebody else's comment.
    DeleteComment,
    /// Ask the contact to verify its data.
    Verify,
    /// Give or withdraw *Add* and *Add and delete* on a group; its members.
    GrantGroup,
    /// Name, hand over, delete a group; its co-administrators.
    Administer,
}

impl std::fmt::Display for Right {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Right::Read => "reading",
            Right::Modify => "modifying",
            Right::GrantModify => "granting the right to modify",
            Right::Add => "adding",
            Right::Remove => "removing",
            Right::RemoveAny => "removing everything",
            Right::Restore => "restoring",
            Right::Share => "sharing with another group",
            Right::Comment => "commenting",
            Right::DeleteComment => "deleting somebody else's comment",
            Right::Verify => "asking for verification",
            Right::GrantGroup => "granting rights on the group",
            Right::Administer => "administering the group",
        })
    }
}

/// A grant on a whole group's content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GroupRight {
    #[default]
    None,
    Add,
    /// Includes *Add*, never *Modify*.
    AddDelete,
}

impl GroupRight {
    /// The name on the command line.
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

/// A change of who has *Modify* on one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modify {
    Granted,
    Withdrawn,
}

impl Modify {
    /// What undoes it.
    pub fn undone(self) -> Self {
        match self {
            Modify::Granted => Modify::Withdrawn,
            Modify::Withdrawn => Modify::Granted,
        }
    }
}

/// The position of a person in a place, independent of the item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceRights {
    pub standing: Standing,
    /// *Add*, *Add and delete*: the strongest of role and grants.
    pub group_right: GroupRight,
    /// Options of the group, where the place is one.
    pub options: GroupOptions,
    /// The credential is read-only.
    pub read_only: bool,
}

/// The relation of a person to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Owner of the private place.
    Owner,
    /// Member of the group, with a role.
    Member(Role),
    /// Member of the group whose members the place lists: nobody writes there.
    Reader,
    /// Neither: the place does not exist for them.
    Outsider,
}

/// The relation of a person to one item in one place; all false for decisions about no item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ItemFacts {
    /// The person created it.
    pub creator: bool,
    /// It was created in this very place.
    pub created_here: bool,
    /// It was created in a private book.
    pub created_private: bool,
    /// The person placed it here.
    pub placed: bool,
    /// The person removed it from here.
    pub removed: bool,
    /// Its creator, who created it in Private, withdrew it from here.
    pub withdrawn: bool,
    /// An effective *Modify* grant: through a group the item is in and the person is in.
    pub granted: bool,
    /// The person is admin or co-admin of the group that has custody of it: the group it was
    /// created in, while its creator is not a member.
    pub custodian: bool,
}

/// How a person stands to a place; `grant` is the strongest group grant that applies.
pub fn place_rights(actor: &Actor, collection: &Collection, grant: GroupRight) -> PlaceRights {
    let standing = match collection.place {
        Place::Private(_) | Place::Home(_) | Place::View(_) => {
            if actor.reads(collection.place) {
                Standing::Owner
            } else {
                Standing::Outsider
            }
        }
        Place::Group(group) => match actor.membership(group) {
            Some(membership) => Standing::Member(membership.role),
            None => Standing::Outsider,
        },
        Place::Members(group) => match actor.membership(group) {
            Some(_) => Standing::Reader,
            None => Standing::Outsider,
        },
    };
    let group_right = match standing {
        Standing::Owner | Standing::Member(Role::Admin | Role::CoAdmin) => GroupRight::AddDelete,
        Standing::Member(Role::Member) => grant,
        Standing::Reader | Standing::Outsider => GroupRight::None,
    };
    PlaceRights {
        standing,
        group_right,
        options: collection.options,
        read_only: actor.is_read_only(),
    }
}

/// `Forbidden` when a read-only credential would do more than record its client's state.
pub fn permits(actor: &Actor, ops: &[Op]) -> Result<()> {
    if actor.is_read_only() && !ops.iter().all(Op::is_note) {
        Err(Error::Forbidden {
            right: Right::Modify,
        })
    } else {
        Ok(())
    }
}

/// Whether a person who stands to a place as `place` says may do `right` to an item. A right on the
/// place as a whole (*Add*, *RemoveAny* …) does not depend on `item`.
pub fn allows(right: Right, place: &PlaceRights, item: &ItemFacts) -> bool {
    if place.read_only && right != Right::Read {
        return false;
    }
    let role = match place.standing {
        // The creator of a private contact may withdraw it from any group.
        Standing::Outsider => {
            return right == Right::Remove && item.creator && item.created_private;
        }
        Standing::Reader => return right == Right::Read,
        Standing::Owner => None,
        Standing::Member(role) => Some(role),
    };
    let owner = role.is_none();
    let runs_group = role.is_some_and(Role::runs_group);
    let adds = place.group_right >= GroupRight::Add;
    let deletes = place.group_right == GroupRight::AddDelete;
    match right {
        Right::Read | Right::Comment => true,
        // No role gives *Modify*: admins and co-admins add and delete only.
        Right::Modify => owner || item.creator || item.granted || item.custodian,
        Right::GrantModify | Right::Verify => owner || item.creator || item.custodian,
        Right::Add => adds,
        Right::Remove => {
            let shared = item.placed && !item.created_here;
            let withdraws = shared || (item.creator && item.created_private);
            let created = item.creator && item.created_here && adds;
            deletes || withdraws || (created && place.options.creators_delete)
        }
        Right::RemoveAny => deletes,
        // The person who removed an item restores it, and so does its creator where they may add.
        // An item its creator withdrew is restored by nobody else (`docs/design/rights.md`).
        Right::Restore => {
            let brings_back = item.removed || deletes || (item.creator && adds);
            brings_back && (owner || item.creator || !item.withdrawn)
        }
        Right::Share => owner || runs_group || item.creator || place.options.share_outside,
        Right::DeleteComment => deletes && !owner,
        Right::GrantGroup => runs_group,
        Right::Administer => role == Some(Role::Admin),
    }
}

#[cfg(test)]
mod tests;
