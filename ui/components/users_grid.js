// The users grid: a page of rows that the server sent, patched in place by what happens to them.
import { listen } from "live_socket";
import { DEFAULTS, complete, countChange, fits, fromAddress, isFiltered, toAddress } from "user_rows";
import { view } from "users_grid_view";

const SEARCH_PAUSE = 200; // ms of quiet before a search is sent
const ANSWER_TIMEOUT = 10_000; // ms until a query counts as failed
const TOGGLE_TIMEOUT = 15_000; // ms until a switch is released without an answer
const HIGHLIGHT = 1_900; // ms; the style's animation is a little shorter
const RECONNECT_SPREAD = 2_000; // ms over which the pages ask again after a restart
const REMEMBERED = 500; // patches
const FIRST = 12; // rows that are drawn at once: a screen of them; the others in the next frame
const MOST_INSERTED = 50; // rows above those of the page
// Written out, as the browser's own formatting takes tens of milliseconds to load.
const MONTHS =
  "January February March April May June July August September October November December".split(" ");

export default {
  props: {
    title: String,
    import_url: String,
    rows: String, // JSON
    total: Number,
    counts: Object,
    query: Object,
    page: Number,
    pages: Number,
    place: Object,
    page_size: Number,
    folded_q: String,
    me: String,
    roles: Array,
    can_manage: Boolean,
    base_url: String,
    empty_hint: String,
    own_hint: String,
  },
  emits: ["query", "toggle", "invite"],
  data() {
    return {
      list: JSON.parse(this.rows).map(complete),
      most: FIRST, // rows that are drawn
      all: this.counts,
      found: this.total,
      pageNow: this.page,
      asked: { ...DEFAULTS, ...this.query },
      shown: { query: { ...DEFAULTS, ...this.query }, words: words(this.folded_q) },
      text: this.query.q ?? "",
      loading: false,
      error: "",
      spoken: "",
      fresh: {},
      waiting: {},
      tipDismissed: false,
    };
  },
  created() {
    this.seq = 0;
    this.shownPlace = this.place; // where the shown page begins and ends in the whole list
    this.recent = new Map();
    this.presence = new Map();
    this.inserted = [];
    this.timers = new Set();
  },
  mounted() {
    window.addEventListener("popstate", this.back);
    this.later(() => (this.most = Infinity), 0);
    this.stop = listen(
      { rollcall_user: this.patch, rollcall_presence: this.seen },
      // Who has just opened the page isn't one of many at once.
      { onReconnect: this.reconnected, onMissed: () => this.ask() },
    );
  },
  unmounted() {
    window.removeEventListener("popstate", this.back);
    clearTimeout(this.searching);
    clearTimeout(this.answering);
    for (const timer of this.timers) clearTimeout(timer);
    this.stop();
  },
  computed: {
    filtered() {
      return isFiltered(this.asked);
    },
    pagesNow() {
      return Math.max(1, Math.ceil(this.found / this.page_size));
    },
    countText() {
      const everyone = plural(this.all.all);
      return isFiltered(this.shown.query) ? `${number(this.found)} of ${everyone}` : everyone;
    },
    breakdown() {
      const { active, inactive, invited } = this.all;
      const parts = [`${number(active)} active`, `${number(inactive)} inactive`];
      if (invited) parts.push(`${number(invited)} invited`);
      return parts.join(" · ");
    },
  },
  render() {
    return view(this);
  },
  methods: {
    number,

    // -- called by the server
    show(result) {
      if (result.seq != null && result.seq < this.seq) return;
      this.answered();
      this.shown = { query: { ...this.asked }, words: words(result.folded_q) };
      this.all = result.counts;
      this.found = result.total;
      this.asked.page = this.pageNow = result.page;
      this.shownPlace = result.place;
      this.inserted = [];
      this.list = result.rows.map((row) => this.upToDate(complete(row)));
      this.spoken = this.found ? this.countText : "No users match";
      if (this.toTop) this.scrollToTop();
      this.toTop = false;
    },
    failed(message, seq) {
      if (seq != null && seq < this.seq) return;
      this.answered();
      this.error = message || "The server didn't answer.";
    },
    pending(id, on) {
      if (on) this.waiting[id] = true;
      else delete this.waiting[id];
    },

    // -- asking
    ask(near = null) {
      clearTimeout(this.searching);
      clearTimeout(this.answering);
      this.seq += 1;
      this.loading = true;
      this.presence.clear();
      this.answering = setTimeout(() => this.failed("", this.seq), ANSWER_TIMEOUT);
      this.shownPlace = null; // it belongs to another list from here on
      this.$emit("query", { ...this.asked, near, seq: this.seq });
    },
    answered() {
      clearTimeout(this.answering);
      this.loading = false;
      this.error = "";
    },
    change(values, near = null) {
      Object.assign(this.asked, { page: 1 }, values);
      history.pushState(history.state, "", this.address());
      this.ask(near);
    },
    address() {
      return location.pathname + toAddress(this.asked);
    },
    typed() {
      Object.assign(this.asked, { q: this.text, page: 1 });
      history.replaceState(history.state, "", this.address());
      clearTimeout(this.searching);
      this.searching = setTimeout(() => this.ask(), SEARCH_PAUSE);
    },
    clear() {
      this.text = "";
      this.change({ q: "", role: "", status: "", invited: false });
      this.$refs.search.focus();
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
      const page = this.pageNow + step;
      if (page < 1 || page > this.pagesNow) return;
      this.toTop = true;
      this.change({ page }, this.shownPlace);
    },
    scrollToTop() {
      if (this.$el.getBoundingClientRect().top < 0) this.$el.scrollIntoView();
    },
    back() {
      this.asked = fromAddress(location.search);
      this.text = this.asked.q;
      this.ask();
    },
    reconnected() {
      this.waiting = {};
      this.later(() => this.ask(), Math.random() * RECONNECT_SPREAD);
    },

    // -- the switch
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

    // -- what happens elsewhere
    patch({ was, now: told }) {
      const { id, version } = told;
      const row = this.list.find((other) => other.id === id);
      const known = row ?? this.recent.get(id);
      // Of a new user, another replica's news may come first: until then nobody has counted them.
      const isNew = was === null && !row && !known?.counted;
      const isLate = known && known.version > version;
      if (isLate && !isNew) return;
      const now = isLate ? known : complete(told);
      const before = isNew ? null : (known ?? { ...now, ...was });
      const didFit = before && this.fitsShown(before);
      this.remember({ ...now, counted: isNew || known?.counted });
      this.count(before, now);
      if (row) Object.assign(row, now);
      else if (this.fitsShown(now) && !didFit) this.insert(now);
      else return;
      this.highlight(id);
    },
    seen({ id, online }) {
      this.presence.set(id, online);
      for (const row of [this.recent.get(id), this.list.find((other) => other.id === id)]) {
        if (row) row.online = online;
      }
    },
    remember(row) {
      this.recent.delete(row.id);
      this.recent.set(row.id, { ...row });
      if (this.recent.size > REMEMBERED) this.recent.delete(this.recent.keys().next().value);
    },
    // A row of an answer, with what was heard of it since the server read it.
    upToDate(row) {
      const recent = this.recent.get(row.id);
      const online = this.presence.get(row.id) ?? row.online;
      if (!recent || recent.version <= row.version) return { ...row, online };
      this.count(row, recent);
      return { ...recent, online };
    },
    count(before, now) {
      const change = countChange(before, now);
      for (const name of Object.keys(change)) this.all[name] += change[name];
      this.found += (this.fitsShown(now) ? 1 : 0) - (before && this.fitsShown(before) ? 1 : 0);
    },
    fitsShown(row) {
      return fits(row, this.shown.query, this.shown.words);
    },
    insert(row) {
      this.list.unshift({ ...row });
      this.inserted.push(row.id);
      if (this.inserted.length > MOST_INSERTED) {
        const oldest = this.inserted.shift();
        this.list = this.list.filter((other) => other.id !== oldest);
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
    href(row) {
      return `${this.base_url}/${encodeURIComponent(row.id)}`;
    },
    lastSeen(row) {
      if (!row.last_sign_in) return row.name;
      const at = new Date(row.last_sign_in);
      const day = `${at.getDate()} ${MONTHS[at.getMonth()]} ${at.getFullYear()}`;
      return `${row.name}\nLast sign-in: ${day}`;
    },
    day(iso) {
      const [year, month, day] = iso.split("-").map(Number);
      return `${day} ${MONTHS[month - 1].slice(0, 3)} ${year}`;
    },
  },
};

function words(folded) {
  return (folded ?? "").split(/\s+/u).filter(Boolean);
}

function number(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

function plural(count) {
  return count === 1 ? "1 user" : `${number(count)} users`;
}
