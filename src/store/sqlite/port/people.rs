//! People, groups, members and what they were granted.

use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    domain::{
        actor::Account,
        collation::sort_key,
        collection::Collection,
        error::Result,
        id::{CollectionId, GroupId, PersonId},
        principal::{Group, Member, Person},
        rights::GroupRight,
        store::{Invitation, PeopleStore},
    },
    store::sqlite::Sqlite,
};

#[async_trait]
impl PeopleStore for Sqlite {
    async fn account_by_login(&self, login: &str) -> Result<Option<Arc<Account>>> {
        let login = login.to_lowercase();
        self.look_up(|r| self.accounts.by_login(r, &login)).await
    }

    async fn person(&self, person: PersonId) -> Result<Option<Person>> {
        let found = self.look_up(|r| self.accounts.by_id(r, person)).await?;
        Ok(found.map(|account| account.person.clone()))
    }

    async fn people(&self) -> Result<Vec<Person>> {
        self.read(|r| r.people()).await
    }

    async fn account(&self, person: PersonId) -> Result<Option<Arc<Account>>> {
        self.look_up(|r| self.accounts.by_id(r, person)).await
    }

    async fn rights_revision(&self) -> Result<i64> {
        self.look_up(|r| r.rights_revision()).await
    }

    async fn groups(&self) -> Result<Vec<Group>> {
        self.read(|r| r.groups()).await
    }

    async fn group_by_name(&self, name: &str) -> Result<Option<Group>> {
        let name = name.to_owned();
        self.look_up(move |r| r.group_by_name(&name)).await
    }

    async fn group(&self, group: GroupId) -> Result<Option<Group>> {
        self.look_up(move |r| r.group(group)).await
    }

    async fn group_book(&self, group: GroupId) -> Result<Option<CollectionId>> {
        self.look_up(move |r| r.group_book(group)).await
    }

    async fn members(&self, group: GroupId) -> Result<Vec<Member>> {
        self.read(move |r| r.members(group)).await
    }

    async fn members_list(&self, group: GroupId) -> Result<Option<CollectionId>> {
        self.look_up(move |r| r.members_list(group)).await
    }

    async fn shown_members(&self, person: PersonId) -> Result<Vec<Collection>> {
        let mut lists = self.look_up(move |r| r.shown_members(person)).await?;
        lists.sort_by_cached_key(|list| sort_key(&list.display_name));
        Ok(lists)
    }

    async fn invitations(&self, group: GroupId) -> Result<Vec<Invitation>> {
        self.read(move |r| r.invitations(group)).await
    }

    async fn invitation(&self, token: &str) -> Result<Option<Invitation>> {
        let token = token.to_owned();
        self.read(move |r| r.invitation(&token)).await
    }

    async fn group_sizes(&self, person: PersonId) -> Result<Vec<(GroupId, i64)>> {
        self.look_up(|r| r.group_sizes(person)).await
    }

    async fn group_right(&self, group: GroupId, person: PersonId) -> Result<GroupRight> {
        self.look_up(move |r| r.group_right(group, person)).await
    }

    async fn group_grants(&self, group: GroupId) -> Result<Vec<(Option<PersonId>, GroupRight)>> {
        self.read(move |r| r.group_grants(group)).await
    }
}
