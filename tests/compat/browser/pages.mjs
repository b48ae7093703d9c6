// A person at a real browser: with and without script, on a phone and a desk, in both languages.
// Usage: node pages.mjs http://127.0.0.1:PORT [--pictures DIR]
//
// With --pictures it only takes the pictures of the documentation. CHROMIUM names another program.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DESK, PHONE, browse, isGood, openActions, png, signIn, url } from "./support.mjs";

const pictures = process.argv[3] === "--pictures" ? process.argv[4] : undefined;

const WORDS = {
  en: {
    signIn: "Sign in", login: "Login or e-mail address", password: "Password", add: "New",
    given: "First name", family: "Last name", number: "Phone", save: "Save", edit: "Modify",
    remove: "Delete", added: "was added", saved: "Saved", removed: "was deleted",
    photo: "Photo", next: "Next", wrong: "do not belong together", out: "Sign out",
    results: "Search results", advanced: "Advanced search", city: "City", found: "1 result",
    tag: "New tag",
  },
  fr: {
    signIn: "Connexion", login: "Identifiant ou adresse e-mail", password: "Mot de passe",
    add: "Nouveau", given: "Prénom", family: "Nom de famille", number: "Téléphone", save: "Sauver",
    edit: "Modifier", remove: "Supprimer", added: "a été ajouté", saved: "Sauvé",
    removed: "a été supprimé", photo: "Photo", next: "Suivant",
    wrong: "ne vont pas ensemble", out: "Déconnexion",
    results: "Résultats de la recherche", advanced: "Recherche avancée", city: "Ville",
    found: "1 résultat", tag: "Nouvelle étiquette",
  },
};

/** Sign in, list, new, photo, card, edit, delete, sign out. */
async function lifeOfAContact({ locale, viewport, script, colorScheme }) {
  const words = WORDS[locale];
  const variant = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}, ${colorScheme}`;
  await browse({ locale, viewport, script, colorScheme }, async (page) => {
    const good = (what) => isGood(page, `${what} (${variant})`, script);
    await page.goto(`${url}/c/private`);
    await good("sign-in");
    await signIn(page, words, "bob", "wrong");
    await page.getByText(words.wrong).waitFor();
    await signIn(page, words, "bob");
    const add = page.getByRole("link", { name: words.add, exact: true }).first();
    await add.waitFor();
    await good("list");

    await add.click();
    await page.getByLabel(words.given, { exact: true }).fill("Zoé");
    await page.getByLabel(words.family, { exact: true }).fill("Browser");
    await page.getByLabel(words.number, { exact: true }).fill("+33 6 39 98 00 77");
    await page.getByLabel(words.photo, { exact: true }).setInputFiles({
      name: "photo.png",
      mimeType: "image/png",
      buffer: png(1600, 1200, [200, 60, 40]),
    });
    await good("form");
    await page.getByRole("button", { name: words.save }).click();
    await page.getByText(words.added).waitFor();
    await good("card");
    const photo = page.locator("article img");
    const shown = await photo.evaluate((image) => [image.complete, image.naturalWidth]);
    assert.deepEqual(shown, [true, 1024], variant);

    await page.getByRole("link", { name: words.edit, exact: true }).click();
    const family = page.getByLabel(words.family, { exact: true });
    assert.equal(await family.inputValue(), "Browser");
    await family.fill("Firefox");
    await page.getByRole("button", { name: words.save }).click();
    await page.getByText(words.saved).waitFor();
    assert.equal(await page.locator("h1").textContent(), "Zoé Firefox");

    // The contact is in the list, by hand and by search.
    await page.goto(`${url}/c/private`);
    await page.locator("#search").fill("firefox");
    await page.locator("#search").press("Enter");
    await page.locator(".results a.strong", { hasText: "Zoé Firefox" }).click();
    await page.locator("article h1").waitFor();
    await openActions(page);
    await good("actions of a card");
    await page.getByRole("button", { name: words.remove, exact: true }).click();
    await page.getByText(words.removed).waitFor();
    assert.equal(await page.getByRole("link", { name: "Zoé Firefox" }).count(), 0);

    await page.locator("details.who summary").click();
    await page.getByRole("button", { name: words.out }).click();
    await page.getByRole("button", { name: words.signIn }).waitFor();
    await page.goto(`${url}/c/private`);
    await page.getByRole("button", { name: words.signIn }).waitFor();
  });
}

/** The keyboard alone: the skip link, the list, a card. */
async function keyboard() {
  await browse({}, async (page) => {
    await page.goto(`${url}/c/private`);
    await page.getByLabel(WORDS.en.login).focus();
    await page.keyboard.type("alice");
    await page.keyboard.press("Tab");
    await page.keyboard.type("demo");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "New", exact: true }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
    await page.keyboard.press("Enter");
    // Single keys: the first row, the next one, its details, back to it, the help.
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    const name = await page.evaluate(() => document.activeElement.textContent);
    assert.match(name, /Clara Dubois/);
    await page.keyboard.press("x");
    await page.getByText("1 selected").waitFor();
    await page.keyboard.press("?");
    await page.waitForURL("**/keys");
    await isGood(page, "keys", true);
    await page.goto(`${url}/c/private`);
    await page.keyboard.press("/");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
    await page.keyboard.type("vanb");
    await page.getByRole("option", { name: /Élodie Vanbrabant/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator("article h1").waitFor();
  });
}

/** Home, search, tags, menus, settings and the pages around a contact. */
async function surface({ locale, viewport, script, colorScheme }) {
  const words = WORDS[locale];
  const variant = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}, ${colorScheme}`;
  // The second click of two ends what the first one asked for.
  const options = { locale, viewport, script, colorScheme, downloads: true };
  await browse(options, async (page) => {
    const good = (what) => isGood(page, `${what} (${variant})`, script);
    await page.goto(url);
    await signIn(page, words, "alice");
    await page.locator("nav.places, section nav.side").first().waitFor();
    await good("home");

    // A search everywhere, then by city in Private.
    await page.locator("#search").fill("coralie");
    await page.locator("#search").press("Enter");
    await page.locator("#results-title", { hasText: words.found }).waitFor();
    assert.equal(await page.locator("mark").first().textContent(), "Coralie");
    await good("results");
    await page.goto(`${url}/c/private`);
    await page.getByRole("button", { name: words.advanced }).first().click();
    await page.locator("#by-city").fill("lens");
    await good("advanced search");
    await page.locator("main form button.primary").click();
    await page.locator(".results a.strong", { hasText: "Clara Dubois" }).click();
    await page.locator("article h1").waitFor();
    await good("card");
    for (const rest of ["/edit", "/share", "/rights", "/history"]) {
      const card = page.url().split("#")[0];
      await page.goto(card + rest);
      await good(rest);
      await page.goto(card);
    }
    for (const path of ["/tags", "/groups", "/g/Team", "/g/Team/members", "/g/Team/rights", "/c/private/trash",
      "/c/private/empty", "/c/private?all=1", "/c/private?show=lists", "/refused", "/settings", "/keys", "/search/last"]) {
      await page.goto(url + path);
      await good(path);
    }
    if (!script || viewport !== DESK) return;
    await withTheMouse(page, words);
  });
}

/** Double click, the menu of a row, tags by drag and drop both ways. */
async function withTheMouse(page, words) {
  const row = (name) => page.locator("tr[data-id]", { hasText: name });
  await page.goto(`${url}/tags`);
  const tag = `Mouse ${words.signIn}`;
  await page.locator("#name").fill(tag);
  await page.getByRole("button", { name: words.tag }).click();
  await page.locator("td.name", { hasText: tag }).waitFor();
  await page.goto(`${url}/c/private`);
  await row("Clara Dubois").getByRole("link", { name: "Clara Dubois", exact: true }).dblclick();
  await page.waitForURL("**/edit");
  await page.goto(`${url}/c/private`);
  await row("Clara Dubois").locator("a.more").click();
  await page.locator("#row-menu a").first().waitFor();
  await isGood(page, "menu of a row", true);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("#row-menu").count(), 0);
  const own = page.locator("a[data-tag]", { hasText: tag });
  await own.dragTo(row("Clara Dubois").locator("td.check"));
  await row("Clara Dubois").locator(".tag", { hasText: tag }).waitFor();
  await row("Hugo Lefèvre").locator("td.check").dragTo(own);
  await row("Hugo Lefèvre").locator(".tag", { hasText: tag }).waitFor();
  // A click on the tag shows its data, the book's name leads back.
  await own.click();
  await page.waitForURL("**?tag=*");
  assert.equal(await page.locator("tr[data-id]").count(), 2);
  await page.locator("aside nav.side a").first().click();
  await row("Anaïs Petit").waitFor();
}

/** 10,000 contacts on a phone. */
async function crowd() {
  await browse({ viewport: PHONE }, async (page) => {
    await page.goto(`${url}/c/private`);
    await signIn(page, WORDS.en, "crowd");
    await page.getByText("10,000 contacts").waitFor();
    const took = [];
    for (let run = 0; run < 5; run += 1) {
      const answer = await page.goto(`${url}/c/private`);
      const bytes = (await answer.body()).length;
      assert.ok(bytes < 150 * 1024, `${bytes} octets`);
      took.push(
        await page.evaluate(() => {
          const [entry] = performance.getEntriesByType("navigation");
          return entry.domContentLoadedEventEnd;
        }),
      );
    }
    took.sort((a, b) => a - b);
    console.log(`browser: 10,000 contacts, the list is there after ${Math.round(took[2])} ms`);
    await page.getByRole("link", { name: WORDS.en.next }).click();
    await page.getByText("Page 2 of 50").first().waitFor();
    await page.locator("#search").fill("family9999");
    await page.locator("#search").press("Enter");
    await page.locator(".results a.strong", { hasText: "Given Family9999" }).waitFor();
  });
}

/** The pictures of the documentation. */
async function takePictures(folder) {
  const sharp = { deviceScaleFactor: 2 };
  await browse({ ...sharp, viewport: { width: 1280, height: 800 } }, async (page) => {
    await page.goto(`${url}/c/private`);
    await signIn(page, WORDS.en, "alice");
    await page.locator("#new-contact").waitFor();
    await page.screenshot({ path: join(folder, "contacts.png") });
  });
  // To look at; the documentation shows the first alone.
  if (!process.env.ALL_PICTURES) return;
  await browse({ ...sharp, viewport: PHONE }, async (page) => {
    await page.goto(`${url}/c/private`);
    await signIn(page, WORDS.en, "alice");
    await page.locator("td.name a", { hasText: "Élodie Vanbrabant" }).click();
    await page.locator("article h1").waitFor();
    await page.screenshot({ path: join(folder, "card.png") });
  });
  for (const [name, viewport] of [["form", DESK], ["form-phone", PHONE]]) {
    await browse({ viewport }, async (page) => {
      await page.goto(`${url}/c/private`);
      await signIn(page, WORDS.en, "alice");
      await page.locator("td.name a", { hasText: "Élodie Vanbrabant" }).click();
      await page.getByRole("link", { name: "Modify" }).click();
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
    });
  }
}

if (pictures) {
  await takePictures(pictures);
} else {
  for (const locale of ["en", "fr"]) {
    for (const viewport of [PHONE, DESK]) {
      for (const script of [true, false]) {
        const colorScheme = script === (locale === "en") ? "light" : "dark";
        await lifeOfAContact({ locale, viewport, script, colorScheme });
        await surface({ locale, viewport, script, colorScheme });
      }
    }
  }
  await keyboard();
  await crowd();
  console.log("browser: sign in, list, card, new, edit, delete, photo; 8 variants agree");
}
