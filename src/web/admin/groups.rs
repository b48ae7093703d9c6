//! Groups as the administration runs them.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;

use super::{OfficeVisit, office_of, settled, shell};
use crate::{
    domain::{
        error::{Error, Result},
        id::{GroupId, PersonId},
        office::{Office, places::GroupRow},
        principal::{GroupOptions, Role},
    },
    text::fill,
    web::{
        Web,
        form::Posted,
        groups::role_name,
        names,
        page::{Shell, show},
        params::{Path, Query},
        request::Visit,
        search_members::Pages,
        told::{Deed, Done, Told},
    },
};

#[derive(Template)]
#[template(path = "admin_groups.html")]
struct List {
    shell: Shell,
    rows: Vec<GroupRow>,
}

/// `GET /admin/groups`
pub async fn list(
    State(web): State<Arc<Web>>,
    admin: OfficeVisit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_list(&web, &admin.visit, &admin.office, done.into());
    admin.visit.answer(&web, shown).await
}

async fn show_list(web: &Web, visit: &Visit, office: &Office, told: Told) -> Result<Response> {
    let rows = office.groups().await?;
    let status = told.status();
    let shell = shell(web, visit, told);
    Ok(show(status, &List { shell, rows }))
}

/// `POST /admin/groups`
pub async fn add(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let login = posted.value("login").trim();
    let added = async {
        let admin = person(&office, visit, login).await?;
        office.add_group(posted.value("name").trim(), admin).await
    };
    let added = added.await;
    settled(
        &web,
        visit,
        added,
        Deed::AdminSaved,
        "/admin/groups",
        async |told| show_list(&web, visit, &office, told).await,
    )
    .await
}

async fn person(office: &Office, visit: &Visit, login: &str) -> Result<PersonId> {
    let found = office.person_named(login).await?;
    let unknown = || Error::Invalid(fill(visit.text.no_such_account, &[&login]).into());
    Ok(found.ok_or_else(unknown)?.id)
}

#[derive(Template)]
#[template(path = "admin_group.html")]
struct Page {
    shell: Shell,
    here: String,
    row: GroupRow,
    members: Vec<MemberRow>,
    pages: Pages,
    remove_text: String,
}

struct MemberRow {
    login: String,
    name: String,
    role: &'static str,
}

/// Which page of the members.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Paged {
    page: usize,
}

/// `GET /admin/groups/ID`
pub async fn page(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    admin: OfficeVisit,
    Query(shown): Query<Paged>,
    Query(done): Query<Done>,
) -> Response {
    let at = (id, shown.page);
    let shown = show_page(&web, &admin.visit, &admin.office, at, done.into());
    admin.visit.answer(&web, shown).await
}

async fn show_page(
    web: &Web,
    visit: &Visit,
    office: &Office,
    (id, page): (i64, usize),
    told: Told,
) -> Result<Response> {
    let row = office.group(GroupId(id)).await?;
    let members = office.members(GroupId(id)).await?;
    let here = format!("/admin/groups/{id}");
    let link = |page: usize| format!("{here}?page={page}");
    let (members, pages) = Pages::part(&members, page, link, visit.text);
    let status = told.status();
    let page = Page {
        here: here.clone(),
        pages,
        remove_text: fill(visit.text.admin.remove_group_text, &[&row.group.name]),
        members: members
            .iter()
            .map(|member| MemberRow {
                role: role_name(member.role, visit.text),
                name: names::of_account(&member.name, &visit.settings),
                login: member.login.clone(),
            })
            .collect(),
        row,
        shell: shell(web, visit, told),
    };
    Ok(show(status, &page))
}

/// `POST /admin/groups/ID`: its options.
pub async fn change(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let options = GroupOptions {
        share_outside: posted.checked("share_outside"),
        creators_delete: posted.checked("creators_delete"),
    };
    with(&web, id, &posted, async |office| {
        office.set_group_options(GroupId(id), options).await
    })
    .await
}

/// `POST /admin/groups/ID/member`: adds a member or changes a role.
pub async fn member(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let visit = &posted.visit;
    with(&web, id, &posted, async |office| {
        let role = Role::parse(posted.value("role")).ok_or(Error::NotFound)?;
        let person = person(&office, visit, posted.value("login").trim()).await?;
        office.set_member(GroupId(id), person, role).await
    })
    .await
}

async fn with<F>(web: &Arc<Web>, id: i64, posted: &Posted, change: F) -> Response
where
    F: AsyncFnOnce(Office) -> Result<()>,
{
    let office = match office_of(web, posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let changed = change(office.clone()).await;
    let path = format!("/admin/groups/{id}");
    settled(web, visit, changed, Deed::AdminSaved, &path, async |told| {
        show_page(web, visit, &office, (id, 1), told).await
    })
    .await
}

/// `POST /admin/groups/ID/remove`: by typing the name.
pub async fn remove(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let removed = office.remove_group(GroupId(id), posted.value("typed"));
    let removed = removed.await;
    settled(
        &web,
        visit,
        removed,
        Deed::AdminRemoved,
        "/admin/groups",
        async |told| show_page(&web, visit, &office, (id, 1), told).await,
    )
    .await
}
