//! Mass deletion: a client that removes more than 50 items and a quarter of a book within an hour
//! is obeyed; the person is notified and can undo everything that client did.

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::Op,
    book::Book,
    core::Core,
    error::{Error, Result},
    history::Restored,
    id::NoticeId,
    rights::Right,
    store::Notice,
    undo::Undo,
};

impl Core {
    /// What the actor is told and has not settled, newest first; [`Core::news`] apart.
    pub async fn notices(&self, actor: &Actor) -> Result<Vec<Notice>> {
        let mut notices = self.store().notices(actor.person).await?;
        notices.retain(|notice| notice.kind.news().is_none());
        Ok(notices)
    }

    /// All is well: the notice goes, and deletions that were held are obeyed again.
    pub async fn confirm_notice(&self, actor: &Arc<Actor>, notice: NoticeId) -> Result<()> {
        self.own_notice(actor, notice).await?;
        self.settle_notice(actor, notice).await
    }

    /// [`Core::undo_client`] of a notice, since its deletions began.
    pub async fn undo_notice(
        self: &Arc<Self>,
        actor: &Arc<Actor>,
        notice: NoticeId,
    ) -> Result<(Restored, Vec<Undo>)> {
        let told = self.own_notice(actor, notice).await?;
        if !told.can_be_undone() {
            return Err(Error::NotFound);
        }
        let undone = self.undo_client(actor, &told.client, told.since).await?;
        self.settle_notice(actor, notice).await?;
        Ok(undone)
    }

    async fn settle_notice(&self, actor: &Arc<Actor>, notice: NoticeId) -> Result<()> {
        self.decided(actor, |actor| async move {
            let op = Op::SettleNotice { notice };
            self.commit_as(&actor, vec![op]).await.map(drop)
        })
        .await
    }

    async fn own_notice(&self, actor: &Actor, notice: NoticeId) -> Result<Notice> {
        let notices = self.notices(actor).await?;
        let found = notices.into_iter().find(|own| own.id == notice);
        found.ok_or(Error::NotFound)
    }
}

impl Book {
    /// Deletions by this client wait until the person confirms them.
    pub(super) async fn deletions_held(&self) -> Result<bool> {
        let actor = self.actor();
        if actor.client.is_page() {
            return Ok(false);
        }
        self.core()
            .store()
            .deletions_held(actor.person, &actor.client.label, self.collection().id)
            .await
    }

    /// Refuses while deletions by this client are held.
    pub(super) async fn require_deletions(&self) -> Result<()> {
        if self.deletions_held().await? {
            Err(Error::Forbidden {
                right: Right::Remove,
            })
        } else {
            Ok(())
        }
    }
}
