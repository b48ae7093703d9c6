//! The connections that read.
//!
//! A look-up of a few rows takes microseconds, less than handing it to another thread and back:
//! it runs where it is asked. Whatever may read many rows runs on the threads for blocking work.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use super::{failed, figures::Figures, open, unavailable};
use crate::domain::{blocking::blocking, error::Result};
use deadpool::managed::{self, Metrics, Object, RecycleResult};
use rusqlite::Connection;

/// Connections at once.
const CONNECTIONS: usize = 4;

/// The pool of connections that read.
pub struct Readers {
    pool: managed::Pool<Manager>,
    figures: Arc<Figures>,
}

impl Readers {
    /// Opens the reading connections of a database file.
    pub fn of(file: &Path, figures: Arc<Figures>) -> Result<Self> {
        let manager = Manager(file.to_owned());
        let pool = managed::Pool::builder(manager).max_size(CONNECTIONS);
        let pool = pool.build().map_err(unavailable)?;
        Ok(Self { pool, figures })
    }

    /// Reads that wait for a connection.
    pub fn waiting(&self) -> i64 {
        i64::try_from(self.pool.status().waiting).unwrap_or(i64::MAX)
    }

    /// Reads where it is asked: for a handful of rows.
    pub async fn here<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let connection = self.get().await?;
        read(&connection).map_err(failed)
    }

    /// Reads on a thread for blocking work.
    pub async fn apart<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T> {
        let connection = self.get().await?;
        blocking(move || read(&connection)).await?.map_err(failed)
    }

    async fn get(&self) -> Result<Object<Manager>> {
        let asked = Instant::now();
        let connection = self.pool.get().await.map_err(unavailable)?;
        self.figures.waits.note_time(asked.elapsed());
        Ok(connection)
    }
}

/// Opens connections to a file.
struct Manager(PathBuf);

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = rusqlite::Error;

    async fn create(&self) -> rusqlite::Result<Connection> {
        let mut connection = Connection::open(&self.0)?;
        open::prepare_reader(&mut connection)?;
        Ok(connection)
    }

    /// A connection to a file does not go stale.
    async fn recycle(&self, _: &mut Connection, _: &Metrics) -> RecycleResult<rusqlite::Error> {
        Ok(())
    }
}
