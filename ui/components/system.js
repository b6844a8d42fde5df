// The System page: what the doctor found, and live figures. system_view.js draws it.
import { listen } from "live_socket";
import { KEPT, view } from "system_view";

const STALE = 5_000; // ms without figures until the page is shown as not live
const CROSSED = 4_000; // ms for which a check whose result changed is highlighted
const SAID = 2_500; // ms for which a button says that it has copied

export default {
  props: { values: Object },
  emits: ["examine", "missed"],
  data() {
    return {
      ...this.values,
      connected: true,
      at: null,
      busy: null, // the name of the check that runs now; "" for all of them
      crossed: {},
      copied: false,
    };
  },
  mounted() {
    this.stop = listen(
      { rollcall_figures: this.moved, rollcall_checks: this.checked },
      {
        onReconnect: () => {
          this.connected = true;
          this.$emit("missed");
        },
        onMissed: () => this.$emit("missed"),
        onDisconnect: () => (this.connected = false),
      },
    );
  },
  unmounted() {
    clearTimeout(this.saying);
    clearTimeout(this.waiting);
    this.stop();
  },
  computed: {
    needed() {
      const bad = this.checks.filter((check) => check.state !== "ok");
      const first = (check) => (check.state === "failed" ? 0 : 1);
      return bad.sort((one, other) => first(one) - first(other));
    },
    inOrder() {
      return this.checks.filter((check) => check.state === "ok");
    },
    last() {
      return this.history.at(-1) ?? { pages: 0, changes: 0, push: 0, mails: 0 };
    },
  },
  methods: {
    // -- called by the server
    show(values) {
      Object.assign(this, values);
    },
    examined() {
      this.busy = null;
    },

    // -- what arrives
    moved({ point, processes }) {
      this.connected = true;
      this.at = new Date();
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => (this.connected = false), STALE);
      this.history = [...this.history, point].slice(-KEPT);
      this.processes = processes;
    },
    checked(values) {
      const was = Object.fromEntries(this.checks.map((check) => [check.name, check.state]));
      for (const { name, state } of values.checks) {
        if (was[name] && (was[name] === "ok") !== (state === "ok")) {
          this.crossed[name] = true;
          setTimeout(() => delete this.crossed[name], CROSSED);
        }
      }
      Object.assign(this, values);
    },

    // -- the person's
    examine(name) {
      if (this.busy !== null) return;
      this.busy = name;
      this.$emit("examine", name);
    },
    async copy() {
      const text = `Rollcall at ${location.origin}, ${this.checked_at}\n\n${this.report}\n`;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        copyTheOldWay(text); // no clipboard without https
      }
      this.copied = true;
      clearTimeout(this.saying);
      this.saying = setTimeout(() => (this.copied = false), SAID);
    },
  },
  render() {
    return view(this);
  },
};

function copyTheOldWay(text) {
  const from = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "visually-hidden";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  from?.focus();
}
