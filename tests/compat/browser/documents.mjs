// A person who keeps documents: folders, uploads, details, versions, sharing, attachments, trash; with
// and without script, on a phone and a desk, in both languages.
// Usage: node documents.mjs http://127.0.0.1:PORT
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DESK, PHONE, browse, isGood, signIn, url } from "./support.mjs";

const WORDS = {
  en: {
    signIn: "Sign in", login: "Login or e-mail address", password: "Password", tool: "Documents",
    newFolder: "New folder", folderName: "Name of the folder", makeFolder: "Make the folder",
    files: /^Files, up to/, upload: "Upload", uploaded: "Uploaded: 2.", download: "Download",
    name: "File name", description: "Description", save: "Save", saved: "Saved", fresh: "New version",
    versioned: "The new version is there", share: "Share with groups", history: "History",
    rights: "Access rights", back: "Back", into: "Share into a new folder", shareInto: "Make the folder and share",
    shared: "Team · Plans", attach: "Attach a document", attachThis: "Attach · plan 2.txt",
    attached: "Attached: plan 2.txt.", breakLink: "Break the link · plan 2.txt", broken: "The link to",
    remove: "Delete", undo: "Undo", trash: "Trash", deleteFolder: "Delete the folder",
    deleted: "was deleted; its documents", advanced: "Advanced search",
    event: "New version of the file", news: "News", told: "Alice Martin shared",
  },
  fr: {
    signIn: "Connexion", login: "Identifiant ou adresse e-mail", password: "Mot de passe", tool: "Documents",
    newFolder: "Nouveau dossier", folderName: "Nom du dossier", makeFolder: "Créer le dossier",
    files: /^Fichiers, jusqu'à/, upload: "Téléverser", uploaded: "Téléversés : 2.", download: "Télécharger",
    name: "Nom du fichier", description: "Description", save: "Sauver", saved: "Enregistré", fresh: "Nouvelle version",
    versioned: "La nouvelle version est là", share: "Partager avec groupes", history: "Historique",
    rights: "Droits d'accès", back: "Retour", into: "Partager dans un nouveau dossier", shareInto: "Créer le dossier et partager",
    shared: "Team · Plans", attach: "Attacher un document", attachThis: "Attacher · plan 2.txt",
    attached: "Attaché : plan 2.txt.", breakLink: "Briser le lien · plan 2.txt", broken: "Le lien vers",
    remove: "Supprimer", undo: "Annuler l'action", trash: "Corbeille", deleteFolder: "Supprimer le dossier",
    deleted: "a été supprimé ; ses documents", advanced: "Recherche avancée",
    event: "Nouvelle version du fichier", news: "Nouveautés", told: "Alice Martin a partagé",
  },
};

let number = 0;

async function variant({ locale, viewport, script, colorScheme }) {
  const words = WORDS[locale];
  const name = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}, ${colorScheme}`;
  const folderName = `Plans ${(number += 1)}`;
  const options = { locale, viewport, script, colorScheme, downloads: true, acceptDownloads: true };
  await browse(options, async (page) => {
    const good = (what) => isGood(page, `${what} (${name})`, script);
    const link = (text) => page.getByRole("link", { name: text, exact: true });
    const button = (text) => page.getByRole("button", { name: text, exact: true });
    const file = (called, text) => ({ name: called, mimeType: "text/plain", buffer: Buffer.from(text) });
    await page.goto(`${url}/documents`);
    await signIn(page, words, "alice");
    await page.waitForURL("**/d/private/documents");
    await page.getByRole("heading", { name: words.tool }).waitFor();
    await good("an empty folder");
    await page.locator("summary", { hasText: words.newFolder }).click();
    await page.getByLabel(words.folderName).first().fill(folderName);
    await button(words.makeFolder).click();
    await page.getByRole("heading", { name: folderName }).waitFor();
    const folder = page.url().split("?")[0];
    await page.getByLabel(words.files).setInputFiles([file("plan.txt", "one"), file("<b>&.csv", "a;b")]);
    await button(words.upload).click();
    await page.getByText(words.uploaded).waitFor();
    await good("a folder");

    await link("plan.txt").first().click();
    await page.getByRole("heading", { name: "plan.txt" }).waitFor();
    await good("details");
    const [download] = await Promise.all([
      page.waitForEvent("download", { timeout: 120_000 }),
      link(words.download).click(),
    ]);
    assert.equal(download.suggestedFilename(), "plan.txt");
    assert.equal(readFileSync(await download.path(), "utf8"), "one");
    await page.getByLabel(words.name).fill("plan 2.txt");
    await page.getByLabel(words.description).fill("For the jury");
    await page.locator("section", { hasText: words.description }).getByRole("button", { name: words.save, exact: true }).first().click();
    await page.getByRole("heading", { name: "plan 2.txt" }).waitFor();
    const document = page.url().split("?")[0];
    await page.getByLabel(words.files).setInputFiles([file("b.txt", "two")]);
    await button(words.upload).click();
    await page.getByText(words.versioned).waitFor();
    await good("a new version");
    await link(words.history).click();
    await page.waitForURL("**/history");
    await page.getByRole("heading", { name: words.event }).waitFor();
    await good("history");
    await page.goto(document);
    await link(words.share).click();
    await page.waitForURL("**/share");
    await good("share");
    await page.getByLabel(words.folderName).fill(folderName);
    await page.locator("#into").selectOption({ label: "Team" });
    await button(words.shareInto).click();
    await page.getByText(`Team · ${folderName}`).first().waitFor();
    await good("shared");
    await page.goto(document);
    await link(words.rights).click();
    await page.waitForURL("**/rights");
    await good("rights");

    // Attached to the first contact, opened from its card, and let go.
    await page.goto(`${url}/c/private`);
    await page.locator("td.name > a").first().click();
    await page.waitForURL("**/c/private/c/*");
    const card = page.url().split("?")[0];
    await link(words.attach).click();
    await page.waitForURL("**/attach");
    await good("attach");
    await button(words.attachThis).first().click();
    await page.getByText(words.attached).waitFor();
    await good("a card with an attachment");
    await link("plan 2.txt").click();
    await page.getByRole("heading", { name: "plan 2.txt" }).waitFor();
    // Its title finds the contact.
    await page.goto(`${url}/search?in=private&tool=contacts&q=${encodeURIComponent('"plan 2"')}`);
    await page.locator(`a[href="${new URL(card).pathname}"]`).first().waitFor();
    await page.goto(card);
    await button(words.breakLink).click();
    await page.getByText(words.broken).waitFor();

    await page.goto(`${url}/search?advanced=1&in=all&tool=documents&q=plan`);
    await page.getByText("plan 2.txt").first().waitFor();
    await good("search");

    // Deleted with an undo; the folder goes with what is in it.
    await page.goto(folder);
    await page.locator("tbody input[type=checkbox]").first().check();
    await page.locator("fieldset.selected").getByRole("button", { name: words.remove, exact: true }).click();
    await button(words.undo).click();
    await page.goto(`${folder}/trash`);
    await good("trash");
    await page.goto(folder);
    await button(words.deleteFolder).click();
    await page.getByText(words.deleted).waitFor();
    await good("without the folder");
  });
  // Who it was shared with reads of it, once.
  await browse({ locale, viewport, script, colorScheme }, async (page) => {
    await page.goto(url);
    await signIn(page, words, "bob");
    await page.getByRole("heading", { name: words.news, exact: true }).waitFor();
    await page.getByText(words.told).first().waitFor();
    await isGood(page, `news (${name})`, script);
    const read = page.locator("#news button[name=notice]");
    while ((await read.count()) > 0) {
      await read.last().click();
      await page.waitForURL(`${url}/`);
    }
    assert.equal(await page.locator("a.news").count(), 0);
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
console.log("browser: folders, upload, download, versions, sharing, attachments, trash; 8 variants agree");
