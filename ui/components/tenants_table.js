// The table of organisations, with the acts of Platform Admins on each.
import { h } from "vue";
import { clip } from "cells";
import { liveTable } from "live_table";
import { MOMENT, written } from "written";

export default liveTable({
  cells: {
    url: (table, row) => [clip(`/t/${row.slug}`, "muted")],
    users: (table, row) => [h("span", { class: "muted" }, users(table, row))],
    status: (table, row) => [
      row.closed_at ? h("span", { class: "chip chip-inactive", title: closedAt(row) }, "Closed") : "Open",
    ],
  },
  rowLook: (row) => ({ "is-inactive": Boolean(row.closed_at) }),
  actions: (table, row) => [
    act(table, row, "Rename", "rename"),
    row.closed_at ? act(table, row, "Reopen", "reopen") : act(table, row, "Close", "close"),
  ],
  emits: ["create", "rename", "reopen", "close"],
  methods: {
    href: (row) => `/t/${row.slug}/users`,
  },
});

function users(table, { users = 0, active = 0 }) {
  const known = users === 1 ? "1 user" : `${table.number(users)} users`;
  return `${known}, ${table.number(active)} active`;
}

function closedAt(row) {
  return written(new Date(row.closed_at), MOMENT);
}

function act(table, row, label, event) {
  const shown = { type: "button", class: "btn btn-quiet", "aria-label": `${label} ${row.name}` };
  return h("button", { ...shown, onClick: () => table.$emit(event, { id: row.id }) }, label);
}
