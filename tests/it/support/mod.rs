//! A started server, and small clients for each protocol.

pub mod browser;
pub mod dav;
pub mod dice;
pub mod eas;
pub mod faults;
pub mod gateway;
pub mod http;
pub mod mutate;
pub mod people;
pub mod phone;
pub mod program;
pub mod server;
pub mod smtp;
pub mod tree;

/// Waits until something is so.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !holds() {
        assert!(begin.elapsed().as_secs() < 60, "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

/// A folder where flushes cost nothing: in memory, where there is enough of it (containers have
/// 64 MiB).
pub fn quick_folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).map_or(0, |disk| disk.f_bavail * disk.f_frsize);
    let folder = if room >= 1 << 30 {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    folder.expect("a folder")
}

/// Says that a test did nothing, and why: past what keeps the output of tests that pass.
pub fn skipped(why: &str) {
    use std::io::Write as _;
    // Nobody is left to tell when it fails.
    let _ = writeln!(std::io::stderr(), "SKIPPED: {why}");
}
