//! Why an argument, or the octets of an item, cannot be used: rules that faces tell apart, so that
//! a page says them in the reader's words.

/// The rule an argument breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// Rights are granted to members.
    #[error("only members of the group can be granted rights")]
    OnlyMembers,
    /// Of people and groups.
    #[error("a displayed name has 1 to 100 characters and no controls")]
    DisplayName,
    /// Holds what was given.
    #[error("{0} is no e-mail address")]
    Address(String),
    /// Somebody else than the members.
    #[error("this person is not a member of the group")]
    NotAMember,
    /// Holds the most characters.
    #[error("a comment has 1 to {0} characters")]
    Comment(usize),
    /// Of an action on several.
    #[error("nothing is selected")]
    NothingSelected,
    /// Shared into the book it is in.
    #[error("the contact is in this book already")]
    HereAlready,
    /// The administrator of a group neither leaves nor steps down.
    #[error("a group keeps its administrator: hand it over to somebody else")]
    KeepsAdministrator,
    /// Who invited runs the group no more.
    #[error("who invited does not run the group any more: ask for another invitation")]
    InvitationVoid,
    /// Holds what was given.
    #[error("{0} is no colour (#rrggbb)")]
    Colour(String),
    /// Of an account.
    #[error("a login is 1 to 64 of a-z, 0-9 and . _ - @ +, and not a reserved word")]
    Login,
    /// The last administrator of the server stays one.
    #[error("the server keeps an administrator: name another one first")]
    ServerKeepsAdministrator,
    /// Holds the group of an account that is to end.
    #[error("{0} would be left without an administrator: hand it over first")]
    HandedOver(String),
    /// Of a class of accounts.
    #[error("the name of a class has 1 to 40 characters")]
    ClassName,
    /// Contacts and devices of a class of accounts.
    #[error("a limit is 1 or more, or none")]
    Limit,
    /// Of a class of accounts.
    #[error("a quota of documents is a number of MiB, 0 for no limit, or server")]
    DocumentQuota,
    /// Of a class of accounts.
    #[error("a photo and an import may have 1 KiB or more, or as the server allows")]
    SizeLimit,
    /// The notice of maintenance.
    #[error("a notice has at most 500 characters")]
    Notice,
    /// Typed to confirm a removal.
    #[error("what was typed is another name")]
    TypedName,
    /// The name a person gives a device.
    #[error("the name of a device has at most 60 characters and no controls")]
    DeviceName,
    /// Of a folder of documents.
    #[error("a folder's name has 1 to 100 characters")]
    FolderName,
    /// Nothing is put into a deleted folder.
    #[error("the folder was deleted")]
    FolderDeleted,
    /// Of a message to a telephone.
    #[error("is no number in international form")]
    Number,
    /// Of a message to a telephone.
    #[error("a message is neither empty nor too long")]
    Message,
    /// The contact declined to be asked.
    #[error("does not want to be asked")]
    Declined,
    /// The contact was asked lately.
    #[error("was asked within a day")]
    AskedToday,
    /// The person, or somebody about the address, asked too often.
    #[error("asked too many in one day")]
    AskedTooMany,
    /// None of the contacts chosen.
    #[error("nobody of these can be asked")]
    NobodyToAsk,
    /// Days between reminders.
    #[error("reminders come every 1 to 60 days")]
    Reminders,
    /// A moment to go back to.
    #[error("a moment is neither to come nor from before the kept history")]
    Moment,
    /// Of an app password; holds the most characters.
    #[error("the name of an app password has 1 to {0} characters")]
    PasswordName(usize),
    /// Of an app password.
    #[error("an app password serves at least one protocol")]
    PasswordProtocols,
    /// Of an app password.
    #[error("an app password shows at least one place")]
    PasswordPlaces,
    /// Of an app password.
    #[error("an app password ends in the future, or never")]
    PasswordEnds,
    /// Contacts of an account.
    #[error("a quota is a number of contacts, 0 for no limit")]
    Quota,
    /// Of a person; holds the most characters.
    #[error("an organization has at most {0} characters")]
    Organization(usize),
    /// Of a person; holds how many there may be.
    #[error("a person has at most {0} tags")]
    Tags(usize),
    /// Groups that one person administers; holds how many there may be.
    #[error("a person administers at most {0} groups")]
    Groups(usize),
    /// Of a group; holds how many there may be.
    #[error("a group has at most {0} open invitations")]
    Invitations(usize),
    /// The name of a group in URLs.
    #[error("a group's name is 1 to 64 characters without / \\ : % $ ? # or controls")]
    GroupName,
    /// Of a group: part of the server's own addresses.
    #[error("this name is part of the server's addresses")]
    ReservedName,
    /// A group that the person is not in.
    #[error("{0} is no group of yours")]
    OthersGroup(String),
    /// Of a tag.
    #[error("a tag's name has 1 to 64 characters")]
    TagName,
    /// Of a document; holds the most characters.
    #[error("a document's name has 1 to {0} characters")]
    DocumentName(usize),
    /// Of a document; holds the most characters.
    #[error("a description has at most {0} characters")]
    Description(usize),
    /// Items of one kind do not go where the others are.
    #[error("books hold contacts, folders hold documents")]
    OtherKind,
    /// Typed to empty a book; holds how many there are.
    #[error("there are {0} contacts, not as many as were said")]
    Count(i64),
    /// Its time to be undone is over.
    #[error("this import cannot be undone any more")]
    ImportOver,
    /// Of a message to a telephone that did not fail.
    #[error("the message is on its way or arrived")]
    OnItsWay,
    /// Messages to telephones by one person; holds how many a day may have.
    #[error("at most {0} messages are sent in a day")]
    MessagesADay(i64),
    /// Rules of the administration for kinds of devices.
    #[error("new devices of a kind are allowed, quarantined or blocked")]
    NewDevices,
    /// The server was not told how people reach it.
    #[error("public_url is not set")]
    NoAddress,
    /// What a browser sent breaks its format.
    #[error("the form did not arrive whole")]
    Form,
    /// Another one in words: of configuration and files, or in the reader's language.
    #[error("{0}")]
    Other(String),
}

/// Why octets cannot be stored as an item of a class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// No picture, or a damaged one; holds why.
    #[error("the picture cannot be read: {0}")]
    Picture(String),
    /// Holds the width and the height in pixels.
    #[error("the picture is too large: {0} by {1} pixels")]
    PictureSize(u64, u64),
    /// A contact stays one, and a list too.
    #[error("a contact cannot become a list, nor a list a contact")]
    Kind,
    /// A new contact without any value.
    #[error("nothing is said of the contact")]
    Nothing,
    /// What was given for a date, in a field of this name.
    #[error("{value:?} is no date")]
    Date { field: String, value: String },
    /// Values of one list; holds how many there may be.
    #[error("a list of values has at most {0}")]
    Rows(usize),
    /// Another reason, in words.
    #[error("{0}")]
    Other(String),
}

impl From<String> for Rule {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

impl From<&str> for Rule {
    fn from(why: &str) -> Self {
        Self::Other(why.to_owned())
    }
}

impl From<String> for Malformed {
    fn from(why: String) -> Self {
        Self::Other(why)
    }
}

impl From<&str> for Malformed {
    fn from(why: &str) -> Self {
        Self::Other(why.to_owned())
    }
}
