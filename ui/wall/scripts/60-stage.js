// The head of a screen, and the change from view to view. The owner of the stage tells it what to
// show.
"use strict";
(() => {
  const wall = window.rollcallWall;
  const { h, icon } = wall;
  const NAMES = { roll_call: "Roll call", people: "People", pocs: "POCs", trouble: "Trouble" };

  // Whether a line of text has an ellipsis, which a fraction of a pixel can cause.
  function isCut(text) {
    const range = document.createRange();
    range.selectNodeContents(text);
    const { paddingInlineStart, borderInlineStartWidth } = getComputedStyle(text);
    const before = parseFloat(paddingInlineStart) + parseFloat(borderInlineStartWidth);
    return range.getBoundingClientRect().width > text.getBoundingClientRect().width - before + 0.05;
  }

  wall.Stage = class {
    // A section if the page already has a main element.
    constructor(place, tag = "main") {
      this.tag = tag;
      this.place = place;
      this.data = {};
      this.screen = { views: [], dwell: 20, names: "initials", organisation: "", zone: "" };
      this.at = 0; // the index of the view
      this.page = 0; // the page of names, or of rows
      this.part = 0; // the part of the view, where parts are shown one at a time
      this.pages = 1;
      this.since = performance.now();
      this.now = 0;
      this.isMoving = false;
    }

    set(screen) {
      const before = this.view;
      this.screen = screen;
      this.clock = wall.clockOf(screen.zone);
      this.at = Math.max(0, screen.views.indexOf(before));
      for (const view of Object.keys(this.data)) if (!screen.views.includes(view)) delete this.data[view];
      this.draw();
    }

    // Only of a screen: a person at a dashboard doesn't wait for the next part.
    get isPhone() {
      return this.tag === "main" && this.place.clientWidth <= 620 && this.place.clientHeight >= this.place.clientWidth;
    }

    get view() {
      return this.screen.views[this.at];
    }

    show(view, data) {
      const before = this.data[view];
      this.data[view] = data;
      if (view === "trouble" && before && this.hasNewTrouble(before, data)) this.turnTo(this.screen.views.indexOf(view));
      else if (view === this.view || view === "trouble") this.draw();
    }

    // Jumps to the view of a new trouble, once.
    hasNewTrouble(before, data) {
      const known = new Set(before.troubles.map((trouble) => trouble.key));
      return data.troubles.some((trouble) => !known.has(trouble.key));
    }

    // The server's time, each second: every change of view, page or part happens here.
    tick(now) {
      const minute = Math.floor(now / 60);
      const isNewMinute = minute !== Math.floor(this.now / 60);
      this.now = now;
      if (performance.now() - this.since >= this.screen.dwell * 1000) this.turn();
      else if (isNewMinute || this.isMoving) this.draw();
      else this.drawTurn();
    }

    turn() {
      const parts = this.isPhone ? this.parts : 1;
      if (this.page + 1 < this.pages) this.page += 1;
      else if (this.part + 1 < parts) [this.page, this.part] = [0, this.part + 1];
      else {
        this.turnTo((this.at + 1) % Math.max(1, this.screen.views.length));
        return;
      }
      this.since = performance.now();
      this.draw();
    }

    turnTo(at) {
      const isSame = at === this.at;
      [this.at, this.page, this.part, this.since] = [at, 0, 0, performance.now()];
      this.draw();
      if (!isSame) this.place.querySelector(".shown")?.classList.add("comes");
    }

    draw() {
      const data = this.data[this.view];
      if (!data || !this.now) return;
      const { names } = this.screen;
      const drawn = wall.views[this.view](data, { now: this.now, clock: this.clock, names, page: this.page });
      const main = h(this.tag, { class: "shown", "aria-label": NAMES[this.view] }, drawn.parts);
      this.place.replaceChildren(this.head(), main);
      this.scaleHatch();
      this.onePart(main);
      this.pages = drawn.layOut ? drawn.layOut() : 1;
      this.isMoving = Boolean(drawn.isMoving);
      this.drawTurn(); // which takes room of the organisation's name
      this.unfold();
      for (const panel of main.querySelectorAll(".panel:not(.names)")) {
        const pages = this.fit(panel);
        this.pages = Math.max(this.pages, pages);
      }
    }

    // The stripes of overdue tasks are as wide as on a display of 1080 lines, or they look plain.
    scaleHatch() {
      const scale = Math.max(1, this.place.clientHeight / 1080);
      document.getElementById("rollcall-hatch")?.setAttribute("patternTransform", `scale(${scale})`);
    }

    // On a phone the parts of a view are shown one at a time.
    onePart(main) {
      const found = [...main.querySelectorAll(".panel, .part")].filter(
        (part) => !part.parentElement.closest(".part"),
      );
      this.parts = found.length;
      if (!this.isPhone) return;
      found.forEach((part, i) => part.classList.toggle("away", i !== this.part % found.length));
    }

    // Text that people wrote and that doesn't fit gets a smaller font, and then two lines.
    unfold() {
      const texts = [...this.place.querySelectorAll('[dir="auto"]')].filter((text) => !text.closest(".names"));
      for (const how of ["longish", "long"]) {
        const over = texts.filter(isCut);
        for (const text of over) text.classList.add(how);
      }
    }

    // Rows of a list that don't fit have pages of their own, or are left out, and counted. Returns how
    // many pages there are.
    fit(panel) {
      const list = panel.querySelector("ul:not(.legend)");
      if (!list?.clientHeight) return 1; // on a phone this part isn't shown now
      // A row may stand in half of the panel's padding, but not in the rest.
      const { bottom } = panel.getBoundingClientRect();
      const most = bottom - parseFloat(getComputedStyle(panel).paddingBlockEnd) / 2;
      const isOver = () =>
        list.children.length > 1 &&
        [list.lastElementChild, panel.lastElementChild].some((part) => part.getBoundingClientRect().bottom > most);
      if (list.classList.contains("paged")) return this.onePage(panel, list, isOver);
      const rest = panel.querySelector("p.rest");
      for (let left = 1; isOver(); left += 1) {
        list.lastElementChild.remove();
        if (rest) wall.countRest(rest, left);
      }
      return 1;
    }

    // The last page is as full as the others: it repeats rows of the one before.
    onePage(panel, list, isOver) {
      const rows = [...list.children];
      const pages = [];
      for (let next = 0; next < rows.length; next += pages.at(-1).length) {
        list.replaceChildren(...rows.slice(next));
        while (isOver()) list.lastElementChild.remove();
        pages.push([...list.children]);
      }
      const at = this.page % pages.length;
      let first = rows.indexOf(pages[at][0]);
      list.replaceChildren(...pages[at]);
      while (at && at === pages.length - 1 && first > 0) {
        list.prepend(rows[first - 1]);
        if (isOver()) {
          list.firstElementChild.remove();
          break;
        }
        first -= 1;
      }
      if (pages.length > 1) panel.querySelector("h2").append(h("span", { class: "which" }, `${at + 1} of ${pages.length}`));
      return pages.length;
    }

    head() {
      const { clock, now } = this;
      const troubles = this.data.trouble?.troubles.length ?? 0;
      return h(
        "header",
        {},
        h("h1", {}, NAMES[this.view]),
        h("p", { class: "organisation", dir: "auto" }, this.screen.organisation),
        troubles && this.view !== "trouble"
          ? h("p", { class: "in-trouble" }, icon("warn"), `${troubles} in trouble`)
          : "",
        h("div", { class: "turn" }),
        h("p", { class: "date" }, clock.long(now)),
        h("p", { class: "time" }, clock.time(now)),
        h("span", { class: "beat", role: "img", "aria-label": "Live" }),
      );
    }

    drawTurn() {
      const place = this.place.querySelector(".turn");
      const count = this.screen.views.length;
      if (!place || count < 2) return;
      if (place.children.length !== count) {
        place.setAttribute("role", "img");
        place.setAttribute("aria-label", `View ${this.at + 1} of ${count}`);
        place.replaceChildren(...this.screen.views.map((_, i) => h("i", { class: i < this.at ? "past" : "" }, h("b", {}))));
      }
      const part = Math.min(1, (performance.now() - this.since) / (this.screen.dwell * 1000));
      place.children[this.at].firstChild.style.inlineSize = `${Math.round(part * 100)}%`;
    }
  };
})();
