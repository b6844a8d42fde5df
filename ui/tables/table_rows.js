// What a live table computes from rows alone, without the document or the socket. `config` is the
// server's description of the list (`ui/tables/config.py`).

// The query of a url without parameters.
export function defaults(config) {
  const filters = Object.fromEntries(config.filters.map(({ key }) => [key, ""]));
  return { q: "", ...filters, sort: config.sort, dir: "asc", page: 1, size: config.size };
}

// The query in a url's parameters; the server drops parameters that make no sense.
export function fromUrl(search, config) {
  const values = new URLSearchParams(search);
  const query = defaults(config);
  for (const name of Object.keys(query)) query[name] = values.get(name) ?? query[name];
  query.page = Math.max(1, Number.parseInt(query.page, 10) || 1);
  query.size = Number.parseInt(query.size, 10) || config.size;
  return query;
}

// The parts of a query that differ from the defaults.
export function asked(query, config) {
  const usual = Object.entries(defaults(config));
  const other = usual.filter(([name, value]) => query[name] !== value);
  return Object.fromEntries(other.map(([name]) => [name, String(query[name])]));
}

// The parameters of a url for a query, with the name of its saved view.
export function toUrl(query, config, view = "") {
  const values = new URLSearchParams(asked(query, config));
  if (view) values.set("view", view);
  const search = values.toString();
  return search ? `?${search}` : "";
}

// Whether a filter is a box to tick: the reader is all whom it may be about.
export function isBox({ kind, own, options }, me, asked) {
  const isOwn = own && options.length === 1 && options[0].key === me;
  return kind === "check" || (isOwn && (!asked || asked === me));
}

export function isFiltered(query, config) {
  return Boolean(query.q.trim()) || config.filters.some(({ key, kind }) => kind !== "too" && query[key]);
}

// How many rows the list has without filters: all, except those that are shown only if one asks for
// them.
export function unfiltered(query, all, config) {
  const out = config.filters.filter(({ key, kind }) => kind === "too" && !query[key]);
  return out.reduce((count, { key }) => count - (all[key] ?? 0), all.all);
}

// What a query asks of each row: the words of its search, which the server has folded, and the
// matches of its filters. It is worked out once a query: a page has fifty rows, and a list a dozen
// filters.
export function asks(query, folded, config) {
  const words = (folded ?? "").split(/\s+/u).filter(Boolean);
  const filters = config.filters.map((filter) => matchOf(filter, query[filter.key] ?? ""));
  return { words, matches: [config.belongs, ...filters.filter(Boolean)] };
}

// Whether a row has what `asks` found.
export function fits(row, asked, config) {
  const key = asked.words.length ? searchKey(row, config) : "";
  return (
    asked.words.every((word) => key.includes(word)) &&
    asked.matches.every((match) => matches(row, match))
  );
}

function matchOf(filter, text) {
  const option = filter.options.find(({ key }) => key === text);
  if (option) return option.match;
  if (!text) return null;
  if (filter.kind === "person") return { [filter.field]: text };
  const [from, to] = text.split("..");
  return filter.kind === "dates" ? { [filter.field]: { from, to } } : null;
}

export function matches(row, match) {
  return Object.entries(match).every(([name, wanted]) => holds(row[name], wanted));
}

function holds(value, wanted) {
  if (Array.isArray(value)) return value.includes(wanted); // one of several values
  // A value that the server left out is empty or false.
  if (wanted === null || typeof wanted !== "object") return (value || null) === (wanted || null);
  if (wanted.given) return Boolean(value);
  if (wanted.within) return Boolean(value) && !isOlder(value, wanted.within);
  if (wanted.not_within) return !value || isOlder(value, wanted.not_within);
  const day = (value ?? "").slice(0, 10);
  return Boolean(day) && (!wanted.from || day >= wanted.from) && (!wanted.to || day <= wanted.to);
}

function isOlder(iso, days) {
  return Date.parse(iso) < Date.now() - days * 86_400_000;
}

// The folded text of a row. (If folding does more than this, the server sends the text.)
function searchKey(row, config) {
  return row.key ?? config.search.map((name) => row[name]).join(" ").toLowerCase();
}

// Updates the counts for a row's change; `before` is null for a new row.
export function countChange(before, now, config) {
  const among = (row, match) => (row && matches(row, config.belongs) && matches(row, match) ? 1 : 0);
  const step = (match) => among(now, match) - among(before, match);
  const parts = config.breakdown.map(({ key, match }) => [key, step(match)]);
  return { all: step({}), ...Object.fromEntries(parts) };
}

// Replaces a row's values by those of another. Values that the other one lacks are deleted, except
// those of columns that have their own query.
export function replace(row, now, config) {
  for (const name of Object.keys(row)) {
    if (!(name in now) && !config.more.includes(name)) delete row[name];
  }
  Object.assign(row, now);
}

export function number(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

// A value as people read it: "sales_engineer" is "Sales Engineer".
export function title(value) {
  return value.replace(/(^|_)([a-z])/g, (_, gap, letter) => (gap && " ") + letter.toUpperCase());
}

// Up to two initials of a name; one if the script has no capital letters.
export function initials(name) {
  const letters = name
    .split(/\s+/u)
    .map((word) => word.match(/[\p{L}\p{N}]/u)?.[0])
    .filter(Boolean);
  if (letters.length === 0) return "?";
  const first = letters[0].toLocaleUpperCase();
  const last = letters.at(-1).toLocaleUpperCase();
  const bicameral = (letter) => /\p{Lu}/u.test(letter);
  return letters.length > 1 && bicameral(first) && bicameral(last) ? first + last : first;
}

// A hue in degrees, the same each time for the same text.
export function hue(text) {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 65521;
  return (hash * 47) % 360;
}
