// The tasks of a POC as a list by groups, and as a board by status.
import { h } from "vue";
import { avatar } from "avatar";
import { icon } from "icons";
import { described } from "described";
import { dayOf, momentOf, overdue, spanOf, words } from "task_days";
import { mark } from "task_marks";

export function list(view) {
  const filtered = Object.values(view.wanted).some(Boolean);
  const groups = view.byGroup.filter((group) => !filtered || view.seen(group).length);
  return groups.map((group) =>
    h("section", { key: group.id, class: "card card-flush task-group" }, [
      h("div", { class: "task-group-head" }, [
        h("h2", { dir: "auto" }, group.title),
        side(group),
        h("span", { class: "muted small" }, count(view.of(group))),
        state(view, view.of(group)),
        ...days(view, group),
        group.people.length > 0 && faces(group),
        view.mayChange &&
          h("div", { class: "actions" }, [
            quiet(view, "+ Add Task", () => view.act("add", { group: group.id }), group.title),
            view.byGroup.indexOf(group) > 0 &&
              quiet(view, "Move up", () => view.raise(group), group.title),
            quiet(view, "Edit", () => view.act("edit_group", { id: group.id }), group.title),
            quiet(view, "Assign", () => view.act("assign_group", { id: group.id }), group.title),
            !view.of(group).length &&
              quiet(view, "Archive", () => view.act("archive_group", { id: group.id }), group.title),
          ]),
        described(group),
      ]),
      view.of(group).length
        ? h("ul", { class: "task-rows" }, view.seen(group).map((task) => row(view, group, task)))
        : h(
            "p",
            { class: "muted task-none", ...view.droppable((task) => view.place(task, group)) },
            "No task yet.",
          ),
    ]),
  );
}

function row(view, group, task) {
  return h(
    "li",
    {
      key: task.id,
      "data-row": task.id,
      class: ["task-row", { fresh: view.fresh.has(task.id) }],
      draggable: view.mayChange ? "true" : null,
      onDragstart: (event) => view.drag(event, task),
      ...view.droppable((moved) => view.place(moved, group, task)),
    },
    [
      status(view, task),
      h("div", { class: "task-what" }, [
        h("span", { class: ["task-title", { done: task.status === "done" }], dir: "auto" }, task.title),
        side(task),
        task.reason && h("span", { class: "small task-reason", dir: "auto" }, `Blocked: ${task.reason}`),
        acceptance(view, task),
        described(task),
      ]),
      people(task),
      h("span", { class: ["small task-due", task.due_tone] }, task.status === "done" ? "" : task.due),
      view.mayChange ? menu(view, task) : null,
    ],
  );
}

export function board(view) {
  const tasks = view.byGroup.flatMap((group) => view.seen(group));
  const states = new Map(view.byGroup.map((group) => [group.id, stateWords(view, view.of(group))]));
  // Where there is no card to take the focus, the board does: it can be scrolled sideways.
  const lanes = h(
    "div",
    { class: "board", role: "group", "aria-label": "Board", tabindex: tasks.length ? null : 0 },
    view.statuses.map(([value, label]) => {
      const lane = tasks.filter((task) => shownStatus(view, task) === value);
      return h(
        "section",
        {
          key: value,
          class: "lane",
          "aria-label": label,
          ...view.droppable((task) => {
            if (view.steps[task.status].includes(value)) view.setStatus(task, value);
          }),
        },
        [
          h("h2", [mark(value), label, h("span", { class: "muted" }, ` ${lane.length}`)]),
          h("ul", lane.map((task) => card(view, task, states))),
          lane.length ? null : h("p", { class: "muted small" }, "Nothing here."),
        ],
      );
    }),
  );
  return [
    lanes,
    view.mayChange &&
      h("p", { class: "small muted work-keys" }, [
        h("kbd", "Space"),
        " lifts the card in focus, ",
        h("kbd", "←"),
        " ",
        h("kbd", "→"),
        " move it to another status, and ",
        h("kbd", "Space"),
        " drops it there; ",
        h("kbd", "↵"),
        " opens it. The mouse drags cards, and a click on a title opens its task.",
      ]),
  ];
}

function shownStatus(view, task) {
  return view.lifted?.id === task.id ? view.lifted.status : task.status;
}

function card(view, task, states) {
  const group = view.byGroup.find(({ id }) => id === task.group);
  return h(
    "li",
    {
      key: task.id,
      "data-row": task.id,
      class: [
        "task-card",
        { fresh: view.fresh.has(task.id), lifted: view.lifted?.id === task.id },
      ],
      draggable: view.mayChange ? "true" : null,
      tabindex: 0,
      "aria-roledescription": view.mayChange ? "card that can be moved" : null,
      onDragstart: (event) => view.drag(event, task),
      onKeydown: (event) => view.cardKey(event, task),
    },
    [
      h("span", { class: "muted small", dir: "auto", title: states.get(task.group) }, group?.title),
      cardTitle(view, task),
      task.reason && h("span", { class: "small task-reason", dir: "auto" }, `Blocked: ${task.reason}`),
      acceptance(view, task),
      h("div", { class: "task-card-foot" }, [
        task.status !== "done" &&
          task.due &&
          h("span", { class: ["small task-due", task.due_tone] }, task.due),
        side(task),
        faces(task),
      ]),
      view.fresh.has(task.id) && h("span", { class: "small muted" }, view.fresh.get(task.id)),
    ],
  );
}

// Not a button element: Firefox drags no card by one. By the keyboard, Enter on the card does the same.
function cardTitle(view, task) {
  const plain = { class: "task-title", dir: "auto" };
  const onClick = () => view.open(task);
  return h("span", { ...plain, role: "button", tabindex: -1, onClick }, task.title);
}

function status(view, task) {
  const label = view.label(task.status);
  if (!view.mayChange) return h("span", { class: `task-status task-${task.status}` }, label);
  const options = view.statuses.filter(
    ([value]) => value === task.status || view.steps[task.status].includes(value),
  );
  return h(
    "select",
    {
      class: `task-status task-${task.status}`,
      "aria-label": `Status of ${task.title}`,
      value: task.status,
      onChange: (event) => {
        const { value } = event.target;
        event.target.value = task.status; // until the server confirms it
        view.setStatus(task, value);
      },
    },
    options.map(([value, words]) =>
      h("option", { value, selected: value === task.status }, words),
    ),
  );
}

// Whether the customer accepted a finished task; nothing if the POC has no customer's people.
function acceptance(view, task) {
  if (task.accepted)
    return h("span", { class: "small task-accepted", dir: "auto" }, [
      icon("check", 12),
      `Accepted by ${task.accepted}`,
    ]);
  const waits = view.accepts && task.status === "done" && task.side === "team";
  return waits && h("span", { class: "small muted task-accepted" }, "Waits for acceptance");
}

export function side(task) {
  return task.side === "customer" && h("span", { class: "chip chip-customer" }, "Customer");
}

// Who is to do a task: one person by full name, several by first names.
function people(task) {
  if (!task.people.length) return h("span", { class: "muted small task-people" }, "Nobody");
  const one = task.people.length === 1;
  const shown = task.people.map(({ name, active }) => [
    one ? name : name.split(/\s+/u)[0],
    active ? "" : " – Inactive",
  ]);
  return h("span", { class: "small task-people", title: named(task) }, [
    ...task.people.map(face),
    h("span", { class: ["clip", { muted: !one || !task.people[0].active }], dir: "auto", "aria-hidden": "true" },
      shown.map((words) => words.join("")).join(", ")),
    h("span", { class: "visually-hidden" }, named(task)),
  ]);
}

// Who is to do a task, on a card: pictures, and a mark for those who are inactive.
function faces(task) {
  if (!task.people.length) return h("span", { class: "muted small task-faces" }, "Nobody");
  const away = task.people.some(({ active }) => !active);
  return h("span", { class: "task-faces", title: named(task) }, [
    ...task.people.map(face),
    away && h("span", { class: "small muted", "aria-hidden": "true" }, "– Inactive"),
    h("span", { class: "visually-hidden" }, named(task)),
  ]);
}

function face({ id, name, active, customer, picture }) {
  const look = `avatar-small${customer ? " avatar-customer" : ""}${active ? "" : " avatar-inactive"}`;
  return avatar(id, name, { picture, look });
}

function named(task) {
  const words = task.people.map(
    ({ name, active, customer }) => name + (customer ? " (customer)" : "") + (active ? "" : " – Inactive"),
  );
  return words.join(", ");
}

function menu(view, task) {
  const open = view.menu === task.id;
  const item = (words, then) =>
    h("button", { type: "button", class: "menu-item", onClick: then }, words);
  const about = { id: task.id, version: task.version };
  return h(
    "div",
    {
      class: "task-menu",
      onKeydown: (event) => {
        if (event.key !== "Escape" || !open) return;
        view.menu = null;
        event.currentTarget.querySelector("button").focus();
      },
    },
    [
      h(
        "button",
        {
          type: "button",
          class: "btn btn-quiet",
          "aria-expanded": String(open),
          "aria-label": `More for ${task.title}`,
          onClick: () => (view.menu = open ? null : task.id),
        },
        "⋯",
      ),
      open &&
        h("div", { class: "task-menu-panel" }, [
          item("Edit", () => view.act("edit", about)),
          item("Assign", () => view.act("assign", about)),
          item("Move up", () => view.step(task, -1)),
          item("Move down", () => view.step(task, 1)),
          item("Archive", () => view.act("archive", about)),
        ]),
    ],
  );
}

function quiet(_view, label, onClick, of) {
  return h(
    "button",
    { type: "button", class: "btn btn-quiet", "aria-label": `${label}, ${of}`, onClick },
    label,
  );
}

// A group's state follows from its tasks: what is blocked first, then what waits to be accepted.
// Its look, its words and its mark; once everything is done, when the last of it was.
function stateOf(view, tasks) {
  if (!tasks.length) return null;
  const some = (name) => tasks.filter(({ status: now }) => now === name).length;
  const as = (look, words, mark, since = "") => ({ look, words, mark, since });
  if (some("blocked")) return as("warning", `${some("blocked")} blocked`, "blocked");
  const done = some("done");
  if (done < tasks.length)
    return done || some("in_progress")
      ? as("accent", "In progress", "in_progress")
      : as("outline", "Not started", "not_started");
  const last = tasks.reduce((latest, { completed }) => (completed > latest ? completed : latest), "");
  const since = last && `Completed ${momentOf(last)}`;
  const ours = tasks.filter((task) => task.side === "team");
  const waiting = ours.filter(({ accepted }) => !accepted).length;
  if (ours.length && !waiting) return as("active", "All accepted", "done", since);
  if (!waiting || !view.accepts) return as("active", "All done", "done", since);
  const words = waiting === 1 ? "1 waits for acceptance" : `${waiting} wait for acceptance`;
  return as("accent", words, "done", since);
}

function state(view, tasks) {
  const now = stateOf(view, tasks);
  return now && h("span", { class: `chip chip-${now.look}`, title: now.since || null }, now.words);
}

// The same where a mark alone has room, with its words for those who point at it or listen.
export function stateMark(view, tasks) {
  const words = stateWords(view, tasks);
  if (!words) return null;
  return h("span", { class: "timeline-state", title: words }, [
    mark(stateOf(view, tasks).mark),
    h("span", { class: "visually-hidden" }, words),
  ]);
}

function stateWords(view, tasks) {
  const now = stateOf(view, tasks);
  return now && [now.words, now.since].filter(Boolean).join(". ");
}

// When a group is due, and whether it is overdue.
function days(view, group) {
  const tasks = view.of(group);
  const span = spanOf(group, tasks);
  const late = group.end ? dayOf(view.today) - dayOf(group.end) : 0;
  const open = !tasks.length || tasks.some(({ status: state }) => state !== "done");
  return [
    span && h("span", { class: "muted small" }, words(span)),
    open && late > 0 && h("span", { class: "small danger" }, overdue(late)),
  ];
}

function count(tasks) {
  const done = tasks.filter(({ status: state }) => state === "done").length;
  return tasks.length ? `${done} of ${tasks.length} done` : "";
}
