//! vCards of every version, one at a time: what other programs invented becomes what devices read,
//! everything else stays as it came.

mod frames;

use carnet_proto::vcard::{
    Binary, Document, Edit, Kind, Line, NAMELESS, NewLine, PartialDate, escape_text,
};

pub use self::frames::{Cards, RawCard};
use self::frames::{MARK, is_marker};
use super::{
    Code, Entry, Group, Made, Outcome, Reason, Warning,
    fields::{FAVOURITE, Fields, uid_of},
};

/// A card as it is to be stored; lists still name their members as the file does.
pub fn entry(record: u64, line: u64, raw: &RawCard) -> Entry {
    let mut warnings = Vec::new();
    let outcome = match (raw.fault, Document::parse(raw)) {
        (Some(fault), _) => Outcome::Skipped(fault),
        _ if raw.is_list => listed(raw),
        (None, Err(_)) => Outcome::Skipped(Reason::Broken),
        (None, Ok(card)) if card.lines().is_empty() => Outcome::Skipped(Reason::Empty),
        (None, Ok(card)) => taken(&card, &mut warnings),
    };
    Entry {
        record,
        line,
        warnings,
        outcome,
    }
}

/// A list of SOGo's, whose members are file names of cards.
fn listed(raw: &RawCard) -> Outcome {
    let lines = raw.split_inclusive(|b| *b == b'\n');
    let inner = lines.filter(|line| {
        let frame = [&b"BEGIN:VLIST"[..], b"END:VLIST"];
        let line = line.strip_prefix(MARK).unwrap_or(line);
        !frame.iter().any(|marker| is_marker(line, marker))
    });
    let mut card = b"BEGIN:VCARD\r\n".to_vec();
    inner.for_each(|line| card.extend_from_slice(line));
    card.extend_from_slice(b"END:VCARD\r\n");
    let Ok(list) = Document::parse(&card) else {
        return Outcome::Skipped(Reason::Broken);
    };
    let members = list.all("CARD").map(|line| line.text().trim().to_owned());
    Outcome::Group(Group {
        uid: list.uid().unwrap_or_else(|| uid_of(raw)),
        name: list.formatted_name(),
        members: members.collect(),
        card: None,
    })
}

fn taken(card: &Document, warnings: &mut Vec<Warning>) -> Outcome {
    let declares =
        |line: &Line| line.param("CHARSET").is_some() || line.decoded().as_bytes() == line.raw;
    let undeclared = card
        .lines()
        .iter()
        .any(|line| std::str::from_utf8(&line.raw).is_err() && !declares(line));
    if undeclared {
        warnings.push(Warning {
            code: Code::EncodingGuessed,
            about: card.formatted_name(),
        });
    }
    if card.has_nested() {
        warnings.push(Warning {
            code: Code::AgentAsText,
            about: card.formatted_name(),
        });
    }
    if card.has_unread() {
        warnings.push(Warning {
            code: Code::LineUnread,
            about: card.formatted_name(),
        });
    }
    let uid = card.uid().unwrap_or_else(|| uid_of(card.as_bytes()));
    let patched = Patch::new(card, warnings).finish();
    // A card of version 2.1, or one that needs repair, is kept in the form all programs read.
    let patched = patched.editable(&uid);
    let with_uid = match patched.uid() {
        Some(_) => patched,
        None => {
            let mut edit = patched.edit();
            edit.add(NewLine::new("UID", &[], escape_text(&uid)));
            edit.finish()
        }
    };
    if with_uid.kind() == Kind::Group {
        return Outcome::Group(Group {
            uid,
            name: with_uid.formatted_name(),
            members: members(&with_uid),
            card: Some(with_uid.as_bytes().to_vec()),
        });
    }
    Outcome::Card(Made::new(&with_uid))
}

/// The UIDs a list names; `mailto:` members stay as they are.
fn members(card: &Document) -> Vec<String> {
    card.lines()
        .iter()
        .filter(|line| line.is("MEMBER") || line.is("X-ADDRESSBOOKSERVER-MEMBER"))
        .map(|line| line.text().trim().to_owned())
        .collect()
}

/// Messaging properties before IMPP (RFC 4770), and the scheme of their addresses.
const MESSENGERS: [(&str, &str, &str); 9] = [
    ("X-SKYPE", "skype", "Skype"),
    ("X-SKYPE-USERNAME", "skype", "Skype"),
    ("X-AIM", "aim", "AIM"),
    ("X-ICQ", "icq", "ICQ"),
    ("X-JABBER", "xmpp", "Jabber"),
    ("X-MSN", "msnim", "MSN"),
    ("X-YAHOO", "ymsgr", "Yahoo"),
    ("X-GTALK", "xmpp", "GoogleTalk"),
    ("X-QQ", "qq", "QQ"),
];

/// Properties of one network before X-SOCIALPROFILE, what it is called there, and where its
/// profiles are.
const NETWORKS: [(&str, &str, &str); 7] = [
    ("X-TWITTER", "twitter", "https://twitter.com/"),
    ("X-FACEBOOK", "facebook", "https://www.facebook.com/"),
    ("X-LINKEDIN", "linkedin", "https://www.linkedin.com/in/"),
    ("X-INSTAGRAM", "instagram", "https://www.instagram.com/"),
    ("X-FLICKR", "flickr", "https://www.flickr.com/people/"),
    ("X-MYSPACE", "myspace", "https://myspace.com/"),
    ("X-SINAWEIBO", "sinaweibo", "https://weibo.com/n/"),
];

/// Names programs gave to what others read under another name.
const RENAMED: [(&str, &str); 9] = [
    ("X-MS-ANNIVERSARY", "X-ANNIVERSARY"),
    ("X-EVOLUTION-ANNIVERSARY", "X-ANNIVERSARY"),
    ("X-MS-SPOUSE", "X-EVOLUTION-SPOUSE"),
    ("X-SPOUSE", "X-EVOLUTION-SPOUSE"),
    ("X-MS-MANAGER", "X-EVOLUTION-MANAGER"),
    ("X-MANAGER", "X-EVOLUTION-MANAGER"),
    ("X-MS-ASSISTANT", "X-EVOLUTION-ASSISTANT"),
    ("X-ASSISTANT", "X-EVOLUTION-ASSISTANT"),
    ("X-MS-IMADDRESS", "IMPP"),
];

struct Patch<'a, 'w> {
    card: &'a Document,
    edit: Edit<'a>,
    warnings: &'w mut Vec<Warning>,
    groups: usize,
}

impl<'a, 'w> Patch<'a, 'w> {
    fn new(card: &'a Document, warnings: &'w mut Vec<Warning>) -> Self {
        Self {
            card,
            edit: card.edit(),
            warnings,
            groups: 0,
        }
    }

    fn finish(mut self) -> Document {
        for (at, line) in self.card.lines().iter().enumerate() {
            self.line(at, line);
        }
        self.company();
        self.name();
        self.displayed();
        self.edit.finish()
    }

    fn line(&mut self, at: usize, line: &Line) {
        let upper = line.name.to_ascii_uppercase();
        if let Some((_, name)) = RENAMED.iter().find(|(old, _)| *old == upper) {
            let mut new = NewLine::from_line(line);
            (*name).clone_into(&mut new.name);
            if let Some(date) = PartialDate::parse(&line.text())
                && *name == "X-ANNIVERSARY"
            {
                new.raw = date.extended();
            }
            return self.edit.replace(at, new);
        }
        if let Some((_, scheme, service)) = MESSENGERS.iter().find(|(old, ..)| *old == upper) {
            let types = line.types();
            let types: Vec<&str> = types.iter().map(String::as_str).collect();
            let name = line.text();
            let name = name.trim();
            let address = if name.contains(':') {
                name.to_owned()
            } else {
                format!("{scheme}:{name}")
            };
            let new = NewLine::new("IMPP", &types, address).with("X-SERVICE-TYPE", *service);
            return self.edit.replace(at, new);
        }
        if let Some((_, network, at_network)) = NETWORKS.iter().find(|(old, ..)| *old == upper)
            && let Some(profile) = profile(line, network, at_network)
        {
            return self.edit.replace(at, profile);
        }
        match upper.as_str() {
            "X-ANDROID-CUSTOM" => self.android(at, line),
            "PHOTO" => self.photo(at, line),
            "BDAY" => self.birthday(at, line),
            "CATEGORIES" => self.categories(at, line),
            "ADR" => self.address(at, line),
            _ => self.custom_label(at, line),
        }
    }

    /// `vnd.android.cursor.item/nickname;Name;1;…`
    fn android(&mut self, at: usize, line: &Line) {
        let parts = line.components();
        let part = |at: usize| parts.get(at).map(|part| part.trim()).unwrap_or_default();
        match part(0).rsplit('/').next() {
            Some("nickname") if !part(1).is_empty() => {
                let new = NewLine::new("NICKNAME", &[], escape_text(part(1)));
                self.edit.replace(at, new);
            }
            Some("contact_event") => {
                let Some(date) = PartialDate::parse(part(1)) else {
                    return;
                };
                match part(2) {
                    "1" => self
                        .edit
                        .replace(at, NewLine::new("X-ANNIVERSARY", &[], date.extended())),
                    "3" if self.card.first("BDAY").is_none() => self
                        .edit
                        .replace(at, NewLine::new("BDAY", &[], date.extended())),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn photo(&mut self, at: usize, line: &Line) {
        let uri = match line.binary() {
            Some(Binary::Uri(uri)) => uri,
            _ => line.text(),
        };
        let scheme = uri
            .split(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        match scheme.as_str() {
            "http" | "https" => self.warn(Code::PhotoByAddress, uri),
            "file" | "cid" => {
                self.warn(Code::UrlValueRefused, uri);
                self.edit.remove(at);
            }
            _ => {}
        }
    }

    /// A day without a year has the year 1604 in programs that write version 2.1.
    fn birthday(&mut self, at: usize, line: &Line) {
        const OMIT: &str = "X-APPLE-OMIT-YEAR";
        let date = PartialDate::parse(&line.text());
        let is_without = date.is_some_and(|date| date.year == Some(1604));
        if is_without && self.card.version() == "2.1" && line.param(OMIT).is_none() {
            let new = NewLine::from_line(line).with(OMIT, "1604");
            self.edit.replace(at, new);
        }
    }

    /// Labels of Google's that are no categories.
    fn categories(&mut self, at: usize, line: &Line) {
        let list = line.list();
        let is_system =
            |name: &&String| ["mycontacts", "starred"].contains(&&name.to_lowercase()[..]);
        if !list.iter().any(|name| is_system(&name)) {
            return;
        }
        if list.iter().any(|name| name.eq_ignore_ascii_case("starred")) {
            self.edit.add(NewLine::new(FAVOURITE, &[], "TRUE"));
        }
        let kept: Vec<String> = list
            .iter()
            .filter(|name| !is_system(name))
            .map(|name| escape_text(name))
            .collect();
        if kept.is_empty() {
            self.edit.remove(at)
        } else {
            self.edit.set_raw(at, kept.join(","))
        }
    }

    /// Google's eighth component is the address as it is printed.
    fn address(&mut self, at: usize, line: &Line) {
        let parts = line.components();
        if parts.len() != 8 {
            return;
        }
        let mut label = NewLine::new("LABEL", &[], escape_text(&parts[7]));
        label.params = NewLine::from_line(line).params;
        self.edit.set_components(at, &parts[..7]);
        if !parts[7].trim().is_empty() {
            self.edit.add(label);
        }
    }

    /// `TEL;X-CUSTOM(CHARSET=UTF-8,ENCODING=QUOTED-PRINTABLE,=C3=89):…`
    fn custom_label(&mut self, at: usize, line: &Line) {
        let is_it = |name: &str, values: &[String]| {
            let start = if name.is_empty() {
                values.first().map(String::as_str)
            } else {
                Some(name)
            };
            start.is_some_and(|start| {
                start
                    .get(..9)
                    .is_some_and(|start| start.eq_ignore_ascii_case("X-CUSTOM("))
            })
        };
        let Some(param) = line.params.iter().find(|p| is_it(&p.name, &p.values)) else {
            return;
        };
        let last = param.values.last().map(String::as_str).unwrap_or_default();
        let last = last
            .rsplit('(')
            .next()
            .unwrap_or(last)
            .trim_end_matches(')');
        let label = decoded(last);
        let mut new = NewLine::from_line(line);
        new.params.retain(|p| !is_it(&p.name, &p.values));
        self.groups += 1;
        let group = format!("carnet{}", self.groups);
        self.edit.replace(at, new.in_group(group.clone()));
        let label = NewLine::new("X-ABLabel", &[], escape_text(&label)).in_group(group);
        self.edit.add(label);
    }

    /// An organization without a person is a company.
    fn company(&mut self) {
        let n: Vec<String> = self
            .card
            .first("N")
            .map(Line::components)
            .unwrap_or_default();
        let unnamed = n.iter().all(|part| part.trim().is_empty());
        let org = self
            .card
            .first("ORG")
            .map(Line::components)
            .unwrap_or_default();
        let org = org
            .first()
            .map(|org| org.trim().to_owned())
            .unwrap_or_default();
        let name = self.card.first("FN").map(Line::text).unwrap_or_default();
        let told = self.card.kind() != Kind::Individual || self.card.first("X-ABShowAs").is_some();
        if unnamed && !told && !org.is_empty() && (name.trim().is_empty() || name.trim() == org) {
            self.edit.add(match self.card.version().as_str() {
                "4.0" => NewLine::new("KIND", &[], "org"),
                _ => NewLine::new("X-ABShowAs", &[], "COMPANY"),
            });
        }
    }

    /// A person with a displayed name alone has its parts.
    fn name(&mut self) {
        let told = self.card.first("N").map(Line::components);
        let unnamed = told.is_none_or(|n| n.iter().all(|part| part.trim().is_empty()));
        if !unnamed || self.card.kind() != Kind::Individual {
            return;
        }
        let fields = Fields::read(self.card);
        if !fields.has_person() {
            return;
        }
        let n = [fields.family, fields.given].map(|part| escape_text(&part));
        let n = format!("{};;;", n.join(";"));
        match self.card.lines().iter().position(|line| line.is("N")) {
            Some(at) => self.edit.set_raw(at, n),
            None => self.edit.add(NewLine::new("N", &[], n)),
        }
    }

    /// An empty displayed name becomes the one that the other properties give: programs show no
    /// other.
    fn displayed(&mut self) {
        let lines = self.card.lines();
        let Some(at) = lines.iter().position(|line| line.is("FN")) else {
            return;
        };
        let name = self.card.formatted_name();
        let is_empty = |line: &Line| line.text().trim().is_empty();
        if !self.card.all("FN").all(is_empty) || name == NAMELESS {
            return;
        }
        self.edit.set_raw(at, escape_text(&name));
        // A name made so is nobody's given and family name.
        let has_n = self.card.first("N").is_some() || self.edit.added("N").is_some();
        if !has_n && self.card.version() != "4.0" {
            self.edit.add(NewLine::new("N", &[], ";;;;"));
        }
    }

    fn warn(&mut self, code: Code, about: String) {
        self.warnings.push(Warning { code, about });
    }
}

/// A profile by a user's name or its address; none where it is neither.
fn profile(line: &Line, network: &str, at_network: &str) -> Option<NewLine> {
    let text = line.text();
    let text = text.trim();
    let user = text.trim_start_matches('@');
    if user.is_empty() || user.contains(char::is_whitespace) {
        return None;
    }
    Some(if text.contains("://") {
        NewLine::new("X-SOCIALPROFILE", &[network], escape_text(text))
    } else {
        let address = escape_text(&format!("{at_network}{user}"));
        NewLine::new("X-SOCIALPROFILE", &[network], address).with("X-USER", user)
    })
}

/// Quoted-printable UTF-8 of a parameter.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = bytes
            .get(at + 1..at + 3)
            .and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(octet) if bytes[at] == b'=' => {
                out.push(octet);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
