// A POC as the customer's people see it: first what waits for them, then the team's tasks and the
// criteria, with comments and resources beside. Open tasks stand under their groups, where there are
// several. The server reads only what is shared with them. It sends all of it once, then each row
// that changes.
import { h } from "vue";
import { avatar } from "avatar";
import { Composer } from "composer";
import { described } from "described";
import { icon } from "icons";
import { keepFocus } from "kept_focus";
import { listen } from "live_socket";
import { MOMENT, written } from "written";
import { mark } from "task_marks";

const WORDS = {
  not_started: "Not started",
  in_progress: "In progress",
  blocked: "Blocked",
  done: "Done",
};
const SQUARE = "avatar-small avatar-customer";
const RESULTS = { met: "active", partly_met: "warning", not_met: "danger", pending: "outline" };

const by = (...keys) => (a, b) => {
  for (const key of keys) {
    if (key(a) !== key(b)) return key(a) < key(b) ? -1 : 1;
  }
  return 0;
};
const id = (row) => row.id;
const position = (row) => row.position;
const ORDER = {
  tasks: by((task) => task.due || "9999", position, id),
  criteria: by(position, id),
  comments: (a, b) => by(id)(b, a),
  resources: by(id),
};

export default {
  props: { poc: Object, files: String },
  data() {
    return { now: {} };
  },
  created() {
    this.show(this.poc);
  },
  mounted() {
    this.stop = listen({
      rollcall_shared_task: (task) => this.patch("tasks", task),
      rollcall_shared_group: this.patchGroup,
      rollcall_shared_criterion: (criterion) => this.patch("criteria", criterion),
      rollcall_shared_comment: (comment) => this.patch("comments", comment),
      rollcall_shared_resource: (resource) => this.patch("resources", resource),
    });
  },
  unmounted() {
    this.stop();
  },
  methods: {
    // Called by the server.
    show(poc) {
      const oldest = poc.comments.at(-1)?.id ?? "";
      const before = (this.now.comments ?? []).filter(({ id }) => id < oldest);
      const earlier = before.length ? this.now.earlier : poc.earlier;
      this.now = { ...poc, comments: [...poc.comments, ...before], earlier };
      keepFocus(this);
    },
    showEarlier(comments, earlier) {
      this.now = { ...this.now, comments: [...this.now.comments, ...comments], earlier };
    },
    posted() {
      this.$refs.composer.posted();
    },
    refused(why) {
      this.$refs.composer.refused(why);
    },
    // From a socket event: a row as it is now.
    patch(rows, row) {
      const known = this.now[rows].find(({ id }) => id === row.id);
      if (known && known.version >= row.version) return;
      const others = this.now[rows].filter((other) => other !== known);
      const all = row.archived ? others : [...others, row].sort(ORDER[rows]);
      this.now = { ...this.now, [rows]: all };
      keepFocus(this);
    },
    patchGroup(group) {
      const as = (task) => (task.group.id === group.id ? { ...task, group } : task);
      this.now = { ...this.now, tasks: this.now.tasks.map(as) };
    },
  },
  render() {
    const { title, facts, contact, team, tasks } = this.now;
    const of = (side) => tasks.filter((task) => task.side === side);
    const mine = of("customer");
    const theirs = of("team");
    const waiting = theirs.filter((task) => task.waits);
    return h("div", { class: "customer-poc" }, [
      h("div", { class: "page-head" }, [
        h("div", [
          h("h1", { dir: "auto" }, title),
          h("p", { class: "muted small" }, [
            h("span", facts),
            " · your contact is ",
            h("strong", { dir: "auto" }, contact),
          ]),
        ]),
      ]),
      progress(this.now, mine, theirs),
      h("div", { class: "customer-columns" }, [
        h("div", { class: "customer-main" }, [
          waiting.length > 0 &&
            card("To accept", waiting.length, rows(this, waiting, (task) => act(this, "Accept", task, "accept"))),
          card(
            "Your tasks",
            `${open(mine)} open`,
            mine.length
              ? split(this, mine, (task) => act(this, "Mark done", task, "done"))
              : nothing("Nothing is on your side yet."),
          ),
          card(
            ["What ", h("bdi", team), " does"],
            `${open(theirs)} open`,
            theirs.length
              ? split(this, theirs.filter((task) => !task.waits))
              : nothing("Nothing is planned yet."),
          ),
          criteria(this.now.criteria),
        ]),
        h("div", { class: "customer-beside" }, [comments(this), resources(this)]),
      ]),
    ]);
  },
};

function progress({ team, criteria: wanted }, mine, theirs) {
  const met = wanted.filter(({ result }) => result === "met").length;
  const done = (tasks) => tasks.filter(({ status }) => status === "done").length;
  return h("dl", { class: "card facts customer-progress" }, [
    bar("Your side", done(mine), mine.length, "customer"),
    bar(team, done(theirs), theirs.length),
    bar("Criteria met", met, wanted.length, "met"),
  ]);
}

function bar(label, done, all, look = "") {
  const words = all ? `${done} of ${all}` : "none";
  return h("div", { class: "fact" }, [
    h("dt", [h("bdi", label), h("strong", words)]),
    h("dd", [
      h("progress", { class: `bar ${look}`, max: Math.max(all, 1), value: done, "aria-label": `${label}: ${words}` }),
    ]),
  ]);
}

function card(title, count, content) {
  return h("section", { class: "card" }, [
    h("h2", [title, " ", h("span", { class: "muted" }, count)]),
    content,
  ]);
}

function nothing(words) {
  return h("p", { class: "muted" }, words);
}

const open = (tasks) => tasks.filter(({ status }) => status !== "done").length;

const IN_GROUPS = by(position, id);

// Open tasks, then finished ones in a section that can be opened.
function split(view, tasks, button) {
  const finished = tasks.filter(({ status }) => status === "done");
  const rest = tasks.filter(({ status }) => status !== "done");
  const groups = new Map(rest.map(({ group }) => [group.id, group]));
  const several = new Set(view.now.tasks.map(({ group }) => group.id)).size > 1;
  return [
    ...(several
      ? [...groups.values()].sort(IN_GROUPS).map((group) =>
          h("section", { key: group.id, class: "customer-group" }, [
            h("h3", { class: "small muted", dir: "auto" }, group.title),
            rows(view, rest.filter((task) => task.group.id === group.id), button),
          ]),
        )
      : [rows(view, rest, button)]),
    finished.length > 0 &&
      h("details", { class: "customer-finished" }, [
        h("summary", `${finished.length} finished`),
        rows(view, finished),
      ]),
  ];
}

function rows(view, tasks, button) {
  return h(
    "ul",
    { class: "customer-rows" },
    tasks.map((task) =>
      h("li", { key: task.id, "data-row": task.id }, [
        mark(task.status),
        h("div", { class: "customer-task" }, [
          h("strong", { dir: "auto" }, task.title),
          h("span", { class: "visually-hidden" }, `, ${WORDS[task.status]}`),
          h("p", { class: `small muted ${task.due_tone}` }, [h("span", task.said)]),
          task.reason && h("p", { class: "small danger", dir: "auto" }, `Blocked: ${task.reason}`),
          described(task),
        ]),
        button?.(task),
      ]),
    ),
  );
}

function act(view, label, task, name) {
  return h(
    "button",
    {
      type: "button",
      class: name === "accept" ? "btn btn-primary" : "btn",
      "aria-label": `${label}: ${task.title}`,
      onClick: () => view.$emit("act", { act: name, id: task.id, version: task.version }),
    },
    label,
  );
}

function criteria(all) {
  const met = all.filter(({ result }) => result === "met").length;
  return card(
    "Criteria",
    all.length ? `${met} of ${all.length} met` : "",
    all.length
      ? h(
          "ul",
          { class: "customer-rows" },
          all.map((one) =>
            h("li", { key: one.id }, [
              h("div", { class: "customer-task" }, [
                h("strong", { dir: "auto" }, one.title),
                one.said && h("p", { class: "small muted", dir: "auto" }, one.said),
              ]),
              h("span", { class: `chip chip-${RESULTS[one.result]}` }, one.label),
            ]),
          ),
        )
      : nothing("What this POC has to show isn’t written down yet."),
  );
}

function comments(view) {
  return h("section", { class: "card" }, [
    h("h2", ["Comments ", h("span", { class: "muted" }, `${view.now.comments.length}${view.now.earlier ? "+" : ""}`)]),
    composer(view),
    h(
      "ol",
      { class: "customer-comments" },
      view.now.comments.map((one) =>
        h("li", { key: one.id }, [
          avatar(one.author, one.author, { look: one.from_customer ? SQUARE : "avatar-small" }),
          h("div", { class: "customer-comment" }, [
            h("strong", { dir: "auto" }, one.author),
            h("p", { class: "small muted" }, [
              h("bdi", one.from_customer ? view.now.customer : view.now.team),
              ` · ${moment(one.at)}${one.edited ? " · edited" : ""}`,
            ]),
            one.removed
              ? h("p", { class: "muted" }, "Removed.")
              : h("div", { class: "comment-body", dir: "auto", innerHTML: one.html }),
          ]),
        ]),
      ),
    ),
    view.now.earlier &&
      h(
        "button",
        {
          type: "button",
          class: "btn",
          onClick: () => view.$emit("act", { act: "earlier", before: view.now.comments.at(-1)?.id }),
        },
        "Show earlier",
      ),
  ]);
}

function composer(view) {
  return h(Composer, {
    ref: "composer",
    rows: 3,
    placeholder: `Write to ${view.now.team} and your colleagues`,
    help: "Markdown. Both sides read this.",
    onPost: (body) => view.$emit("act", { act: "post", body }),
  });
}

function resources(view) {
  const all = view.now.resources;
  return h("section", { class: "card" }, [
    h("h2", ["Resources ", h("span", { class: "muted" }, all.length || "")]),
    all.length
      ? h("ul", { class: "customer-rows" }, all.map((one) => resource(one, view.files)))
      : nothing("Nothing is shared yet."),
  ]);
}

const KINDS = { link: "link", file: "page", code: "code", note: "note" };
const LINKS = {
  link: ({ content }) => ({ href: content, target: "_blank", rel: "noopener noreferrer" }),
  file: ({ id }, files) => ({ href: `${files}/${id}`, download: "" }),
};

function resource(one, files) {
  const target = LINKS[one.kind]?.(one, files);
  if (target) {
    return h("li", { key: one.id }, [
      icon(KINDS[one.kind], 16),
      h("div", { class: "customer-task" }, [
        h("a", { ...target, dir: "auto" }, one.title),
        h("p", { class: "small muted", dir: "ltr" }, one.said),
      ]),
    ]);
  }
  const inside =
    one.kind === "note"
      ? h("div", { class: "comment-body", dir: "auto", innerHTML: one.html })
      : h("pre", { class: "customer-code", dir: "ltr", tabindex: "0" }, one.content);
  return h("li", { key: one.id }, [
    icon(KINDS[one.kind], 16),
    h("details", { class: "customer-task" }, [
      h("summary", [h("strong", { dir: "auto" }, one.title), h("span", { class: "small muted" }, ` ${one.said}`)]),
      inside,
    ]),
  ]);
}

function moment(iso) {
  return written(new Date(iso), MOMENT);
}
