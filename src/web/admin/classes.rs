//! Account classes.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use super::{OfficeVisit, office_of, settled, shell};
use crate::{
    domain::{
        account_class::{AccountClass, Service},
        error::Result,
        office::Office,
    },
    text::admin::Admin,
    web::{
        Web,
        form::Posted,
        page::{Shell, show},
        params::Query,
        request::Visit,
        told::{Deed, Done, Told},
    },
};

const KIBIBYTE: i64 = 1024;
const MEBIBYTE: i64 = 1024 * KIBIBYTE;

#[derive(Template)]
#[template(path = "admin_classes.html")]
struct Page {
    shell: Shell,
    /// The one of everybody else, the others, and an empty form.
    classes: Vec<ClassForm>,
}

struct ClassForm {
    title: String,
    name: String,
    is_new: bool,
    contacts: String,
    devices: String,
    /// MiB.
    documents: String,
    /// KiB.
    photo: String,
    /// MiB.
    import_size: String,
    /// Name in the form, words, and whether it is allowed.
    services: Vec<(&'static str, &'static str, bool)>,
}

/// `GET /admin/classes`
pub async fn page(
    State(web): State<Arc<Web>>,
    admin: OfficeVisit,
    Query(done): Query<Done>,
) -> Response {
    let shown = show_page(&web, &admin.visit, &admin.office, done.into(), None);
    admin.visit.answer(&web, shown).await
}

/// `typed`: the form that was refused, with what it held.
async fn show_page(
    web: &Web,
    visit: &Visit,
    office: &Office,
    told: Told,
    typed: Option<&Posted>,
) -> Result<Response> {
    let text = visit.text.admin;
    let known = office.classes().await?;
    let mut classes: Vec<ClassForm> = known.iter().map(|class| form(class, text)).collect();
    classes.push(ClassForm {
        title: text.new_class.to_owned(),
        is_new: true,
        ..form(&AccountClass::default(), text)
    });
    if let Some(posted) = typed {
        let (name, is_new) = (posted.value("name"), posted.checked("new"));
        let mut same = classes
            .iter_mut()
            .filter(|class| class.is_new == is_new && (is_new || class.name == name));
        if let Some(class) = same.next() {
            class.refill(posted)
        }
    }
    let status = told.status();
    let shell = shell(web, visit, told);
    Ok(show(status, &Page { shell, classes }))
}

impl ClassForm {
    /// What was typed, to be put right.
    fn refill(&mut self, posted: &Posted) {
        let typed = |name| posted.value(name).to_owned();
        self.name = typed("name");
        self.contacts = typed("contacts");
        self.devices = typed("devices");
        self.documents = typed("documents");
        self.photo = typed("photo");
        self.import_size = typed("import");
        for (service, _, allowed) in &mut self.services {
            *allowed = posted.values("allowed").any(|name| name == *service);
        }
    }
}

fn form(class: &AccountClass, text: &Admin) -> ClassForm {
    let number = |number: Option<i64>| number.map_or_else(String::new, |n| n.to_string());
    let words = |service| match service {
        Service::Eas => "Exchange ActiveSync",
        Service::CardDav => "CardDAV",
        Service::Sms => text.sms,
        Service::Fax => text.fax,
    };
    let services = Service::ALL
        .into_iter()
        .map(|service| (service.as_str(), words(service), class.allows(service)));
    ClassForm {
        title: match class.name.as_str() {
            "" => text.everybody.to_owned(),
            name => name.to_owned(),
        },
        name: class.name.clone(),
        is_new: false,
        contacts: number(class.contacts),
        devices: number(class.devices),
        documents: number(class.documents.map(|octets| octets / MEBIBYTE)),
        photo: number(class.photo.map(|octets| octets / KIBIBYTE)),
        import_size: number(class.import_size.map(|octets| octets / MEBIBYTE)),
        services: services.collect(),
    }
}

/// `POST /admin/classes`
pub async fn put(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    // What is no number is refused.
    let number = |name| match posted.value(name).trim() {
        "" => None,
        text => Some(text.parse().unwrap_or(-1)),
    };
    let octets = |name, unit| number(name).map(|n: i64| n.checked_mul(unit).unwrap_or(-1));
    let mut class = AccountClass {
        name: posted.value("name").trim().to_owned(),
        contacts: number("contacts"),
        devices: number("devices"),
        documents: octets("documents", MEBIBYTE),
        photo: octets("photo", KIBIBYTE),
        import_size: octets("import", MEBIBYTE),
        ..AccountClass::default()
    };
    for service in Service::ALL {
        let allowed = posted
            .values("allowed")
            .any(|name| name == service.as_str());
        class.set(service, allowed);
    }
    let put = if posted.checked("new") {
        office.add_class(class).await
    } else {
        office.put_class(class).await
    };
    settled(
        &web,
        visit,
        put,
        Deed::AdminSaved,
        "/admin/classes",
        async |told| show_page(&web, visit, &office, told, Some(&posted)).await,
    )
    .await
}

/// `POST /admin/classes/remove`
pub async fn remove(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    let office = match office_of(&web, &posted) {
        Ok(office) => office,
        Err(refusal) => return *refusal,
    };
    let visit = &posted.visit;
    let removed = office.remove_class(posted.value("name")).await;
    settled(
        &web,
        visit,
        removed,
        Deed::AdminRemoved,
        "/admin/classes",
        async |told| show_page(&web, visit, &office, told, None).await,
    )
    .await
}
