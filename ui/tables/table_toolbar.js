// The bar above a live table: the search, the filters, and the choices of how the table looks.
import { h } from "vue";
import { icon } from "icons";
import { button, menu } from "menus";
import { singleKeys } from "single_keys";
import { isBox, title } from "table_rows";

export function toolbar(table) {
  const submitted = (event) => {
    event.preventDefault();
    table.ask();
  };
  const label = title(table.list.plural);
  const look = ["toolbar", "folds", { "filters-open": table.filtersOpen }];
  return h("form", { class: look, role: "search", "aria-label": label, onSubmit: submitted }, [
    table.list.search.length ? search(table) : null,
    filtersButton(table),
    table.filtersShown.map((filter) => FILTERS[filter.kind](table, filter)),
    table.filtersShown.length < table.list.filters.length ? filtersMenu(table) : null,
    table.filtered && table.items.length
      ? button("btn btn-quiet clear-filters", "Clear filters", table.clear)
      : null,
    sortBy(table),
    table.list.columns.length > 2 ? columnsMenu(table) : null,
  ]);
}

// For phones, where the filters wait behind it, and it counts those that are set.
export function filtersButton(table) {
  const isSet = (filter) => table.asked[filter.key] && !isBox(filter, table.me, table.asked[filter.key]);
  const set = table.filtersShown.filter(isSet).length;
  const attributes = {
    type: "button",
    class: "btn filters-button",
    "aria-expanded": String(table.filtersOpen),
    onClick: () => (table.filtersOpen = !table.filtersOpen),
  };
  return h("button", attributes, ["Filters", set ? h("strong", { class: "tally" }, ` ${set}`) : null]);
}

// For narrow screens, where rows are cards and there are no headings to click.
function sortBy(table) {
  const id = `${table.$attrs.id}-sort`;
  const { sort, dir } = table.asked;
  const changed = ({ target }) => {
    const [column, way] = target.value.split(" ");
    table.change({ sort: column, dir: way });
  };
  const options = table.list.columns
    .filter(({ sorts }) => sorts)
    .flatMap(({ key, label }) => [[`${key} asc`, `${label} ↑`], [`${key} desc`, `${label} ↓`]]);
  return h("div", { class: "filter sort-by" }, [
    h("label", { for: id }, "Sort by"),
    h(
      "select",
      { id, value: `${sort} ${dir}`, onChange: changed },
      options.map(([value, text]) => h("option", { key: value, value }, text)),
    ),
  ]);
}

// Filters that are needed seldom.
function filtersMenu(table) {
  const others = table.list.filters.filter((filter) => !table.filtersShown.includes(filter));
  const summary = { class: "btn btn-quiet menu-button" };
  return menu(table, "more", summary, "+ Filter", () => [
    h("div", { class: "menu-panel", role: "group", "aria-label": "Filters" }, [
      others.map(({ key, label }) => button("menu-item", label, () => table.showFilter(key))),
    ]),
  ]);
}

// The choice of columns (the one that opens the row is always shown), and of the rows' look, if the
// table offers that.
export function columnsMenu(table) {
  const summary = { class: "btn btn-quiet menu-button" };
  return menu(table, "columns", summary, "Columns", () => [
    h("div", { class: "menu-panel" }, [
      h("div", { role: "group", "aria-label": "Columns" },
        table.list.columns.map((column) => columnBox(table, column))),
      table.chooseCompact && h("div", { class: "menu-part", role: "radiogroup", "aria-label": "Density" }, [
        density(table, "Comfortable", false),
        density(table, "Compact", true),
      ]),
      table.chooseSize && h("label", { class: "menu-part menu-item" }, ["Rows per page", sizes(table)]),
    ]),
  ]);
}

function columnBox(table, { key, label, opens }) {
  return h("label", { key, class: "menu-item" }, [
    h("input", {
      type: "checkbox",
      disabled: opens,
      checked: table.columnsShown.some((column) => column.key === key),
      onChange: (event) => table.showColumn(key, event.target.checked),
    }),
    label,
  ]);
}

function density(table, label, isCompact) {
  const choice = { type: "radio", name: "density", checked: table.isCompact === isCompact };
  return h("label", { class: "menu-item" }, [
    h("input", { ...choice, onChange: () => table.chooseCompact(isCompact) }),
    label,
  ]);
}

function sizes(table) {
  const value = Number(table.asked.size);
  const onChange = (event) => table.chooseSize(Number(event.target.value));
  return h("select", { value, onChange }, table.list.sizes.map((size) => h("option", { value: size }, size)));
}

function search(table) {
  const typed = (event) => {
    table.text = event.target.value;
    // A word that is still being composed, for example in Japanese, isn't searched yet.
    if (!event.isComposing) table.typed();
  };
  return h("div", { class: "search" }, [
    icon("search", 16),
    h("input", {
      ref: "search",
      type: "search",
      "aria-label": `Search ${table.list.searched}`,
      placeholder: `Search ${table.list.searched}`,
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 200,
      value: table.text,
      onInput: typed,
      onCompositionend: typed,
    }),
    singleKeys.on && h("kbd", { "aria-hidden": "true" }, "/"),
  ]);
}

const FILTERS = {
  ...Object.fromEntries(["choice", "value"].map((kind) => [kind, select])),
  person: (table, filter) => {
    if (!isBox(filter, table.me, table.asked[filter.key])) return select(table, filter);
    return box(table, { ...filter, label: filter.own }, null, table.me);
  },
  check: (table, filter) => box(table, filter, table.all[filter.key]),
  too: (table, filter) => box(table, filter, null),
  dates: (table, filter) => [day(table, filter, "from", 0), day(table, filter, "to", 1), backwards(table, filter)],
};

function box(table, { key, label }, tally, value = "1") {
  return h("label", { key, class: "check" }, [
    h("input", {
      type: "checkbox",
      checked: table.asked[key] === value,
      onChange: (event) => table.change({ [key]: event.target.checked ? value : "" }),
    }),
    label,
    tally == null ? null : h("strong", { class: "tally" }, table.number(tally)),
  ]);
}

function select(table, { key, label, everything, options }) {
  const id = `${table.$attrs.id}-${key}`;
  const choices = [{ key: "", label: everything }, ...(table.offered[key] ?? options)];
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

const endsOf = (table, key) => (table.asked[key] || "..").split("..");
const isBackwards = ([from, to]) => Boolean(from && to && from > to);

function backwards(table, { key, label }) {
  if (!isBackwards(endsOf(table, key))) return null;
  const words = `“${label} from” is after “${label} to”, so nothing can match.`;
  return h("p", { key: `${key}-backwards`, class: "banner banner-danger", role: "alert" }, words);
}

function day(table, { key, label }, word, end) {
  const id = `${table.$attrs.id}-${key}-${word}`;
  const ends = endsOf(table, key);
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
      "aria-invalid": isBackwards(ends) ? "true" : null,
      onChange: changed,
    }),
  ]);
}
