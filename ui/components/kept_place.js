// What has the focus may go away with what it did: whoever works with the keyboard would begin anew
// at the top of the page. In a part with `data-keeps-place` the focus goes to the control that takes
// its place, to the one that follows, or to the part itself. Returns a function that ends this.
const CONTROLS = "a[href], button, input, select, textarea, summary";

export function keepPlaces() {
  let part = null;
  let had = null;
  let after = 0; // controls from there to the part's end

  const controls = () => [...part.querySelectorAll(CONTROLS)].filter((one) => one.checkVisibility());
  const words = (one) => one.ariaLabel ?? one.textContent;
  const isThere = (one) => one.isConnected && one.checkVisibility();

  const forget = () => {
    part = had = null;
    changes.disconnect();
  };
  const look = () => {
    if (!part || isThere(had) || !part.isConnected) return;
    if (![had, document.body].includes(document.activeElement)) return;
    const now = controls();
    const same = now.find((one) => words(one) === words(had));
    (same ?? now.at(-Math.max(after - 1, 1)) ?? part).focus();
  };
  const changes = new MutationObserver(() => setTimeout(look));

  const entered = ({ target }) => {
    forget();
    part = target.closest("[data-keeps-place]");
    if (!part || target === part) return;
    had = target;
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
