// Menus of a live table: a button, and the acts that it offers while it is open. Arrow keys move in
// the menu, Escape closes it. The table keeps which one is open (`openMenu`).
import { h, nextTick } from "vue";
import { icon } from "icons";

const ITEM = 36; // px: the height of an item at most
const EDGE = 8; // px

// `items` are {label, run}, or {label, url}. An item that stands `apart` has a line above it;
// `single` is its key.
export function actsMenu(table, { name, label, attributes = {}, content, items }) {
  const isOpen = table.openMenu === name;
  const button = {
    type: "button",
    "aria-haspopup": "menu",
    "aria-expanded": String(isOpen),
    "aria-label": label,
    ...attributes,
    onClick: ({ currentTarget }) => (isOpen ? close(table) : open(table, name, currentTarget)),
    onKeydown: (event) => {
      if (event.key !== "ArrowDown" || isOpen) return;
      event.preventDefault();
      open(table, name, event.currentTarget);
    },
  };
  return h("span", { key: name, class: ["menu", { "menu-above": isOpen && table.menuAbove }] }, [
    h("button", button, content),
    isOpen ? panel(table, label, items()) : null,
  ]);
}

function panel(table, label, items) {
  const attributes = {
    class: "menu-panel acts-menu",
    role: "menu",
    "aria-label": label,
    onKeydown: (event) => pressed(table, event),
    onVnodeMounted: ({ el }) => fit(table, el, items.length),
  };
  return h("div", attributes, items.map((one) => item(table, one)));
}

function item(table, { label, sign, url, run, danger, apart, single }) {
  const attributes = {
    key: label,
    class: ["menu-item", { "menu-danger": danger, "menu-apart": apart }],
    role: "menuitem",
    tabindex: -1,
  };
  const content = [sign ? icon(sign, 15) : null, label, single && h("kbd", { "aria-hidden": "true" }, single)];
  if (url) return h("a", { ...attributes, href: url }, content);
  const chosen = () => {
    close(table); // before the act: a dialog returns the focus to where it was
    run();
  };
  return h("button", { ...attributes, type: "button", onClick: chosen }, content);
}

function open(table, name, button) {
  table.menuButton = button;
  table.menuAbove = false;
  table.openMenu = name;
}

function close(table) {
  table.openMenu = "";
  table.menuButton?.focus();
}

// Above its button where there is no room below, and never beyond the left edge.
async function fit(table, el, count) {
  const { left } = el.getBoundingClientRect();
  if (left < EDGE) el.style.translate = `${EDGE - left}px`;
  const { bottom, top } = table.menuButton.getBoundingClientRect();
  const height = count * ITEM;
  table.menuAbove = bottom + height > window.innerHeight && top > height;
  await nextTick();
  el.querySelector("[role=menuitem]")?.focus({ preventScroll: true });
}

function pressed(table, event) {
  event.stopPropagation(); // the table's own keys do nothing in here
  const all = [...event.currentTarget.querySelectorAll("[role=menuitem]")];
  const at = all.indexOf(document.activeElement);
  const next = {
    ArrowDown: (at + 1) % all.length,
    ArrowUp: (at - 1 + all.length) % all.length,
    Home: 0,
    End: all.length - 1,
  }[event.key];
  if (next !== undefined) all[next].focus();
  else if (event.key === "Escape") close(table);
  else {
    if (event.key === "Tab") close(table);
    return;
  }
  event.preventDefault();
}

// A button with a panel, which exists only while it is open.
export function menu(table, name, attributes, label, panel) {
  const isOpen = table.openMenu === name;
  const toggled = ({ target }) => {
    if (target.open) table.openMenu = name;
    else if (table.openMenu === name) table.openMenu = "";
  };
  const shown = { class: ["menu", `menu-${name}`], open: isOpen, onToggle: toggled };
  return h("details", shown, [h("summary", attributes, label), isOpen ? panel() : null]);
}

export function button(look, label, onClick, attributes = {}) {
  return h("button", { type: "button", class: look, onClick, ...attributes }, label);
}
