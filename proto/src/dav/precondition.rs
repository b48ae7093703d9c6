//! Preconditions and postconditions: the elements of a `DAV:error` (RFC 4918 §16).

use super::xml::escape;

/// What was not fulfilled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Precondition {
    /// RFC 3253 §3.6
    SupportedReport,
    /// RFC 3744 §7.1.1: the privilege that lacks on a resource.
    NeedPrivileges {
        href: String,
        privilege: &'static str,
    },
    /// RFC 3744 §9.2, RFC 6352 §8.6.2, RFC 6578 §3.6
    NumberOfMatchesWithinLimits,
    /// RFC 4331 §6
    QuotaNotExceeded,
    /// RFC 4331 §6
    SufficientDiskSpace,
    /// RFC 4918 §16
    CannotModifyProtectedProperty,
    /// RFC 4918 §16
    NoExternalEntities,
    /// RFC 4918 §16
    PropfindFiniteDepth,
    /// RFC 5689 §3.3
    ValidResourcetype,
    /// RFC 6352 §6.3.1
    AddressbookCollectionLocationOk,
    /// RFC 6352 §6.3.2.1
    MaxResourceSize,
    /// RFC 6352 §6.3.2.1: the href of the card that has the UID.
    NoUidConflict(String),
    /// RFC 6352 §6.3.2.1
    SupportedAddressData,
    /// RFC 6352 §6.3.2.1
    ValidAddressData,
    /// RFC 6352 §8.6
    SupportedCollation,
    /// RFC 6352 §8.6
    ValidFilter,
    /// RFC 6578 §3.3
    SyncTraversalSupported,
    /// RFC 6578 §3.2
    ValidSyncToken,
    /// WebDAV-Push
    InvalidSubscription,
    /// WebDAV-Push
    NoSupportedTrigger,
    /// WebDAV-Push
    PushNotAvailable,
}

impl Precondition {
    /// The element's name, with the prefix answers use.
    fn name(&self) -> &'static str {
        match self {
            Self::SupportedReport => "D:supported-report",
            Self::NeedPrivileges { .. } => "D:need-privileges",
            Self::NumberOfMatchesWithinLimits => "D:number-of-matches-within-limits",
            Self::QuotaNotExceeded => "D:quota-not-exceeded",
            Self::SufficientDiskSpace => "D:sufficient-disk-space",
            Self::CannotModifyProtectedProperty => "D:cannot-modify-protected-property",
            Self::NoExternalEntities => "D:no-external-entities",
            Self::PropfindFiniteDepth => "D:propfind-finite-depth",
            Self::ValidResourcetype => "D:valid-resourcetype",
            Self::AddressbookCollectionLocationOk => "C:addressbook-collection-location-ok",
            Self::MaxResourceSize => "C:max-resource-size",
            Self::NoUidConflict(_) => "C:no-uid-conflict",
            Self::SupportedAddressData => "C:supported-address-data",
            Self::ValidAddressData => "C:valid-address-data",
            Self::SupportedCollation => "C:supported-collation",
            Self::ValidFilter => "C:valid-filter",
            Self::SyncTraversalSupported => "D:sync-traversal-supported",
            Self::ValidSyncToken => "D:valid-sync-token",
            Self::InvalidSubscription => "P:invalid-subscription",
            Self::NoSupportedTrigger => "P:no-supported-trigger",
            Self::PushNotAvailable => "P:push-not-available",
        }
    }

    /// Writes the element.
    pub fn write(&self, out: &mut String) {
        let name = self.name();
        let content = match self {
            Self::NeedPrivileges { href, privilege } => format!(
                "<D:resource><D:href>{}</D:href><D:privilege><D:{privilege}/></D:privilege></D:resource>",
                escape(href)
            ),
            Self::NoUidConflict(href) => format!("<D:href>{}</D:href>", escape(href)),
            _ => {
                out.push_str(&format!("<{name}/>"));
                return;
            }
        };
        out.push_str(&format!("<{name}>{content}</{name}>"));
    }
}
