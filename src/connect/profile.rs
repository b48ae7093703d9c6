//! Configuration profiles for Apple's programs: an account of Exchange (`com.apple.eas.account`) with
//! contacts alone, or accounts of CardDAV (`com.apple.carddav.account`).

use carnet_proto::dav::xml::escape;

use super::Address;
use crate::domain::item::digest;

/// Content-Type of a configuration profile.
pub const MEDIA_TYPE: &str = "application/x-apple-aspen-config";

/// An account a profile sets up.
#[derive(Clone, Debug)]
pub enum Account {
    Exchange {
        login: String,
        email: String,
    },
    CardDav {
        description: String,
        login: String,
        /// Path of the principal.
        principal: String,
    },
}

/// A profile (a property list). Without a password the device asks for it; with one the profile is
/// as secret as the password.
pub fn profile(address: &Address, accounts: &[Account], password: Option<&str>) -> String {
    let payloads: String = accounts
        .iter()
        .map(|account| account.payload(address, password))
        .collect();
    let seed = accounts.first().map_or("", Account::login);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict>\
         <key>PayloadContent</key><array>{payloads}</array>{}</dict></plist>\n",
        identity(
            "Configuration",
            "Carnet",
            &format!("{} {seed}", address.url())
        )
    )
}

impl Account {
    fn login(&self) -> &str {
        match self {
            Account::Exchange { login, .. } | Account::CardDav { login, .. } => login,
        }
    }

    fn payload(&self, address: &Address, password: Option<&str>) -> String {
        let seed = format!("{} {}", address.url(), self.login());
        let secure = address.secure;
        let password = |key: &str| password.map_or_else(String::new, |value| string(key, value));
        match self {
            Account::Exchange { login, email } => {
                let texts = string("Host", &address.server())
                    + &string("UserName", login)
                    + &string("EmailAddress", email)
                    + &password("Password");
                // Contacts only, while there is nothing else to show.
                let off: String = [
                    "EnableMail",
                    "EnableCalendars",
                    "EnableReminders",
                    "EnableNotes",
                ]
                .iter()
                .map(|key| format!("<key>{key}</key><false/>"))
                .collect();
                format!(
                    "<dict>{texts}<key>SSL</key><{secure}/><key>EnableContacts</key><true/>{off}{}</dict>",
                    identity("com.apple.eas.account", "Carnet", &seed)
                )
            }
            Account::CardDav {
                description,
                login,
                principal,
            } => {
                let texts = string("CardDAVAccountDescription", description)
                    + &string("CardDAVHostName", &address.host)
                    + &string("CardDAVUsername", login)
                    + &string("CardDAVPrincipalURL", principal)
                    + &password("CardDAVPassword");
                format!(
                    "<dict>{texts}<key>CardDAVPort</key><integer>{}</integer>\
                     <key>CardDAVUseSSL</key><{secure}/>{}</dict>",
                    address.port,
                    identity("com.apple.carddav.account", description, &seed)
                )
            }
        }
    }
}

/// What every payload has; the same seed is the same payload, which a new profile replaces.
fn identity(kind: &str, shown: &str, seed: &str) -> String {
    let digest = digest(format!("{kind} {seed}").as_bytes());
    let uuid = uuid::Uuid::try_parse(&digest[..32]).unwrap_or_default();
    [
        ("PayloadType", kind),
        ("PayloadDisplayName", shown),
        ("PayloadIdentifier", &format!("carnet.{}", &digest[..32])),
        ("PayloadUUID", &uuid.to_string()),
    ]
    .iter()
    .map(|(key, value)| string(key, value))
    .collect::<String>()
        + "<key>PayloadVersion</key><integer>1</integer>"
}

fn string(key: &str, value: &str) -> String {
    format!("<key>{key}</key><string>{}</string>", escape(value))
}

#[cfg(test)]
mod tests {
    use carnet_proto::dav::xml;

    use super::*;

    #[test]
    fn a_profile_is_read_whatever_a_book_is_called() {
        let address = Address::parse("https://c.example.org").expect("an address");
        let account = Account::CardDav {
            description: "R&D\u{1} <a>\u{FFFE}".to_owned(),
            login: "alice".to_owned(),
            principal: "/dav/principals/users/alice/".to_owned(),
        };
        let made = profile(&address, &[account], None);
        let lines = made.lines().filter(|line| !line.starts_with("<!DOCTYPE "));
        let plain: String = lines.collect();
        xml::parse(plain.as_bytes()).expect("a property list");
        assert!(
            made.contains("<string>R&amp;D &lt;a&gt;</string>"),
            "{made}"
        );
    }
}
