//! Configuration: a TOML file, overridden by `CARNET_*` variables and by options.

mod check;
mod kept;
mod spelling;
mod variables;

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};

use crate::{
    connect::Address,
    domain::{access::Network, core::Limits},
    eas::{
        policy::Policy,
        settings::{NewDevices, Settings},
    },
    http::{
        acme,
        connection::Patience,
        forwarded::{ForwardedHeader, Proxies},
        tls,
    },
    mail::settings::{Gateway, Relay},
    transfer::{self, USUAL_FONTS},
};

pub use self::spelling::unknown_variables;
use self::variables::{override_with, settings};

/// The operator's configuration; `deploy/carnet.example.toml` documents every key.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Data directory.
    pub data: PathBuf,
    /// `http://127.0.0.1:8080` or `https://0.0.0.0:8443`; port 0 picks one.
    pub listen: Vec<String>,
    /// The URL by which people reach the server from outside; links never use the Host header.
    pub public_url: Option<String>,
    /// PEM files; without them, and without `acme`, the server's own authority issues a
    /// certificate.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// The ACME authority that issues certificates, instead of files.
    pub acme: Option<acme::Settings>,
    /// The form of log lines: `text` or `json`.
    pub log_format: LogFormat,
    /// `error`, `warn`, `info`, `debug`, `trace`.
    pub log_level: String,
    /// A separate address (`http://127.0.0.1:9464`) for health and metrics; none: no such listener.
    pub metrics_listen: Option<String>,
    /// Bearer token that gives access to the metrics on every address.
    pub metrics_token: Option<String>,
    /// Country of telephone numbers written without a country code: two letters (`FR`).
    pub country: Option<String>,
    /// Octets of one contact.
    pub max_document: usize,
    /// Octets of one file that is imported on the web, up to 1 GiB.
    pub import_octets: usize,
    /// Contacts of one file that is imported on the web.
    pub import_contacts: usize,
    /// Seconds of work after which an import waits for the person to continue it.
    pub import_seconds: u64,
    /// Octets of one uploaded document.
    pub max_upload: u64,
    /// Octets of the documents of one person whose account has no quota of its own; 0: no limit.
    pub document_quota: u64,
    /// Reverse proxies whose forwarding header is believed; none by default.
    pub trusted_proxies: Vec<Network>,
    /// The header in which the proxies name the client.
    pub forwarded_header: ForwardedHeader,
    /// Fonts (.ttf, .otf, .ttc) for characters that the built-in PDF fonts lack, in order of
    /// preference.
    pub pdf_fonts: Vec<PathBuf>,
    /// Connections served at once.
    pub max_connections: usize,
    /// Connections from one address, or one network of IPv6; loopback and proxies are not counted.
    pub max_connections_per_address: usize,
    /// Seconds for a handshake, and for the first request of a connection.
    pub head_seconds: u64,
    /// Seconds between two requests of a connection.
    pub idle_seconds: u64,
    /// Seconds for the next part of a body, in either direction.
    pub stall_seconds: u64,
    /// `mailto:` or `https:` address of the operator for push services; none switches WebDAV-Push off.
    pub push_contact: Option<String>,
    /// Push messages may go to private addresses and over plain http: for tests.
    pub push_allow_private: bool,
    /// Offer CardDAV clients cards of version 4.0 too; else 3.0 alone.
    pub carddav_vcard4: bool,
    /// Clients may make further private books.
    pub further_books: bool,
    /// Longest time an Exchange ActiveSync device may wait for changes, in seconds.
    pub max_heartbeat: u64,
    /// Autodiscover sets up Outlook 2013 and later on Windows with Exchange ActiveSync.
    pub autodiscover_outlook: bool,
    /// E-mail domains whose people use another server: `https://host`, or `@domain` of their
    /// address there.
    pub autodiscover_redirects: BTreeMap<String, String>,
    /// How the first administrator is made: `page` or `password`.
    pub first_start: FirstStart,
    /// Who may create groups: `anyone` or `administrators`.
    pub found_groups: Founders,
    /// Days earlier versions and refused changes are kept, 1 to 365.
    pub history_days: u16,
    /// Days removed contacts can be restored, 0 to 365.
    pub trash_days: u16,
    /// Days a device may stay away before it has to start over.
    pub tombstone_days: u16,
    /// Offer Exchange ActiveSync 2.5 and 12.0 too.
    pub eas_legacy: bool,
    /// The access of a device at its first contact.
    pub eas_new_devices: NewDevices,
    /// Devices of one person.
    pub eas_max_devices: usize,
    /// People may erase their own devices whole, not only remove their account.
    pub owners_erase: bool,
    /// Tell known devices when more protocol versions are offered.
    pub eas_announce: bool,
    /// Logins that another server serves, each with the URL of its ActiveSync.
    pub eas_elsewhere: HashMap<String, String>,
    pub eas_policy: Option<Policy>,
    /// The mail server for outgoing mail; none: no mail is sent.
    pub mail: Option<Relay>,
    /// The gateway for short messages.
    pub sms: Option<Gateway>,
    /// The gateway for faxes.
    pub fax: Option<Gateway>,
    /// The file it was read from.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// The server sends mail, by what it kept.
    #[serde(skip)]
    pub letters: bool,
}

/// The form of log lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// How the first administrator is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FirstStart {
    /// Named `admin`, with a password that the server prints.
    #[default]
    Password,
    /// Made on a page, by whoever has the code that the server printed.
    Page,
}

/// Who may create groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Founders {
    #[default]
    Anyone,
    Administrators,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            listen: vec![
                "https://0.0.0.0:8443".to_owned(),
                "http://127.0.0.1:8080".to_owned(),
            ],
            public_url: None,
            tls_certificate: None,
            tls_key: None,
            acme: None,
            log_format: LogFormat::Text,
            log_level: "info".to_owned(),
            metrics_listen: None,
            metrics_token: None,
            country: None,
            max_document: 10 * 1024 * 1024,
            import_octets: 64 * 1024 * 1024,
            import_contacts: 50_000,
            import_seconds: 10 * 60,
            max_upload: 100 * 1024 * 1024,
            document_quota: 1024 * 1024 * 1024,
            trusted_proxies: Vec::new(),
            forwarded_header: ForwardedHeader::XForwardedFor,
            pdf_fonts: USUAL_FONTS.map(PathBuf::from).to_vec(),
            max_connections: 20_000,
            max_connections_per_address: 2_000,
            head_seconds: 30,
            idle_seconds: 90,
            stall_seconds: 120,
            push_contact: None,
            push_allow_private: false,
            carddav_vcard4: true,
            further_books: true,
            max_heartbeat: 3540,
            autodiscover_outlook: false,
            autodiscover_redirects: BTreeMap::new(),
            first_start: FirstStart::Password,
            found_groups: Founders::Anyone,
            history_days: 30,
            trash_days: 30,
            tombstone_days: 400,
            eas_legacy: false,
            eas_new_devices: NewDevices::Allow,
            eas_max_devices: 50,
            owners_erase: false,
            eas_announce: false,
            eas_elsewhere: HashMap::new(),
            eas_policy: None,
            mail: None,
            sms: None,
            fax: None,
            file: None,
            letters: false,
        }
    }
}

impl Config {
    /// Reads the configuration: a file, if one is named, overridden by variables.
    pub fn load(file: Option<&Path>) -> Result<Self, String> {
        let mut table = match file {
            None => toml::Table::new(),
            Some(file) => {
                let told = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
                let text = std::fs::read_to_string(file).map_err(|error| told(&error))?;
                // By itself first: an error of the text names its line.
                toml::from_str::<Self>(&text).map_err(|error| told(&error))?;
                text.parse().map_err(|error| told(&error))?
            }
        };
        override_with(&mut table, settings(std::env::vars_os())?);
        let config: Self = table
            .try_into()
            .map_err(|error| format!("configuration: {error}"))?;
        config.check().map_err(|error| match file {
            Some(file) => format!("{} with the CARNET_ variables: {error}", file.display()),
            None => format!("configuration: {error}"),
        })?;
        Ok(Self {
            file: file.map(Path::to_path_buf),
            ..config
        })
    }

    /// The limits every face and the command line obey.
    pub fn limits(&self) -> Limits {
        Limits {
            document: self.max_document,
            upload: self.max_upload,
            documents: (self.document_quota > 0)
                .then(|| i64::try_from(self.document_quota).unwrap_or(i64::MAX)),
            administrators_found: self.found_groups == Founders::Administrators,
            further_books: self.further_books,
            history_days: self.history_days.into(),
            trash_days: self.trash_days.into(),
            tombstone_days: self.tombstone_days.into(),
            owners_erase: self.owners_erase,
            letters: self.mail.is_some() || self.letters,
        }
    }

    /// Settings of the certificate.
    pub fn tls(&self) -> tls::Settings {
        tls::Settings {
            folder: self.data.join("tls"),
            listens: self.listen.iter().any(|url| url.starts_with("https:")),
            certificate: self.tls_certificate.clone(),
            key: self.tls_key.clone(),
            acme: self.acme.clone(),
            public_url: self.public_url.clone(),
        }
    }

    /// What one import on the web may take.
    pub fn imports(&self) -> transfer::Limits {
        transfer::Limits {
            octets: self.import_octets,
            contacts: self.import_contacts,
            longest: Duration::from_secs(self.import_seconds),
        }
    }

    /// The trusted proxies.
    pub fn proxies(&self) -> Proxies {
        Proxies {
            trusted: self.trusted_proxies.clone(),
            header: self.forwarded_header,
        }
    }

    /// Time limits of connections.
    pub fn patience(&self) -> Patience {
        Patience {
            head: Duration::from_secs(self.head_seconds),
            idle: Duration::from_secs(self.idle_seconds),
            stall: Duration::from_secs(self.stall_seconds),
        }
    }

    /// Settings of Exchange ActiveSync.
    pub fn eas(&self) -> Settings {
        Settings {
            max_heartbeat: self.max_heartbeat,
            legacy: self.eas_legacy,
            new_devices: self.eas_new_devices,
            max_devices: self.eas_max_devices,
            announce: self.eas_announce,
            elsewhere: self.eas_elsewhere.clone(),
            policy: self.eas_policy.clone(),
        }
    }
}

impl Config {
    /// The name of the host of `public_url`; an IPv6 address keeps its brackets.
    pub fn public_host(&self) -> Option<String> {
        let address = Address::parse(self.public_url.as_deref()?)?;
        Some(address.host().to_owned())
    }
}

/// Every key there is.
pub const KEYS: &[&str] = &[
    "data",
    "listen",
    "public_url",
    "tls_certificate",
    "tls_key",
    "acme",
    "log_format",
    "log_level",
    "metrics_listen",
    "metrics_token",
    "country",
    "max_document",
    "import_octets",
    "import_contacts",
    "import_seconds",
    "max_upload",
    "document_quota",
    "trusted_proxies",
    "forwarded_header",
    "pdf_fonts",
    "max_connections",
    "max_connections_per_address",
    "head_seconds",
    "idle_seconds",
    "stall_seconds",
    "push_contact",
    "push_allow_private",
    "carddav_vcard4",
    "further_books",
    "max_heartbeat",
    "autodiscover_outlook",
    "autodiscover_redirects",
    "first_start",
    "found_groups",
    "history_days",
    "trash_days",
    "tombstone_days",
    "eas_legacy",
    "eas_new_devices",
    "eas_max_devices",
    "owners_erase",
    "eas_announce",
    "eas_elsewhere",
    "eas_policy",
    "mail",
    "sms",
    "fax",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_names_every_key_and_holds_the_defaults() {
        let example = include_str!("../deploy/carnet.example.toml");
        for key in KEYS {
            let named = example.lines().any(|line| {
                let line = line.trim_start_matches("# ");
                line.starts_with(&format!("{key} =")) || line == format!("[{key}]")
            });
            assert!(named, "{key}");
        }
        let parsed: Config = toml::from_str(example).expect("the example");
        assert_eq!(parsed, Config::default());
    }

    #[test]
    fn every_field_is_a_key_that_a_variable_can_set() {
        let refused = toml::from_str::<Config>("no_such_key = 1").expect_err("no such key");
        let (_, fields) = refused
            .message()
            .split_once("expected one of ")
            .expect("the fields");
        let fields: Vec<&str> = fields.split('`').skip(1).step_by(2).collect();
        assert_eq!(fields, KEYS);
    }

    #[test]
    fn variables_win_and_unknown_keys_are_errors() {
        let mut table: toml::Table = "log_level = 'warn'".parse().expect("TOML");
        let variables = [
            ("CARNET_LOG_LEVEL", "debug"),
            ("CARNET_LISTEN", "http://127.0.0.1:0, https://127.0.0.1:0"),
            ("CARNET_MAX_DOCUMENT", "1000"),
            ("CARNET_SHARED", "elsewhere"),
            ("CARNET_METRICS_TOKEN", "1234567890123456"),
            ("CARNET_TRUSTED_PROXIES", ""),
        ];
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        override_with(&mut table, variables);
        let config: Config = table.try_into().expect("a configuration");
        assert_eq!(config.log_level, "debug");
        assert_eq!(config.listen.len(), 2);
        assert_eq!(config.max_document, 1000);
        assert_eq!(config.metrics_token.as_deref(), Some("1234567890123456"));
        assert!(config.trusted_proxies.is_empty());
        assert!(toml::from_str::<Config>("listne = []").is_err());
    }
}
