//! Registering a push subscription to a collection, and removing it.

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use carnet_proto::dav::{
    name::PUSH,
    precondition::Precondition,
    xml::{Element, parse},
};
use chrono::DateTime;
use http::{HeaderValue, StatusCode, header};

use crate::{
    dav::{
        Call,
        error::Failure,
        output::{Answer, empty},
        path::{Resource, registration_href},
        property::http_date,
    },
    domain::{id::Timestamp, item::random_id, store::PushSubscription},
};

/// Longest validity of a registration in days.
const MAX_DAYS: i64 = 30;
/// Base64url with or without padding: clients send both.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// POST of `P:push-register` to a collection.
pub async fn register(call: &Call) -> Result<Answer, Failure> {
    let body = call
        .body
        .as_deref()
        .map_err(|_| Failure::Status(StatusCode::PAYLOAD_TOO_LARGE))?;
    let root = parse(body)?;
    if !root.name.is(PUSH, "push-register") {
        return Err(Failure::Status(StatusCode::FORBIDDEN));
    }
    let unavailable =
        || Failure::forbidden(Precondition::PushNotAvailable, "no push is offered here");
    let push = call.face.push.as_ref().ok_or_else(unavailable)?;
    let collection = match &call.resource {
        // It changes when it is read.
        Resource::Book { book, .. } if book.is_view() => return Err(unavailable()),
        Resource::Book { book, .. } => book.collection().id,
        Resource::Home | Resource::User => call.face.core.home(&call.actor).await?.id,
        _ => return Err(unavailable()),
    };
    let invalid = |why: &str| Failure::forbidden(Precondition::InvalidSubscription, why);
    let subscription = root
        .child(PUSH, "subscription")
        .and_then(|subscription| subscription.child(PUSH, "web-push-subscription"))
        .ok_or_else(|| invalid("a web-push-subscription is needed"))?;
    let text = |name: &str| subscription.child(PUSH, name).map(Element::text);
    let resource = text("push-resource").unwrap_or_default().trim().to_owned();
    if push.outbound.target(&resource).is_none() || resource.len() > 2048 {
        return Err(invalid("push-resource is no public https address"));
    }
    // The name of the key in drafts, newest first.
    let public_key = text("client-public-key")
        .or_else(|| text("subscription-public-key"))
        .and_then(|key| BASE64URL.decode(key.trim()).ok())
        .filter(|key| key.len() == 65 && key[0] == 4)
        .ok_or_else(|| invalid("the public key is no uncompressed P-256 point"))?;
    let auth_secret = text("auth-secret")
        .and_then(|secret| BASE64URL.decode(secret.trim()).ok())
        .filter(|secret| secret.len() == 16)
        .ok_or_else(|| invalid("the auth-secret is not 16 octets"))?;
    let wants = |name: &str| {
        root.child(PUSH, "trigger")
            .is_some_and(|trigger| trigger.child(PUSH, name).is_some())
    };
    let content = wants("content-update");
    let properties = wants("property-update") && matches!(call.resource, Resource::Book { .. });
    if !content && !properties {
        return Err(Failure::forbidden(
            Precondition::NoSupportedTrigger,
            "supported-triggers names those there are",
        ));
    }
    let now = Timestamp::now();
    let latest = now.plus_days(MAX_DAYS);
    let expires = match root.child(PUSH, "expires").map(Element::text) {
        None => latest,
        Some(text) => DateTime::parse_from_rfc2822(text.trim())
            .map(|date| Timestamp(date.timestamp_millis()).min(latest))
            .map_err(|_| Failure::BadRequest(format!("expires {text}")))?,
    };
    if expires <= now {
        return Err(invalid("it has expired"));
    }
    let new = PushSubscription {
        id: random_id(16),
        person: call.actor.person,
        collection,
        resource,
        public_key,
        auth_secret,
        expires,
        content,
        properties,
        app_password: call.actor.client.access.password,
    };
    let made = new.id.clone();
    let id = call.face.core.subscribe(&call.actor, new).await?;
    let mut answer = empty(if id == made {
        StatusCode::CREATED
    } else {
        StatusCode::NO_CONTENT
    });
    let headers = [
        (header::LOCATION, registration_href(&id)),
        (header::EXPIRES, http_date(expires)),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            answer.headers_mut().insert(name, value);
        }
    }
    Ok(answer)
}

/// DELETE of a registration of one's own.
pub async fn unregister(call: &Call, id: &str) -> Result<(), Failure> {
    Ok(call.face.core.unsubscribe(&call.actor, id).await?)
}
