//! Import and export of whole books.

use carnet_proto::vcard::split_stream;

use crate::domain::{
    book::Book,
    cursor::Position,
    error::{Error, Result},
};

/// Cards stored in one transaction.
const BATCH: usize = 500;

/// What became of a file.
#[derive(Debug, Default)]
pub struct Report {
    pub stored: usize,
    /// The book held the UID already, or the file held it twice.
    pub duplicates: usize,
    /// Offset and reason.
    pub refused: Vec<String>,
}

/// Stores the cards of a file; nothing that is there is overwritten.
pub async fn import_vcards(book: &Book, bytes: &[u8]) -> Result<Report> {
    let mut report = Report::default();
    let cards: Vec<(usize, &[u8])> = split_stream(bytes).collect();
    if cards.is_empty() {
        return Err(Error::InvalidDocument("the file holds no vCard".into()));
    }
    for chunk in cards.chunks(BATCH) {
        let documents: Vec<Vec<u8>> = chunk.iter().map(|(_, card)| card.to_vec()).collect();
        for ((offset, _), outcome) in chunk.iter().zip(book.add_all(documents).await?) {
            match outcome {
                Ok(()) => report.stored += 1,
                Err(Error::UidConflict { .. }) => report.duplicates += 1,
                Err(error @ Error::OverQuota { .. }) => {
                    report.refused.push(format!("at {offset}: {error}"));
                }
                Err(error) => report.refused.push(format!("at {offset}: {error}")),
            }
        }
    }
    Ok(report)
}

/// Every card of a book as it is stored.
pub async fn export_vcards(book: &Book) -> Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut next = Some(Position::default());
    while let Some(position) = next {
        let leg = book.walk(position, 1000).await?;
        for card in &leg.cards {
            out.extend(book.content(card));
            if !out.ends_with(b"\n") {
                out.extend_from_slice(b"\r\n");
            }
        }
        next = leg.next;
    }
    Ok(out)
}
