//! My groups, and the members of one.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{
    Web,
    form::Posted,
    names,
    page::{Shell, Tool, show},
    params::Query,
    place::{GroupName, PlacePath, form_encode},
    request::Visit,
    search_members::{Pages, in_order, matches},
    site::Reached,
    told::{Deed, Done, Told},
    when,
};
use crate::{
    domain::{
        error::{Error, Result},
        group::{Leaving, OpenGroup},
        id::PersonId,
        principal::{GroupOptions, Member, Role},
        rule::Rule,
    },
    text::{Text, fill},
};

#[derive(Template)]
#[template(path = "groups.html")]
struct Groups {
    shell: Shell,
    groups: Vec<GroupRow>,
    may_found: bool,
    name: String,
    shown: String,
}

struct GroupRow {
    path: String,
    name: String,
    role: &'static str,
    members: usize,
}

/// `GET /groups`
pub async fn list(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    let shown = show_groups(&web, &visit, done.into(), "", "");
    visit.answer(&web, shown).await
}

/// `POST /groups`
pub async fn found(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let visit = &posted.visit;
    let (name, shown) = (posted.value("name").trim(), posted.value("shown"));
    let founded = web.core.found_group(&visit.actor, name, shown).await;
    let told = match founded {
        Ok(name) => {
            let members = format!("{}/members", PlacePath::Group(name.clone()).path());
            return Done::of(Deed::Founded).to(&name).at(&members);
        }
        Err(Error::Exists(_)) => {
            let taken = fill(visit.text.group_name_taken, &[&name]);
            Told::Refused(StatusCode::CONFLICT, taken).about(["name"])
        }
        Err(error @ Error::Invalid(Rule::Groups(_) | Rule::ReservedName)) => {
            Told::refused(&error, visit).about(["name"])
        }
        Err(error @ Error::Invalid(Rule::DisplayName)) => {
            Told::refused(&error, visit).about(["shown"])
        }
        Err(Error::Invalid(_)) => {
            let rule = visit.text.group_name_rule.to_owned();
            Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, rule).about(["name"])
        }
        Err(error) => Told::refused(&error, visit),
    };
    let page = show_groups(&web, visit, told, name, shown);
    visit.answer(&web, page).await
}

/// The person's groups.
pub async fn show_groups(
    web: &Arc<Web>,
    visit: &Visit,
    told: Told,
    name: &str,
    shown: &str,
) -> Result<Response> {
    let mut groups = Vec::new();
    for membership in web.core.groups(&visit.actor) {
        let group = web.core.group(&visit.actor, &membership.name).await?;
        groups.push(GroupRow {
            path: PlacePath::Group(membership.name.clone()).path(),
            name: membership.display_name.clone(),
            role: role_name(group.role(), visit.text),
            members: group.members().await?.len(),
        });
    }
    Ok(show(
        told.status(),
        &Groups {
            shell: visit.shell_of(web, Tool::Groups, told),
            groups,
            may_found: web.core.may_found(&visit.actor),
            name: name.to_owned(),
            shown: shown.to_owned(),
        },
    ))
}

#[derive(Template)]
#[template(path = "members.html")]
struct Members {
    shell: Shell,
    here: String,
    name: String,
    title: String,
    query: String,
    page: usize,
    members: Vec<MemberRow>,
    pages: Pages,
    /// How many of how many match what is searched.
    narrowed: Option<String>,
    runs: bool,
    administers: bool,
    options: GroupOptions,
    /// The link of an invitation that was just made.
    invitation: Option<String>,
    /// Invitations that can be withdrawn: digest, address, and who made it until when.
    invited: Vec<(String, String, String)>,
    /// What a refused form held.
    login: String,
    email: String,
    shown: Option<String>,
}

struct MemberRow {
    id: i64,
    name: String,
    login: String,
    role: &'static str,
    /// The account is disabled.
    disabled: bool,
    may_remove: bool,
    may_promote: bool,
    may_demote: bool,
    may_hand_over: bool,
}

/// What is searched among the members, and which page of them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MemberSearch {
    q: String,
    page: usize,
}

impl MemberSearch {
    /// The page of the members that a form stood on.
    fn of(posted: &Posted) -> Self {
        Self {
            q: posted.value("of-q").to_owned(),
            page: posted.value("of-page").parse().unwrap_or(0),
        }
    }

    fn address(&self, here: &str) -> String {
        let page = Some(self.page).filter(|page| *page > 1);
        let page = page.map(|page| page.to_string()).unwrap_or_default();
        match &*form_encode(&[("q", &self.q), ("page", &page)]) {
            "" => format!("{here}/members"),
            query => format!("{here}/members?{query}"),
        }
    }
}

/// `GET /g/NAME/members`
pub async fn members(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    visit: Visit,
    Query(search): Query<MemberSearch>,
    Query(done): Query<Done>,
) -> Response {
    let page = Page {
        name: &name,
        query: &search.q,
        page: search.page,
        ..Page::default()
    };
    let shown = page.show(&web, &visit, done.into());
    visit.answer(&web, shown).await
}

/// `POST /g/NAME/members/add`
pub async fn add(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let login = posted.value("login").trim();
    let group = match web.core.group(&posted.visit.actor, &name).await {
        Ok(group) => group,
        Err(error) => return posted.visit.failed(&web, &error),
    };
    match group.add_member(login).await {
        Err(Error::NotFound) => {
            let unknown = match login {
                "" => posted.visit.text.account.no_login_typed.to_owned(),
                login => fill(posted.visit.text.no_such_account, &[&login]),
            };
            let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, unknown);
            let told = told.about(["login"]);
            refused(&web, &posted, &name, told).await
        }
        outcome => {
            let added = async {
                let member = name_in(&group, outcome?, &posted.visit).await?;
                Ok(Done::of(Deed::MemberAdded).to(&member))
            };
            settled(&web, &posted, &name, added.await).await
        }
    }
}

/// `POST /g/NAME/members/invite`: the link is shown once.
pub async fn invite(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    reached: Reached,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let invited = async {
        let group = web.core.group(&visit.actor, &name).await?;
        group.invite(posted.value("email")).await
    };
    match invited.await {
        Ok(token) => {
            let page = Page {
                name: &name,
                invitation: {
                    let address = reached.address(&web.site);
                    let server = address.map(|address| address.url()).unwrap_or_default();
                    Some(format!("{server}/join/{token}"))
                },
                ..Page::default()
            };
            let shown = page.show(&web, visit, Told::Nothing);
            visit.answer(&web, shown).await
        }
        Err(error) => settled(&web, &posted, &name, Err(error)).await,
    }
}

/// `POST /g/NAME/members/uninvite`
pub async fn uninvite(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let posted = &posted;
    change(&web, &name, posted, Deed::Uninvited, |group| async move {
        group.withdraw_invitation(posted.value("invitation")).await
    })
    .await
}

/// `POST /g/NAME/members/role`
pub async fn role(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let visit = &posted.visit;
    let changed = async {
        let role = Role::parse(posted.value("role")).ok_or(Error::NotFound)?;
        let group = web.core.group(&visit.actor, &name).await?;
        let person = posted.person("person");
        group.set_role(person, role).await?;
        let deed = match role {
            Role::Member => Deed::NowMember,
            Role::CoAdmin => Deed::NowCoAdmin,
            Role::Admin => Deed::NowAdmin,
        };
        Ok(Done::of(deed).to(&name_in(&group, person, visit).await?))
    };
    settled(&web, &posted, &name, changed.await).await
}

/// The name of a member; empty once they have left.
async fn name_in(group: &OpenGroup, person: PersonId, visit: &Visit) -> Result<String> {
    let members = group.members().await?;
    let member = members.iter().find(|member| member.person == person);
    Ok(member.map_or_else(String::new, |member| {
        names::of_account(&member.name, &visit.settings)
    }))
}

/// `POST /g/NAME/members/remove`
pub async fn remove(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let posted = &posted;
    change(
        &web,
        &name,
        posted,
        Deed::MemberRemoved,
        |group| async move { group.remove_member(posted.person("person")).await },
    )
    .await
}

/// `POST /g/NAME/members/rename`
pub async fn rename(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let posted = &posted;
    change(&web, &name, posted, Deed::Saved, |group| async move {
        group.rename(posted.value("shown")).await
    })
    .await
}

/// `POST /g/NAME/members/options`
pub async fn options(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let posted = &posted;
    change(&web, &name, posted, Deed::Saved, |group| async move {
        let options = GroupOptions {
            share_outside: posted.checked("share_outside"),
            creators_delete: posted.checked("creators_delete"),
        };
        group.set_options(options).await
    })
    .await
}

/// Opens the group for the person, changes it, and shows the members again.
async fn change<F, C>(
    web: &Arc<Web>,
    name: &str,
    posted: &Posted,
    done: Deed,
    change: C,
) -> Response
where
    F: Future<Output = Result<()>>,
    C: FnOnce(OpenGroup) -> F,
{
    let visit = &posted.visit;
    let outcome = match web.core.group(&visit.actor, name).await {
        Ok(group) => change(group).await,
        Err(error) => Err(error),
    };
    settled(web, posted, name, outcome.map(|()| Done::of(done))).await
}

/// `POST /g/NAME/members/leave`
pub async fn leave(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    let leaving = match posted.value("leaving") {
        "take-back" => Leaving::TakeBack,
        _ => Leaving::LeaveCopies,
    };
    part(&web, &name, &posted, Deed::Left, |group| async move {
        group.leave(leaving).await
    })
    .await
}

/// `POST /g/NAME/members/delete`: the name was typed.
pub async fn delete(
    State(web): State<Arc<Web>>,
    GroupName(name): GroupName,
    posted: Posted,
) -> Response {
    if posted.value("typed").trim() != name {
        let other = fill(posted.visit.text.type_group_name, &[&name]);
        let told = Told::Refused(StatusCode::UNPROCESSABLE_ENTITY, other).about(["typed"]);
        return refused(&web, &posted, &name, told).await;
    }
    part(
        &web,
        &name,
        &posted,
        Deed::GroupDeleted,
        |group| async move { group.delete().await },
    )
    .await
}

/// Parts the person from the group, and shows those that are left.
async fn part<F, C>(web: &Arc<Web>, name: &str, posted: &Posted, done: Deed, part: C) -> Response
where
    F: Future<Output = Result<()>>,
    C: FnOnce(OpenGroup) -> F,
{
    let visit = &posted.visit;
    let parted = async {
        let group = web.core.group(&visit.actor, name).await?;
        let shown = group.group().display_name.clone();
        part(group).await?;
        Ok(shown)
    };
    match parted.await {
        Ok(shown) => Done::of(done).to(&shown).at("/groups"),
        Err(error) => settled(web, posted, name, Err(error)).await,
    }
}

/// Back to the same page of the members, telling what was done or why not.
async fn settled(web: &Arc<Web>, posted: &Posted, name: &str, outcome: Result<Done>) -> Response {
    match outcome {
        Ok(done) => {
            let here = PlacePath::Group(name.to_owned()).path();
            done.at(&MemberSearch::of(posted).address(&here))
        }
        Err(error) => {
            let mut told = Told::refused(&error, &posted.visit);
            if matches!(error, Error::Invalid(Rule::DisplayName)) {
                told = told.about(["shown"]);
            }
            refused(web, posted, name, told).await
        }
    }
}

async fn refused(web: &Arc<Web>, posted: &Posted, name: &str, told: Told) -> Response {
    let visit = &posted.visit;
    let search = MemberSearch::of(posted);
    let page = Page {
        name,
        query: &search.q,
        page: search.page,
        typed: Typed::of(posted),
        ..Page::default()
    };
    visit.answer(web, page.show(web, visit, told)).await
}

#[derive(Default)]
struct Page<'a> {
    name: &'a str,
    query: &'a str,
    page: usize,
    invitation: Option<String>,
    typed: Typed<'a>,
}

/// What a refused form of the page held.
#[derive(Clone, Copy, Default)]
struct Typed<'a> {
    login: &'a str,
    email: &'a str,
    /// The displayed name, where that was refused.
    shown: Option<&'a str>,
}

impl<'a> Typed<'a> {
    fn of(posted: &'a Posted) -> Self {
        let shown = posted.fields().find(|(name, _)| *name == "shown");
        Self {
            login: posted.value("login"),
            email: posted.value("email"),
            shown: shown.map(|(_, shown)| shown),
        }
    }
}

impl Page<'_> {
    async fn show(self, web: &Arc<Web>, visit: &Visit, told: Told) -> Result<Response> {
        let group = web.core.group(&visit.actor, self.name).await?;
        let here = PlacePath::Group(self.name.to_owned()).path();
        let all = in_order(group.members().await?, &visit.settings);
        let found: Vec<&Member> = all
            .iter()
            .filter(|member| matches(member, self.query))
            .collect();
        let link = |page: usize| {
            let query = [("q", self.query), ("page", &page.to_string())];
            format!("{here}/members?{}", form_encode(&query))
        };
        let (shown, pages) = Pages::part(&found, self.page, link, visit.text);
        let members = shown.iter().map(|member| row(&group, member, visit.text));
        let members = members.collect();
        let narrowed = (found.len() < all.len())
            .then(|| fill(visit.text.members_shown, &[&found.len(), &all.len()]));
        let invited = group.invitations().await?.into_iter();
        let invited = invited.map(|invitation| {
            let text = visit.text;
            let by = names::of_account(&invitation.inviter_name, &visit.settings);
            let until = when::shown(invitation.expires, text);
            let mut told = fill(text.invited_by, &[&by, &until]);
            if !invitation.valid {
                told = format!("{told} {}", text.invitation_void_here);
            }
            (invitation.token, invitation.email, told)
        });
        Ok(show(
            told.status(),
            &Members {
                invited: invited.collect(),
                shell: visit.shell_telling(web, Some(&here), told),
                here,
                name: self.name.to_owned(),
                title: group.group().display_name.clone(),
                query: self.query.to_owned(),
                page: self.page,
                members,
                pages,
                narrowed,
                runs: group.runs(),
                administers: group.administers(),
                options: group.group().options,
                invitation: self.invitation,
                login: self.typed.login.to_owned(),
                email: self.typed.email.to_owned(),
                shown: self.typed.shown.map(str::to_owned),
            },
        ))
    }
}

fn row(group: &OpenGroup, member: &Member, text: &Text) -> MemberRow {
    let may = group.member_verbs(member);
    MemberRow {
        id: member.person.0,
        name: member.name.clone(),
        login: member.login.clone(),
        role: role_name(member.role, text),
        disabled: member.disabled,
        may_remove: may.remove,
        may_promote: may.promote,
        may_demote: may.demote,
        may_hand_over: may.hand_over,
    }
}

/// A role in words.
pub fn role_name(role: Role, text: &Text) -> &'static str {
    match role {
        Role::Member => text.role_member,
        Role::CoAdmin => text.role_co_admin,
        Role::Admin => text.role_admin,
    }
}
