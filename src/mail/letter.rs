//! Letters: the text and HTML of a message, in its reader's language.

use askama::Template;

use crate::{
    domain::{
        outbox::{Letter, one_line},
        verification::Answer,
    },
    web::text::{Text, fill},
};

/// The text of a letter.
pub struct Words {
    pub subject: String,
    pieces: Vec<Piece>,
}

/// A part of a letter.
pub enum Piece {
    Paragraph(String),
    /// Label and value of each line.
    Table(Vec<(String, String)>),
    Link {
        label: &'static str,
        url: String,
    },
    Small(String),
}

#[derive(Template)]
#[template(path = "letter.html")]
struct Page<'a> {
    lang: &'static str,
    words: &'a Words,
    link_alone: &'static str,
}

/// Facts about the server that letters need.
pub struct House<'a> {
    /// Name of the server.
    pub name: &'a str,
    /// Public URL without a final slash.
    pub url: &'a str,
}

impl Words {
    /// Puts a letter into words.
    pub fn of(letter: &Letter, text: &'static Text, house: &House<'_>) -> Self {
        let t = text.mail;
        let link = |label: &'static str, path: &str| Piece::Link {
            label,
            url: format!("{}{path}", house.url),
        };
        let hello = |name: &str| Piece::Paragraph(fill(t.hello, &[&one_line(name)]));
        let paragraph = |sentence: &str| Piece::Paragraph(sentence.to_owned());
        let (subject, mut pieces) = match letter {
            Letter::Test => (t.test_subject.to_owned(), vec![paragraph(t.test_text)]),
            Letter::Reset { name, login, token } => (
                t.reset_subject.to_owned(),
                vec![
                    hello(name),
                    Piece::Paragraph(fill(t.reset_text, &[login])),
                    link(t.reset_button, &format!("/reset/{token}")),
                    paragraph(t.reset_ignore),
                ],
            ),
            Letter::ConfirmAddress { name, login, token } => (
                t.address_subject.to_owned(),
                vec![
                    hello(name),
                    Piece::Paragraph(fill(t.address_text, &[login])),
                    link(
                        t.address_button,
                        &format!("/settings/account/address/{token}"),
                    ),
                    paragraph(t.address_ignore),
                ],
            ),
            Letter::PasswordChanged { name, login } => (
                t.changed_subject.to_owned(),
                vec![
                    hello(name),
                    Piece::Paragraph(fill(t.changed_text, &[login])),
                    paragraph(t.changed_not_me),
                ],
            ),
            Letter::Verify {
                owner,
                token,
                lines,
                purpose,
                reminder,
            } => {
                let subject = if *reminder {
                    t.reminder_subject
                } else {
                    t.verify_subject
                };
                let mut pieces = vec![Piece::Paragraph(fill(t.verify_text, &[&owner.name]))];
                if !purpose.is_empty() {
                    pieces.push(Piece::Paragraph(format!("{} {purpose}", t.kept_for)));
                }
                if !lines.is_empty() {
                    pieces.push(paragraph(t.verify_held));
                    pieces.push(Piece::Table(lines.clone()));
                }
                pieces.push(link(t.verify_button, &format!("/v/{token}")));
                pieces.push(paragraph(t.verify_note));
                (fill(subject, &[&owner.name]), pieces)
            }
            Letter::Answered {
                name,
                contact,
                answer,
                lines,
                path,
            } => {
                let (said, undo) = match Answer::parse(answer) {
                    Some(Answer::Corrected) => (t.told_corrected, true),
                    Some(Answer::Erased) => (t.told_erased, true),
                    Some(Answer::Declined) => (t.told_declined, false),
                    _ => (t.told_confirmed, false),
                };
                let said = fill(said, &[contact]);
                let mut pieces = vec![hello(name), Piece::Paragraph(said.clone())];
                if !lines.is_empty() {
                    pieces.push(Piece::Table(lines.clone()));
                }
                if undo {
                    pieces.push(paragraph(t.answered_undo));
                }
                pieces.push(link(t.see_contact, path));
                (said, pieces)
            }
            Letter::Kept {
                owner,
                lines,
                purpose,
                since,
                readers,
                left_out,
                days,
            } => {
                let mut pieces = vec![Piece::Paragraph(fill(t.kept_text, &[&owner.name, since]))];
                pieces.push(if purpose.is_empty() {
                    paragraph(t.kept_no_purpose)
                } else {
                    Piece::Paragraph(format!("{} {purpose}", t.kept_for))
                });
                if lines.is_empty() {
                    pieces.push(paragraph(t.kept_nothing))
                } else {
                    pieces.push(Piece::Table(lines.clone()))
                }
                if *left_out {
                    pieces.push(paragraph(t.kept_left_out));
                }
                pieces.push(paragraph(t.kept_notes));
                pieces.push(match *readers {
                    0 => Piece::Paragraph(fill(t.kept_alone, &[&owner.name])),
                    others => {
                        let said = text.of_many(others, [t.kept_reader, t.kept_readers]);
                        Piece::Paragraph(fill(said, &[&owner.name, &others]))
                    }
                });
                pieces.push(Piece::Paragraph(fill(t.kept_days, &[days])));
                (fill(t.kept_subject, &[&owner.name]), pieces)
            }
            Letter::Notice {
                name,
                kind,
                who,
                number,
                subject,
                place,
            } => {
                let (said, path) = match kind.as_str() {
                    "shared" if *number > 1 => {
                        (fill(t.told_shared_many, &[who, number, place]), "/groups")
                    }
                    "shared" => (fill(t.told_shared, &[who, subject, place]), "/groups"),
                    "granted" if *number > 1 => {
                        (fill(t.told_granted_many, &[who, number, place]), "/groups")
                    }
                    "granted" => (fill(t.told_granted, &[who, subject, place]), "/groups"),
                    "device" => (fill(t.told_device, &[who]), "/settings"),
                    _ => (fill(text.writes_kept, &[who, number]), "/refused"),
                };
                let mut pieces = vec![hello(name), Piece::Paragraph(said.clone())];
                pieces.push(link(t.see_more, path));
                pieces.push(link(t.notifications, "/settings/notifications"));
                (said, pieces)
            }
            // As the person wrote it, and nothing besides.
            Letter::Text { text, .. } => {
                return Self {
                    subject: String::new(),
                    pieces: vec![Piece::Paragraph(text.clone())],
                };
            }
        };
        let house = format!("{} ({})", house.name, house.url);
        pieces.push(Piece::Small(fill(t.automatic, &[&house])));
        Self {
            subject: one_line(&subject),
            pieces,
        }
    }

    /// Whether the letter needs no HTML part.
    pub fn is_plain(&self) -> bool {
        self.subject.is_empty()
    }

    /// The text part.
    pub fn text(&self) -> String {
        let parts = self.pieces.iter().map(|piece| match piece {
            Piece::Paragraph(text) => text.clone(),
            Piece::Table(lines) => {
                let lines = lines
                    .iter()
                    .map(|(label, value)| format!("  {label}: {}", value.replace('\n', "\n    ")));
                lines.collect::<Vec<_>>().join("\n")
            }
            Piece::Link { label, url } => format!("{label}:\n{url}"),
            Piece::Small(text) => format!("-- \n{text}"),
        });
        parts.collect::<Vec<_>>().join("\n\n") + "\n"
    }

    /// The HTML part.
    pub fn html(&self, text: &'static Text) -> Result<String, askama::Error> {
        let page = Page {
            lang: text.lang,
            words: self,
            link_alone: text.mail.link_alone,
        };
        page.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::outbox::Sender,
        web::text::{EN, FR},
    };

    const HOUSE: House<'_> = House {
        name: "Carnet",
        url: "https://contacts.example.org",
    };

    #[test]
    fn a_letter_says_the_same_in_text_and_html() {
        let letter = Letter::Reset {
            name: "Ann <b>\r\nX".to_owned(),
            login: "ann".to_owned(),
            token: "abc".to_owned(),
        };
        let words = Words::of(&letter, &FR, &HOUSE);
        assert_eq!(words.subject, "Choisissez un nouveau mot de passe");
        let text = words.text();
        assert!(text.starts_with("Bonjour Ann <b> X,\n\n"), "{text}");
        assert!(text.contains("\nhttps://contacts.example.org/reset/abc\n"));
        let html = words.html(&FR).expect("HTML");
        assert!(html.contains("<html lang=\"fr\">"));
        assert!(html.contains("Bonjour Ann &#60;b&#62; X,"), "{html}");
        assert!(html.contains("href=\"https://contacts.example.org/reset/abc\""));
        assert!(!html.contains("<script") && !html.contains(" src="));
    }

    #[test]
    fn words_of_a_person_stay_as_they_wrote_them() {
        let letter = Letter::Text {
            sender: Sender::default(),
            text: "On my way.\nMia".to_owned(),
        };
        assert_eq!(Words::of(&letter, &EN, &HOUSE).text(), "On my way.\nMia\n");
    }
}
