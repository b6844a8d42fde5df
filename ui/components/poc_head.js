// The head of a POC: title, status, facts, the progress of both sides, and the tabs. Events of the
// POC's room patch it. The slot has the buttons.
import { h } from "vue";
import { avatar } from "avatar";
import { ClampedText } from "clamped_text";
import { listen } from "live_socket";
import { showOpen } from "open_tab";

const SIDES = { Team: ["team"], Customer: ["customer"], Whole: ["team", "customer"] };

export default {
  props: {
    values: Object,
    tabs: Array, // of each: its path, its label, its url
    current: String,
  },
  data() {
    return { now: this.values };
  },
  mounted() {
    this.stop = listen(
      { rollcall_poc_head: this.patch, rollcall_person: this.patchPerson },
      { onReconnect: () => this.$emit("missed") },
    );
    showOpen(this.$refs.tabs);
  },
  unmounted() {
    this.stop();
  },
  methods: {
    // Called by the server.
    show(values) {
      this.now = values;
    },
    patch(values) {
      if (values.version >= this.now.version) this.now = values;
    },
    // Arrows go from one tab to the next.
    moveByKey(event) {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      const links = [...this.$refs.tabs.querySelectorAll("a")];
      const at = links.indexOf(document.activeElement);
      if (!step || at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      links[(at + step + links.length) % links.length].focus();
    },
    // The owner was activated, deactivated or renamed.
    patchPerson(person) {
      if (person.id === this.now.owner.id) this.now = { ...this.now, owner: person };
    },
  },
  render() {
    const { title, status, label, archived } = this.now;
    return h("div", { class: "poc-head" }, [
      h("div", { class: "page-head" }, [
        h("div", { class: "details-title" }, [
          h("h1", { dir: "auto" }, title),
          h("span", { class: `chip poc-chip poc-chip-${status}` }, label),
          archived && h("span", { class: "chip chip-inactive" }, "Archived"),
        ]),
        this.$slots.default?.(),
      ]),
      facts(this.now),
      h(
        "nav",
        { ref: "tabs", class: "tabs", "aria-label": "POC", onKeydown: this.moveByKey },
        this.tabs.map((tab) => link(this, tab)),
      ),
    ]);
  },
};

function facts({ customer, owner, dates, late, sides, texts }) {
  return h("section", { class: "card poc-facts" }, [
    h("dl", { class: "poc-figures" }, [
      fact("Customer", h("span", { dir: "auto" }, customer)),
      fact("Owner", [
        face(owner),
        h("span", { class: ["person-name", { muted: !owner.active }], dir: "auto" }, owner.name),
        !owner.active && h("span", { class: "chip chip-inactive" }, "Inactive"),
      ], "poc-owner"),
      fact("Start to end", [h("span", dates), late && h("span", { class: "small task-due danger" }, late)]),
      ...Object.entries(SIDES).map(([name, parts]) => progress(name, parts, sides)),
    ]),
    ...texts.map(([name, words]) =>
      h("div", { key: name, class: "poc-text" }, [h("h2", name), h(ClampedText, { name, words })]),
    ),
  ]);
}

function face({ id, name, active, picture }) {
  return avatar(id, name, { picture, look: active ? "avatar-small" : "avatar-small avatar-inactive" });
}

function fact(name, content, look = "") {
  return h("div", { class: ["fact", look] }, [h("dt", name), h("dd", content)]);
}

// How many tasks of how many are done. The bar for the whole POC shows both sides.
function progress(name, parts, sides) {
  const sum = (at) => parts.reduce((all, side) => all + sides[side][at], 0);
  const [done, total, overdue] = [sum(0), sum(1), parts.length === 1 ? sum(2) : 0];
  return fact(
    [name, h("strong", total ? `${done} of ${total}` : "no tasks")],
    [
      overdue > 0 &&
        h("span", { class: "small task-due danger" }, `${overdue} ${overdue === 1 ? "task" : "tasks"} overdue`),
      h(
        "div",
        { class: "side-bar", "aria-hidden": "true" },
        parts.map((side) =>
          h("span", { class: side, style: { flexBasis: `${(100 * sides[side][0]) / Math.max(total, 1)}%` } }),
        ),
      ),
    ],
    "poc-figure",
  );
}

function link({ current, now }, [path, label, url]) {
  const count = now.counts[path];
  return h("a", { class: "tab", href: url, dir: "auto", "aria-current": path === current ? "page" : null }, [
    count ? `${label} ` : label,
    count > 0 && h("span", { class: "small muted tab-count" }, count.toLocaleString("en-GB")),
  ]);
}
