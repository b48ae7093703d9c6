//! Requests to addresses that clients name: public addresses only, so that nobody reaches the
//! server's own network through it (SSRF).

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};
use tokio_rustls::TlsConnector;

/// An HTTPS client that trusts the certificate authorities of the system.
pub struct Outbound {
    tls: TlsConnector,
    /// Loopback and private addresses, and plain http, are allowed: for tests.
    allow_private: bool,
}

impl Outbound {
    /// A client that trusts the certificate authorities of the system. `allow_private` also permits
    /// loopback and private addresses and plain http, for tests.
    pub fn new(allow_private: bool) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self {
            tls: TlsConnector::from(Arc::new(config)),
            allow_private,
        })
    }

    /// Parses an https URL; none when requests to it are not allowed.
    pub fn target(&self, url: &str) -> Option<Target> {
        Target::parse(url, self.allow_private)
    }

    /// Sends a POST, as [`Outbound::send`].
    pub async fn post(
        &self,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
        self.ask(Method::POST, target, headers, body).await
    }

    /// Sends a request with any method.
    pub async fn ask(
        &self,
        method: Method,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
        let (path, authority) = target.request();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = path.parse()?;
        *request.headers_mut() = headers;
        let host = HeaderValue::from_str(&authority)?;
        request.headers_mut().insert(header::HOST, host);
        let stream = TcpStream::connect(target.address().await?).await?;
        if target.tls {
            let name = ServerName::try_from(target.host.clone())?;
            exchange(self.tls.connect(name, stream).await?, request).await
        } else {
            exchange(stream, request).await
        }
    }
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Full<Bytes>>,
) -> Result<StatusCode, Box<dyn Error + Send + Sync>> {
    let io = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
    let connection = tokio::spawn(connection);
    let status = sender
        .send_request(request)
        .await
        .map(|answer| answer.status());
    connection.abort();
    Ok(status?)
}

/// A permitted destination.
#[derive(Clone, Debug)]
pub struct Target {
    uri: Uri,
    tls: bool,
    host: String,
    port: u16,
    allow_private: bool,
}

impl Target {
    /// Plain http is parsed only where private addresses are allowed.
    fn parse(url: &str, allow_private: bool) -> Option<Self> {
        let uri: Uri = url.parse().ok()?;
        let tls = match uri.scheme_str()? {
            "https" => true,
            "http" if allow_private => false,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let literal: Option<IpAddr> = host.parse().ok();
        if host.is_empty() || literal.is_some_and(|ip| !allow_private && !is_public(ip)) {
            return None;
        }
        Some(Self {
            uri,
            tls,
            host,
            port,
            allow_private,
        })
    }

    /// `https://host`, the audience of a VAPID token (RFC 8292 §2).
    pub fn origin(&self) -> String {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let authority = self
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        format!("{scheme}://{authority}")
    }

    /// What the request line and the Host header say.
    fn request(&self) -> (String, String) {
        let path = self.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = self
            .uri
            .authority()
            .map_or("", |authority| authority.as_str());
        (path.to_owned(), authority.to_owned())
    }

    /// An address to connect to. A name that resolves to any private address is refused.
    async fn address(&self) -> std::io::Result<SocketAddr> {
        let found: Vec<SocketAddr> = tokio::net::lookup_host((self.host.as_str(), self.port))
            .await?
            .collect();
        let refused = || std::io::Error::other("the name has no public address");
        if !self.allow_private && found.iter().any(|address| !is_public(address.ip())) {
            return Err(refused());
        }
        found.into_iter().next().ok_or_else(refused)
    }
}

/// Whether an address is reachable over the Internet (RFC 6890).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_multicast()
        || ip.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(mapped) = ip.to_ipv4() {
        return is_public_v4(mapped);
    }
    // Only 2000::/3 is given out; 2001:db8::/32, 2002::/16 and 2001::/23 in it are special.
    let [first, second, ..] = ip.segments();
    let special = (first == 0x2001 && (second == 0xdb8 || second < 0x200)) || first == 0x2002;
    first & 0xe000 == 0x2000 && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_targets() {
        for (url, expected) in [
            ("https://push.example.net/abc", true),
            ("https://93.184.216.34/x", true),
            ("https://[2606:2800:220:1::1]/x", true),
            ("http://push.example.net/abc", false),
            ("ftp://push.example.net/", false),
            ("/relative", false),
            ("https://user@push.example.net/", false),
            ("https://127.0.0.1/", false),
            ("https://10.1.2.3/", false),
            ("https://172.16.0.1/", false),
            ("https://192.168.1.1/", false),
            ("https://169.254.169.254/latest", false),
            ("https://100.64.0.1/", false),
            ("https://0.0.0.0/", false),
            ("https://255.255.255.255/", false),
            ("https://[::1]/", false),
            ("https://[::]/", false),
            ("https://[::ffff:10.0.0.1]/", false),
            ("https://[fe80::1]/", false),
            ("https://[fd00::1]/", false),
            ("https://[64:ff9b::a00:1]/", false),
            ("https://[2002:a00:1::]/", false),
        ] {
            assert_eq!(Target::parse(url, false).is_some(), expected, "{url}");
        }
        assert!(Target::parse("http://127.0.0.1:9/x", true).is_some());
    }

    #[tokio::test]
    async fn a_name_with_a_private_address_is_no_target() {
        let target = Target::parse("https://localhost/", false).expect("a name");
        assert!(target.address().await.is_err());
    }
}
