//! Sample people and contacts for `carnet serve --demo`. All of it is made up.

use std::sync::Arc;

use crate::{
    auth,
    domain::{
        actor::Client,
        batch::{Batch, Committed, GroupOp, Op, PersonOp},
        collection::DEFAULT_BOOK,
        core::Core,
        error::Result,
        principal::Role,
        store::Store,
    },
};

const PEOPLE: [(&str, &str); 3] = [
    ("alice", "Alice Martin"),
    ("bob", "Bob Keller"),
    ("carol", "Carol Nguyen"),
];

/// The password of each of them.
const PASSWORD: &str = "demo";

/// Refuses data of real people: everybody knows the password of the sample ones.
pub async fn allowed(store: &dyn Store) -> std::result::Result<(), String> {
    let people = store.people().await.map_err(|error| error.to_string())?;
    let is_sampled = people.iter().any(|person| person.login == PEOPLE[0].0);
    // A first start that was cut short may have made its administrator alone.
    let is_new = people.iter().all(|person| person.login == "admin");
    if is_new || is_sampled {
        Ok(())
    } else {
        Err("--demo is for a new data directory: these data have accounts".to_owned())
    }
}

/// Says at the start that sample people can sign in with the password everybody knows.
pub async fn warn(core: &Core) {
    for (login, _) in PEOPLE {
        let Ok(Some(person)) = core.store().person_by_login(login).await else {
            continue;
        };
        let is_sample = person.email == Some(email(login)) && !person.disabled;
        if is_sample && auth::verify(PASSWORD.to_owned(), person.password_hash).await {
            tracing::warn!(login, "a sample account has the password everybody knows");
        }
    }
}

fn email(login: &str) -> String {
    format!("{login}@example.org")
}

/// Adds the sample data, once.
pub async fn fill(core: &Arc<Core>) -> Result<()> {
    if core.store().person_by_login(PEOPLE[0].0).await?.is_some() {
        return Ok(());
    }
    let mut ids = Vec::new();
    for (login, name) in PEOPLE {
        let op = Op::Person(PersonOp::AddPerson {
            login: login.to_owned(),
            email: Some(email(login)),
            name: name.to_owned(),
            admin: false,
            password_hash: auth::hash(PASSWORD.to_owned()).await?,
            class: String::new(),
        });
        ids.push(commit(core, op).await?.row()?);
    }
    let team = Op::Group(GroupOp::AddGroup {
        name: "Team".to_owned(),
        display_name: "Team".to_owned(),
        admin: ids[0],
    });
    let group = commit(core, team).await?.row()?;
    for person in &ids[1..] {
        let op = Op::Group(GroupOp::SetMember {
            group,
            person: *person,
            role: Role::Member,
        });
        commit(core, op).await?;
    }
    let client = Client {
        label: "demo".to_owned(),
        ..Client::default()
    };
    let alice = Arc::new(core.actor(ids[0], client).await?);
    let private = core.open_private(&alice, DEFAULT_BOOK).await?;
    private.add_all(cards(&PRIVATE)).await?;
    let team = core.open_group(&alice, "Team").await?;
    team.add_all(cards(&TEAM)).await?;
    Ok(())
}

async fn commit(core: &Core, op: Op) -> Result<Committed> {
    core.commit(Batch::of_program("demo", vec![op])).await
}

/// Given name, family name, organization, title, mobile, city.
type Sample = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const PRIVATE: [Sample; 14] = [
    (
        "Élodie",
        "Vanbrabant",
        "Ateliers du Midi",
        "Head of purchasing",
        "+33 6 39 98 00 01",
        "Lille",
    ),
    ("Anaïs", "Petit", "", "", "+33 6 39 98 00 02", "Nantes"),
    (
        "Hugo",
        "Lefèvre",
        "Boulangerie Lefèvre",
        "Baker",
        "+33 6 39 98 00 03",
        "Nancy",
    ),
    (
        "Nora",
        "Haddad",
        "Cabinet Haddad",
        "Lawyer",
        "+33 6 39 98 00 04",
        "Lyon",
    ),
    (
        "Jonas",
        "Weber",
        "Weber & Söhne",
        "Engineer",
        "+49 151 5550 0101",
        "Köln",
    ),
    (
        "Mia",
        "Laurent",
        "Studio Laurent",
        "Designer",
        "+33 6 39 98 00 05",
        "Roubaix",
    ),
    (
        "Sofia",
        "Rossi",
        "Rossi Vini",
        "Owner",
        "+39 320 555 0102",
        "Torino",
    ),
    (
        "Tom",
        "Ashworth",
        "Northern Cycles",
        "Mechanic",
        "+44 7700 900001",
        "Leeds",
    ),
    (
        "Ingrid",
        "Solberg",
        "Fjord Consulting",
        "Partner",
        "+47 400 00 001",
        "Bergen",
    ),
    (
        "Yuki",
        "Tanaka",
        "Tanaka Design",
        "Architect",
        "+81 90 5555 0103",
        "Osaka",
    ),
    ("Pavel", "Novák", "", "", "+420 601 555 104", "Brno"),
    (
        "Zoé",
        "Caron",
        "Lycée Pasteur",
        "Teacher",
        "+33 6 39 98 00 06",
        "Lille",
    ),
    (
        "Omar",
        "Benali",
        "Atlas Transport",
        "Dispatcher",
        "+212 6 55 50 01 05",
        "Rabat",
    ),
    (
        "Clara",
        "Dubois",
        "Mairie de Lens",
        "Clerk",
        "+33 6 39 98 00 07",
        "Lens",
    ),
];

const TEAM: [Sample; 6] = [
    (
        "Max",
        "Roy",
        "Imprimerie Roy",
        "Sales",
        "+33 6 39 98 00 11",
        "Arras",
    ),
    (
        "Coralie",
        "Simon",
        "Simon Conseil",
        "Consultant",
        "+33 6 39 98 00 12",
        "Amiens",
    ),
    (
        "Adrien",
        "Moreau",
        "Hôtel du Parc",
        "Manager",
        "+33 6 39 98 00 13",
        "Reims",
    ),
    (
        "Lena",
        "Fischer",
        "Fischer Catering",
        "Chef",
        "+49 151 5550 0114",
        "Aachen",
    ),
    (
        "Zed",
        "Okafor",
        "Okafor Media",
        "Producer",
        "+44 7700 900015",
        "London",
    ),
    (
        "Ada",
        "Byrne",
        "Byrne Analytics",
        "Analyst",
        "+353 85 555 0116",
        "Cork",
    ),
];

fn cards(samples: &[Sample]) -> Vec<Vec<u8>> {
    samples.iter().map(card).collect()
}

fn card((given, family, organization, title, mobile, city): &Sample) -> Vec<u8> {
    let ascii: String = format!("{given}.{family}")
        .to_lowercase()
        .chars()
        .map(|c| match c {
            'é' | 'è' => 'e',
            'ï' => 'i',
            'á' => 'a',
            other => other,
        })
        .collect();
    let mut text = format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:demo-{ascii}\r\nN:{family};{given};;;\r\n\
         FN:{given} {family}\r\nTEL;TYPE=CELL:{mobile}\r\nEMAIL;TYPE=INTERNET:{ascii}@example.org\r\n\
         ADR;TYPE=WORK:;;;{city};;;\r\n"
    );
    if !organization.is_empty() {
        text.push_str(&format!("ORG:{organization}\r\nTITLE:{title}\r\n"));
    }
    text.push_str("END:VCARD\r\n");
    text.into_bytes()
}
