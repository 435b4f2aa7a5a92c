// The nights of a calendar by the arrow keys: one stop of the tab key for a table. Without script
// each night is a button of its own, and everything works.

const STOPS = "button, a";

const tables = () => [...document.querySelectorAll("table[data-nights]")];
const rowsOf = (table) =>
  [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll(STOPS)]).filter((row) => row.length);
const dayOf = (stop) => stop.dataset.day || stop.value.split(":")[1];

function ready(table) {
  const stops = rowsOf(table).flat();
  const wanted = stops.find((stop) => stop.getAttribute("aria-pressed")) || stops[0];
  for (const stop of stops) stop.tabIndex = stop === wanted ? 0 : -1;
}

function go(table, stop) {
  if (!stop) return;
  for (const one of rowsOf(table).flat()) one.tabIndex = -1;
  stop.tabIndex = 0;
  stop.focus();
  stop.scrollIntoView({ block: "nearest", inline: "nearest" });
}

// In the timeline a row is a place: up and down keep the day. In a month all nights are one line.
function next(table, stop, key) {
  const rows = rowsOf(table);
  const isMonth = table.classList.contains("mini-nights");
  const all = rows.flat();
  const at = all.indexOf(stop);
  const row = rows.findIndex((one) => one.includes(stop));
  const inRow = rows[row];
  if (key === "Home") return inRow[0];
  if (key === "End") return inRow[inRow.length - 1];
  if (key === "ArrowRight" || key === "ArrowLeft") {
    const step = key === "ArrowRight" ? 1 : -1;
    return isMonth ? all[at + step] : inRow[inRow.indexOf(stop) + step];
  }
  const other = rows[row + (key === "ArrowDown" ? 1 : -1)];
  if (!other) return null;
  const column = stop.closest("td").cellIndex;
  const near = (one) =>
    isMonth
      ? Math.abs(one.closest("td").cellIndex - column)
      : Math.abs(Date.parse(dayOf(one)) - Date.parse(dayOf(stop)));
  return other.reduce((best, one) => (near(one) < near(best) ? one : best));
}

document.addEventListener("keydown", (event) => {
  const table = event.target.closest?.("table[data-nights]");
  const keys = ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End"];
  if (!table || !keys.includes(event.key) || !event.target.matches(STOPS)) return;
  event.preventDefault();
  go(table, next(table, event.target, event.key));
});

// After a night was pressed the block is replaced: the same night keeps the focus, its place the view.
let pressed = null;
document.addEventListener("htmx:beforeRequest", (event) => {
  const stop = event.detail.requestConfig?.triggeringEvent?.submitter;
  if (!stop?.closest("table[data-nights]")) return;
  const frame = stop.closest(".gscroll");
  pressed = { value: stop.value, month: Boolean(stop.closest(".mini-nights")), left: frame?.scrollLeft, top: frame?.scrollTop };
});
document.addEventListener("htmx:afterSettle", () => {
  tables().forEach(ready);
  if (!pressed) return;
  const table = document.querySelector(pressed.month ? ".mini-nights" : ".gt");
  const frame = document.querySelector(".gscroll");
  if (frame && !pressed.month) frame.scrollTo(pressed.left, pressed.top);
  const again = rowsOf(table).flat().find((stop) => stop.value === pressed.value);
  if (again) go(table, again);
  pressed = null;
});

tables().forEach(ready);
const here = document.querySelector(".gt thead .td");
if (here && !document.querySelector(".gt [aria-pressed]")) {
  // Past days are seen by going back: what comes begins at the left.
  here.closest(".gscroll").scrollLeft = here.offsetLeft - here.closest("tr").cells[0].offsetLeft;
}
