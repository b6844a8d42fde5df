// Where somebody is with the keyboard, kept when what has the focus goes away or is hidden: a button
// that is gone once it is used, a row that somebody else removes, a part that is built again, a
// message. The browser would begin anew at the top of the page. The focus goes to the same control
// where it was built again, else to what stands in its place, else to the page's main part.
const CONTROL = "a[href], button, input, select, textarea, summary, [tabindex]";
const PASSING = "dialog, .toasts"; // the place on the page is kept while the focus is in one of these
const WATCHED = { childList: true, subtree: true, attributes: true, attributeFilter: ["class", "hidden", "disabled"] };

// Begins to keep the place; returns what ends it.
export function keepPlaces() {
  let place = null;
  let looking;
  const came = ({ target }) => {
    if (!target.closest(PASSING)) place = placeOf(target);
  };
  // Who clicks beside everything has left the place by themselves.
  const left = () =>
    setTimeout(() => {
      if (isNowhere()) place = null;
    });
  const isLost = () => isNowhere() || (document.activeElement === place.control && !isThere(place.control));
  const look = () => {
    const isOpen = document.querySelector("dialog[open]");
    if (place && isLost() && document.hasFocus() && !isOpen) bring(place);
  };
  // Later: whoever removes it may bring the focus elsewhere in the same moment.
  const changes = new MutationObserver(() => {
    clearTimeout(looking);
    if (place && (isNowhere() || document.activeElement === place.control)) looking = setTimeout(look);
  });
  changes.observe(document.body, WATCHED);
  document.addEventListener("focusin", came);
  document.addEventListener("mousedown", left);
  return () => {
    clearTimeout(looking);
    changes.disconnect();
    document.removeEventListener("focusin", came);
    document.removeEventListener("mousedown", left);
  };
}

const isNowhere = () => document.activeElement === document.body || !document.activeElement;
const isThere = (of) => !of.disabled && of.getClientRects().length > 0;
const isUsable = (of) => of.tabIndex >= 0 && isThere(of);
const nameOf = (of) => of.getAttribute("aria-label") ?? of.textContent.trim();

// The control, and the way up from it: each element, and which of its parent's it is.
function placeOf(control) {
  const way = [];
  for (let of = control; of !== document.body && of.parentElement; of = of.parentElement)
    way.push({ of, at: [...of.parentElement.children].indexOf(of) });
  return { control, way, name: nameOf(control) };
}

function bring(place) {
  const to = isUsable(place.control) ? place.control : nextTo(place);
  (to ?? document.getElementById("main"))?.focus({ preventScroll: true });
}

// What is nearest to where it was, in the nearest part that is still there.
function nextTo({ control, way, name }) {
  for (const [above, { of: box }] of way.entries()) {
    if (!above || !box.isConnected || box.matches("#main, .app")) continue;
    const all = [...box.querySelectorAll(CONTROL)].filter(isUsable);
    const heir = box.children[way[above - 1].at];
    const within = all.filter((one) => heir?.contains(one));
    const same = within.find((one) => nameOf(one) === name) ?? within.find(({ tagName }) => tagName === control.tagName);
    const isAfter = (one) => heir && heir.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING;
    const found = same ?? within[0] ?? all.find(isAfter) ?? all.at(-1);
    if (found) return found;
  }
  return null;
}
