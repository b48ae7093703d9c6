//! States and exchanges in words.

use crate::{
    domain::{
        device::{DeviceAccess, Wiping},
        id::Timestamp,
        journal::{Event, Exchange},
        store::Device,
    },
    text::{Text, devices::Devices, fill},
    web::when,
};

/// The state of a device.
pub fn state(access: DeviceAccess, text: &Devices) -> &'static str {
    match access {
        DeviceAccess::Allowed => text.allowed,
        DeviceAccess::Blocked => text.blocked,
        DeviceAccess::Quarantined => text.quarantined,
        DeviceAccess::WipePending => text.wipe_pending,
        DeviceAccess::ErasePending => text.erase_pending,
        DeviceAccess::Wiped => text.wiped,
    }
}

/// How a device took the order to wipe or erase.
pub fn wiping(how: Wiping, text: &Devices) -> &'static str {
    match how {
        Wiping::Acknowledged => text.wipe_acknowledged,
        Wiping::Failed => text.wipe_failed,
        Wiping::FoldersRemoved => text.folders_removed,
    }
}

/// `Exchange ActiveSync 16.1`
pub fn protocol_of(device: &Device) -> String {
    format!("Exchange ActiveSync {}", device.version)
        .trim_end()
        .to_owned()
}

/// `2 min ago`, or the date and time when that is longer.
pub fn ago(at: Timestamp, text: &Text) -> String {
    let minutes = (Timestamp::now().0 - at.0) / 60_000;
    match minutes {
        ..1 => text.device.just_now.to_owned(),
        1..60 => fill(text.device.minutes_ago, &[&minutes]),
        60..1440 => fill(text.device.hours_ago, &[&(minutes / 60)]),
        _ => when::shown(at, text),
    }
}

/// Exchanges of the last 24 hours that may need attention.
pub fn errors_of(exchanges: &[Exchange]) -> usize {
    let yesterday = Timestamp::now().plus_days(-1);
    let recent = exchanges.iter().filter(|exchange| exchange.at > yesterday);
    recent.filter(|exchange| exchange.event.is_error()).count()
}

/// One exchange.
pub fn exchange_words(event: &Event, text: &Devices) -> String {
    let named = |place: &Option<String>| match place {
        Some(place) => place.clone(),
        None => text.own_place.to_owned(),
    };
    let counts = |added: usize, changed: usize, removed: usize| {
        let counts = [
            (text.count_new_one, text.count_new, added),
            (text.count_changed_one, text.count_changed, changed),
            (text.count_removed_one, text.count_removed, removed),
        ];
        let told = counts.iter().filter(|(.., number)| *number > 0);
        let told: Vec<String> = told
            .map(|(one, many, number)| fill(if *number == 1 { one } else { many }, &[number]))
            .collect();
        told.join(", ")
    };
    match event {
        Event::Folders => text.event_folders.to_owned(),
        Event::Began { place } => fill(text.event_began, &[&named(place)]),
        Event::Sent {
            place,
            added,
            changed,
            removed,
        } => fill(
            text.event_sent,
            &[&named(place), &counts(*added, *changed, *removed)],
        ),
        Event::Received {
            place,
            added,
            changed,
            removed,
        } => fill(
            text.event_received,
            &[&named(place), &counts(*added, *changed, *removed)],
        ),
        Event::Refused { place, number } => fill(text.event_refused, &[number, &named(place)]),
        Event::Repeated { place } => fill(text.event_repeated, &[&named(place)]),
        Event::StartedOver { place } => fill(text.event_started_over, &[&named(place)]),
        Event::Denied => text.event_denied.to_owned(),
        Event::Wiped { done: true } => text.event_wiped.to_owned(),
        Event::Wiped { done: false } => text.event_wipe_failed.to_owned(),
        Event::Failed => text.event_failed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FR;

    #[test]
    fn one_is_said_in_the_singular() {
        let received = |added| Event::Received {
            place: None,
            added,
            changed: 0,
            removed: 0,
        };
        let said = |added| exchange_words(&received(added), FR.device);
        assert!(said(1).ends_with("1 nouvelle"), "{}", said(1));
        assert!(said(2).ends_with("2 nouvelles"), "{}", said(2));
    }
}
