//! Client-specific behaviour, each with its reason.
//!
//! What every client gets, and some need (Responses before Commands, no empty elements, OPTIONS with
//! a query, a Supported list that is empty), is no quirk and stands where it is done.

use carnet_proto::eas::request_line::Version;

use super::facet::Days;
use crate::domain::{store::Device, view::Mode};

/// Whether a DeviceId is the one under which Android's client checks an account before it is set
/// up: nothing is stored for it. It acknowledges a policy in part while it checks.
pub fn is_probe(device_id: &str) -> bool {
    device_id == "validate"
}

/// The time of day a client expects in birthdays.
///
/// 11:59Z gives the right date from UTC-11 to UTC+12 whether or not the client converts, and 05:30Z
/// in the zones east of that; the clients below need another.
pub fn date_time(device: &Device, utc_offset: Option<i32>) -> &'static str {
    let device_type = device.device_type.to_ascii_lowercase();
    let user_agent = &device.user_agent;
    if user_agent.starts_with("Android-Mail")
        || device_type.starts_with("samsung")
        || device_type.starts_with("wp")
        || user_agent.starts_with("MSFT-WP/8")
        || is_nine(device)
    {
        // Gmail, Samsung, Windows Phone and Nine show the UTC date.
        "T00:00:00.000Z"
    } else if is_aosp(user_agent) {
        // The Android Open Source client adds a day from noon on.
        "T08:00:00.000Z"
    } else if is_blackberry(device) {
        "T11:00:00.000Z"
    } else if utc_offset.is_some_and(|minutes| minutes >= 12 * 60) {
        "T05:30:00.000Z"
    } else {
        "T11:59:00.000Z"
    }
}

/// How a device is shown the person's books until somebody chooses otherwise.
///
/// - Outlook for Windows takes the first contacts folder it finds and no other (2013 to 2021).
/// - The Android Open Source client keeps one contacts key per account and syncs one folder.
/// - Samsung's older builds and Windows Phone show one; a Lumia given two dropped the own one.
/// - Windows Mobile (12.1 at most) and Windows 8/10 Mail know one contacts folder.
pub fn contacts_view(device: &Device) -> Mode {
    let device_type = device.device_type.to_ascii_lowercase();
    let agent = &device.user_agent;
    let is_before =
        |known: Version| Version::parse(&device.version).is_none_or(|version| version < known);
    let shows_one = is_outlook(device)
        || is_aosp(agent)
        || (device_type.starts_with("samsung") && is_before(Version::V16_1))
        || device_type.starts_with("wp")
        || agent.starts_with("MSFT-WP/")
        || device_type == "windowsmail"
        || (is_before(Version::V14_0)
            && ["pocketpc", "smartphone"]
                .iter()
                .any(|name| device_type.starts_with(name)));
    if shows_one {
        Mode::Merged
    } else {
        Mode::Folders
    }
}

/// Clients that keep an item they could not add and send it again at every synchronization. For
/// them it is accepted under a temporary id and deleted in the same answer; for others Status 6
/// leaves it on the device where the person made it.
///
/// iOS and Outlook for Windows.
pub fn repeats_refused_adds(device: &Device) -> bool {
    is_ios(device) || is_outlook(device)
}

/// How a client sends a birthday. BlackBerry 10 sends noon in its own time zone: 17:00Z in New York.
pub fn days(device: &Device) -> Days {
    if sends_local_midnight(device) {
        Days::Midnight
    } else if is_blackberry(device) {
        Days::Noon
    } else {
        Days::Any
    }
}

/// Clients that send a birthday as midnight in their own time zone.
pub fn sends_local_midnight(device: &Device) -> bool {
    is_ios(device) || is_outlook(device) || is_nine(device)
}

/// iOS sends an empty Picture with every edit of a contact whose picture came from elsewhere.
pub fn stray_picture(device: &Device) -> bool {
    is_ios(device)
}

/// The Android Open Source client keeps eight children and drops the others on upload.
pub fn max_children(user_agent: &str) -> usize {
    if is_aosp(user_agent) { 8 } else { usize::MAX }
}

/// The Android Open Source client sends the city of the *other* address as HomeAddressCity.
pub fn misnames_city(user_agent: &str) -> bool {
    is_aosp(user_agent)
}

/// TbSync for Thunderbird keeps what a Change leaves out, and sends it back with its next edit; an
/// empty element clears. It says of no element that it is empty: where it sends one address, these
/// are all it has, the first in the first element. People may give it another DeviceType.
pub fn keeps_absent(device: &Device) -> bool {
    device.device_type.eq_ignore_ascii_case("TbSync")
        || device.user_agent.starts_with("Thunderbird ActiveSync")
}

/// Outlook recognizes an item it moved only by a Change under the new id; an Add would duplicate
/// it.
pub fn moves_by_change(device: &Device) -> bool {
    is_outlook(device)
}

/// Outlook ignores the first Delete after an Add it may not make, and the Add that brings back what
/// it may not delete.
pub fn ignores_reverts(device: &Device) -> bool {
    is_outlook(device)
}

/// Android's client and its descendants look the id of a Command up before they store the ids that the
/// Responses of the same answer give: they ignore the Delete of such an item.
pub fn stores_ids_last(device: &Device) -> bool {
    is_aosp(&device.user_agent)
        || device.user_agent.starts_with("Android-Mail")
        || device
            .device_type
            .to_ascii_lowercase()
            .starts_with("samsung")
}

/// Clients known to go on without a key where there is no policy: phones, Outlook, TbSync.
pub fn takes_no_key(device: &Device) -> bool {
    const PHONES: [&str; 9] = [
        "android",
        "mfe",
        "nokia",
        "outlook",
        "pocketpc",
        "samsung",
        "smartphone",
        "windows",
        "wp",
    ];
    let device_type = device.device_type.to_ascii_lowercase();
    PHONES.iter().any(|name| device_type.starts_with(name))
        || is_ios(device)
        || is_blackberry(device)
        || is_nine(device)
        || is_outlook(device)
        || is_aosp(&device.user_agent)
        || keeps_absent(device)
}

fn is_ios(device: &Device) -> bool {
    let device_type = device.device_type.to_ascii_lowercase();
    ["iphone", "ipad", "ipod"]
        .iter()
        .any(|name| device_type.starts_with(name))
}

fn is_blackberry(device: &Device) -> bool {
    let device_type = device.device_type.to_ascii_lowercase();
    device_type.starts_with("blackberry")
}

/// Whether the DeviceId is `nine` and more, in hexadecimal.
fn is_nine(device: &Device) -> bool {
    device.user_agent.starts_with("Nine") || device.device_id.starts_with("6e696e65")
}

/// Outlook for Windows. Outlook mobile, another program, has the DeviceType `Outlook`.
fn is_outlook(device: &Device) -> bool {
    let device_type = device.device_type.to_ascii_lowercase();
    device_type.starts_with("windowsoutlook")
        || ["Outlook/15.0", "Outlook/16.0"]
            .iter()
            .any(|agent| device.user_agent.starts_with(agent))
}

/// `Android/5.1.1-EAS-2.0`: the Android Open Source client and vendors' forks of it.
fn is_aosp(user_agent: &str) -> bool {
    user_agent.starts_with("Android/") && user_agent.contains("-EAS-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        device::DeviceAccess,
        id::{DeviceId, PersonId, Timestamp},
    };

    fn device(device_type: &str, user_agent: &str, version: &str) -> Device {
        Device {
            id: DeviceId(1),
            person: PersonId(1),
            device_id: "d".into(),
            device_type: device_type.into(),
            user_agent: user_agent.into(),
            version: version.into(),
            name: String::new(),
            ordered_by: None,
            access: DeviceAccess::Allowed,
            info: Vec::new(),
            first_seen: Timestamp(0),
            last_seen: Timestamp(0),
        }
    }

    #[test]
    fn phones_outlook_and_tbsync_go_on_without_a_key() {
        for (kind, agent, expected) in [
            ("iPhone", "Apple-iPhone13C4/2307.71", true),
            ("Android", "Android-Mail/2024.1", true),
            ("SAMSUNGSMA546B", "SAMSUNG-SM-A546B/101.14", true),
            ("fork", "Android/5.1.1-EAS-2.0", true),
            ("BlackBerry", "RIM-Q10-SQN100-3/10.3.2.2876", true),
            ("NokiaN8", "NokiaN8/3.00(73)MailforExchange", true),
            ("WP8", "MSFT-WP/8.10.14234", true),
            ("WindowsMail", "MSFT-WP/10.0.10240", true),
            ("WindowsOutlook15", "Outlook/15.0 (15.0.5)", true),
            ("Outlook", "Outlook-iOS-Android/1.0", true),
            ("Nine", "Nine/4.9.4a", true),
            ("TbSync", "Thunderbird ActiveSync", true),
            ("pyactivesync", "python-requests/2.34", false),
            ("SmartSync", "Go-http-client/1.1", false),
        ] {
            let device = device(kind, agent, "14.1");
            assert_eq!(takes_no_key(&device), expected, "{kind} {agent}");
        }
    }

    #[test]
    fn clients_that_show_one_contacts_folder_get_one() {
        for (kind, agent, version, expected) in [
            ("iPhone", "Apple-iPhone13C4/2307.71", "16.1", Mode::Folders),
            ("TbSync", "Thunderbird ActiveSync", "14.1", Mode::Folders),
            ("Android", "Android-Mail/2024.1", "16.1", Mode::Folders),
            (
                "WindowsOutlook15",
                "Outlook/15.0 (15.0.5)",
                "14.0",
                Mode::Merged,
            ),
            (
                "WindowsOutlook",
                "Outlook/16.0 (16.0.1)",
                "14.0",
                Mode::Merged,
            ),
            ("Outlook", "Outlook-iOS-Android/1.0", "14.1", Mode::Folders),
            ("Android", "Android/5.1.1-EAS-2.0", "14.1", Mode::Merged),
            ("SAMSUNGSGHI317M", "SAMSUNG-SGH/1", "14.1", Mode::Merged),
            ("SAMSUNGSMG990", "Android-SAMSUNG/1", "16.1", Mode::Folders),
            ("WP8", "MSFT-WP/8.10.1", "14.1", Mode::Merged),
            ("PocketPC", "MSFT-PPC/5.2", "12.1", Mode::Merged),
            ("SmartPhone", "MSFT-SPhone/5.2", "12.1", Mode::Merged),
            ("SmartPhone", "A/1", "14.1", Mode::Folders),
        ] {
            let device = device(kind, agent, version);
            assert_eq!(contacts_view(&device), expected, "{kind}");
        }
    }

    #[test]
    fn clients_send_days_in_their_own_ways() {
        for (kind, agent, expected) in [
            ("iPhone", "", Days::Midnight),
            ("WindowsOutlook", "Outlook/16.0", Days::Midnight),
            ("Android", "Nine/4.9", Days::Midnight),
            ("BlackBerry", "", Days::Noon),
            ("blackberryQ10", "", Days::Noon),
            ("TbSync", "Thunderbird ActiveSync", Days::Any),
            ("Android", "Android/5-EAS-2.0", Days::Any),
        ] {
            assert_eq!(
                days(&device(kind, agent, "14.1")),
                expected,
                "{kind} {agent}"
            );
        }
        // People give TbSync other types, for servers with a list of those they let in.
        assert!(keeps_absent(&device("tbsync", "", "14.1")));
        assert!(keeps_absent(&device(
            "iPhone",
            "Thunderbird ActiveSync",
            "14.1"
        )));
        assert!(!keeps_absent(&device("iPhone", "Apple-iPhone14C5", "14.1")));
        assert!(misnames_city("Android/5.1.1-EAS-2.0"));
        assert!(!misnames_city("Android-Mail/2024.1"));
    }

    #[test]
    fn birthdays_have_the_time_each_client_expects() {
        for (kind, agent, west, east) in [
            ("iPhone", "", "T11:59:00.000Z", "T05:30:00.000Z"),
            (
                "WindowsOutlook",
                "Outlook/16.0",
                "T11:59:00.000Z",
                "T05:30:00.000Z",
            ),
            (
                "Android",
                "Android-Mail/1",
                "T00:00:00.000Z",
                "T00:00:00.000Z",
            ),
            ("Android", "Nine/4.9", "T00:00:00.000Z", "T00:00:00.000Z"),
            ("SAMSUNGX", "", "T00:00:00.000Z", "T00:00:00.000Z"),
            (
                "Android",
                "Android/5-EAS-2.0",
                "T08:00:00.000Z",
                "T08:00:00.000Z",
            ),
            ("BlackBerry", "", "T11:00:00.000Z", "T11:00:00.000Z"),
        ] {
            let device = device(kind, agent, "14.1");
            for offset in [None, Some(-600), Some(11 * 60)] {
                assert_eq!(date_time(&device, offset), west, "{kind} {agent}");
            }
            for offset in [12 * 60, 13 * 60, 14 * 60] {
                assert_eq!(date_time(&device, Some(offset)), east, "{kind} {agent}");
            }
        }
    }
}
