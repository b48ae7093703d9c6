//! `carnet reach`

use serde_json::json;

use super::{Done, Output, text};
use crate::{config::Config, http::reach::reach};

/// Runs `carnet reach`: asks the public address as clients do.
pub async fn run(config: &Config, json: bool) -> Done {
    let base = config
        .public_url
        .as_deref()
        .ok_or("public_url is not set")?;
    let probes = reach(base).await?;
    let well = probes.iter().all(|probe| probe.well);
    let rows: Vec<_> = probes
        .iter()
        .map(|probe| json!({ "url": probe.url, "well": probe.well, "said": probe.said }))
        .collect();
    let lines: String = probes
        .iter()
        .map(|probe| {
            let state = if probe.well { "ok" } else { "!!" };
            format!("{state}\t{}\t{}\n", probe.url, probe.said)
        })
        .collect();
    match (well, json) {
        (true, true) => Ok(Output::Json(json!(rows))),
        (true, false) => text(lines),
        (false, _) => Err(format!("clients would not find everything:\n{lines}")),
    }
}
