//! Letters: the text and HTML of a message, in its reader's language.

use askama::Template;

use crate::{
    domain::{
        notify::Event,
        outbox::{Kept, Letter, one_line},
        verification::Answer,
    },
    text::{Text, fill_plain as fill},
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
        let writer = Writer {
            text,
            url: house.url,
        };
        let (subject, mut pieces) = match letter {
            Letter::Test => (t.test_subject.to_owned(), vec![paragraph(t.test_text)]),
            Letter::Reset { name, login, token } => writer.reset(name, login, token),
            Letter::ConfirmAddress { name, login, token } => {
                writer.confirm_address(name, login, token)
            }
            Letter::PasswordChanged { name, login } => writer.password_changed(name, login),
            Letter::Verify {
                owner,
                token,
                lines,
                purpose,
                reminder,
            } => writer.verify(&owner.name, token, lines, purpose, *reminder),
            Letter::Answered {
                name,
                contact,
                answer,
                lines,
                path,
            } => writer.answered(name, contact, *answer, lines, path),
            Letter::Kept(kept) => writer.kept(kept),
            Letter::Notice {
                name,
                event,
                who,
                number,
                subject,
                place,
            } => writer.notice(name, *event, who, *number, subject, place),
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
    pub fn text(&self, text: &'static Text) -> String {
        let parts = self.pieces.iter().map(|piece| match piece {
            Piece::Paragraph(text) => text.clone(),
            Piece::Table(lines) => {
                let lines = lines.iter().map(|(label, value)| {
                    let value = value.replace('\n', "\n    ");
                    format!("  {}", text.labelled(label, &value))
                });
                lines.collect::<Vec<_>>().join("\n")
            }
            Piece::Link { label, url } => format!("{label}{}\n{url}", text.mail.colon),
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

/// Subject and text of a letter.
type Written = (String, Vec<Piece>);

/// Writes letters in one language.
struct Writer<'a> {
    text: &'static Text,
    url: &'a str,
}

impl Writer<'_> {
    fn reset(&self, name: &str, login: &str, token: &str) -> Written {
        let t = self.text.mail;
        let pieces = vec![
            self.hello(name),
            Piece::Paragraph(fill(t.reset_text, &[&login])),
            self.link(t.reset_button, &format!("/reset/{token}")),
            paragraph(t.reset_ignore),
        ];
        (t.reset_subject.to_owned(), pieces)
    }

    fn confirm_address(&self, name: &str, login: &str, token: &str) -> Written {
        let t = self.text.mail;
        let path = format!("/settings/account/address/{token}");
        let pieces = vec![
            self.hello(name),
            Piece::Paragraph(fill(t.address_text, &[&login])),
            self.link(t.address_button, &path),
            paragraph(t.address_ignore),
        ];
        (t.address_subject.to_owned(), pieces)
    }

    fn password_changed(&self, name: &str, login: &str) -> Written {
        let t = self.text.mail;
        let pieces = vec![
            self.hello(name),
            Piece::Paragraph(fill(t.changed_text, &[&login])),
            paragraph(t.changed_not_me),
        ];
        (t.changed_subject.to_owned(), pieces)
    }

    fn verify(
        &self,
        owner: &str,
        token: &str,
        lines: &[(String, String)],
        purpose: &str,
        reminder: bool,
    ) -> Written {
        let t = self.text.mail;
        let subject = if reminder {
            t.reminder_subject
        } else {
            t.verify_subject
        };
        let mut pieces = vec![Piece::Paragraph(fill(t.verify_text, &[&owner]))];
        if !purpose.is_empty() {
            pieces.push(Piece::Paragraph(format!("{} {purpose}", t.kept_for)));
        }
        if !lines.is_empty() {
            pieces.push(paragraph(t.verify_held));
            pieces.push(Piece::Table(lines.to_vec()));
        }
        pieces.push(self.link(t.verify_button, &format!("/v/{token}")));
        pieces.push(paragraph(t.verify_note));
        (fill(subject, &[&owner]), pieces)
    }

    fn answered(
        &self,
        name: &str,
        contact: &str,
        answer: Answer,
        lines: &[(String, String)],
        path: &str,
    ) -> Written {
        let t = self.text.mail;
        let said = match answer {
            Answer::Confirmed => t.told_confirmed,
            Answer::Corrected => t.told_corrected,
            Answer::Erased => t.told_erased,
            Answer::Declined => t.told_declined,
        };
        let said = fill(said, &[&contact]);
        let mut pieces = vec![self.hello(name), Piece::Paragraph(said.clone())];
        if !lines.is_empty() {
            pieces.push(Piece::Table(lines.to_vec()));
        }
        if answer.changes() {
            pieces.push(paragraph(t.answered_undo));
        }
        pieces.push(self.link(t.see_contact, path));
        (said, pieces)
    }

    fn kept(&self, kept: &Kept) -> Written {
        let t = self.text.mail;
        let owner = &kept.owner.name;
        let mut pieces = vec![Piece::Paragraph(fill(t.kept_text, &[owner, &kept.since]))];
        pieces.push(match &kept.purpose[..] {
            "" => paragraph(t.kept_no_purpose),
            purpose => Piece::Paragraph(format!("{} {purpose}", t.kept_for)),
        });
        pieces.push(match &kept.lines[..] {
            [] => paragraph(t.kept_nothing),
            lines => Piece::Table(lines.to_vec()),
        });
        if kept.left_out {
            pieces.push(paragraph(t.kept_left_out));
        }
        pieces.push(paragraph(t.kept_notes));
        pieces.push(Piece::Paragraph(match kept.readers {
            0 => fill(t.kept_alone, &[owner]),
            others => {
                let said = self.text.of_many(others, [t.kept_reader, t.kept_readers]);
                fill(said, &[owner, &others])
            }
        }));
        pieces.push(Piece::Paragraph(fill(t.kept_days, &[&kept.days])));
        (fill(t.kept_subject, &[owner]), pieces)
    }

    fn notice(
        &self,
        name: &str,
        event: Event,
        who: &str,
        number: i64,
        subject: &str,
        place: &str,
    ) -> Written {
        let t = self.text.mail;
        let (said, path) = match event {
            Event::Shared if number > 1 => (
                fill(t.told_shared_many, &[&who, &number, &place]),
                "/groups",
            ),
            Event::Shared => (fill(t.told_shared, &[&who, &subject, &place]), "/groups"),
            Event::Granted if number > 1 => (
                fill(t.told_granted_many, &[&who, &number, &place]),
                "/groups",
            ),
            Event::Granted => (fill(t.told_granted, &[&who, &subject, &place]), "/groups"),
            Event::Device => (fill(t.told_device, &[&who]), "/settings"),
            Event::Kept => (fill(self.text.writes_kept, &[&who, &number]), "/refused"),
        };
        let pieces = vec![
            self.hello(name),
            Piece::Paragraph(said.clone()),
            self.link(t.see_more, path),
            self.link(t.notifications, "/settings/notifications"),
        ];
        (said, pieces)
    }

    fn hello(&self, name: &str) -> Piece {
        Piece::Paragraph(fill(self.text.mail.hello, &[&one_line(name)]))
    }

    fn link(&self, label: &'static str, path: &str) -> Piece {
        Piece::Link {
            label,
            url: format!("{}{path}", self.url),
        }
    }
}

fn paragraph(sentence: &str) -> Piece {
    Piece::Paragraph(sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::outbox::Sender,
        text::{EN, FR},
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
        let text = words.text(&EN);
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
        assert_eq!(
            Words::of(&letter, &EN, &HOUSE).text(&EN),
            "On my way.\nMia\n"
        );
    }
}
