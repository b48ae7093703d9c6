//! What an advanced search adds to words.

use carnet::domain::search::Criteria;

use super::*;

#[tokio::test]
async fn criteria_join_the_text() {
    let fixture = Fixture::new().await;
    let private = fixture
        .core
        .open_private(&fixture.actor, DEFAULT_BOOK)
        .await
        .expect("open");
    let tagged = |name: &str, lines: &str| {
        card(
            name,
            name,
            "Tagged",
            &format!("CATEGORIES:Clients\n{lines}"),
        )
    };
    put(
        &private,
        "t1",
        tagged(
            "t1",
            "NOTE:virus\nBDAY:1980-04-15\nPHOTO;VALUE=uri:https://example.com/x.jpg",
        ),
    )
    .await;
    put(
        &private,
        "t2",
        tagged("t2", "NOTE:calm\nADR:;;;Lille;;;France\nBDAY:--0229"),
    )
    .await;
    let tags = fixture
        .store
        .tags(fixture.actor.person)
        .await
        .expect("tags");
    let tag = Some(tags[0].id);
    let ask = async |text: &str, criteria: Criteria| {
        let request = Request {
            text: text.to_owned(),
            criteria,
            scope: Scope::Private,
            ..Request::default()
        };
        uids(&fixture.ask(&request).await)
    };
    let with = Criteria::default;
    assert_eq!(ask("", Criteria { tag, ..with() }).await, "t1 t2");
    assert_eq!(ask("-virus", Criteria { tag, ..with() }).await, "t2");
    assert_eq!(ask("virus", Criteria { tag, ..with() }).await, "t1");
    assert_eq!(
        ask(
            "",
            Criteria {
                city: "lille".into(),
                ..with()
            }
        )
        .await,
        "c1 c9 t2"
    );
    assert_eq!(
        ask(
            "martin",
            Criteria {
                city: "lille".into(),
                ..with()
            }
        )
        .await,
        "c9"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                country: "france".into(),
                ..with()
            }
        )
        .await,
        "t2"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                name: "alice".into(),
                ..with()
            }
        )
        .await,
        "c10"
    );
    // Where no word matches, the last one is read as a beginning, as in the main field.
    assert_eq!(
        ask(
            "",
            Criteria {
                name: "alic".into(),
                ..with()
            }
        )
        .await,
        "c10"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                email: "@example.org".into(),
                ..with()
            }
        )
        .await,
        "c3 c7"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                telephone: "0123".into(),
                ..with()
            }
        )
        .await,
        "c8 c5"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                organization: "gross OR gare".into(),
                ..with()
            }
        )
        .await,
        "c3 c9"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                has_photo: true,
                ..with()
            }
        )
        .await,
        "t1"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                birthday_month: Some(4),
                ..with()
            }
        )
        .await,
        "t1"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                birthday_within: Some(366),
                ..with()
            }
        )
        .await,
        "t1 t2"
    );
    assert_eq!(
        ask(
            "alice",
            Criteria {
                created_before: Some(Timestamp(0)),
                ..with()
            }
        )
        .await,
        ""
    );
    assert_eq!(
        ask(
            "alice",
            Criteria {
                modified_since: Some(Timestamp(1)),
                ..with()
            }
        )
        .await,
        "c10 c9"
    );
    assert_eq!(
        ask(
            "",
            Criteria {
                shared_with: Some("G1".into()),
                ..with()
            }
        )
        .await,
        "c1"
    );
    assert_eq!(
        ask(
            "maui",
            Criteria {
                has_comment: true,
                ..with()
            }
        )
        .await,
        ""
    );
}

/// The criteria of the form that say who, what and when.
#[tokio::test]
async fn creators_kinds_and_times_narrow_to_whom_they_name() {
    let fixture = Fixture::new().await;
    let other = fixture.store.person_by_login("other").await.expect("read");
    let other = actor(&fixture.core, other.expect("other").id).await;
    let theirs = fixture.core.open_group(&other, "G1").await.expect("G1");
    put(&theirs, "o1", card("o1", "Roy", "Max", "NOTE:Hawaii")).await;
    let company = "ORG:Maui SARL\nX-ABShowAs:COMPANY\nNOTE:Hawaii";
    put(&theirs, "o2", card("o2", "Maui", "SARL", company)).await;
    let list = "X-ADDRESSBOOKSERVER-KIND:group\nNOTE:Hawaii";
    put(&theirs, "o3", card("o3", "Travellers", "The", list)).await;
    let ask = async |text: &str, criteria: Criteria| {
        let request = Request {
            text: text.to_owned(),
            criteria,
            scope: Scope::Group("G1".into()),
            tool: Tool::Contacts,
            ..Request::default()
        };
        let found = fixture.ask(&request).await;
        let mut found: Vec<String> = uids(&found).split(' ').map(str::to_owned).collect();
        found.sort();
        found.join(" ")
    };
    let with = Criteria::default;
    assert_eq!(ask("hawaii", with()).await, "c1 g1 o1 o2 o3");
    let by = |person| Criteria {
        created_by: Some(person),
        ..with()
    };
    assert_eq!(ask("hawaii", by(other.person)).await, "o1 o2 o3");
    assert_eq!(ask("hawaii", by(fixture.actor.person)).await, "c1 g1");
    assert_eq!(ask("", by(other.person)).await, "o1 o2 o3", "alone, too");
    for (kind, found) in [("individual", "c1 g1 o1"), ("org", "o2"), ("group", "o3")] {
        let kind = Some(kind.to_owned());
        assert_eq!(ask("hawaii", Criteria { kind, ..with() }).await, found);
    }
    let commented = Criteria {
        has_comment: true,
        ..with()
    };
    assert_eq!(ask("", commented).await, "g1");
    // On, since and before a moment between two writes.
    let between = {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        let now = Timestamp::now();
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        now
    };
    put(&theirs, "o4", card("o4", "Late", "Liz", "NOTE:Hawaii")).await;
    let edited = Replace(card("o1", "Roy", "Max", "NOTE:Hawaii again"));
    let edited = theirs.put("o1.vcf", &Condition::Exists, &edited).await;
    edited.expect("edited");
    let at = Some(between);
    for (criteria, found) in [
        (
            Criteria {
                created_since: at,
                ..with()
            },
            "o4",
        ),
        (
            Criteria {
                created_before: at,
                ..with()
            },
            "c1 g1 o1 o2 o3",
        ),
        (
            Criteria {
                modified_since: at,
                ..with()
            },
            "o1 o4",
        ),
        (
            Criteria {
                modified_before: at,
                ..with()
            },
            "c1 g1 o2 o3",
        ),
        // Nobody has confirmed anything; a list has nothing to confirm.
        (
            Criteria {
                not_verified_since: at,
                ..with()
            },
            "c1 g1 o1 o2 o3 o4",
        ),
    ] {
        assert_eq!(ask("hawaii", criteria.clone()).await, found, "{criteria:?}");
    }
}
