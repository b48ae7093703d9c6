//! Parses HTTP requests into commands, and makes responses of their replies.

use std::{future, net::IpAddr, sync::Arc};

use axum::{body::Body, extract::Request};
use bytes::Bytes;
use carnet_proto::{
    eas::{
        Command,
        request_line::{RequestLine, Version},
        status::Common,
    },
    wbxml::{
        DecodeError, Element, Limits, Tag, decode,
        page::{self, air_sync as a},
    },
};
use futures_util::FutureExt as _;
use http::{HeaderMap, Method, Response, StatusCode, header, request::Parts};

use super::{
    Face, command, device,
    facet::{Cut, View},
    policy, quirk,
    reply::{Reply, Stop, elsewhere, overloaded, plain, unauthorized, wbxml, with_header},
    status::{self, refuse},
    version, wipe,
};
use crate::{
    auth::{Door, Identity, Outcome, TOO_MANY, Why},
    domain::{
        access::Protocol,
        account_class::Service,
        actor::Actor,
        device::DeviceAccess,
        error::{Error, Result},
        id::{DeviceId, PersonId},
        journal::Event,
        principal::Person,
        store::Device,
    },
    http::{About, Shutdown, body, peer},
};

/// Octets that are read at once.
pub const SHORT: usize = 64 * 1024;
/// Octets of a request.
const MAX_BODY: usize = 64 * 1024 * 1024;

/// A request of a device.
pub struct Call {
    pub face: Arc<Face>,
    pub person: PersonId,
    /// Minutes of the person's zone east of UTC, where it is known.
    pub utc_offset: Option<i32>,
    pub actor: Arc<Actor>,
    pub device: Device,
    pub version: Version,
    /// None when the body is empty.
    pub body: Option<Element>,
    /// The body of commands before 14.0 that send a message as it is.
    pub raw: Bytes,
    /// Fetched items may come as parts of a multipart answer.
    pub accepts_multipart: bool,
    /// The PolicyKey that the device sent, if it sent one.
    pub policy_key: Option<u32>,
    pub shutdown: Shutdown,
    pub about: About,
}

impl Call {
    /// How this device is shown items.
    pub fn view(&self, cut: Cut) -> View {
        View {
            version: self.version,
            date_time: quirk::date_time(&self.device, self.utc_offset),
            midnight: self
                .utc_offset
                .filter(|_| quirk::sends_local_midnight(&self.device)),
            cut,
            days: quirk::days(&self.device),
            stray_picture: quirk::stray_picture(&self.device),
            max_children: quirk::max_children(&self.device.user_agent),
            misnames_city: quirk::misnames_city(&self.device.user_agent),
            sends_whole_families: quirk::keeps_absent(&self.device),
            ..View::default()
        }
    }

    /// Whether the person may still use Exchange ActiveSync.
    pub async fn may_go_on(&self) -> Result<bool> {
        self.face.core.may_use(self.person, Service::Eas).await
    }

    /// The device of a call, for state kept per device.
    pub fn device_id(&self) -> DeviceId {
        self.device.id
    }

    /// A value kept for the device.
    pub async fn value<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        self.face.value(self.device.id, name).await
    }

    /// Keeps a value for the device; nothing of one that only checks an account.
    pub async fn set_value(&self, name: &str, value: &impl serde::Serialize) -> Result<()> {
        if quirk::is_probe(&self.device.device_id) {
            return Ok(());
        }
        self.face.set_value(&self.device, name, value).await
    }
}

/// Answers any request on the path.
pub fn answer(face: Arc<Face>, request: Request) -> impl Future<Output = Response<Bytes>> + Send {
    // Whatever a held request does not need is gone before it waits.
    Box::pin(admit(face, request)).then(|admitted| match admitted {
        Ok(admitted) => admitted.run().left_future(),
        Err(response) => future::ready(response).right_future(),
    })
}

/// A command that is let in; else the answer.
async fn admit(
    face: Arc<Face>,
    request: Request,
) -> std::result::Result<Admitted, Response<Bytes>> {
    let (parts, body) = request.into_parts();
    let peer = peer(&parts.extensions);
    let identity = match sign_in(&face, &parts, peer).await {
        Ok(identity) => identity,
        // The password is not the one any more; what has to be erased is told all the same.
        Err(refusal) => {
            if let Ok(line) = RequestLine::parse(parts.uri.query().unwrap_or_default()) {
                note(&About::of(&parts.extensions), &line);
            }
            return Err(
                match wipe::without_password(&face, &parts, body, peer).await {
                    Ok(Some(reply)) => reply.into_response(),
                    Ok(None) => refusal,
                    Err(error) => failed(&error),
                },
            );
        }
    };
    About::of(&parts.extensions).note_login(&identity.person().login);
    if let Some(address) = face.settings.elsewhere.get(&identity.person().login) {
        return Err(elsewhere(address));
    }
    match parts.method {
        Method::OPTIONS => return Err(options(&face)),
        Method::POST => {}
        Method::GET | Method::HEAD => {
            let refusal = plain(StatusCode::METHOD_NOT_ALLOWED);
            return Err(with_header(refusal, "allow", METHODS));
        }
        _ => return Err(plain(StatusCode::NOT_IMPLEMENTED)),
    }
    let arrival = Arrival::read(identity.person(), parts, body).await;
    let arrival = arrival.map_err(plain)?;
    match arrival.admit(face, &identity).await {
        Ok(admitted) => Ok(admitted),
        Err(Stop::Reply(reply)) => Err(reply.into_response()),
        Err(Stop::Failed(error)) => Err(failed(&error)),
    }
}

/// A command that is let in.
struct Admitted {
    call: Box<Call>,
    command: Command,
    root: Tag,
    /// The versions offered, where the device has to be told.
    announced: Option<String>,
}

impl Admitted {
    async fn run(self) -> Response<Bytes> {
        let Self {
            call,
            command,
            root,
            announced,
        } = self;
        let (version, about) = (call.version, call.about.clone());
        let (face, actor) = (call.face.clone(), call.actor.clone());
        let announced = announced.map(|list| Box::new((list, call.device.clone())));
        let ran = match command::run(call, command).await {
            // What was asked for was deleted during the request, and not the account.
            Err(Stop::Failed(Error::NotFound)) => {
                let may_use = face.core.may_use(actor.person, Service::Eas);
                match Box::pin(may_use).await {
                    Ok(true) => Err(Error::Unavailable("something went meanwhile".into()).into()),
                    Ok(false) => Err(Error::NotFound.into()),
                    Err(error) => Err(error.into()),
                }
            }
            ran => ran,
        };
        let response = match ran {
            Ok(reply) | Err(Stop::Reply(reply)) => reply.into_response(),
            Err(Stop::Failed(error)) => match refused(version, root, error, &about) {
                Ok(refusal) => return refusal.into_response(),
                Err(error) => {
                    let technical = format!("{command} {version}");
                    face.core.exchanged(&actor, Event::Failed, &technical);
                    return failed(&error);
                }
            },
        };
        let Some(announced) = announced.filter(|_| response.status() == StatusCode::OK) else {
            return response;
        };
        let (list, device) = *announced;
        let kept = device::announced(&face, &device, list.clone());
        if let Err(error) = Box::pin(kept).await {
            // It is told by a later answer.
            tracing::warn!(%error, "an announcement of versions could not be kept");
            return response;
        }
        [
            ("x-ms-rp", list.clone()),
            ("ms-asprotocolversions", list),
            ("ms-asprotocolcommands", command::names()),
        ]
        .into_iter()
        .fold(response, |response, (name, value)| {
            with_header(response, name, &value)
        })
    }
}

/// The person who asks, or the answer to somebody who is not let in.
async fn sign_in(
    face: &Face,
    parts: &Parts,
    peer: IpAddr,
) -> std::result::Result<Box<Identity>, Response<Bytes>> {
    let authorization = parts.headers.get(header::AUTHORIZATION);
    let door = Door::Devices(Protocol::Eas);
    match face.auth.basic(authorization, peer, door).await {
        Ok(Outcome::Known(identity)) if !identity.person().may_use(Service::Eas) => {
            let login = &identity.person().login;
            face.auth.failures().note(login, peer, Why::Class);
            Err(disabled(parts))
        }
        Ok(Outcome::Known(identity)) => Ok(identity),
        Ok(Outcome::Missing | Outcome::Denied) => Err(unauthorized()),
        Ok(Outcome::Disabled) => Err(disabled(parts)),
        Ok(Outcome::Throttled { retry_after }) => {
            About::of(&parts.extensions).note_fault(TOO_MANY);
            Err(overloaded(retry_after))
        }
        // A failing store never asks for the password again.
        Err(error) => Err(failed(&error)),
    }
}

/// The account is not enabled: a phone that hears 401 would ask for another password.
fn disabled(parts: &Parts) -> Response<Bytes> {
    let line = RequestLine::parse(parts.uri.query().unwrap_or_default()).ok();
    let root = line.as_ref().and_then(|line| line.command.root());
    let version = line
        .as_ref()
        .and_then(|line| version_of(line, &parts.headers));
    match (version, root) {
        (Some(version), Some(root)) => {
            refuse(version, root, Common::AccountDisabled).into_response()
        }
        _ => plain(StatusCode::FORBIDDEN),
    }
}

/// Which device asks for what, for the line of the request.
fn note(about: &About, line: &RequestLine) {
    let is_fit = |c: &char| c.is_ascii_alphanumeric() || "-_.".contains(*c);
    let device: String = line.device_id.chars().filter(is_fit).take(64).collect();
    about.note_device(&device);
    about.note_command(line.command.name());
}

/// The version that a request names; none where it names none, 0 where it is unknown.
fn version_of(line: &RequestLine, headers: &HeaderMap) -> Option<Version> {
    line.version.or_else(|| {
        let said = header_text(headers, "ms-asprotocolversion");
        let unknown = Version(0);
        (!said.is_empty()).then(|| Version::parse(&said).unwrap_or(unknown))
    })
}

fn failed(error: &Error) -> Response<Bytes> {
    tracing::error!(%error, "a device could not be answered");
    overloaded(10)
}

/// A POST, read.
pub struct Arrival {
    pub person: PersonId,
    pub utc_offset: Option<i32>,
    pub line: RequestLine,
    /// The version that the request names; none where it names none, 0 where it is unknown.
    pub version: Option<Version>,
    pub agent: String,
    pub body: Bytes,
    shutdown: Shutdown,
    about: About,
}

impl Arrival {
    /// Reads query, headers and body within limits; the HTTP code of what cannot be read.
    pub async fn read(
        person: &Person,
        parts: Parts,
        body: Body,
    ) -> std::result::Result<Self, StatusCode> {
        let about = About::of(&parts.extensions);
        let malformed = |what: &str| {
            about.note_fault(what);
            StatusCode::BAD_REQUEST
        };
        let mut line = RequestLine::parse(parts.uri.query().unwrap_or_default())
            .map_err(|_| malformed("malformed query"))?;
        note(&about, &line);
        let text = |name| header_text(&parts.headers, name);
        let version = version_of(&line, &parts.headers);
        line.accept_multipart |= text("ms-asacceptmultipart").eq_ignore_ascii_case("t");
        line.policy_key = line
            .policy_key
            .or_else(|| text("x-ms-policykey").trim().parse().ok());
        Ok(Self {
            person: person.id,
            utc_offset: person.utc_offset(),
            version,
            agent: text(header::USER_AGENT.as_str()),
            shutdown: parts
                .extensions
                .get::<Shutdown>()
                .cloned()
                .unwrap_or_default(),
            body: body::read(Some(person.id.0), &parts.headers, body, MAX_BODY)
                .await
                .map_err(|error| match error {
                    body::BodyError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                    body::BodyError::Busy => {
                        about.note_fault(body::BUSY);
                        StatusCode::SERVICE_UNAVAILABLE
                    }
                    _ => malformed("the body cannot be read"),
                })?,
            about,
            line,
        })
    }

    /// The command as it may be run; else the answer.
    async fn admit(
        self,
        face: Arc<Face>,
        identity: &Identity,
    ) -> std::result::Result<Admitted, Stop> {
        let command = self.line.command;
        let Some(root) = command.root() else {
            return Err(status::unknown_command(self.version, &self.body).into());
        };
        let visit = device::Visit {
            person: self.person,
            line: &self.line,
            // One that is refused is not the version the device speaks.
            version: self
                .version
                .filter(|version| version::is_offered(*version, face.settings.legacy)),
            agent: &self.agent,
        };
        // Of a request that is refused as it is, no device is stored.
        let known = device::known(&face, &visit).await?;
        let version = self.version_for(&face, root, known.as_ref())?;
        let element = self.decoded(&face, version, root).await?;
        let Some(device) = device::admit(&face, &visit, known).await? else {
            return Err(refuse(version, root, Common::MaximumDevicesReached).into());
        };
        if device.access != DeviceAccess::Allowed {
            let gated = gate(&face, &device, command, version, root, element.as_ref());
            return Err(gated.await?.into());
        }
        if let Some(status) = self.policy_refusal(&face, &device).await? {
            return Err(refuse(version, root, status).into());
        }
        let label = device.label();
        let client = identity.client(label, Some(device.id));
        let actor = Arc::new(Actor::of(&identity.account, client));
        // A held request, whose answer is the most easily lost, brings no news of versions.
        let is_held = is_held(command, element.as_ref());
        let announced = device::announcement(&face, &device).filter(|_| !is_held);
        if !quirk::is_probe(&device.device_id) {
            let journal = face.core.journal();
            journal.contact(actor.person, &actor.client.label);
        }
        let call = Call {
            person: self.person,
            utc_offset: self.utc_offset,
            actor,
            device,
            version,
            body: element,
            raw: if command.is_raw(version) {
                self.body
            } else {
                Bytes::new()
            },
            accepts_multipart: self.line.accept_multipart,
            policy_key: self.line.policy_key,
            shutdown: self.shutdown,
            about: self.about,
            face,
        };
        Ok(Admitted {
            call: Box::new(call),
            command,
            root,
            announced,
        })
    }

    /// The version in which the command is run; else the answer.
    fn version_for(
        &self,
        face: &Face,
        root: Tag,
        device: Option<&Device>,
    ) -> std::result::Result<Version, Stop> {
        let Some(version) = self.version(face, device) else {
            return Err(Reply::Http(StatusCode::BAD_REQUEST).into());
        };
        if !version::is_offered(version, face.settings.legacy) {
            return Err(refuse(version, root, Common::VersionNotSupported).into());
        }
        if version < self.line.command.since() {
            return Err(refuse(version, root, Common::CommandNotSupported).into());
        }
        Ok(version)
    }

    /// The document of a body that is one; else the answer to what cannot be read.
    async fn decoded(
        &self,
        face: &Face,
        version: Version,
        root: Tag,
    ) -> std::result::Result<Option<Element>, Stop> {
        if self.body.is_empty() || self.line.command.is_raw(version) {
            return Ok(None);
        }
        match document(face, &self.body).await? {
            Ok(element) => Ok(Some(element)),
            Err(error) => {
                self.about.note_fault(format!("WBXML: {error}"));
                Err(refuse(version, root, Common::InvalidWbxml).into())
            }
        }
    }

    /// The version meant: as said, else as 2.5 had it, else as this device last said.
    fn version(&self, face: &Face, device: Option<&Device>) -> Option<Version> {
        match self.version {
            Some(version) => Some(version),
            None if face.settings.legacy => Some(Version::V2_5),
            None => Version::parse(&device?.version),
        }
    }

    /// The status of a device that has to acknowledge the policy first. Ping carries no key with
    /// Android's client.
    async fn policy_refusal(&self, face: &Face, device: &Device) -> Result<Option<Common>> {
        let Some(policy) = &face.settings.policy else {
            return Ok(None);
        };
        if matches!(self.line.command, Command::Provision | Command::Ping) {
            return Ok(None);
        }
        let standing = face.value(device.id, policy::VALUE).await?;
        Ok(policy.refusal(&standing.unwrap_or_default(), self.line.policy_key))
    }
}

/// Whether a command may be answered only when something changes.
fn is_held(command: Command, body: Option<&Element>) -> bool {
    let waits = [a::WAIT, a::HEARTBEAT_INTERVAL];
    match command {
        Command::Ping => true,
        Command::Sync => {
            body.is_none_or(|sync| sync.elements().any(|child| waits.contains(&child.tag)))
        }
        _ => false,
    }
}

/// The document of a request; a large one is read away from the threads of requests.
async fn document(face: &Face, body: &Bytes) -> Result<std::result::Result<Element, DecodeError>> {
    if body.len() <= SHORT {
        return Ok(decode(body, &Limits::default()));
    }
    let body = body.clone();
    let read = move || decode(&body, &Limits::default());
    face.core.pictures().blocking(read).await
}

/// Answers a device that is not simply let in.
async fn gate(
    face: &Face,
    device: &Device,
    command: Command,
    version: Version,
    root: Tag,
    body: Option<&Element>,
) -> Result<Reply> {
    Ok(match device.access {
        DeviceAccess::WipePending | DeviceAccess::ErasePending => {
            let ordered = wipe::Ordered {
                face,
                device,
                version,
                by: wipe::By::Owner,
            };
            return ordered.answer(command, root, body).await;
        }
        access => {
            let status = match access {
                DeviceAccess::Quarantined => Common::AccessDenied,
                _ => Common::DeviceIsBlockedForThisUser,
            };
            let technical = format!("{command} {version} status {status}");
            let label = device.label();
            face.core
                .passed(device.person, &label, Event::Denied, &technical);
            refuse(version, root, status)
        }
    })
}

/// A command that failed as a whole; what only trying again helps is passed on.
fn refused(version: Version, root: Tag, error: Error, about: &About) -> Result<Reply> {
    // iOS repeats a Provision that is answered with 110 without end.
    let repeats = root == page::provision::PROVISION && error == Error::NoSpace;
    match status::of(&error).filter(|_| !repeats) {
        Some(status) => {
            about.note_fault(format!("refused with status {status}"));
            Ok(refuse(version, root, status))
        }
        None => Err(error),
    }
}

const METHODS: &str = "OPTIONS,POST";

/// [MS-ASHTTP] 2.2.4: whatever the query.
fn options(face: &Face) -> Response<Bytes> {
    let newest = version::offered(face.settings.legacy).max();
    let newest = newest.map(|version| version.to_string());
    [
        ("ms-server-activesync", newest.unwrap_or_default()),
        ("ms-asprotocolversions", version::list(face.settings.legacy)),
        ("ms-asprotocolcommands", command::names()),
        ("allow", METHODS.to_owned()),
        ("public", METHODS.to_owned()),
        ("cache-control", "private".to_owned()),
    ]
    .into_iter()
    .fold(wbxml(Vec::new()), |response, (name, value)| {
        with_header(response, name, &value)
    })
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
