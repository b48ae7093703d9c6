//! Rights that move between what a request of a device reads and what it commits: an error means that
//! nothing of the request was stored.

use std::sync::Arc;

use carnet::domain::{
    device_sync::{Command, DeviceBook, Moved, SyncCall, SyncReply},
    error::{Error, Result},
};

use super::{
    phone::Phone,
    world::{Value, World, runtime},
};

/// More than a request is decided anew.
const MOST: usize = 20;

#[test]
fn a_device_is_answered_if_its_writes_were_stored() {
    runtime().block_on(async {
        let world = World::new();
        let (mut answered, mut refused) = (0, 0);
        for times in 0..MOST {
            let scene = world.scene().await;
            let [device, ..] = scene.devices;
            let phone = Phone::start(&scene, device, scene.private, false).await;
            let disturb = scene.disturbance(times);
            let edit = move |_: Option<&[u8]>| -> Result<Vec<u8>> {
                disturb();
                Ok(Value::new(1).document("u"))
            };
            let call = SyncCall {
                commands: vec![Command::Add {
                    client_id: "1".to_owned(),
                    fingerprint: "f".to_owned(),
                    name: String::new(),
                    edit: Arc::new(edit),
                }],
                ..phone.call(&[], 10, true)
            };
            let book = DeviceBook::new(scene.open(scene.private).await, device);
            let outcome = book.sync(&call).await;
            let stored = book.book().count().await.expect("a count");
            match outcome {
                Ok(SyncReply::Answer(_)) => {
                    assert_eq!(stored, 1, "moved {times} times");
                    answered += 1;
                }
                Err(Error::Unavailable(_)) => {
                    assert_eq!(stored, 0, "moved {times} times");
                    refused += 1;
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(answered > 1 && refused > 1);
    });
}

#[test]
fn a_move_that_others_kept_from_settling_may_be_tried_again() {
    runtime().block_on(async {
        let world = World::new();
        let (mut done, mut refused) = (0, 0);
        for times in 0..MOST {
            let scene = world.scene().await;
            let source = scene.open(scene.private).await;
            scene.put(&source, "one.vcf", Value::new(1)).await;
            let card = source.get("one.vcf").await.expect("a card");
            let target = scene.open(scene.group).await;
            let disturb = scene.disturbance(times);
            let note = |_: &str| {
                disturb();
                Ok(("moves", Vec::new()))
            };
            let source = DeviceBook::new(source, scene.devices[0]);
            let server_id = &card.placement.server_id;
            let expected = match source.move_to(&target, server_id, false, note).await {
                Ok(Moved::Done(_)) => {
                    done += 1;
                    1
                }
                Err(Error::Unavailable(_)) => {
                    refused += 1;
                    0
                }
                other => panic!("moved {times} times: {other:?}"),
            };
            assert_eq!(target.count().await.expect("a count"), expected);
        }
        assert!(done > 1 && refused > 1);
    });
}
