// Niceties on top of pages that work without them. No inline code, no global, no dependency:
// htmx is listened to by its events, elements say what they want by data- attributes.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (type, listener, options) => document.addEventListener(type, listener, options);

// --- htmx: CSRF, what is being replaced, what failed ------------------------------------------
on("htmx:configRequest", (event) => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token[1];
});

let failed = null;
const banner = () => document.getElementById("htmx-error");
const busy = (event, is) => event.detail.target?.setAttribute("aria-busy", String(is));

on("htmx:beforeRequest", (event) => {
  busy(event, true);
  if (banner()) banner().hidden = true;
});
on("htmx:afterRequest", (event) => busy(event, false));
for (const type of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  on(type, (event) => {
    failed = event.detail.elt;
    if (!banner()) return;
    banner().hidden = false;
    banner().querySelector("button")?.focus();
  });
}
on("click", (event) => {
  if (!event.target.closest("#htmx-error button")) return;
  banner().hidden = true;
  if (!failed?.isConnected) location.reload();
  else if (failed.matches("form")) failed.requestSubmit();
  else if (failed.matches("a, button")) failed.click();
  else failed.dispatchEvent(new Event("change", { bubbles: true }));
});

// --- Who comes: counters, one age for each child, the summary of a folded field -----------------
function count(input, step) {
  const least = Number(input.min || 0);
  const most = Number(input.max || 99);
  const value = Math.min(most, Math.max(least, Number(input.value || 0) + step));
  input.value = String(value);
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function limit(counter) {
  const input = counter.querySelector("input");
  for (const button of all("[data-step]", counter)) {
    const next = Number(input.value || 0) + Number(button.dataset.step);
    button.disabled = next < Number(input.min || 0) || next > Number(input.max || 99);
  }
}

function ages(party) {
  const box = party.querySelector("[data-ages]");
  const model = party.querySelector("template");
  const children = party.querySelector("[data-children]");
  if (!box || !model || !children) return;
  const wanted = Math.min(Number(children.value || 0), Number(children.max || 20));
  while (box.children.length > wanted) box.lastElementChild.remove();
  while (box.children.length < wanted) {
    const rank = String(box.children.length + 1);
    const age = model.content.firstElementChild.cloneNode(true);
    for (const node of [age, ...all("*", age)]) {
      for (const name of ["id", "for"]) {
        if (node.hasAttribute(name)) {
          node.setAttribute(name, node.getAttribute(name).replace("__rank__", rank));
        }
      }
    }
    for (const word of all("[data-rank]", age)) word.textContent = rank;
    box.append(age);
  }
  box.hidden = wanted === 0;
}

function summary(party) {
  const line = party.closest("details")?.querySelector("[data-party-summary]");
  if (!line) return;
  const say = (number, name) =>
    line.dataset[number > 1 ? `${name}Many` : `${name}One`].replace("0 ", `${number}\u00a0`);
  const adults = Number(party.querySelector("[data-adults]")?.value || 0);
  const children = Number(party.querySelector("[data-children]")?.value || 0);
  line.textContent = say(adults, "adults") + (children ? `, ${say(children, "children")}` : "");
}

on("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (!button) return;
  count(button.closest("[data-counter]").querySelector("input"), Number(button.dataset.step));
});
on("input", (event) => {
  const counter = event.target.closest("[data-counter]");
  if (counter) limit(counter);
  const party = event.target.closest("[data-party]");
  if (party && event.target.matches("[data-children]")) ages(party);
  if (party) summary(party);
});

// --- Dates: the departure follows the arrival and keeps the number of nights -----------------------
const DAY = 86400000;
on("change", (event) => {
  const arrival = event.target.closest("[data-arrival]");
  const departure = arrival?.form?.querySelector("[data-departure]");
  if (!departure || !arrival.value) return;
  const first = Date.parse(arrival.value);
  const before = Date.parse(arrival.dataset.before || "");
  const length = Math.max(1, Math.round((Date.parse(departure.value) - before) / DAY) || 7);
  departure.min = new Date(first + DAY).toISOString().slice(0, 10);
  if (!departure.value || Date.parse(departure.value) <= first) {
    departure.value = new Date(first + length * DAY).toISOString().slice(0, 10);
  }
  arrival.dataset.before = arrival.value;
});

// --- Forms: errors in view, no second order by a double click ----------------------------------------
on("change", (event) => {
  // Leaving a field may clear its error, never add one.
  const field = event.target.closest('[aria-invalid="true"]');
  if (!field || !field.value || !field.checkValidity()) return;
  field.removeAttribute("aria-invalid");
  const error = document.getElementById(`${field.id}_error`);
  // Its place stays: what moves under the pointer would lose the click that left the field.
  if (error) error.style.visibility = "hidden";
});
on("submit", (event) => {
  const form = event.target.closest("form[data-once]");
  if (!form) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  for (const button of all("button[type=submit], button:not([type])", form)) {
    button.setAttribute("aria-disabled", "true");
  }
});
addEventListener("pageshow", () => {
  for (const form of all("form[data-once]")) {
    delete form.dataset.sent;
    for (const button of all("[aria-disabled]", form)) button.removeAttribute("aria-disabled");
  }
});
on("change", (event) => {
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});

// --- Menus, dialogs, printing --------------------------------------------------------------------------
// A menu that floats over the page closes by itself; one that unfolds in the page stays.
const floating = () => all("details[data-menu][open]").filter(
  (menu) => getComputedStyle(menu.querySelector(":scope > .panel")).position !== "static",
);
on("click", (event) => {
  for (const menu of floating()) if (!menu.contains(event.target)) menu.open = false;
  const opener = event.target.closest("[data-opens]");
  const dialog = opener && document.getElementById(opener.dataset.opens);
  if (dialog?.showModal) {
    event.preventDefault();
    dialog.showModal();
  }
  if (event.target.matches("dialog[open]") || event.target.closest("[data-closes]")) {
    event.target.closest("dialog")?.close();
  }
  if (event.target.closest("[data-print]")) print();
});
on("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = floating().at(-1);
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// --- Each page, and each part that htmx brings ------------------------------------------------------------
function arrive(root) {
  for (const button of all("[data-step], [data-print], [data-with-script]", root)) button.hidden = false;
  for (const counter of all("[data-counter]", root)) limit(counter);
  for (const party of all("[data-party]", root)) ages(party);
  for (const arrival of all("[data-arrival]", root)) arrival.dataset.before = arrival.value;
  root.querySelector("[data-error-summary]")?.focus();
}
arrive(document);
on("htmx:load", (event) => {
  if (event.target !== document.body) arrive(event.target.parentElement ?? document);
});
