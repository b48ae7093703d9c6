//! Message encryption (RFC 8291, RFC 8188) and the server's signature (RFC 8292).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey},
    agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral},
    error::Unspecified,
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
    rand::{SecureRandom as _, SystemRandom},
};

use super::Push;
use crate::domain::{id::Timestamp, store::PushSubscription};

/// Validity of a VAPID token in seconds; push services refuse more than a day.
const TOKEN_SECONDS: i64 = 12 * 3600;
/// Octets of the one record (RFC 8188 §2.1).
const RECORD: u32 = 4096;

/// The body of a push message in `aes128gcm`; none when the subscriber's key is not a point of the
/// curve.
pub fn encrypt(
    random: &SystemRandom,
    subscription: &PushSubscription,
    text: &[u8],
) -> Option<Vec<u8>> {
    let own = EphemeralPrivateKey::generate(&ECDH_P256, random).ok()?;
    let mut salt = [0; 16];
    random.fill(&mut salt).ok()?;
    seal(own, salt, subscription, text).ok()
}

fn seal(
    own: EphemeralPrivateKey,
    salt: [u8; 16],
    subscription: &PushSubscription,
    text: &[u8],
) -> Result<Vec<u8>, Unspecified> {
    let own_public = own.compute_public_key()?;
    let peer = UnparsedPublicKey::new(&ECDH_P256, &subscription.public_key);
    let info = [
        b"WebPush: info\0",
        subscription.public_key.as_slice(),
        own_public.as_ref(),
    ];
    // RFC 8291 §3.4
    let key: [u8; 32] = agree_ephemeral(own, &peer, |secret| {
        let prk = Salt::new(HKDF_SHA256, &subscription.auth_secret).extract(secret);
        expand(&prk, &info)
    })??;
    // RFC 8188 §2.2, §2.3
    let prk = Salt::new(HKDF_SHA256, &salt).extract(&key);
    let content_key: [u8; 16] = expand(&prk, &[b"Content-Encoding: aes128gcm\0"])?;
    let nonce: [u8; 12] = expand(&prk, &[b"Content-Encoding: nonce\0"])?;
    let mut record = text.to_vec();
    record.push(2);
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &content_key)?).seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::empty(),
        &mut record,
    )?;
    let mut body = salt.to_vec();
    body.extend(RECORD.to_be_bytes());
    body.push(u8::try_from(own_public.as_ref().len()).map_err(|_| Unspecified)?);
    body.extend(own_public.as_ref());
    body.extend(record);
    Ok(body)
}

struct Octets(usize);

impl KeyType for Octets {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], Unspecified> {
    let mut out = [0; N];
    prk.expand(info, Octets(N))?.fill(&mut out)?;
    Ok(out)
}

impl Push {
    /// `Authorization` for a push service (RFC 8292 §3).
    pub fn authorization(&self, origin: &str, now: Timestamp) -> Option<String> {
        let header = URL_SAFE_NO_PAD.encode(br#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = serde_json::json!({
            "aud": origin,
            "exp": now.0 / 1000 + TOKEN_SECONDS,
            "sub": self.contact,
        });
        let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{header}.{claims}");
        let signature = self.key.sign(&self.random, signed.as_bytes()).ok()?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Some(format!(
            "vapid t={signed}.{signature}, k={}",
            self.public_key()
        ))
    }
}
