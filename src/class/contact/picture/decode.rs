//! Octets to pixels, upright: what `image` reads, HEIC, and the preview inside a camera's RAW file.

use std::io::Cursor;

use heic_decoder::RgbOptions;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, RgbImage,
    metadata::Orientation,
};

use crate::domain::rule::Malformed;

/// Pixels of a picture that is decoded at all.
const MAX_PIXELS: u64 = 60_000_000;
const MAX_EDGE: u64 = 16_384;
/// Octets of the decoded pixels, and that a decoder may hold.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;

type Result<T> = std::result::Result<T, Malformed>;

/// The picture in a file, turned upright.
///
/// Fails for a file that is no picture, is damaged, or declares more than the limits allow.
pub fn decode(octets: &[u8]) -> Result<DynamicImage> {
    if is_heic(octets) {
        return heic(octets);
    }
    match image::guess_format(octets) {
        // Most cameras' RAW files are TIFF: their first picture is a small thumbnail.
        Ok(ImageFormat::Tiff) => match preview(octets) {
            Some(preview) if preview.pixels() > pixels_of(octets) => raw(octets, &preview),
            _ => plain(octets),
        },
        Ok(_) => plain(octets),
        Err(_) if is_raw(octets) => {
            let preview = preview(octets).ok_or_else(|| unreadable("no preview in it"))?;
            raw(octets, &preview)
        }
        Err(_) => Err(unreadable("its format is not known")),
    }
}

fn plain(octets: &[u8]) -> Result<DynamicImage> {
    let mut decoder = decoder(octets)?;
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = read(decoder)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn decoder(octets: &[u8]) -> Result<impl ImageDecoder> {
    let mut reader = ImageReader::new(Cursor::new(octets))
        .with_guessed_format()
        .map_err(unreadable)?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    within_limits(width.into(), height.into(), decoder.total_bytes())?;
    Ok(decoder)
}

fn read(decoder: impl ImageDecoder) -> Result<DynamicImage> {
    let (width, height) = decoder.dimensions();
    DynamicImage::from_decoder(decoder).map_err(|error| match error {
        ImageError::Limits(_) => Malformed::PictureSize(width.into(), height.into()),
        error => unreadable(error),
    })
}

fn pixels_of(octets: &[u8]) -> u64 {
    let (width, height) = decoder(octets).map_or((0, 0), |decoder| decoder.dimensions());
    u64::from(width) * u64::from(height)
}

/// `octets`: of all pixels, decoded.
fn within_limits(width: u64, height: u64, octets: u64) -> Result<()> {
    let pixels = width.saturating_mul(height);
    if pixels > MAX_PIXELS || width.max(height) > MAX_EDGE || octets > MAX_MEMORY {
        Err(Malformed::PictureSize(width, height))
    } else {
        Ok(())
    }
}

fn unreadable(error: impl std::fmt::Display) -> Malformed {
    Malformed::Picture(error.to_string())
}

/// `ftyp` with a brand of HEVC pictures (ISO/IEC 23008-12 §10.2).
fn is_heic(octets: &[u8]) -> bool {
    const BRANDS: [&[u8; 4]; 8] = [
        b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1",
    ];
    octets.get(4..8) == Some(b"ftyp")
        && octets
            .get(8..12)
            .is_some_and(|brand| BRANDS.iter().any(|known| *known == brand))
}

/// The decoder turns the picture itself.
fn heic(octets: &[u8]) -> Result<DynamicImage> {
    let info = heic_decoder::probe(octets).map_err(unreadable)?;
    for (width, height) in [
        (info.width, info.height),
        (info.coded_width, info.coded_height),
    ] {
        let (width, height) = (width as u64, height as u64);
        within_limits(
            width,
            height,
            width.saturating_mul(height).saturating_mul(3),
        )?;
    }
    let picture = heic_decoder::decode(octets).map_err(unreadable)?;
    // A matrix that is not said is BT.601 to those who write such files, not BT.709.
    let color = picture
        .color_info
        .filter(|color| color.matrix_coefficients == 2);
    let options = RgbOptions {
        color: color.map(|mut color| {
            color.matrix_coefficients = 6;
            color
        }),
        ..RgbOptions::default()
    };
    let rgb = picture.to_rgb8_with_options(&options).map_err(unreadable)?;
    let edge = |edge: usize| u32::try_from(edge).map_err(unreadable);
    RgbImage::from_raw(edge(rgb.width)?, edge(rgb.height)?, rgb.data)
        .map(DynamicImage::ImageRgb8)
        .ok_or_else(|| unreadable("pixels are missing"))
}

/// How the RAW files of cameras begin that are no plain TIFF.
pub(super) fn is_raw(octets: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 7] = [
        b"FUJIFILMCCD-RAW",
        b"IIU\0",
        b"IIRO",
        b"IIRS",
        b"MMOR",
        b"\0MRM",
        b"FOVb",
    ];
    BEGINNINGS
        .iter()
        .any(|beginning| octets.starts_with(beginning))
        || octets.get(4..12) == Some(b"ftypcrx ")
        || octets.get(6..14) == Some(b"HEAPCCDR")
}

/// A JPEG inside another file.
struct Preview {
    at: usize,
    width: u32,
    height: u32,
}

impl Preview {
    fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// The largest JPEG in a file that a baseline or progressive decoder reads; lossless ones, which
/// hold the sensor's values, do not count.
fn preview(octets: &[u8]) -> Option<Preview> {
    let mut largest: Option<Preview> = None;
    let mut at = 0;
    while let Some(found) = octets[at..].iter().position(|octet| *octet == 0xFF) {
        at += found;
        if octets[at..].starts_with(&[0xFF, 0xD8, 0xFF])
            && let Some((width, height)) = frame(&octets[at + 2..])
        {
            let preview = Preview { at, width, height };
            if largest
                .as_ref()
                .is_none_or(|largest| largest.pixels() < preview.pixels())
            {
                largest = Some(preview);
            }
        }
        at += 1;
    }
    largest
}

/// Width and height of the frame that some segments lead to (ITU-T T.81 annex B).
fn frame(segments: &[u8]) -> Option<(u32, u32)> {
    let mut rest = segments;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else {
            return None;
        };
        let length = usize::from(u16::from_be_bytes([high, low]));
        match marker {
            0xC0..=0xC2 => {
                let [_, height, height_low, width, width_low] = *rest.get(4..9)? else {
                    return None;
                };
                let edge = |high, low| u32::from(u16::from_be_bytes([high, low]));
                return Some((edge(width, width_low), edge(height, height_low)));
            }
            0xC4 | 0xDB | 0xDD | 0xE0..=0xEF | 0xFE => rest = rest.get(2 + length..)?,
            _ => return None,
        }
    }
}

fn raw(octets: &[u8], preview: &Preview) -> Result<DynamicImage> {
    let octets_of_preview = &octets[preview.at..];
    let mut decoder = decoder(octets_of_preview)?;
    let own = decoder.orientation().map_err(unreadable)?;
    let mut picture = read(decoder)?;
    picture.apply_orientation(orientation(octets).unwrap_or(own));
    Ok(picture)
}

/// Tag 0x0112 of the first directory of a RAW file; none where it has no such directory.
fn orientation(octets: &[u8]) -> Option<Orientation> {
    /// Octets in which directories are looked for.
    const HEAD: usize = 1024 * 1024;
    let head = &octets[..octets.len().min(HEAD)];
    let start = match octets.get(4..12) {
        // Canon's CR3 keeps the directory in a box of its own.
        Some(b"ftypcrx ") => head.windows(4).position(|name| name == b"CMT1")? + 4,
        _ => 0,
    };
    let mut tiff = head[start..].to_vec();
    // Panasonic and Olympus write a number of their own where TIFF has 42.
    match tiff.get(..2)? {
        b"II" => tiff.get_mut(2..4)?.copy_from_slice(&[42, 0]),
        b"MM" => tiff.get_mut(2..4)?.copy_from_slice(&[0, 42]),
        _ => return None,
    }
    let mut reader = exif::Reader::new();
    let directory = reader
        .continue_on_error(true)
        .read_raw(tiff)
        .or_else(|error| error.distill_partial_result(|_| ()))
        .ok()?;
    let field = directory.get_field(exif::Tag::Orientation, exif::In::PRIMARY)?;
    let value = u8::try_from(field.value.get_uint(0)?).ok()?;
    Orientation::from_exif(value)
}
