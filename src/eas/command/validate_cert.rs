//! ValidateCert ([MS-ASCMD] 2.2.1.22)

use carnet_proto::{
    eas::status::ValidateCert as Status,
    wbxml::{Encoder, page::validate_cert as v},
};

use super::super::{reply::Reply, request::Call};

/// Certificates in one request.
const MAX_CERTIFICATES: usize = 100;

/// Answers ValidateCert with Status 17 for each certificate: the server validates none, since it
/// keeps no list of authorities for mail.
pub fn run(call: &Call) -> Reply {
    let certificates = call
        .body
        .as_ref()
        .filter(|root| root.tag == v::VALIDATE_CERT)
        .and_then(|root| root.child(v::CERTIFICATES));
    let Some(certificates) = certificates else {
        return Reply::status(v::VALIDATE_CERT, Status::ProtocolError);
    };
    let mut out = Encoder::new();
    out.open(v::VALIDATE_CERT)
        .number(v::STATUS, Status::Success);
    for _ in certificates
        .children_of(v::CERTIFICATE)
        .take(MAX_CERTIFICATES)
    {
        out.open(v::CERTIFICATE)
            .number(v::STATUS, Status::UnknownServerError)
            .close();
    }
    out.close();
    Reply::Wbxml(out.finish())
}
