//! ValidateCert ([MS-ASCMD] 2.2.1.22)

use carnet_proto::wbxml::{Encoder, page::validate_cert as v};

use super::super::request::{Call, Reply, command_status};
use crate::domain::error::Result;

/// The validity could not be determined: the server keeps no list of authorities for mail.
const UNKNOWN: u16 = 17;
/// Certificates in one request.
const MAX_CERTIFICATES: usize = 100;

/// Answers ValidateCert with Status 17 for each certificate: the server validates none.
pub fn run(call: &Call) -> Result<Reply> {
    let certificates = call
        .body
        .as_ref()
        .filter(|root| root.tag == v::VALIDATE_CERT)
        .and_then(|root| root.child(v::CERTIFICATES));
    let Some(certificates) = certificates else {
        return Ok(Reply::Wbxml(command_status(v::VALIDATE_CERT, 2)));
    };
    let mut out = Encoder::new();
    out.open(v::VALIDATE_CERT).number(v::STATUS, 1);
    for _ in certificates
        .children_of(v::CERTIFICATE)
        .take(MAX_CERTIFICATES)
    {
        out.open(v::CERTIFICATE).number(v::STATUS, UNKNOWN).close();
    }
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}
