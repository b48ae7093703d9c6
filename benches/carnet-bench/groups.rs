//! The cost of an edit of a shared contact, by the number of people who read it.

use std::sync::Arc;

use carnet::{
    app::App,
    auth,
    config::Config,
    domain::{
        actor::Client,
        batch::{Batch, GroupOp, Op, PersonOp},
        core::Core,
        id::{PersonId, Timestamp},
        principal::Role,
        sharing::How,
    },
};
use tokio::runtime::Runtime;

use crate::{
    Options,
    client::Connection,
    report::{Budget, Report, quantile, timed},
    server::{Server, card},
};

const GROUPS: [&str; 3] = ["A", "B", "C"];

/// One contact in three groups, edited through the first.
pub fn edit(options: &Options, _: &Server, report: &mut Report) {
    let large = if options.quick { 100 } else { 1_000 };
    let mut first = None;
    for members in [10, large] {
        let data = tempfile::tempdir().expect("a folder");
        let href = Runtime::new()
            .expect("a runtime")
            .block_on(fill(data.path(), members));
        let server = Server::start_in(data);
        let mut connection = Connection::open(&server.plain, "owner");
        let mut took = Vec::new();
        for number in 0..300 {
            let text = card("shared", 0).replace("Given", &format!("Given{number}"));
            let ((status, _), took_now) =
                timed(|| connection.call("PUT", &href, "", text.as_bytes()));
            assert_eq!(status, 204);
            took.push(took_now);
        }
        let median = quantile(&mut took, 0.5);
        let budget = match first {
            None => Budget::None,
            // Within a fifth of what it costs in small groups.
            Some(small) => Budget::AtMost(small * 1.2),
        };
        first = first.or(Some(median));
        let what = format!("edit of a contact in 3 groups of {members} members");
        report.row(&what, median, "ms p50", budget);
    }
}

/// Three groups with the same members, and the owner's contact in each; its address in the first.
async fn fill(data: &std::path::Path, members: usize) -> String {
    let config = Config {
        data: data.to_owned(),
        ..Config::default()
    };
    let app = App::build(config).expect("the data open");
    let core = &app.core;
    let password_hash = auth::hash("bench".to_owned()).await.expect("a hash");
    let person = |login: String| {
        Op::Person(PersonOp::AddPerson {
            email: None,
            name: login.clone(),
            login,
            admin: false,
            password_hash: password_hash.clone(),
            class: String::new(),
        })
    };
    let owner = commit(core, vec![person("owner".to_owned())]).await[0];
    let people: Vec<Op> = (1..members).map(|at| person(format!("m{at}"))).collect();
    let people = commit(core, people).await;
    let actor = Arc::new(actor(core, owner).await);
    for group in GROUPS {
        let name = core.found_group(&actor, group, "").await.expect("founded");
        let founded = core.store().group_by_name(&name).await.expect("read");
        let id = founded.expect("a group").id;
        let joining = people.iter().map(|person| {
            Op::Group(GroupOp::SetMember {
                group: id,
                person: PersonId(*person),
                role: Role::Member,
            })
        });
        commit(core, joining.collect()).await;
    }
    let actor = Arc::new(self::actor(core, owner).await);
    let own = core.default_book(&actor).await.expect("a book");
    let added = own.add_all(vec![card("shared", 0).into_bytes()]).await;
    assert!(added.expect("committed").iter().all(Result::is_ok));
    let own = core.default_book(&actor).await.expect("a book");
    let found = own.walk(Default::default(), 1).await.expect("read").cards;
    let placement = found[0].placement.clone();
    for group in GROUPS {
        let book = core.open_group(&actor, group).await.expect("a book");
        let placed = own
            .bring(std::slice::from_ref(&placement), &book, How::Share)
            .await;
        assert!(placed.expect("decided")[0].is_ok());
    }
    let book = core.open_group(&actor, GROUPS[0]).await.expect("a book");
    let found = book.walk(Default::default(), 1).await.expect("read").cards;
    format!("/dav/groups/A/A/{}", found[0].placement.href)
}

async fn actor(core: &Arc<Core>, person: i64) -> carnet::domain::actor::Actor {
    let person = PersonId(person);
    core.actor(person, Client::default()).await.expect("known")
}

async fn commit(core: &Core, ops: Vec<Op>) -> Vec<i64> {
    let batch = Batch {
        client: "bench".to_owned(),
        at: Timestamp::now(),
        ops,
        ..Batch::default()
    };
    core.commit(batch).await.expect("committed").rows
}
