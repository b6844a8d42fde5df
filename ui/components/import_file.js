// A file of people to invite: sends its bytes to the server in pieces, then asks the questions of
// the preview. import_file_view.js draws it.
import { listen } from "live_socket";
import { view } from "import_file_view";

const PIECE = 36_000; // bytes; a third more as text, and a socket message takes 64 KB
const EXAMPLE =
  "\ufeffFirst Name,Last Name,Email,Role\r\nAda,Lovelace,ada@example.com,Sales Engineer\r\n";

export default {
  props: { imports: Array, imports_url: String, max_bytes: Number, live_event: String },
  emits: ["piece", "choose", "start", "rest"],
  data() {
    return {
      runs: this.imports,
      phase: "empty", // reading, ready, starting
      name: "",
      error: "",
      preview: null,
    };
  },
  created() {
    this.example = `data:text/csv;charset=utf-8,${encodeURIComponent(EXAMPLE)}`;
    this.bytes = null;
    this.sent = 0;
  },
  mounted() {
    this.unlisten = listen(
      { [this.live_event]: this.progressed },
      { onReconnect: this.reconnected, onMissed: () => {} },
    );
  },
  unmounted() {
    this.unlisten();
  },
  methods: {
    // -- called by the server
    more() {
      if (!this.bytes) return;
      const piece = this.bytes.subarray(this.sent, this.sent + PIECE);
      this.sent += PIECE;
      const last = this.sent >= this.bytes.length;
      this.$emit("piece", { name: this.name, data: encoded(piece), last });
    },
    refused(why) {
      this.error = why;
      this.bytes = null;
      this.phase = "empty";
      this.preview = null;
    },
    show(preview) {
      const isFirst = this.phase === "reading";
      this.bytes = null;
      this.error = "";
      this.preview = preview;
      this.phase = "ready";
      if (isFirst) this.$nextTick(() => this.$el.querySelector("h2")?.focus());
    },
    save(name, text) {
      const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      Object.assign(document.createElement("a"), { href: url, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
    },
    go(url) {
      location.assign(url);
    },

    // -- the person's
    async chosen(event) {
      const file = event.target.files[0];
      event.target.value = ""; // so that the same file can be chosen again once it is corrected
      if (!file || this.phase === "reading") return;
      Object.assign(this, { name: file.name, error: "", preview: null, phase: "reading" });
      if (file.size > this.max_bytes) return this.refused("This file is too large: 4 MB at most. Split it.");
      try {
        this.bytes = new Uint8Array(await file.arrayBuffer());
      } catch {
        return this.refused("This file can’t be read. It may have been moved or changed: choose it once more.");
      }
      this.sent = 0;
      this.more();
    },
    choose(values) {
      this.$emit("choose", values);
    },
    start() {
      if (this.phase === "ready") this.$emit("start");
    },
    reconnected() {
      if (this.phase === "reading") this.refused("The connection was lost. Choose the file again.");
    },
    progressed(run) {
      const others = this.runs.filter((other) => other.id !== run.id);
      const isNew = others.length === this.runs.length;
      this.runs = isNew
        ? [run, ...others].slice(0, 5)
        : this.runs.map((other) => (other.id === run.id ? run : other));
    },
  },
  render() {
    return view(this);
  },
};

function encoded(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(text);
}
