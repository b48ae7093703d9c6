//! Connections: how many, how slow, of whom, and what every answer says to a browser.

mod forwarded;
mod gone;
mod headers;
mod http2;
mod many;
mod slow;

use std::{
    io::Read as _,
    net::TcpStream,
    time::{Duration, Instant},
};

/// Waits until the server closes, and says how long it took.
fn closes(stream: &mut TcpStream, most: Duration) -> Duration {
    let begin = Instant::now();
    stream.set_read_timeout(Some(most)).expect("a timeout");
    let mut rest = [0; 4096];
    loop {
        match stream.read(&mut rest) {
            Ok(0) => return begin.elapsed(),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                return begin.elapsed();
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => panic!("open after {:?}: {error}", begin.elapsed()),
        }
    }
}
