// POCs: their states, which end next, whose tasks are late, and what is due this week.
"use strict";
(() => {
  const wall = window.rollcallWall;
  const { h, of, ofThem, number, amount, icon, panel, figure, empty, split, daysBetween, dayWords } = wall;
  const KINDS = [
    ["draft", "grey", (count) => (count === 1 ? "draft" : "drafts")],
    ["active", "accent", () => "active"],
    ["on_hold", "hold", () => "on hold"],
    ["completed", "done", () => "completed this quarter"],
  ];

  function standing(data) {
    const counts = data.by_status;
    const open = counts.draft + counts.active + counts.on_hold;
    const words = KINDS.map(([kind, , label]) => `${counts[kind]} ${label(counts[kind])}`);
    return h(
      "section",
      { class: "panel figure standing" },
      h(
        "div",
        {},
        amount(number(counts.active)),
        h("p", { class: "what" }, counts.active === 1 ? "active POC" : "active POCs"),
        h("p", { class: "below" }, open ? `of ${number(open)} open` : "none is open"),
      ),
      h(
        "div",
        { class: "statuses" },
        split(KINDS.map(([kind, tone]) => [counts[kind], tone]), `POCs: ${words.join(", ")}.`),
        h(
          "ul",
          { class: "legend" },
          KINDS.map(([kind, tone, label]) =>
            h("li", {}, h("i", { class: `key ${tone}` }), h("b", {}, number(counts[kind])), ` ${label(counts[kind])}`),
          ),
        ),
      ),
    );
  }

  function when(end, today) {
    const left = daysBetween(today, end);
    if (left < 0) {
      const late = h("span", { class: left < -99 ? "visually-hidden" : "" }, " late");
      return h("span", { class: "end late" }, icon("bad"), h("span", {}, of(-left, "day", "days"), late));
    }
    if (left === 0) return h("span", { class: "end soon" }, "Today");
    return h("span", { class: `end ${left < 3 ? "soon" : ""}` }, dayWords(end));
  }

  // A title that names the customer says it all in one line.
  function whose(poc) {
    const isNamed = poc.title.toLocaleLowerCase().includes(poc.customer.toLocaleLowerCase());
    return isNamed ? "" : h("small", { dir: "auto" }, poc.customer);
  }

  function nextToEnd(data) {
    if (!data.next_to_end.length) {
      const words = data.by_status.active ? "No active POC has an end date." : "No POCs are active.";
      return empty("Next to end", words, "days");
    }
    return panel(
      "Next to end",
      h(
        "ul",
        { class: "rows pocs-rows paged" },
        data.next_to_end.map((poc) =>
          h(
            "li",
            { class: "row" },
            h("span", { class: "who" }, h("b", { dir: "auto" }, poc.title), whose(poc)),
            h("span", { class: "owner", dir: "auto" }, poc.owner),
            split([[poc.percent, "accent"], [100 - poc.percent, "rest"]], `${poc.percent}% done`, 100),
            h("span", { class: "percent" }, `${poc.percent}%`),
            when(poc.end, data.today),
          ),
        ),
      ),
    );
  }

  function byOwner(data) {
    if (!data.by_owner.length) return empty("Overdue by owner", "No task waits.", "task");
    const most = Math.max(...data.by_owner.map((one) => one.overdue + one.this_week + one.later));
    return panel(
      "Overdue by owner",
      h(
        "ul",
        { class: "owners" },
        data.by_owner.map((one) =>
          h(
            "li",
            {},
            h("span", { class: "who", dir: "auto" }, one.name),
            split(
              [[one.overdue, "overdue"], [one.this_week, "accent"], [one.later, "grey"]],
              `${one.overdue} overdue, ${one.this_week} this week, ${one.later} later`,
              most,
            ),
            h("b", { class: one.overdue ? "late" : "" }, number(one.overdue)),
          ),
        ),
      ),
      h(
        "ul",
        { class: "legend" },
        [["overdue", "overdue"], ["accent", "this week"], ["grey", "later"]].map(([tone, words]) =>
          h("li", {}, h("i", { class: `key ${tone}` }), ` ${words}`),
        ),
      ),
    );
  }

  function thisWeek(data) {
    const rows = data.this_week.map((one) =>
      h(
        "li",
        {},
        h("span", { class: "day-of" }, one.on === data.today ? "Today" : dayWords(one.on)),
        h("span", { class: "who", dir: "auto" }, `${one.what}, ${one.title}`),
      ),
    );
    if (!rows.length) return empty("This week", "Nothing is due in the rest of this week.", "days");
    return panel("This week", h("ul", { class: "week" }, rows));
  }

  const dueWords = (data) => (data.due_this_week ? ofThem(data.due_today, data.due_this_week, "today") : "nothing is due");
  const overdueWords = (data) => (data.overdue ? `on ${of(data.overdue_pocs, "POC", "POCs")}` : "everything is on time");

  wall.views.pocs = (data, { names }) => {
    const top = h(
      "div",
      { class: "figures part" },
      standing(data),
      figure(data.due_this_week, data.due_this_week === 1 ? "task due this week" : "tasks due this week", dueWords(data)),
      figure(data.overdue, data.overdue === 1 ? "task overdue" : "tasks overdue", overdueWords(data), data.overdue ? "red" : ""),
    );
    const below =
      names === "counts"
        ? []
        : [nextToEnd(data), h("div", { class: "side part" }, byOwner(data), thisWeek(data))];
    return { parts: h("div", { class: `view pocs ${names}` }, top, h("div", { class: "lists" }, below)) };
  };
})();
