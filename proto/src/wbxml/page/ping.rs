//! Code page 13: Ping ([MS-ASWBXML] 2.1.2.1.14).

code_page! {
    13, "Ping";
    PING = 0x05, "Ping";
    AUTD_STATE = 0x06, "AutdState";
    STATUS = 0x07, "Status";
    HEARTBEAT_INTERVAL = 0x08, "HeartbeatInterval";
    FOLDERS = 0x09, "Folders";
    FOLDER = 0x0A, "Folder";
    ID = 0x0B, "Id";
    CLASS = 0x0C, "Class";
    MAX_FOLDERS = 0x0D, "MaxFolders";
}
