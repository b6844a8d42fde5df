// The keyboard shortcuts of a page, and the dialog "Keyboard" that lists them. Shortcuts of one
// character can be turned off (WCAG 2.2, 2.1.4).
import { h, reactive } from "vue";
import { icon } from "icons";

const OFF = "rollcall-keys-off"; // in the browser's storage
const PATIENCE = 1_500; // ms in which the second of two keys is pressed

// Whether shortcuts of one character are on. Parts of the page list their keys in groups: {label,
// keys: [[what they do, ["Shift", "F"]], …]}.
export const singleKeys = reactive({ on: !read(), isListed: false, groups: [] });

// Lists these groups; returns a function that removes them.
export function listKeys(...groups) {
  const shown = groups.filter(({ keys }) => keys.length);
  singleKeys.groups.push(...shown);
  return () => (singleKeys.groups = singleKeys.groups.filter((group) => !shown.includes(group)));
}

// The key, if it is meant for the page; "" if it is for a field or a dialog.
export function keyOf(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return "";
  if (document.querySelector("dialog[open]") || isTyping(event.target)) return "";
  return singleKeys.on || event.key === "?" || event.key.length > 1 ? event.key : "";
}

function isTyping(target) {
  return target instanceof Element && target.matches("input:not([type=checkbox]), select, textarea, [contenteditable]");
}

export default {
  props: { finds: Boolean, navigation: Array },
  mounted() {
    document.addEventListener("keydown", this.first, true);
    document.addEventListener("keydown", this.last);
  },
  unmounted() {
    document.removeEventListener("keydown", this.first, true);
    document.removeEventListener("keydown", this.last);
  },
  computed: {
    // The pages of the navigation, each with a letter of its name that no other page uses.
    pages() {
      const pages = {};
      for (const page of this.navigation) {
        const letter = [...page.name.toLowerCase()].find((one) => /[a-z]/.test(one) && !pages[one]);
        if (letter) pages[letter] = page;
      }
      return pages;
    },
    everywhere() {
      const all = Object.entries(this.pages);
      const [letter, page] = all.find(([one]) => one === "u") ?? all[0] ?? [];
      return [
        this.finds && ["Go to or do anything", [/Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl", "K"]],
        ["This list", ["?"]],
        page && [`${page.name}, then any page of the menu`, ["g", letter]],
        ["Close, or go back", ["Esc"]],
      ].filter(Boolean);
    },
  },
  render() {
    return singleKeys.isListed ? dialog([{ label: "Everywhere", keys: this.everywhere }, ...singleKeys.groups]) : null;
  },
  methods: {
    // Runs before all handlers of the page: the second of two keys may be a shortcut of its own
    // there.
    first(event) {
      const goes = Date.now() - (this.goesSince ?? 0) < PATIENCE;
      this.goesSince = 0;
      this.isBusy = isBusy();
      if (event.target.closest?.("[role=menu]")) return;
      const key = keyOf(event);
      const page = goes ? this.pages[key] : null;
      if (page) location.assign(page.href);
      else if (key === "g") this.goesSince = Date.now();
      else return;
      event.preventDefault();
    },
    // Runs after all handlers of the page: a part that uses the key itself has taken it.
    last(event) {
      const key = keyOf(event);
      const back = key === "Escape" && !this.isBusy && document.querySelector("a.back-link");
      if (key === "?") singleKeys.isListed = true;
      else if (back) back.click();
      else return;
      event.preventDefault();
    },
  },
};

// Whether Escape has something to close or to cancel.
function isBusy() {
  const at = document.activeElement;
  const isTyped = ({ value, defaultValue }) => value !== defaultValue;
  return Boolean(
    document.querySelector(":is(.menu, .user-menu)[open], [role=menu], .selection-bar") ||
      [...document.querySelectorAll("main textarea")].some(isTyped) ||
      (at && at !== document.body && !at.matches("a, main")),
  );
}

function dialog(groups) {
  const attributes = {
    class: "dialog keyboard",
    "aria-labelledby": "keyboard-title",
    onClose: () => (singleKeys.isListed = false),
    onClick: ({ target, currentTarget }) => target === currentTarget && currentTarget.close(),
    onVnodeMounted: ({ el }) => el.showModal(),
  };
  return h("dialog", attributes, [
    h("form", { class: "dialog-form", method: "dialog" }, [
      h("div", { class: "keyboard-head" }, [
        h("h2", { id: "keyboard-title", class: "dialog-title" }, "Keyboard"),
        h("button", { class: "icon-button", "aria-label": "Close" }, [icon("close", 16)]),
      ]),
      h("div", { class: "keyboard-groups" }, groups.map(group)),
      h("label", { class: "check" }, [
        h("input", { type: "checkbox", checked: singleKeys.on, onChange: ({ target }) => turn(target.checked) }),
        "Single keys work outside of fields",
      ]),
    ]),
  ]);
}

function group({ label, keys }) {
  return h("section", { key: label }, [
    h("h3", label),
    h("dl", { class: "keys" }, keys.map(([what, all]) =>
      h("div", { key: what }, [h("dt", what), h("dd", all.map((key) => h("kbd", key)))]),
    )),
  ]);
}

function turn(on) {
  singleKeys.on = on;
  try {
    localStorage.setItem(OFF, JSON.stringify(!on));
  } catch {
    // A browser may deny its storage: then the choice holds for this page.
  }
}

function read() {
  try {
    return JSON.parse(localStorage.getItem(OFF));
  } catch {
    return false;
  }
}
