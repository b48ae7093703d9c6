//! The message a page shows above its content: what the last form did, or why it was refused.

use http::StatusCode;
use serde::Deserialize;

use super::{
    error::explain,
    names,
    page::{Undo, see_other},
    place::form_encode,
    request::Visit,
    text::{Text, fill},
};
use crate::domain::{error::Error, history::Restored};
use axum::response::Response;

/// What the last form did, as the address of the next page says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Done {
    /// Names the sentence.
    pub done: String,
    /// What it was done to.
    pub name: String,
    /// Numbers in the sentence, separated by commas.
    pub n: String,
    /// What can be taken back: removals as ranges of revisions, `@` and a moment, `merge:`, `kept:`.
    pub undo: String,
}

impl Done {
    /// A message about something done, by its code.
    pub fn of(done: &str) -> Self {
        Self {
            done: done.to_owned(),
            ..Self::default()
        }
    }

    /// With the name of a group or person.
    pub fn to(mut self, name: &str) -> Self {
        self.name = names::short(name);
        self
    }

    /// With the numbers that the sentence takes.
    pub fn numbers(mut self, numbers: &[usize]) -> Self {
        let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
        self.n = numbers.join(",");
        self
    }

    /// With the value of `undo`.
    pub fn undone_by(mut self, undo: String) -> Self {
        self.undo = undo;
        self
    }

    /// A copy was taken into Private, of a contact or of a document.
    pub fn copied(document: bool) -> Self {
        Self::of(if document {
            "copied-document"
        } else {
            "copied"
        })
    }

    /// Going back to a moment.
    pub fn went_back(restored: &Restored) -> Self {
        let Restored {
            restored,
            reverted,
            removed,
            skipped,
        } = *restored;
        Self::of("went-back").numbers(&[restored, reverted, removed, skipped])
    }

    /// 303 to a page that tells it.
    pub fn at(&self, path: &str) -> Response {
        let query = form_encode(&[
            ("done", &self.done),
            ("name", &self.name),
            ("n", &self.n),
            ("undo", &self.undo),
        ]);
        let joint = if path.contains('?') { '&' } else { '?' };
        see_other(&format!("{path}{joint}{query}"))
    }

    /// What changed by going back; a number that is none is not said.
    fn went(&self, text: &Text) -> String {
        let b = text.book;
        let parts = [
            b.went_back_restored,
            b.went_back_reverted,
            b.went_back_removed,
            b.went_back_skipped,
        ];
        let numbers = self.n.split(',').map(|n| n.parse::<u64>().unwrap_or(0));
        let said = parts.into_iter().zip(numbers).filter(|(_, n)| *n > 0);
        let said: Vec<String> = said.map(|(part, n)| fill(part, &[&n])).collect();
        if said.is_empty() {
            b.went_nowhere.to_owned()
        } else {
            said.join(" ")
        }
    }

    fn sentence(&self, text: &Text) -> Option<String> {
        if self.done == "went-back" {
            return Some(self.went(text));
        }
        let mut values: Vec<String> = self
            .n
            .split(',')
            .filter_map(|number| number.parse::<u64>().ok())
            .map(|number| number.to_string())
            .collect();
        let first = values.first().and_then(|number| number.parse().ok());
        let first = first.unwrap_or_default();
        let named = match self.done.as_str() {
            "created" => text.created,
            "saved" => text.saved,
            "deleted" => text.deleted,
            "founded" => text.group_founded,
            "joined" => text.joined_group,
            "left" => text.left_group,
            "group-deleted" => text.group_deleted,
            "member-added" => text.member_added,
            "member-removed" => text.member_removed,
            "uninvited" => text.invitation_withdrawn,
            "granted" => text.right_granted,
            "withdrawn" => text.right_withdrawn,
            "shared" => text.shared_with,
            "unshared" => text.unshared,
            "copied-to" => text.book.copied_to,
            "moved" => text.moved_to,
            "copied" => text.copied_to_private,
            "copied-document" => text.documents.copied_to_private,
            "commented" => text.comment_added,
            "comment-deleted" => text.comment_deleted,
            "tagged" => text.tags_saved,
            "tag-created" => text.tag_created,
            "tag-deleted" => text.tag_deleted,
            "restored" => text.restored,
            "proposed" => text.proposal_sent,
            "dismissed" => text.refused_dismissed,
            "accepted" => text.proposal_accepted,
            "declined" => text.proposal_declined,
            "selection-deleted" => text.selection_deleted,
            "selection-shared" => text.selection_shared,
            "listed" => text.put_into_list,
            "selection-moved" => text.selection_moved,
            "selection-copied" => text.selection_copied,
            "selection-restored" => text.selection_restored,
            "selection-undone" => text.book.undone,
            "selection-tagged-documents" => {
                let d = text.documents;
                text.of_many(first, [d.tagged_one, d.tagged])
            }
            "selection-tagged" => text.of_many(first, [text.book.tagged_one, text.book.tagged]),
            "emptied" => text.emptied,
            "message-queued" => text.mail.message_queued,
            "verify-asked" => text.mail.verify_asked,
            "campaign-begun" => text.mail.campaign_begun,
            "campaign-stopped" => text.mail.campaign_stopped,
            "merged" => text.transfer.merged,
            "unmerged" => text.transfer.unmerged,
            "uploaded" => text.documents.uploaded,
            "new-version" => text.documents.version_added,
            "folder-made" => text.documents.folder_made,
            "folder-renamed" => text.documents.folder_renamed,
            "folder-deleted" => text.documents.folder_deleted,
            "folder-restored" => text.documents.folder_restored,
            "attached" => text.documents.attached,
            "detached-unnamed" => text.documents.detached_unnamed,
            "detached" => text.documents.detached,
            "told-apart" => text.transfer.told_apart,
            "address-asked" => text.account.address_asked,
            "address-confirmed" => text.account.address_confirmed,
            "password-changed" => text.account.password_changed,
            "session-ended" => text.account.session_ended,
            "second-factor-removed" => text.account.factor_removed,
            "password-revoked" => text.account.revoked,
            "import-undone" => text.transfer.import_taken_back,
            other => text.device.done(other).or_else(|| text.admin.done(other))?,
        };
        if values.is_empty() {
            values.push(self.name.clone());
        }
        let shown: Vec<&dyn std::fmt::Display> = values.iter().map(|v| v as _).collect();
        let sentence = fill(named, &shown);
        // The second number of a selection: what was left as it is.
        let left = values
            .get(1)
            .map(String::as_str)
            .filter(|left| *left != "0");
        match left.filter(|_| self.done.starts_with("selection-")) {
            Some(left) => Some(format!(
                "{sentence} {}",
                fill(text.selection_left, &[&left])
            )),
            None => Some(sentence),
        }
    }
}

/// What stands on top of a page.
#[derive(Default)]
pub enum Told {
    #[default]
    Nothing,
    Done(Done),
    /// The form of this page was refused.
    Refused(StatusCode, String),
}

impl Told {
    /// A message that says why something was refused.
    pub fn refused(error: &Error, visit: &Visit) -> Self {
        let (status, _, message) = explain(error, visit.text);
        Told::Refused(status, message)
    }

    /// The HTTP status of the page.
    pub fn status(&self) -> StatusCode {
        match self {
            Told::Refused(status, _) => *status,
            _ => StatusCode::OK,
        }
    }

    pub fn notice(&self, text: &Text) -> Option<String> {
        match self {
            Told::Done(done) => done.sentence(text),
            _ => None,
        }
    }

    /// The form that takes it back, in the place it was done.
    pub fn undo(&self, here: Option<&str>) -> Option<Undo> {
        let Told::Done(done) = self else { return None };
        if let Some(kept) = done.undo.strip_prefix("kept:") {
            return Some(Undo {
                action: "/undo".to_owned(),
                field: "kept",
                value: kept.to_owned(),
            });
        }
        let here = here?;
        if let Some(merge) = done.undo.strip_prefix("merge:") {
            return Some(Undo {
                action: format!("{here}/duplicates/undo"),
                field: "merge",
                value: merge.to_owned(),
            });
        }
        let (action, field, value) = match done.undo.strip_prefix('@') {
            _ if done.undo.is_empty() => return None,
            Some(moment) => ("back", "before", moment),
            None => ("restore", "revisions", done.undo.as_str()),
        };
        Some(Undo {
            action: format!("{here}/trash/{action}"),
            field,
            value: value.to_owned(),
        })
    }

    pub fn problem(self) -> Option<String> {
        match self {
            Told::Refused(_, message) => Some(message),
            _ => None,
        }
    }
}

impl From<Done> for Told {
    fn from(done: Done) -> Self {
        Told::Done(done)
    }
}
