//! Security headers for browsers on every response; pages add more of their own.

use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
        X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
    },
};

/// Headers of every response that does not set them itself.
const ALWAYS: [(HeaderName, HeaderValue); 5] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"),
    ),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("x-permitted-cross-domain-policies"),
        HeaderValue::from_static("none"),
    ),
];

/// Valid for a year, for this host alone: other hosts of its domain are not ours.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// The headers that a server adds.
#[derive(Clone, Copy, Debug)]
pub struct Headers {
    strict: bool,
}

impl Headers {
    /// The headers of a server with this public URL; HSTS (RFC 6797) if that is https.
    pub fn new(public_url: Option<&str>) -> Self {
        Self {
            strict: public_url.is_some_and(|url| url.starts_with("https://")),
        }
    }

    /// Adds the headers that a response lacks.
    pub fn add(self, headers: &mut HeaderMap, secure: bool) {
        for (name, value) in ALWAYS {
            headers.entry(name).or_insert(value);
        }
        // RFC 6797 §7.2: never over plain http.
        if self.strict && secure {
            headers.entry(STRICT_TRANSPORT_SECURITY).or_insert(STRICT);
        }
    }
}
