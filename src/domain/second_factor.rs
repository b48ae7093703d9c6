//! The second factor of a person's sign-in on the web: codes that change with time (RFC 6238), and
//! recovery codes that serve once.

use super::{
    actor::Actor,
    batch::Op,
    core::Core,
    credential::{SecondFactor, SecondFactorOp},
    error::Result,
    item::digest,
};

/// Recovery codes made at once.
const RECOVERY: usize = 10;
/// Letters no two of which look alike; ten of them are 50 bits.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl Core {
    /// The actor's second factor, confirmed or not.
    pub async fn second_factor(&self, actor: &Actor) -> Result<Option<SecondFactor>> {
        self.store().second_factor(actor.person).await
    }

    /// Stores a secret until a code confirms that the actor has it. `Moved` where one is
    /// confirmed already.
    pub async fn begin_second_factor(&self, actor: &Actor, secret: Vec<u8>) -> Result<()> {
        self.change_second_factor(
            SecondFactorOp::Begin {
                person: actor.person,
                secret,
            },
            actor,
        )
        .await
    }

    /// Puts the second factor into force and returns the recovery codes. From now on the web asks
    /// for codes, and devices need app passwords.
    pub async fn confirm_second_factor(&self, actor: &Actor, step: u64) -> Result<Vec<String>> {
        let codes = new_codes();
        let op = SecondFactorOp::Confirm {
            person: actor.person,
            step,
            recovery: codes
                .iter()
                .filter_map(|code| recovery_lookup(code))
                .collect(),
        };
        self.change_second_factor(op, actor).await?;
        Ok(codes)
    }

    /// Replaces the recovery codes; the former ones become void.
    pub async fn renew_recovery_codes(&self, actor: &Actor) -> Result<Vec<String>> {
        let codes = new_codes();
        let op = SecondFactorOp::RenewRecoveryCodes {
            person: actor.person,
            recovery: codes
                .iter()
                .filter_map(|code| recovery_lookup(code))
                .collect(),
        };
        self.change_second_factor(op, actor).await?;
        Ok(codes)
    }

    /// Removes the second factor: the account's own password suffices again.
    pub async fn remove_second_factor(&self, actor: &Actor) -> Result<()> {
        let op = SecondFactorOp::Remove {
            person: actor.person,
        };
        self.change_second_factor(op, actor).await
    }

    async fn change_second_factor(&self, op: SecondFactorOp, actor: &Actor) -> Result<()> {
        let ops = vec![Op::SecondFactor(op)];
        self.commit_personal(actor, ops).await.map(drop)
    }
}

/// The digest by which a typed recovery code is found; none when the text cannot be one.
pub fn recovery_lookup(typed: &str) -> Option<String> {
    let letters = typed.chars().filter(|c| !matches!(c, '-' | ' '));
    let normal: String = letters
        .map(|c| match c.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        })
        .collect();
    let known = normal.bytes().all(|letter| LETTERS.contains(&letter));
    (known && normal.len() == 10).then(|| digest(normal.as_bytes()))
}

/// `xxxxx-xxxxx`
fn new_codes() -> Vec<String> {
    let code = || {
        let mut octets = [0u8; 10];
        rand::fill(&mut octets[..]);
        let letters = octets.map(|octet| char::from(LETTERS[usize::from(octet % 32)]));
        let text: String = letters.iter().collect();
        format!("{}-{}", &text[..5], &text[5..])
    };
    (0..RECOVERY).map(|_| code()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_found_however_it_is_typed() {
        let codes = new_codes();
        assert_eq!(codes.len(), RECOVERY);
        let found = recovery_lookup(&codes[0]);
        assert!(found.is_some() && found != recovery_lookup(&codes[1]));
        assert_eq!(
            recovery_lookup(&codes[0].to_uppercase().replace('-', " ")),
            found
        );
        for other in ["", "123456", "aaaaa-aaaa", "aaaaa-aaaaaa", "uuuuu-uuuuu"] {
            assert_eq!(recovery_lookup(other), None, "{other}");
        }
    }
}
