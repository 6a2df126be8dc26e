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
