// The theme that was chosen in this browser: "light", "dark", or else the system's. This runs in
// the head, before anything is drawn, so that no page begins in the wrong theme.
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
        // A browser may deny its storage: the choice then lasts as long as the page.
      }
    },
  };

  addEventListener("storage", ({ key, newValue }) => key === KEY && show(newValue));
  try {
    show(localStorage.getItem(KEY));
  } catch {
    // Without storage nothing was chosen.
  }
})();
