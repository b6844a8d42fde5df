// The parts of a screen's views: elements, words for times, and plain SVG charts. The wall and the
// dashboards load this file; it has no state and sends no requests.
"use strict";
window.rollcallWall = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const DAY = 86400;
  const LEAST_BAR = 1; // of 100: a bar of nothing is seen, too

  function fill(element, props, children) {
    for (const [name, value] of Object.entries(props ?? {})) {
      if (value !== undefined && value !== false) element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((child) => child !== undefined && child !== ""));
    return element;
  }

  const h = (tag, props, ...children) => fill(document.createElement(tag), props, children);
  const svg = (tag, props, ...children) =>
    fill(document.createElementNS(SVG, tag), props, children);

  // Without commas; and some browsers shorten September to "Sept", others to "Sep", as the server does.
  const spelled = (words) => words.replaceAll(",", "").replace(/\bSept\b/, "Sep");

  // Times come from the server, in seconds; they are shown in the organisation's time zone.
  function clockOf(zone) {
    const format = (options) =>
      new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone || undefined });
    const time = format({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const day = format({ weekday: "short", day: "numeric", month: "short" });
    const long = format({ weekday: "short", day: "numeric", month: "long" });
    const weekday = format({ weekday: "short" });
    const hour = format({ hour: "numeric", minute: "numeric", hourCycle: "h23" });
    const key = format({ year: "numeric", month: "2-digit", day: "2-digit" });
    const at = (seconds) => new Date(seconds * 1000);
    const plain = (formatter, seconds) => spelled(formatter.format(at(seconds)));
    return {
      time: (seconds) => time.format(at(seconds)),
      day: (seconds) => plain(day, seconds),
      long: (seconds) => plain(long, seconds),
      weekday: (seconds) => weekday.format(at(seconds)),
      isSameDay: (one, other) => key.format(at(one)) === key.format(at(other)),
      hours(seconds) {
        const parts = hour.formatToParts(at(seconds));
        const part = (type) => Number(parts.find((found) => found.type === type).value);
        return part("hour") + part("minute") / 60;
      },
      moment(seconds, now) {
        const words = this.isSameDay(seconds, now) ? "today" : plain(day, seconds);
        return `${words} ${this.time(seconds)}`;
      },
    };
  }

  // A day without a time ("2026-11-25"), which is the same in every time zone.
  const DAYS = new Intl.DateTimeFormat("en-GB", {
    weekday: "short",
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  });
  const LONG = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
  const secondsOf = (day) => Date.parse(`${day}T00:00:00Z`) / 1000;
  const daysBetween = (from, to) => Math.round((secondsOf(to) - secondsOf(from)) / DAY);
  const dayWords = (day) => spelled(DAYS.format(new Date(`${day}T00:00:00Z`)));
  const longDay = (day) => LONG.format(new Date(`${day}T00:00:00Z`));

  const number = (count) => count.toLocaleString("en-GB");
  const of = (count, one, several) => `${number(count)} ${count === 1 ? one : several}`;
  // Which part of a figure it is: "12 of them today", and in words if it is none or all.
  function ofThem(part, whole, when) {
    if (!part) return whole === 1 ? `not ${when}` : `none of them ${when}`;
    if (part < whole) return `${number(part)} of them ${when}`;
    return whole === 1 ? when : `all of them ${when}`;
  }

  const PATHS = {
    came: ["M3 12h12", "m11 7 5 5-5 5", "M20 5v14"],
    left: ["M4 5v14", "M9 12h12", "m14 7-5 5 5 5"],
    warn: ["M12 4 2.5 20h19z", "M12 10v5", "M12 17.6v.1"],
    bad: ["M12 2.5a9.5 9.5 0 1 0 0 19 9.5 9.5 0 0 0 0-19z", "M12 7v6", "M12 16.6v.1"],
    well: ["m4 13 5 5L20 6"],
    people: ["M12 11.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M4 20.5c0-4 3.5-6 8-6s8 2 8 6"],
    days: ["M4 6h16v14H4z", "M4 10.5h16", "M8 3.5V7", "M16 3.5V7"],
    letter: ["M3 6h18v12.5H3z", "m3.5 7 8.5 6.5L20.5 7"],
    task: ["M4 4h16v16H4z", "m8 12 3 3 5-6"],
  };
  const icon = (name) =>
    svg(
      "svg",
      { class: `icon icon-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" },
      PATHS[name].map((d) => svg("path", { d })),
    );

  const panel = (title, ...children) =>
    h("section", { class: "panel" }, title ? h("h2", {}, title) : "", ...children);
  // A figure in big type, smaller if it has more digits than fit.
  function amount(text, kind = "big") {
    const shown = h("p", { class: kind }, text);
    shown.style.setProperty("--digits", text.length - 0.5 * (text.match(/[,.]/g)?.length ?? 0));
    return shown;
  }
  const figure = (count, words, below, tone) =>
    h(
      "section",
      { class: `panel figure ${tone ?? ""}` },
      amount(number(count)),
      h("p", { class: "what" }, words),
      h("p", { class: "below" }, below),
    );
  // How many rows of a list aren't shown; `until` is left out where the panel is narrow.
  function rest(count, until) {
    const shown = h("p", { class: "rest", "data-count": count }, h("span", {}), until ? h("span", { class: "until" }, until) : "");
    countRest(shown, 0);
    return shown;
  }
  function countRest(shown, more) {
    const count = Number(shown.dataset.count) + more;
    shown.hidden = count <= 0;
    shown.firstChild.textContent = `and ${number(count)} more`;
  }
  const nothing = (words, sign) => h("p", { class: "nothing" }, sign ? icon(sign) : "", h("span", {}, words));
  // A panel whose list has no rows: what that means, and a sign of what would be listed.
  function empty(title, words, sign) {
    const shown = panel(title, nothing(words, sign));
    shown.classList.add("empty");
    return shown;
  }

  // A chart of how many people were here through the day, with the same day of last week as dots.
  function dayChart(data, now, clock) {
    const today = data.today.filter(([at]) => clock.isSameDay(at, now));
    const points = [...today, [now, data.here]].map(([at, here]) => [clock.hours(at), here]);
    const before = data.week_ago
      .filter(([at]) => clock.isSameDay(at + 7 * DAY, now))
      .map(([at, here]) => [clock.hours(at), here]);
    const all = [...points, ...before];
    const from = Math.min(6, ...all.map(([hour]) => Math.floor(hour / 3) * 3));
    const end = Math.max(18, ...all.map(([hour]) => Math.ceil(hour)));
    const step = end - from > 15 ? 6 : 3;
    const to = from + Math.ceil((end - from) / step) * step;
    const top = Math.max(4, ...all.map(([, here]) => here)) * 1.08;
    const x = (hour) => ((hour - from) / (to - from)) * 300;
    const y = (here) => 150 - (here / top) * 150;
    const line = (some) => some.map(([hour, here], i) => `${i ? "L" : "M"}${x(hour)} ${y(here)}`);
    const [lastHour, lastHere] = points.at(-1);
    const area = `${line(points).join("")}L${x(lastHour)} 150L${x(points[0][0])} 150Z`;
    const most = today.reduce((found, point) => (point[1] > found[1] ? point : found), [
      now,
      data.here,
    ]);
    const ticks = Array.from({ length: (to - from) / step + 1 }, (_, i) => from + i * step);
    return h(
      "div",
      { class: "day" },
      h(
        "p",
        { class: "day-head" },
        h("span", {}, most[1] ? `Today, ${number(most[1])} at ${clock.time(most[0])}` : "Today, nobody so far"),
        before.length ? h("span", { class: "dotted" }, `last ${clock.weekday(now)}`) : "",
      ),
      svg(
        "svg",
        {
          class: "day-chart",
          viewBox: "0 0 300 152",
          preserveAspectRatio: "none",
          role: "img",
          "aria-label": `Here today: at most ${most[1]}, at ${clock.time(most[0])}; ${data.here} now.`,
        },
        [0.5, 50, 100, 150].map((at) =>
          svg("line", { class: "rule", x1: 0, x2: 300, y1: at, y2: at }),
        ),
        svg("path", { class: "area", d: area }),
        svg("path", { class: "line", d: line(points).join("") }),
        before.length ? svg("path", { class: "dots", d: line(before).join("") }) : "",
        svg("path", { class: "now", d: `M${x(lastHour)} ${y(lastHere)}h0` }),
      ),
      h("p", { class: "ticks" }, ticks.map((hour) => h("span", {}, String(hour)))),
    );
  }

  // A chart of vertical bars; the last one is highlighted.
  function bars(values, label, tone) {
    const most = Math.max(1, ...values);
    const step = 100 / values.length;
    const heightOf = (value) => Math.max(LEAST_BAR, (value / most) * 100);
    return svg(
      "svg",
      {
        class: `bars ${tone ?? ""}`,
        viewBox: "0 0 100 100",
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": label,
      },
      values.map((value, i) =>
        svg("rect", {
          class: i === values.length - 1 ? "bar last" : "bar",
          x: i * step + step * 0.12,
          width: step * 0.76,
          y: 100 - heightOf(value),
          height: heightOf(value),
        }),
      ),
    );
  }

  // One bar of several parts: [[count, class], …], as wide as `whole`.
  function split(parts, label, whole) {
    const counted = parts.reduce((total, [count]) => total + count, 0);
    if (!counted && !whole) parts = [[1, "rest"]];
    const sum = whole || counted || 1;
    let x = 0;
    return svg(
      "svg",
      { class: "split", role: "img", "aria-label": label },
      parts.map(([count, kind]) => {
        const width = (count / sum) * 100;
        const hatched = kind === "overdue" && "url(#rollcall-hatch)";
        const rect = svg("rect", {
          class: kind,
          fill: hatched,
          x: `${x}%`,
          width: `${Math.max(0, width - 0.4)}%`,
          height: "100%",
        });
        x += width;
        return rect;
      }),
    );
  }

  return {
    h, svg, clockOf, secondsOf, daysBetween, dayWords, longDay, number, of, ofThem, icon, panel, amount,
    figure, rest, countRest, nothing, empty, dayChart, bars, split, views: {},
  };
})();
