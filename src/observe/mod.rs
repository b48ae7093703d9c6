//! Observation of the server by its operator: logs, which never hold contents of cards or
//! credentials, and metrics.

pub mod clock;
pub mod manager;
pub mod metrics;
pub mod operator;
pub mod requests;

use std::io::IsTerminal as _;

use tracing_subscriber::{EnvFilter, fmt};

use crate::config::{Config, LogFormat};

/// Starts logging to standard error as configured.
pub fn start(config: &Config) -> Result<(), String> {
    let filter = EnvFilter::try_new(directives(&config.log_level)?)
        .map_err(|error| format!("log_level: {error}"))?;
    let builder = fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let started = match config.log_format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    std::panic::set_hook(Box::new(|panic| {
        let cause = panic.payload_as_str().unwrap_or_default();
        let place = panic.location().map(ToString::to_string);
        tracing::error!(place, cause = without_contents(cause), "panicked");
    }));
    started.map_err(|error| error.to_string())
}

/// Shows what commands warn of on standard error, in words for whoever runs them.
pub fn warn() -> Result<(), String> {
    let builder = fmt()
        .with_env_filter(EnvFilter::new("off,carnet=warn"))
        .without_time()
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    builder.try_init().map_err(|error| error.to_string())
}

/// The words of a panic up to what they quote: the standard library shows the text it failed at.
fn without_contents(cause: &str) -> &str {
    cause.split(['`', '"', '\'']).next().unwrap_or_default()
}

/// A level is that of Carnet's own lines: libraries print at `debug` what passes through them,
/// passwords included.
fn directives(level: &str) -> Result<String, String> {
    match level {
        "debug" | "trace" => Ok(format!("info,carnet={level}")),
        "error" | "warn" | "info" | "off" => Ok(level.to_owned()),
        // A word alone would be taken as the name of a module, and silence everything else.
        targets if targets.contains('=') => Ok(targets.to_owned()),
        other => Err(format!(
            "log_level: {other} is none of error, warn, info, debug, trace, off"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_is_none_is_refused() {
        for level in [
            "error",
            "warn",
            "info",
            "debug",
            "trace",
            "off",
            "info,carnet::eas=debug",
        ] {
            let directives = directives(level).expect(level);
            assert!(EnvFilter::try_new(directives).is_ok(), "{level}");
        }
        for level in ["warning", "nonsense", ""] {
            assert!(directives(level).is_err(), "{level}");
        }
    }

    #[test]
    fn a_panic_is_told_without_what_it_quotes() {
        let contents = "secrét";
        let panic = std::panic::catch_unwind(|| contents[..5].len()).expect_err("a panic");
        let cause = panic.downcast_ref::<String>().expect("words");
        assert!(cause.contains(contents), "{cause}");
        assert!(!without_contents(cause).contains("sec"), "{cause}");
        assert!(without_contents(cause).contains("char boundary"), "{cause}");
    }
}
