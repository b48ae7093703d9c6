//! The fonts of a PDF: the built-in one, and the server's for other writing systems.

use std::{
    cell::{OnceCell, RefCell},
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use krilla::{
    Data,
    geom::Point,
    surface::Surface,
    text::{Font, TextDirection},
};
use ttf_parser::Face;

use super::pdf::{Placed, failed};
use crate::domain::error::{Error, Result};

/// Usual paths of fonts for Chinese, Japanese and Korean.
pub const USUAL: [&str; 8] = [
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/google-noto-sans-cjk-fonts/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc",
    "/usr/share/fonts/wenquanyi/wqy-microhei/wqy-microhei.ttc",
    "/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
];
/// Characters of a line that are drawn at most: some marks have no width.
const FITTED: usize = 300;
/// Characters of a text in several lines: more than a column of a page holds.
const WRAPPED: usize = 5_000;
/// Octets of a font file that is read at all.
const LARGEST: u64 = 64 * 1024 * 1024;

/// Fonts, embedded as subsets of the characters used.
pub(super) struct Fonts<'a> {
    regular: (Font, Face<'static>),
    bold: (Font, Face<'static>),
    files: &'a [PathBuf],
    /// Read once a character needs them.
    others: OnceCell<Vec<Other>>,
    missing: RefCell<BTreeSet<char>>,
}

/// A font of the server.
struct Other {
    octets: Arc<Vec<u8>>,
    font: Font,
}

impl Other {
    /// None for a file that is no font, or too large.
    fn read(path: &Path) -> Option<Self> {
        let about = fs::metadata(path).ok()?;
        if !about.is_file() || about.len() > LARGEST {
            return None;
        }
        let octets = Arc::new(fs::read(path).ok()?);
        Face::parse(&octets, 0).ok()?;
        let shared: Arc<dyn AsRef<[u8]> + Send + Sync> = octets.clone();
        let font = Font::new(Data::from(shared), 0)?;
        Some(Self { octets, font })
    }

    fn face(&self) -> Option<Face<'_>> {
        Face::parse(&self.octets, 0).ok()
    }
}

/// What is drawn with one font.
struct Run<'t> {
    text: &'t str,
    /// The font's place among the further ones; none: the font of the program.
    other: Option<usize>,
}

impl<'a> Fonts<'a> {
    /// The built-in fonts; a character they lack comes from the first of these files that has it.
    pub fn load(files: &'a [PathBuf]) -> Result<Self> {
        let font = |octets: &'static [u8]| {
            let face = Face::parse(octets, 0).map_err(|_| failed())?;
            let font = Font::new(Data::from(octets.to_vec()), 0).ok_or_else(failed)?;
            Ok::<_, Error>((font, face))
        };
        Ok(Self {
            regular: font(dejavu::sans::regular())?,
            bold: font(dejavu::sans::bold())?,
            files,
            others: OnceCell::new(),
            missing: RefCell::default(),
        })
    }

    /// The characters drawn that no font has.
    pub fn missing(&self) -> BTreeSet<char> {
        self.missing.borrow().clone()
    }

    fn own(&self, bold: bool) -> &(Font, Face<'static>) {
        if bold { &self.bold } else { &self.regular }
    }

    fn others(&self) -> &[Other] {
        self.others.get_or_init(|| {
            let read = self.files.iter().filter_map(|path| Other::read(path));
            read.collect()
        })
    }

    /// The text in pieces of one font each; what has no glyph anywhere stays with the package's.
    fn runs<'t>(&self, text: &'t str, bold: bool) -> Vec<Run<'t>> {
        let (_, own) = self.own(bold);
        let has = |c: char| c.is_whitespace() || own.glyph_index(c).is_some();
        if text.chars().all(has) {
            return vec![Run { text, other: None }];
        }
        let others = self.others();
        let faces: Vec<_> = others.iter().map(Other::face).collect();
        let among = |c: char| {
            let glyph = |face: &Option<Face<'_>>| face.as_ref()?.glyph_index(c);
            faces.iter().position(|face| glyph(face).is_some())
        };
        let mut runs: Vec<Run<'t>> = Vec::new();
        let mut begin = 0;
        let mut current = None;
        for (at, c) in text.char_indices() {
            let other = match has(c) {
                // A space goes with what is before it.
                true if c.is_whitespace() && at > 0 => current,
                true => None,
                false => among(c),
            };
            if !has(c) && other.is_none() {
                self.missing.borrow_mut().insert(c);
            }
            if at > 0 && other != current {
                runs.push(Run {
                    text: &text[begin..at],
                    other: current,
                });
                begin = at;
            }
            current = other;
        }
        runs.push(Run {
            text: &text[begin..],
            other: current,
        });
        runs
    }

    /// Widths of the characters of a run.
    fn widths(&self, run: &Run<'_>, size: f32, bold: bool) -> Vec<f32> {
        let wide = |face: &Face<'_>| -> Vec<f32> {
            let units = f32::from(face.units_per_em());
            let advance = |c| face.glyph_hor_advance(face.glyph_index(c)?);
            let advances = run.text.chars().map(|c| advance(c).unwrap_or(1200));
            advances
                .map(|advance| f32::from(advance) * size / units)
                .collect()
        };
        let other = run.other.and_then(|other| self.others().get(other));
        match other.and_then(Other::face) {
            Some(face) => wide(&face),
            None => wide(&self.own(bold).1),
        }
    }

    fn run_width(&self, run: &Run<'_>, size: f32, bold: bool) -> f32 {
        self.widths(run, size, bold).iter().sum()
    }

    /// Width of a text in points.
    pub fn width(&self, text: &str, size: f32, bold: bool) -> f32 {
        let runs = self.runs(text, bold);
        runs.iter().map(|run| self.run_width(run, size, bold)).sum()
    }

    /// The largest size from `least` to `usual` at which the text fits.
    pub fn shrunk(&self, text: &str, usual: f32, least: f32, room: f32) -> f32 {
        let width = self.width(text, usual, false);
        if width <= room {
            usual
        } else {
            // A little less, as widths are rounded.
            (usual * room / width * 0.99).max(least)
        }
    }

    /// The text, cut with an ellipsis where it would not fit.
    pub fn fit(&self, text: &str, size: f32, bold: bool, room: f32) -> String {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let shown: String = text.chars().take(FITTED).collect();
        let runs = self.runs(&shown, bold);
        let widths: Vec<f32> = runs
            .iter()
            .flat_map(|run| self.widths(run, size, bold))
            .collect();
        if shown == text && widths.iter().sum::<f32>() <= room {
            return text;
        }
        // Beside the ellipsis.
        let mut used = size;
        let fits = |width: &&f32| {
            used += **width;
            used <= room
        };
        let fitting = widths.iter().take_while(fits).count();
        shown.chars().take(fitting).chain(['…']).collect()
    }

    /// The text in lines no wider than a column.
    pub fn wrap(&self, text: &str, size: f32, room: f32) -> Vec<String> {
        let mut lines = Vec::new();
        let text: String = text.chars().take(WRAPPED).collect();
        for line in text.lines() {
            let mut current = String::new();
            for word in line.split_whitespace() {
                let candidate = if current.is_empty() {
                    word.to_owned()
                } else {
                    format!("{current} {word}")
                };
                if current.is_empty() || self.width(&candidate, size, false) <= room {
                    current = candidate;
                } else {
                    lines.push(self.fit(&current, size, false, room));
                    word.clone_into(&mut current);
                }
            }
            if !current.is_empty() {
                lines.push(self.fit(&current, size, false, room));
            }
        }
        lines
    }

    /// Draws a text, run by run with the first font that has its characters.
    pub fn draw(&self, surface: &mut Surface<'_>, text: &Placed) {
        let mut x = text.x;
        for run in self.runs(&text.text, text.bold) {
            if run.text.is_empty() {
                continue;
            }
            let other = run.other.and_then(|other| self.others().get(other));
            let font = other.map_or(&self.own(text.bold).0, |other| &other.font);
            surface.draw_text(
                Point::from_xy(x, text.y),
                font.clone(),
                text.size,
                run.text,
                false,
                TextDirection::Auto,
            );
            x += self.run_width(&run, text.size, text.bold);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_where_the_font_changes_and_what_no_font_has_is_known() {
        // A font of the package stands for one of the server: it lacks what the other lacks too.
        let fonts = Fonts::load(&[]).expect("the package's fonts");
        let runs = fonts.runs("Anaïs Ελένη", false);
        assert_eq!(runs.len(), 1);
        assert!(fonts.missing().is_empty());
        assert!(fonts.others.get().is_none(), "nothing is read without need");
        let runs = fonts.runs("李 Li", true);
        assert!(runs.iter().all(|run| run.other.is_none()));
        assert_eq!(fonts.missing().into_iter().collect::<String>(), "李");
    }

    #[test]
    fn a_line_is_cut_to_its_room_whatever_it_is_made_of() {
        let fonts = Fonts::load(&[]).expect("the package's fonts");
        let name = "Marie Curie, physicist";
        assert_eq!(fonts.fit(name, 7.5, false, 500.0), name);
        let cut = fonts.fit(name, 7.5, false, 50.0);
        let kept = cut.strip_suffix('…').expect("an ellipsis");
        assert!(name.starts_with(kept) && kept.len() > 5, "{cut}");
        assert!(fonts.width(&cut, 7.5, false) <= 50.0, "{cut}");
        // Marks without a width.
        let marked = format!("e{}", "\u{301}".repeat(200_000));
        assert_eq!(fonts.fit(&marked, 7.5, false, 50.0).chars().count(), 301);
        for line in fonts.wrap(&format!("{marked} {marked}"), 7.5, 50.0) {
            assert!(line.chars().count() <= 301);
        }
    }

    #[test]
    fn files_that_are_no_fonts_are_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let broken = folder.path().join("broken.ttf");
        fs::write(&broken, b"no font").expect("written");
        let good = folder.path().join("good.ttf");
        fs::write(&good, dejavu::sans::regular()).expect("written");
        let files = [
            folder.path().to_owned(),
            broken,
            folder.path().join("absent"),
            good,
        ];
        let fonts = Fonts::load(&files).expect("the package's fonts");
        assert_eq!(fonts.others().len(), 1);
    }
}
