//! Files on the web: import in three steps, export, printing, duplicates, maps.

mod archives;
mod counted;
mod duplicates;
mod export;
mod import;
mod languages;
mod map;
