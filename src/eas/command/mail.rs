//! Commands of mail and calendar, refused with their proper statuses: the server has neither
//! ([MS-ASCMD] 2.2.1.17, 2.2.1.19, 2.2.1.20, 2.2.1.11).

use carnet_proto::{
    eas::{
        request_line::Version,
        status::{self, Common},
    },
    wbxml::{
        Encoder, Tag,
        page::{compose_mail as m, meeting_response as r},
    },
};
use http::StatusCode;

use super::super::{reply::Reply, request::Call};
use crate::domain::{error::Result, refused::Why};

/// SendMail, SmartReply, SmartForward: the message is kept for its author, never swallowed.
pub async fn send(call: &Call, root: Tag) -> Result<Reply> {
    if call.version < Version::V14_0 {
        keep(call, call.raw.to_vec()).await?;
        // Without a time to wait: that would be one for every command.
        return Ok(Reply::Http(StatusCode::SERVICE_UNAVAILABLE));
    }
    let Some(message) = call.body.as_ref().filter(|body| body.tag == root) else {
        return Ok(Reply::status(root, Common::InvalidContent));
    };
    if message.child(m::CLIENT_ID).is_none() && message.child(m::MIME).is_none() {
        return Ok(Reply::status(root, Common::InvalidContent));
    }
    if let Some(mime) = message.child(m::MIME) {
        keep(call, mime.bytes()).await?;
    }
    Ok(Reply::status(root, Common::MailSubmissionFailed))
}

/// Keeps a message among the refused changes. One larger than a document may be stays with the
/// client, which is told that it was not sent.
async fn keep(call: &Call, message: Vec<u8>) -> Result<()> {
    let core = &call.face.core;
    if message.is_empty() || message.len() > core.limits().document {
        return Ok(());
    }
    core.keep_words(&call.actor, message, Why::NoMail).await
}

/// Answers MeetingResponse: there is no such meeting.
pub fn meeting_response(call: &Call) -> Reply {
    let invalid = status::MeetingResponse::InvalidRequest;
    let root = call
        .body
        .as_ref()
        .filter(|body| body.tag == r::MEETING_RESPONSE)
        .filter(|body| body.child(r::REQUEST).is_some());
    let Some(root) = root else {
        return Reply::status(r::MEETING_RESPONSE, invalid);
    };
    let mut out = Encoder::new();
    out.open(r::MEETING_RESPONSE);
    for request in root.children_of(r::REQUEST) {
        out.open(r::RESULT);
        if let Some(id) = request.text_of(r::REQUEST_ID) {
            out.text(r::REQUEST_ID, &id);
        }
        out.number(r::STATUS, invalid).close();
    }
    out.close();
    Reply::Wbxml(out.finish())
}
