//! The templates of pages, and the parts common to all.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::{
    attachments::Attachments,
    edit::Alike,
    facet::{CardView, Changed, Contested, Form},
    help,
    lists::Members,
    place::encode_segment,
};
use crate::{
    domain::{settings::Theme, store::Tag},
    text::Text,
};

/// The part common to all pages: header, navigation, messages.
pub struct Shell {
    pub text: &'static Text,
    /// Name of the person signed in.
    pub who: Option<String>,
    pub token: String,
    pub places: Vec<PlaceLink>,
    /// The tool the page belongs to.
    pub tool: Tool,
    /// The scope of the search field.
    pub scope: String,
    pub query: String,
    /// Where a new contact is added, for those who may.
    pub adds: Option<String>,
    /// Single keys act on pages.
    pub keys: bool,
    /// The person has no time zone yet: the browser's is proposed.
    pub zoneless: bool,
    pub theme: Theme,
    pub notice: Option<String>,
    /// Undoes the action that the notice reports.
    pub undo: Option<Undo>,
    /// Why the form of this page was refused.
    pub problem: Option<String>,
    /// Ids of the fields it was refused for.
    pub wrong: Vec<&'static str>,
    /// What was sent with it.
    pub sent: Vec<(String, String)>,
    /// The administration's notice to everybody.
    pub maintenance: Option<String>,
    /// The person may administer the server.
    pub administers: bool,
    /// Notices that the person has not settled.
    pub alerts: Vec<Alert>,
    /// Number of unread pieces of news, also in words; none when there are none.
    pub news: Option<(usize, String)>,
}

impl Shell {
    /// What a field of the refused form had; empty where none was.
    pub fn sent(&self, name: &str) -> &str {
        let found = self.sent.iter().find(|(sent, _)| sent == name);
        found.map_or("", |(_, value)| value)
    }

    /// The attributes that say of a field whether it was refused, and what describes it; `hint` is
    /// the id of the sentence that always does, or empty.
    pub fn marks(&self, id: &str, hint: &str) -> String {
        let is_wrong = self.wrong.contains(&id);
        let described = match (is_wrong, hint) {
            (true, "") => " aria-describedby=\"problem\"".to_owned(),
            (true, hint) => format!(" aria-describedby=\"problem {hint}\""),
            (false, "") => String::new(),
            (false, hint) => format!(" aria-describedby=\"{hint}\""),
        };
        let invalid = if is_wrong {
            " aria-invalid=\"true\""
        } else {
            ""
        };
        let is_first = self.wrong.first() == Some(&id);
        let focus = if is_first { " autofocus" } else { "" };
        format!("{invalid}{described}{focus}")
    }

    /// Whether the refused form had this in a field.
    pub fn has_sent(&self, name: &str, wanted: impl ToString) -> bool {
        let wanted = wanted.to_string();
        let mut sent = self.sent.iter();
        sent.any(|(sent, value)| sent == name && *value == wanted)
    }
}

/// A form of one button.
pub struct Undo {
    pub action: String,
    pub field: &'static str,
    pub value: String,
}

/// Something noticed: what the client removed comes back with one button, what it wrote in vain is
/// among the refused changes.
#[derive(Clone)]
pub struct Alert {
    pub notice: i64,
    pub sentence: String,
    /// The page that says more, and what it is called.
    pub leads: Option<(&'static str, &'static str)>,
    /// Text of the button that undoes it.
    pub undo: Option<&'static str>,
}

/// One entry of the environment selector.
pub struct PlaceLink {
    pub path: String,
    pub name: String,
    /// Number of members in words, where the place is a group.
    pub members: Option<String>,
    pub current: bool,
}

/// A tool of the bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tool {
    #[default]
    Home,
    Contacts,
    Documents,
    Groups,
    Settings,
}

impl Shell {
    /// The environment shown.
    pub fn current(&self) -> Option<&PlaceLink> {
        self.places.iter().find(|place| place.current)
    }

    /// The tool that is searched from here; none: all of them.
    pub fn searched(&self) -> Option<&'static str> {
        match self.tool {
            Tool::Contacts | Tool::Documents => Some(self.tool.as_str()),
            _ => None,
        }
    }

    /// Label of the search field.
    pub fn search_label(&self) -> &'static str {
        match self.tool {
            Tool::Documents => self.text.documents.search_documents,
            Tool::Contacts => self.text.search_contacts,
            _ => self.text.documents.search_everything,
        }
    }

    /// The theme of the page; none where the device chooses.
    pub fn own_theme(&self) -> Option<&'static str> {
        match self.theme {
            Theme::Light => Some("light"),
            Theme::Dark => Some("dark"),
            Theme::System => None,
        }
    }

    /// URL of the help on the page's subject.
    pub fn help(&self) -> &'static str {
        help::of_tool(self.tool)
    }

    /// [`Shell::scope`] within an address.
    pub fn scope_in_address(&self) -> String {
        encode_segment(&self.scope)
    }
}

impl Tool {
    /// The name by which templates compare it.
    pub fn as_str(self) -> &'static str {
        match self {
            Tool::Home => "home",
            Tool::Contacts => "contacts",
            Tool::Documents => "documents",
            Tool::Groups => "groups",
            Tool::Settings => "settings",
        }
    }
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignIn {
    pub shell: Shell,
    pub login: String,
    pub next: String,
    /// What is told of an invitation that is answered next.
    pub invited: Option<String>,
    /// A forgotten password can be set anew.
    pub forgotten: bool,
    pub problem: Option<String>,
}

/// The second step of signing in.
#[derive(Template)]
#[template(path = "sign_in_code.html")]
pub struct SignInCode {
    pub shell: Shell,
    /// Identifies the person who gave the right password.
    pub ticket: String,
    pub next: String,
    pub problem: Option<String>,
}

#[derive(Template)]
#[template(path = "card.html")]
pub struct Card {
    pub shell: Shell,
    pub here: String,
    pub id: String,
    pub version: String,
    pub view: CardView,
    pub favourite: bool,
    /// The members, where the contact is a list.
    pub list: Option<Members>,
    pub initials: String,
    pub has_photo: bool,
    pub photo_alt: String,
    pub may_edit: bool,
    pub may_delete: bool,
    /// The people to ask, where the reader may only read.
    pub read_only: Option<String>,
    /// The places it is in that the person knows of: name and list.
    pub places: Vec<CardPlace>,
    pub made: String,
    /// Outcomes of verifications of the contact.
    pub verified: Vec<String>,
    pub may_verify: bool,
    pub tags: Vec<CardTag>,
    /// Documents attached to it.
    pub attached: Attachments,
    /// Postal addresses and their maps.
    pub maps: Vec<(String, String)>,
    /// Tags on a group's data are advised against.
    pub group: bool,
    pub comments: Vec<CommentRow>,
    pub comments_seen_by: String,
}

/// A place that shows the contact.
pub struct CardPlace {
    pub name: String,
    pub path: String,
    /// Number of people who see it there, in words; none in Private.
    pub seen: Option<String>,
}

/// One of the person's tags, and whether it is on the contact.
pub struct CardTag {
    pub tag: Tag,
    pub on: bool,
}

/// A comment.
pub struct CommentRow {
    pub id: i64,
    pub text: String,
    pub author: String,
    pub when: String,
    pub place: String,
    pub may_edit: bool,
    pub may_delete: bool,
}

/// The form of a contact.
#[derive(Template)]
#[template(path = "edit.html")]
pub struct Edit {
    /// The status of the answer.
    pub status: StatusCode,
    pub shell: Shell,
    pub title: String,
    /// The contact, or where a new one goes; empty where neither is known.
    pub about: String,
    pub action: String,
    pub cancel: String,
    pub here: String,
    pub id: String,
    /// Documents attached to it; none of a new contact.
    pub attached: Option<Attachments>,
    /// Values that the person's phones do not show.
    pub beyond: Option<String>,
    pub version: String,
    /// Refused changes that are settled once it is saved.
    pub settles: Vec<i64>,
    /// What is typed becomes another contact, of this name.
    pub anew: Option<String>,
    /// The button that saves it.
    pub save: &'static str,
    /// Where to sign in, for somebody whose session ended.
    pub sign_in: Option<&'static str>,
    /// The place where the contact is still to be seen.
    pub elsewhere: Option<Elsewhere>,
    /// What a contact says in several languages is said in this one.
    pub language: &'static str,
    pub form: Form,
    pub has_photo: bool,
    pub removes_photo: bool,
    /// A picture that was chosen and is not saved, as base64.
    pub photo: Option<String>,
    /// Contacts that may be the same.
    pub alike: Vec<Alike>,
    /// URL that is asked for them while typing.
    pub alike_at: Option<String>,
    pub problem: Option<String>,
    /// Name of the field that is the reason; empty: none is.
    pub wrong: String,
    /// Name of the field in which typing goes on.
    pub focus: String,
}

/// A contact that left a place, in another one.
pub struct Elsewhere {
    pub place: String,
    pub path: String,
}

/// Both sides of a conflict.
#[derive(Template)]
#[template(path = "conflict.html")]
pub struct Conflict {
    pub shell: Shell,
    /// The contact.
    pub about: String,
    pub action: String,
    pub back: String,
    pub version: String,
    /// What a contact says in several languages is said in this one.
    pub language: &'static str,
    /// Refused changes that are settled with it.
    pub settles: Vec<i64>,
    pub fields: Vec<(String, String)>,
    pub contested: Vec<Contested>,
    /// The picture was chosen or taken off.
    pub photo: Option<ContestedPhoto>,
}

/// A picture that both sides have differently.
pub struct ContestedPhoto {
    /// The form's picture as base64; none where the form takes the picture off.
    pub mine: Option<String>,
    /// The address of the server's picture.
    pub theirs: Option<String>,
    pub changed: Changed,
}

/// A page with a title and a sentence.
#[derive(Template)]
#[template(path = "message.html")]
pub struct Message {
    pub shell: Shell,
    pub title: String,
    pub message: String,
    /// The page it is about.
    pub back: Option<String>,
}

/// A page as an answer.
pub fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A page for somebody who is to come again in so many seconds.
pub fn show_later(seconds: u64, page: &impl Template) -> Response {
    let mut response = show(StatusCode::TOO_MANY_REQUESTS, page);
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// 303 to another page.
pub fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The first letters of the first and the last word of a name.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|w| {
        w.chars()
            .find(|c| c.is_alphanumeric())
            .map(|c| c.to_uppercase().to_string())
    });
    let first = words.next().unwrap_or_default();
    match words.next_back() {
        Some(last) => first + &last,
        None => first,
    }
}
