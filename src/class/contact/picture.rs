//! Pictures: decoded within limits, turned upright, scaled, written as JPEG.

use std::{
    collections::HashMap,
    io::Cursor,
    sync::{Mutex, PoisonError},
};

use fast_image_resize::{
    PixelType, Resizer,
    images::{Image, ImageRef},
};
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use crate::domain::{
    error::{Error, Result},
    item::digest,
};

/// Pixels of a picture that is decoded at all.
const MAX_PIXELS: u64 = 60_000_000;
const MAX_EDGE: u32 = 16_384;
/// Octets of a picture for devices: 48 KB as base64 ([MS-ASCNTC] 2.2.2.58).
const DEVICE_OCTETS: usize = 36_864;
/// Longest edge of a picture uploaded on the web.
const STORED_EDGE: u32 = 1024;
/// Pictures for devices that are remembered.
const CACHED: usize = 512;

/// Pictures made for devices, by digest of the original.
#[derive(Debug, Default)]
pub struct Cache(Mutex<HashMap<String, Option<Vec<u8>>>>);

impl Cache {
    /// A JPEG that fits a device; none when the picture cannot be read.
    pub fn for_device(&self, octets: &[u8]) -> Option<Vec<u8>> {
        let is_jpeg = octets.starts_with(&[0xFF, 0xD8, 0xFF]);
        if is_jpeg && octets.len() <= DEVICE_OCTETS {
            return Some(octets.to_vec());
        }
        let key = digest(octets);
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = lock().get(&key) {
            return made.clone();
        }
        let made = shrink(octets);
        let mut cache = lock();
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(key, made.clone());
        made
    }
}

/// An uploaded picture as it is stored: upright, at most 1024 pixels, without metadata.
pub fn for_storage(octets: &[u8]) -> Result<Vec<u8>> {
    let picture = decode(octets).map_err(Error::InvalidDocument)?;
    jpeg(&picture, STORED_EDGE, 88)
        .ok_or_else(|| Error::InvalidDocument("the picture could not be written".into()))
}

fn shrink(octets: &[u8]) -> Option<Vec<u8>> {
    let picture = decode(octets).ok()?;
    [
        (720, 85),
        (640, 80),
        (480, 75),
        (360, 70),
        (240, 60),
        (128, 50),
    ]
    .into_iter()
    .filter_map(|(edge, quality)| jpeg(&picture, edge, quality))
    .find(|made| made.len() <= DEVICE_OCTETS)
}

fn decode(octets: &[u8]) -> std::result::Result<DynamicImage, String> {
    let fault = |error: &dyn std::fmt::Display| format!("the picture cannot be read: {error}");
    let mut reader = ImageReader::new(Cursor::new(octets))
        .with_guessed_format()
        .map_err(|error| fault(&error))?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_EDGE);
    limits.max_image_height = Some(MAX_EDGE);
    limits.max_alloc = Some(256 * 1024 * 1024);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| fault(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(format!(
            "the picture is too large: {width} by {height} pixels"
        ));
    }
    let orientation = decoder.orientation().map_err(|error| fault(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| fault(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn jpeg(picture: &DynamicImage, edge: u32, quality: u8) -> Option<Vec<u8>> {
    let rgb = on_white(picture);
    let (width, height) = rgb.dimensions();
    let longest = width.max(height);
    let scale = |side: u32| match longest > edge {
        true => (u64::from(side) * u64::from(edge) / u64::from(longest)).max(1) as u32,
        false => side,
    };
    let (to_width, to_height) = (scale(width), scale(height));
    let source = ImageRef::new(width, height, rgb.as_raw(), PixelType::U8x3).ok()?;
    let mut scaled = Image::new(to_width, to_height, PixelType::U8x3);
    Resizer::new().resize(&source, &mut scaled, None).ok()?;
    let mut out = Vec::new();
    jpeg_encoder::Encoder::new(&mut out, quality)
        .encode(
            scaled.buffer(),
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
