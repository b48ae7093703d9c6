//! Apple's own labels, `X-ABLabel:_$!<Spouse>!$_`, which its programs show in the reader's language.

pub const ANNIVERSARY: &str = "_$!<Anniversary>!$_";
pub const ASSISTANT: &str = "_$!<Assistant>!$_";
pub const CHILD: &str = "_$!<Child>!$_";
pub const FRIEND: &str = "_$!<Friend>!$_";
pub const MANAGER: &str = "_$!<Manager>!$_";
pub const OTHER: &str = "_$!<Other>!$_";
pub const PARENT: &str = "_$!<Parent>!$_";
pub const PARTNER: &str = "_$!<Partner>!$_";
pub const SIBLING: &str = "_$!<Sibling>!$_";
pub const SPOUSE: &str = "_$!<Spouse>!$_";

const BEGIN: &str = "_$!<";
const END: &str = ">!$_";

/// Whether a label begins as one of Apple's own does.
pub fn is_own(label: &str) -> bool {
    label.starts_with(BEGIN)
}

/// `Anniversary` of [`ANNIVERSARY`]; any other label as it is.
pub fn plain(label: &str) -> &str {
    label
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_suffix(END))
        .unwrap_or(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_of_apples_own_says_a_word() {
        assert_eq!(plain(SPOUSE), "Spouse");
        assert_eq!(plain("_$!<half"), "_$!<half");
        assert_eq!(plain("Twin"), "Twin");
        assert!(is_own("_$!<half") && !is_own("Twin"));
    }
}
