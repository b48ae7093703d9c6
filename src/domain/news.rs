//! News for a person: contacts shared with their groups, rights granted to them, memberships.

use std::sync::Arc;

use super::{
    actor::Actor,
    batch::Op,
    book::Book,
    core::Core,
    error::{Error, Result},
    id::NoticeId,
    item::Card,
    store::{News, Notice},
};

/// A piece of news with what it is about, as far as the person may read that now.
pub struct Told {
    pub what: News,
    pub notice: Notice,
    pub place: Option<Book>,
    /// The card, where the news is about one item.
    pub card: Option<Card>,
}

impl Core {
    /// What others did for the actor and was not dismissed, newest first.
    pub async fn news(self: &Arc<Self>, actor: &Arc<Actor>) -> Result<Vec<Told>> {
        let mut news = Vec::new();
        for notice in self.store().notices(actor.person).await? {
            let Some(what) = notice.kind.news() else {
                continue;
            };
            let mut told = Told {
                what,
                notice,
                place: None,
                card: None,
            };
            if let Some(collection) = told.notice.collection {
                told.place = match self.open(actor, collection).await {
                    Ok(place) => Some(place),
                    Err(Error::NotFound) => None,
                    Err(error) => return Err(error),
                };
            }
            if let (Some(place), Some(item), 1) =
                (&told.place, told.notice.item, told.notice.number)
            {
                told.card = place.of_item(item).await?;
            }
            news.push(told);
        }
        Ok(news)
    }

    /// How much of it there is.
    pub async fn news_waiting(&self, actor: &Actor) -> Result<usize> {
        let notices = self.store().notices(actor.person).await?;
        let news = notices.iter().filter(|notice| notice.kind.news().is_some());
        Ok(news.count())
    }

    /// One piece of news was read, or all of them.
    pub async fn dismiss_news(&self, actor: &Arc<Actor>, one: Option<NoticeId>) -> Result<()> {
        let notices = self.store().notices(actor.person).await?;
        let news = notices.iter().filter(|notice| notice.kind.news().is_some());
        let read = news.filter(|notice| one.is_none_or(|one| one == notice.id));
        let ops: Vec<Op> = read
            .map(|notice| Op::SettleNotice { notice: notice.id })
            .collect();
        if ops.is_empty() {
            Ok(())
        } else {
            self.commit_personal(actor, ops).await.map(drop)
        }
    }
}
