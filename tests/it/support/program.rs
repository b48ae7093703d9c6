//! The program an operator runs, as a process of its own.

use std::{
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
    time::Duration,
};

/// A started `carnet serve`; killed when it is dropped.
pub struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// What it printed up to its sockets.
    pub printed: Vec<String>,
}

impl Program {
    /// Starts it and waits until as many sockets listen.
    pub fn serve(data: &Path, listen: &[&str], more: &[&str]) -> Self {
        Self::serve_logging(data, listen, more, Stdio::null())
    }

    /// The same; the log goes where one wants.
    pub fn serve_logging(
        data: &Path,
        listen: &[&str],
        more: &[&str],
        log: impl Into<Stdio>,
    ) -> Self {
        Self::serve_with(data, listen, more, |command| {
            command.stderr(log);
        })
    }

    /// The same with variables and a log of its own.
    pub fn serve_with(
        data: &Path,
        listen: &[&str],
        more: &[&str],
        set: impl FnOnce(&mut Command),
    ) -> Self {
        let mut command = program();
        set(&mut command);
        command.arg("serve").arg("--data").arg(data).args(more);
        Self::start(command, listen)
    }

    /// Starts it; none where the start is refused.
    pub fn try_serve(data: &Path, listen: &[&str], log: impl Into<Stdio>) -> Option<Self> {
        let mut command = program();
        command.arg("serve").arg("--data").arg(data).stderr(log);
        let mut program = Self::spawn(command, listen);
        let mut left = listen.len();
        while left > 0 {
            let line = program.lines.next()?.expect("text");
            left -= usize::from(line.starts_with("listening on "));
            program.printed.push(line);
        }
        Some(program)
    }

    /// With a limit of open files: `-Sn`, which it may raise, or `-n`, which it may not.
    pub fn limited(
        kind: &str,
        files: usize,
        data: &Path,
        listen: &[&str],
        log: impl Into<Stdio>,
    ) -> Self {
        let mut command = Command::new("sh");
        let script = format!("ulimit {kind} {files} && exec \"$0\" serve --data \"$@\"");
        command
            .args(["-c", &script, env!("CARGO_BIN_EXE_carnet")])
            .arg(data)
            // The client is slow here, with thousands of connections.
            .env("CARNET_HEAD_SECONDS", "600")
            .env("CARNET_IDLE_SECONDS", "600")
            .stderr(log);
        Self::start(command, listen)
    }

    fn start(command: Command, listen: &[&str]) -> Self {
        let mut program = Self::spawn(command, listen);
        program.listens(listen.len());
        program
    }

    fn spawn(mut command: Command, listen: &[&str]) -> Self {
        for url in listen {
            command.args(["--listen", url]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("started");
        let output = child.stdout.take().expect("an output");
        Self {
            child,
            lines: BufReader::new(output).lines(),
            printed: Vec::new(),
        }
    }

    /// Reads what it prints until so many more sockets listen.
    pub fn listens(&mut self, mut sockets: usize) {
        while sockets > 0 {
            let line = self.lines.next().expect("a line").expect("text");
            sockets -= usize::from(line.starts_with("listening on "));
            self.printed.push(line);
        }
    }

    /// Starts it and kills it after a moment, however far it came.
    pub fn cut_short(data: &Path, listen: &[&str], after: Duration) {
        let mut command = program();
        command.arg("serve").arg("--data").arg(data);
        for url in listen {
            command.args(["--listen", url]);
        }
        let quiet = command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = quiet.spawn().expect("started");
        std::thread::sleep(after);
        child.kill().expect("killed");
        child.wait().expect("ended");
    }

    /// `127.0.0.1:12345` of the first socket of a scheme.
    pub fn address(&self, scheme: &str) -> String {
        let prefix = format!("listening on {scheme}://");
        let line = self.printed.iter().find_map(|l| l.strip_prefix(&prefix));
        line.expect("a socket").to_owned()
    }

    /// `127.0.0.1:12345` where figures are, if they have an address of their own.
    pub fn figures(&self) -> String {
        let found = self.printed.iter().find_map(|line| {
            line.strip_prefix("figures on http://")?
                .strip_suffix("/metrics")
        });
        found.expect("an address").to_owned()
    }

    /// Octets of memory of its own, without the files it maps (Linux).
    pub fn memory(&self) -> u64 {
        memory_of(self.child.id())
    }

    /// Descriptors it holds (Linux).
    pub fn open_files(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.child.id());
        std::fs::read_dir(folder).expect("Linux").count()
    }

    /// What it has used of the processors so far (Linux; in hundredths of a second).
    pub fn processor_time(&self) -> Duration {
        let file = format!("/proc/{}/stat", self.child.id());
        let text = std::fs::read_to_string(file).expect("Linux");
        let fields = text.rsplit(") ").next().expect("fields").split(' ');
        let ticks = fields
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok());
        Duration::from_millis(ticks.sum::<u64>() * 10)
    }

    /// SIGKILL: at once, whatever it is doing.
    pub fn kill(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop.
    pub fn ask_to_stop(&self) {
        self.signal("TERM");
    }

    /// Waits for its end: whether it says that all went well.
    pub fn ends(mut self) -> bool {
        self.child.wait().expect("ended").success()
    }

    /// Asks it to stop, and waits.
    pub fn stop(self) {
        self.ask_to_stop();
        assert!(self.ends(), "it did not end well");
    }
}

impl Program {
    /// Sends a signal: `HUP`.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.expect("sent").success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_carnet"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARNET_")) {
        command.env_remove(name);
    }
    command
}

fn memory_of(process: u32) -> u64 {
    let file = format!("/proc/{process}/status");
    let text = std::fs::read_to_string(file).expect("Linux");
    let line = text.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|text| text.trim().strip_suffix(" kB")?.parse().ok());
    kib.map_or(u64::MAX, |kib: u64| kib * 1024)
}

fn piped(data: &Path, arguments: &[&str]) -> Child {
    let mut command = program();
    command.args(arguments).arg("--data").arg(data);
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    command.stderr(Stdio::piped()).spawn().expect("started")
}

/// Runs a command that reads what it is given piece by piece: what it printed, and the most octets
/// of memory of its own it was seen with while it read (Linux).
pub fn feed(
    data: &Path,
    arguments: &[&str],
    pieces: impl Iterator<Item = Vec<u8>>,
) -> (String, u64) {
    let mut child = piped(data, arguments);
    let mut stdin = child.stdin.take().expect("an input");
    let mut most = 0;
    for piece in pieces {
        stdin.write_all(&piece).expect("it reads on");
        most = most.max(memory_of(child.id()));
    }
    drop(stdin);
    let output = child.wait_with_output().expect("ended");
    assert!(output.status.success(), "{arguments:?}");
    (String::from_utf8(output.stdout).expect("text"), most)
}

/// Runs a command on a data directory.
pub fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = piped(data, arguments);
    let mut stdin = child.stdin.take().expect("an input");
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("ended")
}

/// What a command that works prints.
pub fn works(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments, "");
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {error}");
    String::from_utf8(output.stdout).expect("text")
}

/// What a command that is refused says.
pub fn refused(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments, "");
    assert!(!output.status.success(), "{arguments:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    String::from_utf8(output.stderr).expect("text")
}

/// What a command prints that did a part of what was asked.
pub fn partly(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments, "");
    assert_eq!(output.status.code(), Some(3), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).expect("text")
}
