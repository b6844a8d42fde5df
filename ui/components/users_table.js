// The table of users, with the switch that activates and deactivates them.
import { h } from "vue";
import { mixedChip } from "avatar";
import { ago, avatar, clip, day, link } from "cells";
import { icon } from "icons";
import { liveTable } from "live_table";
import { actsMenu } from "menus";
import { matches } from "table_rows";

const DAY = 86_400_000; // ms
const TOGGLE_TIMEOUT = 15_000; // ms without an answer until a switch can be used again
// The words for an invitation's mail until it is delivered or has failed.
const MAIL_WORDS = {
  waiting: "Mail waiting",
  sending: "Mail being sent",
  unanswered: "Mail server hasn’t answered yet",
  unknown: "Unknown whether the mail arrived",
};

export default liveTable({
  cells: {
    person,
    seen: (table, row) => (row.online ? h("span", { class: "here" }, "Here now") : ago(row.last_active)),
    inviter: (table, row) => [clip(row.invited_by || inviter(table, row), "muted")],
    status: (table, row) => h("div", { class: "chips" }, status(table, row)),
  },
  rowLook: (row) => ({ "is-inactive": !row.active }),
  actions: (table, row) => [toggle(table, row), more(table, row)],
  hasRowMenus: true,
  keys: (table) => ({
    d: () => table.marked()?.querySelector("[role=switch]")?.click(),
    e: () => table.actOnMarked("end_date"),
  }),
  keysOfActs: [
    ["Deactivate or activate", ["d"]],
    ["End Date", ["e"]],
  ],
  emits: ["toggle", "invite", "user_act"],
  props: { own_hint: String, user_acts: Array },
  data: () => ({ waiting: {}, tipDismissed: false }),
  methods: {
    pending(id, on) {
      if (on) this.waiting[id] = true;
      else delete this.waiting[id];
    },
    toggle(row, event) {
      event.currentTarget.focus(); // not every browser focuses a button that is clicked
      if (row.id === this.me || this.waiting[row.id]) return;
      this.waiting[row.id] = true;
      this.later(() => this.pending(row.id, false), TOGGLE_TIMEOUT);
      this.$emit("toggle", { id: row.id, active: !row.active, version: row.version });
    },
    actsOn(row) {
      const fits = ({ match, roles }) => roles.includes(row.role) && matches(row, match);
      return row.id === this.me ? [] : this.user_acts.filter(fits);
    },
    actOnMarked(name) {
      const row = this.items.find(({ id }) => id === this.marked()?.dataset.row);
      const act = row && this.actsOn(row).find((one) => one.name === name);
      if (act) this.$emit("user_act", { id: row.id, act: name });
    },
    showTip() {
      this.tipDismissed = false;
    },
    hideTip() {
      this.tipDismissed = true;
    },
    connectedAgain() {
      this.waiting = {};
    },
  },
});

function person(table, row) {
  return h("div", { class: ["who", { "who-mixed": row.mixed }] }, [
    avatar(row.id, row.name, row),
    link(table, row, row.name),
    row.online && h("span", { class: "visually-hidden" }, "online now"),
    row.id === table.me && h("span", { class: "chip" }, "You"),
    mixedChip(row.mixed),
  ]);
}

// The inviter of a row that came after the page was read.
function inviter(table, { invited_by_id: id }) {
  const { key: name, options } = table.list.filters.find(({ field }) => field === "invited_by_id");
  return (table.offered[name] ?? options).find(({ key }) => key === id)?.label ?? "";
}

// The status as a chip, with details beside it.
function status(table, row) {
  if (!row.active) return [chip("inactive", "dash", "Inactive"), successor(table, row)];
  if (!row.invited) return [chip("active", "check", "Active"), ends(row)];
  if (row.mail === "failed") return [chip("danger", "cross", "Invited"), mailState(row)];
  const left = row.expires ? Math.ceil((Date.parse(row.expires) - Date.now()) / DAY) : 1;
  if (left <= 0) return [chip("warning", "clock", "Invited"), note(expired(left))];
  return [chip("accent", "clock", "Invited"), mailState(row) ?? (row.expires && note(expiresIn(left)))];
}

function chip(look, sign, text) {
  return h("span", { key: text, class: `chip chip-${look}` }, [icon(sign, 12), text]);
}

function note(text, look = "") {
  return h("span", { key: text, class: `small muted ${look}` }, text);
}

function ends(row) {
  if (!row.end_date) return null;
  return note(`until ${day(row.end_date)}${row.end_time ? `, ${row.end_time}` : ""}`);
}

function expiresIn(days) {
  return days === 1 ? "expires within a day" : `expires in ${days} days`;
}

function expired(days) {
  if (days === 0) return "expired today";
  return days === -1 ? "expired yesterday" : `expired ${-days} days ago`;
}

function successor(table, row) {
  if (!row.successor_id) return null;
  const url = table.href({ id: row.successor_id });
  return h("a", { class: "small", href: url, "aria-label": `New account of ${row.name}` }, "new account");
}

function mailState(row) {
  if (row.mail === "failed") {
    const why = { class: "mail-state mail-failed", title: row.mail_answer || null };
    return h("span", why, "Mail failed");
  }
  const words = MAIL_WORDS[row.mail];
  return words && h("span", { class: "mail-state" }, words);
}

// The acts on a user: their page has them too.
function more(table, row) {
  return actsMenu(table, {
    name: row.id,
    label: `More for ${row.name}`,
    attributes: { class: "icon-button row-more" },
    content: icon("more", 16, { "stroke-width": 2.4 }),
    items: () => [
      { label: "Open", sign: "open", url: table.href(row), single: "↵" },
      ...table.actsOn(row).map((act) => ({
        ...act,
        run: () => table.$emit("user_act", { id: row.id, act: act.name }),
      })),
    ],
  });
}

function toggle(table, row) {
  const own = row.id === table.me;
  const why = `${table.$attrs.id}-why`;
  const control = {
    type: "button",
    role: "switch",
    class: "switch",
    "aria-checked": String(row.active),
    "aria-label": `${row.active ? "Deactivate" : "Activate"} ${row.name}`,
    "aria-disabled": own ? "true" : null,
    "aria-describedby": own ? why : null,
    "aria-busy": table.waiting[row.id] ? "true" : null,
    onClick: (event) => table.toggle(row, event),
    onFocus: table.showTip,
    onKeydown: (event) => event.key === "Escape" && table.hideTip(),
  };
  const tip = { id: why, class: ["tip", { "tip-dismissed": table.tipDismissed }], role: "tooltip" };
  return h("span", { class: "switch-cell", onMouseenter: table.showTip }, [
    h("button", control),
    own && h("span", tip, table.own_hint),
  ]);
}
