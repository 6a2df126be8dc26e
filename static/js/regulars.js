// What every page of a café does: the form token goes along with htmx, and trouble is said in words.
"use strict";

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") {
    event.detail.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
  }
});

function say(words) {
  const note = document.createElement("div");
  note.className = "rg-note rg-stopped";
  note.textContent = words;
  document.getElementById("flashes").replaceChildren(note);
}

for (const trouble of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(trouble, () => say(document.body.dataset.trouble));
}

// A menu opened by <details> closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const open of document.querySelectorAll("details.rg-me[open], details.rg-menu[open]")) {
    if (!open.contains(event.target)) open.open = false;
  }
});

// What is typed while an answer is on its way stays in the part that the answer replaces.
const typed = new WeakMap();

function valuesIn(part) {
  return new Map([...part.querySelectorAll("input[id], textarea[id]")].map((field) => [field.id, field.value]));
}

document.addEventListener("htmx:beforeSend", ({ detail }) => typed.set(detail.xhr, valuesIn(detail.target)));

document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const before = typed.get(detail.xhr);
  const since = [...valuesIn(detail.target)].filter(([id, value]) => before?.has(id) && before.get(id) !== value);
  typed.set(detail.xhr, detail.target.hasAttribute("data-typing-stays") ? since : []);
});

document.addEventListener("htmx:afterSwap", ({ detail }) => {
  for (const [id, value] of typed.get(detail.xhr) ?? []) {
    const field = document.getElementById(id);
    if (field) field.value = value;
  }
});

// Tabs that do not fit on a phone are pushed along until the one that is open can be seen.
document.querySelector(".rg-tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
