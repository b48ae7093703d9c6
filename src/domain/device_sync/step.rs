//! One step of a device: its commands, the changes it is told and its next key, in one transaction.

use super::{
    Answer, DeviceBook, SyncCall, SyncReply,
    choke::Choke,
    commands::Work,
    owed::Owed,
    record::{Previous, Record, generation, new_key},
    wanted,
};
use crate::domain::{
    batch::{HistoryOp, Op},
    error::Result,
    id::Timestamp,
    round::{Page, State, Viewer, What, fill_page},
};

impl DeviceBook {
    /// A new step from `start`; `lost` is the step whose answer the device did not receive.
    pub(super) async fn step(
        &self,
        call: &SyncCall,
        record: &Record,
        start: State,
        lost: Option<&Previous>,
    ) -> Result<SyncReply> {
        let owed = lost.map_or(&record.owed, |lost| &lost.owing);
        let mut work = Work::after(record, owed);
        let mut viewer = self.viewer_of(record);
        viewer.lacks(owed);
        if let Some(lost) = lost {
            self.take_up(call, lost, &mut viewer, &mut work);
        }
        if !call.commands.is_empty() {
            let at_rest = start.at_rest() && record.certain && lost.is_none();
            work.union = self.book.core().union_of(&self.book).await?;
            self.decide(call, &viewer, &start, at_rest, &mut work)
                .await?;
        }
        if let Some(lost) = lost {
            work.retell(&lost.forced, &call.commands);
            work.retell(&record.owed_after(lost), &call.commands);
        }
        viewer.owned = work.owned.clone();
        let mut choke = record.choke.clone();
        let withheld = lost.and_then(|lost| choke.withhold(lost, Timestamp::now()));
        if let Some(item) = &withheld {
            work.leave_out(item);
        }
        let mut left = work.put_off(call, &choke);
        self.look_up(&mut work).await?;
        let (mut page, certain) = if call.get_changes {
            let forced = work.forced.iter().chain(&left).map(|(_, item)| item);
            let sent = forced.chain(&withheld).cloned().collect();
            let room = room(call.window, &choke, work.copies_told());
            let newest = self.book.collection().seq;
            let page = fill_page(self, &viewer, &start, newest, room, sent).await?;
            let certain = page.state == start || self.stands_still().await?;
            (page, certain)
        } else {
            (Page::nothing(start.clone()), record.certain)
        };
        choke.adjust(&mut page.items);
        work.put_off_page(&mut page.items, &mut left);
        let owed_before = owed.iter().chain(&record.owed);
        let owed_next = work.owed(left, &viewer, &start, owed_before);
        let out_of_turn = work.told_out_of_turn(&page.items, &viewer, &page.state);
        let told = wanted(&work.forced, page.items);
        // A copy of what was merged is never held back: it alone tells what others wrote.
        let sole = sole(&told).filter(|item| !work.merged.contains(item));
        let mut offered = choke.held_back().to_vec();
        offered.retain(|item| told.iter().any(|(_, told)| told == item));
        let written = work.written();
        let settings = call.settings.clone().unwrap_or(record.settings.clone());
        // Where only the answer is full, the device is told that there is more.
        let is_cut_off = call.window == 0 && page.more;
        let silent = call.commands.is_empty() && told.is_empty() && lost.is_none() && !is_cut_off;
        let more = page.more || (call.get_changes && work.altered) || !owed_next.is_empty();
        choke.rest(page.more || sole.is_some() || !owed_next.is_empty());
        let mut ops = work.take_ops(&self.book, self.device);
        let is_kept = |op: &&Op| matches!(op, Op::History(HistoryOp::Refuse(_)));
        let kept = ops.iter().filter(is_kept).count();
        let mut next = Record {
            epoch: record.epoch.clone(),
            key: record.key.clone(),
            state: page.state.clone(),
            certain,
            previous: None,
            settings,
            choke,
            unclaimed: work.unclaimed,
            reverts: work.reverts,
            given: record.given.clone(),
            owed: owed_next,
        };
        if !silent {
            next.key = new_key(generation(&record.key) + 1);
            next.previous = Some(Previous {
                key: call.key.clone().unwrap_or_default(),
                state: start,
                end: page.state,
                request: call.request.clone(),
                outcomes: work.outcomes.clone(),
                forced: work.forced,
                more,
                adds: work.adds,
                withheld,
                sole,
                told: out_of_turn,
                offered,
                wrote: written,
                merged: work.merged,
                owing: owed.clone(),
            });
        }
        if !(silent && next.says_the_same_as(record)) {
            let is_note = ops.is_empty();
            ops.extend(next.choke.notice(next.previous.as_ref()));
            ops.push(self.set(Some(record.key.clone()), &next)?);
            if is_note {
                self.note(ops).await?;
            } else {
                self.commit(ops).await?;
            }
        }
        Ok(SyncReply::Answer(Answer {
            key: next.key,
            fetched: self.fetched(&work.outcomes).await?,
            // Read after the commit: a merged version goes out in the same answer.
            labels: self.labels_on(&told, &work.outcomes).await?,
            changes: self.render(told).await?,
            outcomes: work.outcomes,
            more,
            kept,
            new_key: !silent,
        }))
    }

    /// Goes on from a step whose answer was lost.
    fn take_up(&self, call: &SyncCall, lost: &Previous, viewer: &mut Viewer, work: &mut Work) {
        self.claim(call, lost, work);
        self.renounce(call, lost, work);
        viewer.disowned = work.disowned.iter().cloned().collect();
        viewer.unwritten.extend(work.unwritten.iter().cloned());
        viewer.unwritten.extend(lost.merged.iter().cloned());
        // With those it owed before.
        work.merged.clone_from(&lost.merged);
    }

    /// Reads the items that are told of, but not in a command of the request.
    async fn look_up(&self, work: &mut Work) -> Result<()> {
        let told = work.forced.iter().map(|(_, item)| item);
        let unread = told.filter(|item| !work.cards.contains_key(*item));
        let ids: Vec<String> = unread.cloned().collect();
        let found = self.cards(&ids).await?;
        work.cards.extend(ids.into_iter().zip(found));
        Ok(())
    }
}

/// Room for changes beside the copies that commands force.
fn room(window: usize, choke: &Choke, copies: usize) -> usize {
    let room = choke.window(window);
    // Copies of what was refused do not keep the rest away for ever, but for an item that may be one
    // the device cannot take, which goes alone.
    let least = if choke.is_narrow() { 0 } else { room.min(1) };
    room.saturating_sub(copies).max(least)
}

/// The item that an answer brings, where it brings no other: every device takes a removal.
fn sole(told: &[(What, String)]) -> Option<String> {
    let mut brought = told.iter().filter(|(what, _)| *what != What::Delete);
    match (brought.next(), brought.next()) {
        (Some((_, item)), None) => Some(item.clone()),
        _ => None,
    }
}

impl Work {
    /// Before anything is decided: what is left over from earlier steps, and owed since.
    fn after(record: &Record, owed: &[Owed]) -> Self {
        let last = record.previous.iter().flat_map(|last| &last.adds);
        let mut work = Self {
            unclaimed: record.unclaimed.clone(),
            reverts: record.reverts.clone(),
            own_adds: last.map(|add| add.server_id.clone()).collect(),
            copies: record.ahead(),
            ..Self::default()
        };
        work.pay(owed);
        work.repeat_reverts();
        work
    }
}

impl Record {
    /// Whether a silent answer has nothing to write after this record.
    fn says_the_same_as(&self, before: &Record) -> bool {
        self.state == before.state
            && self.certain == before.certain
            && before.previous.is_none()
            && self.unclaimed == before.unclaimed
            && self.settings == before.settings
    }
}
