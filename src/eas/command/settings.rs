//! Settings ([MS-ASCMD] 2.2.1.18)

use carnet_proto::{
    eas::{
        request_line::Version,
        status::{Common, Settings as Status},
    },
    wbxml::{Element, Encoder, page::settings as s},
};

use super::super::{quirk, reply::Reply, request::Call};
use crate::domain::error::Result;

/// Answers Settings part by part: device information is stored, out-of-office and recovery
/// passwords are refused, user information is read. Status 2 for a malformed request.
pub async fn run(call: &Call) -> Result<Reply> {
    let Some(root) = call.body.as_ref().filter(|root| root.tag == s::SETTINGS) else {
        return Ok(Reply::status(s::SETTINGS, Status::ProtocolError));
    };
    let mut out = Encoder::new();
    out.open(s::SETTINGS).number(s::STATUS, Status::Success);
    for part in root.elements() {
        match part.tag {
            s::OOF if part.child(s::GET).is_some() => {
                out.open(s::OOF)
                    .number(s::STATUS, Status::Success)
                    .open(s::GET)
                    .number(s::OOF_STATE, 0)
                    .close()
                    .close();
            }
            // Without mail nothing can answer for somebody.
            s::OOF => {
                out.open(s::OOF)
                    .number(s::STATUS, Status::AccessDenied)
                    .close();
            }
            s::DEVICE_INFORMATION => {
                device_information(call, part).await?;
                out.open(s::DEVICE_INFORMATION)
                    .number(s::STATUS, Status::Success)
                    .close();
            }
            // Recovery passwords are not kept.
            s::DEVICE_PASSWORD => {
                out.open(s::DEVICE_PASSWORD)
                    .number(s::STATUS, Status::DeniedByPolicy)
                    .close();
            }
            s::USER_INFORMATION if part.child(s::GET).is_some() => {
                user_information(call, &mut out).await?;
            }
            s::USER_INFORMATION => {
                out.open(s::USER_INFORMATION)
                    .number(s::STATUS, Status::ProtocolError)
                    .close();
            }
            s::RIGHTS_MANAGEMENT_INFORMATION => {
                out.open(s::RIGHTS_MANAGEMENT_INFORMATION)
                    .number(s::STATUS, Common::IrmFeatureDisabled)
                    .close();
            }
            _ => {}
        }
    }
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}

/// Stores the device information of a request.
pub async fn device_information(call: &Call, element: &Element) -> Result<()> {
    if quirk::is_probe(&call.device.device_id) {
        return Ok(());
    }
    let info: Vec<(String, String)> = element
        .child(s::SET)
        .into_iter()
        .flat_map(Element::elements)
        .filter_map(|child| {
            let value: String = child.text().chars().take(200).collect();
            Some((child.tag.name()?.to_owned(), value))
        })
        .collect();
    let version = call.version.to_string();
    call.face
        .core
        .learn_device(&call.device, version, info)
        .await
}

async fn user_information(call: &Call, out: &mut Encoder) -> Result<()> {
    let person = call.face.core.account(&call.actor).await?;
    let email = person.email.unwrap_or_else(|| call.actor.login.clone());
    out.open(s::USER_INFORMATION)
        .number(s::STATUS, Status::Success)
        .open(s::GET);
    if call.version >= Version::V14_1 {
        out.open(s::ACCOUNTS)
            .open(s::ACCOUNT)
            .open(s::EMAIL_ADDRESSES)
            .text(s::SMTP_ADDRESS, &email)
            .text(s::PRIMARY_SMTP_ADDRESS, &email)
            .close()
            .close()
            .close();
    } else {
        out.open(s::EMAIL_ADDRESSES)
            .text(s::SMTP_ADDRESS, &email)
            .close();
    }
    out.close().close();
    Ok(())
}
