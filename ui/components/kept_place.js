// What has the focus may go away with what it did: whoever works with the keyboard would begin anew
// at the top of the page. In a part with `data-keeps-place` the focus goes to the control that takes
// its place, to the one that follows, or to the part itself. Returns a function that ends this.
const CONTROLS = "a[href], button, input, select, textarea, summary";

export function keepPlaces() {
  let part = null;
  let had = null;
  let after = 0; // controls from there to the part's end

  const isThere = (one) => one.getClientRects().length > 0;
  const controls = () => [...part.querySelectorAll(CONTROLS)].filter(isThere);
  const words = (one) => one.getAttribute("aria-label") ?? one.textContent;

  const forget = () => {
    part = had = null;
    changes.disconnect();
  };
  const look = () => {
    if (!had || isThere(had) || !part.isConnected) return;
    if (![had, document.body].includes(document.activeElement)) return;
    const now = controls();
    const same = now.find((one) => words(one) === words(had));
    (same ?? now.at(-Math.max(after - 1, 1)) ?? part).focus();
  };
  const changes = new MutationObserver(() => setTimeout(look));

  const entered = ({ target }) => {
    forget();
    const within = target.closest("[data-keeps-place]");
    if (!within || target === within) return;
    [part, had] = [within, target];
    after = controls().length - controls().indexOf(target);
    changes.observe(part, { childList: true, subtree: true, attributes: true });
  };
  // Somebody has clicked elsewhere, if it is still there a moment later.
  const left = () => {
    setTimeout(() => had && isThere(had) && document.activeElement !== had && forget());
  };
  document.addEventListener("focusin", entered);
  document.addEventListener("focusout", left);
  return () => {
    forget();
    document.removeEventListener("focusin", entered);
    document.removeEventListener("focusout", left);
  };
}
