// Draws the values of a row: a function for each kind of cell that a column can have.
import { h } from "vue";
import { avatar } from "avatar";
import { number, title } from "table_rows";

export { avatar };

// Our own list, because the browser's date formatting takes tens of milliseconds to load.
const MONTHS =
  "January February March April May June July August September October November December".split(" ");
const NONE = "–";

export const cells = {
  // The row's name, with the link to its own page.
  title: (table, row, { key }) => [link(table, row, row[key])],
  // The same for a person, whose id is the row's.
  person: (table, row, { key }) => [
    h("div", { class: "who" }, [avatar(row.id, row[key], row), link(table, row, row[key])]),
  ],
  text: (table, row, { key }) => [clip(row[key])],
  muted: (table, row, { key }) => [clip(row[key], "muted")],
  words: (table, row, { key }) => [h("div", { class: "clip" }, row[key] ? title(row[key]) : NONE)],
  // The label of one of a filter's choices.
  choice: (table, row, { key }) => [clip(labelOf(table, key, row[key]))],
  count: (table, row, { key }) => [number(row[key] ?? 0)],
  date: (table, row, { key }) => [row[key] ? h("time", { datetime: row[key] }, anyDay(row[key])) : NONE],
  ago: (table, row, { key }) => [ago(row[key])],
  // A percentage, as a bar.
  bar: (table, row, { key, label }) => [
    h("progress", { class: "bar", max: 100, value: row[key] ?? 0, "aria-label": label }),
    h("span", { class: "small muted" }, `${row[key] ?? 0}%`),
  ],
};

export function link(table, row, text, attributes = {}) {
  const shown = { class: "name-link isolate clip", dir: "auto", title: text, ...attributes };
  return table.base_url ? h("a", { href: table.href(row), ...shown }, text) : h("span", shown, text);
}

export function clip(text, look = "") {
  const shown = { class: `isolate clip ${look}`, dir: "auto", title: text || null };
  return h("span", shown, text || NONE);
}

// A day as people read it: 2026-11-24 is 24 Nov 2026.
export function day(iso) {
  const [year, month, date] = iso.slice(0, 10).split("-").map(Number);
  return `${date} ${MONTHS[month - 1].slice(0, 3)} ${year}`;
}

// A day, or the day of a moment in the reader's time zone.
function anyDay(iso) {
  return iso.includes("T") ? localDay(iso) : day(iso);
}

// The day of a moment in the reader's time zone.
export function localDay(iso) {
  const at = new Date(iso);
  return `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
}

function clock(at) {
  const two = (part) => String(part).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}`;
}

function shortLocalDay(at) {
  return `${at.getDate()} ${MONTHS[at.getMonth()].slice(0, 3)} ${at.getFullYear()}`;
}

const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);

export function ago(iso) {
  if (!iso) return h("span", { class: "muted" }, "never");
  const at = new Date(iso);
  const minutes = Math.floor((Date.now() - at) / 60_000);
  // Rounded, as a day on which the clocks change has an hour less or more.
  const days = Math.round((midnight(Date.now()) - midnight(at)) / 86_400_000);
  let text = shortLocalDay(at);
  if (minutes < 2) text = "just now";
  else if (minutes < 60) text = `${minutes} minutes ago`;
  else if (days <= 0) text = minutes < 120 ? "1 hour ago" : `${Math.floor(minutes / 60)} hours ago`;
  else if (days === 1) text = "yesterday";
  else if (days < 30) text = `${days} days ago`;
  return h("time", { datetime: iso, title: `${localDay(iso)}, ${clock(at)}\n${at.toISOString()}` }, text);
}

export function labelOf(table, key, value) {
  const filter = table.list.filters.find((other) => other.key === key);
  return filter?.options.find((option) => option.key === value)?.label ?? value;
}
