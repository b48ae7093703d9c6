//! Labels of clients: what histories, journals and the audit trail call the program that wrote.
//!
//! They are stored, so none of them may be spelled another way.

/// The pages of the web.
pub const PAGES: &str = "web";
/// Whoever runs the program on the data.
pub const OPERATOR: &str = "command line";
/// What the server sends by itself: letters, reminders, notices.
pub const QUEUE: &str = "outbox";
/// What the server writes of the exchanges of clients.
pub const JOURNAL: &str = "journal";
/// Devices, before there is one with a label of its own.
pub const DEVICES: &str = "EAS";
/// How the labels of devices begin.
pub const EAS: &str = "EAS ";
/// How the labels of programs that speak CardDAV begin.
pub const CARDDAV: &str = "CardDAV ";

/// The label of a device: `EAS iPhone ApplX`.
pub fn of_device(kind: &str, id: &str) -> String {
    format!("{EAS}{kind} {id}")
}

/// The label of a program: `CardDAV DAVx5`. Signed in for one group, or with an app password, it is
/// another client.
pub fn of_program(family: &str, group: Option<&str>, password: Option<&str>) -> String {
    let mut label = format!("{CARDDAV}{family}");
    if let Some(group) = group {
        label.push_str(&format!(" ({group})"));
    }
    if let Some(name) = password {
        label.push_str(&format!(" · {name}"));
    }
    label
}

/// What a label is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    /// A device: its type and id.
    Device(&'a str),
    /// A program that speaks CardDAV: its name, and how it signed in.
    Program(&'a str),
    Pages,
    Operator,
    Other(&'a str),
}

impl<'a> Kind<'a> {
    /// Reads a label.
    pub fn of(label: &'a str) -> Self {
        match (label.strip_prefix(EAS), label.strip_prefix(CARDDAV)) {
            (Some(device), _) => Self::Device(device),
            (_, Some(program)) => Self::Program(program),
            _ if label == PAGES => Self::Pages,
            _ if label == OPERATOR => Self::Operator,
            _ => Self::Other(label),
        }
    }

    /// Whether it is a device.
    pub fn is_device(self) -> bool {
        matches!(self, Self::Device(_))
    }

    /// Whether it is a program that speaks CardDAV.
    pub fn is_program(self) -> bool {
        matches!(self, Self::Program(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_it_is_of() {
        let device = of_device("iPhone", "ApplX");
        assert_eq!(device, "EAS iPhone ApplX");
        assert_eq!(Kind::of(&device), Kind::Device("iPhone ApplX"));
        let program = of_program("DAVx5", Some("Team"), Some("tablet"));
        assert_eq!(program, "CardDAV DAVx5 (Team) · tablet");
        assert_eq!(Kind::of(&program), Kind::Program("DAVx5 (Team) · tablet"));
        assert_eq!(Kind::of("web"), Kind::Pages);
        assert_eq!(Kind::of("command line"), Kind::Operator);
        assert_eq!(Kind::of("outbox"), Kind::Other("outbox"));
    }
}
