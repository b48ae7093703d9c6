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
            tool: Tool::All,
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
