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
        let bare = plain(name);
        let times = self.names.entry(bare.to_lowercase()).or_default();
        *times += 1;
        let name = match *times {
            1 => format!("{bare}.{ending}"),
            times => format!("{bare} ({times}).{ending}"),
        };
        self.zip
            .start_file(name, SimpleFileOptions::default())
            .map_err(failed)
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
fn plain(name: &str) -> String {
    let taken = |c: char| !c.is_control() && !"/\\:*?\"<>|".contains(c);
    let name: String = name
        .chars()
        .map(|c| if taken(c) { c } else { '_' })
        .take(NAME)
        .collect();
    match name.trim_matches(['.', ' ']) {
        "" => "contact".to_owned(),
        name => name.to_owned(),
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("the archive could not be written: {error}"))
}
