// A CSV file from the person's disk: sent in pieces, then a bar and a result for each row.
import { listen } from "live_socket";

const PIECE = 12_000; // characters; four bytes each at most, and a socket message takes 64 KB
const SHOWN = 200; // problems on the screen; the download has every row
const EXAMPLE =
  "First Name,Last Name,Email,Role\r\nAda,Lovelace,ada@example.com,Sales Engineer\r\n";

const CHOOSE = `
  <div class="import-choose">
    <label class="btn btn-primary" :aria-disabled="phase === 'reading' ? 'true' : null">
      <input ref="file" type="file" class="visually-hidden" accept=".csv,text/csv,text/plain"
             aria-label="Choose a CSV file" :disabled="phase === 'reading'" @change="chosen">
      {{ phase === 'empty' ? 'Choose a CSV file' : 'Choose another file' }}
    </label>
    <a class="btn btn-quiet" :href="example" download="invitations.csv">Download an example</a>
    <span v-if="name" class="muted isolate" dir="auto">{{ name }}</span>
  </div>`;

const PROGRESS = `
  <div v-if="total" class="import-progress">
    <progress :value="results.length" :max="total" aria-label="Rows done"></progress>
    <p role="status">{{ summary }}</p>
  </div>`;

const PROBLEMS = `
  <div v-if="problems.length" class="table-card">
    <table class="table" role="table" aria-label="Rows that weren't invited">
      <thead role="rowgroup"><tr role="row">
        <th role="columnheader" scope="col" class="col-line">Line</th>
        <th role="columnheader" scope="col">Who</th>
        <th role="columnheader" scope="col">Why not</th>
      </tr></thead>
      <tbody role="rowgroup">
        <tr v-for="row in problems.slice(0, ${SHOWN})" :key="row.line" role="row">
          <td role="cell" class="col-line muted">{{ row.line }}</td>
          <td role="cell"><span class="isolate" dir="auto">{{ row.name || '–' }}</span>
            <div class="small muted isolate" dir="auto">{{ row.email }}</div></td>
          <td role="cell">{{ row.problem }}</td>
        </tr>
      </tbody>
    </table>
  </div>
  <p v-if="problems.length > ${SHOWN}" class="muted">And {{ problems.length - ${SHOWN} }} more: see the download.</p>`;

export default {
  template: `
  <section class="card import" :aria-busy="phase === 'running' ? 'true' : null">
    <p>The first line names the columns: <strong>First Name</strong>, <strong>Last Name</strong>,
      <strong>Email</strong>, <strong>Role</strong>. Up to 10,000 rows; commas, semicolons or tabs.</p>
    <template v-if="phase !== 'running' && phase !== 'done'">${CHOOSE}</template>
    <div v-if="error" class="banner banner-danger" role="alert">{{ error }}</div>
    <template v-if="phase === 'ready'">
      <p role="status">{{ rows(total) }} to invite. Each person gets an invitation; nobody is invited twice.</p>
      <div class="actions">
        <button ref="start" class="btn btn-primary" type="button" @click="start">Send {{ invitations(total) }}</button>
      </div>
    </template>
    <template v-if="phase === 'running' || phase === 'done'">${PROGRESS}</template>
    <div v-if="phase === 'running'" class="actions">
      <button class="btn" type="button" @click="$emit('stop')">Stop</button>
      <span class="muted">Keep this page open until it is done.</span>
    </div>
    <div v-if="phase === 'done'" class="actions">
      <a ref="download" class="btn btn-primary" :href="report" download="invitations-results.csv">Download the results</a>
      <button class="btn" type="button" @click="reset">Import another file</button>
    </div>
    ${PROBLEMS}
  </section>`,
  emits: ["piece", "start", "stop"],
  data() {
    return { phase: "empty", name: "", error: "", total: 0, results: [], report: "" };
  },
  created() {
    this.example = `data:text/csv;charset=utf-8,${encodeURIComponent(EXAMPLE)}`;
    this.text = "";
    this.sent = 0;
    this.lines = [];
  },
  mounted() {
    this.unlisten = listen({}, { onReconnect: this.reconnected });
  },
  unmounted() {
    this.unlisten();
    URL.revokeObjectURL(this.report);
  },
  computed: {
    problems() {
      return this.results.filter((row) => row.problem);
    },
    summary() {
      const invited = this.results.length - this.problems.length;
      const rest = this.problems.length ? `, ${this.rows(this.problems.length)} not` : "";
      const done = `${this.count(this.results.length)} of ${this.rows(this.total)} done`;
      return `${done}: ${this.count(invited)} invited${rest}.`;
    },
  },
  methods: {
    // -- called by the server
    more() {
      const text = this.text.slice(this.sent, this.sent + PIECE);
      this.sent += PIECE;
      this.$emit("piece", { text, last: this.sent >= this.text.length });
    },
    refused(why) {
      this.error = why;
      this.text = "";
      if (this.phase === "reading") this.phase = "empty";
    },
    ready(total) {
      this.total = total;
      this.text = "";
      this.phase = "ready";
      this.$nextTick(() => this.$refs.start.focus());
    },
    progress(outcomes, lines) {
      this.phase = "running";
      this.results.push(...outcomes);
      this.lines.push(lines);
    },
    finished(why, lines) {
      this.phase = "done";
      this.error = why;
      URL.revokeObjectURL(this.report);
      this.report = URL.createObjectURL(new Blob([...this.lines, lines], { type: "text/csv" }));
      this.$nextTick(() => this.$refs.download.focus());
    },

    // -- the person's
    async chosen() {
      const file = this.$refs.file.files[0];
      if (!file) return;
      this.reset();
      this.name = file.name;
      this.phase = "reading";
      this.text = decoded(await file.arrayBuffer());
      this.more();
    },
    start() {
      if (this.phase !== "ready") return;
      this.error = "";
      this.phase = "running";
      this.$emit("start");
    },
    reset() {
      Object.assign(this, { phase: "empty", name: "", error: "", total: 0, results: [] });
      this.lines = [];
      this.text = "";
      this.sent = 0;
    },
    reconnected() {
      // The page on the server knows how far it came, and goes on; what it said meanwhile is lost.
      if (this.phase === "reading" || this.phase === "running") {
        this.error =
          "The connection was lost. If nothing more happens here, choose the file again: nobody is invited twice.";
      }
    },

    // -- words
    count(number) {
      return number.toLocaleString("en-GB");
    },
    rows(number) {
      return number === 1 ? "1 row" : `${this.count(number)} rows`;
    },
    invitations(number) {
      return number === 1 ? "1 invitation" : `${this.count(number)} invitations`;
    },
  },
};

// Spreadsheets still write Windows-1252; it shows in what isn't UTF-8.
function decoded(buffer) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(buffer);
  } catch {
    return new TextDecoder("windows-1252").decode(buffer);
  }
}
