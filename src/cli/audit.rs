//! `carnet audit`

use serde_json::json;

use super::{Done, Output, text};
use crate::domain::office::Office;

/// Runs `carnet audit`.
pub async fn run(office: &Office, lines: usize, json: bool) -> Done {
    let audit = office.audit(i64::MAX, lines).await;
    let audit = audit.map_err(|error| error.to_string())?;
    if json {
        return Ok(Output::Json(json!(audit)));
    }
    let mut out = String::new();
    for line in audit.iter().rev() {
        let at = chrono::DateTime::from_timestamp_millis(line.at.0).unwrap_or_default();
        out.push_str(&format!(
            "{}\t{}\t{}\t{}\n",
            at.format("%Y-%m-%dT%H:%M:%SZ"),
            line.who,
            line.client,
            line.what
        ));
    }
    text(out)
}
