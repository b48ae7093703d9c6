//! One file per method.

mod apple;
mod copy_move;
mod delete;
mod get;
mod mkcol;
mod post;
mod precondition;
mod propfind;
mod proppatch;
pub mod put;

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header};

use super::{
    Call,
    error::Failure,
    output::{Answer, empty},
    path::Kind,
    report,
};
use crate::domain::{error::Error, rights::Right, sharing::How};
use get::Extent;

pub use propfind::{CHUNK, flush, in_home, shown_in_home};

/// The ACL method (RFC 3744 §8.1), which is refused to everybody.
pub const ACL: &str = "ACL";

/// Dispatches a request by its method.
pub async fn dispatch(call: Arc<Call>, method: &Method) -> Result<Answer, Failure> {
    match method.as_str() {
        "PROPFIND" => propfind::propfind(call).await,
        "PROPPATCH" => proppatch::proppatch(&call).await,
        "REPORT" => report::report(call).await,
        "MKCOL" => mkcol::mkcol(&call).await,
        "GET" => get::get(call, Extent::Whole).await,
        "HEAD" => get::get(call, Extent::Head).await,
        "PUT" => put::put(&call).await,
        "POST" => post::post(&call).await,
        "DELETE" => delete::delete(&call).await,
        "COPY" => copy_move::copy_or_move(&call, How::Share).await,
        "MOVE" => copy_move::copy_or_move(&call, How::Move).await,
        // Rights are given on the web; what is there is read through `D:acl`.
        ACL => {
            let right = Right::Administer;
            Err(Failure::about(Error::Forbidden { right }, &call.href()))
        }
        _ => Err(Failure::Status(StatusCode::METHOD_NOT_ALLOWED)),
    }
}

/// Answers OPTIONS without authentication: the answer holds no secret, and set-up assistants send
/// it first.
pub fn options(kind: Kind) -> Answer {
    let mut answer = empty(StatusCode::OK);
    let methods = kind.methods();
    answer.headers_mut().insert(header::ALLOW, listed(methods));
    answer
}

/// The methods a resource of a kind does serve, after one it does not (RFC 9110 §15.5.6).
pub fn allowed(kind: Kind, refused: &Method) -> HeaderValue {
    listed(kind.methods().filter(|method| *method != refused.as_str()))
}

fn listed(methods: impl Iterator<Item = &'static str>) -> HeaderValue {
    let methods: Vec<&str> = methods.collect();
    HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}
