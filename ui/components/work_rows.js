// Rows of a POC's tab, or of a template: criteria, resources, members. The socket event `event`
// patches one row, or all rows. What can be done with a row is asked from the server.
import { h } from "vue";
import { avatar } from "avatar";
import { keepFocus } from "kept_focus";
import { listen } from "live_socket";
import { asked, between, inOrder, whileWaiting } from "positions";

const FRESH = 1800; // ms for which a change is highlighted

export default {
  props: {
    rows: String, // JSON
    event: String, // empty if the server sends all rows again by itself
    files: String, // the path under which files are read
    acts: Array, // each: its name, its label, the words before the title in its full name
    empty: Array, // the heading and the sentence that are shown without rows
  },
  data() {
    return { all: [], fresh: new Set() };
  },
  created() {
    this.show(JSON.parse(this.rows));
  },
  mounted() {
    const handlers = { rollcall_person: this.patchPerson };
    for (const of of ["rollcall_task", "rollcall_group"]) handlers[of] = this.renamed;
    if (this.event) handlers[this.event] = (told) => (told.rows ? this.show(told.rows) : this.patch(told));
    this.stop = listen(handlers, { onReconnect: this.missed });
  },
  unmounted() {
    this.stop();
  },
  methods: {
    // Called by the server.
    show(rows) {
      this.all = [...rows].sort(inOrder);
      keepFocus(this);
    },
    patch(told) {
      const known = this.all.find(({ id }) => id === told.id);
      if (known && known.version >= told.version && !known.early) return;
      const row = whileWaiting(told, known, ["position"]);
      const rest = this.all.filter((other) => other !== known);
      this.all = row.archived ? rest : [...rest, row].sort(inOrder);
      keepFocus(this);
      this.fresh = new Set(this.fresh).add(row.id);
      setTimeout(() => {
        const left = new Set(this.fresh);
        left.delete(row.id);
        this.fresh = left;
      }, FRESH);
    },
    patchPerson(person) {
      this.all = this.all.map((row) => (row.person?.id === person.id ? { ...row, person } : row));
    },
    // A task or a group was renamed, archived or restored: the rows that name it are read again.
    renamed({ id, title, archived }) {
      const name = archived ? "" : title;
      if (this.all.some(({ names }) => names && id in names && names[id] !== name)) this.missed();
    },
    missed() {
      this.$emit("missed");
    },
    act(act, seen) {
      const row = this.all.find(({ id }) => id === seen.id) ?? seen;
      const above = this.all[this.all.indexOf(row) - 1];
      if (act === "up") {
        // It shows at once, so that the next click counts from there.
        const rest = this.all.filter((other) => other !== row);
        this.all = [...rest, asked(row, { position: between(rest, above) })].sort(inOrder);
        keepFocus(this);
      }
      this.$emit("act", { act, id: row.id, version: row.version, before: above?.id ?? null });
    },
  },
  render() {
    if (!this.all.length && this.empty.length)
      return h("div", { class: "empty" }, [h("h2", this.empty[0]), h("p", { class: "muted" }, this.empty[1])]);
    return h("ul", { class: "home-rows work-rows" }, this.all.map((row) => line(this, row)));
  },
};

function line(view, row) {
  return h("li", { key: row.id, "data-row": row.id, class: { fresh: view.fresh.has(row.id) } }, [
    row.person && face(row.person),
    h("div", { class: "home-what" }, [
      title(row, view.files),
      ...row.lines.map((words) => h("span", { class: "small muted", dir: "auto" }, words)),
      row.code && h("pre", { class: "resource-code", dir: "ltr", tabindex: "0" }, row.code),
      // The service made this HTML from Markdown; it has no active elements.
      row.html && h("div", { class: "comment-body", dir: "auto", innerHTML: row.html }),
    ]),
    ...row.words.map((words) => h("span", { class: "small muted" }, words)),
    ...row.chips.map(([words, look]) => h("span", { class: `chip ${look}` }, words)),
    !row.fixed && acts(view, row),
  ]);
}

function face({ id, name, active, picture }) {
  return avatar(id, name, { picture, look: active ? "" : "avatar-inactive" });
}

function title({ id, title: words, url, download, person }, files) {
  if (person)
    return h("span", { class: "work-person" }, [
      h("span", { class: ["person-name", { muted: !person.active }], dir: "auto" }, person.name),
      !person.active && h("span", { class: "chip chip-inactive" }, "Inactive"),
    ]);
  if (download) return h("a", { href: `${files}/${id}`, dir: "auto", download: "" }, words);
  if (url) return h("a", { href: url, dir: "auto", target: "_blank", rel: "noopener noreferrer" }, words);
  return h("span", { class: "task-title", dir: "auto" }, words);
}

function acts(view, row) {
  const offered = view.acts.filter(([name]) => name !== "up" || view.all.indexOf(row) > 0);
  if (!offered.length) return null;
  return h(
    "div",
    { class: "work-acts" },
    offered.map(([name, label, about]) =>
      h(
        "button",
        {
          type: "button",
          class: "btn btn-quiet",
          "aria-label": `${label} ${about}${row.person?.name ?? row.title}`,
          onClick: () => view.act(name, row),
        },
        label,
      ),
    ),
  );
}
