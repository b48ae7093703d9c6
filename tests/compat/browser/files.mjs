// A person who brings contacts, takes them out, prints and merges them: with and without script, on
// a phone and a desk, in both languages. Usage: node files.mjs http://127.0.0.1:PORT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DESK, PHONE, browse, isGood, openActions, signIn, url } from "./support.mjs";

const WORDS = {
  en: {
    signIn: "Sign in", login: "Login or e-mail address", password: "Password",
    bring: "Import", file: "File", paste: "Or paste the contacts here", next: "Continue",
    note: "Note", start: /^Import 2 contacts$/, one: /^Import 1 contact$/, created: "Created: 2.",
    createdOne: "Created: 1.", undo: "Undo this import", undone: "This import was undone.",
    take: "Export", format: "Format", write: /^Export 2 contacts$/, print: "Print",
    cards: "As cards", duplicates: "Duplicates", merge: "Merge", merged: "Merged into",
    back: "Undo", two: "The merge was undone.", empty: "No contacts yet",
    refused: "No contacts can be recognized", remove: "Delete",
  },
  fr: {
    signIn: "Connexion", login: "Identifiant ou adresse e-mail", password: "Mot de passe",
    bring: "Importer", file: "Fichier", paste: "Ou collez les contacts ici", next: "Continuer",
    note: "Note", start: /^Importer 2 contacts$/, one: /^Importer 1 contact$/,
    created: "Créés : 2.", createdOne: "Créés : 1.", undo: "Annuler cet import",
    undone: "Cet import a été annulé.", take: "Exporter", format: "Format de fichier",
    write: /^Exporter 2 contacts$/, print: "Imprimer", cards: "En fiches", duplicates: "Doublons",
    merge: "Fusionner", merged: "Fusionné dans", back: "Annuler l'action", two: "La fusion est annulée.",
    empty: "Pas encore de contact", refused: "Aucun contact n'est reconnu", remove: "Supprimer",
  },
};

const TABLE = [
  "Prénom;Nom;Courriel;Portable;Solde",
  "Zoé;Carton;zoe@example.org;+33 6 39 98 00 77;12",
  "Léa;Martin;lea@example.org;;34",
].join("\r\n");
const TWIN = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:twin\r\nFN:Zoé Carton\r\nN:Carton;Zoé;;;\r\nTITLE:Chef\r\nEND:VCARD\r\n";

async function variant({ locale, viewport, script, colorScheme }) {
  const words = WORDS[locale];
  const name = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}, ${colorScheme}`;
  const options = { locale, viewport, script, colorScheme, expected: ["422"], downloads: true };
  await browse({ ...options, acceptDownloads: true }, async (page) => {
    const good = (what) => isGood(page, `${what} (${name})`, script);
    const link = (text) => page.getByRole("link", { name: text, exact: true });
    const button = (text) => page.getByRole("button", { name: text, exact: true });
    await page.goto(`${url}/c/private`);
    await signIn(page, words, "files");
    await openActions(page);
    await link(words.bring).click();
    await good("import");

    // What is no address book is told on this page.
    await page.getByLabel(words.paste).fill("some words");
    await button(words.next).click();
    await page.getByText(words.refused).waitFor();
    await good("import refused");
    await page.getByLabel(words.file, { exact: true }).setInputFiles({
      name: "table.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(TABLE),
    });
    await button(words.next).click();
    await page.getByText("Zoé Carton").first().waitFor();
    await good("check");
    await page.getByLabel("Solde", { exact: true }).selectOption({ label: words.note });
    await page.getByRole("button", { name: words.start }).click();
    await page.getByText(words.created).waitFor();
    await good("report");
    const first = page.url();

    await page.goto(`${url}/c/private`);
    await openActions(page);
    await link(words.take).first().click();
    await good("export");
    await page.getByLabel(words.format, { exact: true }).selectOption("vcard-4.0");
    const [download] = await Promise.all([
      page.waitForEvent("download", { timeout: 120_000 }),
      page.getByRole("button", { name: words.write }).click(),
    ]);
    assert.match(download.suggestedFilename(), /^(Private|Privé) \d{4}-\d\d-\d\d\.vcf$/);
    const cards = readFileSync(await download.path(), "utf8");
    assert.equal(cards.match(/BEGIN:VCARD/g).length, 2, name);
    assert.ok(cards.includes("NOTE:12"), cards);

    await page.goto(`${url}/c/private`);
    await openActions(page);
    await link(words.print).first().click();
    await page.getByText("lea@example.org").waitFor();
    await good("print");
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".bar").isVisible(), false, "only the contacts are printed");
    assert.ok(await page.getByText("lea@example.org").isVisible());
    await page.emulateMedia({ media: null });
    await link(words.cards).click();
    await page.locator(".printed-card").first().waitFor();
    await good("print as cards");

    if (script) {
      // Dropped on the list, it goes the same way.
      await page.goto(`${url}/c/private`);
      await page.evaluate((card) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([card], "twin.vcf", { type: "text/vcard" }));
        const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer });
        document.querySelector("main").dispatchEvent(drop);
      }, TWIN);
    } else {
      await page.goto(`${url}/c/private/import`);
      await page.getByLabel(words.paste).fill(TWIN);
      await button(words.next).click();
    }
    await page.getByRole("button", { name: words.one }).click();
    await page.getByText(words.createdOne).waitFor();
    await page.goto(`${url}/c/private/duplicates`);
    await good("duplicates");
    await link(words.merge).click();
    await good("merge");
    await button(words.merge).click();
    await page.getByText(words.merged).waitFor();
    await good("merged");
    await button(words.back).click();
    await page.getByText(words.two).waitFor();

    // What was imported goes again; what was in the trash meanwhile is no more the import's.
    await page.goto(first);
    await button(words.undo).click();
    await page.getByText(words.undone).waitFor();
    await good("undone");
    await page.goto(`${url}/c/private?all=1`);
    await page.locator("fieldset.selected").getByRole("button", { name: words.remove }).click();
    await page.getByText(words.empty).waitFor();
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
console.log("browser: import, report, undo, export, print, duplicates, merge; 8 variants agree");
