//! Random histories of joins, leaves, grants, shares, edits and deletions: every invariant holds, and
//! nobody is shown a datum of a place they are not in.

use carnet::domain::store::Want;
use std::collections::{BTreeMap, BTreeSet};

use carnet::domain::{
    batch::{HistoryOp, Op},
    book::Member,
    core::Limits,
    error::Error,
    group::Leaving,
    id::Timestamp,
    rights::{GroupRight, Modify},
    sharing::How,
};
use proptest::prelude::*;

use super::{PRIVATE, World};

const PEOPLE: [&str; 5] = ["ada", "coco", "mia", "max", "zed"];
const GROUPS: [&str; 2] = ["A", "B"];
const UIDS: [&str; 4] = ["u1", "u2", "u3", "u4"];

#[derive(Clone, Debug)]
enum Step {
    Join(usize, usize),
    Leave(usize, usize, bool),
    GrantGroup(usize, usize, usize),
    GrantModify(usize, usize, usize, usize, bool),
    Create(usize, usize, usize),
    Edit(usize, usize, usize),
    Bring(usize, usize, usize, usize, usize),
    Delete(usize, usize, usize),
    Restore(usize, usize, usize),
    Comment(usize, usize, usize),
    Tag(usize, usize, usize),
    Refound(usize),
    Purge,
}

fn step() -> impl Strategy<Value = Step> {
    let person = 0..PEOPLE.len();
    let group = 0..GROUPS.len();
    let place = 0..=GROUPS.len();
    let uid = 0..UIDS.len();
    prop_oneof![
        3 => (person.clone(), group.clone()).prop_map(|(p, g)| Step::Join(p, g)),
        2 => (person.clone(), group.clone(), any::<bool>()).prop_map(|(p, g, back)| Step::Leave(p, g, back)),
        2 => (0..=PEOPLE.len(), group.clone(), 0..3usize).prop_map(|(p, g, r)| Step::GrantGroup(p, g, r)),
        3 => (person.clone(), 0..=PEOPLE.len(), group.clone(), uid.clone(), any::<bool>())
            .prop_map(|(by, to, g, u, on)| Step::GrantModify(by, to, g, u, on)),
        4 => (person.clone(), place.clone(), uid.clone()).prop_map(|(p, at, u)| Step::Create(p, at, u)),
        5 => (person.clone(), place.clone(), uid.clone()).prop_map(|(p, at, u)| Step::Edit(p, at, u)),
        6 => (person.clone(), place.clone(), uid.clone(), place.clone(), 0..3usize)
            .prop_map(|(p, from, u, to, how)| Step::Bring(p, from, u, to, how)),
        3 => (person.clone(), place.clone(), uid.clone()).prop_map(|(p, at, u)| Step::Delete(p, at, u)),
        3 => (person.clone(), place.clone(), uid.clone()).prop_map(|(p, at, u)| Step::Restore(p, at, u)),
        2 => (person.clone(), place.clone(), uid.clone()).prop_map(|(p, at, u)| Step::Comment(p, at, u)),
        2 => (person, place, uid).prop_map(|(p, at, u)| Step::Tag(p, at, u)),
        1 => group.prop_map(Step::Refound),
        1 => Just(Step::Purge),
    ]
}

/// What the model knows: who is in which group.
#[derive(Default)]
struct Model {
    members: BTreeMap<&'static str, BTreeSet<&'static str>>,
}

fn place(at: usize) -> &'static str {
    GROUPS.get(at).copied().unwrap_or(PRIVATE)
}

/// A refusal is an outcome like another; a store that fails is not.
fn sound<T>(outcome: Result<T, Error>) -> Option<T> {
    match outcome {
        Ok(value) => Some(value),
        Err(Error::Unavailable(why)) => panic!("{why}"),
        Err(_) => None,
    }
}

async fn run(w: &World, model: &mut Model, step: &Step, number: usize) {
    match *step {
        Step::Join(p, g) => {
            let group = w.group("ada", GROUPS[g]).await.expect("its administrator");
            sound(group.add_member(PEOPLE[p]).await);
            model
                .members
                .entry(GROUPS[g])
                .or_default()
                .insert(PEOPLE[p]);
        }
        Step::Leave(p, g, back) => {
            if let Some(group) = sound(w.group(PEOPLE[p], GROUPS[g]).await) {
                let leaving = if back {
                    Leaving::TakeBack
                } else {
                    Leaving::LeaveCopies
                };
                if sound(group.leave(leaving).await).is_some() {
                    model
                        .members
                        .entry(GROUPS[g])
                        .or_default()
                        .remove(PEOPLE[p]);
                }
            }
        }
        Step::GrantGroup(p, g, right) => {
            let to = PEOPLE.get(p).copied().unwrap_or("everyone");
            let right = [GroupRight::None, GroupRight::Add, GroupRight::AddDelete][right];
            sound(w.grant("ada", GROUPS[g], to, right).await);
        }
        Step::GrantModify(by, to, g, u, on) => {
            let to = PEOPLE.get(to).copied().unwrap_or("everyone");
            let modify = if on {
                Modify::Granted
            } else {
                Modify::Withdrawn
            };
            sound(
                w.set_modify(PEOPLE[by], GROUPS[g], UIDS[u], to, modify)
                    .await,
            );
        }
        Step::Create(p, at, u) => {
            sound(w.create(PEOPLE[p], place(at), UIDS[u]).await);
        }
        Step::Edit(p, at, u) => {
            sound(
                w.modify(PEOPLE[p], place(at), UIDS[u], &format!("n{number}"))
                    .await,
            );
        }
        Step::Bring(p, from, u, to, how) => {
            let how = [How::Share, How::Move, How::Copy][how];
            sound(
                w.bring(PEOPLE[p], place(from), UIDS[u], place(to), how)
                    .await,
            );
        }
        Step::Delete(p, at, u) => {
            sound(w.delete(PEOPLE[p], place(at), UIDS[u]).await);
        }
        Step::Restore(p, at, u) => {
            sound(w.restore(PEOPLE[p], place(at), UIDS[u]).await);
        }
        Step::Comment(p, at, u) => {
            sound(
                w.comment(
                    PEOPLE[p],
                    place(at),
                    UIDS[u],
                    &format!("by {p} in {}", place(at)),
                )
                .await,
            );
        }
        Step::Tag(p, at, u) => {
            let actor = w.actor(PEOPLE[p]).await;
            sound(w.core.create_tag(&actor, "T", "#ffffff").await);
            let tags = w.core.tags(&actor).await.expect("tags");
            if let Some(placement) = sound(w.placement(PEOPLE[p], place(at), UIDS[u]).await)
                && let Some(book) = sound(w.book(PEOPLE[p], place(at)).await)
            {
                sound(book.tag(&[placement], &[tags[0].id], &[]).await);
            }
        }
        Step::Refound(g) => {
            let group = w.group("ada", GROUPS[g]).await.expect("its administrator");
            group.delete().await.expect("deleted");
            w.check().await;
            let ada = w.actor("ada").await;
            w.core
                .found_group(&ada, GROUPS[g], "")
                .await
                .expect("founded again");
            model.members.insert(GROUPS[g], BTreeSet::from(["ada"]));
        }
        Step::Purge => {
            let now = Timestamp::now();
            let purge = Op::History(HistoryOp::Purge {
                versions_before: now,
                trash_before: now,
                tombstones_before: now,
            });
            w.commit(purge).await.expect("purged");
        }
    }
}

/// Everything a person is shown is in a place the model says they are in.
async fn look(w: &World, model: &Model) {
    for login in PEOPLE {
        let actor = w.actor(login).await;
        let groups: BTreeSet<&str> = GROUPS
            .into_iter()
            .filter(|group| model.members.get(group).is_some_and(|m| m.contains(login)))
            .collect();
        let mut opened = BTreeSet::new();
        for book in w.core.books(&actor).await.expect("books") {
            let collection = book.collection();
            let here = if book.is_private() {
                PRIVATE
            } else {
                collection.segment.as_str()
            };
            assert!(
                here == PRIVATE || groups.contains(here),
                "{login} opened {here}"
            );
            opened.insert(here.to_owned());
            let mut all = book.changes(None, Want::Documents).expect("cards");
            for member in all.next(1000).await.expect("cards") {
                let Member::Present(card) = member else {
                    continue;
                };
                if book.is_private() {
                    assert_eq!(card.placement.creator, actor.person);
                }
                for comment in book.comments(&card.placement).await.expect("comments") {
                    let (_, written_in) = comment.comment.text.split_once(" in ").expect("a place");
                    let readable = written_in == PRIVATE && comment.comment.author == actor.person
                        || groups.contains(written_in);
                    assert!(readable, "{login} read {:?}", comment.comment);
                }
                for known in book.places(&card.placement).await.expect("places") {
                    if let Some(known) = known.known
                        && known.display_name != "Contacts"
                    {
                        assert!(groups.contains(known.display_name.as_str()));
                    }
                }
                // Private shows the owner's tags as the links say, whatever happened to it.
                if book.is_private() {
                    let text = String::from_utf8_lossy(&book.content(&card)).into_owned();
                    let tagged = !book
                        .tags_of(card.placement.item)
                        .await
                        .expect("tags")
                        .is_empty();
                    assert_eq!(text.contains("CATEGORIES:T"), tagged, "{text}");
                }
                book.history(&card.placement, 0).await.expect("a history");
            }
        }
        assert_eq!(opened.len(), groups.len() + 1, "{login}");
        for removal in w.core.lost_creations(&actor).await.expect("a list") {
            assert_eq!(removal.creator, actor.person);
        }
        for change in w.core.refused(&actor, 0).await.expect("a list") {
            assert_eq!(change.revision.person, Some(actor.person));
        }
    }
    w.check().await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn nobody_is_shown_what_they_may_not_read(steps in prop::collection::vec(step(), 30..60)) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let w = World::empty(Limits::default()).await;
            let mut model = Model::default();
            for group in GROUPS {
                w.found(group, "ada", &[]).await;
                model.members.insert(group, BTreeSet::from(["ada"]));
            }
            for (number, step) in steps.iter().enumerate() {
                run(&w, &mut model, step, number).await;
                if number % 6 == 5 {
                    look(&w, &model).await;
                }
            }
            look(&w, &model).await;
        });
    }
}
