//! Rights given by people: *Add* and *Add and delete* on a group, *Modify* contact by contact. A
//! grant is to one member, and ends with the membership, or to everyone in the group.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    actor::Actor,
    batch::{GrantOp, Op},
    book::Book,
    collation::sort_key,
    collection::Place,
    core::Core,
    error::{Error, Result},
    group::OpenGroup,
    id::{CollectionId, PersonId, PlacementId},
    item::Placement,
    principal::Member,
    rights::{GroupRight, Modify, Right},
    rule::Rule,
    undo::{TakenBack, Undo},
};

/// To whom a right is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// Whoever is in the group at any moment.
    Everyone,
    /// One member; the grant ends when they leave.
    Member(PersonId),
}

impl Grantee {
    fn person(self) -> Option<PersonId> {
        match self {
            Grantee::Everyone => None,
            Grantee::Member(person) => Some(person),
        }
    }

    fn from(person: Option<PersonId>) -> Self {
        person.map_or(Grantee::Everyone, Grantee::Member)
    }
}

/// One line of the summary of a group's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupGrant {
    pub grantee: Grantee,
    /// The member's name; empty for everyone.
    pub name: String,
    pub right: GroupRight,
}

/// Why somebody may modify an item in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Creator,
    /// Admin or co-admin while the creator is not a member of the group.
    Custody,
    /// A grant, which can be withdrawn.
    Granted,
}

/// One line of the summary of who may modify an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modifier {
    pub grantee: Grantee,
    /// The member's name; empty for everyone.
    pub name: String,
    pub reason: Reason,
}

impl OpenGroup {
    /// Every right granted on the group: everyone first, then members by name.
    pub async fn grants(&self) -> Result<Vec<GroupGrant>> {
        let members = self.members().await?;
        let stored = self
            .book()
            .core()
            .store()
            .group_grants(self.group().id)
            .await?;
        let mut grants: Vec<GroupGrant> = stored
            .into_iter()
            .map(|(person, right)| GroupGrant {
                grantee: Grantee::from(person),
                name: members
                    .iter()
                    .find(|member| Some(member.person) == person)
                    .map_or_else(String::new, |member| member.name.clone()),
                right,
            })
            .collect();
        grants.sort_by_cached_key(|grant| sort_key(&grant.name));
        Ok(grants)
    }

    /// Gives a right to several at once; `GroupRight::None` withdraws. For admin and co-admins.
    /// Refuses with `Invalid` when one of them is not a member.
    pub async fn grant(&self, grantees: &[Grantee], right: GroupRight) -> Result<()> {
        self.decided(Right::GrantGroup, |group| async move {
            let mut ops = Vec::with_capacity(grantees.len());
            let members = group.members().await?;
            for grantee in grantees {
                let person = grantee.person();
                if let Some(person) = person
                    && !members.iter().any(|member| member.person == person)
                {
                    return Err(not_a_member());
                }
                ops.push(Op::Grant(GrantOp::GrantGroup {
                    group: group.group().id,
                    person,
                    right,
                }));
            }
            Ok(ops)
        })
        .await
    }
}

impl OpenGroup {
    /// What will undo [`OpenGroup::grant`] of this right to these: those that it changes something
    /// for.
    pub async fn undoing(&self, grantees: &[Grantee], right: GroupRight) -> Result<Undo> {
        let now = self.grants().await?;
        let former = grantees
            .iter()
            .map(|grantee| (*grantee, right_of(&now, *grantee)));
        Ok(Undo::Granted {
            book: self.book().collection().id,
            right,
            former: former.filter(|(_, former)| *former != right).collect(),
        })
    }
}

fn right_of(grants: &[GroupGrant], grantee: Grantee) -> GroupRight {
    let found = grants.iter().find(|grant| grant.grantee == grantee);
    found.map_or(GroupRight::None, |grant| grant.right)
}

impl Core {
    /// Gives those their former rights back who still have the one that replaced it.
    pub(super) async fn ungrant(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        book: CollectionId,
        right: GroupRight,
        former: &[(Grantee, GroupRight)],
    ) -> Result<TakenBack> {
        let memberships = actor.memberships.iter();
        let mut memberships = memberships.filter(|membership| membership.book == book);
        let membership = memberships.next().ok_or(Error::NotFound)?;
        let group = self.group(actor, &membership.name).await?;
        let (now, members) = (group.grants().await?, group.members().await?);
        let mut alike: BTreeMap<&str, (GroupRight, Vec<Grantee>)> = BTreeMap::new();
        let mut taken = TakenBack::default();
        for (grantee, former) in former {
            if right_of(&now, *grantee) == right && is_there(*grantee, &members) {
                let alike = alike.entry(former.as_str());
                alike.or_insert((*former, Vec::new())).1.push(*grantee);
                taken.back += 1;
            } else {
                taken.left += 1;
            }
        }
        for (former, grantees) in alike.values() {
            group.grant(grantees, *former).await?;
        }
        Ok(taken)
    }
}

/// Whether a right can still be given to them.
fn is_there(grantee: Grantee, members: &[Member]) -> bool {
    let person = grantee.person();
    person.is_none_or(|person| members.iter().any(|member| member.person == person))
}

impl Book {
    /// What will undo [`Book::grant_modify`] to these: those that it changes something for.
    pub async fn undoing_modify(
        &self,
        placement: &Placement,
        grantees: &[Grantee],
        modify: Modify,
    ) -> Result<Undo> {
        let granted = self.granted(placement).await?;
        let is_granting = modify == Modify::Granted;
        let changed = grantees.iter().copied();
        Ok(Undo::Modifiable {
            book: self.collection().id,
            placement: placement.id,
            modify,
            grantees: changed
                .filter(|grantee| granted.contains(grantee) != is_granting)
                .collect(),
        })
    }

    /// Undoes what [`Book::undoing_modify`] was asked for, where it is still so.
    pub(super) async fn ungrant_modify(
        &self,
        placement: PlacementId,
        modify: Modify,
        grantees: &[Grantee],
    ) -> Result<TakenBack> {
        let found = self.by_placements(&[placement]).await?.into_iter();
        let live = found.flatten().map(|card| card.placement);
        let mut live = live.filter(|placement| placement.is_live());
        let placement = live.next().ok_or(Error::NotFound)?;
        let (granted, members) = (self.granted(&placement).await?, self.members().await?);
        let was_granting = modify == Modify::Granted;
        let still = grantees.iter().copied().filter(|grantee| {
            granted.contains(grantee) == was_granting && is_there(*grantee, &members)
        });
        let still: Vec<Grantee> = still.collect();
        if !still.is_empty() {
            self.grant_modify(&placement, &still, modify.undone())
                .await?;
        }
        Ok(TakenBack {
            back: still.len(),
            left: grantees.len() - still.len(),
        })
    }

    /// To whom *Modify* on an item was given.
    async fn granted(&self, placement: &Placement) -> Result<Vec<Grantee>> {
        let modifiers = self.modifiers(placement).await?.into_iter();
        let granted = modifiers.filter(|modifier| modifier.reason == Reason::Granted);
        Ok(granted.map(|modifier| modifier.grantee).collect())
    }

    /// Gives *Modify* on an item of this group's book to several at once, or withdraws it. For the
    /// creator, and in custody for the admins.
    pub async fn grant_modify(
        &self,
        placement: &Placement,
        grantees: &[Grantee],
        modify: Modify,
    ) -> Result<()> {
        self.decided(|book| async move {
            let group = book.group_id()?;
            let current = book.current(placement).await?.placement;
            book.require(&current, Right::GrantModify).await?;
            let members = book.core().store().members(group).await?;
            let mut ops = Vec::with_capacity(grantees.len());
            for grantee in grantees {
                let person = grantee.person();
                if modify == Modify::Granted
                    && let Some(person) = person
                    && !members.iter().any(|member| member.person == person)
                {
                    return Err(not_a_member());
                }
                ops.push(Op::Grant(GrantOp::GrantItem {
                    item: current.item,
                    collection: current.collection,
                    person,
                    modify,
                }));
            }
            book.core().commit_as(book.actor(), ops).await.map(drop)
        })
        .await
    }

    /// Who is in the group whose book this is.
    pub async fn members(&self) -> Result<Vec<Member>> {
        self.core().store().members(self.group_id()?).await
    }

    /// Who may modify an item of this group's book, for every member to see: its creator if they
    /// are a member, those it is granted to, in custody the admins.
    pub async fn modifiers(&self, placement: &Placement) -> Result<Vec<Modifier>> {
        let group = self.group_id()?;
        let store = self.core().store();
        let members = store.members(group).await?;
        let standing = store
            .item_standing(placement.item, placement.creator)
            .await?;
        let standing = standing.ok_or(Error::NotFound)?;
        let in_custody = standing.origin == Some(Place::Group(group)) && standing.in_custody;
        let mut modifiers = Vec::new();
        for member in &members {
            let reason = if member.person == placement.creator {
                Reason::Creator
            } else if in_custody && member.role.runs_group() {
                Reason::Custody
            } else {
                continue;
            };
            modifiers.push(Modifier {
                grantee: Grantee::Member(member.person),
                name: member.name.clone(),
                reason,
            });
        }
        for grant in store.item_grants(placement.item).await? {
            if grant.collection != placement.collection {
                continue;
            }
            let name = members
                .iter()
                .find(|member| Some(member.person) == grant.person)
                .map_or_else(String::new, |member| member.name.clone());
            modifiers.push(Modifier {
                grantee: Grantee::from(grant.person),
                name,
                reason: Reason::Granted,
            });
        }
        Ok(modifiers)
    }
}

fn not_a_member() -> Error {
    Error::Invalid(Rule::OnlyMembers)
}
