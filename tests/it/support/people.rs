//! Accounts, as the command line adds them.

use carnet::domain::batch::{Op, PersonOp};

/// An account to add.
pub struct NewPerson {
    login: String,
    email: Option<String>,
    name: String,
    admin: bool,
    password_hash: String,
}

/// Somebody called as their login, without a password to sign in with.
pub fn person(login: &str) -> NewPerson {
    NewPerson {
        login: login.to_owned(),
        email: None,
        name: login.to_owned(),
        admin: false,
        password_hash: String::new(),
    }
}

impl NewPerson {
    /// With a name for people.
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.to_owned();
        self
    }

    /// With an address.
    pub fn at(mut self, email: &str) -> Self {
        self.email = Some(email.to_owned());
        self
    }

    /// Who may administer the server.
    pub fn administering(mut self, admin: bool) -> Self {
        self.admin = admin;
        self
    }

    /// With the digest of a password.
    pub fn with_hash(mut self, hash: &str) -> Self {
        self.password_hash = hash.to_owned();
        self
    }
}

impl From<NewPerson> for Op {
    fn from(new: NewPerson) -> Self {
        Op::Person(PersonOp::AddPerson {
            login: new.login,
            email: new.email,
            name: new.name,
            admin: new.admin,
            password_hash: new.password_hash,
            class: String::new(),
        })
    }
}
