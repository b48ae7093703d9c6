//! What the server tells its operator: logs, which never hold what a card or a credential holds.

pub mod manager;
pub mod metrics;
pub mod operator;
pub mod requests;

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::Config;

/// Starts logging to standard error as configured.
pub fn start(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(directives(&config.log_level))
        .map_err(|error| format!("log_level: {error}"))?;
    let builder = fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match config.log_format.as_str() {
        "text" => builder.try_init(),
        "json" => builder.json().flatten_event(true).try_init(),
        other => return Err(format!("log_format: {other} is neither text nor json")),
    };
    started.map_err(|error| error.to_string())
}

/// A level is that of Carnet's own lines: libraries print at `debug` what passes through them,
/// passwords included.
fn directives(level: &str) -> String {
    match level {
        "debug" | "trace" => format!("info,carnet={level}"),
        other => other.to_owned(),
    }
}
