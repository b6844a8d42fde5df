// A bulk act: what it would do, how far it is, and the result for each row.
import { h } from "vue";
import { askWhile, listen, pageName, takeKept } from "live_socket";
import { avatar } from "avatar";
import { number } from "table_rows";
import { emailOf, whose } from "whose";

const PAUSE = 1_000; // ms between two queries for the results
const LIVE = "rollcall_bulk";
const TABS = [["all", "All"], ["failed", "Failed"], ["skipped", "Skipped"], ["done", "Done"], ["to_come", "To come"]];
const FIGURES = ["Pages closed", "Last one after"]; // columns of numbers
export default {
  props: { run: Object, preview: Object, results: Object, home: String, bulk: String },
  emits: ["look", "begin", "stop", "undo", "again", "choose", "give"],
  data() {
    return {
      now: this.run,
      before: this.preview,
      after: this.results,
      reason: "",
      tell: this.preview.tells ?? false,
      open: {}, // results whose people are listed
      tab: "all",
      spoken: "",
      sent: false,
      begun: Date.now(),
      from: this.run.done,
      copied: "",
    };
  },
  mounted() {
    const ask = () => this.$emit("look");
    // Acts of other people change what the preview says.
    const soon = () => this.now.state === "draft" && this.lookSoon();
    const work = () => this.now.state !== "running" && this.now.kind === "deactivate" && this.lookSoon();
    const typed = () => ({ name: "reason", values: this.reason });
    const isHalfTyped = () => this.now.state === "draft" && this.reason;
    this.stopAsking = askWhile(isHalfTyped, typed, () => this.sent && pageName());
    this.reason = takeKept("reason")?.values ?? "";
    this.unlisten = listen(
      { [LIVE]: this.progressed, [`rollcall_${this.now.noun}`]: soon, rollcall_presence: soon, rollcall_work: work },
      { onReconnect: ask, onMissed: ask },
    );
    // Receipts come after the last batch.
    this.settling = setInterval(() => this.isFresh() && ask(), 2 * PAUSE);
  },
  beforeUpdate() {
    this.held = this.$el.contains(document.activeElement);
  },
  updated() {
    // The pressed button goes with what it began or stopped: the heading says what came of it.
    if (this.held && document.activeElement === document.body) this.$el.querySelector("h1").focus();
  },
  unmounted() {
    clearTimeout(this.asking);
    clearInterval(this.settling);
    this.unlisten();
    this.stopAsking();
  },
  methods: {
    // -- called by the server
    show(run, preview, results) {
      this.now = run;
      this.before = preview;
      this.after = results;
      this.sent = false;
    },
    answered() {
      this.sent = false;
    },

    // -- what arrives
    progressed(run) {
      if (run.id !== this.now.id || run.done < this.now.done) return;
      const tenth = (one) => Math.floor((one.done * 10) / one.people);
      if (tenth(run) !== tenth(this.now) || run.state !== "running") {
        this.spoken = `${number(run.done)} of ${number(run.people)} done`;
      }
      this.now = run;
      if (run.state === "running") this.lookSoon();
      else this.$emit("look"); // the heading says the result: what stands below it says the same
    },
    lookSoon() {
      this.asking ??= setTimeout(() => {
        this.asking = null;
        this.$emit("look");
      }, PAUSE);
    },
    isFresh() {
      const { state, ended_at: end } = this.now;
      return state !== "draft" && end && Date.now() - Date.parse(end) < 8 * PAUSE;
    },

    // -- the person's
    send(name, ...values) {
      if (this.sent) return;
      this.sent = true;
      this.$emit(name, ...values);
    },
    async copy(one) {
      try {
        await navigator.clipboard.writeText(one.link);
        this.copied = one.id;
      } catch {
        document.getElementById(`link-${one.id}`)?.select(); // no clipboard without https
      }
    },
  },
  render() {
    return h("div", { class: "bulk" }, this.now.state === "draft" ? draft(this) : running(this));
  },
};

// One of the act's sentences; {n} in them is a number with its noun.
function words({ now }, which, count) {
  const [noun] = now.words;
  return now.words[which].replace("{n}", `${number(count)} ${noun}${count === 1 ? "" : "s"}`);
}

// -- before

function draft(act) {
  const { people, selection, chosen } = act.now;
  const lead = [selection, chosen, "Nothing has happened yet."].filter(Boolean).join(" ");
  return [
    h("div", { class: "page-head" }, h("h1", { tabindex: -1 }, words(act, 1, people))),
    h("p", { class: "muted bulk-lead", dir: "auto" }, lead),
    h("div", { class: "bulk-columns" }, [
      h("div", { class: "bulk-main" }, [
        kinds(act, "What will happen", act.before.kinds),
        act.before.left.length ? kinds(act, "What would be left", act.before.left, handOver(act)) : null,
      ]),
      confirm(act),
    ]),
  ];
}

function handOver(act) {
  const { heirs } = act.now;
  const to = heirs.map(({ name }) => h("bdi", { class: "bulk-heir" }, name));
  return h("div", { class: "bulk-foot bulk-hand-over" }, [
    h("div", { class: "bulk-words" }, [
      h("h3", "Hand over"),
      heirs.length
        ? h("p", { role: "status" }, ["To ", to.flatMap((one, at) => (at ? [", ", one] : [one])), heirs.length > 1 ? ", divided by POC" : "", ", with each batch"])
        : h("p", { role: "status" }, ["Later. ", h("span", { class: "muted" }, "All of it stays on the list of orphaned work.")]),
    ]),
    (heirs.length || act.before.left.some(({ key }) => ["pocs", "tasks", "groups"].includes(key))) && button(act, heirs.length ? "Change Who Gets It" : "Choose Who Gets It", "choose"),
  ]);
}

function orphaned(act) {
  const foot = h("div", { class: "bulk-foot bulk-hand-over" }, [
    h("p", { class: "bulk-words muted" }, "It stays here until somebody active has it."),
    button(act, "Hand over all", "give"),
  ]);
  return act.after.left.length ? kinds(act, "Work without anybody active", act.after.left, foot) : null;
}

function kinds(act, title, rows, foot = null) {
  return h("section", { class: "card card-flush" }, [
    h("h2", { class: "bulk-title" }, title),
    h("ul", { class: "bulk-kinds" }, rows.map((row) => kindRow(act, row))),
    foot,
  ]);
}

function kindRow(act, row) {
  const isOpen = Boolean(act.open[row.key]);
  const more = row.count - row.people.length;
  return h("li", { key: row.key, class: { "bulk-same": !row.changes } }, [
    h("div", { class: "bulk-kind" }, [
      h("strong", { class: "bulk-count" }, number(row.count)),
      h("div", { class: "bulk-words" }, [h("strong", row.words), h("div", { class: "muted small" }, row.note)]),
      row.people.length
        ? h("button", {
            type: "button",
            class: "link-button",
            "aria-expanded": String(isOpen),
            "aria-label": `Show ${number(row.count)}: ${row.words}`,
            onClick: () => (act.open[row.key] = !isOpen),
          }, `${isOpen ? "Hide" : "Show"} ${number(row.count)}`)
        : null,
    ]),
    isOpen
      ? h("ul", { class: ["bulk-people", { "bulk-whose": row.people.some(({ email }) => email) }] }, [
          row.people.map((one) => h("li", { key: one.id }, whose(person(one), one))),
          more > 0 ? h("li", { class: "muted" }, `and ${number(more)} more`) : null,
        ])
      : null,
  ]);
}

// A row's name, as a link where the row has a page.
function person({ name, href }, look = "") {
  return h(href ? "a" : "span", { class: `isolate ${look}`, dir: "auto", href }, name);
}

function confirm(act) {
  const { changes } = act.before;
  const { danger } = act.now;
  const id = `${act.$attrs.id}-reason`;
  return h("section", { class: "card bulk-confirm" }, [
    h("h2", "Confirm"),
    h("div", { class: "field" }, [
      h("label", { for: id }, ["Reason ", h("span", { class: "muted" }, "(optional)")]),
      h("textarea", {
        id,
        rows: 3,
        maxlength: 500,
        "aria-describedby": `${id}-help`,
        value: act.reason,
        onInput: (event) => (act.reason = event.target.value),
      }),
      h("p", { class: "field-help", id: `${id}-help` }, "Stands in the audit log."),
    ]),
    act.before.tells === null
      ? null
      : h("label", { class: "option option-alone" }, [
          h("input", {
            type: "checkbox",
            checked: act.tell,
            onChange: (event) => (act.tell = event.target.checked),
          }),
          h("span", { class: "option-text" }, "Tell them by email"),
        ]),
    changes
      ? h("button", {
          type: "button",
          class: `btn btn-block ${danger ? "btn-danger" : "btn-primary"}`,
          "aria-disabled": act.sent ? "true" : null,
          onClick: () => act.send("begin", { reason: act.reason, tell: act.tell }),
        }, words(act, 1, changes))
      : h("p", { role: "status" }, "None of them would be changed."),
    h("a", { class: "btn btn-quiet btn-block", href: act.home }, "Cancel"),
    h("p", { class: "muted small bulk-hint" }, [
      `Batches of ${act.now.batch}. You can stop between two.`,
      act.before.undoable ? " Can be undone for a day." : "",
    ]),
  ]);
}

// -- while it runs, and afterwards

function running(act) {
  const { state, people, changed, why, undone_by: undoneBy, undoes } = act.now;
  const runs = state === "running";
  return [
    h("div", { class: "page-head" }, [
      h("h1", { tabindex: -1 }, runs ? words(act, 2, people) : words(act, 3, changed)),
      h("div", { class: "actions" }, [
        runs && button(act, "Stop after this batch", "stop"),
        act.now.may_undo && button(act, "Undo", "undo"),
        !runs && act.now.failed > 0 && button(act, `Try ${number(act.now.failed)} again`, "again"),
      ]),
    ]),
    why && h("div", { class: "banner banner-warning", role: "alert" }, why),
    undoes && h("p", { class: "muted" }, ["This takes ", h("a", { href: `${act.bulk}/${undoes}` }, "an earlier act"), " back."]),
    undoneBy && h("p", { class: "muted" }, ["It was ", h("a", { href: `${act.bulk}/${undoneBy}` }, "undone"), "."]),
    h("p", { class: "visually-hidden", role: "status" }, act.spoken),
    runs ? progress(act) : null,
    figures(act),
    orphaned(act),
    everybody(act),
    runs ? null : after(act),
  ];
}

function button(act, label, name) {
  const attributes = { type: "button", class: "btn", "aria-disabled": act.sent ? "true" : null };
  return h("button", { ...attributes, onClick: () => act.send(name) }, label);
}

function progress(act) {
  const { words: [, , , , label], done, people, batch: size } = act.now;
  const batch = Math.min(Math.floor(done / size) + 1, Math.ceil(people / size));
  const seconds = (Date.now() - act.begun) / 1000;
  const pace = (done - act.from) / seconds;
  const left = pace > 0 ? Math.ceil((people - done) / pace) : null;
  return h("section", { class: "card bulk-progress" }, [
    h("div", { class: "bulk-far" }, [
      h("span", [
        h("strong", number(done)),
        h("span", { class: "muted" }, ` of ${number(people)}, batch ${batch} of ${Math.ceil(people / size)}`),
      ]),
      left !== null && h("span", { class: "muted" }, left > 90 ? `about ${Math.ceil(left / 60)} min left` : `about ${left} s left`),
    ]),
    h("progress", { max: people, value: done, "aria-label": label }),
    h("p", { class: "muted" }, "You may leave this page. It goes on, and other admins see it too."),
  ]);
}

function figures(act) {
  const { fates, counts, pages, slowest_ms: slowest } = act.after;
  const shown = [
    ...fates.map(({ count, words: text }) => [count, text]),
    [counts.failed ?? 0, "failed", counts.failed ? "bulk-failed" : ""],
    [counts.skipped ?? 0, "skipped"],
  ];
  if (act.now.cuts) {
    const most = slowest == null ? "" : `, ${Math.round(slowest)} ms at most`;
    shown.push([pages, `${pages === 1 ? "page" : "pages"} closed${most}`]);
    for (const [kind, noun] of [["pocs", "POC"], ["tasks", "task"], ["groups", "group"]]) {
      const given = act.now.heirs.reduce((sum, heir) => sum + (heir[kind] ?? 0), 0);
      if (given || (act.now.heirs.length && kind !== "groups")) {
        shown.push([given, `${noun}${given === 1 ? "" : "s"} handed over`]);
      }
    }
  }
  return h("section", { class: "card card-flush" }, h("dl", { class: "bulk-figures" }, shown.map(([count, text, look]) =>
    h("div", { key: text, class: look }, [h("dt", text), h("dd", number(count))]))));
}

function everybody(act) {
  const { people, counts } = act.after;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const tabs = TABS.filter(([key]) => key === "all" || counts[key]);
  const tab = tabs.some(([key]) => key === act.tab) ? act.tab : "all";
  const shown = people.filter(({ kind }) => tab === "all" || kind === tab);
  const links = people.some(({ link }) => link);
  const left = (tab === "all" ? all : counts[tab]) - shown.length;
  return h("section", { class: "card card-flush" }, [
    h("div", { class: "import-tabs", role: "group", "aria-label": "Results" }, tabs.map(([key, label]) =>
      h("button", {
        key,
        type: "button",
        class: ["import-tab", { on: tab === key }],
        "aria-pressed": String(tab === key),
        onClick: () => (act.tab = key),
      }, [`${label} `, h("strong", number(key === "all" ? all : counts[key]))]))),
    h("table", { class: "table bulk-table", role: "table", "aria-label": "Results" }, [
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ["Name", "Result", ...extra(act, links)].map((name) =>
        h("th", { role: "columnheader", scope: "col", class: FIGURES.includes(name) ? "col-figure" : null }, name)))),
      h("tbody", { role: "rowgroup" }, shown.map((one) => resultRow(act, one, links))),
    ]),
    left > 0 && h("p", { class: "muted bulk-foot" }, `And ${number(left)} more: the download has everybody.`),
  ]);
}

function extra(act, links) {
  if (act.now.cuts) return FIGURES;
  return links ? ["Link to hand over"] : [];
}

function resultRow(act, one, links) {
  const cell = (label, content, look = "") => h("td", { role: "cell", "data-label": label, class: look }, content);
  const cells = [
    cell("Name", h("div", { class: "who" }, [act.now.faces && avatar(one.id, one.name, one), whose(person(one, "name-link"), one, null, one.id)]), "col-name"),
    cell("Result", one.result || "To come", one.kind === "failed" ? "bulk-failed" : one.kind === "done" ? "" : "muted"),
  ];
  if (act.now.cuts) {
    cells.push(cell("Pages closed", one.pages ?? "–", "col-figure"));
    cells.push(cell("Last one after", one.slowest_ms == null ? "–" : `${Math.round(one.slowest_ms)} ms`, "col-figure"));
  } else if (links) {
    cells.push(cell("Link to hand over", one.link ? link(act, one) : "–"));
  }
  return h("tr", { key: one.id, role: "row" }, cells);
}

function link(act, one) {
  const about = { "aria-describedby": one.email ? emailOf(one.id) : null };
  return h("div", { class: "bulk-link field" }, [
    h("input", { ...about, id: `link-${one.id}`, readonly: true, value: one.link, "aria-label": `Link for ${one.name}` }),
    h("button", { ...about, type: "button", class: "btn btn-small", "aria-label": `Copy the link for ${one.name}`, onClick: () => act.copy(one) },
      act.copied === one.id ? "Copied" : "Copy"),
  ]);
}

function after(act) {
  return h("div", { class: "actions" }, [
    h("a", { class: "btn", href: `${act.bulk}/${act.now.id}/results.csv` }, "Download the results"),
    h("a", { class: "btn btn-quiet", href: act.bulk }, "All bulk acts"),
  ]);
}
