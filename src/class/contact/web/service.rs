//! The service of a messaging address: the form offers a menu that writes its scheme (RFC 4770).

use std::collections::HashMap;

use crate::{
    text::Text,
    web::facet::{Choice, Field},
};

/// The list of messaging addresses.
pub const LIST: &str = "impp";

/// Schemes, and what people call them.
const SERVICES: [(&str, &str); 5] = [
    ("skype", "Skype"),
    ("xmpp", "XMPP (Jabber)"),
    ("sip", "SIP"),
    ("matrix", "Matrix"),
    ("irc", "IRC"),
];

/// The menu of a row; what is stored says its service itself.
pub fn menu(row: &str, text: &Text) -> Field {
    let as_written = Choice {
        value: String::new(),
        label: text.book.service_as_written.to_owned(),
        selected: true,
    };
    let services = SERVICES.iter().map(|(scheme, name)| Choice {
        value: (*scheme).to_owned(),
        label: (*name).to_owned(),
        selected: false,
    });
    Field {
        id: format!("{row}-service"),
        label: text.book.service.to_owned(),
        choices: std::iter::once(as_written).chain(services).collect(),
        ..Field::default()
    }
}

/// The fields of a form with the services chosen written into their addresses.
pub fn written(fields: &[(String, String)]) -> Vec<(String, String)> {
    let row_of = |name: &'_ str| -> Option<String> {
        let row = name.strip_suffix("-service")?;
        row.starts_with(LIST).then(|| row.to_owned())
    };
    let menus: HashMap<String, &str> = fields
        .iter()
        .filter_map(|(name, scheme)| Some((row_of(name)?, scheme.as_str())))
        .collect();
    let chosen = |row: &str| {
        let scheme = menus.get(row)?;
        SERVICES.iter().find(|(known, _)| known == scheme)
    };
    let kept = fields.iter().filter(|(name, _)| row_of(name).is_none());
    kept.map(|(name, value)| {
        let service = chosen(name);
        let value = match service {
            Some((scheme, _)) => addressed(scheme, value),
            None => value.clone(),
        };
        (name.clone(), value)
    })
    .collect()
}

/// An address under a scheme, in the place of another one of these services.
fn addressed(scheme: &str, value: &str) -> String {
    let value = value.trim();
    let name = match value.split_once(':') {
        Some((known, name)) if is_service(known) => name,
        _ => value,
    };
    if name.is_empty() {
        String::new()
    } else {
        format!("{scheme}:{name}")
    }
}

fn is_service(scheme: &str) -> bool {
    let mut services = SERVICES.iter();
    services.any(|(known, _)| scheme.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        class::contact::Contact,
        text::EN,
        web::facet::{Submitted, WebFacet},
    };

    #[test]
    fn the_service_chosen_is_the_scheme_of_the_address() {
        for (scheme, typed, written) in [
            ("skype", "ada.one", "skype:ada.one"),
            ("skype", " xmpp:ada@example.org ", "skype:ada@example.org"),
            ("sip", "SIP:ada@example.org", "sip:ada@example.org"),
            ("", "aim:ada", "aim:ada"),
            ("javascript", "ada", "ada"),
            ("skype", "", ""),
        ] {
            let fields = [("impp-0", typed), ("impp-0-service", scheme)];
            let sent = Submitted {
                fields: fields
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec(),
                language: EN.lang,
                ..Submitted::default()
            };
            let edit = Arc::new(Contact::default()).edit(None, &sent);
            let card = edit.and_then(|edit| edit.apply(None)).expect("a card");
            let card = String::from_utf8(card).expect("text");
            let line = format!("\r\nIMPP:{written}\r\n");
            assert_eq!(card.contains(&line), !written.is_empty(), "{card}");
            assert!(!card.contains("service"), "{card}");
        }
    }

    #[test]
    fn each_messaging_address_of_the_form_has_a_menu() {
        let form = Arc::new(Contact::default()).form(None, &EN);
        let lists = form.sections.iter().flat_map(|section| &section.lists);
        let list = lists.into_iter().find(|list| list.name == LIST);
        let fields = &list.expect("the list").rows[0].fields;
        assert_eq!(fields[0].id, "impp-0-service");
        assert!(
            fields[0]
                .choices
                .iter()
                .any(|choice| choice.label == "Skype")
        );
        assert_eq!(fields[1].id, "impp-0");
    }
}
