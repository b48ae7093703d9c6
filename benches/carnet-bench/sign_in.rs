//! The time of a wrong password, for a login there is and one there is not.

use crate::{
    Options,
    client::Connection,
    report::{Budget, Report, quantile, timed},
    server::Server,
};

const ATTEMPTS: usize = 80;

/// By turns, so that whatever else the machine does meets both alike.
pub fn wrong(_: &Options, server: &Server, report: &mut Report) {
    server.account("somebody");
    let mut logins = ["somebody", "nobody"].map(|login| {
        let connection = Connection::with_password(&server.plain, login, "wrong");
        (connection, Vec::new())
    });
    for _ in 0..ATTEMPTS {
        for (connection, took) in &mut logins {
            let ((status, _), milliseconds) =
                timed(|| connection.call("PROPFIND", "/dav/", "Depth: 0\r\n", b""));
            assert_eq!(status, 401);
            took.push(milliseconds);
        }
    }
    for (what, (_, mut took)) in ["known", "unknown"].into_iter().zip(logins) {
        let what = format!("wrong password, {what} login, {ATTEMPTS} times");
        report.row(&what, quantile(&mut took, 0.5), "ms p50", Budget::None);
    }
}
