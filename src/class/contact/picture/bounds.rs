//! Pictures larger than the limits, in every format: small files of one colour that are valid, and
//! are read where they declare less.

use std::io::Cursor;

use flate2::{Compress, Compression, Crc, FlushCompress};
use image::{GrayImage, ImageFormat, Luma};

use super::decode::decode;

/// A chunk of a PNG, with its checksum.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let named = [name, content].concat();
    let mut sum = Crc::new();
    sum.update(&named);
    let length = u32::try_from(content.len()).expect("short");
    [&length.to_be_bytes()[..], &named, &sum.sum().to_be_bytes()].concat()
}

/// So many octets of zero in zlib's format, made of the same blocks over and over.
fn zeros(number: usize) -> Vec<u8> {
    const PART: usize = 1 << 20;
    let deflated = |number: usize| {
        let mut out = Vec::with_capacity(16 * 1024);
        Compress::new(Compression::best(), false)
            .compress_vec(&vec![0; number], &mut out, FlushCompress::Full)
            .expect("compressed");
        out
    };
    let mut all = vec![0x78, 0x9C];
    all.extend(deflated(PART).repeat(number / PART));
    all.extend(deflated(number % PART));
    // An empty last block, and the checksum (RFC 1950 §2.2): no octet adds to its lower half.
    all.extend([3, 0]);
    let sum = u32::try_from(number % 65_521).expect("small") << 16 | 1;
    all.extend(sum.to_be_bytes());
    all
}

fn png(width: u32, height: u32, depth: u8, colour: u8) -> Vec<u8> {
    let samples = if colour == 6 { 4 } else { 1 };
    let row = 1 + (width as usize * usize::from(depth) * samples).div_ceil(8);
    let head = [
        &width.to_be_bytes()[..],
        &height.to_be_bytes(),
        &[depth, colour, 0, 0, 0],
    ];
    [
        b"\x89PNG\r\n\x1a\n".to_vec(),
        chunk(b"IHDR", &head.concat()),
        chunk(b"IDAT", &zeros(row * height as usize)),
        chunk(b"IEND", &[]),
    ]
    .concat()
}

fn jpeg(width: u32, height: u32) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    GrayImage::from_pixel(width, height, Luma([120]))
        .write_to(&mut out, ImageFormat::Jpeg)
        .expect("a JPEG");
    out.into_inner()
}

/// Lossless, each of the five prefix codes of one symbol, so that a pixel takes no bit.
fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |value: u32, number: u32| bits.extend((0..number).map(|at| value >> at & 1 == 1));
    put(width - 1, 14);
    put(height - 1, 14);
    // No alpha, version 0, no transform, no cache of colours, one group of codes.
    put(0, 1 + 3 + 1 + 1 + 1);
    for _ in 0..5 {
        // A simple code of one symbol, which is 0.
        put(0b0001, 4);
    }
    let mut stream = vec![0x2F];
    let octet = |bits: &[bool]| {
        let bits = bits.iter().enumerate();
        bits.fold(0, |octet, (at, bit)| octet | u8::from(*bit) << at)
    };
    stream.extend(bits.chunks(8).map(octet));
    stream.resize(stream.len().next_multiple_of(2), 0);
    let length = |length: usize| u32::try_from(length).expect("short").to_le_bytes();
    [
        b"RIFF",
        &length(12 + stream.len())[..],
        b"WEBPVP8L",
        &length(stream.len()),
        &stream,
    ]
    .concat()
}

/// Gray or, with three samples of two octets, colour; each row is the same strip (PackBits).
fn tiff(width: u32, height: u32, samples: u16) -> Vec<u8> {
    let row = width as usize * if samples == 3 { 6 } else { 1 };
    // Runs of at most 128 zeros.
    let runs = (0..row).step_by(128).flat_map(|at| {
        let run = (row - at).min(128);
        [(257 - run) as u8, 0]
    });
    let strip: Vec<u8> = runs.collect();
    let strips = 8 + strip.len() as u32;
    let sizes = strips + 4 * height;
    let depths = sizes + 4 * height;
    let bits = if samples == 3 { (3, depths) } else { (1, 8) };
    let entries: [(u16, u16, u32, u32); 9] = [
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, bits.0, bits.1),
        (259, 3, 1, 32_773),
        (262, 3, 1, if samples == 3 { 2 } else { 1 }),
        (273, 4, height, strips),
        (277, 3, 1, samples.into()),
        (278, 4, 1, 1),
        (279, 4, height, sizes),
    ];
    let mut file = b"II*\0".to_vec();
    file.extend((depths + 8).to_le_bytes());
    file.extend(&strip);
    file.extend(8u32.to_le_bytes().repeat(height as usize));
    file.extend((strip.len() as u32).to_le_bytes().repeat(height as usize));
    file.extend([16, 0, 16, 0, 16, 0, 0, 0]);
    file.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in entries {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    }
    file.extend([0; 4]);
    file
}

/// One pixel on a screen of that size.
fn gif(width: u32, height: u32) -> Vec<u8> {
    let edge = |edge: u32| (edge as u16).to_le_bytes();
    let mut file = b"GIF89a".to_vec();
    file.extend([edge(width), edge(height)].concat());
    // Two colours.
    file.extend([0x80, 0, 0, 20, 120, 60, 20, 120, 60]);
    file.extend([0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0]);
    // Clear, colour 0, end, in codes of three bits.
    file.extend([2, 2, 0x44, 0x01, 0, 0x3B]);
    file
}

/// Runs of one colour of two (RLE8).
fn bmp(width: u32, height: u32) -> Vec<u8> {
    let runs = (0..width).step_by(255);
    let mut row: Vec<u8> = runs
        .flat_map(|at| [(width - at).min(255) as u8, 0])
        .collect();
    row.extend([0, 0]);
    let mut pixels = row.repeat(height as usize);
    pixels.extend([0, 1]);
    let start = 14 + 40 + 8u32;
    let size = pixels.len() as u32;
    let mut file = b"BM".to_vec();
    for value in [start + size, 0, start, 40, width, height] {
        file.extend(value.to_le_bytes());
    }
    // One plane, 8 bits, RLE8.
    file.extend([1, 0, 8, 0, 1, 0, 0, 0]);
    for value in [size, 2_835, 2_835, 2, 2] {
        file.extend(value.to_le_bytes());
    }
    file.extend([60, 120, 20, 0, 60, 120, 20, 0]);
    file.extend(pixels);
    file
}

type Make = fn(u32, u32) -> Vec<u8>;

/// Each format with what makes a picture of a size.
const FORMATS: [(&str, Make); 6] = [
    ("PNG", |width, height| png(width, height, 1, 0)),
    ("JPEG", jpeg),
    ("WebP", webp),
    ("TIFF", |width, height| tiff(width, height, 1)),
    ("GIF", gif),
    ("BMP", bmp),
];

#[test]
fn pictures_of_too_many_pixels_or_too_long_an_edge_are_told_from_damaged_ones() {
    for (what, make) in FORMATS {
        // The decoder of WebP reads no edge of 16,384, the longest there is (RFC 9649 §3.4).
        let longest = if what == "WebP" { 16_383 } else { 16_384 };
        for (width, height) in [(40, 30), (longest, 2), (2, longest)] {
            let picture = decode(&make(width, height));
            let picture = picture.unwrap_or_else(|error| panic!("{what} {width}: {error}"));
            assert_eq!(
                (picture.width(), picture.height()),
                (width, height),
                "{what}"
            );
        }
        // 64 megapixels.
        let mut beyond = vec![(8_000, 8_000)];
        if what != "WebP" {
            beyond.extend([(16_385, 10), (10, 17_000)]);
        }
        for (width, height) in beyond {
            let octets = make(width, height);
            assert!(octets.len() < 2 << 20, "{what}: {}", octets.len());
            let refused = decode(&octets).expect_err(what).to_string();
            let size = format!("the picture is too large: {width} by {height} pixels");
            assert_eq!(refused, size, "{what}");
        }
    }
}

#[test]
fn pictures_whose_pixels_take_too_much_memory_are_refused() {
    // Two octets a sample: below 60 megapixels, above 256 MiB.
    for (what, octets, small) in [
        ("PNG", png(5_900, 5_900, 16, 6), png(59, 59, 16, 6)),
        ("TIFF", tiff(6_700, 6_700, 3), tiff(67, 67, 3)),
    ] {
        decode(&small).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(octets.len() < 2 << 20, "{what}: {}", octets.len());
        let refused = decode(&octets).expect_err(what).to_string();
        assert!(
            refused.starts_with("the picture is too large"),
            "{what}: {refused}"
        );
    }
}
