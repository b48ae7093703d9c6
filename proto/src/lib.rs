//! Wire formats of Carnet: bytes to typed messages and back, without I/O, clock or storage.
//!
//! | module | what it reads and writes | specification |
//! |---|---|---|
//! | [`wbxml`] | binary XML tokens and code pages | WBXML 1.3, MS-ASWBXML |
//! | [`eas`] | Exchange ActiveSync: request lines, commands, statuses, Sync requests | MS-ASHTTP, MS-ASCMD, MS-ASPROV |
//! | [`dav`] | WebDAV, CardDAV, sync and ACL bodies | RFC 4918, 5689, 6352, 6578, 3744 |
//! | [`vcard`] | the lossless vCard document | RFC 6350, RFC 2426, vCard 2.1 |

pub mod dav;
pub mod eas;
pub mod vcard;
pub mod wbxml;
