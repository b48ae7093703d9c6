//! Writing files and folders so that they survive a power cut: fsync on a file keeps its octets,
//! fsync on its folder keeps its name.

use std::{
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, fchown},
    path::Path,
};

/// Writes a file for the server's eyes alone, whole or not at all; it is on disk afterwards.
pub fn write_private(path: &Path, octets: &[u8]) -> io::Result<()> {
    write(path, octets, 0o600)
}

/// [`write_private`] with another mode, less the umask of the process.
pub fn write(path: &Path, octets: &[u8], mode: u32) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(mode)
        .open(&beside)?;
    file.write_all(octets)?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    flush_folder(parent(path))
}

/// Holds a file, made where it lacks, against every other process until what is returned is dropped;
/// `WouldBlock` when another holds it.
pub fn hold(path: &Path) -> io::Result<File> {
    let file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(NO_LINK)
        .open(path)?;
    give_to_owner(&file, path);
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        // File systems of a network may know no locks.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// For files of the data directory that may be there already: root follows no link its owner made.
pub const NO_LINK: i32 = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();

/// Gives a file that root made to the owner of its folder, who could not open it; none that also has
/// another name, which may be anybody's.
pub fn give_to_owner(file: &File, path: &Path) {
    let given = || {
        let (owner, own) = (fs::metadata(parent(path))?, file.metadata()?);
        let is_made_here = own.is_file() && own.nlink() == 1 && own.uid() == 0;
        if is_made_here && owner.uid() != 0 {
            fchown(file, Some(owner.uid()), Some(owner.gid()))?;
        }
        io::Result::Ok(())
    };
    if let Err(error) = given() {
        tracing::warn!(%error, file = %path.display(), "it could not be given to the owner of its folder");
    }
}

/// Makes a folder, and those above it that lack, each on disk afterwards.
pub fn make_folder(path: &Path, mode: u32) -> io::Result<()> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let made: Vec<&Path> = path.ancestors().take_while(missing).collect();
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)?;
    made.into_iter()
        .rev()
        .try_for_each(|folder| flush_folder(parent(folder)))
}

/// Flushes the names in a folder.
pub fn flush_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // File systems of a network may know no flush of a folder.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Ok(())
        }
        flushed => flushed,
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}
