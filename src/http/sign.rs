//! Signs configuration profiles with the key of the server's certificate (CMS, RFC 5652), so that a
//! device shows who made them.

use std::sync::Arc;

use cms::{
    cert::{
        CertificateChoices, IssuerAndSerialNumber,
        x509::{
            Certificate,
            attr::Attribute,
            der::{
                Any, Decode as _, Encode as _,
                asn1::{OctetString, SetOfVec, UtcTime},
                oid::ObjectIdentifier,
            },
            spki::AlgorithmIdentifierOwned,
            time::Time,
        },
    },
    content_info::{CmsVersion, ContentInfo},
    signed_data::{EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos},
};
use rustls::{
    SignatureScheme,
    crypto::ring::sign::any_supported_type,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::SigningKey,
};

// RFC 5652 §4, §5.1, §11.1 to §11.3; RFC 5754 §2, §3.
const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const ECDSA_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA_384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

/// Signs with the server's certificate and key.
pub struct Signer {
    chain: Vec<Certificate>,
    key: Arc<dyn SigningKey>,
}

/// Why something could not be signed.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

impl Signer {
    /// A signer with a chain (the server's certificate first) and its key.
    pub fn new(chain: &[CertificateDer<'_>], key: &PrivateKeyDer<'_>) -> Result<Self, Fault> {
        let chain: Result<Vec<_>, _> = chain.iter().map(|der| Certificate::from_der(der)).collect();
        Ok(Self {
            chain: chain?,
            key: any_supported_type(key)?,
        })
    }

    /// The first and the last moment of the certificate, in seconds since 1970.
    pub fn validity(&self) -> Option<(u64, u64)> {
        let validity = self.chain.first()?.tbs_certificate.validity;
        let seconds = |at: Time| at.to_unix_duration().as_secs();
        Some((seconds(validity.not_before), seconds(validity.not_after)))
    }

    /// CMS SignedData with the content, in DER. An error for a kind of key that phones do not
    /// verify.
    pub fn sign(&self, content: &[u8]) -> Result<Vec<u8>, Fault> {
        let certificate = self.chain.first().ok_or("there is no certificate")?;
        let schemes = [
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::RSA_PKCS1_SHA256,
        ];
        let signer = self
            .key
            .choose_scheme(&schemes)
            .ok_or("no key to sign with")?;
        let (hash, digest, algorithm) = match signer.scheme() {
            SignatureScheme::RSA_PKCS1_SHA256 => (
                &ring::digest::SHA256,
                SHA_256,
                identifier(RSA, Some(Any::null())),
            ),
            SignatureScheme::ECDSA_NISTP384_SHA384 => (
                &ring::digest::SHA384,
                SHA_384,
                identifier(ECDSA_SHA_384, None),
            ),
            _ => (
                &ring::digest::SHA256,
                SHA_256,
                identifier(ECDSA_SHA_256, None),
            ),
        };
        let content_digest = ring::digest::digest(hash, content);
        let now = std::time::SystemTime::now();
        let attributes = SetOfVec::try_from(vec![
            attribute(CONTENT_TYPE, Any::encode_from(&DATA)?)?,
            attribute(
                SIGNING_TIME,
                Any::encode_from(&UtcTime::from_system_time(now)?)?,
            )?,
            attribute(
                MESSAGE_DIGEST,
                Any::encode_from(&OctetString::new(content_digest.as_ref())?)?,
            )?,
        ])?;
        // RFC 5652 §5.4: what is signed is the SET OF, in DER.
        let signature = signer.sign(&attributes.to_der()?)?;
        let info = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
                issuer: certificate.tbs_certificate.issuer.clone(),
                serial_number: certificate.tbs_certificate.serial_number.clone(),
            }),
            digest_alg: identifier(digest, None),
            signed_attrs: Some(attributes),
            signature_algorithm: algorithm,
            signature: OctetString::new(signature)?,
            unsigned_attrs: None,
        };
        let chain = self
            .chain
            .iter()
            .cloned()
            .map(CertificateChoices::Certificate);
        let signed = SignedData {
            version: CmsVersion::V1,
            digest_algorithms: SetOfVec::try_from(vec![identifier(digest, None)])?,
            encap_content_info: EncapsulatedContentInfo {
                econtent_type: DATA,
                econtent: Some(Any::encode_from(&OctetString::new(content)?)?),
            },
            certificates: Some(chain.collect::<Vec<_>>().try_into()?),
            crls: None,
            signer_infos: SignerInfos::try_from(vec![info])?,
        };
        let wrapped = ContentInfo {
            content_type: SIGNED_DATA,
            content: Any::encode_from(&signed)?,
        };
        Ok(wrapped.to_der()?)
    }
}

fn identifier(oid: ObjectIdentifier, parameters: Option<Any>) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned { oid, parameters }
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, Fault> {
    let values = SetOfVec::try_from(vec![value])?;
    Ok(Attribute { oid, values })
}
