//! Sync rounds: which items a device still has to receive, computed from a state of five numbers.
//!
//! The device holds what the collection was at `base`; a round brings it to `horizon`, the sequence
//! when the round began: removals, then adds, then changes, each one indexed range paged out by
//! window. A page that is not full goes on with the next round.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{
    error::Result,
    id::{DeviceId, Seq},
    item::Placement,
    store::{Order, Span},
};

/// The phase of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// No round is open.
    Idle,
    /// What was removed after the base, by the sequence of its removal.
    Removals,
    /// What came after the base, by the sequence of its placement.
    Adds,
    /// What the device has and was changed after the base, by the sequence of the change.
    Changes,
}

/// What a device holds of a collection, in five numbers: the state its SyncKey stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The device holds exactly the collection as it was at this sequence.
    pub base: Seq,
    /// The sequence at which the open round ends.
    pub horizon: Seq,
    pub phase: Phase,
    /// The last sequence paged out in this phase.
    pub at: Seq,
    /// The sequence when SyncKey 0 was answered.
    pub primed: Seq,
}

/// The kind of change a device receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum What {
    Delete,
    Add,
    Change,
}

/// A device, with the items for which its state alone would say the wrong thing.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub device: DeviceId,
    /// Items created by a step whose answer was lost, and not claimed again: the device does not
    /// hold them.
    pub disowned: HashSet<String>,
    /// Items disowned earlier and claimed again by this request: the device holds their present
    /// content.
    pub owned: HashSet<String>,
    /// Items written by a step whose answer was lost, if the retry does not repeat the write or the
    /// step merged it: the device may have given the change up, and does not hold the merged copy.
    pub unwritten: HashSet<String>,
    /// Versions the device was given out of turn, by the sequence of their last change.
    pub given: HashMap<String, Seq>,
    /// Items held back from the device, whatever its state says.
    pub withheld: HashSet<String>,
}

/// The indexed ranges of one collection.
#[async_trait]
pub trait Rows: Sync {
    /// The rows of a span, ascending by the sequence `order` names.
    async fn rows(&self, order: Order, span: Span) -> Result<Vec<Placement>>;
}

/// One page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    pub items: Vec<(What, Placement)>,
    /// The state of the device once it has the page.
    pub state: State,
    /// The round is not finished: the next page continues it.
    pub more: bool,
}

impl Page {
    /// No changes: the device stays in its state.
    pub fn nothing(state: State) -> Self {
        Self {
            items: Vec::new(),
            state,
            more: false,
        }
    }
}

impl State {
    /// The state behind the answer to SyncKey 0.
    pub fn primed(newest: Seq) -> Self {
        Self {
            base: Seq(0),
            horizon: Seq(0),
            phase: Phase::Idle,
            at: Seq(0),
            primed: newest,
        }
    }

    /// Whether no round is open.
    pub fn at_rest(&self) -> bool {
        self.phase == Phase::Idle
    }

    /// The oldest sequence after which this state needs removals. Before its first round has sent
    /// additions, a device holds only the items it made since it was primed.
    pub fn needs(&self) -> Seq {
        if self.base > Seq(0) {
            self.base
        } else if self.phase <= Phase::Removals {
            self.primed
        } else {
            self.horizon
        }
    }
}

impl Viewer {
    /// A device that holds what its state says.
    pub fn new(device: DeviceId) -> Self {
        Self {
            device,
            disowned: HashSet::new(),
            owned: HashSet::new(),
            unwritten: HashSet::new(),
            given: HashMap::new(),
            withheld: HashSet::new(),
        }
    }

    /// Whether the device has this placement, in whatever version.
    pub fn knows(&self, row: &Placement, state: &State) -> bool {
        row.born <= state.base || (self.made(row) && row.born > state.primed)
    }

    /// Whether the row is the device's own write, unchanged since: it need not be sent back.
    pub fn is_echo(&self, row: &Placement, state: &State) -> bool {
        (row.writer == Some(self.device) || self.owned.contains(&row.server_id))
            && !self.disowned.contains(&row.server_id)
            && !self.unwritten.contains(&row.server_id)
            && row.gone.unwrap_or(row.changed) > state.primed
    }

    /// Whether the device was sent the row's current content. If not, its edit of it is stale.
    pub fn has_latest(&self, row: &Placement, state: &State) -> bool {
        if self.is_echo(row, state) || self.given.get(&row.server_id) == Some(&row.changed) {
            return true;
        }
        if self.withheld.contains(&row.server_id) {
            return false;
        }
        if row.changed <= state.base {
            return true;
        }
        if state.phase == Phase::Idle || row.changed > state.horizon {
            return false;
        }
        if self.knows(row, state) {
            state.phase == Phase::Changes && row.changed <= state.at
        } else {
            state.phase > Phase::Adds || (state.phase == Phase::Adds && row.born <= state.at)
        }
    }

    fn made(&self, row: &Placement) -> bool {
        (row.maker == Some(self.device) || self.owned.contains(&row.server_id))
            && !self.disowned.contains(&row.server_id)
    }
}

/// Fills a page from `start` up to `window` items beyond `sent`.
pub async fn fill_page(
    rows: &dyn Rows,
    viewer: &Viewer,
    start: &State,
    newest: Seq,
    window: usize,
    sent: HashSet<String>,
) -> Result<Page> {
    let mut pager = Pager::new(rows, viewer, start, sent, Room::of(window));
    loop {
        if pager.state.at_rest() && !pager.open(newest) {
            return Ok(pager.page(false));
        }
        while !pager.state.at_rest() {
            let horizon = pager.state.horizon;
            if !pager.page_phase(horizon).await? {
                return Ok(pager.page(true));
            }
            pager.end_phase();
        }
    }
}

/// Fills a page whose answer was lost again: exactly the steps from `start` to `end`, with present
/// content and however much that is, without what is in `sent`.
pub async fn fill_again(
    rows: &dyn Rows,
    viewer: &Viewer,
    start: &State,
    end: &State,
    sent: HashSet<String>,
) -> Result<Page> {
    let mut pager = Pager::new(rows, viewer, start, sent, Room::ENDLESS);
    let horizon = if end.at_rest() { end.base } else { end.horizon };
    while pager.state != *end {
        if pager.state.at_rest() && !pager.open(horizon) {
            break;
        }
        while !pager.state.at_rest() {
            let ends_here = (end.horizon, end.phase) == (pager.state.horizon, pager.state.phase);
            let last = if ends_here {
                end.at
            } else {
                pager.state.horizon
            };
            if !pager.page_phase(last).await? {
                return Ok(pager.page(true));
            }
            if ends_here {
                pager.state = end.clone();
                return Ok(pager.page(true));
            }
            pager.end_phase();
        }
    }
    Ok(pager.page(false))
}

/// A page that is being filled.
struct Pager<'a> {
    rows: &'a dyn Rows,
    viewer: &'a Viewer,
    state: State,
    /// The server ids of what the device is told of, here or beside the page.
    sent: HashSet<String>,
    items: Vec<(What, Placement)>,
    room: Room,
}

/// What still fits on a page.
struct Room {
    /// By [`weight`].
    items: usize,
    /// By [`octets`].
    octets: i64,
}

impl Room {
    const ENDLESS: Self = Self {
        items: usize::MAX,
        octets: i64::MAX,
    };

    fn of(window: usize) -> Self {
        Self {
            items: window,
            octets: OCTETS,
        }
    }

    fn holds(&self, what: What, row: &Placement) -> bool {
        weight(what, row) <= self.items && octets(what, row) <= self.octets
    }

    fn take(&mut self, what: What, row: &Placement) {
        self.items = self.items.saturating_sub(weight(what, row));
        self.octets -= octets(what, row);
    }
}

impl<'a> Pager<'a> {
    fn new(
        rows: &'a dyn Rows,
        viewer: &'a Viewer,
        start: &State,
        sent: HashSet<String>,
        room: Room,
    ) -> Self {
        Self {
            rows,
            viewer,
            state: start.clone(),
            sent,
            items: Vec::new(),
            room,
        }
    }

    fn page(self, more: bool) -> Page {
        Page {
            items: self.items,
            state: self.state,
            more,
        }
    }

    /// Opens a round up to `horizon`; false where nothing lies before it.
    fn open(&mut self, horizon: Seq) -> bool {
        let state = &mut self.state;
        if horizon <= state.base {
            return false;
        }
        state.horizon = horizon;
        state.phase = Phase::Removals;
        // Of what was removed before it was primed, a device holds nothing.
        state.at = match state.base {
            Seq(0) => state.primed.min(horizon),
            base => base,
        };
        true
    }

    fn end_phase(&mut self) {
        let state = &mut self.state;
        match state.phase.next() {
            Some(phase) => {
                state.phase = phase;
                state.at = state.base;
            }
            None => {
                state.base = state.horizon;
                state.phase = Phase::Idle;
                state.at = Seq(0);
            }
        }
    }

    /// Pages one phase out to `last`; false when the room is full before it.
    async fn page_phase(&mut self, last: Seq) -> Result<bool> {
        let (order, what, key): (_, _, fn(&Placement) -> Seq) = match self.state.phase {
            Phase::Idle => return Ok(true),
            Phase::Removals => (Order::Gone, What::Delete, |row| {
                row.gone.unwrap_or(row.changed)
            }),
            Phase::Adds => (Order::Born, What::Add, |row| row.born),
            Phase::Changes => (Order::Changed, What::Change, |row| row.changed),
        };
        let mut least = 1;
        loop {
            let span = Span {
                after: self.state.at,
                upto: last,
                limit: self.room.items.clamp(least, CHUNK - 1) + 1,
            };
            let found = self.rows.rows(order, span).await?;
            let exhausted = found.len() < span.limit;
            for row in found {
                let at = key(&row);
                if self.concerns(what, &row) {
                    let is_full = !self.room.holds(what, &row);
                    if self.room.items == 0 || is_full && !self.items.is_empty() {
                        return Ok(false);
                    }
                    self.room.take(what, &row);
                    self.sent.insert(row.server_id.clone());
                    self.items.push((what, row));
                }
                self.state.at = at;
            }
            if exhausted {
                return Ok(true);
            }
            // The rows were of no concern to the device; more of these may follow.
            least = (least * 8).min(CHUNK - 1);
        }
    }

    fn concerns(&self, what: What, row: &Placement) -> bool {
        self.viewer.knows(row, &self.state) == (what != What::Add)
            && !is_hidden(row)
            && !self.viewer.is_echo(row, &self.state)
            && !self.sent.contains(&row.server_id)
    }
}

/// Rows asked of the store at a time.
const CHUNK: usize = 513;

/// The weight of an item in a window: a large picture counts as several contacts. The octets sent
/// of a picture are bounded, and so is the weight.
fn weight(what: What, row: &Placement) -> usize {
    const LIGHT: i64 = 16 * 1024;
    match what {
        What::Delete => 1,
        What::Add | What::Change => 1 + (row.size / LIGHT).clamp(0, 3) as usize,
    }
}

/// Octets of documents that a window holds, but for one item that has more.
const OCTETS: i64 = 8 * 1024 * 1024;

fn octets(what: What, row: &Placement) -> i64 {
    match what {
        What::Delete => 0,
        What::Add | What::Change => row.size,
    }
}

/// Whether a device cannot show the row: [MS-ASCNTC] has no lists of contacts.
fn is_hidden(row: &Placement) -> bool {
    row.is_list()
}

impl Phase {
    fn next(self) -> Option<Self> {
        match self {
            Phase::Idle | Phase::Changes => None,
            Phase::Removals => Some(Phase::Adds),
            Phase::Adds => Some(Phase::Changes),
        }
    }
}

#[cfg(test)]
mod tests;
