//! A list of accounts to add.

use crate::domain::{office::people::NewAccount, outbox::is_address, principal::valid_login};

/// Why a list of accounts cannot be read.
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
    /// More accounts than this.
    #[error("more than {0} accounts")]
    TooMany(usize),
    /// No CSV, in the words of its reader.
    #[error("{0}")]
    Form(String),
}

/// Parses a list of accounts: CSV with a header that names `login`, and any of `name`, `email`,
/// `class` and `admin`. An error gives the line number and the reason.
pub fn read_list(text: &str) -> std::result::Result<Vec<NewAccount>, Unlisted> {
    const MOST: usize = 10_000;
    let separator = match text.lines().next() {
        Some(line) if line.matches(';').count() > line.matches(',').count() => b';',
        _ => b',',
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headings = reader
        .headers()
        .map_err(|error| Unlisted::Form(error.to_string()))?
        .clone();
    let column = |name: &str| {
        headings
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
    };
    let login = column("login").ok_or(Unlisted::NoLogins)?;
    let (name, email, class, admin) = (
        column("name"),
        column("email"),
        column("class"),
        column("admin"),
    );
    let mut accounts = Vec::new();
    for (at, record) in reader.records().enumerate() {
        let line = at + 2;
        let record = record.map_err(|error| Unlisted::Form(format!("{line}: {error}")))?;
        let cell = |column: Option<usize>| {
            let value = column.and_then(|column| record.get(column));
            value.unwrap_or_default().to_owned()
        };
        if record.iter().all(str::is_empty) {
            continue;
        }
        let account = NewAccount {
            login: cell(Some(login)).to_lowercase(),
            email: Some(cell(email)).filter(|email| !email.is_empty()),
            name: cell(name),
            admin: matches!(
                cell(admin).to_lowercase().as_str(),
                "1" | "yes" | "oui" | "true"
            ),
            class: cell(class),
        };
        if !valid_login(&account.login) {
            return Err(Unlisted::Login(line, account.login));
        }
        if let Some(email) = &account.email
            && !is_address(email)
        {
            return Err(Unlisted::Email(line, email.clone()));
        }
        accounts.push(account);
        if accounts.len() > MOST {
            return Err(Unlisted::TooMany(MOST));
        }
    }
    Ok(accounts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_accounts_is_read() {
        let read = read_list(
            "\u{feff}Login;Name;Email;Class;Admin\nann;Ann A.;ann@example.org;Staff;yes\n;;;;\nBEN;;;;\n",
        )
        .expect("accounts");
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].login.as_str(), read[0].admin), ("ann", true));
        assert_eq!(read[0].email.as_deref(), Some("ann@example.org"));
        assert_eq!(
            (read[1].login.as_str(), read[1].class.as_str()),
            ("ben", "")
        );
        for (text, why) in [
            ("name\nann\n", "login"),
            ("login\nann\nB B\n", "3:"),
            ("login,email\nann,nowhere\n", "2:"),
        ] {
            let error = read_list(text).expect_err(text);
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
