// The form of a contact: the photo before it is saved, and who may be the same. It all works without.
"use strict";

// A photo that was chosen is shown at once, where the browser can read it.

function preview(input, image) {
  const unread = () => { image.hidden = true; };
  image.addEventListener("error", unread);
  image.addEventListener("load", () => { image.hidden = false; });
  input.addEventListener("change", () => {
    const [file] = input.files;
    if (!file) return;
    const reader = new FileReader();
    reader.addEventListener("load", () => { image.src = reader.result; });
    reader.addEventListener("error", unread);
    reader.readAsDataURL(file);
  });
}

// Contacts that may be the same are asked for while names, addresses and numbers are typed.

const COMPARED = /^(given|family|formatted|org|kind|email-\d+|tel-\d+)$/;
/** What is sent to find them: the rest of the form may be half typed. */
const SENT = /^(token|lang|given|family|prefix|middle|suffix|formatted|org|kind|email-\d+|tel-\d+)$/;

function alike(section, form) {
  const list = $("ul", section);
  let asked = 0;
  let timer;
  const entry = ({ id, name, detail, why, path }) => {
    const item = document.createElement("li");
    const words = document.createElement("div");
    const link = Object.assign(document.createElement("a"), { className: "strong", href: path, target: "_blank", textContent: name });
    const soft = Object.assign(document.createElement("span"), { className: "soft", textContent: ` ${detail}` });
    words.append(link, soft, document.createElement("br"), why);
    item.append(Object.assign(document.createElement("input"), { type: "hidden", name: "seen", value: id }), words);
    return item;
  };
  const ask = async () => {
    const mine = (asked += 1);
    const typed = [...new FormData(form)].filter(([name]) => SENT.test(name));
    const answer = await fetch(section.dataset.at, { method: "POST", body: new URLSearchParams(typed) });
    const json = answer.ok && answer.headers.get("content-type") === "application/json";
    const found = json ? await answer.json() : [];
    if (mine !== asked) return;
    list.replaceChildren(...found.map(entry));
    section.hidden = found.length === 0;
  };
  form.addEventListener("input", ({ target }) => {
    if (!COMPARED.test(target.name)) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 400);
  });
}

// What was typed is not left behind by mistake.

const TYPED = "input:not([type=hidden], [type=file], [type=checkbox], [type=radio]), textarea";

function keep(form) {
  let leaves = false;
  const changed = () => {
    form.dataset.changed = "";
    leaves = false;
  };
  // The server shows it again, with one more row or with what is wrong.
  if (answered === form.action) changed();
  form.addEventListener("input", changed);
  form.addEventListener("submit", () => {
    leaves = true;
    sessionStorage.setItem("sent", form.action);
  });
  addEventListener("pageshow", () => {
    leaves = false;
    // A browser that comes back fills in what was typed.
    const shown = (field) =>
      field.type === "textarea" ? field.defaultValue : field.defaultValue.replace(/[\r\n]+/g, "");
    if (all(TYPED, form).some((field) => field.value !== shown(field))) changed();
  });
  addEventListener("beforeunload", (event) => {
    if ("changed" in form.dataset && !leaves) event.preventDefault();
  });
}

const contactForm = $("form.contact");
if (contactForm) keep(contactForm);
const photoInput = $("#photo");
if (photoInput) {
  preview(photoInput, $("#photo-preview"));
  $("#show-photo").hidden = true;
}
const alikeSection = $("#alike");
if (alikeSection) alike(alikeSection, contactForm);
