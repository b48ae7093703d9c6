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

/// Adds the folders of an answer, and takes out those whose key it refused: of them the device has none
/// until it begins anew.
pub async fn note(call: &Call, folders: &[&str], refused: &[&str]) -> Result<()> {
    let _turn = call.face.turns.of(call.device_id()).await;
    let before = read(&call.face, call.device_id()).await?;
    let mut known = before.clone();
    known.retain(|id| !refused.contains(&&id[..]));
    for id in folders {
        call.face.restraint.reacted(call.device_id(), id);
        if !known.iter().any(|known| known == id) {
            known.push((*id).to_owned());
        }
    }
    if known == before {
        return Ok(());
    }
    let oldest = known.len().saturating_sub(MOST);
    known.drain(..oldest);
    call.set_value(VALUE, &known).await
}

/// A device that asks for its folders anew has a key of none.
pub async fn begin_anew(call: &Call) -> Result<()> {
    let known = read(&call.face, call.device_id()).await?;
    if known.is_empty() {
        return Ok(());
    }
    call.set_value(VALUE, &Vec::<String>::new()).await
}
