//! What a batch does to accounts, groups and rights.

use super::Op;
use crate::domain::{
    group::Leaving,
    id::{CollectionId, GroupId, ItemId, PersonId, Timestamp},
    principal::{GroupOptions, Role},
    rights::{GroupRight, Modify},
};

/// A change of accounts.
#[derive(Clone, Debug)]
pub enum PersonOp {
    /// Adds an account with its default book and home.
    AddPerson {
        login: String,
        email: Option<String>,
        name: String,
        admin: bool,
        password_hash: String,
        /// The class; empty: none. Refused: `NotFound` where there is no such class.
        class: String,
    },
    ChangePerson(PersonChange),
    /// Replaces the personal settings of an account. Rights decided on before stay decided.
    /// `Moved` unless they are what is `expected`.
    ChangeSettings {
        person: PersonId,
        expected: String,
        settings: String,
    },
    /// Deletes an account, in several commits where it has much. `Invalid` while it is the admin of a
    /// group.
    RemovePerson {
        person: PersonId,
    },
    /// Changes what lists of members show of a person besides name and address; fields that are
    /// none stay.
    DescribePerson {
        person: PersonId,
        organization: Option<String>,
        /// A picture's octets; empty: no picture.
        picture: Option<Vec<u8>>,
    },
    /// Whether the person's home shows the lists of members of their groups.
    ShowMembers {
        person: PersonId,
        shown: bool,
    },
}

/// Changes of an account; fields that are none stay.
#[derive(Clone, Debug)]
pub struct PersonChange {
    pub person: PersonId,
    pub email: Option<Option<String>>,
    pub name: Option<String>,
    pub admin: Option<bool>,
    pub password_hash: Option<String>,
    pub disabled: Option<bool>,
    pub quota: Option<Option<i64>>,
    pub settings: Option<String>,
}

impl PersonChange {
    /// No change of an account yet.
    pub fn of(person: PersonId) -> Self {
        Self {
            person,
            email: None,
            name: None,
            admin: None,
            password_hash: None,
            disabled: None,
            quota: None,
            settings: None,
        }
    }
}

impl From<PersonChange> for Op {
    fn from(change: PersonChange) -> Self {
        Op::Person(PersonOp::ChangePerson(change))
    }
}

/// A change of groups and their members.
#[derive(Clone, Debug)]
pub enum GroupOp {
    /// A group, its book and its administrator. The administrator of a deleted group of that name
    /// gets its book back, with the trash. Refused: `Exists`, whatever the case.
    AddGroup {
        name: String,
        display_name: String,
        admin: PersonId,
    },
    /// Changes a group; fields that are none stay.
    ChangeGroup {
        group: GroupId,
        display_name: Option<String>,
        options: Option<GroupOptions>,
    },
    /// Deletes a group: its contents go to the trash, in several commits where they are many.
    RemoveGroup { group: GroupId },
    /// Adds a member or changes the role. Naming an admin makes the former admin a co-admin.
    SetMember {
        group: GroupId,
        person: PersonId,
        role: Role,
    },
    /// Ends a membership and the grants to that person through the group. The group keeps copies of
    /// the private contacts they shared, unless they take them back; many are left in several commits.
    RemoveMember {
        group: GroupId,
        person: PersonId,
        leaving: Leaving,
    },
    /// Adds an invitation; `token` is the digest of the secret in its link.
    Invite {
        group: GroupId,
        token: String,
        email: String,
        expires: Timestamp,
    },
    /// Ends an invitation into a group. `NotFound` for none of it.
    WithdrawInvitation { group: GroupId, token: String },
    /// Joins by an invitation. `NotFound` when it was used or has expired, `Invalid` when who invited
    /// runs the group no more, and for a member, who leaves it to whom it was made for.
    AcceptInvitation { token: String, person: PersonId },
}

/// A change of the rights given in a group.
#[derive(Clone, Debug)]
pub enum GrantOp {
    /// Grants a right on a group; `person` none: to everyone in it.
    GrantGroup {
        group: GroupId,
        person: Option<PersonId>,
        right: GroupRight,
    },
    /// Changes *Modify* on an item through a group's collection; `person` none: everyone.
    GrantItem {
        item: ItemId,
        collection: CollectionId,
        person: Option<PersonId>,
        modify: Modify,
    },
}
