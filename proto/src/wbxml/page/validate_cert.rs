//! Code page 11: ValidateCert ([MS-ASWBXML] 2.1.2.1.12).

code_page! {
    11, "ValidateCert";
    VALIDATE_CERT = 0x05, "ValidateCert";
    CERTIFICATES = 0x06, "Certificates";
    CERTIFICATE = 0x07, "Certificate";
    CERTIFICATE_CHAIN = 0x08, "CertificateChain";
    CHECK_CRL = 0x09, "CheckCrl";
    STATUS = 0x0A, "Status";
}
