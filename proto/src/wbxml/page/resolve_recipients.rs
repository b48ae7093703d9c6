//! Code page 10: ResolveRecipients ([MS-ASWBXML] 2.1.2.1.11).

code_page! {
    10, "ResolveRecipients";
    RESOLVE_RECIPIENTS = 0x05, "ResolveRecipients";
    RESPONSE = 0x06, "Response";
    STATUS = 0x07, "Status";
    TYPE = 0x08, "Type";
    RECIPIENT = 0x09, "Recipient";
    DISPLAY_NAME = 0x0A, "DisplayName";
    EMAIL_ADDRESS = 0x0B, "EmailAddress";
    CERTIFICATES = 0x0C, "Certificates";
    CERTIFICATE = 0x0D, "Certificate";
    MINI_CERTIFICATE = 0x0E, "MiniCertificate";
    OPTIONS = 0x0F, "Options";
    TO = 0x10, "To";
    CERTIFICATE_RETRIEVAL = 0x11, "CertificateRetrieval";
    RECIPIENT_COUNT = 0x12, "RecipientCount";
    MAX_CERTIFICATES = 0x13, "MaxCertificates";
    MAX_AMBIGUOUS_RECIPIENTS = 0x14, "MaxAmbiguousRecipients";
    CERTIFICATE_COUNT = 0x15, "CertificateCount";
    AVAILABILITY = 0x16, "Availability";
    START_TIME = 0x17, "StartTime";
    END_TIME = 0x18, "EndTime";
    MERGED_FREE_BUSY = 0x19, "MergedFreeBusy";
    PICTURE = 0x1A, "Picture";
    MAX_SIZE = 0x1B, "MaxSize";
    DATA = 0x1C, "Data";
    MAX_PICTURES = 0x1D, "MaxPictures";
}
