// The bar above the tasks of a POC: the view, the filters, and the buttons to add. The filters are
// kept in the url, and stay when the view changes.
import { h } from "vue";
import { icon } from "icons";

const NAMES = ["side", "assignee", "status"];
const SIDES = [["team", "Team"], ["customer", "Customer"]];
const NOBODY = "nobody";

export function read() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""]));
}

export function write(wanted) {
  history.replaceState(history.state, "", location.pathname + query(wanted));
}

function query(wanted) {
  const given = NAMES.filter((name) => wanted[name]).map((name) => [name, wanted[name]]);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export function matches({ wanted, look }, task) {
  const { side, assignee, status } = wanted;
  if (side && task.side !== side) return false;
  if (status && look !== "board" && task.status !== status) return false;
  if (assignee === NOBODY) return !task.people.length;
  return !assignee || task.people.some(({ id }) => id === assignee);
}

export function toolbar(view) {
  return h("div", { class: "toolbar task-toolbar" }, [
    h(
      "nav",
      { class: "looks", "aria-label": "View" },
      view.looks.map(([name, label, url]) =>
        h(
          "a",
          {
            class: "look",
            href: url + query(view.wanted),
            "aria-current": name === view.look ? "page" : null,
          },
          [icon(name, 14), label],
        ),
      ),
    ),
    filter(view, "side", "Side", "Both", SIDES),
    filter(view, "assignee", "Assignee", "Anyone", assignees(view)),
    view.look !== "board" && filter(view, "status", "Status", "Any", view.statuses),
    view.mayChange &&
      h("div", { class: "actions" }, [
        add("+ New Group", "btn", () => view.act("new_group", {})),
        add("+ Add Task", "btn btn-primary", () => view.act("add", {})),
      ]),
  ]);
}

// Everybody who has a task here, the visitor first, and “nobody”. A chosen person stays in the
// list.
function assignees(view) {
  const names = new Map();
  for (const { people } of view.byTask.values())
    for (const { id, name, active } of people) names.set(id, active ? name : `${name} – Inactive`);
  names.delete(view.me);
  const others = [...names].sort((a, b) => a[1].localeCompare(b[1]));
  return [[view.me, "Me"], ...others, [NOBODY, "Nobody"]];
}

function filter(view, name, label, all, options) {
  const wanted = view.wanted[name];
  const known = !wanted || options.some(([value]) => value === wanted);
  return h("div", { class: ["filter", { "filter-on": wanted }] }, [
    h("label", { for: `task-${name}` }, label),
    h(
      "select",
      {
        id: `task-${name}`,
        value: wanted ?? "",
        onChange: (event) => view.want(name, event.target.value),
      },
      [["", all], ...options, ...(known ? [] : [[wanted, "Not here any more"]])].map(
        ([value, words]) => h("option", { key: value, value, selected: value === (wanted ?? "") }, words),
      ),
    ),
  ]);
}

function add(label, look, onClick) {
  return h("button", { type: "button", class: look, onClick }, label);
}
