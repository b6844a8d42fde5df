// The tasks of a POC as bars from start to due date, with a line for today. A bar is a button:
// arrows move it by a day, with Shift only its end, Enter edits it; the mouse drags it, or one of
// its ends. Positions are in days; the stylesheet turns them into widths.
import { h } from "vue";
import { icon } from "icons";
import { dayOf, daysOf, isoOf, overdue, short, spanOf, words } from "task_days";
import { mark } from "task_marks";
import { stateMark } from "task_views";

const LEAST = 41; // days that fill a wide page
const NEAR = 28; // days
const MANY = 56; // days: more have no room for the date of each week on a sheet of paper
const LABEL = 2.5; // days: half of "Today, 28 Nov", as wide as days are on a screen
const GRIP = 7; // px at each end of a bar where a drag moves only that end

export function timeline(view) {
  const scale = view.pull?.scale ?? scaleOf(view); // fixed while a bar is dragged
  const groups = view.byGroup.filter((group) => view.seen(group).length);
  return [
    h("div", { class: ["card card-flush timeline", { "is-long": scale.days > MANY }], style: { "--days": scale.days } }, [
      h("div", { class: "timeline-head" }, [
        h("div", { class: "timeline-label" }, [
          h("span", { class: "timeline-key" }, "Team"),
          h("span", { class: "timeline-key customer" }, ["Customer", icon("people", 14)]),
        ]),
        h("div", { class: "timeline-track" }, weeks(scale)),
      ]),
      ...groups.map((group) => section(view, scale, group)),
      scale.now >= 0 && h("div", { class: "timeline-now", style: { "--at": scale.now } }),
    ]),
    view.mayChange &&
      h("p", { class: "small muted work-keys" }, [
        h("kbd", "←"),
        " ",
        h("kbd", "→"),
        " move the bar in focus by a day, with ",
        h("kbd", "Shift"),
        " its end alone. The mouse drags a bar, or one of its ends.",
      ]),
  ];
}

function section(view, scale, group) {
  const tasks = view.seen(group);
  const whole = spanOf(group, tasks);
  return h("section", { key: group.id, "aria-label": group.title }, [
    h("div", { class: "timeline-group" }, [
      h("h2", { class: "timeline-label" }, [
        stateMark(view, view.of(group)),
        h("span", { class: "clip", dir: "auto", title: group.title }, group.title),
        group.side === "customer" && icon("people", 14, { class: "timeline-side" }),
        whole && h("span", { class: "small muted timeline-when" }, words(whole)),
      ]),
      h("div", { class: "timeline-track" }, [
        whole && h("div", { class: "timeline-whole", style: place(scale, ...whole) }),
      ]),
    ]),
    h("ul", tasks.map((task) => row(view, scale, task))),
  ]);
}

function row(view, scale, task) {
  const days = daysOf(task);
  return h("li", { key: task.id, class: ["timeline-row", { fresh: view.fresh.has(task.id) }] }, [
    h("div", { class: "timeline-label" }, [
      mark(task.status),
      h("span", { class: "clip", dir: "auto", title: task.title }, task.title),
      task.side === "customer" && icon("people", 14, { class: "timeline-side" }),
      h("span", { class: "small muted timeline-when" }, days ? words(days) : "No dates"),
      remark(view, task) &&
        h("span", { class: "small danger timeline-remark" }, remark(view, task)),
    ]),
    h("div", { class: "timeline-track" }, days ? bar(view, scale, task, days) : undated(view, task)),
  ]);
}

function bar(view, scale, task, [start, end]) {
  const late = isLate(view, task, end);
  const today = dayOf(view.today);
  const label = [
    task.title,
    ...(task.side === "customer" ? ["customer"] : []),
    words([start, end]),
    view.label(task.status).toLowerCase(),
    ...(late ? [overdue(today - end)] : []),
  ].join(", ");
  const filled = { done: 1, in_progress: (today + 0.5 - start) / (end + 1 - start) }[task.status] ?? 0;
  const share = Math.min(Math.max(filled, 0), 1);
  const attributes = {
    key: "bar",
    class: ["timeline-bar", task.side, task.status, { pulled: isPulled(view, task) }],
    style: { ...place(scale, start, end), "--filled": share },
    "aria-label": label,
    title: label,
  };
  return [
    view.mayChange
      ? h("button", {
          ...attributes,
          type: "button",
          onClick: () => clicked(view, task),
          onKeydown: (event) => byKey(event, view, task),
          ...byPointer(view, scale, task, [start, end]),
        })
      : h("div", {
          ...attributes,
          role: "button",
          tabindex: 0,
          onClick: () => view.open(task),
          onKeydown: (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            view.open(task);
          },
        }),
    late && h("div", { class: "timeline-late", style: place(scale, end + 1, today) }),
    beside(view, scale, task, [start, end]),
  ];
}

// The text after a bar: the days of a drop, or what is wrong with the task.
function beside(view, scale, task, [start, end]) {
  const pulled = isPulled(view, task);
  const said = pulled ? words([start, end]) : remark(view, task);
  if (!said) return null;
  const late = isLate(view, task, end);
  const after = late ? Math.min(dayOf(view.today), scale.first + scale.days - 8) : end;
  const look = pulled ? "timeline-pulled" : "danger";
  return h("span", { class: ["small timeline-beside", look], style: { "--at": after + 1 - scale.first } }, said);
}

function undated(view, task) {
  if (!view.mayChange) return h("span", { class: "small muted timeline-beside" }, "No dates");
  const attributes = { type: "button", class: "btn btn-quiet btn-small timeline-beside" };
  const onClick = () => view.open(task);
  return h("button", { ...attributes, "aria-label": `Set dates, ${task.title}`, onClick }, "Set dates");
}

// A click edits, unless it ends a drag.
function clicked(view, task) {
  if (view.pulled) view.pulled = false;
  else view.open(task);
}

const isPulled = (view, task) => view.pull?.id === task.id && view.pull.by !== 0;

// The mouse moves a bar, or makes it longer or shorter at one end. A finger scrolls.
function byPointer(view, scale, task, [start, end]) {
  return {
    onPointerdown: (event) => {
      view.pulled = false;
      if (event.button !== 0 || event.pointerType === "touch") return;
      const { left, right, width } = event.currentTarget.getBoundingClientRect();
      const grip = Math.min(GRIP, width / 4);
      const ends = { start: event.clientX - left < grip, end: right - event.clientX < grip };
      const which = Object.keys(ends).find((name) => ends[name]) ?? "both";
      const day = (width + 2) / (end + 1 - start);
      event.currentTarget.setPointerCapture(event.pointerId);
      event.currentTarget.focus({ preventScroll: true }); // for Escape; Safari does not by itself
      const { id, start: first, end: last } = task;
      view.pull = { id, which, x: event.clientX, day, by: 0, scale, first, last };
    },
    onPointermove: (event) => {
      const pull = view.pull;
      if (pull?.id !== task.id) return;
      const by = Math.round((event.clientX - pull.x) / pull.day);
      const days = pulledTo(pull, by);
      if (by === pull.by || (days.start && days.end && days.end < days.start)) return;
      pull.by = by;
      view.pulled = true;
      view.early({ ...task, ...days });
    },
    onPointerup: () => drop(view, task),
    onPointercancel: () => view.putBack(),
  };
}

// The days of a dragged task. A task with a single day gets a second one only if it is made longer.
function pulledTo({ which, first, last }, by) {
  const moved = (iso) => iso && isoOf(dayOf(iso) + by);
  if (which === "start") return { start: moved(first || last), end: last };
  if (which === "end") return { start: first, end: moved(last || first) };
  return { start: moved(first), end: moved(last) };
}

function drop(view, task) {
  const pull = view.pull;
  if (pull?.id !== task.id) return;
  const days = pulledTo(pull, pull.by);
  view.pull = null;
  if (!pull.by) view.early({ ...task, start: pull.first, end: pull.last });
  else view.schedule(task, days, 0);
}

function byKey(event, view, task) {
  if (event.key === "Escape" && view.pull) {
    event.preventDefault();
    view.putBack();
    return;
  }
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  const moved = (iso) => iso && isoOf(dayOf(iso) + by);
  let { start, end } = task;
  if (!event.shiftKey) [start, end] = [moved(start), moved(end)];
  else end = moved(end || start);
  if (start && end && end < start) return;
  view.schedule(task, { start, end });
  view.said = `${task.title}: ${words(daysOf({ start, end }))}`;
}

// What is wrong with a task: it is late or blocked.
function remark(view, task) {
  const days = daysOf(task);
  if (days && isLate(view, task, days[1])) return overdue(dayOf(view.today) - days[1]);
  return task.status === "blocked" ? "Blocked" : "";
}

const isLate = (view, task, end) => task.end && task.status !== "done" && end < dayOf(view.today);

// From the Monday before the first bar to the Sunday after the last one; today is included if it is
// near.
function scaleOf(view) {
  const today = dayOf(view.today);
  const bars = [...view.byTask.values(), ...view.byGroup].flatMap((one) => daysOf(one) ?? []);
  const known = [...bars, ...view.span.filter(Boolean).map(dayOf)];
  let [from, until] = [Math.min(...known), Math.max(...known)];
  const late = [...view.byTask.values()].some((task) => isLate(view, task, dayOf(task.end)));
  if (today > from - NEAR && today < until + (late ? 6 : 1) * NEAR) {
    [from, until] = [Math.min(from, today), Math.max(until, today)];
  }
  const first = from - weekday(from);
  const days = Math.max(LEAST, Math.ceil((until + 1 - first) / 7) * 7);
  const now = today >= first && today < first + days ? today - first + 0.5 : -1;
  return { first, days, now, today };
}

function weeks({ first, days, now, today }) {
  const shown = [];
  for (let at = 0; at < days; at += 7) {
    const isNow = now >= at && now < at + 7;
    const isBelowToday = now >= 0 && now < at && at - now < LABEL;
    shown.push(
      h("span", { class: ["timeline-week", { covered: isNow || isBelowToday }], style: { "--at": at } }, short(first + at)),
    );
  }
  if (now >= 0) {
    const style = { "--at": now };
    shown.push(h("span", { class: "timeline-today", style }, `Today, ${short(today)}`));
  }
  return shown;
}

const place = ({ first }, start, end) => ({ "--at": start - first, "--long": end + 1 - start });
const weekday = (day) => (new Date(`${isoOf(day)}T00:00:00Z`).getUTCDay() + 6) % 7;
