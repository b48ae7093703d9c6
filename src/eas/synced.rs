//! The folders of books that a device was given a key of. A Ping for such a folder also wakes when
//! the key is no longer valid.

use super::{Face, request::Call};
use crate::domain::{error::Result, id::DeviceId};

/// Name of the device value.
const VALUE: &str = "synced";
/// Ids kept, the latest ones.
const MOST: usize = 300;

/// The ids of the folders.
pub async fn read(face: &Face, device: DeviceId) -> Result<Vec<String>> {
    Ok(face.value(device, VALUE).await?.unwrap_or_default())
}

/// Adds the folders of an answer.
pub async fn note(call: &Call, folders: &[&str]) -> Result<()> {
    let mut known = read(&call.face, call.device_id()).await?;
    let before = known.len();
    for id in folders {
        if !known.iter().any(|known| known == id) {
            known.push((*id).to_owned());
        }
    }
    if known.len() == before {
        return Ok(());
    }
    let oldest = known.len().saturating_sub(MOST);
    known.drain(..oldest);
    call.set_value(VALUE, &known).await
}
