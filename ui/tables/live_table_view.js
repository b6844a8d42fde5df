// What a live table looks like: `view(table)` is its render function. It is written out, since a
// template would first be compiled in the browser: tens of milliseconds before the first row.
import { h } from "vue";
import { icon } from "icons";
import { selectionBar } from "selection_bar";
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
    table.chosenCount ? selectionBar(table) : null,
    table.listsKeys ? keyboard(table) : null,
  ]);
}

function head(table) {
  return h("div", { class: "page-head" }, [
    h("div", { class: "details-title" }, [h("h1", table.title), viewsMenu(table)]),
    h("div", { class: "actions" }, [
      table.export_url && button("btn btn-quiet", "Export", table.exportAll),
      table.head.map((item) => headItem(table, item)),
    ]),
  ]);
}

// A button whose panel is there while it is open.
export function menu(table, name, attributes, label, panel) {
  const isOpen = table.openMenu === name;
  const toggled = ({ target }) => {
    if (target.open) table.openMenu = name;
    else if (table.openMenu === name) table.openMenu = "";
  };
  const shown = { class: ["menu", `menu-${name}`], open: isOpen, onToggle: toggled };
  return h("details", shown, [h("summary", attributes, label), isOpen ? panel() : null]);
}

// Saved views: each is a link, so that it can be opened beside this one, or sent to somebody.
function viewsMenu(table) {
  const saved = (event) => {
    event.preventDefault();
    table.saveView(new FormData(event.target).get("name"));
    event.target.reset();
  };
  const summary = { class: "btn btn-quiet menu-button", "aria-label": "Saved views" };
  return menu(table, "views", summary, table.viewName || `All ${table.list.plural}`, () => [
    h("div", { class: "menu-panel" }, [
      h("a", { class: "menu-item", href: location.pathname }, `All ${table.list.plural}`),
      table.saved.map((view) =>
        h("div", { key: view.name, class: "menu-row" }, [
          h("a", { class: "menu-item isolate", dir: "auto", href: table.viewUrl(view) }, view.name),
          h("button", {
            type: "button",
            class: "icon-button",
            "aria-label": `Remove ${view.name}`,
            onClick: () => table.removeView(view.name),
          }, [icon("close", 12)]),
        ]),
      ),
      h("form", { class: "menu-form", onSubmit: saved }, [
        h("input", { name: "name", "aria-label": "Name of this view", maxlength: 60, required: true,
          placeholder: "Name of this view", autocomplete: "off" }),
        h("button", { class: "btn btn-small" }, "Save"),
      ]),
    ]),
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
    table.filtersShown.map((filter) => FILTERS[filter.kind](table, filter)),
    table.filtersShown.length < table.list.filters.length ? filtersMenu(table) : null,
    table.filtered && table.items.length
      ? button("btn btn-quiet", "Clear filters", table.clear)
      : null,
    table.list.columns.length > 2 ? columnsMenu(table) : null,
  ]);
}

// Filters that are needed now and then.
function filtersMenu(table) {
  const others = table.list.filters.filter((filter) => !table.filtersShown.includes(filter));
  const summary = { class: "btn btn-quiet menu-button" };
  return menu(table, "more", summary, "+ Filter", () => [
    h("div", { class: "menu-panel", role: "group", "aria-label": "Filters" }, [
      others.map(({ key, label }) => button("menu-item", label, () => table.showFilter(key))),
    ]),
  ]);
}

// Which columns are shown: the one that opens the row always is.
function columnsMenu(table) {
  const summary = { class: "btn btn-quiet menu-button" };
  return menu(table, "columns", summary, "Columns", () => [
    h("div", { class: "menu-panel", role: "group", "aria-label": "Columns" }, [
      table.list.columns.map(({ key, label, opens }) =>
        h("label", { key, class: "menu-item" }, [
          h("input", {
            type: "checkbox",
            disabled: opens,
            checked: table.columnsShown.some((column) => column.key === key),
            onChange: (event) => table.showColumn(key, event.target.checked),
          }),
          label,
        ]),
      ),
    ]),
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
  ...Object.fromEntries(["choice", "person", "value"].map((kind) => [kind, select])),
  check: (table, { key, label }) =>
    h("label", { key, class: "check" }, [
      h("input", {
        type: "checkbox",
        checked: table.asked[key] === "1",
        onChange: (event) => table.change({ [key]: event.target.checked ? "1" : "" }),
      }),
      label,
      table.all[key] == null ? null : h("strong", { class: "tally" }, table.number(table.all[key])),
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
    table.arrived.length ? button("arrived", table.arrivedText, () => table.showArrived()) : null,
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
            table.acts.length ? selectAll(table) : null,
            table.columnsShown.map((column) => heading(table, column)),
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
  const chosen = table.isChosen(row.id);
  const states = { "is-leaving": leaves, "is-chosen": chosen, opens: table.base_url };
  const attributes = {
    key: row.id,
    role: "row",
    class: [table.fresh[row.id], states, table.look(row)],
    "data-row": row.id,
    "aria-selected": table.acts.length ? String(chosen) : null,
    onClick: (event) => table.open(row, event),
  };
  return h("tr", attributes, [
    table.acts.length ? cell({ key: "select" }, [selectBox(table, row, chosen)]) : null,
    table.columnsShown.map((column, at) =>
      cell(column, [
        table.cells[column.cell](table, row, column),
        at === 0 && leaves && h("span", { class: "visually-hidden" }, LEAVES),
      ]),
    ),
    table.actions && cell({ key: "actions" }, table.actions(table, row)),
  ]);
}

function cell({ key, label }, content) {
  return h("td", { key, role: "cell", class: `col-${key}`, "data-label": label }, content);
}

function selectAll(table) {
  const all = table.items.length > 0 && table.items.every((row) => table.isChosen(row.id));
  return h("th", { key: "select", role: "columnheader", class: "col-select" }, [
    h("input", {
      type: "checkbox",
      checked: all,
      indeterminate: !all && table.chosenCount > 0,
      "aria-label": `Select the ${table.items.length} on this page`,
      onChange: (event) => table.choosePage(event.target.checked),
    }),
  ]);
}

function selectBox(table, row, chosen) {
  return h("input", {
    type: "checkbox",
    checked: chosen,
    "aria-label": `Select ${table.nameOf(row)}`,
    onChange: (event) => table.choose(row.id, event.target.checked),
  });
}

const KEYS = [
  ["/", "Search"],
  ["j", "Next row"],
  ["k", "Previous row"],
  ["x", "Select the row, or not any more"],
  ["Enter", "Open the row"],
  ["n", "New"],
  ["?", "List these keys"],
];

function keyboard(table) {
  const closed = () => (table.listsKeys = false);
  const shown = { class: "dialog", "aria-labelledby": "keyboard-title", onClose: closed };
  return h("dialog", { ...shown, onVnodeMounted: ({ el }) => el.showModal() }, [
    h("form", { class: "dialog-form", method: "dialog" }, [
      h("h2", { id: "keyboard-title" }, "Keyboard"),
      h("dl", { class: "keys" }, KEYS.map(([key, what]) =>
        h("div", { key }, [h("dt", [h("kbd", key)]), h("dd", what)]),
      )),
      h("label", { class: "check" }, [
        h("input", {
          type: "checkbox",
          checked: table.keysOn,
          onChange: (event) => table.turnKeys(event.target.checked),
        }),
        "Single keys act",
      ]),
      h("div", { class: "dialog-actions" }, [h("button", { class: "btn btn-primary" }, "Close")]),
    ]),
  ]);
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

export function button(look, label, onClick, attributes = {}) {
  return h("button", { type: "button", class: look, onClick, ...attributes }, label);
}
