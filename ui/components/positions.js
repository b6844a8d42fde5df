// The order of tasks, groups and criteria, as `services/workspace/positions.py` keeps it.

export const inOrder = (a, b) => a.position - b.position || (a.id < b.id ? -1 : 1);

// A row as it was told, while this page waits for the answers to later acts on it: what those asked
// for (the values of these names) stays until the last of them is told.
export function whileWaiting(told, known, names) {
  if (!(known?.waits > 1) || told.archived) return told;
  const asked = Object.fromEntries(names.map((name) => [name, known[name]]));
  return { ...told, ...asked, early: true, waits: known.waits - 1 };
}

// The same row as somebody here asks for it, before the server has told it.
export function asked(row, values) {
  return { ...row, ...values, early: true, waits: (row.waits ?? 0) + 1 };
}

// The position before another one of these rows, which are in their order, or after all of them.
export function between(rows, before) {
  const at = before ? rows.findIndex(({ id }) => id === before.id) : rows.length;
  const low = rows[at - 1]?.position ?? 0;
  const high = rows[at]?.position ?? low + 2;
  return (low + high) / 2;
}
