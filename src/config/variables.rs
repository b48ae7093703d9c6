//! Variables that override the file.

use std::{collections::HashMap, ffi::OsString};

use super::KEYS;

/// Begins the variables that set keys.
pub(super) const PREFIX: &str = "CARNET_";

/// The variables that are settings, among all: others need not be text.
pub(super) fn settings(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> Result<HashMap<String, String>, String> {
    let ours = all.filter_map(|(name, value)| {
        let name = name.into_string().ok();
        Some((name.filter(|name| name.starts_with(PREFIX))?, value))
    });
    ours.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(format!("configuration: {name} is no text in UTF-8")),
    })
    .collect()
}

/// Puts the variables over what the file says: `CARNET_LOG_LEVEL=debug` sets `log_level`; lists are
/// separated by commas.
pub(super) fn override_with(table: &mut toml::Table, variables: HashMap<String, String>) {
    for (name, value) in variables {
        let Some(key) = name.strip_prefix(PREFIX).map(str::to_lowercase) else {
            continue;
        };
        // An empty line in a file of variables sets nothing.
        if !KEYS.contains(&key.as_str()) || value.is_empty() {
            continue;
        }
        let value = match key.as_str() {
            key if TEXTS.contains(&key) => toml::Value::String(value),
            "listen" | "trusted_proxies" | "pdf_fonts" => toml::Value::Array(
                value
                    .split(',')
                    .map(|member| toml::Value::String(member.trim().to_owned()))
                    .collect(),
            ),
            // A number, a truth value or a table as TOML has it; anything else is a text.
            _ => format!("value = {value}")
                .parse::<toml::Table>()
                .ok()
                .and_then(|mut table| table.remove("value"))
                .unwrap_or(toml::Value::String(value)),
        };
        table.insert(key, value);
    }
}

/// Keys of texts, which may look like numbers.
const TEXTS: &[&str] = &[
    "data",
    "public_url",
    "tls_certificate",
    "tls_key",
    "log_format",
    "log_level",
    "metrics_listen",
    "metrics_token",
    "country",
    "push_contact",
];
