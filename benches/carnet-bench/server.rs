//! The measured server, its command line, and its memory and time when idle.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    Options,
    report::{Budget, Report, timed},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_carnet");

/// A started `carnet serve`; killed when it is dropped.
pub struct Server {
    child: Child,
    /// `127.0.0.1:12345` in the clear, and over TLS.
    pub plain: String,
    pub tls: String,
    pub data: TempDir,
}

impl Server {
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"))
    }

    /// On a data directory there is.
    pub fn start_in(data: TempDir) -> Self {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--listen", "http://127.0.0.1:0", "--listen"])
            .args(["https://127.0.0.1:0", "--data"])
            .arg(data.path())
            .env("CARNET_LOG_LEVEL", "error")
            // One account holds all of them.
            .env("CARNET_EAS_MAX_DEVICES", "100000")
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let output = BufReader::new(child.stdout.take().expect("an output"));
        let mut addresses = output
            .lines()
            .map(|line| line.expect("text"))
            .filter_map(|line| {
                Some(
                    line.strip_prefix("listening on ")?
                        .split_once("//")?
                        .1
                        .to_owned(),
                )
            });
        let (plain, tls) = (addresses.next(), addresses.next());
        Self {
            plain: plain.expect("a socket"),
            tls: tls.expect("a socket"),
            child,
            data,
        }
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> f64 {
        memory(self.child.id(), "VmRSS:")
    }

    /// Microseconds of processor time it has taken.
    pub fn processor(&self) -> f64 {
        processor(self.child.id())
    }

    /// Lets [`Server::peak`] begin anew.
    pub fn forget_peak(&self) {
        let file = format!("/proc/{}/clear_refs", self.child.id());
        fs::write(file, "5").expect("the peak is forgotten");
    }

    /// The most memory it had resident since then, in KiB.
    pub fn peak(&self) -> f64 {
        memory(self.child.id(), "VmHWM:")
    }

    /// An account whose password is `bench`.
    pub fn account(&self, login: &str) {
        let mut child = self.command(&["user", "add", login, "--password-stdin"]);
        let mut input = child.stdin.take().expect("an input");
        input.write_all(b"bench").expect("written");
        drop(input);
        assert!(child.wait().expect("ended").success());
    }

    /// An account with a book of so many contacts.
    pub fn book(&self, login: &str, contacts: usize) {
        let known = Command::new(PROGRAM)
            .args(["export", "--from", login, "--data"])
            .arg(self.data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if known.expect("ended").success() {
            return;
        }
        self.account(login);
        self.import(login, contacts, card);
    }

    /// Seconds and peak resident KiB of an import of `card(login, number)`.
    pub fn import(
        &self,
        login: &str,
        contacts: usize,
        card: impl Fn(&str, usize) -> String,
    ) -> (f64, f64) {
        let file = self.data.path().join(format!("{login}.vcf"));
        let cards: String = (0..contacts).map(|number| card(login, number)).collect();
        fs::write(&file, cards).expect("written");
        let (peak, milliseconds) = timed(|| {
            let path = file.to_str().expect("a path");
            let mut child = self.command(&["import", "--to", login, path]);
            let mut peak: f64 = 0.0;
            while child.try_wait().expect("asked").is_none() {
                peak = peak.max(memory(child.id(), "VmHWM:"));
                thread::sleep(Duration::from_millis(5));
            }
            assert!(child.wait().expect("ended").success());
            peak
        });
        fs::remove_file(file).expect("removed");
        (milliseconds / 1000.0, peak)
    }

    fn command(&self, arguments: &[&str]) -> Child {
        Command::new(PROGRAM)
            .args(arguments)
            .arg("--data")
            .arg(self.data.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("started")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A card as address books hold them, about 500 octets.
pub fn card(prefix: &str, number: usize) -> String {
    format!(
        "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{prefix}-{number}\r\nN:Family{number};Given;;;\r\n\
         FN:Given Family{number}\r\nORG:Company {};Purchasing\r\nTITLE:Head of purchasing\r\n\
         TEL;TYPE=CELL:+33 6 39 98 {number:06}\r\nTEL;TYPE=WORK,VOICE:+33 1 99 00 {number:06}\r\n\
         EMAIL;TYPE=INTERNET:person{number}@example.org\r\n\
         ADR;TYPE=WORK:;;{number} rue des Tanneurs;Lille;Nord;59000;France\r\n\
         NOTE:Met at the fair\\, wants the catalogue.\r\nBDAY:1972-04-15\r\nEND:VCARD\r\n",
        number % 500
    )
}

/// `VmRSS:` or `VmHWM:` of a process in KiB.
pub fn memory(process: u32, name: &str) -> f64 {
    fs::read_to_string(format!("/proc/{process}/status"))
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().trim_end_matches(" kB").parse().ok()
        })
        .unwrap_or(0.0)
}

/// Microseconds of processor time a process has taken; Linux counts hundredths of a second.
pub fn processor(process: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"));
    let stat = stat.expect("the figures of a process");
    // What follows the name in parentheses: the state, ten numbers, then user and system time.
    let fields = stat.rsplit(") ").next().unwrap_or_default().split(' ');
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<f64>().expect("a number"))
        .sum();
    ticks * 10_000.0
}

/// What an empty server costs.
pub fn rest(report: &mut Report) {
    let size = fs::metadata(Path::new(PROGRAM)).expect("the program").len();
    let mib = size as f64 / 1024.0 / 1024.0;
    report.row("release binary", mib, "MiB", Budget::AtMost(40.0));
    let (first, milliseconds) = timed(Server::start);
    report.row("first start", milliseconds, "ms", Budget::None);
    at_rest(
        &first,
        "resident at rest, empty, after the first start",
        report,
    );
    let data = TempDir::new().expect("a folder");
    let copy = Command::new("cp")
        .arg("-r")
        .arg(first.data.path().join("."))
        .arg(data.path())
        .status();
    assert!(copy.expect("copied").success());
    drop(first);
    let (second, milliseconds) = timed(|| Server::start_in(data));
    report.row("later start", milliseconds, "ms", Budget::AtMost(100.0));
    at_rest(
        &second,
        "resident at rest, empty, after a later start",
        report,
    );
}

fn at_rest(server: &Server, what: &str, report: &mut Report) {
    // The threads that only a start needs have ended.
    thread::sleep(Duration::from_secs(5));
    let resident = server.resident() / 1024.0;
    report.row(what, resident, "MiB", Budget::AtMost(30.0));
}

/// A large file through the command line, while the server runs.
pub fn import(options: &Options, server: &Server, report: &mut Report) {
    let contacts = if options.quick { 5_000 } else { 100_000 };
    server.account("import");
    let (seconds, peak) = server.import("import", contacts, card);
    let budget = Budget::AtMost(20.0 * contacts as f64 / 100_000.0);
    report.row(
        &format!("import of {contacts} vCards"),
        seconds,
        "s",
        budget,
    );
    report.row(
        "  peak resident of the import",
        peak / 1024.0,
        "MiB",
        Budget::None,
    );
}
