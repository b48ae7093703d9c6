//! The policy of a server ([MS-ASPROV] 2.2.2) and what devices acknowledged of it.
//!
//! Whether a device has to come again is decided by the revision number it acknowledged: members
//! its version does not know never count.

use carnet_proto::{
    eas::{request_line::Version, status::Common},
    wbxml::{Encoder, Tag, page::provision as p},
};
use serde::{Deserialize, Serialize};

/// The policy devices enforce; members that are none are not sent.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// The revision that devices acknowledge; to be raised with every change.
    pub revision: u32,
    /// Devices that present no policy key are admitted.
    pub loose: bool,
    pub device_password_enabled: Option<bool>,
    pub alphanumeric_device_password_required: Option<bool>,
    pub require_storage_card_encryption: Option<bool>,
    pub min_device_password_length: Option<u8>,
    /// Seconds.
    pub max_inactivity_time_device_lock: Option<u32>,
    pub max_device_password_failed_attempts: Option<u8>,
    pub allow_simple_device_password: Option<bool>,
    /// Days.
    pub device_password_expiration: Option<u32>,
    pub device_password_history: Option<u32>,
    pub require_device_encryption: Option<bool>,
    pub allow_camera: Option<bool>,
}

/// A device's state regarding the policy, stored for it under [`VALUE`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Standing {
    /// Key and revision offered; the key is valid only for the acknowledgement.
    pub offered: Option<(u32, u32)>,
    /// Key and revision acknowledged.
    pub acknowledged: Option<(u32, u32)>,
    /// The key offered that was acknowledged: a device that lost the answer says it again.
    #[serde(default)]
    pub answered: Option<u32>,
    /// What the device said: 1 applied, 2 partially, 3 not, 4 managed by others.
    pub status: u8,
}

/// Name of the device value.
pub const VALUE: &str = "policy";

impl Policy {
    /// The status to refuse a command with; none when the device may continue.
    pub fn refusal(&self, standing: &Standing, presented: Option<u32>) -> Option<Common> {
        match (presented, standing.acknowledged) {
            (Some(key), Some(acknowledged)) if acknowledged == (key, self.revision) => None,
            (None, _) if self.loose => None,
            (None | Some(0), _) => Some(Common::DeviceNotProvisioned),
            // Of an earlier revision, or none of ours.
            _ => Some(Common::InvalidPolicyKey),
        }
    }

    /// Writes EASProvisionDoc with the members a version knows, in the order of the schema.
    pub fn write(&self, version: Version, out: &mut Encoder) {
        out.open(p::EAS_PROVISION_DOC);
        for (tag, from_start, value) in self.members() {
            if let Some(value) = value.filter(|_| from_start || version > Version::V12_0) {
                out.text(tag, &value);
            }
        }
        out.close();
    }

    /// The document of 2.5: whether a PIN is asked for.
    pub fn xml(&self) -> String {
        let free = u8::from(self.device_password_enabled != Some(true));
        format!(
            "<wap-provisioningdoc><characteristic type=\"SecurityPolicy\">\
             <parm name=\"4131\" value=\"{free}\"/><parm name=\"4133\" value=\"{free}\"/>\
             </characteristic></wap-provisioningdoc>"
        )
    }

    /// `(element, known to 12.0, value)`
    fn members(&self) -> [(Tag, bool, Option<String>); 11] {
        let flag = |value: Option<bool>| value.map(|value| u8::from(value).to_string());
        let number = |value: Option<u32>| value.map(|value| value.to_string());
        let small = |value: Option<u8>| number(value.map(u32::from));
        [
            (
                p::DEVICE_PASSWORD_ENABLED,
                true,
                flag(self.device_password_enabled.or(Some(false))),
            ),
            (
                p::ALPHANUMERIC_DEVICE_PASSWORD_REQUIRED,
                true,
                flag(self.alphanumeric_device_password_required),
            ),
            (
                p::REQUIRE_STORAGE_CARD_ENCRYPTION,
                false,
                flag(self.require_storage_card_encryption),
            ),
            (
                p::MIN_DEVICE_PASSWORD_LENGTH,
                true,
                small(self.min_device_password_length),
            ),
            (
                p::MAX_INACTIVITY_TIME_DEVICE_LOCK,
                true,
                number(self.max_inactivity_time_device_lock),
            ),
            (
                p::MAX_DEVICE_PASSWORD_FAILED_ATTEMPTS,
                true,
                small(self.max_device_password_failed_attempts),
            ),
            (
                p::ALLOW_SIMPLE_DEVICE_PASSWORD,
                true,
                flag(self.allow_simple_device_password),
            ),
            (
                p::DEVICE_PASSWORD_EXPIRATION,
                true,
                number(self.device_password_expiration),
            ),
            (
                p::DEVICE_PASSWORD_HISTORY,
                true,
                number(self.device_password_history),
            ),
            (p::ALLOW_CAMERA, false, flag(self.allow_camera)),
            (
                p::REQUIRE_DEVICE_ENCRYPTION,
                false,
                flag(self.require_device_encryption),
            ),
        ]
    }
}

/// A new policy key: never 0, which some clients read as none, and never the former one.
pub fn new_key(former: Option<u32>) -> u32 {
    loop {
        let mut octets = [0; 4];
        rand::fill(&mut octets[..]);
        let key = u32::from_le_bytes(octets);
        if key != 0 && Some(key) != former {
            return key;
        }
    }
}

#[cfg(test)]
mod tests {
    use carnet_proto::wbxml::{Limits, decode};

    use super::*;

    fn policy() -> Policy {
        Policy {
            revision: 3,
            device_password_enabled: Some(true),
            min_device_password_length: Some(4),
            allow_camera: Some(false),
            ..Policy::default()
        }
    }

    #[test]
    fn a_version_is_sent_what_it_knows_in_the_order_of_the_schema() {
        let members = |version| {
            let mut out = Encoder::new();
            policy().write(version, &mut out);
            let root = decode(&out.finish(), &Limits::default()).expect("a document");
            root.elements()
                .filter_map(|member| Some(format!("{}={}", member.tag.name()?, member.text())))
                .collect::<Vec<_>>()
        };
        assert_eq!(
            members(Version::V14_1),
            [
                "DevicePasswordEnabled=1",
                "MinDevicePasswordLength=4",
                "AllowCamera=0"
            ]
        );
        assert_eq!(
            members(Version::V12_0),
            ["DevicePasswordEnabled=1", "MinDevicePasswordLength=4"]
        );
    }

    #[test]
    fn only_the_key_of_the_current_revision_lets_in() {
        let standing = Standing {
            acknowledged: Some((7, 3)),
            ..Standing::default()
        };
        let refusal = |presented| policy().refusal(&standing, presented);
        assert_eq!(refusal(Some(7)), None);
        assert_eq!(refusal(None), Some(Common::DeviceNotProvisioned));
        assert_eq!(refusal(Some(0)), Some(Common::DeviceNotProvisioned));
        assert_eq!(refusal(Some(8)), Some(Common::InvalidPolicyKey));
        let raised = Policy {
            revision: 4,
            loose: true,
            ..policy()
        };
        assert_eq!(
            raised.refusal(&standing, Some(7)),
            Some(Common::InvalidPolicyKey)
        );
        assert_eq!(raised.refusal(&standing, None), None);
    }
}
