// What makes pages quicker to use. Everything here can be done without it too.
"use strict";

const $ = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const token = () => $("input[name=token]")?.value ?? "";

// Menus: one at a time, closed by Escape and by going elsewhere.

const MENU = "#row-menu, details.menu[open]";

document.addEventListener("toggle", ({ target }) => {
  if (target.matches?.("details.menu[open]")) {
    all("details.menu[open]").forEach((menu) => menu !== target && !menu.contains(target) && (menu.open = false));
  }
}, true);

function closeMenus() {
  const open = all("details.menu[open]");
  open.forEach((menu) => {
    if (menu.contains(document.activeElement)) $("summary", menu).focus();
    menu.open = false;
  });
  const popup = $("#row-menu");
  if (popup?.contains(document.activeElement)) popup.opener.focus();
  popup?.remove();
  return open.length > 0 || Boolean(popup);
}

/** Arrows move within an open menu; whether this one did. */
function moveInMenu({ key, target, shiftKey }) {
  const menu = target.closest(MENU);
  const by = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (!menu || target.matches("input, select, textarea")) return false;
  const entries = all("summary, a[href], button", menu);
  // The menu of a row stands at the end of the page; the way goes on from the row.
  if (key === "Tab" && menu.id === "row-menu" && target === entries.at(shiftKey ? 0 : -1)) closeMenus();
  if (!by) return false;
  entries[(entries.indexOf(target) + by + entries.length) % entries.length].focus();
  return true;
}

document.addEventListener("click", ({ target }) => {
  if (!target.closest("details.menu, #row-menu, a.more")) closeMenus();
});

document.addEventListener("focusout", ({ target, relatedTarget }) => {
  const menu = target.closest(MENU);
  // A click may give the focus to what is around the menu.
  if (!menu || !relatedTarget || menu.contains(relatedTarget) || relatedTarget.contains(menu)) return;
  if (menu.id === "row-menu") menu.remove();
  else menu.open = false;
});

// Forms: sent once, and not left behind by mistake.

/** What a button asks of its form; a second one that asks the same is the same. */
const asked = (button) => ["formaction", "name", "value"].map((name) => button?.getAttribute(name) ?? "").join(" ");
/** When forms were sent, and by which button. */
let sent = new Map();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  const before = sent.get(form);
  const button = asked(event.submitter);
  if (before?.button === button && Date.now() - before.at < 2000) return event.preventDefault();
  sent.set(form, { button, at: Date.now() });
  form.setAttribute("aria-busy", "true");
  // The answer may be a file, and the page stays.
  setTimeout(() => form.removeAttribute("aria-busy"), 2000);
});

addEventListener("pageshow", () => {
  sent = new Map();
  all("form[aria-busy]").forEach((form) => form.removeAttribute("aria-busy"));
});

/** The form that was sent last, if this page is its answer. */
const answered = sessionStorage.getItem("sent");
sessionStorage.removeItem("sent");

// What was done is said once: neither a reload nor the way back repeats it.
const address = new URL(location.href);
if (address.searchParams.has("done")) {
  ["done", "name", "n", "undo", "proof"].forEach((name) => address.searchParams.delete(name));
  history.replaceState(history.state, "", address);
}

// The clock of pages is that of whoever reads them first, until they choose another. A page on which
// times are typed keeps the one it was made with.
if ("zoneless" in document.body.dataset && !sessionStorage.getItem("zone") && !$("input[type^=date], select[name=zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  sessionStorage.setItem("zone", zone);
  if (zone) fetch("/settings/zone", { method: "POST", keepalive: true, body: new URLSearchParams({ token: token(), zone }) }).catch(() => {});
}

// Suggestions while typing.

function suggest(input) {
  const list = document.createElement("ul");
  list.id = "suggestions";
  list.className = "suggestions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.getAttribute("aria-label"));
  list.hidden = true;
  input.parentElement.append(list);
  const attributes = { role: "combobox", "aria-expanded": "false", "aria-controls": list.id, "aria-autocomplete": "list" };
  for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
  let asked = 0;
  let timer;

  const close = () => {
    list.hidden = true;
    list.replaceChildren();
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const move = (step) => {
    const options = all("[role=option]", list);
    const at = options.findIndex((option) => option.ariaSelected === "true");
    const next = (at + step + options.length + (at < 0 && step < 0 ? 1 : 0)) % options.length;
    options.forEach((option, index) => option.setAttribute("aria-selected", String(index === next)));
    input.setAttribute("aria-activedescendant", options[next].id);
  };
  const ask = async () => {
    const mine = (asked += 1);
    const { in: scope, tool } = input.form.elements;
    const query = new URLSearchParams({ q: input.value, in: scope.value, tool: tool?.value ?? "" });
    const answer = await fetch(`/search/suggest?${query}`);
    const found = answer.ok && answer.headers.get("content-type") === "application/json" ? await answer.json() : [];
    if (mine !== asked) return;
    list.replaceChildren(...found.map(({ name, detail, path }, index) => {
      const option = document.createElement("li");
      option.id = `suggestion-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      option.dataset.path = path;
      option.append(name, Object.assign(document.createElement("span"), { className: "soft", textContent: ` ${detail}` }));
      return option;
    }));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    input.removeAttribute("aria-activedescendant");
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    asked += 1;
    if (input.value.trim().length < 2) return close();
    timer = setTimeout(ask, 150);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && $("[aria-selected=true]", list)) location.assign($("[aria-selected=true]", list).dataset.path);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    event.preventDefault();
    if (option) location.assign(option.dataset.path);
  });
  input.addEventListener("blur", close);
}

// Back and forth between list and card, by reload too: what the address names.

/** The path of what the page shows. */
let shown = location.pathname;
addEventListener("popstate", () => { if (location.pathname !== shown) location.reload(); });

// Rows, which keys walk through.

/** Rows of a list, or results of a search. */
const rows = () => all("form.list tr[data-id], form.list .results li");
const box = (row) => $("input[name=id]", row);
const link = (row) => $("td.name > a, a.strong", row);
const card = (row, rest = "") => link(row).getAttribute("href") + rest;
const rowOf = (element) => element?.closest?.("form.list tr[data-id], form.list .results li");

// Keys.

let pending = "";

const currentRow = () => rowOf(document.activeElement);

/** To the next row, or to the first one in view. */
function step(by) {
  const every = rows();
  if (every.length === 0) return false;
  const at = every.indexOf(currentRow());
  const first = every.find((row) => row.getBoundingClientRect().top >= 0) ?? every.at(-1);
  const next = at < 0 ? first : every[Math.max(0, Math.min(every.length - 1, at + by))];
  link(next).focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

/** Where a key leads on the card shown, or on the row in focus. */
function onContact(rest) {
  const row = currentRow();
  if (row) return go(card(row, rest));
  const shown = $("article[data-card]")?.dataset.card;
  return shown ? go(shown + rest) : false;
}

/** The row in focus, or the contact shown, where it may be changed. */
function edit() {
  const row = currentRow();
  const may = row ? "edit" in row.dataset : $("#edit-contact");
  return may ? onContact("/edit") : false;
}

/** To a part of the card beside the list: its first field; whether that card is the one shown. */
function goBeside(path) {
  const [page, part] = path.split("#");
  const target = part && page === location.pathname && $(`#beside:not([hidden]) #${part}`);
  if (!target) return false;
  (target.matches("textarea") ? target : $("input:not([type=hidden])", target.parentElement)).focus();
  return true;
}

function go(path) {
  if (!goBeside(path)) location.assign(path);
  return true;
}

function press(selector) {
  const button = $(selector);
  button?.click();
  return Boolean(button);
}

/** The row in focus, the contact shown, or the list. Documents are not printed. */
function printed() {
  const shown = currentRow() ? card(currentRow()) : $("article[data-card]")?.dataset.card;
  if (!shown) return press("#print-list");
  if (shown.startsWith("/d/")) return false;
  const end = shown.lastIndexOf("/c/");
  return go(`${shown.slice(0, end)}/print?id=${shown.slice(end + 3)}`);
}

function removeRow() {
  const row = currentRow();
  if (!row) return press("#delete-contact, #delete-document");
  if (!rows().some((one) => box(one).checked)) select(row, true);
  return press("#delete-selected");
}

/** What each key does; a list adds its own. */
const KEYS = {
  "/": () => { $("#search")?.focus(); return true; },
  n: () => press("#new-contact"),
  j: () => step(1),
  k: () => step(-1),
  // Elsewhere they scroll.
  ArrowDown: () => Boolean(currentRow()) && step(1),
  ArrowUp: () => Boolean(currentRow()) && step(-1),
  e: edit,
  t: () => onContact("#tags-title"),
  s: () => onContact("/share"),
  c: () => onContact("#text"),
  p: printed,
  Delete: removeRow,
  z: () => press("#undo button"),
  "?": () => press("#keys") || go("/keys"),
};

/** What Escape closes; the first that had something to close is enough. */
const CLOSERS = [closeMenus];

const FIELD = "input:not([type=checkbox]), textarea, select, [contenteditable]";

/** The button that a form is sent by: the primary one, else the only one. */
function mainButton(form) {
  const buttons = all("button:not([type=button])", form);
  return $("button.primary", form) ?? (buttons.length === 1 ? buttons[0] : null);
}

function keydown(event) {
  const { key, target } = event;
  const keys = "keys" in document.body.dataset;
  if (key === "Escape") {
    if (CLOSERS.some((close) => close())) return event.preventDefault();
    // What was typed is not thrown away by a key.
    if (keys && !target.matches(FIELD) && !$("form.contact[data-changed]")) press("#cancel");
  }
  if ((event.ctrlKey || event.metaKey) && key === "Enter" && target.matches("input, textarea, select")) {
    const button = keys && target.form && mainButton(target.form);
    if (!button) return;
    event.preventDefault();
    return target.form.requestSubmit(button);
  }
  // On a box of a list it opens what the box stands for; the first button of the form sends nothing.
  if (key === "Enter" && target.matches("form.list input[name=id]")) {
    return go(link(rowOf(target)).href);
  }
  if (moveInMenu(event)) return event.preventDefault();
  if (!keys || event.ctrlKey || event.metaKey || event.altKey || target.matches(FIELD)) return;
  if (target.closest(MENU)) return;
  if (pending === "g") {
    pending = "";
    const places = all("#environment .choices a, nav.side.places a");
    const place = key === "p" ? places[0] : places[Number(key)];
    if (place) go(place.href);
    return;
  }
  if (key === "g") {
    pending = "g";
    setTimeout(() => (pending = ""), 1500);
    return;
  }
  if (KEYS[key]?.()) event.preventDefault();
}

document.addEventListener("keydown", keydown);
const search = $("#search");
if (search) suggest(search);
// How long a message is.
const counted = $("textarea[data-count]");
if (counted) {
  const live = $(`#${counted.dataset.count}`);
  const count = () => (live.textContent = `${[...counted.value].length} / ${counted.maxLength}`);
  counted.addEventListener("input", count);
  count();
}
// The side column, where the style sheet cannot open it.
if (!CSS.supports("selector(::details-content)") && matchMedia("(min-width: 56.01rem)").matches) {
  all(".side-fold").forEach((fold) => (fold.open = true));
}
// The card that the way back leads from.
const shownCard = $("article[data-card]");
if (shownCard) sessionStorage.setItem("card", shownCard.dataset.card);
// The second click of a double click on a name may come when its card is here already.
const [clickedAt, clickedX, clickedY, clicked] = (sessionStorage.getItem("clicked") ?? "").split(" ");
sessionStorage.removeItem("clicked");
if (clicked && clicked === shownCard?.dataset.card) {
  const until = Number(clickedAt) + 500;
  document.addEventListener("click", (event) => {
    if (Date.now() > until || Math.hypot(event.screenX - clickedX, event.screenY - clickedY) > 5) return;
    event.preventDefault();
    go(`${clicked}/edit`);
  }, { capture: true, once: true });
}

// Connecting a device: copy, print, and whether it came.

all("button[data-copy]").forEach((button) => {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText($(`#${button.dataset.copy}`).textContent);
    button.textContent = button.dataset.copied;
  });
});

all("button[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

async function watch(place) {
  const answer = await fetch(place.dataset.state).catch(() => undefined);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const state = page && $("#state", page);
  if (state) {
    if (place.textContent.trim() !== state.textContent.trim()) place.replaceChildren(...state.childNodes);
    if ("done" in state.dataset) return;
  }
  setTimeout(watch, 3000, place);
}

const connecting = $("#state[data-state]");
if (connecting) {
  $("#see-state").hidden = true;
  setTimeout(watch, 2000, connecting);
}
