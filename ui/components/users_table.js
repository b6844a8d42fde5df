// The table of users: who they are, whether they may sign in, and the switch that decides it.
import { h } from "vue";
import { avatar, cells, day, link, localDay } from "cells";
import { icon } from "icons";
import { liveTable } from "live_table";

const TOGGLE_TIMEOUT = 15_000; // ms until a switch is released without an answer
// What is told of an invitation's mail before it has arrived or failed.
const MAIL_WORDS = {
  waiting: "Mail waiting",
  sending: "Mail being sent",
  unanswered: "Mail server hasn’t answered yet",
  unknown: "Unknown whether the mail arrived",
};

export default liveTable({
  cells: { person, email, status },
  look: (row) => ({ "is-inactive": !row.active }),
  actions: toggle,
  emits: ["toggle", "invite"],
  props: { own_hint: String },
  data: () => ({ waiting: {}, tipDismissed: false }),
  methods: {
    pending(id, on) {
      if (on) this.waiting[id] = true;
      else delete this.waiting[id];
    },
    toggle(row, event) {
      event.currentTarget.focus(); // not every browser does on a click
      if (row.id === this.me || this.waiting[row.id]) return;
      this.waiting[row.id] = true;
      this.later(() => this.pending(row.id, false), TOGGLE_TIMEOUT);
      this.$emit("toggle", { id: row.id, active: !row.active, version: row.version });
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
  const seen = row.last_sign_in ? `\nLast sign-in: ${localDay(row.last_sign_in)}` : "";
  return h("div", { class: "who" }, [
    avatar(row.id, row.name, row.online),
    link(table, row, row.name, { title: row.name + seen }),
    row.online && h("span", { class: "visually-hidden" }, "online now"),
    row.id === table.me && h("span", { class: "chip" }, "You"),
    row.mixed && h("span", { class: "chip chip-warning", title: row.mixed }, "Mixed letters"),
  ]);
}

function email(table, row, column) {
  const mail = row.invited && row.mail;
  return h("div", { class: "stack" }, [
    cells.muted(table, row, column),
    MAIL_WORDS[mail] && h("span", { class: "mail-state" }, [icon("clock", 12), MAIL_WORDS[mail]]),
    mail === "failed" &&
      h("span", { class: "mail-state mail-failed", title: row.mail_answer || null }, [
        icon("cross", 12),
        "Mail failed",
      ]),
  ]);
}

function status(table, row) {
  return [
    h("div", { class: "chips" }, [
      row.active
        ? h("span", { class: "chip chip-active" }, [icon("check", 12), "Active"])
        : h("span", { class: "chip chip-inactive" }, [icon("dash", 12), "Inactive"]),
      row.invited && h("span", { class: "chip chip-accent" }, "Invited"),
    ]),
    row.end_date &&
      row.active &&
      h("div", { class: "small muted ends" }, `until ${day(row.end_date)}`),
  ];
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
