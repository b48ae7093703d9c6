// ical.js reads each card as it was written and as the server gives it in the other version: both must say the same.
// Usage: node judge.mjs http://127.0.0.1:PORT
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import ICAL from "ical.js";

const server = process.argv[2];
const authorization = `Basic ${Buffer.from("bob:demo").toString("base64")}`;

async function ask(method, path, headers = {}, body = undefined) {
  const answer = await fetch(server + path, { method, headers: { authorization, ...headers }, body });
  return { status: answer.status, text: await answer.text() };
}

/** Values of a property as a list of texts, in order; structured ones keep their parts. */
function values(card, name) {
  return card
    .getAllProperties(name)
    .map((property) => JSON.stringify(property.getValues().map((value) => plain(name, value))))
    .sort();
}

/** A value without what differs between the versions: `tel:` before a number, dashes of a date. */
function plain(name, value) {
  const text = Array.isArray(value) ? value.map((part) => String(part)) : String(value);
  if (name === "tel") return text.replace(/^tel:/, "").replace(/;ext=/, "x").replace(/[- ]/g, "");
  if (name === "bday") return text.replace(/^1604-?/, "--").replaceAll("-", "");
  return text;
}

const SHARED = ["uid", "fn", "n", "nickname", "org", "title", "email", "tel", "adr", "url", "bday", "note", "categories"];

for (const [file, other] of [["apple-3.0.vcf", "4.0"], ["plain-4.0.vcf", "3.0"]]) {
  const written = (await readFile(new URL(file, import.meta.url), "utf8")).replace(/\r?\n/g, "\r\n");
  const own = file.slice(-7, -4);
  const path = `/dav/bob/private/contacts/${file}`;
  const put = await ask("PUT", path, { "content-type": "text/vcard; charset=utf-8", "if-none-match": "*" }, written);
  assert.equal(put.status, 201, put.text);

  const same = await ask("GET", path, { accept: `text/vcard; version=${own}` });
  assert.equal(same.text, written, "its own version comes back byte for byte");

  const given = await ask("GET", path, { accept: `text/vcard; version=${other}` });
  assert.equal(given.status, 200);
  const [before, after] = [written, given.text].map((text) => new ICAL.Component(ICAL.parse(text)));
  assert.equal(after.getFirstPropertyValue("version"), other);
  for (const name of SHARED) {
    assert.deepEqual(values(after, name), values(before, name), `${file}: ${name}\n${given.text}`);
  }
  console.log(`ical.js: ${file} says the same as ${other}, in ${SHARED.length} properties`);
  assert.equal((await ask("DELETE", path)).status, 204);
}
