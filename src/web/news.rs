//! News on the home page: what others did for the person, until it is read.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{
    Web, form::Posted, names, page::see_other, place::PlacePath, request::Visit, share::name_of,
    when,
};
use crate::{
    domain::{book::Book, error::Result, id::NoticeId, news::Told, store::News},
    text::fill,
};

/// One piece of news.
pub struct NewsRow {
    pub notice: i64,
    pub sentence: String,
    pub when: String,
    /// Where it is.
    pub path: Option<String>,
}

/// `POST /notices/read`: one piece of news, or all of them.
pub async fn read(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let one = match posted.number("notice") {
        0 => None,
        notice => Some(NoticeId(notice)),
    };
    match web.core.dismiss_news(&posted.visit.actor, one).await {
        Ok(()) => see_other("/"),
        Err(error) => posted.visit.failed(&web, &error),
    }
}

/// What the home page shows.
pub async fn rows(web: &Web, visit: &Visit) -> Result<Vec<NewsRow>> {
    let news = web.core.news(&visit.actor).await?;
    Ok(news.into_iter().map(|told| row(told, visit)).collect())
}

fn row(told: Told, visit: &Visit) -> NewsRow {
    let (text, notice) = (visit.text.news, &told.notice);
    let who = names::of_account(&notice.client, &visit.settings);
    let what = &notice.subject;
    let place = match &told.place {
        Some(place) => name_of(place, visit),
        None => visit.text.unknown_group.to_owned(),
    };
    let number = &notice.number;
    let sentence = match (told.what, number) {
        (News::Shared, 1) => fill(text.shared, &[&who, what, &place]),
        (News::Shared, _) => fill(text.shared_many, &[&who, number, &place]),
        (News::Granted, 1) => fill(text.granted, &[&who, what, &place]),
        (News::Granted, _) => fill(text.granted_many, &[&who, number, &place]),
        (News::Added, _) if who.is_empty() => fill(text.added_by_administration, &[&place]),
        (News::Added, _) => fill(text.added, &[&who, &place]),
        (News::Joined, _) => fill(text.joined, &[&who, &place]),
        (News::Accepted, _) => fill(text.accepted, &[&who, what]),
        (News::Declined, _) => fill(text.declined, &[&who, what]),
    };
    NewsRow {
        notice: notice.id.0,
        sentence,
        when: when::shown(notice.at, visit.text),
        path: told.place.as_ref().and_then(|place| path(&told, place)),
    }
}

/// The item, its list, or the members of the group.
fn path(told: &Told, place: &Book) -> Option<String> {
    let list = PlacePath::of(place).path();
    match (told.what, &told.card) {
        (News::Joined, _) => Some(format!("{list}/members")),
        (News::Added, _) => Some(list),
        (_, Some(card)) => Some(format!("{list}/c/{}", card.placement.server_id)),
        (_, None) => (told.notice.number > 1).then_some(list),
    }
}
