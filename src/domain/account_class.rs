//! Classes of accounts: the services their people may use, and their quotas.

use serde::{Deserialize, Serialize};

use super::principal::Person;

/// A service that a class allows or forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// Exchange ActiveSync.
    Eas,
    CardDav,
    Sms,
    Fax,
}

impl Service {
    /// Every service.
    pub const ALL: [Service; 4] = [Service::Eas, Service::CardDav, Service::Sms, Service::Fax];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Service::Eas => "eas",
            Service::CardDav => "carddav",
            Service::Sms => "sms",
            Service::Fax => "fax",
        }
    }

    /// Reads what [`Service::as_str`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }
}

/// A class of accounts. The class without a name holds everybody who is in no other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountClass {
    pub name: String,
    /// Contacts in Private; none: no limit.
    pub contacts: Option<i64>,
    /// Devices of one person; none: the server's limit.
    pub devices: Option<i64>,
    /// Octets of the documents of one person, 0 for no limit; none: the server's limit.
    pub documents: Option<i64>,
    /// Octets of one photo; none: the server's limit.
    pub photo: Option<i64>,
    /// Octets of one imported file; none: the server's limit.
    pub import_size: Option<i64>,
    pub eas: bool,
    pub carddav: bool,
    pub sms: bool,
    pub fax: bool,
}

impl Default for AccountClass {
    fn default() -> Self {
        Self {
            name: String::new(),
            contacts: None,
            devices: None,
            documents: None,
            photo: None,
            import_size: None,
            eas: true,
            carddav: true,
            sms: true,
            fax: true,
        }
    }
}

impl AccountClass {
    /// Its limits and services, for the audit trail.
    pub(crate) fn told(&self) -> String {
        let limit = |limit: Option<i64>| limit.map_or_else(|| "-".to_owned(), |n| n.to_string());
        let services = Service::ALL.into_iter();
        let services = services.filter(|service| self.allows(*service));
        let services: Vec<&str> = services.map(Service::as_str).collect();
        format!(
            "contacts {}, devices {}, octets of documents {}, of a photo {}, of an import {}, allowed: {}",
            limit(self.contacts),
            limit(self.devices),
            limit(self.documents),
            limit(self.photo),
            limit(self.import_size),
            services.join(" ")
        )
    }

    /// Whether people of this class may use a service.
    pub fn allows(&self, service: Service) -> bool {
        match service {
            Service::Eas => self.eas,
            Service::CardDav => self.carddav,
            Service::Sms => self.sms,
            Service::Fax => self.fax,
        }
    }

    /// Allows or forbids a service.
    pub fn set(&mut self, service: Service, allowed: bool) {
        match service {
            Service::Eas => self.eas = allowed,
            Service::CardDav => self.carddav = allowed,
            Service::Sms => self.sms = allowed,
            Service::Fax => self.fax = allowed,
        }
    }

    /// 1 to 40 characters, no controls.
    pub fn is_name(name: &str) -> bool {
        (1..=40).contains(&name.chars().count())
            && name.trim() == name
            && !name.chars().any(char::is_control)
    }
}

impl Person {
    /// Whether an account may use a service. Every face decides by this.
    pub fn may_use(&self, service: Service) -> bool {
        !self.disabled && self.class.allows(service)
    }

    /// Contacts allowed in Private: the person's own quota, where 0 is no limit, else the quota of
    /// the class; none: no limit.
    pub fn contacts_allowed(&self) -> Option<i64> {
        self.quota.or(self.class.contacts).filter(|most| *most > 0)
    }
}
