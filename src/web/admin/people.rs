//! Users: searched, added one by one or from a list, changed, removed.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;
use serde::Deserialize;

use super::{OfficeVisit, office_of, settled, shell};
use crate::{
    auth,
    domain::{
        error::{Error, Result},
        id::PersonId,
        item::random_id,
        office::{
            Office,
            people::{Account, AccountChange, NewAccount},
        },
    },
    text::{admin::Admin, fill},
    transfer::accounts::{Listed, Unlisted, read_list},
    web::{
        Web,
        devices::ago,
        error::explain,
        form::Posted,
        names,
        page::{Shell, show},
        params::{Path, Query},
        request::Visit,
        told::{Deed, Done, Told},
    },
};

/// Accounts of one list: their passwords are made one after the other.
const AT_ONCE: usize = 500;

#[derive(Template)]
#[template(path = "admin_users.html")]
struct List {
    shell: Shell,
    query: String,
    rows: Vec<Row>,
    classes: Vec<String>,
    /// Login and password of who was just added.
    made: Vec<(String, String)>,
    /// Why others were not.
    refused: Vec<String>,
    /// What a refused form held.
    typed: NewAccount,
    list: String,
}

struct Row {
    id: i64,
    login: String,
    name: String,
    state: String,
    class: String,
    /// How many, and of how many where there is a quota.
    contacts: String,
    devices: i64,
    seen: String,
}

/// What is searched.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
}

/// What became of a form with new accounts.
#[derive(Default)]
struct Added {
    made: Vec<(String, String)>,
    refused: Vec<String>,
    typed: NewAccount,
    list: String,
}

/// `GET /admin/users`
pub async fn list(
    State(web): State<Arc<Web>>,
    admin: OfficeVisit,
    Query(asked): Query<Asked>,
    Query(done): Query<Done>,
) -> Response {
    let OfficeVisit { visit, office } = admin;
    let shown = show_list(
        &web,
        &visit,
        &office,
        &asked.q,
        done.into(),
        Added::default(),
    );
    visit.answer(&web, shown).await
}

async fn show_list(
    web: &Web,
    visit: &Visit,
    office: &Office,
    query: &str,
    told: Told,
    added: Added,
) -> Result<Response> {
    let accounts = office.accounts(query).await?;
    let classes = office.classes().await?.into_iter();
    let names = classes
        .map(|class| class.name)
        .filter(|name| !name.is_empty());
    let status = told.status();
    let page = List {
        query: query.to_owned(),
        rows: accounts.iter().map(|account| row(account, visit)).collect(),
        classes: names.collect(),
        made: added.made,
        refused: added.refused,
        typed: added.typed,
        list: added.list,
        shell: shell(web, visit, told),
    };
    Ok(show(status, &page))
}

fn row(account: &Account, visit: &Visit) -> Row {
    let text = visit.text.admin;
    let (person, counts) = (&account.person, &account.counts);
    let mut state = if person.disabled {
        text.state_off.to_owned()
    } else {
        text.state_on.to_owned()
    };
    if person.admin {
        state = format!("{state}, {}", text.administrator);
    }
    Row {
        id: person.id.0,
        login: person.login.clone(),
        name: names::of_account(&person.name, &visit.settings),
        state,
        class: person.class.name.clone(),
        contacts: match person.contacts_allowed() {
            Some(allowed) => format!("{} / {allowed}", counts.contacts),
            None => counts.contacts.to_string(),
        },
        devices: counts.devices,
        seen: match counts.last_seen {
            Some(at) => ago(at, visit.text),
            None => text.never.to_owned(),
        },
    }
}

/// `POST /admin/users`
pub async fn add(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let text = |name| posted.value(name).trim().to_owned();
    let new = NewAccount {
        login: text("login"),
        email: Some(text("email")).filter(|email| !email.is_empty()),
        name: text("name"),
        admin: posted.checked("admin"),
        class: text("class"),
    };
    let (told, added) = match make(&office, new.clone()).await {
        Ok(made) => {
            let added = Added {
                made: vec![made],
                ..Added::default()
            };
            (Told::Nothing, added)
        }
        Err(error) => {
            let added = Added {
                typed: new,
                ..Added::default()
            };
            (Told::refused(&error, visit), added)
        }
    };
    let page = show_list(&web, visit, &office, "", told, added);
    visit.answer(&web, page).await
}

/// Adds one account with a password made here; login and password.
async fn make(office: &Office, new: NewAccount) -> Result<(String, String)> {
    make_with(office, new, random_id(9)).await
}

async fn make_with(office: &Office, new: NewAccount, password: String) -> Result<(String, String)> {
    let login = new.login.clone();
    let hash = auth::hash(password.clone()).await?;
    office.add_account(new, hash).await?;
    Ok((login, password))
}

fn not_added(login: &str, error: &Error, visit: &Visit) -> String {
    let (.., why) = explain(error, visit.text);
    fill(visit.text.admin.not_added, &[&login, &why])
}

/// Why a list was not read, in the reader's words.
fn unlisted(why: &Unlisted, text: &Admin) -> String {
    match why {
        Unlisted::NoLogins => text.list_no_login.to_owned(),
        Unlisted::Login(line, login) => fill(text.list_bad_login, &[line, login]),
        Unlisted::Email(line, email) => fill(text.list_bad_email, &[line, email]),
        Unlisted::Admin(line, word) => fill(text.list_bad_admin, &[line, word]),
        Unlisted::TooMany(most) => fill(text.list_too_many, &[most]),
        Unlisted::Form(why) => why.clone(),
    }
}

/// `POST /admin/users/import`: every account that can be added is.
pub async fn import(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let read = read_list(posted.value("list")).and_then(|mut list| {
        match (list.unfit.is_empty(), list.accounts.len()) {
            (false, _) => Err(list.unfit.swap_remove(0)),
            (true, 0..=AT_ONCE) => Ok(list),
            (true, _) => Err(Unlisted::TooMany(AT_ONCE)),
        }
    });
    let (told, added) = match read {
        Err(why) => (
            Told::Refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                unlisted(&why, visit.text.admin),
            ),
            Added {
                list: posted.value("list").to_owned(),
                ..Added::default()
            },
        ),
        Ok(list) => {
            let mut added = Added::default();
            if !list.unread.is_empty() {
                let unread = list.unread.join(", ");
                let told = fill(visit.text.admin.list_unread, &[&unread]);
                added.refused.push(told);
            }
            for Listed { account, password } in list.accounts {
                let login = account.login.clone();
                let password = password.unwrap_or_else(|| random_id(9));
                match make_with(&office, account, password).await {
                    Ok(made) => added.made.push(made),
                    Err(error) => added.refused.push(not_added(&login, &error, visit)),
                }
            }
            (Told::Nothing, added)
        }
    };
    let page = show_list(&web, visit, &office, "", told, added);
    visit.answer(&web, page).await
}

#[derive(Template)]
#[template(path = "admin_user.html")]
struct Page {
    shell: Shell,
    here: String,
    login: String,
    name: String,
    email: String,
    admin: bool,
    disabled: bool,
    quota: String,
    class: String,
    classes: Vec<String>,
    row: Row,
    /// A password that was just made.
    password: Option<String>,
    remove_text: String,
}

/// `GET /admin/users/ID`
pub async fn page(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    admin: OfficeVisit,
    Query(done): Query<Done>,
) -> Response {
    let OfficeVisit { visit, office } = admin;
    let shown = show_page(&web, &visit, &office, id, done.into(), None);
    visit.answer(&web, shown).await
}

async fn show_page(
    web: &Web,
    visit: &Visit,
    office: &Office,
    id: i64,
    told: Told,
    password: Option<String>,
) -> Result<Response> {
    let account = office.account(PersonId(id)).await?;
    let person = &account.person;
    let classes = office.classes().await?.into_iter();
    let status = told.status();
    let page = Page {
        here: format!("/admin/users/{id}"),
        login: person.login.clone(),
        name: person.name.clone(),
        email: person.email.clone().unwrap_or_default(),
        admin: person.admin,
        disabled: person.disabled,
        quota: person
            .quota
            .map_or_else(String::new, |quota| quota.to_string()),
        class: person.class.name.clone(),
        classes: classes.map(|class| class.name).collect(),
        row: row(&account, visit),
        password,
        remove_text: fill(visit.text.admin.remove_text, &[&person.login]),
        shell: shell(web, visit, told),
    };
    Ok(show(status, &page))
}

/// `POST /admin/users/ID`
pub async fn change(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let email = posted.value("email").trim();
    let quota = posted.value("quota").trim();
    let quota = match quota {
        "" => Some(None),
        number => number.parse().ok().map(Some),
    };
    let change = AccountChange {
        email: Some((!email.is_empty()).then(|| email.to_owned())),
        name: Some(posted.value("name").trim().to_owned()),
        admin: Some(posted.checked("admin")),
        // What is no number is refused.
        quota: Some(quota.unwrap_or(Some(-1))),
        class: Some(posted.value("class").to_owned()),
        ..AccountChange::default()
    };
    apply(&web, id, &posted, change).await
}

/// `POST /admin/users/ID/state`
pub async fn state(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let change = AccountChange {
        disabled: Some(posted.value("state") == "off"),
        ..AccountChange::default()
    };
    apply(&web, id, &posted, change).await
}

async fn apply(web: &Arc<Web>, id: i64, posted: &Posted, change: AccountChange) -> Response {
    let office = match office_of(web, posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let changed = office.change_account(PersonId(id), change).await;
    let path = format!("/admin/users/{id}");
    settled(web, visit, changed, Deed::AdminSaved, &path, async |told| {
        show_page(web, visit, &office, id, told, None).await
    })
    .await
}

/// `POST /admin/users/ID/password`: another one, shown once.
pub async fn password(
    State(web): State<Arc<Web>>,
    Path(id): Path<i64>,
    posted: Posted,
) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let password = random_id(9);
    let made = async {
        let change = AccountChange {
            password_hash: Some(auth::hash(password.clone()).await?),
            ..AccountChange::default()
        };
        office.change_account(PersonId(id), change).await?;
        show_page(
            &web,
            visit,
            &office,
            id,
            Told::Nothing,
            Some(password.clone()),
        )
        .await
    };
    visit.answer(&web, made).await
}

/// `POST /admin/users/ID/remove`: by typing the login.
pub async fn remove(State(web): State<Arc<Web>>, Path(id): Path<i64>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let removed = office.remove_account(PersonId(id), posted.value("typed"));
    let removed = removed.await;
    settled(
        &web,
        visit,
        removed,
        Deed::AdminRemoved,
        "/admin/users",
        async |told| show_page(&web, visit, &office, id, told, None).await,
    )
    .await
}
