//! Pictures: decoded within limits, turned upright, scaled, written as JPEG.

mod decode;

use std::{
    collections::{HashMap, VecDeque},
    io::Cursor,
    sync::{Mutex, MutexGuard, PoisonError},
};

use fast_image_resize::{
    Resizer,
    images::{TypedImage, TypedImageRef},
    pixels::U8x3,
};
use image::{DynamicImage, ImageFormat, ImageReader};

use self::decode::{decode, is_raw};
use crate::domain::{
    error::{Error, Result},
    item::digest,
    rule::Malformed,
};

/// Octets of a picture for devices: 48 KB as base64 ([MS-ASCNTC] 2.2.2.58).
const DEVICE_OCTETS: usize = 36_864;
/// Longest edge of a picture uploaded on the web.
const STORED_EDGE: u32 = 1024;
/// Longest edge of a picture for devices, and the one it is not made smaller than.
const DEVICE_EDGE: u32 = 720;
/// Octets of the pictures that are remembered.
const CACHED_OCTETS: usize = 32 * 1024 * 1024;
/// Pictures that are remembered.
const CACHED: usize = 1024;

/// Scaled pictures, by purpose and digest of the original.
#[derive(Debug, Default)]
pub struct Cache {
    made: Mutex<Made>,
    /// Held while a picture of a card is decoded, which takes hundreds of megabytes.
    decoding: Mutex<()>,
}

type Key = (Purpose, String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Device,
    Card,
}

#[derive(Debug, Default)]
struct Made {
    pictures: HashMap<Key, Option<Vec<u8>>>,
    /// The oldest first.
    order: VecDeque<Key>,
    octets: usize,
}

impl Cache {
    /// A JPEG of a size for devices; none when the picture cannot be read. May take long.
    pub fn for_device(&self, octets: &[u8]) -> Option<Vec<u8>> {
        if is_for_device(octets) {
            return Some(octets.to_vec());
        }
        self.made((Purpose::Device, digest(octets)), || shrink(octets))
    }

    /// Whether [`Cache::for_device`] has its result cached.
    pub fn is_made(&self, octets: &[u8]) -> bool {
        let key = (Purpose::Device, digest(octets));
        is_for_device(octets) || self.lock().pictures.contains_key(&key)
    }

    /// A JPEG of at most 1024 pixels; none when the picture cannot be read. May take long, and
    /// waits for others that are being made.
    pub fn for_card(&self, octets: &[u8]) -> Option<Vec<u8>> {
        let key = (Purpose::Card, digest(octets));
        if let Some(known) = self.known(&key) {
            return known;
        }
        let _turn = self.decoding.lock().unwrap_or_else(PoisonError::into_inner);
        self.made(key, || for_storage(octets, None).ok())
    }

    fn known(&self, key: &Key) -> Option<Option<Vec<u8>>> {
        self.lock().pictures.get(key).cloned()
    }

    fn made(&self, key: Key, make: impl FnOnce() -> Option<Vec<u8>>) -> Option<Vec<u8>> {
        if let Some(known) = self.known(&key) {
            return known;
        }
        let made = make();
        self.lock().add(key, made.clone());
        made
    }

    fn lock(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Made {
    fn add(&mut self, key: Key, made: Option<Vec<u8>>) {
        self.octets += made.as_ref().map_or(0, Vec::len);
        match self.pictures.insert(key.clone(), made) {
            None => self.order.push_back(key),
            // Two made it at the same time.
            Some(same) => self.octets -= same.map_or(0, |picture| picture.len()),
        }
        while self.order.len() > CACHED || self.octets > CACHED_OCTETS {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            let gone = self.pictures.remove(&oldest).flatten();
            self.octets -= gone.map_or(0, |picture| picture.len());
        }
    }
}

/// A JPEG that is small enough for devices, in octets.
pub fn fits_a_device(octets: &[u8]) -> bool {
    is_jpeg(octets) && octets.len() <= DEVICE_OCTETS
}

/// Whether octets begin as a JPEG does.
pub fn is_jpeg(octets: &[u8]) -> bool {
    octets.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// A picture that goes to devices as it is.
fn is_for_device(octets: &[u8]) -> bool {
    fits_a_device(octets)
        && ImageReader::with_format(Cursor::new(octets), ImageFormat::Jpeg)
            .into_dimensions()
            .is_ok_and(|(width, height)| width.max(height) <= DEVICE_EDGE)
}

/// Whether octets begin as a picture does, of a format that is read here or elsewhere.
pub fn is_one(octets: &[u8]) -> bool {
    let boxed = octets.get(4..8).unwrap_or_default();
    // HEIF and AVIF, JPEG XL with and without boxes, JPEG 2000.
    image::guess_format(octets).is_ok()
        || [&b"ftyp"[..], b"JXL ", b"jP  "].contains(&boxed)
        || octets.starts_with(b"\xFF\x0A")
        || is_raw(octets)
}

/// The subtype of the picture's media type, by its octets: `jpeg`, `png`.
pub fn subtype(octets: &[u8]) -> &'static str {
    match image::guess_format(octets) {
        Ok(ImageFormat::Png) => "png",
        Ok(ImageFormat::Gif) => "gif",
        Ok(ImageFormat::WebP) => "webp",
        Ok(ImageFormat::Bmp) => "bmp",
        Ok(ImageFormat::Tiff) => "tiff",
        _ => "jpeg",
    }
}

/// An uploaded picture as it is stored: upright, at most 1024 pixels, without metadata, and at most
/// `most` octets if that is given. `TooLarge` when even the smallest has more.
pub fn for_storage(octets: &[u8], most: Option<usize>) -> Result<Vec<u8>> {
    let picture = decode(octets).map_err(Error::InvalidDocument)?;
    let whole = jpeg(&picture, STORED_EDGE, 88)
        .ok_or_else(|| Malformed::Picture("it could not be written".to_owned()))
        .map_err(Error::InvalidDocument)?;
    match most {
        Some(limit) if whole.len() > limit => {
            smaller(&picture, limit).ok_or(Error::TooLarge { limit })
        }
        _ => Ok(whole),
    }
}

fn shrink(octets: &[u8]) -> Option<Vec<u8>> {
    smaller(&decode(octets).ok()?, DEVICE_OCTETS)
}

/// The best of ever smaller pictures that fits.
fn smaller(picture: &DynamicImage, most: usize) -> Option<Vec<u8>> {
    [
        (DEVICE_EDGE, 85),
        (640, 80),
        (480, 75),
        (360, 70),
        (360, 45),
        (360, 25),
        (360, 10),
    ]
    .into_iter()
    .filter_map(|(edge, quality)| jpeg(picture, edge, quality))
    .find(|made| made.len() <= most)
}

fn jpeg(picture: &DynamicImage, edge: u32, quality: u8) -> Option<Vec<u8>> {
    let rgb = on_white(picture);
    let (width, height) = rgb.dimensions();
    let longest = width.max(height);
    let scale = |side: u32| {
        if longest > edge {
            (u64::from(side) * u64::from(edge) / u64::from(longest)).max(1) as u32
        } else {
            side
        }
    };
    let (to_width, to_height) = (scale(width), scale(height));
    let source = TypedImageRef::<U8x3>::from_buffer(width, height, rgb.as_raw()).ok()?;
    let mut scaled = image::RgbImage::new(to_width, to_height);
    let mut target = TypedImage::<U8x3>::from_buffer(to_width, to_height, &mut scaled).ok()?;
    Resizer::new()
        .resize_typed(&source, &mut target, None)
        .ok()?;
    let mut out = Vec::new();
    jpeg_encoder::Encoder::new(&mut out, quality)
        .encode(
            &scaled,
            u16::try_from(to_width).ok()?,
            u16::try_from(to_height).ok()?,
            jpeg_encoder::ColorType::Rgb,
        )
        .ok()?;
    Some(out)
}

/// JPEG has no transparency.
fn on_white(picture: &DynamicImage) -> image::RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let rgba = picture.to_rgba8();
    image::RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let blend =
            |c: u8| ((u16::from(c) * u16::from(a) + 255 * (255 - u16::from(a))) / 255) as u8;
        image::Rgb([blend(r), blend(g), blend(b)])
    })
}

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod tests;
