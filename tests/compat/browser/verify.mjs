// A contact who checks what is held about them: with and without script, on a phone and a desk, in
// both languages. Usage: node verify.mjs http://127.0.0.1:PORT /v/TOKEN
import assert from "node:assert/strict";
import { DESK, PHONE, browse, isGood, url } from "./support.mjs";

const link = process.argv[3];
const WORDS = {
  en: {
    other: "Français", right: "Everything is right", send: "Send my changes", more: /^Add.* · Phone/,
    thanks: "your changes are made", confirmed: "everything is right.", lost: "nowhere any more",
    title: /asks you to check/,
  },
  fr: {
    other: "English", right: "Tout est exact", send: "Envoyer mes modifications",
    more: /^Ajouter.* · Numéros/, thanks: "vos modifications sont faites", confirmed: "tout est exact.",
    lost: "ne mène plus nulle part", title: /vous demande de vérifier/,
  },
};

async function variant({ locale, viewport, script, colorScheme }) {
  const words = WORDS[locale];
  const name = `${locale}, ${viewport.width} px, ${script ? "script" : "no script"}, ${colorScheme}`;
  await browse({ locale, viewport, script, colorScheme, expected: ["404"] }, async (page) => {
    const good = (what) => isGood(page, `${what} (${name})`, script);
    const button = (text) => page.getByRole("button", { name: text });
    const answer = await page.goto(`${url}${link}?lang=${locale}`);
    assert.equal(answer.headers()["cache-control"], "no-store");
    assert.match(await page.locator("h1").innerText(), words.title);
    assert.equal(await page.locator("html").getAttribute("lang"), locale);
    assert.equal((await page.context().cookies()).length, 0);
    await good("verify");
    await button(words.more).click();
    const added = page.locator("input[name^='tel-']").last();
    await good("one more number");
    await added.fill(`+33 6 39 98 01 ${Math.floor(Math.random() * 90) + 10}`);
    await button(words.send).click();
    await page.getByText(words.thanks).waitFor();
    await good("changed");
    await button(words.right).click();
    await page.getByText(words.confirmed).waitFor();
    await page.getByRole("link", { name: words.other }).click();
    await good("the other language");
    await page.goto(`${url}/v/nothing`);
    await page.getByText(words.lost).waitFor();
    await good("nowhere");
  });
}

for (const [locale, viewport, script, colorScheme] of [
  ["en", DESK, true, "light"],
  ["fr", PHONE, true, "dark"],
  ["fr", DESK, false, "light"],
  ["en", PHONE, false, "light"],
]) {
  await variant({ locale, viewport, script, colorScheme });
}
console.log("chromium: a contact checks their data");
