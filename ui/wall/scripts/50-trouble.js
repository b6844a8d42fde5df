// Trouble: one panel for each trouble, the worst first, and a list of what is in order.
"use strict";
(() => {
  const wall = window.rollcallWall;
  const { h, of, icon, panel, amount, bars } = wall;
  const MOST = 4; // panels

  // Lines break only between words, not at hyphens.
  const heading = (title) => h("h2", {}, title.split(" ").flatMap((word) => [h("span", {}, word), " "]));

  const troublePanel = (trouble, { now, clock }) =>
    h(
      "section",
      { class: `panel trouble ${trouble.is_bad ? "bad" : "warn"}` },
      icon(trouble.is_bad ? "bad" : "warn"),
      h(
        "div",
        { class: "says" },
        heading(trouble.title),
        trouble.sentences.map((sentence, i) =>
          h("p", {}, i === 0 && trouble.since ? h("b", {}, `Since ${sinceWords(trouble.since, now, clock)}. `) : "", sentence),
        ),
      ),
      trouble.figure
        ? h(
            "div",
            { class: "amount" },
            amount(trouble.figure),
            trouble.bars.length ? bars(trouble.bars, `${trouble.figure} ${trouble.unit}`) : "",
            h("p", {}, trouble.unit),
          )
        : "",
    );

  const sinceWords = (since, now, clock) =>
    clock.isSameDay(since, now) ? clock.time(since) : clock.day(since);

  function valueOf(item, now, clock) {
    if (!item.at) return item.value;
    if (item.name !== "Server") return clock.moment(item.at, now);
    const hours = Math.floor((now - item.at) / 3600);
    if (hours < 1) return "up less than an hour";
    return `up ${hours < 48 ? of(hours, "hour", "hours") : of(Math.floor(hours / 24), "day", "days")}`;
  }

  // The day stays on one line.
  function allWell(data, clock) {
    const day = () => h("span", { class: "whole" }, `${clock.long(data.last_ended)}.`);
    return h(
      "section",
      { class: "panel all-well" },
      icon("well"),
      h("p", { class: "well-words" }, "All is well."),
      data.last_ended ? h("p", { class: "nothing" }, "The last trouble ended on ", day()) : "",
    );
  }

  wall.views.trouble = (data, { now, clock }) => {
    const troubles = data.troubles.length
      ? data.troubles.slice(0, MOST).map((trouble) => troublePanel(trouble, { now, clock }))
      : [allWell(data, clock)];
    const order = panel(
      "In order",
      h(
        "ul",
        { class: "order" },
        data.in_order.map((item) =>
          h("li", {}, icon("well"), h("span", {}, item.name), h("span", { class: "value" }, valueOf(item, now, clock))),
        ),
      ),
    );
    const left = data.troubles.length - MOST;
    const more = left > 0 ? h("p", { class: "rest" }, `and ${of(left, "more trouble", "more troubles")}`) : "";
    const list = h("div", { class: `list part ${data.troubles.length > 2 ? "many" : ""}` }, troubles, more);
    return { parts: h("div", { class: "view troubles" }, list, order) };
  };
})();
