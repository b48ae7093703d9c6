//! `carnet notice`

use super::{Done, text};
use crate::domain::office::Office;

/// Runs `carnet notice`.
pub async fn run(office: &Office, sentence: Option<&str>) -> Done {
    let saved = office.set_maintenance_notice(sentence).await;
    saved.map_err(|error| error.to_string())?;
    text(match sentence {
        Some(_) => "every page shows it now\n",
        None => "no page shows a notice any more\n",
    })
}
