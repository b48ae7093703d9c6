//! The server of the first start: the addresses it has, and what it says at every other one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use carnet::{
    class::{self, contact::Contact},
    domain::core::{Core, Limits},
    store::sqlite::Sqlite,
    web::first_start::FirstStart,
};
use tower::ServiceExt as _;

use super::routes::{Row, listed, table};

/// Every address of it, for anybody.
const ADDRESSES: [(&str, &str); 8] = [
    ("/first-start", "GET,POST"),
    ("/healthz", "GET"),
    ("/readyz", "GET"),
    ("/static/carnet.css", "GET"),
    ("/static/carnet.js", "GET"),
    ("/static/form.js", "GET"),
    ("/static/icon.svg", "GET"),
    ("/static/list.js", "GET"),
];

fn waiting(folder: &tempfile::TempDir) -> (Arc<FirstStart>, Router) {
    let store = Sqlite::open(folder.path()).expect("the data open");
    let classes = class::all(Arc::new(Contact::new(None)));
    let office = Core::new(Arc::new(store), classes, Limits::default()).operator();
    let start = FirstStart::new(office, None, true);
    (start.clone(), start.router())
}

/// The status of an answer and where it leads.
async fn asked(router: &Router, method: &str, path: &str, more: &[(&str, &str)]) -> (u16, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).expect("a request");
    let answer = router.clone().oneshot(request).await.expect("an answer");
    let to = answer.headers().get(header::LOCATION);
    let to = to.and_then(|to| to.to_str().ok()).unwrap_or_default();
    (answer.status().as_u16(), to.to_owned())
}

#[tokio::test]
async fn every_address_of_the_first_start_is_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, router) = waiting(&folder);
    let expected: BTreeMap<String, BTreeSet<String>> = ADDRESSES
        .iter()
        .map(|(path, methods)| {
            let methods = methods.split(',').map(str::to_owned).collect();
            ((*path).to_owned(), methods)
        })
        .collect();
    assert_eq!(listed(&router), expected);
}

#[tokio::test]
async fn no_address_of_the_server_is_open_before_its_first_account() {
    let folder = tempfile::tempdir().expect("a folder");
    let (start, router) = waiting(&folder);
    let own: BTreeSet<&str> = ADDRESSES.iter().map(|(path, _)| *path).collect();
    for Row { path, methods, .. } in table() {
        let path = path.replace("{*path}", "x").replace(['{', '}'], "");
        if own.contains(&*path) {
            continue;
        }
        for method in methods.iter().map(String::as_str) {
            let method = if method == "ANY" { "PROPFIND" } else { method };
            let (status, to) = asked(&router, method, &path, &[]).await;
            match method {
                "GET" => assert_eq!((status, &*to), (303, "/first-start"), "{path}"),
                _ => assert_eq!(status, 503, "{method} {path}"),
            }
        }
    }
    // The form without the code, and the code from another site.
    let form = ("content-type", "application/x-www-form-urlencoded");
    let (status, _) = asked(&router, "POST", "/first-start", &[form]).await;
    assert_eq!(status, StatusCode::FORBIDDEN.as_u16());
    assert!(start.code().len() >= 16);
    let (status, _) = asked(&router, "DELETE", "/first-start", &[]).await;
    assert_eq!(status, 405);
    let (status, _) = asked(&router, "POST", "/first-start", &[]).await;
    assert_eq!(status, 415, "no form");
}
