// The tasks of a group template in their order. A row is dragged by its handle, or lifted with
// Space: arrows move it, Space drops it, Escape puts it back. Side and days are changed in place.
import { h } from "vue";
import { described } from "described";
import { icon } from "icons";

export default {
  props: { tasks: Array, version: Number, sides: Array, mayChange: Boolean, empty: String },
  data() {
    // `typed` are numbers that are being typed: other people's changes don't overwrite them.
    return { rows: this.tasks, known: this.version, lifted: null, dragged: null, said: "", typed: {} };
  },
  methods: {
    // Called by the server.
    show(tasks, version, mayChange) {
      this.rows = tasks;
      this.known = version;
      this.may = mayChange;
      if (!tasks.some(({ id }) => id === this.lifted?.id)) this.lifted = null;
    },
    act(act, task, values = {}) {
      this.$emit("act", { act, id: task.id, version: this.known, ...values });
    },
    // Move a task; it shows at once.
    put(task, to) {
      const rest = this.rows.filter(({ id }) => id !== task.id);
      this.rows = [...rest.slice(0, to), task, ...rest.slice(to)];
    },
    // A change in place shows at once; if it is refused, the server sends the true value.
    set(task, values) {
      this.rows = this.rows.map((row) => (row.id === task.id ? { ...row, ...values } : row));
      this.act("set", task, values);
    },
    send(task) {
      const after = this.rows[this.rows.indexOf(task) + 1];
      this.act("move", task, { before: after?.id ?? null });
    },
    pressed(event, task) {
      const lifted = this.lifted?.id === task.id ? this.lifted : null;
      const at = this.rows.indexOf(task);
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (event.key === " " || (event.key === "Enter" && lifted)) {
        if (lifted && lifted.from !== at) this.send(task);
        this.lifted = lifted ? null : { id: task.id, from: at };
        this.said = lifted
          ? `${task.title}: dropped at position ${at + 1}.`
          : `${task.title} is lifted. Arrows move it, Space drops it.`;
      } else if (lifted && step) {
        const to = Math.min(Math.max(at + step, 0), this.rows.length - 1);
        this.put(task, to);
        this.said = `${task.title}: position ${to + 1} of ${this.rows.length}`;
        this.$nextTick(() => this.$el.querySelector(`[data-task="${task.id}"] .handle`)?.focus());
      } else if (lifted && event.key === "Escape") {
        this.back(task);
      } else return;
      event.preventDefault();
    },
    back(task) {
      this.put(task, this.lifted.from);
      this.lifted = null;
      this.said = `${task.title} is where it was.`;
      this.$nextTick(() => this.$el.querySelector(`[data-task="${task.id}"] .handle`)?.focus());
    },
    drop(event, onto) {
      event.preventDefault();
      const task = this.rows.find(({ id }) => id === this.dragged);
      this.dragged = null;
      if (!task || task.id === onto.id) return;
      this.put(task, this.rows.indexOf(onto));
      this.send(task);
    },
  },
  render() {
    const may = this.may ?? this.mayChange;
    const lifted = this.rows.find(({ id }) => id === this.lifted?.id);
    if (!this.rows.length) {
      return h("div", { class: "card empty" }, [h("h2", "No tasks yet"), h("p", { class: "muted" }, this.empty)]);
    }
    return h("div", [
      h("p", { class: "visually-hidden", role: "status" }, this.said),
      h("div", { class: "card card-flush" }, [
        h("div", { class: "template-row template-head", "aria-hidden": "true" }, [
          h("span", { class: "template-title" }, "Task"),
          h("span", { class: "template-side" }, "Side"),
          h("span", { class: "template-day" }, "Starts on day"),
          h("span", { class: "template-day" }, "Takes days"),
          may && h("span", { class: "template-acts" }),
        ]),
        h("ol", { class: "template-tasks" }, this.rows.map((task, at) => row(this, task, at, may))),
      ]),
      lifted &&
        h("p", { class: "small muted work-keys" }, [
          `“${lifted.title}” is lifted: `,
          h("kbd", "↑"), " ", h("kbd", "↓"), " move it, ",
          h("kbd", "Space"), " drops it, ", h("kbd", "Esc"), " puts it back.",
        ]),
    ]);
  },
};

function row(view, task, at, may) {
  const { id, title } = task;
  const resources = task.resources === 1 ? "1 resource" : `${task.resources} resources`;
  return h(
    "li",
    {
      key: id,
      "data-task": id,
      class: ["template-row", { lifted: view.lifted?.id === id }],
      draggable: may ? "true" : null,
      onDragstart: (event) => {
        event.dataTransfer.setData("text/plain", title);
        event.dataTransfer.effectAllowed = "move";
        view.dragged = id;
      },
      onDragover: (event) => view.dragged && event.preventDefault(),
      onDrop: (event) => view.drop(event, task),
    },
    [
      may &&
        h(
          "button",
          {
            type: "button",
            class: "handle",
            "aria-label": `Move ${title}`,
            onKeydown: (event) => view.pressed(event, task),
          },
          icon("handle", 14),
        ),
      h("span", { class: "muted template-number" }, at + 1),
      h("div", { class: "template-title" }, [
        h("span", { class: "task-title", dir: "auto" }, title),
        task.resources > 0 && h("span", { class: "small muted" }, resources),
        described(task),
      ]),
      may ? side(view, task) : h("span", { class: "template-side" }, label(view, task.side)),
      ...["start_day", "days"].map((name) => days(view, task, name, may)),
      may &&
        h("span", { class: "template-acts" }, [
          quiet("Edit", title, () => view.act("edit", task)),
          quiet("Remove", title, () => view.act("remove", task)),
        ]),
    ],
  );
}

const label = (view, side) => view.sides.find(([value]) => value === side)?.[1];

function side(view, task) {
  const select = {
    class: "template-side",
    "aria-label": `Side of ${task.title}`,
    value: task.side,
    onChange: (event) => view.act("set", task, { side: event.target.value }),
  };
  return h(
    "select",
    select,
    view.sides.map(([value, words]) => h("option", { value, selected: value === task.side }, words)),
  );
}

const DAYS = { start_day: "Starts on day", days: "Takes days" };

function days(view, task, name, may) {
  const words = DAYS[name];
  const narrow = h("span", { class: "small muted template-words" }, words);
  if (!may) return h("span", { class: "template-day" }, [narrow, String(task[name])]);
  return h("label", { class: "template-day" }, [
    narrow,
    h("input", {
      type: "number",
      min: 1,
      step: 1,
      "aria-label": `${words}, ${task.title}`,
      value: view.typed[`${task.id} ${name}`] ?? task[name],
      onInput: (event) => (view.typed = { [`${task.id} ${name}`]: event.target.value }),
      onBlur: () => (view.typed = {}),
      onChange: (event) => {
        const value = Number(event.target.value);
        view.typed = {};
        if (Number.isInteger(value) && value > 0) view.set(task, { [name]: value });
        else event.target.value = task[name];
      },
    }),
  ]);
}

function quiet(words, title, onClick) {
  const attributes = { type: "button", class: "btn btn-quiet btn-small", "aria-label": `${words} ${title}` };
  return h("button", { ...attributes, onClick }, words);
}
