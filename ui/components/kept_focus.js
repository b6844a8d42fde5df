// Rows that go away, or move, take the focus with them: whoever works with the keyboard would begin
// anew at the top of the page. Called when rows have changed and aren't drawn yet, this brings the
// focus back to its row, or to a button of the row that takes its place.
//
// kept_place.js keeps the place at all other changes, and only within the part that stays. What is
// here is for views that know before the change that rows move: it follows a row into any list of
// the view.
export function keepFocus(view) {
  const had = document.activeElement;
  const row = had?.closest("[data-row]");
  if (!row || !view.$el?.contains(row)) return;
  const rows = () => [...view.$el.querySelectorAll("[data-row]")];
  const at = rows().indexOf(row);
  view.$nextTick(() => {
    if (document.activeElement !== document.body) return; // it stayed, or went elsewhere
    const now = rows();
    const same = now.filter((one) => one.dataset.row === row.dataset.row);
    const near = [...same, ...now.slice(at), ...now.slice(0, at).reverse()];
    const part = (one) => (one.matches("[tabindex]") ? one : one.querySelector("button"));
    (had.isConnected ? had : near.map(part).find(Boolean))?.focus();
  });
}
