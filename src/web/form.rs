//! The input of a form, after its token proved that it comes from a page of this session.

mod again;

use std::sync::Arc;

use axum::{
    Form,
    body::Body,
    extract::{FromRef, FromRequest, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::StatusCode;

use super::{
    FORM, Web,
    page::{Message, show},
    request::{Visit, wanted},
};
use crate::domain::{
    error::Error,
    id::{CollectionId, PersonId, RevisionId, TagId},
};

/// Numbers a list of ranges may stand for.
pub const LISTED: usize = 1000;

/// A submitted form of a signed-in person. A form of another session is refused before all else.
pub struct Posted {
    pub visit: Visit,
    fields: Vec<(String, String)>,
}

impl Posted {
    /// The value of a field, empty when absent.
    pub fn value(&self, name: &str) -> &str {
        self.values(name).next().unwrap_or_default()
    }

    /// Every value of a field that may be sent several times.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let named = self.fields.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }

    /// Everything, in order.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A check box.
    pub fn checked(&self, name: &str) -> bool {
        self.values(name).next().is_some()
    }

    /// The number in a field; 0, which names nothing, when there is none.
    pub fn number(&self, name: &str) -> i64 {
        self.value(name).trim().parse().unwrap_or(0)
    }

    /// The person in a field; 0 when it holds no id.
    pub fn person(&self, name: &str) -> PersonId {
        PersonId(self.number(name))
    }

    /// The collection in a field; 0 when it holds no id.
    pub fn collection(&self, name: &str) -> CollectionId {
        CollectionId(self.number(name))
    }

    /// The revision in the field `revision`; 0 when it holds no id.
    pub fn revision(&self) -> RevisionId {
        RevisionId(self.number("revision"))
    }

    /// The tags in the fields of a name.
    pub fn tags(&self, name: &str) -> Vec<TagId> {
        let numbers = self.values(name).filter_map(|value| value.parse().ok());
        numbers.map(TagId).collect()
    }

    /// `12-14,20`: four revisions.
    pub fn revisions(&self) -> Vec<RevisionId> {
        let mut found = Vec::new();
        for range in self.value("revisions").split(',') {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) else {
                continue;
            };
            found.extend((first..=last).take(LISTED - found.len()).map(RevisionId));
        }
        found
    }
}

/// What [`Posted::revisions`] reads.
pub fn ranges(revisions: &[RevisionId]) -> String {
    let mut spans: Vec<(i64, i64)> = Vec::new();
    for RevisionId(id) in revisions {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == *id => *last = *id,
            _ => spans.push((*id, *id)),
        }
    }
    let spans = spans.iter().map(|(first, last)| {
        if first == last {
            first.to_string()
        } else {
            format!("{first}-{last}")
        }
    });
    spans.collect::<Vec<_>>().join(",")
}

impl<S> FromRequest<S> for Posted
where
    S: Send + Sync,
    Arc<Web>: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visit = match Visit::from_request_parts(&mut parts, state).await {
            Ok(visit) => visit,
            Err(refused) => return Err(again::signed_out(refused, parts, body).await),
        };
        let too_large = Error::TooLarge { limit: FORM };
        let body = axum::body::to_bytes(body, FORM)
            .await
            .map_err(|_| visit.failed(&Arc::<Web>::from_ref(state), &too_large))?;
        let path = parts.uri.path().to_owned();
        let back = wanted(&parts.method, &parts.uri);
        let request = Request::from_parts(parts, Body::from(body));
        let Form(fields) = Form::<Vec<(String, String)>>::from_request(request, &())
            .await
            .map_err(IntoResponse::into_response)?;
        let posted = Posted { visit, fields };
        let web = Arc::<Web>::from_ref(state);
        if posted.visit.accepts(&web, posted.value("token")) {
            Ok(posted)
        } else {
            let shell = posted.visit.shell(&web, None);
            let again = again::stale(shell, &path, &posted.fields);
            Err(again.unwrap_or_else(|| stale(&web, &posted.visit, back)))
        }
    }
}

/// Nothing was done: the page the form stood on leads on.
fn stale(web: &Web, visit: &Visit, back: String) -> Response {
    let page = Message {
        shell: visit.shell(web, None),
        title: visit.text.forbidden.to_owned(),
        message: visit.text.stale_page.to_owned(),
        back: Some(back),
    };
    show(StatusCode::FORBIDDEN, &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_come_back_as_they_went() {
        for (ids, text) in [
            (&[][..], ""),
            (&[7], "7"),
            (&[7, 8, 9, 12], "7-9,12"),
            (&[3, 2], "3,2"),
        ] {
            let revisions: Vec<RevisionId> = ids.iter().copied().map(RevisionId).collect();
            assert_eq!(ranges(&revisions), text);
        }
    }
}
