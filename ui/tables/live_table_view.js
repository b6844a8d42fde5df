// Draws a live table: `view(table)` is its render function. A template would have to be compiled in
// the browser, tens of milliseconds before the first row.
import { h } from "vue";
import { icon } from "icons";
import { actsMenu, button, menu } from "menus";
import { selectionBar } from "selection_bar";
import { title, unfiltered } from "table_rows";
import { toolbar } from "table_toolbar";

const LEAVES = "no longer matches the filters";
const MANY = 5; // with more columns each is narrower

export function view(table) {
  return h("div", { class: ["list", table.list.plural, look(table)] }, [
    head(table),
    table.tabs.length ? tabs(table) : null,
    h("div", { ref: "top", class: "list-top" }, [toolbar(table), counts(table)]),
    h("p", { class: "visually-hidden", role: "status" }, table.spoken),
    table.error && failure(table),
    table.items.length ? card(table) : empty(table),
    table.found > table.items.length && leftOut(table),
    (table.canTurnBack || table.canTurn) && pager(table),
    table.chosenCount ? selectionBar(table) : null,
  ]);
}

function look(table) {
  return { "is-compact": table.isCompact, "is-wide": table.columnsShown.length > MANY };
}

function head(table) {
  return h("div", { class: "page-head" }, [
    h("div", { class: "details-title" }, [h("h1", table.title), viewsMenu(table)]),
    h("div", { class: "actions" }, headActs(table)),
  ]);
}

// The tabs of sibling lists, each with its count.
function tabs(table) {
  return h("nav", { class: "tabs", "aria-label": table.title }, table.tabs.map(({ label, url, tally }) => {
    const count = url ? table.all[tally] : unfiltered({}, table.all, table.list);
    const content = [label, " ", h("span", { class: "tab-count" }, table.number(count ?? 0))];
    // The list that is open is no link.
    return url
      ? h("a", { key: label, class: "tab", href: url }, content)
      : h("span", { key: label, class: "tab", "aria-current": "page" }, content);
  }));
}

// The main act is a button, and so are one or two beside it; of more, those that needn't stay are in
// a menu.
function headActs(table) {
  const beside = table.head.filter(({ primary }) => !primary);
  const others = beside.filter(({ stays }) => !stays).map((item) => headAct(table, item));
  if (table.export_url) others.unshift({ label: "Export", run: table.exportAll, look: "btn btn-quiet" });
  const staying = beside.filter(({ stays }) => stays).map((item) => headAct(table, item));
  return [
    others.length + staying.length > 2
      ? actsMenu(table, {
          name: "head",
          attributes: { class: "btn btn-quiet menu-button", "aria-label": null },
          label: "More",
          content: "More",
          items: () => others,
        })
      : others.map(asButton),
    staying.map(asButton),
    mainActs(table),
  ];
}

const asButton = ({ label, url, run, look = "btn" }) => headButton(look, label, url, run);

function mainActs(table) {
  return table.head.filter(({ primary }) => primary).map((item) => {
    const { label, url, run } = headAct(table, item);
    return headButton("btn btn-primary", label, url, run);
  });
}

function headAct(table, { label, url, event }) {
  return { label, url, run: () => table.$emit(event) };
}

function headButton(look, label, url, run) {
  return url ? h("a", { key: label, class: look, href: url }, label) : button(look, label, run, { key: label });
}

// Saved views. Each is a link, so that it can be opened in another tab, or sent to somebody.
export function viewsMenu(table) {
  const saved = (event) => {
    event.preventDefault();
    table.saveView(new FormData(event.target).get("name"));
    event.target.reset();
    event.target.closest("details")?.querySelector("summary").focus(); // the menu closes
  };
  const summary = { class: "btn btn-quiet menu-button", "aria-label": "Saved views" };
  // A link can carry any name: it turns no direction but its own.
  const shown = h("bdi", table.viewName || `All ${table.list.plural}`);
  return menu(table, "views", summary, shown, () => [
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

function counts(table) {
  return h("div", { class: "counts" }, [
    h("strong", table.countText),
    table.arrived.length ? button("arrived", table.arrivedText, () => table.takeArrived()) : null,
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
    class: [table.fresh[row.id], states, table.rowLook(row)],
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

function empty(table) {
  const none = unfiltered(table.shown.query, table.all, table.list)
    ? [
        ...(isAboutWhoIsHere(table)
          ? [h("h2", "Nobody is here now"), h("p", "Whoever opens Rollcall appears at once.")]
          : [h("h2", `No ${table.list.plural} match`), h("p", "Check the spelling, or look with fewer filters.")]),
        button("btn", "Clear filters", table.clear),
      ]
    : [h("h2", `No ${table.list.plural} yet`), h("p", table.empty_hint), mainActs(table)];
  return h("div", { class: "table-card empty", "aria-busy": String(table.loading) }, [
    table.loading && h("div", { class: "loading" }),
    h("div", { class: "empty-icon" }, [icon("people", 22)]),
    none,
  ]);
}

// Whether the only filter is "here now".
function isAboutWhoIsHere({ shown, list }) {
  const { query } = shown;
  return Boolean(query.here) && !query.q && !list.filters.some(({ key }) => key !== "here" && query[key]);
}

// Printed: how many rows are left out.
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
