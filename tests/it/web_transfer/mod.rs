//! Files on the web: import in three steps, export, printing, duplicates.

mod duplicates;
mod export;
mod import;
