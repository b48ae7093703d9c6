// Devices, the guide and the administration at a real browser: with and without script, on a phone and a
// desk, in both languages.
// Usage: node devices.mjs http://127.0.0.1:PORT
//
// bob has a device (EAS) and a program (CardDAV) by now, and the account root administers the server.
import assert from "node:assert/strict";
import { DESK, PHONE, browse, isGood, signIn, url } from "./support.mjs";

const WORDS = {
  en: {
    signIn: "Sign in", login: "Login or e-mail address", password: "Password",
    name: "What you call it", rename: "Rename", renamed: "Renamed.",
    make: "Make a password for it", values: "Your values", copy: /^Copy/, copied: "Copied.",
    waiting: "Waiting for the first synchronization", connected: "is connected",
    backup: "Back up now", written: "The backup is written.",
  },
  fr: {
    signIn: "Connexion", login: "Identifiant ou adresse e-mail", password: "Mot de passe",
    name: "Comment vous l'appelez", rename: "Renommer", renamed: "Renommé.",
    make: "Lui faire un mot de passe", values: "Vos valeurs", copy: /^Copier/, copied: "Copié.",
    waiting: "En attente de la première synchronisation", connected: "est connecté",
    backup: "Sauvegarder maintenant", written: "La sauvegarde est écrite.",
  },
};

const ADMIN = [
  "/admin", "/admin/users", "/admin/users/1", "/admin/classes", "/admin/groups", "/admin/groups/1",
  "/admin/devices", "/admin/logs", "/admin/rules", "/admin/check",
];

/** A program that reads the books of bob with a password. */
async function synchronize(address, login, password) {
  const answer = await fetch(`${url}/dav/${login}/private/contacts/`, {
    method: "REPORT",
    headers: {
      authorization: `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`,
      "content-type": "application/xml",
      "user-agent": "DAVx5/4.4",
    },
    body: '<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>',
  });
  assert.equal(answer.status, 207, address);
}

async function ownDevices({ locale, viewport, script }) {
  const words = WORDS[locale];
  const variant = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}`;
  await browse({ locale, viewport, script }, async (page) => {
    const good = (what) => isGood(page, `${what} (${variant})`, script);
    await page.goto(`${url}/settings/devices`);
    await signIn(page, words, "bob");
    await page.waitForURL("**/settings/devices");
    await good("devices");
    for (const kind of ["e", "c"]) {
      await page.goto(`${url}/settings/devices`);
      await page.locator(`main a[href^="/settings/devices/${kind}/"]`).first().click();
      await good(`details ${kind}`);
      await page.getByLabel(words.name).fill(`Mine ${variant}`.slice(0, 60));
      await page.getByRole("button", { name: words.rename }).click();
      await page.getByText(words.renamed).waitFor();
    }
    await page.goto(`${url}/connect`);
    await good("guide");
    await page.goto(`${url}/connect/davx5`);
    await good("a kind");
    await page.getByRole("button", { name: words.make }).click();
    await page.locator("#value-app-password").waitFor();
    await good("values");
    const value = (id) => page.locator(`#value-${id}`).textContent();
    if (script) {
      await page.getByText(words.waiting).waitFor();
      await synchronize(await value("address"), await value("login"), await value("app-password"));
      await page.locator("p.good", { hasText: words.connected }).waitFor({ timeout: 15_000 });
    } else {
      const [address, login, password] = [await value("address"), await value("login"), await value("app-password")];
      await page.locator("#see-state").click();
      await page.getByText(words.waiting).waitFor();
      await good("waiting");
      await synchronize(address, login, password);
      // The page comes again by itself.
      await page.locator("p.good", { hasText: words.connected }).waitFor({ timeout: 15_000 });
      await good("connected");
    }
    await page.goto(`${url}/connect/iphone`);
    await page.getByRole("button", { name: words.make }).click();
    await page.locator("#profile").waitFor();
    await good("profile");
  });
}

async function administration({ locale, viewport, script }) {
  const words = WORDS[locale];
  const variant = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}`;
  await browse({ locale, viewport, script }, async (page) => {
    await page.goto(`${url}/admin`);
    await signIn(page, words, "root");
    await page.waitForURL("**/admin");
    for (const path of ADMIN) {
      await page.goto(`${url}${path}`);
      await isGood(page, `${path} (${variant})`, script);
    }
    await page.goto(`${url}/admin`);
    await page.getByRole("button", { name: words.backup }).click();
    await page.getByText(words.written).waitFor();
  });
}

for (const locale of ["en", "fr"]) {
  for (const viewport of [PHONE, DESK]) {
    for (const script of [true, false]) {
      await ownDevices({ locale, viewport, script });
      await administration({ locale, viewport, script });
    }
  }
}
console.log("browser: devices, the guide for connecting, the administration; 8 variants agree");
