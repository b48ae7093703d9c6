//! The properties a client reads to subscribe to a collection (WebDAV-Push).

use super::Subject;
use crate::dav::{Call, path::Resource, push};

/// `depth` is how older drafts spell it.
const CONTENT: &str =
    "<P:content-update><D:sync-level>1</D:sync-level><D:depth>1</D:depth></P:content-update>";
const PROPERTIES: &str = "<P:property-update><D:depth>0</D:depth></P:property-update>";

/// Value of a property of WebDAV-Push as XML; none while push is off, and for resources without a
/// topic.
pub fn value(call: &Call, subject: Subject<'_>, local: &str) -> Option<String> {
    let push = call.face.push.as_ref()?;
    let topic = match subject {
        // Nothing happens in a view but when it is read.
        Subject::Book { book, .. } if book.is_view() => return None,
        Subject::Book { book, .. } => push::topic(&book.collection().uuid),
        // The account stands for its home.
        Subject::Plain(Resource::Home | Resource::User) => {
            push::topic(&format!("home {}", call.actor.person))
        }
        Subject::Plain(_) => return None,
    };
    Some(match local {
        "transports" => format!(
            "<P:web-push><P:vapid-public-key type=\"p256ecdsa\">{}</P:vapid-public-key></P:web-push>",
            push.public_key()
        ),
        "topic" => topic,
        "supported-triggers" => match subject {
            Subject::Book { .. } => format!("{CONTENT}{PROPERTIES}"),
            Subject::Plain(_) => CONTENT.to_owned(),
        },
        _ => return None,
    })
}
