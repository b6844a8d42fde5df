// Draws the preview of a file: its encoding, columns, and rows with what will happen to them.
import { h } from "vue";
import { icon } from "icons";

const FATES = [
  ["", "All rows"],
  ["invite", "To invite"],
  ["correct", "Need a correction"],
  ["skip", "Skipped"],
];
const MARKS = { invite: "check", correct: "alert", skip: "dash" };
const STATES = { done: "Done", stopped: "Stopped", failed: "Ended early", running: "Running" };

export function view(page) {
  const { preview } = page;
  return h("div", { class: "import", "aria-busy": page.phase === "reading" ? "true" : null }, [
    preview ? null : chooser(page),
    page.error && h("div", { class: "banner banner-danger", role: "alert" }, page.error),
    preview && head(page),
    preview?.encodings.length ? encodings(page) : null,
    preview && columns(page),
    preview && rows(page),
    preview && foot(page),
    !preview && page.runs.length ? latest(page) : null,
  ]);
}

export function count(number) {
  return number.toLocaleString("en-GB");
}

export function counted(number, one, many) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

function fileButton(page, label, primary) {
  const busy = page.phase === "reading";
  return h("label", { class: `btn ${primary ? "btn-primary" : "btn-quiet"}`, "aria-disabled": busy ? "true" : null }, [
    h("input", {
      type: "file",
      class: "visually-hidden",
      accept: ".csv,.tsv,.txt,.xlsx,text/csv,text/plain",
      "aria-label": "Choose a file",
      "aria-disabled": busy ? "true" : null, // not `disabled`: it keeps the focus while it is busy
      onClick: (event) => busy && event.preventDefault(),
      onChange: page.chosen,
    }),
    label,
  ]);
}

function chooser(page) {
  return h("section", { class: "card import-choose" }, [
    h("p", [
      "A .csv or .xlsx file with one person a row, up to 10,000: as Excel, Google, Okta or Entra export it, or with the columns ",
      h("strong", "First Name"), ", ", h("strong", "Last Name"), ", ", h("strong", "Email"), " and ", h("strong", "Role"),
      ". You see what happens to each row before anybody is invited.",
    ]),
    h("div", { class: "actions" }, [
      fileButton(page, page.phase === "reading" ? "Reading …" : "Choose a file", true),
      h("a", { class: "btn btn-quiet", href: page.example, download: "invitations.csv" }, "Download an example"),
      page.name && h("span", { class: "muted isolate", dir: "auto" }, page.name),
    ]),
  ]);
}

function head(page) {
  const { name, kind, rows, by_mail } = page.preview;
  const sent = by_mail ? "Nothing has been sent yet." : "Nobody has been invited yet.";
  return h("div", { class: "import-head" }, [
    h("p", { class: "muted", role: "status" }, [
      h("span", { class: "isolate", dir: "auto" }, name),
      `, ${counted(rows, "row", "rows")}, ${kind}. ${sent}`,
    ]),
    fileButton(page, "Choose another file", false),
  ]);
}

function encodings(page) {
  const chosen = page.preview.encodings.find((encoding) => encoding.chosen);
  return h("section", { class: "card" }, [
    h("h2", { tabindex: -1 }, "How are its letters written?"),
    h("div", { class: "import-encodings" }, [
      h("div", { class: "import-segments", role: "radiogroup", "aria-label": "How its letters are written" },
        page.preview.encodings.map((encoding) =>
          h("label", { key: encoding.key, class: { "import-segment": true, on: encoding.chosen } }, [
            h("input", {
              type: "radio",
              name: "encoding",
              class: "visually-hidden",
              checked: encoding.chosen,
              onChange: () => page.choose({ encoding: encoding.key }),
            }),
            encoding.chosen && icon("check", 13),
            encoding.label,
          ]),
        ),
      ),
      h("p", { role: "status" }, chosen.lines.flatMap(([line, text], at) => [
        at ? `, line ${line} ` : `Line ${line} reads `,
        h("strong", { class: "isolate", dir: "auto" }, text),
      ])),
    ]),
  ]);
}

function columns(page) {
  return h("section", { class: "card" }, [
    h("h2", { tabindex: -1 }, "Which column is which?"),
    h("table", { class: "table import-columns", role: "table", "aria-label": "Columns" }, [
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
        ["Rollcall", "In the file", "First three rows", ""].map((text) =>
          h("th", { role: "columnheader", scope: "col" }, text || h("span", { class: "visually-hidden" }, "How it was found"))),
      )),
      h("tbody", { role: "rowgroup" }, page.preview.fields.map((field) => column(page, field))),
    ]),
  ]);
}

function column(page, field) {
  const option = (value, label) => h("option", { value, selected: field.column === value }, label);
  return h("tr", { key: field.key, role: "row" }, [
    h("th", { role: "rowheader", scope: "row" }, field.label),
    h("td", { role: "cell" }, h("div", { class: "field" }, h("select", {
      "aria-label": `Column for ${field.label}`,
      value: field.column,
      onChange: (event) => page.choose({ field: field.key, column: event.target.value }),
    }, [
      option("", field.optional ? "No column" : "Choose a column"),
      ...(field.key === "role"
        ? page.preview.roles.map(([value, label]) => option(`=${value}`, `Everyone is ${label}`))
        : []),
      ...page.preview.headings.map((heading, at) => option(String(at), heading)),
    ]))),
    h("td", { role: "cell", class: "muted" }, h("span", { class: "isolate", dir: "auto" }, field.samples)),
    h("td", { role: "cell", class: "muted import-found" }, field.found),
  ]);
}

function rows(page) {
  const { fate, counts, shown } = page.preview;
  return h("section", { class: "table-card import-rows" }, [
    h("div", { class: "import-tabs", role: "group", "aria-label": "Rows by what happens" },
      FATES.map(([key, label]) =>
        h("button", {
          key,
          type: "button",
          class: { "import-tab": true, on: fate === key },
          "aria-pressed": fate === key ? "true" : "false",
          onClick: () => page.choose({ fate: key, page: 1 }),
        }, [`${label} `, h("strong", count(counts[key || "all"]))]),
      ),
    ),
    h("table", { class: "table", role: "table", "aria-label": "Rows of the file" }, [
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" },
        ["Line", "First Name", "Last Name", "Email", "Role", "What happens"].map((text) =>
          h("th", { key: text, role: "columnheader", scope: "col", class: text === "Line" ? "col-line" : null }, text)),
      )),
      h("tbody", { role: "rowgroup" }, shown.map((row) =>
        h("tr", { key: row.line, role: "row" }, [
          h("td", { role: "cell", class: "col-line muted" }, String(row.line)),
          ...["first_name", "last_name", "email", "role"].map((key) =>
            h("td", { key, role: "cell", class: key === "email" ? "muted" : null },
              h("span", { class: "isolate", dir: "auto" }, row[key] || "–"))),
          h("td", { role: "cell" }, h("span", { class: `import-fate import-${row.fate}` }, [
            icon(MARKS[row.fate], 15), row.text,
          ])),
        ]),
      )),
    ]),
    shown.length ? null : h("p", { class: "muted import-none" }, "No rows of this kind."),
    pager(page),
  ]);
}

function pager(page) {
  const { page: at, pages, fate } = page.preview;
  if (pages < 2) return null;
  const button = (label, to) => h("button", {
    class: "btn btn-small",
    type: "button",
    "aria-disabled": to < 1 || to > pages ? "true" : null,
    onClick: () => to >= 1 && to <= pages && page.choose({ fate, page: to }),
  }, label);
  return h("div", { class: "pager" }, [
    h("p", { class: "muted" }, `Page ${count(at)} of ${count(pages)}`),
    button("Previous", at - 1),
    button("Next", at + 1),
  ]);
}

function foot(page) {
  const { counts, by_mail } = page.preview;
  const what = by_mail ? ["invitation", "invitations"] : ["link", "links"];
  const stay = counts.correct === 1 ? "1 row stays out. It can be downloaded, mended and invited later." :
    `${count(counts.correct)} rows stay out. They can be downloaded, mended and invited later.`;
  return h("div", { class: "import-foot" }, [
    h("p", { class: "muted" }, counts.correct ? stay : counts.invite ? "" : "There is nobody to invite."),
    h("div", { class: "actions" }, [
      counts.correct
        ? h("button", { class: "btn", type: "button", onClick: () => page.$emit("rest") },
          counts.correct === 1 ? "Download the row" : `Download the ${count(counts.correct)} rows`)
        : null,
      counts.invite
        ? h("button", { class: "btn btn-primary", type: "button", onClick: page.start },
          `${by_mail ? "Send" : "Make"} ${counted(counts.invite, ...what)}`)
        : null,
    ]),
  ]);
}

function latest(page) {
  return h("section", { class: "card" }, [
    h("h2", "Imports of the last week"),
    h("ul", { class: "import-latest", role: "list" }, page.runs.map((run) =>
      h("li", { key: run.id }, [
        h("a", { href: `${page.imports_url}/${run.id}`, class: "isolate", dir: "auto" }, run.file_name),
        h("span", { class: "muted" }, [
          ` by `, h("span", { class: "isolate", dir: "auto" }, run.started_by),
          run.state === "running"
            ? `: ${count(run.done)} of ${counted(run.rows, "row", "rows")} done`
            : `: ${STATES[run.state]}, ${count(run.invited)} invited`,
        ]),
      ]),
    )),
  ]);
}
