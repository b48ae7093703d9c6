//! MoveItems ([MS-ASCMD] 2.2.1.12)

use std::collections::VecDeque;

use carnet_proto::{
    eas::status::{Common, MoveItems as Status},
    wbxml::{Encoder, page::move_items as m},
};
use serde::{Deserialize, Serialize};

use super::super::{
    folders::{self, Target},
    quirk,
    reply::Reply,
    request::Call,
    status::refuse,
};
use crate::domain::{
    device_sync::{DeviceBook, Moved},
    error::Result,
    json,
};

/// Moves in one request.
const MAX_MOVES: usize = 1000;
/// Moves that are remembered, so that one repeated after a lost answer is answered alike.
const REMEMBERED: usize = 200;
const VALUE: &str = "moves";

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Done {
    item: String,
    from: String,
    to: String,
    new: String,
}

/// Answers MoveItems. A move that a device repeats because its answer was lost is answered as the
/// first time.
pub async fn run(call: &Call) -> Result<Reply> {
    let root = call
        .body
        .as_ref()
        .filter(|root| root.tag == m::MOVE_ITEMS && root.child(m::MOVE).is_some());
    let Some(root) = root else {
        return Ok(Reply::status(m::MOVE_ITEMS, Status::InvalidDestination));
    };
    if root.children_of(m::MOVE).count() > MAX_MOVES {
        return Ok(refuse(call.version, m::MOVE_ITEMS, Common::InvalidXml));
    }
    let mut done: VecDeque<Done> = call.value(VALUE).await?.unwrap_or_default();
    let mut out = Encoder::new();
    out.open(m::MOVE_ITEMS);
    for one in root.children_of(m::MOVE) {
        let item = one.text_of(m::SRC_MSG_ID).unwrap_or_default();
        let from = one.text_of(m::SRC_FLD_ID).unwrap_or_default();
        let to = one.text_of(m::DST_FLD_ID).unwrap_or_default();
        let known = done
            .iter()
            .find(|known| (&known.item, &known.from, &known.to) == (&item, &from, &to))
            .map(|known| known.new.clone());
        let (status, new) = match known {
            Some(new) => (Status::Success, Some(new)),
            None => shift(call, &item, &from, &to, &mut done).await?,
        };
        out.open(m::RESPONSE)
            .text(m::SRC_MSG_ID, &item)
            .number(m::STATUS, status);
        if let Some(new) = new {
            out.text(m::DST_MSG_ID, &new);
        }
        out.close();
    }
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}

/// Moves one item; the move and the memory of it are one transaction.
async fn shift(
    call: &Call,
    item: &str,
    from: &str,
    to: &str,
    done: &mut VecDeque<Done>,
) -> Result<(Status, Option<String>)> {
    if from == to {
        return Ok((Status::SameFolder, None));
    }
    let Some(Target::Book(source)) = folders::find(call, &call.actor, from).await? else {
        return Ok((Status::InvalidSource, None));
    };
    let Some(Target::Book(target)) = folders::find(call, &call.actor, to).await? else {
        return Ok((Status::InvalidDestination, None));
    };
    let by_change = quirk::moves_by_change(&call.device);
    // Until the move is committed, `done` has nothing of it.
    let with = |new: &str| {
        let mut all = done.clone();
        all.push_back(Done {
            item: item.to_owned(),
            from: from.to_owned(),
            to: to.to_owned(),
            new: new.to_owned(),
        });
        if all.len() > REMEMBERED {
            all.pop_front();
        }
        all
    };
    let note = |new: &str| Ok((VALUE, json::write(&with(new))?));
    let moved = DeviceBook::new(*source, call.device_id())
        .move_to(&target, item, by_change, note)
        .await?;
    Ok(match moved {
        Moved::Done(new) => {
            *done = with(&new);
            (Status::Success, Some(new))
        }
        Moved::NoSource => (Status::InvalidSource, None),
        Moved::NoTarget => (Status::InvalidDestination, None),
        Moved::Failed => (Status::Failed, None),
    })
}
