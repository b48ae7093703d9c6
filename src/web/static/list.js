// Lists of contacts and documents, and results of a search. Everything here can be done without it too.
"use strict";

// The list: selection, a menu on each row, double click, tags by drag and drop.

const here = () => $("form.list")?.dataset.here ?? "";
let lastBox;

function selectionChanged() {
  const chosen = rows().filter((row) => box(row).checked).length;
  $("form.list").classList.toggle("with-selection", chosen > 0);
  rows().forEach((row) => row.classList.toggle("chosen", box(row).checked));
  const whole = $("#whole");
  const everything = $("#whole input[name=everything]");
  if (whole) whole.hidden = chosen < rows().length;
  if (everything && whole.hidden) everything.checked = false;
  const number = everything?.checked ? Number(everything.dataset.total) : chosen;
  const merge = $("form.list button[formaction$='/selected/merge']");
  if (merge) merge.disabled = number !== 2;
  const live = $("#selected-count");
  if (!live) return;
  const said = number === 1 ? live.dataset.one : live.dataset.text;
  const grouped = number < 10000 ? number : number.toLocaleString(document.documentElement.lang);
  live.textContent = number ? said.replace("{}", grouped) : "";
}

function select(row, on, through = false) {
  const every = rows();
  const [from, to] = [every.indexOf(lastBox ?? row), every.indexOf(row)].sort((a, b) => a - b);
  const range = through && lastBox ? every.slice(from, to + 1) : [row];
  range.forEach((one) => (box(one).checked = on));
  lastBox = row;
  selectionChanged();
}

function selectAll() {
  const every = rows();
  if (every.length === 0) return false;
  const on = every.some((row) => !box(row).checked);
  every.forEach((row) => (box(row).checked = on));
  selectionChanged();
  return true;
}

/** What can be done with the items of any list. */
function selection(form) {
  form.classList.add("with-script");
  all(".select-all").forEach((link) => link.addEventListener("click", (event) => {
    event.preventDefault();
    selectAll();
  }));
  form.addEventListener("click", (event) => {
    if (event.target.matches("input[name=id]")) select(rowOf(event.target), event.target.checked, event.shiftKey);
    if (event.target.matches("input[name=everything]")) selectionChanged();
  });
  // What is ticked is meant by the buttons above the list too.
  for (const [selector, what] of [["#export-list", "export"], ["#print-list", "print"]]) {
    $(selector)?.addEventListener("click", (event) => {
      if (!rows().some((row) => box(row).checked)) return;
      event.preventDefault();
      press(`fieldset.selected button[formaction$="/selected/${what}"]`);
    });
  }
  // A browser that comes back to the list ticks what was ticked.
  addEventListener("pageshow", selectionChanged);
  selectionChanged();
}

function openRowMenu(row, x, y) {
  closeMenus();
  const menu = document.createElement("div");
  menu.id = "row-menu";
  menu.opener = $("a.more", row);
  menu.className = "choices";
  menu.append($("#row-actions").content.cloneNode(true));
  all("[data-needs]", menu).forEach((entry) => entry.dataset.needs in row.dataset || entry.remove());
  all("a", menu).forEach((link) => (link.href = link.getAttribute("href").replace("*", row.dataset.id)));
  all("input[name=id]", menu).forEach((input) => (input.value = row.dataset.id));
  document.body.append(menu);
  menu.style.left = `${Math.max(0, Math.min(x, innerWidth - menu.offsetWidth - 8)) + scrollX}px`;
  menu.style.top = `${Math.max(0, Math.min(y, innerHeight - menu.offsetHeight - 8)) + scrollY}px`;
  $("a", menu).focus();
}

/** Sends a form that stands nowhere on the page. */
function post(path, fields) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: path, hidden: true });
  for (const [name, value] of [["token", token()], ...fields]) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  document.body.append(form);
  form.submit();
}

// On a wide screen a card is shown beside the list; its address is the card's own.

const besideFits = matchMedia("(min-width: 90rem)");
const listed = location.pathname;
const listTitle = document.title;

/** A heading one level lower. */
function lowered(heading) {
  const lower = document.createElement("h3");
  if (heading.id) lower.id = heading.id;
  lower.append(...heading.childNodes);
  heading.replaceWith(lower);
}

/** Whether something was typed into the card beside the list. */
const typedBeside = () => all("#beside textarea, #beside #tag-name").some((field) => field.value !== field.defaultValue);
let sends = false;
document.addEventListener("submit", () => (sends = true));
addEventListener("beforeunload", (event) => {
  if (typedBeside() && !sends) event.preventDefault();
});

async function showBeside(link) {
  // The browser asks before what was typed goes.
  if (typedBeside()) return go(link.href);
  const text = await fetch(link.href).then((answer) => answer.ok && !answer.redirected && answer.text()).catch(() => false);
  if (!text) return go(link.href);
  const page = new DOMParser().parseFromString(text, "text/html");
  const title = Object.assign(document.createElement("h2"), { className: "title", tabIndex: -1, textContent: $("article h1", page).textContent });
  $("article h1", page).replaceWith(title);
  const beside = $("#beside");
  const isFirst = beside.hidden;
  all("#content > article h2:not(.title), #content > section h2", page).forEach(lowered);
  beside.replaceChildren($("#actions", page), ...all("#content > article, #content > section", page));
  beside.hidden = false;
  beside.parentElement.classList.add("with-card");
  beside.row = link.closest("tr");
  // One step back leads to the list, however many cards were looked at.
  if (isFirst) history.pushState(null, "", link.href);
  else history.replaceState(null, "", link.href);
  document.title = page.title;
  shown = location.pathname;
  title.focus();
  return true;
}

// Links to a part of the card beside the list, on it and in the menu of its row.
document.addEventListener("click", (event) => {
  const link = event.target.closest("#beside a[href*='#'], #row-menu a[href*='#']");
  if (!link) return;
  closeMenus();
  if (goBeside(link.getAttribute("href"))) event.preventDefault();
});

function closeBeside() {
  const beside = $("#beside");
  if (!beside || beside.hidden) return false;
  beside.hidden = true;
  beside.parentElement.classList.remove("with-card");
  shown = listed;
  document.title = listTitle;
  history.back();
  $("td.name > a", beside.row).focus();
  return true;
}

function list(table) {
  table.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-id]");
    if (!row) return;
    const more = event.target.closest("a.more");
    if (more) {
      event.preventDefault();
      const { left, bottom } = more.getBoundingClientRect();
      openRowMenu(row, left, bottom);
    }
  });
  table.addEventListener("contextmenu", (event) => {
    const row = event.target.closest("tr[data-id]");
    if (!row || event.target.closest("a[href^='mailto:'], a[href^='tel:']")) return;
    event.preventDefault();
    openRowMenu(row, event.clientX, event.clientY);
  });
  table.addEventListener("dblclick", (event) => {
    const row = event.target.closest("tr[data-id]");
    if (!row || event.target.closest("input")) return;
    location.assign(card(row, "edit" in row.dataset ? "/edit" : ""));
  });
  table.addEventListener("click", (event) => {
    const name = event.target.closest("td.name > a");
    if (!name || event.ctrlKey || event.metaKey || event.shiftKey || event.detail === 0) return;
    if ($("#beside") && besideFits.matches) {
      event.preventDefault();
      if (event.detail === 1) showBeside(name);
    } else {
      const row = rowOf(name);
      if ("edit" in row.dataset) sessionStorage.setItem("clicked", `${Date.now()} ${event.screenX} ${event.screenY} ${card(row)}`);
    }
  });

  const KIND = { tag: "text/x-carnet-tag", row: "text/x-carnet-row" };
  // The page of the list, which is shown again.
  const of = () => ["q", "of-tag", "show", "of-sort", "of-page"].map((name) => [name, $(`form.list input[name=${name}]`)?.value ?? ""]);
  const dropped = (rowIds, what, on) => post(`${here()}/selected/${what}`, [on, ...of(), ...rowIds.map((id) => ["id", id])]);
  const accept = (event, kind) => {
    if (!event.dataTransfer.types.includes(kind)) return false;
    event.preventDefault();
    return true;
  };
  rows().forEach((row) => (row.draggable = true));
  table.addEventListener("dragstart", (event) => {
    const row = event.target.closest("tr[data-id]");
    if (!row) return;
    const chosen = box(row).checked ? rows().filter((one) => box(one).checked) : [row];
    event.dataTransfer.setData(KIND.row, chosen.map((one) => one.dataset.id).join(" "));
    event.dataTransfer.effectAllowed = "copy";
  });
  table.addEventListener("dragover", (event) => event.target.closest("tr[data-id]") && accept(event, KIND.tag));
  table.addEventListener("drop", (event) => {
    const row = event.target.closest("tr[data-id]");
    const tag = event.dataTransfer.getData(KIND.tag);
    if (!row || !tag) return;
    event.preventDefault();
    dropped([row.dataset.id], "tag", ["tag", tag]);
  });
  all("a[data-tag]").forEach((link) => {
    link.addEventListener("dragstart", (event) => {
      event.dataTransfer.setData(KIND.tag, link.dataset.tag);
      event.dataTransfer.effectAllowed = "copy";
    });
    link.addEventListener("dragover", (event) => accept(event, KIND.row));
    link.addEventListener("drop", (event) => {
      const ids = event.dataTransfer.getData(KIND.row);
      if (!ids) return;
      event.preventDefault();
      dropped(ids.split(" "), "tag", ["tag", link.dataset.tag]);
    });
  });
  // Rows on a group are shared with it.
  all("#environment a[href*='/g/']:not([aria-current])").forEach((link) => {
    link.addEventListener("dragover", (event) => accept(event, KIND.row));
    link.addEventListener("drop", (event) => {
      const ids = event.dataTransfer.getData(KIND.row);
      if (!ids) return;
      event.preventDefault();
      dropped(ids.split(" "), "share", ["group", decodeURIComponent(link.pathname.split("/g/")[1])]);
    });
  });
  $("#environment")?.addEventListener("dragenter", (event) => {
    if (event.dataTransfer.types.includes(KIND.row)) $("#environment").open = true;
  });
}

// Files dropped on the list go the way of those chosen on the page of the import.

function importDropped(link) {
  // What is dragged within the page, pictures and links, is no file for it.
  let within = false;
  document.addEventListener("dragstart", () => { within = true; });
  document.addEventListener("dragend", () => { within = false; });
  const brings = ({ dataTransfer }) => !within && dataTransfer?.types.includes("Files");
  document.addEventListener("dragover", (event) => brings(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files.length === 0) return;
    const form = Object.assign(document.createElement("form"), { method: "post", action: link.href, enctype: "multipart/form-data", hidden: true });
    const input = (values) => Object.assign(document.createElement("input"), values);
    form.append(
      input({ type: "hidden", name: "token", value: token() }),
      input({ type: "file", name: "file", multiple: true, files: event.dataTransfer.files }),
    );
    document.body.append(form);
    form.submit();
  });
}

const importLink = $("#import-contacts");
if (importLink) importDropped(importLink);

// Keys of lists.

Object.assign(KEYS, {
  x: () => { const row = currentRow(); if (row) select(row, !box(row).checked); return Boolean(row); },
  X: () => { const row = currentRow(); if (row) select(row, true, true); return Boolean(row); },
  a: selectAll,
});
CLOSERS.push(() => !typedBeside() && closeBeside());

if ($("form.list")) selection($("form.list"));
const table = $("table.contacts");
if (table) list(table);
// Back from a card, the focus is on its row again.
if ($("form.list")) {
  const row = rows().find((one) => card(one) === sessionStorage.getItem("card"));
  sessionStorage.removeItem("card");
  if (row && !location.hash) link(row).focus();
}
