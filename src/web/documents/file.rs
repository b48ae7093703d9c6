//! Download of a document's octets: always as an attachment, never shown inline, so that nothing in
//! them runs.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};

use crate::{
    domain::{
        core::Core,
        document::Details,
        error::{Error, Result},
        id::RevisionId,
    },
    web::{Web, params::Path, place::ItemPath, place::encode_segment, request::Visit},
};

/// `GET /d/…/c/ID/file`
pub async fn download(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let (_, card) = item.open(&web, &visit).await?;
        let details = Details::read(&card.document)?;
        Ok(sent(&web.core, details, &headers))
    };
    visit.answer(&web, answer).await
}

/// `GET /d/…/c/ID/history/REVISION/file`
pub async fn earlier(
    State(web): State<Arc<Web>>,
    item: ItemPath,
    visit: Visit,
    Path(params): Path<Vec<(String, String)>>,
    headers: HeaderMap,
) -> Response {
    let answer = async {
        let (book, card) = item.open(&web, &visit).await?;
        let revision = params.iter().find(|(name, _)| name == "revision");
        let revision = revision.and_then(|(_, number)| number.parse().ok());
        let revision = RevisionId(revision.ok_or(Error::NotFound)?);
        let details = book.earlier_details(&card.placement, revision).await?;
        Ok(sent(&web.core, details, &headers))
    };
    visit.answer(&web, answer).await
}

fn sent(core: &Arc<Core>, details: Details, asked: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", &details.digest[..32]);
    let known = asked
        .get(header::IF_NONE_MATCH)
        .is_some_and(|seen| seen.as_bytes() == etag.as_bytes());
    let headers = [
        (
            header::CONTENT_TYPE,
            harmless(&details.media_type).to_owned(),
        ),
        (header::CONTENT_DISPOSITION, disposition(&details.name)),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox".to_owned(),
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
        (header::ETAG, etag),
    ];
    // What a browser keeps goes on under the same terms (RFC 9110 §15.4.5).
    if known {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let length = [(header::CONTENT_LENGTH, details.octets.to_string())];
    let body = Body::from_stream(octets(core.clone(), details));
    (headers, length, body).into_response()
}

/// A document chunk by chunk; one that ends too early breaks the answer off.
fn octets(core: Arc<Core>, details: Details) -> impl futures_util::Stream<Item = Result<Bytes>> {
    stream::unfold(Some((0, 0)), move |state| {
        let (core, details) = (core.clone(), details.clone());
        async move {
            let (chunk, before) = state?;
            match core.chunk(&details, chunk).await {
                Ok(Some(octets)) => {
                    let told = before + octets.len() as i64;
                    Some((Ok(octets), Some((chunk + 1, told))))
                }
                Ok(None) if before == details.octets => None,
                Ok(None) => Some((Err(Error::NotFound), None)),
                Err(error) => Some((Err(error), None)),
            }
        }
    })
}

/// What a browser might run is plain octets to it.
fn harmless(media_type: &str) -> &str {
    match media_type {
        "text/html" | "text/xml" | "image/svg+xml" => "application/octet-stream",
        other => other,
    }
}

/// `attachment` with a name every browser reads (RFC 6266 §4.3, RFC 8187).
pub fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            '"' | '\\' | '%' => '_',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '_',
        })
        .collect();
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        encode_segment(name)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sent_so_that_every_browser_reads_them() {
        assert_eq!(
            disposition("Été \"1\".pdf"),
            "attachment; filename=\"_t_ _1_.pdf\"; filename*=UTF-8''%C3%89t%C3%A9%20%221%22.pdf"
        );
    }

    #[test]
    fn nothing_a_browser_runs_keeps_its_type() {
        for runs in ["text/html", "image/svg+xml", "text/xml"] {
            assert_eq!(harmless(runs), "application/octet-stream");
        }
        assert_eq!(harmless("application/pdf"), "application/pdf");
    }
}
