//! Changes of what their own request took away: an item, or the name of a book shown as a category
//! in a view.

use super::{DeviceBook, Failure, Outcome, commands::Work};
use crate::domain::{book::Edit, error::Result, item::Card, refused::Why, round::What};

impl DeviceBook {
    /// A change of an item that a command before it removed: kept among the refused changes, as of
    /// any removed item.
    pub(super) async fn change_of_removed(
        &self,
        card: &Card,
        edit: &dyn Edit,
        work: &mut Work,
    ) -> Result<Outcome> {
        let server_id = card.placement.server_id.clone();
        let document = self.book.content(card);
        if let Ok(bytes) = edit.apply_beside(&document, &card.placement.beside) {
            let refusal = self.book.refusal(Some(card), bytes, Why::RemovedMeanwhile);
            work.ops.push(refusal.unmarked().into());
        }
        // In a view another book may still hold it: then it comes back in this answer.
        let stays = work.forced.iter().any(|(_, told)| *told == server_id);
        if !stays {
            work.forced.push((What::Delete, server_id.clone()));
        }
        Ok(Outcome::ChangeFailed {
            server_id,
            failure: if stays {
                Failure::Conflict
            } else {
                Failure::NotFound
            },
        })
    }

    /// Sends an item of a view again where an edit of its categories took names of books off, which
    /// stay, or put them on, which it cannot.
    pub(super) async fn put_labels_back(
        &self,
        card: &Card,
        edit: &dyn Edit,
        work: &mut Work,
    ) -> Result<()> {
        let Some(union) = &work.union else {
            return Ok(());
        };
        let names = union.labels();
        let held = self.held(card, work).await?;
        let labels: Vec<String> = held
            .iter()
            .filter_map(|card| names.get(&card.placement.collection).cloned())
            .collect();
        if edit.disagrees(&labels) {
            work.force(&card.placement);
        }
        Ok(())
    }
}
