//! Logs: what happened, never what a card or a credential holds.

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::Config;

/// Starts logging to standard error as configured.
pub fn start(config: &Config) -> Result<(), String> {
    let filter =
        EnvFilter::try_new(&config.log_level).map_err(|error| format!("log_level: {error}"))?;
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match config.log_format.as_str() {
        "text" => builder.try_init(),
        "json" => builder.json().try_init(),
        other => return Err(format!("log_format: {other} is neither text nor json")),
    };
    started.map_err(|error| error.to_string())
}
