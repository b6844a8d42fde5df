// What a live table looks like: `view(table)` is its render function. It is written out, since a
// template would first be compiled in the browser: tens of milliseconds before the first row.
import { h } from "vue";
import { icon } from "icons";
import { title } from "table_rows";

const LEAVES = "no longer matches the filters";

export function view(table) {
  return h("div", { class: ["list", table.list.plural] }, [
    head(table),
    toolbar(table),
    counts(table),
    h("p", { class: "visually-hidden", role: "status" }, table.spoken),
    table.error && failure(table),
    table.items.length ? card(table) : empty(table),
    table.found > table.items.length && leftOut(table),
    (table.canTurnBack || table.canTurn) && pager(table),
  ]);
}

function head(table) {
  return h("div", { class: "page-head" }, [
    h("h1", table.title),
    h("div", { class: "actions" }, table.head.map((item) => headItem(table, item))),
  ]);
}

function headItem(table, { label, url, event, primary }) {
  const look = `btn ${primary ? "btn-primary" : "btn-quiet"}`;
  if (url) return h("a", { class: look, href: url }, label);
  return button(look, label, () => table.$emit(event));
}

function toolbar(table) {
  const submitted = (event) => {
    event.preventDefault();
    table.ask();
  };
  const label = title(table.list.plural);
  return h("form", { class: "toolbar", role: "search", "aria-label": label, onSubmit: submitted }, [
    table.list.search.length ? search(table) : null,
    table.list.filters.map((filter) => FILTERS[filter.kind](table, filter)),
    table.filtered && table.items.length
      ? button("btn btn-quiet", "Clear filters", table.clear)
      : null,
  ]);
}

function search(table) {
  const typed = (event) => {
    table.text = event.target.value;
    // What is still being composed (a Japanese word, say) is no word yet.
    if (!event.isComposing) table.typed();
  };
  return h("div", { class: "search" }, [
    icon("search", 16),
    h("input", {
      ref: "search",
      type: "search",
      "aria-label": `Search ${table.list.plural}`,
      placeholder: `Search ${table.list.plural}`,
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 200,
      value: table.text,
      onInput: typed,
      onCompositionend: typed,
    }),
  ]);
}

const FILTERS = {
  choice: (table, filter) => select(table, filter),
  person: (table, filter) => select(table, filter),
  value: (table, filter) => select(table, filter),
  check: (table, { key, label }) =>
    h("label", { key, class: "check" }, [
      h("input", {
        type: "checkbox",
        checked: table.asked[key] === "1",
        onChange: (event) => table.change({ [key]: event.target.checked ? "1" : "" }),
      }),
      label,
    ]),
  dates: (table, filter) => [day(table, filter, "from", 0), day(table, filter, "to", 1)],
};

function select(table, { key, label, everything, options }) {
  const id = `${table.$attrs.id}-${key}`;
  const choices = [{ key: "", label: everything }, ...options];
  return h("div", { key, class: ["filter", { "filter-on": table.asked[key] }] }, [
    h("label", { for: id }, label),
    h(
      "select",
      {
        id,
        value: table.asked[key],
        onChange: (event) => table.change({ [key]: event.target.value }),
      },
      choices.map((choice) => h("option", { key: choice.key, value: choice.key }, choice.label)),
    ),
  ]);
}

function day(table, { key, label }, word, end) {
  const id = `${table.$attrs.id}-${key}-${word}`;
  const ends = (table.asked[key] || "..").split("..");
  const changed = (event) => {
    ends[end] = event.target.value;
    const text = ends.join("..");
    table.change({ [key]: text === ".." ? "" : text });
  };
  return h("div", { key: id, class: ["filter", { "filter-on": ends[end] }] }, [
    h("label", { for: id }, `${label} ${word}`),
    h("input", {
      id,
      type: "date",
      class: { "is-empty": !ends[end] },
      value: ends[end],
      onChange: changed,
    }),
  ]);
}

function counts(table) {
  return h("div", { class: "counts" }, [
    h("strong", table.countText),
    table.all.all && table.breakdown ? h("span", { class: "muted" }, table.breakdown) : null,
  ]);
}

function failure(table) {
  return h("div", { class: "banner banner-danger users-error", role: "alert" }, [
    h("span", `Couldn't load ${table.list.plural}. ${table.error}`),
    button("btn btn-small", "Try again", () => table.ask()),
  ]);
}

function card(table) {
  return h("div", { class: "table-card" }, [
    table.loading && h("div", { class: "loading" }),
    h(
      "table",
      { class: "table", role: "table", "aria-label": title(table.list.plural), "aria-busy": String(table.loading) },
      [
        h("thead", { role: "rowgroup" }, [
          h("tr", { role: "row" }, [
            table.list.columns.map((column) => heading(table, column)),
            table.actions && actionsHeading(),
          ]),
        ]),
        h(
          "tbody",
          { role: "rowgroup" },
          table.items.slice(0, table.most).map((row) => item(table, row)),
        ),
      ],
    ),
  ]);
}

function heading(table, { key, label, sorts }) {
  const attributes = {
    key,
    role: "columnheader",
    scope: "col",
    class: `col-${key}`,
    "aria-sort": table.sorted(key),
  };
  if (!sorts) return h("th", attributes, label);
  const sort = { type: "button", class: "sort", onClick: () => table.sortBy(key) };
  return h("th", attributes, [h("button", sort, [label, icon("arrow", 12)])]);
}

function actionsHeading() {
  return h("th", { role: "columnheader", scope: "col", class: "col-actions" }, "Actions");
}

function item(table, row) {
  const leaves = !table.fitsShown(row);
  const look = [table.fresh[row.id], { "is-leaving": leaves }, table.look(row)];
  return h("tr", { key: row.id, role: "row", class: look }, [
    table.list.columns.map((column, at) =>
      cell(column.key, [
        table.cells[column.cell](table, row, column),
        at === 0 && leaves && h("span", { class: "visually-hidden" }, LEAVES),
      ]),
    ),
    table.actions && cell("actions", table.actions(table, row)),
  ]);
}

function cell(key, content) {
  return h("td", { key, role: "cell", class: `col-${key}` }, content);
}

function empty(table) {
  const none = table.all.all
    ? [
        h("h2", `No ${table.list.plural} match`),
        h("p", "Check the spelling, or look with fewer filters."),
        button("btn", "Clear filters", table.clear),
      ]
    : [h("h2", `No ${table.list.plural} yet`), h("p", table.empty_hint)];
  return h("div", { class: "table-card empty", "aria-busy": String(table.loading) }, [
    table.loading && h("div", { class: "loading" }),
    h("div", { class: "empty-icon" }, [icon("people", 22)]),
    none,
  ]);
}

// Of a print: what it doesn't have.
function leftOut(table) {
  const { found, items, list, number } = table;
  const more = number(found - items.length);
  return h("p", { class: "print-only" }, `${more} more ${list.plural} match; they are on other pages.`);
}

function pager(table) {
  return h("nav", { class: "pager", "aria-label": "Pages" }, [
    h("p", `Page ${table.number(table.pageNow)} of ${table.number(table.pagesNow)}`),
    turn(table, "Previous", -1, !table.canTurnBack),
    turn(table, "Next", 1, !table.canTurn),
  ]);
}

function turn(table, label, step, isEnd) {
  return button("btn", label, () => table.turn(step), { "aria-disabled": isEnd ? "true" : null });
}

function button(look, label, onClick, attributes = {}) {
  return h("button", { type: "button", class: look, onClick, ...attributes }, label);
}
