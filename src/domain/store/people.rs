//! People, groups, members and what they were granted.

use std::sync::Arc;

use async_trait::async_trait;

use crate::domain::{
    actor::Account,
    collection::Collection,
    error::Result,
    id::{CollectionId, GroupId, PersonId},
    principal::{Group, Member, Person},
    rights::GroupRight,
    store::Invitation,
};

/// Reads of people and of groups.
#[async_trait]
pub trait PeopleStore: Send + Sync {
    /// By login, or by e-mail address, without regard to case.
    async fn account_by_login(&self, login: &str) -> Result<Option<Arc<Account>>>;
    /// [`PeopleStore::account_by_login`], without the memberships.
    async fn person_by_login(&self, login: &str) -> Result<Option<Person>> {
        let account = self.account_by_login(login).await?;
        Ok(account.map(|account| account.person.clone()))
    }
    async fn person(&self, person: PersonId) -> Result<Option<Person>>;
    async fn people(&self) -> Result<Vec<Person>>;
    async fn account(&self, person: PersonId) -> Result<Option<Arc<Account>>>;
    /// Grows with every change of memberships, roles, grants, groups or accounts, but for a change of
    /// personal settings alone.
    async fn rights_revision(&self) -> Result<i64>;
    async fn groups(&self) -> Result<Vec<Group>>;
    /// By exact name.
    async fn group_by_name(&self, name: &str) -> Result<Option<Group>>;
    async fn group(&self, group: GroupId) -> Result<Option<Group>>;
    /// The book of contacts of a group; none for a group that does not exist.
    async fn group_book(&self, group: GroupId) -> Result<Option<CollectionId>>;
    /// The members of a group by name, without regard to case.
    async fn members(&self, group: GroupId) -> Result<Vec<Member>>;
    /// The collection whose cards are the members of a group.
    async fn members_list(&self, group: GroupId) -> Result<Option<CollectionId>>;
    /// The lists of members that a person's home shows, by the display name of their groups.
    async fn shown_members(&self, person: PersonId) -> Result<Vec<Collection>>;
    /// The groups of a person with the number of members of each, in no order.
    async fn group_sizes(&self, person: PersonId) -> Result<Vec<(GroupId, i64)>>;
    /// Invitations into a group that were not accepted or withdrawn, the last made first, those that
    /// have expired among them.
    async fn invitations(&self, group: GroupId) -> Result<Vec<Invitation>>;
    /// An invitation by the digest of its secret, until it is accepted or withdrawn.
    async fn invitation(&self, token: &str) -> Result<Option<Invitation>>;
    /// The strongest grant that applies to the person in the group, be it to them or to everyone.
    async fn group_right(&self, group: GroupId, person: PersonId) -> Result<GroupRight>;
    /// All grants of a group, the one to everyone (`None`) first.
    async fn group_grants(&self, group: GroupId) -> Result<Vec<(Option<PersonId>, GroupRight)>>;
}
