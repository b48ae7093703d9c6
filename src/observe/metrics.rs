//! Metrics in the format of Prometheus: every instrument of the server is defined here.
//!
//! Labels come from lists that end: no login, device, path or name a client chose is one.

use std::{
    fmt::{self, Write as _},
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use http::{Method, StatusCode};
use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabelSet, LabelSetEncoder, NoLabelSet,
        text::{encode_eof, encode_registry},
    },
    metrics::{
        MetricType,
        counter::Counter,
        family::{Family, MetricConstructor},
        gauge::{ConstGauge, Gauge},
        histogram::Histogram,
    },
    registry::Registry,
};

use rustix::{
    fs::statvfs,
    process::{Resource, getrlimit},
    time::{ClockId, clock_gettime},
};

use super::requests::Face;
use crate::{
    auth::Authenticator,
    domain::{
        core::Core,
        error::{Error, Result},
        office::{places::last_backup, store::Census},
        tally::Spreading,
    },
    http::tls::Certificates,
    store::sqlite::Sqlite,
};

/// Seconds of a request; held ones take up to an hour.
const TIMES: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 60.0, 600.0, 3600.0,
];

/// Methods that are told apart.
const METHODS: [&str; 16] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "PROPFIND",
    "PROPPATCH",
    "REPORT",
    "MKCOL",
    "COPY",
    "MOVE",
    "ACL",
    "LOCK",
    "UNLOCK",
    "PATCH",
];

/// The media type of the classic text form, and of OpenMetrics.
pub const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Content-Type of OpenMetrics.
pub const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type Labels = Vec<(&'static str, String)>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    face: Face,
    /// The command of Exchange ActiveSync; for other faces the HTTP method.
    command: &'static str,
    /// None: the client left.
    status: Option<u16>,
}

impl EncodeLabelSet for Asked {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        let status = self
            .status
            .map_or("none".to_owned(), |status| status.to_string());
        [
            ("face", self.face.as_str()),
            ("command", self.command),
            ("status", status.as_str()),
        ]
        .encode(encoder)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Timed {
    face: Face,
    command: &'static str,
}

impl EncodeLabelSet for Timed {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        [("face", self.face.as_str()), ("command", self.command)].encode(encoder)
    }
}

#[derive(Clone, Debug)]
struct Times;

impl MetricConstructor<Histogram> for Times {
    fn new_metric(&self) -> Histogram {
        Histogram::new(TIMES)
    }
}

/// Metrics of requests.
#[derive(Debug)]
pub struct Requests {
    answered: Family<Asked, Counter>,
    took: Family<Timed, Histogram, Times>,
    under_way: Gauge,
    octets: Counter,
}

impl Default for Requests {
    fn default() -> Self {
        Self {
            answered: Family::default(),
            took: Family::new_with_constructor(Times),
            under_way: Gauge::default(),
            octets: Counter::default(),
        }
    }
}

impl Requests {
    /// Counts a request that begins.
    pub fn begun(&self) {
        self.under_way.inc();
    }

    /// Counts a request that ended.
    pub fn over(
        &self,
        face: Face,
        method: &Method,
        command: Option<&'static str>,
        status: Option<StatusCode>,
        took: Duration,
        octets: u64,
    ) {
        let known = METHODS.iter().find(|known| **known == method.as_str());
        let command = command.or(known.copied()).unwrap_or("other");
        let status = status.map(|status| status.as_u16());
        self.under_way.dec();
        self.octets.inc_by(octets);
        self.answered
            .get_or_create(&Asked {
                face,
                command,
                status,
            })
            .inc();
        let took = took.as_secs_f64();
        self.took
            .get_or_create(&Timed { face, command })
            .observe(took);
    }
}

/// The sources of the metrics.
pub struct Metrics {
    pub requests: Arc<Requests>,
    pub core: Arc<Core>,
    pub store: Arc<Sqlite>,
    pub auth: Arc<Authenticator>,
    pub certificates: Option<Arc<Certificates>>,
    /// The data directory.
    pub data: PathBuf,
    pub started: SystemTime,
}

/// How metrics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    OpenMetrics,
    /// The text format from before it.
    Classic,
}

impl Metrics {
    /// All metrics now.
    pub async fn text(&self, format: Format) -> Result<String> {
        let census = self.core.store().census().await?;
        let backup = last_backup(&**self.core.store()).await?;
        let mut registry = Registry::with_prefix("carnet");
        self.add_requests(&mut registry);
        self.add_clients(&mut registry);
        self.add_gauges(&mut registry, &census);
        add_counted(&mut registry, census);
        self.add_spreads(&mut registry);
        self.add_alarms(&mut registry);
        if let Some((_, at)) = backup {
            registry.register(
                "last_backup_timestamp_seconds",
                "Last backup made by this program, since the epoch",
                ConstGauge::new(at.0 / 1000),
            );
        }
        let mut process = Registry::default();
        self.add_process(&mut process);
        let mut text = String::new();
        encode_registry(&mut text, &registry)
            .and_then(|()| encode_registry(&mut text, &process))
            .and_then(|()| match format {
                Format::OpenMetrics => encode_eof(&mut text),
                Format::Classic => Ok(()),
            })
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        Ok(match format {
            Format::OpenMetrics => text,
            Format::Classic => classic(&text),
        })
    }

    fn add_gauges(&self, registry: &mut Registry, census: &Census) {
        let tally = self.core.tally();
        let mut gauge = |name: &str, help: &str, value: i64| {
            registry.register(name, help, ConstGauge::new(value));
        };
        gauge("people", "Accounts", census.people);
        gauge("groups", "Groups", census.groups);
        gauge(
            "held_requests",
            "Requests held until something changes",
            tally.held.value(),
        );
        gauge(
            "writer_queue",
            "Batches that wait for the writer",
            self.store.queued(),
        );
        gauge(
            "readers_waiting",
            "Reads that wait for a connection",
            self.store.readers_waiting(),
        );
        gauge("database_bytes", "Octets of the database", census.octets);
        gauge(
            "log_pages",
            "Pages of the log that are not in the database file yet",
            self.store.figures().log_pages.load(Ordering::Relaxed),
        );
        gauge(
            "document_bytes",
            "Octets of documents in it",
            census.document_octets,
        );
        gauge(
            "imports_running",
            "Imports under way",
            tally.imports.value(),
        );
        gauge(
            "exports_running",
            "Exports under way",
            tally.exports.value(),
        );
    }

    /// How long the store takes.
    fn add_spreads(&self, registry: &mut Registry) {
        let figures = self.store.figures();
        registry.register_collector(Box::new(Spreads(vec![
            (
                "commit_batches",
                "Batches that shared one commit",
                figures.batches.value(),
            ),
            (
                "commit_seconds",
                "Time of one commit",
                figures.commits.value(),
            ),
            (
                "read_wait_seconds",
                "Time until a connection was free",
                figures.waits.value(),
            ),
        ])));
    }

    fn add_requests(&self, registry: &mut Registry) {
        let requests = &self.requests;
        registry.register(
            "requests",
            "Requests that are over",
            requests.answered.clone(),
        );
        registry.register(
            "request_seconds",
            "Time from a request to the end of its answer; waits of devices included",
            requests.took.clone(),
        );
        registry.register(
            "requests_under_way",
            "Requests under way",
            requests.under_way.clone(),
        );
        registry.register("answer_bytes", "Octets of answers", requests.octets.clone());
    }

    fn add_clients(&self, registry: &mut Registry) {
        let tally = self.core.tally();
        let passed = Family::<Labels, Counter>::default();
        for (client, what, times) in tally.passed() {
            let labels = vec![("client", client.to_owned()), ("event", what.to_owned())];
            passed.get_or_create(&labels).inc_by(times);
        }
        registry.register(
            "exchanges",
            "What passed between clients and the server; repeated: the answer before was lost, \
             started-over: the client's key or token was not known any more",
            passed,
        );
        let mut counter = |name: &str, help: &str, value: u64| {
            let counter: Counter = Counter::default();
            counter.inc_by(value);
            registry.register(name, help, counter);
        };
        counter("wakes", "Waiters woken by commits", self.core.hub().woken());
        counter(
            "push_sent",
            "Push messages taken by push services",
            tally.pushes_sent.value(),
        );
        counter(
            "push_failed",
            "Push messages not taken",
            tally.pushes_failed.value(),
        );
        let failures = Family::<Labels, Counter>::default();
        for (why, times) in self.auth.failures().counts() {
            failures
                .get_or_create(&vec![("why", why.to_owned())])
                .inc_by(times);
        }
        registry.register("sign_in_failures", "Sign-ins that failed", failures);
    }

    /// What an operator is woken for.
    fn add_alarms(&self, registry: &mut Registry) {
        let build = Family::<Labels, Gauge>::default();
        let version = env!("CARGO_PKG_VERSION").to_owned();
        build.get_or_create(&vec![("version", version)]).set(1);
        registry.register("build_info", "The program", build);
        let certificates = self.certificates.as_ref();
        if let Some(expires) = certificates.and_then(|served| served.expires()) {
            registry.register(
                "certificate_expires_timestamp_seconds",
                "End of the certificate that is served, since the epoch",
                ConstGauge::new(expires),
            );
        }
        if let Ok(disk) = statvfs(&self.data) {
            registry.register(
                "disk_free_bytes",
                "Room that is left where the data are",
                ConstGauge::new(disk.f_bavail.saturating_mul(disk.f_frsize)),
            );
        }
    }

    /// The names every exporter uses for a process.
    fn add_process(&self, registry: &mut Registry) {
        let started = self.started.duration_since(UNIX_EPOCH).unwrap_or_default();
        registry.register(
            "process_start_time_seconds",
            "Start of the process since the epoch",
            ConstGauge::new(started.as_secs_f64()),
        );
        if let Some(octets) = resident() {
            registry.register(
                "process_resident_memory_bytes",
                "Resident memory",
                ConstGauge::new(octets),
            );
        }
        let spent = clock_gettime(ClockId::ProcessCPUTime);
        let seconds: Counter<f64, AtomicU64> = Counter::default();
        seconds.inc_by(spent.tv_sec as f64 + spent.tv_nsec as f64 / 1e9);
        registry.register("process_cpu_seconds", "Processor time", seconds);
        if let Some(most) = getrlimit(Resource::Nofile).current {
            registry.register(
                "process_max_fds",
                "Files and connections that may be open",
                ConstGauge::new(most),
            );
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            registry.register(
                "process_open_fds",
                "Open files and connections",
                ConstGauge::new(open.count() as u64),
            );
        }
    }
}

/// What there is of several kinds.
fn add_counted(registry: &mut Registry, census: Census) {
    for (name, help, label, rows) in [
        (
            "devices",
            "Devices of Exchange ActiveSync",
            "access",
            census.devices,
        ),
        (
            "clients",
            "Programs and devices that were here",
            "protocol",
            census.clients,
        ),
        (
            "outbox_messages",
            "Messages of the queue",
            "state",
            census.outbox,
        ),
    ] {
        let family = Family::<Labels, Gauge>::default();
        for (value, number) in rows {
            family.get_or_create(&vec![(label, value)]).set(number);
        }
        registry.register(name, help, family);
    }
}

/// Octets (Linux).
fn resident() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// Spreads counted elsewhere: `(name, help, values)`.
#[derive(Debug)]
struct Spreads(Vec<(&'static str, &'static str, Spreading)>);

impl Collector for Spreads {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (name, help, values) in &self.0 {
            let count = values.ranges.iter().map(|(_, number)| number).sum();
            encoder
                .encode_descriptor(name, help, None, MetricType::Histogram)?
                .encode_histogram::<NoLabelSet>(values.sum, count, &values.ranges, None)?;
        }
        Ok(())
    }
}

/// OpenMetrics as the classic text form: there a counter is described by the name its samples have.
fn classic(open: &str) -> String {
    let mut text = String::with_capacity(open.len() + 256);
    let mut help: Option<(&str, &str)> = None;
    for line in open.lines() {
        if let Some(said) = line.strip_prefix("# HELP ") {
            help = said.split_once(' ');
            continue;
        }
        match line
            .strip_prefix("# TYPE ")
            .and_then(|said| said.split_once(' '))
        {
            None => {
                let _ = writeln!(text, "{line}");
            }
            Some((name, kind)) => {
                let total = if kind == "counter" { "_total" } else { "" };
                if let Some((_, words)) = help.take() {
                    let _ = writeln!(text, "# HELP {name}{total} {words}");
                }
                let _ = writeln!(text, "# TYPE {name}{total} {kind}");
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_described_by_the_name_of_their_samples() {
        let open = "# HELP a Some words.\n# TYPE a counter\na_total 1\n\
                    # HELP b Others.\n# TYPE b gauge\nb 2\n";
        let expected = "# HELP a_total Some words.\n# TYPE a_total counter\na_total 1\n\
                        # HELP b Others.\n# TYPE b gauge\nb 2\n";
        assert_eq!(classic(open), expected);
    }

    #[test]
    fn methods_nobody_knows_are_one() {
        let requests = Requests::default();
        for number in 0..50 {
            let method = Method::from_bytes(format!("M{number}").as_bytes()).expect("a method");
            requests.begun();
            let status = Some(StatusCode::METHOD_NOT_ALLOWED);
            requests.over(Face::Web, &method, None, status, Duration::ZERO, 1);
        }
        let mut registry = Registry::default();
        registry.register("requests", "", requests.answered.clone());
        let mut text = String::new();
        encode_registry(&mut text, &registry).expect("text");
        assert_eq!(text.matches("requests_total{").count(), 1, "{text}");
        assert_eq!(requests.under_way.get(), 0);
        assert_eq!(requests.octets.get(), 50);
    }
}
