//! A zip archive with one file per contact, written while it is made.

use std::{
    collections::HashMap,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use zip::{
    ZipWriter,
    write::{SimpleFileOptions, StreamWriter},
};

use crate::domain::error::{Error, Result};

/// Characters of a file's name.
const NAME: usize = 80;

/// What was written and not yet fetched.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut written = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        written.extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive under way.
pub struct Archive {
    zip: ZipWriter<StreamWriter<Written>>,
    written: Written,
    /// How often each name was given.
    names: HashMap<String, usize>,
}

impl Default for Archive {
    fn default() -> Self {
        let written = Written::default();
        Self {
            zip: ZipWriter::new_stream(written.clone()),
            written,
            names: HashMap::new(),
        }
    }
}

impl Archive {
    /// Adds a card under its name.
    pub fn add(&mut self, name: &str, card: &[u8]) -> Result<()> {
        self.begin(name, "vcf")?;
        self.write(card)
    }

    /// Begins a file; one of a name that was given before is numbered.
    pub fn begin(&mut self, name: &str, ending: &str) -> Result<()> {
        let name = self.free(&plain(name, "contact"), &format!(".{ending}"));
        self.zip
            .start_file(name, SimpleFileOptions::default())
            .map_err(failed)
    }

    /// Begins a document of some octets in a folder, whose parts are the outermost first.
    pub fn begin_in(&mut self, folder: &[String], file: &str, octets: i64) -> Result<()> {
        let parts = folder.iter().map(|part| plain(part, "_"));
        let folder = parts.collect::<Vec<_>>().join("/");
        let (bare, ending) = match file.rsplit_once('.') {
            Some((bare, ending)) if !bare.is_empty() => match plain(ending, "") {
                ending if ending.is_empty() => (bare, ending),
                ending => (bare, format!(".{ending}")),
            },
            _ => (file, String::new()),
        };
        let bare = format!("{folder}/{}", plain(bare, "document"));
        let name = self.free(&bare, &ending);
        let large = octets >= i64::from(u32::MAX);
        let options = SimpleFileOptions::default().large_file(large);
        self.zip.start_file(name, options).map_err(failed)
    }

    /// A name that was not given yet.
    fn free(&mut self, bare: &str, ending: &str) -> String {
        let wanted = format!("{bare}{ending}");
        loop {
            let times = self.names.entry(wanted.to_lowercase()).or_default();
            *times += 1;
            let name = match *times {
                1 => return wanted,
                times => format!("{bare} ({times}){ending}"),
            };
            let same = self.names.entry(name.to_lowercase()).or_default();
            if *same == 0 {
                *same = 1;
                return name;
            }
        }
    }

    /// Adds octets to the file that was begun.
    pub fn write(&mut self, octets: &[u8]) -> Result<()> {
        self.zip.write_all(octets).map_err(failed)
    }

    /// What was written since the last time.
    pub fn written(&self) -> Vec<u8> {
        let mut written = self
            .written
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *written)
    }

    /// Writes the directory, and gives the rest.
    pub fn end(self) -> Result<Vec<u8>> {
        let Self { zip, written, .. } = self;
        zip.finish().map_err(failed)?;
        let mut written = written.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *written))
    }
}

/// A name that every system takes for a file's.
fn plain(name: &str, otherwise: &str) -> String {
    let taken = |c: char| !c.is_control() && !"/\\:*?\"<>|".contains(c);
    let name: String = name
        .chars()
        .map(|c| if taken(c) { c } else { '_' })
        .take(NAME)
        .collect();
    match name.trim_matches(['.', ' ']) {
        "" => otherwise.to_owned(),
        name => name.to_owned(),
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("the archive could not be written: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_their_own_and_stay_in_the_archive() {
        let mut archive = Archive::default();
        for name in ["A", "a", "a (2)", "..", "x/../../y"] {
            archive.add(name, b"card").expect("added");
        }
        let folder = ["documents".to_owned(), "..".to_owned()];
        for name in ["cv.pdf", "CV.pdf", "cv (2).pdf", "../../etc/passwd", ".."] {
            archive.begin_in(&folder, name, 4).expect("begun");
            archive.write(b"text").expect("written");
        }
        let mut octets = archive.written();
        octets.extend(archive.end().expect("ended"));
        let read = zip::ZipArchive::new(io::Cursor::new(octets)).expect("an archive");
        let names = read.file_names();
        let mut names: Vec<String> = names
            .map(|name| name.expect("a name").into_owned())
            .collect();
        names.sort_unstable();
        let expected = [
            "A.vcf",
            "a (2) (2).vcf",
            "a (2).vcf",
            "contact.vcf",
            "documents/_/CV (2).pdf",
            "documents/_/_._etc_passwd",
            "documents/_/cv (2) (2).pdf",
            "documents/_/cv.pdf",
            "documents/_/document",
            "x_.._.._y.vcf",
        ];
        assert_eq!(names, expected);
    }
}
