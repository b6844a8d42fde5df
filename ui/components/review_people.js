// The people in a review: each is kept or deactivated, one by one or several at once, by buttons or
// keys. Other reviewers' decisions appear in place.
import { h } from "vue";
import { ago, avatar } from "cells";
import { icon } from "icons";
import { listen } from "live_socket";
import { keyOf, listKeys } from "single_keys";
import { number } from "table_rows";
import { emailOf, whose } from "whose";

const SHOWN = 100; // rows that are drawn at once
const MOST = 500; // people in one act
const CHOICES = [
  ["keep", "Keep", "check"],
  ["deactivate", "Deactivate", "close"],
];
const TONES = { "came back": "chip-danger", "Tenant Admin": "", "no second factor": "" };

export default {
  props: { people: String, me: String, open: Boolean },
  emits: ["decide", "missed"],
  data() {
    return { rows: JSON.parse(this.people), text: "", reason: "", decision: "", stays: {}, most: SHOWN, chosen: {} };
  },
  mounted() {
    const ask = () => this.$emit("missed");
    this.stop = listen({ rollcall_review: this.patch }, { onReconnect: ask, onMissed: ask });
    document.addEventListener("keydown", this.pressed);
    const keys = CHOICES.map(([, label], at) => [label, [String(at + 1)]]);
    this.unlistKeys = listKeys({ label: "The list", keys: this.open ? keys : [] });
  },
  unmounted() {
    this.stop();
    document.removeEventListener("keydown", this.pressed);
    this.unlistKeys();
  },
  watch: {
    // What was decided since stays where it is until another filter is chosen, so that the next
    // person isn't under the pointer.
    decision: {
      immediate: true,
      handler() {
        this.stays = Object.fromEntries(this.rows.filter(this.fits).map((row) => [row.id, true]));
      },
    },
  },
  computed: {
    counts() {
      const of = (decision) => this.rows.filter((row) => row.decision === decision).length;
      return { keep: of("keep"), deactivate: of("deactivate"), none: of("") };
    },
    reasons() {
      return [...new Set(this.rows.flatMap((row) => row.reasons))].sort();
    },
    found() {
      const words = fold(this.text).split(/\s+/u).filter(Boolean);
      return this.rows.filter(
        (row) =>
          words.every((word) => fold(`${row.name} ${row.email}`).includes(word)) &&
          (!this.reason || row.reasons.includes(this.reason)) &&
          (this.stays[row.id] || this.fits(row)),
      );
    },
    chosenIds() {
      return this.rows.filter((row) => this.chosen[row.id]).map((row) => row.id);
    },
  },
  methods: {
    fits(row) {
      return !this.decision || row.decision === (this.decision === "none" ? "" : this.decision);
    },

    // -- called by the server
    show(people) {
      this.rows = people;
    },
    patch({ people }) {
      for (const told of people) {
        const at = this.rows.findIndex((row) => row.id === told.id);
        if (at >= 0 && this.rows[at].version < told.version) this.rows[at] = told;
      }
    },

    // -- the person's
    decide(row, choice) {
      if (!this.open || row.user === this.me) return;
      const decision = row.decision === choice ? "" : choice;
      row.decision = decision; // shown at once; the patch from the server confirms it
      this.$emit("decide", { ids: [row.id], decision });
    },
    decideChosen(decision) {
      this.$emit("decide", { ids: this.chosenIds.slice(0, MOST), decision });
      this.chosen = {};
    },
    pressed(event) {
      const { target } = event;
      const choice = this.open && CHOICES[Number(keyOf(event)) - 1]?.[0];
      if (!choice) return;
      const all = [...this.$el.querySelectorAll("tbody [data-row]")];
      const at = Math.max(0, all.indexOf(target.closest?.("[data-row]")));
      const row = this.rows.find(({ id }) => id === all[at]?.dataset.row);
      if (!row) return;
      event.preventDefault();
      if (row.decision !== choice) this.decide(row, choice);
      const next = all[at + 1] ?? all[at];
      next.querySelector(`[data-choice="${choice}"]`)?.focus({ preventScroll: true });
      next.scrollIntoView({ block: "nearest" });
    },
    summary() {
      const { keep, deactivate, none } = this.counts;
      const all = this.rows.length;
      const part = (count) => ({ width: `${(count * 100) / (all || 1)}%` });
      return h("section", { class: "card review-summary" }, [
        h("p", [h("strong", { class: "review-decided" }, number(all - none)), ` of ${number(all)} decided`]),
        h("p", { class: "muted" }, [
          `${number(keep)} keep · ${number(deactivate)} deactivate · `,
          h("strong", `${number(none)} undecided`),
        ]),
        h("div", { class: "review-bar", "aria-hidden": "true" }, [
          h("i", { class: "is-kept", style: part(keep) }),
          h("i", { class: "is-out", style: part(deactivate) }),
        ]),
      ]);
    },
    filters() {
      const select = (label, name, options) =>
        h("div", { class: ["filter", { "filter-on": this[name] }] }, [
          h("label", { for: `review-${name}` }, label),
          h("select", { id: `review-${name}`, value: this[name], onChange: (event) => (this[name] = event.target.value) },
            [["", "All"], ...options].map(([value, text]) => h("option", { value, key: value }, text))),
        ]);
      return h("div", { class: "toolbar", role: "search", "aria-label": "People" }, [
        h("div", { class: "search" }, [
          icon("search", 16),
          h("input", { type: "search", "aria-label": "Search people", placeholder: "Search people", autocomplete: "off",
            value: this.text, onInput: (event) => (this.text = event.target.value) }),
        ]),
        select("Reason", "reason", this.reasons.map((reason) => [reason, reason])),
        select("Decision", "decision", [["keep", "Keep"], ["deactivate", "Deactivate"], ["none", "Undecided"]]),
        h("label", { class: "check" }, [
          h("input", { type: "checkbox", checked: this.decision === "none",
            onChange: (event) => (this.decision = event.target.checked ? "none" : "") }),
          "Undecided",
          h("strong", { class: "tally" }, number(this.counts.none)),
        ]),
      ]);
    },
    table() {
      const shown = this.found.slice(0, this.most);
      if (!shown.length) return this.nobody();
      const all = shown.every((row) => this.chosen[row.id]);
      const choose = (event) => {
        for (const row of shown) this.chosen[row.id] = event.target.checked;
      };
      const heads = ["Name", "Why they are asked about", "Last active", "Decision"];
      return h("div", { class: "table-card review-table" }, [
        h("table", { class: "table", role: "table", "aria-label": "People" }, [
          h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, [
            this.open && h("th", { role: "columnheader", class: "col-select" }, h("input", {
              type: "checkbox", checked: all, "aria-label": `Select the ${shown.length} shown`, onChange: choose })),
            heads.map((label) => h("th", { role: "columnheader", scope: "col", class: `col-${label.split(" ")[0].toLowerCase()}` }, label)),
          ])),
          h("tbody", { role: "rowgroup" }, shown.map(this.item)),
        ]),
      ]);
    },
    nobody() {
      const clear = () => Object.assign(this, { text: "", reason: "", decision: "" });
      return h("div", { class: "table-card empty" }, [
        h("h2", "Nobody matches"),
        h("p", "Check the spelling, or look with fewer filters."),
        h("button", { type: "button", class: "btn", onClick: clear }, "Clear filters"),
      ]);
    },
    item(row) {
      const cell = (label, content, look) => h("td", { role: "cell", class: look, "data-label": label }, content);
      return h("tr", { key: row.id, role: "row", "data-row": row.id }, [
        this.open && cell("select", h("input", { type: "checkbox", checked: Boolean(this.chosen[row.id]),
          "aria-label": `Select ${row.name}`, "aria-describedby": emailOf(row.id),
          onChange: (event) => (this.chosen[row.id] = event.target.checked) }), "col-select"),
        cell("Name", h("div", { class: "who" }, [
          avatar(row.user, row.name, row),
          whose(h("strong", { class: "isolate", dir: "auto" }, row.name), row, h("div", { class: "small muted" }, row.role), row.id),
        ])),
        cell("Why they are asked about", h("div", { class: "chips" }, row.reasons.map((reason) =>
          h("span", { key: reason, class: `chip ${TONES[reason] ?? "chip-warning"}` }, reason)))),
        cell("Last active", ago(row.seen)),
        cell("Decision", this.buttons(row), "col-decision"),
      ]);
    },
    buttons(row) {
      const own = row.user === this.me;
      const by = row.by && row.decision ? `By ${row.by}` : null;
      const look = { class: "decision", role: "group", "aria-label": `Decision for ${row.name}`, title: own ? "Another admin decides about you." : by };
      return h("div", look, CHOICES.map(([choice, label, sign]) =>
        h("button", {
          type: "button",
          class: ["decision-button", `is-${choice}`],
          "data-choice": choice,
          "aria-describedby": emailOf(row.id),
          "aria-pressed": String(row.decision === choice),
          "aria-disabled": own || !this.open ? "true" : null,
          onClick: () => this.decide(row, choice),
        }, [icon(sign, 12), label])));
    },
    bar() {
      const count = this.chosenIds.length;
      if (!count) return null;
      const label = `Acts on the ${count} selected ${count === 1 ? "person" : "people"}`;
      const act = (text, decision, look = "") =>
        h("button", { type: "button", class: `btn btn-quiet ${look}`, onClick: () => this.decideChosen(decision) }, text);
      return h("div", { class: "selection-bar", role: "toolbar", "aria-label": label }, [
        h("strong", { role: "status" }, `${number(count)} selected`),
        h("span", { class: "selection-acts" }, [
          act("Keep", "keep"), act("Deactivate", "deactivate", "btn-quiet-danger"), act("Undecided", ""),
        ]),
        h("button", { type: "button", class: "icon-button", "aria-label": "Clear selection", onClick: () => (this.chosen = {}) },
          [icon("close", 14)]),
      ]);
    },
  },
  render() {
    const more = this.found.length - this.most;
    return h("div", { class: "review-people" }, [
      this.summary(),
      this.filters(),
      this.table(),
      more > 0 && h("button", { type: "button", class: "btn", onClick: () => (this.most += SHOWN) }, `${number(more)} more`),
      this.bar(),
    ]);
  },
};

function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
