//! The commands ([MS-ASHTTP] 2.2.1.1.1.2), their messages and the versions that have them.

use super::request_line::Version;
use crate::wbxml::{Tag, page};

macro_rules! commands {
    ($($name:ident,)+) => {
        /// A command, in the order of the codes 0 to 23.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum Command {
            $($name,)+
            /// A command that the protocol does not have.
            #[default]
            Unknown,
        }

        impl Command {
            /// The commands of the protocol, by code.
            pub const ALL: &[Command] = &[$(Command::$name,)+];

            /// The name as [MS-ASHTTP] spells it; `other` of an unknown command.
            pub fn name(self) -> &'static str {
                match self {
                    $(Command::$name => stringify!($name),)+
                    Command::Unknown => "other",
                }
            }
        }
    };
}

commands! {
    Sync,
    SendMail,
    SmartForward,
    SmartReply,
    GetAttachment,
    GetHierarchy,
    CreateCollection,
    DeleteCollection,
    MoveCollection,
    FolderSync,
    FolderCreate,
    FolderDelete,
    FolderUpdate,
    MoveItems,
    GetItemEstimate,
    MeetingResponse,
    Search,
    Settings,
    Ping,
    ItemOperations,
    Provision,
    ResolveRecipients,
    ValidateCert,
    Find,
}

impl Command {
    /// The command of a code.
    pub fn of_code(code: u8) -> Self {
        let found = Self::ALL.get(usize::from(code));
        found.copied().unwrap_or_default()
    }

    /// The command of a name in any case.
    pub fn parse(name: &str) -> Self {
        let is_meant = |command: &&Self| command.name().eq_ignore_ascii_case(name);
        Self::ALL.iter().find(is_meant).copied().unwrap_or_default()
    }

    /// The root element of its messages; none of commands that have no WBXML. GetAttachment is
    /// refused in that of ItemOperations, which took its place.
    pub fn root(self) -> Option<Tag> {
        Some(match self {
            Command::Sync => page::air_sync::SYNC,
            Command::SendMail => page::compose_mail::SEND_MAIL,
            Command::SmartForward => page::compose_mail::SMART_FORWARD,
            Command::SmartReply => page::compose_mail::SMART_REPLY,
            Command::FolderSync => page::folder_hierarchy::FOLDER_SYNC,
            Command::FolderCreate => page::folder_hierarchy::FOLDER_CREATE,
            Command::FolderDelete => page::folder_hierarchy::FOLDER_DELETE,
            Command::FolderUpdate => page::folder_hierarchy::FOLDER_UPDATE,
            Command::MoveItems => page::move_items::MOVE_ITEMS,
            Command::GetItemEstimate => page::get_item_estimate::GET_ITEM_ESTIMATE,
            Command::MeetingResponse => page::meeting_response::MEETING_RESPONSE,
            Command::Search => page::search::SEARCH,
            Command::Settings => page::settings::SETTINGS,
            Command::Ping => page::ping::PING,
            Command::GetAttachment | Command::ItemOperations => {
                page::item_operations::ITEM_OPERATIONS
            }
            Command::Provision => page::provision::PROVISION,
            Command::ResolveRecipients => page::resolve_recipients::RESOLVE_RECIPIENTS,
            Command::ValidateCert => page::validate_cert::VALIDATE_CERT,
            Command::Find => page::find::FIND,
            Command::GetHierarchy
            | Command::CreateCollection
            | Command::DeleteCollection
            | Command::MoveCollection
            | Command::Unknown => return None,
        })
    }

    /// The first version that has it.
    pub fn since(self) -> Version {
        match self {
            Command::Settings | Command::ItemOperations => Version::V12_0,
            Command::Find => Version::V16_1,
            _ => Version::V2_5,
        }
    }

    /// Whether the body of a request is a raw MIME message, not WBXML ([MS-ASCMD] 2.2.1.17, before
    /// 14.0).
    pub fn is_raw(self, version: Version) -> bool {
        version < Version::V14_0
            && matches!(
                self,
                Command::SendMail | Command::SmartForward | Command::SmartReply
            )
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
