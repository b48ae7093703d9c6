//! Imports point one way, downwards (`docs/architecture.md`), and faces decide nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// What each module of `src/` may import from its siblings, besides itself. `None`: everything.
const MAY_IMPORT: &[(&str, Option<&[&str]>)] = &[
    ("domain", Some(&[])),
    ("durable", Some(&[])),
    ("store", Some(&["domain", "durable"])),
    // What an operator sets of a face is that face's own plain data.
    (
        "config",
        Some(&[
            "eas::policy",
            "eas::settings",
            "mail::settings",
            "transfer",
            "domain::access",
            "domain::core",
            "http",
            "connect",
        ]),
    ),
    (
        "observe",
        Some(&[
            "config",
            "domain",
            "store",
            "auth",
            "http",
            "eas::is_path",
            "autodiscover::is_path",
        ]),
    ),
    // Networks of addresses are the domain's.
    ("http", Some(&["domain::access", "durable"])),
    ("auth", Some(&["domain"])),
    // Addresses, profiles and codes two faces hand out.
    ("connect", Some(&["domain"])),
    ("eas", Some(&["domain", "auth", "http"])),
    (
        "dav",
        Some(&["domain", "auth", "http", "connect", "durable"]),
    ),
    // Pages offer files what the command line offers: one engine.
    (
        "web",
        Some(&[
            "domain", "auth", "http", "transfer", "connect", "durable", "text",
        ]),
    ),
    ("autodiscover", Some(&["domain", "auth", "http", "config"])),
    // Files say their headings in the language of who reads them.
    ("transfer", Some(&["domain", "durable", "text"])),
    // Sentences for what the domain has to say.
    ("text", Some(&["domain"])),
    ("mail", Some(&["domain", "http", "text"])),
    // The sockets a class plugs into, and the sentences its pages speak.
    (
        "class",
        Some(&["domain", "eas::facet", "dav::facet", "web::facet", "text"]),
    ),
    ("demo", Some(&["domain", "auth"])),
    ("app", None),
    ("cli", None),
    ("main", None),
    ("lib", None),
];

/// Crates that only some modules may name.
const CRATES: &[(&str, &[&str])] = &[
    (
        "carnet_proto",
        &[
            "autodiscover",
            "connect",
            "eas",
            "dav",
            "web",
            "class",
            "transfer",
            "app",
            "cli",
        ],
    ),
    ("rusqlite", &["store"]),
    ("deadpool", &["store"]),
    (
        "axum",
        &[
            "app",
            "autodiscover",
            "dav",
            "eas",
            "web",
            "http",
            "observe",
        ],
    ),
    ("hyper", &["http", "app", "observe"]),
    ("rustls", &["http", "app"]),
];

/// What the codec must not see: sockets, files, the clock, a database.
const OUTSIDE_PROTO: &[&str] = &[
    "std::fs",
    "std::net",
    "std::time",
    "std::thread",
    "std::process",
    "std::env",
    "tokio",
    "axum",
    "hyper",
    "rusqlite",
    "carnet",
];

const FACES: [&str; 3] = ["eas", "dav", "web"];

#[test]
fn imports_point_downwards() {
    let mut broken = Vec::new();
    for (file, source) in sources("src") {
        broken.extend(forbidden_imports(&file, &source));
    }
    for (file, source) in sources("proto/src") {
        broken.extend(forbidden_in_proto(&file, &source));
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn faces_compare_no_role_grant_revision_or_sequence() {
    in_no_face(decisions);
}

#[test]
fn faces_ask_the_core_and_not_its_store() {
    in_no_face(|file, source| {
        let asks = source.contains(".store()");
        Vec::from_iter(asks.then(|| file.display().to_string()))
    });
}

#[test]
fn faces_call_verbs_and_write_no_operations() {
    in_no_face(operations);
}

fn in_no_face(seen: fn(&Path, &str) -> Vec<String>) {
    let all = FACES.map(|face| sources(&format!("src/{face}"))).concat();
    let all = all.iter().flat_map(|(file, source)| seen(file, source));
    let broken: Vec<String> = all.collect();
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn what_is_stored_as_json_goes_through_one_module() {
    // The details of a document are its content, which may be wrong; earlier reasons are no JSON.
    let own = ["json.rs", "document.rs", "refused/why.rs"].map(|file| format!("src/domain/{file}"));
    for (file, source) in [sources("src/domain"), sources("src/store")].concat() {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let converts = code.contains("serde_json::to_") || code.contains("serde_json::from_");
        let allowed = own.iter().any(|own| Path::new(own) == file);
        assert!(
            allowed || !converts,
            "{}: see domain/json.rs",
            file.display()
        );
    }
}

#[test]
fn operations_in_a_face_are_seen() {
    for (source, seen) in [
        ("use crate::domain::batch::Op;", true),
        ("use crate::domain::{core::Core, batch::{Batch, Op}};", true),
        ("fn f() { CredentialOp::RemoveSession { token } }", true),
        ("core.commit(batch).await", true),
        ("enum Operation { Open }", false),
        ("// Op::Audit", false),
    ] {
        let found = operations(Path::new("src/web/x.rs"), source);
        assert_eq!(!found.is_empty(), seen, "{source}: {found:?}");
    }
}

#[test]
fn modules_have_no_cycle() {
    // What may import everything is above all others: no rule may name it.
    let mut open: BTreeMap<&str, BTreeSet<&str>> = MAY_IMPORT
        .iter()
        .filter_map(|(module, rule)| {
            let targets = rule.as_ref()?.iter();
            let tops = targets.filter_map(|path| path.split("::").next());
            Some((*module, tops.collect()))
        })
        .collect();
    // A module that imports nothing that is left is below what is left.
    while let Some(lowest) = open
        .iter()
        .find(|(_, targets)| targets.is_empty())
        .map(|(module, _)| *module)
    {
        open.remove(lowest);
        for targets in open.values_mut() {
            targets.remove(lowest);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn every_module_has_a_rule() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(root).expect("src") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().expect("a name").to_string_lossy();
        assert!(
            MAY_IMPORT.iter().any(|(module, _)| *module == name),
            "src/{name}: say in MAY_IMPORT what it may import"
        );
    }
}

#[test]
fn the_table_of_the_layers_says_the_same() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md");
    let page = fs::read_to_string(file).expect("the page");
    let section = page.split("\n## Layers\n").nth(1).expect("the section");
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut said = BTreeMap::new();
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|');
        let (modules, targets) = (cells.next(), cells.next().expect("two cells"));
        let targets = (targets.trim() != "everything").then(|| quoted(targets));
        for module in quoted(modules.expect("a cell")) {
            said.insert(module, targets.clone());
        }
    }
    let ruled = MAY_IMPORT
        .iter()
        .map(|(module, targets)| (*module, targets.map(|list| list.iter().copied().collect())));
    assert_eq!(said, ruled.collect());
}

/// What stands between backquotes.
fn quoted(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

#[test]
fn forbidden_imports_are_seen() {
    for (file, source, seen) in [
        ("src/dav/mod.rs", "use crate::store::sqlite::Sqlite;", true),
        (
            "src/dav/mod.rs",
            "use crate::{domain::core::Core, eas::Face};",
            true,
        ),
        ("src/dav/report.rs", "use super::super::web;", true),
        (
            "src/dav/report.rs",
            "fn f() { crate::class::contact::x() }",
            true,
        ),
        ("src/dav/mod.rs", "use super::store;", true),
        ("src/dav/report.rs", "use super::store;", false),
        (
            "src/dav/mod.rs",
            "// use crate::store;\nuse crate::domain;",
            false,
        ),
        ("src/dav/mod.rs", "const S: &str = \"crate::store\";", false),
        ("src/dav/mod.rs", "use rusqlite::Connection;", true),
        (
            "src/domain/book.rs",
            "use carnet_proto::vcard::Document;",
            true,
        ),
        ("src/domain/book.rs", "use crate::store::sqlite;", true),
        ("src/domain/book.rs", "use super::core::Core;", false),
        (
            "src/store/sqlite/mod.rs",
            "use crate::{domain::{id, item}, web};",
            true,
        ),
        (
            "src/class/contact/eas.rs",
            "use crate::eas::facet::EasFacet;",
            false,
        ),
        (
            "src/class/contact/eas.rs",
            "use crate::eas::request::Request;",
            true,
        ),
        ("src/app.rs", "use crate::{class, dav, store};", false),
    ] {
        let found = forbidden_imports(Path::new(file), source);
        assert_eq!(!found.is_empty(), seen, "{file}: {source}: {found:?}");
    }
    for (source, seen) in [
        ("use std::time::Instant;", true),
        ("use std::{fmt, fs};", true),
        ("use crate::wbxml::Tag;", false),
    ] {
        let found = forbidden_in_proto(Path::new("proto/src/lib.rs"), source);
        assert_eq!(!found.is_empty(), seen, "{source}: {found:?}");
    }
}

#[test]
fn decisions_in_a_face_are_seen() {
    for (source, seen) in [
        ("if membership.role == Role::Admin {}", true),
        ("if membership\n.role\n>= Role::CoAdmin {}", true),
        ("if matches!(m.role, Role::Admin | Role::CoAdmin) {}", true),
        ("if grant > GroupRight::None {}", true),
        ("if card.placement.rev != seen {}", true),
        ("let mut after = Seq(0);", true),
        (
            "match role { Role::Admin => \"administrator\", _ => \"\" }",
            false,
        ),
        ("let role = Role::parse(&form.role);", false),
        ("for x in list.iter().rev() { if a == b {} }", false),
        ("subscription.changed().await;", false),
        ("// Role::Admin == role", false),
    ] {
        let found = decisions(Path::new("src/web/x.rs"), source);
        assert_eq!(!found.is_empty(), seen, "{source}: {found:?}");
    }
}

fn forbidden_imports(file: &Path, source: &str) -> Vec<String> {
    let module = module_of(file);
    let Some(top) = module.first() else {
        return Vec::new();
    };
    let code = code_of(source);
    let mut broken = Vec::new();
    let allowed = MAY_IMPORT
        .iter()
        .find(|(name, _)| name == top)
        .map_or(Some(&[][..]), |(_, allowed)| *allowed);
    for path in own_paths(&module, &code) {
        let Some(allowed) = allowed else { break };
        let target = &path[0];
        let named = MAY_IMPORT.iter().any(|(name, _)| name == target);
        let fits = |rule: &str| {
            let rule: Vec<&str> = rule.split("::").collect();
            path.iter().map(String::as_str).take(rule.len()).eq(rule)
        };
        if named && target != top && !allowed.iter().any(|rule| fits(rule)) {
            broken.push(format!(
                "{}: {top} must not see {}",
                file.display(),
                path.join("::")
            ));
        }
    }
    for (name, users) in CRATES {
        if names_crate(&code, name) && !users.contains(&top.as_str()) {
            broken.push(format!("{}: {top} must not see {name}", file.display()));
        }
    }
    broken
}

fn forbidden_in_proto(file: &Path, source: &str) -> Vec<String> {
    let code = code_of(source);
    let std_paths: BTreeSet<String> = expand(&code, "std")
        .into_iter()
        .filter_map(|path| Some(format!("std::{}", path.first()?)))
        .collect();
    OUTSIDE_PROTO
        .iter()
        .filter(|outside| std_paths.contains(**outside) || names_crate(&code, outside))
        .map(|outside| format!("{}: the codec must not see {outside}", file.display()))
        .collect()
}

/// Operations on the store, which only verbs of the domain put together.
fn operations(file: &Path, source: &str) -> Vec<String> {
    let code = code_of(source);
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
    let named: BTreeSet<&str> = words.filter(|word| word.ends_with("Op")).collect();
    let commits = code.contains(".commit(").then_some("commit");
    named
        .into_iter()
        .chain(commits)
        .map(|word| format!("{}: {word}", file.display()))
        .collect()
}

/// Comparisons that belong to the domain.
fn decisions(file: &Path, source: &str) -> Vec<String> {
    const OPERATORS: [&str; 8] = [
        " == ", " != ", " <= ", " >= ", " < ", " > ", "matches!", ".cmp",
    ];
    const TYPES: [&str; 2] = ["Role::", "GroupRight::"];
    const FIELDS: [&str; 6] = ["role", "rev", "seq", "changed", "born", "epoch"];
    let code = code_of(source);
    let mut broken = Vec::new();
    for statement in code.split([';', '{', '}']) {
        let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in statement.split("=>") {
            let compares = OPERATORS.iter().any(|operator| part.contains(operator));
            let about = TYPES.iter().any(|name| part.contains(name))
                || FIELDS.iter().any(|name| has_field(part, name));
            if (compares && about) || has_word(part, "Seq") {
                broken.push(format!("{}: {part}", file.display()));
            }
        }
    }
    broken
}

/// `.name` that is no call; rustfmt may have put the dot after a space.
fn has_field(code: &str, name: &str) -> bool {
    code.match_indices(&format!(".{name}")).any(|(at, found)| {
        let next = code[at + found.len()..].chars().next();
        next.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '(')
    })
}

fn has_word(code: &str, word: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(inside)
            && !code[at + word.len()..].chars().next().is_some_and(inside)
    })
}

/// A path that starts with the crate: `name::`, not preceded by another segment.
fn names_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':' && c != '.')
            && code[at + name.len()..].starts_with("::")
    })
}

/// Every path into this package, as segments below the crate's root.
fn own_paths(module: &[String], code: &str) -> Vec<Vec<String>> {
    let mut paths = expand(code, "crate");
    for relative in expand(code, "super") {
        let ups = relative.iter().take_while(|part| *part == "super").count();
        let Some(keep) = module.len().checked_sub(ups + 1) else {
            continue;
        };
        paths.push([&module[..keep], &relative[ups..]].concat());
    }
    paths.retain(|path| !path.is_empty());
    paths
}

/// The paths that begin with `root::`, their groups in braces taken apart.
fn expand(code: &str, root: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for (at, _) in code.match_indices(&format!("{root}::")) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let mut rest = &code[at + root.len() + 2..];
        tree(&mut rest, &mut Vec::new(), &mut paths);
    }
    paths
}

fn tree(rest: &mut &str, prefix: &mut Vec<String>, paths: &mut Vec<Vec<String>>) {
    let depth = prefix.len();
    loop {
        *rest = rest.trim_start();
        if let Some(group) = rest.strip_prefix('{') {
            *rest = group;
            loop {
                *rest = rest.trim_start();
                if let Some(after) = rest.strip_prefix('}') {
                    *rest = after;
                    break;
                }
                let before = rest.len();
                tree(rest, &mut prefix.clone(), paths);
                *rest = rest.trim_start().trim_start_matches(',');
                if rest.len() == before {
                    break;
                }
            }
            break;
        }
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        prefix.push(rest[..end].to_owned());
        *rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) => *rest = after,
            None => {
                paths.push(prefix.clone());
                // `as name` belongs to the same entry.
                if let Some(alias) = rest.strip_prefix(" as ") {
                    let end = alias.find([',', '}', ';']).unwrap_or(alias.len());
                    *rest = &alias[end..];
                }
                break;
            }
        }
    }
    prefix.truncate(depth);
}

/// The source without comments and without what strings say.
fn code_of(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'/') => {
                while chars.next().is_some_and(|c| c != '\n') {}
                out.push('\n');
            }
            '"' => {
                while let Some(c) = chars.next() {
                    match c {
                        '\\' => drop(chars.next()),
                        '"' => break,
                        _ => {}
                    }
                }
                out.push_str("\"\"");
            }
            '\'' => {
                // A character may be a quote; a lifetime has no closing one.
                let mut ahead = chars.clone();
                let first = ahead.next();
                if first == Some('\\') {
                    chars.next();
                    chars.next();
                    while chars.next().is_some_and(|c| c != '\'') {}
                } else if ahead.next() == Some('\'') {
                    chars.next();
                    chars.next();
                }
                out.push(' ');
            }
            c => out.push(c),
        }
    }
    out
}

/// `src/dav/path.rs` is `["dav", "path"]`.
fn module_of(file: &Path) -> Vec<String> {
    let mut parts: Vec<String> = file
        .with_extension("")
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .skip_while(|part| part != "src")
        .skip(1)
        .collect();
    if parts.last().is_some_and(|last| last == "mod") {
        parts.pop();
    }
    parts
}

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs")
                // Tests may look anywhere.
                && !path.ends_with("tests.rs")
            {
                let source = fs::read_to_string(&path).expect("a source");
                let path = path.strip_prefix(root).expect("below the root").to_owned();
                found.push((path, source));
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds sources");
    found
}
