//! Starts a server in a temporary directory and measures it from the side of its clients.
//!
//! `cargo bench --bench carnet-bench -- [--quick] [--pings N] [--json FILE] [NAME...]`: all rows,
//! or those whose name begins so. The client runs on the same machine and has its share of it.

mod bare;
mod client;
mod dav;
mod eas;
mod groups;
mod machine;
mod pings;
mod report;
mod search;
mod server;
mod sign_in;

use std::path::PathBuf;

use report::{Budget, Report};
use server::Server;

/// What the command line asks.
pub struct Options {
    /// Smaller books and shorter runs, to see that everything works.
    pub quick: bool,
    /// Pings held over TLS; as many as the open-file limit allows without it.
    pub pings: Option<usize>,
    json: Option<PathBuf>,
    names: Vec<String>,
}

impl Options {
    fn read() -> Self {
        let mut options = Self {
            quick: false,
            pings: None,
            json: None,
            names: Vec::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // Cargo's own.
                "--bench" => {}
                "--quick" => options.quick = true,
                "--pings" => options.pings = arguments.next().and_then(|n| n.parse().ok()),
                "--json" => options.json = arguments.next().map(PathBuf::from),
                name => options.names.push(name.to_owned()),
            }
        }
        options
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|wanted| name.starts_with(wanted))
    }
}

type Bench = fn(&Options, &Server, &mut Report);

const BENCHES: [(&str, Bench); 12] = [
    ("machine-tls", bare::floors),
    ("import", server::import),
    ("carddav-read", dav::read),
    ("carddav-poll", dav::poll),
    ("carddav-write", dav::write),
    ("groups", groups::edit),
    ("eas-read", eas::read),
    ("eas-upload", eas::upload),
    ("ping-wake", pings::wake),
    ("ping-held", pings::held),
    ("search", search::latency),
    ("sign-in", sign_in::wrong),
];

fn main() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments
        .next()
        .is_some_and(|first| first == bare::ARGUMENT)
    {
        let folder = arguments.next().expect("a folder");
        return bare::serve(folder.as_ref());
    }
    let options = Options::read();
    let mut report = Report::default();
    println!("{}", machine::describe());
    if options.wants("machine") {
        machine::floors(&mut report);
    }
    let server = Server::start();
    if options.wants("start") {
        server::rest(&mut report);
    }
    for (name, bench) in BENCHES {
        if options.wants(name) {
            server.forget_peak();
            bench(&options, &server, &mut report);
            let what = format!("  peak resident of the server, {name}");
            report.row(&what, server.peak() / 1024.0, "MiB", Budget::None);
        }
    }
    if let Some(file) = &options.json {
        let report = report.json(&machine::describe());
        std::fs::write(file, report).expect("the report is written");
    }
}
