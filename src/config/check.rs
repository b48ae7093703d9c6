//! What the values of a configuration must be.

use rlibphonenumber::Region;

use super::Config;
use crate::connect::Address;

/// Characters of a token that opens the figures.
const MIN_TOKEN: usize = 16;
/// Octets that one contact with the picture a device sends of it needs ([MS-ASCNTC] 2.2.2.58: 48 KB):
/// nothing that holds contacts or documents is kept below.
const SMALLEST: u64 = 64 * 1024;
/// Octets of one contact, which is held in memory.
const LARGEST_DOCUMENT: u64 = 256 * 1024 * 1024;
/// Connections of one browser, and one that a phone holds beside it.
const FEWEST: u64 = 8;

impl Config {
    /// What a value must be that its type does not say.
    pub(super) fn check(&self) -> Result<(), String> {
        let days = |days: u16| u64::from(days);
        let some = 1..=u64::MAX;
        let quota = match self.document_quota {
            0 => SMALLEST,
            quota => quota,
        };
        for (key, value, range) in [
            ("history_days", days(self.history_days), 1..=365),
            ("trash_days", days(self.trash_days), 0..=365),
            ("tombstone_days", days(self.tombstone_days), 30..=3650),
            (
                "import_octets",
                self.import_octets as u64,
                SMALLEST..=1 << 30,
            ),
            ("import_contacts", self.import_contacts as u64, some.clone()),
            ("import_seconds", self.import_seconds, some.clone()),
            (
                "max_document",
                self.max_document as u64,
                SMALLEST..=LARGEST_DOCUMENT,
            ),
            ("max_upload", self.max_upload, SMALLEST..=u64::MAX),
            (
                "document_quota, where it is not 0,",
                quota,
                SMALLEST..=u64::MAX,
            ),
            (
                "max_connections",
                self.max_connections as u64,
                FEWEST..=u64::MAX,
            ),
            (
                "max_connections_per_address",
                self.max_connections_per_address as u64,
                FEWEST..=u64::MAX,
            ),
            ("eas_max_devices", self.eas_max_devices as u64, some),
            ("max_heartbeat", self.max_heartbeat, 60..=3540),
            ("head_seconds", self.head_seconds, 1..=3600),
            ("idle_seconds", self.idle_seconds, 1..=3600),
            ("stall_seconds", self.stall_seconds, 1..=3600),
        ] {
            if !range.contains(&value) {
                return Err(match *range.end() {
                    u64::MAX => format!("{key} is at least {}", range.start()),
                    end => format!("{key} is {} to {end}", range.start()),
                });
            }
        }
        if self.listen.is_empty() {
            return Err("listen names no address".to_owned());
        }
        if let Some(url) = &self.metrics_listen
            && !url.starts_with("http://")
        {
            return Err(format!(
                "metrics_listen is like http://127.0.0.1:9464, without TLS: {url}"
            ));
        }
        if let Some(url) = &self.public_url
            && Address::parse(url).is_none_or(|address| address.url() != url.trim_end_matches('/'))
        {
            return Err(format!(
                "public_url is like https://contacts.example.org, without a path: {url}"
            ));
        }
        if self
            .metrics_token
            .as_deref()
            .is_some_and(|token| token.len() < MIN_TOKEN)
        {
            return Err(format!("metrics_token has at least {MIN_TOKEN} characters"));
        }
        // ZZ is no country to the library of numbers, and yet known to it.
        if let Some(country) = self.country.as_deref().map(str::to_uppercase)
            && (country == "ZZ" || country.parse::<Region>().is_err())
        {
            return Err(format!("country is two letters (FR): {country}"));
        }
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return Err("tls_certificate and tls_key belong together".to_owned());
        }
        let in_capitals = |login: &&String| login.to_lowercase() != **login;
        if let Some(odd) = self.eas_elsewhere.keys().find(in_capitals) {
            return Err(format!("eas_elsewhere: {odd}: logins are in small letters"));
        }
        let waits = self.mail.iter().map(|mail| ("mail", mail.timeout_seconds));
        let gateways = [("sms", &self.sms), ("fax", &self.fax)];
        let gateways = gateways
            .into_iter()
            .filter_map(|(name, gateway)| Some((name, gateway.as_ref()?.timeout_seconds)));
        if let Some((name, _)) = waits
            .chain(gateways)
            .find(|(_, seconds)| !(1..=3600).contains(seconds))
        {
            return Err(format!("timeout_seconds of [{name}] is 1 to 3600"));
        }
        let is_url = |text: &str| Address::parse(text).is_some();
        for (key, values) in [
            (
                "eas_elsewhere",
                self.eas_elsewhere.values().collect::<Vec<_>>(),
            ),
            (
                "autodiscover_redirects",
                self.autodiscover_redirects.values().collect(),
            ),
        ] {
            let is_domain = |text: &str| key != "eas_elsewhere" && text.starts_with('@');
            if let Some(odd) = values.into_iter().find(|to| !is_url(to) && !is_domain(to)) {
                return Err(format!("{key}: {odd} is no address"));
            }
        }
        match &self.acme {
            Some(_) if self.tls_certificate.is_some() => {
                Err("[acme] and tls_certificate exclude each other".to_owned())
            }
            Some(acme) => acme.check(),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_would_make_the_server_useless_are_refused() {
        assert_eq!(Config::default().check(), Ok(()));
        for fine in [
            "public_url = 'https://contacts.example.org/'",
            "public_url = 'https://[2001:db8::1]:8443'",
            "country = 'fr'",
            "autodiscover_redirects = { 'example.com' = '@example.org' }",
            "trash_days = 0",
            "document_quota = 0",
            "max_document = 65536",
            "max_connections = 8",
        ] {
            let config: Config = toml::from_str(fine).expect(fine);
            assert_eq!(config.check(), Ok(()), "{fine}");
        }
        for odd in [
            "listen = []",
            "max_connections = 0",
            "max_connections = 7",
            "max_connections_per_address = 0",
            "max_connections_per_address = 7",
            "max_document = 1",
            "max_document = 65535",
            "max_document = 268435457",
            "max_upload = 1",
            "document_quota = 1",
            "import_octets = 1",
            "import_octets = 1073741825",
            "metrics_listen = 'https://127.0.0.1:9464'",
            "metrics_listen = '127.0.0.1:9464'",
            "import_contacts = 0",
            "import_seconds = 0",
            "eas_max_devices = 0",
            "max_heartbeat = 59",
            "max_heartbeat = 3541",
            "history_days = 0",
            "tombstone_days = 29",
            "head_seconds = 0",
            "public_url = 'contacts.example.org'",
            "public_url = 'ftp://contacts.example.org'",
            "public_url = 'https://example.org/contacts'",
            "metrics_token = ''",
            "metrics_token = 'short'",
            "country = 'Germany'",
            "country = 'ZZ'",
            "tls_key = 'key.pem'",
            "eas_elsewhere = { ANNA = 'https://example.org' }",
            "sms = { url = 'https://example.org', timeout_seconds = 0 }",
            "eas_elsewhere = { anna = 'nonsense' }",
            "autodiscover_redirects = { 'example.com' = 'nonsense' }",
        ] {
            let key = odd.split(' ').next().expect("a key");
            let config: Config = toml::from_str(odd).expect(odd);
            assert!(config.check().is_err_and(|why| why.contains(key)), "{odd}");
        }
    }
}
