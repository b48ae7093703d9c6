//! Requests held for a key that is good for nothing any more.

use super::*;

#[test]
fn a_ping_wakes_for_a_key_that_is_good_for_nothing_any_more() {
    let server = Server::start();
    let mut phone = ready(&server, "alice", "void");
    let device = server.device("alice", "void").id;
    let show = |mode: Option<Mode>, hidden: Vec<String>| {
        let shown = Shown { mode, hidden };
        server.commit(Op::Device(DeviceOp::ShowBooks { device, shown }));
    };
    let books = server
        .runtime
        .block_on(server.store().books(server.person("alice")));
    let team = books
        .expect("read")
        .into_iter()
        .find(|book| book.display_name == "Team");
    let team = team.expect("a book").uuid;
    let forget = || {
        let collection = None;
        server.commit(Op::Sync(SyncOp::ForgetSync { device, collection }));
    };
    let outdate = || server.sql("UPDATE collection SET epoch = 'restored'");
    let ways: [(&str, &dyn Fn()); 4] = [
        ("synchronized anew", &forget),
        ("restored", &outdate),
        ("all books in one folder", &|| {
            show(Some(Mode::Merged), vec![])
        }),
        ("one of them hidden", &|| {
            show(Some(Mode::Merged), vec![team.clone()])
        }),
    ];
    let (mut key, _) = phone.folders("0");
    phone.pull();
    for (way, act) in ways {
        act();
        // The folders may be others, too.
        (key, _) = phone.folders(&key);
        let start = Instant::now();
        let woken = phone.ping(60, &[&phone.folder]);
        assert_eq!(status(&woken), "2", "{way}");
        assert!(start.elapsed() < Duration::from_secs(20), "{way}");
        let answer = phone.sync("AirSync:GetChanges");
        assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"), "{way}");
        phone.pull_again();
        // From then on it waits, as ever.
        let card = format!("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{way}\r\nFN:{way}\r\nEND:VCARD\r\n");
        let (woken, was_held) = timed(
            || phone.ping(60, &[&phone.folder]),
            || server.fill("alice", vec![card.into_bytes()]),
        );
        assert_eq!((&status(&woken)[..], was_held), ("2", true), "{way}");
        phone.pull();
    }
}

#[test]
fn who_does_not_react_to_a_lost_key_waits_all_the_same() {
    let server = Server::start();
    let pings = |phone: &Phone| status(&phone.ping(60, &[&phone.folder]));
    for id in ["told", "refused", "begun"] {
        let phone = ready(&server, "alice", id);
        let device = server.device("alice", id).id;
        let collection = None;
        server.commit(Op::Sync(SyncOp::ForgetSync { device, collection }));
        match id {
            "told" => {
                for _ in 0..3 {
                    assert_eq!(pings(&phone), "2");
                }
            }
            "refused" => {
                assert_eq!(pings(&phone), "2");
                let answer = phone.sync("AirSync:GetChanges");
                assert_eq!(text_at(&answer, &["Status"]).as_deref(), Some("3"));
            }
            _ => drop(phone.folders("0")),
        }
        let (ended, was_held) = timed(
            || pings(&phone),
            || server.set_access("alice", id, DeviceAccess::Blocked),
        );
        assert_eq!((&ended[..], was_held), ("7", true), "{id}");
    }
}

#[test]
fn an_order_to_start_anew_and_a_forgotten_device_end_a_held_ping() {
    let server = Server::start();
    for (id, expected) in [("anew", "2"), ("forgotten", "7")] {
        let phone = ready(&server, "alice", id);
        let device = server.device("alice", id).id;
        let order = match expected {
            "2" => {
                let collection = None;
                Op::Sync(SyncOp::ForgetSync { device, collection })
            }
            _ => Op::Device(DeviceOp::ForgetDevice { device }),
        };
        let (woken, was_held) = timed(|| phone.ping(60, &[&phone.folder]), || server.commit(order));
        assert_eq!((&status(&woken)[..], was_held), (expected, true), "{id}");
    }
}
