//! The page of a server without an account.

use std::{fs, path::Path, time::Instant};

use super::{LOOPBACK, status};
use crate::support::{
    browser::{Browser, hidden},
    program::{Program, works},
};

const PASSWORD: &str = "long grey herons 7";

/// The printed code.
fn code(program: &Program) -> String {
    let line = &program.printed[0];
    let code = line.strip_prefix("first start: open the server and type the code ");
    code.expect("a code").to_owned()
}

/// A configuration file that asks for the page.
fn config(folder: &Path, more: &str) -> [String; 2] {
    let file = folder.join("carnet.toml");
    fs::write(&file, format!("first_start = 'page'\n{more}")).expect("written");
    ["--config".to_owned(), file.display().to_string()]
}

fn serve(data: &Path, config: &[String; 2]) -> Program {
    Program::serve(data, &LOOPBACK, &config.each_ref().map(String::as_str))
}

fn form<'a>(code: &'a str, address: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("code", code),
        ("address", address),
        ("login", "Mia"),
        ("name", "Mia Laurent"),
        ("password", PASSWORD),
        ("again", PASSWORD),
    ]
}

#[test]
fn the_first_start_page_makes_the_administrator_and_is_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut program = serve(&data, &config(folder.path(), ""));
    let address = program.address("http");
    let code = code(&program);
    let browser = Browser::open(&address);

    // Every page leads there; clients are told to come again; nobody can sign in.
    for path in ["/", "/login", "/admin"] {
        let answer = browser.get(path);
        assert_eq!(answer.header("location"), Some("/first-start"), "{path}");
    }
    assert_eq!(status(&address, "admin", "admin"), 503);
    assert_eq!(browser.get("/healthz").status, 200);
    let page = browser.page("/first-start");
    assert!(
        page.contains("First start") && page.contains("in order"),
        "{page}"
    );
    assert!(!page.contains(&code));
    assert_eq!(hidden(&page, "login"), "admin");
    let mut french = Browser::open(&address);
    french.language = "fr";
    assert!(french.page("/first-start").contains("Premier démarrage"));

    // Nothing is made of a wrong code, a weak password, or an address that is none.
    let refused = |change: (&str, &str), status: u16, said: &str| {
        let mut fields = form(&code, "https://contacts.example.org");
        for field in &mut fields {
            if field.0 == change.0 {
                field.1 = change.1;
            }
        }
        let answer = browser.submit("/first-start", &fields);
        assert_eq!(answer.status, status, "{change:?}");
        assert!(
            answer.text().contains(said),
            "{change:?}: {}",
            answer.text()
        );
        assert!(!answer.text().contains(PASSWORD), "{change:?}");
    };
    let no_code = "0000-0000-0000-0000";
    refused(("code", no_code), 403, "not the code");
    refused(("password", "short"), 422, "at least 10 characters");
    refused(("login", "two words"), 422, "A login is");
    refused(
        ("address", "https://contacts.example.org/path"),
        422,
        "An address is",
    );
    refused(("address", "contacts.example.org"), 422, "An address is");
    assert!(works(&data, &["user", "list"]).is_empty());

    // As people type it: in capitals, without hyphens.
    let typed = code.to_uppercase().replace('-', " ");
    let answer = browser.submit(
        "/first-start",
        &form(&typed, "https://contacts.example.org/"),
    );
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("sign in as mia"));
    assert!(
        answer
            .header("refresh")
            .is_some_and(|next| next.contains("/login"))
    );

    program.listens(1);
    assert_eq!(program.address("http"), address, "the same port");
    let mut browser = Browser::open(&address);
    assert_eq!(browser.get("/first-start").status, 404);
    assert_eq!(
        browser.submit("/first-start", &form(&code, "x")).status,
        404
    );
    assert_eq!(browser.sign_in("mia", PASSWORD).status, 303);
    assert_eq!(browser.get("/admin").status, 200);
    assert_eq!(status(&address, "mia", PASSWORD), 207);

    // The address holds, also after a restart.
    let told = |browser: &Browser| {
        let asked = "/autodiscover/autodiscover.json/v1.0/mia@example.org?Protocol=ActiveSync";
        browser.get(asked).text()
    };
    let said = told(&browser);
    assert!(
        said.contains("https://contacts.example.org/Microsoft-Server"),
        "{said}"
    );
    program.stop();
    let again = Program::serve(&data, &LOOPBACK, &[]);
    assert_eq!(again.printed.len(), 1, "{:?}", again.printed);
    assert_eq!(told(&Browser::open(&again.address("http"))), said);
    works(&data, &["check"]);
}

#[test]
fn codes_of_the_first_start_cannot_be_guessed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let program = serve(&data, &config(folder.path(), ""));
    let browser = Browser::open(&program.address("http"));
    let right = code(&program);
    let mut statuses = Vec::new();
    for guess in 0..25 {
        let code = format!("0000-0000-0000-{guess:04}");
        let answer = browser.submit("/first-start", &form(&code, "https://a.example.org"));
        statuses.push(answer.status);
    }
    assert!(statuses[..20].iter().all(|status| *status == 403));
    assert!(statuses[20..].iter().all(|status| *status == 429));
    // Beyond that not even the right one is looked at.
    let answer = browser.submit("/first-start", &form(&right, "https://a.example.org"));
    assert_eq!(answer.status, 429);
    assert!(works(&data, &["user", "list"]).is_empty());
}

#[test]
fn an_account_of_the_command_line_ends_the_first_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = config(folder.path(), "public_url = 'https://set.example.org'\n");
    let data = folder.path().join("data");
    let mut program = serve(&data, &config);
    let address = program.address("http");
    let page = Browser::open(&address).page("/first-start");
    assert!(page.contains("https://set.example.org"));
    assert!(!page.contains("name=\"address\""));

    works(&data, &["user", "add", "dora", "--admin"]);
    let added = Instant::now();
    program.listens(1);
    assert!(added.elapsed().as_secs() < 5);
    assert_eq!(Browser::open(&address).get("/first-start").status, 404);

    // While it waits, it stops like every server.
    let other = folder.path().join("other");
    serve(&other, &config).stop();
}
