//! Faults of the disk, of the clock and of the network, made between a program and the kernel by a small library (`faults/shim.c`).

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use tempfile::TempDir;

/// What happens to changes of files from now on.
#[derive(Clone, Copy)]
pub enum Fault {
    None,
    /// The file system was remounted read-only, as after an error (EROFS).
    ReadOnly,
    /// The disk fails (EIO).
    Failing,
    /// The disk is full (ENOSPC).
    Full,
    /// Flushes wait.
    Hanging,
}

/// A switch for the faults of one program.
pub struct Faults {
    folder: TempDir,
}

impl Faults {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let faults = Self { folder };
        faults.set(Fault::None);
        faults
    }

    /// The program meets what is set for what is beneath a folder.
    pub fn arm(&self, command: &mut Command, folder: &Path) {
        command
            .env("LD_PRELOAD", library())
            .env("FAULTS_FOLDER", folder)
            .env("FAULTS_CONTROL", self.folder.path().join("control"));
    }

    /// The program's clock is what is set.
    pub fn arm_clock(&self, command: &mut Command) {
        command
            .env("LD_PRELOAD", library())
            .env("FAULTS_CLOCK", self.folder.path().join("clock"));
    }

    /// The same, and what it changes and flushes is written down; flushes themselves are left out.
    pub fn record(&self, command: &mut Command, folder: &Path) {
        self.arm(command, folder);
        command.env("FAULTS_LOG", self.log());
    }

    /// Where it is written down.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// The clock is so many days ahead from now on, or behind.
    pub fn set_clock(&self, days: i64) {
        // Beside its place: half a number would be another jump.
        let (new, clock) = (
            self.folder.path().join("new"),
            self.folder.path().join("clock"),
        );
        fs::write(&new, (days * 86_400).to_string()).expect("written");
        fs::rename(new, clock).expect("renamed");
    }

    pub fn set(&self, fault: Fault) {
        let kind = match fault {
            Fault::None => "",
            Fault::ReadOnly => "r",
            Fault::Failing => "e",
            Fault::Full => "f",
            Fault::Hanging => "h",
        };
        fs::write(self.folder.path().join("control"), kind).expect("written");
    }
}

/// The program asks for silent peers after a second, and gives them up after two questions.
pub fn ask_soon(command: &mut Command) {
    command
        .env("LD_PRELOAD", library())
        .env("FAULTS_KEEPALIVE", "1");
}

/// Compiled once a run, by the compiler SQLite is built with.
fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let name = format!("faults-{}.so", std::process::id());
        let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/faults/shim.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .status();
        assert!(built.expect("cc runs").success());
        library
    })
}
