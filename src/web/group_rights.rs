//! Rights granted on a group: *Add*, *Add and delete*.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Web,
    form::Posted,
    names,
    page::{Shell, show},
    params::Query,
    place::{GroupName, PlacePath},
    request::Visit,
    search_members::{Choice, Choosing, find, in_order},
    told::{Deed, Done, Told},
};
use crate::{
    domain::{error::Result, grant::Grantee, id::PersonId, rights::GroupRight},
    text::Text,
};

#[derive(Template)]
#[template(path = "group_rights.html")]
struct GroupRights {
    shell: Shell,
    here: String,
    title: String,
    form: Choosing,
    grants: Vec<GrantRow>,
    may_grant: bool,
    members: usize,
    choices: Vec<Choice>,
    narrowed: Option<String>,
}

struct GrantRow {
    /// The grantee, as the form sends it back.
    grantee: String,
    /// None: everyone in the group.
    name: Option<String>,
    right: &'static str,
}

/// `GET /g/NAME/rights`
pub async fn page(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    visit: Visit,
    Query(form): Query<Vec<(String, String)>>,
    Query(done): Query<Done>,
) -> Response {
    let form = form
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let shown = show_page(&web, &visit, &name, Choosing::of(form), done.into());
    visit.answer(&web, shown).await
}

/// `POST /g/NAME/rights/grant`
pub async fn grant(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let grantees = grantees(&posted);
    let right = GroupRight::parse(posted.value("right"));
    let (Some(right), false) = (right, grantees.is_empty()) else {
        let nobody = visit.text.nobody_chosen.to_owned();
        let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, nobody);
        let page = show_page(&web, visit, &name, Choosing::of(posted.fields()), told);
        return visit.answer(&web, page).await;
    };
    change(&web, &posted, &name, &grantees, right, Deed::Granted).await
}

/// `POST /g/NAME/rights/withdraw`
pub async fn withdraw(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let grantees = grantees(&posted);
    let none = GroupRight::default();
    change(&web, &posted, &name, &grantees, none, Deed::Withdrawn).await
}

async fn change(
    web: &Arc<Web>,
    posted: &Posted,
    name: &str,
    grantees: &[Grantee],
    right: GroupRight,
    done: Deed,
) -> Response {
    let visit = &posted.visit;
    let outcome = async {
        let group = web.core.group(&visit.actor, name).await?;
        let undo = group.undoing(grantees, right).await?;
        group.grant(grantees, right).await?;
        Ok(undo)
    };
    match outcome.await {
        Ok(undo) => {
            let rights = format!("{}/rights", PlacePath::Group(name.to_owned()).path());
            let kept = web.undos.keep(visit, vec![undo], &rights);
            Done::of(done).undone_by(kept).at(&rights)
        }
        Err(error) => {
            let told = Told::refused(&error, visit);
            // Who is not withdrawn from is not chosen to be granted to.
            let form = match done {
                Deed::Withdrawn => Choosing::default(),
                _ => Choosing::of(posted.fields()),
            };
            let page = show_page(web, visit, name, form, told);
            visit.answer(web, page).await
        }
    }
}

async fn show_page(
    web: &Arc<Web>,
    visit: &Visit,
    name: &str,
    form: Choosing,
    told: Told,
) -> Result<Response> {
    let group = web.core.group(&visit.actor, name).await?;
    let here = PlacePath::Group(name.to_owned()).path();
    let members = in_order(group.members().await?, &visit.settings);
    let (choices, narrowed) = find(&members, &form, visit.text);
    let grants = group.grants().await?;
    Ok(show(
        told.status(),
        &GroupRights {
            shell: visit.shell_telling(web, Some(&here), told),
            here,
            title: group.group().display_name.clone(),
            form,
            grants: grants
                .into_iter()
                .map(|grant| GrantRow {
                    grantee: grantee_value(grant.grantee),
                    name: person_of(grant.grantee)
                        .map(|_| names::of_account(&grant.name, &visit.settings)),
                    right: right_name(grant.right, visit.text),
                })
                .collect(),
            may_grant: group.runs(),
            members: members.len(),
            choices,
            narrowed,
        },
    ))
}

/// Everyone, or the members checked.
pub fn grantees(posted: &Posted) -> Vec<Grantee> {
    posted
        .values("grantee")
        .filter_map(|value| match value {
            "everyone" => Some(Grantee::Everyone),
            id => id.parse().ok().map(|id| Grantee::Member(PersonId(id))),
        })
        .collect()
}

/// What [`grantees`] reads.
pub fn grantee_value(grantee: Grantee) -> String {
    person_of(grantee).map_or_else(|| "everyone".to_owned(), |person| person.to_string())
}

/// None: everyone in the group.
pub fn person_of(grantee: Grantee) -> Option<PersonId> {
    match grantee {
        Grantee::Everyone => None,
        Grantee::Member(person) => Some(person),
    }
}

fn right_name(right: GroupRight, text: &Text) -> &'static str {
    match right {
        GroupRight::None => text.right_none,
        GroupRight::Add => text.right_add,
        GroupRight::AddDelete => text.right_add_delete,
    }
}
