// Which theme this browser was told to show: "light", "dark", or else the system's. It runs in the
// head, before anything is drawn, so that no page begins in the wrong one.
"use strict";
(() => {
  const KEY = "rollcall_theme";
  const root = document.documentElement;

  function show(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  }

  window.rollcallTheme = {
    get chosen() {
      return root.dataset.theme ?? "system";
    },
    choose(theme) {
      show(theme);
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // A browser may keep nothing: the choice lasts as long as the page.
      }
    },
  };

  addEventListener("storage", ({ key, newValue }) => key === KEY && show(newValue));
  try {
    show(localStorage.getItem(KEY));
  } catch {
    // What isn't kept was never chosen.
  }
})();
