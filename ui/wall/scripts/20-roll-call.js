// Roll call: how many are here, who, and who came and went.
"use strict";
(() => {
  const wall = window.rollcallWall;
  const { h, number, amount, icon, panel, nothing, empty, dayChart, split, of } = wall;
  const MARKED = 60;
  const MOST_ROWS = 2; // of one name
  const FEW = 24; // people
  const MOST_KNOWN = 5000; // names that were measured
  const NOBODY = "Nobody is here yet. The first to sign in appears at once.";
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
      amount(number(data.here), "huge"),
      h("p", { class: "here-now" }, "here now"),
      h("p", { class: "below" }, data.active ? `of ${number(data.active)} active` : "nobody is active yet"),
    );
  }

  const isFresh = (at, now) => at && now - at < MARKED;

  const kindOf = (shown, now) => (isFresh(shown.left, now) ? "gone" : isFresh(shown.came, now) ? "new" : "");

  function named(name, kind) {
    const tag = { gone: "s", new: "b" }[kind] ?? "span";
    return h("li", { class: `name ${kind}` }, kind === "new" ? icon("came") : "", h(tag, { dir: "auto" }, name));
  }

  function person(shown, now) {
    const item = named(shown.name, kindOf(shown, now));
    item.classList.toggle("cut", shown.rows === MOST_ROWS);
    item.style.setProperty("--rows", shown.rows);
    return item;
  }

  // How many rows each name takes in a column, which is known only after drawing: one that is
  // longer than its column takes two. What was measured holds as long as the columns are the same,
  // and few views of an organisation have other names than the one before.
  const known = new Map();
  let room = "";

  function measure(place, people, now) {
    const one = h("li", { class: "name" }, "A");
    const column = h("ul", { class: "column" }, one);
    place.replaceChildren(column);
    const { width, height } = one.getBoundingClientRect();
    if (room !== `${width} ${height}` || known.size > MOST_KNOWN) known.clear();
    room = `${width} ${height}`;
    const each = height || 1;
    const keys = new Map();
    const unknown = new Map();
    for (const shown of people) {
      // A person who has just come has a mark beside the name, which may need a smaller font.
      const kinds = [...new Set(["", kindOf(shown, now)])];
      keys.set(shown, kinds.map((kind) => `${kind} ${shown.name}`));
      kinds.forEach((kind, i) => {
        const key = keys.get(shown)[i];
        if (!known.has(key)) unknown.set(key, named(shown.name, kind));
      });
    }
    for (const item of unknown.values()) item.classList.toggle("tight", item.classList.contains("new"));
    column.append(...unknown.values());
    for (const [key, item] of unknown) {
      const rows = Math.ceil(item.lastChild.getBoundingClientRect().height / each - 0.1);
      known.set(key, Math.min(MOST_ROWS, Math.max(1, rows)));
    }
    const rowsOf = (shown) => Math.max(...keys.get(shown).map((key) => known.get(key)));
    return { each, rowsOf };
  }

  // The names in columns, on as many pages as needed. A role's heading is never the last line of a
  // column; `begins` tells which roles begin a new column.
  function pagesOf(roles, columns, rows, begins = () => false) {
    const pages = [];
    let page, column, used;
    const next = () => {
      if (!page || page.length === columns) pages.push((page = []));
      page.push((column = []));
      used = 0;
    };
    const put = (item, takes = 1) => {
      column.push(item);
      used += takes;
    };
    next();
    roles.forEach((role, i) => {
      const least = 2 + (role.people[0]?.rows ?? 0);
      if (column.length && (begins(i) || used + least > rows)) next();
      if (column.length) put({ gap: true });
      put({ head: role });
      for (const shown of role.people) {
        if (used + shown.rows > rows) {
          next();
          put(page.length > 1 ? { gap: true } : { head: role });
        }
        put({ shown }, shown.rows);
      }
    });
    return pages;
  }

  // If all names fit on one page, as many roles as possible begin a new column, the first ones
  // first. Names that need several pages are packed as tightly as possible.
  function arranged(roles, columns, rows) {
    const last = roles.length - 1;
    for (let which = 2 ** last - 1; which >= 0; which -= 1) {
      const pages = pagesOf(roles, columns, rows, (i) => i > 0 && which & (1 << (last - i)));
      if (pages.length === 1) return pages;
    }
    return pagesOf(roles, columns, Math.max(3, rows - 1));
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
      place.append(nothing(NOBODY, "people"));
      return [place, () => 1];
    }
    const paged = () => {
      const style = getComputedStyle(place);
      const height = place.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
      const columns = Number(style.getPropertyValue("--columns")) || 3;
      const roles = data.roles.map((role) => ({
        ...role,
        people: role.people.filter((shown) => !shown.left || isFresh(shown.left, now)),
      }));
      const { each, rowsOf } = measure(place, roles.flatMap((role) => role.people), now);
      for (const role of roles) role.people = role.people.map((shown) => ({ ...shown, rows: rowsOf(shown) }));
      return arranged(roles, columns, Math.max(3, Math.floor(height / each)));
    };
    // A few people are written larger, in fewer columns.
    const paginate = () => {
      const isFew = data.roles.reduce((sum, role) => sum + role.people.length, 0) <= FEW;
      place.classList.toggle("few", isFew);
      const pages = paged();
      if (!isFew || pages.length === 1) return pages;
      place.classList.remove("few");
      return paged();
    };
    const layOut = () => {
      if (!place.clientHeight) return 1; // on a phone this part isn't shown now
      const pages = paginate();
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
      // They have one size: if one of them needs the smaller one, all get it.
      const fresh = [...place.querySelectorAll(".new")];
      const isTight = fresh.some((item) => item.lastChild.offsetHeight > item.offsetHeight);
      for (const item of fresh) item.classList.toggle("tight", isTight);
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
    const title = "Arrivals and departures";
    if (!moves.length) return empty(title, "Nobody came or went so far.", "came");
    return panel(title, h("ul", { class: "moves" }, moves));
  }

  function rolesPanel(data) {
    const most = Math.max(1, ...data.roles.map((role) => role.here));
    if (!data.roles.length) return empty("Here by role", NOBODY, "people");
    return panel(
      "Here by role",
      h(
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
      ),
    );
  }

  wall.views.roll_call = (data, { now, clock, names, page }) => {
    const left = h("div", { class: "left part" }, count(data), dayChart(data, now, clock));
    if (names === "counts") {
      return { parts: h("div", { class: "view roll-call counts" }, left, rolesPanel(data)) };
    }
    const [place, layOut] = namesPanel(data, now, page);
    const both = h("div", { class: "both part" }, place, movesPanel(data, now, clock));
    const parts = h("div", { class: "view roll-call" }, left, both);
    return { parts, layOut, isMoving: data.roles.some((role) => role.people.some((one) => isFresh(one.came, now) || isFresh(one.left, now))) };
  };
})();
