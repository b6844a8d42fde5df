// The time in a time zone, kept up to date.
const MINUTE = 60_000;

export default {
  template: `<span>{{ now }} ({{ zone.replaceAll("_", " ") }})</span>`,
  props: { zone: String },
  data() {
    return { now: "" };
  },
  mounted() {
    this.tick();
  },
  unmounted() {
    clearTimeout(this.timer);
  },
  methods: {
    tick() {
      const shown = { hour: "2-digit", minute: "2-digit", weekday: "short", timeZone: this.zone };
      try {
        this.now = new Date().toLocaleString("en-GB", shown);
      } catch {
        this.now = "Local time"; // a zone that this browser doesn't know
      }
      this.timer = setTimeout(this.tick, MINUTE - (Date.now() % MINUTE));
    },
  },
};
