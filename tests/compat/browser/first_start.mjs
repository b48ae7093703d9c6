// The first start in a real browser, with and without script, in both languages.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const carnet = process.argv[2];
const WORDS = {
  en: { title: "First start", code: "Code", password: "Password", again: "The same password again", go: "Set the server up", done: "The server is set up", signIn: "Sign in", wrong: "not the code" },
  fr: { title: "Premier démarrage", code: "Code du démarrage", password: "Mot de passe", again: "Le même mot de passe encore une fois", go: "Configurer le serveur", done: "Le serveur est configuré", signIn: "Connexion", wrong: "pas le code" },
};
const PASSWORD = "long grey herons 7";

/** Starts a server without an account; gives its process, code and address. */
async function start(data) {
  const server = spawn(carnet, ["serve", "--data", data, "--listen", "http://127.0.0.1:0"], { env: { ...process.env, CARNET_FIRST_START: "page" }, stdio: ["ignore", "pipe", "ignore"] });
  let code, url;
  for await (const line of createInterface({ input: server.stdout })) {
    code ??= line.match(/type the code (\S+)/)?.[1];
    url = line.match(/^listening on (\S+)/)?.[1];
    if (url) break;
  }
  // Whoever prints on must not find a full pipe.
  server.stdout.resume();
  return { server, code, url };
}

for (const [language, words] of Object.entries(WORDS)) {
  for (const script of [true, false]) {
    const data = mkdtempSync(join(tmpdir(), "carnet-first-"));
    const profile = mkdtempSync(join(tmpdir(), "carnet-browser-"));
    const { server, code, url } = await start(join(data, "data"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu"],
      locale: language,
      viewport: { width: 360, height: 740 },
      javaScriptEnabled: script,
    });
    try {
      const page = context.pages()[0];
      await page.goto(url);
      assert.equal(await page.locator("h1").textContent(), words.title);
      const wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth").catch(() => false);
      assert.ok(!wide, "the page is wider than a phone");
      const fill = async (typed) => {
        await page.getByLabel(words.code, { exact: true }).fill(typed);
        await page.getByLabel(words.password, { exact: true }).fill(PASSWORD);
        await page.getByLabel(words.again, { exact: true }).fill(PASSWORD);
        await page.getByRole("button", { name: words.go }).click();
      };
      await fill("0000-0000-0000-0000");
      assert.match(await page.locator("[role=alert]").textContent(), new RegExp(words.wrong));
      await fill(code);
      assert.equal(await page.locator("h1").textContent(), words.done);
      // The page leads on by itself, once the server of the accounts listens.
      await page.waitForURL(/\/login/, { timeout: 20000 });
      await page.locator("#login").fill("admin");
      await page.locator("#password").fill(PASSWORD);
      await page.getByRole("button", { name: words.signIn, exact: true }).click();
      await page.waitForURL(/\/admin/);
      assert.equal((await context.request.get(`${url}/first-start`)).status(), 404);
    } finally {
      await context.close();
      server.kill();
      for (const folder of [data, profile]) rmSync(folder, { recursive: true, force: true });
    }
  }
}
console.log("browser: the first start makes an administrator, in two languages, with and without script");
process.exit(0);
