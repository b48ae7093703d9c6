//! A peer that is gone without a word: its network took no leave.

use std::{
    fs,
    io::Write as _,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::support::{eas::Device, eventually, faults, http::basic, program::Program};

/// A network of its own with one cable to it, as long as it lives. Others of other processes may be
/// beside it.
struct Elsewhere {
    name: String,
    /// The ends of the cable, here and there, and their addresses.
    ends: [String; 2],
    addresses: [String; 2],
}

impl Elsewhere {
    /// None where this user may not make one.
    fn new() -> Option<Self> {
        let process = std::process::id();
        let [high, middle, low] = [process >> 14 & 63, process >> 6 & 255, (process & 63) * 4];
        let there = Self {
            name: format!("carnet-{process}"),
            ends: ["a", "b"].map(|end| format!("cn{process}{end}")),
            addresses: [1, 2].map(|host| format!("10.{}.{middle}.{}", 192 + high, low + host)),
        };
        let name = &*there.name;
        if !ip(&["netns", "add", name]) {
            crate::support::skipped("only root may make a network to be cut off from");
            return None;
        }
        let [here_end, there_end] = &there.ends;
        let [server, phone] = there.addresses.clone().map(|address| address + "/30");
        let made = [
            &[
                "link", "add", here_end, "type", "veth", "peer", "name", there_end, "netns", name,
            ][..],
            &["addr", "add", &server, "dev", here_end],
            &["link", "set", here_end, "up"],
            &["-n", name, "addr", "add", &phone, "dev", there_end],
            &["-n", name, "link", "set", there_end, "up"],
        ];
        if !made.iter().all(|arguments| ip(arguments)) {
            crate::support::skipped("no network can be made to be cut off from");
            return None;
        }
        Some(there)
    }

    /// Sends a request from there and waits for what comes; the process that does.
    fn asks(&self, port: &str, request: &[u8]) -> Child {
        let script = format!(
            "exec 3<>/dev/tcp/{}/{port}; cat >&3; exec cat <&3",
            self.addresses[0]
        );
        let mut child = Command::new("ip")
            .args(["netns", "exec", &self.name, "bash", "-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("started");
        let mut input = child.stdin.take().expect("an input");
        input.write_all(request).expect("sent");
        child
    }

    /// Nothing comes from there any more, nor gets there.
    fn cut(&self) {
        assert!(ip(&[
            "-n",
            &self.name,
            "link",
            "set",
            &self.ends[1],
            "down"
        ]));
    }
}

impl Drop for Elsewhere {
    fn drop(&mut self) {
        ip(&["link", "del", &self.ends[0]]);
        ip(&["netns", "del", &self.name]);
    }
}

fn ip(arguments: &[&str]) -> bool {
    let done = Command::new("ip").args(arguments).output();
    done.is_ok_and(|output| output.status.success())
}

#[test]
fn a_held_request_whose_peer_is_gone_ends_and_is_told_of() {
    let Some(elsewhere) = Elsewhere::new() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let output = fs::File::create(&log).expect("a log");
    let listen = [&*format!("http://{}:0", elsewhere.addresses[0])];
    let program = Program::serve_with(folder.path(), &listen, &["--demo"], |command| {
        faults::ask_soon(command);
        command.stderr(output);
    });
    let address = program.address("http");
    let mut device = Device::set_up(&address, "alice", "gone", "16.1");
    device.sync_all(&[], 100);
    let ping = device.ping_body(900);
    let (name, value) = basic("alice", "demo");
    let mut request = format!(
        "POST /Microsoft-Server-ActiveSync?Cmd=Ping&User=alice&DeviceId=gone&DeviceType=iPhone HTTP/1.1\r\n\
         Host: x\r\n{name}: {value}\r\nMS-ASProtocolVersion: 16.1\r\n\
         Content-Type: application/vnd.ms-sync.wbxml\r\nContent-Length: {}\r\n\r\n",
        ping.len()
    )
    .into_bytes();
    request.extend(ping);
    let (_, port) = address.rsplit_once(':').expect("a port");
    let mut phone = elsewhere.asks(port, &request);
    std::thread::sleep(Duration::from_secs(3));
    let lines = || fs::read_to_string(&log).expect("a log");
    assert!(!lines().contains("command=\"Ping\""), "{}", lines());

    elsewhere.cut();
    let cut = Instant::now();
    let told = || {
        let lines = lines();
        let line = lines.lines().find(|line| line.contains("command=\"Ping\""));
        line.map(str::to_owned)
    };
    eventually("the end of the Ping", || told().is_some());
    assert!(cut.elapsed() < Duration::from_secs(60));
    let line = told().expect("a line");
    for text in [
        "left by the client",
        &elsewhere.addresses[1],
        "login=\"alice\"",
        "device=\"gone\"",
    ] {
        assert!(line.contains(text), "{text}: {line}");
    }
    assert!(!line.contains("status="), "{line}");
    phone.kill().expect("killed");
    phone.wait().expect("ended");
    program.stop();
}
