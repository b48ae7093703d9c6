//! App passwords: made, listed and revoked by their owner.

use super::{
    access::{PlaceName, Scope},
    actor::Actor,
    batch::Op,
    core::Core,
    credential::{AppPassword, CredentialOp},
    error::{Error, Result},
    id::{AppPasswordId, PersonId, Timestamp},
    item::digest,
    rule::Rule,
};

/// App passwords one person may have.
const MOST: usize = 100;
/// Characters of a name.
const LONGEST: usize = 64;
/// Crockford's base32, in which no letter looks like another. 16 letters are 80 bits.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const GROUPS: usize = 4;

/// The input for a new app password.
#[derive(Clone, Debug, Default)]
pub struct NewAppPassword {
    /// The owner's name for it, 1 to 64 characters.
    pub name: String,
    pub scope: Scope,
    pub expires: Option<Timestamp>,
}

/// An app password that was just made.
#[derive(Clone, Debug)]
pub struct Made {
    pub id: AppPasswordId,
    /// `xxxx-xxxx-xxxx-xxxx`; kept nowhere, shown once.
    pub secret: String,
}

impl Core {
    /// The actor's app passwords, the newest last.
    pub async fn app_passwords(&self, actor: &Actor) -> Result<Vec<AppPassword>> {
        self.store().app_passwords(Some(actor.person)).await
    }

    /// Makes an app password for the actor. `Invalid` without a name or a protocol, with a place
    /// the actor does not know, or with an expiry in the past; `OverQuota` when they have too many.
    pub async fn make_app_password(&self, actor: &Actor, new: NewAppPassword) -> Result<Made> {
        for place in new.scope.access.places.iter().flatten() {
            let PlaceName::Group(name) = place else {
                continue;
            };
            if !actor.memberships.iter().any(|own| own.name == *name) {
                return Err(Error::Invalid(Rule::OthersGroup(name.clone())));
            }
        }
        let held = self.app_passwords(actor).await?.len();
        let (secret, op) = prepare(actor.person, new, held)?;
        let committed = self.commit_personal(actor, vec![op]).await?;
        Ok(Made {
            id: committed.row()?,
            secret,
        })
    }

    /// Revokes an app password of the actor with immediate effect. `NotFound` when it is not
    /// theirs.
    pub async fn revoke_app_password(&self, actor: &Actor, password: AppPasswordId) -> Result<()> {
        let op = CredentialOp::RemoveAppPassword {
            person: actor.person,
            password,
        };
        self.commit_personal(actor, vec![Op::Credential(op)])
            .await
            .map(drop)
    }
}

/// A new secret, and the operation that stores it; `held` is the number of app passwords the person
/// has.
pub fn prepare(person: PersonId, new: NewAppPassword, held: usize) -> Result<(String, Op)> {
    let name = new.name.trim();
    if !(1..=LONGEST).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(Error::Invalid(Rule::PasswordName(LONGEST)));
    }
    if new.scope.protocols.is_empty() {
        return Err(Error::Invalid(Rule::PasswordProtocols));
    }
    if new.scope.access.places.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::Invalid(Rule::PasswordPlaces));
    }
    if new
        .expires
        .is_some_and(|expires| expires <= Timestamp::now())
    {
        return Err(Error::Invalid(Rule::PasswordEnds));
    }
    if held >= MOST {
        let limit = i64::try_from(MOST).unwrap_or(i64::MAX);
        return Err(Error::OverQuota { limit });
    }
    let secret = new_secret();
    let op = CredentialOp::AddAppPassword {
        person,
        digest: digest(normal(&secret).unwrap_or_default().as_bytes()),
        name: name.to_owned(),
        scope: new.scope,
        expires: new.expires,
    };
    Ok((secret, Op::Credential(op)))
}

/// The digest by which a typed app password is found; none when the text cannot be one. Case,
/// blanks and hyphens are ignored, O reads as 0 and l as 1.
pub fn lookup(typed: &str) -> Option<String> {
    normal(typed).map(|normal| digest(normal.as_bytes()))
}

fn normal(typed: &str) -> Option<String> {
    let mut normal = String::new();
    for c in typed.chars().filter(|c| !matches!(c, '-' | ' ')) {
        let letter = match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        let known = u8::try_from(letter).is_ok_and(|letter| LETTERS.contains(&letter));
        if !known || normal.len() >= GROUPS * 4 {
            return None;
        }
        normal.push(letter);
    }
    (normal.len() == GROUPS * 4).then_some(normal)
}

/// 80 random bits as `xxxx-xxxx-xxxx-xxxx`, which [`lookup`] reads.
pub fn new_secret() -> String {
    let mut octets = [0u8; GROUPS * 4];
    rand::fill(&mut octets[..]);
    let letters = octets.map(|octet| char::from(LETTERS[usize::from(octet % 32)]));
    let groups = letters.chunks(4).map(|group| group.iter().collect());
    groups.collect::<Vec<String>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_it_is_typed() {
        let secret = new_secret();
        assert_eq!(secret.len(), 19);
        assert_ne!(secret, new_secret());
        let found = lookup(&secret).expect("a secret");
        for typed in [
            secret.to_uppercase(),
            secret.replace('-', ""),
            secret.replace('-', " "),
            secret.replace('0', "O").replace('1', "l"),
        ] {
            assert_eq!(lookup(&typed).as_deref(), Some(found.as_str()), "{typed}");
        }
        for other in ["", "demo", "a-long-account-password", "uuuu-uuuu-uuuu-uuuu"] {
            assert_eq!(lookup(other), None, "{other}");
        }
        assert_eq!(lookup(&format!("{secret}a")), None);
    }
}
