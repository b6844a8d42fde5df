// One import and its progress, also if it was begun on another page.
import { h } from "vue";
import { listen } from "live_socket";
import { count, counted } from "import_file_view";

const PAUSE = 1_000; // ms between two queries for the rows that weren't invited
const SHOWN = 200; // rows of each result that are shown; the download has every row

export default {
  props: { run: Object, details: Object, results_url: String, another_url: String, live_event: String },
  emits: ["details", "stop"],
  data() {
    return { now: this.run, more: this.details, spoken: "", stopping: false, copied: "" };
  },
  mounted() {
    const ask = () => this.$emit("details");
    this.unlisten = listen({ [this.live_event]: this.progressed }, { onReconnect: ask, onMissed: ask });
  },
  unmounted() {
    clearTimeout(this.asking);
    this.unlisten();
  },
  computed: {
    running() {
      return this.now.state === "running";
    },
    left() {
      return this.now.done - this.now.invited;
    },
    summary() {
      const { done, rows, invited } = this.now;
      const rest = this.left ? `, ${count(this.left)} not` : "";
      return `${count(done)} of ${counted(rows, "row", "rows")} done: ${count(invited)} invited${rest}.`;
    },
    heading() {
      return this.running ? "Inviting …" : `${counted(this.now.invited, "person", "people")} invited`;
    },
  },
  methods: {
    // -- called by the server
    show(run, details) {
      this.now = run;
      this.more = details;
    },

    // -- what arrives
    progressed(run) {
      if (run.id !== this.now.id || run.done < this.now.done) return;
      const tenth = (one) => Math.floor((one.done * 10) / one.rows);
      if (tenth(run) !== tenth(this.now) || run.state !== "running") this.spoken = summaryOf(run);
      this.now = run;
      this.asking ??= setTimeout(() => {
        this.asking = null;
        this.$emit("details");
      }, PAUSE);
    },

    // -- the person's
    stop() {
      this.stopping = true;
      this.$emit("stop");
    },
    async copy(one) {
      try {
        await navigator.clipboard.writeText(one.link);
        this.copied = one.link;
      } catch {
        this.$el.querySelector(`[data-link="${one.link}"]`)?.select(); // no clipboard without https
      }
    },
    progress() {
      return h("section", { class: "card import-progress" }, [
        h("h2", this.heading),
        h("progress", { value: this.now.done, max: this.now.rows, "aria-label": "Inviting" }),
        h("p", this.summary),
        h("p", { class: "visually-hidden", role: "status" }, this.spoken),
        this.running
          ? h("div", { class: "actions" }, [
              h("button", { class: "btn", type: "button", "aria-disabled": this.stopping ? "true" : null, onClick: this.stop },
                "Stop after this batch"),
              h("span", { class: "muted" }, "You can leave this page: it goes on for as long as whoever started it is signed in."),
            ])
          : h("div", { class: "actions" }, [
              h("a", { class: "btn btn-primary", href: this.results_url }, "Download the results"),
              this.now.of_file ? h("a", { class: "btn", href: this.another_url }, "Invite from another file") : null,
            ]),
      ]);
    },
    line() {
      return this.now.of_file ? [["Line", "col-line"]] : [];
    },
    problems() {
      const { problems } = this.more;
      if (!problems.length) return null;
      return [
        h("div", { class: "table-card import-short" }, h("table", { class: "table", role: "table", "aria-label": "Rows that weren't invited" }, [
          head([...this.line(), ["Who"], ["Why not"]]),
          h("tbody", { role: "rowgroup" }, problems.map((row) =>
            h("tr", { key: row.line, role: "row" }, [
              this.now.of_file ? h("td", { role: "cell", class: "col-line muted" }, String(row.line)) : null,
              h("td", { role: "cell" }, who(row)),
              h("td", { role: "cell" }, row.problem),
            ]),
          )),
        ])),
        this.left > SHOWN ? h("p", { class: "muted" }, `And ${count(this.left - SHOWN)} more: see the download.`) : null,
      ];
    },
    invited() {
      const { invited } = this.more;
      if (!invited.length || !this.now.by_mail) return null;
      return [
        h("div", { class: "table-card import-short" }, h("table", { class: "table", role: "table", "aria-label": "Invited people" }, [
          head([...this.line(), ["Who"], ["Result"]]),
          h("tbody", { role: "rowgroup" }, invited.map((row) =>
            h("tr", { key: row.line, role: "row" }, [
              this.now.of_file ? h("td", { role: "cell", class: "col-line muted" }, String(row.line)) : null,
              h("td", { role: "cell" }, who(row)),
              h("td", { role: "cell" }, "Invited"),
            ]),
          )),
        ])),
        this.now.invited > SHOWN ? h("p", { class: "muted" }, "The download has everybody.") : null,
      ];
    },
    links() {
      const { handovers } = this.more;
      if (!handovers.length) return null;
      return [
        h("div", { class: "table-card" }, h("table", { class: "table", role: "table", "aria-label": "Links to hand over" }, [
          head([["Who"], ["Link to hand over", "col-link"], [""]]),
          h("tbody", { role: "rowgroup" }, handovers.map((one) =>
            h("tr", { key: one.email, role: "row" }, [
              h("td", { role: "cell" }, who(one)),
              h("td", { role: "cell" }, h("div", { class: "field" },
                h("input", { readonly: true, value: one.link, "data-link": one.link, "aria-label": `Link for ${one.name}` }))),
              h("td", { role: "cell" }, h("button", {
                class: "btn btn-small", type: "button", onClick: () => this.copy(one),
                "aria-label": `Copy the link for ${one.name}`,
              }, this.copied === one.link ? "Copied" : "Copy")),
            ]),
          )),
        ])),
        this.now.invited > SHOWN ? h("p", { class: "muted" }, "The download has every link.") : null,
      ];
    },
  },
  render() {
    const { by_mail, invited, why } = this.now;
    const noMail = !by_mail && invited > 0;
    return h("div", { class: "import", "aria-busy": this.running ? "true" : null }, [
      why && h("div", { class: "banner banner-danger", role: "alert" }, why),
      this.progress(),
      noMail && h("p", "Rollcall has no mail server: each person needs their link from whoever invited them."),
      this.links(),
      this.problems(),
      this.invited(),
    ]);
  },
};

function summaryOf({ done, rows, invited }) {
  return `${count(done)} of ${count(rows)} done, ${count(invited)} invited`;
}

function head(names) {
  return h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, names.map(([name, classes]) =>
    h("th", { role: "columnheader", scope: "col", class: classes }, name || h("span", { class: "visually-hidden" }, "Copy")))));
}

function who({ name, email }) {
  return [
    h("span", { class: "isolate", dir: "auto" }, name || "–"),
    h("div", { class: "small muted isolate", dir: "auto" }, email),
  ];
}
