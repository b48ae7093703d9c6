//! A person's own account: profile, password, sessions, deletion.

use std::sync::Arc;

use super::{
    account_class::Service,
    actor::Actor,
    batch::{Batch, Op, PersonChange, PersonOp},
    blocking::carried_on,
    core::Core,
    credential::{CredentialOp, Session},
    error::{Error, Result},
    forgotten::password_changed,
    id::{PersonId, Timestamp},
    label::PAGES,
    office::store::OfficeOp,
    outbox::is_address,
    principal::{Person, Profile, Role},
    rule::Rule,
};

/// Characters of a password, at least.
pub const SHORTEST: usize = 10;
/// Octets of a password, at most: a longer one costs time and gains nothing.
const LONGEST: usize = 1024;
/// Characters of an organization, at most.
const ORGANIZATION: usize = 200;
/// Octets of the picture that members of one's groups see.
const PICTURE: usize = 1024 * 1024;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weak {
    TooShort,
    TooLong,
    /// It is the login, the name or the address, or one of these with a few characters added.
    OwnName,
    /// A common password, or hardly more than one character repeated.
    Common,
}

/// Changes to what members of a person's groups see of them; fields that are none stay.
#[derive(Clone, Debug, Default)]
pub struct Portrait {
    pub name: Option<String>,
    /// Empty: none.
    pub email: Option<String>,
    pub organization: Option<String>,
    /// A picture's octets; empty: none.
    pub picture: Option<Vec<u8>>,
}

/// The consequences of deleting an account.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Farewell {
    /// Number of private contacts that are deleted.
    pub contacts: i64,
    /// Number of private documents that are deleted.
    pub documents: i64,
    /// Names of the groups that keep what was created and shared there.
    pub groups: Vec<String>,
    /// Names of the groups that have to be handed over or deleted first.
    pub runs: Vec<String>,
}

impl Core {
    /// The actor's account.
    pub async fn account(&self, actor: &Actor) -> Result<Person> {
        let person = self.store().person(actor.person).await?;
        person.ok_or(Error::NotFound)
    }

    /// An account by its id; none for an unknown one.
    pub async fn person(&self, id: PersonId) -> Result<Option<Person>> {
        self.store().person(id).await
    }

    /// Whether an account may use a service; true when there is no such account any more.
    pub async fn may_use(&self, person: PersonId, service: Service) -> Result<bool> {
        let account = self.store().account(person).await?;
        Ok(account.is_none_or(|account| account.person.may_use(service)))
    }

    /// The actor's profile, as members of their groups see it.
    pub async fn profile(&self, actor: &Actor) -> Result<Profile> {
        let profile = self.store().profile(actor.person).await?;
        profile.ok_or(Error::NotFound)
    }

    /// Changes the actor's profile. `Invalid` for a malformed name or address, `Exists` for an
    /// address of another account, `TooLarge` for a picture.
    pub async fn change_portrait(&self, actor: &Arc<Actor>, portrait: Portrait) -> Result<()> {
        let name = portrait.name.as_deref().map(str::trim);
        if name.is_some_and(|name| !is_line(name, 1, 100)) {
            return Err(Error::Invalid(Rule::DisplayName));
        }
        let email = portrait.email.as_deref().map(str::trim);
        if let Some(email) = email.filter(|email| !email.is_empty())
            && !is_address(email)
        {
            return Err(Error::Invalid(Rule::Address(email.to_owned())));
        }
        let organization = portrait.organization.as_deref().map(str::trim);
        if organization.is_some_and(|organization| !is_line(organization, 0, ORGANIZATION)) {
            return Err(Error::Invalid(Rule::Organization(ORGANIZATION)));
        }
        let octets = portrait.picture.as_ref().map_or(0, Vec::len);
        let limit = actor.photo.map_or(PICTURE, |most| most.min(PICTURE));
        if octets > limit {
            return Err(Error::TooLarge { limit });
        }
        let mut ops = vec![Op::from(PersonChange {
            email: email.map(|email| Some(email.to_owned()).filter(|email| !email.is_empty())),
            name: name.map(str::to_owned),
            ..PersonChange::of(actor.person)
        })];
        if organization.is_some() || portrait.picture.is_some() {
            ops.push(Op::Person(PersonOp::DescribePerson {
                person: actor.person,
                organization: organization.map(str::to_owned),
                picture: portrait.picture,
            }));
        }
        self.commit_personal(actor, ops).await.map(drop)
    }

    /// Changes the password: every session ends, devices with the former password are refused, and
    /// a letter in `language` informs the person.
    pub async fn change_password(&self, actor: &Actor, hash: String, language: &str) -> Result<()> {
        let op = Op::from(PersonChange {
            password_hash: Some(hash),
            ..PersonChange::of(actor.person)
        });
        let person = self.account(actor).await?;
        let letter = self
            .limits()
            .letters
            .then(|| password_changed(&person, language, Timestamp::now()))
            .flatten();
        let ops = [op].into_iter().chain(letter).collect();
        self.commit_personal(actor, ops).await.map(drop)
    }

    /// The session behind a token; none when there is none, or it has ended by `now`.
    pub async fn session(&self, token: &str, now: Timestamp) -> Result<Option<Session>> {
        self.store().session(token, now).await
    }

    /// The browsers the actor is signed in with, the last seen first.
    pub async fn sessions(&self, actor: &Actor) -> Result<Vec<Session>> {
        self.store().sessions(actor.person, Timestamp::now()).await
    }

    /// Signs a browser in: its session is found by its token until it expires.
    pub async fn begin_session(&self, session: Session) -> Result<()> {
        let at = session.began;
        let begin = CredentialOp::AddSession {
            token: session.token,
            person: session.person,
            expires: session.expires,
            browser: session.browser,
            address: session.address,
        };
        self.commit_session(begin, at).await
    }

    /// Notes that a browser was seen at an address. May be lost by a power cut.
    pub async fn note_session(&self, actor: &Actor, token: String, address: String) -> Result<()> {
        let note = CredentialOp::NoteSession { token, address };
        self.note(actor, Op::Credential(note)).await.map(drop)
    }

    /// Signs a browser out that presents the token of its session.
    pub async fn sign_out(&self, token: String) -> Result<()> {
        let end = CredentialOp::RemoveSession { token };
        self.commit_session(end, Timestamp::now()).await
    }

    async fn commit_session(&self, op: CredentialOp, at: Timestamp) -> Result<()> {
        let batch = Batch::of_program(PAGES, vec![Op::Credential(op)]);
        self.commit(batch.at(at)).await.map(drop)
    }

    /// Ends one session of the actor. `NotFound` when it is not theirs.
    pub async fn end_session(&self, actor: &Actor, token: &str) -> Result<()> {
        let sessions = self.sessions(actor).await?;
        let own = sessions.into_iter().find(|session| session.token == token);
        let op = CredentialOp::RemoveSession {
            token: own.ok_or(Error::NotFound)?.token,
        };
        let ops = vec![Op::Credential(op)];
        self.commit_personal(actor, ops).await.map(drop)
    }

    /// Ends all sessions of the actor.
    pub async fn end_sessions(&self, actor: &Actor) -> Result<()> {
        let op = CredentialOp::RemoveSessions {
            person: actor.person,
        };
        let ops = vec![Op::Credential(op)];
        self.commit_personal(actor, ops).await.map(drop)
    }

    /// What deleting the account would do.
    pub async fn farewell(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Farewell> {
        let mut farewell = Farewell::default();
        for book in self.books(actor).await? {
            if book.is_private() {
                farewell.contacts += book.count().await?;
            }
        }
        for folder in self.folders(actor).await? {
            if folder.is_private() {
                farewell.documents += folder.count().await?;
            }
        }
        for membership in &actor.memberships {
            let names = match membership.role {
                Role::Admin => &mut farewell.runs,
                _ => &mut farewell.groups,
            };
            names.push(membership.display_name.clone());
        }
        Ok(farewell)
    }

    /// Ends the account: groups keep what the person created or shared there, private contacts go
    /// to the trash. `Invalid` while the actor is the admin of a group, or the last administrator of
    /// the server.
    pub async fn delete_account(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<()> {
        let (core, actor) = (self.clone(), actor.clone());
        carried_on(async move {
            let core = &core;
            let ended = |actor: Arc<Actor>| async move {
                let but = actor.person;
                let ops = vec![
                    Op::Office(OfficeOp::KeepAdministrator { but }),
                    Op::Person(PersonOp::RemovePerson { person: but }),
                ];
                core.commit_as(&actor, ops).await
            };
            while core.decided(&actor, ended).await?.more {}
            Ok(())
        })
        .await
    }
}

/// The reason to refuse a new password of a person; none when it is acceptable.
pub fn weakness(password: &str, person: &Person) -> Option<Weak> {
    let email = person.email.as_deref().unwrap_or_default();
    weakness_for(password, &person.login, email, &person.name)
}

/// [`weakness`] for somebody who has no account yet.
pub fn weakness_for(password: &str, login: &str, email: &str, name: &str) -> Option<Weak> {
    if password.chars().count() < SHORTEST {
        return Some(Weak::TooShort);
    }
    if password.len() > LONGEST {
        return Some(Weak::TooLong);
    }
    let folded = password.to_lowercase();
    let plain: String = folded.chars().filter(|c| c.is_alphanumeric()).collect();
    let local = email.split('@').next().unwrap_or_default();
    let words = name.split_whitespace();
    let own = [login, email, local, name];
    let is_own = own.into_iter().chain(words).any(|own| {
        let own: String = own
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        // Nothing but the name and a few more characters.
        own.chars().count() >= 3
            && plain.replace(&own, "").chars().count() < SHORTEST / 2
            && plain.contains(&own)
    });
    if is_own {
        return Some(Weak::OwnName);
    }
    let mut different: Vec<char> = folded.chars().collect();
    different.sort_unstable();
    different.dedup();
    (different.len() < 4 || is_run(&folded) || COMMON.iter().any(|common| is_like(&plain, common)))
        .then_some(Weak::Common)
}

/// `abcdefghij`, `9876543210`.
fn is_run(text: &str) -> bool {
    let codes: Vec<i64> = text.chars().map(|c| i64::from(u32::from(c))).collect();
    let steps = |step: i64| {
        let along = codes.windows(2).filter(|pair| pair[1] - pair[0] == step);
        along.count() + 2 >= codes.len()
    };
    steps(1) || steps(-1)
}

/// The common word alone, repeated, or with a few digits.
fn is_like(plain: &str, common: &str) -> bool {
    let rest = plain.replace(common, "");
    rest.len() < plain.len() && rest.len() <= 4 && rest.chars().all(|c| c.is_ascii_digit())
}

/// The first passwords an attacker tries, in both languages of the product and on its keyboards.
const COMMON: [&str; 30] = [
    "password",
    "passwort",
    "motdepasse",
    "passe",
    "secret",
    "qwerty",
    "qwertyuiop",
    "azerty",
    "azertyuiop",
    "asdfghjkl",
    "qsdfghjklm",
    "iloveyou",
    "jetaime",
    "bonjour",
    "welcome",
    "bienvenue",
    "letmein",
    "admin",
    "administrator",
    "administrateur",
    "changeme",
    "football",
    "soleil",
    "doudou",
    "princess",
    "dragon",
    "monkey",
    "carnet",
    "contacts",
    "123456789",
];

pub(super) fn is_line(text: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{account_class::AccountClass, id::PersonId};

    #[test]
    fn what_is_tried_first_is_no_password() {
        let person = Person {
            id: PersonId(1),
            login: "alice.m".into(),
            email: Some("a.martin@example.org".into()),
            name: "Alice Martin".into(),
            admin: false,
            disabled: false,
            quota: None,
            password_hash: String::new(),
            created: Timestamp(0),
            settings: "{}".into(),
            second_factor: false,
            class: AccountClass::default(),
        };
        for (password, expected) in [
            ("short", Some(Weak::TooShort)),
            ("éééééééé", Some(Weak::TooShort)),
            ("aaaaaaaaaaaa", Some(Weak::Common)),
            ("abababababab", Some(Weak::Common)),
            ("abcdefghijkl", Some(Weak::Common)),
            ("9876543210", Some(Weak::Common)),
            ("Password1234", Some(Weak::Common)),
            ("mot de passe 42", Some(Weak::Common)),
            ("azertyuiop", Some(Weak::Common)),
            ("alice.martin", Some(Weak::OwnName)),
            ("Martin2026!", Some(Weak::OwnName)),
            ("a.martin@example.org", Some(Weak::OwnName)),
            ("a horse in the kitchen", None),
            ("kx8-w2m-p0t-zz", None),
            ("Martin likes long walks", None),
        ] {
            assert_eq!(weakness(password, &person), expected, "{password}");
        }
        let long = "abcd efgh".repeat(200);
        assert_eq!(weakness(&long, &person), Some(Weak::TooLong));
    }
}
