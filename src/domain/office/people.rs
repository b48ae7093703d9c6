//! Administration of accounts, one by one or from a list, and of their classes.

use std::collections::HashMap;

use super::{
    Office,
    store::{OfficeOp, PersonCounts},
};
use crate::domain::{
    account::is_line,
    account_class::AccountClass,
    batch::{Op, PersonChange, PersonOp},
    document::DocumentOp,
    error::{Error, Result},
    forgotten::password_changed,
    id::{PersonId, Timestamp},
    json,
    outbox::is_address,
    principal::{Person, valid_login},
    rule::Rule,
    settings::Settings,
};

/// Least value of a limit of photos or imports, in octets.
const LEAST: i64 = 1024;

/// An account as the administration lists it.
#[derive(Clone, Debug)]
pub struct Account {
    pub person: Person,
    pub counts: PersonCounts,
}

/// A new account; the caller hashes the password.
#[derive(Clone, Debug, Default)]
pub struct NewAccount {
    pub login: String,
    pub email: Option<String>,
    /// The name; empty: the login.
    pub name: String,
    pub admin: bool,
    /// The class; empty: none.
    pub class: String,
}

/// Changes of an account; fields that are none stay.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    pub email: Option<Option<String>>,
    pub name: Option<String>,
    pub admin: Option<bool>,
    pub disabled: Option<bool>,
    pub quota: Option<Option<i64>>,
    pub class: Option<String>,
    pub password_hash: Option<String>,
    /// Octets of documents; none: the server's rule.
    pub document_quota: Option<Option<i64>>,
    /// Shown to the members of the person's groups.
    pub organization: Option<String>,
    /// Octets of the picture shown to them; empty: no picture.
    pub picture: Option<Vec<u8>>,
    /// Whether the members of the person's groups are books of its own.
    pub shows_members: Option<bool>,
    /// All settings, as JSON.
    pub settings: Option<String>,
}

impl Office {
    /// The accounts whose login, name or address contains a text, by login.
    pub async fn accounts(&self, text: &str) -> Result<Vec<Account>> {
        let folded = text.trim().to_lowercase();
        let store = self.core().store();
        let counts = store.person_counts().await?.into_iter();
        let mut counts: HashMap<PersonId, PersonCounts> =
            counts.map(|counts| (counts.person, counts)).collect();
        let holds = |person: &Person| {
            [
                Some(&person.login),
                Some(&person.name),
                person.email.as_ref(),
            ]
            .into_iter()
            .flatten()
            .any(|field| field.to_lowercase().contains(&folded))
        };
        let people = store.people().await?.into_iter().filter(holds);
        Ok(people
            .map(|person| Account {
                counts: counts.remove(&person.id).unwrap_or_default(),
                person,
            })
            .collect())
    }

    /// The logins of all accounts.
    pub async fn logins(&self) -> Result<HashMap<PersonId, String>> {
        let people = self.core().store().people().await?.into_iter();
        Ok(people.map(|person| (person.id, person.login)).collect())
    }

    /// An account by its login or e-mail address; none for an unknown one.
    pub async fn person_named(&self, login: &str) -> Result<Option<Person>> {
        self.core().store().person_by_login(login).await
    }

    /// One account. `NotFound` for an unknown one.
    pub async fn account(&self, person: PersonId) -> Result<Account> {
        let accounts = self.accounts("").await?;
        let found = accounts.into_iter().find(|known| known.person.id == person);
        found.ok_or(Error::NotFound)
    }

    /// Adds an account. Refused: `Invalid`, `Exists` (login or address), `NotFound` (class).
    pub async fn add_account(&self, new: NewAccount, password_hash: String) -> Result<PersonId> {
        let login = new.login.trim().to_owned();
        if !valid_login(&login) {
            return Err(Error::Invalid(Rule::Login));
        }
        new.email.as_deref().map_or(Ok(()), check_address)?;
        check_name(&new.name)?;
        let add = Op::Person(PersonOp::AddPerson {
            name: match new.name.trim() {
                "" => login.clone(),
                name => name.to_owned(),
            },
            login,
            email: new.email,
            admin: new.admin,
            password_hash,
            class: new.class,
        });
        self.commit(vec![add]).await?.row()
    }

    /// Changes an account; a letter tells the person of another password. `Invalid` if no administrator would be left.
    pub async fn change_account(&self, person: PersonId, change: AccountChange) -> Result<()> {
        let known = self.core().person(person).await?.ok_or(Error::NotFound)?;
        if let Some(Some(email)) = &change.email
            && known.email.as_ref() != Some(email)
        {
            check_address(email)?;
        }
        change.name.as_deref().map_or(Ok(()), check_name)?;
        if change.quota.flatten().is_some_and(|quota| quota < 0) {
            return Err(Error::Invalid(Rule::Quota));
        }
        let is_new_password = change.password_hash.is_some();
        let leaves = change.disabled == Some(true) || change.admin == Some(false);
        let kept = leaves.then(|| self.keep_administrator(person)).flatten();
        let mut ops: Vec<Op> = kept.into_iter().collect();
        ops.push(Op::Person(PersonOp::ChangePerson(PersonChange {
            person,
            email: change.email,
            name: change.name.filter(|name| !name.trim().is_empty()),
            admin: change.admin,
            password_hash: change.password_hash,
            disabled: change.disabled,
            quota: change.quota,
            settings: change.settings,
        })));
        if is_new_password && self.core().limits().letters {
            // Whoever is let in under their name, they are told.
            let settings: Settings =
                json::read("the settings of an account", known.settings.as_bytes())
                    .unwrap_or_default();
            let language = settings.of_letters().unwrap_or_default();
            ops.extend(password_changed(&known, language, Timestamp::now()));
        }
        if let Some(class) = change.class {
            ops.push(Op::Office(OfficeOp::SetClass { person, class }));
        }
        if let Some(quota) = change.document_quota {
            ops.push(Op::Document(DocumentOp::SetDocumentQuota { person, quota }));
        }
        if change.organization.is_some() || change.picture.is_some() {
            ops.push(Op::Person(PersonOp::DescribePerson {
                person,
                organization: change.organization,
                picture: change.picture,
            }));
        }
        if let Some(shown) = change.shows_members {
            ops.push(Op::Person(PersonOp::ShowMembers { person, shown }));
        }
        self.commit(ops).await.map(drop)
    }

    /// Removes an account; `typed` must be its login. What it shared stays with the groups.
    /// `Invalid` while it is the admin of a group, or the last administrator.
    pub async fn remove_account(&self, person: PersonId, typed: &str) -> Result<()> {
        typed_is(typed, &self.account(person).await?.person.login)?;
        let mut ops: Vec<Op> = self.keep_administrator(person).into_iter().collect();
        ops.push(Op::Person(PersonOp::RemovePerson { person }));
        self.commit_all(ops).await
    }

    /// The classes; the class of everybody else, which has no name, comes first.
    pub async fn classes(&self) -> Result<Vec<AccountClass>> {
        self.core().store().account_classes().await
    }

    /// Makes a class, or changes the one of that name. Without a name: the class of everybody else.
    pub async fn put_class(&self, class: AccountClass) -> Result<()> {
        if !class.name.is_empty() && !AccountClass::is_name(&class.name) {
            return Err(Error::Invalid(Rule::ClassName));
        }
        if [class.contacts, class.devices]
            .iter()
            .flatten()
            .any(|n| *n < 1)
        {
            return Err(Error::Invalid(Rule::Limit));
        }
        if class.documents.is_some_and(|octets| octets < 0) {
            return Err(Error::Invalid(Rule::DocumentQuota));
        }
        if [class.photo, class.import_size]
            .iter()
            .flatten()
            .any(|octets| *octets < LEAST)
        {
            return Err(Error::Invalid(Rule::SizeLimit));
        }
        self.commit(vec![Op::Office(OfficeOp::PutClass(class))])
            .await
            .map(drop)
    }

    /// [`Office::put_class`] of another class. `Exists` for a name that is taken.
    pub async fn add_class(&self, class: AccountClass) -> Result<()> {
        if class.name.is_empty() {
            return Err(Error::Invalid(Rule::ClassName));
        }
        let known = self.classes().await?;
        if known.iter().any(|known| known.name == class.name) {
            return Err(Error::Exists(class.name));
        }
        self.put_class(class).await
    }

    /// Removes a class; its people are then in none.
    pub async fn remove_class(&self, name: &str) -> Result<()> {
        if name.is_empty() {
            return Err(Error::NotFound);
        }
        let name = name.to_owned();
        self.commit(vec![Op::Office(OfficeOp::RemoveClass { name })])
            .await
            .map(drop)
    }
}

/// `Invalid` unless the confirmation typed is the name of what is to be removed.
pub(super) fn typed_is(typed: &str, name: &str) -> Result<()> {
    if typed.trim() == name {
        Ok(())
    } else {
        Err(Error::Invalid(Rule::TypedName))
    }
}

/// `Invalid` for a name that is too long. An account without a name is called by its login.
fn check_name(name: &str) -> Result<()> {
    let name = name.trim();
    if name.is_empty() || is_line(name, 1, 100) {
        Ok(())
    } else {
        Err(Error::Invalid(Rule::DisplayName))
    }
}

/// `Invalid` for an address no mail could be sent to.
fn check_address(email: &str) -> Result<()> {
    if is_address(email) {
        Ok(())
    } else {
        Err(Error::Invalid(Rule::Address(email.to_owned())))
    }
}
