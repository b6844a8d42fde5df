// The table of customers' people: what each sees, and the switch that lets them in or shuts them out.
import { h } from "vue";
import { mixedChip } from "avatar";
import { ago, avatar, clip } from "cells";
import { liveTable } from "live_table";

export default liveTable({
  cells: {
    outsider,
    sees: (table, { pocs = [] }) => pocs.map((poc) => sees(table, poc)),
    seen: (table, row) => (row.online ? h("span", { class: "here" }, "Here now") : ago(row.last_active)),
    standing: (table, row) => h("div", { class: "chips" }, standing(table, row)),
  },
  rowLook: (row) => ({ "is-inactive": !row.active }),
  hasActions: (table) => table.row_acts,
  actions: (table, row) => [toggle(table, row)],
  keys: (table) => ({ d: () => table.marked()?.querySelector("[role=switch]")?.click() }),
  keysOfActs: [["Deactivate or activate", ["d"]]],
  emits: ["activate", "deactivate"],
  props: { pocs_url: String, mail_words: Object, dead_link: String, dead_link_closed: String },
});

function outsider(table, row) {
  const look = row.active ? "avatar-customer" : "avatar-customer avatar-inactive";
  return h("div", { class: ["who", { "who-mixed": row.mixed }] }, [
    avatar(row.id, row.name, { look, online: row.online }),
    h("div", { class: "who-words" }, [
      clip(row.name, "name-link"),
      row.title && clip(row.title, "small muted"),
    ]),
    mixedChip(row.mixed),
  ]);
}

function sees(table, [id, title, customer, closed]) {
  return h("p", { key: id, class: "small" }, [
    h("a", { href: `${table.pocs_url}/${id}/people`, dir: "auto", class: "isolate" }, title),
    h("span", { class: "muted isolate", dir: "auto" }, ` ${customer} `),
    closed && h("span", { class: "chip chip-outline" }, closed),
  ]);
}

function standing(table, row) {
  if (!row.active) return h("span", { class: "chip chip-inactive" }, "Inactive");
  if (!row.invited) return h("span", { class: "chip chip-active" }, "Active");
  if (!row.link_ends || Date.parse(row.link_ends) <= Date.now())
    return [
      h("span", { class: "chip chip-warning" }, "Invited"),
      h("span", { class: "small muted" }, row.shown ? table.dead_link : table.dead_link_closed),
    ];
  const mail = table.mail_words[row.mail];
  return [
    h("span", { class: "chip chip-accent" }, "Invited"),
    mail && h("span", { class: "small muted" }, mail),
  ];
}

function toggle(table, row) {
  return h("button", {
    type: "button",
    role: "switch",
    class: "switch",
    "aria-checked": String(row.active),
    "aria-label": `${row.active ? "Deactivate" : "Activate"} ${row.name}`,
    onClick: () => table.$emit(row.active ? "deactivate" : "activate", { id: row.id }),
  });
}
