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

// A frame that was loaded before would add to the browser's history; a new one does not.
function submitPreview() {
  if (!document.getElementById("email").checked) return;
  const frame = document.getElementById("email-frame");
  frame.replaceWith(frame.cloneNode());
  form.requestSubmit(button);
}

function showEmail() {
  clearTimeout(waiting);
  waiting = setTimeout(submitPreview, waiting ? 500 : 0);
}

// A text nobody touched follows what the guest gets: "your free …" or "… off your entire purchase".
function followKind(event) {
  if (event.target.name !== "kind") return;
  const defaults = document.getElementById("kinds").dataset;
  const texts = [defaults.item, defaults.percent, defaults.amount];
  for (const field of [form.elements.sms_body, form.elements.email_body]) {
    if (texts.includes(field.value)) field.value = defaults[event.target.value];
  }
}

if (form) {
  form.addEventListener("change", followKind);
  form.addEventListener("input", showEmail);
  document.addEventListener("htmx:afterSwap", showEmail);
  showEmail();
}
