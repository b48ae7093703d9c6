//! Bodies within limits, and compression.

use std::{
    collections::{HashMap, hash_map::Entry},
    io::{self, Read as _, Write as _},
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use futures_util::stream::{self, Stream, StreamExt as _};
use http::{HeaderMap, HeaderValue, Response, header};
use http_body_util::{BodyExt as _, Limited};

/// Smallest answer worth compressing.
const MIN_COMPRESSED: usize = 1024;

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    #[error("the body is larger than the limit")]
    TooLarge,
    #[error("the body could not be read to its end")]
    Broken,
    #[error("the body is not compressed as it says")]
    Garbled,
    #[error("the content encoding is not supported")]
    Encoding,
    #[error("too much is being received at once")]
    Busy,
}

/// Why [`BodyError::Busy`] puts a request off, for its line.
pub const BUSY: &str = "too much is being received";

/// Octets of large bodies that are being received.
static UNDER_WAY: LazyLock<UnderWay> = LazyLock::new(|| UnderWay::new(512 * 1024 * 1024));
/// Octets of a body that are received however much is under way.
const SMALL: usize = 256 * 1024;
/// One person's bodies take at most one part in as many.
const PARTS: usize = 4;

/// A place of no size yet for a large part of a form, held for as long as its octets are; `person`:
/// the number of who sends it.
pub fn place(person: i64) -> Place<'static> {
    UNDER_WAY.place(Some(person))
}

/// Reads a body up to a limit, decompressed if it says so; `person`: the number of who sends it,
/// none: nobody who is known.
pub async fn read(
    person: Option<i64>,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<Bytes, BodyError> {
    let declared = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    // Nothing of it is read: the connection is closed instead.
    if declared.is_some_and(|length| length > limit) {
        return Err(BodyError::TooLarge);
    }
    let bytes = collect(body, limit, UNDER_WAY.place(person)).await?;
    let coding = headers
        .get(header::CONTENT_ENCODING)
        .map(|coding| coding.as_bytes().trim_ascii().to_ascii_lowercase());
    match coding.as_deref() {
        None | Some(b"identity" | b"") => Ok(bytes),
        Some(b"gzip" | b"x-gzip") => {
            let mut out = Vec::new();
            // All members count (RFC 1952 §2.2).
            MultiGzDecoder::new(&bytes[..])
                .take(limit as u64 + 1)
                .read_to_end(&mut out)
                .map_err(|_| BodyError::Garbled)?;
            if out.len() > limit {
                Err(BodyError::TooLarge)
            } else {
                Ok(out.into())
            }
        }
        Some(_) => Err(BodyError::Encoding),
    }
}

/// Collects a body up to a limit, while there is room for what is beyond [`SMALL`].
async fn collect(body: Body, limit: usize, mut place: Place<'_>) -> Result<Bytes, BodyError> {
    let mut body = Limited::new(body, limit);
    let mut octets = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                BodyError::TooLarge
            } else {
                BodyError::Broken
            }
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        octets.extend_from_slice(&data);
        place.widen(octets.len().saturating_sub(SMALL))?;
    }
    Ok(octets.freeze())
}

/// The room that large bodies take while they are received, and what each person has of it.
struct UnderWay {
    room: usize,
    taken: Mutex<HashMap<Option<i64>, usize>>,
}

impl UnderWay {
    fn new(room: usize) -> Self {
        let taken = Mutex::default();
        Self { room, taken }
    }

    /// A place of no size yet for a body of a person.
    fn place(&self, person: Option<i64>) -> Place<'_> {
        let (room, octets) = (self, 0);
        Place {
            room,
            person,
            octets,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Option<i64>, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one body takes of the room; it is given back when dropped.
pub struct Place<'a> {
    room: &'a UnderWay,
    person: Option<i64>,
    octets: usize,
}

impl Place<'_> {
    /// Takes room for what of a part is beyond what is always received, next to what it has.
    pub fn beside(&mut self, had: usize, octets: usize) -> Result<(), BodyError> {
        self.widen(had + octets.saturating_sub(SMALL))
    }

    /// The octets it takes.
    pub fn octets(&self) -> usize {
        self.octets
    }

    /// Takes more, up to as many octets altogether.
    fn widen(&mut self, octets: usize) -> Result<(), BodyError> {
        let more = octets.saturating_sub(self.octets);
        if more == 0 {
            return Ok(());
        }
        let mut taken = self.room.lock();
        let all: usize = taken.values().sum();
        let own = taken.get(&self.person).copied().unwrap_or_default();
        if all + more > self.room.room || own + more > self.room.room / PARTS {
            return Err(BodyError::Busy);
        }
        taken.insert(self.person, own + more);
        self.octets = octets;
        Ok(())
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut taken = self.room.lock();
        if let Entry::Occupied(mut own) = taken.entry(self.person) {
            *own.get_mut() -= self.octets;
            if *own.get() == 0 {
                own.remove();
            }
        }
    }
}

/// Whether a request accepts gzip (RFC 9110 §12.5.3): it says so itself before `*` does.
pub fn accepts_gzip(request: &HeaderMap) -> bool {
    let mut any = false;
    let codings = request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    for coding in codings {
        let mut parts = coding
            .split(';')
            .map(|part| part.trim().to_ascii_lowercase());
        let name = parts.next().unwrap_or_default();
        let accepted = !parts.any(|parameter| is_nothing(&parameter));
        match name.as_str() {
            "gzip" | "x-gzip" => return accepted,
            "*" => any = accepted,
            _ => {}
        }
    }
    any
}

/// A weight that refuses: `q=0`, `q=0.000`.
fn is_nothing(parameter: &str) -> bool {
    let weight = parameter
        .split_once('=')
        .filter(|(name, _)| name.trim() == "q");
    weight.is_some_and(|(_, weight)| weight.trim().parse() == Ok(0.0))
}

/// Compressed octets; none where they are too few to be worth it.
pub fn gzip(bytes: &[u8]) -> Option<Bytes> {
    if bytes.len() < MIN_COMPRESSED {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Compresses a stream part by part, flushed so that the client can read what was sent so far.
pub fn gzip_stream<S>(parts: S) -> impl Stream<Item = io::Result<Bytes>>
where
    S: Stream<Item = io::Result<Bytes>> + Send,
{
    let encoder = GzEncoder::new(Vec::new(), Compression::fast());
    stream::unfold(
        (Box::pin(parts), Some(encoder)),
        |(mut parts, encoder)| async move {
            let mut encoder = encoder?;
            let Some(part) = parts.next().await else {
                let end = encoder.finish().map(Bytes::from);
                return Some((end, (parts, None)));
            };
            let compressed = part.and_then(|part| {
                encoder.write_all(&part)?;
                encoder.flush()?;
                Ok(Bytes::from(std::mem::take(encoder.get_mut())))
            });
            Some((compressed, (parts, Some(encoder))))
        },
    )
}

/// Compresses a response that is large enough to benefit.
pub fn compress_if(accepts: bool, response: &mut Response<Bytes>) {
    if accepts && let Some(compressed) = gzip(response.body()) {
        *response.body_mut() = compressed;
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn body(octets: usize) -> Body {
        Body::from(vec![b'x'; octets])
    }

    #[tokio::test]
    async fn large_bodies_have_a_room_in_common_and_small_ones_always_fit() {
        let room = UnderWay::new(8 * MIB);
        let most = SMALL + 2 * MIB;
        let from = |person| room.place(Some(person));
        let taken = collect(body(most), usize::MAX, from(1)).await;
        assert_eq!(taken.map(|octets| octets.len()), Ok(most));
        let mut under_way: Vec<_> = (2..=5).map(from).collect();
        for place in &mut under_way {
            place
                .widen(2 * MIB)
                .expect("it was received, and given back");
        }
        let refused = collect(body(SMALL + 1), usize::MAX, from(1)).await;
        assert_eq!(refused, Err(BodyError::Busy));
        let small = collect(body(SMALL), usize::MAX, from(1)).await;
        assert!(small.is_ok());
        drop(under_way);
        let cut = collect(body(most), 1000, from(1)).await;
        assert_eq!(cut, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn one_person_leaves_room_for_the_others() {
        let room = UnderWay::new(8 * MIB);
        let from = |person| room.place(Some(person));
        let mut held = from(1);
        held.widen(MIB).expect("there is room");
        let refused = collect(body(SMALL + 2 * MIB), usize::MAX, from(1)).await;
        assert_eq!(refused, Err(BodyError::Busy), "more than a share");
        let other = collect(body(SMALL + 2 * MIB), usize::MAX, from(2)).await;
        assert!(other.is_ok());
        drop(held);
        let again = collect(body(SMALL + 2 * MIB), usize::MAX, from(1)).await;
        assert!(again.is_ok());
    }
}
