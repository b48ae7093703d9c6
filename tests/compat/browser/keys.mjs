// Keys, selections and forms with script: nothing is sent, left or thrown away that nobody asked for.
// Usage: node keys.mjs http://127.0.0.1:PORT
import assert from "node:assert/strict";
import { DESK, PHONE, browse, isGood, signIn, url } from "./support.mjs";

const WORDS = { signIn: "Sign in", login: "Login or e-mail address", password: "Password" };

/** Runs something as somebody, with what was posted meanwhile. */
async function as(login, viewport, run) {
  await browse({ viewport, downloads: true }, async (page) => {
    await page.goto(`${url}/c/private`);
    await signIn(page, WORDS, login);
    await page.locator("#new-contact").waitFor();
    const posted = [];
    page.on("request", (request) => request.method() === "POST" && posted.push(request.url()));
    await run(page, posted);
  });
}

const active = (page) => page.evaluate(() => document.activeElement.textContent.trim());
const address = (page) => new URL(page.url()).pathname;
const settled = (page) => page.waitForTimeout(300);

/** The form of a contact: saved by keys where there is something to save, and left when nothing is lost. */
async function forms(page, posted) {
  // A key sends no form whose button it cannot know: no member is removed.
  await page.goto(`${url}/g/Team/members`);
  await page.locator("form[action$='/members/remove'] summary").first().focus();
  await page.keyboard.press("Control+Enter");
  await page.goto(`${url}/c/private`);
  await page.locator("tr[data-id] input").first().focus();
  await page.keyboard.press("Control+Enter");
  await page.locator("td.name > a").first().click();
  await settled(page);
  assert.deepEqual(posted, []);
  // A comment has one.
  await page.locator("#text").fill("said by a key");
  await page.keyboard.press("Control+Enter");
  await page.getByText("said by a key").first().waitFor();
  assert.equal(posted.length, 1);
  posted.length = 0;

  const given = page.locator("#given");
  const edit = async () => {
    await page.locator("#edit-contact").click();
    await given.waitFor();
  };
  // Untouched, it is left by a key, outside its fields.
  await edit();
  await given.focus();
  await page.keyboard.press("Escape");
  await settled(page);
  assert.match(address(page), /\/edit$/);
  await page.locator("#cancel").focus();
  await page.keyboard.press("Escape");
  await page.locator("article h1").waitFor();
  // Changed, it is kept, and leaving it otherwise is asked about.
  await edit();
  const before = await given.inputValue();
  await given.fill(`${before} B.`);
  await page.locator("#cancel").focus();
  await page.keyboard.press("Escape");
  await settled(page);
  assert.match(address(page), /\/edit$/);
  const asked = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    dialog.dismiss();
  });
  await page.locator("a.brand").click({ noWaitAfter: true });
  await settled(page);
  assert.deepEqual(asked, ["beforeunload"]);
  assert.equal(await given.inputValue(), `${before} B.`);
  // One more row does not save it: it is still kept.
  await page.locator("button[name=more]:not(#show-photo)").first().click();
  await page.waitForLoadState();
  await given.focus();
  await page.locator("a.brand").click({ noWaitAfter: true });
  await settled(page);
  assert.deepEqual(asked, ["beforeunload", "beforeunload"]);
  await given.press("Control+Enter");
  await page.locator("article h1").waitFor();
  // What was done is said once.
  assert.equal(new URL(page.url()).search, "");
  await page.locator("div.notice[role=status]").waitFor();
  await page.reload();
  assert.equal(await page.locator("div.notice[role=status]").count(), 0);
  await edit();
  await given.fill(before);
  await given.press("Control+Enter");
  await page.locator("article h1").waitFor();
  assert.equal(asked.length, 2);

  // A form is sent once, however often its button is pressed.
  await page.goto(`${url}/tags`);
  await page.locator("#name").fill("Twice");
  const prevented = await page.evaluate(() => {
    const seen = [];
    addEventListener("submit", (event) => {
      seen.push(event.defaultPrevented);
      event.preventDefault();
    });
    const { form } = document.querySelector("#name");
    form.requestSubmit();
    form.requestSubmit();
    return [...seen, form.getAttribute("aria-busy")];
  });
  assert.deepEqual(prevented, [false, true, "true"]);
}

/** Where keys are switched off, none does anything. */
async function switchedOff(page, posted) {
  const keys = async (on) => {
    await page.goto(`${url}/settings`);
    await page.locator("input[name=keys]").setChecked(on);
    await page.locator("form[action='/settings/display'] button.primary").click();
    await page.locator("div.notice[role=status]").waitFor();
  };
  await keys(false);
  posted.length = 0;
  await page.goto(`${url}/c/private/new`);
  await page.locator("#given").fill("Nobody");
  await page.keyboard.press("Control+Enter");
  await page.locator("#cancel").focus();
  await page.keyboard.press("Escape");
  await settled(page);
  assert.match(address(page), /\/new$/);
  assert.deepEqual(posted.filter((path) => !path.endsWith("/alike")), []);
  await page.locator("#given").fill("");
  page.once("dialog", (dialog) => dialog.accept());
  await keys(true);
}

/** Rows: the arrows scroll until one is in focus; the menu of one closes behind the focus. */
async function rows(page) {
  await page.goto(`${url}/c/private`);
  await page.keyboard.press("ArrowDown");
  assert.equal(await page.locator("tr[data-id]:focus-within").count(), 0);
  await settled(page);
  await page.evaluate(() => scrollTo(0, 3000));
  await page.keyboard.press("j");
  const top = await page.evaluate(() => document.activeElement.closest("tr").getBoundingClientRect().top);
  assert.ok(top >= 0 && top < 200, `${top}`);
  const first = await active(page);
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await active(page), first);
  await page.keyboard.press("ArrowUp");
  assert.equal(await active(page), first);

  await page.locator("a.more").nth(2).click();
  await page.locator("#row-menu a").first().waitFor();
  await page.locator("#row-menu").locator("a, button").last().focus();
  await page.keyboard.press("Tab");
  assert.equal(await page.locator("#row-menu").count(), 0);
  assert.equal(await page.locator("tr[data-id]:focus-within").count(), 1);

  // All that is shown is ticked: the way to the rest is in sight.
  await page.keyboard.press("a");
  await page.getByText("200 selected").waitFor();
  const { y, height } = await page.locator("#whole a").first().boundingBox();
  assert.ok(y > 0 && y + height <= DESK.height, `${y}`);
  await isGood(page, "a page of rows, all ticked", true);
}

/** What is done with a selection is there with it; settings are with the actions of the list. */
async function chosen(page) {
  await page.goto(`${url}/c/private`);
  const bar = page.locator("fieldset.selected");
  assert.equal(await bar.isVisible(), false);
  const letters = await page.locator("tr[id^=letter-] td[data-letter]").count();
  assert.equal(letters, await page.locator("tr[id^=letter-]").count());
  assert.equal(await page.locator("tbody tr:not([data-id])").count(), 0);
  await page.locator("tr[data-id] input").first().check();
  assert.equal(await bar.isVisible(), true);
  await page.locator(".tools a[href='/settings']:visible").waitFor();
  await isGood(page, "one contact ticked", true);
  await page.locator("tr[data-id] input").first().uncheck();
  assert.equal(await bar.isVisible(), false);
}

/** Results of a search are chosen and walked through as rows are. */
async function results(page) {
  await page.goto(`${url}/search?advanced=1&in=all&kind=individual`);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByText("1 selected").waitFor();
  assert.equal(await page.locator(".results li.chosen:focus-within").count(), 1);
  await page.keyboard.press("a");
  await page.getByText(`${await page.locator(".results li").count()} selected`).waitFor();
  await page.keyboard.press("a");
  const boxes = page.locator(".results input[name=id]");
  await boxes.nth(0).click();
  await boxes.nth(2).click({ modifiers: ["Shift"] });
  await page.getByText("3 selected").waitFor();
  await page.keyboard.press("j");
  const name = await active(page);
  await page.keyboard.press("Enter");
  await page.locator("article h1").waitFor();
  assert.equal(await page.locator("article h1").textContent(), name);
}

/** A document is not printed, and is deleted by a key. */
async function document(page) {
  await page.goto(`${url}/d/private/documents`);
  await page.locator("#file").setInputFiles({ name: "keys.txt", mimeType: "text/plain", buffer: Buffer.from("one") });
  await page.locator("#upload button").click();
  for (const [sort, order] of [["size", "descending"], ["modified", "descending"], ["kind", "ascending"]]) {
    await page.goto(`${url}/d/private/documents?sort=${sort}`);
    assert.equal(await page.locator("th[aria-sort]").getAttribute("aria-sort"), order, sort);
  }
  await page.locator("td.name a", { hasText: "keys.txt" }).click();
  await page.locator("article h1").waitFor();
  const path = address(page);
  await page.keyboard.press("p");
  await settled(page);
  assert.equal(address(page), path);
  await page.keyboard.press("Delete");
  await page.locator("#undo").waitFor();
}

/** A click on a name opens its card beside the list; where that fails, as a page of its own. */
async function beside(page) {
  await page.goto(`${url}/c/private`);
  let lost = 0;
  await page.route("**/c/private/c/*", (route) => {
    if (route.request().resourceType() !== "fetch") return route.continue();
    lost += 1;
    return route.abort("aborted");
  });
  await page.locator("td.name > a").first().click();
  await page.locator("article h1").waitFor();
  assert.equal(lost, 1);
}

/** A paper is printed by a button; on a phone the first contact is on the first screen. */
async function phone(page) {
  await page.goto(`${url}/c/private`);
  // Below what is told of other clients, which is above the heading.
  const [heading, first] = await Promise.all(["main h1", "tr[data-id]"].map((what) => page.locator(what).first().boundingBox()));
  assert.ok(first.y - heading.y < 260, `the first contact is ${first.y - heading.y} below the heading`);
  assert.equal(await page.locator("header.bar").evaluate((bar) => bar.offsetHeight < 120), true);
  assert.equal(await page.locator("fieldset.selected").isVisible(), false);
  await page.locator("tr[data-id] input").first().check();
  const bar = await page.locator("fieldset.selected").boundingBox();
  assert.ok(bar.y + bar.height <= PHONE.height, `${bar.y}`);
  await isGood(page, "one contact ticked", true);
  await page.goto(`${url}/c/private/print`);
  await page.evaluate(() => {
    window.print = () => { window.printed = true; };
  });
  await page.locator("button[data-print]").click();
  assert.equal(await page.evaluate(() => window.printed), true);
  // What is in focus is above the bars that stay in sight.
  await page.goto(`${url}/c/private/new`);
  const fields = page.locator("form.contact .grid input:visible");
  for (let at = 0; at < (await fields.count()); at += 1) {
    await fields.nth(at).focus();
    const [field, stay] = [await fields.nth(at).boundingBox(), await page.locator(".stay").boundingBox()];
    assert.ok(field.y + field.height <= stay.y + 1 || field.y > stay.y + stay.height, `field ${at} at ${field.y}`);
  }
}

await as("alice", DESK, forms);
await as("alice", DESK, switchedOff);
await as("crowd", DESK, rows);
await as("alice", DESK, chosen);
await as("alice", DESK, results);
await as("alice", DESK, document);
await as("alice", { width: 1600, height: 900 }, beside);
await as("alice", PHONE, phone);
console.log("browser: keys, selections, forms kept and sent once, a phone's first screen");
