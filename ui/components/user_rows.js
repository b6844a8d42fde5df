// What the users grid computes from rows alone: no document, no socket.

export const DEFAULTS = {
  q: "",
  role: "",
  status: "",
  invited: false,
  sort: "name",
  dir: "asc",
  page: 1,
};

// The query that an address's parameters spell; what makes no sense is left out by the server.
export function fromAddress(search) {
  const values = new URLSearchParams(search);
  return {
    q: values.get("q") ?? "",
    role: values.get("role") ?? "",
    status: values.get("status") ?? "",
    invited: values.get("invited") === "1",
    sort: values.get("sort") || "name",
    dir: values.get("dir") === "desc" ? "desc" : "asc",
    page: Math.max(1, Number.parseInt(values.get("page"), 10) || 1),
  };
}

// The parameters that spell a query; defaults are left out.
export function toAddress(query) {
  const values = new URLSearchParams();
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (query[name] !== usual) values.set(name, query[name] === true ? "1" : String(query[name]));
  }
  const search = values.toString();
  return search ? `?${search}` : "";
}

export function isFiltered(query) {
  return Boolean(query.q.trim() || query.role || query.status || query.invited);
}

// A row with all that the server left out because it is usual. (Its search key is the folded name
// and address; where folding does more than this, the server sends it.)
export function complete(row) {
  return {
    key: `${row.name} ${row.email}`.toLowerCase(),
    invited: false,
    mail: null,
    mail_answer: "",
    online: false,
    last_sign_in: null,
    end_date: null,
    mixed: "",
    ...row,
  };
}

// Whether a row is among those that a query asks for; `words` are the folded search's.
export function fits(row, query, words) {
  return (
    words.every((word) => row.key.includes(word)) &&
    (!query.role || row.role === query.role) &&
    (!query.status || row.active === (query.status === "active")) &&
    (!query.invited || row.invited)
  );
}

// What a change from one state of a row to another does to the counts; `before` is null for a row
// that is new.
export function countChange(before, now) {
  const step = (of) => (of(now) ? 1 : 0) - (before && of(before) ? 1 : 0);
  return {
    all: before ? 0 : 1,
    active: step((row) => row.active),
    inactive: step((row) => !row.active),
    invited: step((row) => row.invited),
  };
}

// A role as people read it: "sales_engineer" is "Sales Engineer".
export function roleLabel(role) {
  return role.replace(/(^|_)([a-z])/g, (_, gap, letter) => (gap && " ") + letter.toUpperCase());
}

// Up to two letters that stand for a name; one where the script has no capitals to abbreviate with.
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

// A hue in degrees, always the same for the same text.
export function hue(text) {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.codePointAt(0)) % 65521;
  return (hash * 47) % 360;
}
