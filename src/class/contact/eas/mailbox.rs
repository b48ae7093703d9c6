//! Mailboxes as clients write them into e-mail elements (RFC 5322 §3.4).

/// The bare address of `"Anna" <anna@example.org>` or `anna@example.org (Anna)`, and the name.
///
/// What is no mailbox (a number, an X.500 name) stays as it is.
pub fn parse(text: &str) -> (&str, Option<String>) {
    let text = text.trim();
    if let Some(inner) = text.strip_suffix('>')
        && let Some((phrase, address)) = inner.rsplit_once('<')
        && address.contains('@')
    {
        return (address.trim(), name(phrase));
    }
    if let Some(inner) = text.strip_suffix(')')
        && let Some((address, comment)) = inner.split_once('(')
        && address.contains('@')
    {
        return (address.trim(), name(comment));
    }
    (text, None)
}

/// A phrase without its quotes.
fn name(phrase: &str) -> Option<String> {
    let phrase = phrase.trim();
    let inner = phrase
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let mut out = String::with_capacity(phrase.len());
    let mut chars = inner.unwrap_or(phrase).chars();
    while let Some(c) = chars.next() {
        match (c, inner) {
            ('\\', Some(_)) => out.extend(chars.next()),
            _ => out.push(c),
        }
    }
    let out = out.trim();
    (!out.is_empty()).then(|| out.to_owned())
}
