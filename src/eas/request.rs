//! From HTTP to a command, and back.

use std::sync::Arc;

use axum::extract::Request;
use bytes::Bytes;
use carnet_proto::{
    eas::request_line::{RequestLine, Version},
    wbxml::{Element, Encoder, Limits, Tag, decode, page},
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::{Face, command, facet::View, quirk};
use crate::{
    auth::Outcome,
    domain::{
        actor::{Actor, Client},
        batch::{DeviceAccess, Op},
        error::{Error, Result},
        id::{DeviceId, PersonId},
        store::Device,
    },
    http::{Shutdown, body, peer},
};

const VERSIONS: &str = "12.1,14.0,14.1,16.0,16.1";
const COMMANDS: &str =
    "Sync,FolderSync,GetItemEstimate,Search,Settings,Ping,ItemOperations,Provision";
/// Octets of a request.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// How stale the note of a device's last visit may be, in milliseconds.
const TOUCH_EVERY: i64 = 3_600_000;

/// A request of a device.
pub struct Call {
    pub face: Arc<Face>,
    pub person: PersonId,
    pub actor: Arc<Actor>,
    pub device: Device,
    pub version: Version,
    /// None when the body is empty.
    pub body: Option<Element>,
    pub shutdown: Shutdown,
}

/// What a command answers.
pub enum Reply {
    Wbxml(Vec<u8>),
    /// 200 without a body.
    Empty,
    Http(StatusCode),
}

impl Call {
    /// How this device is shown items.
    pub fn view(&self, truncation: Option<u32>, categories: bool) -> View {
        View {
            version: self.version.0,
            date_time: quirk::date_time(&self.device.device_type, &self.device.user_agent),
            truncation: truncation.and_then(|octets| usize::try_from(octets).ok()),
            categories,
        }
    }

    /// Who asks, read anew: after a wait groups, rights and the device may be others.
    pub async fn renew(&self) -> Result<Arc<Actor>> {
        let client = self.actor.client.clone();
        let actor = self.face.core.actor(self.person, client).await?;
        Ok(Arc::new(actor))
    }

    /// A value kept for the device.
    pub async fn value<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let stored = self
            .face
            .core
            .store()
            .device_value(self.device.id, name)
            .await?;
        Ok(stored.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Keeps a value for the device.
    pub async fn set_value(&self, name: &str, value: &impl serde::Serialize) -> Result<()> {
        let op = Op::SetDeviceValue {
            device: self.device.id,
            name: name.to_owned(),
            value: Some(serde_json::to_vec(value).unwrap_or_default()),
        };
        self.face.core.note(&self.actor, op).await.map(drop)
    }
}

/// Answers any request on the path.
pub async fn answer(face: Arc<Face>, request: Request) -> Response<Bytes> {
    let (parts, body) = request.into_parts();
    let peer = peer(&parts.extensions);
    let authorization = parts.headers.get(header::AUTHORIZATION);
    let person = match face.auth.basic(authorization, peer).await {
        Ok(Outcome::Known(person)) => person,
        Ok(Outcome::Missing | Outcome::Denied) => return unauthorized(),
        Ok(Outcome::Throttled { retry_after }) => return overloaded(retry_after),
        Err(error) => {
            // A failing store never asks for the password again.
            tracing::error!(%error, "sign-in could not be checked");
            return overloaded(10);
        }
    };
    match parts.method {
        Method::OPTIONS => return options(),
        Method::POST => {}
        _ => return plain(StatusCode::METHOD_NOT_ALLOWED),
    }
    let Ok(line) = RequestLine::parse(parts.uri.query().unwrap_or_default()) else {
        return plain(StatusCode::BAD_REQUEST);
    };
    let version = line.version.or_else(|| {
        let header = parts.headers.get("ms-asprotocolversion")?;
        Version::parse(header.to_str().ok()?)
    });
    let body = match body::read(&parts.headers, body, MAX_BODY).await {
        Ok(body) => body,
        Err(body::BodyError::TooLarge) => return plain(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return plain(StatusCode::BAD_REQUEST),
    };
    let agent = header_text(&parts.headers, header::USER_AGENT.as_str());
    let arrival = Arrival {
        person: person.id,
        line,
        version,
        agent,
        body,
        shutdown: parts
            .extensions
            .get::<Shutdown>()
            .cloned()
            .unwrap_or_default(),
    };
    match arrival.run(face).await {
        Ok(response) => response,
        Err(Error::NotFound) => plain(StatusCode::FORBIDDEN),
        Err(error) => {
            tracing::error!(%error, "a device could not be answered");
            overloaded(10)
        }
    }
}

/// A request whose sender is known.
struct Arrival {
    person: PersonId,
    line: RequestLine,
    version: Option<Version>,
    agent: String,
    body: Bytes,
    shutdown: Shutdown,
}

impl Arrival {
    async fn run(self, face: Arc<Face>) -> Result<Response<Bytes>> {
        let device = self.device(&face).await?;
        let version = self
            .version
            .or_else(|| Version::parse(&device.version))
            .filter(|version| (Version::V12_1..=Version::V16_1).contains(version));
        let Some(version) = version else {
            return Ok(plain(StatusCode::BAD_REQUEST));
        };
        let client = Client {
            label: format!("EAS {} {}", device.device_type, device.device_id),
            device: Some(device.id),
        };
        let actor = Arc::new(face.core.actor(self.person, client).await?);
        let Some(root) = root_of(&self.line.command) else {
            return Ok(plain(StatusCode::NOT_IMPLEMENTED));
        };
        if let Some(refusal) = gate(&device, &self.line.command, version, root) {
            return Ok(refusal);
        }
        let element = match self.body.is_empty() {
            true => None,
            false => match decode(&self.body, &Limits::default()) {
                Ok(element) => Some(element),
                Err(error) => {
                    tracing::info!(%error, command = self.line.command, "undecodable request");
                    return Ok(match version < Version::V14_0 {
                        true => plain(StatusCode::BAD_REQUEST),
                        // InvalidWBXML
                        false => wbxml(command_status(root, 102)),
                    });
                }
            },
        };
        let call = Call {
            face,
            person: self.person,
            actor,
            device,
            version,
            body: element,
            shutdown: self.shutdown,
        };
        let reply = command::run(&call, &self.line.command).await?;
        Ok(match reply {
            Reply::Wbxml(bytes) => wbxml(bytes),
            Reply::Empty => wbxml(Vec::new()),
            Reply::Http(status) => plain(status),
        })
    }

    /// The device, noted when it is new, has changed or was not seen for an hour.
    async fn device(&self, face: &Face) -> Result<Device> {
        let store = face.core.store();
        let known = store.device(self.person, &self.line.device_id).await?;
        let version = self.version.map(|version| version.to_string());
        if let Some(device) = known.filter(|device| {
            let now = crate::domain::id::Timestamp::now();
            device.user_agent == self.agent
                && version
                    .as_ref()
                    .is_none_or(|version| *version == device.version)
                && now.0 - device.last_seen.0 < TOUCH_EVERY
        }) {
            return Ok(device);
        }
        let touch = Op::TouchDevice {
            person: self.person,
            device_id: self.line.device_id.clone(),
            device_type: self.line.device_type.clone(),
            user_agent: self.agent.clone(),
            version: version.unwrap_or_default(),
            info: Vec::new(),
        };
        face.core.touch_device(self.person, touch).await?;
        let device = store.device(self.person, &self.line.device_id).await?;
        device.ok_or(Error::NotFound)
    }
}

/// Refuses devices that are blocked, and tells those to be wiped to ask for it.
fn gate(device: &Device, command: &str, version: Version, root: Tag) -> Option<Response<Bytes>> {
    let status = match device.access {
        DeviceAccess::Allowed => return None,
        DeviceAccess::WipePending if command == "Provision" => return None,
        // RemoteWipeRequested, DeviceIsBlockedForThisUser
        DeviceAccess::WipePending => 140,
        DeviceAccess::Blocked | DeviceAccess::Wiped => 129,
    };
    Some(match version < Version::V14_0 {
        true if status == 140 => plain(StatusCode::from_u16(449).unwrap_or(StatusCode::FORBIDDEN)),
        true => plain(StatusCode::FORBIDDEN),
        false => wbxml(command_status(root, status)),
    })
}

/// The root element of a command's messages; none for a command that is not served.
fn root_of(command: &str) -> Option<Tag> {
    Some(match command {
        "Sync" => page::air_sync::SYNC,
        "FolderSync" => page::folder_hierarchy::FOLDER_SYNC,
        "GetItemEstimate" => page::get_item_estimate::GET_ITEM_ESTIMATE,
        "Search" => page::search::SEARCH,
        "Settings" => page::settings::SETTINGS,
        "Ping" => page::ping::PING,
        "ItemOperations" => page::item_operations::ITEM_OPERATIONS,
        "Provision" => page::provision::PROVISION,
        _ => return None,
    })
}

/// A message that is only a status, in the root element of its command.
pub fn command_status(root: Tag, status: u16) -> Vec<u8> {
    let status_tag = Tag::by_name(
        page::PAGES
            .iter()
            .find(|page| page.number == root.page)
            .map_or("", |page| page.name),
        "Status",
    );
    let mut out = Encoder::new();
    out.open(root);
    if let Some(tag) = status_tag {
        out.number(tag, status);
    }
    out.close();
    out.finish()
}

fn options() -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    for (name, value) in [
        ("ms-server-activesync", "16.1"),
        ("ms-asprotocolversions", VERSIONS),
        ("ms-asprotocolcommands", COMMANDS),
        ("allow", "OPTIONS,POST"),
        ("public", "OPTIONS,POST"),
        ("cache-control", "private"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

fn unauthorized() -> Response<Bytes> {
    let mut response = plain(StatusCode::UNAUTHORIZED);
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Basic realm=\"Carnet\", charset=\"UTF-8\""),
    );
    response
}

fn overloaded(seconds: u64) -> Response<Bytes> {
    let mut response = plain(StatusCode::SERVICE_UNAVAILABLE);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn plain(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

fn wbxml(bytes: Vec<u8>) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(bytes));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/vnd.ms-sync.wbxml"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private"));
    response
}

fn header_text(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .chars()
        .take(200)
        .collect()
}

/// The device of a call, for state kept per device.
impl Call {
    pub fn device_id(&self) -> DeviceId {
        self.device.id
    }
}
