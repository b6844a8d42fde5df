// The tables of group templates and of task templates, with the acts on each.
import { h } from "vue";
import { ago, clip, link } from "cells";
import { liveTable } from "live_table";

export default liveTable({
  cells: {
    described: (table, row) => [
      h("span", { class: "titled" }, [link(table, row, row.title), archived(row)]),
      row.description && clip(row.description, "small muted"),
    ],
    tasks: (table, { team = 0, customer = 0 }) => [
      table.counted(team + customer, "task"),
      h("span", { class: "small muted" }, `${team} team · ${customer} customer`),
    ],
    days: (table, row) => [row.days ? table.counted(row.days, "day") : "–"],
    start: (table, row) => [`Day ${row.start_day}`],
    number: (table, row, { key }) => [row[key] ? table.number(row[key]) : "–"],
    changed: (table, row) => [
      ago(row.changed_at),
      row.by && clip(row.by_active === false ? `${row.by} (inactive)` : row.by, "small muted"),
    ],
  },
  rowLook: (row) => ({ "is-inactive": Boolean(row.is_archived) }),
  hasActions: (table) => table.row_acts,
  actions: (table, row) => [
    row.is_archived ? null : act(table, row, "Edit", "edit"),
    row.is_archived ? act(table, row, "Restore", "restore") : act(table, row, "Archive", "archive"),
  ],
  withPerson: (row, { id, name, active }) => (row.by_id === id ? { by: name, by_active: active } : null),
  emits: ["new_group", "new_template", "edit", "archive", "restore"],
  methods: {
    counted(count, noun) {
      return count === 1 ? `1 ${noun}` : `${this.number(count)} ${noun}s`;
    },
  },
});

function archived(row) {
  return row.is_archived ? h("span", { class: "chip chip-inactive" }, "Archived") : null;
}

function act(table, row, label, event) {
  const shown = { type: "button", class: "btn btn-quiet", "aria-label": `${label} ${row.title}` };
  return h("button", { ...shown, onClick: () => table.$emit(event, { id: row.id }) }, label);
}
