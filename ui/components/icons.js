// The icons: lines in the colour of the text around them. Names say what is drawn, not what it is
// for.
import { h } from "vue";

const PATHS = {
  search: "M10.5 10.5 14 14M2.4 7a4.6 4.6 0 1 0 9.2 0 4.6 4.6 0 0 0-9.2 0",
  arrow: "M8 13V3M4 7l4-4 4 4",
  check: "M3 8.6 6.4 12 13 4.6",
  dash: "M3.5 8h9",
  clock: "M8 4.8V8l2.2 1.6M2 8a6 6 0 1 0 12 0 6 6 0 0 0-12 0",
  cross: "M8 4.8v3.8M8 11v.1M2 8a6 6 0 1 0 12 0 6 6 0 0 0-12 0",
  people:
    "M1.5 13.5a4.5 4.5 0 0 1 9 0M11 3.2a2.6 2.6 0 0 1 0 4.7M12.3 9.6a4.5 4.5 0 0 1 2.4 3.9" +
    "M3.4 5.5a2.6 2.6 0 1 0 5.2 0 2.6 2.6 0 0 0-5.2 0",
  close: "M3.5 3.5l9 9m0-9l-9 9",
  done: "M5.2 8.3l2 2 3.6-4M1.6 8a6.4 6.4 0 1 0 12.8 0A6.4 6.4 0 0 0 1.6 8",
  alert: "M8 4.8v3.8M8 11v.1M1.6 8a6.4 6.4 0 1 0 12.8 0A6.4 6.4 0 0 0 1.6 8",
  warn: "M8 2.4 14.4 13.4H1.6zM8 6.6v3M8 11.4v.1",
  more: "M3 8h.1M8 8h.1M13 8h.1",
  open: "M6 3.5 10.5 8 6 12.5",
  out: "M5 11 11.5 4.5M6 4.2h5.8V10",
  phone: "M5.4 2.2 3 3c-1 4.6 4.6 11 9.6 10.2l1.2-2.2-2.8-2-1.4 1.2C8 9.4 6.6 8 6 6.4l1.3-1.3z",
  mail: "M2 4h12v8.5H2zM2 4.5l6 4.6 6-4.6",
  link: "M6.6 9.4a2.8 2.8 0 0 0 4 0l2.4-2.4a2.8 2.8 0 0 0-4-4l-.8.8M9.4 6.6a2.8 2.8 0 0 0-4 0L3 9a2.8 2.8 0 0 0 4 4l.8-.8",
  key: "M9.4 6.6 14 2M11.6 4.4 13.4 6.2M2.6 10.4a3 3 0 1 0 6 0 3 3 0 0 0-6 0",
  leave: "M6.5 13.5h-4v-11h4M10.5 11l3-3-3-3M13.5 8H6",
  date: "M2.5 3.5h11v10h-11zM2.5 6.8h11M5.3 2v2.6M10.7 2v2.6",
  swap: "M3 5.5h10L10.4 3M13 10.5H3L5.6 13",
  lock: "M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2",
  plus: "M8 3v10M3 8h10",
  page: "M4 2h5.5L12.5 5v9h-8.5zM9.2 2.2v3h3",
  code: "M5.5 4.5 2 8l3.5 3.5M10.5 4.5 14 8l-3.5 3.5",
  note: "M2.5 2.5h11v7.5l-3.5 3.5h-7.5zM5 6h6M5 8.8h3.5",
  info: "M8 7.4v3.8M8 5v.1M1.6 8a6.4 6.4 0 1 0 12.8 0A6.4 6.4 0 0 0 1.6 8",
  list: "M5.5 4h8M5.5 8h8M5.5 12h8M2.4 4v.1M2.4 8v.1M2.4 12v.1",
  board: "M2.5 3h3v10h-3zM6.5 3h3v6h-3zM10.5 3h3v8h-3z",
  timeline: "M2 4h6M5 8h6M9 12h5",
  handle: "M6 3.5v.1M6 8v.1M6 12.5v.1M10 3.5v.1M10 8v.1M10 12.5v.1",
  ring: "M1.6 8a6.4 6.4 0 1 0 12.8 0A6.4 6.4 0 0 0 1.6 8",
  barred: "M1.6 8a6.4 6.4 0 1 0 12.8 0A6.4 6.4 0 0 0 1.6 8M5 8h6",
  // Filled shapes with holes, which are drawn without lines.
  half: "M8 .8a7.2 7.2 0 1 0 0 14.4A7.2 7.2 0 0 0 8 .8M8 2.4a5.6 5.6 0 1 1 0 11.2A5.6 5.6 0 0 1 8 2.4M8 4.2a3.8 3.8 0 0 1 0 7.6z",
  filled: "M8 .8a7.2 7.2 0 1 0 0 14.4A7.2 7.2 0 0 0 8 .8M4.5 8.6l2.7 2.7 4.3-4.7-1.1-1-3.25 3.55-1.55-1.6z",
};

export function icon(name, size, attributes = {}) {
  const svg = {
    width: size,
    height: size,
    viewBox: "0 0 16 16",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": 1.6,
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
    ...attributes,
  };
  return h("svg", svg, [h("path", { d: PATHS[name] })]);
}
