// A live table: a page of rows from the server, patched in place when they change.
import { cells as usual } from "cells";
import { listen } from "live_socket";
import * as rows from "table_rows";
import {
  keyboard, lateFilters, looks, people, returning, selection, views, watchTop,
} from "table_hands";
import { view } from "live_table_view";

const SEARCH_PAUSE = 200; // ms of quiet before a search is sent
const ANSWER_TIMEOUT = 10_000; // ms until a query counts as failed
const HIGHLIGHT = 1_900; // ms; the style's animation is a little shorter
const RECONNECT_SPREAD = 2_000; // ms over which pages query again after a restart
const REMEMBERED = 1_000; // patches
const FIRST = 12; // rows of the first frame, about a screen; the next frame has the others
const MOST_INSERTED = 200; // rows above those of the page

// Makes the component of a list's table. `cells` are drawn beside the usual kinds, `rowLook` gives
// a row's classes, and `actions` draws a row's end if the page `hasActions` (with menus:
// `hasRowMenus`). `methods` are for those cells; `emits` are their events, `data` is their state.
// `withPerson` gives the values of a row that change with a person whom it names, and `keys` handles
// more single keys, which `keysOfActs` lists.
export function liveTable({
  cells = {},
  rowLook = () => null,
  actions = null,
  hasRowMenus = false,
  hasActions = () => true,
  methods = {},
  emits = [],
  withPerson = () => null,
  props = {},
  data = () => ({}),
  keys = () => ({}),
  keysOfActs = [],
} = {}) {
  return {
    ...table,
    emits: ["query", "columns", "look", "view", "options", ...emits],
    props: { ...table.props, ...props },
    data() {
      return { ...table.data.call(this), ...selection.data(), ...lateFilters.data(), ...data() };
    },
    created() {
      const acts = hasActions(this) ? actions : null;
      const own = { actions: acts, hasRowMenus, withPerson, keysOfActs, ownKeys: keys(this) };
      Object.assign(this, { cells: { ...usual, ...cells }, rowLook, ...own });
      table.created.call(this);
    },
    computed: { ...table.computed, ...selection.computed, ...lateFilters.computed },
    methods: {
      ...table.methods,
      ...selection.methods,
      ...keyboard.methods,
      ...lateFilters.methods,
      ...looks.methods,
      ...people.methods,
      ...returning.methods,
      ...views.methods,
      ...methods,
    },
  };
}

const table = {
  props: {
    config: String, // JSON: the same for everybody who sees this list
    title: String,
    rows: String, // JSON
    total: Number,
    counts: Object,
    query: Object,
    page: Number,
    has_previous: Boolean,
    has_next: Boolean,
    cursor: Object,
    folded_q: String,
    me: String,
    base_url: String,
    head: Array,
    tabs: Array, // {label, url, tally}: the tabs of sibling lists; this one has no url
    views: Array, // {name, query}: views that this person saved
    look: Object, // {size, compact}: this person's choice for the rows
    columns: Array, // keys of the columns that this person chose
    row_acts: Boolean, // whether the page listens to acts of single rows
    acts: Array, // acts on the selected rows
    late: Array, // keys of filters whose choices are loaded when they are needed
    export_url: String,
    empty_hint: String,
  },
  data() {
    return {
      items: JSON.parse(this.rows),
      most: FIRST, // rows that are drawn
      all: this.counts,
      found: this.total,
      pageNow: this.page,
      more: { before: this.has_previous, after: this.has_next },
      asked: { ...this.query },
      shown: { query: { ...this.query }, folded: this.folded_q },
      text: this.query.q ?? "",
      loading: false,
      error: "",
      spoken: "",
      fresh: {},
      columnKeys: this.columns,
      isCompact: this.look.compact,
      openMenu: "",
      menuAbove: false, // whether it opens above its button
      saved: this.views,
      viewName: new URLSearchParams(location.search).get("view") ?? "",
      arrived: [], // ids of new or newly matching rows, which wait until the person asks for them
    };
  },
  created() {
    this.list = { ...JSON.parse(this.config), size: this.look.size };
    this.seq = 0;
    this.shownCursor = this.cursor; // the position of the shown page in the whole list
    this.recent = new Map();
    this.presence = new Map();
    this.people = new Map(); // told of since rows were asked for
    this.inserted = [];
    this.own = new Set(); // ids of rows that were made on this page
    this.timers = new Set();
    this.menuButton = null; // the open menu's position
  },
  mounted() {
    window.addEventListener("popstate", this.back);
    window.addEventListener("pagehide", this.leave);
    document.addEventListener("keydown", this.pressed);
    document.addEventListener("pointerdown", this.clicked);
    this.unlistKeys = this.listKeys();
    this.topSize = watchTop(this.$el); // the headings stay in sight below it
    this.$watch("lateNow", this.askLate);
    this.later(() => {
      this.most = Infinity;
      this.topSize.observe(this.$refs.top);
      this.$nextTick(this.comeBack);
    }, 0);
    this.stop = listen(
      {
        [`rollcall_${this.list.noun}`]: this.patch,
        rollcall_presence: this.seen,
        rollcall_person: this.patchPerson,
        rollcall_tallies: (tallies) => Object.assign(this.all, tallies),
      },
      // A page that was just opened needn't wait: it isn't one of many that return at once.
      { onReconnect: this.reconnected, onMissed: () => this.ask() },
    );
  },
  unmounted() {
    window.removeEventListener("popstate", this.back);
    window.removeEventListener("pagehide", this.leave);
    document.removeEventListener("keydown", this.pressed);
    document.removeEventListener("pointerdown", this.clicked);
    this.unlistKeys();
    this.topSize.disconnect();
    for (const timer of [this.searching, this.answering, ...this.timers]) clearTimeout(timer);
    this.stop();
  },
  computed: {
    filtered() {
      return rows.isFiltered(this.asked, this.list);
    },
    asksNow() {
      return rows.asks(this.shown.query, this.shown.folded, this.list);
    },
    // The keys tell whether there are rows before and after these; the count tells what came since.
    canTurnBack() {
      return this.more.before;
    },
    canTurn() {
      return this.more.after || this.found > this.pageNow * this.asked.size;
    },
    pagesNow() {
      if (!this.canTurn) return this.pageNow;
      return Math.max(this.pageNow + 1, Math.ceil(this.found / this.asked.size));
    },
    filtersShown() {
      return this.list.filters.filter((filter) => {
        const { key, quiet } = filter;
        return !quiet || this.wanted[key] || this.asked[key] || rows.isBox(filter, this.me);
      });
    },
    columnsShown() {
      return this.list.columns.filter(({ key, opens, shown }) =>
        opens || (this.columnKeys ? this.columnKeys.includes(key) : shown),
      );
    },
    countText() {
      const all = this.plural(rows.unfiltered(this.shown.query, this.all, this.list));
      const narrowed = rows.isFiltered(this.shown.query, this.list);
      return narrowed ? `${rows.number(this.found)} of ${all}` : all;
    },
    arrivedText() {
      const narrowed = rows.isFiltered(this.shown.query, this.list);
      const count = this.plural(this.arrived.length).replace(" ", narrowed ? " more " : " new ");
      return `${count} · Show`;
    },
    breakdown() {
      return this.list.breakdown
        .filter(({ key, rare }) => !rare || this.all[key])
        .map(({ key, label }) => `${rows.number(this.all[key])} ${label.toLowerCase()}`)
        .join(" · ");
    },
  },
  render() {
    return view(this);
  },
  methods: {
    number: rows.number,
    connectedAgain() {},
    plural(count) {
      const { singular, plural } = this.list;
      return count === 1 ? `1 ${singular}` : `${rows.number(count)} ${plural}`;
    },

    // -- called by the server
    show(result) {
      if (result.seq != null && result.seq < this.seq) return;
      this.answered();
      this.shown = { query: { ...this.asked }, folded: result.folded_q };
      this.all = result.counts;
      this.found = result.total;
      this.asked.page = this.pageNow = result.page;
      this.more = { before: result.has_previous, after: result.has_next };
      this.shownCursor = result.cursor;
      this.inserted = [];
      this.arrived = [];
      this.items = result.rows.map((row) => this.upToDate(row));
      this.spoken = this.found ? this.countText : `No ${this.list.plural} match`;
      if (this.toTop) this.scrollToTop();
      this.toTop = false;
    },
    failed(message, seq) {
      if (seq != null && seq < this.seq) return;
      this.answered();
      this.error = message || "The server didn't answer.";
    },

    // -- queries
    ask(near = null) {
      clearTimeout(this.searching);
      clearTimeout(this.answering);
      this.seq += 1;
      this.loading = true;
      this.presence.clear();
      this.people.clear();
      this.answering = setTimeout(() => this.failed("", this.seq), ANSWER_TIMEOUT);
      this.shownCursor = null; // it belongs to another query from here on
      const columns = this.columnsShown.map(({ key }) => key).join(" ");
      this.$emit("query", { ...this.asked, columns, near, seq: this.seq });
    },
    answered() {
      clearTimeout(this.answering);
      this.loading = false;
      this.error = "";
    },
    change(values, near = null) {
      if (!("page" in values) && !("sort" in values)) this.clearSelection();
      if (!("page" in values)) this.viewName = "";
      Object.assign(this.asked, { page: 1 }, values);
      history.pushState(history.state, "", this.url());
      this.ask(near);
    },
    url() {
      return location.pathname + rows.toUrl(this.asked, this.list, this.viewName);
    },
    typed() {
      this.clearSelection();
      this.viewName = "";
      Object.assign(this.asked, { q: this.text, page: 1 });
      history.replaceState(history.state, "", this.url());
      clearTimeout(this.searching);
      this.searching = setTimeout(() => this.ask(), SEARCH_PAUSE);
    },
    clear() {
      this.text = "";
      const { q, sort, dir, size, page, ...filters } = rows.defaults(this.list);
      this.change({ q, ...filters });
      this.$refs.search?.focus();
    },
    sortBy(column) {
      const again = this.asked.sort === column;
      this.change({ sort: column, dir: again && this.asked.dir === "asc" ? "desc" : "asc" });
    },
    sorted(column) {
      if (this.asked.sort !== column) return null;
      return this.asked.dir === "desc" ? "descending" : "ascending";
    },
    turn(step) {
      if (!(step > 0 ? this.canTurn : this.canTurnBack)) return;
      this.toTop = true;
      this.change({ page: Math.max(1, this.pageNow + step) }, this.shownCursor);
    },
    scrollToTop() {
      if (this.$el.getBoundingClientRect().top < 0) this.$el.scrollIntoView();
    },
    back() {
      this.asked = rows.fromUrl(location.search, this.list);
      this.viewName = new URLSearchParams(location.search).get("view") ?? "";
      this.text = this.asked.q;
      this.ask();
    },
    reconnected() {
      this.connectedAgain();
      this.later(() => this.ask(), Math.random() * RECONNECT_SPREAD);
    },

    // -- what others do
    patch({ was, now: told }) {
      const { id, version } = told;
      const row = this.items.find((other) => other.id === id);
      const known = row ?? this.recent.get(id);
      // A change from another replica may arrive before the event that made the row: then the row
      // isn't counted yet.
      const isNew = was === null && !row && !known?.counted;
      const isLate = known && known.version > version;
      if (isLate && !isNew) return;
      const now = isLate ? known : told;
      const before = isNew ? null : (known ?? { ...now, ...was });
      const didFit = before && this.fitsShown(before);
      this.remember({ ...now, counted: isNew || known?.counted });
      this.count(before, now);
      if (row) rows.replace(row, now, this.list);
      else if (this.fitsShown(now) && !didFit) {
        if (this.own.has(id) || !this.items.length) this.insert(now);
        else this.arrived.push(id);
      } else {
        if (!this.fitsShown(now)) this.arrived = this.arrived.filter((other) => other !== id);
        return;
      }
      this.highlight(id);
    },
    bring(id) {
      this.own.add(id);
      if (this.arrived.includes(id)) this.showArrived([id]);
    },
    // Above the others, wherever they belong in the order: they are what the person asked for.
    showArrived(ids = this.arrived) {
      for (const id of ids) {
        this.insert(this.recent.get(id));
        this.highlight(id);
      }
      this.arrived = this.arrived.filter((id) => !ids.includes(id));
      this.scrollToTop();
    },
    remember(row) {
      this.recent.delete(row.id);
      this.recent.set(row.id, { ...row });
      if (this.recent.size > REMEMBERED) this.recent.delete(this.recent.keys().next().value);
    },
    // A row of an answer, with what was told since the server read it.
    upToDate(row) {
      const now = this.patched(row);
      for (const person of this.people.values()) Object.assign(now, this.withPerson(now, person));
      return now;
    },
    patched(row) {
      const recent = this.recent.get(row.id);
      const online = this.presence.get(row.id) ?? row.online;
      if (!recent || recent.version <= row.version) return { ...row, online };
      this.count(row, recent);
      const kept = Object.fromEntries(this.list.more.map((name) => [name, row[name]]));
      return { ...kept, ...recent, online };
    },
    count(before, now) {
      const change = rows.countChange(before, now, this.list);
      for (const name of Object.keys(change)) this.all[name] += change[name];
      this.found += (this.fitsShown(now) ? 1 : 0) - (before && this.fitsShown(before) ? 1 : 0);
    },
    fitsShown(row) {
      return rows.fits(row, this.asksNow, this.list);
    },
    insert(row) {
      this.items.unshift({ ...row });
      this.inserted.push(row.id);
      if (this.inserted.length > MOST_INSERTED) {
        const oldest = this.inserted.shift();
        this.items = this.items.filter((other) => other.id !== oldest);
      }
    },
    highlight(id) {
      const name = this.fresh[id] === "fresh-a" ? "fresh-b" : "fresh-a";
      this.fresh[id] = name;
      this.later(() => this.fresh[id] === name && delete this.fresh[id], HIGHLIGHT);
    },

    later(action, delay) {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        action();
      }, delay);
      this.timers.add(timer);
    },
  },
};
