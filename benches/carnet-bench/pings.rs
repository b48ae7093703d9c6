//! Held Pings: how fast they wake, and what each costs.

use std::{
    net::TcpStream,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

use crate::{
    Options,
    client::Connection,
    eas::Device,
    report::{Budget, Report, milliseconds, quantile},
    server::Server,
};

/// From the first octet of one device's Sync to the last of another's Ping.
pub fn wake(options: &Options, server: &Server, report: &mut Report) {
    server.account("waking");
    let open = || Connection::open(&server.plain, "waking");
    let mut waiting = Device::set_up(open(), "waking", "waiting");
    let mut writing = Device::set_up(open(), "waking", "writing");
    let mut took = Vec::new();
    for number in 0..if options.quick { 20 } else { 300 } {
        waiting.ping();
        thread::sleep(Duration::from_millis(20));
        let (answered, started) = thread::scope(|scope| {
            let answer = scope.spawn(|| {
                let status = waiting.answered();
                (status, Instant::now())
            });
            let started = Instant::now();
            writing.sync(100, &[number]);
            (answer.join().expect("answered"), started)
        });
        assert_eq!(answered.0, "2");
        took.push(milliseconds(answered.1 - started));
        waiting.sync_all();
    }
    let p50 = quantile(&mut took, 0.5);
    report.row(
        "change to answered Ping, p50",
        p50,
        "ms",
        Budget::AtMost(5.0),
    );
    let p99 = quantile(&mut took, 0.99);
    report.row(
        "change to answered Ping, p99",
        p99,
        "ms",
        Budget::AtMost(50.0),
    );
}

/// As many Pings over TLS as the open-file limit allows, and what each adds to the server.
pub fn held(options: &Options, server: &Server, report: &mut Report) {
    let most = if options.quick {
        100
    } else {
        open_files().saturating_sub(1_000)
    };
    let count = options.pings.unwrap_or(most);
    server.account("held");
    let tls = tls(server);
    let connect = |number: usize| {
        let stream = over_tls(&tls, &server.tls);
        let connection = Connection::over(Box::new(stream), "held");
        Device::set_up(connection, "held", &format!("held{number}"))
    };
    // The first pays for what is made once.
    let mut devices: Vec<Device> = vec![connect(count)];
    devices[0].ping();
    thread::sleep(Duration::from_secs(1));
    let before = server.resident();
    let started = Instant::now();
    let more = thread::scope(|scope| {
        let halves: Vec<_> = (0..2)
            .map(|half| {
                let connect = &connect;
                scope.spawn(move || {
                    let numbers = (1..count).filter(move |number| number % 2 == half);
                    let set_up = numbers.map(|number| {
                        let mut device = connect(number);
                        device.ping();
                        device
                    });
                    set_up.collect::<Vec<_>>()
                })
            })
            .collect();
        let joined = halves.into_iter().map(|half| half.join().expect("held"));
        joined.flatten().collect::<Vec<_>>()
    });
    let took = started.elapsed().as_secs_f64();
    devices.extend(more);
    thread::sleep(Duration::from_secs(3));
    let each = (server.resident() - before) / (count.max(2) - 1) as f64;
    report.row("held Pings over TLS", count as f64, "", Budget::None);
    report.row("  resident each", each, "KiB", Budget::AtMost(30.0));
    report.row("  devices set up", count as f64 / took, "/s", Budget::None);
    // One write ends them all.
    let mut writer = Device::set_up(Connection::open(&server.plain, "held"), "held", "writer");
    let started = Instant::now();
    writer.sync(100, &[1]);
    for device in &mut devices {
        assert_eq!(device.answered(), "2");
    }
    let all = milliseconds(started.elapsed());
    report.row(
        "  one change to the last of all answers",
        all,
        "ms",
        Budget::None,
    );
}

/// A connection over TLS to a socket of this machine.
pub fn over_tls(
    tls: &Arc<ClientConfig>,
    address: &str,
) -> StreamOwned<ClientConnection, TcpStream> {
    let socket = TcpStream::connect(address).expect("a connection");
    socket.set_nodelay(true).expect("an option");
    let name = ServerName::try_from("127.0.0.1").expect("a name");
    let session = ClientConnection::new(tls.clone(), name).expect("a session");
    StreamOwned::new(session, socket)
}

pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client that trusts the server's authority.
pub fn tls(server: &Server) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let authority = server.data.path().join("tls/ca.pem");
    roots
        .add(CertificateDer::from_pem_file(authority).expect("an authority"))
        .expect("added");
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn open_files() -> usize {
    std::fs::read_to_string("/proc/self/limits")
        .ok()
        .and_then(|limits| {
            let line = limits
                .lines()
                .find(|line| line.starts_with("Max open files"))?;
            line.split_whitespace().nth(3)?.parse().ok()
        })
        .unwrap_or(1_024)
}
