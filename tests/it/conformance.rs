//! Every test that a page of the documentation names is there.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use carnet::config::KEYS;

/// Names of at least so many words in backticks are tests.
const WORDS: usize = 4;
/// Other names of as many words: the figures of `/metrics`.
const FIGURES: [&str; 2] = ["carnet_", "process_"];

#[test]
fn pages_name_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests: BTreeSet<String> = ["src", "tests", "proto", "fuzz", "benches"]
        .iter()
        .flat_map(|folder| files(&root.join(folder), "rs"))
        .flat_map(|file| tests_of(&fs::read_to_string(file).expect("a source")))
        .collect();
    let mut missing = Vec::new();
    let mut found = 0;
    for page in files(&root.join("docs"), "md") {
        for name in named(&fs::read_to_string(&page).expect("a page")) {
            if tests.contains(&name) {
                found += 1;
            } else {
                missing.push(format!("{}: {name} is no test", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
    assert!(found > 500, "{found} names");
}

#[test]
fn pages_name_modules_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources: Vec<(Vec<String>, String)> = ["src", "tests", "proto", "fuzz", "benches"]
        .iter()
        .flat_map(|folder| files(&root.join(folder), "rs"))
        .map(|file| (module(&file), fs::read_to_string(&file).expect("a source")))
        .collect();
    let exists = |path: &[String]| {
        sources.iter().any(|(module, source)| {
            let function = path.split_last().is_some_and(|(last, above)| {
                module.ends_with(above)
                    && (source.contains(&format!("fn {last}("))
                        || source.contains(&format!("case!({last},")))
            });
            function || module.ends_with(path)
        })
    };
    let mut missing = Vec::new();
    for page in files(&root.join("docs"), "md") {
        for path in paths(&fs::read_to_string(&page).expect("a page")) {
            if !exists(&path) {
                let path = path.join("::");
                missing.push(format!("{}: {path} is nowhere", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// `tests/it/rights/cases.rs` as the words of its path.
fn module(file: &Path) -> Vec<String> {
    let path = file.with_extension("");
    let words = path.iter().map(|word| word.to_string_lossy().into_owned());
    words.filter(|word| word != "mod").collect()
}

/// The paths of modules and functions in backticks on a page.
fn paths(page: &str) -> Vec<Vec<String>> {
    let is_path = |quoted: &&str| {
        let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:".contains(c);
        quoted.contains("::") && quoted.chars().all(is_word)
    };
    let prose = page.split("```").step_by(2).flat_map(str::lines);
    prose
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(is_path)
        .map(|quoted| quoted.split("::").filter(|word| !word.is_empty()))
        .map(|words| words.map(str::to_owned).collect())
        .collect()
}

#[test]
fn tests_and_their_names_are_told_from_others() {
    let source = "
        fn no_test_at_all() {}
        #[test]
        #[should_panic = \"slow\"]
        fn a_plain_test() {}
        #[tokio::test(flavor = \"multi_thread\")]
        async fn one_that_waits() {}
        case!(case_01_of_a_table, w, {});
        macro_rules! case { ($name:ident) => { #[test] fn $name() {} } }
    ";
    assert_eq!(
        tests_of(source),
        ["a_plain_test", "one_that_waits", "case_01_of_a_table"]
    );
    let page = "| 1 | `max_connections_per_address` | `a::is_a_test_there`, `another_test_is_here` |\n\
                ```\nnot_in_a_listing `this_is_no_name`\n```\n\
                `carnet_held_requests_now`, `A_B_C_D`, `three_words_only`, `a_call_of_something()`\n";
    assert_eq!(named(page), ["is_a_test_there", "another_test_is_here"]);
}

/// The tests of a source, those that the macro `case!` makes among them.
fn tests_of(source: &str) -> Vec<String> {
    let mut tests = Vec::new();
    let mut is_test = false;
    for line in source.lines().map(str::trim_start) {
        if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
            is_test = true;
        } else if is_test && !line.starts_with("#[") && !line.starts_with("//") {
            let name = line.trim_start_matches("async ").strip_prefix("fn ");
            tests.extend(name.map(identifier).filter(|name| !name.is_empty()));
            is_test = false;
        }
        if let Some(case) = line.strip_prefix("case!(") {
            tests.push(identifier(case));
        }
    }
    tests
}

fn identifier(code: &str) -> String {
    code.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// The names in backticks on a page that look like those of tests, without their modules.
fn named(page: &str) -> Vec<String> {
    let prose = page.split("```").step_by(2);
    let lines = prose.flat_map(str::lines);
    lines
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter_map(|quoted| quoted.rsplit("::").next())
        .filter(|name| {
            name.split('_').count() >= WORDS
                && name.split('_').all(|word| !word.is_empty())
                && name
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                && !KEYS.contains(name)
                && !FIGURES.iter().any(|figure| name.starts_with(figure))
        })
        .map(str::to_owned)
        .collect()
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|end| end == extension) {
            found.push(path);
        }
    }
    found
}
