//! The kinds of clients, and how each is connected.

use http::{HeaderMap, header};

use crate::text::connect::Connect;

/// How a kind of client is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Exchange,
    CardDav,
    /// The client cannot connect.
    None,
}

/// A kind of client.
pub struct Kind {
    /// Part of the page's address.
    pub id: &'static str,
    pub way: Way,
    pub name: fn(&Connect) -> &'static str,
    /// The steps, one in each line.
    pub steps: fn(&Connect) -> &'static str,
    /// Installs configuration profiles.
    pub profile: bool,
    /// Opens account links.
    pub code: bool,
}

const fn kind(
    id: &'static str,
    way: Way,
    name: fn(&Connect) -> &'static str,
    steps: fn(&Connect) -> &'static str,
) -> Kind {
    Kind {
        id,
        way,
        name,
        steps,
        profile: false,
        code: false,
    }
}

/// Every kind, in the order of the guide.
pub static KINDS: [Kind; 14] = [
    Kind {
        profile: true,
        ..kind("iphone", Way::Exchange, |t| t.iphone, |t| t.iphone_steps)
    },
    Kind {
        profile: true,
        ..kind(
            "iphone-carddav",
            Way::CardDav,
            |t| t.iphone_dav,
            |t| t.iphone_dav_steps,
        )
    },
    kind("android", Way::Exchange, |t| t.android, |t| t.android_steps),
    kind("samsung", Way::Exchange, |t| t.samsung, |t| t.samsung_steps),
    Kind {
        code: true,
        ..kind("davx5", Way::CardDav, |t| t.davx5, |t| t.davx5_steps)
    },
    Kind {
        profile: true,
        ..kind("mac", Way::CardDav, |t| t.mac, |t| t.mac_steps)
    },
    kind("outlook", Way::Exchange, |t| t.outlook, |t| t.outlook_steps),
    kind(
        "new-outlook",
        Way::None,
        |t| t.new_outlook,
        |t| t.new_outlook_steps,
    ),
    kind(
        "thunderbird",
        Way::CardDav,
        |t| t.thunderbird,
        |t| t.thunderbird_steps,
    ),
    kind(
        "em-client",
        Way::CardDav,
        |t| t.em_client,
        |t| t.em_client_steps,
    ),
    kind("gnome", Way::CardDav, |t| t.gnome, |t| t.gnome_steps),
    kind("kde", Way::CardDav, |t| t.kde, |t| t.kde_steps),
    kind(
        "old-phones",
        Way::Exchange,
        |t| t.old_phones,
        |t| t.old_phones_steps,
    ),
    kind("other", Way::CardDav, |t| t.scripts, |t| t.scripts_steps),
];

/// A kind by its id.
pub fn find(id: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.id == id)
}

/// The kinds a browser's system has, likeliest first.
pub fn of_browser(headers: &HeaderMap) -> &'static [&'static str] {
    let agent = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let has = |part: &str| agent.contains(part);
    if has("iPhone") || has("iPad") {
        &["iphone", "iphone-carddav"]
    } else if has("Android") && (has("SM-") || has("Samsung")) {
        &["samsung", "davx5"]
    } else if has("Android") {
        &["davx5", "android"]
    } else if has("Macintosh") {
        &["mac", "thunderbird"]
    } else if has("Windows") {
        &["outlook", "thunderbird", "em-client"]
    } else if has("Linux") {
        &["gnome", "thunderbird", "kde"]
    } else {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_browser_says_which_kinds_come_first() {
        for (agent, first) in [
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)",
                "iphone",
            ),
            ("Mozilla/5.0 (Linux; Android 14; SM-S911B)", "samsung"),
            ("Mozilla/5.0 (Linux; Android 14; Pixel 8)", "davx5"),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "mac"),
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "outlook"),
            ("Mozilla/5.0 (X11; Linux x86_64)", "gnome"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, agent.parse().expect("ASCII"));
            let found = of_browser(&headers);
            assert_eq!(found.first(), Some(&first), "{agent}");
            assert!(found.iter().all(|id| find(id).is_some()), "{agent}");
        }
        assert!(of_browser(&HeaderMap::new()).is_empty());
    }
}
