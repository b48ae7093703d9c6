//! Groups run by people: founding, members, roles, options, leaving, deleting. One admin runs a
//! group with any number of co-admins; only the admin names co-admins, hands the group over or
//! deletes it.

use std::sync::Arc;

use super::{
    actor::{Actor, Membership},
    batch::{Committed, GroupOp, Op},
    blocking::carried_on,
    book::Book,
    core::Core,
    error::{Error, Result},
    id::{GroupId, PersonId, Timestamp},
    item::{digest, random_id},
    outbox::{ADDRESS, is_address},
    principal::{Group, GroupOptions, MEMBERS, Member, Role, valid_group_name},
    rights::Right,
    rule::Rule,
    store::Invitation,
};

/// Days an invitation can be accepted.
const INVITATION_DAYS: i64 = 14;
/// Invitations of one group that can still be accepted.
const INVITATIONS: usize = 100;
/// Groups that one person administers, of those they founded and were handed.
const GROUPS: usize = 100;

/// A group opened by one of its members.
#[derive(Clone)]
pub struct OpenGroup {
    book: Book,
    group: Group,
    role: Role,
}

/// What becomes of the private contacts that a leaving person shared into the group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leaving {
    /// The group keeps a copy of its own, the person keeps the original.
    #[default]
    LeaveCopies,
    /// They are withdrawn from the group.
    TakeBack,
}

/// What may be done with one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberVerbs {
    /// [`OpenGroup::remove_member`]
    pub remove: bool,
    /// [`OpenGroup::set_role`] to co-administrator.
    pub promote: bool,
    /// [`OpenGroup::set_role`] to plain member.
    pub demote: bool,
    /// [`OpenGroup::hand_over`]
    pub hand_over: bool,
}

/// Checks what a group is to be called on screens: 1 to 100 characters, no controls.
fn display_name(text: &str) -> Result<String> {
    let text = text.trim();
    let length = text.chars().count();
    if (1..=100).contains(&length) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Error::Invalid(Rule::DisplayName))
    }
}

/// A co-administrator is taken out by the administrator.
fn right_to_remove(role: Role) -> Right {
    match role {
        Role::Member => Right::GrantGroup,
        Role::CoAdmin | Role::Admin => Right::Administer,
    }
}

impl Core {
    /// Whether this person may create groups (a setting).
    pub fn may_found(&self, actor: &Actor) -> bool {
        actor.admin || !self.limits().administrators_found
    }

    /// Creates a group whose administrator is the actor, and returns its name, which is part of URLs and
    /// never changes: `name`, or the spelling of a deleted group that comes back.
    ///
    /// The former administrator of a deleted group of that name gets its book back, with its trash.
    /// Refuses with `Forbidden` (setting), `Invalid` (name, too many groups), `Exists` (whatever the case).
    pub async fn found_group(&self, actor: &Arc<Actor>, name: &str, shown: &str) -> Result<String> {
        if !self.may_found(actor) {
            return Err(Error::Forbidden {
                right: Right::Administer,
            });
        }
        if name == MEMBERS {
            return Err(Error::Invalid(Rule::ReservedName));
        }
        if !valid_group_name(name) {
            return Err(Error::Invalid(Rule::GroupName));
        }
        let shown = display_name(if shown.trim().is_empty() { name } else { shown })?;
        self.decided(actor, |actor| {
            let op = Op::Group(GroupOp::AddGroup {
                name: name.to_owned(),
                display_name: shown.clone(),
                admin: actor.person,
            });
            async move {
                let own = actor.memberships.iter();
                if own.filter(|own| own.role == Role::Admin).count() >= GROUPS {
                    return Err(Error::Invalid(Rule::Groups(GROUPS)));
                }
                let committed = self.commit_as(&actor, vec![op]).await?;
                let group = self.store().group(committed.row()?).await?;
                Ok(group.ok_or(Error::NotFound)?.name)
            }
        })
        .await
    }

    /// The groups the actor is in.
    pub fn groups<'a>(&self, actor: &'a Actor) -> &'a [Membership] {
        &actor.memberships
    }

    /// The groups the actor is in, with how many members each has.
    pub async fn group_sizes(&self, actor: &Actor) -> Result<Vec<(GroupId, i64)>> {
        self.store().group_sizes(actor.person).await
    }

    /// Opens a group by its exact name; `NotFound` unless the actor is a member.
    pub async fn group(self: &Arc<Self>, actor: &Arc<Actor>, name: &str) -> Result<OpenGroup> {
        let membership = actor.memberships.iter().find(|m| m.name == name);
        let membership = membership.ok_or(Error::NotFound)?;
        let book = self.open(actor, membership.book).await?;
        let group = self.store().group(membership.group).await?;
        Ok(OpenGroup {
            book,
            group: group.ok_or(Error::NotFound)?,
            role: membership.role,
        })
    }

    /// The members of a group the actor is a member of, by login.
    pub async fn members_of(&self, membership: &Membership) -> Result<Vec<Member>> {
        self.store().members(membership.group).await
    }

    /// An invitation by its secret; refused as [`Core::accept_invitation`] refuses it.
    pub async fn invitation(&self, token: &str) -> Result<Invitation> {
        let invitation = self.store().invitation(&digest(token.as_bytes())).await?;
        let holds = |invitation: &Invitation| invitation.expires > Timestamp::now();
        let invitation = invitation.filter(holds).ok_or(Error::NotFound)?;
        if invitation.valid {
            Ok(invitation)
        } else {
            Err(Error::Invalid(Rule::InvitationVoid))
        }
    }

    /// Joins the group an invitation is for; `NotFound` when it is used up, withdrawn or too old,
    /// `Invalid` when who invited does not run the group any more, and to a member.
    pub async fn accept_invitation(&self, actor: &Arc<Actor>, token: &str) -> Result<GroupId> {
        let token = digest(token.as_bytes());
        self.decided(actor, |actor| {
            let op = Op::Group(GroupOp::AcceptInvitation {
                token: token.clone(),
                person: actor.person,
            });
            async move {
                let committed = self.commit_as(&actor, vec![op]).await?;
                committed.row()
            }
        })
        .await
    }
}

impl OpenGroup {
    /// The group as it was when it was opened.
    pub fn group(&self) -> &Group {
        &self.group
    }

    /// The role of the actor.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The group's book.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// May add and remove members and grant rights on the group.
    pub fn runs(&self) -> bool {
        self.book.may(Right::GrantGroup)
    }

    /// May name co-administrators, hand over, rename, set options, delete.
    pub fn administers(&self) -> bool {
        self.book.may(Right::Administer)
    }

    /// The members of the group, by name; every member may see them.
    pub async fn members(&self) -> Result<Vec<Member>> {
        self.book.core().store().members(self.group.id).await
    }

    /// What the actor may do with a member; oneself is left by [`OpenGroup::leave`].
    pub fn member_verbs(&self, member: &Member) -> MemberVerbs {
        let other = member.person != self.book.actor().person;
        let may = |right| other && self.book.may(right);
        MemberVerbs {
            remove: may(right_to_remove(member.role)),
            promote: member.role == Role::Member && may(Right::Administer),
            demote: member.role == Role::CoAdmin && may(Right::Administer),
            hand_over: may(Right::Administer),
        }
    }

    /// Adds an account by login or e-mail address; a member already in stays as they are. For
    /// admin and co-admins. `NotFound` when there is no such account.
    pub async fn add_member(&self, login: &str) -> Result<PersonId> {
        let found = self
            .book
            .core()
            .store()
            .person_by_login(login.trim())
            .await?;
        let person = found.filter(|person| !person.disabled);
        let person = person.ok_or(Error::NotFound)?.id;
        self.decided(Right::GrantGroup, |group| async move {
            let members = group.members().await?;
            if members.iter().any(|member| member.person == person) {
                return Ok(Vec::new());
            }
            Ok(vec![Op::Group(GroupOp::SetMember {
                group: group.group.id,
                person,
                role: Role::Member,
            })])
        })
        .await?;
        Ok(person)
    }

    /// Makes an invitation for an e-mail address and returns the token that goes into its link:
    /// it can be used once, within 14 days, and takes the place of an open one to this address. For
    /// admin and co-admins.
    pub async fn invite(&self, email: &str) -> Result<String> {
        let email = email.trim().to_owned();
        if !is_address(&email) {
            let email = email.chars().take(ADDRESS).collect();
            return Err(Error::Invalid(Rule::Address(email)));
        }
        let token = random_id(16);
        let kept = digest(token.as_bytes());
        let address = email.as_str();
        self.decided(Right::GrantGroup, |group| {
            let op = Op::Group(GroupOp::Invite {
                group: group.group.id,
                token: kept.clone(),
                email: email.clone(),
                expires: Timestamp::now().plus_days(INVITATION_DAYS),
            });
            async move {
                let open = group.invitations().await?.into_iter();
                let others = open.filter(|open| !open.email.eq_ignore_ascii_case(address));
                if others.count() >= INVITATIONS {
                    return Err(Error::Invalid(Rule::Invitations(INVITATIONS)));
                }
                Ok(vec![op])
            }
        })
        .await?;
        Ok(token)
    }

    /// The invitations that can still be accepted, the last made first. For admin and co-admins;
    /// others see none.
    pub async fn invitations(&self) -> Result<Vec<Invitation>> {
        if !self.runs() {
            return Ok(Vec::new());
        }
        let now = Timestamp::now();
        let mut made = self.book.core().store().invitations(self.group.id).await?;
        made.retain(|invitation| invitation.expires > now);
        Ok(made)
    }

    /// Ends an invitation, named by the digest of its secret. For admin and co-admins.
    pub async fn withdraw_invitation(&self, token: &str) -> Result<()> {
        self.decided(Right::GrantGroup, |group| {
            let op = Op::Group(GroupOp::WithdrawInvitation {
                group: group.group.id,
                token: token.to_owned(),
            });
            async move { Ok(vec![op]) }
        })
        .await
    }

    /// Makes a member a co-administrator, or a plain member again. For the admin.
    pub async fn set_role(&self, person: PersonId, role: Role) -> Result<()> {
        if role == Role::Admin {
            return self.hand_over(person).await;
        }
        self.set_member(person, role).await
    }

    /// Makes a member the administrator; the former one becomes co-administrator. For the admin.
    pub async fn hand_over(&self, person: PersonId) -> Result<()> {
        self.set_member(person, Role::Admin).await
    }

    async fn set_member(&self, person: PersonId, role: Role) -> Result<()> {
        self.decided(Right::Administer, |group| async move {
            group.require_member(person).await?;
            Ok(vec![Op::Group(GroupOp::SetMember {
                group: group.group.id,
                person,
                role,
            })])
        })
        .await
    }

    /// Changes the name shown; the one in URLs stays. For the admin.
    pub async fn rename(&self, shown: &str) -> Result<()> {
        let shown = display_name(shown)?;
        self.change(Some(shown), None).await
    }

    /// Changes what members may do. For the admin.
    pub async fn set_options(&self, options: GroupOptions) -> Result<()> {
        self.change(None, Some(options)).await
    }

    async fn change(&self, shown: Option<String>, options: Option<GroupOptions>) -> Result<()> {
        self.decided(Right::Administer, |group| {
            let op = Op::Group(GroupOp::ChangeGroup {
                group: group.group.id,
                display_name: shown.clone(),
                options,
            });
            async move { Ok(vec![op]) }
        })
        .await
    }

    /// Leaves the group. Its administrator has to hand it over first (`Invalid`).
    pub async fn leave(&self, leaving: Leaving) -> Result<()> {
        self.ended(Right::Read, move |group| async move {
            Ok(GroupOp::RemoveMember {
                group: group.group.id,
                person: group.book.actor().person,
                leaving,
            })
        })
        .await
    }

    /// Takes a member out; the group keeps copies of what they shared. For admin and co-admins;
    /// a co-administrator is taken out by the admin.
    pub async fn remove_member(&self, person: PersonId) -> Result<()> {
        self.ended(Right::Read, move |group| async move {
            let right = right_to_remove(group.require_member(person).await?);
            if !group.book.may(right) {
                return Err(Error::Forbidden { right });
            }
            Ok(GroupOp::RemoveMember {
                group: group.group.id,
                person,
                leaving: Leaving::LeaveCopies,
            })
        })
        .await
    }

    /// Deletes the group: what is in it goes to the trash, and the administrator may bring it back
    /// for the trash time by founding the group again. For the admin.
    pub async fn delete(&self) -> Result<()> {
        self.ended(Right::Administer, |group| async move {
            Ok(GroupOp::RemoveGroup {
                group: group.group.id,
            })
        })
        .await
    }

    /// [`OpenGroup::decided`] of what may take several commits, each decided by itself.
    async fn ended<F, D>(&self, right: Right, decide: D) -> Result<()>
    where
        D: Fn(OpenGroup) -> F + Send + Sync + 'static,
        F: Future<Output = Result<GroupOp>> + Send,
    {
        let group = self.clone();
        carried_on(async move {
            let decide = &decide;
            let one = |group| async move { Ok(vec![Op::Group(decide(group).await?)]) };
            while group.committed(right, one).await?.more {}
            Ok(())
        })
        .await
    }

    /// The role of a member; `Invalid` for somebody who is none.
    pub(super) async fn require_member(&self, person: PersonId) -> Result<Role> {
        let members = self.members().await?;
        let member = members.iter().find(|member| member.person == person);
        member
            .map(|member| member.role)
            .ok_or(Error::Invalid(Rule::NotAMember))
    }

    /// Commits what is decided with a right on the group, anew as long as the world moves.
    pub(super) async fn decided<F, D>(&self, right: Right, decide: D) -> Result<()>
    where
        D: Fn(OpenGroup) -> F + Send + Sync,
        F: Future<Output = Result<Vec<Op>>> + Send,
    {
        self.committed(right, decide).await.map(drop)
    }

    async fn committed<F, D>(&self, right: Right, decide: D) -> Result<Committed>
    where
        D: Fn(OpenGroup) -> F + Send + Sync,
        F: Future<Output = Result<Vec<Op>>> + Send,
    {
        let core = self.book.core();
        let decide = &decide;
        core.decided(self.book.actor(), |actor| async move {
            let group = core.group(&actor, &self.group.name).await?;
            if !group.book.may(right) {
                return Err(Error::Forbidden { right });
            }
            let ops = decide(group).await?;
            if ops.is_empty() {
                Ok(Committed::default())
            } else {
                core.commit_as(&actor, ops).await
            }
        })
        .await
    }
}
