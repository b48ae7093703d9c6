//! A list of accounts to add.

use super::{table::line_at, text};
use crate::domain::{office::people::NewAccount, outbox::is_address, principal::valid_login};

/// Why a list of accounts, or a row of it, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unlisted {
    /// The header names no column of logins.
    #[error("1: a column is called login")]
    NoLogins,
    /// A line and what stands there.
    #[error("{0}: {1:?} is no login")]
    Login(usize, String),
    /// A line and what stands there.
    #[error("{0}: {1} is no e-mail address")]
    Email(usize, String),
    /// A line and what stands there.
    #[error("{0}: {1:?} says neither yes nor no, under admin")]
    Admin(usize, String),
    /// More accounts than this.
    #[error("more than {0} accounts")]
    TooMany(usize),
    /// No CSV, in the words of its reader.
    #[error("{0}")]
    Form(String),
}

/// An account of a list.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    pub account: NewAccount,
    /// The password the list gives it; none: one is made.
    pub password: Option<String>,
}

/// A list of accounts.
#[derive(Clone, Debug, Default)]
pub struct List {
    pub accounts: Vec<Listed>,
    /// Rows that make no account.
    pub unfit: Vec<Unlisted>,
    /// Headings of the columns that are not read.
    pub unread: Vec<String>,
}

/// What the columns are called.
const HEADINGS: [(&str, &[&str]); 6] = [
    ("login", &["login", "user", "username", "identifiant"]),
    ("name", &["name", "display name", "nom"]),
    (
        "email",
        &[
            "email",
            "e-mail",
            "mail",
            "e-mail address",
            "email address",
            "courriel",
        ],
    ),
    ("class", &["class", "classe"]),
    ("admin", &["admin", "administrator"]),
    ("password", &["password", "mot de passe"]),
];

/// What says yes and no under `admin`, as people and spreadsheets write it.
const YES: [&str; 10] = [
    "1", "yes", "y", "true", "x", "oui", "vrai", "ja", "wahr", "waar",
];
const NO: [&str; 11] = [
    "", "0", "no", "n", "false", "non", "faux", "nein", "nee", "falsch", "onwaar",
];

/// The text of a file that a spreadsheet may have written, in its encoding.
pub fn decoded(octets: &[u8]) -> String {
    text::decode(octets, None).text
}

/// Parses a list of accounts: CSV with a header that names `login`, and any of `name`, `email`,
/// `class`, `admin` and `password`. An error, and a row that makes no account, have the line number and
/// the reason.
pub fn read_list(text: &str) -> std::result::Result<List, Unlisted> {
    const MOST: usize = 10_000;
    let text = text.trim_start_matches('\u{feff}');
    let separator = match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) if line.matches(';').count() > line.matches(',').count() => b';',
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let form = |error: csv::Error| Unlisted::Form(error.to_string());
    let headings = reader.headers().map_err(form)?.clone();
    let known = |heading: &str| {
        let heading = heading.to_lowercase();
        let found = HEADINGS
            .iter()
            .find(|(_, names)| names.contains(&&heading[..]));
        found.map(|(field, _)| *field)
    };
    let column = |field: &str| {
        headings
            .iter()
            .position(|heading| known(heading) == Some(field))
    };
    let login = column("login").ok_or(Unlisted::NoLogins)?;
    let read: Vec<Option<usize>> = HEADINGS.iter().map(|(field, _)| column(field)).collect();
    let mut list = List {
        unread: (0..)
            .zip(&headings)
            .filter(|(at, heading)| !heading.is_empty() && !read.contains(&Some(*at)))
            .map(|(_, heading)| heading.to_owned())
            .collect(),
        ..List::default()
    };
    for record in reader.records() {
        let record = record.map_err(form)?;
        let line = record.position().map_or(0, |at| line_at(text, at));
        let line = usize::try_from(line).unwrap_or(usize::MAX);
        let cell = |column: Option<usize>| {
            let value = column.and_then(|column| record.get(column));
            value.unwrap_or_default().to_owned()
        };
        let filled = |field: &str| Some(cell(column(field))).filter(|value| !value.is_empty());
        if record.iter().all(str::is_empty) {
            continue;
        }
        let admin = cell(column("admin")).to_lowercase();
        if !YES.contains(&&admin[..]) && !NO.contains(&&admin[..]) {
            list.unfit.push(Unlisted::Admin(line, admin));
            continue;
        }
        let account = NewAccount {
            login: cell(Some(login)).to_lowercase(),
            email: filled("email"),
            name: cell(column("name")),
            admin: YES.contains(&&admin[..]),
            class: cell(column("class")),
        };
        if !valid_login(&account.login) {
            list.unfit.push(Unlisted::Login(line, account.login));
            continue;
        }
        if let Some(email) = &account.email
            && !is_address(email)
        {
            list.unfit.push(Unlisted::Email(line, email.clone()));
            continue;
        }
        list.accounts.push(Listed {
            account,
            password: filled("password"),
        });
        if list.accounts.len() + list.unfit.len() > MOST {
            return Err(Unlisted::TooMany(MOST));
        }
    }
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_accounts_is_read() {
        let read = read_list(
            "\u{feff}Login;Name;E-Mail;Class;Admin;Quota;Password\nann;Ann A.;ann@example.org;Staff;yes;3;se cret\n;;;;\nBEN;;;;\n",
        )
        .expect("accounts");
        let [ann, ben] = &read.accounts[..] else {
            panic!("two: {read:?}");
        };
        assert_eq!(
            (ann.account.login.as_str(), ann.account.admin),
            ("ann", true)
        );
        assert_eq!(ann.account.email.as_deref(), Some("ann@example.org"));
        assert_eq!(ann.password.as_deref(), Some("se cret"));
        assert_eq!(
            (&ben.account.login[..], &ben.account.class[..]),
            ("ben", "")
        );
        assert_eq!(ben.password, None);
        assert_eq!(read.unread, ["Quota"]);
        for (text, why) in [
            ("login\nann\nB B\n", "3:"),
            ("login\nann\n\n\nB B\n", "5:"),
            ("login\r\nann\r\n\r\n\r\nB B\r\n", "5:"),
            ("login,name\nann,\"A\nA\"\nB B,\n", "4:"),
            ("login,email\nann,nowhere\n", "2:"),
            ("login,admin\nann,vrai\nben,perhaps\n", "3:"),
        ] {
            let read = read_list(text).expect(text);
            let [unfit] = &read.unfit[..] else {
                panic!("one row: {read:?}");
            };
            assert!(unfit.to_string().starts_with(why), "{unfit}");
            assert_eq!(read.accounts.len(), usize::from(why != "2:"), "{text}");
        }
        let nobody = read_list("name\nann\n").expect_err("no logins");
        assert_eq!(nobody, Unlisted::NoLogins);
    }

    #[test]
    fn who_administers_is_said_as_spreadsheets_of_several_languages_do() {
        for (word, expected) in [
            ("VRAI", true),
            ("WAHR", true),
            ("WAAR", true),
            ("x", true),
            ("Y", true),
            ("FAUX", false),
            ("0", false),
            ("", false),
        ] {
            let read = read_list(&format!("login,admin\nann,{word}\n")).expect(word);
            assert_eq!(read.accounts[0].account.admin, expected, "{word}");
        }
    }

    #[test]
    fn a_list_of_a_spreadsheet_is_in_its_encoding() {
        let read = read_list(&decoded(b"login;name\ncamille;Camille L\xe9a\n")).expect("a list");
        assert_eq!(read.accounts[0].account.name, "Camille L\u{e9}a");
    }
}
