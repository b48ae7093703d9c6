//! Every test that a page on a protocol names is there.

use std::{fs, path::Path};

#[test]
fn pages_name_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut code = String::new();
    for folder in ["src", "tests", "proto"] {
        read(&root.join(folder), &mut code);
    }
    let mut rows = 0;
    for page in fs::read_dir(root.join("docs/conformance")).expect("pages") {
        let path = page.expect("a page").path();
        let name = path
            .file_name()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(&path).expect("text");
        if name.starts_with("eas") {
            rows += named(&text, &code, &name);
            continue;
        }
        let listed = ["carddav.md", "import-export.md", "account.md", "web.md"];
        if !name.starts_with("rfc") && !listed.contains(&name.as_str()) {
            continue;
        }
        for row in text
            .lines()
            .filter(|line| line.starts_with("| ") && line.ends_with("` |"))
        {
            let test = row
                .trim_end_matches("` |")
                .rsplit('`')
                .next()
                .unwrap_or_default();
            let there = code.contains(&format!("fn {test}("));
            assert!(there, "{}: {test} is no test", path.display());
            rows += 1;
        }
    }
    assert!(rows > 100, "{rows} rows");
}

/// The tests in the last column of a page; all of them are there.
fn named(text: &str, code: &str, page: &str) -> usize {
    let rows = text.lines().filter(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.trim_end_matches(" |").rsplit(" | ").next());
    let mut found = 0;
    for test in cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)) {
        assert!(
            code.contains(&format!("fn {test}(")),
            "{page}: {test} is no test"
        );
        found += 1;
    }
    found
}

fn read(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            read(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path).expect("text"));
        }
    }
}
