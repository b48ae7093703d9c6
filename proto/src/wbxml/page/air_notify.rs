//! Code page 3: AirNotify ([MS-ASWBXML] 2.1.2.1.4).

code_page! {
    3, "AirNotify";
    NOTIFY = 0x05, "Notify";
    NOTIFICATION = 0x06, "Notification";
    VERSION = 0x07, "Version";
    LIFE_TIME = 0x08, "LifeTime";
    DEVICE_INFO = 0x09, "DeviceInfo";
    ENABLE = 0x0A, "Enable";
    FOLDER = 0x0B, "Folder";
    SERVER_ID = 0x0C, "ServerId";
    DEVICE_ADDRESS = 0x0D, "DeviceAddress";
    VALID_CARRIER_PROFILES = 0x0E, "ValidCarrierProfiles";
    CARRIER_PROFILE = 0x0F, "CarrierProfile";
    STATUS = 0x10, "Status";
    RESPONSES = 0x11, "Responses";
    DEVICES = 0x12, "Devices";
    DEVICE = 0x13, "Device";
    ID = 0x14, "Id";
    EXPIRY = 0x15, "Expiry";
    NOTIFY_GUID = 0x16, "NotifyGUID";
}
