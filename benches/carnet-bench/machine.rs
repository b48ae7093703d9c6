//! Measures the machine without Carnet: the best any server could reach on it.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use crate::report::{Budget, Report};

/// Processor, cores, load and kernel, in a line.
pub fn describe() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!(
        "{model}, {cores} cores, Linux {}, load {load}",
        kernel.trim()
    )
}

pub fn floors(report: &mut Report) {
    let flushes = flushes();
    report.row("machine: flushes of 4 KiB", flushes, "/s", Budget::None);
    let answers = answers();
    let what = "machine: small requests over loopback, 8 connections";
    report.row(what, answers, "/s", Budget::None);
}

fn flushes() -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let mut file = File::create(folder.path().join("flush")).expect("a file");
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < Duration::from_secs(2) {
        file.write_all(&[0x55; 4096]).expect("written");
        file.sync_data().expect("flushed");
        count += 1;
    }
    f64::from(count) / started.elapsed().as_secs_f64()
}

/// A thread a connection answers 120 octets with 120.
fn answers() -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || echo(stream));
        }
    });
    let started = Instant::now();
    let limit = Duration::from_secs(2);
    let askers: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(move || {
                let mut stream = TcpStream::connect(address).expect("connected");
                stream.set_nodelay(true).expect("an option");
                let mut buffer = [0x55; 120];
                let mut count = 0u32;
                while started.elapsed() < limit {
                    stream.write_all(&buffer).expect("sent");
                    stream.read_exact(&mut buffer).expect("answered");
                    count += 1;
                }
                count
            })
        })
        .collect();
    let total: u32 = askers.into_iter().map(|a| a.join().expect("counted")).sum();
    f64::from(total) / started.elapsed().as_secs_f64()
}

fn echo(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut buffer = [0; 120];
    while stream.read_exact(&mut buffer).is_ok() && stream.write_all(&buffer).is_ok() {}
}
