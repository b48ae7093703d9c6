//! Provision ([MS-ASPROV]): sends the policy, and a policy key once the device acknowledged it.
//!
//! Never answered with 110: iOS 7 repeats it without end. What fails is 503 with a time to wait.

use carnet_proto::{
    eas::{
        request_line::Version,
        status::{self, Common},
    },
    wbxml::{
        Element, Encoder,
        page::{provision as p, settings as s},
    },
};

use super::{
    super::{
        policy::{Policy, Standing, VALUE, new_key},
        quirk,
        reply::{Reply, Stop},
        request::Call,
        status::refuse,
    },
    settings::device_information,
};

const WBXML: &str = "MS-EAS-Provisioning-WBXML";
/// PolicyType of version 2.5.
const XML: &str = "MS-WAP-Provisioning-XML";

/// The answer about the policy.
enum Said {
    /// A status of the Policy element.
    Status(status::Policy),
    /// A key for the acknowledgement, with the policy.
    Offer(u32, Policy),
    /// The key that later commands have to carry.
    Accepted(u32),
}

/// Answers Provision: the policy, its acknowledgement, or the order to wipe. Status 2 for a
/// malformed request, 139 when the device cannot enforce the policy.
pub async fn run(call: &Call) -> Result<Reply, Stop> {
    let Some(root) = call.body.as_ref().filter(|root| root.tag == p::PROVISION) else {
        return Ok(Reply::status(
            p::PROVISION,
            status::Provision::ProtocolError,
        ));
    };
    let policy = match root.child(p::POLICIES) {
        None => None,
        Some(policies) => {
            let policy = policies.child(p::POLICY);
            let Some((policy, kind)) = policy
                .and_then(|policy| Some((policy, policy.text_of(p::POLICY_TYPE)?)))
                .filter(|(_, kind)| !kind.is_empty())
            else {
                return Ok(Reply::status(
                    p::PROVISION,
                    status::Provision::ProtocolError,
                ));
            };
            let said = decide(call, policy, &kind).await?;
            Some((kind, said))
        }
    };
    let mut out = Encoder::new();
    out.open(p::PROVISION);
    if let Some(information) = root.child(s::DEVICE_INFORMATION) {
        device_information(call, information).await?;
        out.open(s::DEVICE_INFORMATION)
            .number(s::STATUS, status::Settings::Success)
            .close();
    }
    out.number(p::STATUS, status::Provision::Success);
    if let Some((kind, said)) = policy {
        write(call, &kind, &said, &mut out);
    }
    out.close();
    Ok(Reply::Wbxml(out.finish()))
}

async fn decide(call: &Call, policy: &Element, kind: &str) -> Result<Said, Stop> {
    let expected = if call.version < Version::V12_0 {
        XML
    } else {
        WBXML
    };
    if kind != expected {
        return Ok(Said::Status(status::Policy::UnknownPolicyType));
    }
    let mut standing: Standing = call.value(VALUE).await?.unwrap_or_default();
    let acknowledged = policy
        .text_of(p::POLICY_KEY)
        .map(|key| key.parse::<u32>().ok());
    if quirk::is_probe(&call.device.device_id)
        && let Some(key) = acknowledged
    {
        return acknowledged_by_probe(call, policy, key);
    }
    let said = match (acknowledged, &call.face.settings.policy) {
        (None, Some(policy)) => offer(&mut standing, policy),
        (None, None)
            if quirk::takes_no_key(&call.device)
                && (standing == Standing::default() || call.policy_key != Some(0)) =>
        {
            return Ok(Said::Status(status::Policy::NoPolicy));
        }
        // A policy that asks nothing: programs take an answer without a key for a failure.
        (None, None) => offer(&mut standing, &Policy::default()),
        // The answer to the acknowledgement was lost: it is made again.
        (Some(Some(key)), _) if standing.offered.is_none() && standing.answered == Some(key) => {
            match standing.acknowledged {
                Some((permanent, _)) => return Ok(Said::Accepted(permanent)),
                None => return Ok(Said::Status(status::Policy::WrongPolicyKey)),
            }
        }
        (Some(key), configured) => {
            let Some((offered, revision)) = standing
                .offered
                .filter(|(offered, _)| Some(*offered) == key)
            else {
                return Ok(Said::Status(status::Policy::WrongPolicyKey));
            };
            standing.status = status_said(policy);
            if is_not_enforced(standing.status, configured.as_ref()) {
                call.set_value(VALUE, &standing).await?;
                return Err(not_enforced(call));
            }
            let key = new_key(Some(offered));
            standing.offered = None;
            standing.answered = Some(offered);
            standing.acknowledged = Some((key, revision));
            Said::Accepted(key)
        }
    };
    call.set_value(VALUE, &standing).await?;
    Ok(said)
}

/// What the device says of the policy: 1 without a word.
fn status_said(policy: &Element) -> u8 {
    policy
        .text_of(p::STATUS)
        .and_then(|status| status.parse().ok())
        .unwrap_or(1)
}

/// Applied in part, or managed by others: the device did what it can.
fn is_not_enforced(status: u8, configured: Option<&Policy>) -> bool {
    status == 3 && configured.is_some_and(|policy| !policy.loose)
}

/// The answer to a device that checks an account, which gives the account up without a key. Nothing
/// is kept of the device, so its key is never valid.
fn acknowledged_by_probe(call: &Call, policy: &Element, key: Option<u32>) -> Result<Said, Stop> {
    if is_not_enforced(status_said(policy), call.face.settings.policy.as_ref()) {
        return Err(not_enforced(call));
    }
    Ok(match key {
        Some(key) => Said::Accepted(new_key(Some(key))),
        None => Said::Status(status::Policy::WrongPolicyKey),
    })
}

/// The device cannot enforce the policy.
fn not_enforced(call: &Call) -> Stop {
    let status = Common::DeviceNotFullyProvisionable;
    refuse(call.version, p::PROVISION, status).into()
}

/// Offers a policy. While it is offered already, the key stays: a device may ask twice at once and
/// acknowledge either answer.
fn offer(standing: &mut Standing, policy: &Policy) -> Said {
    let key = match standing.offered {
        Some((key, revision)) if revision == policy.revision => key,
        _ => new_key(standing.acknowledged.map(|(key, _)| key)),
    };
    standing.offered = Some((key, policy.revision));
    Said::Offer(key, policy.clone())
}

fn write(call: &Call, kind: &str, said: &Said, out: &mut Encoder) {
    out.open(p::POLICIES)
        .open(p::POLICY)
        .text(p::POLICY_TYPE, kind);
    match said {
        Said::Status(status) => {
            out.number(p::STATUS, status);
        }
        Said::Accepted(key) => {
            out.number(p::STATUS, status::Policy::Success)
                .number(p::POLICY_KEY, key);
        }
        Said::Offer(key, policy) => {
            out.number(p::STATUS, status::Policy::Success)
                .number(p::POLICY_KEY, key);
            if call.version < Version::V12_0 {
                out.text(p::DATA, &policy.xml());
            } else {
                out.open(p::DATA);
                policy.write(call.version, out);
                out.close();
            }
        }
    }
    out.close().close();
}
