//! Why an argument, or the octets of an item, cannot be used: rules that faces tell apart, so that
//! a page says them in the reader's words.

/// The rule an argument breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// The grantee of a right is not a member of the group.
    #[error("only members of the group can be granted rights")]
    OnlyMembers,
    /// The displayed name of a person or group is malformed.
    #[error("a displayed name has 1 to 100 characters and no controls")]
    DisplayName,
    /// The text given is no e-mail address.
    #[error("{0} is no e-mail address")]
    Address(String),
    /// The person named is not a member of the group.
    #[error("this person is not a member of the group")]
    NotAMember,
    /// A comment is empty or too long; the number is the most characters allowed.
    #[error("a comment has 1 to {0} characters")]
    Comment(usize),
    /// An action on several items names none.
    #[error("nothing is selected")]
    NothingSelected,
    /// A contact is to be shared into the book it is in.
    #[error("the contact is in this book already")]
    HereAlready,
    /// The administrator of a group would leave or step down without handing it over.
    #[error("a group keeps its administrator: hand it over to somebody else")]
    KeepsAdministrator,
    /// The maker of the invitation does not run the group any more.
    #[error("who invited does not run the group any more: ask for another invitation")]
    InvitationVoid,
    /// An invitation is for somebody who is not in the group yet.
    #[error("a member needs no invitation")]
    AlreadyMember,
    /// The text given is no colour.
    #[error("{0} is no colour (#rrggbb)")]
    Colour(String),
    /// The login of an account is malformed or reserved.
    #[error("a login is 1 to 64 of a-z, 0-9 and . _ - @ +, and not a reserved word")]
    Login,
    /// The server would be left without an administrator.
    #[error("the server keeps an administrator: name another one first")]
    ServerKeepsAdministrator,
    /// The group named would be left without an administrator if the account ended.
    #[error("{0} would be left without an administrator: hand it over first")]
    HandedOver(String),
    /// The name of a class of accounts is empty or too long.
    #[error("the name of a class has 1 to 40 characters")]
    ClassName,
    /// The number of contacts or devices that a class of accounts allows is below 1.
    #[error("a limit is 1 or more, or none")]
    Limit,
    /// The quota of documents of a class of accounts is malformed.
    #[error("a quota of documents is a number of MiB, 0 for no limit, or server")]
    DocumentQuota,
    /// The largest photo or import that a class of accounts allows is below 1 KiB.
    #[error("a photo and an import may have 1 KiB or more, or as the server allows")]
    SizeLimit,
    /// The notice of maintenance is too long.
    #[error("a notice has at most 500 characters")]
    Notice,
    /// The name typed to confirm a removal is not the name of what is to be removed.
    #[error("what was typed is another name")]
    TypedName,
    /// The name a person gives a device is malformed.
    #[error("the name of a device has at most 60 characters and no controls")]
    DeviceName,
    /// The name of a folder of documents is empty or too long.
    #[error("a folder's name has 1 to 100 characters")]
    FolderName,
    /// Something is to be put into a deleted folder.
    #[error("the folder was deleted")]
    FolderDeleted,
    /// The recipient of a message to a telephone is no number in international form.
    #[error("is no number in international form")]
    Number,
    /// The text of a message to a telephone is empty or too long.
    #[error("a message is neither empty nor too long")]
    Message,
    /// The contact declined to be asked to verify its data.
    #[error("does not want to be asked")]
    Declined,
    /// The contact was asked to verify its data within a day.
    #[error("was asked within a day")]
    AskedToday,
    /// The person asked too many contacts in one day, or the address was asked too often.
    #[error("asked too many in one day")]
    AskedTooMany,
    /// None of the contacts chosen can be asked to verify its data.
    #[error("nobody of these can be asked")]
    NobodyToAsk,
    /// The number of days between reminders is out of range.
    #[error("reminders come every 1 to 60 days")]
    Reminders,
    /// The moment to go back to is in the future or before the kept history.
    #[error("a moment is neither to come nor from before the kept history")]
    Moment,
    /// The name of an app password is empty or too long; the number is the most characters allowed.
    #[error("the name of an app password has 1 to {0} characters")]
    PasswordName(usize),
    /// An app password would serve no protocol.
    #[error("an app password serves at least one protocol")]
    PasswordProtocols,
    /// An app password would show no place.
    #[error("an app password shows at least one place")]
    PasswordPlaces,
    /// An app password would end in the past.
    #[error("an app password ends in the future, or never")]
    PasswordEnds,
    /// The quota of contacts of an account is malformed.
    #[error("a quota is a number of contacts, 0 for no limit")]
    Quota,
    /// The organization of a person is too long; the number is the most characters allowed.
    #[error("an organization has at most {0} characters")]
    Organization(usize),
    /// A person would have more tags than this number.
    #[error("a person has at most {0} tags")]
    Tags(usize),
    /// A person would administer more groups than this number.
    #[error("a person administers at most {0} groups")]
    Groups(usize),
    /// A group would have more open invitations than this number.
    #[error("a group has at most {0} open invitations")]
    Invitations(usize),
    /// The name of a group in URLs is malformed.
    #[error("a group's name is 1 to 64 characters without / \\ : % $ ? # or controls")]
    GroupName,
    /// The name of a group is part of the server's own addresses.
    #[error("this name is part of the server's addresses")]
    ReservedName,
    /// The person is not in the group named.
    #[error("{0} is no group of yours")]
    OthersGroup(String),
    /// The name of a tag is empty or too long.
    #[error("a tag's name has 1 to 64 characters")]
    TagName,
    /// The name of a document is empty or too long; the number is the most characters allowed.
    #[error("a document's name has 1 to {0} characters")]
    DocumentName(usize),
    /// The description of a document is too long; the number is the most characters allowed.
    #[error("a description has at most {0} characters")]
    Description(usize),
    /// A document is to go into a book, or a contact into a folder.
    #[error("books hold contacts, folders hold documents")]
    OtherKind,
    /// The number typed to empty a book is not the number of its contacts, which this is.
    #[error("there are {0} contacts, not as many as were said")]
    Count(i64),
    /// The time in which the import could be undone is over.
    #[error("this import cannot be undone any more")]
    ImportOver,
    /// A message to a telephone is to be sent again, although it did not fail.
    #[error("the message is on its way or arrived")]
    OnItsWay,
    /// A person would send more messages to telephones in a day than this number.
    #[error("at most {0} messages are sent in a day")]
    MessagesADay(i64),
    /// The rule for new devices of a kind is unknown.
    #[error("new devices of a kind are allowed, quarantined or blocked")]
    NewDevices,
    /// The server was not told the address by which people reach it.
    #[error("public_url is not set")]
    NoAddress,
    /// The form that a browser sent breaks its format.
    #[error("the form did not arrive whole")]
    Form,
    /// Another rule, in words: of configuration and files, or in the reader's language.
    #[error("{0}")]
    Other(String),
}

/// Why octets cannot be stored as an item of a class.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The picture is damaged, or is none; the text says why.
    #[error("the picture cannot be read: {0}")]
    Picture(String),
    /// The picture has too many pixels; the numbers are its width and height.
    #[error("the picture is too large: {0} by {1} pixels")]
    PictureSize(u64, u64),
    /// A contact would become a list, or a list a contact.
    #[error("a contact cannot become a list, nor a list a contact")]
    Kind,
    /// A new contact has no value at all.
    #[error("nothing is said of the contact")]
    Nothing,
    /// The value given in the field of this name is no date.
    #[error("{value:?} is no date")]
    Date { field: String, value: String },
    /// The value given in the field of this name is no e-mail address.
    #[error("{value:?} is no e-mail address")]
    Address { field: String, value: String },
    /// A list of values would have more rows than this number.
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
