// What the users grid looks like: `view(grid)` is its render function. It is written out, since a
// template would first be compiled in the browser: tens of milliseconds before the first row.
import { h } from "vue";
import { icon } from "icons";
import { hue, initials, roleLabel } from "user_rows";

const COLUMNS = [
  ["name", "Name"],
  ["email", "Email"],
  ["role", "Role"],
  ["status", "Status"],
];
const STATUSES = [
  ["active", "Active"],
  ["inactive", "Inactive"],
];

export function view(grid) {
  return h("div", { class: "users" }, [
    head(grid),
    toolbar(grid),
    counts(grid),
    h("p", { class: "visually-hidden", role: "status" }, grid.spoken),
    grid.error && failure(grid),
    grid.list.length ? table(grid) : empty(grid),
    grid.pagesNow > 1 && pager(grid),
  ]);
}

function head(grid) {
  return h("div", { class: "page-head" }, [
    h("h1", grid.title),
    h("div", { class: "actions" }, [
      grid.import_url && h("a", { class: "btn btn-quiet", href: grid.import_url }, "Invite from a file"),
      button("btn btn-primary", "+ Invite User", () => grid.$emit("invite")),
    ]),
  ]);
}

function toolbar(grid) {
  const submitted = (event) => {
    event.preventDefault();
    grid.ask();
  };
  return h("form", { class: "toolbar", role: "search", "aria-label": "Users", onSubmit: submitted }, [
    search(grid),
    filter(grid, "role", "Show", "All roles", grid.roles),
    filter(grid, "status", "Status", "All", STATUSES),
    h("label", { class: "check" }, [
      h("input", {
        type: "checkbox",
        checked: grid.asked.invited,
        onChange: (event) => grid.change({ invited: event.target.checked }),
      }),
      "Invitation not yet accepted",
    ]),
    grid.filtered && grid.list.length
      ? button("btn btn-quiet", "Clear filters", grid.clear)
      : null,
  ]);
}

function search(grid) {
  const typed = (event) => {
    grid.text = event.target.value;
    // What is still being composed (a Japanese word, say) is no word yet.
    if (!event.isComposing) grid.typed();
  };
  return h("div", { class: "search" }, [
    icon("search", 16),
    h("input", {
      ref: "search",
      type: "search",
      "aria-label": "Search users",
      placeholder: "Search users",
      autocomplete: "off",
      spellcheck: "false",
      maxlength: 200,
      value: grid.text,
      onInput: typed,
      onCompositionend: typed,
    }),
  ]);
}

function filter(grid, name, label, all, options) {
  const id = `${grid.$attrs.id}-${name}`;
  return h("div", { class: ["filter", { "filter-on": grid.asked[name] }] }, [
    h("label", { for: id }, label),
    h(
      "select",
      {
        id,
        value: grid.asked[name],
        onChange: (event) => grid.change({ [name]: event.target.value }),
      },
      [["", all], ...options].map(([key, text]) => h("option", { key, value: key }, text)),
    ),
  ]);
}

function counts(grid) {
  return h("div", { class: "counts" }, [
    h("strong", grid.countText),
    grid.all.all ? h("span", { class: "muted" }, grid.breakdown) : null,
  ]);
}

function failure(grid) {
  return h("div", { class: "banner banner-danger users-error", role: "alert" }, [
    h("span", `Couldn't load users. ${grid.error}`),
    button("btn btn-small", "Try again", () => grid.ask()),
  ]);
}

function table(grid) {
  return h("div", { class: "table-card" }, [
    grid.loading && h("div", { class: "loading" }),
    h(
      "table",
      { class: "table", role: "table", "aria-label": "Users", "aria-busy": String(grid.loading) },
      [
        h("thead", { role: "rowgroup" }, [
          h("tr", { role: "row" }, [
            COLUMNS.map(([column, label]) => heading(grid, column, label)),
            h("th", { role: "columnheader", scope: "col", class: "col-actions" }, "Actions"),
          ]),
        ]),
        h(
          "tbody",
          { role: "rowgroup" },
          grid.list.slice(0, grid.most).map((row) => user(grid, row)),
        ),
      ],
    ),
  ]);
}

function heading(grid, column, label) {
  const attributes = {
    key: column,
    role: "columnheader",
    scope: "col",
    class: `col-${column}`,
    "aria-sort": grid.sorted(column),
  };
  const sort = { type: "button", class: "sort", onClick: () => grid.sortBy(column) };
  return h("th", attributes, [h("button", sort, [label, icon("arrow", 12)])]);
}

function user(grid, row) {
  const fits = grid.fitsShown(row);
  const states = { "is-leaving": !fits, "is-inactive": !row.active };
  return h("tr", { key: row.id, role: "row", class: [grid.fresh[row.id], states] }, [
    cell("name", name(grid, row)),
    cell("email", email(row)),
    cell("role", [h("div", { class: "clip" }, roleLabel(row.role))]),
    cell("status", status(grid, row, fits)),
    cell("actions", grid.can_manage ? [toggle(grid, row)] : []),
  ]);
}

function cell(column, content) {
  return h("td", { role: "cell", class: `col-${column}` }, content);
}

function name(grid, row) {
  const link = {
    class: "name-link isolate clip",
    dir: "auto",
    href: grid.href(row),
    title: grid.lastSeen(row),
  };
  return [
    h("div", { class: "who" }, [
      h("span", { class: "avatar", style: { "--hue": hue(row.id) }, "aria-hidden": "true" }, [
        initials(row.name),
        row.online && h("span", { class: "online", title: "Online now" }),
      ]),
      h("a", link, row.name),
      row.online && h("span", { class: "visually-hidden" }, "online now"),
      row.id === grid.me && h("span", { class: "chip" }, "You"),
      row.mixed && h("span", { class: "chip chip-warning", title: row.mixed }, "Mixed letters"),
    ]),
  ];
}

// What is told of an invitation's mail before it has arrived or failed.
const MAIL_WORDS = {
  waiting: "Mail waiting",
  sending: "Mail being sent",
  unanswered: "Mail server hasn’t answered yet",
  unknown: "Unknown whether the mail arrived",
};

function email(row) {
  const mail = row.invited && row.mail;
  return [
    h("div", { class: "stack" }, [
      h("span", { class: "isolate clip muted", dir: "auto", title: row.email }, row.email),
      MAIL_WORDS[mail] && h("span", { class: "mail-state" }, [icon("clock", 12), MAIL_WORDS[mail]]),
      mail === "failed" &&
        h("span", { class: "mail-state mail-failed", title: row.mail_answer || null }, [
          icon("cross", 12),
          "Mail failed",
        ]),
    ]),
  ];
}

function status(grid, row, fits) {
  return [
    h("div", { class: "chips" }, [
      row.active
        ? h("span", { class: "chip chip-active" }, [icon("check", 12), "Active"])
        : h("span", { class: "chip chip-inactive" }, [icon("dash", 12), "Inactive"]),
      row.invited && h("span", { class: "chip chip-accent" }, "Invited"),
    ]),
    row.end_date &&
      row.active &&
      h("div", { class: "small muted ends" }, `until ${grid.day(row.end_date)}`),
    !fits && h("span", { class: "visually-hidden" }, "no longer matches the filters"),
  ];
}

function toggle(grid, row) {
  const own = row.id === grid.me;
  const why = `${grid.$attrs.id}-why`;
  const control = {
    type: "button",
    role: "switch",
    class: "switch",
    "aria-checked": String(row.active),
    "aria-label": `${row.active ? "Deactivate" : "Activate"} ${row.name}`,
    "aria-disabled": own ? "true" : null,
    "aria-describedby": own ? why : null,
    "aria-busy": grid.waiting[row.id] ? "true" : null,
    onClick: (event) => grid.toggle(row, event),
    onFocus: grid.showTip,
    onKeydown: (event) => event.key === "Escape" && grid.hideTip(),
  };
  const tip = { id: why, class: ["tip", { "tip-dismissed": grid.tipDismissed }], role: "tooltip" };
  return h("span", { class: "switch-cell", onMouseenter: grid.showTip }, [
    h("button", control),
    own && h("span", tip, grid.own_hint),
  ]);
}

function empty(grid) {
  const none = grid.all.all
    ? [
        h("h2", "No users match"),
        h("p", "Check the spelling, or look with fewer filters."),
        button("btn", "Clear filters", grid.clear),
      ]
    : [h("h2", "No users yet"), h("p", grid.empty_hint)];
  return h("div", { class: "table-card empty", "aria-busy": String(grid.loading) }, [
    grid.loading && h("div", { class: "loading" }),
    h("div", { class: "empty-icon" }, [icon("people", 22)]),
    none,
  ]);
}

function pager(grid) {
  return h("nav", { class: "pager", "aria-label": "Pages" }, [
    h("p", `Page ${grid.number(grid.pageNow)} of ${grid.number(grid.pagesNow)}`),
    turn(grid, "Previous", -1, grid.pageNow <= 1),
    turn(grid, "Next", 1, grid.pageNow >= grid.pagesNow),
  ]);
}

function turn(grid, label, step, isEnd) {
  return button("btn", label, () => grid.turn(step), { "aria-disabled": isEnd ? "true" : null });
}

function button(look, label, onClick, attributes = {}) {
  return h("button", { type: "button", class: look, onClick, ...attributes }, label);
}
