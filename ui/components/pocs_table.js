// The table of POCs: owner, progress of both sides, and due date.
import { h } from "vue";
import { avatar, clip, day, labelOf } from "cells";
import { liveTable } from "live_table";

const DAY = 86_400_000; // ms
const WEEKS = 21; // from this many days on, weeks are shown
const SIDES = [
  ["team", "Team"],
  ["customer_side", "Customer"],
];

export default liveTable({
  props: { zone: String },
  cells: { owner, poc_status: status, sides, due },
  rowLook: (row) => ({ "is-closed": row.closed }),
  withPerson: (row, { id, name, active, picture }) =>
    row.owner_id === id ? { owner: name, owner_active: active, owner_picture: picture } : null,
});

function owner(table, row) {
  const active = row.owner_active !== false;
  const look = active ? "avatar-small" : "avatar-small avatar-inactive";
  return h("div", { class: "who" }, [
    avatar(row.owner_id, row.owner, { picture: row.owner_picture, look }),
    h("div", { class: "who-words" }, [
      clip(row.owner, active ? "" : "muted"),
      !active && h("span", { class: "small muted" }, "– Inactive"),
    ]),
  ]);
}

function status(table, row) {
  const label = labelOf(table, "status", row.status);
  return h("span", { class: `chip poc-chip poc-chip-${row.status}` }, label);
}

// The progress of both sides, the team's above the customer's.
function sides(table, row) {
  const shown = SIDES.filter(([key]) => row[key]?.[1]);
  if (!shown.length) return h("span", { class: "small muted" }, "no tasks");
  return h("div", { class: "sides" }, shown.map(([key, label]) => side(label, ...row[key], key)));
}

function side(label, done, all, key) {
  const share = { style: { "--share": done / all } };
  return h("div", { key, class: ["side", key === "team" ? "team" : "customer"] }, [
    h("span", { class: "side-share", "aria-hidden": "true", ...share }),
    h("span", { class: "visually-hidden" }, `${label} ${done} of ${all}`),
    h("span", { class: "small muted", "aria-hidden": "true" }, `${done}/${all}`),
  ]);
}

// The due date, with a remark below it.
function due(table, row) {
  if (row.closed) {
    const words = row.closed_at ? `Closed ${shortDay(dayOf(table, new Date(row.closed_at)))}` : "Closed";
    return h("span", { class: "small muted" }, words);
  }
  const left = row.due ? daysLeft(table, row.due) : 0;
  const [words, tone] = remark(row, left);
  return [
    row.due
      ? h("time", { datetime: row.due, title: day(row.due), class: left < 0 ? "danger" : "" }, shortDay(row.due))
      : h("span", { class: "small muted" }, "No end date"),
    words && h("span", { class: ["small", tone] }, words),
  ];
}

function remark(row, left) {
  if (left < 0) return [`${plural(-left, "day")} overdue`, "danger"];
  if (row.overdue_tasks) return [`${plural(row.overdue_tasks, "task")} overdue`, "danger"];
  if (row.status === "on_hold") return ["on hold", "muted"];
  if (!row.due) return ["", ""];
  if (left < 2) return [left ? "tomorrow" : "today", "warning"];
  return [left < WEEKS ? `in ${left} days` : `in ${Math.round(left / 7)} weeks`, "muted"];
}

const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

const daysLeft = (table, iso) => Math.round((Date.parse(iso) - Date.parse(dayOf(table, new Date()))) / DAY);

// The day in the organisation, wherever the reader is. (Swedish dates are those of ISO 8601.)
function dayOf({ zone }, moment) {
  try {
    return moment.toLocaleDateString("sv", { timeZone: zone || "UTC" });
  } catch {
    return moment.toISOString().slice(0, 10); // a zone that this browser doesn't know
  }
}

// A day of this year without the year.
function shortDay(iso) {
  const shown = day(iso);
  const year = ` ${new Date().getFullYear()}`;
  return shown.endsWith(year) ? shown.slice(0, -year.length) : shown;
}
