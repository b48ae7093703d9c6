//! CSV as spreadsheets, Google, Outlook and Thunderbird expect it.

mod google;
mod numbers;
mod program;
mod spreadsheet;

use csv::{QuoteStyle, Terminator, WriterBuilder};
use encoding_rs::WINDOWS_1252;

use crate::{
    text::Text,
    transfer::fields::{Address, Fields},
};

/// For whom a CSV is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// People with a spreadsheet: no cell can run as a formula.
    Spreadsheet,
    /// Google's new header.
    Google,
    /// The desktop program's 92 columns, in English.
    Outlook,
    Thunderbird,
}

impl Preset {
    /// Reads `spreadsheet`, `google`, `outlook`, `thunderbird`.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "spreadsheet" => Preset::Spreadsheet,
            "google" => Preset::Google,
            "outlook" => Preset::Outlook,
            "thunderbird" => Preset::Thunderbird,
            _ => return None,
        })
    }
}

/// The file of a preset: UTF-8 with its mark, or Windows-1252; CRLF.
pub fn write(contacts: &[Fields], preset: Preset, text: &Text, windows: bool) -> Vec<u8> {
    let rows = match preset {
        Preset::Spreadsheet => spreadsheet::rows(contacts, text.export),
        Preset::Google => google::rows(contacts),
        Preset::Outlook => program::outlook(contacts),
        Preset::Thunderbird => program::thunderbird(contacts),
    };
    let mut writer = WriterBuilder::new()
        .delimiter(match preset {
            Preset::Spreadsheet => text.customs.delimiter,
            _ => b',',
        })
        .terminator(Terminator::CRLF)
        .quote_style(match preset {
            Preset::Outlook => QuoteStyle::Always,
            _ => QuoteStyle::Necessary,
        })
        .from_writer(if windows {
            Vec::new()
        } else {
            b"\xEF\xBB\xBF".to_vec()
        });
    for row in rows {
        // Rows are as long as their header, and memory does not fail.
        let _ = if windows {
            writer.write_record(row.iter().map(|cell| windows_1252(cell)))
        } else {
            writer.write_record(&row)
        };
    }
    writer.into_inner().unwrap_or_default()
}

/// What Windows-1252 does not have is written `?`, as the program itself does.
fn windows_1252(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        let mut buffer = [0; 4];
        let (octets, _, lost) = WINDOWS_1252.encode(c.encode_utf8(&mut buffer));
        if lost {
            out.push(b'?')
        } else {
            out.extend_from_slice(&octets)
        }
    }
    out
}

/// Street and what stands beside it.
fn street(address: &Address) -> String {
    let lines = [&address.parts[2], &address.parts[1]];
    let lines: Vec<&str> = lines
        .into_iter()
        .map(String::as_str)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// A cell that no spreadsheet runs as a formula.
pub fn safe(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}
