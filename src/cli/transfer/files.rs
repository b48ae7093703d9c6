//! The files of `carnet import` and `carnet export`.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::domain::item::random_id;

/// Octets looked at to tell what a file is.
pub const SAMPLE: usize = 64 * 1024;
/// Where Radicale keeps what a folder is.
const RADICALE: &str = ".Radicale.props";

/// Opens a file to be read; - is standard input.
pub fn input(file: &Path) -> Result<Box<dyn BufRead + Send>, String> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::with_capacity(SAMPLE, std::io::stdin())));
    }
    let opened = File::open(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(Box::new(BufReader::with_capacity(SAMPLE, opened)))
}

/// The `.vcf` files of a folder, by name, without those of folders in it.
pub fn cards_of(folder: &Path) -> Result<Vec<(String, Vec<u8>)>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            folders.extend(book_of(&path).map(|book| format!("{name} ({book})")));
        } else if !name.starts_with('.') && name.to_lowercase().ends_with(".vcf") {
            let octets = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            files.push((name.into_owned(), octets));
        }
    }
    if !files.is_empty() {
        files.sort();
        return Ok(files);
    }
    folders.sort();
    let folder = folder.display();
    Err(if folders.is_empty() {
        format!("{folder}: there is no .vcf file in it")
    } else {
        let folders = folders.join(", ");
        format!("{folder}: there is no .vcf file in it; its address books are {folders}")
    })
}

/// What an address book of Radicale's is called.
fn book_of(folder: &Path) -> Option<String> {
    let props = fs::read(folder.join(RADICALE)).ok()?;
    let props: serde_json::Value = serde_json::from_slice(&props).ok()?;
    let name = props["D:displayname"].as_str().unwrap_or_default();
    (props["tag"] == "VADDRESSBOOK").then(|| name.to_owned())
}

/// Where an export goes.
pub struct Destination {
    output: Box<dyn Write>,
    /// A file made for it, which is removed where the export fails.
    made: Option<PathBuf>,
    /// The file that it replaces once it is whole.
    replaces: Option<PathBuf>,
}

impl Destination {
    /// Makes a file that its owner alone can read; one that is there is replaced only if `force`,
    /// once the new one is whole. None and - are standard output.
    pub fn open(file: Option<&Path>, force: bool) -> Result<Self, String> {
        let mut destination = Self {
            output: Box::new(std::io::stdout()),
            made: None,
            replaces: None,
        };
        let Some(file) = file.filter(|file| *file != Path::new("-")) else {
            return Ok(destination);
        };
        let mut options = OpenOptions::new();
        options.write(true).mode(0o600);
        let there = fs::metadata(file).ok();
        let made = match &there {
            // A terminal, a pipe or /dev/null is written to.
            Some(there) if !there.is_file() => {
                options.truncate(true);
                None
            }
            Some(_) if force => {
                // Behind a link is the file.
                let file = fs::canonicalize(file).map_err(|error| error.to_string())?;
                let mut beside = file.clone().into_os_string();
                beside.push(format!(".{}", random_id(6)));
                options.create_new(true);
                destination.replaces = Some(file);
                Some(PathBuf::from(beside))
            }
            _ => {
                options.create_new(true);
                Some(file.to_owned())
            }
        };
        let opened = options.open(made.as_deref().unwrap_or(file));
        let opened = opened.map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => {
                format!("{} exists already; --force replaces it", file.display())
            }
            _ => format!("{}: {error}", file.display()),
        })?;
        destination.output = Box::new(opened);
        destination.made = made;
        Ok(destination)
    }

    /// Writes a piece.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), String> {
        let written = self.output.write_all(piece);
        written.map_err(|error| error.to_string())
    }

    /// Keeps what was written.
    pub fn finish(mut self) -> Result<(), String> {
        self.output.flush().map_err(|error| error.to_string())?;
        if let (Some(made), Some(replaced)) = (&self.made, &self.replaces) {
            File::open(made)
                .and_then(|file| file.sync_all())
                .map_err(|error| format!("{}: {error}", made.display()))?;
            fs::rename(made, replaced)
                .map_err(|error| format!("{}: {error}", replaced.display()))?;
        }
        self.made = None;
        Ok(())
    }
}

impl Drop for Destination {
    fn drop(&mut self) {
        if let Some(file) = self.made.take() {
            let _ = fs::remove_file(file);
        }
    }
}
