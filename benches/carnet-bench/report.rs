//! The table of results, printed and as JSON.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Rows as they were measured.
#[derive(Default)]
pub struct Report {
    rows: Vec<Value>,
}

/// What a figure has to be.
#[derive(Clone, Copy)]
pub enum Budget {
    AtLeast(f64),
    AtMost(f64),
    None,
}

impl Report {
    /// Prints a row and keeps it.
    pub fn row(&mut self, what: &str, figure: f64, unit: &str, budget: Budget) {
        let (bound, met) = match budget {
            Budget::AtLeast(least) => (format!("at least {least}"), Some(figure >= least)),
            Budget::AtMost(most) => (format!("at most {most}"), Some(figure <= most)),
            Budget::None => (String::new(), None),
        };
        let verdict = match met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "",
        };
        println!("{what:<58} {figure:>12.2} {unit:<12} {bound:<18} {verdict}");
        self.rows.push(json!({
            "what": what, "figure": figure, "unit": unit, "budget": bound, "met": met,
        }));
    }

    /// How far medians of the same work in books of several sizes lie apart.
    pub fn flatness(&mut self, what: &str, medians: &[f64], most: f64) {
        let least = medians.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = medians.iter().copied().fold(0.0, f64::max);
        let apart = (largest / least - 1.0) * 100.0;
        let what = format!("{what}, the slowest above the fastest");
        self.row(&what, apart, "%", Budget::AtMost(most));
    }

    /// The results as JSON, with the machine and the time.
    pub fn json(&self, machine: &str) -> String {
        let taken = chrono::Local::now().to_rfc3339();
        let report = json!({"machine": machine, "taken": taken, "rows": self.rows});
        format!("{report:#}\n")
    }
}

/// Milliseconds of one run.
pub fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let done = run();
    (done, milliseconds(started.elapsed()))
}

/// A duration in milliseconds.
pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The value below which a share of the samples lies.
pub fn quantile(samples: &mut [f64], share: f64) -> f64 {
    samples.sort_by(f64::total_cmp);
    let last = samples.len().saturating_sub(1);
    samples[((last as f64) * share).round() as usize]
}
