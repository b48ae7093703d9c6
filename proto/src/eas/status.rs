//! Values of Status elements ([MS-ASCMD] 2.2.3.177, [MS-ASPROV] 2.2.2.54): those of every command,
//! and those of each. Values the server has no use for are left out.

use std::fmt;

/// A value of a Status element, printed as its number.
pub trait Status: fmt::Display {}

macro_rules! statuses {
    ($($(#[$about:meta])* $command:ident {
        $($(#[$meaning:meta])* $name:ident = $value:literal,)+
    })+) => {$(
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub enum $command {
            $($(#[$meaning])* $name = $value,)+
        }

        impl Status for $command {}

        impl fmt::Display for $command {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                (*self as u16).fmt(f)
            }
        }
    )+};
}

statuses! {
    /// Common status codes ([MS-ASCMD] 2.2.2), which any command may have from 14.0 on.
    Common {
        InvalidContent = 101,
        InvalidWbxml = 102,
        InvalidXml = 103,
        ServerError = 110,
        MailboxQuotaExceeded = 113,
        MailSubmissionFailed = 120,
        DeviceIsBlockedForThisUser = 129,
        AccessDenied = 130,
        AccountDisabled = 131,
        SyncStateNotFound = 132,
        SyncStateAlreadyExists = 135,
        CommandNotSupported = 137,
        VersionNotSupported = 138,
        DeviceNotFullyProvisionable = 139,
        RemoteWipeRequested = 140,
        DeviceNotProvisioned = 142,
        InvalidPolicyKey = 144,
        AvailabilityFailure = 163,
        IrmFeatureDisabled = 168,
        MaximumDevicesReached = 177,
    }

    /// The status of a Picture ([MS-ASCMD] 2.2.2).
    Picture {
        Success = 1,
        NoPicture = 173,
        PictureTooLarge = 174,
        PictureLimitReached = 175,
    }

    /// [MS-ASCMD] 2.2.3.177.2
    Find {
        Success = 1,
        InvalidRequest = 2,
        StartWithRangeZero = 4,
    }

    /// FolderCreate, FolderDelete, FolderSync and FolderUpdate ([MS-ASCMD] 2.2.3.177.3 to 6).
    Folder {
        Success = 1,
        /// The name is taken; of FolderUpdate also that the folder is a special one.
        Exists = 2,
        /// The folder, or the parent of a new one, is a special one.
        SpecialFolder = 3,
        NotFound = 4,
        ParentNotFound = 5,
        InvalidSyncKey = 9,
        MalformedRequest = 10,
    }

    /// [MS-ASCMD] 2.2.3.177.7
    GetItemEstimate {
        Success = 1,
        InvalidCollection = 2,
        NotPrimed = 3,
        InvalidSyncKey = 4,
    }

    /// [MS-ASCMD] 2.2.3.177.8
    ItemOperations {
        Success = 1,
        ProtocolError = 2,
        NotFound = 6,
        UnknownStore = 9,
        TooLarge = 11,
        InvalidAttachment = 15,
        AccessDenied = 16,
    }

    /// [MS-ASCMD] 2.2.3.177.9
    MeetingResponse {
        InvalidRequest = 2,
    }

    /// [MS-ASCMD] 2.2.3.177.10
    MoveItems {
        InvalidSource = 1,
        InvalidDestination = 2,
        Success = 3,
        SameFolder = 4,
        Failed = 5,
    }

    /// [MS-ASCMD] 2.2.3.177.11
    Ping {
        /// The heartbeat ended without changes.
        NoChanges = 1,
        Changes = 2,
        MissingParameters = 3,
        SyntaxError = 4,
        InvalidHeartbeat = 5,
        TooManyFolders = 6,
        FolderSyncRequired = 7,
    }

    /// The status of the command, of a recipient and of its certificates ([MS-ASCMD] 2.2.3.177.12).
    ResolveRecipients {
        Success = 1,
        /// Several people, all of them suggested.
        Ambiguous = 2,
        /// Several people, some of them suggested.
        AmbiguousPartial = 3,
        NotFound = 4,
        ProtocolError = 5,
        NoCertificate = 7,
    }

    /// [MS-ASCMD] 2.2.3.177.13
    Search {
        Success = 1,
        ProtocolError = 2,
        AccessDenied = 5,
        EndOfRange = 12,
    }

    /// [MS-ASCMD] 2.2.3.177.15
    Settings {
        Success = 1,
        ProtocolError = 2,
        AccessDenied = 3,
        DeniedByPolicy = 7,
    }

    /// The status of the command, of a collection and of a command in it ([MS-ASCMD] 2.2.3.177.17).
    Sync {
        Success = 1,
        InvalidSyncKey = 3,
        ProtocolError = 4,
        /// The data cannot be stored.
        ConversionError = 6,
        /// The server's version stands.
        Conflict = 7,
        NotFound = 8,
        /// No room.
        CannotComplete = 9,
        FolderHierarchyChanged = 12,
        /// An empty or partial request that no former one completes.
        Incomplete = 13,
        InvalidWait = 14,
        TooManyCollections = 15,
        /// Nothing was done: the request may be sent again.
        Retry = 16,
    }

    /// [MS-ASCMD] 2.2.3.177.18
    ValidateCert {
        Success = 1,
        ProtocolError = 2,
        /// Nothing can be said of the certificate.
        UnknownServerError = 17,
    }

    /// The status in the Policy element of an answer ([MS-ASPROV] 2.2.2.54.1).
    Policy {
        Success = 1,
        NoPolicy = 2,
        UnknownPolicyType = 3,
        WrongPolicyKey = 5,
    }

    /// [MS-ASPROV] 2.2.2.54.2
    Provision {
        Success = 1,
        ProtocolError = 2,
    }
}
