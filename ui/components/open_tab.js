// Where a row of tabs or links doesn't fit, brings the open one into sight: sideways alone, the page
// stays at its top.
export function showOpen(row) {
  const open = row?.querySelector('[aria-current="page"]');
  if (!open) return;
  const [its, whole] = [open, row].map((of) => of.getBoundingClientRect());
  row.scrollLeft += its.left - whole.left - (whole.width - its.width) / 2;
}
