//! Errors of the domain as pages.

use http::StatusCode;

use super::{
    documents,
    text::{Text, fill},
};
use crate::domain::error::Error;

/// Status, title and sentence of an error.
pub fn explain(error: &Error, text: &Text) -> (StatusCode, String, String) {
    let (status, title, message) = match error {
        Error::NotFound | Error::StaleCursor => (
            StatusCode::NOT_FOUND,
            text.not_found,
            text.not_found_text.to_owned(),
        ),
        Error::Forbidden { .. } => (
            StatusCode::FORBIDDEN,
            text.forbidden,
            text.forbidden_text.to_owned(),
        ),
        Error::PreconditionFailed => (
            StatusCode::CONFLICT,
            text.stale_title,
            text.stale_text.to_owned(),
        ),
        Error::UidConflict { href: name } | Error::Exists(name) => (
            StatusCode::CONFLICT,
            text.forbidden,
            fill(text.invalid, &[name]),
        ),
        Error::InvalidDocument(why) | Error::Invalid(why) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            fill(text.invalid, &[&reason(why, text)]),
        ),
        Error::TooLarge { limit } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            text.forbidden,
            fill(text.too_large, &[&documents::octets(*limit as i64, text)]),
        ),
        Error::OverQuota { limit } => (
            StatusCode::INSUFFICIENT_STORAGE,
            text.forbidden,
            fill(text.quota_full, &[limit]),
        ),
        Error::NoSpace => (
            StatusCode::INSUFFICIENT_STORAGE,
            text.unavailable_title,
            text.no_room.to_owned(),
        ),
        Error::Unavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            text.unavailable_title,
            text.unavailable.to_owned(),
        ),
    };
    (status, title.to_owned(), message)
}

/// Why something was refused, in the reader's words; a reason that is not known here stays as it is.
fn reason(why: &str, text: &Text) -> String {
    let known = REASONS.iter().find(|(english, _)| why.contains(english));
    known.map_or_else(|| why.to_owned(), |(_, said)| said(text).to_owned())
}

/// A sentence in the language of a text.
type Sentence = fn(&Text) -> &'static str;

/// What reasons of the domain and of the class contain, and what they mean.
const REASONS: [(&str, Sentence); 28] = [
    ("the picture cannot be read", |t| t.picture_unreadable),
    ("the picture is too large", |t| t.picture_too_large),
    ("only members of the group", |t| t.only_members),
    ("a displayed name has 1 to 100", |t| t.display_name_rule),
    ("is no e-mail address", |t| t.no_email_address),
    ("this person is not a member", |t| t.not_a_member),
    ("a comment has 1 to", |t| t.comment_rule),
    ("is in this book already", |t| t.here_already),
    ("a group keeps its administrator", |t| t.keeps_administrator),
    ("is no colour", |t| t.no_colour),
    ("a login is 1 to 64 of", |t| t.admin.login_rule),
    ("the server keeps an administrator", |t| t.admin.keeps_admin),
    ("would be left without an administrator", |t| {
        t.admin.handed_over
    }),
    ("the name of a class has 1 to 40", |t| t.admin.class_rule),
    ("a limit is 1 or more", |t| t.admin.limit_rule),
    ("a quota of documents is", |t| t.admin.document_limit_rule),
    ("a photo and an import may have", |t| t.admin.size_rule),
    ("a notice has at most 500", |t| t.admin.notice_rule),
    ("what was typed is another name", |t| t.admin.typed_wrong),
    ("the name of a device has at most", |t| t.device.name_rule),
    ("a contact cannot become a list", |t| t.list_stays_list),
    ("is no number in international form", |t| t.mail.no_number),
    ("a message is neither empty", |t| t.mail.message_rule),
    ("does not want to be asked", |t| t.mail.not_asked_again),
    ("was asked within a day", |t| t.mail.asked_today),
    ("asked too many in one day", |t| t.mail.asked_too_many),
    ("nobody of these can be asked", |t| t.mail.nobody_to_ask),
    ("reminders come every", |t| t.mail.reminder_rule),
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;
    use crate::web::text::FR;

    fn sources(folder: &Path, out: &mut String) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, out)
            } else {
                out.push_str(&fs::read_to_string(&path).expect("a source"))
            }
        }
    }

    #[test]
    fn reasons_are_still_given_so_and_are_said_in_french() {
        let mut given = String::new();
        for folder in ["src/domain", "src/class", "src/store"] {
            sources(
                &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
                &mut given,
            );
        }
        for (english, said) in REASONS {
            assert!(given.contains(english), "nobody says any more: {english}");
            assert_eq!(reason(&format!("x {english} y"), &FR), said(&FR));
        }
        assert_eq!(reason("something new", &FR), "something new");
    }
}
