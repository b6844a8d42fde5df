// Draws the System page: `view(system)` is its render function.
import { h } from "vue";
import { icon } from "icons";
import { localised } from "local_times";

const CHARTS = [
  ["pages", "open pages", whole],
  ["changes", "changes a second", (value) => value.toFixed(1)],
  ["push", "slowest push, 99 of 100", (value) => `${value < 10 ? value.toFixed(1) : whole(value)} ms`],
  ["mails", "mails waiting", whole],
];
export const KEPT = 60; // figures in a chart, one a second
const WIDTH = 120;
const HEIGHT = 40;
const ICONS = { ok: "done", warning: "warn", failed: "alert" };
const TONES = { ok: "success", warning: "warning", failed: "danger" };
const STATES = { ok: "in order", warning: "warns", failed: "failed" };

export function view(system) {
  return h("div", { class: "system" }, [
    head(system),
    banner(system),
    h("div", { class: "card card-flush figures" }, CHARTS.map((chart) => figure(system, chart))),
    h("div", { class: "system-columns" }, [left(system), right(system)]),
  ]);
}

function head(system) {
  const time = system.at?.toLocaleTimeString("en-GB");
  const live = system.connected && time;
  return h("div", { class: "page-head" }, [
    h("div", { class: "details-title" }, [
      h("h1", "System"),
      h("span", { class: ["live-mark", { "live-mark-on": live }] }, [
        h("span", { class: "live-dot", "aria-hidden": "true" }),
        live ? `live, ${time}` : time ? `not live since ${time}` : "connecting",
      ]),
    ]),
    h("div", { class: "actions" }, [
      button(
        "btn",
        system.busy === "" ? "Looking …" : "Run all checks again",
        () => system.examine(""),
        { "aria-disabled": system.busy === null ? null : "true" },
      ),
      button("btn btn-quiet", system.copied ? "Copied" : "Copy report", system.copy, {
        "aria-disabled": system.checks.length ? null : "true",
      }),
    ]),
  ]);
}

function banner(system) {
  const tone = system.checks.length ? `banner-${TONES[system.worst]}` : "";
  const [first] = system.needed;
  return h("div", { class: ["banner", tone], role: "status" }, [
    icon(ICONS[system.worst], 16),
    h("strong", system.verdict || "Looking at everything …"),
    first ? h("span", `${first.words}.`) : null,
  ]);
}

function figure(system, [name, label, written]) {
  const values = system.history.map((point) => point[name]);
  const alarming = name === "mails" && system.needed.some((check) => check.name === "Outbox");
  return h("div", { class: ["figure", { "figure-bad": alarming }] }, [
    h("div", { class: "figure-value" }, written(system.last[name])),
    h("div", { class: "figure-label" }, label),
    chart(values, `${label}: ${summary(values, written)}`),
  ]);
}

function summary(values, written) {
  if (values.length < 2) return "nothing to draw yet";
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `from ${written(least)} to ${written(most)} in the last minute`;
}

function chart(values, label) {
  const most = Math.max(1, ...values) * 1.15;
  const x = (at) => (WIDTH * (at + KEPT - values.length)) / (KEPT - 1);
  const y = (value) => HEIGHT - 1 - (value / most) * (HEIGHT - 3);
  const line = values.map((value, at) => `${x(at).toFixed(2)},${y(value).toFixed(2)}`).join(" ");
  const svg = {
    class: "chart",
    viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": label,
  };
  if (values.length < 2) return h("svg", svg);
  return h("svg", svg, [
    h("polygon", { class: "chart-area", points: `${x(0)},${HEIGHT} ${line} ${WIDTH},${HEIGHT}` }),
    h("polyline", { class: "chart-line", points: line, "vector-effect": "non-scaling-stroke" }),
  ]);
}

function left(system) {
  return h("div", { class: "card card-flush" }, [
    h("h2", { class: "system-head" }, "Need you"),
    system.needed.length
      ? h("ul", { class: "checks" }, system.needed.map((check) => need(system, check)))
      : h("p", { class: "checks-none muted" }, system.verdict || "Looking …"),
    h("h2", { class: "system-head system-head-next" }, "Replicas"),
    h("ul", { class: "checks" }, system.processes.map(process)),
  ]);
}

function need(system, check) {
  const busy = system.busy === check.name;
  return h("li", { class: ["check-row", { "fresh-a": system.crossed[check.name] }], key: check.name }, [
    mark(check.state),
    h("div", { class: "check-what" }, [
      h("strong", localised(check.words)),
      h("p", { class: "muted small" }, [`${check.name}. `, ...withCode(check.remedy)]),
    ]),
    button("btn btn-small", busy ? "Trying …" : "Try now", () => system.examine(check.name), {
      "aria-label": `Try now: ${check.name}`,
      "aria-disabled": system.busy === null ? null : "true",
    }),
  ]);
}

function withCode(text) {
  return text.split("`").map((part, at) => (at % 2 ? h("code", part) : part));
}

function process({ name, seconds }, at) {
  const heard = seconds === null ? "this one" : `heard ${seconds.toFixed(1)} s ago`;
  return h("li", { class: "check-row", key: at }, [
    mark("ok"),
    h("strong", { class: "check-what" }, name),
    h("span", { class: "muted" }, heard),
  ]);
}

function right(system) {
  return h("div", { class: "card card-flush" }, [
    h("h2", { class: "system-head" }, "In order"),
    h("ul", { class: "checks" }, system.inOrder.map((check) => ordered(system, check))),
  ]);
}

function ordered(system, check) {
  return h("li", { class: ["check-row", { "fresh-a": system.crossed[check.name] }], key: check.name }, [
    mark("ok"),
    h("strong", { class: "check-name" }, check.name),
    h("span", { class: "check-value muted" }, localised(check.words)),
  ]);
}

function mark(state) {
  return h("span", { class: `check-mark check-mark-${state}` }, [
    icon(ICONS[state], 16),
    h("span", { class: "visually-hidden" }, `${STATES[state]}: `),
  ]);
}

function button(classes, label, onClick, attributes = {}) {
  return h("button", { class: classes, type: "button", onClick, ...attributes }, label);
}

function whole(value) {
  return Math.round(value).toLocaleString("en-GB");
}
