// Where somebody is with the keyboard, kept when what has the focus goes away or is hidden: a button
// that is gone once it is used, a row that somebody else removes, a part that is built again, a
// message. The browser would begin anew at the top of the page. The focus goes to the same control
// where it was built again, else to what stands in its place, else to the page's main part. It never
// goes to a button in the row of somebody else, but to that of the row that takes the place of one
// that is gone.
//
// Views that know their rows before they change them call kept_focus.js, which follows a row also
// into another list; this finds the focus in its place then. This one is for all other changes: it
// sees them only once they are made, so it has to remember where the control was.
//
// What it costs a page of 250 controls in Chromium, on a machine that is busy with other work, for all
// that changes in one moment: nothing while nothing has the focus; 0.6 ms while the focus stays (2 ms
// where 50 controls have the same name); 5 ms where the focus is brought back to a row that was built
// again, and 12 ms with all 50 rows, most of it their layout, which comes anyway.
const CONTROL = "a[href], button, input, select, textarea, summary, [tabindex]";
const ROW = "[data-row], li, tbody tr"; // is about one person or thing; data-row has its id
const PASSING = "dialog, .toasts"; // the place on the page is kept while the focus is in one of these
const WATCHED = {
  childList: true,
  subtree: true,
  attributes: true,
  attributeFilter: ["class", "hidden", "disabled", "open"],
};

// Begins to keep the place; returns what ends it.
export function keepPlaces() {
  let place = null;
  let looking;
  const came = ({ target }) => {
    if (!target.closest(PASSING)) place = placeOf(target);
  };
  // Who clicks beside everything has left the place by themselves.
  const left = ({ target }) => {
    if (target.closest(PASSING)) return;
    setTimeout(() => {
      if (isNowhere()) place = null;
    });
  };
  const look = () => {
    if (!place || !document.hasFocus() || document.querySelector("dialog[open]")) return;
    const hasFocus = document.activeElement === place.control;
    if (hasFocus && isThere(place.control)) place = placeOf(place.control); // rows before it may have changed
    else if (hasFocus || isNowhere()) bring(place);
  };
  // Later: whoever removes it may bring the focus elsewhere in the same moment.
  const changes = new MutationObserver(() => {
    clearTimeout(looking);
    if (place && (isNowhere() || document.activeElement === place.control)) looking = setTimeout(look);
  });
  changes.observe(document.body, WATCHED);
  document.addEventListener("focusin", came);
  document.addEventListener("mousedown", left);
  window.addEventListener("focus", look); // it may have gone while another window had the focus
  return () => {
    clearTimeout(looking);
    changes.disconnect();
    document.removeEventListener("focusin", came);
    document.removeEventListener("mousedown", left);
    window.removeEventListener("focus", look);
  };
}

const isNowhere = () => document.activeElement === document.body || !document.activeElement;
const isThere = (of) => !of.disabled && of.getClientRects().length > 0;
const isUsable = (of) => of.tabIndex >= 0 && isThere(of);
const nameOf = (of) => (of.getAttribute("aria-label") ?? of.labels?.[0]?.textContent ?? of.textContent).trim();
const kindOf = (of) => `${of.tagName} ${of.type} ${of.getAttribute("role")}`;
const controlsIn = (part) => [...part.querySelectorAll(CONTROL)].filter(isUsable);
const namedIn = (part, name) =>
  name
    ? [...part.querySelectorAll(CONTROL)].filter((one) => one.tabIndex >= 0 && nameOf(one) === name && isThere(one))
    : [];

// The control, and the way up from it: each element, and which of its parent's it is.
function placeOf(control) {
  const way = [];
  for (let of = control; of !== document.body && of.parentElement; of = of.parentElement)
    way.push({ of, at: [...of.parentElement.children].indexOf(of) });
  const name = nameOf(control);
  return { control, way, name, isOnly: namedIn(document, name).length === 1 };
}

function bring(place) {
  const to = isUsable(place.control) ? place.control : nextTo(place);
  (to ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

// What is nearest to where it was, in the nearest part that is still there.
function nextTo(place) {
  for (const [above, { of: box }] of place.way.entries()) {
    if (!above || !box.isConnected) continue;
    if (box.matches("#main, .app")) return null;
    const found = inSameRow(place, box) ?? inSameName(place, box) ?? inSamePlace(place, box, above - 1);
    if (found) return found;
  }
  return null;
}

function inSameRow(place, box) {
  const at = place.way.findIndex(({ of }) => of.dataset.row);
  const row = at < 0 ? null : box.querySelector(`[data-row="${CSS.escape(place.way[at].of.dataset.row)}"]`);
  return row && nearest(place, box, wayDown(place, row, at));
}

// A name that several have tells nothing, nor does one in the row of somebody who is gone.
function inSameName({ control, name, isOnly }, box) {
  const named = isOnly && !control.closest("[data-row]") ? namedIn(box, name) : [];
  return named.length === 1 ? named[0] : null;
}

function inSamePlace(place, box, at) {
  const was = place.way[at];
  const heir = was.of.parentElement === box ? was.of : childAt(box, was.at);
  return heir && nearest(place, box, wayDown(place, heir, at));
}

// The last one, where there are fewer by now.
const childAt = (part, at) => part.children[Math.min(at, part.children.length - 1)];

// From what stands now where `way[at]` was, down to where the control was, as far as it leads.
function wayDown({ way }, from, at) {
  const down = [];
  for (let part = from; part; at -= 1, part = at < 0 ? null : childAt(part, way[at].at))
    down.push({ part, isRow: way[at].of.matches(ROW) });
  return down;
}

function nearest({ control, name }, box, down) {
  const rows = down.filter(({ isRow }) => isRow).map(({ part }) => part);
  const isOwn = (one) => {
    const row = one.closest(ROW);
    return !row || row.contains(box) || rows.includes(row);
  };
  const [{ part: top }] = down;
  const all = controlsIn(box).filter(isOwn);
  const within = down.map(({ part }) => all.filter((one) => part.contains(one))).reverse();
  const named = within.at(-1).filter((one) => nameOf(one) === name);
  if (named.length === 1) return named[0];
  const alike = within.map((some) => some.find((one) => kindOf(one) === kindOf(control))).find(Boolean);
  const isAfter = (one) => top.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
  return alike ?? within.find((some) => some.length)?.[0] ?? all.find(isAfter) ?? all.at(-1);
}
