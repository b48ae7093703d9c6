//! Habits of clients, each named once with its reason.

/// The time of day a client expects in birthdays.
///
/// 11:59Z is the right date from UTC-11 to UTC+12 whether or not the client converts; these
/// clients take another.
pub fn date_time(device_type: &str, user_agent: &str) -> &'static str {
    let device_type = device_type.to_ascii_lowercase();
    if user_agent.starts_with("Android-Mail")
        || device_type.starts_with("samsung")
        || device_type.starts_with("wp")
        || user_agent.starts_with("MSFT-WP/8")
    {
        // Gmail, Samsung and Windows Phone show the UTC date.
        "T00:00:00.000Z"
    } else if user_agent.contains("-EAS-") {
        // The Android Open Source client adds a day from noon on.
        "T08:00:00.000Z"
    } else if device_type.starts_with("blackberry") {
        "T11:00:00.000Z"
    } else {
        "T11:59:00.000Z"
    }
}
