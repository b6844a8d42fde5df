// Shows nothing. Tells the server that the page's content is stale: after socket events, once for
// many in a row, and after a lost connection.
import { listen } from "live_socket";

const SOON = 300; // ms
const AGAIN = 5_000; // ms until the server is asked again after it couldn't read its database

export default {
  template: "<span hidden></span>",
  props: { event: String, every: Number, rest: Number },
  mounted() {
    this.stop = listen({ [this.event]: this.stale }, { onReconnect: this.stale });
    if (this.every) this.asking = setInterval(() => document.hidden || this.stale(), this.every * 1000);
  },
  unmounted() {
    clearTimeout(this.timer);
    clearInterval(this.asking);
    this.stop();
  },
  methods: {
    stale() {
      const rests = (this.told ?? -Infinity) + this.rest * 1000 - performance.now();
      this.tell(Math.max(SOON, rests));
    },
    // Called by the server.
    retry() {
      this.tell(AGAIN + Math.random() * AGAIN); // not all pages at once
    },
    tell(delay) {
      if (this.timer) return;
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.told = performance.now();
        this.$emit("stale");
      }, delay);
    },
  },
};
