//! The laws of synchronization, over random histories on the real core and store: phones with any
//! window that lose answers, repeat requests and start over, CardDAV clients with any limit, and
//! others who write, remove, restore, rename, share and purge meanwhile.

mod phone;
mod races;
mod reader;
mod world;

use std::time::{Duration, Instant};

use carnet::domain::{
    device_sync::{DeviceBook, Pending, SyncReply},
    error::Error,
    store::Want,
};

use crate::support::dice::Dice;
use phone::Phone;
use reader::Reader;
use world::{Value, World, runtime};

const STEPS: usize = 120;

/// One history; what every client was told, in order.
async fn history(world: &World, seed: u64) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let scene = world.scene().await;
    let mut phones = Vec::new();
    let books = [
        scene.private,
        scene.private,
        scene.group,
        scene.group,
        scene.view,
    ];
    for (number, book) in books.into_iter().enumerate() {
        // The second phone follows both books, the last shows them as one.
        let device = scene.devices[[0, 1, 1, 2, 0][number]];
        phones.push(Phone::start(&scene, device, book, number == 3).await);
    }
    let mut readers = [Reader::new(scene.private), Reader::new(scene.group)];
    let mut told = Vec::new();
    for _ in 0..STEPS {
        match dice.below(100) {
            0..10 => scene.add(&mut dice).await,
            10..20 => scene.edit(&mut dice).await,
            20..26 => scene.remove(&mut dice).await,
            26..29 => scene.restore(&mut dice).await,
            29..32 => scene.share(&mut dice).await,
            32..34 => scene.rename(&mut dice).await,
            34 if seed.is_multiple_of(4) => {
                scene.purge().await;
                phones
                    .iter_mut()
                    .for_each(|phone| phone.may_be_unknown = true);
                readers
                    .iter_mut()
                    .for_each(|reader| reader.may_be_stale = true);
            }
            34 => {
                let phone = dice.pick_mut(&mut phones);
                phone.start_over(&scene).await;
            }
            35..58 => dice.pick_mut(&mut phones).act(&mut dice),
            58..85 => {
                let lost = dice.below(4) == 0;
                let phone = dice.pick_mut(&mut phones);
                phone.sync(&scene, &mut dice, lost, &mut told).await;
            }
            85..95 => {
                let reader = dice.pick_mut(&mut readers);
                reader.sync(&scene, &mut dice, &mut told).await;
            }
            _ => dice.pick_mut(&mut readers).write(&scene, &mut dice).await,
        }
    }
    for _ in 0..3 {
        for phone in &mut phones {
            phone.settle(&scene, &mut dice, &mut told).await;
        }
    }
    for (number, phone) in phones.iter().enumerate() {
        let held = scene.phone_items(phone.book).await;
        assert_eq!(phone.items, held, "history {seed}, phone {number}");
        let mut names: Vec<u32> = phone.items.values().map(|value| value.name).collect();
        names.retain(|name| !scene.was_removed(*name));
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all, "something new became two contacts");
    }
    for reader in &mut readers {
        reader.settle(&scene, &mut dice, &mut told).await;
        assert_eq!(reader.values(), scene.reader_items(reader.book).await);
    }
    told
}

#[test]
fn every_client_ends_with_the_collection() {
    runtime().block_on(async {
        let world = World::new();
        let start = Instant::now();
        let histories = std::env::var("CARNET_HISTORIES");
        let histories = histories.map_or(150, |count| count.parse().expect("a number"));
        for seed in 0..histories {
            history(&world, seed).await;
        }
        assert_eq!(world.check().await, Vec::<String>::new());
        println!("{histories} histories in {:?}", start.elapsed());
    });
}

#[test]
fn a_history_tells_the_same_whenever_it_happens() {
    runtime().block_on(async {
        let world = World::new();
        let first = history(&world, 7).await;
        tokio::time::sleep(Duration::from_millis(30)).await;
        assert_eq!(first, history(&world, 7).await);
    });
}

#[test]
fn an_item_edited_forever_is_still_delivered() {
    runtime().block_on(async {
        let world = World::new();
        let scene = world.scene().await;
        let mut dice = Dice::new(1);
        let book = scene.open(scene.private).await;
        for number in 0..6 {
            let href = format!("{number}.vcf");
            scene.put(&book, &href, Value::new(number)).await;
        }
        let mut phone = Phone::start(&scene, scene.devices[0], scene.private, false).await;
        phone.window = Some(1);
        for _ in 0..12 {
            phone.sync(&scene, &mut dice, false, &mut Vec::new()).await;
        }
        let mut seen = std::collections::BTreeSet::new();
        const SYNCS: u32 = 90;
        for number in 1000..1000 + SYNCS {
            if number % 2 == 0 {
                let cold = format!("{}.vcf", 1 + number % 5);
                scene.put(&book, &cold, Value::new(number)).await;
            }
            scene.put(&book, "0.vcf", Value::new(5000 + number)).await;
            let mut told = Vec::new();
            phone.sync(&scene, &mut dice, false, &mut told).await;
            seen.extend(phone.items.values().map(|v| v.name).filter(|n| *n >= 6000));
        }
        assert!(
            seen.len() > SYNCS as usize / 3,
            "it arrived {} times",
            seen.len()
        );
    });
}

#[test]
fn a_restored_backup_makes_every_client_start_over() {
    runtime().block_on(async {
        let mut world = World::new();
        let mut dice = Dice::new(3);
        let scene = world.scene().await;
        for _ in 0..8 {
            scene.add(&mut dice).await;
        }
        let mut phone = Phone::start(&scene, scene.devices[0], scene.private, false).await;
        let mut reader = Reader::new(scene.private);
        world.back_up().await;
        let told = &mut Vec::new();
        for _ in 0..6 {
            scene.add(&mut dice).await;
            scene.edit(&mut dice).await;
            phone.settle(&scene, &mut dice, told).await;
            reader.settle(&scene, &mut dice, told).await;
        }
        drop(scene);
        world.restore().await;
        let scene = world.same_scene().await;
        let book = scene.open(scene.private).await;
        let stale = book.changes(reader.token.as_ref(), Want::Heads);
        assert_eq!(stale.err(), Some(Error::StaleCursor));
        let device = DeviceBook::new(book, phone.device);
        assert_eq!(device.pending().await, Ok(Pending::Void));
        let call = phone.call(&[], 10, true);
        assert!(matches!(
            device.sync(&call).await,
            Ok(SyncReply::UnknownKey)
        ));
        // Started over, both hold what there is now.
        phone.start_over(&scene).await;
        phone.settle(&scene, &mut dice, told).await;
        assert_eq!(phone.items, scene.phone_items(scene.private).await);
        reader = Reader::new(scene.private);
        reader.settle(&scene, &mut dice, told).await;
        assert_eq!(reader.values(), scene.reader_items(scene.private).await);
    });
}

#[test]
fn a_cursor_from_before_the_purged_removals_is_refused() {
    runtime().block_on(async {
        let world = World::new();
        let mut dice = Dice::new(4);
        let scene = world.scene().await;
        for _ in 0..8 {
            scene.add(&mut dice).await;
        }
        let mut phone = Phone::start(&scene, scene.devices[0], scene.private, false).await;
        let mut current = Phone::start(&scene, scene.devices[1], scene.private, false).await;
        let mut reader = Reader::new(scene.private);
        let told = &mut Vec::new();
        phone.settle(&scene, &mut dice, told).await;
        reader.settle(&scene, &mut dice, told).await;
        for _ in 0..12 {
            scene.remove(&mut dice).await;
        }
        current.settle(&scene, &mut dice, told).await;
        scene.purge().await;
        let book = scene.open(scene.private).await;
        let stale = book.changes(reader.token.as_ref(), Want::Heads);
        assert_eq!(stale.err(), Some(Error::StaleCursor));
        let call = phone.call(&[], 10, true);
        let reply = DeviceBook::new(book, phone.device).sync(&call).await;
        assert!(matches!(reply, Ok(SyncReply::UnknownKey)));
        // Whoever had heard of the removals goes on.
        current.settle(&scene, &mut dice, told).await;
        assert_eq!(current.items, scene.phone_items(scene.private).await);
    });
}
