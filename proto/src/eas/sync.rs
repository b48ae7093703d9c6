//! Sync requests ([MS-ASCMD] 2.2.1.21).

use crate::wbxml::{
    Element, Tag,
    page::{air_sync as a, air_sync_base as base, contacts as c, contacts2 as c2},
};

/// A Sync request.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Request {
    /// None: the collections of the last request.
    pub collections: Option<Vec<Collection>>,
    /// Minutes.
    pub wait: Option<u32>,
    /// Seconds.
    pub heartbeat: Option<u32>,
    pub window: Option<u32>,
    pub partial: bool,
}

/// The part of a request about one collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collection {
    pub class: Option<String>,
    pub key: String,
    pub id: String,
    /// The elements listed; none without a Supported element.
    pub supported: Option<Vec<Tag>>,
    /// Absent means yes, except with key 0.
    pub get_changes: Option<bool>,
    pub window: Option<u32>,
    pub options: Option<Options>,
    pub commands: Vec<Command>,
    /// A command lacks what it needs; the collection is answered with Status 4, the others as ever.
    pub fault: Option<Malformed>,
}

/// Options, which stay in force until another Options element comes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Octets of a note: TruncationSize of the BodyPreference for plain text, else for HTML, or what Truncation of
    /// 2.5 stands for; none for all.
    pub truncation: Option<u32>,
    /// HTML is requested, and plain text is not.
    pub html: bool,
    /// A note that does not fit the truncation is not sent at all.
    pub all_or_none: bool,
}

/// Octets of an id or a key.
const MAX_ID: usize = 64;

/// What the numbers 0 to 8 of Truncation stand for, in octets; 9 cuts nothing.
const TRUNCATIONS: [u32; 9] = [0, 512, 1024, 2048, 5120, 10_240, 20_480, 51_200, 102_400];

/// One command of a client.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Add {
        client_id: String,
        /// Only where it is not the folder's.
        class: Option<String>,
        data: Element,
    },
    Change {
        server_id: String,
        data: Element,
    },
    Delete {
        server_id: String,
    },
    Fetch {
        server_id: String,
    },
}

/// A request that is no Sync request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request does not follow the protocol: {0}")]
pub struct Malformed(pub &'static str);

impl Request {
    /// Reads a Sync element; children in any order.
    pub fn read(root: &Element) -> Result<Self, Malformed> {
        if root.tag != a::SYNC {
            return Err(Malformed("no Sync element"));
        }
        let collections = root
            .child(a::COLLECTIONS)
            .map(|list| {
                list.children_of(a::COLLECTION)
                    .map(Collection::read)
                    .collect::<Result<Vec<_>, _>>()
            })
            .transpose()?;
        Ok(Self {
            collections,
            wait: span_of(root, a::WAIT),
            heartbeat: span_of(root, a::HEARTBEAT_INTERVAL),
            window: root.number_of(a::WINDOW_SIZE),
            partial: root.child(a::PARTIAL).is_some(),
        })
    }
}

/// How long a client would wait; what is no length of time is 0, which is out of every bound.
fn span_of(root: &Element, tag: Tag) -> Option<u32> {
    let text = root.text_of(tag)?;
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let longest = i64::from(u32::MAX);
    let span = text.parse::<i64>().unwrap_or(0).clamp(0, longest);
    u32::try_from(span).ok()
}

impl Collection {
    fn read(element: &Element) -> Result<Self, Malformed> {
        // One block for the default class, one for SMS.
        let classes: Vec<_> = element
            .children_of(a::OPTIONS)
            .map(|options| options.text_of(a::CLASS))
            .collect();
        if classes.len() > 2
            || classes
                .first()
                .is_some_and(|first| classes[1..].contains(first))
        {
            return Err(Malformed("two Options of one class"));
        }
        let key = element
            .text_of(a::SYNC_KEY)
            .filter(|key| key.len() <= MAX_ID)
            .ok_or(Malformed("no SyncKey"))?;
        // 2.5 may name only the class.
        let id = element.text_of(a::COLLECTION_ID).unwrap_or_default();
        if id.len() > MAX_ID {
            return Err(Malformed("a long CollectionId"));
        }
        let commands: Result<Vec<_>, _> = element
            .child(a::COMMANDS)
            .into_iter()
            .flat_map(Element::elements)
            .filter_map(|command| Command::read(command).transpose())
            .collect();
        Ok(Self {
            class: element.text_of(a::CLASS),
            key,
            id,
            supported: element.child(a::SUPPORTED).map(supported),
            get_changes: element
                .text_of(a::GET_CHANGES)
                .map(|text| text != "0" && !text.eq_ignore_ascii_case("false")),
            window: element.number_of(a::WINDOW_SIZE),
            options: element.child(a::OPTIONS).map(Options::read),
            fault: commands.as_ref().err().copied(),
            commands: commands.unwrap_or_default(),
        })
    }
}

/// The elements of contacts in a Supported element, each once: it is kept with every key.
fn supported(list: &Element) -> Vec<Tag> {
    let mut tags = Vec::new();
    for child in list.elements() {
        let is_of_contacts = [c::FILE_AS.page, c2::NICK_NAME.page, base::BODY.page];
        if is_of_contacts.contains(&child.tag.page) && !tags.contains(&child.tag) {
            tags.push(child.tag);
        }
    }
    tags
}

impl Options {
    /// Reads an element with BodyPreference in it.
    pub fn read(element: &Element) -> Self {
        let preference = |kind: &str| {
            element
                .children_of(base::BODY_PREFERENCE)
                .find(|preference| preference.text_of(base::TYPE).as_deref() == Some(kind))
        };
        let (plain, html) = (preference("1"), preference("2"));
        let legacy = || {
            let number = element.number_of(a::TRUNCATION)?;
            TRUNCATIONS.get(usize::try_from(number).ok()?).copied()
        };
        let chosen = plain.or(html);
        let is_set = |text: String| text != "0" && !text.eq_ignore_ascii_case("false");
        Self {
            html: plain.is_none() && html.is_some(),
            all_or_none: chosen
                .and_then(|preference| preference.text_of(base::ALL_OR_NONE))
                .is_some_and(is_set),
            truncation: chosen
                .and_then(|preference| preference.number_of(base::TRUNCATION_SIZE))
                .or_else(legacy),
        }
    }
}

impl Command {
    fn read(element: &Element) -> Result<Option<Self>, Malformed> {
        // Some clients make long ClientIds.
        let id = |tag, most: usize, fault| {
            let id = element.text_of(tag).filter(|id| id.len() <= most);
            id.ok_or(Malformed(fault))
        };
        let server_id = || {
            id(
                a::SERVER_ID,
                MAX_ID,
                "a command without ServerId, or with a long one",
            )
        };
        let data = || {
            element
                .child(a::APPLICATION_DATA)
                .cloned()
                .unwrap_or(Element {
                    tag: a::APPLICATION_DATA,
                    children: Vec::new(),
                })
        };
        Ok(Some(match element.tag {
            a::ADD => Command::Add {
                client_id: id(
                    a::CLIENT_ID,
                    4 * MAX_ID,
                    "an Add without ClientId, or with a long one",
                )?,
                class: element.text_of(a::CLASS),
                data: data(),
            },
            a::CHANGE => Command::Change {
                server_id: server_id()?,
                data: data(),
            },
            a::DELETE => Command::Delete {
                server_id: server_id()?,
            },
            a::FETCH => Command::Fetch {
                server_id: server_id()?,
            },
            _ => return Ok(None),
        }))
    }
}
