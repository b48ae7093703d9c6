//! The router's own list of addresses, and the table that says who each is for.

use std::collections::{BTreeMap, BTreeSet};

use axum::Router;

/// Who an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Anybody,
    Link,
    Client,
    Person,
    Owner,
    Member,
    Administrator,
}

/// A row of the table.
#[derive(Clone, Debug)]
pub struct Row {
    pub who: Who,
    pub methods: BTreeSet<String>,
    pub path: String,
}

pub fn table() -> Vec<Row> {
    let rows = include_str!("routes.txt").lines();
    rows.filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [who, methods, path] = words[..] else {
                panic!("{line}");
            };
            Row {
                who: match who {
                    "anybody" => Who::Anybody,
                    "link" => Who::Link,
                    "client" => Who::Client,
                    "person" => Who::Person,
                    "owner" => Who::Owner,
                    "member" => Who::Member,
                    "administrator" => Who::Administrator,
                    _ => panic!("{line}"),
                },
                methods: methods.split(',').map(str::to_owned).collect(),
                path: path.to_owned(),
            }
        })
        .collect()
}

/// What a router answers, as it shows itself: path to methods.
pub fn listed(router: &Router) -> BTreeMap<String, BTreeSet<String>> {
    let shown = format!("{router:?}");
    let own = shown.split("fallback_router:").next().expect("a router");
    let (routes, paths) = own.split_once("node: Node { paths: {").expect("paths");
    let methods: BTreeMap<&str, BTreeSet<String>> = routes
        .split("RouteId(")
        .skip(1)
        .map(|piece| {
            let (id, rest) = piece.split_once(')').expect("a number");
            (id, methods(rest))
        })
        .collect();
    let found: BTreeMap<String, BTreeSet<String>> = paths
        .split("RouteId(")
        .skip(1)
        .map(|piece| {
            let (id, rest) = piece.split_once(')').expect("a number");
            let path = rest.split('"').nth(1).expect("a path");
            (path.to_owned(), methods[id].clone())
        })
        .collect();
    assert_eq!(found.len(), methods.len());
    found
}

/// `allow_header: Bytes(b"GET,HEAD,POST")`; a route for any method says none.
fn methods(shown: &str) -> BTreeSet<String> {
    let named = ["get", "post", "put", "delete", "patch"];
    let mut found: BTreeSet<String> = named
        .into_iter()
        .filter(|name| {
            shown.contains(&format!("{name}: BoxedHandler"))
                || shown.contains(&format!("{name}: Route"))
        })
        .map(str::to_uppercase)
        .collect();
    if shown.contains("allow_header: Skip") {
        found.insert("ANY".to_owned());
    }
    found
}
