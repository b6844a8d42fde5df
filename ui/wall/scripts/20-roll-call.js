// Roll call: how many are here, who, and who came and went.
"use strict";
(() => {
  const wall = window.rollcallWall;
  const { h, number, amount, icon, panel, nothing, empty, dayChart, split, of } = wall;
  const MARKED = 60;
  const MOST_ROWS = 2; // of one name
  const FEW = 24; // people
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

  function person(shown, now) {
    const [kind, tag] = isFresh(shown.left, now) ? ["gone", "s"] : isFresh(shown.came, now) ? ["new", "b"] : ["", "span"];
    const name = h(tag, { dir: "auto" }, shown.name);
    const item = h("li", { class: `name ${kind} ${shown.rows === MOST_ROWS ? "cut" : ""}` }, kind === "new" ? icon("came") : "", name);
    item.style.setProperty("--rows", shown.rows);
    return item;
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
    // How much fits is known only after drawing: a name that is longer than its column takes two
    // rows.
    const paged = () => {
      const style = getComputedStyle(place);
      const height = place.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
      const columns = Number(style.getPropertyValue("--columns")) || 3;
      const roles = data.roles.map((role) => ({
        ...role,
        people: role.people.filter((shown) => !shown.left || isFresh(shown.left, now)),
      }));
      const people = roles.flatMap((role) => role.people);
      const one = h("li", { class: "name" }, "A");
      const plain = people.map((shown) => h("li", { class: "name" }, h("span", { dir: "auto" }, shown.name)));
      // A person who has just come has a mark beside the name, which may need a smaller font.
      const marked = people.map((shown) => person(shown, now));
      marked.forEach((item) => item.classList.toggle("tight", item.classList.contains("new")));
      place.replaceChildren(h("ul", { class: "column" }, one, plain, marked));
      const each = one.getBoundingClientRect().height || 1;
      const rowsOf = (item) =>
        Math.min(MOST_ROWS, Math.max(1, Math.ceil(item.lastChild.getBoundingClientRect().height / each - 0.1)));
      const sized = new Map(people.map((shown, i) => [shown, Math.max(rowsOf(plain[i]), rowsOf(marked[i]))]));
      for (const role of roles) role.people = role.people.map((shown) => ({ ...shown, rows: sized.get(shown) }));
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
