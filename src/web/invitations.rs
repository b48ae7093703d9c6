//! Invitations into a group: what their links lead to.

use std::{net::IpAddr, sync::Arc};

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    form::Posted,
    groups::show_groups,
    limit::Limit,
    names,
    page::{Shell, Tool, show},
    params::Path,
    place::encode_segment,
    request::Visit,
    told::{Deed, Done, Told},
};
use crate::{
    domain::{
        access::household,
        direction::straight,
        error::{Error, Result},
        rule::Rule,
    },
    text::{Text, fill},
};

/// How often somebody who is not signed in is told of invitations, by one address in an hour.
const LOOKS: u32 = 60;

/// How often invitations are looked at from one address.
pub struct Looks(Limit);

impl Default for Looks {
    fn default() -> Self {
        Self(Limit::new(LOOKS))
    }
}

#[derive(Template)]
#[template(path = "join.html")]
struct Join {
    shell: Shell,
    action: String,
    /// Who invites, and to what.
    invited: String,
    /// Who would join.
    signed_in: String,
    /// Says to a member that the link is for somebody else.
    member: Option<String>,
}

/// `GET /join/TOKEN`
pub async fn invitation(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    visit: Visit,
) -> Response {
    let invitation = match web.core.invitation(&token).await {
        Ok(invitation) => invitation,
        Err(error) => return uninvited(&web, &visit, &error).await,
    };
    let inviter = names::of_somebody(&invitation.inviter_name, &visit);
    let name = names::of_account(&visit.actor.name, &visit.settings);
    let is_member = visit.actor.membership(invitation.group).is_some();
    let send_on = || fill(visit.text.account.send_it_on, &[&invitation.group_name]);
    let page = Join {
        action: format!("/join/{}", encode_segment(&token)),
        invited: fill(visit.text.invited_to, &[&inviter, &invitation.group_name]),
        signed_in: fill(visit.text.account.signed_in_as, &[&name]),
        member: is_member.then(send_on),
        shell: visit.shell_of(&web, Tool::Groups, Told::Nothing),
    };
    show(StatusCode::OK, &page)
}

/// `POST /join/TOKEN`
pub async fn join(
    State(web): State<Arc<Web>>,
    Path(token): Path<String>,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    match web.core.accept_invitation(&visit.actor, &token).await {
        Ok(_) => Done::of(Deed::Joined).at("/groups"),
        Err(error) => uninvited(&web, visit, &error).await,
    }
}

/// The person's groups, with why an invitation leads to none.
async fn uninvited(web: &Arc<Web>, visit: &Visit, error: &Error) -> Response {
    let told = match error {
        Error::NotFound => {
            Told::Refused(StatusCode::NOT_FOUND, visit.text.invitation_over.to_owned())
        }
        Error::Invalid(_) => Told::refused(error, visit),
        _ => return visit.failed(web, error),
    };
    let page = show_groups(web, visit, told, "", "").await;
    visit.answer(web, async { page }).await
}

/// What is told of the invitation that a path leads to, to somebody who has to sign in first;
/// nothing of one that nobody can accept.
pub async fn told_first(
    web: &Web,
    path: &str,
    from: IpAddr,
    text: &Text,
) -> Result<Option<String>> {
    let Some(token) = path.strip_prefix("/join/") else {
        return Ok(None);
    };
    if !web.looks.0.allows(&household(from).to_string()) {
        return Ok(None);
    }
    let invitation = match web.core.invitation(token).await {
        Ok(invitation) => invitation,
        Err(Error::NotFound | Error::Invalid(Rule::InvitationVoid)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let inviter = match straight(&invitation.inviter_name) {
        gone if gone.is_empty() => text.book.departed.to_owned(),
        inviter => inviter,
    };
    let invited = fill(text.invited_to, &[&inviter, &invitation.group_name]);
    Ok(Some(format!("{invited} {}", text.account.sign_in_to_join)))
}
