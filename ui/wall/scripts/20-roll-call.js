// Roll call: how many are here, who, and who came and went.
"use strict";
(() => {
  const wall = window.rollcallWall;
  const { h, number, icon, panel, nothing, dayChart, split, of } = wall;
  const MARKED = 60;
  const PLURAL = {
    "Sales Engineer": "Sales Engineers",
    Administrator: "Administrators",
    "Tenant Admin": "Tenant Admins",
    "Platform Admin": "Platform Admins",
  };

  function count(data) {
    return h(
      "div",
      { class: "at-hand" },
      h("p", { class: "huge" }, number(data.here)),
      h("p", { class: "here-now" }, "here now"),
      h("p", { class: "below" }, `of ${number(data.active)} active`),
    );
  }

  const isFresh = (at, now) => at && now - at < MARKED;

  function person(shown, now) {
    if (isFresh(shown.left, now)) return h("li", { class: "name gone" }, h("s", { dir: "auto" }, shown.name));
    if (isFresh(shown.came, now)) {
      return h("li", { class: "name new" }, icon("came"), h("b", { dir: "auto" }, shown.name));
    }
    return h("li", { class: "name", dir: "auto" }, shown.name);
  }

  // The names in columns, as many pages of them as it takes. A role's heading has a name below it.
  function pagesOf(roles, columns, rows, isApart) {
    const pages = [];
    let page, column;
    const nextColumn = () => {
      if (!page || page.length === columns) pages.push((page = []));
      page.push((column = []));
    };
    nextColumn();
    for (const role of roles) {
      const needs = isApart ? Math.min(rows, role.people.length + 2) : 3;
      if (column.length && column.length + needs > rows) nextColumn();
      if (column.length) column.push({ gap: true });
      column.push({ head: role });
      for (const shown of role.people) {
        if (column.length >= rows) {
          nextColumn();
          column.push(page.length > 1 ? { gap: true } : { head: role });
        }
        column.push({ shown });
      }
    }
    return pages;
  }

  const headOf = (role) =>
    h(
      "li",
      { class: "role" },
      h("b", {}, number(role.here)),
      ` ${role.here === 1 ? role.label : (PLURAL[role.label] ?? role.label)}`,
    );

  function namesPanel(data, now, page) {
    const place = h("section", { class: "panel names" });
    if (!data.roles.length) {
      place.append(nothing("Nobody is here yet. The first to sign in appears at once."));
      return [place, () => 1];
    }
    // How much fits is known only once it is drawn.
    const layOut = () => {
      if (!place.clientHeight) return 1; // not its turn, on a phone
      const style = getComputedStyle(place);
      const row = parseFloat(style.getPropertyValue("--row")) || 0;
      const height = place.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
      const probe = h("li", { class: "name" }, "A");
      place.replaceChildren(h("ul", { class: "column" }, probe));
      const each = probe.getBoundingClientRect().height || row || 1;
      const columns = Number(style.getPropertyValue("--columns")) || 3;
      const roles = data.roles.map((role) => ({
        ...role,
        people: role.people.filter((shown) => !shown.left || isFresh(shown.left, now)),
      }));
      const fits = Math.max(3, Math.floor(height / each));
      // A role begins a column of its own where there is room for that.
      const apart = pagesOf(roles, columns, fits, true);
      const one = apart.length > 1 ? pagesOf(roles, columns, fits) : apart;
      const pages =
        one.length > 1 ? pagesOf(roles, columns, Math.max(3, fits - 1)) : one;
      const shown = pages[page % pages.length];
      place.replaceChildren(
        ...shown.map((column) =>
          h(
            "ul",
            { class: "column" },
            column.map((item) =>
              item.shown ? person(item.shown, now) : item.head ? headOf(item.head) : h("li", { class: "gap", "aria-hidden": "true" }),
            ),
          ),
        ),
      );
      if (pages.length > 1) {
        place.append(h("p", { class: "page-of" }, `Page ${(page % pages.length) + 1} of ${pages.length}`));
      }
      return pages.length;
    };
    return [place, layOut];
  }

  function movesPanel(data, now, clock) {
    const moves = data.moves.map((move, i) =>
      h(
        "li",
        { class: `move ${move.arrived && i === 0 && isFresh(move.at, now) ? "new" : ""}` },
        h("time", {}, clock.time(move.at)),
        icon(move.arrived ? "came" : "left"),
        h("span", { class: "visually-hidden" }, move.arrived ? "arrived" : "left"),
        h("span", { class: "who", dir: "auto" }, move.name),
      ),
    );
    const list = moves.length ? h("ul", { class: "moves" }, moves) : nothing("Nobody came or went so far.");
    return panel("Arrivals and departures", list);
  }

  function rolesPanel(data) {
    const most = Math.max(1, ...data.roles.map((role) => role.here));
    return panel(
      "Here by role",
      data.roles.length
        ? h(
            "ul",
            { class: "by-role" },
            data.roles.map((role) =>
              h(
                "li",
                {},
                h("span", {}, PLURAL[role.label] ?? role.label),
                split([[role.here, "accent"]], of(role.here, role.label, PLURAL[role.label]), most),
                h("b", {}, number(role.here)),
              ),
            ),
          )
        : nothing("Nobody is here yet. The first to sign in appears at once."),
    );
  }

  wall.views.roll_call = (data, { now, clock, names, page }) => {
    const left = h("div", { class: "left part" }, count(data), dayChart(data, now, clock));
    if (names === "counts") {
      return { parts: h("div", { class: "view roll-call counts" }, left, rolesPanel(data)) };
    }
    const [place, layOut] = namesPanel(data, now, page);
    const parts = h("div", { class: "view roll-call" }, left, place, movesPanel(data, now, clock));
    return { parts, layOut, isMoving: data.roles.some((role) => role.people.some((one) => isFresh(one.came, now) || isFresh(one.left, now))) };
  };
})();
