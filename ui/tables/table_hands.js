// What a person does with a live table: select rows, move with the keyboard, save views, leave and
// come back; and what a table hears of people.
import { keyOf, listKeys } from "single_keys";
import { asked, toUrl } from "table_rows";

const MOST_IN_URL = 200; // ids; servers and proxies take a url of some 8 KiB
const ASK_EVERY = 2_000; // ms between two questions for rows, however many people come and go
const KEPT = "rollcall-list:"; // in the browser's storage, then the path: a list may lead to another list

// Rows are selected one by one, over several pages, or all that match.
export const selection = {
  data: () => ({ chosen: {}, choosesAll: false, lastChosen: "" }),
  computed: {
    chosenCount() {
      return this.choosesAll ? this.found : Object.keys(this.chosen).length;
    },
  },
  methods: {
    isChosen(id) {
      return this.choosesAll || Boolean(this.chosen[id]);
    },
    choose(id, on) {
      // Deselecting one of "all that match" keeps the other rows of this page selected.
      if (this.choosesAll) this.choosePage(true);
      if (on) this.chosen[id] = true;
      else delete this.chosen[id];
      this.lastChosen = on ? id : "";
    },
    choosePage(on) {
      this.choosesAll = false;
      for (const { id } of this.items) {
        if (on) this.chosen[id] = true;
        else delete this.chosen[id];
      }
    },
    chooseAll() {
      this.choosesAll = true;
    },
    clearSelection() {
      this.chosen = {};
      this.choosesAll = false;
    },
    act(act) {
      if (act.event === "export") this.download(this.choosesAll ? null : Object.keys(this.chosen));
      else this.$emit(act.event, this.choosesAll ? { query: this.asked } : { ids: Object.keys(this.chosen) });
    },
    exportAll() {
      this.download(null);
    },
    // The rows that match, or these of them, with the columns that are shown.
    download(ids) {
      if (ids && ids.length > MOST_IN_URL) {
        this.error = `Select at most ${MOST_IN_URL} by hand, or all that match.`;
        return;
      }
      const url = new URL(this.export_url + toUrl(this.asked, this.list), location.href);
      url.searchParams.delete("page");
      url.searchParams.set("columns", this.columnsShown.map(({ key }) => key).join(" "));
      if (ids) url.searchParams.set("ids", ids.map((id) => id.replaceAll("-", "")).join(" "));
      location.assign(url);
    },
  },
};

// Single keys that act on the table.
export const keyboard = {
  methods: {
    pressed(event) {
      this.noteScroll();
      const key = keyOf(event);
      if (key === "Escape") this.escape();
      const act = this.keys()[key];
      if (!act) return;
      event.preventDefault();
      act();
    },
    clicked({ target }) {
      this.noteScroll();
      if (this.openMenu && !target.closest?.(".menu")) this.openMenu = "";
    },
    escape() {
      if (this.openMenu) this.openMenu = "";
      else if (this.chosenCount) this.clearSelection();
    },
    keys() {
      return {
        "/": () => this.$refs.search?.focus(),
        f: () => this.addFilter(),
        h: () => this.list.filters.some(({ key }) => key === "here") && this.change({ here: this.asked.here ? "" : "1" }),
        F: () => this.filtered && this.clear(),
        j: () => this.moveTo(1),
        k: () => this.moveTo(-1),
        x: () => this.chooseMarked(),
        X: () => this.chooseDown(),
        r: () => this.arrived.length && this.showArrived(),
        n: () => this.$el.querySelector(".page-head .btn-primary")?.click(),
        ".": () => this.marked()?.querySelector("[aria-haspopup=menu]")?.click(),
        ...this.ownKeys,
      };
    },
    // For the dialog "Keyboard"; returns a function that removes them.
    listKeys() {
      const { filters, plural, search } = this.list;
      const main = this.head.find(({ primary }) => primary);
      return listKeys(
        filterKeys(search.length, filters),
        group("The list", [
          [true, "Down, up", ["j", "k"]],
          [this.base_url, "Open", ["↵"]],
          [this.acts.length, "Select", ["x"]],
          [this.acts.length, "Select down to here", ["Shift", "X"]],
          [this.hasRowMenus, "Menu of the row", ["."]],
          [true, `Show new ${plural}`, ["r"]],
        ]),
        group("Acts", [[main, main?.label.replace("+ ", ""), ["n"]], ...this.keysOfActs.map((one) => [true, ...one])]),
      );
    },
    addFilter() {
      this.filtersOpen = true; // a window zoomed in folds them as phones do
      this.openMenu = "more";
      const first = ".menu-more .menu-item, .filter select";
      this.$nextTick(() => {
        const menu = this.$el.querySelector(".menu-more");
        (menu ?? this.$el.querySelector(".toolbar"))?.querySelector(first)?.focus();
      });
    },
    // The row with the focus. The keys move the focus to its link, so that Enter opens it.
    marked() {
      const row = document.activeElement?.closest("[data-row]");
      return row && this.$el.contains(row) ? row : null;
    },
    moveTo(step) {
      const all = [...this.$el.querySelectorAll("tbody [data-row]")];
      const at = all.indexOf(this.marked());
      const next = all[at < 0 ? 0 : Math.min(Math.max(at + step, 0), all.length - 1)];
      this.focusRow(next);
      next?.scrollIntoView({ block: "nearest" });
    },
    // The button that asks for rows that have arrived goes away with its press.
    takeArrived() {
      this.showArrived();
      this.$nextTick(() => this.moveTo(0));
    },
    focusRow(row) {
      const control = row?.querySelector(".name-link") ?? row?.querySelector("input, button") ?? row;
      control?.focus({ preventScroll: true });
    },
    chooseMarked() {
      const id = this.marked()?.dataset.row;
      if (id && this.acts.length) this.choose(id, !this.isChosen(id));
    },
    // From the row that was selected last (else from the first one) to the one with the focus.
    chooseDown() {
      const ids = this.items.map(({ id }) => id);
      const ends = [Math.max(0, ids.indexOf(this.lastChosen)), ids.indexOf(this.marked()?.dataset.row)];
      if (ends[1] < 0 || !this.acts.length) return;
      for (const id of ids.slice(Math.min(...ends), Math.max(...ends) + 1)) this.choose(id, true);
      this.lastChosen = ids[ends[1]];
    },
  },
};

// The keys of a search with these filters, for the dialog "Keyboard".
export function filterKeys(searches, filters) {
  return group("Search and filters", [
    [searches, "Search", ["/"]],
    [filters.length, "Add a filter", ["f"]],
    [filters.some(({ key }) => key === "here"), "Here now", ["h"]],
    [filters.length, "Clear all filters", ["Shift", "F"]],
  ]);
}

function group(label, keys) {
  return { label, keys: keys.filter(([is]) => is).map(([, ...one]) => one) };
}

// Filters that are shown because the person chose them, and whose choices are read only then.
export const lateFilters = {
  data: () => ({ wanted: {}, offered: {}, filtersOpen: false }),
  computed: {
    // The filters without choices so far that are shown now, or whose column is shown.
    lateNow() {
      const isNeeded = (name) =>
        this.filtersShown.some(({ key }) => key === name) || this.columnsShown.some(({ cell }) => cell === name);
      return this.late.filter((key) => !this.offered[key] && isNeeded(key)).join(" ");
    },
  },
  methods: {
    askLate(keys) {
      for (const key of keys.split(" ")) if (key) this.$emit("options", { filter: key });
    },
    // -- called by the server
    offer(key, options) {
      this.offered[key] = options.map(([value, label]) => ({ key: value, label }));
    },

    showFilter(key) {
      this.wanted[key] = true;
      this.openMenu = "";
      this.$nextTick(() => document.getElementById(`${this.$attrs.id}-${key}`)?.focus());
    },
  },
};

// The way from the list to a row's page, and back to the same filters and the same row.
export const returning = {
  methods: {
    href(row) {
      return `${this.base_url}/${encodeURIComponent(row.id)}`;
    },
    nameOf(row) {
      return row[this.list.columns.find(({ opens }) => opens)?.key ?? this.list.columns[0].key];
    },
    // A click anywhere on a row opens it, except on something with its own act, or when text is
    // selected.
    open(row, event) {
      if (!this.base_url || event.defaultPrevented || event.button) return;
      if (event.target.closest("a, button, input, label, select")) return;
      if (String(window.getSelection())) return;
      if (event.ctrlKey || event.metaKey) window.open(this.href(row), "_blank", "noopener");
      else location.assign(this.href(row));
    },
    // This must happen before the page is hidden: then its scroll position is lost.
    noteScroll() {
      this.scrolled = window.scrollY;
    },
    leave() {
      const { pathname: path, search } = location;
      // Who goes by the keys goes on at the row that they had opened.
      const row = document.activeElement?.matches(":focus-visible") ? this.marked()?.dataset.row : "";
      keep(() => sessionStorage, KEPT + path, { search, y: this.scrolled ?? 0, row });
    },
    // To be called when all rows are drawn. live.js sets `back` when a link back is followed.
    comeBack() {
      const left = read(() => sessionStorage, KEPT + location.pathname);
      const [navigation] = performance.getEntriesByType("navigation");
      const isBack = left?.back || navigation?.type === "back_forward";
      if (!isBack || left?.search !== location.search) return;
      keep(() => sessionStorage, KEPT + location.pathname, { ...left, back: false });
      window.scrollTo(0, left.y);
      if (left.row && document.activeElement === document.body)
        this.focusRow(this.$el.querySelector(`tbody [data-row="${CSS.escape(left.row)}"]`));
    },
  },
};

// Keep this person's choice of how rows look, for all their browsers.
export const looks = {
  methods: {
    showColumn(key, shown) {
      const keys = this.columnsShown.map((column) => column.key).filter((other) => other !== key);
      this.columnKeys = shown ? [...keys, key] : keys;
      this.$emit("columns", { columns: this.columnKeys });
      if (shown && this.list.more.includes(key)) this.ask(); // nobody has read it yet
    },
    chooseSize(size) {
      this.list.size = size;
      this.$emit("look", { size, compact: this.isCompact });
      this.change({ size });
    },
    chooseCompact(compact) {
      this.isCompact = compact;
      this.$emit("look", { size: this.asked.size, compact });
    },
  },
};

// Save the query under a name.
export const views = {
  methods: {
    viewUrl({ name, query }) {
      const search = new URLSearchParams({ ...query, view: name });
      return `${location.pathname}?${search}`;
    },
    saveView(text) {
      const name = text.trim().replace(/\s+/gu, " ");
      if (!name) return;
      const query = asked(this.asked, this.list);
      this.saved = [...this.saved.filter((view) => view.name !== name), { name, query }];
      this.viewName = name;
      this.openMenu = "";
      history.replaceState(history.state, "", this.viewUrl({ name, query }));
      this.$emit("view", { name, query });
    },
    removeView(name) {
      this.saved = this.saved.filter((view) => view.name !== name);
      this.$emit("view", { name });
    },
  },
};

// Whom rows name, or are about.
export const people = {
  methods: {
    seen({ id, online }) {
      this.presence.set(id, online);
      for (const row of [this.recent.get(id), this.items.find((other) => other.id === id)]) {
        if (row) row.online = online;
      }
      this.presenceChanged(id);
    },
    // A person was activated, deactivated or renamed.
    patchPerson(person) {
      this.people.set(person.id, person);
      for (const row of [...this.items, ...this.recent.values()])
        Object.assign(row, this.withPerson(row, person));
    },
    // If the list shows only people who are here now, a person who comes is a new row.
    presenceChanged(id) {
      const isNew = !this.items.some((row) => row.id === id);
      if (!isNew || !this.shown.query.here || this.asking) return;
      this.asking = true;
      this.later(() => {
        this.asking = false;
        this.ask();
      }, ASK_EVERY);
    },
  },
};

// Tells the style of `root` how high what stays in sight above its headings is.
export function watchTop(root) {
  return new ResizeObserver(([{ target }]) =>
    root.style.setProperty("--list-top", `${target.offsetHeight}px`),
  );
}

// A browser may deny its storage: then the shortcuts are on, and lists open at their beginning.
function read(storage, name) {
  try {
    return JSON.parse(storage().getItem(name));
  } catch {
    return null;
  }
}

function keep(storage, name, value) {
  try {
    storage().setItem(name, JSON.stringify(value));
  } catch {
    // Said above.
  }
}
