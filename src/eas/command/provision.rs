//! Provision ([MS-ASPROV]): there is no policy; wipes are told and acknowledged here.

use carnet_proto::{
    eas::request_line::Version,
    wbxml::{
        Element, Encoder,
        page::{provision as p, settings as s},
    },
};

use super::{
    super::request::{Call, Reply, command_status},
    settings::device_information,
};
use crate::domain::{
    batch::{DeviceAccess, Op},
    error::Result,
};

pub async fn run(call: &Call) -> Result<Reply> {
    let Some(root) = call.body.as_ref().filter(|root| root.tag == p::PROVISION) else {
        return Ok(Reply::Wbxml(command_status(p::PROVISION, 2)));
    };
    if call.device.access == DeviceAccess::WipePending {
        return wipe(call, root).await;
    }
    let mut out = Encoder::new();
    out.open(p::PROVISION);
    if let Some(information) = root.child(s::DEVICE_INFORMATION) {
        device_information(call, information).await?;
        out.open(s::DEVICE_INFORMATION).number(s::STATUS, 1).close();
    }
    let policy_type = root
        .child(p::POLICIES)
        .and_then(|policies| policies.child(p::POLICY))
        .and_then(|policy| policy.text_of(p::POLICY_TYPE));
    match policy_type {
        None => {
            out.number(
                p::STATUS,
                if root.child(p::POLICIES).is_some() {
                    2
                } else {
                    1
                },
            );
        }
        Some(policy_type) => {
            // No policy for this client; a type we do not know.
            let known = policy_type == "MS-EAS-Provisioning-WBXML";
            out.number(p::STATUS, 1)
                .open(p::POLICIES)
                .open(p::POLICY)
                .text(p::POLICY_TYPE, &policy_type)
                .number(p::STATUS, if known { 2 } else { 3 })
                .close()
                .close();
        }
    }
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}

/// Orders the removal of this account's data, and records that it is done.
async fn wipe(call: &Call, root: &Element) -> Result<Reply> {
    let acknowledged = [p::REMOTE_WIPE, p::ACCOUNT_ONLY_REMOTE_WIPE]
        .into_iter()
        .filter_map(|tag| root.child(tag))
        .any(|wipe| wipe.text_of(p::STATUS).as_deref() == Some("1"));
    let mut out = Encoder::new();
    out.open(p::PROVISION).number(p::STATUS, 1);
    if acknowledged {
        let op = Op::SetDeviceAccess {
            device: call.device.id,
            access: DeviceAccess::Wiped,
        };
        call.face
            .core
            .commit_personal(&call.actor, vec![op])
            .await?;
    } else if call.version >= Version::V16_1 {
        out.empty(p::ACCOUNT_ONLY_REMOTE_WIPE);
    }
    // Before 16.1 only the whole device could be erased, which nobody asked for: the account stays
    // refused, and that is all.
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}
