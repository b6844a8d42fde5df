// The tasks of a POC as a list by groups, and as a board by status.
import { h } from "vue";

export function list(view) {
  const filtered = Object.values(view.wanted).some(Boolean);
  const groups = view.byGroup.filter((group) => !filtered || view.seen(group).length);
  return groups.map((group) =>
    h("section", { key: group.id, class: "card card-flush task-group" }, [
      h("div", { class: "task-group-head" }, [
        h("h2", { dir: "auto" }, group.title),
        h("span", { class: "muted small" }, count(view.of(group))),
        view.mayChange &&
          h("div", { class: "actions" }, [
            quiet(view, "+ Add Task", () => view.act("add", { group: group.id }), group.title),
            view.byGroup.indexOf(group) > 0 &&
              quiet(view, "Move up", () => view.raise(group), group.title),
            quiet(view, "Edit", () => view.act("edit_group", { id: group.id }), group.title),
            !view.of(group).length &&
              quiet(view, "Archive", () => view.act("archive_group", { id: group.id }), group.title),
          ]),
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
        task.accepted && h("span", { class: "small muted", dir: "auto" }, `Accepted by ${task.accepted}`),
      ]),
      people(task),
      h("span", { class: ["small task-due", task.due_tone] }, task.status === "done" ? "" : task.due),
      view.mayChange ? menu(view, task) : null,
    ],
  );
}

export function board(view) {
  const tasks = view.byGroup.flatMap((group) => view.seen(group));
  return h(
    "div",
    { class: "board" },
    view.statuses.map(([value, label]) => {
      const lane = tasks.filter((task) => shownStatus(view, task) === value);
      return h(
        "section",
        {
          key: value,
          class: "lane",
          "aria-label": label,
          ...view.droppable((task) => {
            if (task.steps.includes(value)) view.setStatus(task, value);
          }),
        },
        [
          h("h2", [label, h("span", { class: "muted" }, ` ${lane.length}`)]),
          h("ul", lane.map((task) => card(view, task))),
          lane.length ? null : h("p", { class: "muted small" }, "Nothing here."),
        ],
      );
    }),
  );
}

function shownStatus(view, task) {
  return view.lifted?.id === task.id ? view.lifted.status : task.status;
}

function card(view, task) {
  const group = view.byGroup.find(({ id }) => id === task.group);
  return h(
    "li",
    {
      key: task.id,
      "data-task": task.id,
      class: [
        "task-card",
        { fresh: view.fresh.has(task.id), lifted: view.lifted?.id === task.id },
      ],
      draggable: view.mayChange ? "true" : null,
      tabindex: view.mayChange ? 0 : null,
      "aria-roledescription": view.mayChange ? "card that can be moved" : null,
      onDragstart: (event) => view.drag(event, task),
      onKeydown: (event) => view.mayChange && view.liftByKey(event, task),
    },
    [
      h("span", { class: "muted small", dir: "auto" }, group?.title),
      h("span", { class: "task-title", dir: "auto" }, task.title),
      task.reason && h("span", { class: "small task-reason", dir: "auto" }, `Blocked: ${task.reason}`),
      h("div", { class: "task-card-foot" }, [
        people(task),
        side(task),
        h("span", { class: ["small task-due", task.due_tone] }, task.status === "done" ? "" : task.due),
      ]),
      view.fresh.has(task.id) && h("span", { class: "small muted" }, view.fresh.get(task.id)),
    ],
  );
}

function status(view, task) {
  const label = view.label(task.status);
  if (!view.mayChange) return h("span", { class: `task-status task-${task.status}` }, label);
  const options = view.statuses.filter(
    ([value]) => value === task.status || task.steps.includes(value),
  );
  return h(
    "select",
    {
      class: `task-status task-${task.status}`,
      "aria-label": `Status of ${task.title}`,
      value: task.status,
      onChange: (event) => {
        const { value } = event.target;
        event.target.value = task.status; // until it is so
        view.setStatus(task, value);
      },
    },
    options.map(([value, words]) =>
      h("option", { value, selected: value === task.status }, words),
    ),
  );
}

export function side(task) {
  return task.side === "customer" && h("span", { class: "chip chip-customer" }, "Customer");
}

function people(task) {
  if (!task.people.length) return h("span", { class: "muted small task-people" }, "Nobody");
  const names = task.people.map(
    ({ name, active, customer }) => name + (customer ? " (customer)" : "") + (active ? "" : " – Inactive"),
  );
  return h("span", { class: "small task-people", dir: "auto", title: names.join(", ") }, names.join(", "));
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

function count(tasks) {
  const done = tasks.filter(({ status: state }) => state === "done").length;
  return tasks.length ? `${done} of ${tasks.length} done` : "";
}
