// A person who adds, tags, finds and takes back: the form of a contact, undo, results as a selection,
// settings and maps; with and without script, on a phone and a desk, in both languages.
// Usage: node book.mjs http://127.0.0.1:PORT
import assert from "node:assert/strict";
import { DESK, PHONE, browse, isGood, openActions, png, signIn, url } from "./support.mjs";

const WORDS = {
  en: {
    signIn: "Sign in", login: "Login or e-mail address", password: "Password",
    given: "First name", family: "Last name", email: "E-mail address", photo: "Photo", save: "Save",
    added: "was added", alike: "This contact may be here already", same: "the same name",
    showPhoto: "Show the photo", tag: "New tag", put: "Put the tag on", tagged: "Tags changed on 2 contacts.",
    undo: "Undo", back: "Taken back: 2.", search: "Search", remove: "Delete", gone: "Nothing matches",
    changed: "This contact changed meanwhile", choose: "Save what is chosen",
    own: "Another one", pattern: /^Its address/, rule: "A country is two letters",
    dates: "Dates", rows: "Rows on a page", country: /^Country of numbers/, duplicates: /Possible duplicates of/,
  },
  fr: {
    signIn: "Connexion", login: "Identifiant ou adresse e-mail", password: "Mot de passe",
    given: "Prénom", family: "Nom de famille", email: "Adresse e-mail", photo: "Photo", save: "Sauver",
    added: "a été ajouté", alike: "Ce contact est peut-être déjà là", same: "le même nom",
    showPhoto: "Montrer la photo", tag: "Nouvelle étiquette", put: "Mettre l'étiquette",
    tagged: "Étiquettes changées sur 2 contacts.", undo: "Annuler l'action", back: "Annulés : 2.", search: "Rechercher",
    changed: "Ce contact a changé entre-temps", choose: "Sauver ce qui est choisi",
    remove: "Supprimer", gone: "Rien ne correspond", own: "Un autre", pattern: /^Son adresse/, 
    rule: "Un pays s'écrit en deux lettres", dates: "Format des dates", rows: "Lignes par page",
    country: /^Pays des numéros/, duplicates: /Doublons possibles les/,
  },
};

async function variant({ locale, viewport, script, colorScheme }) {
  const words = WORDS[locale];
  const name = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}, ${colorScheme}`;
  const options = { locale, viewport, script, colorScheme, expected: ["409", "422"], downloads: true };
  await browse(options, async (page) => {
    const good = (what) => isGood(page, `${what} (${name})`, script);
    const button = (text) => page.getByRole("button", { name: text, exact: true });
    const field = (label) => page.getByLabel(label, { exact: true }).first();
    await page.goto(`${url}/c/private/new`);
    await signIn(page, words, "shelf");
    await page.goto(`${url}/c/private/new`);
    await good("form");

    // The photo is seen before it is saved.
    await field(words.given).fill("Ines");
    await field(words.family).fill("Shelf");
    await page.locator("#photo").setInputFiles({ name: "p.png", mimeType: "image/png", buffer: png(64, 48, [20, 90, 200]) });
    if (!script) await button(words.showPhoto).click();
    await page.locator("#photo-preview[src^='data:image/']").waitFor();
    assert.equal(await page.locator("#photo-preview").evaluate((image) => image.naturalWidth), 64);
    await good("form with a photo");
    await button(words.save).click();
    await page.getByText(words.added).waitFor();
    assert.equal(await page.locator("article img").count(), 1, name);

    // Who may be the same: while typing, or before it is stored.
    await page.goto(`${url}/c/private/new`);
    await field(words.family).fill("Shelf");
    await field(words.given).fill("Ines");
    if (!script) await button(words.save).click();
    await page.getByText(words.alike).waitFor();
    await page.getByText(words.same).first().waitFor();
    await good("possible duplicates");
    await button(words.save).click();
    await page.getByText(words.added).waitFor();

    // Enter saves, wherever the caret is.
    await page.goto(`${url}/c/private/new`);
    await field(words.given).fill("Otto");
    await field(words.given).press("Enter");
    await page.getByText(words.added).waitFor();

    // It changes while its form is open: both sides are shown, and one is chosen.
    const card = page.url().split("?")[0];
    await page.goto(`${card}/edit`);
    await field(words.family).fill("Mine");
    const other = await page.context().newPage();
    await other.goto(`${card}/edit`);
    await other.getByLabel(words.family, { exact: true }).first().fill("Theirs");
    await other.getByRole("button", { name: words.save, exact: true }).click();
    await other.waitForURL((address) => !address.pathname.endsWith("/edit"));
    await other.close();
    await button(words.save).click();
    await page.getByRole("heading", { name: words.changed }).waitFor();
    await good("both sides of a contact");
    assert.ok(await page.getByRole("radio", { name: "Mine" }).isChecked(), name);
    await page.getByRole("radio", { name: "Theirs" }).check();
    await button(words.choose).click();
    await page.getByRole("heading", { name: "Otto Theirs" }).waitFor();

    // Both are found by each other, tagged together, and that is taken back.
    await page.goto(`${url}/tags`);
    const tag = `Shelf ${name}`;
    await page.locator("#name").fill(tag.slice(0, 60));
    await page.getByRole("button", { name: words.tag }).click();
    await page.locator("td.name", { hasText: tag.slice(0, 60) }).waitFor();
    await page.goto(`${url}/search?in=private&advanced=1`);
    await page.getByLabel(words.duplicates).check();
    await page.locator("main form button.primary").click();
    const boxes = page.locator(".results input[type=checkbox]");
    await boxes.first().waitFor();
    assert.equal(await boxes.count(), 2, name);
    await good("results");
    for (const box of await boxes.all()) await box.check();
    await page.getByRole("button", { name: words.put }).click();
    await page.getByText(words.tagged).waitFor();
    await good("tagged results");
    await button(words.undo).click();
    await page.getByText(words.back).waitFor();
    for (const box of await boxes.all()) await box.check();
    await button(words.remove).click();
    await page.getByText(words.gone).waitFor();
    await button(words.undo).click();
    await page.getByText(words.back).waitFor();

    // Settings: what a list shows, and what is refused where the person is.
    await page.goto(`${url}/settings`);
    await good("settings");
    await page.getByLabel(words.dates, { exact: true }).selectOption("iso");
    await page.getByLabel(words.rows).selectOption("25");
    await page.locator("form[action='/settings/display'] button.primary").click();
    await page.locator("div.notice[role=status]").waitFor();
    await page.getByLabel(words.country).fill("1X");
    await page.locator("form[action='/settings/contacts'] button.primary").click();
    await page.getByText(words.rule).waitFor();
    await good("a country that is none");

    await page.goto(`${url}/settings/map`);
    await good("maps");
    await page.getByLabel(words.own, { exact: true }).check();
    await page.locator("#own").fill("http://maps.example/");
    await button(words.save).click();
    await page.locator(".notice.error").waitFor();
    await good("a map that is none");
    await page.getByLabel(words.own, { exact: true }).check();
    await page.locator("#own").fill("https://maps.example/?q={}");
    await button(words.save).click();
    await page.locator("div.notice[role=status]").waitFor();

    await page.goto(`${url}/c/private?all=1`);
    await page.locator("#delete-selected").click();
    await button(words.undo).waitFor();
  });
}

/** A card beside the list, on a wide screen. */
async function beside() {
  await browse({ viewport: { width: 1600, height: 900 }, downloads: true }, async (page) => {
    await page.goto(`${url}/c/private`);
    await signIn(page, WORDS.en, "alice");
    const row = page.getByRole("link", { name: "Clara Dubois", exact: true });
    await row.click();
    await page.locator("#beside h2.title", { hasText: "Clara Dubois" }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Clara Dubois");
    assert.match(page.url(), /\/c\/private\/c\//);
    await isGood(page, "a card beside the list", true);
    assert.match(await page.title(), /^Clara Dubois/);
    // All of the card is there, and its menu leads to each part.
    await page.locator("#beside h3#comments-title").waitFor();
    const focused = () => page.evaluate(() => document.activeElement.closest("#beside section")?.getAttribute("aria-labelledby"));
    for (const [entry, part] of [["Comment", "comments-title"], ["Tags", "tags-title"]]) {
      await page.locator("#actions summary").click();
      await page.locator("#actions .choices a", { hasText: entry }).click();
      assert.equal(await focused(), part);
    }
    await page.keyboard.press("Escape");
    await page.waitForURL("**/c/private");
    await row.click();
    await page.locator("#beside h2.title").waitFor();
    await page.keyboard.press("c");
    await page.keyboard.type("half a");
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("#beside #text").inputValue(), "half a", "nothing typed is lost");
    const other = page.getByRole("link", { name: "Anaïs Petit", exact: true });
    const asked = page.waitForEvent("dialog").then(async (dialog) => {
      assert.equal(dialog.type(), "beforeunload");
      await dialog.dismiss();
    });
    await Promise.all([asked, other.click()]);
    assert.equal(await page.locator("#beside #text").inputValue(), "half a", "the browser asks before it goes");
    await page.locator("#beside #text").fill("");
    // However many were looked at, one step leads back.
    await other.click();
    await page.locator("#beside h2.title", { hasText: "Anaïs Petit" }).waitFor();
    await page.keyboard.press("Escape");
    await page.waitForURL("**/c/private");
    assert.match(await page.title(), /^Private/);
    assert.equal(await page.locator("#beside").isVisible(), false);
    // Its address is the card's own, by reload and back and forth.
    await row.click();
    await page.locator("#beside h2.title").waitFor();
    await page.reload();
    await page.locator("article h1", { hasText: "Clara Dubois" }).waitFor();
    await page.goBack();
    await row.waitFor();
  });
}

/** A word without a place to break it fits a phone. */
async function longWord() {
  await browse({ viewport: PHONE, downloads: true }, async (page) => {
    await page.goto(`${url}/c/private/new`);
    await signIn(page, WORDS.en, "shelf");
    await page.getByLabel(WORDS.en.given, { exact: true }).first().fill("w".repeat(150));
    await page.getByRole("button", { name: WORDS.en.save, exact: true }).first().press("Enter");
    await page.waitForURL(/\/c\/private\/c\//);
    const card = new URL(page.url()).pathname;
    for (const rest of ["", "/history", "/share", "/rights", "/edit"]) {
      await page.goto(`${url}${card}${rest}`);
      await isGood(page, `a long word${rest}`, true);
    }
    await page.goto(`${url}${card}`);
    // In what a list, a paper and a tag say, too.
    await page.goto(`${url}/tags`);
    await page.locator("#name").fill("t".repeat(64));
    await page.getByRole("button", { name: WORDS.en.tag }).click();
    await page.locator("td.name", { hasText: "ttt" }).waitFor();
    await isGood(page, "a long tag", true);
    await page.goto(`${url}${card}`);
    await page.getByLabel("t".repeat(64)).check();
    await page.getByRole("button", { name: "Save the tags" }).click();
    await page.waitForURL(/\/c\/private\/c\//);
    for (const path of [card, "/c/private", "/c/private/print", "/c/private/print?layout=cards", "/search?q=www&in=all"]) {
      await page.goto(`${url}${path}`);
      await isGood(page, `a long word and tag: ${path}`, true);
    }
    await page.goto(`${url}${card}`);
    await openActions(page);
    await page.locator("#delete-contact").click();
    await page.goto(`${url}/c/private/trash`);
    await isGood(page, "a long word in the trash", true);
    await page.goto(`${url}/tags`);
    await page.getByRole("button", { name: `Delete · ${"t".repeat(64)}` }).click();
    await page.goto(`${url}/c/private`);
  });
}

for (const locale of ["en", "fr"]) {
  for (const viewport of [PHONE, DESK]) {
    for (const script of [true, false]) {
      const colorScheme = script === (locale === "en") ? "light" : "dark";
      await variant({ locale, viewport, script, colorScheme });
    }
  }
}
await beside();
await longWord();
console.log("browser: form, photo, duplicates, undo, results, settings, maps; 8 variants agree");
