// The tasks of a POC: a list by groups, or a board by status. Both are moved by dragging and by
// the keyboard, and patched by what others do. What somebody asks for is shown at once, and put
// right by the server where it is refused.
import { h } from "vue";
import { listen } from "live_socket";

const FRESH = 1800; // ms for which a change by somebody else is tinted

export default {
  props: { groups: Array, tasks: Array, look: String, mayChange: Boolean, empty: String, statuses: Array },
  data() {
    return { byGroup: [], byTask: new Map(), fresh: new Map(), said: "", lifted: null, menu: null };
  },
  created() {
    this.show(this.groups, this.tasks);
  },
  mounted() {
    this.stop = listen(
      { rollcall_task: this.patchTask, rollcall_group: this.patchGroup },
      { onReconnect: () => this.$emit("missed") },
    );
    document.addEventListener("click", this.closeMenu);
  },
  unmounted() {
    this.stop();
    document.removeEventListener("click", this.closeMenu);
  },
  methods: {
    // Called by the server.
    show(groups, tasks) {
      this.byGroup = [...groups].sort(inOrder);
      this.byTask = new Map(tasks.map((task) => [task.id, task]));
    },
    patchTask(task) {
      const known = this.byTask.get(task.id);
      if (known && known.version >= task.version && !known.early) return;
      const tasks = new Map(this.byTask);
      if (task.archived) tasks.delete(task.id);
      else tasks.set(task.id, task);
      this.byTask = tasks;
      if (!known?.early) this.tint(task);
    },
    patchGroup(group) {
      const rest = this.byGroup.filter(({ id }) => id !== group.id);
      this.byGroup = group.archived ? rest : [...rest, group].sort(inOrder);
    },
    tint(task) {
      const words = task.by ? `Changed by ${task.by}, now` : "Changed now";
      this.fresh = new Map(this.fresh).set(task.id, words);
      setTimeout(() => {
        const left = new Map(this.fresh);
        left.delete(task.id);
        this.fresh = left;
      }, FRESH);
    },
    of(group) {
      return [...this.byTask.values()].filter((task) => task.group === group.id).sort(inOrder);
    },
    act(act, values) {
      this.menu = null;
      this.$emit("act", { act, ...values });
    },
    closeMenu(event) {
      if (!event.target.closest?.(".task-menu")) this.menu = null;
    },
    setStatus(task, status) {
      if (status === task.status) return;
      if (status !== "blocked") this.early({ ...task, status });
      this.act("status", { id: task.id, version: task.version, status });
      this.said = `${task.title}: ${this.label(status)}`;
    },
    early(task) {
      this.byTask = new Map(this.byTask).set(task.id, { ...task, early: true });
    },
    label(status) {
      return this.statuses.find(([value]) => value === status)?.[1] ?? status;
    },
    // Have a task stand before another one of its group, or at the group's end.
    place(task, group, before) {
      if (before?.id === task.id) return;
      this.act("move", {
        id: task.id,
        version: task.version,
        group: group.id,
        before: before?.id ?? null,
      });
    },
    // Have a group stand before the one above it.
    raise(group) {
      const above = this.byGroup[this.byGroup.indexOf(group) - 1];
      this.act("move_group", { id: group.id, version: group.version, before: above.id });
    },
    step(task, by) {
      const group = this.byGroup.find(({ id }) => id === task.group);
      const tasks = this.of(group);
      const at = tasks.findIndex(({ id }) => id === task.id) + by;
      if (at >= 0 && at < tasks.length) {
        this.place(task, group, by < 0 ? tasks[at] : tasks[at + 1]);
        this.said = `${task.title}: place ${at + 1} of ${tasks.length}`;
        return;
      }
      const next = this.byGroup[this.byGroup.indexOf(group) + by];
      if (!next) return;
      this.place(task, next, by < 0 ? undefined : this.of(next)[0]);
      this.said = `${task.title}: moved to ${next.title}`;
    },
    // Space lifts a card, arrows bring it to another status, Space drops it there, Escape doesn't.
    liftByKey(event, task) {
      if (![" ", "ArrowLeft", "ArrowRight", "Escape"].includes(event.key)) return;
      const lanes = this.statuses.map(([value]) => value);
      const lifted = this.lifted?.id === task.id ? this.lifted : null;
      if (event.key === " ") {
        event.preventDefault();
        if (lifted) this.setStatus(task, lifted.status);
        this.lifted = lifted ? null : { id: task.id, status: task.status };
        if (!lifted) this.said = `${task.title} is lifted. Arrows move it, Space drops it.`;
      } else if (lifted && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
        event.preventDefault();
        let at = lanes.indexOf(lifted.status);
        const by = event.key === "ArrowLeft" ? -1 : 1;
        do at += by;
        while (lanes[at] && lanes[at] !== task.status && !task.steps.includes(lanes[at]));
        if (lanes[at]) this.lifted = { id: task.id, status: lanes[at] };
        this.said = `${task.title}: over ${this.label(this.lifted.status)}`;
      } else if (lifted && event.key === "Escape") {
        event.preventDefault();
        this.lifted = null;
        this.said = `${task.title} stays in ${this.label(task.status)}.`;
      }
      // In another lane it is another element.
      this.$nextTick(() => this.$el.querySelector(`[data-task="${task.id}"]`)?.focus());
    },
    drag(event, task) {
      event.dataTransfer.setData("text/plain", task.title);
      event.dataTransfer.effectAllowed = "move";
      this.dragged = task.id;
    },
    dropped(event, then) {
      event.preventDefault();
      const task = this.byTask.get(this.dragged);
      this.dragged = null;
      if (task) then(task);
    },
    droppable(then) {
      if (!this.mayChange) return {};
      return {
        onDragover: (event) => this.dragged && event.preventDefault(),
        onDrop: (event) => this.dropped(event, then),
      };
    },
  },
  render() {
    return h("div", { class: "tasks" }, [
      h("p", { class: "visually-hidden", role: "status" }, this.said),
      this.byGroup.length ? (this.look === "board" ? board(this) : list(this)) : nothing(this),
    ]);
  },
};

const inOrder = (a, b) => a.position - b.position || (a.id < b.id ? -1 : 1);

function nothing(view) {
  return h("div", { class: "empty" }, [
    h("h2", "No tasks yet"),
    h("p", { class: "muted" }, view.empty),
  ]);
}

function list(view) {
  return view.byGroup.map((group) =>
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
        ? h("ul", { class: "task-rows" }, view.of(group).map((task) => row(view, group, task)))
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

function board(view) {
  const tasks = view.byGroup.flatMap((group) => view.of(group));
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

function side(task) {
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
