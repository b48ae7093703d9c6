//! A history, page by page: no more documents are read than a page compares.

use super::{Event, View, What};
use crate::domain::{
    book::Book,
    class::Difference,
    error::Result,
    id::RevisionId,
    item::{Card, Placement},
};

/// Events of a page of a history.
pub const EVENTS: usize = 20;
/// Differences shown of one event.
const DIFFERENCES: usize = 100;
/// Characters shown of a value that differs.
const SHOWN: usize = 2000;

/// A page of a history, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Past {
    pub events: Vec<Event>,
    /// There are older ones.
    pub more: bool,
}

impl Book {
    /// A page of the history of an item of this place, newest first, after the `newer` newest
    /// events. A version is shown to those who may read a place that showed it, and to the creator;
    /// a sharing to the members of that place, the creator and the admins of the group it was shared
    /// from; what a comment said to its author and who changed it.
    pub async fn history(&self, placement: &Placement, newer: usize) -> Result<Past> {
        let current = self.current(placement).await?;
        let store = self.core().store();
        let places = store.places_of(placement.item).await?;
        let view = View::of(self, placement, &places);
        let oldest = self.core().history_begins();
        // Each with the version that came after; none for the present one.
        let mut events: Vec<(Event, Option<RevisionId>)> = Vec::new();
        let mut after = None;
        for (revision, shown_in) in store.history(placement.item).await? {
            let visible = view.creator || shown_in.iter().any(|place| view.reads(*place));
            if visible && revision.at >= oldest {
                events.extend(view.event(&revision).map(|event| (event, after)));
            }
            after = Some(revision.id);
        }
        let placed = places.iter().filter(|place| view.learns_of(place));
        let placed = placed.map(|place| Event {
            at: place.placed_at,
            person: Some(place.placed_by),
            person_name: place.placed_by_name.clone(),
            client: place.client.clone(),
            what: What::Placed {
                place: view.name(place.collection),
            },
        });
        events.extend(placed.map(|event| (event, None)));
        for former in self.former_comments(placement.item).await? {
            if former
                .revision
                .collection
                .is_some_and(|place| view.reads(place))
            {
                let event = Event {
                    at: former.revision.at,
                    person: former.revision.person,
                    what: What::Commented {
                        before: former.revision.id,
                        said: former.text(),
                        deleted: former.deleted,
                    },
                    person_name: former.revision.person_name,
                    client: former.revision.client,
                };
                events.push((event, None));
            }
        }
        events.sort_by_key(|(event, _)| std::cmp::Reverse(event.at));
        let more = events.len() > newer.saturating_add(EVENTS);
        let mut shown = Vec::new();
        let mut held = (None, current.document.to_vec());
        for (mut event, after) in events.into_iter().skip(newer).take(EVENTS) {
            if let What::Edited {
                before,
                differences,
                more,
            } = &mut event.what
            {
                if held.0 != after {
                    let Some(later) = self.kept(after, &current).await? else {
                        continue;
                    };
                    held = (after, later);
                }
                let Some(earlier) = self.kept(Some(*before), &current).await? else {
                    continue;
                };
                *differences = self.class().differences(&earlier, &held.1);
                *more = shorten(differences);
                held = (Some(*before), earlier);
            }
            shown.push(event);
        }
        Ok(Past {
            events: shown,
            more,
        })
    }

    /// The document of a revision, unless its time ended meanwhile; of none, the present one.
    async fn kept(&self, revision: Option<RevisionId>, current: &Card) -> Result<Option<Vec<u8>>> {
        let Some(id) = revision else {
            return Ok(Some(current.document.to_vec()));
        };
        let kept = self.core().store().revision(id).await?;
        Ok(kept.map(|kept| kept.document))
    }
}

/// Cuts differences to what a page shows, and returns how many there are besides.
pub(in crate::domain) fn shorten(differences: &mut Vec<Difference>) -> usize {
    let more = differences.len().saturating_sub(DIFFERENCES);
    differences.truncate(DIFFERENCES);
    differences.iter_mut().for_each(cut);
    more
}

/// Cuts what a page shows of a large value.
fn cut(difference: &mut Difference) {
    let values = [&mut difference.before, &mut difference.after];
    for value in values.into_iter().flatten() {
        if let Some((end, _)) = value.char_indices().nth(SHOWN) {
            value.truncate(end);
            value.push('…');
        }
    }
}
