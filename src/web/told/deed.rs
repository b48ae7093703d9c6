//! What a form did, as the address of the next page names it, and the sentence for it.

use serde::{Deserialize, Serialize};

use crate::text::Text;

/// What a form did. Each has a sentence in every language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    Created,
    /// With an e-mail address that is none.
    CreatedUnwritable,
    Saved,
    SavedUnwritable,
    Deleted,
    /// Deleted here, and still in other places.
    TakenOut,
    Emptied,
    Restored,
    Withheld,
    Tagged,
    TagCreated,
    TagDeleted,
    Commented,
    CommentDeleted,
    Merged,
    Unmerged,
    ToldApart,
    Listed,
    Shared,
    SharedAlready,
    Unshared,
    Copied,
    CopiedDocument,
    CopiedTo,
    Moved,
    WentBack,
    ImportUndone,
    SelectionDeleted,
    SelectionShared,
    SelectionMoved,
    SelectionCopied,
    SelectionRestored,
    SelectionTagged,
    SelectionTaggedDocuments,
    SelectionUndone,
    DocumentsLeft,
    Uploaded,
    NewVersion,
    FolderMade,
    FolderRenamed,
    FolderDeleted,
    FolderRestored,
    FolderPartlyRestored,
    Attached,
    Detached,
    DetachedUnnamed,
    Founded,
    Joined,
    Left,
    GroupDeleted,
    MemberAdded,
    MemberRemoved,
    NowMember,
    NowCoAdmin,
    NowAdmin,
    Uninvited,
    Granted,
    Withdrawn,
    Proposed,
    Dismissed,
    Accepted,
    Declined,
    SettledAlready,
    MessageQueued,
    VerifyAsked,
    CampaignBegun,
    CampaignStopped,
    AddressAsked,
    AddressConfirmed,
    PasswordChanged,
    PasswordRevoked,
    SecondFactorRemoved,
    SessionEnded,
    DeviceRenamed,
    DeviceShown,
    DeviceResync,
    DeviceBlock,
    DeviceAllow,
    DeviceWipe,
    DeviceErase,
    DeviceCancel,
    DeviceForget,
    AdminSaved,
    AdminRemoved,
    AdminBackup,
    /// None, or one this version does not know.
    #[default]
    #[serde(other)]
    Nothing,
}

impl Deed {
    /// The name of the deed in addresses.
    pub fn code(self) -> String {
        let code = serde_json::to_value(self).ok();
        let code = code.as_ref().and_then(|code| code.as_str());
        code.unwrap_or_default().to_owned()
    }

    /// The sentence with its gaps, for so many; none where numbers alone are said.
    pub fn sentence(self, text: &Text, many: usize) -> Option<&'static str> {
        Some(match self {
            Deed::Created => text.created,
            Deed::CreatedUnwritable => text.book.created_unwritable,
            Deed::Saved => text.saved,
            Deed::SavedUnwritable => text.book.saved_unwritable,
            Deed::Deleted => text.deleted,
            Deed::TakenOut => text.book.taken_out,
            Deed::Emptied => text.emptied,
            Deed::Restored => text.restored,
            Deed::Withheld => text.book.withheld,
            Deed::Tagged => text.tags_saved,
            Deed::TagCreated => text.tag_created,
            Deed::TagDeleted => text.tag_deleted,
            Deed::Commented => text.comment_added,
            Deed::CommentDeleted => text.comment_deleted,
            Deed::Merged => text.transfer.merged,
            Deed::Unmerged => text.transfer.unmerged,
            Deed::ToldApart => text.transfer.told_apart,
            Deed::Listed => text.put_into_list,
            Deed::Shared => text.shared_with,
            Deed::SharedAlready => text.book.shared_already,
            Deed::Unshared => text.unshared,
            Deed::Copied => text.copied_to_private,
            Deed::CopiedDocument => text.documents.copied_to_private,
            Deed::CopiedTo => text.book.copied_to,
            Deed::Moved => text.moved_to,
            Deed::ImportUndone => text.transfer.import_taken_back,
            Deed::SelectionDeleted => text.selection_deleted,
            Deed::SelectionShared => text.selection_shared,
            Deed::SelectionMoved => text.selection_moved,
            Deed::SelectionCopied => text.selection_copied,
            Deed::SelectionRestored => text.selection_restored,
            Deed::SelectionTagged => text.of_many(many, [text.book.tagged_one, text.book.tagged]),
            Deed::SelectionTaggedDocuments => {
                let d = text.documents;
                text.of_many(many, [d.tagged_one, d.tagged])
            }
            Deed::SelectionUndone => text.book.undone,
            Deed::DocumentsLeft => {
                let x = text.book;
                text.of_many(many, [x.documents_left_one, x.documents_left])
            }
            Deed::Uploaded => text.documents.uploaded,
            Deed::NewVersion => text.documents.version_added,
            Deed::FolderMade => text.documents.folder_made,
            Deed::FolderRenamed => text.documents.folder_renamed,
            Deed::FolderDeleted => text.documents.folder_deleted,
            Deed::FolderRestored => text.documents.folder_restored,
            Deed::FolderPartlyRestored => text.documents.folder_partly_restored,
            Deed::Attached => text.documents.attached,
            Deed::Detached => text.documents.detached,
            Deed::DetachedUnnamed => text.documents.detached_unnamed,
            Deed::Founded => text.group_founded,
            Deed::Joined => text.joined_group,
            Deed::Left => text.left_group,
            Deed::GroupDeleted => text.group_deleted,
            Deed::MemberAdded => text.member_added,
            Deed::MemberRemoved => text.member_removed,
            Deed::NowMember => text.book.now_member,
            Deed::NowCoAdmin => text.book.now_co_admin,
            Deed::NowAdmin => text.book.now_admin,
            Deed::Uninvited => text.invitation_withdrawn,
            Deed::Granted => text.right_granted,
            Deed::Withdrawn => text.right_withdrawn,
            Deed::Proposed => text.proposal_sent,
            Deed::Dismissed => text.refused_dismissed,
            Deed::Accepted => text.proposal_accepted,
            Deed::Declined => text.proposal_declined,
            Deed::SettledAlready => text.book.settled_already,
            Deed::MessageQueued => text.mail.message_queued,
            Deed::VerifyAsked => text.mail.verify_asked,
            Deed::CampaignBegun => text.mail.campaign_begun,
            Deed::CampaignStopped => text.mail.campaign_stopped,
            Deed::AddressAsked => text.account.address_asked,
            Deed::AddressConfirmed => text.account.address_confirmed,
            Deed::PasswordChanged => text.account.password_changed,
            Deed::PasswordRevoked => text.account.revoked,
            Deed::SecondFactorRemoved => text.account.factor_removed,
            Deed::SessionEnded => text.account.session_ended,
            Deed::DeviceRenamed => text.device.renamed,
            Deed::DeviceShown => text.device.books_saved,
            Deed::DeviceResync => text.device.resynced,
            Deed::DeviceBlock => text.device.block_done,
            Deed::DeviceAllow => text.device.allow_done,
            Deed::DeviceWipe | Deed::DeviceErase => text.device.wipe_done,
            Deed::DeviceCancel => text.device.cancelled,
            Deed::DeviceForget => text.device.forgotten,
            Deed::AdminSaved => text.admin.saved,
            Deed::AdminRemoved => text.admin.removed,
            Deed::AdminBackup => text.admin.backup_done,
            Deed::WentBack | Deed::Nothing => return None,
        })
    }

    /// Whether the second number is that of what was left as it is.
    pub fn leaves_some(self) -> bool {
        matches!(
            self,
            Deed::SelectionDeleted
                | Deed::SelectionShared
                | Deed::SelectionMoved
                | Deed::SelectionCopied
                | Deed::SelectionRestored
                | Deed::SelectionUndone
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_deed_and_an_unknown_one_says_nothing() {
        let code = Deed::MemberRemoved.code();
        assert_eq!(code, "member-removed");
        for (said, deed) in [
            (code.as_str(), Deed::MemberRemoved),
            ("mistyped", Deed::Nothing),
        ] {
            let read: Deed = serde_json::from_value(said.into()).expect("a deed");
            assert_eq!(read, deed, "{said}");
        }
    }
}
