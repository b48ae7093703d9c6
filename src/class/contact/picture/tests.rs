//! Pictures made small, and those that are none.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

use super::*;

const HEIC: &[u8] = include_bytes!("../../../../fixtures/pictures/quarters.heic");
const RED: [u8; 3] = [220, 30, 30];
const BLUE: [u8; 3] = [40, 60, 210];

/// The left half red, the right half blue.
fn halves(width: u32, height: u32) -> Vec<u8> {
    let picture = RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgb(RED) } else { Rgb(BLUE) }
    });
    let mut out = Cursor::new(Vec::new());
    picture
        .write_to(&mut out, ImageFormat::Jpeg)
        .expect("a JPEG");
    out.into_inner()
}

fn pixel(picture: &DynamicImage, x: u32, y: u32) -> [u8; 3] {
    picture.to_rgb8().get_pixel(x, y).0
}

fn is_like(seen: [u8; 3], expected: [u8; 3]) -> bool {
    seen.iter().zip(expected).all(|(a, b)| a.abs_diff(b) < 24)
}

/// A directory of one entry, the orientation, then what a camera puts behind it.
fn raw(beginning: &[u8], orientation: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut file = beginning.to_vec();
    file.extend([8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0]);
    file.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    for part in parts {
        file.extend([0x55; 37]);
        file.extend_from_slice(part);
    }
    file
}

/// A sensor's values as Canon keeps them: a JPEG no browser shows, larger than the preview.
fn lossless() -> Vec<u8> {
    vec![
        0xFF, 0xD8, 0xFF, 0xC3, 0, 11, 14, 0x20, 0, 0x20, 0, 1, 1, 0x11, 0, 0xFF, 0xD9,
    ]
}

#[test]
fn heic_shows_the_colours_its_encoder_was_given() {
    let picture = decode(HEIC).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (64, 48));
    for (x, y, expected) in [
        (10, 10, RED),
        (54, 10, [30, 180, 60]),
        (10, 38, BLUE),
        (54, 38, [235, 225, 80]),
    ] {
        let seen = pixel(&picture, x, y);
        assert!(is_like(seen, expected), "{x},{y}: {seen:?}");
    }
}

#[test]
fn raw_files_show_their_largest_preview_turned_as_the_camera_was_held() {
    let (thumbnail, preview) = (halves(32, 20), halves(160, 100));
    for (camera, beginning) in [
        ("CR2, NEF, ARW, DNG", &b"II*\0"[..]),
        ("RW2", b"IIU\0"),
        ("ORF", b"IIRO"),
    ] {
        let file = raw(beginning, 6, &[&thumbnail, &preview, &lossless()]);
        let picture = decode(&file).expect(camera);
        assert_eq!((picture.width(), picture.height()), (100, 160), "{camera}");
        // Turned clockwise, what was left is above.
        assert!(is_like(pixel(&picture, 50, 20), RED), "{camera}");
        assert!(is_like(pixel(&picture, 50, 140), BLUE), "{camera}");
    }
    // Without a directory at its beginning, the preview says how it was held.
    let mut fuji = b"FUJIFILMCCD-RAW 0201".to_vec();
    fuji.extend(&preview);
    let picture = decode(&fuji).expect("RAF");
    assert_eq!((picture.width(), picture.height()), (160, 100));
    // CR3 keeps the directory in a box.
    let mut cr3 = b"\0\0\0\x18ftypcrx \0\0\0\x01crx isom\0\0\0\x26CMT1".to_vec();
    cr3.extend(raw(b"II*\0", 8, &[&thumbnail, &preview]));
    let picture = decode(&cr3).expect("CR3");
    assert_eq!((picture.width(), picture.height()), (100, 160));
    assert!(is_like(pixel(&picture, 50, 20), BLUE));
}

#[test]
fn a_plain_tiff_is_no_raw_file() {
    let mut tiff = Cursor::new(Vec::new());
    RgbImage::from_pixel(80, 40, Rgb(BLUE))
        .write_to(&mut tiff, ImageFormat::Tiff)
        .expect("a TIFF");
    let mut tiff = tiff.into_inner();
    tiff.extend(halves(30, 30));
    let picture = decode(&tiff).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (80, 40));
}

#[test]
fn bombs_and_lies_are_refused_in_words() {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    png.extend(60_000u32.to_be_bytes());
    png.extend(60_000u32.to_be_bytes());
    png.extend([8, 2, 0, 0, 0]);
    // The grid of the file says 8000 by 8000.
    let mut heic = HEIC.to_vec();
    let idat = heic.windows(4).position(|name| name == b"idat");
    let at = idat.expect("a grid") + 8;
    heic[at..at + 4].copy_from_slice(&[0x1F, 0x40, 0x1F, 0x40]);
    // A frame of 65500 by 65500 in a preview.
    let mut preview = halves(64, 64);
    let frame = preview.windows(2).position(|marker| marker == [0xFF, 0xC0]);
    let at = frame.expect("a frame") + 5;
    preview[at..at + 4].copy_from_slice(&[0xFF, 0xDC, 0xFF, 0xDC]);
    let mut archive = b"PK\x03\x04".to_vec();
    archive.extend(halves(64, 64));
    for (what, octets, why) in [
        ("PNG", png, "cannot be read"),
        ("HEIC", heic, "too large"),
        ("RAW", raw(b"II*\0", 1, &[&preview]), "too large"),
        ("cut HEIC", HEIC[..500].to_vec(), "cannot be read"),
        ("RAW without preview", raw(b"IIU\0", 1, &[]), "no preview"),
        ("archive", archive, "not known"),
        ("text", b"not a picture".to_vec(), "not known"),
        ("nothing", Vec::new(), "not known"),
        ("JPEG's beginning", vec![0xFF, 0xD8, 0xFF], "cannot be read"),
    ] {
        let refused = decode(&octets).expect_err(what);
        assert!(refused.to_string().contains(why), "{what}: {refused}");
    }
}
