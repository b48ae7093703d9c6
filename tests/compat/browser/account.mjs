// A person's own account at a real browser: settings, passwords, second factor, help.
// Usage: node account.mjs http://127.0.0.1:PORT, where `owner` has the password "demo".
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { DESK, PHONE, browse, isGood, signIn, url } from "./support.mjs";

const WORDS = {
  en: {
    signIn: "Sign in", login: "Login or e-mail address", password: "Password",
    make: "Make the password", what: "What it is for", revoke: "Revoke", setUp: "Set it up",
    code: "Code of six digits", turnOn: "Turn it on", turnOff: "Turn it off", off: "is off",
    either: "Code of six digits, or a recovery code", revoked: "was revoked", save: "Save",
    saved: "Saved", own: "An address of my own", pattern: /^An address with/,
    name: "Name", endAll: "Sign out everywhere",
  },
  fr: {
    signIn: "Connexion", login: "Identifiant ou adresse e-mail", password: "Mot de passe",
    make: "Créer le mot de passe", what: "À quoi il sert", revoke: "Révoquer",
    setUp: "Le mettre en place", code: "Code à six chiffres", turnOn: "L'activer",
    turnOff: "Le désactiver", off: "est inactif",
    either: "Code à six chiffres, ou un code de secours", revoked: "est révoqué", save: "Sauver",
    saved: "Sauvé", own: "Une adresse à moi", pattern: /^Une adresse avec/,
    name: "Nom", endAll: "Déconnecter partout",
  },
};

/** The code of RFC 6238 some steps from now. */
function totp(typed, steps) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...typed.replace(/\s/g, "")]
    .map((letter) => letters.indexOf(letter).toString(2).padStart(5, "0"))
    .join("");
  const secret = Buffer.from(bits.match(/.{8}/g).map((octet) => parseInt(octet, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac("sha1", secret).update(counter).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The code of the step before: asked for when it stays that step's for a while. */
async function former(secret) {
  const left = 30_000 - (Date.now() % 30_000);
  if (left < 10_000) await new Promise((resolve) => setTimeout(resolve, left + 100));
  return totp(secret, -1);
}

async function account({ locale, viewport, script }) {
  const words = WORDS[locale];
  const variant = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}`;
  await browse({ locale, viewport, script }, async (page) => {
    const good = (what) => isGood(page, `${what} (${variant})`, script);
    const press = (name) => page.getByRole("button", { name, exact: true }).click();
    await page.goto(`${url}/settings`);
    await signIn(page, words, "owner");
    await page.waitForURL("**/settings");
    for (const path of ["/settings", "/settings/account", "/settings/account/delete", "/settings/passwords",
      "/settings/calls", "/settings/second-factor", "/help"]) {
      await page.goto(url + path);
      await good(path);
    }
    const sections = await page.locator("nav.side a").evaluateAll((links) => links.map((a) => a.pathname));
    assert.equal(sections.length, 15, variant);
    // Where the room is least; elsewhere the first is enough.
    for (const path of viewport === PHONE ? sections : sections.slice(0, 1)) {
      await page.goto(url + path);
      await good(path);
    }

    await page.goto(`${url}/settings/account`);
    await page.getByLabel(words.name, { exact: true }).fill(`Olga ${locale}`);
    await page.getByRole("button", { name: words.save, exact: true }).click();
    await page.getByText(words.saved).waitFor();
    assert.equal(await page.locator("#name").inputValue(), `Olga ${locale}`);

    await page.goto(`${url}/settings/calls`);
    await page.getByLabel(words.own).check();
    await page.getByLabel(words.pattern).fill("callto:{}");
    await press(words.save);
    await page.getByText(words.saved).waitFor();

    await page.goto(`${url}/settings/passwords`);
    await page.getByLabel(words.what).fill("Laptop");
    await press(words.make);
    assert.match(await page.locator("#secret").textContent(), /^\w{4}-\w{4}-\w{4}-\w{4}$/);
    await good("made");
    await page.goto(`${url}/settings/passwords`);
    assert.equal(await page.locator("#secret").count(), 0);
    await page.getByRole("button", { name: new RegExp(words.revoke) }).first().click();
    await page.getByText(words.revoked).waitFor();

    await page.goto(`${url}/settings/second-factor`);
    await page.getByLabel(words.password).fill("demo");
    await press(words.setUp);
    const secret = await page.locator("#factor-secret").textContent();
    await good("second factor, set up");
    await page.getByLabel(words.code, { exact: true }).fill(await former(secret));
    await press(words.turnOn);
    await page.locator(".codes li").first().waitFor();
    const recovery = await page.locator(".codes li code").allTextContents();
    assert.equal(recovery.length, 10);
    await good("second factor, on");

    await page.goto(`${url}/settings/account`);
    await press(words.endAll);
    await signIn(page, words, "owner");
    await page.getByLabel(words.either).waitFor();
    await good("code");
    await page.getByLabel(words.either).fill(totp(secret, 0));
    await press(words.signIn);
    await page.locator("details.who").waitFor();
    await page.goto(`${url}/settings/second-factor`);
    await page.getByLabel(words.password).fill("demo");
    await page.getByLabel(words.either).fill(recovery[0]);
    await press(words.turnOff);
    await page.getByText(words.off).waitFor();
  });
}

for (const locale of ["en", "fr"]) {
  for (const viewport of [PHONE, DESK]) {
    for (const script of [true, false]) await account({ locale, viewport, script });
  }
}
console.log("browser: account, app passwords, second factor, call links, help; 8 variants agree");
