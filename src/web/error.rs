//! Errors of the domain as pages.

use http::StatusCode;

use super::{documents, facet::typed_date};
use crate::{
    domain::{
        error::Error,
        rule::{Malformed, Rule},
    },
    text::{Text, dates, fill},
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
        Error::PreconditionFailed | Error::Moved => (
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
        Error::InvalidDocument(Malformed::Date { value, .. }) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            no_date(value, text),
        ),
        Error::InvalidDocument(Malformed::Address { value, .. }) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            text.forbidden,
            fill(text.book.no_address, &[value]),
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
        Malformed::Date { value, .. } => return no_date(value, text),
        Malformed::Address { value, .. } => return fill(text.book.no_address, &[value]),
        Malformed::Rows(most) => return fill(text.book.too_many_rows, &[most]),
        Malformed::Other(why) => why,
    };
    said.to_owned()
}

/// Why a date is none, with one as the reader writes it.
fn no_date(value: &str, text: &Text) -> String {
    let [numbers, words] = dates::examples(text);
    let month_first = dates::month_first(text);
    let whole = value.trim_end_matches(|c: char| c.is_ascii_digit());
    let is_short = value.len() - whole.len() == 2;
    let in_full = format!("{whole}19{}", &value[whole.len()..]);
    if is_short && typed_date(&in_full, month_first).is_some() {
        fill(text.book.no_century, &[&value, &numbers])
    } else {
        fill(text.book.no_date, &[&value, &numbers, &words])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::settings::DateFormat,
        text::{EN, FR},
    };

    #[test]
    fn what_is_no_date_is_refused_with_one_in_the_readers_order() {
        let said = |value: &str, text| {
            let (field, value) = ("bday".to_owned(), value.to_owned());
            let date = Malformed::Date { field, value };
            explain(&Error::InvalidDocument(date), text).2
        };
        assert_eq!(
            said("32/13/1980", &FR),
            "« 32/13/1980 » n'est pas une date : écrivez-la comme 15/04/1972 ou 15 avril 1972."
        );
        for (value, text, words) in [
            ("31/12/90", &FR, "en quatre chiffres, comme 15/04/1972."),
            ("31 décembre 90", &FR, "ne dit pas le siècle"),
            ("12/31/90", &EN, "as in 04/15/1972."),
            ("31/31/90", &EN, "like 04/15/1972 or 15 April 1972."),
            ("abc", EN.dated(DateFormat::Iso), "like 1972-04-15 or"),
            ("été", &FR, "n'est pas une date"),
        ] {
            let said = said(value, text);
            assert!(said.contains(words), "{value}: {said}");
        }
    }

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
