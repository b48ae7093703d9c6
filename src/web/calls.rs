//! Call links: the action of a click on a number or a Skype name, as the person chose.

use std::sync::Arc;

use axum::{extract::State, response::Response};

use super::{
    Web,
    browsers::is_phone,
    choice::Services,
    facet::{Callee, CardView, Dialled},
    form::Posted,
    params::Query,
    place::encode_segment,
    request::Visit,
    told::Done,
};

/// Numbers are no links (the default).
const OFF: &str = "off";
const SKYPE: &str = "skype";
const TEL: &str = "tel:{}";
/// Code, and the address that calls a number.
const WAYS: [(&str, &str); 4] = [
    (SKYPE, "skype:{}?call"),
    ("tel", TEL),
    ("sip", "sip:{}"),
    ("teams", "https://teams.microsoft.com/l/call/0/0?users=4:{}"),
];
/// Characters of an own pattern.
const LONGEST: usize = 500;
/// Schemes that run something instead of calling somebody.
const NEVER: [&str; 7] = [
    "javascript",
    "data",
    "vbscript",
    "blob",
    "file",
    "about",
    "view-source",
];

/// Sets the call links of a card's lines as the person chose.
pub fn connect(view: &mut CardView, visit: &Visit) {
    let choice = visit.settings.calls.as_deref();
    let phone = is_phone(&visit.visitor.browser);
    for line in &mut view.lines {
        if let Some(callee) = &line.callee {
            line.link = link(choice, callee, phone);
        }
    }
}

/// The call link of a number, as the person chose.
pub fn of_number(number: &str, visit: &Visit) -> Option<String> {
    let phone = is_phone(&visit.visitor.browser);
    let choice = visit.settings.calls.as_deref();
    link(choice, &Callee::Number(Dialled::parse(number)?), phone)
}

/// The address that calls somebody; `choice` is what was chosen, if anything was.
fn link(choice: Option<&str>, callee: &Callee, phone: bool) -> Option<String> {
    let choice = choice.unwrap_or(OFF);
    let known = WAYS.iter().find(|(code, _)| *code == choice);
    let pattern = match known {
        Some((_, pattern)) => Some(*pattern),
        None => Some(choice).filter(|own| is_pattern(own)),
    };
    match callee {
        Callee::Skype(name) => {
            (choice == SKYPE).then(|| format!("skype:{}?call", encode_segment(name)))
        }
        Callee::Number(number) => match pattern {
            Some(TEL) => Some(number.uri()),
            Some(pattern) => Some(pattern.replace("{}", &called(pattern, number))),
            None if phone => Some(number.uri()),
            None => None,
        },
    }
}

/// Within an address of the web the plus sign is written out.
fn called(pattern: &str, number: &Dialled) -> String {
    if pattern.starts_with("http") {
        encode_segment(&number.number)
    } else {
        number.within_uri()
    }
}

/// `scheme:…{}…` of a scheme that cannot run anything in the page.
fn is_pattern(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once(':') else {
        return false;
    };
    let scheme = scheme.to_ascii_lowercase();
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        && !NEVER.contains(&scheme.as_str())
        && text.contains("{}")
        && text.len() <= LONGEST
        && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// `GET /settings/calls`
pub async fn page(State(web): State<Arc<Web>>, visit: Visit, Query(done): Query<Done>) -> Response {
    ways(&visit).show(&web, &visit, done.into())
}

/// `POST /settings/calls`
pub async fn choose(State(web): State<Arc<Web>>, posted: Posted) -> Response {
    ways(&posted.visit).choose(&web, &posted).await
}

fn ways(visit: &Visit) -> Services {
    let x = visit.text.account;
    Services {
        here: "/settings/calls",
        field: "calls",
        title: x.calls,
        about: x.calls_text,
        pattern: x.calls_pattern,
        example: "https://phone.example/call?to={}",
        note: Some(x.calls_skype_note),
        services: vec![
            (OFF, x.calls_off),
            ("tel", x.calls_tel),
            ("sip", x.calls_sip),
            ("teams", x.calls_teams),
            (SKYPE, x.calls_skype),
            Services::own(x.calls_own),
        ],
        chosen: visit.settings.calls.as_deref().unwrap_or(OFF).to_owned(),
        is_pattern,
        wrong: x.calls_wrong,
        keep: |settings, chosen| {
            settings.calls = (chosen != OFF).then(|| chosen.to_owned());
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_dials_the_number_that_is_written_or_nothing() {
        for (written, tel, sip) in [
            (
                "+33 1 99 00 12 36 ext 12",
                "tel:+33199001236;ext=12",
                "sip:+33199001236",
            ),
            (
                "tel:+81-3-5550-0123;ext=42",
                "tel:+81355500123;ext=42",
                "sip:+81355500123",
            ),
            ("tel:7042;phone-context=example.com", "tel:7042", "sip:7042"),
            (
                "06 39 98 00 01 poste 5",
                "tel:0639980001;ext=5",
                "sip:0639980001",
            ),
            (
                "+44 (0)20 7946 0123",
                "tel:+442079460123",
                "sip:+442079460123",
            ),
            ("(020) 7946 0123", "tel:02079460123", "sip:02079460123"),
            ("*100#", "tel:*100%23", "sip:*100%23"),
            ("0199001234,,42", "tel:0199001234", "sip:0199001234"),
            ("0800 CALL ME", "", ""),
            ("call the office", "", ""),
            ("+", "", ""),
            ("", "", ""),
        ] {
            let callee = Dialled::parse(written).map(Callee::Number);
            let link = |choice| {
                callee
                    .as_ref()
                    .and_then(|callee| link(Some(choice), callee, false))
            };
            assert_eq!(link("tel").unwrap_or_default(), tel, "{written}");
            assert_eq!(link("sip").unwrap_or_default(), sip, "{written}");
        }
    }

    #[test]
    fn numbers_are_links_where_that_was_chosen_and_on_phones_always() {
        let number = Callee::Number(Dialled::parse("+33 1 99 00 12 34").expect("a number"));
        for (choice, desk, phone) in [
            (None, None, Some("tel:+33199001234")),
            (Some("off"), None, Some("tel:+33199001234")),
            (
                Some("tel"),
                Some("tel:+33199001234"),
                Some("tel:+33199001234"),
            ),
            (
                Some("sip"),
                Some("sip:+33199001234"),
                Some("sip:+33199001234"),
            ),
            (
                Some("skype"),
                Some("skype:+33199001234?call"),
                Some("skype:+33199001234?call"),
            ),
            (
                Some("https://phone.example/?to={}"),
                Some("https://phone.example/?to=%2B33199001234"),
                Some("https://phone.example/?to=%2B33199001234"),
            ),
            (
                Some("callto:{}"),
                Some("callto:+33199001234"),
                Some("callto:+33199001234"),
            ),
            (Some("javascript:alert({})"), None, Some("tel:+33199001234")),
        ] {
            assert_eq!(link(choice, &number, false).as_deref(), desk, "{choice:?}");
            assert_eq!(link(choice, &number, true).as_deref(), phone, "{choice:?}");
        }
        let name = Callee::Skype("live:alice".to_owned());
        let called = Some("skype:live%3Aalice?call".to_owned());
        assert_eq!(link(Some("skype"), &name, false), called);
        for choice in [None, Some("tel"), Some("callto:{}")] {
            assert_eq!(link(choice, &name, true), None, "{choice:?}");
        }
        for pattern in [
            "JavaScript:x{}",
            "data:{}",
            "{}",
            "callto:",
            "callto: {}",
            "1x:{}",
            ":{}",
            "file:///{}",
        ] {
            assert!(!is_pattern(pattern), "{pattern}");
        }
    }
}
