// What ends soon, the nearest group first: people, customers' people, and links that nobody has
// used.
import { h } from "vue";
import { avatar } from "avatar";
import { icon } from "icons";
import { listen } from "live_socket";
import { emailOf, whose } from "whose";

const FEW = 8; // rows of a group that are shown until all are asked for
const TICK = 20_000; // ms between two looks at the clock
const DAY = 86_400_000; // ms
const LONGEST = 2 ** 31 - 1; // ms, of a timer
const ORDER = ["person", "customer", "invitation", "link"];
const KINDS = [
  ["", "All"],
  ["person", "People"],
  ["customer", "Customers"],
  ["link", "Links"],
];

export default {
  props: { values: Object, offered: Array },
  emits: ["act", "undo", "change", "within", "stale"],
  data() {
    return { ...this.values, kind: "", open: {}, kept: {}, now: Date.now() };
  },
  mounted() {
    const stale = () => {
      this.kept = {}; // an answer may be lost
      this.$emit("stale");
    };
    this.unlisten = listen({ rollcall_ends: this.soon, rollcall_work: this.soon }, { onReconnect: stale, onMissed: stale });
    this.ticking = setInterval(() => (this.now = Date.now()), TICK);
    this.wait();
  },
  unmounted() {
    clearInterval(this.ticking);
    clearTimeout(this.waiting);
    clearTimeout(this.asking);
    this.unlisten();
  },
  computed: {
    shown() {
      const mine = (row) => !this.kind || this.kindOf(row) === this.kind;
      return withKept(this.groups, Object.values(this.kept))
        .map((group) => ({ ...group, rows: group.rows.filter(mine) }))
        .filter((group) => group.rows.length);
    },
  },
  methods: {
    kindOf: ({ kind }) => (kind === "invitation" ? "link" : kind),

    // -- called by the server
    show(values) {
      Object.assign(this, values);
      this.now = Date.now();
      this.wait();
    },

    // What became of a row whose button was pressed; nothing if the act was refused or taken back.
    tellDone({ key, ...said }) {
      if (!said.when) delete this.kept[key];
      else if (this.kept[key]) Object.assign(this.kept[key].row, said);
    },

    // -- the person's: a row stays where it is after its act, so that a second click meets no other
    act(row, title) {
      if (this.kept[row.key]) return;
      this.kept[row.key] = { title, row: { ...row, isKept: true } };
      this.$emit("act", { kind: row.kind, id: row.id });
    },
    choose(kind) {
      this.kind = kind;
      this.kept = {};
    },
    chooseWithin(days) {
      this.kept = {};
      this.$emit("within", days);
    },

    // -- events: many changes at once lead to one query
    soon() {
      this.asking ??= setTimeout(() => {
        this.asking = null;
        this.$emit("stale");
      }, 200);
    },
    // The groups change when something ends, and at midnight in the organisation's zone.
    wait() {
      clearTimeout(this.waiting);
      const left = Date.parse(this.next) - Date.now() + 1_000;
      this.waiting = setTimeout(() => this.$emit("stale"), Math.min(Math.max(left, 5_000), LONGEST));
    },

    // -- what it looks like
    filters() {
      const choose = (kind) => () => this.choose(kind);
      return h("div", { class: "ends-filters" }, [
        h("div", { class: "segments", role: "group", "aria-label": "Kind" }, KINDS.map(([kind, label]) =>
          h("button", {
            key: kind, type: "button", class: "segment",
            "aria-pressed": String(this.kind === kind), onClick: choose(kind),
          }, `${label} ${this.counts[kind || "all"]}${this.has_more ? "+" : ""}`),
        )),
        h("div", { class: "filter" }, [
          h("label", { for: "ends-within" }, "Within"),
          h("select", {
            id: "ends-within",
            value: this.within,
            onChange: (event) => this.chooseWithin(Number(event.target.value)),
          }, this.offered.map((days) => h("option", { value: days }, `${days} days`))),
        ]),
      ]);
    },
    group({ title, rows }) {
      const all = this.open[title] || rows.length <= FEW + 1;
      const some = all ? rows : rows.slice(0, FEW);
      return h("section", { key: title, class: "card ends-group", "aria-label": title }, [
        h("h2", title),
        h("ul", some.map((row) => this.row(row, title))),
        !all && h("button", { type: "button", class: "link-button ends-rest", onClick: () => (this.open[title] = true) },
          `Show ${rows.length - FEW} more`),
      ]);
    },
    row(row, title) {
      const name = h("a", { href: row.url, class: "name-link isolate", dir: "auto" }, row.name);
      const left = Date.parse(row.at) - this.now;
      const about = { "aria-describedby": emailOf(row.key) };
      return h("li", { key: row.key }, [
        row.kind === "person" || row.kind === "customer"
          ? avatar(row.id, row.name, { picture: row.picture })
          : h("span", { class: "avatar ends-link", "aria-hidden": "true" }, [icon("clock", 14)]),
        h("div", { class: "ends-who" },
          whose(name, row, h("div", { class: "small muted clip", title: row.detail }, row.detail), row.key)),
        h("div", { class: "ends-when" }, [
          h("time", { datetime: row.at, class: { "ends-today": row.today } }, row.when),
          h("div", { class: "small muted clip", title: row.note }, !row.isKept && left < DAY ? inWords(left) : row.note),
        ]),
        h("div", { class: "ends-acts" }, [
          row.poc
            ? h("a", { ...about, class: "btn btn-small", href: row.poc, "aria-label": `Open the POC of ${row.name}` }, "Open the POC")
            : h("button", {
                ...about, type: "button", class: "btn btn-small",
                "aria-label": `${row.act}: ${row.name}`,
                "aria-disabled": row.isKept ? "true" : null,
                onClick: () => this.act(row, title),
              }, row.act),
          row.undo && h("button", {
            ...about, type: "button", class: "btn btn-small btn-quiet", "aria-label": `Undo: ${row.name}`,
            onClick: () => this.$emit("undo", row.id),
          }, "Undo"),
          row.kind === "person" && !row.isKept && h("button", {
            ...about, type: "button", class: "btn btn-small btn-quiet", "aria-label": `Change the end of ${row.name}`,
            title: "Change the end", onClick: () => this.$emit("change", row.id),
          }, "…"),
        ]),
      ]);
    },
  },
  render() {
    return h("div", { class: "ends" }, [
      this.filters(),
      this.shown.map(this.group),
      !this.shown.length && h("div", { class: "card empty" }, `Nothing ends within ${this.within} days.`),
      this.has_more && h("p", { class: "muted" }, "More than fits here ends in this time: look at fewer days."),
    ]);
  },
};

// The groups with the rows that stay, each before the first that ends later.
function withKept(groups, kept) {
  if (!kept.length) return groups;
  const stays = new Set(kept.map(({ row }) => row.key));
  const all = groups.map(({ title, rows }) => ({ title, rows: rows.filter(({ key }) => !stays.has(key)) }));
  for (const { title, row } of kept) {
    let group = all.find((one) => one.title === title);
    if (!group) all.push((group = { title, rows: [] }));
    const at = group.rows.findIndex((other) => endsBefore(row, other));
    group.rows.splice(at < 0 ? group.rows.length : at, 0, row);
  }
  return all.filter(({ rows }) => rows.length).sort((a, b) => Date.parse(a.rows[0].at) - Date.parse(b.rows[0].at));
}

// In the order of the server: by the end, then the kind, then the id.
function endsBefore(row, other) {
  const order = ({ kind }) => ORDER.indexOf(kind);
  const by = Date.parse(row.at) - Date.parse(other.at) || order(row) - order(other);
  return by < 0 || (by === 0 && row.id < other.id);
}

function inWords(ms) {
  const minutes = Math.ceil(ms / 60_000);
  if (minutes <= 0) return "now";
  const hours = Math.floor(minutes / 60);
  return hours ? `in ${hours} h ${minutes % 60} min` : `in ${minutes} min`;
}
