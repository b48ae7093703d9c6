//! New items that a device may send again after it started over. A client may delete what it added since
//! its last Sync, or add it once more ([MS-ASCMD] 2.2.3.177.17), and the server has it already: by an
//! answer that was lost, or kept when the key was refused.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::{DeviceBook, record::Record};
use crate::domain::{
    batch::{Op, SyncOp},
    book::{Admitted, Book, Edit},
    error::Result,
    id::Timestamp,
    json,
    store::ListQuery,
};

/// Adds that are remembered, at most.
const MAX_ADDS: usize = 100;
/// How long, in milliseconds.
const KEPT_FOR: i64 = 30 * 24 * 60 * 60 * 1000;
/// Contacts of the same name looked at.
const NAMESAKES: i64 = 20;

/// An Add that may come again.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sent {
    fingerprint: String,
    at: Timestamp,
}

impl DeviceBook {
    /// Adds that may come again, by their data.
    pub(super) async fn may_come_again(&self) -> Result<HashSet<String>> {
        let sent = self.sent_before().await?;
        Ok(sent.into_iter().map(|sent| sent.fingerprint).collect())
    }

    /// The operation that remembers Adds by their data; none when there are none. It outlives the
    /// device's key.
    pub(super) async fn expect_again(&self, adds: &[&str]) -> Result<Option<Op>> {
        let at = Timestamp::now();
        let new: Vec<Sent> = adds
            .iter()
            .filter(|fingerprint| !fingerprint.is_empty())
            .map(|fingerprint| Sent {
                fingerprint: (*fingerprint).to_owned(),
                at,
            })
            .collect();
        if new.is_empty() {
            return Ok(None);
        }
        let mut sent = self.sent_before().await?;
        sent.retain(|known| !adds.contains(&&known.fingerprint[..]));
        sent.extend(new);
        let oldest = sent.len().saturating_sub(MAX_ADDS);
        sent.drain(..oldest);
        Ok(Some(Op::Sync(SyncOp::SetDeviceValue {
            device: self.device,
            name: self.name_of_sent(),
            value: Some(json::write(&sent)?),
        })))
    }

    async fn sent_before(&self) -> Result<Vec<Sent>> {
        let store = self.book.core().store();
        let value = store
            .device_value(self.device, &self.name_of_sent())
            .await?;
        let read = |value: Vec<u8>| json::read("what a device may add again", &value);
        let mut sent: Vec<Sent> = value.and_then(read).unwrap_or_default();
        let oldest = Timestamp::now().0 - KEPT_FOR;
        sent.retain(|sent| sent.at.0 > oldest);
        Ok(sent)
    }

    fn name_of_sent(&self) -> String {
        format!("adds {}", self.book.collection().id.0)
    }
}

impl Record {
    /// The data of Adds whose answer may not have arrived.
    pub(super) fn adds(&self) -> Vec<&str> {
        let last = self.previous.iter().flat_map(|previous| &previous.adds);
        let last = last.map(|add| &add.fingerprint[..]);
        let left = self.unclaimed.iter().map(|left| &left.fingerprint[..]);
        left.chain(last).collect()
    }
}

/// Whether a new item says nothing that an item of the book does not say.
pub(super) async fn is_there(home: &Book, admitted: &Admitted, edit: &dyn Edit) -> Result<bool> {
    let namesakes = ListQuery {
        words: admitted
            .content
            .index
            .sort_first
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        limit: NAMESAKES,
        ..ListQuery::default()
    };
    for row in home.list(&namesakes).await?.rows {
        let card = home.by_server_id(&row.placement.server_id).await?;
        let shown = home.content(&card);
        if edit.apply(Some(&shown)).is_ok_and(|after| after == shown) {
            return Ok(true);
        }
    }
    Ok(false)
}
