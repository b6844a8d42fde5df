// The tasks of a POC: a list by groups, a board by status, or a timeline. Tasks are moved by
// dragging and by the keyboard, and patched by what others do. What somebody asks for is shown at
// once, and put right by the server where it is refused. What is looked for stands in the url.
import { h } from "vue";
import { keepFocus } from "kept_focus";
import { listen } from "live_socket";
import { asked, between, inOrder, whileWaiting } from "positions";
import { listKeys } from "single_keys";
import { matches, read, toolbar, write } from "task_filters";
import { board, list } from "task_views";
import { timeline } from "task_timeline";

const FRESH = 1800; // ms for which another person's change is highlighted
const STEADY = 500; // ms without another key until the move of a bar is sent
const LOOKS = { list, board, timeline };
// For the dialog "Keyboard".
const OPENS = ["Open the card in focus", ["↵"]];
const KEYS = {
  list: [],
  board: [
    ["Lift the card in focus, and drop it", ["Space"]],
    ["Move it to another status", ["←", "→"]],
    ["Put it back", ["Esc"]],
    OPENS,
  ],
  timeline: [
    ["Move the bar in focus by a day", ["←", "→"]],
    ["Move its end alone", ["Shift", "→"]],
  ],
};

export default {
  props: {
    rows: String, // JSON: the groups and the tasks
    look: String,
    looks: Array, // of each: its name, its label, its url
    me: String,
    today: String,
    span: Array, // the POC's first and last day
    mayChange: Boolean,
    empty: String,
    accepts: Boolean, // whether the POC has customer's people, who accept finished tasks
    statuses: Array,
    steps: Object, // for each status: the statuses that may follow
  },
  data() {
    return {
      byGroup: [],
      byTask: new Map(),
      fresh: new Map(),
      said: "",
      lifted: null,
      pull: null, // the bar that is dragged, where the drag began, and by how many days
      menu: null,
      wanted: read(),
    };
  },
  created() {
    this.timers = new Map();
    this.asksAbout = null; // the card that was dropped by the keyboard where a dialog asks why
    this.pulled = false; // whether the next click belongs to a drag that just ended
    const { groups, tasks } = JSON.parse(this.rows);
    this.show(groups, tasks);
  },
  mounted() {
    this.stop = listen(
      {
        rollcall_task: this.patchTask,
        rollcall_group: this.patchGroup,
        rollcall_person: this.patchPerson,
      },
      { onReconnect: () => this.$emit("missed") },
    );
    document.addEventListener("click", this.closeMenu);
    document.addEventListener("close", this.comeBack, true);
    const keys = this.mayChange ? KEYS[this.look] : this.look === "board" ? [OPENS] : [];
    this.unlistKeys = listKeys({ label: this.looks.find(([name]) => name === this.look)[1], keys });
    const box = this.$el.querySelector(".timeline");
    const today = this.$el.querySelector(".timeline-now");
    if (box && today) box.scrollLeft = today.offsetLeft - box.clientWidth / 2;
  },
  unmounted() {
    this.stop();
    for (const timer of this.timers.values()) clearTimeout(timer);
    document.removeEventListener("click", this.closeMenu);
    document.removeEventListener("close", this.comeBack, true);
    this.unlistKeys();
  },
  methods: {
    // Called by the server.
    show(groups, tasks) {
      this.byGroup = groups.map(whole).sort(inOrder);
      this.byTask = new Map(tasks.map((task) => [task.id, complete(task)]));
    },
    patchTask(told) {
      const known = this.byTask.get(told.id);
      let task = whileWaiting(complete(told), known, ["status", "group", "position"]);
      if (known && known.version >= task.version && !known.early) return;
      if (this.pull?.id === task.id) Object.assign(this.pull, { first: task.start, last: task.end });
      if (this.timers.has(task.id) || this.pull?.id === task.id)
        task = { ...task, start: known.start, end: known.end, early: true };
      const tasks = new Map(this.byTask);
      if (task.archived) tasks.delete(task.id);
      else tasks.set(task.id, task);
      this.byTask = tasks;
      keepFocus(this);
      if (!known?.early) this.tint(task, known && known.status !== task.status ? "Moved" : "Changed");
    },
    patchGroup(told) {
      const before = this.byGroup.find(({ id }) => id === told.id);
      const group = whileWaiting(whole(told), before, ["position"]);
      const isOld = ({ id, version, early }) => id === group.id && version >= group.version && !early;
      if (this.byGroup.some(isOld)) return;
      const rest = this.byGroup.filter(({ id }) => id !== group.id);
      this.byGroup = group.archived ? rest : [...rest, group].sort(inOrder);
    },
    // Somebody was activated, deactivated or renamed: it shows everywhere they appear.
    patchPerson(person) {
      const as = (other) => (other.id === person.id ? person : other);
      const patched = (work) =>
        work.people.some(({ id }) => id === person.id)
          ? { ...work, people: work.people.map(as) }
          : work;
      this.byGroup = this.byGroup.map(patched);
      this.byTask = new Map([...this.byTask].map(([id, task]) => [id, patched(task)]));
    },
    tint(task, what) {
      const words = task.by ? `${what} by ${task.by}, now` : `${what} now`;
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
    // The tasks that match the filters.
    seen(group) {
      return this.of(group).filter((task) => matches(this, task));
    },
    want(name, value) {
      this.wanted = { ...this.wanted, [name]: value };
      write(this.wanted);
    },
    clear() {
      this.wanted = {};
      write(this.wanted);
    },
    act(act, values) {
      this.menu = null;
      keepFocus(this);
      this.$emit("act", { act, ...values });
    },
    closeMenu(event) {
      if (!event.target.closest?.(".task-menu")) this.menu = null;
    },
    setStatus(task, status) {
      if (status === task.status) return;
      if (status !== "blocked") this.early(asked(this.byTask.get(task.id) ?? task, { status }));
      this.act("status", { id: task.id, version: task.version, status });
      this.said = `${task.title}: ${this.label(status)}`;
    },
    early(task) {
      this.byTask = new Map(this.byTask).set(task.id, { ...task, early: true });
    },
    // Cancels a drag: the bar goes back, and the click that follows does nothing.
    putBack() {
      const { id, first, last } = this.pull ?? {};
      const task = this.byTask.get(id);
      this.pull = null;
      if (task) this.early({ ...task, start: first, end: last });
    },
    // Shows a task's new days at once, and sends them when no more keys are pressed.
    schedule(task, days, steady = STEADY) {
      this.early({ ...task, ...days });
      clearTimeout(this.timers.get(task.id));
      const send = () => {
        this.timers.delete(task.id);
        const { id, version, start, end } = this.byTask.get(task.id) ?? task;
        this.act("schedule", { id, version, start, end });
      };
      this.timers.set(task.id, setTimeout(send, steady));
    },
    label(status) {
      return this.statuses.find(([value]) => value === status)?.[1] ?? status;
    },
    // Move a task before another one of its group, or to the group's end. It shows at once, so that
    // the next key counts from there.
    place(task, group, before) {
      if (before?.id === task.id) return;
      const rest = this.of(group).filter(({ id }) => id !== task.id);
      const now = this.byTask.get(task.id) ?? task;
      this.early(asked(now, { group: group.id, position: between(rest, before) }));
      this.act("move", {
        id: task.id,
        version: task.version,
        group: group.id,
        before: before?.id ?? null,
      });
    },
    // Move a group before the one above it.
    raise({ id: wanted }) {
      const at = this.byGroup.findIndex(({ id }) => id === wanted);
      if (at < 1) return;
      const [above, group] = this.byGroup.slice(at - 1, at + 1);
      const rest = this.byGroup.filter(({ id }) => id !== group.id);
      this.byGroup = [...rest, asked(group, { position: between(rest, above) })].sort(inOrder);
      this.act("move_group", { id: group.id, version: group.version, before: above.id });
    },
    step(task, by) {
      const group = this.byGroup.find(({ id }) => id === task.group);
      const tasks = this.of(group);
      const at = tasks.findIndex(({ id }) => id === task.id) + by;
      if (at >= 0 && at < tasks.length) {
        this.place(task, group, by < 0 ? tasks[at] : tasks[at + 1]);
        this.said = `${task.title}: position ${at + 1} of ${tasks.length}`;
        return;
      }
      const next = this.byGroup[this.byGroup.indexOf(group) + by];
      if (!next) return;
      this.place(task, next, by < 0 ? undefined : this.of(next)[0]);
      this.said = `${task.title}: moved to ${next.title}`;
    },
    // Shows a task's facts: to those who may change them, in fields.
    open({ id, version }) {
      this.act("edit", { id, version });
    },
    cardKey(event, task) {
      if (this.mayChange) this.liftByKey(event, task);
      else if (event.key === "Enter") this.open(task);
    },
    // Space lifts a card, arrows move it to another status, Space or Enter drops it there, Escape puts
    // it back. Enter opens a card that isn't lifted.
    liftByKey(event, task) {
      if (![" ", "Enter", "ArrowLeft", "ArrowRight", "Escape"].includes(event.key)) return;
      const lanes = this.statuses.map(([value]) => value);
      const lifted = this.lifted?.id === task.id ? this.lifted : null;
      if (event.key === "Enter" && !lifted) {
        event.preventDefault();
        this.open(task);
        return;
      }
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        if (lifted) this.setStatus(task, lifted.status);
        this.asksAbout = lifted?.status === "blocked" ? task.id : null;
        this.lifted = lifted ? null : { id: task.id, status: task.status };
        if (!lifted) this.said = `${task.title} is lifted. Arrows move it, Space drops it.`;
      } else if (lifted && (event.key === "ArrowLeft" || event.key === "ArrowRight")) {
        event.preventDefault();
        let at = lanes.indexOf(lifted.status);
        const by = event.key === "ArrowLeft" ? -1 : 1;
        do at += by;
        while (lanes[at] && lanes[at] !== task.status && !this.steps[task.status].includes(lanes[at]));
        if (lanes[at]) this.lifted = { id: task.id, status: lanes[at] };
        this.said = `${task.title}: over ${this.label(this.lifted.status)}`;
      } else if (lifted && event.key === "Escape") {
        event.preventDefault();
        this.lifted = null;
        this.said = `${task.title} stays in ${this.label(task.status)}.`;
      }
      this.focusCard(task.id);
    },
    // In another lane a card is a new element, which has to get the focus again.
    focusCard(id) {
      this.$nextTick(() => this.$el.querySelector(`.task-card[data-row="${id}"]`)?.focus());
    },
    // When the dialog closes, the card about which it asked may stand in another lane already.
    comeBack({ target: dialog }) {
      const at = document.activeElement;
      const isLost = at === document.body || dialog.contains(at);
      if (this.asksAbout && isLost) this.focusCard(this.asksAbout);
      this.asksAbout = null;
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
    const some = [...this.byTask.values()].some((task) => matches(this, task));
    const isFiltered = Object.values(this.wanted).some(Boolean);
    return h("div", { class: "poc-tasks" }, [
      h("p", { class: "visually-hidden", role: "status" }, this.said),
      toolbar(this),
      !this.byGroup.length ? nothing(this) : isFiltered && !some ? none(this) : LOOKS[this.look](this),
    ]);
  },
};

// A task with the empty values that the server leaves out.
const EMPTY = { reason: "", start: "", end: "", due: "", due_tone: "", people: [], comments: 0, position: 0 };
const complete = (task) => ({ ...EMPTY, description: "", accepted: "", completed: "", archived: false, by: "", ...task });
// A group with the empty values that the server leaves out.
const whole = (group) => ({ description: "", start: "", end: "", people: [], archived: false, ...group });

function nothing(view) {
  return h("div", { class: "empty" }, [
    h("h2", "No tasks yet"),
    h("p", { class: "muted" }, view.empty),
  ]);
}

function none(view) {
  return h("div", { class: "card empty" }, [
    h("h2", "No task matches"),
    h("p", { class: "muted" }, "Ask for less, or for all of them."),
    h("button", { type: "button", class: "btn", onClick: view.clear }, "Clear filters"),
  ]);
}
