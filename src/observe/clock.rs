//! Detects jumps of the machine's clock by comparing it with a monotonic one.

use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

/// The time between two looks at the clocks.
const EVERY: Duration = Duration::from_secs(5);
/// Seconds the clock may go on more or less than time does.
const TOLERATED: u64 = 60;

/// Goes on while the machine sleeps, where there is such a clock.
#[cfg(target_os = "linux")]
const RUNNING: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const RUNNING: ClockId = ClockId::Monotonic;

/// Logs when the clock jumps. Nothing else follows from a jump: expiries do not believe it at once
/// (`docs/reliability.md`, Clocks).
pub async fn keep_watch() {
    let mut look = tokio::time::interval(EVERY);
    look.tick().await;
    let mut before = (running(), SystemTime::now());
    loop {
        look.tick().await;
        let now = (running(), SystemTime::now());
        let seconds = jump(now.0.saturating_sub(before.0), before.1, now.1);
        if seconds != 0 {
            tracing::warn!(seconds, "the clock of the machine jumped");
        }
        before = now;
    }
}

/// How long the machine has been running.
fn running() -> Duration {
    let time = clock_gettime(RUNNING);
    Duration::from_secs(time.tv_sec.unsigned_abs())
}

/// Seconds a clock went on beyond what passed, less than nothing when it was put back; 0 for the
/// small steps of a clock that is kept right.
fn jump(passed: Duration, before: SystemTime, now: SystemTime) -> i64 {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let went = match now.duration_since(before) {
        Ok(on) => seconds(on),
        Err(back) => -seconds(back.duration()),
    };
    let jump = went.saturating_sub(seconds(passed));
    if jump.unsigned_abs() <= TOLERATED {
        0
    } else {
        jump
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_what_passes_the_time_that_passed() {
        let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let passed = Duration::from_secs(5);
        let at = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        for (now, jumped) in [
            (1_800_000_005, 0),
            (1_800_000_060, 0),
            (1_799_999_950, 0),
            (1_800_086_405, 86_400),
            (1_799_913_605, -86_400),
        ] {
            assert_eq!(jump(passed, noon, at(now)), jumped, "{now}");
        }
    }
}
