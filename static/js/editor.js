// The editor's comforts: gaps are put where the cursor stands, the e-mail's preview follows the typing.
// Without script every gap can be typed, and saving shows what the preview would.
"use strict";

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-insert]");
  if (!chip) return;
  const field = document.getElementById(chip.dataset.into);
  field.setRangeText(chip.dataset.insert, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

const form = document.getElementById("reward-form");
const button = document.getElementById("preview-email");
let waiting;

function showEmail() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (document.getElementById("email").checked) form.requestSubmit(button);
  }, 500);
}

if (form) {
  form.addEventListener("input", showEmail);
  document.addEventListener("htmx:afterSwap", showEmail);
  showEmail();
}
