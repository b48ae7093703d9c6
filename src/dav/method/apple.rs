//! A configuration profile for Apple's programs (`com.apple.carddav.account`): the account, and one
//! more for each group, whose book Contacts on macOS would not show otherwise.

use carnet_proto::dav::xml::escape;
use http::{HeaderValue, StatusCode, header};

use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, Content, typed},
        path::{group_href, user_href},
    },
    domain::{error::Error, item::digest},
};

const MEDIA_TYPE: &str = "application/x-apple-aspen-config";

/// GET of the profile; 404 where nobody said how the server is reached.
pub fn profile(call: &Call) -> Result<Answer, Failure> {
    let base = call.face.public_url.as_deref().ok_or(Error::NotFound)?;
    let login = &call.actor.login;
    let own = Account {
        description: "Contacts",
        login: login.clone(),
        principal: user_href(login),
    };
    let groups = call.actor.memberships.iter().map(|group| Account {
        description: &group.display_name,
        login: format!("{login}${}", group.name),
        principal: group_href(&group.name),
    });
    let payloads: String = std::iter::once(own)
        .chain(groups)
        .map(|account| account.payload(base))
        .collect();
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\"><dict>\
         <key>PayloadContent</key><array>{payloads}</array>{}</dict></plist>\n",
        identity("Configuration", "Carnet", &format!("{base} {login}"))
    );
    let mut answer = typed(StatusCode::OK, MEDIA_TYPE, Content::Whole(text.into()));
    answer.headers_mut().insert(
        header::CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"contacts.mobileconfig\""),
    );
    Ok(answer)
}

struct Account<'a> {
    description: &'a str,
    login: String,
    principal: String,
}

impl Account<'_> {
    fn payload(&self, base: &str) -> String {
        let base = base.trim_end_matches('/');
        let (scheme, authority) = base.split_once("://").unwrap_or(("https", base));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, port),
            None if scheme == "https" => (authority, "443"),
            None => (authority, "80"),
        };
        let texts: String = [
            ("CardDAVAccountDescription", self.description),
            ("CardDAVHostName", host),
            ("CardDAVUsername", &self.login),
            ("CardDAVPrincipalURL", &self.principal),
        ]
        .iter()
        .map(|(key, value)| string(key, value))
        .collect();
        let secure = scheme == "https";
        format!(
            "<dict>{texts}<key>CardDAVPort</key><integer>{}</integer>\
             <key>CardDAVUseSSL</key><{secure}/>{}</dict>",
            escape(port),
            identity(
                "com.apple.carddav.account",
                self.description,
                &format!("{base} {}", self.login)
            )
        )
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
