// The audit log: the newest entries first, older ones on demand, new ones as they happen.
import { named, rowsOf } from "audit_rows";
import { listen } from "live_socket";
import { viewsMenu } from "live_table_view";
import { listKeys } from "single_keys";
import { filterKeys, keyboard, views, watchTop } from "table_hands";
import { toUrl } from "table_rows";
import { written } from "written";
import { columnsMenu, filtersButton } from "table_toolbar";

const SEARCH_PAUSE = 250; // ms of quiet before a search is sent
const ANSWER_TIMEOUT = 10_000; // ms until a query counts as failed
const HIGHLIGHT = 1_900; // ms; the style's animation is a little shorter
// The filters' days and the rows' times are in the reader's time zone.
const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";
const midnight = (at) => new Date(at).setHours(0, 0, 0, 0);
const localDay = (at) => new Date(at - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

const TITLE = `
  <div class="page-head">
    <div class="details-title"><h1>Audit log</h1><views-menu :table="self"></views-menu></div>
    <a class="btn btn-quiet" :href="exportHref" @click.prevent="$emit('export')">Export CSV</a>
  </div>`;

const FILTER_BAR = `
  <form class="toolbar folds" :class="{'filters-open': filtersOpen}" role="search" aria-label="Audit log"
        @submit.prevent="ask">
    <div class="search">
      <svg width="16" height="16" viewBox="0 0 16 16" fill="none" stroke="currentColor"
           stroke-width="1.6" stroke-linecap="round" aria-hidden="true">
        <circle cx="7" cy="7" r="4.6"/><path d="M10.5 10.5 14 14"/></svg>
      <input ref="search" type="search" aria-label="Search the log" placeholder="Search the log"
             autocomplete="off" spellcheck="false" maxlength="200" v-model="asked.q" @input="typed">
    </div>
    <filters-button :table="self"></filters-button>
    <div v-for="{ key: name, label, kind, everything, options } in list.filters" :key="name" class="filter"
         :class="{'filter-on': asked[name]}">
      <label :for="$attrs.id + '-' + name">{{ label }}</label>
      <select v-if="kind === 'choice'" :id="$attrs.id + '-' + name" :value="asked[name]"
              @change="change({[name]: $event.target.value})">
        <option value="">{{ everything }}</option>
        <option v-for="option in options" :key="option.key" :value="option.key">{{ option.label }}</option>
      </select>
      <input v-else type="date" :id="$attrs.id + '-' + name" :value="asked[name]"
             :class="{'is-empty': !asked[name]}"
             :aria-invalid="backwards ? 'true' : null" :aria-describedby="backwards ? $attrs.id + '-backwards' : null"
             @change="change({[name]: $event.target.value})">
    </div>
    <button v-if="filtered && items.length" class="btn btn-quiet clear-filters" type="button" @click="clear">Clear filters</button>
    <columns-menu :table="self"></columns-menu>
    <p v-if="backwards" :id="$attrs.id + '-backwards'" class="banner banner-danger" role="alert">
      “When, from” is after “When, to”, so nothing can match.</p>
  </form>`;

const HEAD = `
  <p class="audit-head small muted">
    <span v-if="end.number">The log ends with entry <span class="mono" :title="'Hash ' + end.hash">#{{ end.number }}
      {{ end.hash.slice(0, 12) }}</span>.</span>
    Exports are signed: keep the <a href="/audit-key.pem" target="_blank" rel="noopener">public key</a> to check them.
  </p>`;

// Entries of one bulk act are shown as one line, where the latest of them stands; it can be opened.
const ROW = `
  <template v-for="{ entry, count, run } in rows" :key="run || entry.id">
    <tr role="row" tabindex="-1" :data-row="entry.id" :class="{'fresh-a': fresh[entry.id]}">
      <td role="cell" class="col-when">
        <time :datetime="entry.at" :title="exact(entry.at)">{{ brief(entry.at) }}</time>
        <div v-if="!count" class="small muted mono" :title="entry.hash ? 'Hash ' + entry.hash : null">{{ mark(entry) }}</div>
        <button v-else class="btn btn-small" type="button" :aria-expanded="opened[run] ? 'true' : 'false'"
                @click="opened[run] = !opened[run]">{{ opened[run] ? 'Hide each' : 'Show each' }}</button>
      </td>
      <td v-if="shows.who" role="cell" class="col-who" data-label="by">
        <span v-if="!entry.actor" class="muted">Somebody not signed in</span>
        <named v-else :entry="entry" who="actor" :href="href(entry.actor_path)"></named>
      </td>
      <td v-if="shows.what" role="cell" class="col-what">{{ entry.action_label }}</td>
      <td v-if="shows.whom" role="cell" class="col-whom" :class="{'is-nothing': count || !entry.subject, 'is-who': entry.subject_path && entry.subject_path === entry.actor_path}" data-label="to">
        <named v-if="!count" :entry="entry" who="subject" :href="href(entry.subject_path)"></named>
      </td>
      <td v-if="shows.from" role="cell" class="col-from muted" :class="{'is-nothing': !entry.ip}" data-label="from">{{ entry.ip || '–' }}</td>
      <td v-if="shows.details" role="cell" class="col-details">{{ count ? counted(count, run) : entry.summary }}</td>
    </tr>
  </template>`;

export default {
  components: {
    named,
    ColumnsMenu: ({ table }) => columnsMenu(table),
    FiltersButton: ({ table }) => filtersButton(table),
    ViewsMenu: ({ table }) => viewsMenu(table),
  },
  template: `
  <div class="audit" :class="{'audit-compact': compact}">
    <template v-if="!compact">${TITLE}<div ref="top" class="list-top">${FILTER_BAR}</div>${HEAD}</template>
    <p class="visually-hidden" role="status">{{ spoken }}</p>
    <div v-if="error" class="banner banner-danger users-error" role="alert">
      <span>Couldn't load the log. {{ error }}</span>
      <button class="btn btn-small" type="button" @click="retry">Try again</button>
    </div>
    <div v-if="items.length" class="table-card">
      <div v-if="loading" class="loading"></div>
      <table class="table" role="table" :aria-label="compact ? 'History' : 'Audit log'"
             :aria-busy="loading ? 'true' : 'false'">
        <thead role="rowgroup">
          <tr role="row">
            <th v-for="{ key, label } in columnsShown" :key="key" role="columnheader" scope="col"
                :class="'col-' + key">{{ label }}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">${ROW}</tbody>
      </table>
    </div>
    <div v-else class="table-card empty" :aria-busy="loading ? 'true' : 'false'">
      <div v-if="loading" class="loading"></div>
      <template v-if="filtered">
        <h2>Nothing matches</h2>
        <p>{{ backwards ? 'Swap the two days, or clear one of them.' : 'Look with fewer filters, or a longer time.' }}</p>
        <button class="btn" type="button" @click="clear">Clear filters</button>
      </template>
      <template v-else>
        <h2>Nothing yet</h2>
        <p>What happens from now on is kept here.</p>
      </template>
    </div>
    <p v-if="more" class="print-only">Older entries are left out: “Load older” brings them, and the export has all.</p>
    <div v-if="more" class="pager audit-more">
      <button class="btn" type="button" :aria-disabled="loading ? 'true' : null" @click="older">Load older</button>
    </div>
  </div>`,
  props: {
    entries: Array,
    has_more: Boolean,
    head: Object,
    config: String, // JSON: the list's columns and filters
    columns: Array, // keys of the columns that this person chose
    look: Object, // how this person wants rows to look; this list ignores it
    views: Array, // {name, query}: views that this person saved
    query: Object,
    home: String,
    compact: Boolean,
    live_event: String,
  },
  emits: ["query", "export", "columns", "view"],
  data() {
    const list = JSON.parse(this.config);
    const names = ["q", ...list.filters.map(({ key }) => key)];
    return {
      list,
      filtersShown: list.filters,
      filtersOpen: false,
      items: this.entries,
      more: this.has_more,
      end: this.head,
      asked: {
        ...Object.fromEntries(names.map((name) => [name, this.query[name] ?? ""])),
        ...{ sort: list.sort, dir: "asc", page: 1, size: list.size },
      },
      loading: false,
      error: "",
      spoken: "",
      fresh: {},
      opened: {},
      columnKeys: this.columns,
      saved: this.views ?? [],
      viewName: new URLSearchParams(location.search).get("view") ?? "",
      openMenu: "",
    };
  },
  created() {
    this.seq = 0;
    this.shown = { ...this.asked, words: words(this.query.folded_q) };
  },
  mounted() {
    // A time in a url that was typed or sent may have another zone, or none.
    if ((this.asked.from || this.asked.to) && this.query.zone !== ZONE) {
      history.replaceState(history.state, "", location.pathname + this.search());
      this.ask();
    }
    if (!this.compact) {
      window.addEventListener("popstate", this.back);
      document.addEventListener("keydown", this.pressed);
      document.addEventListener("pointerdown", this.clicked);
      const rows = { label: "The list", keys: [["Down, up", ["j", "k"]]] };
      this.topSize = watchTop(this.$el);
      this.topSize.observe(this.$refs.top);
      this.unlistKeys = listKeys(filterKeys(1, this.list.filters), rows);
    }
    this.stop = listen(
      { [this.live_event]: this.happened },
      { onReconnect: this.reconnected, onMissed: this.ask },
    );
  },
  unmounted() {
    window.removeEventListener("popstate", this.back);
    document.removeEventListener("keydown", this.pressed);
    document.removeEventListener("pointerdown", this.clicked);
    this.unlistKeys?.();
    this.topSize?.disconnect();
    for (const timer of [this.searching, this.answering, this.again]) clearTimeout(timer);
    this.stop();
  },
  computed: {
    self() {
      return this; // the choices of the menus
    },
    columnsShown() {
      return this.list.columns.filter(({ key, opens }) =>
        this.compact ? key !== "whom" : opens || (this.columnKeys ?? [key]).includes(key),
      );
    },
    shows() {
      return Object.fromEntries(this.columnsShown.map(({ key }) => [key, true]));
    },
    rows() {
      return this.compact ? this.items.map((entry) => ({ entry })) : rowsOf(this.items, this.opened);
    },
    // The act on many that the last loaded entry is of: there may be more of its entries.
    lastRun() {
      const run = this.compact ? "" : this.items.at(-1)?.run;
      return run && this.items.filter((entry) => entry.run === run).length > 1 ? run : "";
    },
    filtered() {
      return Boolean(this.asked.q) || this.list.filters.some(({ key }) => this.asked[key]);
    },
    backwards() {
      return Boolean(this.asked.from && this.asked.to && this.asked.from > this.asked.to);
    },
    exportHref() {
      return `${this.home}/audit.csv${this.search()}`;
    },
  },
  methods: {
    ...keyboard.methods,
    ...views.methods,

    // -- called by the server
    show(result) {
      if (result.seq != null && result.seq < this.seq) return;
      this.answered();
      const known = new Set(result.append ? this.items.map((entry) => entry.id) : []);
      const entries = result.entries.filter((entry) => !known.has(entry.id));
      this.items = result.append ? [...this.items, ...entries] : entries;
      this.more = result.has_more;
      this.reached(result.head);
      this.shown = { ...this.asked, words: words(result.folded_q) };
      this.spoken = entries.length === 1 ? "1 entry loaded" : `${entries.length} entries loaded`;
      // If the last line is a bulk act, the server sends all its entries, so that its count is
      // right.
      if (this.more && this.lastRun) this.older();
    },
    failed(message, seq) {
      if (seq != null && seq < this.seq) return;
      this.answered();
      this.error = message || "The server didn't answer.";
    },

    download() {
      location.assign(this.exportHref);
    },

    // -- queries
    send(before) {
      clearTimeout(this.searching);
      clearTimeout(this.answering);
      this.seq += 1;
      this.loading = true;
      this.retry = () => this.send(before);
      this.answering = setTimeout(() => this.failed("", this.seq), ANSWER_TIMEOUT);
      this.$emit("query", { ...this.asked, zone: ZONE, before, seq: this.seq });
    },
    ask() {
      this.send(null);
    },
    retry() {
      this.ask();
    },
    older() {
      const last = this.items.at(-1);
      if (!this.loading && last) this.send(last.number);
    },
    answered() {
      clearTimeout(this.answering);
      this.loading = false;
      this.error = "";
    },
    search() {
      const search = toUrl(this.asked, this.list, this.viewName);
      if (!this.asked.from && !this.asked.to) return search;
      return `${search}&${new URLSearchParams({ zone: ZONE })}`;
    },
    change(values) {
      this.viewName = "";
      Object.assign(this.asked, values);
      history.pushState(history.state, "", location.pathname + this.search());
      this.ask();
    },
    typed() {
      this.viewName = "";
      history.replaceState(history.state, "", location.pathname + this.search());
      clearTimeout(this.searching);
      this.searching = setTimeout(this.ask, SEARCH_PAUSE);
    },
    clear() {
      this.change({ action: "", q: "", from: "", to: "" });
      this.$refs.search?.focus();
    },
    back() {
      const values = new URLSearchParams(location.search);
      for (const name of ["q", "action", "from", "to"]) this.asked[name] = values.get(name) ?? "";
      this.viewName = values.get("view") ?? "";
      this.ask();
    },
    reconnected() {
      // Entries of the time without a connection are missing. Older entries that were loaded are
      // read again.
      if (this.items.length <= 50) this.again = setTimeout(this.ask, Math.random() * 2_000);
    },

    // -- what others do
    happened({ entry }) {
      this.reached(entry);
      if (!this.fits(entry) || this.items.some((other) => other.id === entry.id)) return;
      // Entries of several replicas may arrive in another order than that of the log.
      const older = this.items.findIndex((other) => other.number < entry.number);
      this.items.splice(older < 0 ? this.items.length : older, 0, entry);
      this.fresh[entry.id] = true;
      setTimeout(() => delete this.fresh[entry.id], HIGHLIGHT);
    },
    reached({ number, hash }) {
      if (number > this.end.number) this.end = { number, hash };
    },
    fits(entry) {
      const { action, from, to, words } = this.shown;
      const day = localDay(new Date(entry.at));
      return (
        (!action || entry.action === action) &&
        (!from || day >= from) &&
        (!to || day <= to) &&
        words.every((word) => (entry.search_key ?? "").includes(word))
      );
    },

    // -- the person's acts, other than filters
    showColumn(key, shown) {
      const keys = this.columnsShown.map((column) => column.key).filter((other) => other !== key);
      this.columnKeys = shown ? [...keys, key] : keys;
      this.$emit("columns", { columns: this.columnKeys });
    },
    noteScroll() {},
    escape() {
      this.openMenu = "";
    },
    keys() {
      return {
        "/": () => this.$refs.search.focus(),
        f: () => this.addFilter(),
        F: () => this.filtered && this.clear(),
        j: () => this.moveTo(1),
        k: () => this.moveTo(-1),
      };
    },

    // -- times, in the reader's own zone
    brief(iso) {
      const at = new Date(iso);
      const time = at.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
      const days = Math.round((midnight(new Date()) - midnight(at)) / 86_400_000);
      if (days === 0) return `Today, ${time}`;
      if (days === 1) return `Yesterday, ${time}`;
      const thisYear = at.getFullYear() === new Date().getFullYear();
      const year = thisYear ? undefined : "numeric";
      const day = written(at, { day: "numeric", month: "short", year });
      return `${day}, ${time}`;
    },
    exact(iso) {
      const local = new Date(iso).toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long" });
      return `${local}\n${new Date(iso).toISOString()}`;
    },
    href(path) {
      return path ? `${this.home}/${path}` : null;
    },
    counted(count, run) {
      const isWhole = !this.more || !this.lastRun || !run.startsWith(this.lastRun);
      return `${count}${isWhole ? "" : "+"} entries of one act`;
    },
    mark(entry) {
      const number = entry.number == null ? "" : `#${entry.number}`;
      return [number, (entry.hash ?? "").slice(0, 8)].filter(Boolean).join(" ");
    },
  },
};

function words(folded) {
  return (folded ?? "").split(/\s+/u).filter(Boolean);
}
