//! People, groups and memberships.

use serde::{Deserialize, Serialize};

use super::{
    account_class::AccountClass,
    id::{GroupId, PersonId, Timestamp},
    json,
};

/// An account.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Person {
    pub id: PersonId,
    /// 1 to 64 of lower-case letters, digits and `. _ - @ +`; part of the person's URLs.
    pub login: String,
    pub email: Option<String>,
    pub name: String,
    /// May administer the server; gives no access to contents.
    pub admin: bool,
    pub disabled: bool,
    /// Contacts allowed in Private; none means no limit.
    pub quota: Option<i64>,
    /// The account's class: the services it may use, and its quotas.
    pub class: AccountClass,
    /// Argon2id, PHC string.
    #[serde(skip)]
    pub password_hash: String,
    pub created: Timestamp,
    /// Personal settings as a JSON object (name order, language, map provider...).
    pub settings: String,
    /// Signing in on the web takes a code besides the password, and devices take app passwords.
    pub second_factor: bool,
}

impl Person {
    /// The person's time zone in minutes east of UTC, if they set one.
    pub fn utc_offset(&self) -> Option<i32> {
        let settings = self.settings.as_bytes();
        let settings: serde_json::Value = json::read("the settings of an account", settings)?;
        let minutes = settings.get(UTC_OFFSET)?.as_i64()?;
        i32::try_from(minutes).ok()
    }
}

/// Name of the zone among a person's settings, in minutes east of UTC.
pub const UTC_OFFSET: &str = "utc_offset";

/// A group of people with a book of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    pub id: GroupId,
    /// Case sensitive in URLs, unique without regard to case, never changes.
    pub name: String,
    pub display_name: String,
    pub options: GroupOptions,
    pub created: Timestamp,
}

/// Options that the admin of a group sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GroupOptions {
    /// Members may share the group's data with other groups.
    pub share_outside: bool,
    /// The creator of a contact in the group may delete it with *Add* alone.
    pub creators_delete: bool,
}

impl Default for GroupOptions {
    fn default() -> Self {
        Self {
            share_outside: true,
            creators_delete: false,
        }
    }
}

/// The role of a member, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Member,
    CoAdmin,
    Admin,
}

impl Role {
    /// Admin or co-admin: both have the same rights on content.
    pub fn runs_group(self) -> bool {
        self >= Role::CoAdmin
    }

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Member => "member",
            Role::CoAdmin => "co-admin",
            Role::Admin => "admin",
        }
    }

    /// Reads what [`Role::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        [Role::Member, Role::CoAdmin, Role::Admin]
            .into_iter()
            .find(|role| role.as_str() == text)
    }
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    pub person: PersonId,
    pub login: String,
    pub name: String,
    pub email: Option<String>,
    pub role: Role,
    /// Empty for none.
    pub organization: String,
    /// The account is disabled.
    pub disabled: bool,
}

/// What the list of a group's members shows of a person; as JSON, the document of a card there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    pub name: String,
    pub email: Option<String>,
    pub organization: String,
    /// A picture's octets in base64.
    pub picture: Option<String>,
}

/// Last segment of the URL of a group's list of members, and therefore no group's name.
pub const MEMBERS: &str = "members";

/// Whether a login may name a new account: 1 to 64 lower-case letters, digits and `. _ - @ +`, not
/// dots alone, and no first segment of a URL below `/dav/`.
pub fn valid_login(login: &str) -> bool {
    const RESERVED: [&str; 4] = ["principals", "groups", "directory", "push"];
    (1..=64).contains(&login.len())
        && login
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@+".contains(&b))
        && !login.bytes().all(|b| b == b'.')
        && !RESERVED.contains(&login)
}

/// Whether a name may be a new group's: 1 to 64 characters without `/ \ : % $ ? #` or controls, and
/// not [`MEMBERS`], which is part of URLs.
pub fn valid_group_name(name: &str) -> bool {
    name != MEMBERS
        && (1..=64).contains(&name.chars().count())
        && !name
            .chars()
            .any(|c| c.is_control() || "/\\:%$?#".contains(c))
        && name.trim() == name
        && !name.chars().all(|c| c == '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logins_that_would_shadow_a_url_are_refused() {
        for (login, expected) in [
            ("alice", true),
            ("a.b_c-d+e@example.org", true),
            ("Alice", false),
            ("", false),
            ("groups", false),
            ("..", false),
            ("a/b", false),
            ("é", false),
        ] {
            assert_eq!(valid_login(login), expected, "{login}");
        }
        assert!(!valid_login(&"a".repeat(65)));
    }

    #[test]
    fn group_names_keep_their_urls_simple() {
        for (name, expected) in [
            ("Sales", true),
            ("Équipe du midi", true),
            ("a/b", false),
            ("100%", false),
            (" x", false),
            ("a\u{7}b", false),
            ("..", false),
            ("members", false),
            ("Members", true),
        ] {
            assert_eq!(valid_group_name(name), expected, "{name}");
        }
    }
}
