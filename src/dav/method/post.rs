//! POST: a card whose name the server chooses (RFC 5995), or a push registration.

use carnet_proto::dav::href::encode;
use http::{HeaderValue, StatusCode, header};

use super::{precondition::require, put::store};
use crate::{
    dav::{Call, error::Failure, output::Answer, path::Resource, push},
    domain::{book::Condition, item::random_id},
};

/// Answers POST to a book: 201 with the Location of the new card (RFC 5995 §3), or the registration
/// of a push subscription if the body is XML.
pub async fn post(call: &Call) -> Result<Answer, Failure> {
    let media_type = call.header("content-type").unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim();
    let is_xml = |xml: &&str| media_type.eq_ignore_ascii_case(xml);
    if ["application/xml", "text/xml"].iter().any(is_xml) {
        return push::register(call).await;
    }
    let Resource::Book { book, href } = &call.resource else {
        return Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED));
    };
    require(call).await?;
    let name = format!("{}.vcf", random_id(16));
    let mut answer = store(call, book, &name, &Condition::Absent).await?;
    if let Ok(location) = HeaderValue::from_str(&format!("{href}{}", encode(&name))) {
        answer.headers_mut().insert(header::LOCATION, location);
    }
    Ok(answer)
}
