//! Errors of the domain as pages.

use http::StatusCode;

use super::documents;
use crate::{
    domain::{
        error::Error,
        rule::{Malformed, Rule},
    },
    text::{Text, fill},
};

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
        Error::UidConflict { href } => (
            StatusCode::CONFLICT,
            text.forbidden,
            fill(text.invalid, &[href]),
        ),
        Error::Exists(name) => (
            StatusCode::CONFLICT,
            text.forbidden,
            fill(text.book.taken_already, &[name]),
        ),
        Error::InvalidDocument(why) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            fill(text.invalid, &[&malformed(why, text)]),
        ),
        Error::Invalid(Rule::FolderDeleted) => (
            StatusCode::CONFLICT,
            text.forbidden,
            text.documents.folder_gone.to_owned(),
        ),
        Error::Invalid(Rule::NothingSelected) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            text.nothing_selected.to_owned(),
        ),
        Error::Invalid(Rule::AlreadyMember) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            text.account.member_already.to_owned(),
        ),
        Error::Invalid(Rule::Moment) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            text.moment_rule.to_owned(),
        ),
        Error::Invalid(Rule::MessagesADay(most)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            fill(text.mail.messages_a_day, &[most]),
        ),
        Error::Invalid(broken) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            fill(text.invalid, &[&rule(broken, text)]),
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

/// The rule that was broken, in the reader's words; one in words of its own stays as it is.
fn rule(rule: &Rule, text: &Text) -> String {
    let said = match rule {
        Rule::OnlyMembers => text.only_members,
        Rule::DisplayName => text.display_name_rule,
        Rule::Address(_) => text.no_email_address,
        Rule::NotAMember => text.not_a_member,
        Rule::Comment(_) => text.comment_rule,
        Rule::NothingSelected => text.nothing_selected,
        Rule::HereAlready => text.here_already,
        Rule::KeepsAdministrator => text.keeps_administrator,
        Rule::InvitationVoid => text.invitation_void,
        Rule::AlreadyMember => text.account.member_already,
        Rule::Colour(_) => text.no_colour,
        Rule::Login => text.admin.login_rule,
        Rule::ServerKeepsAdministrator => text.admin.keeps_admin,
        Rule::HandedOver(_) => text.admin.handed_over,
        Rule::ClassName => text.admin.class_rule,
        Rule::Limit => text.admin.limit_rule,
        Rule::DocumentQuota => text.admin.document_limit_rule,
        Rule::SizeLimit => text.admin.size_rule,
        Rule::Notice => text.admin.notice_rule,
        Rule::TypedName => text.admin.typed_wrong,
        Rule::DeviceName => text.device.name_rule,
        Rule::FolderName => text.documents.folder_rule,
        Rule::FolderDeleted => text.documents.folder_gone,
        Rule::Number => text.mail.no_number,
        Rule::Message => text.mail.message_rule,
        Rule::Declined => text.mail.not_asked_again,
        Rule::AskedToday => text.mail.asked_today,
        Rule::AskedTooMany => text.mail.asked_too_many,
        Rule::NobodyToAsk => text.mail.nobody_to_ask,
        Rule::Reminders => text.mail.reminder_rule,
        Rule::Moment => text.moment_rule,
        Rule::PasswordName(_) => text.account.password_rule,
        Rule::PasswordProtocols => text.account.protocols_rule,
        Rule::PasswordPlaces => text.account.places_rule,
        Rule::PasswordEnds => text.account.ends_rule,
        Rule::Quota => text.admin.quota_rule,
        Rule::Organization(most) => {
            return fill(text.account.organization_rule, &[most]);
        }
        Rule::Tags(most) => return fill(text.account.too_many_tags, &[most]),
        Rule::Groups(most) => return fill(text.account.too_many_groups, &[most]),
        Rule::Invitations(most) => {
            return fill(text.account.too_many_invitations, &[most]);
        }
        Rule::GroupName => text.group_name_rule,
        Rule::ReservedName => text.account.reserved_name,
        Rule::OthersGroup(name) => return fill(text.account.no_group_of_yours, &[name]),
        Rule::TagName => text.tag_rule,
        Rule::DocumentName(most) => return fill(text.documents.name_rule, &[most]),
        Rule::Description(most) => return fill(text.documents.description_rule, &[most]),
        Rule::OtherKind => text.documents.other_kind,
        Rule::Count(_) => text.count_differs,
        Rule::ImportOver => text.transfer.import_over,
        Rule::OnItsWay => text.mail.on_its_way,
        Rule::MessagesADay(_) => text.mail.messages_a_day,
        Rule::NewDevices => text.admin.new_devices_rule,
        Rule::NoAddress => text.admin.check_no_address,
        Rule::Form => text.account.form_broken,
        Rule::Other(why) => why,
    };
    said.to_owned()
}

/// Why an item cannot be stored, in the reader's words; another reason stays as it is.
fn malformed(why: &Malformed, text: &Text) -> String {
    let said = match why {
        Malformed::Picture(_) => text.picture_unreadable,
        Malformed::PictureSize(..) => text.picture_too_large,
        Malformed::Nothing => text.book.nothing_typed,
        Malformed::Kind => text.list_stays_list,
        Malformed::Date { value, .. } => return fill(text.book.no_date, &[value]),
        Malformed::Rows(most) => return fill(text.book.too_many_rows, &[most]),
        Malformed::Other(why) => why,
    };
    said.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::FR;

    #[test]
    fn rules_are_said_in_the_language_of_the_page() {
        let declined = Error::Invalid(Rule::Declined);
        let (status, _, said) = explain(&declined, &FR);
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(said.contains(FR.mail.not_asked_again), "{said}");
        for (rule, words) in [
            (Rule::PasswordName(64), FR.account.password_rule),
            (Rule::PasswordEnds, FR.account.ends_rule),
            (Rule::Quota, FR.admin.quota_rule),
            (Rule::Organization(200), "au plus 200 caractères"),
            (Rule::Tags(1000), "au plus 1000 étiquettes"),
            (Rule::Groups(100), "au plus 100 groupes"),
            (Rule::Invitations(100), "au plus 100 invitations"),
            (Rule::GroupName, FR.group_name_rule),
            (Rule::ReservedName, FR.account.reserved_name),
            (Rule::OthersGroup("Ventes".to_owned()), "« Ventes »"),
            (Rule::TagName, FR.tag_rule),
            (Rule::DocumentName(200), "un nom a 1 à 200 caractères"),
            (Rule::Description(10_000), "au plus 10000 caractères"),
            (Rule::ImportOver, FR.transfer.import_over),
            (Rule::OnItsWay, FR.mail.on_its_way),
            (Rule::MessagesADay(20), "au plus 20 messages"),
            (Rule::Form, FR.account.form_broken),
        ] {
            let (.., said) = explain(&Error::Invalid(rule), &FR);
            assert!(said.contains(words), "{said}");
        }
        let (field, value) = ("bday".to_owned(), "abc".to_owned());
        let date = Error::InvalidDocument(Malformed::Date { field, value });
        let (.., said) = explain(&date, &FR);
        assert!(said.contains("« abc » n'est pas une date"), "{said}");
        let (.., said) = explain(&Error::InvalidDocument(Malformed::Kind), &FR);
        assert!(said.contains(FR.list_stays_list), "{said}");
        let (.., said) = explain(&Error::Invalid("something new".into()), &FR);
        assert!(said.contains("something new"), "{said}");
    }
}
