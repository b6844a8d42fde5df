// The order of tasks, groups and criteria, as `services/workspace/positions.py` keeps it.

export const inOrder = (a, b) => a.position - b.position || (a.id < b.id ? -1 : 1);

// The position before another one of these rows, which are in their order, or after all of them.
export function between(rows, before) {
  const at = before ? rows.findIndex(({ id }) => id === before.id) : rows.length;
  const low = rows[at - 1]?.position ?? 0;
  const high = rows[at]?.position ?? low + 2;
  return (low + high) / 2;
}
