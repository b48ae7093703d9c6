// tsdav discovers, creates, reads, updates, synchronizes and deletes.
// Usage: node flow.mjs http://127.0.0.1:PORT
import assert from "node:assert/strict";
import { createDAVClient } from "tsdav";

const client = await createDAVClient({
  serverUrl: process.argv[2],
  credentials: { username: "carol", password: "demo" },
  authMethod: "Basic",
  defaultAccountType: "carddav",
});
const books = await client.fetchAddressBooks();
const names = books.map((book) => book.displayName);
assert.deepEqual(names, ["Contacts", "Team"]);
const book = books[0];

const card = (name) =>
  `BEGIN:VCARD\r\nVERSION:3.0\r\nUID:tsdav-1\r\nN:${name};;;;\r\nFN:${name}\r\nEND:VCARD\r\n`;
const created = await client.createVCard({
  addressBook: book,
  filename: "tsdav-1.vcf",
  vCardString: card("First"),
});
assert.equal(created.status, 201);

let [stored] = await client.fetchVCards({ addressBook: book });
const lines = (text) => text.trim().split(/\r?\n/); // tsdav trims what it reads
assert.deepEqual(lines(stored.data), lines(card("First")));

const updated = await client.updateVCard({ vCard: { ...stored, data: card("Second") } });
assert.equal(updated.status, 204);
const conflicting = await client.updateVCard({ vCard: { ...stored, data: card("Third") } });
assert.equal(conflicting.status, 412);

const before = await client.syncCollection({
  url: book.url,
  props: { "d:getetag": {} },
  syncLevel: 1,
  syncToken: "",
});
assert.ok(before.some((response) => response.href?.endsWith("tsdav-1.vcf")));

[stored] = await client.fetchVCards({ addressBook: book });
assert.match(stored.data, /FN:Second/);
const deleted = await client.deleteVCard({ vCard: stored });
assert.equal(deleted.status, 204);
assert.equal((await client.fetchVCards({ addressBook: book })).length, 0);
console.log("tsdav: discovery, writes, conflict and synchronization agree");
