// What every browser test needs: an empty browser, somebody signed in, and a good page.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import axe from "axe-core";
import { chromium } from "playwright-core";

/** The server under test. */
export const url = process.argv[2];

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
export const DESK = { width: 1280, height: 800 };
export const PHONE = { width: 360, height: 740 };

/**
 * Opens an empty browser, runs something on a page of it, and closes it. `expected` are statuses of
 * answers that are no fault; with `downloads` a navigation may end as a file.
 */
export async function browse(options, run) {
  const { locale = "en", viewport = DESK, script = true, ...others } = options;
  const { expected = ["401"], downloads = false, ...more } = others;
  const folder = mkdtempSync(join(tmpdir(), "carnet-browser-"));
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: FLAGS,
    locale,
    viewport,
    javaScriptEnabled: script,
    ...more,
  });
  try {
    const page = context.pages()[0] ?? (await context.newPage());
    const faults = [];
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("requestfailed", (request) => {
      // A navigation ends what the page was still asking.
      const asked = ["/search/suggest", "/connect/state", "/alike", "/settings/zone"].some((path) => request.url().includes(path));
      const isLeft = downloads || asked;
      const isEnded = isLeft && request.failure()?.errorText === "net::ERR_ABORTED";
      if (!isEnded) faults.push(`${request.url()} failed`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(url)) faults.push(`${request.url()} is another server's`);
    });
    page.on("console", (message) => {
      const known = expected.some((status) => message.text().includes(status));
      if (message.type() === "error" && !known) faults.push(message.text());
    });
    await run(page);
    assert.deepEqual(faults, []);
  } finally {
    await context.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function signIn(page, words, login, password = "demo") {
  await page.getByLabel(words.login).fill(login);
  await page.getByLabel(words.password).fill(password);
  await page.getByRole("button", { name: words.signIn }).click();
}

/** Opens the menu of actions of a list, which a wide page shows as buttons, or of a card. */
export async function openActions(page) {
  const closed = page.locator("main .tools > details.menu:not([open]) > summary").first();
  if (await closed.isVisible()) await closed.click();
}

/** One heading, nothing wider than the screen, and nothing axe finds against WCAG 2.2 AA. */
export async function isGood(page, what, script) {
  assert.equal(await page.locator("h1").count(), 1, `${what}: one h1`);
  const [wide, room] = await page.evaluate(() => [
    document.scrollingElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  assert.ok(wide <= room, `${what}: ${wide} pixels on ${room}`);
  if (!script) return;
  // A bar that stays in sight, and an open menu, lie over what is beneath them; axe takes that for
  // targets that are small.
  const lay = (position) => page.evaluate((how) => {
    document.querySelectorAll(".bottom, .stay, .selection, #row-menu").forEach((bar) => (bar.style.position = how));
  }, position);
  await lay("static");
  await page.evaluate(axe.source);
  const found = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    }),
  );
  await lay("");
  const faults = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
  assert.deepEqual(faults, [], what);
}

/** A PNG of one colour, drawn here so that nothing binary lies about. */
export function png(width, height, [red, green, blue]) {
  const row = Buffer.alloc(1 + width * 3);
  for (let x = 0; x < width; x += 1) row.set([red, (green + x) % 256, blue], 1 + x * 3);
  const crcTable = Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  const crc = (bytes) =>
    (bytes.reduce((c, b) => crcTable[(c ^ b) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff) >>> 0;
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(crc(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.concat(Array.from({ length: height }, () => row));
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}
